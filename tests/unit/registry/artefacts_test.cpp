#include "registry/artefacts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/format.h"
#include "support/temporary_folder.h"

namespace ara::registry {
namespace {

class ArtefactsTest : public testing::Test {
 protected:
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(models_)) ++count;
    return count;
  }

  support::TemporaryFolder folder_;
  std::string models_ = folder_.file("home/models");
  Artefacts artefacts_{models_};
};

TEST_F(ArtefactsTest, GivesBackWhatWasPut) {
  const std::string bytes("\0trees\xff", 7);
  const std::string name = artefacts_.put(bytes).value();
  EXPECT_EQ(name, to_hex(stable_hash128(bytes)));
  EXPECT_EQ(artefacts_.put(bytes).value(), name);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(artefacts_.open(name).value()->bytes(), bytes);
  EXPECT_EQ(Artefacts(models_).open(name).value()->bytes(), bytes);
  EXPECT_EQ(artefacts_.open(artefacts_.put("").value()).value()->bytes(), "");
}

TEST_F(ArtefactsTest, RefusesBytesThatWereChanged) {
  const std::string name = artefacts_.put("as it was trained").value();
  std::ofstream(models_ + "/" + name) << "as it was trainee";
  const auto opened = artefacts_.open(name);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::corrupt);
  EXPECT_EQ(artefacts_.put("as it was trained").value(), name);
  EXPECT_TRUE(artefacts_.open(name));
}

TEST_F(ArtefactsTest, SaysWhatIsMissing) {
  EXPECT_EQ(artefacts_.open(to_hex(Hash128{1, 2})).error().code, Code::not_found);
  EXPECT_EQ(artefacts_.open("../ara.db").error().field, "artefact");
  std::ofstream(folder_.file("home")) << "a file where the folder should be";
  EXPECT_EQ(artefacts_.put("x").error().code, Code::io);
}

TEST_F(ArtefactsTest, ManyAtOnceFromManyThreads) {
  constexpr std::size_t kMany = 30;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < kMany; ++i) {
        const std::string bytes = ara::format("model {}", i);
        const auto opened = artefacts_.open(artefacts_.put(bytes).value());
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ((*opened)->bytes(), bytes);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(files(), kMany);
}

}  // namespace
}  // namespace ara::registry
