#include "evaluation/rolling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "models/market.h"
#include "support/each_model.h"
#include "support/garch_bars.h"

namespace ara::evaluation {
namespace {

constexpr std::size_t kHistory = 300;  ///< enough for every model, and quick

Symbol symbol_of(std::vector<domain::Bar> bars) {
  Symbol symbol{.name = "X", .bars = std::move(bars)};
  const std::array<std::span<const domain::Bar>, 1> universe{symbol.bars};
  symbol.market = models::market_at(models::market_factor(universe), symbol.bars);
  return symbol;
}

const models::ModelRow& drift() {
  return *models::find_model("drift").value();
}

class EachModelRolls : public support::EachModel {
 protected:
  /// With trees for the rows that need them.
  MethodScores scores(const Symbol& symbol, int horizon, std::size_t last) const {
    const RollOptions options{.horizon = horizon, .last = last, .history = kHistory};
    return Roll::make(symbol, options)
        .value()
        .model(row(),
               [&](models::Setting setting, domain::Time) {
                 if (row().needs_trees) setting.trees = support::simple_trees();
                 return setting;
               })
        .value();
  }
};

/// A symbol, the same with other prices for its last 12 bars, and how many of the last 24 origins
/// know nothing of the difference.
struct Changed {
  static constexpr int kHorizon = 3;
  static constexpr std::size_t kOrigins = 24, kLater = 12;
  static constexpr std::size_t kUnaffected = kOrigins - kLater;  // whose outcomes are all before
  Symbol symbol = symbol_of(support::garch_bars(kFirstOrigin + 40));
  Symbol other = [this] {
    auto bars = symbol.bars;
    for (std::size_t i = bars.size() - kLater; i < bars.size(); ++i) {
      bars[i].close *= 1.5 + 0.1 * static_cast<double>(i % 3);
    }
    return symbol_of(std::move(bars));
  }();
};

TEST_P(EachModelRolls, LaterBarsChangeNoEarlierScore) {
  const Changed given;
  const auto a = scores(given.symbol, Changed::kHorizon, Changed::kOrigins);
  const auto b = scores(given.other, Changed::kHorizon, Changed::kOrigins);
  ASSERT_EQ(a.crps.size(), Changed::kOrigins);
  for (std::size_t i = 0; i < Changed::kUnaffected; ++i) {
    EXPECT_EQ(a.crps[i], b.crps[i]) << i;
    EXPECT_EQ(a.within[i], b.within[i]) << i;
  }
  EXPECT_NE(a.crps.back(), b.crps.back());
}

TEST_P(EachModelRolls, AnOriginsScoreDoesNotDependOnHowManyOthersAreScored) {
  const Symbol symbol = symbol_of(support::garch_bars(kFirstOrigin + 40));
  const auto a = scores(symbol, 2, 5);
  const auto b = scores(symbol, 2, 33);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(a.crps[i], b.crps[28 + i]) << i;
}

INSTANTIATE_TEST_SUITE_P(Models, EachModelRolls, support::model_names(), support::model_name);

TEST(Roll, LaterBarsChangeNoEarlierScoreOfAPeer) {
  const Changed given;
  const RollOptions options{
      .horizon = Changed::kHorizon, .last = Changed::kOrigins, .history = kHistory};
  const auto one = Roll::make(given.symbol, options).value();
  const auto two = Roll::make(given.other, options).value();
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
    const auto a = one.peer(static_cast<Peer>(p)).value();
    const auto b = two.peer(static_cast<Peer>(p)).value();
    for (std::size_t i = 0; i < Changed::kUnaffected; ++i) {
      EXPECT_EQ(a.crps[i], b.crps[i]) << kPeerNames[p] << " " << i;
    }
    EXPECT_NE(a.crps.back(), b.crps.back()) << kPeerNames[p];
  }
}

TEST(Roll, ScoresWhatAServiceWouldHaveForecast) {
  const Symbol symbol = symbol_of(support::garch_bars(kFirstOrigin + 30));
  const RollOptions options{.horizon = 2, .last = 25, .history = kHistory};
  const auto scores = Roll::make(symbol, options).value().model(drift()).value();
  const std::span<const domain::Bar> bars = symbol.bars;
  const std::size_t n = bars.size();
  double right = 0;
  for (std::size_t i = 0; i < 25; ++i) {
    const std::size_t t = n - 1 - 2 - 24 + i;
    // Drift's forecast is that of its fit, whatever came since.
    const std::size_t fitted = (t + 1) / 20 * 20;
    const auto model = models::fit(drift(), bars.subspan(fitted - kHistory, kHistory), {}).value();
    const auto path = model->forecast(2);
    double loss = 0;
    for (std::size_t h = 1; h <= 2; ++h) {
      const double y = std::log(bars[t + h].close / bars[t].close);
      loss += crps(quantiles_of(path.change[h - 1]), y) / 2;
      right += (path.change[h - 1].median() > 0) == (y > 0);
    }
    EXPECT_NEAR(scores.crps[i], loss, 1e-12) << i;
  }
  EXPECT_EQ(scores.direction.count, 50U);
  EXPECT_EQ(static_cast<double>(scores.direction.right), right);
  EXPECT_NEAR(scores.mean_crps(), (scores.crps_by_horizon[0] + scores.crps_by_horizon[1]) / 2,
              1e-12);
}

TEST(Roll, HistoricalIsTheSortedLastYear) {
  const Symbol symbol = symbol_of(support::garch_bars(kFirstOrigin + 20));
  const RollOptions options{.horizon = 3, .last = 10, .history = kHistory};
  const auto scores = Roll::make(symbol, options).value().peer(Peer::historical).value();
  const auto& bars = symbol.bars;
  for (std::size_t i = 0; i < 10; ++i) {
    const std::size_t t = bars.size() - 1 - 3 - 9 + i;
    double loss = 0;
    for (std::size_t h = 1; h <= 3; ++h) {
      std::vector<double> changes;
      for (std::size_t end = t - 249; end <= t; ++end) {
        changes.push_back(std::log(bars[end].close) - std::log(bars[end - h].close));
      }
      std::ranges::sort(changes);
      const double y = std::log(bars[t + h].close) - std::log(bars[t].close);
      loss += crps(quantiles_of_sorted(changes), y) / 3;
    }
    EXPECT_NEAR(scores.crps[i], loss, 1e-12) << i;
  }
}

TEST(Roll, WhatIsLearnedEndsBeforeTheOrigin) {
  const Symbol symbol = symbol_of(support::garch_bars(kFirstOrigin + 60));
  std::vector<domain::Time> asked;
  const RollOptions options{.horizon = 1, .last = 50, .history = kHistory};
  const auto note = [&](models::Setting setting, domain::Time until) {
    asked.push_back(until);
    return setting;
  };
  ASSERT_TRUE(Roll::make(symbol, options).value().model(drift(), note).has_value());
  // Origins are bars 509 to 558 (of 0 to 559): fits at the counts 500, 520, 540.
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0], symbol.bars[499].time);
  EXPECT_EQ(asked[1], symbol.bars[519].time);
  EXPECT_EQ(asked[2], symbol.bars[539].time);
}

