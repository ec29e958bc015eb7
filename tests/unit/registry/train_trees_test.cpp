// The global trees from the training to the champion.
#include "registry/train_trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/format.h"
#include "models/gbm.h"
#include "registry/lineup.h"
#include "registry/train.h"
#include "support/garch_bars.h"
#include "support/temporary_folder.h"

namespace ara::registry {
namespace {

using domain::AssetType;
using storage::ModelStatus;
using testing::HasSubstr;

constexpr std::size_t kBars = 700, kOrigins = 150, kHorizon = 5;
constexpr std::size_t kFirstOrigin = kBars - kHorizon - kOrigins;  ///< the bar

class TrainTreesTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      put(ara::format("S{}", seed), support::garch_bars(kBars, seed));
    }
  }
  void put(const std::string& name, std::span<const domain::Bar> bars) {
    ASSERT_TRUE(store_->put_bars(domain::Symbol::parse(name).value(), AssetType::stock, bars, {}));
  }
  TrainOptions options(std::initializer_list<std::string_view> names) const {
    TrainOptions made{.band = bands().front(), .symbols = 2, .origins = kOrigins};
    for (const auto name : names) made.models.push_back(models::find_model(name).value());
    made.trees.boosting.rounds = 30;
    made.trees.boosting.min_child_weight = 100;
    made.shelf = shelf_;
    return made;
  }
  Result<Trained> run(const TrainOptions& with) { return train(*store_, with, system_clock()); }

  static Version version_of(const Trained& trained, std::string_view model,
                            bool with_trees = true) {
    return *std::ranges::find_if(trained.versions, [&](const Version& version) {
      return version.model == model && version.artefact.empty() != with_trees;
    });
  }
  static std::set<std::string> artefacts(const Trained& trained) {
    std::set<std::string> all;
    for (const Version& version : trained.versions) all.insert(version.artefact);
    return all;
  }
  domain::Date first_origin() const {
    return domain::date_of(support::garch_bars(kBars, 1)[kFirstOrigin].time);
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>(folder_.file("models"));
  std::unique_ptr<storage::Store> store_ = storage::open_sqlite(folder_.file("ara.db")).value();
};

TEST_F(TrainTreesTest, WhatUsesTreesIsJudgedWithAndWithoutAndTheBestServes) {
  const Trained trained = run(options({"gbm", "combination", "drift"})).value();
  ASSERT_EQ(trained.versions.size(), 4u);
  const Version gbm = version_of(trained, "gbm");
  EXPECT_EQ(gbm.artefact.size(), 32u);
  EXPECT_EQ(version_of(trained, "combination").artefact, gbm.artefact);
  EXPECT_NE(version_of(trained, "combination").hash(),
            version_of(trained, "combination", false).hash());
  EXPECT_NE(gbm.status, ModelStatus::refused) << gbm.reason;
  ASSERT_EQ(trained.notes.size(), 1u);
  EXPECT_THAT(trained.notes[0], HasSubstr(domain::to_iso(first_origin())));

  ASSERT_TRUE(store_->promote_model(gbm.id(), {}, {}));
  const Shelf anew(folder_.file("models"));
  const Lineup lineup = Lineup::read(*store_, anew, {}).value();
  const Champion* champion = lineup.champion(AssetType::stock, 5);
  ASSERT_NE(champion, nullptr);
  ASSERT_NE(champion->trees, nullptr);
  EXPECT_EQ(models::trained_until(*champion->trees).value(), first_origin());
  EXPECT_TRUE(models::fit(*champion->row, support::garch_bars(300), {.trees = champion->trees}));
  // Another read of the lineup shares them.
  EXPECT_EQ(Lineup::read(*store_, anew, {}).value().champion(AssetType::stock, 5)->trees,
            champion->trees);
}

