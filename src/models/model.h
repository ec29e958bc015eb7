#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/forecast.h"
#include "models/market.h"

namespace ara::models {

class Trees;

/// Is told when the fit of a model begins and ends, by who wants to know how long each takes; those
/// that a model is made of are fitted within its own. No number depends on it.
class FitWatch {
 public:
  virtual ~FitWatch() = default;
  virtual void begun(std::string_view model) = 0;
  virtual void ended() = 0;
};

/// What a model is told beside the bars. All of it is determined by the forecast key.
struct Setting {
  domain::Scale scale = domain::Scale::log;
  std::uint64_t seed = 0;  ///< of any simulation; a function of the bars, never of time
  /// Mean change of a session by its deviation, a priori, see premium_of; nothing where it is not
  /// known what kind of series this is: means are then the sample's own.
  std::optional<double> premium = {};
  int season = 1;  ///< bars in the shortest seasonal period; 1: none
  /// Sessions ahead that will be asked for at most. Nothing up to there depends on it; what is
  /// said of later ones may.
  int longest = domain::ForecastKey::kMaxHorizon;
  std::shared_ptr<const Trees> trees = nullptr;  ///< of the global model, where there are any
  FitWatch* watch = nullptr;                     ///< null: nobody watches
};

/// One bar as a model sees it.
struct Observation {
  const domain::Bar& bar;
  double value;          ///< value_of(bar)
  MarketFactors market;  ///< as of that bar's close
};

/// What a model is fitted on, oldest first: the bars, their value_of, computed once for all, and
/// the market factors at each bar, or nothing where the series has no market.
struct Sample {
  std::span<const domain::Bar> bars;
  std::span<const double> values;
  std::span<const MarketFactors> market;

  std::size_t size() const { return values.size(); }
  Observation operator[](std::size_t i) const {
    return {bars[i], values[i], market.empty() ? MarketFactors{} : market[i]};
  }
};

/// The distribution of the change from the last value to each of the next sessions.
struct Path {
  std::vector<domain::QuantileFunction> change;  ///< index 0 is one session ahead
  std::vector<double> sd;                        ///< standard deviation of the same changes
};

/// What one input feature adds to a forecast (TreeSHAP: Lundberg, Erion and Lee 2018, Consistent
/// individualized feature attribution for tree ensembles).
struct Contribution {
  std::string_view feature;
  double value;         ///< of the feature at the newest bar; NaN where undefined
  double contribution;  ///< to the median of the next session's change, in its units
};

struct ModelRow;

/// A fitted model: parameters, fixed once fitted, and a state that the bars move.
///
/// Folding `update` over bars gives bit for bit what fitting on all of them with the same
/// parameters gives, so a state may be kept and carried on, or made anew, with one result.
/// Not thread-safe; confine to one thread or copy by clone().
class Model {
 public:
  virtual ~Model() = default;

  const ModelRow& row() const { return *row_; }

  /// Takes the next bar into the state, in O(state). Code::invalid on field "close" where the close
  /// has no value on the model's scale (not finite, or not positive on Scale::log, or beyond
  /// kMaxClose); the state is then as it was.
  Result<void> update(const domain::Bar& bar, const MarketFactors& market = {});

  /// The same for a bar whose value_of is already known and finite.
  virtual void advance(const Observation& seen) = 0;

  /// The next `horizon` (>= 1) sessions. Finite and ordered for every state that a fit accepted.
  virtual Path forecast(int horizon) const = 0;

  /// The distribution of the next session's change: forecast(1).change[0], without allocating.
  virtual domain::QuantileFunction next() const = 0;

  /// One-step-ahead forecasts (means) of the values fitted on, in the units of value_of; the first
  /// ones, which no forecast precedes, equal the values themselves.
  std::span<const double> fitted() const { return fitted_; }

  /// Lets the fitted values go; they are no part of the state, which takes at most 64 KB.
  virtual void forget_fitted() { fitted_ = {}; }

  /// The models that this one is made of, weights summing to 1. A
  /// simple model is itself with weight 1.
  virtual std::vector<domain::Component> components() const;

  /// The forecasts of components(), in their order, without sessions for one of weight 0; none
  /// where the components do not forecast each for itself.
  virtual std::vector<Path> members(int horizon) const;

  /// What the features that were read add to the next session's forecast; none where none were.
  virtual std::vector<Contribution> contributions() const { return {}; }

  virtual std::unique_ptr<Model> clone() const = 0;

  /// A copy with the same parameters and the state as before the first bar, to be folded anew; it
  /// forecasts from its second bar on.
  virtual std::unique_ptr<Model> restarted() const = 0;

 protected:
  Model(const ModelRow& row, domain::Scale scale) : row_(&row), scale_(scale) {}
  Model(const Model&) = default;

  std::vector<double> fitted_;  ///< filled by the fit

 private:
  const ModelRow* row_;  ///< in the catalog, which is static
  domain::Scale scale_;
};

/// What models work on: the logarithm of the (adjusted) close, or the close itself.
double value_of(const domain::Bar& bar, domain::Scale scale);

/// Scale::log if every close is positive, else Scale::level.
domain::Scale scale_of(std::span<const domain::Bar> bars);

/// Closes larger in size are refused: their squares would leave the range of a double.
inline constexpr double kMaxClose = 1e100;

/// A row of the catalog: all that enrols a model with the tests, the benchmarks and `/models`.
struct ModelRow {
  std::string_view name;     ///< on the wire, e.g. "garch_fhs"
  std::string_view title;    ///< for people
  std::string_view source;   ///< paper and equation
  std::size_t min_bars;      ///< fewer are refused with Code::invalid on field "bars"
  bool uses_trees = false;   ///< Setting::trees, where there are any, make another model of it
  bool needs_trees = false;  ///< without them refused: Code::invalid on field "trees"
  /// Estimates the parameters on a sample of at least min_bars and folds the state over it. `row`
  /// is this row.
  Result<std::unique_ptr<Model>> (*fit)(const ModelRow& row, const Sample& sample,
                                        const Setting& setting);
  std::optional<int> horizon{};  ///< sessions that it can tell of, where that is limited
};

/// All models, simplest first; the last is the default, a combination of others.
std::span<const ModelRow> catalog();

/// The row that a level of analysis is computed with, given the number of bars. Basic is one model,
/// the best of the quick ones; where it has too few bars, and as standard, the default; full is the
/// combination of the most models.
const ModelRow& row_for(domain::AnalysisLevel level, std::size_t bars);

/// By name; the error lists the names.
Result<const ModelRow*> find_model(std::string_view name);

/// Checks min_bars and the bars (closes that have a value on the scale, ascending times), then
/// fits. `market` is empty or as long as `bars`. Code::invalid on field "bars", "close", "time" or
/// "market".
Result<std::unique_ptr<Model>> fit(const ModelRow& row, std::span<const domain::Bar> bars,
                                   const Setting& setting,
                                   std::span<const MarketFactors> market = {});

/// The fit of `row` as it is, watched: for a model that is made of others.
Result<std::unique_ptr<Model>> fit_watched(const ModelRow& row, const Sample& sample,
                                           const Setting& setting);

/// Changes whenever any model here may give other numbers for the same bars; part of the key.
std::string_view version();

}  // namespace ara::models
