#include "domain/order_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/rng.h"

namespace ara::domain {
namespace {

TEST(OrderStatistics, AreThoseOfAFullSort) {
  Rng rng(4);
  const std::vector<std::function<double()>> sources{
      [&] { return rng.uniform(); },
      [&] { return std::tan(3.1 * (rng.uniform() - 0.5)); },
      [&] { return static_cast<double>(rng.below(3)); },
      [&] { return rng.below(2) ? 1e300 : -1e300 * rng.uniform(); },
      [&] { return rng.below(50) ? rng.uniform() * 1e-9 : 1e9; },
      [&] { return 7.0; }};
  for (std::size_t source = 0; source < sources.size(); ++source) {
    for (std::size_t count : {1, 2, 3, 4, 5, 7, 64, 1259, 4096}) {
      std::vector<double> sample(count);
      std::ranges::generate(sample, sources[source]);
      auto sorted = sample;
      std::ranges::sort(sorted);
      OrderStatistics ordered(sample);
      for (std::size_t i = 0; i < count; i += 1 + count / 37) {
        const std::size_t rank = count - 1 - i;
        EXPECT_EQ(ordered.at(rank), sorted[rank]) << "source " << source << ", rank " << rank;
      }
      EXPECT_EQ(std::move(ordered).take_all(), sorted) << "source " << source;
    }
  }
}

}  // namespace
}  // namespace ara::domain
