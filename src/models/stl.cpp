#include "models/stl.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ara::models {
namespace {

using Values = std::vector<double>;

double tricube(double distance, double reach) {
  const double r = distance / reach;
  const double left = 1 - r * r * r;
  return r < 1 ? left * left * left : 0;
}

/// Locally weighted regression at position `x` (0 is the first value; may lie outside) over the
/// `window` nearest values, of degree 0 or 1.
double loess_at(std::span<const double> y, double x, int window, bool linear) {
  const int n = static_cast<int>(y.size());
  const int width = std::min(window, n);
  const int first = std::clamp(static_cast<int>(x) - width / 2, 0, n - width);
  double reach = std::max(x - first, first + width - 1 - x);
  if (window > n) reach += (window - n) / 2;
  double weight = 0, wx = 0, wxx = 0, wy = 0, wxy = 0;
  for (int i = first; i < first + width; ++i) {
    const double dx = i - x;
    // Cleveland's limits: full weight very near, none very far.
    const double far = std::abs(dx);
    const double w = far > 0.999 * reach ? 0 : far < 0.001 * reach ? 1 : tricube(far, reach);
    const double value = y[static_cast<std::size_t>(i)];
    weight += w;
    wx += w * dx;
    wxx += w * dx * dx;
    wy += w * value;
    wxy += w * dx * value;
  }
  if (!(weight > 0)) return y[static_cast<std::size_t>(std::clamp(static_cast<int>(x), 0, n - 1))];
  const double spread = wxx * weight - wx * wx;
  if (!linear || !(spread > 1e-6 * weight * weight)) return wy / weight;
  return (wy * wxx - wxy * wx) / spread;
}

/// Loess at positions -outside .. n - 1 + outside. In the middle the weights are everywhere the
/// same and symmetric, so that a line's value there is the weighted mean.
Values loess(std::span<const double> y, int window, bool linear, int outside = 0) {
  const int n = static_cast<int>(y.size());
  const int half = window / 2;
  Values weights;
  double sum = 0;
  for (int i = -half; i <= half; ++i) {
    const double far = std::abs(i);
    weights.push_back(far > 0.999 * half ? 0 : far < 0.001 * half ? 1 : tricube(far, half));
    sum += weights.back();
  }
  Values result;
  for (int x = -outside; x < n + outside; ++x) {
    if (x < half || x + half >= n) {
      result.push_back(loess_at(y, x, window, linear));
      continue;
    }
    double smoothed = 0;
    const double* const from = y.data() + (x - half);
    for (std::size_t i = 0; i < weights.size(); ++i) smoothed += weights[i] * from[i];
    result.push_back(smoothed / sum);
  }
  return result;
}

/// Means of `length` neighbours; shorter by length - 1.
Values moving_average(const Values& y, std::size_t length) {
  Values result;
  double sum = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    sum += y[t];
    if (t >= length) sum -= y[t - length];
    if (t + 1 >= length) result.push_back(sum / static_cast<double>(length));
  }
  return result;
}

/// Each phase of the season smoothed by itself and carried on by one period at either end, so that
/// the result is longer than y by two seasons.
Values smoothed_phases(const Values& y, std::size_t season, int window) {
  Values result(y.size() + 2 * season);
  for (std::size_t phase = 0; phase < season; ++phase) {
    Values one;
    for (std::size_t t = phase; t < y.size(); t += season) one.push_back(y[t]);
    const Values smooth = loess(one, window, false, 1);
    for (std::size_t i = 0; i < smooth.size(); ++i) result[phase + i * season] = smooth[i];
  }
  return result;
}

int odd(double at_least) {
  const int up = static_cast<int>(std::ceil(at_least));
  return up % 2 ? up : up + 1;
}

double variance(const Values& x) {
  double mean = 0, squares = 0;
  for (double v : x) mean += v / static_cast<double>(x.size());
  for (double v : x) squares += (v - mean) * (v - mean);
  return squares;
}

}  // namespace

Decomposition stl(std::span<const double> values, int season, int seasonal_window) {
  const auto period = static_cast<std::size_t>(season);
  const std::size_t n = values.size();
  const int trend_window = odd(1.5 * season / (1 - 1.5 / seasonal_window));
  Decomposition parts{Values(n, 0.0), Values(n, 0.0), Values(n, 0.0)};
  for (int loop = 0; loop < 2; ++loop) {
    Values work(n);
    for (std::size_t t = 0; t < n; ++t) work[t] = values[t] - parts.trend[t];
    const Values phases = smoothed_phases(work, period, seasonal_window);
    const Values low =
        loess(moving_average(moving_average(moving_average(phases, period), period), 3),
              odd(season), true);
    for (std::size_t t = 0; t < n; ++t) {
      parts.seasonal[t] = phases[t + period] - low[t];
      work[t] = values[t] - parts.seasonal[t];
    }
    parts.trend = loess(work, trend_window, true);
  }
  for (std::size_t t = 0; t < n; ++t) {
    parts.remainder[t] = values[t] - parts.seasonal[t] - parts.trend[t];
  }
  return parts;
}

double seasonal_strength(std::span<const double> values, int season) {
  const Decomposition parts = stl(values, season);
  Values both(parts.seasonal);
  for (std::size_t t = 0; t < both.size(); ++t) both[t] += parts.remainder[t];
  const double whole = variance(both);
  return whole > 0 ? std::clamp(1 - variance(parts.remainder) / whole, 0.0, 1.0) : 0;
}

}  // namespace ara::models
