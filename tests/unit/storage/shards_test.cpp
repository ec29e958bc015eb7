// What a shard refuses, and writes that span several.
#include <thread>

#include "storage/postgres_store.h"
#include "unit/storage/shard_fixture.h"

namespace ara::storage {
namespace {

class Shards : public ShardFixture {
 protected:
  /// A symbol of that shard, by the map of two.
  int symbol_on(std::size_t shard) const {
    for (int i = 0;; ++i) {
      const bool second = domain::slot_of(symbol(i).text()) >= domain::kSlots / 2;
      if (second == (shard == 1)) return i;
    }
  }
  std::size_t prepared(std::size_t shard) const {
    auto store = alone(shard);
    const auto rows = store->primary().connection(Call{}).value()->run(
        "SELECT 1 FROM pg_prepared_xacts WHERE database = current_database()");
    return static_cast<std::size_t>(rows->size());
  }
  static std::vector<SymbolBars> batch_of(const std::vector<domain::Bar>& a, int first,
                                          const std::vector<domain::Bar>& b, int second) {
    return {{symbol(first), domain::AssetType::stock, a},
            {symbol(second), domain::AssetType::stock, b}};
  }
};

TEST_F(Shards, RefuseWhatLiesElsewhere) {
  auto old = open_store();  // has a map of one shard
  ASSERT_TRUE(reshard(catalog(), add_of(1)));
  auto first = alone(0);
  auto second = alone(1);
  const domain::Symbol away = symbol(symbol_on(1));
  const auto made = bars(1, 0, 3);
  const auto refused = [](const auto& result) { return !result && is_moved(result.error()); };
  EXPECT_TRUE(refused(first->put_bars(away, domain::AssetType::stock, made, Call{})));
  EXPECT_TRUE(refused(first->find_symbol(away, Call{})));
  EXPECT_TRUE(refused(first->last_bars(away, 5, Call{})));
  EXPECT_TRUE(refused(first->bars(away, {}, Call{})));
  EXPECT_TRUE(refused(first->symbols(Call{})));
  EXPECT_TRUE(refused(second->find_forecast({0, 1}, Call{})));
  ForecastRow row = forecast(1);
  row.id = {0, 1};
  EXPECT_TRUE(refused(second->put_forecasts({&row, 1}, Call{})));
  EXPECT_EQ(rows_everywhere(), rows(0, 0, 0));
  // A node with the old map finds out and asks again.
  const auto put = old->put_bars(away, domain::AssetType::stock, made, Call{});
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(old->last_bars(away, 5, Call{})->bars.size(), 3u);
  EXPECT_EQ(second->find_symbol(away, Call{}).value()->bars, 3u);
}

TEST_F(Shards, WhileASlotIsNowhereTheAnswerWaitsUntilTheDeadline) {
  ASSERT_TRUE(reshard(catalog(), add_of(1)));
  auto store = open_store();
  const domain::Symbol away = symbol(symbol_on(1));
  ASSERT_TRUE(store->put_bars(away, domain::AssetType::stock, bars(1, 0, 3), Call{}));
  auto second = alone(1);
  const auto set = [&](const std::string& state) {
    ASSERT_TRUE(second->primary().connection(Call{}).value()->run(
        "UPDATE owned_slots SET state = '" + state + "'"));
  };
  set("incoming");
  const auto begun = system_clock().steady();
  const auto late = store->last_bars(away, 5, {Deadline::after(std::chrono::milliseconds{300})});
  ASSERT_FALSE(late);
  EXPECT_EQ(describe(late.error().code).http_status, 503);
  EXPECT_GE(system_clock().steady() - begun, std::chrono::milliseconds{200});
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    set("owned");
  });
  EXPECT_TRUE(store->last_bars(away, 5, Call{}));
  later.join();
}

