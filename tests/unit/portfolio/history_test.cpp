#include "portfolio/history.h"

#include <gtest/gtest.h>

#include "market.h"

namespace ara::portfolio {
namespace {

TEST(Align, KeepsTheSessionsThatAllHave) {
  auto series = market(3, 200);
  series[0].bars.erase(series[0].bars.begin() + 50);
  series[2].bars.erase(series[2].bars.begin() + 120, series[2].bars.begin() + 123);
  const auto history = align(series, domain::Date{});
  ASSERT_TRUE(history);
  EXPECT_EQ(history->dates.size(), 200U - 4 - 1);
  // What happened over the gap is in the return after it.
  const auto& bars = series[1].bars;
  EXPECT_EQ(history->dates[49], domain::date_of(bars[51].time));
  EXPECT_NEAR(history->returns(49, 1), bars[51].close / bars[49].close - 1, 1e-15);
}

TEST(Align, BeginsWithTheReturnThatEndsOnTheDay) {
  const auto series = market(2, 200);
  const auto from = domain::date_of(series[0].bars[100].time);
  const auto history = align(series, from);
  ASSERT_TRUE(history);
  EXPECT_EQ(history->dates.front(), from);
  EXPECT_EQ(history->returns.rows(), 100);
}

TEST(Align, TheYearIsThatOfTheFewestSessions) {
  auto series = market(2, 200);
  series[0].asset_type = domain::AssetType::crypto;
  EXPECT_EQ(align(series, domain::Date{})->sessions_a_year, 252);
  series[1].asset_type = domain::AssetType::crypto;
  EXPECT_EQ(align(series, domain::Date{})->sessions_a_year, 365);
}

TEST(Align, SaysWhatIsWrong) {
  const auto field = [](const std::vector<domain::Series>& series) {
    const auto history = align(series, domain::Date{});
    return history ? "" : history.error().field + " " + history.error().value;
  };
  auto series = market(2, 200);
  EXPECT_EQ(field({series[0], series[0]}), "assets A0");
  EXPECT_EQ(field(market(2, History::kLeast)), "period 59 sessions in common");
  EXPECT_EQ(field(market(2, History::kLeast + 1)), "");
  series[1].bars[77].close = -37;
  EXPECT_EQ(field(series), "assets A1");
  for (domain::Bar& bar : series[1].bars) bar.close = 5;
  EXPECT_EQ(field(series), "assets A1");
}

TEST(ShrunkCovariance, IsPositiveDefiniteWithMoreAssetsThanSessionsNeed) {
  const History history = history_of(50, 70);
  const auto covariance = shrunk_covariance(history);
  ASSERT_TRUE(covariance);
  EXPECT_GT(covariance->shrinkage, 0.1);
  EXPECT_LE(covariance->shrinkage, 1);
  EXPECT_EQ(Eigen::LLT<Matrix>(covariance->matrix).info(), Eigen::Success);
}

TEST(ShrunkCovariance, KeepsVariances) {
  const History history = history_of(4, 300);
  const auto covariance = shrunk_covariance(history);
  const Matrix x = history.returns.rowwise() - history.returns.colwise().mean();
  for (Eigen::Index i = 0; i < 4; ++i) {
    EXPECT_NEAR(covariance->matrix(i, i), 252 * x.col(i).squaredNorm() / 299, 1e-12);
  }
}

TEST(ShrunkCovariance, NamesAssetsThatAreOne) {
  auto series = market(2, 200);
  series[1].bars = series[0].bars;
  for (domain::Bar& bar : series[1].bars) bar.close *= 3;
  const auto covariance = shrunk_covariance(align(series, domain::Date{}).value());
  ASSERT_FALSE(covariance);
  EXPECT_EQ(covariance.error().field, "assets");
  EXPECT_EQ(covariance.error().value, "A0, A1");
}

TEST(Correlations, OfMultiples) {
  Matrix returns(3, 2);
  returns << 1, -2, 2, -4, 4, -8;
  const Matrix found = correlations(returns);
  EXPECT_NEAR(found(0, 1), -1, 1e-12);
  EXPECT_EQ(found(0, 0), 1);
}

}  // namespace
}  // namespace ara::portfolio
