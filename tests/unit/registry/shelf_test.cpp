// Users' models from the manifest to the champion.
#include "registry/shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/format.h"
#include "registry/lineup.h"
#include "registry/train.h"
#include "support/garch_bars.h"
#include "support/manual_clock.h"
#include "support/onnx_graph.h"
#include "support/simple_trees.h"
#include "support/temporary_folder.h"

namespace ara::registry {
namespace {

using domain::AssetType;
using storage::ModelStatus;
using testing::HasSubstr;
using namespace std::chrono_literals;

class ShelfTest : public testing::Test {
 protected:
  /// A random walk with the deviation of the last 40 changes, `wider` times as wide.
  std::string write(const std::string& name, int horizon, float wider = 1) {
    const std::vector<double> levels{0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975};
    // Student's t with 6 degrees of freedom and variance 1, as garch_bars are made.
    const std::vector<double> scores{-1.998, -1.587, -1.176, -0.586, 0, 0.586, 1.176, 1.587, 1.998};
    support::OnnxLinear linear{.shape = {1, 2}, .rows = 2, .weights = {}, .bias = {}};
    for (int h = 1; h <= horizon; ++h) {
      for (double z : scores) {
        linear.bias.push_back(wider * static_cast<float>(std::sqrt(h) * z));
      }
    }
    linear.weights.assign(2 * linear.bias.size(), 0);
    std::ofstream(folder_.file(name + ".onnx"), std::ios::binary) << linear.file();
    const std::string path = folder_.file(name + ".toml");
    std::ofstream file(path);
    file << ara::format(
        "name = \"{0}\"\nfile = \"{0}.onnx\"\nhorizon = {1}\ndeviation_window = 40\n"
        "[input]\nkind = \"changes\"\nwindow = 2\n[output]\nscale = \"deviation\"\nlevels = [",
        name, horizon);
    for (double level : levels) file << level << ", ";
    file << "]\n";
    return path;
  }

  TrainOptions options(const std::shared_ptr<const Shelf>& shelf, std::string_view name) {
    return {.band = bands().front(),
            .symbols = 3,
            .origins = 150,
            .models = {shelf->find(name).value()},
            .command = {},
            .shelf = shelf,
            .for_each = {},
            .progress = {}};
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>(folder_.file("models"));
};

TEST_F(ShelfTest, KeepsWhatWasAddedAndFindsItByName) {
  EXPECT_EQ(shelf_->find("ses").value()->name, "ses");
  EXPECT_EQ(shelf_->find("mine").error().field, "model");
  const std::string path = write("mine", 5);
  const auto added = shelf_->add(path);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(shelf_->add(path).value(), *added);
  EXPECT_EQ(shelf_->find("mine").value(), *added);
  const std::string hash = to_hex((*added)->content());
  EXPECT_EQ(shelf_->find("mine", hash).value().row, *added);
  EXPECT_EQ(shelf_->artefact_of(**added), hash);
  EXPECT_EQ(shelf_->artefact_of(models::catalog()[0]), "");

  std::filesystem::remove(path);  // the shelf has its own
  const Shelf anew(folder_.file("models"));
  EXPECT_EQ(to_hex(static_cast<const onnx::UserModel*>(anew.find("mine").value())->content()),
            hash);
  EXPECT_EQ(anew.find("mine", std::string(32, 'f')).error().code, Code::not_found);

  const auto other = shelf_->add(write("mine", 5, 2)).value();
  EXPECT_THAT(shelf_->find("mine").error().allowed, HasSubstr("mine-" + hash.substr(0, 12)));
  EXPECT_EQ(shelf_->find("mine-" + to_hex(other->content()).substr(0, 4)).value(), other);
}

TEST_F(ShelfTest, TakesAManifestByItsPathWithoutKeepingIt) {
  const std::string path = write("mine", 5);
  EXPECT_EQ(shelf_->find(path).value()->name, "mine");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("models")));
  EXPECT_EQ(shelf_->find(folder_.file("no.toml")).error().code, Code::not_found);
}

TEST_F(ShelfTest, WhatWasChangedOnTheShelfIsNotServed) {
  const auto added = shelf_->add(write("mine", 5)).value();
  const std::string hash = to_hex(added->content());
  std::ofstream(folder_.file("models/mine-" + hash.substr(0, 12) + "/manifest.toml"), std::ios::app)
      << "# changed\n";
  const Shelf anew(folder_.file("models"));
  EXPECT_EQ(anew.find("mine", hash).error().code, Code::corrupt);
}

TEST_F(ShelfTest, TreesAreInMemoryOnce) {
  const std::string json = support::simple_trees_json();
  Recipe kept = shelf_->keep_trees(json).value();
  EXPECT_EQ(kept.artefact, to_hex(stable_hash128(json)));
  Recipe found = shelf_->find("gbm", kept.artefact).value();
  EXPECT_EQ(found.row->name, "gbm");
  EXPECT_EQ(found.artefact, kept.artefact);
  EXPECT_EQ(found.trees, kept.trees);
  EXPECT_EQ(shelf_->find("combination", kept.artefact).value().trees, kept.trees);
  EXPECT_EQ(shelf_->find("combination", "").value().trees, nullptr);
  EXPECT_TRUE(Shelf(folder_.file("models")).find("gbm", to_hex(stable_hash128(json))));
}

TEST_F(ShelfTest, TreesThatNobodyHoldsAreKeptForAWhile) {
  support::ManualClock clock;
  const Shelf shelf(folder_.file("models"), 1h, clock);
  const std::string json = support::simple_trees_json();
  Recipe recipe = shelf.keep_trees(json).value();
  const std::string artefact = recipe.artefact;
  const std::weak_ptr<const models::Trees> seen = recipe.trees;
  recipe = {};
  clock.advance(59min);
  EXPECT_EQ(shelf.find("gbm", artefact).value().trees, seen.lock()) << "no file is read again";
  EXPECT_NE(seen.lock(), nullptr);
  clock.advance(59min);  // from when it was last asked for
  (void)shelf.find("gbm", "0");
  EXPECT_FALSE(seen.expired());
  clock.advance(1min);
  (void)shelf.find("gbm", "0");
  EXPECT_TRUE(seen.expired());
}

TEST_F(ShelfTest, NoMoreTreesAreKeptThanMayBe) {
  std::vector<std::weak_ptr<const models::Trees>> seen;
  for (std::size_t i = 0; i < Shelf::kMostKept + 2; ++i) {
    seen.push_back(shelf_->keep_trees(support::simple_trees_json() + std::string(i, ' '))->trees);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i].expired(), i < 2) << i;
}

