#include "telemetry/tracer.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "telemetry/log.h"
#include "unit/telemetry/exposition_text.h"

namespace ara::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr std::string_view kUnsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// A port that takes connections and never says a word.
class Silent {
 public:
  Silent() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Silent() { close(fd_); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces"; }

 private:
  int fd_;
  int port_ = 0;
};

class TracerTest : public testing::Test {
 protected:
  double spans(const std::string& result) const {
    const std::string family = "ara_trace_spans_total";
    return parse_exposition(metrics_->exposition()).at(family).value(family, {{"result", result}});
  }
  static TraceEnd took(std::chrono::milliseconds time) {
    return {.work = {.name = "GET /",
                     .begun = SteadyTime{},
                     .ended = SteadyTime{} + time,
                     .error = {},
                     .attributes = {}},
            .log = {{"route", "/"}}};
  }
  static Tracer::Options to(const std::string& url, double share) {
    Tracer::Options options;
    options.share = share;
    options.exporter.url = url;
    return options;
  }

  std::shared_ptr<Metrics> metrics_ = std::make_shared<Metrics>();
};

TEST_F(TracerTest, TheHeadIsThatOfWhoAsked) {
  const Silent silent;
  const Tracer tracer(to(silent.url(), 0), metrics_);
  const TraceHead head = tracer.head(kParent, "a=b");
  EXPECT_EQ(to_hex(head.own.trace), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(head.parent, 0xb7ad6b7169203331ULL);
  EXPECT_NE(head.own.span, head.parent);
  EXPECT_TRUE(head.own.sampled);
  EXPECT_EQ(head.state, "a=b");
  EXPECT_FALSE(tracer.head(kUnsampled, {}).own.sampled);
  EXPECT_EQ(tracer.head(kParent, "not one").state, "");

  const TraceHead fresh = tracer.head("00-no", "a=b");
  EXPECT_TRUE(fresh.own.trace);
  EXPECT_EQ(fresh.parent, 0U);
  EXPECT_EQ(fresh.state, "");
  EXPECT_FALSE(fresh.own.sampled);
  EXPECT_TRUE(Tracer(to(silent.url(), 1), metrics_).head({}, {}).own.sampled);
}

TEST_F(TracerTest, WithoutACollectorThereAreOnlyTheIdsOfOthers) {
  const Tracer tracer({}, metrics_);
  EXPECT_FALSE(tracer.head(kParent, {}).own.trace);
  EXPECT_FALSE(tracer.head({}, {}, true).own.trace);
  EXPECT_EQ(to_hex(tracer.head(kParent, {}, true).own.trace), kParent.substr(3, 32));
  EXPECT_FALSE(tracer.wants(tracer.head(kParent, {}), 10ms, true));
}

TEST_F(TracerTest, TheTailCountsWhateverTheHeadSaid) {
  const Silent silent;
  Tracer::Options options = to(silent.url(), 0);
  options.slow = 100ms;
  const Tracer tracer(options, metrics_);
  const TraceHead head = tracer.head({}, {});
  EXPECT_FALSE(tracer.wants(head, 100ms, false));
  EXPECT_TRUE(tracer.wants(head, 101ms, false));
  EXPECT_TRUE(tracer.wants(head, 1ms, true));
  EXPECT_TRUE(tracer.wants(tracer.head(kParent, {}), 1ms, false));
  options.slow = 0ms;
  EXPECT_FALSE(Tracer(options, metrics_).wants(head, 1h, false));
}

TEST_F(TracerTest, ACollectorThatIsSilentCostsNobodyAnything) {
  const Silent silent;
  Tracer::Options options = to(silent.url(), 1);
  options.exporter.most_queued = 100;
  options.exporter.batch = 10;
  options.exporter.delay = 1ms;
  Tracer tracer(options, metrics_);
  const SteadyTime start = system_clock().steady();
  for (int i = 0; i < 1000; ++i) tracer.finish(tracer.head({}, {}), nullptr, took(1ms));
  EXPECT_LT(system_clock().steady() - start, 1s);
  // At most what fits, and one batch on its way, is not dropped at once.
  EXPECT_GE(spans("dropped"), 1000 - 100 - 10);
  const SteadyTime stopping = system_clock().steady();
  tracer.stop(Deadline::after(300ms));
  EXPECT_LT(system_clock().steady() - stopping, 2s);
  EXPECT_EQ(spans("dropped"), 1000);
  EXPECT_EQ(spans("exported"), 0);
  tracer.finish(tracer.head({}, {}), nullptr, took(1ms));  // too late, but no harm
  EXPECT_EQ(spans("dropped"), 1001);
}

TEST_F(TracerTest, ATraceIsHandedOverOnce) {
  const Silent silent;
  Tracer tracer(to(silent.url(), 1), metrics_);
  const TraceHead head = tracer.head({}, {});
  const auto trace = tracer.open(head, "request-1");
  tracer.finish(head, trace.get(), took(1ms));
  tracer.finish(head, trace.get(), took(2ms));
  tracer.stop(Deadline::after(0ms));
  EXPECT_EQ(spans("dropped"), 1);
}

TEST_F(TracerTest, TheLogSaysWhereTheTimeOfASlowRequestWent) {
  Tracer tracer({}, metrics_);
  const auto lines = [&](int count) {
    testing::internal::CaptureStderr();
    for (int i = 0; i < count; ++i) tracer.finish({}, nullptr, took(1500ms));
    tracer.finish({}, nullptr, took(1000ms));  // not slow
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(lines(1), HasSubstr(R"("message":"A slow request","route":"/","total_ms":1500.000,)"
                                  R"("stages_ms":{"rest":1500.000}})"));
  // At most twenty in each of the seconds that this takes; the next one says how many there were.
  const std::string many = lines(200);
  EXPECT_LE(std::ranges::count(many, '\n'), 60);
  EXPECT_THAT(many, Not(HasSubstr("1000.000")));
}

TEST_F(TracerTest, LinesOfARequestNameIt) {
  const auto line = [](const std::vector<LogField>& fields) {
    testing::internal::CaptureStderr();
    log(LogLevel::warning, "m", fields);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(line({}), Not(HasSubstr("request_id")));
  const TraceContext context{{1, 2}, 3, false};
  const TraceScope scope({std::make_shared<Trace>(context, "request-1")});
  EXPECT_THAT(line({{"a", "b"}}),
              HasSubstr(R"("request_id":"request-1","trace_id":"00000000000000010000000000000002",)"
                        R"("a":"b"})"));
  EXPECT_THAT(line({{"request_id", "own"}}), Not(HasSubstr("request-1")));
  const TraceScope other({std::make_shared<Trace>(TraceContext{}, "request-2")});
  EXPECT_THAT(line({}), HasSubstr(R"("request_id":"request-2"})"));
}

/// What the integration test decodes with the protocol's own classes, here down to its bytes.
TEST(Otlp, ASpanIsFieldsOfTheProtocol) {
  FinishedTrace trace{.id = {0x0102030405060708ULL, 0x090a0b0c0d0e0f10ULL},
                      .span = 0x1112131415161718ULL,
                      .state = {},
                      .work = {.name = "n", .error = {}, .attributes = {{"k", std::int64_t{-1}}}},
                      .below = {}};
  trace.work.begun = trace.steady = SteadyTime{} + 5s;
  trace.work.ended = trace.work.begun + 1ns;
  trace.wall = WallTime{} + 1us;
  const std::string bytes = encode_otlp({}, "", {&trace, 1});
  const std::string id("\x0a\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10",
                       18);
  const std::string span("\x12\x08\x11\x12\x13\x14\x15\x16\x17\x18", 10);
  EXPECT_THAT(bytes, HasSubstr(id + span + "\x2a\x01n\x30\x01"));
  EXPECT_THAT(bytes,
              HasSubstr(std::string("\x39\xe8\x03\0\0\0\0\0\0\x41\xe9\x03\0\0\0\0\0\0", 18)));
  EXPECT_THAT(bytes, HasSubstr("\x0a\x01k\x12\x0b\x18" + std::string(9, '\xff') + "\x01"));
}

}  // namespace
}  // namespace ara::telemetry
