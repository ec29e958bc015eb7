#include "models/ets_fit.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/logistic.h"
#include "models/quasi_newton.h"
#include "models/seasonality.h"

namespace ara::models {
namespace {

constexpr double kLeast = 1e-4;  ///< of alpha, beta and gamma
constexpr double kMost = 0.9999;
constexpr double kLeastPhi = 0.8;
constexpr double kMostPhi = 0.98;
constexpr double kFurthest = 12;  ///< of a logit: nearer to a bound there is nothing to gain
constexpr double kTolerance = 1e-5;
constexpr int kMostValues = 400;
constexpr double kReach = 2;  ///< the longest step of a logit
/// Normal relative errors that are larger (0.2: five of them reach below zero) are not positive
/// enough to stand for positive values, and their likelihood prefers biased forecasts.
constexpr double kMostRelativeError = 0.2;
/// An undamped trend is a damped one whose phi came out as 1: it has no fewer parameters.
constexpr double kUndamped = 2;
/// A spread smaller than this part of the mean leaves no difference between relative and other
/// errors but rounding.
constexpr double kLeastSpread = 1e-6;

double rms_difference(std::span<const double> values, std::size_t lag) {
  double squares = 0;
  for (std::size_t i = lag; i < values.size(); ++i) {
    squares += (values[i] - values[i - lag]) * (values[i] - values[i - lag]);
  }
  return std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, values.size() - lag)));
}

EtsUnits units_of(const EtsForm& form, std::span<const double> values) {
  EtsUnits units;
  double size = 0;
  if (form.multiplicative()) {
    for (double value : values) size += value / static_cast<double>(values.size());
  } else {
    units.origin = values.front();
    for (double value : values) size = std::max(size, std::abs(value - units.origin));
  }
  if (size > 0) units.unit = size;
  return units;
}

/// A straight line through the first values, seasonally adjusted (HKOS section 2.6.1).
EtsStart first_guess(const EtsForm& form, std::span<const double> values, std::size_t period) {
  Seasonality pattern;
  if (form.has_season()) {
    pattern = decompose(values, static_cast<int>(period), form.season == EtsSeason::multiplicative);
    for (double& index : pattern.figure) {
      if (pattern.multiplicative) index = std::max(index, 2 * kLeastFactor);
    }
  }
  const std::size_t count = std::min(values.size(), std::max<std::size_t>(10, 2 * period));
  const double middle = static_cast<double>(count - 1) / 2;
  double mean = 0, covariance = 0, squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double adjusted = pattern.remove(values[i], i % pattern.period());
    const double x = static_cast<double>(i) - middle;
    mean += adjusted / static_cast<double>(count);
    covariance += x * adjusted;
    squares += x * x;
  }
  const double slope = form.has_trend() ? covariance / squares : 0;
  EtsStart start{.level = mean - slope * (middle + 1), .slope = slope, .season = pattern.figure};
  if (form.multiplicative()) {
    // A line that begins below zero is of no use here.
    if (start.level < 0.1 * mean) {
      start.level = 0.1 * mean;
      start.slope = form.has_trend() ? 0.9 * mean / (middle + 1) : 0;
    }
  }
  return start;
}

/// The likelihood as a function of free variables: logits of the smoothing parameters within their
/// bounds, and the states, each in units that give it a curvature of about 1.
class Problem {
 public:
  Problem(EtsForm form, std::span<const double> values, std::size_t period, double most_beta)
      : form_(form),
        most_beta_(most_beta),
        likelihood_(form, values),
        count_(static_cast<double>(values.size())),
        start_(first_guess(form, values, period)) {}

  double value(std::span<const double> at) {
    read(at);
    return likelihood_.value(parameters_, start_);
  }

  void gradient(std::span<double> out) {
    const auto& g = likelihood_.gradient();
    const EtsParameters& gp = g.parameters;
    double g_alpha = gp.alpha;
    std::size_t i = 1;
    if (form_.has_trend()) {
      out[i++] =
          most_beta_ * gp.beta * (parameters_.alpha - kLeast) * slope_of(share_.beta) * per_logit_;
      g_alpha += most_beta_ * gp.beta * share_.beta;
    }
    if (form_.has_season()) {
      out[i++] = gp.gamma * (1 - parameters_.alpha - kLeast) * slope_of(share_.gamma) * per_logit_;
      g_alpha -= gp.gamma * share_.gamma;
    }
    if (form_.trend == EtsTrend::damped) {
      out[i++] = gp.phi * (kMostPhi - kLeastPhi) * slope_of(share_.phi) * per_logit_;
    }
    out[0] = g_alpha * (kMost - kLeast) * slope_of(share_.alpha) * per_logit_;
    out[i++] = g.start.level * per_level_;
    if (form_.has_trend()) out[i++] = g.start.slope * per_slope_;
    for (double g_index : g.start.season) out[i++] = g_index * per_index_;
    for (double& slope : out) slope = std::isfinite(slope) ? slope : 0;
  }

