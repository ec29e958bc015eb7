// What every store promises to threads and processes that use it at once.
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "contract/store_contract.h"

namespace ara::storage {
namespace {

using domain::AssetType;

class StoreConcurrency : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Every, StoreConcurrency, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreConcurrency, AReaderSeesOneRevisionWhole) {
  // The writer alternates between two series; each read must be the one its revision names.
  const std::vector<domain::Bar> versions[] = {bars(0, 300, 1), bars(0, 300, 2)};
  const std::uint64_t contents[] = {content_of(versions[0]), content_of(versions[1])};
  ASSERT_TRUE(put("AAPL", versions[0]));
  auto other = another();
  std::atomic<bool> stop = false;
  std::vector<std::future<int>> readers;
  for (int i = 0; i < 12; ++i) {  // more than there are connections
    Store& store = i % 2 == 0 ? *store_ : *other;
    readers.push_back(std::async(std::launch::async, [&] {
      int reads = 0;
      std::uint64_t newest = 0;
      do {
        const auto series = store.last_bars(symbol("AAPL"), 300, Call{}).value();
        const std::uint64_t content = content_of(series.bars);
        EXPECT_EQ(series.revision.content, content);
        EXPECT_EQ(content, contents[(series.revision.counter + 1) % 2]);
        EXPECT_GE(series.revision.counter, newest);
        newest = series.revision.counter;
        ++reads;
      } while (!stop);
      return reads;
    }));
  }
  for (std::uint64_t i = 1; i <= 60; ++i) {
    const auto outcome = put("AAPL", versions[i % 2]).value();
    EXPECT_EQ(outcome.revision.counter, i + 1);
    // Whoever wrote reads what was written.
    EXPECT_EQ(store_->last_bars(symbol("AAPL"), 1, Call{}).value().revision, outcome.revision);
  }
  stop = true;
  for (auto& reader : readers) EXPECT_GT(reader.get(), 0);
}

TEST_P(StoreConcurrency, WritersOfTwoStoresTakeTurns) {
  auto other = another();
  constexpr int kWrites = 40;
  const auto write = [&](Store& store, int offset) {
    for (int i = 0; i < kWrites; ++i) {
      const auto outcome =
          store.put_bars(symbol("AAPL"), AssetType::stock, bars(2 * i + offset, 1), Call{});
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
      ASSERT_EQ(outcome->inserted, 1u);
    }
  };
  std::thread first([&] { write(*store_, 0); });
  std::thread second([&] { write(*other, 1); });
  first.join();
  second.join();
  EXPECT_EQ(stored("AAPL").size(), 2u * kWrites);
  EXPECT_EQ(head("AAPL").revision, (domain::Revision{2u * kWrites, content_of(stored("AAPL"))}));
}

TEST_P(StoreConcurrency, AJobGoesToOneWorker) {
  constexpr int kJobs = 40;
  for (int i = 0; i < kJobs; ++i) {
    ASSERT_TRUE(store_->put_job(job(std::to_string(i)), kJobs, Call{}));
  }
  auto other = another();
  const auto work = [&](Store& store) {
    std::vector<std::string> mine;
    const JobLease lease{.holder = "one",
                         .kinds = {"train"},
                         .now = {},
                         .until = WallTime{std::chrono::microseconds{1}},
                         .expires = {}};
    for (;;) {
      const auto job = store.lease_job(lease, Call{}).value();
      if (!job) return mine;
      mine.push_back(job->id);
    }
  };
  std::vector<std::future<std::vector<std::string>>> workers;
  for (int i = 0; i < 4; ++i) {
    Store& store = i % 2 == 0 ? *store_ : *other;
    workers.push_back(std::async(std::launch::async, [&] { return work(store); }));
  }
  std::multiset<std::string> leased;
  for (auto& worker : workers) {
    const auto mine = worker.get();
    leased.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(leased.size(), static_cast<std::size_t>(kJobs));
  EXPECT_EQ(std::set<std::string>(leased.begin(), leased.end()).size(), leased.size());
}

TEST_P(StoreConcurrency, ManyOpenANewStoreAtOnce) {
  StorePlace fresh;
  std::vector<std::future<Result<std::unique_ptr<Store>>>> opening;
  for (int i = 0; i < 8; ++i) {
    opening.push_back(std::async(std::launch::async, [&] { return GetParam().open(fresh); }));
  }
  for (auto& one : opening) {
    const auto opened = one.get();
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_TRUE((*opened)->symbols(Call{}).has_value());
  }
}

}  // namespace
}  // namespace ara::storage
