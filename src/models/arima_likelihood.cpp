#include "models/arima_likelihood.h"

#include <cmath>

namespace ara::models {

std::optional<Likelihood> likelihood(const ArimaOrder& order, const ArimaCoefficients& at,
                                     std::span<const double> values) {
  auto gains = ArmaGains::start(multiplied_out(order, at));
  if (!gains) return std::nullopt;
  std::vector<double> state(gains->size() + 1, 0.0), state_of_one(state);
  Likelihood result;
  result.errors.reserve(values.size());
  std::vector<double> ones;  // the errors that a series of ones would make
  double product = 1, root = 1, cross = 0, weight = 0;
  for (double value : values) {
    if (!gains->steady()) {
      product *= gains->variance();
      if (product > 1e100) {
        result.log_det += std::log(product);
        product = 1;
      }
      root = 1 / std::sqrt(gains->variance());
    }
    const double error = value - state[0];
    result.errors.push_back(error * root);
    gains->move(state, error);
    if (order.constant) {
      const double of_one = 1 - state_of_one[0];
      ones.push_back(of_one * root);
      cross += ones.back() * result.errors.back();
      weight += ones.back() * ones.back();
      gains->move(state_of_one, of_one);
    }
    gains->advance();
  }
  result.log_det += std::log(product);
  if (order.constant) {
    result.mean = cross / weight;
    for (std::size_t t = 0; t < ones.size(); ++t) result.errors[t] -= result.mean * ones[t];
  }
  for (double e : result.errors) result.squares += e * e;
  if (!std::isfinite(result.squares + result.log_det)) return std::nullopt;
  return result;
}

}  // namespace ara::models
