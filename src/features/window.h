#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace ara::features {

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// The quotient, undefined (NaN) where the divisor is 0 or an operand is undefined: never infinite.
inline double ratio(double a, double b) {
  const double quotient = a / b;
  return std::isfinite(quotient) ? quotient : kUndefined;
}

/// The newest N values. Every statistic is computed afresh from them, in four partial sums that
/// need not wait for each other: N is a constant, nothing drifts over millions of bars, and an
/// undefined value is forgotten once it has left.
template <std::size_t N>
class Window {
 public:
  void push(double x) {
    values_[at_] = x;
    at_ = at_ + 1 == N ? 0 : at_ + 1;
    if (count_ < N) ++count_;
  }

  bool full() const { return count_ == N; }
  /// The value pushed `age` pushes before the newest, `age` < N; undefined if there was none.
  double back(std::size_t age) const {
    return age < count_ ? values_[at_ > age ? at_ - age - 1 : at_ + N - age - 1] : kUndefined;
  }

  /// Undefined until full, as all below.
  double mean() const {
    return full() ? sum([](double x) { return x; }) / N : kUndefined;
  }

  /// Mean size of the deviation from `centre`.
  double mean_deviation(double centre) const {
    return full() ? sum([=](double x) { return std::abs(x - centre); }) / N : kUndefined;
  }

  /// Standard deviation of the window as a population: divided by N.
  double deviation() const {
    if (!full()) return kUndefined;
    const double centre = mean();
    return std::sqrt(sum([=](double x) { return (x - centre) * (x - centre); }) / N);
  }

  double max() const {
    return extreme([](double a, double b) { return a > b ? a : b; });
  }
  double min() const {
    return extreme([](double a, double b) { return a < b ? a : b; });
  }

 private:
  static constexpr std::size_t kLanes = 4;

  template <class F>
  double sum(F f) const {
    std::array<double, kLanes> parts{};
    std::size_t i = 0;
    for (; i + kLanes <= N; i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) parts[k] += f(values_[i + k]);
    }
    for (; i < N; ++i) parts[i % kLanes] += f(values_[i]);
    return (parts[0] + parts[1]) + (parts[2] + parts[3]);
  }

  template <class Better>
  double extreme(Better better) const {
    if (!full()) return kUndefined;
    double best = values_[0];
    bool defined = !std::isnan(best);
    for (std::size_t i = 1; i < N; ++i) {
      defined &= !std::isnan(values_[i]);
      best = better(best, values_[i]);
    }
    return defined ? best : kUndefined;
  }

  std::array<double, N> values_{};
  std::size_t at_ = 0;  ///< where the next value goes
  std::size_t count_ = 0;
};

}  // namespace ara::features
