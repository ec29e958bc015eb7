// What every store promises about versions of models, champions and market factors.
#include <atomic>
#include <thread>

#include "contract/store_contract.h"

namespace ara::storage {
namespace {

using domain::AssetType;
using enum ModelStatus;

class StoreModels : public StoreContract {
 protected:
  static WallTime at(std::int64_t count) { return WallTime{std::chrono::microseconds{count}}; }

  static ModelVersionRow version(std::string id, std::int64_t created = 0,
                                 AssetType asset_type = AssetType::stock,
                                 std::string band = "1-5") {
    return {.id = std::move(id),
            .model = "theta",
            .asset_type = asset_type,
            .band = std::move(band),
            .document = "{\"seed\":1}",
            .created = at(created),
            .reason = {},
            .changed = at(created)};
  }
  Result<void> put(const std::vector<ModelVersionRow>& rows) {
    return store_->put_models(rows, Call{});
  }
  ModelVersionRow find(const std::string& id) {
    return store_->find_model(id, Call{}).value().value();
  }
  std::string listed(const ModelFilter& filter) {
    std::string ids;
    const auto rows = store_->models(filter, Call{}).value();
    for (const auto& row : rows) ids += row.id;
    return ids;
  }
  std::string champions() {
    std::string ids;
    const auto rows = store_->champions(Call{}).value();
    for (const auto& row : rows) ids += row.id;
    return ids;
  }
  std::uint64_t registry_version() { return store_->registry_version(Call{}).value(); }
};
INSTANTIATE_TEST_SUITE_P(Every, StoreModels, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreModels, AVersionDoesNotChange) {
  ModelVersionRow model = version("a", 10, AssetType::crypto, "6-10");
  model.status = refused;
  model.reason = "constant";
  ASSERT_TRUE(put({model}));
  ModelVersionRow later = model;
  later.created = at(11);
  later.status = candidate;
  EXPECT_TRUE(put({later}));
  for (auto field : {&ModelVersionRow::model, &ModelVersionRow::band, &ModelVersionRow::document}) {
    ModelVersionRow other = model;
    other.*field += "x";
    expect_error(put({other}), Code::conflict);
  }
  ModelVersionRow other = model;
  other.asset_type = AssetType::forex;
  expect_error(put({other}), Code::conflict);
  reopen();
  const ModelVersionRow found = find("a");
  EXPECT_EQ(found.model, model.model);
  EXPECT_EQ(found.asset_type, model.asset_type);
  EXPECT_EQ(found.band, model.band);
  EXPECT_EQ(found.document, model.document);
  EXPECT_EQ(found.created, at(10));
  EXPECT_EQ(found.status, refused);
  EXPECT_EQ(found.reason, "constant");
  EXPECT_EQ(found.changed, at(10));
  EXPECT_FALSE(store_->find_model("b", Call{}).value().has_value());
}

TEST_P(StoreModels, VersionsArePutAllOrNone) {
  ModelVersionRow bad = version("b");
  bad.status = champion;
  expect_error(put({version("a"), bad}), Code::invalid);
  EXPECT_EQ(listed({}), "");
  EXPECT_TRUE(put({}));
}

TEST_P(StoreModels, ListsTheNewestThatMatch) {
  ModelVersionRow none = version("d", 4);
  none.status = refused;
  ASSERT_TRUE(put({version("b", 1), version("a", 3, AssetType::crypto),
                   version("c", 2, AssetType::stock, "6-10"), none}));
  EXPECT_EQ(listed({}), "dacb");
  EXPECT_EQ(listed({.asset_type = AssetType::stock, .band = {}, .id_prefix = {}}), "dcb");
  EXPECT_EQ(listed({.asset_type = {}, .band = "6-10", .id_prefix = {}}), "c");
  EXPECT_EQ(listed({.asset_type = {}, .band = {}, .status = refused, .id_prefix = {}}), "d");
  EXPECT_EQ(listed({.asset_type = {}, .band = {}, .id_prefix = "a"}), "a");
  EXPECT_EQ(listed({.asset_type = {}, .band = {}, .id_prefix = {}, .limit = 2}), "da");
}

TEST_P(StoreModels, OneChampionForEachAssetTypeAndBand) {
  ASSERT_TRUE(put({version("a"), version("b"), version("c", 0, AssetType::stock, "6-10"),
                   version("d", 0, AssetType::crypto)}));
  const std::uint64_t before = registry_version();
  for (const char* id : {"a", "c", "d"}) ASSERT_TRUE(store_->promote_model(id, at(5), Call{}));
  EXPECT_EQ(champions(), "dac");
  EXPECT_EQ(find("a").changed, at(5));
  const std::uint64_t between = registry_version();
  EXPECT_NE(before, between);
  ASSERT_TRUE(store_->promote_model("a", at(6), Call{}));
  EXPECT_EQ(registry_version(), between);
  EXPECT_EQ(find("a").changed, at(5));

  ASSERT_TRUE(store_->promote_model("b", at(7), Call{}));
  EXPECT_NE(registry_version(), between);
  reopen();
  EXPECT_EQ(champions(), "dbc");
  EXPECT_EQ(find("a").status, candidate);
  EXPECT_EQ(find("a").changed, at(7));
}

TEST_P(StoreModels, WhatIsRetiredOrRefusedStaysSo) {
  ModelVersionRow bad = version("bad");
  bad.status = refused;
  bad.reason = "explodes";
  ASSERT_TRUE(put({version("a"), bad}));
  ASSERT_TRUE(store_->promote_model("a", at(1), Call{}));
  const std::uint64_t before = registry_version();
  ASSERT_TRUE(store_->retire_model("a", "old", at(2), Call{}));
  EXPECT_NE(registry_version(), before);
  EXPECT_EQ(champions(), "");
  EXPECT_EQ(find("a").status, retired);
  EXPECT_EQ(find("a").reason, "old");
  ASSERT_TRUE(store_->retire_model("a", "again", at(3), Call{}));
  EXPECT_EQ(find("a").reason, "old");
  expect_error(store_->promote_model("a", at(4), Call{}), Code::conflict);
  expect_error(store_->promote_model("bad", at(4), Call{}), Code::conflict);
  expect_error(store_->retire_model("bad", "", at(4), Call{}), Code::conflict);
  expect_error(store_->promote_model("none", at(4), Call{}), Code::not_found);
  expect_error(store_->retire_model("none", "", at(4), Call{}), Code::not_found);
  EXPECT_NE(store_->promote_model("bad", at(4), Call{}).error().message.find("explodes"),
            std::string::npos);
}

TEST_P(StoreModels, PromotingFromManySidesLeavesOneChampion) {
  ASSERT_TRUE(put({version("a"), version("b"), version("c")}));
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (const char* id : {"a", "b", "c"}) {
      threads.emplace_back([this, id, &failed] {
        const auto store = another();
        for (int i = 0; i < 20; ++i) failed += !store->promote_model(id, at(i), Call{});
      });
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(champions().size(), 1u);
}

TEST_P(StoreModels, AMarketFactorsRevisionGrowsWithItsChanges) {
  EXPECT_FALSE(store_->find_market(AssetType::stock, Call{}).value().has_value());
  const std::uint64_t before = registry_version();
  const std::string payload("\0\xff", 2);
  EXPECT_EQ(store_->put_market({AssetType::stock, 0, payload}, Call{}).value(), 1u);
  const std::uint64_t between = registry_version();
  EXPECT_NE(before, between);
  EXPECT_EQ(store_->put_market({AssetType::stock, 0, payload}, Call{}).value(), 1u);
  EXPECT_EQ(registry_version(), between);
  EXPECT_EQ(store_->put_market({AssetType::stock, 0, payload + "x"}, Call{}).value(), 2u);
  EXPECT_EQ(store_->put_market({AssetType::crypto, 0, ""}, Call{}).value(), 1u);
  EXPECT_NE(registry_version(), between);
  reopen();
  const auto found = store_->find_market(AssetType::stock, Call{}).value().value();
  EXPECT_EQ(found.revision, 2u);
  EXPECT_EQ(found.payload, payload + "x");
  const auto markets = store_->markets(Call{}).value();
  ASSERT_EQ(markets.size(), 2u);
  EXPECT_EQ(markets[0].asset_type, AssetType::crypto);
  EXPECT_EQ(markets[1].revision, 2u);
  EXPECT_TRUE(markets[1].payload.empty());
}

}  // namespace
}  // namespace ara::storage
