#pragma once

#include <cmath>

#include "models/model.h"

namespace ara::models {

/// The path of normal changes, `moments(h)` giving {mean, variance} of the change h sessions ahead.
template <class Moments>
Path gaussian_path(int horizon, Moments moments) {
  Path path;
  path.change.reserve(static_cast<std::size_t>(horizon));
  path.sd.reserve(static_cast<std::size_t>(horizon));
  for (int h = 1; h <= horizon; ++h) {
    const auto [mean, variance] = moments(h);
    path.sd.push_back(std::sqrt(variance));
    path.change.push_back(domain::QuantileFunction::normal(mean, path.sd.back()));
  }
  return path;
}

}  // namespace ara::models
