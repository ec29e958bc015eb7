#include "models/arima_fit.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "models/arima_likelihood.h"
#include "models/least_squares.h"

namespace ara::models {
namespace {

constexpr std::size_t kMost = std::tuple_size_v<decltype(ArimaCoefficients::values)> + 1;
using Parameters = std::array<double, kMost>;  // the coefficients, then the mean
using Equations = NormalEquations<kMost>;

ArimaCoefficients coefficients_of(const Parameters& at) {
  ArimaCoefficients result;
  std::copy_n(at.begin(), result.values.size(), result.values.begin());
  return result;
}

Parameters drawn_in(const ArimaOrder& order, Parameters at) {
  const ArimaCoefficients c = drawn_in(order, coefficients_of(at), kRootsBeyond);
  std::copy_n(c.values.begin(), order.coefficients(), at.begin());
  return at;
}

/// sum of c(i) x(t - i lag), x being zero before it starts.
double lagged_sum(const std::vector<double>& x, std::size_t t, std::span<const double> c,
                  std::size_t lag) {
  double sum = 0;
  for (std::size_t i = 0, back = lag; i < c.size() && back <= t; ++i, back += lag) {
    sum += c[i] * x[t - back];
  }
  return sum;
}

/// The same for N coefficients that all reach into the series, over a whole run of t: forward or
/// back, `sign` times the sum being added.
template <std::size_t N>
void add_lagged(std::vector<double>& x, std::span<const double> c, std::size_t lag, double sign,
                bool forward) {
  std::array<double, N> weights{};
  for (std::size_t i = 0; i < N; ++i) weights[i] = sign * c[i];
  const std::size_t first = N * lag;
  const auto take = [&](std::size_t t) {
    double sum = 0;
    for (std::size_t i = N; i-- > 0;) sum += weights[i] * x[t - (i + 1) * lag];  // the newest last
    x[t] += sum;
  };
  if (forward) {
    for (std::size_t t = first; t < x.size(); ++t) take(t);
  } else {
    for (std::size_t t = x.size(); t-- > first;) take(t);
  }
}

void add_lagged(std::vector<double>& x, std::span<const double> c, std::size_t lag, double sign,
                bool forward) {
  static_assert(ArimaOrder::kMost == 5);
  switch (c.size()) {
    case 1:
      return add_lagged<1>(x, c, lag, sign, forward);
    case 2:
      return add_lagged<2>(x, c, lag, sign, forward);
    case 3:
      return add_lagged<3>(x, c, lag, sign, forward);
    case 4:
      return add_lagged<4>(x, c, lag, sign, forward);
    case 5:
      return add_lagged<5>(x, c, lag, sign, forward);
    default:
      return;
  }
}

/// Multiplies a series, zero before it starts, by 1 + sign (c(1) B^lag + c(2) B^2lag …).
void filter(std::vector<double>& x, std::span<const double> c, int season, double sign) {
  const auto lag = static_cast<std::size_t>(season);
  add_lagged(x, c, lag, sign, false);
  for (std::size_t t = std::min(x.size(), c.size() * lag); t-- > 0;) {
    x[t] += sign * lagged_sum(x, t, c, lag);
  }
}

/// Divides it by the same.
void unfilter(std::vector<double>& x, std::span<const double> c, int season, double sign) {
  const auto lag = static_cast<std::size_t>(season);
  for (std::size_t t = 0; t < std::min(x.size(), c.size() * lag); ++t) {
    x[t] -= sign * lagged_sum(x, t, c, lag);
  }
  add_lagged(x, c, lag, -sign, true);
}

/// A series that is moved `shift` steps to the right.
struct Column {
  const double* values;
  std::size_t shift;
};

/// In four sums side by side, which a processor can add at once.
double inner_product(const double* a, const double* b, std::size_t size) {
  std::array<double, 4> sums{};
  std::size_t t = 0;
  for (; t + 4 <= size; t += 4) {
    for (std::size_t k = 0; k < 4; ++k) sums[k] += a[t + k] * b[t + k];
  }
  for (; t < size; ++t) sums[0] += a[t] * b[t];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// Regression of `target` on the columns, from time `first` on.
Equations regression(std::span<const Column> columns, std::span<const double> target,
                     std::size_t first) {
  const auto product = [&](Column a, Column b) {
    const std::size_t from = std::max({first, a.shift, b.shift});
    return inner_product(a.values + (from - a.shift), b.values + (from - b.shift),
                         target.size() - from);
  };
  Equations equations;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) equations.squares[i][j] = product(columns[i], columns[j]);
    equations.descent[i] = product(columns[i], {target.data(), 0});
  }
  return equations;
}

/// One column a coefficient: the four series, each at its lags.
std::vector<Column> lagged(const ArimaOrder& order, const double* ar, const double* ma,
                           const double* seasonal_ar, const double* seasonal_ma) {
  std::vector<Column> columns;
  const auto add = [&](const double* values, int count, int lag) {
    for (int i = 1; i <= count; ++i) columns.push_back({values, static_cast<std::size_t>(i * lag)});
  };
  add(ar, order.p, 1);
  add(ma, order.q, 1);
  add(seasonal_ar, order.P, order.m);
  add(seasonal_ma, order.Q, order.m);
  return columns;
}

/// The values that the first errors are conditional on: as many as the autoregression reaches back,
/// though at most a third of them.
std::size_t conditional_on(const ArimaOrder& order, std::size_t size) {
  return std::min(static_cast<std::size_t>(order.p + order.P * order.m), size / 3);
}

class ConditionalProblem {
 public:
  ConditionalProblem(const ArimaOrder& order, std::span<const double> values)
      : order_(order), values_(values), first_(conditional_on(order, values.size())) {}

