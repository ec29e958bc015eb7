// What every store promises about jobs: leases, fences, attempts and effects.
#include "contract/store_contract.h"

namespace ara::storage {
namespace {

using std::chrono::microseconds;

class StoreJobs : public StoreContract {
 protected:
  static WallTime at(std::int64_t count) { return WallTime{microseconds{count}}; }

  PutJob put(const JobRow& row) { return store_->put_job(row, 1000, Call{}).value(); }
  std::optional<JobRow> lease(std::int64_t now, std::int64_t until, int most_interruptions = 100) {
    return store_
        ->lease_job({.holder = "worker-" + std::to_string(now),
                     .kinds = {"train", "batch"},
                     .now = at(now),
                     .until = at(until),
                     .most_interruptions = most_interruptions,
                     .expires = at(5000)},
                    Call{})
        .value();
  }
  JobRow found(const std::string& id) { return store_->find_job(id, Call{}).value().value(); }
  static JobTicket ticket(const JobRow& row) { return {row.id, row.fence}; }

  Result<void> touch(const JobTicket& ticket, double progress, std::string message = "at it") {
    return store_->touch_job({.ticket = ticket,
                              .now = at(150),
                              .until = at(400),
                              .progress = progress,
                              .message = std::move(message)},
                             Call{});
  }
  static JobEnd end(const JobRow& row, JobState state = JobState::done) {
    return {.ticket = ticket(row),
            .state = state,
            .now = at(300),
            .expires = at(9000),
            .result = "{}",
            .error = state == JobState::failed ? "why" : "",
            .effects = {}};
  }
  Result<void> give_back(const JobRow& row, std::optional<std::string> error,
                         std::int64_t not_before) {
    return store_->return_job({.ticket = ticket(row),
                               .now = at(160),
                               .not_before = at(not_before),
                               .error = std::move(error)},
                              Call{});
  }
  static ModelVersionRow version(std::string id) {
    return {.id = std::move(id),
            .model = "har",
            .asset_type = domain::AssetType::stock,
            .band = "1-5",
            .document = "{}",
            .created = at(1),
            .reason = {},
            .changed = at(1)};
  }
  static ForecastRow forecast(std::uint64_t number) {
    return {{0, number}, symbol("AAPL"), {1, 2}, domain::Date{}, 5, "har", at(7), "{}"};
  }
};
INSTANTIATE_TEST_SUITE_P(Every, StoreJobs, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreJobs, GivesBackWhatWasPut) {
  JobRow row = job("a", 5);
  row.idempotency_key = "once";
  row.slot = "AAPL";
  EXPECT_TRUE(put(row).created);
  reopen();
  const JobRow stored = found("a");
  EXPECT_EQ(stored.owner, "ann");
  EXPECT_EQ(stored.kind, "train");
  EXPECT_EQ(stored.payload, row.payload);
  EXPECT_EQ(stored.idempotency_key, "once");
  EXPECT_EQ(stored.slot, "AAPL");
  EXPECT_EQ(stored.max_attempts, 3);
  EXPECT_EQ(stored.state, JobState::queued);
  EXPECT_EQ(stored.created, at(5));
  EXPECT_EQ(stored.updated, at(5));
  EXPECT_EQ(stored.attempts, 0);
  EXPECT_EQ(stored.progress, 0);
  EXPECT_FALSE(stored.expires.has_value());
  EXPECT_FALSE(store_->find_job("b", Call{}).value().has_value());
  expect_error(store_->put_job(job("a", 6), 1000, Call{}), Code::conflict);
}

TEST_P(StoreJobs, AnIdempotencyKeyIsOneJobOfItsOwner) {
  JobRow row = job("a", 5);
  row.idempotency_key = "key";
  ASSERT_TRUE(put(row).created);
  JobRow again = job("b", 6);
  again.idempotency_key = "key";
  again.kind = "batch";
  const PutJob second = put(again);
  EXPECT_FALSE(second.created);
  EXPECT_EQ(second.job.id, "a");
  EXPECT_EQ(second.job.kind, "train");
  again.owner = "bob";
  EXPECT_TRUE(put(again).created);
  // Also once it has ended.
  const JobRow leased = lease(10, 20).value();
  ASSERT_TRUE(store_->finish_job(end(leased), Call{}));
  row.id = "c";
  EXPECT_EQ(put(row).job.state, JobState::done);
}

TEST_P(StoreJobs, OneJobIsQueuedInASlot) {
  JobRow row = job("a", 5);
  row.slot = "AAPL";
  ASSERT_TRUE(put(row).created);
  row.id = "b";
  EXPECT_EQ(put(row).job.id, "a");
  row.kind = "batch";
  EXPECT_TRUE(put(row).created);
  // Once it runs, what it read may be old: another may queue.
  ASSERT_EQ(lease(10, 20)->id, "a");
  row = job("c", 6);
  row.slot = "AAPL";
  EXPECT_TRUE(put(row).created);
}

TEST_P(StoreJobs, AnOwnerHasSoManyOpenJobs) {
  ASSERT_TRUE(store_->put_job(job("a", 1), 2, Call{}));
  ASSERT_TRUE(store_->put_job(job("b", 2), 2, Call{}));
  expect_error(store_->put_job(job("c", 3), 2, Call{}), Code::overloaded);
  JobRow other = job("d", 4);
  other.owner = "bob";
  EXPECT_TRUE(store_->put_job(other, 2, Call{}));
  ASSERT_TRUE(store_->cancel_job("a", at(5), at(99), Call{}));
  EXPECT_TRUE(store_->put_job(job("c", 3), 2, Call{}));
}

TEST_P(StoreJobs, LeasesTheOldestFreeJobOfAKnownKind) {
  EXPECT_FALSE(lease(0, 9).has_value());
  put(job("young", 20));
  put(job("old", 10));
  JobRow strange = job("strange", 1);
  strange.kind = "of a newer program";
  put(strange);
  JobRow later = job("later", 2);
  later.not_before = at(150);
  put(later);
  const auto first = lease(100, 200);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->id, "old");
  EXPECT_EQ(first->state, JobState::running);
  EXPECT_EQ(first->leased_until, at(200));
  EXPECT_EQ(first->heartbeat, at(100));
  EXPECT_EQ(first->holder, "worker-100");
  EXPECT_EQ(first->attempts, 0);
  EXPECT_EQ(lease(100, 200)->id, "young");
  EXPECT_FALSE(lease(149, 300).has_value());
  EXPECT_EQ(lease(150, 300)->id, "later");
  EXPECT_FALSE(lease(199, 300).has_value());
}

TEST_P(StoreJobs, ALeaseThatEndedIsGivenToAnother) {
  put(job("a", 1));
  const JobRow first = lease(100, 200).value();
  ASSERT_TRUE(touch(ticket(first), 0.5));
  EXPECT_FALSE(lease(399, 500).has_value()) << "a sign of life keeps the lease";
  const JobRow second = lease(400, 500).value();
  EXPECT_EQ(second.id, "a");
  EXPECT_GT(second.fence, first.fence);
  EXPECT_EQ(second.interruptions, 1);
  EXPECT_EQ(second.attempts, 0) << "an interruption is no attempt";
  EXPECT_EQ(second.progress, 0.5);
  // The first holder lives after all, and may write nothing.
  expect_error(touch(ticket(first), 0.9), Code::conflict);
  expect_error(store_->finish_job(end(first), Call{}), Code::conflict);
  expect_error(give_back(first, "late", 1), Code::conflict);
  EXPECT_EQ(found("a").progress, 0.5);
  ASSERT_TRUE(store_->finish_job(end(second), Call{}));
  expect_error(store_->finish_job(end(second), Call{}), Code::conflict);
  reopen();
  EXPECT_EQ(found("a").state, JobState::done);
  EXPECT_EQ(found("a").result, "{}");
  EXPECT_EQ(found("a").progress, 1);
  EXPECT_EQ(found("a").expires, at(9000));
  EXPECT_FALSE(lease(10'000, 10'100).has_value());
}

TEST_P(StoreJobs, ProgressNeverGoesBack) {
  put(job("a", 1));
  JobRow row = lease(100, 200).value();
  ASSERT_TRUE(touch(ticket(row), 0.6, "more than half"));
  ASSERT_TRUE(touch(ticket(row), 0.4, "anew"));
  EXPECT_EQ(found("a").progress, 0.6);
  EXPECT_EQ(found("a").message, "anew");
  ASSERT_TRUE(give_back(row, "broke", 100));
  row = lease(100, 200).value();
  EXPECT_EQ(row.progress, 0.6);
  ASSERT_TRUE(touch(ticket(row), 0.1));
  EXPECT_EQ(found("a").progress, 0.6);
  ASSERT_TRUE(touch(ticket(row), 7));
  EXPECT_EQ(found("a").progress, 1);
}

TEST_P(StoreJobs, WhatIsGivenBackComesLater) {
  put(job("a", 1));
  JobRow row = lease(100, 200).value();
  ASSERT_TRUE(give_back(row, "broke", 500));
  EXPECT_EQ(found("a").state, JobState::queued);
  EXPECT_EQ(found("a").error, "broke");
  EXPECT_EQ(found("a").attempts, 1);
  EXPECT_FALSE(lease(499, 600).has_value());
  row = lease(500, 600).value();
  ASSERT_TRUE(give_back(row, std::nullopt, 0));
  EXPECT_EQ(found("a").attempts, 1);
  EXPECT_EQ(found("a").interruptions, 0);
  EXPECT_EQ(found("a").error, "broke");
  row = lease(500, 600).value();
  ASSERT_TRUE(store_->finish_job(end(row, JobState::failed), Call{}));
  EXPECT_EQ(found("a").attempts, 2);
  EXPECT_EQ(found("a").state, JobState::failed);
  EXPECT_EQ(found("a").error, "why");
}

TEST_P(StoreJobs, AJobThatEndsItsHoldersFails) {
  put(job("a", 1));
  ASSERT_TRUE(lease(100, 200, 2));
  ASSERT_TRUE(lease(200, 300, 2));
  ASSERT_TRUE(lease(300, 400, 2));
  EXPECT_FALSE(lease(400, 500, 2).has_value());
  const JobRow row = found("a");
  EXPECT_EQ(row.state, JobState::failed);
  EXPECT_EQ(row.interruptions, 3);
  EXPECT_EQ(row.expires, at(5000));
  EXPECT_NE(row.error.find("3 times"), std::string::npos) << row.error;
}

TEST_P(StoreJobs, ACancelledJobWritesNothing) {
  put(job("waiting", 1));
  EXPECT_EQ(store_->cancel_job("waiting", at(9), at(99), Call{})->state, JobState::cancelled);
  EXPECT_FALSE(lease(100, 200).has_value());
  put(job("running", 2));
  const JobRow row = lease(100, 200).value();
  EXPECT_EQ(store_->cancel_job("running", at(150), at(999), Call{})->state, JobState::cancelled);
  expect_error(touch(ticket(row), 1), Code::conflict);
  JobEnd late = end(row);
  late.effects.forecasts = {forecast(1)};
  expect_error(store_->finish_job(late, Call{}), Code::conflict);
  EXPECT_FALSE(store_->find_forecast({0, 1}, Call{}).value().has_value());
  EXPECT_EQ(found("running").state, JobState::cancelled);
  EXPECT_EQ(found("running").expires, at(999));
  // Cancelling what has ended changes nothing.
  EXPECT_EQ(store_->cancel_job("running", at(200), at(5000), Call{})->expires, at(999));
  expect_error(store_->cancel_job("unknown", at(1), at(2), Call{}), Code::not_found);
}

TEST_P(StoreJobs, EffectsComeWithTheEndOrNotAtAll) {
  put(job("a", 1));
  const JobRow row = lease(100, 200).value();
  const std::uint64_t before = store_->registry_version(Call{}).value();
  JobEnd wrong = end(row);
  wrong.effects = {{forecast(1)}, {version("har-1")}, {"har-1", "har-2"}};
  expect_error(store_->finish_job(wrong, Call{}), Code::not_found);
  reopen();
  EXPECT_FALSE(store_->find_forecast({0, 1}, Call{}).value().has_value());
  EXPECT_FALSE(store_->find_model("har-1", Call{}).value().has_value());
  EXPECT_EQ(found("a").state, JobState::running);
  EXPECT_EQ(store_->registry_version(Call{}).value(), before);

  JobEnd right = wrong;
  right.effects.promoted = {"har-1"};
  ASSERT_TRUE(store_->finish_job(right, Call{}));
  reopen();
  EXPECT_TRUE(store_->find_forecast({0, 1}, Call{}).value().has_value());
  EXPECT_EQ(store_->find_model("har-1", Call{}).value()->status, ModelStatus::champion);
  EXPECT_GT(store_->registry_version(Call{}).value(), before);
  JobEnd other = end(row);
  other.state = JobState::cancelled;
  expect_error(store_->finish_job(other, Call{}), Code::invalid);
}

TEST_P(StoreJobs, ListsByOwnerNewestFirst) {
  for (int i = 0; i < 5; ++i) put(job(std::to_string(i), i));
  JobRow other = job("other", 9);
  other.owner = "bob";
  other.kind = "batch";
  put(other);
  const auto ids = [&](const JobFilter& filter) {
    std::string all;
    const JobPage page = store_->jobs(filter, Call{}).value();
    for (const JobRow& row : page.jobs) all += row.id + " ";
    return all;
  };
  EXPECT_EQ(ids({.owner = "ann", .kinds = {}, .state = {}}), "4 3 2 1 0 ");
  EXPECT_EQ(ids({.owner = "ann", .kinds = {}, .state = {}, .limit = 2, .offset = 1}), "3 2 ");
  EXPECT_EQ(ids({.owner = {}, .kinds = {}, .state = {}}), "other 4 3 2 1 0 ");
  EXPECT_EQ(ids({.owner = {}, .kinds = {"batch", "x"}, .state = {}}), "other ");
  EXPECT_EQ(ids({.owner = "eve", .kinds = {}, .state = {}}), "");
  const JobRow row = lease(100, 200).value();
  EXPECT_EQ(ids({.owner = {}, .kinds = {}, .state = JobState::running}), "0 ");
  EXPECT_EQ(store_->count_jobs(Call{})->running, 1u);
  EXPECT_EQ(store_->count_jobs(Call{})->queued, 5u);
  ASSERT_TRUE(store_->finish_job(end(row), Call{}));
  const JobFilter done{.owner = "ann", .kinds = {}, .state = JobState::done, .limit = 0};
  EXPECT_EQ(store_->jobs(done, Call{})->total, 1u);
  EXPECT_EQ(ids({.owner = "ann", .kinds = {}, .state = JobState::done, .now = at(9000)}), "");
  EXPECT_EQ(store_->count_jobs(Call{})->running, 0u);
}

TEST_P(StoreJobs, PrunesWhatExpired) {
  for (int i = 0; i < 450; ++i) {
    put(job(std::to_string(i), i));
    ASSERT_TRUE(store_->cancel_job(std::to_string(i), at(i), at(1000 + i), Call{}));
  }
  put(job("open", 1));
  EXPECT_EQ(store_->prune_jobs(at(1439), Call{}).value(), 440u);
  EXPECT_EQ(store_->prune_jobs(at(1439), Call{}).value(), 0u);
  EXPECT_FALSE(store_->find_job("439", Call{}).value().has_value());
  EXPECT_EQ(found("440").state, JobState::cancelled);
  EXPECT_EQ(found("open").state, JobState::queued);
}

}  // namespace
}  // namespace ara::storage
