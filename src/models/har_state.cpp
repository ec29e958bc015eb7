#include "models/har_state.h"

#include <algorithm>
#include <cmath>

#include "domain/date.h"
#include "models/range_variance.h"

namespace ara::models {
namespace {

// Decays with a mean age of about 4, 17, 67 and 333 bars.
constexpr double kWeek = 0.75, kMonth = 0.94, kQuarter = 0.985, kYear = 0.997;

/// A quiet day's variance counts as this part of the last month's at least: the logarithm of a
/// squared change near zero says little of volatility, and much to a regression.
constexpr double kFloor = 0.05;
constexpr double kTiny = 1e-250;      ///< so that what never moves has a logarithm
constexpr double kMostSurprise = 20;  ///< times the variance expected
constexpr double kMostStandardised = 5;
constexpr std::size_t kReports = 63;  ///< sessions in a quarter
constexpr std::size_t kQuarters = 4;

}  // namespace

void HarState::Average::take(double x, double decay) {
  count += 1;
  value += std::max(1 - decay, 1 / count) * (x - value);
}

double HarState::base() const {
  return std::log(std::max(kTiny, quarter_.value));
}

void HarState::advance(const Observation& seen, domain::Scale scale) {
  if (count_ > 0) {
    const double change = seen.value - last_;
    const double expected = month_.value;
    const double variance = range_variance(seen.bar, change, scale);
    newest_ = std::max({variance, kFloor * expected, kTiny});
    const double surprise = expected > 0 ? std::min(newest_ / expected, kMostSurprise) : 1;
    surprise_[static_cast<std::size_t>(count_) % surprise_.size()] = surprise;
    const double sd = std::sqrt(expected > 0 ? expected : newest_);
    const double z = std::clamp(change / sd, -kMostStandardised, kMostStandardised);
    fall_ = std::min(z, 0.0);
    change_week_.take(z, kWeek);
    change_month_.take(z, kMonth);
    week_.take(newest_, kWeek);
    month_.take(newest_, kMonth);
    quarter_.take(newest_, kQuarter);
    year_.take(newest_, kYear);
    log_week_.take(std::log(newest_), kWeek);
    log_month_.take(std::log(newest_), kMonth);
    take_session(seen.bar, scale);
    record_ = std::max(record_, std::abs(change));
  }
  take_market(seen.market);
  const auto day = domain::date_of(seen.bar.time);
  weekday_ = static_cast<int>(std::chrono::weekday{day}.c_encoding());
  count_ += 1;
  last_ = seen.value;
}

void HarState::take_session(const domain::Bar& bar, domain::Scale scale) {
  const bool has_open = std::isfinite(bar.open) && (bar.open > 0 || scale == domain::Scale::level);
  const double move = !has_open                       ? 0.0
                      : scale == domain::Scale::level ? bar.close - bar.open
                                                      : std::log(bar.close / bar.open);
  const double within = has_open ? range_variance(bar, move, scale) : newest_;
  session_ = std::log(std::max({within, kFloor * month_.value, kTiny}));
  session_week_.take(session_, kWeek);
  if (bar.volume > 0) {
    volume_ = std::log(bar.volume);
    volume_week_.take(volume_, kWeek);
    volume_quarter_.take(volume_, kQuarter);
  }
}

void HarState::take_market(const MarketFactors& market) {
  if (!std::isfinite(market.volatility)) return;
  market_ = market.volatility;
  market_week_.take(market_, kWeek);
  market_month_.take(market_, kMonth);
  market_quarter_.take(market_, kQuarter);
  if (!std::isfinite(market.change)) return;
  market_change_ = std::clamp(market.change * std::exp(-0.5 * market_month_.value),
                              -kMostStandardised, kMostStandardised);
  market_change_week_.take(market_change_, kWeek);
  market_change_month_.take(market_change_, kMonth);
  market_fall_week_.take(std::min(market_change_, 0.0), kWeek);
}

/// The log of the mean surprise of the sessions that lie `from` to `to` ahead, as it was one to
/// four quarters earlier: companies report every quarter, and those days move several times as much
/// as others (Beaver 1968; Patell and Wolfson 1981).
double HarState::recurrence(std::size_t from, std::size_t to) const {
  double sum = 0, count = 0;
  const auto seen = static_cast<std::size_t>(count_);  // so the newest is bar seen - 1
  for (std::size_t lag = kReports; lag <= kQuarters * kReports && seen > lag + 1; lag += kReports) {
    double part = 0;  // its own sum, so that lags need not wait for each other
    for (std::size_t ahead = from; ahead <= to; ++ahead) {
      part += surprise_[(seen - 1 - lag + ahead) % surprise_.size()];
    }
    sum += part;
    count += static_cast<double>(to - from + 1);
  }
  return count > 0 && sum > 0 ? std::log(sum / count) : 0;
}

HarState::Features HarState::features() const {
  const double level = base();
  const auto relative = [&](const Average& average) {
    return std::log(std::max(kTiny, average.value)) - level;
  };
  Features x{1,
             std::log(newest_) - level,
             relative(week_),
             relative(month_),
             relative(year_),
             log_week_.value - level,
             log_month_.value - level,
             fall_,
             change_week_.value,
             change_month_.value,
             market_,
             market_week_.value,
             market_month_.value,
             market_quarter_.value,
             volume_ - volume_quarter_.value,
             volume_week_.value - volume_quarter_.value,
             session_ - level,
             session_week_.value - level,
             recurrence(0, 3),
             recurrence(0, 12)};
  x[kMarketChanges] = std::min(market_change_, 0.0);
  x[kMarketChanges + 1] = market_change_week_.value;
  x[kMarketChanges + 2] = market_change_month_.value;
  x[kMarketChanges + 3] = market_fall_week_.value;
  if (weekday_ > 0) x[19 + static_cast<std::size_t>(weekday_)] = 1;
  return x;
}

}  // namespace ara::models
