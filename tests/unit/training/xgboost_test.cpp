// models::Trees against libxgboost itself, on what that trained here.
#include "training/xgboost.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "base/rng.h"
#include "models/trees.h"

namespace ara::training {
namespace {

std::vector<float> random_rows(std::size_t count, std::size_t columns, Rng& rng) {
  std::vector<float> rows(count * columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double value = 2 * rng.uniform() + 2 * rng.uniform() - 2;
    rows[i] = static_cast<float>(i % columns % 4 == 0 ? std::round(5 * value) : value);
    if (rng.uniform() < 0.1) rows[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return rows;
}

std::vector<float> targets_of(const std::vector<float>& rows, std::size_t columns, Rng& rng) {
  std::vector<float> targets;
  for (std::size_t i = 0; i < rows.size(); i += columns) {
    const double a = std::isnan(rows[i]) ? 3 : rows[i];
    const double b = std::isnan(rows[i + 1]) ? -1 : rows[i + 1];
    targets.push_back(
        static_cast<float>(a * b + std::sin(5 * b) + (1 + std::abs(b)) * rng.uniform()));
  }
  return targets;
}

/// Trained on `count` random rows.
std::string trained(const Boosting& boosting, std::size_t count, std::size_t columns) {
  Rng rng(11);
  const auto rows = random_rows(count, columns, rng);
  const auto targets = targets_of(rows, columns, rng);
  return boost({.values = rows, .columns = columns, .targets = targets}, boosting,
               {{"note", "kept"}})
      .value();
}

std::size_t differing(std::string_view json, std::size_t count, std::size_t columns) {
  const auto trees = models::Trees::parse(json).value();
  const auto peer = Booster::load(json, 1).value();
  Rng rng(12);
  const auto rows = random_rows(count, columns, rng);
  const auto ours = trees.predict(rows);
  const auto theirs = peer.predict(rows, columns).value();
  EXPECT_EQ(ours.size(), theirs.size());
  EXPECT_EQ(ours.size(), count * trees.outputs());
  std::size_t differ = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    differ += std::bit_cast<std::uint32_t>(ours[i]) != std::bit_cast<std::uint32_t>(theirs[i]);
  }
  return differ;
}

Boosting quantiles(int rounds, int depth) {
  Boosting boosting;
  boosting.rounds = rounds;
  boosting.depth = depth;
  boosting.levels = {0.1, 0.5, 0.9};
  return boosting;
}

TEST(XGBoost, GivesTheSameBits) {
  EXPECT_EQ(differing(trained(quantiles(20, 6), 2000, 9), 20'000, 9), 0u);
}

TEST(XGBoost, GivesTheSameBitsWithManyThresholds) {
  Boosting boosting = quantiles(60, 6);
  boosting.max_bin = 2000;  // a byte does not count so far
  boosting.levels = {};
  EXPECT_EQ(differing(trained(boosting, 3000, 4), 20'000, 4), 0u);
}

TEST(XGBoost, GivesTheSameBitsWithManyFeatures) {
  EXPECT_EQ(differing(trained(quantiles(5, 4), 500, 200), 2000, 200), 0u);
}

TEST(XGBoost, GivesTheSameBitsFromStumps) {
  EXPECT_EQ(differing(trained(quantiles(5, 1), 500, 3), 2000, 3), 0u);
}

TEST(XGBoost, GivesTheSameContributions) {
  constexpr std::size_t kColumns = 9, kCount = 40;
  const auto json = trained(quantiles(15, 5), 2000, kColumns);
  const auto trees = models::Trees::parse(json).value();
  Rng rng(13);
  const auto rows = random_rows(kCount, kColumns, rng);
  const auto theirs = Booster::load(json, 1).value().contributions(rows, kColumns).value();
  const std::size_t width = trees.outputs() * (kColumns + 1);
  ASSERT_EQ(theirs.size(), kCount * width);
  double largest = 0;
  for (float x : theirs) largest = std::max(largest, std::abs(double{x}));
  for (std::size_t r = 0; r < kCount; ++r) {
    const auto row = std::span(rows).subspan(r * kColumns, kColumns);
    const auto ours = trees.contributions(row);
    ASSERT_EQ(ours.size(), width);
    const auto outputs = trees.predict(row);
    for (std::size_t i = 0; i < width; ++i) {
      const double expected = theirs[r * width + i];
      EXPECT_NEAR(ours[i], expected, 1e-4 * std::abs(expected) + 1e-6 * largest);
    }
    for (std::size_t k = 0; k < trees.outputs(); ++k) {
      double sum = 0;
      for (std::size_t f = 0; f <= kColumns; ++f) sum += ours[k * (kColumns + 1) + f];
      EXPECT_NEAR(sum, outputs[k], 1e-5 * largest);
    }
  }
}

TEST(XGBoost, TrainingTwiceGivesTheSameBytesAndASeedOthers) {
  Boosting boosting = quantiles(4, 3);
  boosting.subsample = 0.5;
  boosting.colsample_bynode = 0.5;
  const auto once = stable_hash128(trained(boosting, 1000, 6));
  EXPECT_EQ(stable_hash128(trained(boosting, 1000, 6)), once);
  boosting.seed = 1;
  EXPECT_NE(stable_hash128(trained(boosting, 1000, 6)), once);
}

TEST(XGBoost, NotesAreKept) {
  const auto trees = models::Trees::parse(trained(quantiles(1, 2), 200, 3)).value();
  EXPECT_EQ(trees.notes().at("note"), "kept");
  EXPECT_EQ(trees.outputs(), 3u);
}

TEST(XGBoost, RefusesATableThatDoesNotAgree) {
  const std::vector<float> values(12), targets(4);
  const auto fails = [&](std::size_t columns, std::size_t rows) {
    const auto made = boost(
        {.values = values, .columns = columns, .targets = std::span(targets).first(rows)}, {}, {});
    return !made && made.error().code == Code::invalid && made.error().field == "rows";
  };
  EXPECT_TRUE(fails(0, 0));
  EXPECT_TRUE(fails(3, 3));
  EXPECT_TRUE(fails(5, 2));
  EXPECT_TRUE(Booster::load("{", 1).error().message.starts_with("XGBoost"));
}

}  // namespace
}  // namespace ara::training
