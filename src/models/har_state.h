#pragma once

#include <array>
#include <cstddef>

#include "models/model.h"

namespace ara::models {

/// What the regressions of har.cpp know of a series: averages of its variance over different
/// spans, and what else is known to move volatility. Folded bar by bar in O(1); a few KB.
class HarState {
 public:
  static constexpr std::size_t kFeatures = 30;
  static constexpr std::size_t kMarketChanges = 26;  ///< where the last ones begin
  using Features = std::array<double, kFeatures>;

  void advance(const Observation& seen, domain::Scale scale);

  /// The regressors at the newest bar; [0] is 1. What the series does not tell (volume, ranges, the
  /// market) is 0. Log variances are relative to `base`.
  Features features() const;

  double base() const;                         ///< log of the slow average of the variance
  double variance() const { return newest_; }  ///< of the newest bar, not 0
  double last() const { return last_; }        ///< value
  double record() const { return record_; }    ///< size of the largest change
  void remember(double record) { record_ = record; }

 private:
  /// The averages' memory: x <- decay x + (1 - decay) new, while young the plain mean.
  struct Average {
    double value = 0;
    double count = 0;
    void take(double x, double decay);
  };

  void take_market(const MarketFactors& market);
  void take_session(const domain::Bar& bar, domain::Scale scale);
  double recurrence(std::size_t from, std::size_t to) const;

  double last_ = 0;
  double count_ = 0;  ///< bars seen
  double record_ = 0;
  double newest_ = 1;
  Average week_, month_, quarter_, year_;  ///< of the variance
  Average log_week_, log_month_;           ///< of its logarithm
  double session_ = 0;                     ///< log variance between open and close
  Average session_week_;                   ///< of the same
  double fall_ = 0;                        ///< the newest change where negative, standardised
  Average change_week_, change_month_;     ///< of standardised changes
  double market_ = 0;                      ///< log variance of the newest session, relative
  Average market_week_, market_month_, market_quarter_;
  double market_change_ = 0;  ///< of the newest session, standardised by the market's last month
  Average market_change_week_, market_change_month_, market_fall_week_;
  double volume_ = 0;  ///< log of the newest
  Average volume_week_, volume_quarter_;
  int weekday_ = 0;
  std::array<double, 256> surprise_{};  ///< variance by that expected, of bar i at i % 256
};

}  // namespace ara::models
