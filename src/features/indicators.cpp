#include "features/indicators.h"

namespace ara::features {

double Ema::update(double x) {
  if (std::isnan(x)) return kUndefined;
  if (!seed_.done()) {
    value_ = seed_.add(x);
  } else {
    value_ += weight_ * (x - value_);
  }
  return value_;
}

double Rsi::update(double close) {
  if (std::isnan(close)) return kUndefined;
  const double change = close - last_;  // of the first bar undefined, which the averages pass over
  last_ = close;
  const double gain = gain_.update(change > 0 ? change : change * 0);
  const double loss = loss_.update(change < 0 ? -change : change * 0);
  return gain + loss == 0 ? 0 : 100 * (gain / (gain + loss));
}

double TrueRange::update(double high, double low, double close) {
  const double before = last_;
  if (!std::isnan(close)) last_ = close;
  // A comparison with an undefined high or low is false, so the sum carries it into the result.
  const double range = std::max({high - low, std::abs(high - before), std::abs(low - before)});
  return range + 0 * (high + low + before);
}

Adx::Value Adx::update(double high, double low, double close) {
  if (std::isnan(high + low + close)) return {};
  const double range = true_range_.update(high, low, close);
  const double up = high - high_, down = low_ - low;
  high_ = high;
  low_ = low;
  if (std::isnan(range)) return {};  // the first bar
  ++moves_;
  // The first n - 1 moves are summed; from then on each takes the place of an n-th of the sum.
  const double keep = moves_ < n_ ? 1 : keep_;
  plus_ = keep * plus_ + (up > down && up > 0 ? up : 0);
  minus_ = keep * minus_ + (down > up && down > 0 ? down : 0);
  range_ = keep * range_ + range;
  if (moves_ < n_) return {};
  Value value;
  value.plus_di = 100 * ratio(plus_, range_);
  value.minus_di = 100 * ratio(minus_, range_);
  value.adx = average_.update(100 * ratio(std::abs(plus_ - minus_), plus_ + minus_));
  return value;
}

double Obv::update(double close, double volume) {
  if (std::isnan(close + volume)) return kUndefined;
  if (close > last_) sum_ += volume;
  if (close < last_) sum_ -= volume;
  last_ = close;
  return sum_;
}

}  // namespace ara::features
