#include "domain/forecast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

namespace ara::domain {
namespace {

constexpr std::array<std::pair<std::string_view, AnalysisLevel>, 5> kAnalysisLevels{{
    {"basic", AnalysisLevel::basic},
    {"standard", AnalysisLevel::standard},
    {"full", AnalysisLevel::full},
    {"quick", AnalysisLevel::basic},
    {"comprehensive", AnalysisLevel::full},
}};

}  // namespace

std::string_view to_string(AnalysisLevel level) {
  return kAnalysisLevels[static_cast<std::size_t>(level)].first;
}

Result<AnalysisLevel> parse_analysis_level(std::string_view name) {
  for (const auto& [known, level] : kAnalysisLevels) {
    if (known == name) return level;
  }
  return invalid("analysis_level", name, "basic, standard or full (aliases quick, comprehensive)");
}

Hash128 ForecastKey::id() const {
  // Packed on the stack: the fast lane asks for an id with every request.
  struct Packed {
    std::array<char, Symbol::kMaxLength> symbol{};
    std::uint64_t model_version, counter, content, market_revision;
    std::uint32_t encoding_version, horizon, level, explanations;
  } packed{};
  static_assert(std::has_unique_object_representations_v<Packed>, "no padding may be hashed");
  std::ranges::copy(symbol.text(), packed.symbol.begin());
  packed.model_version = stable_hash64(model_version);
  packed.counter = revision.counter;
  packed.content = revision.content;
  packed.market_revision = market_revision;
  packed.encoding_version = encoding_version;
  packed.horizon = static_cast<std::uint32_t>(horizon);
  packed.level = static_cast<std::uint32_t>(level);
  packed.explanations = explanations ? 1 : 0;
  return stable_hash128({reinterpret_cast<const char*>(&packed), sizeof packed});
}

double Forecast::price(double change) const {
  return scale == Scale::log ? current_price * std::exp(change) : current_price + change;
}

}  // namespace ara::domain
