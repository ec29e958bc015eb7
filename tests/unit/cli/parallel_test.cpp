#include "cli/parallel.h"

#include <gtest/gtest.h>

namespace ara::cli {
namespace {

TEST(ForEachIndex, DoesEachOnceOnAnyNumberOfThreads) {
  for (const std::size_t threads : {1, 2, 7, 100}) {
    std::vector<int> done(50, 0);
    for_each_index(done.size(), threads, [&](std::size_t i) { ++done[i]; });
    EXPECT_EQ(done, std::vector<int>(50, 1)) << threads;
  }
  for_each_index(0, 2, [](std::size_t) { ADD_FAILURE() << "nothing to do"; });
}

}  // namespace
}  // namespace ara::cli