  Parameters allowed(const Parameters& at) const { return drawn_in(order_, at); }

  std::optional<double> squares(const Parameters& at) {
    const ArimaCoefficients c = coefficients_of(at);
    const double mean = order_.constant ? at[order_.coefficients()] : 0;
    errors_.assign(values_.begin(), values_.end());
    for (double& e : errors_) e -= mean;
    to_errors(errors_, c);
    double sum = 0;
    for (std::size_t t = first_; t < errors_.size(); ++t) sum += errors_[t] * errors_[t];
    return std::isfinite(sum) ? std::optional(sum) : std::nullopt;
  }

  Equations linearised(const Parameters& at) {
    squares(at);
    const ArimaCoefficients c = coefficients_of(at);
    auto ar = errors_, ma = errors_, seasonal_ar = errors_, seasonal_ma = errors_;
    unfilter(ar, c.ar(order_), 1, -1);
    unfilter(ma, c.ma(order_), 1, 1);
    unfilter(seasonal_ar, c.seasonal_ar(order_), order_.m, -1);
    unfilter(seasonal_ma, c.seasonal_ma(order_), order_.m, 1);
    auto columns = lagged(order_, ar.data(), ma.data(), seasonal_ar.data(), seasonal_ma.data());
    std::vector<double> ones;
    if (order_.constant) {
      ones.assign(errors_.size(), 1.0);
      to_errors(ones, c);
      columns.push_back({ones.data(), 0});
    }
    return regression(columns, errors_, first_);
  }

 private:
  void to_errors(std::vector<double>& x, const ArimaCoefficients& c) const {
    filter(x, c.ar(order_), 1, -1);
    filter(x, c.seasonal_ar(order_), order_.m, -1);
    unfilter(x, c.ma(order_), 1, 1);
    unfilter(x, c.seasonal_ma(order_), order_.m, 1);
  }

  ArimaOrder order_;
  std::span<const double> values_;
  std::size_t first_;
  std::vector<double> errors_;
};

/// Minus twice the logarithm of the likelihood is, but for constants, n log(sum of v^2 / F) + sum
/// of log F: least where the sum of squares of (v / sqrt F) exp(sum of log F / 2n) is.
class ExactProblem {
 public:
  ExactProblem(const ArimaOrder& order, std::span<const double> values)
      : order_(order), values_(values) {}

  Parameters allowed(const Parameters& at) const { return drawn_in(order_, at); }

  std::optional<double> squares(const Parameters& at) {
    const auto errors = errors_at(at);
    if (!errors) return std::nullopt;
    return std::inner_product(errors->begin(), errors->end(), errors->begin(), 0.0);
  }

  Equations linearised(const Parameters& at) {
    const auto here = errors_at(at);
    std::vector<std::vector<double>> slopes;
    std::vector<Column> columns;
    for (std::size_t i = 0; i < order_.coefficients(); ++i) {
      slopes.push_back(slope(at, i, *here));
      columns.push_back({slopes.back().data(), 0});
    }
    return regression(columns, *here, 0);
  }

 private:
  std::optional<std::vector<double>> errors_at(const Parameters& at) const {
    const ArimaCoefficients c = coefficients_of(at);
    auto found = likelihood(order_, c, values_);
    if (!found) return std::nullopt;
    const double factor = std::exp(found->log_det / (2 * found->size()));
    for (double& e : found->errors) e *= factor;
    return std::move(found->errors);
  }

  /// Minus the derivative of the errors by a coefficient, by a difference to the side that is
  /// allowed; zero where neither is.
  std::vector<double> slope(const Parameters& at, std::size_t which,
                            const std::vector<double>& here) const {
    for (double step : {1e-5, -1e-5}) {
      auto beside = at;
      beside[which] += step;
      if (auto errors = errors_at(beside)) {
        for (std::size_t t = 0; t < here.size(); ++t)
          (*errors)[t] = (here[t] - (*errors)[t]) / step;
        return std::move(*errors);
      }
    }
    return std::vector<double>(here.size(), 0.0);
  }

