#pragma once

#include <cstddef>

#include "features/window.h"

/// The indicators behind the features, one bar at a time in constant time. `update` takes the next
/// bar and returns the indicator at that bar, undefined (NaN) while warming up, where an input is
/// missing (the bar then leaves the state as it was) or where a divisor is 0. Smoothing and seeding
/// follow TA-Lib.
namespace ara::features {

/// Simple moving average over N bars.
template <std::size_t N>
class Sma {
 public:
  double update(double x) {
    window_.push(x);
    return window_.mean();
  }

 private:
  Window<N> window_;
};

/// The mean of the first n values, and from there on a running value; what Ema and Wilder share.
class Seed {
 public:
  explicit Seed(std::size_t n) : n_(n) {}
  bool done() const { return seen_ == n_; }
  /// One of the first n values: their mean once all are there, else undefined.
  double add(double x) {
    sum_ += x;
    return ++seen_ == n_ ? sum_ / static_cast<double>(n_) : kUndefined;
  }

 private:
  std::size_t n_;
  std::size_t seen_ = 0;
  double sum_ = 0;
};

/// Exponential moving average: e += weight (x - e), seeded by the mean of the first n values.
class Ema {
 public:
  /// weight 2 / (n + 1).
  explicit Ema(std::size_t n) : Ema(n, 2.0 / (static_cast<double>(n) + 1)) {}
  /// Wilder's smoothing: weight 1 / n (Wilder 1978, New Concepts in Technical Trading Systems).
  static Ema wilder(std::size_t n) { return {n, 1.0 / static_cast<double>(n)}; }

  double update(double x);

 private:
  Ema(std::size_t n, double weight) : seed_(n), weight_(weight) {}

  Seed seed_;
  double weight_;
  double value_ = kUndefined;
};

/// Relative strength index, 0 to 100 (Wilder 1978); 0 where the price has not moved at all, as in
/// TA-Lib.
class Rsi {
 public:
  explicit Rsi(std::size_t n) : gain_(Ema::wilder(n)), loss_(Ema::wilder(n)) {}
  double update(double close);

 private:
  Ema gain_, loss_;
  double last_ = kUndefined;
};

/// True range: the largest of high - low, |high - previous close| and |low - previous close|;
/// undefined for the first bar.
class TrueRange {
 public:
  double update(double high, double low, double close);

 private:
  double last_ = kUndefined;
};

/// Average directional movement (Wilder 1978): all three from 0 to 100.
class Adx {
 public:
  struct Value {
    double adx = kUndefined, plus_di = kUndefined, minus_di = kUndefined;
  };
  explicit Adx(std::size_t n)
      : n_(n), keep_(1 - 1 / static_cast<double>(n)), average_(Ema::wilder(n)) {}
  /// plus_di and minus_di exist from bar n on (counted from 0), adx from bar 2n - 1.
  Value update(double high, double low, double close);

 private:
  std::size_t n_;
  double keep_;
  Ema average_;
  TrueRange true_range_;
  std::size_t moves_ = 0;
  double plus_ = 0, minus_ = 0, range_ = 0;  ///< Wilder sums
  double high_ = kUndefined, low_ = kUndefined;
};

/// Commodity channel index over N bars (Lambert 1980).
template <std::size_t N>
class Cci {
 public:
  double update(double high, double low, double close) {
    const double typical = (high + low + close) / 3;
    window_.push(typical);
    const double mean = window_.mean();
    return ratio(typical - mean, 0.015 * window_.mean_deviation(mean));
  }

 private:
  Window<N> window_;
};

/// The highest high and lowest low of N bars: Williams %R and the stochastic oscillator's %K.
template <std::size_t N>
class Extremes {
 public:
  struct Value {
    double williams_r;  ///< -100 to 0
    double stoch_k;     ///< 0 to 100, not smoothed
  };
  Value update(double high, double low, double close) {
    high_.push(high);
    low_.push(low);
    const double top = high_.max(), bottom = low_.min();
    return {-100 * ratio(top - close, top - bottom), 100 * ratio(close - bottom, top - bottom)};
  }

 private:
  Window<N> high_, low_;
};

/// On-balance volume: the volume of rising bars less that of falling ones, from 0 (Granville 1963).
class Obv {
 public:
  double update(double close, double volume);

 private:
  double last_ = kUndefined;
  double sum_ = 0;
};

}  // namespace ara::features
