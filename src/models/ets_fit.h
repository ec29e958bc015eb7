#pragma once

#include <optional>
#include <span>

#include "models/ets_likelihood.h"

namespace ara::models {

/// Values as the fit sees them: (value - origin) / unit, of a size of about 1.
struct EtsUnits {
  double origin = 0;
  double unit = 1;

  double of(double value) const { return (value - origin) / unit; }
};

/// A form with its maximum likelihood estimates.
struct EtsFit {
  EtsForm form;
  EtsUnits units;  ///< what follows is in these
  EtsParameters parameters;
  EtsStart start;
  double variance = 0;  ///< of the errors, relative or not: squares over n less the parameters
  double deviance = 0;  ///< -2 log likelihood of the values in their own unit, but for a constant
  double aicc = 0;      ///< HKOS section 7.2
  double likely_slope = 0;  ///< a steeper one is not believed for long: twice the rms difference
};

/// Seasons longer than this are not modelled, as in R's forecast: too many indices to estimate.
inline constexpr int kLongestEtsSeason = 24;

/// The form by maximum likelihood over the usual region, beta at most 2 / season of alpha; nothing
/// where there are too few values for it (fewer than three more than it has parameters, or for a
/// season fewer than two of them and one). At least 4 values, positive for a multiplicative form.
std::optional<EtsFit> fit_ets_form(EtsForm form, std::span<const double> values, int season);

/// The form of least AICc of all that the values allow: multiplicative ones only if all values are
/// positive, `may_multiply`, and the errors are small enough to be normal and relative; seasonal
/// ones for seasons from 2 to kLongestEtsSeason. An undamped trend counts its phi of 1 as a
/// parameter; there is no trend where relative errors are likeliest, but too large.
EtsFit select_ets(std::span<const double> values, int season, bool may_multiply);

}  // namespace ara::models
