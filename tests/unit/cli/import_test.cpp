// The command in this process, over a store on disk, so that the sanitizers see its two threads.
#include "cli/import.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/format.h"
#include "cli/import_report.h"

namespace ara::cli {
namespace {

namespace fs = std::filesystem;

class ImportCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ara-import-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    context_.config.home = folder_ / "home";
    fs::create_directory(context_.config.home);
    context_.make_store =
        [](const config::Config& config,
           const std::shared_ptr<telemetry::Metrics>&) -> Result<std::shared_ptr<storage::Store>> {
      auto store = storage::open_sqlite(config.database_path());
      if (!store) return std::unexpected(store.error());
      return std::move(*store);
    };
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// A file of sixty days of closes from `first` on.
  void put(const std::string& name, double first) {
    std::ofstream file(folder_ / "bars" / name);
    file << "date,close\n";
    domain::Date day{std::chrono::year{2024} / 1 / 1};
    for (int i = 0; i < 60; ++i, day += std::chrono::days{1}) {
      file << ara::format("{},{}\n", domain::to_iso(day), first + i);
    }
  }

  int run(std::vector<std::string> arguments) {
    CLI::App app;
    const auto command = enrol_import(app, context_);
    std::ranges::reverse(arguments);  // as CLI11 takes them
    app.parse(arguments);
    testing::internal::CaptureStdout();
    const int status = command();
    output_ = testing::internal::GetCapturedStdout();
    return status;
  }

  fs::path folder_;
  Context context_;
  std::string output_;
};

TEST_F(ImportCommand, ReadsTheNextFileWhileItWritesOne) {
  fs::create_directory(folder_ / "bars");
  for (int i = 0; i < 12; ++i) put(ara::format("C{:02}-USD.csv", i), 100 + i);
  ASSERT_EQ(run({(folder_ / "bars").string()}), 0);
  EXPECT_NE(output_.find("12 of 12 files landed, 720 rows: 720 bars inserted"), std::string::npos)
      << output_;
  const auto store = context_.open_store(context_.config);
  ASSERT_TRUE(store);
  const auto rows = (*store)->symbols(Call{});
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 12U);
  for (const storage::SymbolRow& row : *rows) EXPECT_EQ(row.bars, 60U);
}

TEST_F(ImportCommand, AStoreThatDoesNotOpenIsTheErrorToldOnce) {
  fs::create_directory(folder_ / "bars");
  put("C-USD.csv", 100);
  std::ofstream(context_.config.database_path()) << std::string(8192, 'x');
  EXPECT_EQ(run({(folder_ / "bars").string(), "--json"}), describe(Code::corrupt).exit_status);
  EXPECT_NE(output_.find("\"CorruptData\""), std::string::npos) << output_;
}

ImportedFile file_of(std::optional<Error> error, std::string refusal = {}) {
  return {.path = "x.csv",
          .rows = 1,
          .series = {},
          .findings = {},
          .refusal = std::move(refusal),
          .error = std::move(error)};
}

TEST(ImportReport, TheExitStatusIsThatOfTheWorst) {
  ImportReport report;
  EXPECT_EQ(report.exit_status(), 0);
  report.files.push_back(file_of({}));
  EXPECT_EQ(report.exit_status(), 0);
  report.files.push_back(file_of({}, "1 error"));
  EXPECT_EQ(report.exit_status(), 2);
  report.files.push_back(file_of(Error{Code::conflict, "", "", "", ""}));
  EXPECT_EQ(report.exit_status(), 5);
  report.error = Error{Code::unavailable, "", "", "", ""};
  EXPECT_EQ(report.exit_status(), 7);
}

TEST(ImportReport, LongListsAreBounded) {
  ImportReport report;
  for (int i = 0; i < 30; ++i) {
    ImportedFile file = file_of({}, "many errors");
    for (std::size_t row = 0; row < 20; row += 2) file.findings.add(ingest::Kind::range, row, "x");
    report.files.push_back(std::move(file));
  }
  const std::string text = to_text(report, false);
  EXPECT_NE(text.find("range: and 7 more"), std::string::npos);
  EXPECT_NE(text.find("and 10 more files with findings"), std::string::npos);
}

}  // namespace
}  // namespace ara::cli
