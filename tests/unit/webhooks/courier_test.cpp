#include "webhooks/courier.h"

#include <gtest/gtest.h>

#include "storage/store.h"
#include "support/temporary_folder.h"
#include "unit/webhooks/receiver.h"
#include "webhooks/outbox.h"

namespace ara::webhooks {
namespace {

using namespace std::chrono_literals;
using storage::DeliveryStatus;

class CourierTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = storage::open(folder_.file("ara.db")).value();
    outbox_ = std::make_unique<Outbox>(store_);
  }

  static Courier::Options quick() {
    Courier::Options options;
    options.sender.policy.allow_private = true;
    options.look = 20ms;
    options.retries = {30ms, 30ms, 30ms};
    return options;
  }

  void hook(const std::string& id, const std::string& url, const std::string& secret = "") {
    ASSERT_TRUE(store_->put_webhook({.id = id,
                                     .account = "ann",
                                     .url = url,
                                     .events = {"alert_triggered"},
                                     .secret = secret,
                                     .description = "",
                                     .created = system_clock().now()},
                                    10, {}));
  }

  void emit(const std::string& data = "{}") {
    ASSERT_TRUE(outbox_->emit("ann", EventType::alert_triggered, data, {}));
  }

  /// The one delivery of a webhook, once it has ended.
  storage::DeliveryRow ended(const std::string& id) {
    for (int i = 0; i < 2000; ++i) {
      const auto rows = store_->deliveries("ann", id, std::nullopt, {}, {}).value().rows;
      if (!rows.empty() &&
          (rows[0].status == DeliveryStatus::success || rows[0].status == DeliveryStatus::failed)) {
        return rows[0];
      }
      std::this_thread::sleep_for(10ms);
    }
    const auto rows = store_->deliveries("ann", id, std::nullopt, {}, {}).value().rows;
    ADD_FAILURE() << "it never ended: "
                  << (rows.empty() ? "no delivery" : std::string(to_string(rows[0].status)));
    return {};
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<storage::Store> store_;
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(CourierTest, SignsExactlyWhatItSends) {
  Receiver receiver([](std::size_t) { return http_answer(200, "ok"); });
  hook("wh_1", receiver.url(), "a secret of sixteen");
  emit("{\"symbol\":\"AAPL\"}");
  const Courier courier(store_, metrics_, quick());
  const storage::DeliveryRow row = ended("wh_1");
  EXPECT_EQ(row.status, DeliveryStatus::success);
  EXPECT_EQ(row.attempts, 1);
  EXPECT_EQ(row.response_code, 200);
  EXPECT_EQ(row.response_body, "ok");
  EXPECT_TRUE(row.delivered);
  const std::string request = receiver.requests().at(0);
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  EXPECT_EQ(body, row.body);
  EXPECT_NE(body.find("\"data\":{\"symbol\":\"AAPL\"}"), std::string::npos);
  EXPECT_NE(request.find("x-webhook-signature: " + sign("a secret of sixteen", body) + "\r\n"),
            std::string::npos);
  EXPECT_EQ(request.find("a secret"), std::string::npos);
}

TEST_F(CourierTest, TriesThreeTimesMoreThenGivesUp) {
  Receiver receiver([](std::size_t) { return http_answer(500, "broken"); });
  hook("wh_1", receiver.url());
  emit();
  const Courier courier(store_, metrics_, quick());
  const storage::DeliveryRow row = ended("wh_1");
  EXPECT_EQ(row.status, DeliveryStatus::failed);
  EXPECT_EQ(row.attempts, kMaxAttempts);
  EXPECT_EQ(row.error, "It answered 500");
  EXPECT_FALSE(row.due);
  EXPECT_EQ(receiver.requests().size(), 4U);
  EXPECT_EQ(receiver.requests()[0].find("x-webhook-signature"), std::string::npos);
  EXPECT_EQ(store_->find_webhook("ann", "wh_1", {}).value()->failures, 1U);
}

TEST_F(CourierTest, AReceiverThatRecoversIsTold) {
  Receiver receiver([](std::size_t number) { return http_answer(number < 2 ? 503 : 200); });
  hook("wh_1", receiver.url());
  emit();
  const Courier courier(store_, metrics_, quick());
  const storage::DeliveryRow row = ended("wh_1");
  EXPECT_EQ(row.status, DeliveryStatus::success);
  EXPECT_EQ(row.attempts, 3);
  EXPECT_EQ(row.error, "");
}

TEST_F(CourierTest, OneThatHangsDoesNotHoldUpAnother) {
  std::atomic<bool> done = false;
  Receiver slow([&](std::size_t) {
    for (int i = 0; i < 3000 && !done; ++i) std::this_thread::sleep_for(10ms);
    return std::string();
  });
  Receiver quick_one([](std::size_t) { return http_answer(200); });
  hook("wh_1", slow.url());
  hook("wh_2", quick_one.url());
  {
    const Courier courier(store_, metrics_, quick());
    for (int i = 0; i < 3; ++i) emit();
    EXPECT_EQ(ended("wh_2").status, DeliveryStatus::success);
    EXPECT_LE(slow.requests().size(), 1U);
  }
  done = true;
}

TEST_F(CourierTest, WhatWasPutBeforeTheProcessDiedIsSent) {
  Receiver receiver([](std::size_t) { return http_answer(200); });
  hook("wh_1", receiver.url());
  emit();
  // A process took it and died: its lease ends, and another tries again.
  const WallTime past = system_clock().now() - 100s;
  ASSERT_EQ(store_->lease_deliveries(system_clock().now(), past, 1, {}).value().size(), 1U);
  const Courier courier(store_, metrics_, quick());
  const storage::DeliveryRow row = ended("wh_1");
  EXPECT_EQ(row.status, DeliveryStatus::success);
  EXPECT_EQ(row.attempts, 2);
}

TEST_F(CourierTest, AWebhookThatPointsInwardsIsRefused) {
  Receiver receiver([](std::size_t) { return http_answer(200); });
  hook("wh_1", receiver.url());
  emit();
  Courier::Options options = quick();
  options.sender.policy = {.allow_http = true};
  const Courier courier(store_, metrics_, options);
  EXPECT_EQ(ended("wh_1").status, DeliveryStatus::failed);
  EXPECT_TRUE(receiver.requests().empty());
}

TEST_F(CourierTest, AnEmitWakesIt) {
  Receiver receiver([](std::size_t) { return http_answer(200); });
  hook("wh_1", receiver.url());
  Courier::Options options = quick();
  options.look = 5s;  // about one wake in fifty does not end curl_multi_poll; the next look does
  Courier courier(store_, metrics_, options);
  outbox_->on_emit([&] { courier.wake(); });
  std::this_thread::sleep_for(50ms);
  emit();
  EXPECT_EQ(ended("wh_1").status, DeliveryStatus::success);
  outbox_->on_emit({});
}

}  // namespace
}  // namespace ara::webhooks
