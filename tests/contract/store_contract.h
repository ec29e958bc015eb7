#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/rng.h"
#include "storage/reshard.h"
#include "storage/store.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace ara::storage {

/// Where the stores of one test keep their data: a folder, and databases made when first asked for.
class StorePlace {
 public:
  std::string file(std::string_view name) const { return folder_.file(name); }
  const support::PostgresDatabase& database(std::size_t number) {
    const std::lock_guard lock(mutex_);
    if (!databases_.at(number)) databases_.at(number).emplace();
    return *databases_.at(number);
  }
  /// The URI of a store of two shards, the second of which is made known to the first here.
  Result<std::string> sharded() {
    const std::string catalog = database(0).primary();
    const ReshardRequest second{
        .action = ReshardAction::add, .name = "second", .hosts = database(1).hosts()};
    const std::lock_guard lock(sharding_);
    if (!sharded_) {
      if (auto done = reshard(catalog, second); !done) return std::unexpected(done.error());
      sharded_ = true;
    }
    return catalog;
  }

 private:
  support::TemporaryFolder folder_;
  std::mutex mutex_;
  std::mutex sharding_;
  bool sharded_ = false;
  std::array<std::optional<support::PostgresDatabase>, 3> databases_;
};

/// A kind of store under contract.
struct StoreFactory {
  std::string name;
  Result<std::string> (*uri)(StorePlace& place);
  bool (*installed)() = [] { return true; };

  /// Called twice with one place it gives two stores of the same data, as two processes have.
  Result<std::unique_ptr<Store>> open(StorePlace& place) const {
    return uri(place).and_then([](const std::string& made) { return storage::open(made); });
  }

  friend void PrintTo(const StoreFactory& factory, std::ostream* out) { *out << factory.name; }
};

/// Every store that has to keep the contract; a new one joins by its row.
inline const std::vector<StoreFactory>& store_factories() {
  static const std::vector<StoreFactory> factories{
      {"sqlite", [](StorePlace& place) -> Result<std::string> { return place.file("ara.db"); }},
      {"postgres",
       [](StorePlace& place) -> Result<std::string> { return place.database(0).primary(); },
       &support::PostgresServer::installed},
      {"replicated",
       [](StorePlace& place) -> Result<std::string> { return place.database(0).both(); },
       &support::PostgresServer::installed},
      {"sharded", [](StorePlace& place) { return place.sharded(); },
       &support::PostgresServer::installed},
  };
  return factories;
}

/// One test of the contract, run for every kind of store.
class StoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override {
    if (!GetParam().installed()) GTEST_SKIP() << support::PostgresServer::kMissing;
    store_ = another();
  }

  /// A further store of the same data.
  std::unique_ptr<Store> another() {
    auto opened = GetParam().open(place_);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  void reopen() {
    store_.reset();
    store_ = another();
  }

  static domain::Symbol symbol(std::string_view name) {
    return domain::Symbol::parse(name).value();
  }

  static domain::Time day(int number) { return domain::Date{std::chrono::days{number}}; }

  /// `count` full bars on consecutive days from `first`, the same for the same arguments.
  static std::vector<domain::Bar> bars(int first, int count, std::uint64_t seed = 1) {
    Rng rng(seed);
    std::vector<domain::Bar> made;
    for (int i = 0; i < count; ++i) {
      const double close = 100 + 10 * rng.uniform();
      made.push_back({day(first + i), close - rng.uniform(), close + 1 + rng.uniform(),
                      close - 1 - rng.uniform(), close, close * 0.97, 1e6 * rng.uniform()});
    }
    return made;
  }

  static JobRow job(std::string id, std::int64_t created_us = 0) {
    JobRow row;
    row.id = std::move(id);
    row.owner = "ann";
    row.kind = "train";
    row.max_attempts = 3;
    row.payload = "{\"symbol\":\"AAPL\"}";
    row.created = WallTime{std::chrono::microseconds{created_us}};
    return row;
  }

  Result<PutOutcome> put(std::string_view name, const std::vector<domain::Bar>& made) {
    return store_->put_bars(symbol(name), domain::AssetType::stock, made, Call{});
  }
  SymbolRow head(std::string_view name) {
    return store_->find_symbol(symbol(name), Call{}).value().value();
  }
  std::vector<domain::Bar> stored(std::string_view name) {
    return store_->last_bars(symbol(name), 1'000'000, Call{}).value().bars;
  }
  HeadsMark mark() { return store_->changed_heads({}, Call{}).value().mark; }

  StorePlace place_;
  std::unique_ptr<Store> store_;
};

inline void expect_same(const std::vector<domain::Bar>& actual,
                        const std::vector<domain::Bar>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_TRUE(domain::same_bar(actual[i], expected[i])) << "bar " << i;
  }
}

inline std::uint64_t content_of(const std::vector<domain::Bar>& bars) {
  std::uint64_t sum = 0;
  for (const domain::Bar& bar : bars) sum += domain::content_of(bar);
  return sum;
}

/// Fails unless `result` is an error of that code with a message.
template <class T>
void expect_error(const Result<T>& result, Code code) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(describe(result.error().code).name, describe(code).name) << result.error().message;
  EXPECT_FALSE(result.error().message.empty());
}

}  // namespace ara::storage
