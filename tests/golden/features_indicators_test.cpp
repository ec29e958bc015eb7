// The indicators behind the features, against TA-Lib, TTR and Tulip on four years of one share.
#include <gtest/gtest.h>

#include <tuple>

#include "features/indicators.h"
#include "support/fold.h"
#include "support/shared_data.h"

namespace ara::features {
namespace {

using support::closes;
using support::Column;
using support::fold;
using Columns = std::map<std::string, Column>;

Columns columns_of(const std::string& file) {
  const auto rows = support::read_cells(support::shared_data("indicators/golden/" + file));
  Columns columns;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    for (std::size_t k = 1; k < rows[0].size(); ++k) {
      columns[rows[0][k]].push_back(parse_double(rows[i][k]).value_or(kUndefined));
    }
  }
  return columns;
}

/// Equal to 1e-9 (relative, where larger than 1) wherever the golden column has a value from bar
/// `from` on; and ours begins no later than it.
void expect_golden(const Column& ours, const Column& golden, const std::string& what,
                   std::size_t from = 0, double scale = 1) {
  ASSERT_EQ(ours.size(), golden.size()) << what;
  std::size_t compared = 0;
  for (std::size_t i = from; i < golden.size(); ++i) {
    if (std::isnan(golden[i])) continue;
    const double wanted = scale * golden[i];
    ASSERT_NEAR(ours[i], wanted, 1e-9 * std::max(1.0, std::abs(wanted))) << what << " at " << i;
    ++compared;
  }
  EXPECT_GE(compared, golden.size() - std::max<std::size_t>(from, 40)) << what;
}

/// Our indicators on the bars of the golden files.
class Golden : public testing::Test {
 protected:
  void SetUp() override {
    ARA_NEEDS_SHARED_DATA();
    talib_ = columns_of("talib_wasm.csv");
    ttr_ = columns_of("ttr_0.24.3.csv");
    tulip_ = columns_of("tulip_0.8.4.csv");
    high_ = talib_.at("high"), low_ = talib_.at("low"), close_ = talib_.at("close");
    volume_ = talib_.at("volume");
    ASSERT_EQ(close_.size(), 1006u);
  }

  Columns talib_, ttr_, tulip_;
  Column high_, low_, close_, volume_;
};

TEST_F(Golden, MovingAverages) {
  expect_golden(fold(closes(Sma<20>()), close_), talib_.at("sma20"), "SMA");
  expect_golden(fold(closes(Ema(20)), close_), talib_.at("ema20"), "EMA");
  expect_golden(fold(closes(Ema(20)), close_), tulip_.at("ema20"), "EMA of Tulip", 250);
}

TEST_F(Golden, RelativeStrength) {
  expect_golden(fold(closes(Rsi(14)), close_), talib_.at("rsi14"), "RSI");
}

TEST_F(Golden, Macd) {
  Ema fast(12), slow(26), signal(9);
  Column line, smoothed, rest;
  for (double close : close_) {
    line.push_back(fast.update(close) - slow.update(close));
    smoothed.push_back(signal.update(line.back()));
    rest.push_back(line.back() - smoothed.back());
  }
  // TA-Lib seeds the fast average later, TTR both from the first bar on.
  for (const auto& [file, macd, signalled, histogram, from] :
       {std::tuple{&ttr_, "macd", "macd_signal", "macd_hist", 0},
        std::tuple{&talib_, "macd_MACD", "macd_MACDSignal", "macd_MACDHist", 200}}) {
    expect_golden(line, file->at(macd), "MACD", from);
    expect_golden(smoothed, file->at(signalled), "MACD signal", from);
    expect_golden(rest, file->at(histogram), "MACD histogram", from);
  }
}

TEST_F(Golden, Ranges) {
  TrueRange range;
  const auto ranges = fold([&](auto... p) { return range.update(p...); }, high_, low_, close_);
  expect_golden(ranges, talib_.at("trange"), "true range");
  expect_golden(fold(closes(Ema::wilder(14)), ranges), talib_.at("atr14"), "ATR");
}

TEST_F(Golden, DirectionalMovement) {
  Adx adx(14);
  Column average, plus, minus;
  for (std::size_t i = 0; i < close_.size(); ++i) {
    const auto value = adx.update(high_[i], low_[i], close_[i]);
    average.push_back(value.adx);
    plus.push_back(value.plus_di);
    minus.push_back(value.minus_di);
  }
  expect_golden(average, talib_.at("adx14"), "ADX");
  expect_golden(plus, talib_.at("plus_di14"), "+DI");
  expect_golden(minus, talib_.at("minus_di14"), "-DI");
  expect_golden(average, tulip_.at("adx14"), "ADX of Tulip", 500);
}

TEST_F(Golden, Oscillators) {
  Cci<20> cci;
  expect_golden(fold([&](auto... p) { return cci.update(p...); }, high_, low_, close_),
                talib_.at("cci20"), "CCI");
  Extremes<14> extremes;
  Sma<3> smooth;
  Column williams, k, d;
  for (std::size_t i = 0; i < close_.size(); ++i) {
    const auto value = extremes.update(high_[i], low_[i], close_[i]);
    williams.push_back(value.williams_r);
    k.push_back(value.stoch_k);
    d.push_back(smooth.update(value.stoch_k));
  }
  expect_golden(williams, talib_.at("willr14"), "Williams %R");
  expect_golden(k, ttr_.at("stoch_fastK"), "%K");  // TA-Lib's is left out of the golden file
  expect_golden(d, ttr_.at("stoch_fastD"), "%D");
}

TEST_F(Golden, BandsAndDeviation) {
  Window<20> window;
  Column deviation, lower, upper, place;
  for (double close : close_) {
    window.push(close);
    const double sd = window.deviation(), mean = window.mean();
    deviation.push_back(sd);
    lower.push_back(mean - 2 * sd);
    upper.push_back(mean + 2 * sd);
    place.push_back(ratio(close - lower.back(), upper.back() - lower.back()));
  }
  // TA-Lib's are left out of the golden file. Tulip takes the deviation from sums of squares, which
  // costs it digits: 1e-9 holds for its bands' prices, and for TTR's.
  expect_golden(deviation, tulip_.at("stddev20"), "deviation");
  expect_golden(lower, ttr_.at("bb_lower"), "lower band");
  expect_golden(upper, ttr_.at("bb_upper"), "upper band");
  expect_golden(place, ttr_.at("bb_pctB"), "place in the bands");
  expect_golden(lower, tulip_.at("bbands20_bbands_lower"), "lower band of Tulip");
  expect_golden(upper, tulip_.at("bbands20_bbands_upper"), "upper band of Tulip");
}

TEST_F(Golden, VolumeAndChange) {
  Obv obv;
  auto balance = fold([&](auto... p) { return obv.update(p...); }, close_, volume_);
  expect_golden(balance, tulip_.at("obv"), "OBV");
  for (double& x : balance) x += volume_[0];  // where TA-Lib starts
  expect_golden(balance, talib_.at("obv"), "OBV of TA-Lib");
  Window<11> window;
  const auto change = fold(
      [&](double close) {
        window.push(close);
        return 100 * (ratio(close, window.back(10)) - 1);
      },
      close_);
  expect_golden(change, talib_.at("roc10"), "rate of change");
}

}  // namespace
}  // namespace ara::features
