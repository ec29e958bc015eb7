#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ara::models {

/// The parameters of y(t) = l(t-1) + sum of s(t) + d(t), d an AR(2) with shocks e:
///   l(t) = l(t-1) + alpha d(t),
///   s_j(t) = s_j(t-1) cos w_j + s*_j(t-1) sin w_j + gamma d(t),
///   s*_j(t) = -s_j(t-1) sin w_j + s*_j(t-1) cos w_j + gamma* d(t)
/// (De Livera, Hyndman and Snyder 2011, equations 3 and 7), one gamma and gamma* for each period.
struct TbatsParameters {
  struct Period {
    std::vector<double> cosine, sine;  ///< of the frequencies w_j of its harmonics
    double gamma = 0, gamma_star = 0;
  };
  std::vector<Period> periods;
  double alpha = 0;
  double phi1 = 0, phi2 = 0;

  std::size_t harmonics() const {
    std::size_t count = 0;
    for (const Period& period : periods) count += period.cosine.size();
    return count;
  }
};

/// What the recursion carries: the level, the harmonics as they will stand at the next bar but for
/// its shock, and the two newest d.
struct TbatsState {
  double level = 0;
  std::vector<double> s, s_star;
  double d1 = 0, d2 = 0;

  double seasonal() const {
    double sum = 0;
    for (double x : s) sum += x;
    return sum;
  }

  double mean_of_d(const TbatsParameters& parameters) const {
    return parameters.phi1 * d1 + parameters.phi2 * d2;
  }

  double mean(const TbatsParameters& parameters) const {
    return level + seasonal() + mean_of_d(parameters);
  }

  /// Takes the d of the next bar and turns the harmonics on to the bar after it.
  void step(const TbatsParameters& parameters, double d) {
    level += parameters.alpha * d;
    std::size_t first = 0;
    for (const auto& period : parameters.periods) {
      const double a = period.gamma * d;
      const double b = period.gamma_star * d;
      for (std::size_t j = 0; j < period.cosine.size(); ++j) {
        const double x = s[first + j] + a;
        const double y = s_star[first + j] + b;
        s[first + j] = x * period.cosine[j] + y * period.sine[j];
        s_star[first + j] = y * period.cosine[j] - x * period.sine[j];
      }
      first += period.cosine.size();
    }
    d2 = d1;
    d1 = d;
  }

  void take(const TbatsParameters& parameters, double y) {
    step(parameters, y - level - seasonal());
  }
};

struct TbatsFit {
  TbatsParameters parameters;
  TbatsState start;  ///< before the first value
  double sigma = 0;  ///< of e
};

/// Seed states by harmonic regression on the first two of the longest periods, then the parameters
/// by conditional least squares. `season` 1: no harmonics.
TbatsFit fit_tbats_filter(std::span<const double> values, int season);

}  // namespace ara::models
