#include "jobs/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

#include "base/rng.h"
#include "jobs/queue.h"
#include "support/faulty_store.h"
#include "support/temporary_folder.h"

namespace ara::jobs {
namespace {

using namespace std::chrono_literals;
using storage::JobRow;
using storage::JobState;
using support::StoreCall;

/// What the kinds of this test do and see. Their functions have no state of their own.
struct Stage {
  std::atomic<int> runs = 0;
  std::atomic<int> told_to_stop = 0;
  std::atomic<bool> go = false;
  std::function<Result<std::string>(Context&)> act;
} stage;

Result<Prepared> take_any(std::string_view payload, const registry::Shelf&) {
  return Prepared{std::string(payload), {}};
}
Result<std::string> act(std::string_view, Context& context) {
  ++stage.runs;
  return stage.act(context);
}
/// Runs until it is told to stop or to go.
Result<std::string> linger(std::string_view, Context& context) {
  ++stage.runs;
  while (!stage.go) {
    if (context.cancelled()) {
      ++stage.told_to_stop;
      return fail(Code::unavailable, "stopped");
    }
    std::this_thread::sleep_for(1ms);
  }
  return "{}";
}

constexpr std::array kTestKinds{
    Kind{.name = "act",
         .does = "what the test says",
         .prepare = take_any,
         .run = act,
         .done = webhooks::EventType::backtest_complete},
    Kind{.name = "linger", .does = "waits", .prepare = take_any, .run = linger},
};

class WorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    stage.runs = stage.told_to_stop = 0;
    stage.go = false;
    stage.act = [](Context&) -> Result<std::string> { return "{}"; };
  }
  void TearDown() override { stage.go = true; }

