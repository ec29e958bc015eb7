#include "webhooks/sender.h"

#include <gtest/gtest.h>

#include "unit/webhooks/receiver.h"

namespace ara::webhooks {
namespace {

using namespace std::chrono_literals;

constexpr Policy kOpen{.allow_private = true};

Outcome send(Sender::Options options, Request request) {
  Sender sender(std::move(options));
  sender.start(std::move(request));
  for (int i = 0; i < 200; ++i) {
    if (auto ended = sender.run(100ms); !ended.empty()) {
      EXPECT_EQ(sender.in_flight(), 0U);
      return ended.front();
    }
  }
  ADD_FAILURE() << "it never ended";
  return {};
}

TEST(Sender, SendsTheBodyAsItIs) {
  Receiver receiver([](std::size_t) { return http_answer(201, "thanks"); });
  const Outcome outcome =
      send({.policy = kOpen},
           {.id = "a", .url = receiver.url(), .body = "{\"x\": 1}", .headers = {"x-test: yes"}});
  EXPECT_EQ(outcome.id, "a");
  EXPECT_TRUE(outcome.success());
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(outcome.body, "thanks");
  ASSERT_EQ(receiver.requests().size(), 1U);
  const std::string request = receiver.requests()[0];
  EXPECT_TRUE(request.starts_with("POST /hook HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"x\": 1}")) << request;
  EXPECT_NE(request.find("x-test: yes\r\n"), std::string::npos);
  EXPECT_NE(request.find("content-type: application/json\r\n"), std::string::npos);
}

TEST(Sender, ARedirectIsNotFollowed) {
  Receiver target([](std::size_t) { return http_answer(200); });
  Receiver receiver([&](std::size_t) {
    return http_answer(302, "", "Location: " + target.url("/secret") + "\r\n");
  });
  const Outcome outcome = send({.policy = kOpen}, {.id = "a", .url = receiver.url(), .body = "{}"});
  EXPECT_FALSE(outcome.success());
  EXPECT_EQ(outcome.status, 302);
  EXPECT_TRUE(target.requests().empty());
}

TEST(Sender, ANameThatLeadsInwardsIsRefusedWhenItIsUsed) {
  // The name passes every check; what it means is decided by a resolver that an attacker owns.
  for (const std::string address :
       {"127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]"}) {
    Receiver receiver([](std::size_t) { return http_answer(200); });
    ASSERT_TRUE(check_url("http://rebind.example.com:8080/", {.allow_http = true}));
    const Outcome outcome =
        send({.policy = {.allow_http = true}, .resolve = {"rebind.example.com:8080:" + address}},
             {.id = "a", .url = "http://rebind.example.com:8080/", .body = ""});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(outcome.error.starts_with("The address of the host is ")) << outcome.error;
    EXPECT_TRUE(receiver.requests().empty());
  }
}

TEST(Sender, TheCheckedAddressIsTheOneConnectedTo) {
  // With the door open the same name does lead to the receiver: the refusal above was the policy's.
  Receiver receiver([](std::size_t) { return http_answer(200); });
  const std::string url = "http://rebind.example.com:" + receiver.port() + "/";
  const Outcome outcome =
      send({.policy = kOpen, .resolve = {"rebind.example.com:" + receiver.port() + ":127.0.0.1"}},
           {.id = "a", .url = url, .body = "{}"});
  EXPECT_TRUE(outcome.success()) << outcome.error;
}

TEST(Sender, AUrlThatIsNotAllowedIsNotBegun) {
  Receiver receiver([](std::size_t) { return http_answer(200); });
  const Outcome outcome = send({}, {.id = "a", .url = receiver.url(), .body = "{}"});
  EXPECT_FALSE(outcome.error.empty());
  EXPECT_TRUE(receiver.requests().empty());
}

TEST(Sender, AnAnswerThatNeverComesEnds) {
  std::atomic<bool> done = false;
  Receiver receiver([&](std::size_t) {
    for (int i = 0; i < 500 && !done; ++i) std::this_thread::sleep_for(10ms);
    return std::string();
  });
  const Outcome outcome =
      send({.policy = kOpen, .timeout = 200ms}, {.id = "a", .url = receiver.url(), .body = "{}"});
  done = true;
  EXPECT_EQ(outcome.error, "There was no answer in time");
}

TEST(Sender, OfALongAnswerOnlyTheBeginningIsKept) {
  Receiver receiver([](std::size_t) { return http_answer(200, std::string(300'000, 'x')); });
  const Outcome outcome = send({.policy = kOpen}, {.id = "a", .url = receiver.url(), .body = "{}"});
  EXPECT_TRUE(outcome.success()) << outcome.error;
  EXPECT_LE(outcome.body.size(), Sender::kKeptBody + 3);
  EXPECT_TRUE(outcome.body.starts_with("xxxx"));
}

TEST(Sender, NobodyListening) {
  std::string url;
  {
    const Receiver receiver([](std::size_t) { return std::string(); });
    url = receiver.url();
  }
  const Outcome outcome = send({.policy = kOpen}, {.id = "a", .url = url, .body = "{}"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(outcome.error.empty());
}

TEST(Sender, SendsSeveralAtOnceAndWakes) {
  Receiver receiver([](std::size_t) { return http_answer(204); });
  Sender sender({.policy = kOpen});
  for (int i = 0; i < 20; ++i) {
    sender.start({.id = std::to_string(i), .url = receiver.url(), .body = "{}"});
  }
  std::size_t ended = 0;
  for (int i = 0; i < 1000 && ended < 20; ++i) ended += sender.run(100ms).size();
  EXPECT_EQ(ended, 20U);
  const std::jthread waker([&] { sender.wake(); });
  EXPECT_TRUE(sender.run(60s).empty());
}

}  // namespace
}  // namespace ara::webhooks
