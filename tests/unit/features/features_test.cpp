// The features of a series: the table, the fold, what they see, and what they make of odd bars.
#include "features/features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <string>

#include "base/rng.h"

namespace ara::features {
namespace {

constexpr std::size_t kBars = 600;

/// Whole bars of a random walk that starts at 100.
std::vector<domain::Bar> walk(std::size_t count, std::uint64_t seed = 1) {
  Rng rng(seed);
  std::vector<domain::Bar> bars(count);
  double close = 100;
  domain::Date day{std::chrono::days{10000}};
  for (auto& bar : bars) {
    bar.time = day;
    day += std::chrono::days{1};
    bar.open = close * std::exp(0.01 * (rng.uniform() - 0.5));
    close *= std::exp(0.04 * (rng.uniform() - 0.5));
    bar.close = close;
    bar.high = std::max(bar.open, close) * std::exp(0.01 * rng.uniform());
    bar.low = std::min(bar.open, close) * std::exp(-0.01 * rng.uniform());
    bar.volume = std::round(1e6 * (0.5 + rng.uniform()));
  }
  return bars;
}

/// Equal to the bit, undefined equal to undefined.
bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

/// The features of `a` and `b` that differ, by name, at any of the bars before `end`.
std::set<std::string> differing(const std::vector<Values>& a, const std::vector<Values>& b,
                                std::size_t begin, std::size_t end) {
  std::set<std::string> names;
  for (std::size_t t = begin; t < end; ++t) {
    for (std::size_t i = 0; i < kFeatures; ++i) {
      if (!same(a[t][i], b[t][i])) names.emplace(table()[i].name);
    }
  }
  return names;
}

/// The features that are undefined at a bar.
std::set<std::string> undefined_at(const Values& values) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kFeatures; ++i) {
    EXPECT_FALSE(std::isinf(values[i])) << table()[i].name;
    if (std::isnan(values[i])) names.emplace(table()[i].name);
  }
  return names;
}

std::set<std::string> names_of(bool (*wanted)(const Feature&)) {
  std::set<std::string> names;
  for (const Feature& feature : table()) {
    if (wanted(feature)) names.emplace(feature.name);
  }
  return names;
}

const std::set<std::string> kOfRanges{"hl_range_pct",  "williams_r",    "stoch_k",       "stoch_d",
                                      "cci",           "kc_upper_dist", "kc_lower_dist", "kc_pct",
                                      "adx",           "plus_di",       "minus_di",      "atr_pct",
                                      "dist_from_high"};

TEST(Features, TableIsTheContracts) {
  const std::array<std::string_view, kFeatures> contract{"returns",
                                                         "log_returns",
                                                         "volatility",
                                                         "hl_range_pct",
                                                         "close_vs_sma_5",
                                                         "close_vs_ema_5",
                                                         "close_vs_sma_10",
                                                         "close_vs_ema_10",
                                                         "close_vs_sma_20",
                                                         "close_vs_ema_20",
                                                         "close_vs_sma_50",
                                                         "close_vs_ema_50",
                                                         "close_vs_sma_200",
                                                         "close_vs_ema_200",
                                                         "rsi",
                                                         "rsi_fast",
                                                         "stoch_rsi",
                                                         "macd",
                                                         "macd_signal",
                                                         "macd_hist",
                                                         "bb_upper_dist",
                                                         "bb_lower_dist",
                                                         "bb_width",
                                                         "bb_pct",
                                                         "volume_trend",
                                                         "volume_ratio",
                                                         "obv_norm",
                                                         "ret_5d",
                                                         "roc",
                                                         "williams_r",
                                                         "stoch_k",
                                                         "stoch_d",
                                                         "cci",
                                                         "kc_upper_dist",
                                                         "kc_lower_dist",
                                                         "kc_pct",
                                                         "adx",
                                                         "plus_di",
                                                         "minus_di",
                                                         "vol_regime",
                                                         "ret_20d",
                                                         "atr_pct",
                                                         "zscore_20",
                                                         "dist_from_high"};
  for (std::size_t i = 0; i < kFeatures; ++i) {
    EXPECT_EQ(table()[i].name, contract[i]) << i;
    EXPECT_FALSE(table()[i].definition.empty()) << i;
    EXPECT_FALSE(to_string(table()[i].group).empty()) << i;
  }
}

TEST(Features, EachBeginsWhereTheTableSays) {
  const auto all = features_of(walk(kBars));
  for (std::size_t i = 0; i < kFeatures; ++i) {
    for (std::size_t t = 0; t < kBars; ++t) {
      ASSERT_EQ(std::isfinite(all[t][i]), t >= table()[i].warm_up) << table()[i].name << " " << t;
    }
  }
}