  ArimaOrder order_;
  std::span<const double> values_;
};

/// Errors of an autoregression long enough to whiten most series, by Levinson's recursion on the
/// sample autocovariances.
std::vector<double> long_autoregression_errors(const std::vector<double>& x) {
  const std::size_t length = std::min<std::size_t>(x.size() / 4, 30);
  std::vector<double> covariance;
  for (std::size_t lag = 0; lag <= length; ++lag) {
    covariance.push_back(
        std::inner_product(x.begin() + static_cast<std::ptrdiff_t>(lag), x.end(), x.begin(), 0.0));
  }
  std::vector<double> ar;
  double left = covariance[0];
  for (std::size_t k = 1; k <= length; ++k) {
    double partial = covariance[k];
    for (std::size_t i = 1; i < k; ++i) partial -= ar[i - 1] * covariance[k - i];
    partial /= left;
    if (!(std::abs(partial) < 1)) break;
    const auto from = ar;
    for (std::size_t i = 1; i < k; ++i) ar[i - 1] -= partial * from[k - i - 1];
    ar.push_back(partial);
    left *= 1 - partial * partial;
  }
  auto errors = x;
  for (std::size_t t = x.size(); t-- > 0;) errors[t] -= lagged_sum(x, t, ar, 1);
  return errors;
}

}  // namespace

std::vector<double> differenced(std::span<const double> values, int d, int D, int m) {
  std::vector<double> w(values.begin(), values.end());
  const auto difference = [&](std::size_t lag) {
    if (w.size() <= lag) return w.clear();
    for (std::size_t t = 0; t + lag < w.size(); ++t) w[t] = w[t + lag] - w[t];
    w.resize(w.size() - lag);
  };
  for (int i = 0; i < D; ++i) difference(static_cast<std::size_t>(m));
  for (int i = 0; i < d; ++i) difference(1);
  return w;
}

ArimaEstimator::ArimaEstimator(std::span<const double> differenced) {
  const double n = static_cast<double>(differenced.size());
  double largest = 0;
  for (double w : differenced) largest = std::max(largest, std::abs(w));
  for (double w : differenced) centre_ += w / n;
  double squares = 0;
  for (double w : differenced) squares += (w - centre_) / largest * ((w - centre_) / largest);
  scale_ = largest * std::sqrt(squares / n);
  for (double w : differenced) {
    centred_.push_back((w - centre_) / scale_);
    raw_.push_back(w / scale_);
  }
  errors_ = long_autoregression_errors(centred_);
}

std::optional<ArimaFit> ArimaEstimator::scored(const ArimaOrder& order,
                                               const ArimaCoefficients& at) const {
  const auto found = likelihood(order, at, values(order));
  const double n = static_cast<double>(size());
  const double k = static_cast<double>(order.parameters());
  if (!found || !(found->squares > 0) || n - k - 1 <= 0) return std::nullopt;
  ArimaFit fit{.order = order, .coefficients = at};
  fit.mean = order.constant ? centre_ + scale_ * found->mean : 0;
  fit.variance = scale_ * scale_ * found->squares / (n - k + 1);
  const double log_variance = std::log(found->squares / n) + 2 * std::log(scale_);
  fit.log_likelihood =
      -0.5 * (n * (std::log(2 * std::numbers::pi) + 1 + log_variance) + found->log_det);
  fit.aicc = -2 * fit.log_likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1);
  return fit;
}

std::optional<ArimaFit> ArimaEstimator::conditional(const ArimaOrder& order,
                                                    const ArimaCoefficients& near) const {
  if (order.coefficients() == 0) return scored(order, near);
  const std::size_t count = order.coefficients() + (order.constant ? 1 : 0);
  ConditionalProblem problem(order, values(order));
  Parameters start{};
  std::ranges::copy(near.values, start.begin());
  const double* const e = errors_.data();
  const double* const x = centred_.data();
  const auto regressed =
      solve(regression(lagged(order, x, e, x, e), centred_, conditional_on(order, size())),
            order.coefficients(), 1e-6);
  if (regressed) {
    const Parameters other = drawn_in(order, *regressed);
    const auto here = problem.squares(start);
    const auto there = problem.squares(other);
    if (there && (!here || *there < *here)) start = other;
  }
  if (!least_squares(problem, start, count, 12, 1e-5)) return std::nullopt;
  ArimaCoefficients found = coefficients_of(start);
  std::fill(found.values.begin() + static_cast<std::ptrdiff_t>(order.coefficients()),
            found.values.end(), 0.0);
  return scored(order, found);
}

std::optional<ArimaFit> ArimaEstimator::exact(const ArimaFit& from, int rounds) const {
  Parameters at{};
  std::ranges::copy(from.coefficients.values, at.begin());
  ExactProblem problem(from.order, values(from.order));
  if (!least_squares(problem, at, from.order.coefficients(), rounds, 1e-6)) return std::nullopt;
  return scored(from.order, coefficients_of(at));
}

}  // namespace ara::models