  /// Where to search from, the states as first guessed: once with a season or slope that hardly
  /// changes and once with one that does, as each may have an optimum of its own.
  std::vector<std::vector<double>> starts() {
    const EtsStart guess = start_;
    std::vector<EtsParameters> found{best_of(guess, {0.02, 0.3}, {0.02})};
    if (form_.has_season()) {
      found.push_back(best_of(guess, {0.02, 0.3}, {0.3, 0.8}));
    } else if (form_.has_trend()) {
      found.push_back(best_of(guess, {0.9}, {0}));
    }
    likelihood_.value(found.front(), guess);
    set_units(found.front());
    std::vector<std::vector<double>> out;
    for (const EtsParameters& p : found) out.push_back(variables(p));
    return out;
  }

  void read(std::span<const double> at) {
    const auto share = [&](double x) {
      return logistic(std::clamp(x * per_logit_, -kFurthest, kFurthest));
    };
    std::size_t i = 1;
    share_.alpha = share(at[0]);
    parameters_.alpha = kLeast + (kMost - kLeast) * share_.alpha;
    if (form_.has_trend()) {
      share_.beta = share(at[i++]);
      parameters_.beta = kLeast + most_beta_ * (parameters_.alpha - kLeast) * share_.beta;
    }
    if (form_.has_season()) {
      share_.gamma = share(at[i++]);
      parameters_.gamma = kLeast + (1 - parameters_.alpha - kLeast) * share_.gamma;
    }
    if (form_.trend == EtsTrend::damped) {
      share_.phi = share(at[i++]);
      parameters_.phi = kLeastPhi + (kMostPhi - kLeastPhi) * share_.phi;
    }
    start_.level = at[i++] * per_level_;
    if (form_.has_trend()) start_.slope = at[i++] * per_slope_;
    for (double& index : start_.season) index = at[i++] * per_index_;
  }

  const EtsParameters& parameters() const { return parameters_; }
  const EtsStart& start() const { return start_; }
  double mean_square() const { return likelihood_.mean_square(); }
  double reach() const { return kReach / per_logit_; }

 private:
  /// The likeliest of a grid of smoothing parameters: beta as shares of what it may be, gamma of
  /// 1 - alpha.
  EtsParameters best_of(const EtsStart& guess, std::initializer_list<double> betas,
                        std::initializer_list<double> gammas) {
    EtsParameters best{.alpha = 0.5, .beta = 0.01, .gamma = 0.01, .phi = 0.95};
    double least = INFINITY;
    for (double alpha : {0.03, 0.2, 0.6, 0.95}) {
      for (double beta : betas) {
        for (double gamma : gammas) {
          const EtsParameters tried{.alpha = alpha,
                                    .beta = form_.has_trend() ? beta * most_beta_ * alpha : 0,
                                    .gamma = form_.has_season() ? gamma * (1 - alpha) : 0,
                                    .phi = form_.trend == EtsTrend::damped ? 0.95 : 1};
          const double value = likelihood_.value(tried, guess);
          if (value < least) {
            least = value;
            best = tried;
          }
        }
        if (!form_.has_trend()) break;
      }
    }
    return best;
  }

  static double slope_of(double share) { return share * (1 - share); }

  /// From how long each state is remembered at these parameters.
  void set_units(const EtsParameters& p) {
    double error = std::sqrt(likelihood_.mean_square());
    if (form_.multiplicative_error) error *= std::max(start_.level, kLeastFactor);
    if (!(error > 1e-8 && std::isfinite(error))) error = 1e-8;
    const double kept = (1 - p.alpha) * (1 - p.alpha);
    const double level = std::min(count_, 1 / (1 - kept));
    per_level_ = error / std::sqrt(level);
    per_slope_ = error / std::sqrt(level) * std::max(p.alpha, 1 / count_);
    const double periods =
        count_ / static_cast<double>(std::max<std::size_t>(1, start_.season.size()));
    const double shared = (1 - p.gamma) * (1 - p.gamma);
    per_index_ = error / std::sqrt(std::max(1.0, std::min(periods, 1 / (1 - shared))));
    per_logit_ = 4 / std::sqrt(count_);
  }

  std::vector<double> variables(const EtsParameters& p) const {
    const auto at = [&](double share) {
      return std::clamp(logit(share), -kFurthest, kFurthest) / per_logit_;
    };
    std::vector<double> out{at((p.alpha - kLeast) / (kMost - kLeast))};
    if (form_.has_trend()) out.push_back(at((p.beta - kLeast) / (p.alpha - kLeast) / most_beta_));
    if (form_.has_season()) out.push_back(at((p.gamma - kLeast) / (1 - p.alpha - kLeast)));
    if (form_.trend == EtsTrend::damped) {
      out.push_back(at((p.phi - kLeastPhi) / (kMostPhi - kLeastPhi)));
    }
    out.push_back(start_.level / per_level_);
    if (form_.has_trend()) out.push_back(start_.slope / per_slope_);
    for (double index : start_.season) out.push_back(index / per_index_);
    return out;
  }

