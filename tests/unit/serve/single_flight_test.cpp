#include "serve/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ara::serve {
namespace {

TEST(SingleFlight, FirstMakesAndAllAreAnswered) {
  SingleFlight<int> flights;
  const Hash128 key{1, 2};
  EXPECT_TRUE(flights.join(key, 10));
  EXPECT_FALSE(flights.join(key, 11));
  EXPECT_TRUE(flights.join(Hash128{1, 3}, 12)) << "another key is another flight";
  EXPECT_EQ(flights.take(key), (std::vector{10, 11}));
  EXPECT_TRUE(flights.take(key).empty());
  EXPECT_TRUE(flights.join(key, 13)) << "a flight that ended is begun anew";
}

TEST(SingleFlight, EveryJoinerIsTakenOnceUnderContention) {
  SingleFlight<int> flights;
  const Hash128 key{7, 7};
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        if (flights.join(key, i)) taken += static_cast<int>(flights.take(key).size());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, kThreads * kEach);
}

}  // namespace
}  // namespace ara::serve