TEST(Features, BatchIsTheFoldOfUpdate) {
  const auto bars = walk(kBars);
  const auto all = features_of(bars);
  FeatureState state;
  for (std::size_t t = 0; t < kBars; ++t) {
    const Values values = state.update(bars[t]);
    for (std::size_t i = 0; i < kFeatures; ++i) {
      ASSERT_TRUE(same(values[i], all[t][i])) << table()[i].name << " at " << t;
      ASSERT_TRUE(same(values[i], state.values()[i]));
    }
  }
}

TEST(Features, AStateIsAValue) {
  const auto bars = walk(kBars);
  FeatureState state;
  for (std::size_t t = 0; t < 400; ++t) state.update(bars[t]);
  FeatureState copy = state;
  state.update(bars[0]);
  for (std::size_t t = 400; t < kBars; ++t) copy.update(bars[t]);
  const auto all = features_of(bars);
  EXPECT_TRUE(differing({copy.values()}, {all.back()}, 0, 1).empty());
  EXPECT_LE(sizeof(FeatureState), 16u * 1024);
}

/// Another bar in place of this one, all fields moved.
domain::Bar other(domain::Bar bar) {
  bar.open *= 1.02, bar.high *= 1.07, bar.low *= 0.95, bar.close *= 1.03, bar.volume *= 1.9;
  return bar;
}

TEST(Features, ChangingABarChangesNothingBeforeItAndEveryFeatureAtIt) {
  const auto bars = walk(kBars);
  const auto before = features_of(bars);
  for (std::size_t t : {0u, 1u, 13u, 20u, 100u, 251u, 252u, 300u, 444u, 599u}) {
    auto changed = bars;
    changed[t] = other(changed[t]);
    const auto after = features_of(changed);
    EXPECT_TRUE(differing(before, after, 0, t).empty()) << t;
    if (t < 252) continue;
    // Every feature reads its own bar: the test could see a look-ahead. A new high alone may not
    // move one that is not the highest.
    EXPECT_EQ(differing(before, after, t, t + 1).size(), kFeatures) << t;
  }
}

TEST(Features, NothingLaterIsSeen) {
  const auto bars = walk(kBars);
  const auto whole = features_of(bars);
  for (std::size_t t = 1; t < kBars; t += 37) {
    auto changed = bars;
    for (std::size_t s = t; s < kBars; ++s) changed[s] = other(other(changed[s]));
    EXPECT_TRUE(differing(whole, features_of(changed), 0, t).empty()) << t;
    EXPECT_TRUE(differing(whole, features_of(std::span(bars).first(t)), 0, t).empty()) << t;
  }
}

TEST(Features, UnderEmbargoTheRangeOfABarIsSeenABarLater) {
  const auto bars = walk(kBars);
  const auto before = features_of(bars, true);
  const std::size_t t = 400;
  auto changed = bars;
  changed[t].high *= 1.5;
  changed[t].low *= 0.5;
  const auto after = features_of(changed, true);
  EXPECT_TRUE(differing(before, after, 0, t + 1).empty());
  EXPECT_EQ(differing(before, after, t + 1, t + 2), kOfRanges);
}

TEST(Features, AScaleChangesNothing) {
  const auto bars = walk(kBars);
  const auto before = features_of(bars);
  auto doubled = bars;
  auto larger = bars;
  for (auto& bar : doubled) {
    for (double* field : {&bar.open, &bar.high, &bar.low, &bar.close, &bar.volume}) *field *= 4;
  }
  for (auto& bar : larger) {
    for (double* field : {&bar.open, &bar.high, &bar.low, &bar.close}) *field *= 1e15 / 300;
    bar.volume *= 1e6;
  }
  EXPECT_TRUE(differing(before, features_of(doubled), 0, kBars).empty());
  const auto after = features_of(larger);
  for (std::size_t t = 300; t < kBars; ++t) {
    for (std::size_t i = 0; i < kFeatures; ++i) {
      ASSERT_NEAR(after[t][i], before[t][i], 1e-9 * std::max(1.0, std::abs(before[t][i])))
          << table()[i].name << " at " << t;
    }
  }
}

TEST(Features, ADividendIsNoMove) {
  const auto bars = walk(kBars);
  auto paid = bars;  // of a tenth of the price, before bar 300
  for (std::size_t t = 0; t < kBars; ++t) {
    paid[t].adjusted_close = bars[t].close;
    if (t >= 300) continue;
    for (double* field : {&paid[t].open, &paid[t].high, &paid[t].low, &paid[t].close}) {
      *field /= 0.9;
    }
  }
  const auto before = features_of(bars), after = features_of(paid);
  for (std::size_t t = 252; t < kBars; ++t) {
    for (std::size_t i = 0; i < kFeatures; ++i) {
      ASSERT_NEAR(after[t][i], before[t][i], 1e-9 * std::max(1.0, std::abs(before[t][i])))
          << table()[i].name << " at " << t;
    }
  }
}

