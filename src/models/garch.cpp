#include "models/garch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "models/bfgs.h"
#include "models/logistic.h"
#include "models/student_t.h"

namespace ara::models {
namespace {

// The order of the natural parameters in gradients.
enum { kMu, kOmega, kAlpha, kBeta, kNu, kGamma, kParameters };
using Six = Vector<kParameters>;

constexpr double kMostPersistence = 0.9999;
constexpr double kLeastNu = 2.1;
constexpr double kSpanNu = 1000;
constexpr double kLeastVariance = 1e-4;  ///< of the long-run variance, as a part of the sample's

/// Terms multiplied before one logarithm: with returns of unit variance each factor lies within
/// 1e-9 to 1e9, so sixteen stay within the range of a double.
constexpr std::size_t kBlock = 16;

/// log of the density's constant, log Gamma((nu+1)/2) - log Gamma(nu/2) - log(pi (nu-2)) / 2.
double log_constant(double nu) {
  return log_gamma_ratio(nu / 2).value - 0.5 * std::log(std::numbers::pi * (nu - 2));
}

/// Four models at once: their recursions are independent, so they share the latency of one.
constexpr std::size_t kLanes = 4;
std::array<double, kLanes> log_likelihoods(const std::array<GarchT, kLanes>& models,
                                           std::span<const double> returns) {
  std::array<double, kLanes> h{}, sum_h{}, sum_d{}, mu{}, omega{}, alpha{}, fall{}, beta{}, k{};
  for (std::size_t i = 0; i < kLanes; ++i) {
    h[i] = models[i].first_variance;
    mu[i] = models[i].mu;
    omega[i] = models[i].omega;
    alpha[i] = models[i].alpha;
    fall[i] = models[i].alpha + models[i].gamma;
    beta[i] = models[i].beta;
    k[i] = models[i].nu - 2;
  }
  for (std::size_t first = 0; first < returns.size(); first += kBlock) {
    std::array<double, kLanes> product_h{1, 1, 1, 1};
    std::array<double, kLanes> product_d{1, 1, 1, 1};
    for (double r : returns.subspan(first, std::min(kBlock, returns.size() - first))) {
      for (std::size_t i = 0; i < kLanes; ++i) {
        const double e = r - mu[i];
        const double e2 = e * e;
        product_h[i] *= h[i];
        product_d[i] *= k[i] * h[i] + e2;
        h[i] = omega[i] + (e < 0 ? fall[i] : alpha[i]) * e2 + beta[i] * h[i];
      }
    }
    for (std::size_t i = 0; i < kLanes; ++i) {
      sum_h[i] += std::log(product_h[i]);
      sum_d[i] += std::log(product_d[i]);
    }
  }
  std::array<double, kLanes> result{};
  const double n = static_cast<double>(returns.size());
  for (std::size_t i = 0; i < kLanes; ++i) {
    const double half = (models[i].nu + 1) / 2;
    result[i] = n * (log_constant(models[i].nu) + half * std::log(k[i])) + (half - 0.5) * sum_h[i] -
                half * sum_d[i];
  }
  return result;
}

struct Score {
  double value = 0;                ///< log-likelihood
  Six gradient{};                  ///< in the natural parameters
  Matrix<kParameters> products{};  ///< sum of the outer products of each return's gradient
};

/// The mean of (r - mu)^2, given that the returns' variance is 1.
double mean_square_about(double mu, double mean) {
  return 1 + (mean - mu) * (mean - mu);
}

/// The likelihood and its exact gradient by the forward recursion of dh/d(mu, omega, alpha, beta,
/// gamma) (Fiorentini, Calzolari and Panattoni 1996, section 2).
template <bool kProducts>
Score score(const GarchT& model, std::span<const double> returns, double mean) {
  const double n = static_cast<double>(returns.size());
  const double k = model.nu - 2;
  const double half = (model.nu + 1) / 2;
  const double persistence = model.persistence();
  const double mean_square = mean_square_about(model.mu, mean);
  const LogGammaRatio ratio = log_gamma_ratio(model.nu / 2);
  const double constant_slope = 0.5 * ratio.slope - 0.5 / k;
  double h = model.first_variance;
  double h_mu = -2 * persistence * (mean - model.mu);
  double h_omega = 1, h_alpha = mean_square, h_beta = mean_square;
  double h_gamma = 0.5 * mean_square;
  double sum_h = 0, sum_d = 0, sum_share = 0;
  double g_mu = 0, g_omega = 0, g_alpha = 0, g_beta = 0, g_gamma = 0;
  Score result;
  for (std::size_t first = 0; first < returns.size(); first += kBlock) {
    double product_h = 1, product_d = 1;
    for (double r : returns.subspan(first, std::min(kBlock, returns.size() - first))) {
      const double e = r - model.mu;
      const double e2 = e * e;
      const double d = k * h + e2;
      const double inverse = 1 / (h * d);
      const double by_h = inverse * (half * e2 - 0.5 * d);  // of the log density
      const double share = e2 * h * inverse;                // e^2 / d
      const double by_mu = 2 * half * e * h * inverse + by_h * h_mu;
      const double by_omega = by_h * h_omega;
      const double by_alpha = by_h * h_alpha;
      const double by_beta = by_h * h_beta;
      const double by_gamma = by_h * h_gamma;
      g_mu += by_mu;
      g_omega += by_omega;
      g_alpha += by_alpha;
      g_beta += by_beta;
      g_gamma += by_gamma;
      sum_share += share;
      product_h *= h;
      product_d *= d;
      if constexpr (kProducts) {
        const double by_nu = constant_slope - 0.5 * std::log(d / (k * h)) + half * share / k;
        const Six s{by_mu, by_omega, by_alpha, by_beta, by_nu, by_gamma};
        for (std::size_t i = 0; i < kParameters; ++i) {
          for (std::size_t j = 0; j <= i; ++j) result.products[i][j] += s[i] * s[j];
        }
      }
      const double fallen = e < 0 ? 1 : 0;
      const double response = model.alpha + model.gamma * fallen;
      h_mu = -2 * response * e + model.beta * h_mu;
      h_omega = 1 + model.beta * h_omega;
      h_alpha = e2 + model.beta * h_alpha;
      h_beta = h + model.beta * h_beta;
      h_gamma = e2 * fallen + model.beta * h_gamma;
      h = model.omega + response * e2 + model.beta * h;
    }
    sum_h += std::log(product_h);
    sum_d += std::log(product_d);
  }
  const double log_k = std::log(k);
  result.value = n * (ratio.value - 0.5 * std::log(std::numbers::pi * k) + half * log_k) +
                 (half - 0.5) * sum_h - half * sum_d;
  const double sum_log = sum_d - sum_h - n * log_k;  // of 1 + e^2 / (k h)
  result.gradient = {
      g_mu,   g_omega, g_alpha, g_beta, n * constant_slope - 0.5 * sum_log + half * sum_share / k,
      g_gamma};
  for (std::size_t i = 0; i < kParameters; ++i) {
    for (std::size_t j = 0; j < i; ++j) result.products[j][i] = result.products[i][j];
  }
  return result;
}

/// Free coordinates: mu, log of the long-run variance (above its floor), and the logits of the
/// persistence, of the shocks' part in it, and of nu within its range; last the lean, whose
/// hyperbolic tangent is the part by which falls count more than rises. The long-run variance is
/// nearly orthogonal to the persistence, which omega is not.
struct Transformed {
  GarchT model;
  Matrix<kParameters> jacobian{};  ///< [free][natural]
};

Transformed transform(const Six& at, double mean, Leverage leverage) {
  const double grown = std::exp(at[1]);
  const double long_run = kLeastVariance + grown;
  const double part = logistic(at[2]);
  const double persistence = kMostPersistence * part;
  const double share = logistic(at[3]);
  const double nu_part = logistic(at[4]);
  Transformed out;
  GarchT& model = out.model;
  model.mu = at[0];
  model.omega = long_run * (1 - persistence);
  const double lean = leverage == Leverage::gjr ? std::tanh(at[5]) : 0;
  model.alpha = persistence * share * (1 - lean);
  model.gamma = 2 * persistence * share * lean;
  model.beta = persistence * (1 - share);
  model.nu = kLeastNu + kSpanNu * nu_part;
  model.first_variance = model.omega + persistence * mean_square_about(model.mu, mean);
  const double moved = persistence * (1 - part);
  auto& j = out.jacobian;
  j[0][kMu] = 1;
  j[1][kOmega] = grown * (1 - persistence);
  j[2][kOmega] = -long_run * moved;
  j[2][kAlpha] = moved * share * (1 - lean);
  j[2][kGamma] = 2 * moved * share * lean;
  j[2][kBeta] = moved * (1 - share);
  const double shifted = persistence * share * (1 - share);
  j[3][kAlpha] = shifted * (1 - lean);
  j[3][kGamma] = 2 * shifted * lean;
  j[3][kBeta] = -shifted;
  j[4][kNu] = kSpanNu * nu_part * (1 - nu_part);
  if (leverage == Leverage::gjr) {
    j[5][kAlpha] = -persistence * share * (1 - lean * lean);
    j[5][kGamma] = -2 * j[5][kAlpha];
  }
  return out;
}

/// The maximum for returns of unit variance.
GarchT maximise(std::span<const double> returns, double mean, Leverage leverage) {
  struct Start {
    double persistence, share;
  };
  constexpr std::array<Start, kLanes> kStarts{
      {{0.98, 0.05}, {0.98, 0.12}, {0.92, 0.12}, {0.6, 0.25}}};
  std::array<Six, kLanes> points;
  std::array<GarchT, kLanes> models;
  for (std::size_t i = 0; i < kLanes; ++i) {
    points[i] = {mean,
                 0,
                 logit(kStarts[i].persistence / kMostPersistence),
                 logit(kStarts[i].share),
                 logit((5 - kLeastNu) / kSpanNu),
                 leverage == Leverage::gjr ? 0.3 : 0};
    models[i] = transform(points[i], mean, leverage).model;
  }
  const auto values = log_likelihoods(models, returns);
  const auto best = static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
  const auto point_of = [](const Six& at, const Transformed& there, const Score& s) {
    Point<kParameters> point{
        .at = at, .value = -s.value, .gradient = times(there.jacobian, s.gradient)};
    for (double& g : point.gradient) g = -g;
    return point;
  };
  // The outer products estimate the information matrix, hence the curvature to start from.
  const Transformed start = transform(points[best], mean, leverage);
  const Score first = score<true>(start.model, returns, mean);
  Matrix<kParameters> information{};
  for (std::size_t i = 0; i < kParameters; ++i) {
    const Six row = times(first.products, start.jacobian[i]);
    for (std::size_t j = 0; j < kParameters; ++j) information[i][j] = dot(row, start.jacobian[j]);
  }
  constexpr double kCloseEnough = 1e-4;  // in log-likelihood, where one is a standard error
  constexpr int kMostEvaluations = 80;
  const auto found =
      minimise(point_of(points[best], start, first), inverse_with_ridge(information, 0.05),
               kCloseEnough, kMostEvaluations, [&](const Six& at) {
                 const Transformed there = transform(at, mean, leverage);
                 return point_of(at, there, score<false>(there.model, returns, mean));
               });
  return transform(found.at, mean, leverage).model;
}

}  // namespace

double first_variance_of(const GarchT& model, std::span<const double> returns) {
  double squares = 0;
  for (double r : returns) squares += (r - model.mu) * (r - model.mu);
  return model.omega + model.persistence() * squares / static_cast<double>(returns.size());
}

double log_likelihood(const GarchT& model, std::span<const double> returns) {
  double sum = 0;
  double h = model.first_variance;
  const double constant = log_constant(model.nu);
  for (double r : returns) {
    const double e = r - model.mu;
    sum += constant - 0.5 * std::log(h) -
           (model.nu + 1) / 2 * std::log1p(e * e / ((model.nu - 2) * h));
    h = model.next_variance(h, r);
  }
  return sum;
}

GarchT fit_garch_t(std::span<const double> returns, double size, Leverage leverage) {
  const double n = static_cast<double>(returns.size());
  double mean = 0;
  for (double r : returns) mean += r / n;
  double variance = 0;
  for (double r : returns) variance += (r - mean) * (r - mean) / n;
  const double sd = std::sqrt(variance);
  if (sd <= 4 * std::numeric_limits<double>::epsilon() * size) return {.mu = mean, .nu = kLeastNu};
  std::vector<double> scaled;
  scaled.reserve(returns.size());
  for (double r : returns) scaled.push_back(r / sd);
  GarchT model = maximise(scaled, mean / sd, leverage);
  model.mu *= sd;
  model.omega *= variance;
  model.first_variance *= variance;
  return model;
}

}  // namespace ara::models
