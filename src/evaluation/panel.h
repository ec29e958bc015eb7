#pragma once

#include <span>
#include <vector>

#include "evaluation/summary.h"

namespace ara::evaluation {

/// The CRPS of a model and its peers by date and symbol, on the dates within one range.
class Panel {
 public:
  /// Dates in [from, to).
  Panel(std::span<const SymbolScores> symbols, std::size_t model, domain::Date from,
        domain::Date to);

  std::size_t origins() const { return origins_; }

  /// The mean over symbols of the ratio of summed losses.
  PerPeer<double> ratio() const;

  /// 95 % intervals of ratio(): the stationary bootstrap over dates, all symbols of a date drawn
  /// together.
  PerPeer<Interval> interval() const;

  /// By date, the mean over its symbols of (peer's loss - model's) / peer's mean loss.
  std::vector<double> differences(Peer peer) const;

 private:
  struct Losses {
    double model = 0;
    PerPeer<double> peers{};
  };
  PerPeer<double> ratio_of(std::span<const Losses> sums) const;

  std::size_t symbols_;
  std::size_t dates_ = 0;
  std::size_t origins_ = 0;
  std::vector<Losses> losses_;  ///< by date, then symbol; 0 where a symbol has no origin
  std::vector<char> present_;   ///< likewise
};

/// a / b; 1 where both are 0.
double ratio_of(double a, double b);

}  // namespace ara::evaluation
