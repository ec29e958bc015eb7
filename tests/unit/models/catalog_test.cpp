// What the catalog and models::fit promise, for every row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "models/model.h"
#include "support/each_model.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

using testing::HasSubstr;

TEST(Catalog, RowsAreNamedOnceAndSayTheirSource) {
  std::set<std::string_view> names;
  for (const ModelRow& row : catalog()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.title.empty()) << row.name;
    EXPECT_THAT(std::string(row.source), testing::ContainsRegex("(19|20)[0-9][0-9]|ed\\."))
        << row.name;
    EXPECT_EQ(find_model(row.name).value(), &row);
  }
  EXPECT_EQ(catalog().back().name, "combination");
  EXPECT_FALSE(version().empty());
}

TEST(Catalog, UnknownNameListsTheKnown) {
  const auto found = find_model("prophet");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Code::invalid);
  EXPECT_EQ(found.error().field, "model");
  for (const ModelRow& row : catalog()) {
    EXPECT_THAT(found.error().allowed, HasSubstr(std::string(row.name)));
  }
}

TEST(Catalog, ValueIsOfTheAdjustedCloseWhereThereIsOne) {
  domain::Bar bar;
  bar.close = 100;
  EXPECT_DOUBLE_EQ(value_of(bar, domain::Scale::level), 100);
  bar.adjusted_close = 50;
  EXPECT_DOUBLE_EQ(value_of(bar, domain::Scale::level), 50);
  EXPECT_DOUBLE_EQ(value_of(bar, domain::Scale::log), std::log(50));
}

TEST(Catalog, ScaleIsLogOnlyWhereEveryCloseIsPositive) {
  auto bars = support::bars_of({3, 2, 1});
  EXPECT_EQ(scale_of(bars), domain::Scale::log);
  bars[1].close = 0;
  EXPECT_EQ(scale_of(bars), domain::Scale::level);
  bars[1].close = -37;
  EXPECT_EQ(scale_of(bars), domain::Scale::level);
}

TEST(Catalog, EveryLevelHasARowForAnyNumberOfBars) {
  using enum domain::AnalysisLevel;
  for (std::size_t bars :
       {std::size_t{10}, std::size_t{149}, std::size_t{150}, std::size_t{2000}}) {
    for (auto level : {basic, standard, full}) EXPECT_LE(row_for(level, bars).min_bars, bars);
  }
  EXPECT_EQ(&row_for(standard, 1000), &catalog().back());
  EXPECT_NE(&row_for(basic, 1000), &catalog().back());
  EXPECT_NE(&row_for(full, 1000), &catalog().back());
}

class CatalogRow : public support::EachModel {};

TEST_P(CatalogRow, RefusesTooFewBars) {
  const auto bars = support::garch_bars(200);
  for (std::size_t count : {std::size_t{0}, std::size_t{1}, row().min_bars - 1}) {
    const auto fitted = fit(row(), std::span(bars).first(count), {});
    ASSERT_FALSE(fitted.has_value()) << count;
    EXPECT_EQ(fitted.error().code, Code::invalid);
    EXPECT_EQ(fitted.error().field, "bars");
    EXPECT_THAT(fitted.error().message, HasSubstr(std::to_string(row().min_bars)));
  }
  EXPECT_TRUE(fit(row(), std::span(bars).first(row().min_bars), {}).has_value());
}

TEST_P(CatalogRow, RefusesBarsWithoutAValue) {
  for (double bad : {std::nan(""), double{INFINITY}, 0.0, -1.0, 1e101}) {
    auto bars = support::garch_bars(200);
    bars[150].close = bad;
    const auto fitted = fit(row(), bars, {.scale = domain::Scale::log});
    ASSERT_FALSE(fitted.has_value()) << bad;
    EXPECT_EQ(fitted.error().field, "close") << bad;
  }
}

TEST_P(CatalogRow, RefusesBarsOutOfOrder) {
  auto bars = support::garch_bars(200);
  bars[100].time = bars[99].time;
  EXPECT_EQ(fit(row(), bars, {}).error().field, "time");
  std::swap(bars[20], bars[21]);
  EXPECT_EQ(fit(row(), bars, {}).error().field, "time");
}

TEST_P(CatalogRow, RefusedUpdateLeavesTheStateAsItWas) {
  const auto bars = support::garch_bars(200);
  const auto model = fit(row(), bars, {}).value();
  const auto before = model->forecast(5);
  domain::Bar bar = bars.back();
  for (double bad : {std::nan(""), 0.0, -3.0, 1e200}) {
    bar.close = bad;
    const auto updated = model->update(bar);
    ASSERT_FALSE(updated.has_value()) << bad;
    EXPECT_EQ(updated.error().field, "close");
  }
  EXPECT_EQ(model->forecast(5).change[4].values(), before.change[4].values());
}

TEST_P(CatalogRow, ComponentsAreRowsAndSumToOne) {
  const auto bars = support::garch_bars(600);
  const auto components = fit(row(), bars, {}).value()->components();
  double sum = 0;
  for (const auto& component : components) {
    EXPECT_TRUE(find_model(component.model).has_value()) << component.model;
    EXPECT_GE(component.weight, 0);
    sum += component.weight;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  const bool combines =
      row().name == "series" || row().name == "full" || &row() == &catalog().back();
  if (combines) {
    EXPECT_GT(components.size(), 1u);
  } else {
    ASSERT_EQ(components.size(), 1u);
    EXPECT_EQ(components[0].model, row().name);
  }
}

TEST_P(CatalogRow, TreesMakeAnotherModelOfThoseThatUseThem) {
  const auto bars = support::garch_bars(160);
  const auto with =
      models::fit(row(), bars, {.trees = support::simple_trees()}).value()->components();
  const auto without = models::fit(row(), bars, {});
  ASSERT_EQ(without.has_value(), !row().needs_trees);
  const bool differs = !without || (*without)->components().size() != with.size();
  EXPECT_EQ(differs, row().uses_trees);
  EXPECT_EQ(std::ranges::contains(with, "gbm", &domain::Component::model), row().uses_trees);
}

INSTANTIATE_TEST_SUITE_P(Models, CatalogRow, support::model_names(), support::model_name);

}  // namespace
}  // namespace ara::models