  void put(const std::string& id, std::string kind, int max_attempts = 3) {
    JobRow row;
    row.id = id;
    row.owner = "ann";
    row.kind = std::move(kind);
    row.max_attempts = max_attempts;
    row.created = system_clock().now();
    ASSERT_TRUE(store_->put_job(row, 1000, Call{}));
  }
  std::unique_ptr<Worker> worker(unsigned threads = 1, std::chrono::milliseconds lease = 400ms) {
    return std::make_unique<Worker>(
        store_, std::make_shared<registry::Shelf>(), metrics_,
        WorkerOptions{.threads = threads,
                      .pulse = {.lease = lease, .beat = 50ms, .least = 5ms},
                      .poll = 5ms,
                      .count_every = 5ms,
                      .first_retry = 20ms,
                      .kinds = kTestKinds});
  }
  JobRow job(const std::string& id) { return store_->find_job(id, Call{}).value().value(); }
  /// Looks until it holds; fails after 20 s.
  template <class Holds>
  void eventually(const Holds& holds) {
    const SteadyTime give_up = system_clock().steady() + 20s;
    while (!holds()) {
      ASSERT_LT(system_clock().steady(), give_up);
      std::this_thread::sleep_for(2ms);
    }
  }
  void ends(const std::string& id) {
    eventually([&] { return storage::ended(job(id).state); });
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<support::FaultyStore> store_ =
      std::make_shared<support::FaultyStore>(storage::open_sqlite(folder_.file("ara.db")).value());
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
};

storage::ForecastRow forecast() {
  return {{0, 1}, domain::Symbol::parse("A").value(), {1, 2}, domain::Date{}, 5, "m", {}, "{}"};
}

TEST_F(WorkerTest, RunsAJobWithItsEffects) {
  stage.act = [](Context& context) -> Result<std::string> {
    context.progress(0.25, "a quarter");
    context.effects.forecasts.push_back(forecast());
    return R"({"answer":42})";
  };
  put("a", "act");
  auto running = worker();
  ends("a");
  EXPECT_EQ(job("a").state, JobState::done);
  EXPECT_EQ(job("a").result, R"({"answer":42})");
  EXPECT_EQ(job("a").progress, 1);
  EXPECT_EQ(job("a").attempts, 0);
  EXPECT_GT(job("a").expires, system_clock().now() + std::chrono::days(6));
  EXPECT_TRUE(store_->find_forecast({0, 1}, Call{}).value().has_value());
  running->stop(Deadline::none());
  EXPECT_NE(metrics_->exposition().find(R"(ara_jobs_total{kind="act",outcome="done"} 1)"),
            std::string::npos);
}

TEST_F(WorkerTest, TellsTheOwnersWebhooksWhatIsDoneAndNothingElse) {
  for (const std::string account : {"ann", "ben"}) {
    ASSERT_TRUE(store_->put_webhook({.id = "wh_" + account,
                                     .account = account,
                                     .url = "https://example.com/",
                                     .events = {"backtest_complete"},
                                     .secret = "",
                                     .description = "",
                                     .created = system_clock().now()},
                                    10, Call{}));
  }
  const auto told = [&](const std::string& account) {
    return store_->deliveries(account, "wh_" + account, std::nullopt, {}, Call{}).value().rows;
  };
  stage.act = [](Context&) -> Result<std::string> { return fail(Code::corrupt, "no"); };
  auto running = worker();
  put("bad", "act");
  ends("bad");
  EXPECT_TRUE(told("ann").empty());
  stage.act = [](Context&) -> Result<std::string> { return "{}"; };
  put("good", "act");
  ends("good");
  ASSERT_EQ(told("ann").size(), 1U);
  EXPECT_EQ(told("ann").front().type, "backtest_complete");
  EXPECT_NE(told("ann").front().body.find(R"("job_id":"good","kind":"act")"), std::string::npos)
      << told("ann").front().body;
  EXPECT_TRUE(told("ben").empty());
}

TEST_F(WorkerTest, ManyThreadsRunEachJobOnce) {
  stage.act = [](Context&) -> Result<std::string> {
    std::this_thread::sleep_for(1ms);
    return "{}";
  };
  for (int i = 0; i < 60; ++i) put(std::to_string(i), "act");
  auto running = worker(4, 30s);
  for (int i = 0; i < 60; ++i) ends(std::to_string(i));
  running->stop(Deadline::none());
  EXPECT_EQ(stage.runs, 60);
}

TEST_F(WorkerTest, TellsHowFarItIsWhileItRuns) {
  stage.act = [](Context& context) -> Result<std::string> {
    context.progress(0.5, "half");
    context.progress(0.2, "less");
    context.progress(std::nan(""), "nothing");
    return linger("", context);
  };
  put("a", "act");
  auto running = worker();
  eventually([&] { return job("a").message == "less"; });
  EXPECT_TRUE(job("a").progress == 0.5 || job("a").progress == 0.2);
  const WallTime beat = job("a").heartbeat;
  eventually([&] { return job("a").heartbeat > beat; });
  stage.go = true;
  ends("a");
}

TEST_F(WorkerTest, CountsTheQueueWhileItsOnlyThreadRunsAJob) {
  const auto shows = [&](const std::string& sample) {
    return metrics_->exposition().contains("\n" + sample + "\n");
  };
  put("long", "linger");
  const auto running = worker();
  eventually([&] { return stage.runs == 1; });
  eventually([&] { return shows(R"(ara_jobs{state="running"} 1)"); });
  put("waits", "act");
  eventually([&] { return shows(R"(ara_jobs{state="queued"} 1)"); });
  EXPECT_FALSE(shows("ara_jobs_oldest_queued_seconds 0"));
  stage.go = true;
  ends("waits");
  eventually([&] { return shows(R"(ara_jobs{state="queued"} 0)"); });
  EXPECT_TRUE(shows("ara_jobs_oldest_queued_seconds 0"));
}

TEST_F(WorkerTest, ALongJobKeepsItsLease) {
  put("a", "linger");
  auto first = worker();
  auto second = worker();
  std::this_thread::sleep_for(1200ms);  // three leases
  stage.go = true;
  ends("a");
  EXPECT_EQ(stage.runs, 1);
  EXPECT_EQ(job("a").interruptions, 0);
}

TEST_F(WorkerTest, TriesAgainWhatMayPass) {
  stage.act = [](Context&) -> Result<std::string> {
    if (stage.runs < 3) return fail(Code::unavailable, "away");
    return "{}";
  };
  put("a", "act");
  auto running = worker();
  ends("a");
  EXPECT_EQ(job("a").state, JobState::done);
  EXPECT_EQ(job("a").attempts, 2);
  EXPECT_EQ(stage.runs, 3);
}

TEST_F(WorkerTest, GivesUpAfterTheLastAttempt) {
  stage.act = [](Context& context) -> Result<std::string> {
    context.effects.forecasts.push_back(forecast());
    throw std::runtime_error("thrown");
  };
  put("a", "act", 2);
  auto running = worker();
  ends("a");
  EXPECT_EQ(job("a").state, JobState::failed);
  EXPECT_EQ(job("a").attempts, 2);
  EXPECT_NE(job("a").error.find("thrown"), std::string::npos);
  EXPECT_FALSE(store_->find_forecast({0, 1}, Call{}).value().has_value());
}

TEST_F(WorkerTest, WhatCannotPassFailsAtOnce) {
  stage.act = [](Context&) -> Result<std::string> { return fail(Code::not_found, "no such"); };
  put("a", "act");
  auto running = worker();
  ends("a");
  EXPECT_EQ(job("a").state, JobState::failed);
  EXPECT_EQ(stage.runs, 1);
  EXPECT_EQ(job("a").error, "no such");
}

TEST_F(WorkerTest, ACancelledJobIsToldToStop) {
  put("a", "linger");
  auto running = worker();
  eventually([&] { return stage.runs == 1; });
  ASSERT_TRUE(store_->cancel_job("a", system_clock().now(), WallTime::max(), Call{}));
  eventually([&] { return stage.told_to_stop == 1; });
  running->stop(Deadline::none());
  EXPECT_EQ(job("a").state, JobState::cancelled);
  EXPECT_EQ(job("a").attempts, 0);
}

TEST_F(WorkerTest, AWorkerThatMustEndGivesItsJobBack) {
  put("a", "linger");
  auto first = worker();
  eventually([&] { return stage.runs == 1; });
  first->stop(Deadline::after(10ms));
  EXPECT_EQ(job("a").state, JobState::queued);
  EXPECT_EQ(job("a").attempts, 0);
  EXPECT_EQ(job("a").interruptions, 0);
  stage.go = true;
  auto second = worker();
  ends("a");
  EXPECT_EQ(job("a").state, JobState::done);
}

TEST_F(WorkerTest, AWorkerThatEndsLetsItsJobFinish) {
  put("a", "linger");
  auto first = worker();
  eventually([&] { return stage.runs == 1; });
  auto stopped = std::async(std::launch::async, [&] { first->stop(Deadline::after(20s)); });
  stage.go = true;
  stopped.get();
  EXPECT_EQ(job("a").state, JobState::done);
}

TEST_F(WorkerTest, AWorkerCutOffWritesNothing) {
  put("a", "linger");
  auto first = worker();
  eventually([&] { return stage.runs == 1; });
  store_->fail(StoreCall::touch_job, Code::unavailable);
  eventually([&] { return stage.told_to_stop == 1; });  // its lease ran out unrenewed
  store_->release();
  stage.go = true;
  ends("a");
  EXPECT_EQ(job("a").state, JobState::done);
  EXPECT_EQ(job("a").interruptions, 1);
  EXPECT_EQ(job("a").attempts, 0);
}

TEST_F(WorkerTest, AnEndThatWasWrittenUnheardIsNotWrittenTwice) {
  stage.act = [](Context& context) -> Result<std::string> {
    context.effects.forecasts.push_back(forecast());
    return "{}";
  };
  store_->fail_after(StoreCall::finish_job, Code::unavailable, 1);
  put("a", "act");
  auto running = worker();
  ends("a");
  running->stop(Deadline::none());
  EXPECT_EQ(job("a").state, JobState::done);
  EXPECT_EQ(stage.runs, 1);
  EXPECT_EQ(job("a").attempts, 0);
}

TEST_F(WorkerTest, AnEndThatCouldNotBeWrittenIsTriedAgain) {
  store_->fail(StoreCall::finish_job, Code::unavailable, 2);
  put("a", "act");
  auto running = worker();
  ends("a");
  EXPECT_EQ(job("a").state, JobState::done);
  EXPECT_EQ(stage.runs, 1);
}

TEST_F(WorkerTest, AStoreThatIsAwayIsAskedAgain) {
  store_->fail(StoreCall::lease_job, Code::unavailable, 2);
  put("a", "act");
  auto running = worker();
  ends("a");
  EXPECT_EQ(job("a").state, JobState::done);
}

TEST(Backoff, GrowsAndIsSpread) {
  for (int attempt = 1; attempt < 40; ++attempt) {
    const double most = 1000 * std::min(300.0, std::exp2(attempt - 1));
    std::set<std::int64_t> seen;
    for (int i = 0; i < 50; ++i) {
      const auto wait = backoff(1000ms, "job" + std::to_string(i), attempt);
      EXPECT_GE(wait.count(), std::floor(most / 2));
      EXPECT_LE(wait.count(), most);
      seen.insert(wait.count());
    }
    EXPECT_GT(seen.size(), 25u);
  }
}

}  // namespace
}  // namespace ara::jobs
