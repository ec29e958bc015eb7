#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "domain/quantile_function.h"
#include "portfolio/history.h"

/// Made-up markets.
namespace ara::portfolio {

/// Series of daily prices that share a factor; the i-th is a little more volatile than the one
/// before it. Named A0, A1, and so on.
inline std::vector<domain::Series> market(std::size_t assets, std::size_t bars,
                                          std::uint64_t seed = 1) {
  Rng rng(seed);
  const auto normal = [&] { return domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform()); };
  std::vector<domain::Series> all;
  for (std::size_t i = 0; i < assets; ++i) {
    all.push_back({.symbol = domain::Symbol::parse("A" + std::to_string(i)).value(), .bars = {}});
  }
  std::vector<double> prices(assets, 100);
  for (std::size_t t = 0; t < bars; ++t) {
    const double factor = 0.01 * normal();
    for (std::size_t i = 0; i < assets; ++i) {
      const double size = 0.008 + 0.002 * static_cast<double>(i);
      prices[i] *= std::exp(3e-4 + 0.6 * factor + size * normal());
      domain::Bar bar;
      bar.time = domain::Date{std::chrono::days{10000 + static_cast<int>(t)}};
      bar.close = prices[i];
      all[i].bars.push_back(bar);
    }
  }
  return all;
}

inline History history_of(std::size_t assets, std::size_t bars, std::uint64_t seed = 1) {
  return align(market(assets, bars, seed), domain::Date{}).value();
}

}  // namespace ara::portfolio
