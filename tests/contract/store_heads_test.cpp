// What every store promises to who follows heads by what has changed.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "base/format.h"
#include "contract/store_contract.h"

namespace ara::storage {
namespace {

using domain::AssetType;

class StoreHeads : public StoreContract {
 protected:
  static std::vector<std::string> names(const HeadChanges& changes) {
    std::vector<std::string> texts;
    for (const SymbolRow& row : changes.rows) texts.push_back(row.symbol.text());
    return texts;
  }
  HeadChanges since(const HeadsMark& mark) { return store_->changed_heads(mark, Call{}).value(); }
};
INSTANTIATE_TEST_SUITE_P(Every, StoreHeads, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

using Names = std::vector<std::string>;

TEST_P(StoreHeads, WhatHasChangedIsToldAndNothingElse) {
  EXPECT_TRUE(since({}).rows.empty());
  for (const char* name : {"C", "A", "B"}) ASSERT_TRUE(put(name, bars(0, 3)));
  const HeadChanges first = since({});
  EXPECT_TRUE(first.all);
  EXPECT_EQ(names(first), (Names{"A", "B", "C"}));
  const HeadChanges none = since(first.mark);
  EXPECT_FALSE(none.all);
  EXPECT_EQ(names(none), Names{});
  EXPECT_EQ(none.mark, first.mark);

  auto other = another();
  ASSERT_TRUE(other->put_bars(symbol("D"), AssetType::crypto, bars(0, 2), Call{}));
  ASSERT_TRUE(put("A", bars(2, 5)));
  ASSERT_TRUE(put("B", bars(0, 3)));  // what is stored already
  const HeadChanges changes = since(first.mark);
  EXPECT_FALSE(changes.all);
  ASSERT_EQ(names(changes), (Names{"A", "D"}));
  EXPECT_EQ(changes.rows[0].revision, head("A").revision);
  EXPECT_EQ(changes.rows[0].bars, 7u);
  EXPECT_EQ(changes.rows[1].asset_type, AssetType::crypto);
  EXPECT_EQ(names(since(changes.mark)), Names{});
  // Whoever kept the first mark is told the same, by another process too.
  EXPECT_EQ(names(other->changed_heads(first.mark, Call{}).value()), (Names{"A", "D"}));
  reopen();
  EXPECT_EQ(names(since(first.mark)), (Names{"A", "D"}));
}

TEST_P(StoreHeads, AMarkOfAnotherStoreOrOfTheFutureGivesAll) {
  ASSERT_TRUE(put("A", bars(0, 3)));
  const HeadChanges first = since({});
  HeadsMark ahead = first.mark;
  for (std::uint64_t& number : ahead) number += 1000;
  for (const HeadsMark& mark : {ahead, HeadsMark{1, 2, 3}}) {
    const HeadChanges changes = since(mark);
    EXPECT_TRUE(changes.all);
    EXPECT_EQ(names(changes), Names{"A"});
    EXPECT_EQ(changes.mark, first.mark);
  }
}

TEST_P(StoreHeads, NoChangeIsLostWhileManyWriteAtOnce) {
  constexpr int kSymbols = 40, kWriters = 4, kWrites = 25;
  std::mutex mutex;
  std::map<std::string, std::uint64_t> acknowledged;
  std::atomic<int> writing = kWriters;
  auto other = another();
  std::vector<std::jthread> writers;
  for (int number = 0; number < kWriters; ++number) {
    writers.emplace_back([&, number] {
      Store& store = number % 2 == 0 ? *store_ : *other;
      for (int i = 0; i < kWrites; ++i) {
        // Batches of two, so that writers overlap and wait for one another in all sorts of ways.
        const std::vector<domain::Bar> bar = bars(i * kWriters + number, 1);
        const std::string a = ara::format("S{}", (i * 7 + number) % kSymbols);
        const std::string b = ara::format("S{}", (i * 11 + number + 20) % kSymbols);
        std::vector<SymbolBars> batch{{symbol(a), AssetType::stock, bar}};
        if (a != b) batch.push_back({symbol(b), AssetType::stock, bar});
        const auto done = store.put_all_bars(batch, Call{});
        ASSERT_TRUE(done) << done.error().message;
        const std::lock_guard lock(mutex);
        for (std::size_t at = 0; at < batch.size(); ++at) {
          auto& newest = acknowledged[batch[at].symbol.text()];
          newest = std::max(newest, (*done)[at].revision.counter);
        }
      }
      --writing;
    });
  }
  std::map<std::string, std::uint64_t> known;
  HeadsMark mark;
  int told_all = 0;
  for (bool last = false; !last;) {
    last = writing == 0;
    std::map<std::string, std::uint64_t> before;
    {
      const std::lock_guard lock(mutex);
      before = acknowledged;
    }
    const HeadChanges changes = since(mark);
    told_all += changes.all ? 1 : 0;
    mark = changes.mark;
    for (const SymbolRow& row : changes.rows) known[row.symbol.text()] = row.revision.counter;
    for (const auto& [name, counter] : before) {
      ASSERT_GE(known[name], counter) << name << " was written before this look and is not in it";
    }
  }
  EXPECT_EQ(told_all, 1) << "only the first look, without a mark";
  std::map<std::string, std::uint64_t> stored;
  const auto rows = store_->symbols(Call{});
  ASSERT_TRUE(rows) << rows.error().message;
  for (const SymbolRow& row : *rows) {
    stored[row.symbol.text()] = row.revision.counter;
  }
  EXPECT_EQ(known, stored);
}

}  // namespace
}  // namespace ara::storage
