#include "serve/forecaster.h"

#include <cmath>
#include <vector>

#include "base/format.h"
#include "domain/calendar.h"
#include "models/model.h"
#include "models/premium.h"
#include "models/regime.h"
#include "serve/confidence.h"
#include "serve/encode.h"
#include "serve/explain.h"
#include "telemetry/trace.h"

namespace ara::serve {
namespace {

/// Makes each fit a span, and those within it parts of that.
class FitSpans final : public models::FitWatch {
 public:
  void begun(std::string_view model) override {
    spans_.push_back(std::make_unique<telemetry::Span>("model", model));
  }
  void ended() override { spans_.pop_back(); }

 private:
  std::vector<std::unique_ptr<telemetry::Span>> spans_;
};

/// The market's regimes; none where the bars are few or do not move, which is no error of a
/// forecast.
std::optional<models::Regime> regime_of(std::span<const domain::Bar> bars, domain::Scale scale) {
  std::vector<double> values;
  values.reserve(bars.size());
  for (const domain::Bar& bar : bars) values.push_back(models::value_of(bar, scale));
  auto regime = models::Regime::fit({bars, values, {}}, scale);
  if (!regime) return std::nullopt;
  return std::move(*regime);
}

/// Confidence, regime and explanation, as far as the analysis level goes.
void add_insight(domain::Forecast& forecast, const domain::Series& series,
                 const models::Model& model, const models::Setting& setting,
                 std::span<const models::MarketFactors> market) {
  const telemetry::Span span("insight");
  const domain::ForecastKey& key = forecast.key;
  const auto members = model.members(key.horizon);
  forecast.confidence.model_agreement = model_agreement(forecast.components, members);
  forecast.confidence.data_quality =
      data_quality(series.bars, domain::describe(series.asset_type).market);
  if (key.level != domain::AnalysisLevel::basic) {
    if (const auto regime = regime_of(series.bars, setting.scale)) {
      forecast.regime = view_of(*regime);
      forecast.confidence.regime_stability = regime->staying(key.horizon);
    }
    forecast.confidence.record =
        walk_forward(model.row(), series.bars, setting, walk_forward_of(key.level), market);
  }
  forecast.confidence = completed(forecast.confidence);
  if (key.explanations) forecast.explanation = explain(forecast, model, members, series.bars);
}

/// The model, and the program and history that it runs with; ready-made for rows of the catalog.
std::string program_version(const models::ModelRow& row) {
  const auto name_of = [](const models::ModelRow& one) {
    return ara::format("{}-{}.{}", one.name, models::version(), registry::kHistory);
  };
  static const auto names = [&] {
    std::vector<std::string> made;
    for (const models::ModelRow& one : models::catalog()) made.push_back(name_of(one));
    return made;
  }();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (&row == &models::catalog()[i]) return names[i];
  }
  return name_of(row);  // a user's model
}

}  // namespace

Chosen built_in(domain::AnalysisLevel level, std::uint64_t bars) {
  const models::ModelRow& row = models::row_for(level, bars);
  return {&row, program_version(row)};
}

Chosen choose(const registry::Lineup& lineup, domain::AssetType asset_type, int horizon,
              domain::AnalysisLevel level, std::uint64_t bars) {
  if (level != domain::AnalysisLevel::standard) return built_in(level, bars);
  const registry::Champion* champion = lineup.champion(asset_type, horizon);
  if (champion == nullptr || bars < champion->row->min_bars) return built_in(level, bars);
  return {champion->row, program_version(*champion->row) + champion->suffix, champion};
}

Subject subject_of(const storage::SymbolRow& head) {
  return {head.asset_type, head.revision, head.bars};
}

domain::ForecastKey key_of(const ForecastRequest& request, const Subject& subject, Chosen chosen,
                           std::uint64_t market_revision) {
  return {.symbol = request.symbol,
          .horizon = request.days,
          .level = request.level,
          .explanations = request.explanations,
          .model_version = std::move(chosen.version),
          .encoding_version = kEncodingVersion,
          .revision = subject.revision,
          .market_revision = market_revision};
}

domain::ForecastKey key_of(const ForecastRequest& request, const Subject& subject,
                           const registry::Lineup& lineup) {
  return key_of(request, subject,
                choose(lineup, subject.asset_type, request.days, request.level, subject.bars),
                lineup.market_revision(subject.asset_type));
}

Result<domain::Forecast> make_forecast(const domain::ForecastKey& key, const domain::Series& series,
                                       const Chosen& chosen,
                                       std::span<const models::MarketPoint> market,
                                       const ModelTimer& timer) {
  models::Setting setting{.scale = models::scale_of(series.bars),
                          .seed = series.revision.content,
                          .premium = models::premium_of(series.asset_type),
                          .longest = key.horizon};
  if (chosen.champion != nullptr) setting.trees = chosen.champion->trees;
  const auto factor = market.empty() ? std::vector<models::MarketFactors>()
                                     : models::market_at(market, series.bars);
  const SteadyTime begun = system_clock().steady();
  FitSpans spans;
  if (telemetry::current_trace() != nullptr) setting.watch = &spans;
  auto model = models::fit(*chosen.row, series.bars, setting, factor);
  setting.watch = nullptr;  // what follows fits hundreds of times
  if (!model) return std::unexpected(std::move(model.error()));
  const models::Path path = (*model)->forecast(key.horizon);
  if (timer) timer(*chosen.row, system_clock().steady() - begun);

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
  add_insight(forecast, series, **model, setting, factor);
  return forecast;
}

Result<domain::Forecast> make_forecast(const ForecastRequest& request, const domain::Series& series,
                                       const registry::Lineup& lineup,
                                       const registry::Market& market, const ModelTimer& timer) {
  const Subject subject{series.asset_type, series.revision, series.bars.size()};
  const auto with = [&](const Chosen& chosen) {
    return make_forecast(key_of(request, subject, chosen, market.revision), series, chosen,
                         market.points, timer);
  };
  const Chosen chosen =
      choose(lineup, subject.asset_type, request.days, request.level, subject.bars);
  auto forecast = with(chosen);
  const Chosen spare = built_in(request.level, subject.bars);
  if (forecast || forecast.error().code != Code::invalid || chosen.version == spare.version) {
    return forecast;
  }
  return with(spare);
}

std::vector<storage::ExpectationRow> expectations_of(const domain::Forecast& forecast,
                                                     WallTime created) {
  const domain::ForecastKey& key = forecast.key;
  std::vector<storage::ExpectationRow> rows;
  for (const domain::DayForecast& day : forecast.days) {
    rows.push_back(
        {.key = {key.symbol, forecast.as_of, key.model_version, static_cast<int>(rows.size()) + 1},
         .forecast = key.id(),
         .asset_type = forecast.asset_type,
         .due = day.date,
         .scale = forecast.scale,
         .price = forecast.current_price,
         .change = day.change,
         .created = created});
  }
  return rows;
}

storage::ForecastRow row_of(const domain::Forecast& forecast, WallTime created) {
  return {.id = forecast.key.id(),
          .symbol = forecast.key.symbol,
          .revision = forecast.key.revision,
          .as_of = forecast.as_of,
          .horizon = forecast.key.horizon,
          .model_version = forecast.key.model_version,
          .created = created,
          .bytes = encode(forecast)};
}

}  // namespace ara::serve
