// Confidence, regime and explanation of a forecast: each formula on cases that can be told by hand,
// and all of it on odd series.
#include <gtest/gtest.h>

#include <numeric>

#include "domain/calendar.h"
#include "serve/confidence.h"
#include "serve/encode.h"
#include "serve/explain.h"
#include "serve/forecaster.h"
#include "support/garch_bars.h"

namespace ara::serve {
namespace {

using domain::QuantileFunction;

models::Path normal_path(double mean, double sd) {
  return {.change = {QuantileFunction::normal(mean, sd)}, .sd = {sd}};
}

TEST(ModelAgreement, IsTheWidthOverWidthAndDistance) {
  const std::vector<domain::Component> both{{"a", 0.5}, {"b", 0.5}};
  const auto of = [&](double apart, double scale) {
    const std::vector paths{normal_path(0, scale), normal_path(apart * scale, scale)};
    return model_agreement(both, paths).value();
  };
  EXPECT_EQ(of(0, 1), 1);
  // Two equal shapes d apart are d / 2 from their average; the mean size of the knots' scores is
  // the width.
  double width = 0;
  for (double level : QuantileFunction::levels()) {
    width += std::abs(domain::normal_quantile(level)) / QuantileFunction::kKnots;
  }
  EXPECT_NEAR(of(0.4, 1), width / (width + 0.2), 1e-12);
  EXPECT_NEAR(of(0.4, 1e-9), of(0.4, 1e9), 1e-9);
  EXPECT_GT(of(0.1, 1), of(0.2, 1));
  EXPECT_GT(of(1e9, 1), 0);
}

TEST(ModelAgreement, CountsOnlyThoseWithAWeight) {
  const std::vector paths{normal_path(0, 1), models::Path{}, normal_path(0, 2)};
  const std::vector<domain::Component> one{{"a", 1}, {"b", 0}, {"c", 0}};
  const std::vector<domain::Component> two{{"a", 0.9}, {"b", 0}, {"c", 0.1}};
  EXPECT_FALSE(model_agreement(one, paths));
  const double agreement = model_agreement(two, paths).value();
  EXPECT_GT(agreement, 0.8);
  EXPECT_LT(agreement, 1);
}

/// Whole bars on the sessions of New York, each close another.
std::vector<domain::Bar> whole_bars(std::size_t count) {
  const auto closes = support::garch_bars(count);
  const auto days =
      domain::next_sessions(domain::Market::us_equities,
                            domain::Date{std::chrono::year{2015} / 1 / 1}, static_cast<int>(count));
  std::vector<domain::Bar> bars;
  for (std::size_t i = 0; i < count; ++i) {
    const double close = closes[i].close;
    bars.push_back({.time = days[i],
                    .open = close,
                    .high = close * 1.01,
                    .low = close * 0.99,
                    .close = close,
                    .adjusted_close = close,
                    .volume = 1000});
  }
  return bars;
}

TEST(DataQuality, GapsStaleBarsAndMissingFieldsLowerIt) {
  const auto market = domain::Market::us_equities;
  const auto bars = whole_bars(600);
  EXPECT_EQ(data_quality(bars, market), 1);
  std::vector<domain::Bar> gaps;
  for (std::size_t i = 0; i < bars.size(); i += 2) gaps.push_back(bars[i]);
  EXPECT_NEAR(data_quality(gaps, market).value(), 0.5, 0.01);
  auto stale = bars;
  for (std::size_t i = 0; i + 1 < stale.size(); i += 2) stale[i + 1].close = stale[i].close;
  EXPECT_NEAR(data_quality(stale, market).value(), 0.5, 0.01);
  auto closes = bars;
  for (auto& bar : closes) bar.open = bar.high = bar.low = bar.volume = domain::Bar::kMissing;
  EXPECT_NEAR(data_quality(closes, market).value(), 0.6, 1e-12);
  auto old = bars;  // what is older than a year is over
  for (std::size_t i = 0; i < 300; ++i) old[i].volume = domain::Bar::kMissing;
  EXPECT_EQ(data_quality(old, market), 1);
  EXPECT_NEAR(data_quality(bars, domain::Market::always_open).value(), 252.0 / 365, 0.02);
  EXPECT_FALSE(data_quality(std::span(bars).first(1), market));
}

const models::ModelRow& row_of(std::string_view name) {
  return *models::find_model(name).value();
}

TEST(WalkForward, OfARandomWalkHalfIsRightAndOfATrendAll) {
  const auto bars = support::garch_bars(1000);
  const models::Setting setting{.seed = 1};
  const WalkForward wanted{.sessions = 500, .refit_every = 250};
  const auto walk = walk_forward(row_of("drift"), bars, setting, wanted).value();
  EXPECT_EQ(walk.sessions, 500u);
  EXPECT_EQ(walk.told, 500u);
  EXPECT_NEAR(static_cast<double>(walk.right) / 500, 0.5, 5 * 0.5 / std::sqrt(500));
  EXPECT_NEAR(static_cast<double>(walk.covered) / 500, 0.9, 0.07);
  std::vector<double> rising;
  for (std::size_t i = 0; i < 300; ++i) rising.push_back(100 + static_cast<double>(i + i % 2));
  const auto trend = walk_forward(row_of("drift"), support::bars_of(rising), setting, wanted);
  EXPECT_GT(static_cast<double>(trend->right), 0.49 * static_cast<double>(trend->told));
}

TEST(WalkForward, IsFittedOnEarlierBarsAlone) {
  // The drift of the stretch that is walked is the opposite of all that was before: a fit that had
  // seen it would say so at its first session, one that has not is wrong there.
  std::vector<double> closes;
  for (std::size_t i = 0; i < 200; ++i)
    closes.push_back(100 * std::exp(0.01 * (i + 0.3 * (i % 2))));
  for (std::size_t i = 0; i < 20; ++i) closes.push_back(closes[199] * std::exp(-0.04 * (i + 1)));
  const auto record = walk_forward(row_of("drift"), support::bars_of(closes), {.seed = 1},
                                   {.sessions = 20, .refit_every = 20});
  ASSERT_TRUE(record);
  EXPECT_EQ(record->told, 20u);
  EXPECT_EQ(record->right, 0u);
}

TEST(WalkForward, NeedsBarsAndMoves) {
  const auto bars = support::garch_bars(30);
  EXPECT_FALSE(
      walk_forward(row_of("drift"), bars, {}, walk_forward_of(domain::AnalysisLevel::full)));
  EXPECT_FALSE(walk_forward(row_of("garch_fhs"), support::garch_bars(150), {},
                            walk_forward_of(domain::AnalysisLevel::standard)));
  const auto still = walk_forward(row_of("drift"), support::bars_of(std::vector(300, 5.0)), {},
                                  walk_forward_of(domain::AnalysisLevel::standard));
  ASSERT_TRUE(still);
  EXPECT_EQ(still->told, 0u);
  EXPECT_FALSE(completed({.record = still}).historical_accuracy);
}

TEST(Confidence, OverallIsTheGeometricMeanOfWhatIsThere) {
  EXPECT_FALSE(completed({}).overall);
  EXPECT_DOUBLE_EQ(*completed({.data_quality = 0.36}).overall, 0.36);
  const auto all = completed({.model_agreement = 0.9,
                              .data_quality = 0.8,
                              .regime_stability = 0.7,
                              .record = domain::TrackRecord{100, 80, 48, 90}});
  EXPECT_DOUBLE_EQ(*all.historical_accuracy, 0.6);
  EXPECT_DOUBLE_EQ(*all.overall, std::pow(0.9 * 0.8 * 0.7 * 0.6, 0.25));
}

domain::Forecast forecast_of(const std::vector<domain::Bar>& bars,
                             domain::AnalysisLevel level = domain::AnalysisLevel::standard,
                             bool explanations = true) {
  domain::Series series{.symbol = *domain::Symbol::parse("AAPL"), .revision = {1, 2}, .bars = bars};
  const domain::ForecastKey key{.symbol = series.symbol,
                                .horizon = 5,
                                .level = level,
                                .explanations = explanations,
                                .revision = series.revision};
  return make_forecast(key, series, built_in(key.level, series.bars.size()), {}).value();
}

TEST(Insight, EachLevelGivesWhatItSays) {
  const auto bars = whole_bars(600);
  const auto basic = forecast_of(bars, domain::AnalysisLevel::basic, false);
  EXPECT_TRUE(basic.confidence.overall);
  EXPECT_FALSE(basic.confidence.record);
  EXPECT_FALSE(basic.regime);
  EXPECT_FALSE(basic.explanation);
  EXPECT_NE(encode(basic).find("\"regime.current_regime\""), std::string::npos);
  const auto standard = forecast_of(bars);
  EXPECT_EQ(standard.confidence.record->sessions, 126u);
  const auto full = forecast_of(bars, domain::AnalysisLevel::full);
  EXPECT_EQ(full.confidence.record->sessions, 252u);
  for (const auto& forecast : {standard, full}) {
    EXPECT_NE(encode(forecast).find("\"unavailable\":[]"), std::string::npos);
    EXPECT_EQ(encode(forecast).find("null"), std::string::npos);
    double sum = 0;
    for (const auto& [name, probability] : forecast.regime->transitions) sum += probability;
    EXPECT_NEAR(sum, 1, 1e-12);
    for (const auto& part : {forecast.confidence.overall, forecast.confidence.model_agreement,
                             forecast.confidence.data_quality, forecast.confidence.regime_stability,
                             forecast.confidence.historical_accuracy}) {
      EXPECT_TRUE(*part > 0 && *part <= 1) << *part;
    }
  }
}

TEST(Insight, MembersContributeTheirShareOfTheMedian) {
  const auto forecast = forecast_of(whole_bars(600));
  double sum = 0, shares = 0;
  for (const auto& factor : forecast.explanation->top_factors) sum += factor.contribution;
  for (const auto& [name, share] : forecast.explanation->importance) shares += share;
  const double median = forecast.days.back().change.median();
  if (forecast.explanation->importance.size() <= 5) {
    EXPECT_NEAR(sum, median, 1e-12 + 1e-9 * std::abs(median));
  }
  EXPECT_NEAR(shares, 1, 1e-12);
}

/// The drift model, as if it had read two features.
class Reader final : public models::Model {
 public:
  explicit Reader(const models::Model& drift) : Model(drift), drift_(drift.clone()) {}
  void advance(const models::Observation& seen) override { drift_->advance(seen); }
  models::Path forecast(int horizon) const override { return drift_->forecast(horizon); }
  QuantileFunction next() const override { return drift_->next(); }
  std::vector<models::Contribution> contributions() const override {
    return {{"rsi", 71.5, 0.001}, {"cci", domain::Bar::kMissing, -0.003}};
  }
  std::unique_ptr<Model> clone() const override { return std::make_unique<Reader>(*drift_); }
  std::unique_ptr<Model> restarted() const override {
    return std::make_unique<Reader>(*drift_->restarted());
  }

