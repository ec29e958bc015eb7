// Shards come and go while others write and read.
#include <atomic>
#include <thread>

#include "unit/storage/shard_fixture.h"

namespace ara::storage {
namespace {

class Reshard : public ShardFixture {
 protected:
  static domain::Date date(int day) { return domain::Date{std::chrono::days{day}}; }
  static WallTime at(std::int64_t count) { return WallTime{std::chrono::seconds{count}}; }

  /// Of each symbol one day that is settled, and one that is due.
  static void fill_settlements(Store& store, int symbols) {
    std::vector<ExpectationRow> rows;
    std::vector<SettlementRow> ends;
    for (int i = 0; i < symbols; ++i) {
      for (const int day : {1, 2}) {
        rows.push_back({.key = {symbol(i), date(0), "har-1", day},
                        .forecast = {static_cast<std::uint64_t>(i), 0},
                        .due = date(day - 20'000),
                        .price = i / 7.0,
                        .change = domain::QuantileFunction::normal(i / 3.0, 0.01),
                        .created = at(i)});
      }
      ends.push_back({rows.back().key, Outcome{i / 7.0, i / 3.0, 5, i / 9.0, i / 11.0}, at(i + 1)});
    }
    ASSERT_TRUE(store.expect(rows, Call{}));
    ASSERT_EQ(store.settle(ends, Call{}).value(), ends.size());
  }
  void expect_settlements(Store& store, int symbols) {
    const auto settled = store.settled(domain::AssetType::stock, 10'000, Call{});
    ASSERT_TRUE(settled) << settled.error().message;
    ASSERT_EQ(settled->size(), static_cast<std::size_t>(symbols));
    for (int i = 0; i < symbols; ++i) {
      const SettlementRow& row = (*settled)[static_cast<std::size_t>(symbols - 1 - i)];
      ASSERT_EQ(row.key.symbol, symbol(i));
      ASSERT_EQ(row.outcome->crps, i / 9.0);
    }
    now_ += 1000;  // what was leased before is free again
    const auto due = store.lease_settlements(at(now_), at(now_ + 10), date(0), 10'000, Call{});
    ASSERT_TRUE(due) << due.error().message;
    EXPECT_EQ(due->size(), static_cast<std::size_t>(symbols));
  }
  std::int64_t now_ = 0;

  /// All heads are there, and change only where their version does.
  static void expect_steady_heads(Store& store, int symbols) {
    const auto before = store.changed_heads({}, Call{});
    const auto heads = store.symbols(Call{});
    const auto again = store.symbols(Call{});
    const auto after = store.changed_heads({}, Call{});
    ASSERT_TRUE(before && heads && again && after);
    ASSERT_EQ(heads->size(), static_cast<std::size_t>(symbols));
    ASSERT_EQ(again->size(), static_cast<std::size_t>(symbols));
    if (before->mark != after->mark) return;
    for (std::size_t i = 0; i < heads->size(); ++i) {
      ASSERT_EQ((*heads)[i].revision, (*again)[i].revision);
    }
  }
};

TEST_F(Reshard, GrowsAndShrinksAndKeepsEveryRow) {
  auto store = open_store();
  fill(*store, 300, 50);
  std::vector<ForecastRow> forecasts;
  for (int i = 0; i < 400; ++i) forecasts.push_back(forecast(i));
  ASSERT_TRUE(store->put_forecasts(forecasts, Call{}));
  fill_settlements(*store, 300);
  const auto check = [&](double moved_at_most, const Result<ReshardProgress>& done) {
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->slots_moved, done->slots);
    EXPECT_GT(done->slots, 0);
    // 300 symbols are few: the share of symbols strays further from that of slots.
    EXPECT_LE(static_cast<double>(done->slots_moved) / domain::kSlots, moved_at_most);
    EXPECT_LE(static_cast<double>(done->rows.symbols) / 300, moved_at_most + 0.08);
    EXPECT_EQ(done->rows.bars, 50 * done->rows.symbols);
    expect_whole(*store, 300);
    expect_whole(*open_store(), 300);
    EXPECT_EQ(rows_everywhere(), rows(300, 300 * 50, 400));
    expect_settlements(*open_store(), 300);
    for (const ForecastRow& one : forecasts) {
      const auto found = store->find_forecast(one.id, Call{});
      ASSERT_TRUE(found && *found) << "forecast " << to_hex(one.id);
      ASSERT_EQ((*found)->bytes, one.bytes);
    }
  };
  check(1.0 / 2, reshard(catalog(), add_of(1)));
  check(1.0 / 3 + 0.001, reshard(catalog(), add_of(2)));
  const auto report = report_shards(catalog());
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->shards.size(), 3u);
  std::uint64_t symbols = 0;
  for (const ShardState& one : report->shards) {
    EXPECT_NEAR(one.slots, domain::kSlots / 3.0, 1.0);
    EXPECT_GT(one.symbols.value(), 60u);
    symbols += one.symbols.value();
  }
  EXPECT_EQ(symbols, 300u);
  EXPECT_FALSE(report->under_way);
  EXPECT_EQ(reshard(catalog(), add_of(2))->slots, 0);
  check(1.0 / 3 + 0.001, reshard(catalog(), remove_of(1)));
  check(1.0 / 2 + 0.001, reshard(catalog(), remove_of(2)));
  EXPECT_EQ(reshard(catalog(), remove_of(2))->slots, 0);
  // What was a shard may be one again.
  check(1.0 / 2, reshard(catalog(), add_of(1)));
}

TEST_F(Reshard, LosesAndDoublesNothingUnderWritersAndReaders) {
  constexpr int kSymbols = 120;
  constexpr int kDays = 20;
  fill(*open_store(), kSymbols, kDays);
  std::atomic<bool> stop = false;
  std::atomic<int> writes = 0;
  std::atomic<int> reads = 0;
  // Each writer has its own symbols and appends day after day; what was acknowledged is to be seen
  // at once, by a node that learns of the map by itself.
  std::vector<int> written(kSymbols, kDays);
  const auto write = [&](int first) {
    auto store = open_store();
    for (int i = first; !stop; i = i + 2 < kSymbols ? i + 2 : first) {
      const auto index = static_cast<std::size_t>(i);
      const auto put =
          store->put_bars(symbol(i), domain::AssetType::stock, bars(i, written[index], 1), Call{});
      ASSERT_TRUE(put) << put.error().message;
      ASSERT_EQ(put->inserted, 1u);
      ++written[index];
      const auto seen = store->last_bars(symbol(i), 1'000'000, Call{});
      ASSERT_TRUE(seen) << seen.error().message;
      ASSERT_EQ(seen->revision, put->revision);
      ASSERT_EQ(seen->bars.size(), static_cast<std::size_t>(written[index]));
      ++writes;
    }
  };
  const auto read = [&] {
    auto store = open_store();
    std::vector<std::uint64_t> newest(kSymbols, 0);
    for (int i = 0; !stop; i = (i + 7) % kSymbols) {
      const auto series = store->last_bars(symbol(i), 1'000'000, Call{});
      ASSERT_TRUE(series) << series.error().message;
      std::uint64_t content = 0;
      for (const domain::Bar& one : series->bars) content += domain::content_of(one);
      ASSERT_EQ(series->revision.content, content);
      ASSERT_GE(series->revision.counter, newest[static_cast<std::size_t>(i)]);
      newest[static_cast<std::size_t>(i)] = series->revision.counter;
      if (++reads % 10 == 0) expect_steady_heads(*store, kSymbols);
    }
  };
  std::thread threads[] = {std::thread([&] { write(0); }), std::thread([&] { write(1); }),
                           std::thread(read), std::thread(read)};
  const std::vector<ReshardRequest> requests{add_of(1), add_of(2), remove_of(1), remove_of(2)};
  for (const ReshardRequest& one : requests) {
    const auto done = reshard(catalog(), one);
    EXPECT_TRUE(done) << done.error().message;
    if (done) {
      RecordProperty(one.name + std::string(to_string(one.action)) + " freeze ms",
                     static_cast<int>(done->longest_freeze.count()));
    }
  }
  stop = true;
  for (std::thread& one : threads) one.join();
  std::int64_t all = 0;
  for (const int days : written) all += days;
  EXPECT_EQ(rows_everywhere(), rows(kSymbols, all, 0));
  expect_whole(*open_store(), kSymbols);
  EXPECT_GT(writes, 50);
  EXPECT_GT(reads, 50);
  std::printf("%d writes, %d reads\n", writes.load(), reads.load());
}

TEST_F(Reshard, GoesOnWhereItWasStoppedAtAnyStep) {
  constexpr int kSymbols = 160;  // two moves of the new shard's half
  auto store = open_store();
  fill(*store, kSymbols, 10);
  struct Stop {
    std::string_view step;
    int time = 1;  ///< that it comes to this step
  };
  const std::vector<Stop> stops{{"begin"},     {"join"},       {"plan"},     {"mark"},
                                {"copy"},      {"freeze"},     {"write", 1}, {"write", 2},
                                {"prepare"},   {"prepare", 2}, {"decide"},   {"finish", 1},
                                {"finish", 2}, {"clean"},      {"verify"},   {"end"}};
  int day = 10;
  for (const ReshardRequest& request : {add_of(1), remove_of(1)}) {
    for (const Stop& stop : stops) {
      int times = 0;
      const ReshardWatch watch{.progress = {}, .stop_before = [&](std::string_view step) {
                                 return step == stop.step && ++times == stop.time;
                               }};
      const auto done = reshard(catalog(), request, watch);
      ASSERT_FALSE(done) << stop.step << " " << stop.time << " did not come";
      ASSERT_EQ(describe(done.error().code).name, describe(Code::unavailable).name)
          << done.error().message;
      // Whatever it left behind, everything is read and written.
      expect_whole(*store, kSymbols);
      for (const int i : {0, 1, 2, 3, 4, 5, 6, 7}) {
        const auto put =
            store->put_bars(symbol(i), domain::AssetType::stock, bars(i, day, 1), Call{});
        ASSERT_TRUE(put) << stop.step << ": " << put.error().message;
        ASSERT_EQ(put->inserted, 1u);
      }
      ++day;
    }
    const auto done = reshard(catalog(), request);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->slots_moved, domain::kSlots / 2);
    expect_whole(*store, kSymbols);
    EXPECT_EQ(rows_everywhere(), rows(kSymbols, kSymbols * 10 + 8 * (day - 10), 0));
  }
}

TEST_F(Reshard, RefusesWhatCannotBeMeant) {
  auto store = open_store();
  const auto code = [](const auto& result) {
    return result ? std::string("done") : std::string(describe(result.error().code).name);
  };
  const std::string invalid(describe(Code::invalid).name);
  const std::string conflict(describe(Code::conflict).name);
  for (const std::string hosts : {"", "db", "db:0", "db:x", "db:1,", "db:1/A B", "u@db:1"}) {
    EXPECT_EQ(code(reshard(catalog(), {ReshardAction::add, "b", hosts})), invalid) << hosts;
  }
  EXPECT_EQ(code(reshard(catalog(), {ReshardAction::add, "b!", databases_[1]->hosts()})), invalid);
  EXPECT_EQ(code(reshard(catalog(), {ReshardAction::remove, "catalog", ""})), invalid);
  EXPECT_EQ(code(reshard("ara.db", add_of(1))), describe(Code::unsupported).name);
  // The catalog itself, and a database in use, are no new shards.
  const auto itself = reshard(catalog(), {ReshardAction::add, "b", databases_[0]->hosts()});
  EXPECT_EQ(code(itself), conflict);
}

TEST_F(Reshard, ADatabaseInUseIsNoNewShard) {
  auto store = open_store();
  fill(*open(databases_[1]->primary()).value(), 1, 1);
  const auto used = reshard(catalog(), add_of(1));
  ASSERT_FALSE(used);
  EXPECT_NE(used.error().message.find("in use"), std::string::npos) << used.error().message;
  // It was begun all the same, and nothing else may begin before it has ended.
  const auto other = reshard(catalog(), add_of(2));
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("--add b"), std::string::npos) << other.error().message;
  ASSERT_TRUE(reshard(catalog(), remove_of(1)));
  EXPECT_TRUE(reshard(catalog(), add_of(2)));
}

TEST_F(Reshard, AShardIsNoCatalog) {
  auto store = open_store();
  ASSERT_TRUE(reshard(catalog(), add_of(1)));
  const auto wrong = open(databases_[1]->primary());
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("catalog"), std::string::npos) << wrong.error().message;
}

}  // namespace
}  // namespace ara::storage
