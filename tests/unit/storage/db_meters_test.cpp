#include "storage/db_meters.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <string>
#include <thread>

#include "storage/sqlite_pool.h"
#include "storage/store.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace ara::storage {
namespace {

using std::chrono::milliseconds;

class DbMetersTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open_at(const std::string& place) {
    return open(place, {.meters = meters_}).value();
  }
  /// As it is exposed; NaN where there is no such series.
  double shown(const std::string& series) const {
    const std::string text = "\n" + metrics_->exposition();
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? std::nan("") : std::stod(text.substr(at + series.size() + 2));
  }
  double queries(const std::string& operation, const std::string& role) const {
    return shown("ara_db_query_duration_seconds_count{operation=\"" + operation + "\",role=\"" +
                 role + "\"}");
  }
  static std::vector<domain::Bar> bars() {
    domain::Bar bar{.time = domain::Date{std::chrono::days{1}}};
    bar.close = 1;
    return {bar};
  }
  static domain::Symbol apple() { return domain::Symbol::parse("AAPL").value(); }

  support::TemporaryFolder folder_;
  std::shared_ptr<telemetry::Metrics> metrics_ = std::make_shared<telemetry::Metrics>();
  std::shared_ptr<DbMeters> meters_ = std::make_shared<DbMeters>(metrics_);
};

TEST_F(DbMetersTest, CallsOfTheEmbeddedStoreAreTimed) {
  const auto store = open_at(folder_.file("ara.db"));
  EXPECT_TRUE(std::isnan(queries("bars_write", "embedded"))) << "what nobody uses is not shown";
  ASSERT_TRUE(store->put_bars(apple(), domain::AssetType::stock, bars(), {}));
  ASSERT_TRUE(store->last_bars(apple(), 1, {}));
  ASSERT_TRUE(store->last_bars(apple(), 1, {}));
  ASSERT_TRUE(store->symbols({}));
  EXPECT_EQ(queries("bars_write", "embedded"), 1);
  EXPECT_EQ(queries("bars_read", "embedded"), 2);
  EXPECT_EQ(queries("heads", "embedded"), 1);
  EXPECT_EQ(shown("ara_db_pool_connections{pool=\"sqlite\",state=\"busy\"}"), 0);
  EXPECT_EQ(shown("ara_db_pool_connections{pool=\"sqlite\",state=\"idle\"}"), 1);
  EXPECT_EQ(shown("ara_db_pool_limit{pool=\"sqlite\"}"), 8);
  EXPECT_EQ(shown("ara_db_pool_limit{pool=\"sqlite writer\"}"), 1);
  EXPECT_GT(shown("ara_db_pool_wait_seconds_count"), 3);
  // What was asked for wrongly is no error of the database.
  EXPECT_FALSE(store->last_bars(domain::Symbol::parse("NONE").value(), 1, {}));
  EXPECT_EQ(shown("ara_db_errors_total{operation=\"bars_read\",role=\"embedded\"}"), 0);
}

TEST_F(DbMetersTest, APoolThatIsGoneIsNotShown) {
  open_at(folder_.file("ara.db")).reset();
  EXPECT_TRUE(std::isnan(shown("ara_db_pool_limit{pool=\"sqlite\"}")));
}

TEST_F(DbMetersTest, RefusalsAndFaultsAreCounted) {
  const std::string path = folder_.file("some.db");
  bool broken = false;
  SqlitePool pool(
      1,
      [&]() -> Result<std::unique_ptr<SqliteConnection>> {
        if (broken) return fail(Code::io, "no disk");
        return SqliteConnection::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
      },
      meters_);
  const std::string errors = "ara_db_errors_total{operation=\"jobs\",role=\"embedded\"}";
  broken = true;
  EXPECT_FALSE(pool.take(Call{}, DbOperation::jobs));
  EXPECT_EQ(shown(errors), 1);
  broken = false;
  {
    auto held = pool.take(Call{}, DbOperation::jobs);
    ASSERT_TRUE(held);
    EXPECT_EQ(shown("ara_db_pool_connections{pool=\"sqlite\",state=\"busy\"}"), 1);
    EXPECT_FALSE(pool.take(Call{Deadline::after(milliseconds{20})}, DbOperation::jobs));
    EXPECT_EQ(shown("ara_db_pool_refusals_total"), 1);
    EXPECT_GE(shown("ara_db_pool_wait_seconds_sum"), 0.02);
    EXPECT_EQ(shown(errors), 1);
    EXPECT_FALSE((*held)->run("SELECT no_such_function()"));
  }
  EXPECT_EQ(shown(errors), 2) << "a statement that fails is the database's fault or ours";
  EXPECT_EQ(queries("jobs", "embedded"), 1);
}

TEST_F(DbMetersTest, PrimaryAndStandbysAreToldApart) {
  if (!support::PostgresServer::installed()) GTEST_SKIP() << support::PostgresServer::kMissing;
  const support::PostgresDatabase database;
  const auto store = open_at(database.both());
  ASSERT_TRUE(store->put_bars(apple(), domain::AssetType::stock, bars(), {}));
  const auto in_use = [&] {
    const std::string text = metrics_->exposition();
    return text.find("ara_db_replica_in_use{") != std::string::npos &&
           text.find("} 1\n", text.find("ara_db_replica_in_use{")) != std::string::npos;
  };
  for (int i = 0; i < 1000 && !(in_use() && queries("bars_read", "replica") > 0); ++i) {
    ASSERT_TRUE(store->last_bars(apple(), 1, {}));
    std::this_thread::sleep_for(milliseconds{5});
  }
  EXPECT_TRUE(in_use());
  EXPECT_GT(queries("bars_read", "replica"), 0);
  EXPECT_EQ(queries("bars_write", "primary"), 1);
  EXPECT_TRUE(std::isnan(queries("bars_write", "replica")));
  const std::string text = metrics_->exposition();
  const std::size_t lag = text.find("\nara_db_replica_lag_seconds{");
  ASSERT_NE(lag, std::string::npos);
  EXPECT_LT(std::stod(text.substr(text.find("} ", lag) + 2)), 5);
  EXPECT_EQ(text.find("ara_db_replica_lag_seconds{", lag + 2), std::string::npos)
      << "the primary is no standby";
}

}  // namespace
}  // namespace ara::storage
