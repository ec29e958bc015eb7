#include "http/pipeline.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <optional>
#include <stdexcept>

#include "http/middlewares.h"
#include "http/openapi.h"
#include "http/problem.h"

namespace ara::http {
namespace {

/// A service whose every answer the test decides, errors and exceptions included.
class ScriptedService final : public serve::ForecastService {
 public:
  std::optional<serve::Ready> in_memory;
  std::optional<Result<serve::Ready>> computed;
  bool throws = false;
  bool holds = false;  ///< the answer is kept back, in `held`
  Answer held;
  int computations = 0;

  std::optional<serve::Ready> cached(const serve::ForecastRequest&) override {
    if (throws) throw std::runtime_error("secret detail");
    return in_memory;
  }
  void compute(const serve::ForecastRequest&, Deadline, Answer answer) override {
    ++computations;
    if (holds) {
      held = std::move(answer);
    } else {
      answer(*computed);
    }
  }
  Result<serve::Ready> compute_now(const serve::ForecastRequest&, const Call&) override {
    return *computed;
  }
  Result<std::optional<storage::ForecastRow>> find(const Hash128&, const Call&) override {
    return std::nullopt;
  }
  int retry_after_seconds() const override { return 3; }
  std::vector<std::string> symbol_names() const override { return {}; }
  Result<void> ready() const override { return {}; }
  serve::LaneStats lane() const override { return {}; }
  void bars_changed() override {}
  void drain(Deadline) override {}
};

class PipelineTest : public testing::Test {
 protected:
  Exchange get(std::string_view path, std::string_view query = {}) {
    Exchange exchange;
    exchange.path = path;
    exchange.query = query;
    return exchange;
  }
  Exchange post(std::string_view body, std::string_view type = "application/json") {
    Exchange exchange;
    exchange.method = Method::post;
    exchange.path = "/api/v1/predict";
    exchange.body = body;
    exchange.content_type = type;
    return exchange;
  }
  Reply run(Exchange& exchange) {
    if (auto reply = run_fast(app_, exchange)) return *reply;
    std::optional<Reply> slow;
    run_slow(app_, exchange, [&](Reply reply) { slow = std::move(reply); });
    return slow.value();
  }
  Reply run(Exchange&& exchange) { return run(exchange); }
  std::string member(const Reply& reply, std::string_view name) {
    const std::string_view text = parser_.parse(reply.body)[name];
    return std::string(text);
  }

