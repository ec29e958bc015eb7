// The hidden Markov chain against one that is simulated, and a market's regimes: what they see,
// what they are called, and what they make of odd series.
#include "models/regime.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/rng.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

using Point = HiddenMarkov::Point;

double normal(Rng& rng) {
  return domain::normal_quantile(1e-12 + (1 - 2e-12) * rng.uniform());
}

/// Three states that overlap by a good part.
HiddenMarkov truth() {
  HiddenMarkov chain;
  chain.states = 3;
  chain.initial = {1, 0, 0};
  chain.transition[0] = {0.98, 0.015, 0.005};
  chain.transition[1] = {0.02, 0.96, 0.02};
  chain.transition[2] = {0.01, 0.04, 0.95};
  chain.emission[0] = {.mean = {0.001, -5.0}, .sd = {0.006, 0.25}};
  chain.emission[1] = {.mean = {0.000, -4.3}, .sd = {0.012, 0.30}};
  chain.emission[2] = {.mean = {-0.002, -3.5}, .sd = {0.025, 0.35}};
  return chain;
}

struct Simulated {
  std::vector<Point> points;
  std::vector<std::size_t> states;
};

Simulated simulate(const HiddenMarkov& chain, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  Simulated made;
  std::size_t state = 0;
  while (made.points.size() < count) {
    const auto& [mean, sd] = chain.emission[state];
    made.points.push_back({mean[0] + sd[0] * normal(rng), mean[1] + sd[1] * normal(rng)});
    made.states.push_back(state);
    double left = rng.uniform();
    std::size_t next = 0;
    while (next + 1 < chain.states && left >= chain.transition[state][next]) {
      left -= chain.transition[state][next++];
    }
    state = next;
  }
  return made;
}

TEST(HiddenMarkov, FindsTheChainThatMadeThePoints) {
  const HiddenMarkov chain = truth();
  const auto made = simulate(chain, 8000, 5);
  const auto three = fit_hidden_markov(made.points, 3);
  for (std::size_t k = 0; k < 3; ++k) {
    const auto& found = three.emission[k];
    const auto& wanted = chain.emission[k];
    const double visits = three.visits[k];
    for (std::size_t half = 0; half < 2; ++half) {
      const double error = wanted.sd[half] / std::sqrt(visits);
      EXPECT_NEAR(found.mean[half], wanted.mean[half], 5 * error) << k << " " << half;
      EXPECT_NEAR(found.sd[half], wanted.sd[half], 5 * error) << k << " " << half;
    }
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(three.transition[k][j], chain.transition[k][j], 0.012) << k << j;
    }
    EXPECT_NEAR(three.expected_duration(k), chain.expected_duration(k),
                0.3 * chain.expected_duration(k));
  }
  EXPECT_LT(three.bic(8000), fit_hidden_markov(made.points, 4).bic(8000));
}

TEST(HiddenMarkov, AFourthStateIsSeenWhereThereIsOne) {
  HiddenMarkov four = truth();
  four.states = 4;
  four.transition[2] = {0.01, 0.03, 0.94, 0.02};
  four.transition[3] = {0.0, 0.0, 0.05, 0.95};
  four.emission[3] = {.mean = {-0.01, -2.4}, .sd = {0.06, 0.3}};
  const auto made = simulate(four, 6000, 6);
  EXPECT_LT(fit_hidden_markov(made.points, 4).bic(6000),
            fit_hidden_markov(made.points, 3).bic(6000));
}

TEST(HiddenMarkov, TheFilterIsRightMoreOftenThanNotAndItsProbabilitiesHold) {
  const auto made = simulate(truth(), 8000, 7);
  const auto chain = fit_hidden_markov(made.points, 3);
  HiddenMarkov::PerState<double> probability{};
  double right = 0, claimed = 0;
  for (std::size_t t = 0; t < made.points.size(); ++t) {
    probability = chain.filtered(probability, made.points[t], t == 0);
    ASSERT_NEAR(std::accumulate(probability.begin(), probability.end(), 0.0), 1, 1e-12);
    const auto best = std::ranges::max_element(probability) - probability.begin();
    right += static_cast<std::size_t>(best) == made.states[t] ? 1 : 0;
    claimed += probability[static_cast<std::size_t>(best)];
  }
  EXPECT_GT(right / 8000, 0.9);
  EXPECT_NEAR(right / 8000, claimed / 8000, 0.01);
}

