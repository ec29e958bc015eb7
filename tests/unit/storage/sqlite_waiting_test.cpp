// Locks held by others, pools that are empty, statements that run long: all end by the deadline.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <future>

#include "storage/sqlite_connection.h"
#include "storage/sqlite_pool.h"
#include "storage/store.h"
#include "support/temporary_folder.h"

namespace ara::storage {
namespace {

using std::chrono::milliseconds;

class SqliteWaiting : public testing::Test {
 protected:
  std::unique_ptr<SqliteConnection> connect() {
    return SqliteConnection::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).value();
  }
  Result<PutOutcome> put_a_bar(Store& store, const Call& call) {
    domain::Bar bar;
    bar.close = 5;
    return store.put_bars(symbol_, domain::AssetType::stock, {&bar, 1}, call);
  }
  static milliseconds since(SteadyTime start) {
    return std::chrono::duration_cast<milliseconds>(system_clock().steady() - start);
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_.file("ara.db");
  domain::Symbol symbol_ = domain::Symbol::parse("A").value();
};

TEST_F(SqliteWaiting, AWriterWaitsForTheLockOfAnotherProcess) {
  const auto store = open_sqlite(path_).value();
  auto other = connect();
  auto lock =
      std::make_optional(SqliteTransaction::begin(*other, SqliteTransaction::Kind::write).value());
  auto writing = std::async(std::launch::async, [&] { return put_a_bar(*store, Call{}); });
  EXPECT_EQ(writing.wait_for(milliseconds{100}), std::future_status::timeout);
  // Readers are not held up.
  EXPECT_FALSE(store->find_symbol(symbol_, Call{}).value().has_value());
  lock.reset();
  EXPECT_TRUE(writing.get().has_value());
}

TEST_F(SqliteWaiting, ALockThatIsNotGivenBackEndsAtTheDeadline) {
  const auto store = open_sqlite(path_).value();
  auto other = connect();
  const auto lock = SqliteTransaction::begin(*other, SqliteTransaction::Kind::write);
  ASSERT_TRUE(lock.has_value());
  const SteadyTime start = system_clock().steady();
  const auto outcome = put_a_bar(*store, Call{Deadline::after(milliseconds{150})});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, Code::deadline) << outcome.error().message;
  EXPECT_GE(since(start), milliseconds{150});
  EXPECT_LT(since(start), milliseconds{5000});
}

TEST_F(SqliteWaiting, AWriterWaitsForAnotherThreadUntilTheDeadline) {
  const auto store = open_sqlite(path_).value();
  auto other = connect();
  auto lock =
      std::make_optional(SqliteTransaction::begin(*other, SqliteTransaction::Kind::write).value());
  // The first holds the only writing connection and waits; the second waits for the connection.
  auto first = std::async(std::launch::async, [&] { return put_a_bar(*store, Call{}); });
  EXPECT_EQ(first.wait_for(milliseconds{50}), std::future_status::timeout);
  const auto second = put_a_bar(*store, Call{Deadline::after(milliseconds{50})});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::deadline);
  lock.reset();
  EXPECT_TRUE(first.get().has_value());
}

TEST_F(SqliteWaiting, APoolLendsNoMoreThanItHas) {
  int opened = 0;
  SqlitePool pool(2, [&] {
    ++opened;
    return SqliteConnection::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  });
  {
    auto first = pool.take(Call{}, DbOperation::heads).value();
    auto second = pool.take(Call{}, DbOperation::heads).value();
    const auto third = pool.take(Call{Deadline::after(milliseconds{30})}, DbOperation::heads);
    ASSERT_FALSE(third.has_value());
    EXPECT_EQ(third.error().code, Code::deadline);
  }
  EXPECT_TRUE(pool.take(Call{}, DbOperation::heads).has_value());
  EXPECT_EQ(opened, 2);
}

TEST_F(SqliteWaiting, AFailureToOpenGivesThePlaceBack) {
  bool works = false;
  SqlitePool pool(1, [&]() -> Result<std::unique_ptr<SqliteConnection>> {
    if (!works) return fail(Code::io, "no disk");
    return connect();
  });
  EXPECT_FALSE(pool.take(Call{}, DbOperation::heads).has_value());
  works = true;
  EXPECT_TRUE(pool.take(Call{Deadline::after(milliseconds{1000})}, DbOperation::heads).has_value());
}

TEST_F(SqliteWaiting, AStatementThatRunsLongIsInterrupted) {
  auto connection = connect();
  connection->start(Call{Deadline::after(milliseconds{50})});
  SqliteStatement endless = connection->prepare(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  const auto row = endless.bind().step();
  ASSERT_FALSE(row.has_value());
  EXPECT_EQ(row.error().code, Code::deadline) << row.error().message;
}

TEST_F(SqliteWaiting, ALargeWriteThatIsLateLeavesNothing) {
  const auto store = open_sqlite(path_).value();
  ASSERT_TRUE(put_a_bar(*store, Call{}));
  std::vector<domain::Bar> bars(1'000'000);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    bars[i].time = domain::Time{std::chrono::seconds{static_cast<std::int64_t>(i) + 1}};
    bars[i].close = 1;
  }
  const auto late = store->put_bars(symbol_, domain::AssetType::stock, bars,
                                    Call{Deadline::after(milliseconds{60})});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::deadline) << late.error().message;
  EXPECT_EQ(store->find_symbol(symbol_, Call{}).value()->bars, 1u);
  // The store goes on as before.
  EXPECT_EQ(put_a_bar(*store, Call{}).value().unchanged, 1u);
  EXPECT_EQ(store->put_bars(symbol_, domain::AssetType::stock, std::span(bars).first(9), Call{})
                .value()
                .inserted,
            9u);
}

TEST_F(SqliteWaiting, AStoreHeldByAnotherProgramEndsAtTheDeadline) {
  ASSERT_TRUE(open_sqlite(path_));
  auto other = connect();
  ASSERT_TRUE(other->run("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT"));
  auto connection = connect();
  connection->start(Call{Deadline::after(milliseconds{100})});
  const auto row = connection->prepare("SELECT count(*) FROM symbols").bind().step();
  ASSERT_FALSE(row.has_value());
  EXPECT_EQ(row.error().code, Code::deadline) << row.error().message;
}

}  // namespace
}  // namespace ara::storage
