#include "jobs/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace ara::jobs {
namespace {

using storage::JobState;

class QueueTest : public testing::Test {
 protected:
  Result<storage::PutJob> add(std::string payload = R"({"symbols":["AAPL"]})", std::string key = {},
                              std::string owner = "ann") {
    return queue_.enqueue({.owner = std::move(owner),
                           .kind = "batch",
                           .payload = std::move(payload),
                           .idempotency_key = std::move(key)},
                          Call{});
  }

  support::TemporaryFolder folder_;
  support::ManualClock clock_;
  std::shared_ptr<storage::Store> store_ = storage::open_sqlite(folder_.file("ara.db")).value();
  Queue queue_{store_,
               std::make_shared<registry::Shelf>(),
               {.most_open = 3, .keep = std::chrono::seconds(100)},
               clock_};
};

TEST_F(QueueTest, ChecksAndFillsInThePayload) {
  const auto put = add();
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_TRUE(put->created);
  EXPECT_TRUE(put->job.id.starts_with("job_"));
  EXPECT_EQ(
      put->job.payload,
      R"({"symbols":["AAPL"],"days":5,"analysis_level":"standard","include_explanations":true})");
  EXPECT_EQ(put->job.created, clock_.now());
  EXPECT_NE(add()->job.id, put->job.id);
}

TEST_F(QueueTest, ABadPayloadIsToldByField) {
  const auto field = [&](std::string payload) {
    const auto put = add(std::move(payload));
    EXPECT_FALSE(put.has_value());
    return put ? std::string() : put.error().field;
  };
  EXPECT_EQ(field("[]"), "payload");
  EXPECT_EQ(field("{"), "payload");
  EXPECT_EQ(field("{}"), "symbols");
  EXPECT_EQ(field(R"({"symbols":"AAPL"})"), "symbols");
  EXPECT_EQ(field(R"({"symbols":["AAPL",1]})"), "symbols");
  EXPECT_EQ(field(R"({"symbols":["A B"]})"), "symbol");
  EXPECT_EQ(field(R"({"symbols":["A"],"days":31})"), "days");
  EXPECT_EQ(field(R"({"symbols":["A"],"days":1.5})"), "days");
  EXPECT_EQ(field(R"({"symbols":["A"],"analysis_level":"most"})"), "analysis_level");
  EXPECT_EQ(field(R"({"symbols":["A"],"include_explanations":1})"), "include_explanations");
  EXPECT_EQ(field(R"({"symbols":["A"],"more":1})"), "payload");
  EXPECT_EQ(queue_.enqueue({"ann", "bake", "{}", {}}, Call{}).error().field, "kind");
}

TEST_F(QueueTest, TrainingNamesWhatItIsOf) {
  const auto train = [&](std::string payload) {
    return queue_.enqueue({"ann", "train", std::move(payload), {}}, Call{});
  };
  EXPECT_EQ(
      train(R"({"symbol":"aapl","models":["har"],"horizon":5,"origins":120})")->job.payload,
      R"({"symbol":"AAPL","models":["har"],"horizon":5,"symbols":12,"origins":120,"seed":1})");
  EXPECT_TRUE(train(R"({"asset_type":"crypto"})"));
  EXPECT_EQ(train("{}").error().field, "symbol");
  EXPECT_EQ(train(R"({"symbol":"A","asset_type":"stock"})").error().field, "symbol");
  EXPECT_EQ(train(R"({"asset_type":"wine"})").error().field, "asset_type");
  EXPECT_EQ(train(R"({"symbol":"A","models":["oracle"]})").error().field, "model");
  EXPECT_TRUE(train(R"({"symbol":"A","models":["gbm"]})"));
  // No file of the server's is opened for a client.
  EXPECT_EQ(train(R"({"symbol":"A","models":["/tmp/x.toml"]})").error().code, Code::invalid);
  EXPECT_EQ(train(R"({"symbol":"A","origins":119})").error().field, "origins");
}

TEST_F(QueueTest, AKeyIsOneRequest) {
  const auto first = add(R"({"symbols":["AAPL"]})", "k1");
  const auto again = add(R"({ "days": 5, "symbols": ["aapl"] })", "k1");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->job.id, first->job.id);
  EXPECT_EQ(add(R"({"symbols":["MSFT"]})", "k1").error().field, "Idempotency-Key");
  EXPECT_TRUE(add(R"({"symbols":["MSFT"]})", "k1", "bob")->created);
  EXPECT_EQ(add(R"({"symbols":["A"]})", "a b").error().field, "Idempotency-Key");
  EXPECT_EQ(add(R"({"symbols":["A"]})", std::string(129, 'k')).error().field, "Idempotency-Key");
}

TEST_F(QueueTest, OneRefreshOfASymbolIsQueued) {
  const auto symbol = domain::Symbol::parse("AAPL").value();
  const auto first = queue_.refresh(symbol, Call{});
  ASSERT_TRUE(first) << first.error().message;
  const auto again = queue_.refresh(symbol, Call{});
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->job.id, first->job.id);
  EXPECT_TRUE(queue_.refresh(domain::Symbol::parse("MSFT").value(), Call{})->created);
  EXPECT_EQ(queue_.list({.owner = std::string(kSystem), .kinds = {}, .state = {}}, Call{})->total,
            2u);
}

TEST_F(QueueTest, AnothersJobIsNotThere) {
  const std::string id = add()->job.id;
  EXPECT_TRUE(queue_.find("ann", id, Call{}));
  EXPECT_TRUE(queue_.find(std::nullopt, id, Call{}));
  const auto bobs = queue_.find("bob", id, Call{});
  ASSERT_FALSE(bobs);
  const auto none = queue_.find("bob", "job_0", Call{});
  EXPECT_EQ(bobs.error().code, Code::not_found);
  EXPECT_EQ(bobs.error().allowed, none.error().allowed);
  EXPECT_EQ(queue_.cancel("bob", id, Call{}).error().code, Code::not_found);
  EXPECT_EQ(queue_.find("ann", id, Call{})->state, JobState::queued);
  EXPECT_EQ(queue_.list({.owner = "bob", .kinds = {}, .state = {}}, Call{})->total, 0u);
}

TEST_F(QueueTest, WhatExpiredIsGone) {
  const std::string id = add()->job.id;
  EXPECT_EQ(queue_.cancel("ann", id, Call{})->state, JobState::cancelled);
  clock_.advance(std::chrono::seconds(99));
  EXPECT_TRUE(queue_.find("ann", id, Call{}));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(queue_.find("ann", id, Call{}).error().code, Code::not_found);
  EXPECT_EQ(queue_.list({.owner = "ann", .kinds = {}, .state = {}}, Call{})->total, 0u);
}

TEST_F(QueueTest, HasAnEnd) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(add());
  EXPECT_EQ(add().error().code, Code::overloaded);
  EXPECT_TRUE(add(R"({"symbols":["A"]})", {}, "bob"));
}

TEST_F(QueueTest, WaitsForTheEnd) {
  Queue queue(store_, std::make_shared<registry::Shelf>());
  const std::string id = add()->job.id;
  EXPECT_EQ(queue.wait("ann", id, Deadline::after(std::chrono::milliseconds(1)))->state,
            JobState::queued);
  auto waiting = std::async(std::launch::async, [&] {
    return queue.wait("ann", id, Deadline::after(std::chrono::seconds(20)))->state;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(queue.cancel("ann", id, Call{}));
  EXPECT_EQ(waiting.get(), JobState::cancelled);
}

}  // namespace
}  // namespace ara::jobs
