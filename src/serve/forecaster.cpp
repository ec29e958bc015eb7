#include "serve/forecaster.h"

#include <cmath>
#include <format>

#include "domain/calendar.h"
#include "models/model.h"

namespace ara::serve {

const std::string& model_version() {
  static const std::string version =
      std::format("{}-{}.{}", models::catalog().back().name, models::version(), kHistory);
  return version;
}

Result<domain::Forecast> make_forecast(const domain::ForecastKey& key,
                                       const domain::Series& series) {
  const models::Setting setting{.scale = models::scale_of(series.bars),
                                .seed = series.revision.content};
  auto model = models::fit(models::catalog().back(), series.bars, setting);
  if (!model) return std::unexpected(std::move(model.error()));
  const models::Path path = (*model)->forecast(key.horizon);

  domain::Forecast forecast{.key = key,
                            .asset_type = series.asset_type,
                            .scale = setting.scale,
                            .current_price = series.bars.back().close,
                            .as_of = domain::date_of(series.bars.back().time),
                            .observations = series.bars.size(),
                            .components = (*model)->components(),
                            .days = {}};
  const auto dates = domain::next_sessions(domain::describe(series.asset_type).market,
                                           forecast.as_of, key.horizon);
  for (std::size_t i = 0; i < dates.size(); ++i) {
    forecast.days.push_back({.date = dates[i],
                             .change = path.change[i],
                             .volatility = path.sd[i] / std::sqrt(static_cast<double>(i + 1))});
  }
  return forecast;
}

}  // namespace ara::serve
