// ARIMA: the exact likelihood against the textbook's matrix, known forecasts and variances, the
// recovery of what made a series, and seasonal states.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numbers>

#include "models/arima_select.h"
#include "models/model.h"
#include "models/stl.h"
#include "models/unit_root.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

std::vector<double> noise(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.push_back(domain::normal_quantile(1e-12 + (1 - 2e-12) * rng.uniform()));
  }
  return result;
}

/// An ARMA series after 500 values of warming up.
std::vector<double> made(const Arma& arma, std::size_t count, std::uint64_t seed) {
  const auto e = noise(count + 500, seed);
  std::vector<double> x;
  for (std::size_t t = 0; t < e.size(); ++t) {
    double value = e[t];
    for (std::size_t k = 1; k <= std::min(t, arma.ar.size()); ++k) {
      value += arma.ar[k - 1] * x[t - k] + arma.ma[k - 1] * e[t - k];
    }
    x.push_back(value);
  }
  return {x.begin() + 500, x.end()};
}

/// log N(x; 0, covariance s^2) at the best s^2, by Cholesky's decomposition.
double dense_log_likelihood(const std::vector<double>& x, const std::vector<double>& covariance) {
  const std::size_t n = x.size();
  std::vector<std::vector<double>> l(n, std::vector<double>(n, 0.0));
  std::vector<double> z(n);
  double squares = 0, log_det = 0;
  for (std::size_t i = 0; i < n; ++i) {
    z[i] = x[i];
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = covariance[i - j];
      for (std::size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
      l[i][j] = i == j ? std::sqrt(sum) : sum / l[j][j];
    }
    for (std::size_t k = 0; k < i; ++k) z[i] -= l[i][k] * z[k];
    z[i] /= l[i][i];
    squares += z[i] * z[i];
    log_det += 2 * std::log(l[i][i]);
  }
  const double size = static_cast<double>(n);
  return -0.5 * (size * std::log(2 * std::numbers::pi * squares / size) + size + log_det);
}

/// Autocovariances from 20,000 psi-weights.
std::vector<double> covariances(const Arma& arma, std::size_t count) {
  std::vector<double> psi{1};
  for (std::size_t j = 1; j < 20000; ++j) {
    double weight = j <= arma.ma.size() ? arma.ma[j - 1] : 0;
    for (std::size_t k = 1; k <= std::min(j, arma.ar.size()); ++k) {
      weight += arma.ar[k - 1] * psi[j - k];
    }
    psi.push_back(weight);
  }
  std::vector<double> result;
  for (std::size_t lag = 0; lag < count; ++lag) {
    double sum = 0;
    for (std::size_t j = 0; j + lag < psi.size(); ++j) sum += psi[j] * psi[j + lag];
    result.push_back(sum);
  }
  return result;
}

struct Process {
  ArimaOrder order;
  ArimaCoefficients coefficients;
};

const std::vector<Process> kProcesses{
    {{}, {}},
    {{.p = 1}, {{0.9}}},
    {{.q = 1}, {{-0.95}}},
    {{.p = 2, .q = 1}, {{1.2, -0.5, 0.4}}},
    {{.p = 1, .q = 3}, {{-0.7, 0.5, -0.2, 0.3}}},
    {{.q = 1, .Q = 1, .m = 12}, {{-0.4, -0.6}}},
    {{.p = 1, .q = 1, .P = 1, .Q = 1, .m = 4}, {{0.6, 0.3, 0.8, -0.5}}},
    {{.p = 3, .P = 2, .m = 7}, {{0.3, 0.2, -0.4, 0.5, 0.3}}}};

TEST(Arima, LikelihoodIsThatOfTheCovarianceMatrix) {
  for (const Process& process : kProcesses) {
    const Arma arma = multiplied_out(process.order, process.coefficients);
    const auto x = made(arma, 90, 3);
    const ArimaEstimator estimator(x);
    const auto fit = estimator.exact({process.order, process.coefficients}, 0).value();
    const double wanted = dense_log_likelihood(x, covariances(arma, x.size()));
    EXPECT_NEAR(fit.log_likelihood, wanted, 1e-7 * std::abs(wanted));
  }
}

TEST(Arima, ConstantIsProfiledOutOfTheLikelihood) {
  const Process& process = kProcesses[3];
  const Arma arma = multiplied_out(process.order, process.coefficients);
  auto x = made(arma, 90, 5);
  for (double& v : x) v += 1e6;
  ArimaOrder order = process.order;
  order.constant = true;
  const auto fit = ArimaEstimator(x).exact({order, process.coefficients}, 0).value();
  const auto at = [&](double mean) {
    auto centred = x;
    for (double& v : centred) v -= mean;
    return dense_log_likelihood(centred, covariances(arma, x.size()));
  };
  EXPECT_NEAR(fit.log_likelihood, at(fit.mean), 1e-6);
  EXPECT_LT(at(fit.mean + 0.01), at(fit.mean));
  EXPECT_LT(at(fit.mean - 0.01), at(fit.mean));
}

