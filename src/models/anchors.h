#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "domain/quantile_function.h"

namespace ara::models {

/// Horizons at which what takes long to estimate is estimated; between them it is interpolated.
inline constexpr std::array<int, 7> kAnchors{1, 2, 3, 5, 10, 20, 30};

using Knots = std::array<double, domain::QuantileFunction::kKnots>;

/// Something for each anchor.
template <class T>
using Anchored = std::array<T, kAnchors.size()>;

/// How many of the anchors are needed for every horizon up to `longest`.
constexpr std::size_t anchors_for(int longest) {
  std::size_t count = 1;
  while (count < kAnchors.size() && kAnchors[count - 1] < longest) ++count;
  return count;
}

/// A horizon as a place between two anchors, linear in the horizon; beyond the last one the last.
struct Place {
  std::size_t below, above;
  double part;  ///< of the way from below to above

  explicit Place(int horizon) : below(0), above(0), part(0) {
    while (below + 1 < kAnchors.size() && kAnchors[below + 1] <= horizon) ++below;
    above = std::min(below + 1, kAnchors.size() - 1);
    if (above == below) return;
    part = static_cast<double>(horizon - kAnchors[below]) /
           static_cast<double>(kAnchors[above] - kAnchors[below]);
  }

  double of(const Anchored<double>& values) const {
    return values[below] + part * (values[above] - values[below]);
  }
  double of(const Anchored<Knots>& values, std::size_t knot) const {
    return values[below][knot] + part * (values[above][knot] - values[below][knot]);
  }
};

}  // namespace ara::models
