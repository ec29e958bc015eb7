#include "models/model.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace ara::models {
namespace {

bool has_value(const domain::Bar& bar, double value) {
  return std::isfinite(bar.close) && std::isfinite(value) &&
         std::abs(domain::value_close(bar)) <= kMaxClose;
}

std::unexpected<Error> no_value(const domain::Bar& bar, domain::Scale scale) {
  return invalid(
      "close", ara::format("{}", domain::value_close(bar)),
      scale == domain::Scale::log
          ? "a finite close above 0 and at most 1e100 (the series is modelled by logarithms)"
          : "a finite close of size at most 1e100");
}

}  // namespace

double value_of(const domain::Bar& bar, domain::Scale scale) {
  const double close = domain::value_close(bar);
  return scale == domain::Scale::log ? std::log(close) : close;
}

domain::Scale scale_of(std::span<const domain::Bar> bars) {
  const bool positive = std::ranges::all_of(
      bars, [](const domain::Bar& bar) { return domain::value_close(bar) > 0; });
  return positive ? domain::Scale::log : domain::Scale::level;
}

Result<void> Model::update(const domain::Bar& bar, const MarketFactors& market) {
  const double value = value_of(bar, scale_);
  if (!has_value(bar, value)) return no_value(bar, scale_);
  advance({bar, value, market});
  return {};
}

std::vector<domain::Component> Model::components() const {
  return {{.model = std::string(row_->name), .weight = 1}};
}

std::vector<Path> Model::members(int horizon) const {
  std::vector<Path> alone;
  if (components().size() == 1) alone.push_back(forecast(horizon));
  return alone;
}

Result<std::unique_ptr<Model>> fit(const ModelRow& row, std::span<const domain::Bar> bars,
                                   const Setting& setting, std::span<const MarketFactors> market) {
  if (bars.size() < row.min_bars) {
    return invalid("bars", ara::format("{}", bars.size()),
                   ara::format("at least {} bars for {}", row.min_bars, row.name));
  }
  if (row.needs_trees && !setting.trees) {
    return invalid("trees", "none", ara::format("an ensemble trained for {}", row.name));
  }
  if (!market.empty() && market.size() != bars.size()) {
    return invalid("market", ara::format("{} values", market.size()),
                   ara::format("one value for each of the {} bars, or none", bars.size()));
  }
  std::vector<double> values;
  values.reserve(bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    values.push_back(value_of(bars[i], setting.scale));
    if (!has_value(bars[i], values.back())) return no_value(bars[i], setting.scale);
    if (i > 0 && bars[i].time <= bars[i - 1].time) {
      return invalid("time", ara::format("{:%F}", bars[i].time),
                     "bars oldest first, no time twice");
    }
  }
  return fit_watched(row, {bars, values, market}, setting);
}

Result<std::unique_ptr<Model>> fit_watched(const ModelRow& row, const Sample& sample,
                                           const Setting& setting) {
  if (setting.watch == nullptr) return row.fit(row, sample, setting);
  setting.watch->begun(row.name);
  auto fitted = row.fit(row, sample, setting);
  setting.watch->ended();
  return fitted;
}

}  // namespace ara::models
