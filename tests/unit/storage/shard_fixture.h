#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/format.h"
#include "storage/moved.h"
#include "storage/postgres_catalog.h"
#include "storage/postgres_joint.h"
#include "storage/reshard.h"
#include "storage/store.h"
#include "support/postgres.h"

namespace ara::storage {

/// Three databases of the shared server; the first is the catalog.
class ShardFixture : public testing::Test {
 protected:
  void SetUp() override {
    if (!support::PostgresServer::installed()) GTEST_SKIP() << support::PostgresServer::kMissing;
    for (auto& one : databases_) one.emplace();
  }

  std::string catalog() const { return databases_[0]->primary(); }
  std::unique_ptr<Store> open_store() const {
    auto opened = open(catalog());
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  static std::string name_of(std::size_t shard) { return shard == 1 ? "b" : "c"; }
  ReshardRequest add_of(std::size_t shard) const {
    return {
        .action = ReshardAction::add, .name = name_of(shard), .hosts = databases_[shard]->hosts()};
  }
  static ReshardRequest remove_of(std::size_t shard) {
    return {.action = ReshardAction::remove, .name = name_of(shard), .hosts = {}};
  }

  /// A store of one database alone, past the map.
  std::unique_ptr<PgShard> alone(std::size_t shard) const {
    auto made = make_shard(databases_[shard]->primary(), {}).value();
    EXPECT_TRUE(make_ready(*made, Call{}));
    return made;
  }

  static domain::Symbol symbol(int number) {
    return domain::Symbol::parse(ara::format("S{}", number)).value();
  }
  static domain::Bar bar(int number, int day, double close) {
    return {domain::Date{std::chrono::days{day}},
            close,
            close + 1,
            close - 1,
            close,
            close,
            100.0 * number};
  }
  static std::vector<domain::Bar> bars(int number, int first, int count) {
    std::vector<domain::Bar> made;
    for (int day = first; day < first + count; ++day) {
      made.push_back(bar(number, day, 1 + number + 0.01 * day));
    }
    return made;
  }
  static void fill(Store& store, int symbols, int count) {
    std::vector<std::vector<domain::Bar>> kept;
    std::vector<SymbolBars> batch;
    for (int i = 0; i < symbols; ++i) {
      kept.push_back(bars(i, 0, count));
      batch.push_back({symbol(i), domain::AssetType::stock, kept.back()});
    }
    const auto put = store.put_all_bars(batch, Call{});
    ASSERT_TRUE(put) << put.error().message;
  }
  static ForecastRow forecast(int number) {
    return {stable_hash128(ara::format("forecast {}", number)),
            symbol(number),
            {1, 1},
            domain::Date{},
            5,
            "m",
            WallTime{std::chrono::microseconds{number}},
            ara::format("bytes {}", number)};
  }

  /// Fails unless the store has exactly these symbols, each once, with bars that add up to its
  /// head.
  static void expect_whole(Store& store, int symbols) {
    const auto heads = store.symbols(Call{});
    ASSERT_TRUE(heads) << heads.error().message;
    ASSERT_EQ(heads->size(), static_cast<std::size_t>(symbols));
    for (std::size_t i = 0; i < heads->size(); ++i) {
      const SymbolRow& head = (*heads)[i];
      ASSERT_TRUE(i == 0 || (*heads)[i - 1].symbol < head.symbol);
      const auto series = store.last_bars(head.symbol, 1'000'000, Call{});
      ASSERT_TRUE(series) << series.error().message;
      ASSERT_EQ(series->bars.size(), head.bars);
      ASSERT_EQ(series->revision, head.revision);
      std::uint64_t content = 0;
      for (const domain::Bar& one : series->bars) content += domain::content_of(one);
      ASSERT_EQ(content, head.revision.content) << head.symbol.text();
    }
  }
  /// Rows of symbols, bars and forecasts in all databases, whoever owns them.
  std::map<std::string, std::int64_t> rows_everywhere() const {
    std::map<std::string, std::int64_t> counts;
    for (std::size_t shard = 0; shard < 3; ++shard) {
      auto store = alone(shard);
      for (const std::string table : {"symbols", "bars", "forecasts"}) {
        counts[table] += store->primary()
                             .connection(Call{})
                             .value()
                             ->run("SELECT count(*) FROM " + table)
                             .transform([](const PgRows& rows) {
                               return std::stoll(std::string(rows.text(0, 0)));
                             })
                             .value();
      }
    }
    return counts;
  }
  static std::map<std::string, std::int64_t> rows(std::int64_t symbols, std::int64_t bars,
                                                  std::int64_t forecasts) {
    return {{"symbols", symbols}, {"bars", bars}, {"forecasts", forecasts}};
  }

  std::optional<support::PostgresDatabase> databases_[3];
};

}  // namespace ara::storage
