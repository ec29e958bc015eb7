#include "telemetry/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "telemetry/tracer.h"

namespace ara::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

constexpr TraceContext kContext{{1, 2}, 3, false};

std::shared_ptr<Trace> make_trace() {
  return std::make_shared<Trace>(kContext, "request-1");
}

std::vector<std::string> names_of(const Recorded& recorded) {
  std::vector<std::string> names;
  for (const SpanRecord& span : recorded.spans) names.push_back(span.name);
  return names;
}

TEST(Spans, NestByTheirBlocks) {
  const auto trace = make_trace();
  {
    const TraceScope scope({trace});
    Span outer("forecast");
    {
      Span inner("store", "last_bars", SpanKind::client);
      inner.note("rows", 7);
      inner.fail("gone");
      note_span("role", "replica");
      note_span("role", "primary");
    }
    const Span next("encode");
  }
  const auto recorded = trace->close(system_clock().steady());
  ASSERT_TRUE(recorded);
  ASSERT_THAT(names_of(*recorded), ElementsAre("forecast", "store last_bars", "encode"));
  const auto& spans = recorded->spans;
  EXPECT_EQ(spans[0].parent, SpanRecord::kRoot);
  EXPECT_EQ(spans[1].parent, 0);
  EXPECT_EQ(spans[2].parent, 0);
  EXPECT_EQ(spans[1].kind, SpanKind::client);
  EXPECT_EQ(spans[1].error, "gone");
  EXPECT_THAT(spans[1].attributes,
              ElementsAre(Pair("rows", std::variant<std::string, std::int64_t>(7)),
                          Pair("role", "primary")));
  for (const SpanRecord& span : spans) EXPECT_LE(span.begun, span.ended);
  EXPECT_LE(spans[0].begun, spans[1].begun);
  EXPECT_LE(spans[1].ended, spans[2].begun);
  EXPECT_LE(spans[2].ended, spans[0].ended);
}

TEST(Spans, WithoutATraceAreNothing) {
  Span span("store", "last_bars");
  EXPECT_FALSE(span.recording());
  span.note("rows", 7);
  note_span("role", "primary");
  EXPECT_EQ(trace_place().trace, nullptr);
}

TEST(Spans, HangWhereTheWorkWasHandedOver) {
  const auto trace = make_trace();
  {
    const TraceScope scope({trace});
    const Span outer("batch");
    std::thread([place = trace_place()] {
      const TraceScope there(place);
      const Span inner("forecast");
    }).join();
  }
  const auto recorded = trace->close(system_clock().steady());
  ASSERT_THAT(names_of(*recorded), ElementsAre("batch", "forecast"));
  EXPECT_EQ(recorded->spans[1].parent, 0);
}

TEST(Spans, HaveABound) {
  const auto trace = make_trace();
  {
    const TraceScope scope({trace});
    const Span outer("forecast");
    for (std::size_t i = 0; i < Trace::kMostSpans + 9; ++i) {
      Span inner("store", "find_symbol");
      EXPECT_EQ(inner.recording(), i < Trace::kMostSpans - 1);
    }
  }
  const auto recorded = trace->close(system_clock().steady());
  EXPECT_EQ(recorded->spans.size(), Trace::kMostSpans);
  EXPECT_EQ(recorded->left_out, 10U);
  EXPECT_NE(recorded->spans[0].ended, SteadyTime::max());
}

/// An answer may be given, and its trace handed over, while work for it still goes on.
TEST(Spans, OfWorkThatOutlivesItsAnswerAreLost) {
  const auto trace = make_trace();
  const SteadyTime now = system_clock().steady();
  const TraceScope scope({trace});
  const Span outer("forecast");
  record_wait("flight");
  const auto recorded = trace->close(now);
  ASSERT_TRUE(recorded);
  EXPECT_EQ(recorded->spans[0].ended, now);
  EXPECT_EQ(recorded->spans[1].ended, now);
  EXPECT_FALSE(Span("encode").recording());
  EXPECT_FALSE(trace->close(now));
}

/// For ThreadSanitizer: a batch records from several threads, and is closed meanwhile.
TEST(Spans, AreRecordedByManyThreads) {
  for (int round = 0; round < 20; ++round) {
    const auto trace = make_trace();
    std::atomic<int> started = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const TraceScope scope({trace});
        ++started;
        for (int i = 0; i < 50; ++i) {
          Span span("forecast");
          span.note("i", i);
          note_span("role", "primary");
        }
      });
    }
    while (started < 4) std::this_thread::yield();
    const auto recorded = trace->close(system_clock().steady());
    for (std::thread& each : threads) each.join();
    ASSERT_TRUE(recorded);
    EXPECT_LE(recorded->spans.size(), 200U);
    for (const SpanRecord& span : recorded->spans) EXPECT_EQ(span.parent, SpanRecord::kRoot);
  }
}

TEST(Stages, SayWhereTheTimeWent) {
  const SteadyTime start{};
  const auto span = [&](std::string name, int parent, auto begun, auto ended) {
    return SpanRecord{.name = std::move(name),
                      .parent = parent,
                      .begun = start + begun,
                      .ended = start + ended,
                      .error = {},
                      .attributes = {}};
  };
  const SpanRecord work = span("GET /", SpanRecord::kRoot, 0ms, 100ms);
  const Recorded below{
      {span("queue", SpanRecord::kRoot, 5ms, 15ms), span("forecast", SpanRecord::kRoot, 15ms, 90ms),
       span("store last_bars", 1, 20ms, 70ms), span("encode", 1, 70ms, 71ms),
       span("store last_bars", 1, 80ms, 85ms)},
      0};
  EXPECT_THAT(stages_of(work, below),
              ElementsAre(Pair("store last_bars", 55.0), Pair("forecast", 19.0),
                          Pair("queue", 10.0), Pair("encode", 1.0), Pair("rest", 15.0)));
  // Side by side, they add up to more than the whole, of which nothing is left.
  const Recorded both{{span("forecast", SpanRecord::kRoot, 0ms, 100ms),
                       span("forecast", SpanRecord::kRoot, 0ms, 100ms)},
                      0};
  EXPECT_THAT(stages_of(work, both), ElementsAre(Pair("forecast", 200.0), Pair("rest", 0.0)));
}

}  // namespace
}  // namespace ara::telemetry
