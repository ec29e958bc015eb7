#include "storage/settlement_rows.h"

#include <array>
#include <bit>

#include "base/format.h"
#include "storage/times.h"

namespace ara::storage {
namespace {

constexpr std::size_t kKnots = domain::QuantileFunction::kKnots;
constexpr std::size_t kBytes = sizeof(std::uint64_t);

std::optional<domain::QuantileFunction> change_of(std::string_view bytes) {
  if (bytes.size() != kKnots * kBytes) return std::nullopt;
  std::array<double, kKnots> values;
  for (std::size_t i = 0; i < kKnots; ++i) {
    std::uint64_t bits = 0;
    for (std::size_t at = 0; at < kBytes; ++at) {
      const auto byte = static_cast<unsigned char>(bytes[i * kBytes + at]);
      bits |= std::uint64_t{byte} << (8 * at);
    }
    values[i] = std::bit_cast<double>(bits);
  }
  return domain::QuantileFunction(values);
}

std::optional<domain::Scale> scale_of(std::string_view name) {
  for (const domain::Scale scale : {domain::Scale::log, domain::Scale::level}) {
    if (name == to_string(scale)) return scale;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(domain::Scale scale) {
  return scale == domain::Scale::log ? "log" : "level";
}

std::string to_bytes(const domain::QuantileFunction& change) {
  std::string bytes;
  bytes.reserve(kKnots * kBytes);
  for (const double value : change.values()) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (std::size_t at = 0; at < kBytes; ++at) {
      bytes += static_cast<char>(static_cast<unsigned char>(bits >> (8 * at)));
    }
  }
  return bytes;
}

Result<ExpectationRow> expectation_of(const ExpectationColumns& columns) {
  const auto symbol = domain::Symbol::parse(columns.symbol);
  const auto forecast = hash_from_bytes(columns.forecast);
  const auto asset_type = domain::parse_asset_type(columns.asset_type);
  const auto scale = scale_of(columns.scale);
  const auto change = change_of(columns.change);
  if (!symbol || !forecast || !asset_type || !scale || !change) {
    return fail(Code::corrupt, ara::format("a stored expectation of '{}' cannot be read",
                                           printable(columns.symbol)));
  }
  return ExpectationRow{{*symbol, date_at(columns.as_of), std::string(columns.model_version),
                         static_cast<int>(columns.day)},
                        *forecast,
                        *asset_type,
                        date_at(columns.due),
                        *scale,
                        columns.price,
                        *change,
                        wall_time(columns.created)};
}

}  // namespace ara::storage
