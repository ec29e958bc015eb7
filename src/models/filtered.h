#pragma once

#include "models/fits.h"
#include "models/garch.h"

namespace ara::models {

/// Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999): the variance
/// follows a GARCH fitted with Student-t errors, and what is drawn are the standardised residuals
/// that really occurred, so that skewness and tails are the series' own.
Fitted fit_filtered(const ModelRow& row, const Sample& sample, const Setting& setting,
                    Leverage leverage);

}  // namespace ara::models
