#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/forecast.h"

namespace ara::models {

/// What a model is told beside the bars. All of it is determined by the forecast key.
struct Setting {
  domain::Scale scale = domain::Scale::log;
  std::uint64_t seed = 0;  ///< of any simulation; a function of the bars, never of time
};

/// The distribution of the change from the last value to each of the next sessions.
struct Path {
  std::vector<domain::QuantileFunction> change;  ///< index 0 is one session ahead
  std::vector<double> sd;                        ///< standard deviation of the same changes
};

/// A fitted model: parameters, fixed once fitted, and a state that the bars move.
///
/// Folding `update` over bars gives bit for bit what fitting on all of them with the same
/// parameters gives, so a state may be kept and carried on, or made anew, with one result.
/// Not thread-safe; confine to one thread or copy by clone().
class Model {
 public:
  virtual ~Model() = default;

  /// Takes the next bar into the state, in O(state).
  virtual void update(const domain::Bar& bar) = 0;

  /// The next `horizon` (>= 1) sessions. Finite and ordered for every state that a fit accepted.
  virtual Path forecast(int horizon) const = 0;

  /// One-step-ahead forecasts (means) of the values fitted on, in the units of value_of; the first
  /// ones, which no forecast precedes, equal the values themselves.
  virtual std::span<const double> fitted() const = 0;

  virtual std::unique_ptr<Model> clone() const = 0;
};

/// What models work on: the logarithm of the (adjusted) close, or the close itself.
double value_of(const domain::Bar& bar, domain::Scale scale);

/// Scale::log if every close is positive, else Scale::level.
domain::Scale scale_of(std::span<const domain::Bar> bars);

/// A row of the catalog: all that enrols a model with the tests, the benchmarks and `/models`.
struct ModelRow {
  std::string_view name;    ///< on the wire, e.g. "garch_fhs"
  std::string_view title;   ///< for people
  std::string_view source;  ///< paper and equation
  std::size_t min_bars;     ///< fewer are refused with Code::invalid on field "bars"
  /// Estimates the parameters on `bars` (oldest first) and folds `update` over them.
  Result<std::unique_ptr<Model>> (*fit)(std::span<const domain::Bar> bars, const Setting& setting);
};

/// All models, simplest first; the last is the default, the combination of the others.
std::span<const ModelRow> catalog();

/// By name; the error lists the names.
Result<const ModelRow*> find_model(std::string_view name);

/// Checks min_bars and the bars (finite closes, ascending times), then fits.
Result<std::unique_ptr<Model>> fit(const ModelRow& row, std::span<const domain::Bar> bars,
                                   const Setting& setting);

/// Changes whenever any model here may give other numbers for the same bars; part of the key.
std::string_view version();

/// The weights of the combination that `version` names.
std::vector<domain::Component> components();

}  // namespace ara::models
