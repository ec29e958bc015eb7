#pragma once

#include "models/model.h"

/// The fit function of each model, for the rows of the catalog; each is in the file of its name.
namespace ara::models {

using Fitted = Result<std::unique_ptr<Model>>;

Fitted fit_naive(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_seasonal_naive(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_drift(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_ses(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_holt(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_damped(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_ets(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_theta(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_dotm(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_arima(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_ar(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_seasonal_ar(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_tbats(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_garch_fhs(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_gjr_fhs(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_har(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_series(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_gbm(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_full(const ModelRow& row, const Sample& sample, const Setting& setting);
Fitted fit_combination(const ModelRow& row, const Sample& sample, const Setting& setting);

}  // namespace ara::models
