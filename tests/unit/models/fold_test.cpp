// The state: folding, carrying on, copying, and that nothing later than a bar is ever seen.
#include <gtest/gtest.h>

#include <set>

#include "models/model.h"
#include "support/each_model.h"
#include "support/garch_bars.h"

namespace ara::models {
namespace {

const Setting kSetting{.scale = domain::Scale::log, .seed = 7};

bool differ(const Path& a, const Path& b) {
  return a.change[0].values() != b.change[0].values();
}

class Fold : public support::EachModel {
 protected:
  const std::vector<domain::Bar> bars_ = support::garch_bars(700);
  std::span<const domain::Bar> all() const { return bars_; }
};

TEST_P(Fold, UpdatingIsReplayingToTheBit) {
  const auto carried = fit(row(), all().first(600), kSetting).value();
  for (const auto& bar : all().subspan(600)) ASSERT_TRUE(carried->update(bar).has_value());
  const auto anew = carried->restarted();
  for (const auto& bar : all()) ASSERT_TRUE(anew->update(bar).has_value());
  support::expect_same(carried->forecast(10), anew->forecast(10));
}

TEST_P(Fold, FittingIsFoldingToTheBit) {
  const auto fitted = fit(row(), all(), kSetting).value();
  const auto anew = fitted->restarted();
  for (const auto& bar : all()) ASSERT_TRUE(anew->update(bar).has_value());
  support::expect_same(fitted->forecast(10), anew->forecast(10));
}

TEST_P(Fold, EqualInputsGiveEqualBits) {
  const auto a = fit(row(), all(), kSetting).value();
  const auto copied = std::vector(all().begin(), all().end());
  const auto b = fit(row(), copied, kSetting).value();
  support::expect_same(a->forecast(30), b->forecast(30));
  support::expect_same(a->forecast(30), a->forecast(30));
}

TEST_P(Fold, CloneSharesNothing) {
  const auto model = fit(row(), all().first(600), kSetting).value();
  const auto before = model->forecast(5);
  const auto copy = model->clone();
  support::expect_same(copy->forecast(5), before);
  domain::Bar crash = bars_[600];
  crash.close *= 0.7;
  ASSERT_TRUE(copy->update(crash).has_value());
  support::expect_same(model->forecast(5), before);
  const auto moved = copy->forecast(5);
  ASSERT_TRUE(model->update(bars_[600]).has_value());
  support::expect_same(copy->forecast(5), moved);
  ASSERT_TRUE(model->restarted() != nullptr);
  support::expect_same(copy->forecast(5), moved);
}

TEST_P(Fold, ForgettingTheFittedChangesNoForecast) {
  const auto model = fit(row(), all(), kSetting).value();
  const auto before = model->forecast(10);
  model->forget_fitted();
  EXPECT_TRUE(model->fitted().empty());
  support::expect_same(model->forecast(10), before);
}

TEST_P(Fold, WhatIsNotAskedForChangesNoForecast) {
  const auto whole = fit(row(), all(), kSetting).value();
  for (int longest : {1, 4, 10, 12}) {
    Setting setting = kSetting;
    setting.longest = longest;
    const auto some = fit(row(), all(), setting).value();
    support::expect_same(some->forecast(longest), whole->forecast(longest));
    EXPECT_GE(some->forecast(30).sd.back(), 0);
  }
}

TEST_P(Fold, LaterBarsAreNotSeen) {
  auto changed = bars_;
  const auto model = fit(row(), std::span(changed).first(600), kSetting).value();
  const auto before = model->forecast(10);
  for (std::size_t i = 600; i < changed.size(); ++i) changed[i].close *= 3;
  support::expect_same(model->forecast(10), before);
  support::expect_same(fit(row(), std::span(changed).first(600), kSetting).value()->forecast(10),
                       before);
}

TEST_P(Fold, EarlierBarsNeedNotOutliveTheFit) {
  auto copied = std::make_unique<std::vector<domain::Bar>>(bars_);
  const auto model = fit(row(), *copied, kSetting).value();
  const auto before = model->forecast(10);
  for (auto& bar : *copied) bar.close = -1;
  copied.reset();
  support::expect_same(model->forecast(10), before);
}

TEST_P(Fold, NewestBarMattersButToARandomWalk) {
  const auto model = fit(row(), all().first(600), kSetting).value();
  const auto before = model->forecast(1);
  domain::Bar crash = bars_[600];
  crash.close *= 0.7;
  ASSERT_TRUE(model->update(crash).has_value());
  // With a season of 1 the seasonal naive is a random walk too.
  const std::set<std::string> walks{"naive", "seasonal_naive", "drift"};
  EXPECT_EQ(differ(model->forecast(1), before), !walks.contains(GetParam()));
}

TEST_P(Fold, NextIsTheFirstOfTheForecastAndShortIsThePrefixOfLong) {
  const auto model = fit(row(), all(), kSetting).value();
  const auto longer = model->forecast(12);
  const auto shorter = model->forecast(5);
  EXPECT_EQ(model->next().values(), longer.change[0].values());
  EXPECT_EQ(model->forecast(1).change[0].values(), longer.change[0].values());
  for (std::size_t h = 0; h < 5; ++h) {
    EXPECT_EQ(shorter.change[h].values(), longer.change[h].values());
    EXPECT_EQ(shorter.sd[h], longer.sd[h]);
  }
}

TEST_P(Fold, FittedAreOneStepForecastsOfTheSample) {
  const auto model = fit(row(), all(), kSetting).value();
  const auto fitted = model->fitted();
  ASSERT_EQ(fitted.size(), bars_.size());
  // One-step errors of a price's logarithm are about as large as its returns.
  double errors = 0, returns = 0;
  for (std::size_t i = 1; i < bars_.size(); ++i) {
    const double value = value_of(bars_[i], kSetting.scale);
    errors += (value - fitted[i]) * (value - fitted[i]);
    const double change = value - value_of(bars_[i - 1], kSetting.scale);
    returns += change * change;
  }
  EXPECT_LT(errors, 1.02 * returns);
  EXPECT_GT(errors, 0.9 * returns);
}

TEST_P(Fold, WidthGrowsAboutWithTheRootOfTheHorizon) {
  const auto path = fit(row(), all(), kSetting).value()->forecast(25);
  const double ratio = path.sd[24] / path.sd[0];
  EXPECT_GT(ratio, 2.5);
  EXPECT_LT(ratio, 10.0);
  for (std::size_t h = 1; h < 25; ++h) EXPECT_GT(path.sd[h], path.sd[h - 1]) << h;
}

INSTANTIATE_TEST_SUITE_P(Models, Fold, support::model_names(), support::model_name);

}  // namespace
}  // namespace ara::models
