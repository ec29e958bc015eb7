// Exponential smoothing: the likelihood, its gradient, its maximum, and what is made of it.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/rng.h"
#include "domain/quantile_function.h"
#include "models/ets_model.h"
#include "models/model.h"
#include "models/quasi_newton.h"
#include "support/shared_data.h"

namespace ara::models {
namespace {

constexpr std::size_t kPeriod = 4;

std::vector<EtsForm> all_forms() {
  std::vector<EtsForm> forms;
  for (bool relative : {false, true}) {
    for (auto season : {EtsSeason::none, EtsSeason::additive, EtsSeason::multiplicative}) {
      if (season == EtsSeason::multiplicative && !relative) continue;
      for (auto trend : {EtsTrend::none, EtsTrend::additive, EtsTrend::damped}) {
        forms.push_back({.multiplicative_error = relative, .trend = trend, .season = season});
      }
    }
  }
  return forms;
}

std::string name_of(const EtsForm& form) {
  return std::string(form.multiplicative_error ? "M," : "A,") +
         std::array{"N,", "A,", "Ad,"}[static_cast<std::size_t>(form.trend)] +
         "NAM"[static_cast<std::size_t>(form.season)];
}

double noise(Rng& rng) {
  return domain::normal_quantile(1e-9 + (1 - 2e-9) * rng.uniform());
}

/// `count` values that the form makes, of a size of about 1.
std::vector<double> made_by(const EtsForm& form, const EtsParameters& p, EtsStart start,
                            double sigma, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values;
  EtsCell cell{.level = start.level, .slope = start.slope};
  for (std::size_t t = 0; t < count; ++t) {
    with_form(form, [&]<EtsTrend trend, EtsSeason season>() {
      if (form.has_season()) cell.season = start.season[t % start.season.size()];
      const double ahead = ets_trend<trend>(p, cell);
      const double mean = ets_mean<season>(ahead, cell.season);
      const double error = sigma * noise(rng) * (form.multiplicative_error ? mean : 1);
      values.push_back(mean + error);
      cell = ets_next<trend, season>(p, cell, ahead, error);
      if (form.has_season()) start.season[t % start.season.size()] = cell.season;
    });
  }
  return values;
}

EtsStart start_of(const EtsForm& form) {
  EtsStart start{.level = 1, .slope = form.has_trend() ? 0.03 : 0};
  if (form.season == EtsSeason::additive) start.season = {0.2, -0.1, -0.3, 0.2};
  if (form.season == EtsSeason::multiplicative) start.season = {1.2, 0.9, 0.7, 1.2};
  return start;
}

EtsParameters parameters_of(const EtsForm& form) {
  return {.alpha = 0.35,
          .beta = form.has_trend() ? 0.02 : 0,
          .gamma = form.has_season() ? 0.2 : 0,
          .phi = form.trend == EtsTrend::damped ? 0.93 : 1};
}

TEST(EtsLikelihood, GradientIsThatOfFiniteDifferences) {
  for (const EtsForm& form : all_forms()) {
    const EtsStart start = start_of(form);
    const EtsParameters p = parameters_of(form);
    const auto values = made_by(form, p, start, 0.02, 90, 3);
    EtsLikelihood likelihood(form, values);
    // Not where the values were made, so that no derivative is near 0.
    EtsStart at = start;
    at.level *= 1.05;
    at.slope += form.has_trend() ? 0.002 : 0;
    ASSERT_TRUE(std::isfinite(likelihood.value(p, at))) << name_of(form);
    const auto g = likelihood.gradient();
    const auto expect = [&](double wanted, const auto& move, const char* what) {
      constexpr double kStep = 1e-6;
      EtsParameters pu = p, pd = p;
      EtsStart up = at, down = at;
      move(pu, up, kStep);
      move(pd, down, -kStep);
      const double slope = (likelihood.value(pu, up) - likelihood.value(pd, down)) / (2 * kStep);
      EXPECT_NEAR(wanted, slope, 1e-4 * std::max(1.0, std::abs(slope))) << name_of(form) << what;
    };
    using P = EtsParameters;
    using S = EtsStart;
    expect(g.parameters.alpha, [](P& q, S&, double d) { q.alpha += d; }, " alpha");
    expect(g.start.level, [](P&, S& s, double d) { s.level += d; }, " level");
    if (form.has_trend()) {
      expect(g.parameters.beta, [](P& q, S&, double d) { q.beta += d; }, " beta");
      expect(g.start.slope, [](P&, S& s, double d) { s.slope += d; }, " slope");
      expect(g.parameters.phi, [](P& q, S&, double d) { q.phi += d; }, " phi");
    }
    if (!form.has_season()) continue;
    expect(g.parameters.gamma, [](P& q, S&, double d) { q.gamma += d; }, " gamma");
    for (std::size_t i = 0; i < kPeriod; ++i) {
      expect(g.start.season[i], [i](P&, S& s, double d) { s.season[i] += d; }, " index");
    }
  }
}

TEST(EtsFit, RecoversWhatMadeTheValues) {
  for (const EtsForm& form : all_forms()) {
    const EtsParameters truth = parameters_of(form);
    const auto values = made_by(form, truth, start_of(form), 0.01, 1500, 5);
    const auto fit = fit_ets_form(form, values, kPeriod);
    ASSERT_TRUE(fit.has_value()) << name_of(form);
    EXPECT_NEAR(fit->parameters.alpha, truth.alpha, 0.06) << name_of(form);
    EXPECT_NEAR(fit->parameters.beta, truth.beta, 0.02) << name_of(form);
    EXPECT_NEAR(fit->parameters.gamma, truth.gamma, 0.06) << name_of(form);
    EXPECT_NEAR(fit->parameters.phi, truth.phi, 0.06) << name_of(form);
    // Relative errors have no unit.
    const double unit = form.multiplicative_error ? 1 : fit->units.unit;
    EXPECT_NEAR(unit * std::sqrt(fit->variance), 0.01, 0.001) << name_of(form);
  }
}

TEST(EtsFit, ScaleOfTheValuesChangesNoParameter) {
  for (const EtsForm& form : all_forms()) {
    const auto values = made_by(form, parameters_of(form), start_of(form), 0.02, 120, 8);
    const auto fit = fit_ets_form(form, values, kPeriod).value();
    for (double factor : {0x1p-100, 0x1p-3, 0x1p120}) {
      std::vector<double> scaled;
      for (double value : values) scaled.push_back(value * factor);
      const auto other = fit_ets_form(form, scaled, kPeriod).value();
      EXPECT_EQ(other.parameters.alpha, fit.parameters.alpha) << name_of(form) << factor;
      EXPECT_EQ(other.start.level, fit.start.level) << name_of(form) << factor;
      EXPECT_NEAR(other.aicc - fit.aicc, 2 * 120 * std::log(factor), 1e-6) << name_of(form);
    }
  }
}

TEST(EtsFit, SelectionFindsTheFormThatMadeTheValues) {
  const std::vector<EtsForm> told_apart{
      {},
      {.season = EtsSeason::additive},
      {.multiplicative_error = true, .season = EtsSeason::multiplicative},
      {.trend = EtsTrend::additive, .season = EtsSeason::additive}};
  for (const EtsForm& form : told_apart) {
    EtsStart start = start_of(form);
    EtsParameters p = parameters_of(form);
    p.beta = form.has_trend() ? 1e-4 : 0;
    const auto values = made_by(form, p, start, 0.02, 400, 12);
    const EtsForm found = select_ets(values, kPeriod, true).form;
    EXPECT_EQ(found.season, form.season) << name_of(form) << " " << name_of(found);
    EXPECT_EQ(found.has_trend(), form.has_trend()) << name_of(form) << " " << name_of(found);
    EXPECT_EQ(found.multiplicative_error, form.multiplicative_error) << name_of(found);
  }
}

TEST(EtsFit, NothingMultipliesWhereItMayNot) {
  const EtsForm form{.multiplicative_error = true, .season = EtsSeason::multiplicative};
  auto values = made_by(form, parameters_of(form), start_of(form), 0.02, 200, 2);
  EXPECT_TRUE(select_ets(values, kPeriod, true).form.multiplicative());
  EXPECT_FALSE(select_ets(values, kPeriod, false).form.multiplicative());
  values[100] = -0.01;
  EXPECT_FALSE(select_ets(values, kPeriod, true).form.multiplicative());
}

TEST(EtsFit, FewHighValuesMakeNoTrend) {
  Rng rng(7);
  std::vector<double> values;
  for (int i = 0; i < 120; ++i) values.push_back(std::exp(0.4 * noise(rng)));
  for (double last : {8.0, 9.5, 7.5, 16.0}) values.push_back(last);
  const auto additive = fit_ets_form({.trend = EtsTrend::additive}, values, 1);
  ASSERT_LT(additive->aicc, fit_ets_form({}, values, 1)->aicc);  // the least squares want one
  const EtsFit chosen = select_ets(values, 1, true);
  EXPECT_FALSE(chosen.form.has_trend());
  EXPECT_TRUE(select_ets(values, 1, false).form.has_trend());
}

TEST(EtsFit, TooLongASeasonIsLeftOut) {
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) values.push_back(10 + (i % 25));
  EXPECT_FALSE(select_ets(values, 25, true).form.has_season());
  EXPECT_FALSE(select_ets(std::span(values).first(48), 24, true).form.has_season());
}

/// What 20,000 continuations of the same form do: the forecast's mean and width are theirs.
TEST(EtsModel, WidthIsThatOfSimulatedPaths) {
  for (const EtsForm& form : all_forms()) {
    const auto values = made_by(form, parameters_of(form), start_of(form), 0.03, 200, 4);
    const auto fit = fit_ets_form(form, values, kPeriod).value();
    // The fit's own recursion up to the end gives the state that simulations continue from.
    std::vector<double> scaled;
    for (double value : values) scaled.push_back(fit.units.of(value));
    EtsStart end = fit.start;
    EtsCell cell{.level = end.level, .slope = end.slope};
    for (std::size_t t = 0; t < scaled.size(); ++t) {
      with_form(form, [&]<EtsTrend trend, EtsSeason season>() {
        if (form.has_season()) cell.season = end.season[t % kPeriod];
        const double ahead = ets_trend<trend>(fit.parameters, cell);
        const double error = scaled[t] - ets_mean<season>(ahead, cell.season);
        cell = ets_next<trend, season>(fit.parameters, cell, ahead, error);
        if (form.has_season()) end.season[t % kPeriod] = cell.season;
      });
    }
    end.level = cell.level;
    end.slope = cell.slope;
    constexpr int kHorizon = 9, kPaths = 20000;
    double sum = 0, squares = 0;
    for (int path = 0; path < kPaths; ++path) {
      const double last = made_by(form, fit.parameters, end, std::sqrt(fit.variance), kHorizon,
                                  static_cast<std::uint64_t>(path) + 1)
                              .back();
      sum += last - scaled.back();
      squares += (last - scaled.back()) * (last - scaled.back());
    }
    const double mean = sum / kPaths * fit.units.unit;
    const double sd = fit.units.unit * std::sqrt(squares / kPaths - sum / kPaths * (sum / kPaths));
    Path ours;
    {
      const auto bars = support::bars_of(values);
      const ModelRow row{.name = "ets", .title = "", .source = "", .min_bars = 4, .fit = nullptr};
      ours = make_ets_model(row, {.bars = bars, .values = values, .market = {}},
                            domain::Scale::level, fit)
                 ->forecast(kHorizon);
    }
    EXPECT_NEAR(ours.change.back().median(), mean, 0.04 * sd) << name_of(form);
    EXPECT_NEAR(ours.sd.back(), sd, 0.03 * sd) << name_of(form);
  }
}

TEST(QuasiNewton, FindsTheMinimumOfRosenbrocksValley) {
  struct Valley {
    double x = 0, y = 0;
    double value(std::span<const double> at) {
      x = at[0];
      y = at[1];
      return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x);
    }
    void gradient(std::span<double> out) const {
      out[0] = -2 * (1 - x) - 400 * x * (y - x * x);
      out[1] = 200 * (y - x * x);
    }
  } valley;
  QuasiNewton search;
  search.minimise(valley, {-1.2, 1}, 1e-16, 500, 2);
  EXPECT_NEAR(search.at()[0], 1, 1e-6);
  EXPECT_NEAR(search.at()[1], 1, 1e-6);
  EXPECT_LT(search.value(), 1e-12);
}

}  // namespace
}  // namespace ara::models
