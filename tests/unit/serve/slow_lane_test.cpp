#include "serve/slow_lane.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <semaphore>

namespace ara::serve {
namespace {

using namespace std::chrono_literals;

TEST(SlowLane, RunsWhatItTakes) {
  SlowLane lane(2, 100, system_clock());
  std::atomic<int> done = 0;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(lane.submit(Deadline::after(10s), [&](bool late) { done += late ? 0 : 1; }));
  }
  lane.drain(Deadline::after(10s));
  EXPECT_EQ(done, 50);
}

TEST(SlowLane, WorkBelongsToTheTraceOfWhoSubmittedIt) {
  const auto trace = std::make_shared<telemetry::Trace>(telemetry::TraceContext{}, "request");
  SlowLane lane(1, 100, system_clock());
  {
    const telemetry::TraceScope scope({trace});
    const telemetry::Span outer("batch");
    ASSERT_TRUE(
        lane.submit(Deadline::none(), [](bool) { const telemetry::Span span("forecast"); }));
  }
  ASSERT_TRUE(lane.submit(Deadline::none(), [](bool) { const telemetry::Span span("nobody's"); }));
  lane.drain(Deadline::after(10s));
  const auto recorded = trace->close(system_clock().steady());
  ASSERT_TRUE(recorded);
  ASSERT_EQ(recorded->spans.size(), 3U);
  EXPECT_EQ(recorded->spans[0].name, "batch");
  EXPECT_EQ(recorded->spans[1].name, "queue");
  EXPECT_EQ(recorded->spans[2].name, "forecast");
  EXPECT_EQ(recorded->spans[1].parent, 0);
  EXPECT_EQ(recorded->spans[2].parent, 0);
  EXPECT_LE(recorded->spans[1].ended, recorded->spans[2].begun);
}

TEST(SlowLane, RefusesBeyondItsCapacity) {
  std::promise<void> gate;
  std::latch begun(1);
  SlowLane lane(1, 2, system_clock());
  ASSERT_TRUE(lane.submit(Deadline::none(), [&](bool) {
    begun.count_down();
    gate.get_future().wait();
  }));
  begun.wait();
  EXPECT_TRUE(lane.submit(Deadline::none(), [](bool) {}));
  EXPECT_TRUE(lane.submit(Deadline::none(), [](bool) {}));
  const auto third = lane.submit(Deadline::none(), [](bool) { FAIL() << "was refused"; });
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::overloaded);
  gate.set_value();
}

/// Teaches a lane that work takes 20 ms.
void teach_20_ms(SlowLane& lane) {
  std::binary_semaphore done(0);
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(lane.submit(Deadline::none(), [&](bool) {
      std::this_thread::sleep_for(20ms);
      done.release();
    }));
    done.acquire();
  }
}

TEST(SlowLane, RefusesWhatCannotMeetItsDeadline) {
  SlowLane lane(1, 100, system_clock());
  teach_20_ms(lane);
  EXPECT_GT(lane.mean_seconds(), 0.01);
  const auto hopeless = lane.submit(Deadline::after(1ms), [](bool) { FAIL() << "was refused"; });
  ASSERT_FALSE(hopeless);
  EXPECT_EQ(hopeless.error().code, Code::overloaded);
  EXPECT_TRUE(lane.submit(Deadline::after(10s), [](bool) {}));
}

TEST(SlowLane, ForgivesWhatWasSlowOnce) {
  std::binary_semaphore done(0);
  SlowLane lane(1, 100, system_clock());
  teach_20_ms(lane);
  std::this_thread::sleep_for(300ms);
  // One tries; after it the others are admitted again.
  ASSERT_TRUE(lane.submit(Deadline::after(15ms), [&](bool) { done.release(); }));
  done.acquire();
  while (lane.running() > 0) std::this_thread::yield();
  EXPECT_LT(lane.mean_seconds(), 0.005);
  EXPECT_TRUE(lane.submit(Deadline::after(1s), [](bool) {}));
}

TEST(SlowLane, TellsWorkThatItsDeadlinePassedInTheQueue) {
  std::promise<void> gate;
  std::latch begun(1);
  SlowLane lane(1, 100, system_clock());
  ASSERT_TRUE(lane.submit(Deadline::none(), [&](bool) {
    begun.count_down();
    gate.get_future().wait();
  }));
  begun.wait();
  std::promise<bool> late;
  ASSERT_TRUE(lane.submit(Deadline::after(30ms), [&](bool was_late) { late.set_value(was_late); }));
  std::this_thread::sleep_for(60ms);
  gate.set_value();
  EXPECT_TRUE(late.get_future().get());
}

TEST(SlowLane, DrainCallsEverythingExactlyOnceAndRefusesWhatIsNew) {
  SlowLane lane(1, 100, system_clock());
  std::atomic<int> calls = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(lane.submit(Deadline::none(), [&](bool) {
      std::this_thread::sleep_for(10ms);
      ++calls;
    }));
  }
  lane.drain(Deadline::after(50ms));
  EXPECT_EQ(calls, 20);
  EXPECT_FALSE(lane.submit(Deadline::none(), [](bool) {}));
}

}  // namespace
}  // namespace ara::serve
