// What a store is found to be from inside, whichever it is.
#include "storage/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "storage/sqlite_connection.h"
#include "storage/store.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace ara::storage {
namespace {

Call in_time() {
  return {Deadline::after(std::chrono::seconds{30})};
}

const DatabaseLook& first(const StoreLook& look) {
  return look.databases.at(0);
}

TEST(InspectSqlite, AFileThatIsNotThereYetHasNothing) {
  const support::TemporaryFolder folder;
  const auto look = inspect(folder.file("ara.db"), {}, in_time());
  ASSERT_TRUE(look);
  EXPECT_TRUE(look->databases.empty());
  EXPECT_FALSE(std::filesystem::exists(folder.file("ara.db")));
}

TEST(InspectSqlite, NamesAnIndexThatIsMissingAndHowToMakeIt) {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("ara.db");
  ASSERT_TRUE(open(path));
  EXPECT_TRUE(first(inspect(path, {}, in_time()).value()).indexes.empty());
  const auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE).value();
  ASSERT_TRUE(connection->run("DROP INDEX jobs_open"));
  const auto look = inspect(path, {}, in_time()).value();
  ASSERT_EQ(first(look).indexes.size(), 1);
  EXPECT_EQ(first(look).indexes[0].index, "jobs_open");
  EXPECT_EQ(first(look).indexes[0].table, "jobs");
  ASSERT_TRUE(connection->run(first(look).indexes[0].repair.c_str()));
  EXPECT_TRUE(first(inspect(path, {}, in_time()).value()).indexes.empty());
}

TEST(InspectSqlite, RefusesAFileOfAnotherProgram) {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("other.db");
  const auto connection =
      SqliteConnection::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).value();
  ASSERT_TRUE(connection->run("CREATE TABLE other (x)"));
  EXPECT_EQ(inspect(path, {}, in_time()).error().code, Code::corrupt);
}

class InspectPostgres : public testing::Test {
 protected:
  void SetUp() override {
    if (!support::PostgresServer::installed()) GTEST_SKIP() << support::PostgresServer::kMissing;
    database_.emplace();
    ASSERT_TRUE(open(database_->primary()));
    const auto place = PgPlace::parse(database_->primary()).value();
    connection_ = PgConnection::open(place.hosts[0], in_time()).value();
  }
  void run(const std::string& sql) { ASSERT_TRUE(connection_->run(sql)) << sql; }
  StoreLook look() const { return inspect(database_->primary(), {}, in_time()).value(); }

  std::optional<support::PostgresDatabase> database_;
  std::unique_ptr<PgConnection> connection_;
};

TEST_F(InspectPostgres, ANewStoreLacksNothingAndIsLeftAsItIs) {
  const auto count = [&] {
    return connection_->ask("SELECT count(*) FROM pg_class").value().integer(0, 0);
  };
  const auto before = count();
  const StoreLook found = look();
  EXPECT_EQ(count(), before);
  EXPECT_EQ(found.kind, "postgresql");
  ASSERT_EQ(found.databases.size(), 1);
  EXPECT_EQ(first(found).error, "");
  EXPECT_TRUE(first(found).indexes.empty()) << first(found).indexes[0].repair;
  ASSERT_EQ(first(found).servers.size(), 1);
  const ServerLook& server = first(found).servers[0];
  EXPECT_EQ(server.error, "");
  EXPECT_FALSE(server.standby);
  EXPECT_GT(server.position, 0);
  EXPECT_GE(server.connections, 1);
  EXPECT_GT(server.connections_limit, server.connections);
  EXPECT_THAT(server.tables, testing::Contains(testing::Field(&TableUse::table, "symbols")));
}

TEST_F(InspectPostgres, NamesEachKindOfIndexAndHowToMakeIt) {
  run("DROP INDEX symbols_by_slot; DROP INDEX model_champions;"
      "ALTER TABLE jobs DROP CONSTRAINT jobs_pkey;"
      "ALTER TABLE symbols DROP CONSTRAINT symbols_symbol_key;"
      "ALTER TABLE bars DROP CONSTRAINT bars_pkey");
  const StoreLook found = look();
  std::vector<std::string> names;
  for (const IndexFault& fault : first(found).indexes) names.push_back(fault.index);
  EXPECT_THAT(names, testing::IsSupersetOf({"symbols_by_slot", "model_champions", "jobs_pkey",
                                            "symbols_symbol_key", "bars_pkey"}));
  // The parts of a partitioned table get theirs with the whole's.
  for (const IndexFault& fault : first(found).indexes) {
    if (!fault.index.starts_with("bars_") || fault.index == "bars_pkey") run(fault.repair);
  }
  EXPECT_TRUE(first(look()).indexes.empty()) << first(look()).indexes[0].repair;
}

TEST_F(InspectPostgres, AnIndexByAnotherNameWillDo) {
  run("ALTER INDEX symbols_by_slot RENAME TO mine");
  EXPECT_TRUE(first(look()).indexes.empty());
}

TEST_F(InspectPostgres, NamesAnIndexThatWasNotFinished) {
  run("INSERT INTO commits (token) VALUES (decode(repeat('01', 16), 'hex'))");
  run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'commits_by_time'::regclass");
  const StoreLook found = look();
  ASSERT_EQ(first(found).indexes.size(), 1);
  EXPECT_TRUE(first(found).indexes[0].invalid);
  EXPECT_EQ(first(found).indexes[0].index, "commits_by_time");
  run(first(found).indexes[0].repair);
  EXPECT_TRUE(first(look()).indexes.empty());
}

TEST_F(InspectPostgres, TellsAStandbyFromAPrimary) {
  StoreLook found;
  const auto until = system_clock().steady() + std::chrono::seconds{30};
  do {  // the database is new, and the standby may not have heard of it
    found = inspect(database_->both(), {}, in_time()).value();
    ASSERT_EQ(first(found).servers.size(), 2);
  } while (!first(found).servers[1].error.empty() && system_clock().steady() < until);
  EXPECT_EQ(first(found).servers[1].error, "");
  EXPECT_FALSE(first(found).servers[0].standby);
  EXPECT_TRUE(first(found).servers[1].standby);
  EXPECT_FALSE(first(found).servers[1].paused);
  EXPECT_GT(first(found).servers[1].position, 0);
}

TEST_F(InspectPostgres, SaysWhoDoesNotAnswer) {
  std::string uri = database_->primary();
  uri.replace(uri.rfind('/'), 1, ",127.0.0.1:1/");
  const auto found = inspect(uri, {}, in_time()).value();
  ASSERT_EQ(first(found).servers.size(), 2);
  EXPECT_EQ(first(found).error, "");
  EXPECT_EQ(first(found).servers[1].server, "127.0.0.1:1");
  EXPECT_NE(first(found).servers[1].error, "");
}

TEST_F(InspectPostgres, WithoutAPrimaryItSaysSo) {
  const auto found =
      inspect("postgresql://postgres@127.0.0.1:1/" + std::string("x"), {}, in_time()).value();
  EXPECT_NE(first(found).error, "");
}

}  // namespace
}  // namespace ara::storage