TEST_F(TrainTreesTest, OneSeedIsOneHashAndAnotherIsAnother) {
  TrainOptions with = options({"gbm"});
  const Version first = run(with).value().versions[0];
  std::filesystem::remove_all(folder_.file("models"));
  const Version again = run(with).value().versions[0];
  EXPECT_EQ(again.hash(), first.hash());
  EXPECT_EQ(again.artefact, first.artefact);
  with.seed = 2;
  EXPECT_NE(artefacts(run(with).value()), std::set{first.artefact});
}

TEST_F(TrainTreesTest, NothingThatIsJudgedIsLearnedFrom) {
  const auto before = artefacts(run(options({"gbm"})).value());
  ASSERT_EQ(before.size(), 1u);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    auto bars = support::garch_bars(kBars, seed);
    for (std::size_t i = kFirstOrigin + 1; i < kBars; ++i) bars[i].close *= i % 2 ? 1.1 : 0.9;
    put(ara::format("S{}", seed), bars);
  }
  EXPECT_EQ(artefacts(run(options({"gbm"})).value()), before);
  auto bars = support::garch_bars(kBars, 4);
  bars[kFirstOrigin - 9].close *= 1.1;
  put("S4", bars);
  EXPECT_NE(artefacts(run(options({"gbm"})).value()), before);
}

TEST_F(TrainTreesTest, AChampionThatHasSeenWhatIsJudgedStays) {
  const Trained first = run(options({"gbm"})).value();
  ASSERT_TRUE(first.promoted) << first.versions[0].reason;
  TrainOptions with = options({"drift", "garch_fhs"});
  with.origins = kOrigins + 20;
  const Trained longer = run(with).value();
  EXPECT_FALSE(longer.promoted);
  EXPECT_EQ(longer.champion, first.champion);
  ASSERT_EQ(longer.versions.size(), 2u);
  ASSERT_EQ(longer.notes.size(), 1u);
  EXPECT_THAT(longer.notes[0], HasSubstr("stays"));
  // On the sessions that it has not seen it is judged with the trees that it was trained with.
  const Trained same = run(options({"drift"})).value();
  ASSERT_EQ(same.versions.size(), 2u);
  EXPECT_EQ(version_of(same, "gbm").artefact, first.versions[0].artefact);
}

TEST_F(TrainTreesTest, WithTooLittleToLearnFromItGoesOnWithout) {
  TrainOptions with = options({"gbm"});
  with.trees.rows = 500;
  const auto none = run(with);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().field, "rows");
  with.models = options({"gbm", "drift"}).models;
  const Trained trained = run(with).value();
  ASSERT_EQ(trained.versions.size(), 1u);
  EXPECT_EQ(trained.versions[0].model, "drift");
  ASSERT_EQ(trained.notes.size(), 1u);
  EXPECT_THAT(trained.notes[0], HasSubstr("at least 1000 rows"));
}

TEST_F(TrainTreesTest, DamagedTreesAreMadeAnew) {
  const Trained first = run(options({"gbm"})).value();
  const std::string path = folder_.file("models/trees/" + first.versions[0].artefact);
  std::ofstream(path, std::ios::app) << "x";
  shelf_ = std::make_shared<Shelf>(folder_.file("models"));  // as a new process has it
  const Lineup lineup = Lineup::read(*store_, *shelf_, {}).value();
  EXPECT_EQ(lineup.champion(AssetType::stock, 5), nullptr);
  ASSERT_EQ(lineup.absent().size(), 1u);
  EXPECT_EQ(lineup.absent()[0].error.code, Code::corrupt);
  EXPECT_THAT(lineup.absent()[0].error.message, HasSubstr(path));
  const Trained again = run(options({"gbm"})).value();
  EXPECT_EQ(again.versions[0].hash(), first.versions[0].hash());
  EXPECT_NE(Lineup::read(*store_, *shelf_, {}).value().champion(AssetType::stock, 5), nullptr);
}

}  // namespace
}  // namespace ara::registry
