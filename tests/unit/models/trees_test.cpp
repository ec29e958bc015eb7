// Reading, evaluating and explaining trees. That the bits are libxgboost's is tested where that is
// at hand: tests/unit/training.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "models/model.h"
#include "support/garch_bars.h"
#include "support/simple_trees.h"

namespace ara::models {
namespace {

using testing::HasSubstr;

/// One output, two features: x0 < 1 ? (x1 < 5 ? 10 : 20) : 30, missing x0 right and missing x1
/// left, and a second tree that is a leaf alone.
std::string small_json() {
  return R"({"learner": {"attributes": {"who": "a test"}, "gradient_booster": {"name": "gbtree",
    "model": {"trees": [
      {"left_children": [1, 3, -1, -1, -1], "right_children": [2, 4, -1, -1, -1],
       "split_indices": [0, 1, 0, 0, 0], "split_conditions": [1, 5, 30, 10, 20],
       "sum_hessian": [8, 4, 4, 1, 3], "default_left": [0, 1, 0, 0, 0],
       "split_type": [0, 0, 0, 0, 0]},
      {"left_children": [-1], "right_children": [-1], "split_indices": [0],
       "split_conditions": [0.25], "sum_hessian": [8], "default_left": [0], "split_type": [0]}],
      "tree_info": [0, 0]}},
    "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2",
                            "num_target": "1"},
    "objective": {"name": "reg:squarederror"}}})";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Trees, EachWayLeadsToItsLeaf) {
  const auto trees = Trees::parse(small_json()).value();
  EXPECT_EQ(trees.count(), 2u);
  EXPECT_EQ(trees.depth(), 2);
  EXPECT_EQ(trees.notes().at("who"), "a test");
  const std::vector<float> rows{0, 4, 0, 5, 1, 4, 7, kNan, 0, kNan, kNan, 4, -INFINITY, INFINITY};
  EXPECT_THAT(trees.predict(rows),
              testing::ElementsAre(10.75, 20.75, 30.75, 30.75, 10.75, 30.75, 20.75));
}

TEST(Trees, ManyRowsAreAsOneByOne) {
  const auto trees = Trees::parse(small_json()).value();
  Rng rng(4);
  std::vector<float> rows;
  for (int i = 0; i < 2 * 100; ++i) rows.push_back(static_cast<float>(8 * rng.uniform() - 1));
  const auto all = trees.predict(rows);
  ASSERT_EQ(all.size(), 100u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(trees.predict(std::span(rows).subspan(2 * i, 2)), std::vector<float>{all[i]});
  }
}

TEST(Trees, ContributionsAreShapleyValuesByHand) {
  const auto trees = Trees::parse(small_json()).value();
  // Knowing nothing: (4 * 30 + 1 * 10 + 3 * 20) / 8 = 23.75; x0 alone: 17.5; x1 alone: half of 30
  // and half of 10: 20; both: 10.
  const auto all = trees.contributions(std::vector<float>{0, 4});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_NEAR(all[0], ((17.5 - 23.75) + (10 - 20)) / 2, 1e-12);
  EXPECT_NEAR(all[1], ((20 - 23.75) + (10 - 17.5)) / 2, 1e-12);
  EXPECT_NEAR(all[2], 23.75 + 0.75, 1e-12);
}

