#include "evaluation/summary.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/rng.h"

namespace ara::evaluation {
namespace {

using std::chrono::December;
using std::chrono::sys_days;

/// Losses that are `times` those of a base series, two horizons, coverage as given (of 2 steps).
MethodScores scores_of(const std::vector<double>& base, double times, std::uint16_t within) {
  MethodScores scores;
  for (double loss : base) {
    scores.crps.push_back(times * loss);
    scores.within.push_back({within, within, within, within});
  }
  scores.crps_by_horizon = {times, 2 * times};
  scores.qlike = times;
  scores.ranks[10] = base.size();
  scores.direction = {.right = 3, .up = 4, .count = 6};
  return scores;
}

/// The last `count` days of 2020 and the first of 2021.
std::vector<domain::Date> dates(std::size_t count) {
  std::vector<domain::Date> days;
  const domain::Date middle = sys_days(std::chrono::year(2020) / December / 31);
  for (std::size_t i = 0; i < count; ++i) {
    days.push_back(middle - std::chrono::days(count / 2 - 1) + std::chrono::days(i));
  }
  return days;
}

std::vector<SymbolScores> two_symbols() {
  Rng rng(1);
  std::vector<double> base;
  for (int i = 0; i < 40; ++i) base.push_back(0.5 + rng.uniform());
  std::vector<SymbolScores> symbols;
  for (const auto& [name, times, within] :
       {std::tuple{"A", 0.8, std::uint16_t{2}}, std::tuple{"B", 1.1, std::uint16_t{1}}}) {
    SymbolScores symbol{.name = name, .dates = dates(40)};
    for (auto& peer : symbol.peers) peer = scores_of(base, 1, 1);
    symbol.models.push_back(scores_of(base, times, within));
    symbols.push_back(std::move(symbol));
  }
  return symbols;
}

TEST(Summary, IsTheMeanOfTheSymbolsRatios) {
  const auto symbols = two_symbols();
  const Summary summary = summarise(symbols, 0, 2);
  EXPECT_EQ(summary.origins, 80U);
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
    EXPECT_NEAR(summary.ratio[p], 0.95, 1e-12);
    EXPECT_NEAR(summary.share_better[p], 0.5, 1e-12);
    // Each symbol's losses are a multiple of the peer's, so no draw gives another ratio.
    EXPECT_NEAR(summary.interval[p].low, 0.95, 1e-12);
    EXPECT_NEAR(summary.interval[p].high, 0.95, 1e-12);
  }
  EXPECT_NEAR(summary.qlike_ratio, 0.95, 1e-12);
  EXPECT_NEAR(summary.crps, symbols[0].peers[0].mean_crps() * 0.95, 1e-12);
  EXPECT_EQ(summary.direction.count, 12U);
  EXPECT_EQ(summary.ranks[10], 80U);
  ASSERT_EQ(summary.by_horizon.size(), 2U);
  EXPECT_NEAR(summary.by_horizon[1].ratio[2], 0.95, 1e-12);
}

TEST(Summary, CoverageIsOfAllStepsAndOfEachSymbol) {
  const Summary summary = summarise(two_symbols(), 0, 2);
  EXPECT_NEAR(summary.coverage[0], 0.75, 1e-12);  // A all, B half of the steps
  EXPECT_NEAR(summary.peer_coverage[1][0], 0.5, 1e-12);
  EXPECT_EQ(summary.by_symbol[0].coverage[3], 1);
  EXPECT_NEAR(summary.share_covered[0], 0.5, 1e-12);  // B, at 50 %
  EXPECT_EQ(summary.share_covered[1], 0);
}

TEST(Summary, TestsHaveTheSignOfTheGain) {
  const Summary summary = summarise(two_symbols(), 0, 2);
  EXPECT_GT(summary.by_symbol[0].test[2].statistic, 3);
  EXPECT_LT(summary.by_symbol[1].test[2].statistic, -3);
  EXPECT_GT(summary.test[2].statistic, 3);  // 20 % less against 10 % more
  EXPECT_LT(summary.test[2].p_value, 0.01);
}

TEST(Summary, YearsAreThoseOfTheOrigins) {
  auto symbols = two_symbols();
  // In 2021 A's model is as good as its peers.
  for (std::size_t i = 20; i < 40; ++i) symbols[0].models[0].crps[i] /= 0.8;
  const Summary summary = summarise(symbols, 0, 2);
  ASSERT_EQ(summary.by_year.size(), 2U);
  EXPECT_EQ(summary.by_year[0].year, 2020);
  EXPECT_EQ(summary.by_year[0].origins, 40U);
  EXPECT_NEAR(summary.by_year[0].ratio[2], 0.95, 1e-12);
  EXPECT_NEAR(summary.by_year[1].ratio[2], 1.05, 1e-12);
  EXPECT_LT(summary.interval[2].low, summary.ratio[2]);
  EXPECT_GT(summary.interval[2].high, summary.ratio[2]);
}

TEST(Summary, SymbolsMayHaveOriginsOnDifferentDates) {
  auto symbols = two_symbols();
  for (auto& date : symbols[1].dates) date += std::chrono::days(7);
  const Summary summary = summarise(symbols, 0, 2);
  EXPECT_NEAR(summary.ratio[2], 0.95, 1e-12);
  ASSERT_EQ(summary.by_year.size(), 2U);
  EXPECT_EQ(summary.by_year[0].origins, 20U + 13U);
}

TEST(Summary, APeerWithoutLossIsNoDivisor) {
  auto symbols = two_symbols();
  for (auto& symbol : symbols) {
    for (auto& peer : symbol.peers) peer = scores_of(std::vector<double>(40, 0.0), 0, 2);
    symbol.models[0] = scores_of(std::vector<double>(40, 0.0), 0, 2);
  }
  const Summary summary = summarise(symbols, 0, 2);
  EXPECT_EQ(summary.ratio[0], 1);
  EXPECT_EQ(summary.share_better[0], 0);
  EXPECT_EQ(summary.test[0].p_value, 1);
}

}  // namespace
}  // namespace ara::evaluation
