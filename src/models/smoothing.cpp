#include "models/smoothing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "models/logistic.h"

namespace ara::models {
namespace {

constexpr double kLowest = 1e-4;
constexpr double kHighest = 0.9999;
constexpr std::size_t kLanes = 8;
constexpr double kFaded = 1e-30;  ///< the first level no longer counts (and denormals are slow)
using Lanes = std::array<double, kLanes>;

struct Profile {
  Lanes squares;  ///< the least sum of squares at each alpha
  Lanes initial;  ///< the l(0) that gives it, less the first value
};

/// The sum of squares at eight values of alpha in one pass (their recursions are independent, so
/// they share the latency of one). Errors are linear in l(0), e = r - w l(0), so the best l(0) is
/// an ordinary regression; once every weight w has faded, only the squares are left to sum.
Profile profile(std::span<const double> values, const Lanes& alpha) {
  const double origin = values.front();
  Lanes level{}, rr{}, rw{}, ww{}, weight{}, decay{};
  for (std::size_t k = 0; k < kLanes; ++k) {
    weight[k] = 1;
    decay[k] = 1 - alpha[k];
  }
  const double slowest = *std::ranges::max_element(decay);
  double faded = 1;
  std::size_t i = 0;
  for (; i < values.size() && faded > kFaded; ++i, faded *= slowest) {
    const double y = values[i] - origin;
    for (std::size_t k = 0; k < kLanes; ++k) {
      const double r = y - level[k];
      rr[k] += r * r;
      rw[k] += r * weight[k];
      ww[k] += weight[k] * weight[k];
      level[k] += alpha[k] * r;
      const double next = weight[k] * decay[k];
      weight[k] = next > kFaded ? next : 0;
    }
  }
  for (; i < values.size(); ++i) {
    const double y = values[i] - origin;
    for (std::size_t k = 0; k < kLanes; ++k) {
      const double r = y - level[k];
      rr[k] += r * r;
      level[k] += alpha[k] * r;
    }
  }
  Profile result{};
  for (std::size_t k = 0; k < kLanes; ++k) {
    result.initial[k] = rw[k] / ww[k];
    result.squares[k] = std::max(0.0, rr[k] - rw[k] * result.initial[k]);
  }
  return result;
}

struct Best {
  double at = 0;  ///< logit of alpha
  double squares = INFINITY;
  double initial = 0;  ///< l(0), less the first value
};

Best search(std::span<const double> values, double low, double high, std::size_t points) {
  Best best;
  const double step = (high - low) / static_cast<double>(points - 1);
  for (std::size_t first = 0; first < points; first += kLanes) {
    Lanes at{}, alpha{};
    for (std::size_t k = 0; k < kLanes; ++k) {
      at[k] = low + step * static_cast<double>(first + k);
      alpha[k] = std::clamp(logistic(at[k]), kLowest, kHighest);
    }
    const Profile found = profile(values, alpha);
    for (std::size_t k = 0; k < kLanes; ++k) {
      if (found.squares[k] < best.squares) {
        best = {at[k], found.squares[k], found.initial[k]};
      }
    }
  }
  return best;
}

}  // namespace

Smoothing fit_smoothing(std::span<const double> values) {
  // A grid in logit(alpha), because the sum of squares may have more than one minimum, then four
  // grids around the best point, each 3.5 times as fine.
  const double low = logit(kLowest);
  const double high = logit(kHighest);
  constexpr std::size_t kCoarse = 2 * kLanes;
  Best best = search(values, low, high, kCoarse);
  double reach = (high - low) / (kCoarse - 1);
  for (int round = 0; round < 4; ++round) {
    best = search(values, std::max(low, best.at - reach), std::min(high, best.at + reach), kLanes);
    reach *= 2.0 / (kLanes - 1);
  }
  Smoothing smoothing;
  smoothing.alpha = std::clamp(logistic(best.at), kLowest, kHighest);
  smoothing.initial = values.front() + best.initial;
  double level = smoothing.initial;
  double squares = 0;
  for (double value : values) {
    squares += (value - level) * (value - level);
    level = smoothing.next_level(level, value);
  }
  smoothing.variance = squares / static_cast<double>(values.size() - 2);
  return smoothing;
}

std::vector<double> levels_before(const Smoothing& smoothing, std::span<const double> values) {
  std::vector<double> levels;
  levels.reserve(values.size());
  double level = smoothing.initial;
  for (double value : values) {
    levels.push_back(level);
    level = smoothing.next_level(level, value);
  }
  return levels;
}

}  // namespace ara::models