TEST_F(Shards, WriteWholeOrNotAtAllWhereverTheWriterStops) {
  ASSERT_TRUE(reshard(catalog(), add_of(1)));
  ASSERT_TRUE(reshard(catalog(), add_of(2)));
  auto store = open_store();
  auto first = alone(0);
  auto second = alone(1);
  auto third = alone(2);
  int day = 0;
  struct Case {
    std::string step;
    int time;
    bool committed;
  };
  const std::vector<Case> cases{{"write", 1, false},   {"write", 2, false},  {"prepare", 1, false},
                                {"prepare", 2, false}, {"decide", 1, false}, {"finish", 1, true},
                                {"finish", 2, true}};
  for (const Case& one : cases) {
    ++day;
    int times = 0;
    JointWrite joint{.catalog = &first->primary(), .write = {}, .parts = {}};
    joint.write = [&](PgConnection& connection) {
      return only_done(connection.ask("INSERT INTO versions VALUES ($1, 1)",
                                      std::string_view(ara::format("day {}", day))));
    };
    for (const int number : {1, 2}) {
      PostgresStore& part = (number == 1 ? second : third)->primary();
      joint.parts.push_back({number, &part,
                             [&](PgConnection& connection) {
                               return only_done(
                                   connection.ask("INSERT INTO versions VALUES ($1, 1)",
                                                  std::string_view(ara::format("day {}", day))));
                             },
                             std::nullopt});
    }
    joint.stop_before = [&](std::string_view step) {
      return step == one.step && ++times == one.time;
    };
    ASSERT_FALSE(commit_jointly(joint, Call{}));
    // Some node settles it: at once what was decided, soon what was not.
    for (int tries = 0; prepared(1) + prepared(2) > 0 && tries < 80; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    EXPECT_EQ(prepared(1) + prepared(2), 0u) << one.step;
    for (auto* shard : {first.get(), second.get(), third.get()}) {
      const auto row = shard->primary().connection(Call{}).value()->run(
          ara::format("SELECT 1 FROM versions WHERE name = 'day {}'", day));
      EXPECT_EQ(row->size(), one.committed ? 1 : 0) << one.step << " " << one.time;
    }
  }
}

TEST_F(Shards, ManyFilesLandOnSeveralShardsAtOnce) {
  ASSERT_TRUE(reshard(catalog(), add_of(1)));
  auto store = open_store();
  auto other = open_store();
  const int a = symbol_on(0);
  const int b = symbol_on(1);
  constexpr int kWrites = 25;
  // Two writers with the same symbols in opposite order: neither waits for the other for ever.
  const auto write = [&](Store& to, int offset, bool turned) {
    for (int i = 0; i < kWrites; ++i) {
      const auto first = bars(a, 2 * i + offset, 1);
      const auto second = bars(b, 2 * i + offset, 1);
      const auto batch = turned ? batch_of(second, b, first, a) : batch_of(first, a, second, b);
      const auto put = to.put_all_bars(batch, Call{});
      ASSERT_TRUE(put) << put.error().message;
      ASSERT_EQ((*put)[0].inserted + (*put)[1].inserted, 2u);
    }
  };
  std::thread one([&] { write(*store, 0, false); });
  std::thread two([&] { write(*other, 1, true); });
  one.join();
  two.join();
  for (const int number : {a, b}) {
    const auto series = store->last_bars(symbol(number), 1000, Call{});
    ASSERT_TRUE(series);
    EXPECT_EQ(series->bars.size(), 2u * kWrites);
    EXPECT_EQ(series->revision.counter, 2u * kWrites);
  }
  EXPECT_EQ(prepared(0) + prepared(1), 0u);
  // One that is refused on one shard changes nothing on the other.
  const auto good = bars(a, 1000, 1);
  const auto bad = bars(b, 1000, 1);
  std::vector<SymbolBars> batch = batch_of(good, a, bad, b);
  batch[1].asset_type = domain::AssetType::crypto;
  const auto refused = store->put_all_bars(batch, Call{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(describe(refused.error().code).name, describe(Code::conflict).name);
  EXPECT_EQ(store->find_symbol(symbol(a), Call{}).value()->bars, 2u * kWrites);
}

TEST_F(Shards, AShardThatCannotBeReachedIsNamed) {
  ASSERT_TRUE(reshard(catalog(), add_of(1)));
  auto first = alone(0);
  ASSERT_TRUE(first->primary().connection(Call{}).value()->run(
      "UPDATE shards SET hosts = '127.0.0.1:1' WHERE number = 1"));
  auto store = open_store();  // opens all the same: the rest can be served
  const Call call{Deadline::after(std::chrono::seconds{2})};
  const auto heads = store->symbols(call);
  ASSERT_FALSE(heads);
  EXPECT_EQ(describe(heads.error().code).http_status, 503);
  EXPECT_NE(heads.error().message.find("shard 1 (b)"), std::string::npos) << heads.error().message;
  EXPECT_FALSE(store->find_symbol(symbol(symbol_on(1)), call));
  EXPECT_TRUE(store->find_symbol(symbol(symbol_on(0)), call));
}

TEST_F(Shards, AJobsForecastsComeWithItsEnd) {
  ASSERT_TRUE(reshard(catalog(), add_of(1)));
  auto store = open_store();
  JobRow row;
  row.id = "a";
  row.owner = "ann";
  row.kind = "batch";
  row.max_attempts = 3;
  ASSERT_TRUE(store->put_job(row, 10, Call{}));
  const auto at = [](std::int64_t us) { return WallTime{std::chrono::microseconds{us}}; };
  const auto leased = store->lease_job(
      {.holder = "w", .kinds = {"batch"}, .now = at(1), .until = at(9), .expires = at(99)}, Call{});
  ASSERT_TRUE(leased && *leased);
  JobEnd end{.ticket = {"a", (*leased)->fence + 1}, .now = at(2), .expires = at(99)};
  for (int i = 0; i < 20; ++i) end.effects.forecasts.push_back(forecast(i));
  EXPECT_FALSE(store->finish_job(end, Call{}));
  EXPECT_EQ(rows_everywhere()["forecasts"], 0);
  end.ticket.fence = (*leased)->fence;
  const auto done = store->finish_job(end, Call{});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(rows_everywhere()["forecasts"], 20);
  EXPECT_TRUE(store->find_forecast(forecast(7).id, Call{}).value());
  EXPECT_EQ(store->prune_forecasts(at(15), Call{}).value(), 15u);
}

}  // namespace
}  // namespace ara::storage
