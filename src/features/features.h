#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "domain/series.h"
#include "features/indicators.h"

namespace ara::features {

enum class Group { returns, trend, momentum, volatility, volume };
std::string_view to_string(Group group);

/// A row of the table of features, in the order of FeatureState::values.
struct Feature {
  std::string_view name;  ///< on the wire
  Group group;
  std::string_view definition;  ///< c, h, l, o, v: close, high, low, open, volume
  std::size_t warm_up;          ///< bars before the first that can have a value
};

inline constexpr std::size_t kFeatures = 44;
using Values = std::array<double, kFeatures>;

const std::array<Feature, kFeatures>& table();

/// The features of a series, bar by bar in constant time and memory.
///
/// Prices are those of the adjusted close where there is one: open, high and low are multiplied by
/// adjusted close / close, so that a dividend is no move. A value is undefined (NaN) while warming
/// up, where the bar lacks a field it needs or holds one beyond 1e100 in size (windows are
/// undefined for as long as such a bar is in them, averages pass over it), and where its definition
/// divides by what is not positive: a price, average or range of 0. It is never infinite. Features
/// see their own bar and earlier ones only.
class FeatureState {
 public:
  /// `embargo`: highs and lows become known one bar late, and what is made of them with them. For
  /// FX, whose daily bars at the common free source span a later window than their closes.
  explicit FeatureState(bool embargo = false) : embargo_(embargo) {}

  /// Takes the next bar and returns the features at it.
  const Values& update(const domain::Bar& bar);
  /// Those of the newest bar; all undefined before the first.
  const Values& values() const { return values_; }

 private:
  struct Prices {
    double high = kUndefined, low = kUndefined, close = kUndefined;
  };

  void update_returns(double close);
  double update_averages(double close);
  void update_momentum(double close);
  void update_volume(double close, double volume);
  void update_ranges(const Prices& p, double close, double ema20);

  static Values undefined();

  bool embargo_;
  Values values_ = undefined();
  Prices before_;  ///< of the previous bar

  Window<21> closes_;  ///< for the returns over 1, 5, 10 and 20 bars
  Window<20> returns20_;
  Window<100> returns100_;
  Sma<5> sma5_;
  Sma<10> sma10_;
  Window<20> close20_;
  Sma<50> sma50_;
  Sma<200> sma200_;
  Ema ema5_{5}, ema10_{10}, ema20_{20}, ema50_{50}, ema200_{200};
  Rsi rsi14_{14}, rsi7_{7};
  Window<14> rsi_range_;
  Ema ema12_{12}, ema26_{26}, signal9_{9};
  Sma<20> volume20_;
  Sma<100> volume100_;
  Obv obv_;
  Window<20> obv20_;
  Extremes<14> extremes14_;
  Sma<3> stoch3_;
  Cci<20> cci20_;
  TrueRange true_range_;
  Ema atr14_ = Ema::wilder(14);
  Adx adx14_{14};
  Window<252> high252_;
};

/// The features at each bar: the fold of FeatureState::update, to the same bits.
std::vector<Values> features_of(std::span<const domain::Bar> bars, bool embargo = false);

}  // namespace ara::features
