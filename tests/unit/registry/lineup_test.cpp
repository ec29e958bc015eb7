#include "registry/lineup.h"

#include <gtest/gtest.h>

#include <cmath>

#include "registry/market.h"
#include "support/garch_bars.h"
#include "support/temporary_folder.h"

namespace ara::registry {
namespace {

using domain::AssetType;

class LineupTest : public testing::Test {
 protected:
  void promote(const std::string& model, AssetType asset_type, std::string_view band) {
    storage::ModelVersionRow row{.id = model + "-0123456789ab",
                                 .model = model,
                                 .asset_type = asset_type,
                                 .band = std::string(band)};
    ASSERT_TRUE(store_->put_models({&row, 1}, Call{}));
    ASSERT_TRUE(store_->promote_model(row.id, {}, Call{}));
  }
  Lineup read() { return Lineup::read(*store_, shelf_, Call{}).value(); }

  support::TemporaryFolder folder_;
  Shelf shelf_{folder_.file("models")};
  std::shared_ptr<storage::Store> store_ = storage::open_sqlite(folder_.file("ara.db")).value();
};

TEST_F(LineupTest, NamesTheChampionOfEachBand) {
  EXPECT_EQ(read().champion(AssetType::stock, 1), nullptr);
  const std::uint64_t before = read().version();
  promote("ses", AssetType::stock, "1-5");
  promote("theta", AssetType::stock, "11-30");
  const Lineup lineup = read();
  EXPECT_NE(lineup.version(), before);
  EXPECT_EQ(lineup.champion(AssetType::stock, 5)->row->name, "ses");
  EXPECT_EQ(lineup.champion(AssetType::stock, 5)->suffix, "-0123456789ab");
  EXPECT_EQ(lineup.champion(AssetType::stock, 6), nullptr);
  EXPECT_EQ(lineup.champion(AssetType::stock, 30)->row->name, "theta");
  EXPECT_EQ(lineup.champion(AssetType::crypto, 5), nullptr);
}

TEST_F(LineupTest, LeavesOutModelsOfANewerProgram) {
  promote("not_yet_invented", AssetType::stock, "1-5");
  promote("ses", AssetType::crypto, "1-2");
  EXPECT_EQ(read().champion(AssetType::stock, 5), nullptr);
  EXPECT_EQ(read().champion(AssetType::crypto, 1), nullptr);
  const Lineup lineup = read();
  ASSERT_EQ(lineup.absent().size(), 2u);
  EXPECT_EQ(lineup.absent()[0].id, "ses-0123456789ab");  // by asset type: crypto, stock
  EXPECT_EQ(lineup.absent()[0].error.field, "band");
  EXPECT_EQ(lineup.absent()[1].id, "not_yet_invented-0123456789ab");
}

class MarketTest : public LineupTest {
 protected:
  void put(const std::string& name, std::size_t count, std::uint64_t seed) {
    auto bars = support::garch_bars(count, seed);
    for (domain::Bar& bar : bars) {
      bar.high = bar.close * 1.01;
      bar.low = bar.close * 0.99;
      bar.open = bar.close;
    }
    ASSERT_TRUE(store_->put_bars(domain::Symbol::parse(name).value(), AssetType::stock, bars, {}));
  }
};

TEST_F(MarketTest, ClosesTheFactorOfTheStoresBars) {
  EXPECT_EQ(close_market(*store_, AssetType::stock, Call{}).value(), 0u);
  EXPECT_EQ(read().market_revision(AssetType::stock), 0u);
  put("A", 300, 1);
  put("B", 300, 2);
  EXPECT_EQ(close_market(*store_, AssetType::stock, Call{}).value(), 1u);
  EXPECT_EQ(close_market(*store_, AssetType::stock, Call{}).value(), 1u);
  EXPECT_EQ(read().market_revision(AssetType::stock), 1u);
  EXPECT_EQ(read().market_revision(AssetType::crypto), 0u);

  const auto a = store_->last_bars(domain::Symbol::parse("A").value(), 300, {}).value();
  const auto b = store_->last_bars(domain::Symbol::parse("B").value(), 300, {}).value();
  const std::vector<std::span<const domain::Bar>> universe{a.bars, b.bars};
  const auto expected = models::market_factor(universe);
  const Market market = read_market(*store_, AssetType::stock, Call{}).value();
  ASSERT_EQ(market.points.size(), expected.size());
  ASSERT_FALSE(expected.empty());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(market.points[i].time, expected[i].time);
    EXPECT_EQ(market.points[i].factors.volatility, expected[i].factors.volatility);
    EXPECT_EQ(market.points[i].factors.change, expected[i].factors.change);
  }
  put("C", 300, 3);
  EXPECT_EQ(close_market(*store_, AssetType::stock, Call{}).value(), 2u);
}

TEST_F(MarketTest, KeepsWhatWasRead) {
  Markets markets(store_);
  EXPECT_TRUE(markets.get(AssetType::stock, 0, Call{}).value()->points.empty());
  put("A", 300, 1);
  ASSERT_EQ(close_market(*store_, AssetType::stock, Call{}).value(), 1u);
  const auto first = markets.get(AssetType::stock, 1, Call{}).value();
  EXPECT_EQ(first->revision, 1u);
  EXPECT_EQ(markets.get(AssetType::stock, 1, Call{}).value(), first);
  put("B", 300, 2);
  ASSERT_EQ(close_market(*store_, AssetType::stock, Call{}).value(), 2u);
  EXPECT_EQ(markets.get(AssetType::stock, 1, Call{}).value(), first);
  EXPECT_EQ(markets.get(AssetType::stock, 2, Call{}).value()->revision, 2u);
  EXPECT_EQ(markets.get(AssetType::stock, 1, Call{}).value()->revision, 2u);
}

TEST_F(MarketTest, PointsThatWereKeptWithoutChangesAreRead) {
  std::string old(32, '\0');  // two points: seconds, then the bits of the volatility
  old[0] = 7;
  ASSERT_TRUE(store_->put_market({AssetType::stock, 0, old}, Call{}));
  const Market market = read_market(*store_, AssetType::stock, Call{}).value();
  ASSERT_EQ(market.points.size(), 2u);
  EXPECT_EQ(market.points[0].time, domain::Time{std::chrono::seconds{7}});
  EXPECT_EQ(market.points[0].factors.volatility, 0);
  EXPECT_TRUE(std::isnan(market.points[0].factors.change));
}

TEST_F(MarketTest, BytesThatAreNoFactorAreRefused) {
  ASSERT_TRUE(store_->put_market({AssetType::stock, 0, "seventeen bytes !"}, Call{}));
  const auto read = read_market(*store_, AssetType::stock, Call{});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::corrupt);
}

}  // namespace
}  // namespace ara::registry
