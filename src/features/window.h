#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace ara::features {

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// The quotient, undefined (NaN) where the divisor is not positive (nothing is measured in parts of
/// a price that is 0 or below) or an operand is undefined: never infinite.
inline double ratio(double a, double b) {
  const double quotient = b > 0 ? a / b : kUndefined;
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

  /// Undefined until full, as all below. Taken from the first value on, so that the mean of equal
  /// values is that value to the bit, and their deviation 0.
  double mean() const {
    if (!full()) return kUndefined;
    const double origin = values_[0];
    return origin + sum([=](double x) { return x - origin; }) / N;
  }

  /// Mean size of the deviation from `centre`.
  double mean_deviation(double centre) const {
    return full() ? sum([=](double x) { return std::abs(x - centre); }) / N : kUndefined;
  }

  /// Standard deviation of the window as a population: divided by N. `centre` is its mean().
  double deviation(double centre) const {
    if (!full()) return kUndefined;
    return std::sqrt(sum([=](double x) { return (x - centre) * (x - centre); }) / N);
  }

  double deviation() const { return deviation(mean()); }

  double max() const {
    return extreme([](double a, double b) { return a > b ? a : b; });
  }
  double min() const {
    return extreme([](double a, double b) { return a < b ? a : b; });
  }

 private:
  static constexpr std::size_t kLanes = 4;
  static constexpr std::size_t kEven = N - N % kLanes;  ///< what the lanes take in equal parts

  template <class F>
  double sum(F f) const {
    std::array<double, kLanes> parts{};
    for (std::size_t i = 0; i < kEven; i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) parts[k] += f(values_[i + k]);
    }
    for (std::size_t k = 0; k < N - kEven; ++k) parts[k] += f(values_[kEven + k]);
    return (parts[0] + parts[1]) + (parts[2] + parts[3]);
  }

  template <class Better>
  double extreme(Better better) const {
    if (!full()) return kUndefined;
    std::array<double, kLanes> best, undefined{};
    best.fill(values_[0]);
    for (std::size_t i = 0; i < kEven; i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) {
        const double x = values_[i + k];
        best[k] = better(best[k], x);
        undefined[k] += x - x;  // stays 0, or becomes NaN
      }
    }
    for (std::size_t k = 0; k < N - kEven; ++k) {
      best[k] = better(best[k], values_[kEven + k]);
      undefined[k] += values_[kEven + k] - values_[kEven + k];
    }
    return better(better(best[0], best[1]), better(best[2], best[3])) +
           ((undefined[0] + undefined[1]) + (undefined[2] + undefined[3]));
  }

  std::array<double, N> values_{};
  std::size_t at_ = 0;  ///< where the next value goes
  std::size_t count_ = 0;
};

}  // namespace ara::features
