// Series that break naive code: every model answers each of them, at every horizon, with finite,
// ordered and sane quantiles, or refuses it with Code::invalid.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "models/model.h"
#include "support/each_model.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

struct Case {
  std::string name;
  std::vector<double> closes;
};

std::vector<double> made(std::size_t count, const std::function<double(std::size_t)>& close) {
  std::vector<double> closes;
  for (std::size_t i = 0; i < count; ++i) closes.push_back(close(i));
  return closes;
}

std::vector<Case> corpus() {
  std::vector<Case> cases;
  const auto add = [&](std::string name, std::size_t count,
                       const std::function<double(std::size_t)>& close) {
    cases.push_back({std::move(name), made(count, close)});
  };
  for (std::size_t count : {1, 2, 3, 4, 5, 9, 10, 11, 99, 100, 101, 400}) {
    const std::string n = std::to_string(count);
    add("constant " + n, count, [](std::size_t) { return 42.0; });
    add("rising " + n, count, [](std::size_t i) { return 1.0 + static_cast<double>(i); });
    add("alternating " + n, count, [](std::size_t i) { return i % 2 ? 100.0 : 101.0; });
  }
  add("zeros", 300, [](std::size_t) { return 0.0; });
  add("negative constant", 300, [](std::size_t) { return -5.0; });
  add("doubling", 300, [](std::size_t i) { return 1e-40 * std::exp2(static_cast<double>(i)); });
  add("through zero", 300, [](std::size_t i) { return 150.0 - static_cast<double>(i); });
  add("alternating sign", 300, [](std::size_t i) { return i % 2 ? -7.0 : 7.0; });
  add("alternating 1 and 1e15", 300, [](std::size_t i) { return i % 2 ? 1.0 : 1e15; });
  add("near 1e15", 300, [](std::size_t i) { return 1e15 + static_cast<double>(i * i % 7); });
  add("near -1e15", 300, [](std::size_t i) { return -1e15 + static_cast<double>(i * i % 7); });
  add("huge", 300, [](std::size_t i) { return 1e99 * (1 + 0.01 * static_cast<double>(i % 5)); });
  add("tiny", 300, [](std::size_t i) { return 1e-99 * (1 + 0.01 * static_cast<double>(i % 5)); });
  add("one step", 300, [](std::size_t i) { return i < 150 ? 10.0 : 20.0; });
  add("step at the end", 300, [](std::size_t i) { return i < 299 ? 10.0 : 20.0; });
  add("step at the start", 300, [](std::size_t i) { return i < 1 ? 10.0 : 20.0; });
  add("stairs", 300, [](std::size_t i) { return 10.0 + static_cast<double>(i / 50); });
  add("mostly stale", 300, [](std::size_t i) { return i % 40 == 0 ? 10.5 : 10.0; });
  add("rounded to a tick", 300, [](std::size_t i) { return std::round(10 + std::sin(0.7 * i)); });
  add("sine", 300, [](std::size_t i) { return 100 + 10 * std::sin(0.1 * i); });
  add("near a whole period", 300, [](std::size_t i) { return i % 12 == 0 ? 1e15 : 1.0; });
  add("a season that goes to zero", 300,
      [](std::size_t i) { return i % 24 < 12 ? 0.0 : static_cast<double>(i); });
  add("a season below zero", 300,
      [](std::size_t i) { return -50 - 40 * std::sin(6.283185307179586 * i / 12.0); });
  add("a season of 4 on 1e15", 300,
      [](std::size_t i) { return 1e15 + static_cast<double>(i % 4 * 8); });
  add("a season that grows a thousandfold", 300,
      [](std::size_t i) { return (i % 4 + 1) * std::exp(0.023 * static_cast<double>(i)); });
  add("a season that stops", 300,
      [](std::size_t i) { return i < 200 ? 10.0 + static_cast<double>(i % 24) : 10.0; });
  add("a season but for one bar", 300,
      [](std::size_t i) { return i == 290 ? 1e6 : 10.0 + static_cast<double>(i % 12); });
  for (std::size_t count : {9, 25, 26, 27, 49, 50}) {
    add("a season in " + std::to_string(count) + " bars", count,
        [](std::size_t i) { return 3.0 + static_cast<double>(i * 5 % 12); });
  }
  add("last digit moves", 300,
      [](std::size_t i) { return i % 3 ? 1.0 : std::nextafter(1.0, 2.0); });
  const auto bars = support::garch_bars(600);
  const auto close = [&](std::size_t i) { return bars[i].close; };
  for (std::size_t where : {std::size_t{300}, std::size_t{598}, std::size_t{599}}) {
    for (double factor : {1e-6, 1e3, 1e12}) {
      add("outlier at " + std::to_string(where) + " times " + std::to_string(factor), 600,
          [&](std::size_t i) { return close(i) * (i == where ? factor : 1); });
    }
    add("negative outlier at " + std::to_string(where), 600,
        [&](std::size_t i) { return i == where ? -1e9 : close(i); });
  }
  add("noise that grows", 600,
      [&](std::size_t i) { return close(i) * std::exp(1e-8 * std::pow(i, 3)); });
  return cases;
}

