// Seasons: every model is told of one; those that model it must find it, and all keep their state.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "models/model.h"
#include "models/seasonality.h"
#include "support/each_model.h"
#include "support/shared_data.h"

namespace ara::models {
namespace {

/// A growing level times a season, with a little noise.
std::vector<domain::Bar> seasonal_bars(std::size_t count, int season) {
  Rng rng(static_cast<std::uint64_t>(season));
  std::vector<double> closes;
  for (std::size_t i = 0; i < count; ++i) {
    const double angle = 6.283185307179586 * static_cast<double>(i) / season;
    const double level = 50 + 0.05 * static_cast<double>(i);
    closes.push_back(level * (1 + 0.3 * std::sin(angle) + 0.1 * std::cos(2 * angle)) *
                     (1 + 0.02 * (rng.uniform() - 0.5)));
  }
  return support::bars_of(closes);
}

class Season : public support::EachModel {};

TEST_P(Season, UpdatingIsReplayingToTheBit) {
  for (int season : {4, 12, 24}) {
    for (auto scale : {domain::Scale::log, domain::Scale::level}) {
      const auto bars = seasonal_bars(230, season);
      const Setting setting{.scale = scale, .seed = 1, .season = season};
      const auto carried = fit(row(), std::span(bars).first(187), setting).value();
      for (const auto& bar : std::span(bars).subspan(187)) {
        ASSERT_TRUE(carried->update(bar).has_value());
      }
      const auto anew = carried->restarted();
      for (const auto& bar : bars) ASSERT_TRUE(anew->update(bar).has_value());
      support::expect_same(carried->forecast(30), anew->forecast(30));
      EXPECT_EQ(carried->next().values(), carried->forecast(1).change[0].values());
    }
  }
}

/// The models that model a season.
class Seasonal : public support::EachModel {};

TEST_P(Seasonal, IsFoundWhereverInItTheSampleEnds) {
  for (int season : {4, 7, 12, 24}) {
    const auto bars = seasonal_bars(260, season);
    for (auto scale : {domain::Scale::log, domain::Scale::level}) {
      for (std::size_t end : {200u, 201u, 203u, 205u, 211u, 223u}) {
        const auto model =
            fit(row(), std::span(bars).first(end), {.scale = scale, .season = season}).value();
        const auto path = model->forecast(season);
        double errors = 0, moves = 0;
        const double last = value_of(bars[end - 1], scale);
        for (std::size_t h = 0; h < path.change.size(); ++h) {
          const double change = value_of(bars[end + h], scale) - last;
          errors += std::abs(change - path.change[h].median());
          moves += std::abs(change);
        }
        EXPECT_LT(errors, 0.15 * moves) << "season " << season << ", " << end << " bars";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Season, support::model_names(), support::model_name);
INSTANTIATE_TEST_SUITE_P(Models, Seasonal,
                         testing::Values("seasonal_naive", "ets", "theta", "dotm", "arima", "ar",
                                         "seasonal_ar", "tbats", "series"),
                         support::model_name);

TEST(Seasonality, DecompositionFindsThePattern) {
  const std::vector<double> pattern{3, -1, -4, 2};
  std::vector<double> sums, products;
  for (std::size_t i = 0; i < 41; ++i) {
    const double trend = 100 + 0.5 * static_cast<double>(i);
    sums.push_back(trend + pattern[i % 4]);
    products.push_back(trend * (1 + pattern[i % 4] / 10));
  }
  const auto additive = decompose(sums, 4, false);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(additive.figure[i], pattern[i], 1e-9);
  const auto multiplicative = decompose(products, 4, true);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(multiplicative.figure[i], 1 + pattern[i] / 10, 5e-3);
    EXPECT_NEAR(multiplicative.restore(multiplicative.remove(7, i), i), 7, 1e-12);
    EXPECT_NEAR(additive.restore(additive.remove(7, i), i), 7, 1e-12);
  }
}

TEST(Seasonality, IsSeenOnlyWhereThereIsOne) {
  Rng rng(9);
  std::vector<double> noise, waves;
  for (std::size_t i = 0; i < 120; ++i) {
    noise.push_back(10 + rng.uniform());
    waves.push_back(noise.back() + std::sin(6.283185307179586 * static_cast<double>(i) / 12));
  }
  EXPECT_TRUE(is_seasonal(waves, 12));
  EXPECT_FALSE(is_seasonal(noise, 12));
  EXPECT_FALSE(is_seasonal(waves, 1));
  EXPECT_FALSE(is_seasonal(std::span(waves).first(24), 12));
  EXPECT_TRUE(is_seasonal(std::span(waves).first(48), 12));
  EXPECT_FALSE(is_seasonal(std::vector<double>(100, 1e15), 12));
  EXPECT_TRUE(find_seasonality(waves, 12, true).multiplicative);
  EXPECT_FALSE(find_seasonality(waves, 12, false).multiplicative);
  EXPECT_TRUE(find_seasonality(noise, 12, true).none());
  for (double& value : waves) value -= 10.5;
  EXPECT_FALSE(find_seasonality(waves, 12, true).multiplicative);
  EXPECT_FALSE(find_seasonality(waves, 12, true).none());
}

}  // namespace
}  // namespace ara::models
