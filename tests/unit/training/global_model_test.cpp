#include "training/global_model.h"

#include <gtest/gtest.h>

#include "models/gbm.h"
#include "models/model.h"
#include "models/tree_state.h"
#include "support/garch_bars.h"
#include "support/simple_trees.h"

namespace ara::training {
namespace {

constexpr std::size_t kBars = 900;

/// Bars of six series, and spans of them.
struct Universe {
  std::vector<std::vector<domain::Bar>> bars;

  Universe() {
    for (std::uint64_t seed = 1; seed <= 6; ++seed)
      bars.push_back(support::garch_bars(kBars, seed));
  }
  std::vector<Series> series() const {
    std::vector<Series> all;
    for (const auto& one : bars) all.push_back({.bars = one, .market = {}});
    return all;
  }
};

Options small() {
  Options options;
  options.rows = 4000;
  options.boosting.rounds = 50;
  options.boosting.min_child_weight = 50;
  return options;
}

TEST(GlobalModel, DrawsAboutAsManyRowsAsAskedFor) {
  const Universe universe;
  Options options = small();
  const Sample sample = draw(universe.series(), options);
  EXPECT_EQ(sample.inputs.size(), sample.targets.size() * models::TreeState::kInputs);
  EXPECT_NEAR(static_cast<double>(sample.targets.size()), 4000, 300);
  // Standardised changes are about of unit size.
  double square = 0;
  for (float z : sample.targets) square += double{z} * z / double(sample.targets.size());
  EXPECT_NEAR(square, 1, 0.35);
}

TEST(GlobalModel, NothingAfterTheTimeGivenIsUsed) {
  Universe universe;
  Options options = small();
  options.until = universe.bars[0][600].time;
  const Sample before = draw(universe.series(), options);
  ASSERT_GT(before.targets.size(), 1000u);
  for (auto& bars : universe.bars) {
    for (std::size_t i = 601; i < kBars; ++i) bars[i].close *= i % 2 ? 3 : -1;
  }
  const Sample after = draw(universe.series(), options);
  EXPECT_EQ(after.targets, before.targets);
  EXPECT_TRUE(std::ranges::equal(after.inputs, before.inputs,
                                 [](float a, float b) { return a == b || (a != a && b != b); }));
}

TEST(GlobalModel, SameArgumentsGiveTheSameBytes) {
  const Universe universe;
  Options options = small();
  options.boosting.rounds = 3;
  const auto once = train(universe.series(), options).value();
  EXPECT_EQ(train(universe.series(), options).value(), once);
  options.seed = 1;
  EXPECT_NE(train(universe.series(), options).value(), once);
}

TEST(GlobalModel, SaysUpToWhenItLearned) {
  const Universe universe;
  Options options = small();
  options.boosting.rounds = 3;
  const auto until = [&] {
    const auto trees = models::Trees::parse(train(universe.series(), options).value()).value();
    return models::trained_until(trees).value();
  };
  EXPECT_EQ(until(), domain::date_of(universe.bars[0].back().time));
  options.until = universe.bars[0][700].time;
  EXPECT_EQ(until(), domain::date_of(options.until));
  const auto silent = models::trained_until(*support::simple_trees());
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Code::corrupt);
}

TEST(GlobalModel, TooLittleToLearnFromIsRefused) {
  Universe universe;
  Options options = small();
  options.until = universe.bars[0][70].time;
  const auto trained = train(universe.series(), options);
  ASSERT_FALSE(trained.has_value());
  EXPECT_EQ(trained.error().code, Code::invalid);
  EXPECT_EQ(trained.error().field, "rows");
  EXPECT_FALSE(train({}, options).has_value());
}

TEST(GlobalModel, CoversWhatFollowsInASeriesItHasNotSeen) {
  const Universe universe;
  const auto bytes = train(universe.series(), small()).value();
  models::Setting setting{.scale = domain::Scale::log};
  setting.trees = std::make_shared<const models::Trees>(models::Trees::parse(bytes).value());
  ASSERT_TRUE(models::check_gbm(*setting.trees).has_value());
  const auto bars = support::garch_bars(2500, 99);
  const auto model =
      models::fit(*models::find_model("gbm").value(), std::span(bars).first(500), setting).value();
  constexpr std::size_t kAhead = 5;
  std::size_t within1 = 0, within5 = 0, count = 0;
  for (std::size_t i = 500; i + kAhead <= bars.size(); ++i) {
    const auto path = model->forecast(kAhead);
    const auto inside = [&](std::size_t h) {
      const double change = std::log(bars[i + h - 1].close / bars[i - 1].close);
      const auto& quantiles = path.change[h - 1];
      return change >= quantiles.at(0.1) && change <= quantiles.at(0.9);
    };
    within1 += inside(1);
    within5 += inside(kAhead);
    ++count;
    ASSERT_TRUE(model->update(bars[i]).has_value());
  }
  EXPECT_NEAR(static_cast<double>(within1) / static_cast<double>(count), 0.8, 0.04);
  EXPECT_NEAR(static_cast<double>(within5) / static_cast<double>(count), 0.8, 0.06);
}

}  // namespace
}  // namespace ara::training
