#include "features/features.h"

namespace ara::features {
namespace {

/// Where each value lies; the order is that of table().
enum : std::size_t {
  kReturns,
  kLogReturns,
  kVolatility,
  kHlRangePct,
  kCloseVsSma5,
  kCloseVsEma5,
  kCloseVsSma10,
  kCloseVsEma10,
  kCloseVsSma20,
  kCloseVsEma20,
  kCloseVsSma50,
  kCloseVsEma50,
  kCloseVsSma200,
  kCloseVsEma200,
  kRsi,
  kRsiFast,
  kStochRsi,
  kMacd,
  kMacdSignal,
  kMacdHist,
  kBbUpperDist,
  kBbLowerDist,
  kBbWidth,
  kBbPct,
  kVolumeTrend,
  kVolumeRatio,
  kObvNorm,
  kRet5d,
  kRoc,
  kWilliamsR,
  kStochK,
  kStochD,
  kCci,
  kKcUpperDist,
  kKcLowerDist,
  kKcPct,
  kAdx,
  kPlusDi,
  kMinusDi,
  kVolRegime,
  kRet20d,
  kAtrPct,
  kZscore20,
  kDistFromHigh,
  kCount
};
static_assert(kCount == kFeatures);

constexpr std::array<Feature, kFeatures> kTable{{
    {"returns", Group::returns, "c / c[-1] - 1", 1},
    {"log_returns", Group::returns, "ln(c / c[-1])", 1},
    {"volatility", Group::volatility, "SD20 of returns", 20},
    {"hl_range_pct", Group::volatility, "(h - l) / c", 0},
    {"close_vs_sma_5", Group::trend, "c / SMA5(c) - 1", 4},
    {"close_vs_ema_5", Group::trend, "c / EMA5(c) - 1", 4},
    {"close_vs_sma_10", Group::trend, "c / SMA10(c) - 1", 9},
    {"close_vs_ema_10", Group::trend, "c / EMA10(c) - 1", 9},
    {"close_vs_sma_20", Group::trend, "c / SMA20(c) - 1", 19},
    {"close_vs_ema_20", Group::trend, "c / EMA20(c) - 1", 19},
    {"close_vs_sma_50", Group::trend, "c / SMA50(c) - 1", 49},
    {"close_vs_ema_50", Group::trend, "c / EMA50(c) - 1", 49},
    {"close_vs_sma_200", Group::trend, "c / SMA200(c) - 1", 199},
    {"close_vs_ema_200", Group::trend, "c / EMA200(c) - 1", 199},
    {"rsi", Group::momentum, "RSI(14)", 14},
    {"rsi_fast", Group::momentum, "RSI(7)", 7},
    {"stoch_rsi", Group::momentum, "place of RSI(14) within its own 14-bar range, 0 to 1", 27},
    {"macd", Group::trend, "(EMA12(c) - EMA26(c)) / c", 25},
    {"macd_signal", Group::trend, "EMA9 of macd", 33},
    {"macd_hist", Group::trend, "macd - macd_signal", 33},
    {"bb_upper_dist", Group::volatility, "upper / c - 1, bands SMA20(c) + - 2 SD20(c)", 19},
    {"bb_lower_dist", Group::volatility, "lower / c - 1", 19},
    {"bb_width", Group::volatility, "(upper - lower) / SMA20(c)", 19},
    {"bb_pct", Group::volatility, "(c - lower) / (upper - lower)", 19},
    {"volume_trend", Group::volume, "SMA20(v) / SMA100(v) - 1", 99},
    {"volume_ratio", Group::volume, "v / SMA20(v)", 19},
    {"obv_norm", Group::volume, "(OBV - SMA20(OBV)) / SD20(OBV)", 19},
    {"ret_5d", Group::returns, "c / c[-5] - 1", 5},
    {"roc", Group::momentum, "100 (c / c[-10] - 1)", 10},
    {"williams_r", Group::momentum, "Williams %R(14)", 13},
    {"stoch_k", Group::momentum, "%K(14), not smoothed", 13},
    {"stoch_d", Group::momentum, "SMA3 of stoch_k", 15},
    {"cci", Group::momentum, "CCI(20)", 19},
    {"kc_upper_dist", Group::volatility, "upper / c - 1, channel EMA20(c) + - 2 ATR(14)", 19},
    {"kc_lower_dist", Group::volatility, "lower / c - 1", 19},
    {"kc_pct", Group::volatility, "(c - lower) / (upper - lower)", 19},
    {"adx", Group::trend, "ADX(14)", 27},
    {"plus_di", Group::trend, "+DI(14)", 14},
    {"minus_di", Group::trend, "-DI(14)", 14},
    {"vol_regime", Group::volatility, "SD20 / SD100 of returns - 1", 100},
    {"ret_20d", Group::returns, "c / c[-20] - 1", 20},
    {"atr_pct", Group::volatility, "ATR(14) / c", 14},
    {"zscore_20", Group::trend, "(c - SMA20(c)) / SD20(c)", 19},
    {"dist_from_high", Group::trend, "c / max(h over 252) - 1", 251},
}};

/// A number whose square is one too; others would stay in the averages for ever.
double usable(double x) {
  return std::abs(x) <= 1e100 ? x : kUndefined;
}

}  // namespace

std::string_view to_string(Group group) {
  switch (group) {
    case Group::returns:
      return "returns";
    case Group::trend:
      return "trend";
    case Group::momentum:
      return "momentum";
    case Group::volatility:
      return "volatility";
    case Group::volume:
      return "volume";
  }
  return {};
}

const std::array<Feature, kFeatures>& table() {
  return kTable;
}

Values FeatureState::undefined() {
  Values values;
  values.fill(kUndefined);
  return values;
}

const Values& FeatureState::update(const domain::Bar& bar) {
  const double close = usable(domain::value_close(bar));
  // Exactly 1 where nothing is adjusted, so that prices keep their bits.
  const double factor = close == bar.close ? 1 : ratio(close, bar.close);
  const Prices now{usable(bar.high * factor), usable(bar.low * factor), close};
  update_returns(close);
  const double ema20 = update_averages(close);
  update_momentum(close);
  update_volume(close, usable(bar.volume));
  update_ranges(embargo_ ? before_ : now, close, ema20);
  before_ = now;
  for (double& value : values_) {
    if (!std::isfinite(value)) value = kUndefined;
  }
  return values_;
}

void FeatureState::update_returns(double close) {
  closes_.push(close);
  const double daily = ratio(close, closes_.back(1)) - 1;
  returns20_.push(daily);
  returns100_.push(daily);
  values_[kReturns] = daily;
  // Of a price that turned negative there is no logarithm.
  values_[kLogReturns] = daily > -1 ? std::log1p(daily) : kUndefined;
  values_[kRet5d] = ratio(close, closes_.back(5)) - 1;
  values_[kRoc] = 100 * (ratio(close, closes_.back(10)) - 1);
  values_[kRet20d] = ratio(close, closes_.back(20)) - 1;
  const double sd20 = returns20_.deviation();
  values_[kVolatility] = sd20;
  values_[kVolRegime] = ratio(sd20, returns100_.deviation()) - 1;
}

/// Returns the EMA20 of the close.
double FeatureState::update_averages(double close) {
  const auto distance = [close](double average) { return ratio(close, average) - 1; };
  close20_.push(close);
  const double sma20 = close20_.mean(), sd20 = close20_.deviation(sma20);
  values_[kCloseVsSma5] = distance(sma5_.update(close));
  values_[kCloseVsEma5] = distance(ema5_.update(close));
  values_[kCloseVsSma10] = distance(sma10_.update(close));
  values_[kCloseVsEma10] = distance(ema10_.update(close));
  values_[kCloseVsSma20] = distance(sma20);
  const double ema20 = ema20_.update(close);
  values_[kCloseVsEma20] = distance(ema20);
  values_[kCloseVsSma50] = distance(sma50_.update(close));
  values_[kCloseVsEma50] = distance(ema50_.update(close));
  values_[kCloseVsSma200] = distance(sma200_.update(close));
  values_[kCloseVsEma200] = distance(ema200_.update(close));
  const double upper = sma20 + 2 * sd20, lower = sma20 - 2 * sd20;
  values_[kBbUpperDist] = ratio(upper, close) - 1;
  values_[kBbLowerDist] = ratio(lower, close) - 1;
  values_[kBbWidth] = ratio(upper - lower, sma20);
  values_[kBbPct] = ratio(close - lower, upper - lower);
  values_[kZscore20] = ratio(close - sma20, sd20);
  return ema20;
}

void FeatureState::update_momentum(double close) {
  const double rsi = rsi14_.update(close);
  rsi_range_.push(rsi);
  const double top = rsi_range_.max(), bottom = rsi_range_.min();
  values_[kRsi] = rsi;
  values_[kRsiFast] = rsi7_.update(close);
  values_[kStochRsi] = ratio(rsi - bottom, top - bottom);
  const double macd = ratio(ema12_.update(close) - ema26_.update(close), close);
  values_[kMacd] = macd;
  values_[kMacdSignal] = signal9_.update(macd);
  values_[kMacdHist] = macd - values_[kMacdSignal];
}

void FeatureState::update_volume(double close, double volume) {
  const double sma20 = volume20_.update(volume);
  values_[kVolumeTrend] = ratio(sma20, volume100_.update(volume)) - 1;
  values_[kVolumeRatio] = ratio(volume, sma20);
  const double obv = obv_.update(close, volume);
  obv20_.push(obv);
  const double mean = obv20_.mean();
  values_[kObvNorm] = ratio(obv - mean, obv20_.deviation(mean));
}

/// `p` is the bar that highs and lows are known of, `close` the newest close.
void FeatureState::update_ranges(const Prices& p, double close, double ema20) {
  values_[kHlRangePct] = ratio(p.high - p.low, p.close);
  const auto extremes = extremes14_.update(p.high, p.low, p.close);
  values_[kWilliamsR] = extremes.williams_r;
  values_[kStochK] = extremes.stoch_k;
  values_[kStochD] = stoch3_.update(extremes.stoch_k);
  values_[kCci] = cci20_.update(p.high, p.low, p.close);
  const double atr = atr14_.update(true_range_.update(p.high, p.low, p.close));
  const double upper = ema20 + 2 * atr, lower = ema20 - 2 * atr;
  values_[kKcUpperDist] = ratio(upper, close) - 1;
  values_[kKcLowerDist] = ratio(lower, close) - 1;
  values_[kKcPct] = ratio(close - lower, upper - lower);
  values_[kAtrPct] = ratio(atr, close);
  const auto direction = adx14_.update(p.high, p.low, p.close);
  values_[kAdx] = direction.adx;
  values_[kPlusDi] = direction.plus_di;
  values_[kMinusDi] = direction.minus_di;
  high252_.push(p.high);
  values_[kDistFromHigh] = ratio(close, high252_.max()) - 1;
}

std::vector<Values> features_of(std::span<const domain::Bar> bars, bool embargo) {
  std::vector<Values> all;
  all.reserve(bars.size());
  FeatureState state(embargo);
  for (const domain::Bar& bar : bars) all.push_back(state.update(bar));
  return all;
}

}  // namespace ara::features