  EtsForm form_;
  double most_beta_;  ///< as a share of alpha
  EtsLikelihood likelihood_;
  double count_;
  EtsStart start_;
  EtsParameters parameters_;
  EtsParameters share_;  ///< how far within its bounds each parameter is, 0 to 1
  double per_logit_ = 1, per_level_ = 1, per_slope_ = 1, per_index_ = 1;
};

/// Moves what all indices have in common into the level, which changes no forecast.
void normalise(const EtsForm& form, EtsStart& start) {
  if (start.season.empty()) return;
  double mean = 0;
  for (double index : start.season) mean += index / static_cast<double>(start.season.size());
  if (form.season == EtsSeason::multiplicative) {
    for (double& index : start.season) index /= mean;
    start.level *= mean;
    start.slope *= mean;
  } else {
    for (double& index : start.season) index -= mean;
    start.level += mean;
  }
}

/// A slope that forgets within half a season follows the season, not the trend, and carries the
/// season's last move far ahead.
double most_beta(int season) {
  return season > 1 ? std::min(1.0, 2.0 / season) : 1;
}

bool enough(const EtsForm& form, std::size_t count, std::size_t period) {
  if (form.has_season() && count <= 2 * period) return false;
  return count >= form.parameters(period) + 3;
}

/// The best of the forms considered so far.
class Selection {
 public:
  explicit Selection(EtsFit simplest) : best_(simplest), trendless_(std::move(simplest)) {}

  void consider(EtsFit fit) {
    const double score = score_of(fit);
    if (fit.form.multiplicative_error && fit.variance > kMostRelativeError * kMostRelativeError) {
      least_refused_ = std::min(least_refused_, score);
      return;
    }
    if (!fit.form.has_trend() && score < score_of(trendless_)) trendless_ = fit;
    if (score < score_of(best_)) best_ = std::move(fit);
  }

  /// Where the likeliest errors are relative but too large to be taken, values spread as widely as
  /// they are high: the few highest decide what becomes of a trend, so there is none.
  const EtsFit& chosen() const { return least_refused_ < score_of(best_) ? trendless_ : best_; }

 private:
  static double score_of(const EtsFit& fit) {
    return fit.aicc + (fit.form.trend == EtsTrend::additive ? kUndamped : 0);
  }

  EtsFit best_;
  EtsFit trendless_;
  double least_refused_ = INFINITY;
};

}  // namespace

std::optional<EtsFit> fit_ets_form(EtsForm form, std::span<const double> values, int season) {
  const std::size_t period = form.has_season() ? static_cast<std::size_t>(season) : 1;
  if (!enough(form, values.size(), period) && (form.has_season() || form.has_trend())) return {};
  EtsFit fit{.form = form, .units = units_of(form, values)};
  std::vector<double> scaled;
  scaled.reserve(values.size());
  for (double value : values) scaled.push_back(fit.units.of(value));

  Problem problem(form, scaled, period, most_beta(season));
  QuasiNewton search;
  std::vector<double> best;
  double least = INFINITY;
  for (auto& start : problem.starts()) {
    search.minimise(problem, std::move(start), kTolerance, kMostValues, problem.reach());
    if (search.value() < least || best.empty()) {
      best = search.at();
      least = search.value();
    }
  }
  least = problem.value(best);
  if (!std::isfinite(least)) return {};
  fit.parameters = problem.parameters();
  if (form.trend != EtsTrend::damped) fit.parameters.phi = 1;
  fit.start = problem.start();

  const double n = static_cast<double>(values.size());
  const double k = static_cast<double>(form.parameters(period)) + 1;  // the variance too
  fit.variance = problem.mean_square() * n / std::max(1.0, n - (k - 1));
  fit.deviance = least + n * std::log(n) + 2 * n * std::log(fit.units.unit);
  fit.aicc = fit.deviance + 2 * k + 2 * k * (k + 1) / std::max(1e-3, n - k - 1);
  fit.likely_slope = 2 * rms_difference(scaled, 1);
  normalise(form, fit.start);
  return fit;
}

EtsFit select_ets(std::span<const double> values, int season, bool may_multiply) {
  const auto [least, most] = std::ranges::minmax_element(values);
  const bool multiply = may_multiply && *least > 0 && *most - *least > kLeastSpread * *most;
  const bool seasonal = season > 1 && season <= kLongestEtsSeason;
  Selection selection(*fit_ets_form({}, values, season));
  if (!(*most > *least)) return selection.chosen();  // does not move: the simplest
  for (bool relative : {false, true}) {
    if (relative && !multiply) continue;
    for (auto kind : {EtsSeason::none, EtsSeason::additive, EtsSeason::multiplicative}) {
      if (kind != EtsSeason::none && !seasonal) continue;
      if (kind == EtsSeason::multiplicative && !relative) continue;
      for (auto trend : {EtsTrend::none, EtsTrend::additive, EtsTrend::damped}) {
        auto fit = fit_ets_form({.multiplicative_error = relative, .trend = trend, .season = kind},
                                values, season);
        if (fit) selection.consider(std::move(*fit));
      }
    }
  }
  return selection.chosen();
}

}  // namespace ara::models
