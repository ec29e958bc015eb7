// Opening what lies at the path: older stores, newer ones, foreign files, damaged ones.
#include "storage/sqlite_migrations.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <set>

#include "storage/store.h"
#include "support/temporary_folder.h"

namespace ara::storage {
namespace {

using testing::Test;

class SqliteMigrations : public Test {
 protected:
  /// A bare connection; what is not ours is made with it.
  std::unique_ptr<SqliteConnection> connect() {
    return SqliteConnection::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).value();
  }
  void run(const char* sql) {
    const auto done = connect()->run(sql);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  std::string bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(std::string_view content) const { std::ofstream(path_, std::ios::binary) << content; }

  /// Fails unless opening is refused with that code, the sentence holding `word`, and leaves the
  /// file as it was.
  void expect_refused(Code code, std::string_view word) {
    const std::string before = bytes();
    const auto opened = open_sqlite(path_);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(describe(opened.error().code).name, describe(code).name);
    EXPECT_NE(opened.error().message.find(word), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find(path_), std::string::npos) << opened.error().message;
    EXPECT_EQ(bytes(), before);
  }
  Result<PutOutcome> put_a_bar(Store& store) {
    domain::Bar bar;
    bar.close = 5;
    return store.put_bars(domain::Symbol::parse("A").value(), domain::AssetType::stock, {&bar, 1},
                          Call{});
  }

  support::TemporaryFolder folder_;
  std::string path_ = folder_.file("ara.db");
};

TEST_F(SqliteMigrations, StepsHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Migration& step : migrations()) names.insert(step.name);
  EXPECT_EQ(names.size(), migrations().size());
}

TEST_F(SqliteMigrations, EveryOlderStoreIsBroughtUp) {
  for (std::size_t number = 0; number < migrations().size(); ++number) {
    std::filesystem::remove(path_);
    {
      auto connection = connect();
      ASSERT_TRUE(migrate(*connection, path_, migrations().first(number)));
      ASSERT_EQ(recorded(*connection, path_, migrations().first(number)).value(), number);
      if (number > 0) {
        ASSERT_TRUE(connection->run(
            "INSERT INTO symbols (id, symbol, asset_type, bar_interval, revision, content, bars, "
            "first, last) VALUES (1, 'OLD', 'stock', 'day', 7, 8, 1, 86400, 86400);"
            "INSERT INTO bars VALUES (1, 86400, NULL, NULL, NULL, 2.5, NULL, NULL)"));
      }
    }
    const auto store = open_sqlite(path_);
    ASSERT_TRUE(store.has_value()) << "from step " << number << ": " << store.error().message;
    EXPECT_TRUE(put_a_bar(**store));
    EXPECT_TRUE((*store)->lease_job({}, Call{}));
    EXPECT_TRUE((*store)->champions(Call{}));
    EXPECT_TRUE((*store)->registry_version(Call{}));
    if (number > 0) {
      const auto old = (*store)->last_bars(domain::Symbol::parse("OLD").value(), 5, Call{}).value();
      ASSERT_EQ(old.bars.size(), 1u);
      EXPECT_EQ(old.bars[0].close, 2.5);
      EXPECT_EQ(old.revision, (domain::Revision{7, 8}));
    }
  }
}

TEST_F(SqliteMigrations, AStepThatFailsLeavesTheOnesBefore) {
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  steps.push_back({"broken", "CREATE TABLE fine (a); CREATE TABLE fine (a)"});
  EXPECT_FALSE(migrate(*connect(), path_, steps).has_value());
  EXPECT_EQ(recorded(*connect(), path_).value(), migrations().size());
  EXPECT_FALSE(connect()->run("SELECT * FROM fine").has_value());
  EXPECT_TRUE(open_sqlite(path_).has_value());
}

TEST_F(SqliteMigrations, RefusesANewerStore) {
  ASSERT_TRUE(open_sqlite(path_));
  run("INSERT INTO migrations VALUES (99, 'later', 'x', datetime())");
  expect_refused(Code::corrupt, "newer");
}

TEST_F(SqliteMigrations, RefusesOtherSteps) {
  ASSERT_TRUE(open_sqlite(path_));
  run("UPDATE migrations SET checksum = '0' WHERE number = 2");
  expect_refused(Code::corrupt, "another line");
  run("DELETE FROM migrations WHERE number = 2");
  expect_refused(Code::corrupt, "another line");
}

TEST_F(SqliteMigrations, RefusesAForeignDatabase) {
  run("CREATE TABLE music (title TEXT)");
  expect_refused(Code::corrupt, "another program");
  run("PRAGMA application_id = 252006674");
  expect_refused(Code::corrupt, "another program");
}

TEST_F(SqliteMigrations, RefusesAFileThatIsNoDatabase) {
  write(std::string(100'000, '?'));
  expect_refused(Code::corrupt, "not a SQLite database");
  write("date,open,high,low,close,volume\n");
  expect_refused(Code::corrupt, "not a SQLite database");
}

TEST_F(SqliteMigrations, RefusesATruncatedStore) {
  {
    const auto store = open_sqlite(path_).value();
    ASSERT_TRUE(put_a_bar(*store));
  }
  const std::string whole = bytes();
  for (const std::size_t kept : {whole.size() / 2, std::size_t{4096}, std::size_t{100}}) {
    write(whole.substr(0, kept));
    expect_refused(Code::corrupt, "");
  }
}

TEST_F(SqliteMigrations, AnEmptyFileBecomesAStore) {
  write("");
  const auto store = open_sqlite(path_);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  EXPECT_TRUE(put_a_bar(**store));
}

TEST_F(SqliteMigrations, MakesTheFoldersAboveIt) {
  path_ = folder_.file("not/yet/here/ara.db");
  EXPECT_TRUE(open_sqlite(path_).has_value());
  path_ = folder_.file("not/yet/here/ara.db/below-a-file/ara.db");
  expect_refused(Code::io, "folder");
}

TEST_F(SqliteMigrations, RefusesWhatIsNoFile) {
  for (const char* place : {"", ":memory:"}) {
    const auto opened = open_sqlite(place);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().field, "store");
    EXPECT_EQ(opened.error().code, Code::invalid);
  }
  std::filesystem::create_directory(path_);
  const auto folder = open_sqlite(path_);
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().code, Code::io);
}

TEST_F(SqliteMigrations, NamesAreNotUris) {
  path_ = folder_.file("file:ara.db?mode=memory");
  ASSERT_TRUE(open_sqlite(path_).has_value());
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SqliteMigrations, OpensByScheme) {
  EXPECT_TRUE(open("sqlite://" + path_).has_value());
  EXPECT_TRUE(open(path_).has_value());
  const auto unknown = open("oracle://somewhere");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, Code::invalid);
  EXPECT_NE(unknown.error().allowed.find("sqlite://"), std::string::npos);
}

TEST_F(SqliteMigrations, PeopleCanReadTheBars) {
  ASSERT_TRUE(put_a_bar(*open_sqlite(path_).value()));
  auto connection = connect();
  SqliteStatement row = connection->prepare(
      "SELECT date(time, 'unixepoch'), close, open IS NULL FROM bars JOIN symbols ON id = "
      "symbol_id "
      "WHERE symbol = 'A'");
  ASSERT_TRUE(row.bind().step().value());
  EXPECT_EQ(row.text(0), "1970-01-01");
  EXPECT_EQ(row.real(1), 5.0);
  EXPECT_EQ(row.integer(2), 1);
}

}  // namespace
}  // namespace ara::storage
