// ARIMA against R's forecast 8.20: the same orders fitted to the same series, and the orders that
// the automatic search chooses.
#include <gtest/gtest.h>

#include <sstream>

#include "models/arima_select.h"
#include "models/model.h"
#include "models/unit_root.h"
#include "support/oracle.h"

namespace ara::models {
namespace {

using support::oracle_parameters;
using support::oracle_series;

using Estimates = std::map<std::string, std::string>;

double number(const Estimates& r, const std::string& name) {
  return parse_double(r.at(name)).value();
}

ArimaOrder order_of(const Estimates& r) {
  std::vector<int> n;
  std::stringstream text(r.at("order"));
  for (std::string part; std::getline(text, part, ',');) n.push_back(std::stoi(part));
  n.resize(7, 0);
  return {.p = n[0],
          .d = n[1],
          .q = n[2],
          .P = n[3],
          .D = n[4],
          .Q = n[5],
          .m = std::max(1, n[6]),
          .constant = r.contains("drift") || r.contains("intercept")};
}

int season_of(const std::string& id) {
  static const auto parameters = oracle_parameters();
  return std::stoi(parameters.at(id + "/series").at("frequency"));
}

struct Case {
  std::string id;
  std::vector<double> values;
  Estimates r;
};

std::vector<Case> cases() {
  std::vector<Case> result;
  const auto parameters = oracle_parameters();
  for (auto& [id, values] : oracle_series()) {
    result.push_back({id, values, parameters.at(id + "/auto.arima")});
  }
  EXPECT_EQ(result.size(), 32u);
  return result;
}

ArimaFit fitted(const Case& one) {
  const ArimaOrder order = order_of(one.r);
  const ArimaEstimator estimator(differenced(one.values, order.d, order.D, order.m));
  return estimator.exact(estimator.conditional(order, {}).value()).value();
}

TEST(ArimaOracle, LikelihoodOfTheSameOrderIsNoWorseThanThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  for (const Case& one : cases()) {
    const double theirs = number(one.r, "loglik");
    EXPECT_GE(fitted(one).log_likelihood, theirs - 1e-3 * std::abs(theirs)) << one.id;
  }
}

TEST(ArimaOracle, ParametersOfTheSameOrderAreThoseOfR) {
  ARA_NEEDS_SHARED_DATA();
  std::size_t compared = 0;
  for (const Case& one : cases()) {
    const ArimaFit fit = fitted(one);
    // Where R's optimiser stopped elsewhere (another optimum, or short of this), there is nothing
    // to compare but the likelihood; co2 has two optima of one height.
    if (fit.log_likelihood > number(one.r, "loglik") + 0.02 || one.id == "co2") continue;
    ++compared;
    const auto expect = [&](std::span<const double> ours, const std::string& name) {
      for (std::size_t i = 0; i < ours.size(); ++i) {
        const std::string which = name + std::to_string(i + 1);
        EXPECT_NEAR(ours[i], number(one.r, which), 0.02) << one.id << " " << which;
      }
    };
    expect(fit.coefficients.ar(fit.order), "ar");
    expect(fit.coefficients.ma(fit.order), "ma");
    expect(fit.coefficients.seasonal_ar(fit.order), "sar");
    expect(fit.coefficients.seasonal_ma(fit.order), "sma");
    EXPECT_NEAR(fit.log_likelihood, number(one.r, "loglik"), 0.02) << one.id;
    EXPECT_NEAR(fit.aicc, number(one.r, "aicc"), 0.05) << one.id;
    // R adds the errors of the values that are lost to the differences, which it holds to be large.
    EXPECT_NEAR(fit.variance / number(one.r, "sigma2"), 1, fit.order.D > 0 ? 0.02 : 1e-3) << one.id;
    const double error = std::sqrt(fit.variance / static_cast<double>(one.values.size()));
    if (one.r.contains("drift")) {
      const int each = fit.order.D > 0 ? fit.order.m : 1;  // R's is that of a step, not a season
      EXPECT_NEAR(fit.mean, each * number(one.r, "drift"), 0.05 * each * error) << one.id;
    }
    if (one.r.contains("intercept")) {
      EXPECT_NEAR(fit.mean, number(one.r, "intercept"), 0.05 * error) << one.id;
    }
  }
  EXPECT_GE(compared, 27u);
}

TEST(ArimaOracle, DifferencesAreThoseOfR) {
  ARA_NEEDS_SHARED_DATA();
  for (const Case& one : cases()) {
    const ArimaOrder order = order_of(one.r);
    const int season = season_of(one.id);
    const int D = seasonal_differences_needed(one.values, season);
    EXPECT_EQ(D, order.D) << one.id;
    EXPECT_EQ(differences_needed(differenced(one.values, 0, D, season)), order.d) << one.id;
  }
}

TEST(ArimaOracle, ChosenModelIsAsGoodByAiccAsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  for (const Case& one : cases()) {
    EXPECT_LE(select_arima(one.values, season_of(one.id)).aicc, number(one.r, "aicc") + 2)
        << one.id;
  }
}

// Where the two choose the same order, everything that follows from it is the same.
TEST(ArimaOracle, ForecastsOfTheSameModelAreThoseOfR) {
  ARA_NEEDS_SHARED_DATA();
  const auto forecasts = support::oracle_forecasts();
  std::size_t compared = 0;
  for (const Case& one : cases()) {
    const int season = season_of(one.id);
    const ArimaFit chosen = select_arima(one.values, season);
    if (chosen.order.coefficients() != order_of(one.r).coefficients()) continue;
    if (std::abs(chosen.aicc - number(one.r, "aicc")) > 0.02) continue;
    ++compared;
    const auto bars = support::bars_of(one.values);
    const auto model = fit(**find_model("arima"), bars,
                           {.scale = domain::Scale::level, .seed = 1, .season = season})
                           .value();
    const auto& wanted = forecasts.at(one.id + "/auto.arima");
    const Path path = model->forecast(static_cast<int>(wanted.size()));
    for (std::size_t h = 0; h < wanted.size(); ++h) {
      const double error = (wanted[h].high80 - wanted[h].low80) / 2 / 1.2815515655446004;
      const auto near = [&](double level, double expected) {
        EXPECT_NEAR(one.values.back() + path.change[h].at(level), expected, 0.03 * error)
            << one.id << " at h=" << h + 1 << ", level " << level;
      };
      near(0.5, wanted[h].mean);
      near(0.1, wanted[h].low80);
      near(0.9, wanted[h].high80);
      near(0.025, wanted[h].low95);
      near(0.975, wanted[h].high95);
    }
  }
  EXPECT_GE(compared, 18u);
}

}  // namespace
}  // namespace ara::models