/// Bars whose log price is the sum of the first halves of simulated points.
std::vector<domain::Bar> bars_of(const std::vector<Point>& points) {
  std::vector<double> closes{100};
  for (const Point& point : points) closes.push_back(closes.back() * std::exp(point[0]));
  return support::bars_of(closes);
}

Sample sample_of(const std::vector<domain::Bar>& bars, std::vector<double>& values,
                 domain::Scale scale) {
  values.clear();
  for (const auto& bar : bars) values.push_back(value_of(bar, scale));
  return {bars, values, {}};
}

Result<Regime> fit_on(const std::vector<domain::Bar>& bars,
                      domain::Scale scale = domain::Scale::log) {
  std::vector<double> values;
  return Regime::fit(sample_of(bars, values, scale), scale);
}

void expect_same(const Regime& a, const Regime& b) {
  EXPECT_EQ(a.probabilities(), b.probabilities());
  EXPECT_EQ(a.current(), b.current());
  EXPECT_EQ(a.duration(), b.duration());
  EXPECT_EQ(a.staying(5), b.staying(5));
}

void feed(Regime& regime, std::span<const domain::Bar> bars, domain::Scale scale) {
  for (const auto& bar : bars) {
    regime.advance({bar, value_of(bar, scale), {}});
  }
}

TEST(Regime, TurmoilIsHighVolatilityAndCalmIsLow) {
  HiddenMarkov chain = truth();
  for (auto& emission : chain.emission) emission.mean[0] = 0;
  const auto made = simulate(chain, 1500, 8);
  const auto bars = bars_of(made.points);
  auto regime = fit_on(bars).value();
  auto replay = regime.restarted();
  double high = 0, of_high = 0;
  for (std::size_t t = 0; t < bars.size(); ++t) {
    feed(replay, std::span(bars).subspan(t, 1), domain::Scale::log);
    if (t < 20) continue;
    const bool loud = made.states[t - 1] == 2;
    const bool said = replay.current() >= 2;
    high += loud ? 1 : 0;
    of_high += loud && said ? 1 : 0;
  }
  EXPECT_GT(of_high / high, 0.7);
  expect_same(regime, replay);
}

TEST(Regime, ABullIsOneOnlyWhereTheMeanIsNotByChance) {
  HiddenMarkov chain = truth();
  for (auto& emission : chain.emission) emission.mean[0] = 0;
  std::size_t named = 0, states = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto regime = fit_on(bars_of(simulate(chain, 1000, 100 + seed).points)).value();
    bool any = false;
    for (std::size_t k = 0; k < regime.chain().states; ++k) {
      any |= regime.label(k).starts_with("bull_") || regime.label(k).starts_with("bear_");
      ++states;
    }
    named += any ? 1 : 0;
  }
  EXPECT_GE(states, 180u);
  EXPECT_LE(named, 9u);  // 5 % of 60 are 3; a state that is chosen by its points says a little more
  for (auto& emission : chain.emission) emission.mean[0] = 0.004;
  const auto rising = fit_on(bars_of(simulate(chain, 1000, 9).points)).value();
  EXPECT_TRUE(rising.label(0).starts_with("bull_")) << rising.label(0);
}

TEST(Regime, CarriedOnAndReplayedAreTheSameBits) {
  const auto bars = support::garch_bars(1300);
  const std::vector<domain::Bar> early(bars.begin(), bars.begin() + 1000);
  auto carried = fit_on(early).value();
  feed(carried, std::span(bars).subspan(1000), domain::Scale::log);
  auto anew = carried.restarted();
  feed(anew, bars, domain::Scale::log);
  expect_same(carried, anew);
  expect_same(fit_on(bars).value(), fit_on(bars).value());
}

TEST(Regime, LaterBarsAreNotSeen) {
  const auto bars = support::garch_bars(1300);
  auto changed = bars;
  for (std::size_t t = 1000; t < changed.size(); ++t) changed[t].close *= 1 + 0.2 * (t % 2);
  auto a = fit_on({bars.begin(), bars.begin() + 900}).value();
  auto b = a.restarted(), c = a.restarted();
  feed(b, std::span(bars).first(1000), domain::Scale::log);
  feed(c, std::span(changed).first(1000), domain::Scale::log);
  expect_same(b, c);
  feed(b, std::span(bars).subspan(1000, 5), domain::Scale::log);
  feed(c, std::span(changed).subspan(1000, 5), domain::Scale::log);
  EXPECT_NE(b.probabilities(), c.probabilities());  // the test could see it
}

