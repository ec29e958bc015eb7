#include "accounts/meter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <deque>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace ara::accounts {
namespace {

using std::chrono::milliseconds;

constexpr int kThreads = 64;

SteadyTime at(std::int64_t ms) {
  return SteadyTime(milliseconds(ms));
}

/// Runs `work(number)` in that many threads, which start together.
template <class Work>
void together(int threads, Work work) {
  std::barrier start(threads);
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

TEST(MinuteWindow, AdmitsItsLimitAndTellsWhatIsLeft) {
  Window window(300);
  for (int i = 0; i < 10; ++i) {
    const auto verdict = window.admit(10, at(1000 * i));
    EXPECT_TRUE(verdict.admitted);
    EXPECT_EQ(verdict.left, 9 - i);
    EXPECT_EQ(verdict.next, milliseconds(60'001 - 1000 * i));
  }
  const auto refused = window.admit(10, at(20'000));
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.next, milliseconds(40'001));
  EXPECT_FALSE(window.admit(10, at(60'000)).admitted);
  EXPECT_TRUE(window.admit(10, at(60'001)).admitted);
  EXPECT_FALSE(window.admit(10, at(60'999)).admitted);
  EXPECT_EQ(window.admit(10, at(200'000)).left, 9);
}

TEST(Meter, ServersKeepAMinutesLimitTogether) {
  const Tier tier{.name = "free", .per_minute = 60, .per_day = 100'000};
  int admitted = 0;
  for (int server = 0; server < 3; ++server) {
    Meter meter("acc_1", 60, Servers{3, false});
    int here = 0;
    for (int i = 0; i < 100; ++i) here += meter.admit(tier, at(i)).admitted() ? 1 : 0;
    EXPECT_EQ(here, 20);
    admitted += here;
  }
  EXPECT_EQ(admitted, 60);
}

TEST(MinuteWindow, AgreesWithALogOfAllAdmissions) {
  Rng rng(7);
  for (const std::int64_t most : {1, 2, 7, 64, 300}) {
    Window window(static_cast<std::size_t>(most));
    std::deque<std::int64_t> log;
    std::int64_t now = 0;
    for (int i = 0; i < 10'000; ++i) {
      now += rng.below(static_cast<std::uint32_t>(2 * 60'000 / most));
      const std::int64_t limit = i / 2500 % 2 == 0 ? most : std::max<std::int64_t>(1, most / 2);
      const auto counted = [&] {
        return std::ranges::count_if(log, [&](std::int64_t t) { return now - t <= 60'000; });
      };
      const bool room = counted() < limit;
      const auto verdict = window.admit(limit, at(now));
      ASSERT_EQ(verdict.admitted, room) << most << " " << i;
      if (room) {
        log.push_back(now);
        ASSERT_EQ(verdict.left, limit - counted()) << most << " " << i;
        if (log.size() > 310) log.pop_front();
      }
    }
  }
}

TEST(MinuteWindow, IsExactUnderManyThreads) {
  for (const std::int64_t limit : {1, 10, 60, 300}) {
    Window window(300);
    std::atomic<std::int64_t> admitted = 0;
    const auto storm = [&](std::int64_t now) {
      together(kThreads, [&](int) {
        for (int i = 0; i < 50; ++i) admitted += window.admit(limit, at(now)).admitted ? 1 : 0;
      });
    };
    storm(1000);
    EXPECT_EQ(admitted, limit);
    storm(61'000);  // the whole minute later, to the millisecond
    EXPECT_EQ(admitted, limit);
    storm(61'001);
    EXPECT_EQ(admitted, 2 * limit);
  }
}

TEST(MinuteWindow, UsesEveryMinuteFullyAndNoneTooMuchWhileTimeRuns) {
  constexpr std::int64_t kLimit = 60;
  Window window(300);
  std::atomic<std::int64_t> clock = 0;
  std::atomic<std::int64_t> admitted = 0;
  together(kThreads, [&](int) {
    for (int i = 0; i < 400; ++i) {
      admitted += window.admit(kLimit, at(clock.fetch_add(13))).admitted ? 1 : 0;
    }
  });
  // 25,600 questions within 332.8 s: five whole minutes and a begun one.
  EXPECT_GE(admitted, 5 * kLimit);
  EXPECT_LE(admitted, 6 * kLimit);
}

TEST(DayCount, OwesAMinuteAtMostUntilItIsLentSome) {
  DayShare share;
  for (int i = 0; i < 10; ++i) {
    const auto verdict = share.take(1000, 10, 10);
    EXPECT_TRUE(verdict.admitted);
    EXPECT_TRUE(verdict.hungry);
    EXPECT_EQ(verdict.left, 999 - i);
  }
  EXPECT_FALSE(share.take(1000, 10, 10).admitted);
  EXPECT_EQ(share.owed(), 10);
  share.lent(10, 20, 30);
  EXPECT_EQ(share.owed(), -20);
  int admitted = 0;
  while (share.take(1000, 10, 10).admitted) ++admitted;
  EXPECT_EQ(admitted, 30);  // lent, and a minute's worth on credit
}

TEST(DayCount, EndsExactlyAtTheLimit) {
  DayShare share;
  share.begin(0, 990);  // used before the start
  int admitted = 0;
  while (share.take(1000, 300, 300).admitted) ++admitted;
  EXPECT_EQ(admitted, 10);
  share.lent(share.owed(), 0, 1000);
  const auto refused = share.take(1000, 300, 300);
  EXPECT_FALSE(refused.admitted);
  EXPECT_FALSE(refused.hungry);
}

TEST(DayCount, IsExactUnderManyThreadsThatBorrow) {
  constexpr std::int64_t kLimit = 5000;
  DayShare share;
  std::int64_t used = 0;  // the lender's count
  const auto lend = [&] {
    const std::int64_t owed = std::max<std::int64_t>(0, share.owed());
    const std::int64_t granted = std::min<std::int64_t>(100, kLimit - used - owed);
    used += owed + granted;
    share.lent(owed, granted, used);
  };
  std::atomic<std::int64_t> admitted = 0;
  std::atomic<bool> hungry = true;
  std::atomic<int> asking = kThreads;
  std::jthread lender([&] {
    while (asking > 0) {
      if (hungry.exchange(false)) lend();
      std::this_thread::yield();
    }
  });
  together(kThreads, [&](int) {
    for (int refused = 0; refused < 1000;) {
      const auto verdict = share.take(kLimit, 50, 50);
      if (verdict.hungry) hungry = true;
      admitted += verdict.admitted ? 1 : 0;
      refused += verdict.admitted ? 0 : 1;
      if (!verdict.admitted) std::this_thread::yield();
    }
    --asking;
  });
  lender.join();
  EXPECT_LE(admitted, kLimit);
  for (int blocks = 0; blocks < 100; ++blocks) {
    lend();
    while (share.take(kLimit, 0, 0).admitted) ++admitted;
  }
  EXPECT_EQ(admitted, kLimit);
  EXPECT_EQ(used, kLimit);
}

TEST(DayCount, ANewDayBeginsAnew) {
  DayShare share;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(share.take(10, 5, 5).admitted);
  const std::int64_t owed = share.owed();
  EXPECT_TRUE(share.take(10, 10, 10).admitted);  // while the old day is settled
  share.begin(owed, 2);
  EXPECT_EQ(share.owed(), 1);
  EXPECT_EQ(share.take(10, 5, 5).left, 10 - 2 - 1 - 1);
}

TEST(AccountMeter, SaysWhatWasUsedUp) {
  Meter meter("acc_1", 300);
  const Tier tier{"free", 3, 5, 1, 1, 1};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(meter.admit(tier, at(0)).admitted());
  const Admission minute = meter.admit(tier, at(1));
  EXPECT_EQ(minute.spent, Admission::Spent::minute);
  EXPECT_EQ(minute.minute_next, milliseconds(60'000));
  EXPECT_EQ(minute.day_left, 2);  // what the minute refuses costs nothing of the day
  const Admission late = meter.admit(tier, at(70'000));  // nobody has lent anything yet
  EXPECT_EQ(late.spent, Admission::Spent::minute);
  EXPECT_TRUE(late.hungry);
  meter.day().lent(meter.day().owed(), 2, 5);
  EXPECT_TRUE(meter.admit(tier, at(140'000)).admitted());
  EXPECT_TRUE(meter.admit(tier, at(140'000)).admitted());
  EXPECT_EQ(meter.admit(tier, at(140'000)).spent, Admission::Spent::day);
}

}  // namespace
}  // namespace ara::accounts
