#include "live/feed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "base/format.h"
#include "support/temporary_folder.h"
#include "unit/streams/client.h"

namespace ara::live {
namespace {

using namespace std::chrono_literals;
using streams::Channel;
using streams::TestClient;

std::string forecast(double price, std::uint64_t counter) {
  return ara::format(
      R"({{"id":"f","symbol":"AAPL","current_price":{},"as_of":"2031-01-02","predictions":[)"
      R"({{"probability_of_rise":0.6,"volatility":0.2,"predicted_return":null}}],)"
      R"("revision":"{}-{:016x}"}})",
      price, counter, counter);
}

/// A service whose forecasts the test writes; each is answered from a thread of its own.
class ScriptedService final : public serve::ForecastService {
 public:
  using Script = std::function<Result<std::string>(int number)>;
  explicit ScriptedService(Script script) : script_(std::move(script)) {}
  ~ScriptedService() override {
    for (std::thread& thread : threads_) thread.join();
  }

  std::optional<serve::Ready> cached(const serve::ForecastRequest&) override {
    return std::nullopt;
  }
  void compute(const serve::ForecastRequest&, Deadline, Answer answer) override {
    const std::lock_guard lock(mutex_);
    const int number = computations_++;
    threads_.emplace_back([this, number, answer = std::move(answer)] {
      auto text = script_(number);
      if (!text) return answer(std::unexpected(text.error()));
      answer(serve::Ready{{1, 2}, std::make_shared<const std::string>(*text)});
    });
  }
  Result<serve::Ready> compute_now(const serve::ForecastRequest&, const Call&) override {
    return fail(Code::unsupported, "not here");
  }
  Result<std::optional<storage::ForecastRow>> find(const Hash128&, const Call&) override {
    return std::nullopt;
  }
  int retry_after_seconds() const override { return 1; }
  std::vector<std::string> symbol_names() const override { return {}; }
  void bars_changed() override {}
  Result<void> ready() const override { return {}; }
  serve::LaneStats lane() const override { return {}; }
  void drain(Deadline) override {}

  int computations() const { return computations_; }

 private:
  const Script script_;
  std::mutex mutex_;
  std::atomic<int> computations_ = 0;
  std::vector<std::thread> threads_;
};

class FeedTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = storage::open(folder_.file("ara.db")).value();
    put(1, 100);
  }
  void TearDown() override {
    feed_.reset();
    hub_.reset();
  }

  void start(ScriptedService::Script script) {
    service_ = std::make_shared<ScriptedService>(std::move(script));
    hub_ = std::make_shared<streams::Hub>(streams::HubOptions{.farewell = 100ms}, metrics_);
    outbox_ = std::make_shared<webhooks::Outbox>(store_);
    feed_ = std::make_unique<Feed>(store_, service_, hub_, outbox_, FeedOptions{.look = 20ms});
  }

  void put(int day, double close) {
    const domain::Bar bar{.time = domain::Date{std::chrono::days{day}}, .close = close};
    ASSERT_TRUE(store_->put_bars(apple_, domain::AssetType::stock, {&bar, 1}, {}));
  }

  TestClient join(Channel channel, std::string name, streams::Wire wire, std::string last = "") {
    const auto [server, client] = streams::connected_pair();
    hub_->adopt(server, {.seat = hub_->take_seat("ann").value(),
                         .wire = wire,
                         .topics = {{channel, std::move(name)}},
                         .last_id = std::move(last),
                         .greeting = ""});
    TestClient made(client);
    if (wire == streams::Wire::websocket) made.hear();
    return made;
  }
  TestClient join(Channel channel, std::string name = "AAPL") {
    return join(channel, std::move(name), streams::Wire::websocket);
  }

  const domain::Symbol apple_ = domain::Symbol::parse("AAPL").value();
  support::TemporaryFolder folder_;
  std::shared_ptr<storage::Store> store_;
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
  std::shared_ptr<ScriptedService> service_;
  std::shared_ptr<streams::Hub> hub_;
  std::shared_ptr<webhooks::Outbox> outbox_;
  std::unique_ptr<Feed> feed_;
};

TEST_F(FeedTest, ABarBringsItselfAndItsForecast) {
  start([](int) { return forecast(101, 2); });
  TestClient market = join(Channel::market_data), predictions = join(Channel::predictions);
  put(2, 101);
  const std::string bar = market.hear();
  EXPECT_TRUE(bar.contains(R"("type":"market_data_update")")) << bar;
  EXPECT_TRUE(bar.contains(R"("date":"1970-01-03","open":null)")) << bar;
  EXPECT_TRUE(bar.contains(R"("close":101)")) << bar;
  EXPECT_TRUE(predictions.hear().contains(R"("data":{"id":"f")"));
  EXPECT_EQ(service_->computations(), 1);
}

