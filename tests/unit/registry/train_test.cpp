#include "registry/train.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "base/format.h"
#include "registry/lineup.h"
#include "support/garch_bars.h"
#include "support/temporary_folder.h"

namespace ara::registry {
namespace {

using domain::AssetType;
using storage::ModelStatus;

class TrainTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) put(ara::format("S{}", seed), 700, seed);
    put("SHORT", 100, 9);
  }
  void put(const std::string& name, std::size_t count, std::uint64_t seed) {
    ASSERT_TRUE(store_->put_bars(domain::Symbol::parse(name).value(), AssetType::stock,
                                 support::garch_bars(count, seed), Call{}));
  }
  static TrainOptions options(std::initializer_list<std::string_view> models) {
    TrainOptions made{.band = bands().front(), .symbols = 3, .origins = 150};
    for (const auto name : models) made.models.push_back(models::find_model(name).value());
    made.command = "ara train --seed 1";
    return made;
  }
  Result<Trained> run(const TrainOptions& with) { return train(*store_, with, system_clock()); }
  static std::vector<std::string> ids(const Trained& trained) {
    std::vector<std::string> made;
    for (const Version& version : trained.versions) made.push_back(version.hash());
    return made;
  }

  support::TemporaryFolder folder_;
  Shelf shelf_{folder_.file("models")};
  std::unique_ptr<storage::Store> store_ = storage::open_sqlite(folder_.file("ara.db")).value();
};

TEST_F(TrainTest, CrownsTheBestAndRegistersAll) {
  const auto trained = run(options({"drift", "garch_fhs"}));
  ASSERT_TRUE(trained) << trained.error().message;
  ASSERT_EQ(trained->versions.size(), 2u);
  EXPECT_EQ(trained->symbols.size(), 3u);
  EXPECT_FALSE(std::ranges::contains(trained->symbols, "SHORT"));
  const Version& best = trained->versions.front();
  EXPECT_EQ(best.model, "garch_fhs") << trained->versions[1].reason;
  EXPECT_EQ(best.status, ModelStatus::champion);
  EXPECT_TRUE(trained->promoted);
  EXPECT_EQ(trained->champion, best.id());
  EXPECT_EQ(best.symbols, 6u);
  EXPECT_EQ(best.bars, 3600u);
  EXPECT_EQ(best.scores.origins, 450u);
  EXPECT_EQ(best.first, domain::Date{std::chrono::days{10000}});
  EXPECT_EQ(best.command, "ara train --seed 1");
  for (const Version& version : trained->versions) {
    const auto stored = find_version(*store_, version.id(), Call{});
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->hash(), version.hash());
    EXPECT_EQ(stored->status, version.status);
  }
  const Lineup lineup = Lineup::read(*store_, shelf_, Call{}).value();
  EXPECT_EQ(lineup.champion(AssetType::stock, 5)->id, best.id());
  EXPECT_EQ(lineup.champion(AssetType::stock, 6), nullptr);
}

TEST_F(TrainTest, OneSeedIsOneHashOnAnyNumberOfThreads) {
  TrainOptions with = options({"drift", "garch_fhs", "ses"});
  const auto first = run(with);
  std::atomic<std::size_t> told = 0;
  with.progress = [&](std::size_t, std::size_t of) {
    ++told;
    EXPECT_EQ(of, 12u);
  };
  with.for_each = [](std::size_t count, const std::function<void(std::size_t)>& work) {
    std::vector<std::future<void>> threads;
    for (std::size_t i = count; i-- > 0;) {
      threads.push_back(std::async(std::launch::async, work, i));
    }
  };
  const auto second = run(with);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(ids(*first), ids(*second));
  EXPECT_EQ(told, 12u);
  EXPECT_FALSE(second->promoted);
  EXPECT_EQ(store_->models({}, Call{}).value().size(), 3u);
  // Of five symbols three are drawn; another seed draws others.
  with.seed = 2;
  const auto other = run(with);
  ASSERT_TRUE(other);
  EXPECT_NE(other->symbols, first->symbols);
  EXPECT_NE(ids(*other), ids(*first));
}

TEST_F(TrainTest, AChampionStaysUntilAnotherIsBetter) {
  ASSERT_EQ(run(options({"ses"}))->versions.front().model, "ses");
  const std::string first =
      Lineup::read(*store_, shelf_, Call{}).value().champion(AssetType::stock, 1)->id;
  TrainOptions with = options({"ses"});
  with.seed = 3;
  auto again = run(with);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->promoted);
  EXPECT_EQ(again->champion, first);
  // The reigning model is judged along with those that are asked for.
  with.models = options({"garch_fhs"}).models;
  again = run(with);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->versions.size(), 2u);
  EXPECT_TRUE(again->promoted);
  EXPECT_TRUE(again->champion.starts_with("garch_fhs-")) << again->champion;
  EXPECT_EQ(store_->find_model(first, Call{}).value()->status, ModelStatus::candidate);
}

TEST_F(TrainTest, WhatWasRetiredIsNotCrownedAgain) {
  const auto first = run(options({"garch_fhs"}));
  ASSERT_TRUE(first && first->promoted);
  ASSERT_TRUE(store_->retire_model(first->champion, "old", {}, Call{}));
  const auto again = run(options({"garch_fhs"}));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->promoted);
  EXPECT_EQ(again->champion, "");
  EXPECT_EQ(again->versions.front().status, ModelStatus::retired);
}

TEST_F(TrainTest, TooFewBarsAreSaid) {
  TrainOptions with = options({"ses"});
  with.asset_type = AssetType::crypto;
  const auto none = run(with);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::not_found);
  EXPECT_NE(none.error().message.find("crypto"), std::string::npos);
}

}  // namespace
}  // namespace ara::registry