/// The largest move within the sample that a change over h sessions may be compared to.
double largest_move(const std::vector<domain::Bar>& bars, domain::Scale scale) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& bar : bars) {
    low = std::min(low, value_of(bar, scale));
    high = std::max(high, value_of(bar, scale));
  }
  return high - low;
}

void expect_sane(const Path& path, int horizon, double move, double size, const std::string& what) {
  ASSERT_EQ(path.change.size(), static_cast<std::size_t>(horizon)) << what;
  ASSERT_EQ(path.sd.size(), static_cast<std::size_t>(horizon)) << what;
  for (std::size_t h = 0; h < path.change.size(); ++h) {
    const auto& values = path.change[h].values();
    const double steps = static_cast<double>(h + 1);
    // Not even the tails may foresee more than a few times the whole range of the sample for each
    // session to come; rounding of large values aside.
    const double most = 5 * move * steps + 1e-12 * size;
    EXPECT_TRUE(std::ranges::all_of(values, [](double x) { return std::isfinite(x); })) << what;
    EXPECT_TRUE(std::ranges::is_sorted(values)) << what << " h=" << steps;
    EXPECT_LE(std::abs(values.front()), most) << what << " h=" << steps;
    EXPECT_LE(std::abs(values.back()), most) << what << " h=" << steps;
    EXPECT_TRUE(std::isfinite(path.sd[h]) && path.sd[h] >= 0) << what << " h=" << steps;
    EXPECT_TRUE(std::isfinite(path.change[h].at(0.001))) << what;
    EXPECT_TRUE(path.change[h].probability_below(0) >= 0 &&
                path.change[h].probability_below(0) <= 1)
        << what;
  }
}

class Adversarial : public support::EachModel {};

/// Whether the model answered, sanely; else it refused as it may.
bool answers(const ModelRow& row, const Case& one, const std::vector<domain::Bar>& bars,
             const Setting& setting) {
  const std::string what = one.name + ", season " + std::to_string(setting.season) +
                           (setting.scale == domain::Scale::log ? ", log" : ", level");
  auto model = support::fit_with_trees(row, bars, setting);
  if (!model) {
    EXPECT_EQ(model.error().code, Code::invalid) << what;
    EXPECT_LT(bars.size(), row.min_bars) << what << ": " << model.error().message;
    return false;
  }
  const double size = std::abs(value_of(bars.back(), setting.scale));
  const double move = largest_move(bars, setting.scale);
  for (int horizon : {1, 2, 3, 7, 30, 48}) {
    expect_sane((*model)->forecast(horizon), horizon, move, size, what);
  }
  for (double value : (*model)->fitted()) {
    if (!std::isfinite(value)) ADD_FAILURE() << "fitted " << value << ": " << what;
  }
  // Carrying on with the same bars once more may not break it either.
  for (const auto& bar : bars) EXPECT_TRUE((*model)->update(bar).has_value()) << what;
  expect_sane((*model)->forecast(30), 30, 2 * move, size, what + ", again");
  return true;
}

TEST_P(Adversarial, FiniteOrderedAndSaneOrRefused) {
  std::size_t answered = 0;
  for (const Case& one : corpus()) {
    const auto bars = support::bars_of(one.closes);
    answered += answers(row(), one, bars, {.scale = scale_of(bars), .seed = 3});
  }
  EXPECT_GE(answered, 40u);
}

// Told of a season, and of positive values as they are, where multiplicative forms are allowed.
// Averages of models that are rows themselves, which get every season here, take them in turn.
TEST_P(Adversarial, FiniteOrderedAndSaneOrRefusedWithASeason) {
  constexpr std::array kSeasons{1, 4, 12, 24};
  const std::set<std::string> averages{"series", "full", "combination"};
  const auto cases = corpus();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    const auto bars = support::bars_of(one.closes);
    for (std::size_t k = 0; k < kSeasons.size(); ++k) {
      if (averages.contains(GetParam()) && k != i % kSeasons.size()) continue;
      const int season = kSeasons[k];
      const domain::Scale scale = season == 4 ? scale_of(bars) : domain::Scale::level;
      answers(row(), one, bars, {.scale = scale, .seed = 3, .season = season});
    }
  }
}

TEST_P(Adversarial, WeekendsAndHolesInTimeAreNoHindrance) {
  auto bars = support::garch_bars(300);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    bars[i].time += std::chrono::days{static_cast<int>(i / 5 * 2 + (i > 150 ? 400 : 0))};
  }
  const auto path = fit(row(), bars, {.seed = 3}).value()->forecast(30);
  expect_sane(path, 30, largest_move(bars, domain::Scale::log), 10, "gaps in time");
}

TEST_P(Adversarial, WhatDoesNotMoveIsForecastNotToMove) {
  for (double level : {42.0, -5.0, 1e15, 1e-9}) {
    const auto bars = support::bars_of(std::vector<double>(300, level));
    const auto path = fit(row(), bars, {.scale = scale_of(bars)}).value()->forecast(30);
    for (const auto& change : path.change) {
      EXPECT_NEAR(change.values().front(), 0, 1e-14 * std::max(1.0, std::abs(level))) << level;
      EXPECT_NEAR(change.values().back(), 0, 1e-14 * std::max(1.0, std::abs(level))) << level;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Adversarial, support::model_names(), support::model_name);

}  // namespace
}  // namespace ara::models
