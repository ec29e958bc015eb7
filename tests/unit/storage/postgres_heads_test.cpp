// How PostgreSQL tells what has changed of heads, whatever else writes to it.
#include <algorithm>
#include <future>

#include "storage/postgres_bars.h"
#include "unit/storage/shard_fixture.h"

namespace ara::storage {
namespace {

using namespace std::chrono_literals;

class PostgresHeads : public ShardFixture {
 protected:
  static std::vector<std::string> names(const Result<HeadChanges>& changes) {
    EXPECT_TRUE(changes && !changes->all);
    std::vector<std::string> texts;
    for (const SymbolRow& row : changes->rows) texts.push_back(row.symbol.text());
    return texts;
  }
  static int part_of(int number) { return domain::slot_of(symbol(number).text()) % kHeadParts; }
};

TEST_F(PostgresHeads, ACommitThatIsLateHoldsUpThoseThatCountOnFromIt) {
  const auto store = alone(0);
  int second = 1;
  while (part_of(second) != part_of(0)) ++second;  // both are counted in one row
  fill(*store, second + 1, 2);
  const HeadsMark mark = store->changed_heads({}, Call{})->mark;

  auto connection = store->primary().connection(Call{});
  ASSERT_TRUE(connection);
  const std::vector<domain::Bar> more = bars(0, 2, 1);
  const SymbolBars first{symbol(0), domain::AssetType::stock, more};
  ASSERT_TRUE((*connection)->run("BEGIN"));
  ASSERT_TRUE(write_bars(**connection, {&first, 1}));  // has its number, and is not committed
  auto other = std::async(std::launch::async, [&] {
    return store->put_bars(symbol(second), domain::AssetType::stock, bars(second, 2, 1), Call{});
  });
  EXPECT_EQ(other.wait_for(300ms), std::future_status::timeout);
  EXPECT_EQ(names(store->changed_heads(mark, Call{})), std::vector<std::string>{});
  ASSERT_TRUE((*connection)->run("COMMIT"));
  ASSERT_TRUE(other.get());
  std::vector<std::string> both{symbol(0).text(), symbol(second).text()};
  std::ranges::sort(both);
  EXPECT_EQ(names(store->changed_heads(mark, Call{})), both);
}

TEST_F(PostgresHeads, WhatAnOlderProgramWritesIsToldTillItIsWrittenAnew) {
  const auto store = alone(0);
  fill(*store, 3, 2);
  const HeadsMark mark = store->changed_heads({}, Call{})->mark;
  auto connection = store->primary().connection(Call{});
  ASSERT_TRUE(connection);
  // As it did before there was a column for it.
  ASSERT_TRUE(
      (*connection)
          ->ask("UPDATE symbols SET revision = revision + 1 WHERE symbol = $1", symbol(1).text()));
  ASSERT_TRUE(
      (*connection)->ask("UPDATE heads SET version = version + 1 WHERE part = $1", part_of(1)));
  const auto changes = store->changed_heads(mark, Call{});
  EXPECT_EQ(names(changes), std::vector<std::string>{"S1"});
  ASSERT_TRUE(store->put_bars(symbol(1), domain::AssetType::stock, bars(1, 2, 1), Call{}));
  const auto anew = store->changed_heads(changes->mark, Call{});
  EXPECT_EQ(names(anew), std::vector<std::string>{"S1"});
  ASSERT_TRUE(
      (*connection)->ask("UPDATE heads SET version = version + 1 WHERE part = $1", part_of(1)));
  EXPECT_EQ(names(store->changed_heads(anew->mark, Call{})), std::vector<std::string>{});
}

TEST_F(PostgresHeads, WhereSlotsHaveMovedAllIsTold) {
  const auto store = open_store();
  fill(*store, 50, 2);
  const HeadsMark mark = store->changed_heads({}, Call{})->mark;
  const auto added = reshard(catalog(), add_of(1));
  ASSERT_TRUE(added) << added.error().message;
  auto changes = store->changed_heads(mark, Call{});
  ASSERT_TRUE(changes) << changes.error().message;
  EXPECT_TRUE(changes->all);
  EXPECT_EQ(changes->rows.size(), 50u);
  ASSERT_TRUE(store->put_bars(symbol(7), domain::AssetType::stock, bars(7, 2, 1), Call{}));
  EXPECT_EQ(names(store->changed_heads(changes->mark, Call{})), std::vector<std::string>{"S7"});
}

}  // namespace
}  // namespace ara::storage