void expect_sane(const Regime& regime, const std::string& what) {
  const auto& chain = regime.chain();
  double sum = 0;
  for (std::size_t k = 0; k < chain.states; ++k) {
    const double probability = regime.probabilities()[k];
    EXPECT_TRUE(probability >= 0 && probability <= 1) << what;
    sum += probability;
    EXPECT_GE(chain.expected_duration(k), 1) << what;
    EXPECT_LE(chain.expected_duration(k), 1e5) << what;
    double row = 0;
    for (std::size_t j = 0; j < chain.states; ++j) row += chain.transition[k][j];
    EXPECT_NEAR(row, 1, 1e-12) << what;
    EXPECT_TRUE(std::isfinite(chain.emission[k].mean[0])) << what;
    EXPECT_TRUE(std::isfinite(chain.emission[k].mean[1])) << what;
    EXPECT_GT(chain.emission[k].sd[0], 0) << what;
    EXPECT_FALSE(regime.label(k).empty()) << what;
  }
  EXPECT_NEAR(sum, 1, 1e-12) << what;
  EXPECT_GE(regime.duration(), 1u) << what;
  EXPECT_GE(regime.staying(1), regime.staying(30)) << what;
  EXPECT_GT(regime.staying(30), 0) << what;
  EXPECT_LE(regime.staying(1), 1) << what;
}

TEST(Regime, OddSeriesAreAnsweredSanelyOrRefused) {
  const auto noise = support::garch_bars(600);
  using Make = std::function<double(std::size_t)>;
  const std::vector<std::pair<std::string, Make>> cases{
      {"near 1e15", [](std::size_t i) { return 1e15 + static_cast<double>(i * i % 7); }},
      {"alternating 1 and 1e15", [](std::size_t i) { return i % 2 ? 1.0 : 1e15; }},
      {"alternating sign", [](std::size_t i) { return i % 2 ? -7.0 : 7.0; }},
      {"huge", [](std::size_t i) { return 1e99 * (1 + 0.01 * static_cast<double>(i * i % 5)); }},
      {"through zero", [](std::size_t i) { return 150.0 - static_cast<double>(i); }},
      {"one step", [](std::size_t i) { return i < 150 ? 10.0 : 20.0; }},
      {"mostly stale", [](std::size_t i) { return i % 40 == 0 ? 10.5 : 10.0; }},
      {"last digit", [](std::size_t i) { return i % 3 ? 1.0 : std::nextafter(1.0, 2.0); }},
      {"outlier", [&](std::size_t i) { return noise[i].close * (i == 599 ? 1e12 : 1); }},
      {"noise that grows",
       [&](std::size_t i) { return noise[i].close * std::exp(1e-8 * std::pow(i, 3)); }}};
  std::size_t answered = 0;
  for (const auto& [name, close] : cases) {
    std::vector<double> closes;
    for (std::size_t i = 0; i < 600; ++i) closes.push_back(close(i));
    const auto bars = support::bars_of(closes);
    const auto scale = scale_of(bars);
    auto regime = fit_on(bars, scale);
    if (!regime) {
      EXPECT_EQ(regime.error().code, Code::invalid) << name;
      continue;
    }
    ++answered;
    expect_sane(*regime, name);
    feed(*regime, support::bars_of({closes.back() * 1.5}), scale);
    expect_sane(*regime, name + ", one more");
  }
  EXPECT_GE(answered, 5u);
}

TEST(Regime, RefusesWhatHasNone) {
  for (double level : {42.0, -5.0, 0.0, 1e15}) {
    const auto bars = support::bars_of(std::vector<double>(600, level));
    const auto regime = fit_on(bars, scale_of(bars));
    ASSERT_FALSE(regime) << level;
    EXPECT_EQ(regime.error().field, "close");
  }
  const auto few = fit_on(support::garch_bars(Regime::kLeast - 1));
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().field, "bars");
  EXPECT_TRUE(fit_on(support::garch_bars(Regime::kLeast)));
}

}  // namespace
}  // namespace ara::models
