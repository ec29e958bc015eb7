// The file of a PostgreSQL backup by itself: what is written comes back, and nothing else does.
#include "storage/postgres_dump.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support/temporary_folder.h"

namespace ara::storage {
namespace {

const DumpTable kFirst{"accounts", "id, email"};
const DumpTable kEmpty{"alerts", "id"};
const DumpTable kLast{"bars", "slot, \"time\""};

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void put(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// A small whole file.
void write_small(const std::string& path) {
  DumpWriter writer(path, "0123abcd");
  ASSERT_TRUE(writer.table(kFirst));
  ASSERT_TRUE(writer.row("1\ta@example.com\n"));
  ASSERT_TRUE(writer.row("2\t\\\\.\n"));
  ASSERT_EQ(writer.end(kFirst)->rows, 2U);
  ASSERT_TRUE(writer.table(kEmpty));
  ASSERT_EQ(*writer.end(kEmpty), RowsSum{});
  ASSERT_TRUE(writer.table(kLast));
  ASSERT_TRUE(writer.row("0\t\\N\n"));
  ASSERT_TRUE(writer.end(kLast));
  ASSERT_TRUE(writer.finish());
}

/// All that is told of a file, or the error.
Result<std::string> told(const std::string& path) {
  std::string all;
  const auto tell = [&all](std::string_view what) {
    all += what;
    all += '\n';
    return Result<void>{};
  };
  const auto read =
      read_dump(path, {.schema = tell, .table = tell, .rows = tell, .end = [&](const RowsSum& sum) {
                         return tell(std::to_string(sum.rows));
                       }});
  if (!read) return std::unexpected(read.error());
  return all;
}

class PostgresDumpTest : public ::testing::Test {
 protected:
  void SetUp() override { write_small(path_); }

  support::TemporaryFolder folder_;
  const std::string path_ = folder_.file("small.backup");
};

TEST_F(PostgresDumpTest, TellsWhatWasWritten) {
  EXPECT_EQ(*told(path_),
            "0123abcd\ntable accounts id, email\n1\ta@example.com\n2\t\\\\.\n\n2\n"
            "table alerts id\n0\ntable bars slot, \"time\"\n0\t\\N\n\n1\n");
}

TEST_F(PostgresDumpTest, EveryShorterFileIsRefused) {
  const std::string whole = text_of(path_);
  // Without its last byte, the end of a line, it still says all.
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    put(path_, whole.substr(0, size));
    EXPECT_FALSE(told(path_)) << size;
  }
}

TEST_F(PostgresDumpTest, EveryChangedRowIsRefused) {
  const std::string whole = text_of(path_);
  const std::size_t first = whole.find("1\ta@");
  for (std::size_t at = first; at < whole.find("\n\\.", first); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    put(path_, changed);
    const auto read = told(path_);
    ASSERT_FALSE(read) << at;
    EXPECT_EQ(read.error().code, Code::corrupt);
  }
}

TEST_F(PostgresDumpTest, AnotherKindOfFileIsInvalid) {
  put(path_, "SQLite format 3 and so on, for as long as it takes to be read");
  EXPECT_EQ(told(path_).error().code, Code::invalid);
  EXPECT_EQ(told(folder_.file("nowhere")).error().code, Code::not_found);
}

TEST(RowsSumTest, IsTheSameInAnyOrderAndNotForOtherRows) {
  RowsSum one;
  RowsSum other;
  for (const char* line : {"a\n", "b\n", "b\n"}) one.add(line);
  for (const char* line : {"b\n", "a\n", "b\n"}) other.add(line);
  EXPECT_EQ(one, other);
  RowsSum third;
  for (const char* line : {"a\n", "a\n", "b\n"}) third.add(line);
  EXPECT_NE(one.text(), third.text());
}

}  // namespace
}  // namespace ara::storage
