#pragma once

#include <span>

#include "models/arima_fit.h"

namespace ara::models {

/// Chooses the order by the stepwise search of Hyndman and Khandakar (2008, section 3.2), AICc
/// being the criterion, and fits it by maximum likelihood: d by KPSS, D by the strength of the
/// season. `season` 1 is none. Values whose differences do not vary give a model without
/// coefficients, its variance 0.
ArimaFit select_arima(std::span<const double> values, int season);

}  // namespace ara::models
