#include "live/backup_watch.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "storage/backup.h"
#include "support/faulty_store.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace ara::live {
namespace {

using namespace std::chrono_literals;
using support::StoreCall;

class BackupWatchTest : public testing::Test {
 protected:
  static constexpr BackupWatchOptions kQuick{.every = 5ms, .timeout = 20ms};
  static constexpr std::string_view kFamily = "\nara_backup_age_seconds ";

  /// What the metric says, nothing where it is absent.
  std::optional<double> age() const {
    const std::string text = metrics_->exposition();
    const std::size_t at = text.find(kFamily);
    if (at == std::string::npos) return std::nullopt;
    return std::strtod(text.c_str() + at + kFamily.size(), nullptr);
  }
  /// Looks until the age is that many seconds; false after 20 s.
  bool comes_to(double seconds) const {
    const SteadyTime give_up = system_clock().steady() + 20s;
    while (age() != seconds) {
      if (system_clock().steady() > give_up) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }
  /// As another process would.
  void note(std::chrono::seconds ago) const {
    ASSERT_TRUE(storage::note_backup(place_, clock_.now() - ago));
  }

  support::TemporaryFolder folder_;
  const std::string place_ = folder_.file("ara.db");
  support::ManualClock clock_;
  std::shared_ptr<support::FaultyStore> store_ =
      std::make_shared<support::FaultyStore>(storage::open_sqlite(place_).value());
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
};

TEST_F(BackupWatchTest, ShowsTheAgeOfTheNewest) {
  clock_.advance(24h * 365 * 100);  // later than the store was made, whenever that is
  const BackupWatch watch(store_, metrics_, kQuick, clock_);
  note(60s);
  EXPECT_TRUE(comes_to(60));
  clock_.advance(100s);
  EXPECT_TRUE(comes_to(160));
  note(0s);
  EXPECT_TRUE(comes_to(0));
}

TEST_F(BackupWatchTest, BeforeAnAnswerThereIsNoAgeAndWithoutOneItGrows) {
  clock_.advance(24h * 365 * 100);
  note(60s);
  store_->fail(StoreCall::last_backup, Code::unavailable);
  const BackupWatch watch(store_, metrics_, kQuick, clock_);
  while (store_->calls(StoreCall::last_backup) < 3) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(age());
  store_->release();
  EXPECT_TRUE(comes_to(60));
  store_->fail(StoreCall::last_backup, Code::unavailable);
  clock_.advance(100s);
  EXPECT_TRUE(comes_to(160));
}

}  // namespace
}  // namespace ara::live