TEST_F(FeedTest, NothingIsMadeThatNobodyCaresAbout) {
  start([](int) { return forecast(1, 1); });
  put(2, 101);
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(service_->computations(), 0);
}

TEST_F(FeedTest, WhatTheSlowLaneHasNoRoomForIsAskedForAgain) {
  start([](int number) -> Result<std::string> {
    if (number < 2) return fail(Code::overloaded, "not now");
    return forecast(101, 2);
  });
  TestClient predictions = join(Channel::predictions);
  put(2, 101);
  EXPECT_TRUE(predictions.hear().contains("prediction_update"));
  EXPECT_EQ(service_->computations(), 3);
}

TEST_F(FeedTest, AForecastOfOlderBarsIsNotTold) {
  start([](int number) { return forecast(number == 0 ? 100 : 101, number == 0 ? 1 : 2); });
  TestClient predictions = join(Channel::predictions);
  put(2, 101);
  EXPECT_TRUE(predictions.hear().contains(R"("current_price":101)"));
  EXPECT_EQ(service_->computations(), 2);
}

TEST_F(FeedTest, AnAlertIsToldOnceEachTimeItComesTrue) {
  std::atomic<int> price = 100;
  start([&](int number) { return forecast(price, static_cast<std::uint64_t>(number) + 2); });
  ASSERT_TRUE(store_->put_webhook({.id = "wh_1",
                                   .account = "ann",
                                   .url = "https://example.com",
                                   .events = {"alert_triggered"},
                                   .secret = "",
                                   .description = ""},
                                  10, {}));
  TestClient alerts = join(Channel::alerts, "ann"), others = join(Channel::alerts, "bob");
  alerts.say(
      R"({"type":"configure_alerts","config":{"alerts":[)"
      R"({"symbol":"AAPL","metric":"price","condition":"above","threshold":150},)"
      R"({"symbol":"AAPL","metric":"predicted_return","condition":"below","threshold":9}]}})");
  EXPECT_TRUE(alerts.hear().contains("alerts_configured"));
  int day = 1;
  const auto bar = [&](int close) {
    price = close;
    const int before = service_->computations();
    put(++day, close);
    for (int i = 0; i < 2000 && service_->computations() == before; ++i) {
      std::this_thread::sleep_for(5ms);
    }
    std::this_thread::sleep_for(100ms);
  };
  for (const int close : {140, 151, 152, 149, 153}) bar(close);
  const std::string first = alerts.hear(), second = alerts.hear();
  EXPECT_TRUE(first.contains(R"("threshold":150,"value":151)")) << first;
  EXPECT_TRUE(second.contains(R"("value":153)")) << second;
  EXPECT_EQ(store_->deliveries("ann", "wh_1", std::nullopt, {}, {}).value().total, 2U);
  others.say(R"({"type":"request_prediction"})");
  EXPECT_TRUE(others.hear().contains(R"("field":"symbol")"));
}

TEST_F(FeedTest, AStreamOfEventsBeginsWithTheNewest) {
  start([](int) { return forecast(100, 1); });
  TestClient first = join(Channel::predictions, "AAPL", streams::Wire::events);
  EXPECT_TRUE(first.hear_until("\n\n").starts_with("id: 1-0000000000000001\nevent: prediction_"));
  const std::string known =
      domain::to_string(store_->find_symbol(apple_, {}).value().value().revision);
  TestClient again = join(Channel::predictions, "AAPL", streams::Wire::events, known);
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(service_->computations(), 1);
}

TEST_F(FeedTest, ARequestIsAnsweredAndASymbolMustBeKnown) {
  start([](int) { return forecast(100, 1); });
  TestClient client = join(Channel::predictions);
  client.say(R"({"type":"request_prediction","days":3})");
  EXPECT_TRUE(client.hear().contains(R"("type":"prediction_requested","symbol":"AAPL","days":3)"));
  EXPECT_TRUE(client.hear().contains("prediction_update"));
  client.say(R"({"type":"subscribe","symbol":"IBM"})");
  EXPECT_TRUE(client.hear().contains(R"("error":"NotFound")"));
  client.say(R"({"type":"subscribe","symbol":"AAPL"})");
  EXPECT_TRUE(client.hear().contains(R"("type":"subscribed")"));
  EXPECT_TRUE(feed_->knows(apple_));
}

TEST_F(FeedTest, ItMayGoWhileForecastsAreMade) {
  // The service's threads are joined after this function has ended.
  const auto go = std::make_shared<std::atomic<bool>>(false);
  start([go](int) {
    while (!*go) std::this_thread::sleep_for(1ms);
    return forecast(101, 2);
  });
  TestClient predictions = join(Channel::predictions);
  put(2, 101);
  for (int i = 0; i < 2000 && service_->computations() == 0; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(service_->computations(), 1);
  feed_.reset();
  *go = true;
}

}  // namespace
}  // namespace ara::live