TEST_F(ShelfTest, TreesThatAreMissingOrDamagedAreNotServed) {
  const std::string artefact = shelf_->keep_trees(support::simple_trees_json()).value().artefact;
  shelf_ = std::make_shared<Shelf>(folder_.file("models"));  // which has nothing in memory
  std::ofstream(folder_.file("models/trees/" + artefact), std::ios::app) << " ";
  EXPECT_EQ(shelf_->find("gbm", artefact).error().code, Code::corrupt);
  std::filesystem::remove(folder_.file("models/trees/" + artefact));
  EXPECT_EQ(shelf_->find("gbm", artefact).error().code, Code::not_found);
  EXPECT_EQ(shelf_->find("not_yet_invented", "").error().code, Code::unsupported);
  EXPECT_EQ(shelf_->keep_trees("{}").error().code, Code::corrupt);
  EXPECT_EQ(Shelf().keep_trees(support::simple_trees_json()).error().code, Code::unavailable);
  EXPECT_EQ(Shelf().find("gbm", artefact).error().code, Code::not_found);
}

TEST_F(ShelfTest, AUsersModelIsJudgedAndServes) {
  const auto store = storage::open_sqlite(folder_.file("ara.db")).value();
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto symbol = domain::Symbol::parse(ara::format("S{}", seed)).value();
    ASSERT_TRUE(store->put_bars(symbol, AssetType::stock, support::garch_bars(700, seed), Call{}));
  }
  ASSERT_TRUE(shelf_->add(write("mine", 5)));
  ASSERT_TRUE(shelf_->add(write("wide", 5, 10)));
  ASSERT_TRUE(shelf_->add(write("brief", 2)));

  const auto wide = train(*store, options(shelf_, "wide"), system_clock()).value();
  EXPECT_EQ(wide.versions[0].status, ModelStatus::refused);
  EXPECT_THAT(wide.versions[0].reason, HasSubstr("wide"));
  const auto brief = train(*store, options(shelf_, "brief"), system_clock()).value();
  EXPECT_EQ(brief.versions[0].status, ModelStatus::refused);
  EXPECT_THAT(brief.versions[0].reason, HasSubstr("2 sessions"));

  const auto trained = train(*store, options(shelf_, "mine"), system_clock()).value();
  ASSERT_EQ(trained.versions[0].status, ModelStatus::champion) << trained.versions[0].reason;
  EXPECT_EQ(trained.versions[0].artefact.size(), 32u);

  const Shelf anew(folder_.file("models"));
  const Lineup lineup = Lineup::read(*store, anew, Call{}).value();
  const Champion* champion = lineup.champion(AssetType::stock, 5);
  ASSERT_NE(champion, nullptr);
  EXPECT_EQ(champion->row->name, "mine");
  EXPECT_EQ(champion->id, trained.champion);
  const auto model = models::fit(*champion->row, support::garch_bars(300), {}).value();
  EXPECT_GT(model->forecast(5).sd[4], model->forecast(5).sd[0]);

  const Shelf empty(folder_.file("elsewhere"));
  const Lineup poor = Lineup::read(*store, empty, Call{}).value();
  EXPECT_EQ(poor.champion(AssetType::stock, 5), nullptr);
  ASSERT_EQ(poor.absent().size(), 1u);
  EXPECT_EQ(poor.absent()[0].id, trained.champion);
  EXPECT_THAT(poor.absent()[0].error.message, HasSubstr(folder_.file("elsewhere")));
}

}  // namespace
}  // namespace ara::registry
