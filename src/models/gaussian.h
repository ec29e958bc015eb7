#pragma once

#include <cmath>
#include <utility>

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

/// A model whose changes are normal, with moments known for each horizon.
class GaussianModel : public Model {
 public:
  Path forecast(int horizon) const final {
    return gaussian_path(horizon, [this](int h) { return moments(h); });
  }

  domain::QuantileFunction next() const final {
    const auto [mean, variance] = moments(1);
    return domain::QuantileFunction::normal(mean, std::sqrt(variance));
  }

 protected:
  using Model::Model;

  /// Mean and variance of the change from the last value to that `h` sessions ahead.
  virtual std::pair<double, double> moments(int h) const = 0;
};

}  // namespace ara::models