TEST(Roll, HasAsManyOriginsAsTheBarsAllow) {
  const Symbol symbol = symbol_of(support::garch_bars(kFirstOrigin + 20));
  const RollOptions options{.horizon = 5, .last = 1000, .history = kHistory};
  const auto roll = Roll::make(symbol, options).value();
  EXPECT_EQ(roll.origins(), 16U);  // bars 499 to 514 of 0 to 519
  EXPECT_EQ(roll.date(0), domain::date_of(symbol.bars[499].time));
  const Symbol tiny = symbol_of(support::garch_bars(kFirstOrigin + 4));
  const auto none = Roll::make(tiny, options);
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().message, testing::HasSubstr("at least 505"));
}

TEST(Roll, SeriesThatCrossZeroAreScoredOnTheirLevel) {
  std::vector<double> values;
  for (std::size_t i = 0; i < kFirstOrigin + 10; ++i) {
    values.push_back(std::sin(0.1 * static_cast<double>(i)));
  }
  const Symbol symbol = symbol_of(support::bars_of(values));
  const RollOptions options{.horizon = 1, .last = 1, .history = kHistory};
  const auto roll = Roll::make(symbol, options).value();
  EXPECT_EQ(roll.scale(), domain::Scale::level);
  EXPECT_TRUE(std::isfinite(roll.model(drift()).value().mean_crps()));
}

TEST(Roll, StillSeriesGiveNoVolatilityToScore) {
  const Symbol symbol = symbol_of(support::bars_of(std::vector<double>(kFirstOrigin + 10, 5.0)));
  const RollOptions options{.horizon = 2, .last = 5, .history = kHistory};
  const auto scores = Roll::make(symbol, options).value().model(drift()).value();
  EXPECT_EQ(scores.qlike, 0);
  EXPECT_EQ(scores.direction.count, 0U);
  EXPECT_EQ(scores.mean_crps(), 0);
  EXPECT_EQ(scores.coverage(0), 1);
}

}  // namespace
}  // namespace ara::evaluation
