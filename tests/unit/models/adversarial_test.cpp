// Series that break naive code: every model answers each of them, at every horizon, with finite,
// ordered and sane quantiles, or refuses it with Code::invalid.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

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

TEST_P(Adversarial, FiniteOrderedAndSaneOrRefused) {
  std::size_t answered = 0;
  for (const Case& one : corpus()) {
    const auto bars = support::bars_of(one.closes);
    const domain::Scale scale = scale_of(bars);
    auto model = fit(row(), bars, {.scale = scale, .seed = 3});
    if (!model) {
      EXPECT_EQ(model.error().code, Code::invalid) << one.name;
      EXPECT_LT(bars.size(), row().min_bars) << one.name << ": " << model.error().message;
      continue;
    }
    ++answered;
    const double size = std::abs(value_of(bars.back(), scale));
    const double move = largest_move(bars, scale);
    for (int horizon = 1; horizon <= 30; ++horizon) {
      expect_sane((*model)->forecast(horizon), horizon, move, size, one.name);
    }
    for (double value : (*model)->fitted()) ASSERT_TRUE(std::isfinite(value)) << one.name;
    // Carrying on with the same bars once more may not break it either.
    for (const auto& bar : bars) ASSERT_TRUE((*model)->update(bar).has_value()) << one.name;
    expect_sane((*model)->forecast(30), 30, 2 * move, size, one.name + ", again");
  }
  EXPECT_GE(answered, 30u);
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
