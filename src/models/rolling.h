#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "models/anchors.h"

namespace ara::models {

/// What a combination learns from its members' past forecasts as their outcomes arrive: how much to
/// trust each member, and how wide its own distributions ought to have been. Only outcomes already
/// seen count, each with a weight that halves every 500 bars. A few KB for each member.
///
/// Weights (Vovk 1990; for the CRPS, V'yugin and Trunov 2019): a member's weight falls
/// exponentially with the loss by which it is behind the best, losses being mean pinball losses
/// (Gneiting and Ranjan 2011) over the horizons 1, 2, 3, 5 and 10.
///
/// Widths (adaptive conformal calibration in the manner of Gibbs and Candes 2021 and Angelopoulos,
/// Candes and Tibshirani 2023, on normal scores): the mean size of the outcomes' normal scores
/// under the combined forecast, by what it would be were that forecast right, tells by how much all
/// distances from the median must be stretched. It is learned twice. First, for sudden changes,
/// from the next session's outcomes with several short memories, aggregated with no stretch at all
/// by their recent losses (Zaffran, Feron, Goude, Josse and Dieuleveut 2022): a jump of volatility
/// that no member follows is followed here, and where there is none this does next to nothing. Then
/// slowly for each horizon on its own, given the first.
class Rolling {
 public:
  using QuantileFunction = domain::QuantileFunction;

  static constexpr std::size_t kHorizons = 5;  ///< the first ones of kAnchors
  static constexpr std::size_t kStride = 5;    ///< bars between forecasts of more than one session

  /// One distribution for each horizon learned from.
  using Forecasts = std::array<QuantileFunction, kHorizons>;

  explicit Rolling(std::size_t members);

  /// The next value, which settles the forecasts that were made for it.
  void settle(double value);
  /// Whether forecasts beyond the next session are due now.
  bool due() const { return count_ % kStride == 0; }
  /// The members' forecasts as of the newest value: of the next session, or where `due` of all (of
  /// which otherwise only the next session counts).
  void expect(std::span<const QuantileFunction> next);
  void expect(std::vector<Forecasts> members);

  /// Summing to 1; members that are far behind have exactly 0.
  std::vector<double> weights() const;
  /// By how much the combined distribution over so many sessions is to be stretched.
  double stretch(int horizon) const;

 private:
  struct Track {
    double mass = 0;
    std::vector<double> loss;  ///< of each member
    double size = 0;           ///< of the combined forecast's normal scores
  };
  static_assert(2 * kStride >= static_cast<std::size_t>(kAnchors[kHorizons - 1]));

  /// Stretches by different memories, and how they did.
  struct Sudden {
    static constexpr std::size_t kMemories = 3;  ///< the first: none, no stretch
    std::array<double, kMemories> mass{}, size{}, loss{};

    std::array<double, kMemories> stretches() const;
    double aggregated() const;
    void learn(const QuantileFunction& forecast, const std::array<double, kMemories>& stretches,
               double change);
  };
  /// Forecasts that were made when `at` values had been seen (0: none), the newest being `value`;
  /// `combined` with the sudden stretch of then.
  template <class Of>
  struct Origin {
    std::size_t at = 0;
    double value = 0;
    std::vector<Of> members;
    Of combined;
  };

  /// `member` gives the forecast of a member, by number.
  template <class Member>
  void learn(Track& track, const QuantileFunction& combined, Member member, double change,
             double bars);

  std::size_t members_;
  std::size_t count_ = 0;  ///< values seen
  double last_ = 0;
  std::array<Track, kHorizons> tracks_;
  Sudden sudden_;
  QuantileFunction unstretched_;  ///< of the next session
  Origin<QuantileFunction> next_;
  std::array<Origin<Forecasts>, 2> origins_;  ///< 2 kStride reaches the longest horizon
};

/// The mean pinball loss over all knots, a discrete form of the CRPS (Gneiting and Ranjan 2011).
double loss_of(const domain::QuantileFunction& forecast, double x);

/// The distribution with every distance from its median times `stretch`.
domain::QuantileFunction stretched(const domain::QuantileFunction& forecast, double stretch);

/// The weighted mean of the members' quantiles, level by level.
template <class Get>
domain::QuantileFunction average(std::span<const double> weights, Get quantiles) {
  Knots values{};
  for (std::size_t m = 0; m < weights.size(); ++m) {
    if (weights[m] == 0) continue;
    const Knots& single = quantiles(m).values();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += weights[m] * single[i];
  }
  return domain::QuantileFunction(values);
}

}  // namespace ara::models
