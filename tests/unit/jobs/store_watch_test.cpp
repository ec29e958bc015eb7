#include "jobs/store_watch.h"

#include <gtest/gtest.h>

#include "support/faulty_store.h"
#include "support/temporary_folder.h"

namespace ara::jobs {
namespace {

using namespace std::chrono_literals;
using support::StoreCall;

class StoreWatchTest : public testing::Test {
 protected:
  static constexpr StoreWatchOptions kQuick{.every = 5ms, .timeout = 20ms, .trust = 100ms};

  /// Looks until the watch says so; false after 20 s.
  static bool comes_to(const StoreWatch& watch, bool answers) {
    const SteadyTime give_up = system_clock().steady() + 20s;
    while (watch.answers().has_value() != answers) {
      if (system_clock().steady() > give_up) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<support::FaultyStore> store_ =
      std::make_shared<support::FaultyStore>(storage::open_sqlite(folder_.file("ara.db")).value());
};

TEST_F(StoreWatchTest, SaysWhetherTheStoreAnswers) {
  const StoreWatch watch(store_, kQuick);
  EXPECT_TRUE(comes_to(watch, true));
  store_->fail(StoreCall::registry_version, Code::unavailable);
  EXPECT_TRUE(comes_to(watch, false));
  EXPECT_EQ(watch.answers().error().code, Code::unavailable);
  store_->release();
  EXPECT_TRUE(comes_to(watch, true));
}

TEST_F(StoreWatchTest, ASilentStoreIsNoAnswer) {
  store_->hold(StoreCall::registry_version);
  const StoreWatch watch(store_, kQuick);
  while (store_->calls(StoreCall::registry_version) < 3) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(watch.answers());
  store_->release();
  EXPECT_TRUE(comes_to(watch, true));
  store_->hold(StoreCall::registry_version);
  EXPECT_TRUE(comes_to(watch, false));
}

TEST_F(StoreWatchTest, OneFailureIsForgiven) {
  const StoreWatch watch(store_, {.every = 5ms, .timeout = 20ms, .trust = 10s});
  ASSERT_TRUE(comes_to(watch, true));
  store_->fail(StoreCall::registry_version, Code::unavailable);
  const std::uint64_t before = store_->calls(StoreCall::registry_version);
  while (store_->calls(StoreCall::registry_version) < before + 3) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(watch.answers());
}

TEST_F(StoreWatchTest, StoppedItAsksNoMore) {
  StoreWatch watch(store_, kQuick);
  ASSERT_TRUE(comes_to(watch, true));
  watch.stop();
  EXPECT_TRUE(comes_to(watch, false));
  const std::uint64_t asked = store_->calls(StoreCall::registry_version);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(store_->calls(StoreCall::registry_version), asked);
}

}  // namespace
}  // namespace ara::jobs
