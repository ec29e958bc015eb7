#include "streams/hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "unit/streams/client.h"

namespace ara::streams {
namespace {

using namespace std::chrono_literals;

const Topic kApple{Channel::predictions, "AAPL"};
const Topic kMicrosoft{Channel::predictions, "MSFT"};

Encoded update(const std::string& text) {
  return {std::make_shared<const std::string>(encode_frame(Opcode::text, text)),
          std::make_shared<const std::string>("data: " + text + "\n\n")};
}

/// Waits, at most 20 s, until something is so.
bool soon(const std::function<bool()>& so) {
  for (int i = 0; i < 4000; ++i) {
    if (so()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

class HubTest : public testing::Test, public Listener {
 protected:
  void start(HubOptions options = {}) {
    hub_ = std::make_unique<Hub>(options, metrics_);
    hub_->set_listener(this);
  }
  void TearDown() override {
    if (hub_) hub_->set_listener(nullptr);
    hub_.reset();
  }

  /// One who listens to a topic; a WebSocket's greeting has been heard.
  TestClient join(Topic topic, Wire wire = Wire::websocket, std::string account = "ann",
                  int buffer = 0) {
    const auto [server, client] = connected_pair(buffer);
    auto seat = hub_->take_seat(account);
    EXPECT_TRUE(seat);
    const bool events = wire == Wire::events;
    hub_->adopt(server, {.seat = std::move(*seat),
                         .wire = wire,
                         .topics = {topic},
                         .last_id = "",
                         .greeting = events ? "HTTP/1.1 200 OK\r\n\r\n" : ""});
    TestClient made(client);
    if (events) {
      made.hear_until("\r\n\r\n");
    } else {
      EXPECT_TRUE(made.hear().contains("\"type\":\"connected\""));
    }
    return made;
  }

  void on_connected(const Client& client) override { connected_ = client.id; }
  void on_message(const Client& client, ClientMessage message) override {
    if (auto* subscribe = std::get_if<Subscribe>(&message)) {
      hub_->subscribe(client.id, {Channel::predictions, subscribe->symbol.text()}, "\"yes\"");
    } else {
      hub_->send_text(client.id, "\"heard\"");
    }
  }

  double dropped(const std::string& reason) {
    const std::string text = metrics_->exposition();
    const std::string series = "ara_stream_drops_total{reason=\"" + reason + "\"} ";
    const std::size_t at = text.find(series);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size()));
  }

  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
  std::atomic<ConnectionId> connected_ = 0;
  std::unique_ptr<Hub> hub_;
};

TEST_F(HubTest, WhoListensHearsAndNobodyElse) {
  start();
  TestClient apple = join(kApple), also = join(kApple), other = join(kMicrosoft);
  EXPECT_TRUE(hub_->has_subscribers(kApple));
  EXPECT_FALSE(hub_->has_subscribers({Channel::market_data, "AAPL"}));
  hub_->publish(kApple, update("\"one\""));
  hub_->publish(kMicrosoft, update("\"two\""));
  EXPECT_EQ(apple.hear(), "\x01\"one\"");
  EXPECT_EQ(also.hear(), "\x01\"one\"");
  EXPECT_EQ(other.hear(), "\x01\"two\"");
}

TEST_F(HubTest, AStreamOfEventsHearsTheSame) {
  start();
  TestClient events = join(kApple, Wire::events);
  hub_->publish(kApple, update("\"one\""));
  EXPECT_TRUE(events.hear_until("one").ends_with("data: \"one\"\n\n"));
}

TEST_F(HubTest, ASubscriptionAddsASymbol) {
  start({.most_topics = 2});
  TestClient client = join(kApple);
  client.say(R"({"type":"subscribe","symbol":"MSFT"})");
  EXPECT_EQ(client.hear(), "\x01\"yes\"");
  client.say(R"({"type":"subscribe","symbol":"MSFT"})");
  EXPECT_EQ(client.hear(), "\x01\"yes\"");
  client.say(R"({"type":"subscribe","symbol":"IBM"})");
  EXPECT_TRUE(client.hear().contains("\"type\":\"error\""));
  hub_->publish(kMicrosoft, update("\"two\""));
  EXPECT_EQ(client.hear(), "\x01\"two\"");
  hub_->publish(kApple, update("\"one\""));
  EXPECT_EQ(client.hear(), "\x01\"one\"");
}

TEST_F(HubTest, MessagesReachTheListenerAndErrorsTheClient) {
  start();
  TestClient client = join(kApple);
  client.say(R"({"type":"request_prediction"})");
  EXPECT_EQ(client.hear(), "\x01\"heard\"");
  client.say("nonsense");
  EXPECT_TRUE(client.hear().contains("\"field\":\"message\""));
  client.say_frame(Opcode::ping, "are you there");
  EXPECT_EQ(client.hear(),
            "\x0a"
            "are you there");
}

TEST_F(HubTest, ASlowConsumerIsToldAndDroppedWhileOthersGoOn) {
  start({.most_queued = 64 * 1024, .farewell = 20s});
  TestClient slow = join(kApple, Wire::websocket, "ann", 4096), quick = join(kApple);
  const std::string text = "\"" + std::string(8000, 'x') + "\"";
  std::size_t heard = 0;
  for (int i = 0; i < 200; ++i) {
    hub_->publish(kApple, update(text));
    heard += quick.hear().size() == text.size() + 1 ? 1 : 0;
  }
  EXPECT_EQ(heard, 200U);
  EXPECT_TRUE(soon([&] { return dropped("slow") == 1; }));
  // The last words come after what was on its way already, and whole frames come before them.
  std::string frame, last;
  while (!last.starts_with('\x08') && !(frame = slow.hear()).empty()) last = frame;
  slow.leave();
  EXPECT_EQ(last.substr(0, 3), "\x08\x03\xf5");  // 1013
  EXPECT_TRUE(last.contains("too slow"));
  EXPECT_TRUE(soon([&] { return hub_->connections() == 1; }));
  hub_->publish(kApple, update("\"one\""));
  EXPECT_EQ(quick.hear(), "\x01\"one\"");
}

TEST_F(HubTest, PingsComeAndSilenceEnds) {
  start({.ping = 50ms, .silence = 400ms});
  TestClient client = join(kApple), answering = join(kApple), events = join(kApple, Wire::events);
  EXPECT_TRUE(client.hear_any().contains("\"type\":\"ping\""));
  EXPECT_EQ(client.hear_any(), "\x09");
  EXPECT_TRUE(events.hear_until(": ping").contains(": ping\n\n"));
  for (int i = 0; i < 15; ++i) {
    answering.say(R"({"type":"pong"})");
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_TRUE(client.hear().starts_with("\x08\x03\xf0"));  // 1008
  EXPECT_EQ(dropped("silent"), 1);
  hub_->publish(kApple, update("\"one\""));
  EXPECT_EQ(answering.hear(), "\x01\"one\"");
}

TEST_F(HubTest, WhoMayNotStayIsToldAndEnded) {
  start();
  std::atomic<bool> welcome = true;
  const auto [server, socket] = connected_pair(0);
  hub_->adopt(server, {.seat = std::move(*hub_->take_seat("ann")),
                       .topics = {kApple},
                       .may_stay = [&] { return welcome.load(); }});
  TestClient client(socket), other = join(kApple);
  client.hear();  // that it is connected
  hub_->publish(kApple, update("\"one\""));
  EXPECT_EQ(client.hear(), "\x01\"one\"");
  welcome = false;
  EXPECT_TRUE(client.hear().starts_with("\x08\x03\xf0"));  // 1008
  hub_->publish(kApple, update("\"two\""));
  EXPECT_EQ(client.hear(), "");
  EXPECT_TRUE(other.hear().ends_with("\"one\""));
  EXPECT_TRUE(other.hear().ends_with("\"two\""));
}

TEST_F(HubTest, WhoTalksTooMuchIsDropped) {
  start({.messages_per_second = 1, .burst = 5});
  TestClient client = join(kApple);
  for (int i = 0; i < 7; ++i) client.say(R"({"type":"pong"})");
  EXPECT_TRUE(client.hear().starts_with("\x08\x03\xf0"));
  EXPECT_EQ(dropped("policy"), 1);
}

TEST_F(HubTest, BrokenFramesAreClosedWithTheirReason) {
  start();
  TestClient bare = join(kApple);
  bare.say_bytes(encode_frame(Opcode::text, "bare"));
  EXPECT_TRUE(bare.hear().starts_with("\x08\x03\xea"));  // 1002
  TestClient huge = join(kApple);
  huge.say_bytes(std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10));
  EXPECT_TRUE(huge.hear().starts_with("\x08\x03\xf1"));  // 1009
  TestClient binary = join(kApple);
  binary.say_frame(Opcode::binary, "x");
  EXPECT_TRUE(binary.hear().starts_with("\x08\x03\xeb"));  // 1003
  TestClient polite = join(kApple);
  polite.say_frame(Opcode::close, std::string("\x03\xe8", 2));
  EXPECT_EQ(polite.hear(), std::string("\x08\x03\xe8", 3));
  EXPECT_EQ(polite.hear(), "");
  EXPECT_EQ(dropped("broken"), 2);
  for (TestClient* client : {&bare, &huge, &binary, &polite}) client->leave();
  EXPECT_TRUE(soon([&] { return hub_->connections() == 0; }));
  EXPECT_FALSE(hub_->has_subscribers(kApple));
}

TEST_F(HubTest, SeatsAreLimitedAndGivenBack) {
  start({.most_connections = 3, .most_of_account = 2});
  TestClient first = join(kApple), second = join(kApple);
  const auto refused = hub_->take_seat("ann");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::overloaded);
  {
    const auto bob = hub_->take_seat("bob");
    EXPECT_TRUE(bob);
    EXPECT_FALSE(hub_->take_seat("eve"));
  }
  first.leave();
  EXPECT_TRUE(soon([&] { return hub_->take_seat("ann").has_value(); }));
}

TEST_F(HubTest, ClosingSaysGoodbye) {
  start({.farewell = 300ms});
  TestClient client = join(kApple), events = join(kApple, Wire::events);
  const std::jthread closer([&] { hub_->close(); });
  EXPECT_TRUE(client.hear().starts_with("\x08\x03\xe9"));  // 1001
  EXPECT_TRUE(events.hear_all().contains("the server is stopping"));
  client.leave();
  EXPECT_TRUE(soon([&] { return !hub_->take_seat("ann"); }));
}

TEST_F(HubTest, ManyThreadsAtOnce) {
  start({.most_connections = 1000,
         .most_of_account = 1000,
         .messages_per_second = 1e6,
         .burst = 1e6});
  std::atomic<bool> done = false;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!done) {
        hub_->publish(kApple, update("\"one\""));
        (void)hub_->has_subscribers(kMicrosoft);
        (void)hub_->connections();
        std::this_thread::sleep_for(100us);
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 100; ++i) {
      hub_->set_listener(i % 2 == 0 ? nullptr : this);
      std::this_thread::sleep_for(2ms);
    }
  });
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 15; ++i) {
        TestClient client = join(kApple, t == 0 ? Wire::events : Wire::websocket);
        if (t == 0) {
          client.hear_until("one");
        } else {
          client.say(R"({"type":"subscribe","symbol":"MSFT"})");
          client.hear();
        }
      }
    });
  }
  for (std::size_t i = 2; i < threads.size(); ++i) threads[i].join();
  done = true;
  threads[0].join();
  threads[1].join();
  EXPECT_TRUE(soon([&] { return hub_->connections() == 0; }));
}

}  // namespace
}  // namespace ara::streams