TEST(Arima, FitFindsWhatMadeTheSeries) {
  for (std::size_t i = 1; i < kProcesses.size(); ++i) {
    const Process& process = kProcesses[i];
    const auto x = made(multiplied_out(process.order, process.coefficients), 4000, i);
    const ArimaEstimator estimator(x);
    const auto fit = estimator.exact(estimator.conditional(process.order, {}).value()).value();
    for (std::size_t k = 0; k < process.order.coefficients(); ++k) {
      EXPECT_NEAR(fit.coefficients.values[k], process.coefficients.values[k], 0.08) << i;
    }
    EXPECT_NEAR(fit.variance, 1, 0.1) << i;
  }
}

TEST(Arima, RootsAreDrawnInToWhereTheyAreAllowed) {
  const ArimaOrder order{.p = 2, .q = 1, .m = 1};
  EXPECT_TRUE(admissible(order, {{1.2, -0.5, 0.98}}, 1.01));
  EXPECT_FALSE(admissible(order, {{1.2, -0.5, 0.995}}, 1.01));
  EXPECT_FALSE(admissible(order, {{0.6, 0.5, 0}}, 1.01));
  const auto drawn = drawn_in(order, {{0.6, 0.5, -3}}, 1.01);
  EXPECT_TRUE(admissible(order, drawn, 1.01));
  EXPECT_FALSE(admissible(order, drawn, 1.012));
  EXPECT_NEAR(drawn.values[2], -1 / 1.01, 1e-2);
  const ArimaCoefficients inside{{1.2, -0.5, 0.98}};
  EXPECT_EQ(drawn_in(order, inside, 1.01).values, inside.values);
}

TEST(Arima, SearchFindsTheAirlineModel) {
  const ArimaOrder order{.q = 1, .Q = 1, .m = 12};
  const auto w = made(multiplied_out(order, {{-0.4, -0.6}}), 600, 11);
  std::vector<double> y;
  for (std::size_t t = 0; t < w.size(); ++t) {
    const auto before = [&](std::size_t lag) { return t >= lag ? y[t - lag] : 0; };
    // The season is strong: the first year says so.
    const double start = t < 12 ? 40 * std::sin(static_cast<double>(t)) : 0;
    y.push_back(before(1) + before(12) - before(13) + w[t] + start);
  }
  const ArimaFit fit = select_arima(y, 12);
  EXPECT_EQ(fit.order.d, 1);
  EXPECT_EQ(fit.order.D, 1);
  EXPECT_LE(fit.order.coefficients(), 4u);
  EXPECT_NEAR(fit.variance, 1, 0.15);
}

// An ARIMA(0,1,1) is simple exponential smoothing: variance s^2 (1 + (h - 1) (1 + theta)^2).
TEST(Arima, VarianceOfSimpleExponentialSmoothing) {
  auto y = made(multiplied_out({.q = 1}, {{-0.6}}), 800, 2);
  for (std::size_t t = 1; t < y.size(); ++t) y[t] += y[t - 1];
  const ArimaFit fit = select_arima(y, 1);
  ASSERT_EQ(fit.order, (ArimaOrder{.d = 1, .q = 1}));
  const auto bars = support::bars_of(y);
  const auto path = models::fit(**find_model("arima"), bars, {.scale = domain::Scale::level})
                        .value()
                        ->forecast(9);
  const double a = 1 + fit.coefficients.values[0];
  for (std::size_t h = 1; h <= 9; ++h) {
    const double variance = fit.variance * (1 + static_cast<double>(h - 1) * a * a);
    EXPECT_NEAR(path.sd[h - 1] * path.sd[h - 1], variance, 1e-9 * variance) << h;
    EXPECT_DOUBLE_EQ(path.change[h - 1].median(), path.change[0].median()) << h;
  }
}

std::vector<double> seasonal_series(std::size_t count, int season) {
  auto y = noise(count, 4);
  for (std::size_t t = 0; t < count; ++t) {
    y[t] += 100 + 0.01 * static_cast<double>(t) +
            20 * std::sin(2 * std::numbers::pi * static_cast<double>(t) / season);
  }
  return y;
}