TEST(Features, NothingDriftsOverManyBars) {
  const auto bars = walk(20000);
  FeatureState state, late;
  for (const auto& bar : bars) state.update(bar);
  for (const auto& bar : std::span(bars).last(5000)) late.update(bar);
  for (std::size_t i = 0; i < kFeatures; ++i) {
    EXPECT_NEAR(state.values()[i], late.values()[i], 1e-9 * std::max(1.0, late.values()[i]))
        << table()[i].name;
  }
}

TEST(Features, WhatABarLacksIsUndefinedAndTheRestIsAsItWas) {
  const auto bars = walk(kBars);
  const auto whole = features_of(bars);
  auto no_volume = bars, no_range = bars;
  for (auto& bar : no_volume) bar.volume = domain::Bar::kMissing;
  for (auto& bar : no_range) bar.open = bar.high = bar.low = domain::Bar::kMissing;
  const auto of_volume = names_of([](const Feature& one) { return one.group == Group::volume; });
  const auto a = features_of(no_volume), b = features_of(no_range);
  EXPECT_EQ(undefined_at(a.back()), of_volume);
  EXPECT_EQ(differing(whole, a, 0, kBars), of_volume);
  EXPECT_EQ(undefined_at(b.back()), kOfRanges);
  EXPECT_EQ(differing(whole, b, 0, kBars), kOfRanges);
}

TEST(Features, AHoleHeals) {
  const auto bars = walk(1200);
  const auto whole = features_of(bars);
  for (double hole : {domain::Bar::kMissing, HUGE_VAL, 1e300}) {
    auto holed = bars;
    holed[400].high = holed[400].low = holed[400].volume = hole;
    const auto values = features_of(holed);
    for (const auto& of_bar : values) (void)undefined_at(of_bar);  // none infinite
    EXPECT_FALSE(undefined_at(values[400]).empty());
    EXPECT_TRUE(undefined_at(values[652]).empty());
    for (std::size_t i = 0; i < kFeatures; ++i) {
      EXPECT_NEAR(values.back()[i], whole.back()[i], 1e-9 * std::max(1.0, whole.back()[i]))
          << table()[i].name;
    }
  }
}

TEST(Features, OfAConstantSeriesTheDistancesAreZeroAndThePlacesUndefined) {
  for (double price : {0.1, 42.0, 33.333333333, 1e15}) {
    auto bars = walk(kBars);
    for (auto& bar : bars) {
      bar.open = bar.high = bar.low = bar.close = price;
      bar.volume = 1000.1;
    }
    const auto values = features_of(bars).back();
    const std::set<std::string> places{
        "bb_pct", "zscore_20",  "kc_pct",   "stoch_rsi", "williams_r", "stoch_k", "stoch_d",
        "cci",    "vol_regime", "obv_norm", "adx",       "plus_di",    "minus_di"};
    EXPECT_EQ(undefined_at(values), places) << price;
    for (std::size_t i = 0; i < kFeatures; ++i) {
      if (std::isnan(values[i]) || table()[i].name == "volume_ratio") continue;
      EXPECT_NEAR(values[i], 0, 1e-12) << table()[i].name;
    }
  }
}

TEST(Features, OddSeriesGiveNothingInfinite) {
  using Make = double (*)(std::size_t);
  for (Make close : {+[](std::size_t) { return 0.0; }, +[](std::size_t) { return -5.0; },
                     +[](std::size_t i) { return 150.0 - static_cast<double>(i); },
                     +[](std::size_t i) { return i % 2 ? -7.0 : 7.0; },
                     +[](std::size_t i) { return i % 2 ? 1.0 : 1e15; },
                     +[](std::size_t i) { return i % 2 ? 1e-300 : 1e300; },
                     +[](std::size_t i) { return i < 300 ? 1.0 : 1e99; },
                     +[](std::size_t i) { return i % 3 ? 1.0 : std::nextafter(1.0, 2.0); },
                     +[](std::size_t i) { return std::exp2(static_cast<double>(i) - 300); }}) {
    auto bars = walk(kBars);
    for (std::size_t t = 0; t < kBars; ++t) {
      bars[t].open = bars[t].close = close(t);
      bars[t].high = bars[t].close + std::abs(bars[t].close) / 100;
      bars[t].low = bars[t].close - std::abs(bars[t].close) / 100;
    }
    for (const auto& values : features_of(bars)) {
      const auto undefined = undefined_at(values);
      for (std::size_t i = 0; i < kFeatures; ++i) {
        if (undefined.contains(std::string(table()[i].name))) continue;
        const auto name = table()[i].name;
        if (name == "rsi" || name == "adx" || name == "stoch_k") {
          ASSERT_GE(values[i], 0 - 1e-9) << name;
          ASSERT_LE(values[i], 100 + 1e-9) << name;
        }
        if (name == "stoch_rsi") {
          ASSERT_TRUE(values[i] >= 0 && values[i] <= 1) << values[i];
        }
      }
    }
  }
}

}  // namespace
}  // namespace ara::features
