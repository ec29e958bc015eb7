#include "models/tree_state.h"

#include <algorithm>

namespace ara::models {
namespace {

/// A place in HarState::features and what it counts for in log_variance; the rest is the slow
/// average's. As in a heterogeneous autoregression (Corsi 2009), with less of the newest day, which
/// is noisy; chosen on equities up to the end of 2015.
struct Part {
  std::size_t place;
  double weight;
};
constexpr std::array kParts{Part{1, 0.1}, Part{2, 0.3}, Part{3, 0.35}};  // day, week, month

constexpr std::array<std::string_view, TreeState::kOwn> kOwnNames{
    "horizon",     "variance_day",     "variance_week", "variance_month",  "variance_year",
    "log_week",    "log_month",        "fall",          "change_week",     "change_month",
    "market",      "market_week",      "market_month",  "market_quarter",  "volume_day",
    "volume_week", "session_variance", "session_week",  "recurrence_days", "recurrence_weeks",
    "monday",      "tuesday",          "wednesday",     "thursday",        "friday",
    "saturday",
};

}  // namespace

const std::array<std::string_view, TreeState::kInputs>& TreeState::names() {
  static const auto all = [] {
    std::array<std::string_view, kInputs> names;
    std::ranges::transform(features::table(), names.begin(), &features::Feature::name);
    std::ranges::copy(kOwnNames, names.begin() + features::kFeatures);
    names.back() = "variance_level";
    return names;
  }();
  return all;
}

void TreeState::advance(const Observation& seen, domain::Scale scale) {
  features_.update(seen.bar);
  har_.advance(seen, scale);
}

double TreeState::log_variance() const {
  const auto x = har_.features();
  double sum = har_.base();
  for (const Part& part : kParts) sum += part.weight * x[part.place];
  return sum;
}

TreeState::Inputs TreeState::inputs(int horizon) const {
  Inputs all;
  const auto to_float = [](double x) { return static_cast<float>(std::clamp(x, -1e30, 1e30)); };
  std::ranges::transform(features_.values(), all.begin(), to_float);
  const auto own = har_.features();
  std::ranges::transform(std::span(own).first(kOwn), all.begin() + features::kFeatures, to_float);
  all[features::kFeatures] = static_cast<float>(horizon);  // in place of the constant
  all.back() = to_float(har_.base());
  return all;
}

}  // namespace ara::models
