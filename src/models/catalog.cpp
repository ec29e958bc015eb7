#include <array>

#include "base/find_named.h"
#include "models/fits.h"

namespace ara::models {
namespace {

constexpr std::array kCatalog{
    ModelRow{.name = "naive",
             .title = "Random walk",
             .source = "Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., "
                       "sections 5.2 and 5.5",
             .min_bars = 3,
             .fit = fit_naive},
    ModelRow{.name = "seasonal_naive",
             .title = "The last season again",
             .source = "Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., "
                       "sections 5.2 and 5.5",
             .min_bars = 3,
             .fit = fit_seasonal_naive},
    ModelRow{.name = "drift",
             .title = "Random walk with drift",
             .source = "Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., "
                       "sections 5.2 and 5.5",
             .min_bars = 3,
             .fit = fit_drift},
    ModelRow{.name = "ses",
             .title = "Simple exponential smoothing",
             .source = "Hyndman, Koehler, Ord and Snyder 2008, Forecasting with Exponential "
                       "Smoothing, ETS(A,N,N), table 6.1",
             .min_bars = 4,
             .fit = fit_ses},
    ModelRow{.name = "holt",
             .title = "Holt's linear trend",
             .source = "Hyndman, Koehler, Ord and Snyder 2008, Forecasting with Exponential "
                       "Smoothing, ETS(A,A,N), table 6.1",
             .min_bars = 7,
             .fit = fit_holt},
    ModelRow{.name = "damped",
             .title = "Damped trend",
             .source = "Hyndman, Koehler, Ord and Snyder 2008, Forecasting with Exponential "
                       "Smoothing, ETS(A,Ad,N), table 6.1",
             .min_bars = 8,
             .fit = fit_damped},
    ModelRow{.name = "ets",
             .title = "Exponential smoothing, form chosen by AICc",
             .source = "Hyndman, Koehler, Ord and Snyder 2008, Forecasting with Exponential "
                       "Smoothing, chapters 2, 5 and 6",
             .min_bars = 4,
             .fit = fit_ets},
    ModelRow{.name = "theta",
             .title = "Theta method",
             .source = "Assimakopoulos and Nikolopoulos 2000; as exponential smoothing with drift, "
                       "Hyndman and Billah 2003, Unmasking the Theta method, equation 8",
             .min_bars = 4,
             .fit = fit_theta},
    ModelRow{.name = "dotm",
             .title = "Dynamic optimised Theta",
             .source = "Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler 2016, Models for "
                       "optimising the theta method, section 3.2",
             .min_bars = 5,
             .fit = fit_dotm},
    ModelRow{.name = "arima",
             .title = "Automatic ARIMA",
             .source =
                 "Hyndman and Khandakar 2008, Automatic time series forecasting: the forecast "
                 "package for R, section 3",
             .min_bars = 10,
             .fit = fit_arima},
    ModelRow{.name = "ar",
             .title = "Autoregression on recent and seasonal lags",
             .source = "Box, Jenkins, Reinsel and Ljung 2016, Time Series Analysis, 5th ed., "
                       "section 7.1.3 (conditional least squares)",
             .min_bars = 8,
             .fit = fit_ar},
    ModelRow{.name = "seasonal_ar",
             .title = "Autoregression of seasonal differences",
             .source = "Box, Jenkins, Reinsel and Ljung 2016, Time Series Analysis, 5th ed., "
                       "sections 7.1.3 and 9.2",
             .min_bars = 8,
             .fit = fit_seasonal_ar},
    ModelRow{.name = "tbats",
             .title = "Trigonometric multiple seasonality with autoregressive errors",
             .source = "De Livera, Hyndman and Snyder 2011, Forecasting time series with complex "
                       "seasonal patterns using exponential smoothing, equations 3 and 7",
             .min_bars = 10,
             .fit = fit_tbats},
    ModelRow{.name = "garch_fhs",
             .title = "GARCH(1,1)-t with filtered historical simulation",
             .source = "Bollerslev 1987, A conditionally heteroskedastic time series model; "
                       "Barone-Adesi, Giannopoulos and Vosper 1999, VaR without correlations",
             .min_bars = 100,
             .fit = fit_garch_fhs},
    ModelRow{.name = "gjr_fhs",
             .title = "GJR-GARCH(1,1)-t with filtered historical simulation",
             .source = "Glosten, Jagannathan and Runkle 1993, On the relation between the expected "
                       "value and the volatility of the nominal excess return on stocks; "
                       "Barone-Adesi, Giannopoulos and Vosper 1999, VaR without correlations",
             .min_bars = 100,
             .fit = fit_gjr_fhs},
    ModelRow{.name = "har",
             .title = "Heterogeneous autoregression of range-based variance",
             .source = "Corsi 2009, A simple approximate long-memory model of realized "
                       "volatility, equation 9, on Garman and Klass 1980's variance; leverage as "
                       "Corsi and Reno 2012; the market as Bollerslev, Hood, Huss and Pedersen "
                       "2018, Risk Everywhere",
             .min_bars = 150,
             .fit = fit_har},
    ModelRow{.name = "series",
             .title = "Midmean of models that suit the season, calibrated",
             .source = "Petropoulos and Svetunkov 2020, A simple combination of univariate models; "
                       "Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, section 5.2",
             .min_bars = 6,
             .fit = fit_series},
    ModelRow{.name = "gbm",
             .title = "Boosted trees trained on many series",
             .source = "Friedman 2001, Greedy function approximation: a gradient boosting machine; "
                       "Chen and Guestrin 2016, XGBoost; as one model for all series, "
                       "Montero-Manso and Hyndman 2021",
             .min_bars = 100,
             .uses_trees = true,
             .needs_trees = true,
             .fit = fit_gbm},
    ModelRow{.name = "full",
             .title = "Weighted average of many models' quantiles, calibrated",
             .source = "Lichtendahl, Grushka-Cockayne and Winkler 2013, Is it better to average "
                       "probabilities or quantiles?, equation 2; see combination",
             .min_bars = 10,
             .uses_trees = true,
             .fit = fit_full},
    ModelRow{.name = "combination",
             .title = "Weighted average of models' quantiles, calibrated",
             .source = "Lichtendahl, Grushka-Cockayne and Winkler 2013, Is it better to average "
                       "probabilities or quantiles?, equation 2; V'yugin and Trunov 2019, Online "
                       "learning with continuous ranked probability score; Zaffran, Feron, Goude, "
                       "Josse and Dieuleveut 2022, Adaptive conformal predictions for time series",
             .min_bars = 10,
             .uses_trees = true,
             .fit = fit_combination},
};

}  // namespace

std::span<const ModelRow> catalog() {
  return kCatalog;
}

const ModelRow& row_for(domain::AnalysisLevel level, std::size_t bars) {
  const ModelRow& standard = kCatalog.back();
  switch (level) {
    case domain::AnalysisLevel::basic: {
      const ModelRow& quick = *find_model("har").value();
      return bars < quick.min_bars ? standard : quick;
    }
    case domain::AnalysisLevel::standard:
      return standard;
    case domain::AnalysisLevel::full:
      return *find_model("full").value();
  }
  return standard;
}

Result<const ModelRow*> find_model(std::string_view name) {
  return find_named(kCatalog, "model", name);
}

std::string_view version() {
  return "5";
}

}  // namespace ara::models
