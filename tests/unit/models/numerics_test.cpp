// The parts that the models rest on.
#include <gtest/gtest.h>

#include <cmath>

#include "models/bfgs.h"
#include "models/garch.h"
#include "models/smoothing.h"
#include "models/student_t.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

TEST(LogGammaRatio, IsThatOfTheGammaFunction) {
  for (double x : {1e-3, 0.1, 0.5, 1.0, 1.05, 2.5, 7.0, 11.9, 12.1, 40.0, 160.0}) {
    const double wanted = std::log(std::tgamma(x + 0.5) / std::tgamma(x));
    EXPECT_NEAR(log_gamma_ratio(x).value, wanted, 1e-12 * std::max(1.0, std::abs(wanted))) << x;
    const double step = 1e-5 * x;
    const double slope =
        (log_gamma_ratio(x + step).value - log_gamma_ratio(x - step).value) / (2 * step);
    EXPECT_NEAR(log_gamma_ratio(x).slope, slope, 1e-7 * std::max(1.0, std::abs(slope))) << x;
  }
}

TEST(Bfgs, FindsTheMinimumOfRosenbrocksValley) {
  const auto evaluate = [](const Vector<2>& at) {
    const double a = 1 - at[0];
    const double b = at[1] - at[0] * at[0];
    return Point<2>{at, a * a + 100 * b * b, {-2 * a - 400 * at[0] * b, 200 * b}};
  };
  Matrix<2> identity{{{1, 0}, {0, 1}}};
  const auto found = minimise(evaluate({-1.2, 1}), identity, 1e-16, 500, evaluate);
  EXPECT_NEAR(found.at[0], 1, 1e-6);
  EXPECT_NEAR(found.at[1], 1, 1e-6);
}

TEST(Bfgs, InverseIsAnInverse) {
  const Matrix<3> m{{{4, 1, 0.5}, {1, 3, -1}, {0.5, -1, 2}}};
  const auto inverse = inverse_with_ridge(m, 0);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k) sum += m[i][k] * inverse[k][j];
      EXPECT_NEAR(sum, i == j ? 1 : 0, 1e-12);
    }
  }
}

std::vector<double> returns_of(const std::vector<domain::Bar>& bars) {
  std::vector<double> returns;
  for (std::size_t i = 1; i < bars.size(); ++i) {
    returns.push_back(std::log(bars[i].close / bars[i - 1].close));
  }
  return returns;
}

TEST(Garch, NoNeighbourIsMoreLikely) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto returns = returns_of(support::garch_bars(1260, seed));
    const Leverage leverage = seed % 2 ? Leverage::none : Leverage::gjr;
    const GarchT best = fit_garch_t(returns, 5, leverage);
    const double reached = log_likelihood(best, returns);
    for (double GarchT::* parameter : {&GarchT::mu, &GarchT::omega, &GarchT::alpha, &GarchT::beta,
                                       &GarchT::nu, &GarchT::gamma}) {
      for (double factor : {0.9, 0.99, 1.01, 1.1}) {
        GarchT moved = best;
        moved.*parameter *= factor;
        if (moved.persistence() >= 0.9999) continue;
        moved.first_variance = first_variance_of(moved, returns);
        EXPECT_LE(log_likelihood(moved, returns), reached + 1e-3) << "seed " << seed;
      }
    }
  }
}

TEST(Garch, RecoversWhatMadeTheReturns) {
  const auto returns = returns_of(support::garch_bars(20000, 5));
  const GarchT model = fit_garch_t(returns, 5);
  constexpr support::GarchTruth truth;
  EXPECT_NEAR(model.mu, truth.mu, 2e-4);
  EXPECT_NEAR(model.omega, truth.omega, 0.5 * truth.omega);
  EXPECT_NEAR(model.alpha, truth.alpha, 0.015);
  EXPECT_NEAR(model.beta, truth.beta, 0.015);
  EXPECT_NEAR(model.nu, truth.nu, 0.7);
}

TEST(Garch, RecoversHowMuchMoreFallsCount) {
  constexpr GarchT truth{.omega = 2e-6, .alpha = 0.03, .beta = 0.88, .gamma = 0.12};
  Rng rng(11);
  std::vector<double> returns;
  double variance = truth.omega / (1 - truth.persistence());
  for (int i = 0; i < 20000; ++i) {
    returns.push_back(std::sqrt(variance) *
                      domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform()));
    variance = truth.next_variance(variance, returns.back());
  }
  const GarchT model = fit_garch_t(returns, 5, Leverage::gjr);
  EXPECT_NEAR(model.alpha, truth.alpha, 0.012);
  EXPECT_NEAR(model.gamma, truth.gamma, 0.025);
  EXPECT_NEAR(model.beta, truth.beta, 0.015);
  EXPECT_EQ(fit_garch_t(returns, 5).gamma, 0);
  EXPECT_GT(log_likelihood(model, returns), log_likelihood(fit_garch_t(returns, 5), returns) + 20);
}

TEST(Garch, ScaleOfTheReturnsOnlyScalesTheModel) {
  const auto returns = returns_of(support::garch_bars(1260));
  const GarchT model = fit_garch_t(returns, 1);
  for (double factor : {1e-60, 0.01, 100.0, 1e60}) {
    std::vector<double> scaled;
    for (double r : returns) scaled.push_back(r * factor);
    const GarchT other = fit_garch_t(scaled, factor);
    EXPECT_NEAR(other.mu / factor, model.mu, 1e-6 * std::abs(model.mu)) << factor;
    EXPECT_NEAR(other.omega / factor / factor, model.omega, 1e-6 * model.omega) << factor;
    EXPECT_NEAR(other.alpha, model.alpha, 1e-6) << factor;
    EXPECT_NEAR(other.beta, model.beta, 1e-6) << factor;
  }
}

TEST(Smoothing, NoAlphaOfAFineGridIsBetter) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    // A level that moves, seen through noise of very different sizes.
    Rng rng(seed);
    const double noise = std::exp2(static_cast<double>(seed) - 3);
    std::vector<double> values;
    double level = 50;
    for (int i = 0; i < 400; ++i) {
      level += rng.uniform() - 0.5;
      values.push_back(level + noise * (rng.uniform() - 0.5));
    }
    const Smoothing best = fit_smoothing(values);
    const auto variance = [&](double alpha, double initial) {
      double squares = 0;
      for (double value : values) {
        squares += (value - initial) * (value - initial);
        initial += alpha * (value - initial);
      }
      return squares / static_cast<double>(values.size() - 2);
    };
    EXPECT_DOUBLE_EQ(best.variance, variance(best.alpha, best.initial));
    for (double alpha = 0.0005; alpha < 1; alpha += 0.0005) {
      for (double shift : {-0.5, 0.0, 0.5}) {
        EXPECT_GE(variance(alpha, best.initial + shift), best.variance * (1 - 1e-6)) << alpha;
      }
    }
  }
}

}  // namespace
}  // namespace ara::models