TEST(Trees, WhatIsWrongIsSaid) {
  const std::vector<std::array<std::string_view, 3>> cases{
      {"{\"learner\"", "[\"learner\"", "not JSON"},
      {"gbtree", "dart", "booster"},
      {"reg:squarederror", "binary:logistic", "objective"},
      {"[1, 3, -1, -1, -1]", "[1, 9, -1, -1, -1]", "child"},
      {"[1, 3, -1, -1, -1]", "[1, -1, -1, -1, -1]", "one child"},
      {"[1, 3, -1, -1, -1]", "[0, 3, -1, -1, -1]", "deeper"},
      {"[2, 4, -1, -1, -1]", "[2, 4, -1, -1]", "right_children"},
      {"[0, 1, 0, 0, 0]", "[0, 2, 0, 0, 0]", "feature"},
      {"[1, 5, 30, 10, 20]", "[1, 1e39, 30, 10, 20]", "single precision"},
      {"[1, 5, 30, 10, 20]", "[1, \"x\", 30, 10, 20]", "split_conditions"},
      {"[8, 4, 4, 1, 3]", "[8, -4, 4, 1, 3]", "negative"},
      {"\"tree_info\": [0, 0]", "\"tree_info\": [0]", "tree_info"},
      {"\"tree_info\": [0, 0]", "\"tree_info\": [0, 1]", "tree_info"},
      {"\"num_feature\": \"2\"", "\"num_feature\": \"0\"", "num_feature"},
      {"\"num_feature\": \"2\"", "\"num_feature\": \"2.5\"", "num_feature"},
      {"5E-1", "nan", "base_score"},
      {"\"split_type\": [0, 0, 0, 0, 0]", "\"split_type\": [0, 1, 0, 0, 0]", "category"},
  };
  for (const auto& [from, to, what] : cases) {
    const auto parsed = Trees::parse(replaced(small_json(), from, to));
    ASSERT_FALSE(parsed.has_value()) << to;
    EXPECT_EQ(parsed.error().code, Code::corrupt) << to;
    EXPECT_THAT(parsed.error().message, HasSubstr(std::string(what)));
  }
  for (std::size_t size = 0; size < small_json().size(); size += 7) {
    EXPECT_FALSE(Trees::parse(small_json().substr(0, size)).has_value()) << size;
  }
}

TEST(Gbm, IsRefusedWithoutTreesAndWithOthers) {
  const auto bars = support::garch_bars(300);
  const ModelRow& row = *find_model("gbm").value();
  const auto none = fit(row, bars, {});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, Code::invalid);
  EXPECT_EQ(none.error().field, "trees");
  Setting other;
  other.trees = std::make_shared<const Trees>(Trees::parse(small_json()).value());
  EXPECT_EQ(fit(row, bars, other).error().field, "trees");
  const std::string old =
      replaced(support::simple_trees_json(), "\"ara_gbm\": \"", "\"ara_gbm\": \"0");
  other.trees = std::make_shared<const Trees>(Trees::parse(old).value());
  EXPECT_THAT(fit(row, bars, other).error().allowed, HasSubstr("version"));
}

TEST(Gbm, ContributionsAreThoseOfTheMedian) {
  const auto bars = support::garch_bars(600);
  Setting setting;  // a median of 0.1 standard deviations in 200 rows of training, 0.2 in 100
  setting.trees = std::make_shared<const Trees>(
      Trees::parse(replaced(support::simple_trees_json(), "[0.5, 0, 0]", "[0.5, 0.1, 0.2]"))
          .value());
  const auto model = fit(*find_model("gbm").value(), bars, setting).value();
  const auto contributions = model->contributions();
  ASSERT_EQ(contributions.size(), 1u);
  EXPECT_EQ(contributions[0].feature, "variance_day");
  const double median = model->next().median();
  const double average = 0.4 / 3 / (contributions[0].value < 0.5 ? 0.1 : 0.2) * median;
  EXPECT_GT(median, 0);
  EXPECT_NEAR(average + contributions[0].contribution, median, 1e-6 * median);
  const auto combination = fit(*find_model("combination").value(), bars, setting).value();
  for (const auto& part : combination->components()) {
    if (part.model != "gbm" || part.weight == 0) continue;
    EXPECT_DOUBLE_EQ(combination->contributions().at(0).contribution,
                     part.weight * contributions[0].contribution);
  }
}

TEST(Gbm, CombinationTakesItWhereThereAreTrees) {
  const auto bars = support::garch_bars(600);
  const auto members = [&](const Setting& setting) {
    std::vector<std::string> names;
    const auto model = fit(*find_model("combination").value(), bars, setting).value();
    for (const auto& part : model->components()) names.push_back(part.model);
    return names;
  };
  Setting setting;
  EXPECT_THAT(members(setting), testing::Not(testing::Contains("gbm")));
  setting.trees = support::simple_trees();
  EXPECT_THAT(members(setting), testing::Contains("gbm"));
}

}  // namespace
}  // namespace ara::models