TEST(Arima, SeasonIsCarriedOn) {
  for (int season : {7, 12, 24}) {
    const auto y = seasonal_series(400, season);
    const auto bars = support::bars_of(y);
    const Setting setting{.scale = domain::Scale::level, .season = season};
    const std::span<const domain::Bar> head(bars.data(), 400 - 48);
    const auto path = fit(**find_model("arima"), head, setting).value()->forecast(48);
    double squares = 0;
    for (std::size_t h = 0; h < 48; ++h) {
      const double error = y[351] + path.change[h].median() - y[352 + h];
      squares += error * error / 48;
    }
    EXPECT_LT(std::sqrt(squares), 1.6) << season;
  }
}

TEST(Arima, SeasonalStateIsCarriedOnToTheBit) {
  const auto bars = support::bars_of(seasonal_series(500, 24));
  const std::span<const domain::Bar> all(bars);
  const Setting setting{.scale = domain::Scale::log, .season = 24};
  const auto& row = **find_model("arima");
  const auto carried = fit(row, all.first(400), setting).value();
  for (const auto& bar : all.subspan(400)) ASSERT_TRUE(carried->update(bar).has_value());
  const auto anew = carried->restarted();
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(anew->update(all[i]).has_value());
    const auto path = anew->forecast(3);
    EXPECT_TRUE(std::isfinite(path.change[2].values().front())) << i;
  }
  const auto a = carried->forecast(30), b = anew->forecast(30);
  for (std::size_t h = 0; h < 30; ++h) EXPECT_EQ(a.change[h].values(), b.change[h].values());
  EXPECT_EQ(carried->next().values(), a.change[0].values());
}

TEST(Arima, ASeasonDoesNotMakeOddSeriesAbsurd) {
  const std::vector<std::function<double(std::size_t)>> shapes{
      [](std::size_t) { return 5.0; },
      [](std::size_t i) { return static_cast<double>(i % 24); },
      [](std::size_t i) { return i % 2 ? 1.0 : 1e15; },
      [](std::size_t i) { return i % 24 == 3 ? 1e12 : 0.0; },
      [](std::size_t i) { return 1e99 * static_cast<double>(i % 5); },
      [](std::size_t i) { return 1e-99 * static_cast<double>(i * i % 7); },
      [](std::size_t i) { return i == 47 ? -1e9 : 1.0; },
      [](std::size_t i) { return static_cast<double>(i); }};
  for (std::size_t count : {10, 25, 48, 49, 50, 60, 100, 300}) {
    for (std::size_t which = 0; which < shapes.size(); ++which) {
      std::vector<double> y;
      for (std::size_t i = 0; i < count; ++i) y.push_back(shapes[which](i));
      const auto [low, high] = std::ranges::minmax(y);
      const auto bars = support::bars_of(y);
      const Setting setting{.scale = domain::Scale::level, .season = 24};
      const auto path = fit(**find_model("arima"), bars, setting).value()->forecast(48);
      for (std::size_t h = 0; h < 48; ++h) {
        const double most = 5 * (high - low) * static_cast<double>(h + 1) + 1e-12 * high;
        EXPECT_LE(std::abs(path.change[h].values().front()), most) << which << " of " << count;
        EXPECT_LE(std::abs(path.change[h].values().back()), most) << which << " of " << count;
        EXPECT_TRUE(std::ranges::is_sorted(path.change[h].values())) << which << " of " << count;
      }
    }
  }
}

TEST(UnitRoot, NoiseNeedsNoDifferenceAWalkOneItsSumTwo) {
  auto x = noise(500, 9);
  EXPECT_EQ(differences_needed(x), 0);
  for (std::size_t t = 1; t < x.size(); ++t) x[t] += x[t - 1];
  EXPECT_EQ(differences_needed(x), 1);
  for (std::size_t t = 1; t < x.size(); ++t) x[t] += x[t - 1];
  EXPECT_EQ(differences_needed(x), 2);
  EXPECT_EQ(differences_needed(std::vector<double>(50, 3.0)), 0);
}

TEST(Stl, PartsAddUpAndFindWhatWasPutIn) {
  const auto y = seasonal_series(300, 12);
  const Decomposition parts = stl(y, 12);
  double rest = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    EXPECT_NEAR(parts.trend[t] + parts.seasonal[t] + parts.remainder[t], y[t], 1e-9);
    rest += parts.remainder[t] * parts.remainder[t] / static_cast<double>(y.size());
    const double season = 20 * std::sin(2 * std::numbers::pi * static_cast<double>(t) / 12);
    EXPECT_NEAR(parts.seasonal[t], season, 2.5) << t;
  }
  EXPECT_LT(rest, 1.1);
  EXPECT_GT(seasonal_strength(y, 12), 0.98);
  EXPECT_LT(seasonal_strength(noise(300, 1), 12), 0.5);
  EXPECT_EQ(seasonal_differences_needed(y, 12), 1);
  EXPECT_EQ(seasonal_differences_needed(noise(300, 1), 12), 0);
}

}  // namespace
}  // namespace ara::models
