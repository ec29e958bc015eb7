#include "ingest/source.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace ara::ingest {
namespace {

namespace fs = std::filesystem;

class Source : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ara-source-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& bytes) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }

  fs::path folder_;
};

std::string packed(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(Source, ReadsFilesPackedAndPlain) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
  EXPECT_EQ(read_text(put("a.csv", text)), text);
  EXPECT_EQ(read_text(put("a.csv.gz", packed(text))), text);
  EXPECT_EQ(read_text(put("b.csv", packed(text))), text);
  EXPECT_EQ(read_text(put("c.csv.gz", packed("one\n") + packed("two\n"))), "one\ntwo\n");
  EXPECT_EQ(read_text(put("empty.csv", "")), "");
}

TEST_F(Source, UnpacksWhatIsMuchLarger) {
  const std::string text(20'000'000, 'x');
  EXPECT_EQ(read_text(put("x.gz", packed(text))), text);
}

TEST_F(Source, ReportsDamage) {
  const std::string good = packed(std::string(10'000, 'x') + "end");
  EXPECT_EQ(read_text(put("cut.gz", good.substr(0, good.size() / 2))).error().code, Code::corrupt);
  std::string flipped = good;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);
  EXPECT_EQ(read_text(put("flipped.gz", flipped)).error().code, Code::corrupt);
  EXPECT_EQ(read_text((folder_ / "none.csv").string()).error().code, Code::not_found);
  EXPECT_EQ(read_text(folder_.string()).error().code, Code::io);
}

TEST_F(Source, FoldersGiveTheirTablesInOrder) {
  put("b.csv", "");
  put("a/z.csv.gz", "");
  put("a/x.txt", "");
  put(".hidden/c.csv", "");
  put(".c.csv", "");
  const auto files = find_files({folder_.string(), "-"});
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (std::vector<std::string>{(folder_ / "a/z.csv.gz").string(),
                                              (folder_ / "b.csv").string(), "-"}));
}

TEST_F(Source, NamesWhatIsMissing) {
  EXPECT_EQ(find_files({(folder_ / "no").string()}).error().code, Code::not_found);
  EXPECT_EQ(find_files({folder_.string()}).error().field, "path");
}

}  // namespace
}  // namespace ara::ingest