  std::shared_ptr<ScriptedService> service_ = std::make_shared<ScriptedService>();
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
  App app_{ServerOptions{}, {service_, nullptr, metrics_}};
  const serve::Ready ready_{{0x0123456789abcdefULL, 0xfedcba9876543210ULL},
                            std::make_shared<const std::string>(R"({"id":"x"})")};
  simdjson::dom::parser parser_;
};

TEST_F(PipelineTest, WhatIsInMemoryIsAnsweredWithItsTag) {
  service_->in_memory = ready_;
  const Reply reply = run(get("/api/v1/predict/AAPL", "days=7"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.bytes(), R"({"id":"x"})");
  EXPECT_EQ(reply.shared.get(), ready_.body.get()) << "the bytes are shared, not copied";
  EXPECT_NE(reply.headers.find("etag: \"0123456789abcdeffedcba9876543210\"\r\n"),
            std::string::npos);
  EXPECT_NE(reply.headers.find("cache-control: public, max-age=60, must-revalidate\r\n"),
            std::string::npos);
  EXPECT_NE(reply.headers.find("x-content-type-options: nosniff\r\n"), std::string::npos);
  EXPECT_EQ(service_->computations, 0);
}

TEST_F(PipelineTest, AKnownTagIsAnswered304) {
  service_->in_memory = ready_;
  for (const std::string_view condition :
       {"\"0123456789abcdeffedcba9876543210\"", "W/\"0123456789abcdeffedcba9876543210\"",
        "\"other\", \"0123456789abcdeffedcba9876543210\"", "*"}) {
    Exchange exchange = get("/api/v1/predict/AAPL");
    exchange.if_none_match = condition;
    const Reply reply = run(exchange);
    EXPECT_EQ(reply.status, 304) << condition;
    EXPECT_EQ(reply.bytes(), "");
  }
  for (const std::string_view condition :
       {"\"other\"", "", ",", "0123456789abcdeffedcba98765432"}) {
    Exchange exchange = get("/api/v1/predict/AAPL");
    exchange.if_none_match = condition;
    EXPECT_EQ(run(exchange).status, 200) << condition;
  }
}

TEST_F(PipelineTest, ThePostFormCarriesRequestIdAndTimestamp) {
  service_->computed = ready_;
  Exchange exchange = post(R"({"symbol":"AAPL"})");
  exchange.given_request_id = "mine";
  const Reply reply = run(exchange);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(member(reply, "request_id"), "mine");
  EXPECT_TRUE(member(reply, "timestamp").ends_with("Z"));
  EXPECT_EQ(service_->computations, 1);
}

/// The server has told the client that it took too long, and let go of the request. What comes then
/// still reads the request's bytes.
TEST_F(PipelineTest, ALateAnswerKeepsItsRequest) {
  service_->holds = true;
  auto path = std::make_shared<const std::string>("/api/v1/predict/AAPL");
  const std::weak_ptr<const std::string> request = path;
  Exchange exchange = get(*path);
  exchange.owner = std::move(path);
  ASSERT_FALSE(run_fast(app_, exchange));
  std::optional<Reply> reply;
  run_slow(app_, exchange, [&](Reply given) { reply = std::move(given); });
  exchange.owner.reset();
  ASSERT_FALSE(request.expired());
  service_->held(fail(Code::not_found, "no bars"));
  EXPECT_EQ(member(reply.value(), "instance"), "/api/v1/predict/AAPL");
  service_->held = nullptr;
  EXPECT_TRUE(request.expired());
}

TEST_F(PipelineTest, ARequestThatTookTooLongIsAnsweredAndCountedOnce) {
  service_->holds = true;
  Exchange exchange = get("/api/v1/predict/AAPL");
  ASSERT_FALSE(run_fast(app_, exchange));
  std::vector<int> replies;
  const auto respond = [&](const Reply& reply) { replies.push_back(reply.status); };
  run_slow(app_, exchange, respond);
  give_up(app_, exchange, respond);
  service_->held(ready_);
  give_up(app_, exchange, respond);
  EXPECT_EQ(replies, std::vector{503});
  const std::string text = metrics_->exposition();
  EXPECT_NE(text.find(R"(status="503"} 1)"), std::string::npos) << text;
  EXPECT_EQ(text.find(R"(status="200")"), std::string::npos) << text;
}

TEST_F(PipelineTest, AnExceptionBecomesA500ThatTellsNothing) {
  service_->throws = true;
  const Reply reply = run(get("/api/v1/predict/AAPL"));
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.content_type, "application/problem+json");
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
  EXPECT_EQ(member(reply, "error"), "InternalError");
}

TEST_F(PipelineTest, ErrorsOfTheSlowLaneBecomeProblems) {
  service_->computed = fail(Code::overloaded, "busy");
  const Reply busy = run(get("/api/v1/predict/AAPL"));
  EXPECT_EQ(busy.status, 503);
  EXPECT_NE(busy.headers.find("retry-after: 3\r\n"), std::string::npos);
  service_->computed = std::unexpected(Error{Code::not_found, "no bars", "symbol", "AAPL", "MSFT"});
  const Reply unknown = run(get("/api/v1/predict/AAPL"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(member(unknown, "field"), "symbol");
  EXPECT_EQ(member(unknown, "allowed"), "MSFT");
  EXPECT_EQ(member(unknown, "instance"), "/api/v1/predict/AAPL");
}

TEST_F(PipelineTest, BadInputNeverReachesTheService) {
  EXPECT_EQ(run(get("/api/v1/predict/AAPL", "days=31")).status, 422);
  EXPECT_EQ(run(post("{")).status, 422);
  EXPECT_EQ(run(post("")).status, 422);
  EXPECT_EQ(run(post("{}", "text/plain")).status, 415);
  EXPECT_EQ(run(post(std::string(70'000, ' '))).status, 413);
  EXPECT_EQ(run(post(R"({"symbol":"AAPL","days":0})", "Application/JSON; charset=utf-8")).status,
            422);
  EXPECT_EQ(service_->computations, 0);
}

TEST_F(PipelineTest, AWrongMethodIsToldTheRightOne) {
  Exchange exchange = get("/health");
  exchange.method = Method::post;
  const Reply reply = run(exchange);
  EXPECT_EQ(reply.status, 405);
  EXPECT_NE(reply.headers.find("allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_EQ(member(reply, "field"), "method");
}

TEST_F(PipelineTest, ReadinessGoesWhenTheServerStops) {
  EXPECT_EQ(run(get("/health/ready")).status, 200);
  app_.draining = true;
  EXPECT_EQ(run(get("/health/ready")).status, 503);
  EXPECT_EQ(run(get("/health/live")).status, 200);
}

TEST_F(PipelineTest, EveryRequestIsCountedByItsRoute) {
  run(get("/health/live"));
  run(get("/nowhere"));
  const std::string text = metrics_->exposition();
  EXPECT_NE(text.find(R"(http_requests_total{method="GET",route="/health/live",status="200"} 1)"),
            std::string::npos);
  EXPECT_NE(text.find(R"(http_requests_total{method="GET",route="unmatched",status="404"} 1)"),
            std::string::npos);
}

TEST_F(PipelineTest, EveryMiddlewareSaysWhyItStandsWhereItStands) {
  for (const Middleware& middleware : middlewares()) {
    EXPECT_FALSE(middleware.why_here.empty()) << middleware.name;
    EXPECT_TRUE(middleware.before != nullptr || middleware.after != nullptr) << middleware.name;
  }
}

TEST(ProblemTest, IsWhatRfc9457AsksAndMore) {
  const Error error = invalid("days", "31\n", "an integer").error();
  const std::string text =
      encode_problem(kind_of(Code::invalid), error, "/a b\"\xff", "id\"1", "T");
  simdjson::dom::parser parser;
  const simdjson::dom::element problem = parser.parse(text);
  EXPECT_EQ(std::string_view(problem["type"]), "urn:ara:problem:ValidationError");
  EXPECT_EQ(std::int64_t(problem["status"]), 422);
  EXPECT_EQ(std::string_view(problem["instance"]), "/a%20b%22%ff");
  EXPECT_EQ(std::string_view(problem["request_id"]), "id\"1");
  EXPECT_EQ(std::string_view(problem["field"]), "days");
  EXPECT_EQ(std::string_view(problem["value"]), "31\\x0a");
  EXPECT_EQ(std::string_view(problem["detail"]), std::string_view(problem["message"]));
}

}  // namespace
}  // namespace ara::http