 private:
  std::unique_ptr<Model> drift_;
};

TEST(Insight, FeaturesThatWereReadAreTheFactors) {
  const auto bars = whole_bars(600);
  const Reader model(*models::fit(row_of("drift"), bars, {}).value());
  const auto forecast = forecast_of(bars);
  const auto explained = explain(forecast, model, {}, bars);
  ASSERT_EQ(explained.top_factors.size(), 2u);
  EXPECT_EQ(explained.top_factors[0].name, "cci");
  EXPECT_EQ(explained.top_factors[0].description,
            "cci is missing and moves the next session's median by -0.3 %");
  EXPECT_EQ(explained.top_factors[1].description,
            "rsi is 71.5 and moves the next session's median by +0.1 %");
  EXPECT_NEAR(explained.importance[0].second, 0.25, 1e-12);  // rsi
  EXPECT_NE(explained.natural_language.find("median most: cci (-0.3 %), rsi (+0.1 %)."),
            std::string::npos)
      << explained.natural_language;
}

TEST(Insight, SentencesStateTheNumbers) {
  const auto bars = whole_bars(600);
  const auto forecast = forecast_of(bars);
  const std::string& text = forecast.explanation->natural_language;
  EXPECT_TRUE(text.starts_with("AAPL closed at ")) << text;
  EXPECT_NE(text.find(domain::to_iso(forecast.days.back().date)), std::string::npos);
  EXPECT_NE(text.find(forecast.regime->current), std::string::npos);
  EXPECT_NE(text.find("last 126 sessions, 90 % intervals held " +
                      std::to_string(forecast.confidence.record->covered)),
            std::string::npos)
      << text;
}

TEST(Insight, OddSeriesAreExplainedInFiniteNumbers) {
  using Make = double (*)(std::size_t);
  for (Make close : {+[](std::size_t) { return 42.0; }, +[](std::size_t) { return 0.0; },
                     +[](std::size_t i) { return 150.0 - static_cast<double>(i); },
                     +[](std::size_t i) { return i % 2 ? -7.0 : 7.0; },
                     +[](std::size_t i) { return i % 2 ? 1.0 : 1e15; },
                     +[](std::size_t i) { return i < 299 ? 10.0 : 20.0; },
                     +[](std::size_t i) { return i % 40 == 0 ? 10.5 : 10.0; },
                     +[](std::size_t i) { return 1e-40 * std::exp2(static_cast<double>(i)); }}) {
    for (std::size_t count : {10u, 60u, 300u}) {
      std::vector<double> closes;
      for (std::size_t i = 300 - count; i < 300; ++i) closes.push_back(close(i));
      const auto forecast = forecast_of(support::bars_of(closes), domain::AnalysisLevel::full);
      const std::string text = forecast.explanation->natural_language;
      for (const char* bad : {"nan", "inf "}) EXPECT_EQ(text.find(bad), std::string::npos) << text;
      for (const auto& part :
           {forecast.confidence.overall, forecast.confidence.model_agreement,
            forecast.confidence.data_quality, forecast.confidence.regime_stability,
            forecast.confidence.historical_accuracy}) {
        EXPECT_TRUE(!part || (*part >= 0 && *part <= 1)) << part.value_or(0);
      }
      for (const auto& factor : forecast.explanation->top_factors) {
        EXPECT_TRUE(std::isfinite(factor.contribution)) << factor.description;
      }
    }
  }
}

}  // namespace
}  // namespace ara::serve
