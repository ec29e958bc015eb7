#include "base/repeater.h"

#include <gtest/gtest.h>

#include <atomic>

namespace ara {
namespace {

using namespace std::chrono_literals;

TEST(RepeaterTest, DoesItAtOnceAndAgain) {
  std::atomic<int> done = 0;
  {
    const Repeater often(1ms, [&] { ++done; });
    while (done < 3) std::this_thread::sleep_for(1ms);
  }
  const int at_end = done;
  {
    const Repeater seldom(1h, [&] { ++done; });
    while (done == at_end) std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(done, at_end + 1);
}

TEST(RepeaterTest, StoppedItDoesItNoMore) {
  std::atomic<int> done = 0;
  std::atomic<bool> held = true;
  Repeater often(1ms, [&] {
    ++done;
    while (held) std::this_thread::sleep_for(1ms);
  });
  while (done == 0) std::this_thread::sleep_for(1ms);
  often.stop();  // though it is being done
  held = false;
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace ara
