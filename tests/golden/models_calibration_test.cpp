// Whether the intervals hold what they say, on real bars that the fit has not seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "models/model.h"
#include "support/shared_data.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;

constexpr std::size_t kWindow = 1260;  ///< bars that a fit sees
constexpr std::size_t kOrigins = 250;  ///< newest bars that are forecast, one at a time
constexpr std::size_t kRefit = 20;     ///< origins between fits; updates in between

double pinball(const QuantileFunction& forecast, double x) {
  double loss = 0;
  for (std::size_t i = 0; i < QuantileFunction::kKnots; ++i) {
    const double level = QuantileFunction::levels()[i];
    const double above = x - forecast.values()[i];
    loss += std::max(level * above, (level - 1) * above) / QuantileFunction::kKnots;
  }
  return loss;
}

struct Scores {
  double covered = 0;  ///< part of the outcomes within the 90 % interval
  double loss = 0;     ///< mean pinball
};

Scores roll(const ModelRow& row, std::span<const domain::Bar> bars) {
  std::unique_ptr<Model> model;
  Scores scores;
  const std::size_t first = bars.size() - kOrigins;
  for (std::size_t i = first; i < bars.size(); ++i) {
    const Setting setting{.scale = domain::Scale::log, .seed = i};
    if ((i - first) % kRefit == 0) {
      model = fit(row, bars.subspan(i - kWindow, kWindow), setting).value();
    } else {
      EXPECT_TRUE(model->update(bars[i - 1]).has_value());
    }
    const QuantileFunction forecast = model->forecast(1).change[0];
    const double x = value_of(bars[i], setting.scale) - value_of(bars[i - 1], setting.scale);
    scores.covered += (x >= forecast.at(0.05) && x <= forecast.at(0.95)) / double{kOrigins};
    scores.loss += pinball(forecast, x) / kOrigins;
  }
  return scores;
}

TEST(ModelsCalibration, CombinationOnTwelveEquities) {
  ARA_NEEDS_SHARED_DATA();
  constexpr std::array kSymbols{"AAPL", "AMZN", "BA", "CAT",  "COST", "GE",
                                "JNJ",  "JPM",  "KO", "NVDA", "WMT",  "XOM"};
  double covered = 0;
  double relative_loss = 0;
  for (const char* symbol : kSymbols) {
    const auto bars =
        support::read_bars(support::shared_data(std::string("equities/") + symbol + ".csv"));
    ASSERT_GT(bars.size(), kWindow + kOrigins) << symbol;
    const Scores combination = roll(catalog().back(), bars);
    const Scores drift = roll(**find_model("drift"), bars);
    // 250 outcomes at 90 %: a standard error of 1.9 points, so these are three of them.
    EXPECT_GE(combination.covered, 0.84) << symbol;
    EXPECT_LE(combination.covered, 0.96) << symbol;
    EXPECT_LE(combination.loss, drift.loss * 1.01) << symbol;
    covered += combination.covered / kSymbols.size();
    relative_loss += combination.loss / drift.loss / kSymbols.size();
  }
  RecordProperty("coverage", std::to_string(covered));
  RecordProperty("loss_relative_to_drift", std::to_string(relative_loss));
  EXPECT_GE(covered, 0.88);
  EXPECT_LE(covered, 0.93);
  EXPECT_LE(relative_loss, 0.985);
}

}  // namespace
}  // namespace ara::models
