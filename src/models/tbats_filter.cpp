#include "models/tbats_filter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/logistic.h"
#include "models/quasi_newton.h"
#include "models/ridge.h"
#include "models/seasons.h"

namespace ara::models {
namespace {

constexpr int kDaily = 11;      ///< most harmonics of the shorter period
constexpr int kWeekly = 20;     ///< and of the longer one, less those that both have
constexpr double kSeed = 0.01;  ///< ridge of the seed regression, a share of each square
constexpr double kMostAlpha = 0.5;
constexpr double kMostGamma = 0.5;    ///< of all harmonics of a period together
constexpr int kMostEvaluations = 40;  ///< each with a gradient where it moves
constexpr double kTolerance = 0.02;   ///< of the log-likelihood
constexpr double kDifference = 1e-4;  ///< of the gradient by differences

/// The harmonics 1 .. `most` of a period of `length` bars, without those of length / `but`.
TbatsParameters::Period harmonics_of(int length, int most, int but) {
  TbatsParameters::Period period;
  for (int k = 1; k <= std::min(most, (length - 1) / 2); ++k) {
    if (but > 0 && k % but == 0) continue;
    const double w = 2 * std::numbers::pi * k / length;
    period.cosine.push_back(std::cos(w));
    period.sine.push_back(std::sin(w));
  }
  return period;
}

/// The level and harmonics at the first value, from the regression of the first `count` on them.
TbatsState seed(std::span<const double> values, const TbatsParameters& parameters) {
  const std::size_t harmonics = parameters.harmonics();
  // A harmonic whose state is (1, 0) or (0, 1) at the first bar gives one regressor each.
  TbatsState as_cosine{.s = std::vector<double>(harmonics, 1),
                       .s_star = std::vector<double>(harmonics, 0)};
  TbatsState as_sine{.s = std::vector<double>(harmonics, 0),
                     .s_star = std::vector<double>(harmonics, 1)};
  Ridge equations(1 + 2 * harmonics);
  std::vector<double> row(1 + 2 * harmonics, 1);
  for (double value : values) {
    for (std::size_t j = 0; j < harmonics; ++j) {
      row[1 + 2 * j] = as_cosine.s[j];
      row[2 + 2 * j] = as_sine.s[j];
    }
    equations.add(row, value);
    as_cosine.step(parameters, 0);
    as_sine.step(parameters, 0);
  }
  std::vector<double> penalty(row.size(), 0);
  for (std::size_t i = 1; i < row.size(); ++i) penalty[i] = kSeed * equations.square(i);
  std::vector<double> found = equations.solve(penalty);
  if (found.empty()) found.assign(row.size(), 0);
  TbatsState state{.level = found[0]};
  for (std::size_t j = 0; j < harmonics; ++j) {
    state.s.push_back(found[1 + 2 * j]);
    state.s_star.push_back(found[2 + 2 * j]);
  }
  return state;
}

/// The Gaussian log-likelihood's loss as a function of unbounded variables: alpha, the partial
/// autocorrelations of d, and two gammas for each period.
class Loss {
 public:
  Loss(std::span<const double> values, TbatsParameters parameters, const TbatsState& start)
      : values_(values), parameters_(std::move(parameters)), start_(start) {}

  std::vector<double> guess() const {
    std::vector<double> at{-4, 1, -0.25};
    at.resize(3 + 2 * parameters_.periods.size(), 0.02);
    return at;
  }

  TbatsParameters parameters(std::span<const double> at) const {
    TbatsParameters made = parameters_;
    made.alpha = kMostAlpha * logistic(at[0]);
    const double partial1 = std::tanh(at[1]);
    made.phi2 = std::tanh(at[2]);
    made.phi1 = partial1 * (1 - made.phi2);
    for (std::size_t i = 0; i < made.periods.size(); ++i) {
      const double most = kMostGamma / static_cast<double>(made.periods[i].cosine.size());
      made.periods[i].gamma = most * std::tanh(at[3 + 2 * i]);
      made.periods[i].gamma_star = most * std::tanh(at[4 + 2 * i]);
    }
    return made;
  }

  double squares(const TbatsParameters& parameters) const {
    TbatsState state = start_;
    double sum = 0;
    for (double value : values_) {
      const double d = value - state.level - state.seasonal();
      const double e = d - state.mean_of_d(parameters);
      sum += e * e;
      state.step(parameters, d);
    }
    return sum;
  }

  double value(const std::vector<double>& at) {
    at_ = at;
    value_ = static_cast<double>(values_.size()) / 2 * std::log(squares(parameters(at)) + 1e-300);
    return value_;
  }

  void gradient(std::vector<double>& out) {
    const double here = value_;
    for (std::size_t i = 0; i < at_.size(); ++i) {
      std::vector<double> beside = at_;
      beside[i] += kDifference;
      const double there =
          static_cast<double>(values_.size()) / 2 * std::log(squares(parameters(beside)) + 1e-300);
      out[i] = (there - here) / kDifference;
    }
  }

 private:
  std::span<const double> values_;
  TbatsParameters parameters_;
  const TbatsState& start_;
  std::vector<double> at_;
  double value_ = 0;
};

}  // namespace

TbatsFit fit_tbats_filter(std::span<const double> values, int season) {
  TbatsFit fit;
  const int week = week_of(season, values.size(), 2.5);
  const bool seasonal = season > 2 && values.size() >= 2 * static_cast<std::size_t>(season);
  if (seasonal) fit.parameters.periods.push_back(harmonics_of(season, kDaily, 0));
  if (week > 0) fit.parameters.periods.push_back(harmonics_of(week, kWeekly, week / season));
  const int longest = week > 0 ? week : seasonal ? season : 4;
  fit.start = seed(values.first(std::min(values.size(), 2 * static_cast<std::size_t>(longest))),
                   fit.parameters);
  Loss loss(values, fit.parameters, fit.start);
  std::vector<double> at = loss.guess();
  if (loss.squares(loss.parameters(at)) > 0) {
    QuasiNewton search;
    search.minimise(loss, at, kTolerance, kMostEvaluations, 1.0);
    at = search.at();
  }
  fit.parameters = loss.parameters(at);
  const double freedom = static_cast<double>(values.size()) - static_cast<double>(at.size());
  fit.sigma = std::sqrt(loss.squares(fit.parameters) / std::max(1.0, freedom));
  return fit;
}

}  // namespace ara::models
