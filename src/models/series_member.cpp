#include "models/series_member.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ara::models {
namespace {

/// From here on a season has so many bars that its own state for each is no longer learned well:
/// harmonics and autoregressions take the place of exponential smoothing and ARIMA (R's ets stops
/// at 24 too).
constexpr int kLongSeason = 24;

struct Choice {
  std::string_view name;
  bool logarithmic;
};

/// Petropoulos and Svetunkov 2020 take exponential smoothing, ARIMA, the dynamic optimised Theta
/// and complex exponential smoothing, for which others stand in here.
constexpr std::array kNoSeason{Choice{"ets", false}, Choice{"arima", false}, Choice{"dotm", false},
                               Choice{"theta", false}, Choice{"damped", false}};
constexpr std::array kShort{Choice{"ets", false}, Choice{"arima", false}, Choice{"dotm", false},
                            Choice{"tbats", false}};
constexpr std::array kLong{Choice{"ar", false}, Choice{"ar", true}, Choice{"seasonal_ar", true},
                           Choice{"tbats", false}, Choice{"tbats", true}};

std::span<const Choice> choices(int season, std::size_t size) {
  if (season <= 1 || size < 2 * static_cast<std::size_t>(season)) return kNoSeason;
  return season >= kLongSeason ? std::span<const Choice>(kLong) : kShort;
}

}  // namespace

Logarithm Logarithm::of(std::span<const double> values) {
  const auto [low, high] = std::ranges::minmax(values);
  Logarithm made;
  if (!(low > 0)) made.shift = 0.05 * (high - low) - low;
  made.least = (low + made.shift) / 2;
  return made;
}

double Logarithm::operator()(double value) const {
  return std::log(std::max(value + shift, least));
}

double Logarithm::inverse(double logarithm) const {
  return std::min(std::exp(logarithm), kMaxClose) - shift;
}

SeriesMember::SeriesMember(std::unique_ptr<Model> model, const Logarithm* logarithm)
    : model_(std::move(model)),
      logarithmic_(logarithm != nullptr),
      logarithm_(logarithm != nullptr ? *logarithm : Logarithm{}) {}

SeriesMember::SeriesMember(const SeriesMember& other)
    : model_(other.model_->clone()),
      logarithmic_(other.logarithmic_),
      logarithm_(other.logarithm_) {}

void SeriesMember::advance(const Observation& seen) {
  model_->advance(logarithmic_ ? Observation{seen.bar, logarithm_(seen.value), seen.market} : seen);
}

Outlook SeriesMember::outlook_of(const domain::QuantileFunction& change, double last) const {
  constexpr std::size_t kTenth = 4;  // of the knots, 10 %
  const auto& knots = change.values();
  const double low = knots[kTenth], high = knots[knots.size() - 1 - kTenth];
  if (!logarithmic_) return {last + change.median(), high - low};
  const double from = logarithm_(last);
  return {logarithm_.inverse(from + change.median()),
          logarithm_.inverse(from + high) - logarithm_.inverse(from + low)};
}

std::vector<Outlook> SeriesMember::outlook(int horizon, double last) const {
  std::vector<Outlook> outlook;
  outlook.reserve(static_cast<std::size_t>(horizon));
  for (const auto& change : model_->forecast(horizon).change) {
    outlook.push_back(outlook_of(change, last));
  }
  return outlook;
}

Outlook SeriesMember::next(double last) const {
  return outlook_of(model_->next(), last);
}

std::vector<double> SeriesMember::fitted() const {
  std::vector<double> fitted(model_->fitted().begin(), model_->fitted().end());
  if (logarithmic_) {
    for (double& value : fitted) value = logarithm_.inverse(value);
  }
  return fitted;
}

Result<std::vector<SeriesMember>> fit_series_members(const Sample& sample, const Setting& setting) {
  const Logarithm logarithm = Logarithm::of(sample.values);
  std::vector<double> logarithms;
  for (double value : sample.values) logarithms.push_back(logarithm(value));
  // Values already logarithms, or of both signs, are left as they are.
  const bool may_log = setting.scale == domain::Scale::level &&
                       std::ranges::min(sample.values) >= 0 && std::ranges::max(sample.values) > 0;
  std::vector<SeriesMember> members;
  for (const Choice& choice : choices(setting.season, sample.size())) {
    const ModelRow& row = *find_model(choice.name).value();
    if (sample.size() < row.min_bars) continue;
    const bool logarithmic = choice.logarithmic && may_log;
    const Sample own{sample.bars, logarithmic ? logarithms : sample.values, sample.market};
    auto fitted = row.fit(row, own, setting);
    if (!fitted) return std::unexpected(fitted.error());
    members.emplace_back(std::move(*fitted), logarithmic ? &logarithm : nullptr);
  }
  return members;
}

}  // namespace ara::models
