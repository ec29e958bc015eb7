// Against R: forecast 8.20 (drift, exponential smoothing, Theta) and fGarch (GARCH(1,1)-t).
#include <gtest/gtest.h>

#include "models/garch.h"
#include "models/model.h"
#include "models/smoothing.h"
#include "support/oracle.h"

namespace ara::models {
namespace {

using support::expect_as_in_r;
using support::oracle_parameters;
using support::oracle_series;
using support::shared_data;
using support::Table;
using support::table_of;

/// Whether R's search for the initial level got to the optimum; in four series it stopped short of
/// it, with 0.3 to 3 % more variance than the least.
bool r_found_the_optimum(const std::string& id, const std::vector<double>& values) {
  static const Table parameters = oracle_parameters();
  const double theirs = parse_double(parameters.at(id + "/ses").at("sigma2")).value();
  return theirs <= fit_smoothing(values).variance * 1.001;
}

TEST(ModelsOracle, DriftIsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  const auto all = [](const std::string&, const std::vector<double>&) { return true; };
  expect_as_in_r("drift", "rwf_drift", 1e-6, all, 31);
}

TEST(ModelsOracle, SimpleExponentialSmoothingIsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  expect_as_in_r("ses", "ses", 0.005, r_found_the_optimum, 27);
}

TEST(ModelsOracle, ThetaIsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  // R leaves the width of the seasonally adjusted forecast as it is; ours grows with the season.
  const auto wanted = [](const std::string& id, const std::vector<double>& values) {
    return support::oracle_season(id) > 1 || r_found_the_optimum(id, values);
  };
  expect_as_in_r("theta", "thetaf", 0.005, wanted, 29, true);
}

TEST(ModelsOracle, SmoothingParametersAreNoWorseThanThoseOfR) {
  ARA_NEEDS_SHARED_DATA();
  const auto parameters = oracle_parameters();
  for (const auto& [id, values] : oracle_series()) {
    const auto& r = parameters.at(id + "/ses");
    const Smoothing ours = fit_smoothing(values);
    EXPECT_LE(ours.variance, parse_double(r.at("sigma2")).value() * (1 + 1e-6)) << id;
    EXPECT_NEAR(ours.alpha, parse_double(r.at("alpha")).value(), 0.01) << id;
  }
}

/// 100 times the last 1,500 log returns, as R saw them.
std::vector<double> percent_returns(const std::string& series) {
  const auto bars = support::read_bars(shared_data(series + ".csv"));
  std::vector<double> returns;
  for (std::size_t i = 1; i < bars.size(); ++i) {
    returns.push_back(
        100 * (value_of(bars[i], domain::Scale::log) - value_of(bars[i - 1], domain::Scale::log)));
  }
  return {returns.end() - 1500, returns.end()};
}

TEST(ModelsOracle, GarchLikelihoodIsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  const auto table = table_of(shared_data("oracle/R_fGarch_garch11_params.csv"));
  std::size_t compared = 0;
  for (const auto& [key, r] : table) {
    if (!key.ends_with("/garch11_std")) continue;
    const auto number = [&](const char* name) { return parse_double(r.at(name)).value(); };
    const auto returns = percent_returns(key.substr(0, key.rfind('/')));
    GarchT theirs{.mu = number("mu"),
                  .omega = number("omega"),
                  .alpha = number("alpha1"),
                  .beta = number("beta1"),
                  .nu = number("shape")};
    theirs.first_variance = first_variance_of(theirs, returns);
    const double wanted = number("loglik");
    EXPECT_NEAR(log_likelihood(theirs, returns), wanted, 1e-5 * std::abs(wanted)) << key;
    const GarchT ours = fit_garch_t(returns, 1);
    EXPECT_GE(log_likelihood(ours, returns), wanted - 1e-3 * std::abs(wanted)) << key;
    ++compared;
    if (theirs.alpha + theirs.beta >= 1) continue;  // outside of what we allow: only the likelihood
    EXPECT_GE(log_likelihood(ours, returns), wanted - 1e-3) << key;
    EXPECT_NEAR(ours.mu, theirs.mu, 1e-3) << key;
    EXPECT_NEAR(ours.omega, theirs.omega, 0.01 * theirs.omega) << key;
    EXPECT_NEAR(ours.alpha, theirs.alpha, 1e-3) << key;
    EXPECT_NEAR(ours.beta, theirs.beta, 1e-3) << key;
    EXPECT_NEAR(ours.nu, theirs.nu, 0.01 * theirs.nu) << key;
    double h = ours.first_variance;
    for (std::size_t i = 0; i + 1 < returns.size(); ++i) h = ours.next_variance(h, returns[i]);
    EXPECT_NEAR(std::sqrt(h), number("last_sigma"), 2e-3 * number("last_sigma")) << key;
  }
  EXPECT_EQ(compared, 5u);
}

// The benchmark of Fiorentini, Calzolari and Panattoni (1996), with normal errors: a t with very
// many degrees of freedom.
TEST(ModelsOracle, GarchBenchmarkOfBollerslevAndGhysels) {
  ARA_NEEDS_SHARED_DATA();
  const auto r = table_of(shared_data("oracle/R_fGarch_garch11_params.csv"))
                     .at("dem2gbp(fGarch)/garch11_norm");
  const auto number = [&](const char* name) { return parse_double(r.at(name)).value(); };
  const auto rows = support::read_cells(shared_data("oracle/dem2gbp_returns.csv"));
  std::vector<double> returns;
  for (std::size_t i = 1; i < rows.size(); ++i) returns.push_back(*parse_double(rows[i][0]));
  ASSERT_EQ(returns.size(), 1974u);
  GarchT model{.mu = number("mu"),
               .omega = number("omega"),
               .alpha = number("alpha1"),
               .beta = number("beta1"),
               .nu = 1e8};
  model.first_variance = first_variance_of(model, returns);
  EXPECT_NEAR(log_likelihood(model, returns), number("loglik"), 1e-3);
}

}  // namespace
}  // namespace ara::models
