// Exponential smoothing in state-space form against R's forecast 8.20.
#include <gtest/gtest.h>

#include "models/ets_fit.h"
#include "support/oracle.h"

namespace ara::models {
namespace {

using support::oracle_parameters;
using support::oracle_season;
using support::oracle_series;

/// Log likelihoods nearer than this are of one optimum; R's search often stops that far from it.
constexpr double kSame = 0.05;

struct Oracle {
  EtsForm form;
  double log_likelihood = 0;
  double aicc = 0;
  EtsParameters parameters;
};

/// The form that R calls e.g. ETS(M,Ad,N).
EtsForm form_of(const std::string& name) {
  EtsForm form;
  form.multiplicative_error = name[4] == 'M';
  form.trend = name[6] == 'N'   ? EtsTrend::none
               : name[7] == 'd' ? EtsTrend::damped
                                : EtsTrend::additive;
  const char season = name[name.size() - 2];
  form.season = season == 'N'   ? EtsSeason::none
                : season == 'A' ? EtsSeason::additive
                                : EtsSeason::multiplicative;
  return form;
}

Oracle oracle_of(const std::string& id, const std::string& method, EtsForm form) {
  static const support::Table table = oracle_parameters();
  const auto& r = table.at(id + "/" + method);
  const auto number = [&](const char* name) {
    return r.contains(name) ? parse_double(r.at(name)).value() : 0.0;
  };
  Oracle oracle{.form = form, .log_likelihood = number("loglik"), .aicc = number("aicc")};
  if (r.contains("model")) oracle.form = form_of(r.at("model"));
  oracle.parameters = {number("alpha"), number("beta"), number("gamma"), number("phi")};
  return oracle;
}

/// Our estimates of R's form are as likely as R's, to 1e-3; gives how many had the same optimum,
/// there with the same parameters.
std::size_t expect_as_likely(const std::string& method, EtsForm form, bool of_seasonal_only) {
  std::size_t same = 0;
  for (const auto& [id, values] : oracle_series()) {
    const int season = oracle_season(id);
    if (of_seasonal_only && season == 1) continue;
    const Oracle r = oracle_of(id, method, form);
    const auto ours = fit_ets_form(r.form, values, r.form.has_season() ? season : 1);
    EXPECT_TRUE(ours.has_value()) << id;
    if (!ours) continue;
    const double likelihood = -ours->deviance / 2;
    EXPECT_GE(likelihood, r.log_likelihood - 1e-3 * std::abs(r.log_likelihood)) << id;
    // AICc counts the same parameters.
    EXPECT_NEAR(ours->aicc + 2 * likelihood, r.aicc + 2 * r.log_likelihood, 1e-4) << id;
    if (std::abs(likelihood - r.log_likelihood) > kSame) continue;
    ++same;
    EXPECT_NEAR(ours->parameters.alpha, r.parameters.alpha, 0.03) << id;
  }
  return same;
}

TEST(EtsOracle, HoltIsAsLikelyAsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  EXPECT_GE(expect_as_likely("holt", {.trend = EtsTrend::additive}, false), 12u);
}

TEST(EtsOracle, DampedTrendIsAsLikelyAsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  EXPECT_GE(expect_as_likely("holt_damped", {.trend = EtsTrend::damped}, false), 7u);
}

TEST(EtsOracle, HoltWintersIsAsLikelyAsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  expect_as_likely("hw_add", {.trend = EtsTrend::additive, .season = EtsSeason::additive}, true);
}

TEST(EtsOracle, TheFormThatRTookIsAsLikelyAsThatOfR) {
  ARA_NEEDS_SHARED_DATA();
  EXPECT_GE(expect_as_likely("ets_auto", {}, false), 17u);
}

// R's search stops where ours goes on; where both ended at the same place, all else is the same.
TEST(EtsOracle, ForecastsAreThoseOfRWhereTheOptimumIs) {
  ARA_NEEDS_SHARED_DATA();
  const std::vector<std::tuple<const char*, const char*, EtsForm>> methods{
      {"holt", "holt", {.trend = EtsTrend::additive}},
      {"damped", "holt_damped", {.trend = EtsTrend::damped}}};
  for (const auto& [name, method, form] : methods) {
    const auto same = [&](const std::string& id, const std::vector<double>& values) {
      const Oracle r = oracle_of(id, method, form);
      const double ours = -fit_ets_form(form, values, 1)->deviance / 2;
      return std::abs(ours - r.log_likelihood) < kSame;
    };
    support::expect_as_in_r(name, method, 0.15, same, 7);
  }
}

TEST(EtsOracle, WhatIsChosenScoresNoWorseThanTheChoiceOfR) {
  ARA_NEEDS_SHARED_DATA();
  std::size_t same_form = 0;
  for (const auto& [id, values] : oracle_series()) {
    const Oracle r = oracle_of(id, "ets_auto", {});
    const EtsFit ours = select_ets(values, oracle_season(id), true);
    // What the rules of select_ets leave out may score better: an undamped trend by 2, relative
    // errors that are not small, slopes faster than the season.
    const auto theirs = fit_ets_form(r.form, values, r.form.has_season() ? oracle_season(id) : 1);
    if (r.form.multiplicative_error && theirs->variance > 0.04) continue;
    EXPECT_LE(ours.aicc, r.aicc + 2.5) << id;
    same_form += ours.form.multiplicative_error == r.form.multiplicative_error &&
                 ours.form.trend == r.form.trend && ours.form.season == r.form.season;
  }
  EXPECT_GE(same_form, 15u);
}

TEST(NaiveOracle, RandomWalkAndSeasonalNaiveAreThoseOfR) {
  ARA_NEEDS_SHARED_DATA();
  const auto all = [](const std::string&, const std::vector<double>&) { return true; };
  support::expect_as_in_r("naive", "naive", 1e-6, all, 31);
  const auto seasonal = [](const std::string& id, const std::vector<double>&) {
    return oracle_season(id) > 1;
  };
  support::expect_as_in_r("seasonal_naive", "snaive", 1e-6, seasonal, 8);
}

}  // namespace
}  // namespace ara::models
