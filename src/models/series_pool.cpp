#include "models/series_pool.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace ara::models {
namespace {

constexpr std::size_t kOrigins = 80;  ///< about, at most
constexpr std::size_t kSeasons = 20;  ///< that origins reach back, where a season is long
constexpr std::size_t kBars = 250;    ///< that they reach back, where it is short
constexpr int kHorizon = 14;          ///< looked at, at least (and two seasons)
constexpr double kPower = 0.5;        ///< of a member's precision: 0 would be equal weights
constexpr double kPrior = 10;         ///< windows' (or errors') worth of belief in what is assumed
constexpr double kParameters = 4;     ///< that members fit, typically
constexpr double kWindows = 4;        ///< apart from each other, that errors count for at least
constexpr double kMostGrowth = 0.3;   ///< of SeriesPool::growth
constexpr int kRounds = 3;            ///< of fitting phases and growth in turn

/// Where forecasts are made and how far they are followed.
struct Origins {
  std::vector<std::size_t> at;  ///< bars seen before the forecast
  std::size_t horizon;
};

Origins origins_of(std::size_t size, std::size_t season) {
  Origins origins;
  const std::size_t wanted = std::max<std::size_t>(kHorizon, 2 * season);
  origins.horizon = std::clamp<std::size_t>(size / 3, 1, wanted);
  const std::size_t span = std::max(kBars, kSeasons * season);
  const std::size_t first = std::max(size / 3 + 1, size > span ? size - span : 0);
  std::size_t stride = (size - first) / kOrigins + 1;
  while (stride > 1 && std::gcd(stride, season) != 1) ++stride;  // so that all phases are met
  for (std::size_t at = size - 1; at >= first; at -= stride) {
    origins.at.push_back(at);
    if (at < stride) break;
  }
  std::ranges::reverse(origins.at);
  return origins;
}

/// Outlooks and errors of every origin and step within the sample.
struct Step {
  std::size_t phase;
  int h;
  double value;
  std::vector<Outlook> members;
};

std::vector<Step> forecasts(std::span<const SeriesMember> fitted, const Sample& sample,
                            std::size_t season, const Origins& origins) {
  std::vector<SeriesMember> members(fitted.begin(), fitted.end());
  for (SeriesMember& member : members) member.restart();
  std::vector<Step> steps;
  std::size_t seen = 0;
  for (std::size_t at : origins.at) {
    for (; seen < at; ++seen) {
      for (SeriesMember& member : members) member.advance(sample[seen]);
    }
    const std::size_t first = steps.size();
    const std::size_t count = std::min(origins.horizon, sample.size() - at);
    for (std::size_t j = 0; j < count; ++j) {
      steps.push_back({(at + j) % season, static_cast<int>(j + 1), sample.values[at + j], {}});
    }
    for (const SeriesMember& member : members) {
      const auto outlook = member.outlook(static_cast<int>(count), sample.values[at - 1]);
      for (std::size_t j = 0; j < count; ++j) steps[first + j].members.push_back(outlook[j]);
    }
  }
  return steps;
}

/// Inverse mean absolute errors (Bates and Granger 1969), drawn towards equal by kPower.
std::vector<double> weights_of(std::span<const Step> steps, std::size_t count) {
  std::vector<double> errors(count, 0);
  for (const Step& step : steps) {
    for (std::size_t k = 0; k < count; ++k) {
      errors[k] += std::abs(step.value - step.members[k].middle);
    }
  }
  const double least = std::ranges::min(errors);
  std::vector<double> weights;
  double sum = 0;
  for (double error : errors) {
    weights.push_back(error > 0 ? std::pow(least / error, kPower) : 1);
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// An error relative to the spread that was foretold.
struct Relative {
  std::size_t phase;
  int h;
  double error;
};

/// Means of |error| / expected by group, drawn towards 1 as if kPrior more had been seen there.
template <class Group, class Expected>
std::vector<double> ratios(std::span<const Relative> errors, std::size_t groups, Group group,
                           Expected expected) {
  std::vector<double> sum(groups, kPrior), count(groups, kPrior);
  for (const Relative& one : errors) {
    sum[group(one)] += std::abs(one.error) / expected(one);
    count[group(one)] += 1;
  }
  for (std::size_t i = 0; i < groups; ++i) sum[i] /= count[i];
  return sum;
}

/// The slope of log size over log h.
double growth_of(std::span<const double> sizes) {
  double count = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t j = 0; j < sizes.size(); ++j) {
    const double x = std::log(static_cast<double>(j + 1));
    const double y = std::log(sizes[j]);
    count += 1;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const double spread = sxx - sx * sx / count;
  return spread > 0 ? std::clamp((sxy - sx * sy / count) / spread, -kMostGrowth, kMostGrowth) : 0;
}

/// How much larger errors beyond a sample of `size` are than those within it, to which a few
/// parameters were fitted: the root of Akaike's final prediction error (Akaike 1969) over the mean
/// square within.
double optimism(std::size_t size) {
  const double parameters = std::min(kParameters, static_cast<double>(size) / 2);
  return std::sqrt((static_cast<double>(size) + parameters) /
                   (static_cast<double>(size) - parameters));
}

/// The quantile of Student's t with `freedom` degrees relative to the normal one (Cornish-Fisher
/// expansion to the second order; Abramowitz and Stegun 1964, 26.7.5): how much wider an interval
/// must be because the size of errors is known from few of them.
double student_ratio(double level, double freedom) {
  const double z = domain::normal_quantile(level);
  const double zz = z * z;
  return 1 + (zz + 1) / (4 * freedom) + ((5 * zz + 16) * zz + 3) / (96 * freedom * freedom);
}

double mean_size(std::span<const Relative> errors) {
  double sum = 0;
  for (const Relative& one : errors) sum += std::abs(one.error);
  return sum / static_cast<double>(errors.size());
}

/// Phases and growth, in turn, each given the other.
void learn_shape(SeriesPool& pool, std::span<const Relative> errors) {
  const double mean = mean_size(errors);
  if (!(mean > 0)) return;
  for (int round = 0; round < kRounds; ++round) {
    const auto sizes = ratios(
        errors, static_cast<std::size_t>(pool.longest),
        [](const Relative& one) { return static_cast<std::size_t>(one.h - 1); },
        [&](const Relative& one) { return mean * pool.phases[one.phase]; });
    pool.growth = growth_of(sizes);
    if (pool.phases.size() == 1) break;
    double scale = 0;
    for (const Relative& one : errors) {
      scale += std::pow(one.h, pool.growth) / static_cast<double>(errors.size());
    }
    pool.phases = ratios(
        errors, pool.phases.size(), [](const Relative& one) { return one.phase; },
        [&](const Relative& one) { return mean * std::pow(one.h, pool.growth) / scale; });
  }
}

}  // namespace

double midmean(std::span<const double> values, std::span<const double> weights) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return values[i]; });
  // From the first value on, so that equal values give just that value.
  const double least = values[order.front()];
  double below = 0, sum = 0, mass = 0;
  for (std::size_t i : order) {
    const double above = below + weights[i];
    const double part = std::max(0.0, std::min(above, 0.75) - std::max(below, 0.25));
    sum += part * (values[i] - least);
    mass += part;
    below = above;
  }
  return least + sum / mass;
}

Outlook SeriesPool::outlook(std::span<const Outlook> members) const {
  std::vector<double> middles, spreads;
  for (const Outlook& one : members) {
    middles.push_back(one.middle);
    spreads.push_back(one.spread);
  }
  return {midmean(middles, weights), midmean(spreads, weights)};
}

double SeriesPool::factor(int h, std::size_t phase) const {
  return phases[phase] * std::pow(std::min(h, longest), growth);
}

SeriesPool learn_pool(std::span<const SeriesMember> members, const Sample& sample, int season) {
  SeriesPool pool;
  const auto bars = static_cast<std::size_t>(std::max(1, season));
  const std::size_t period = sample.size() < 2 * bars ? 1 : bars;
  pool.phases.assign(period, 1);
  const Origins origins = origins_of(sample.size(), period);
  const auto steps = forecasts(members, sample, period, origins);
  pool.weights = weights_of(steps, members.size());
  std::vector<Relative> errors;
  for (const Step& step : steps) {
    const Outlook outlook = pool.outlook(step.members);
    pool.longest = std::max(pool.longest, step.h);
    const double error = (step.value - outlook.middle) / outlook.spread;
    if (std::isfinite(error)) errors.push_back({step.phase, step.h, error});
  }
  if (errors.empty()) return pool;
  learn_shape(pool, errors);
  std::vector<double> relative;
  for (const Relative& one : errors) {
    relative.push_back(one.error / pool.factor(one.h, one.phase));
    pool.size += std::abs(relative.back());
  }
  const double larger = optimism(sample.size());
  pool.size *= larger * std::sqrt(std::numbers::pi / 2) / static_cast<double>(relative.size());
  const double windows =
      std::max(kWindows, 1 + static_cast<double>(origins.at.back() - origins.at.front()) /
                                 static_cast<double>(origins.horizon));
  const auto seen = domain::QuantileFunction::empirical(relative);
  const auto normal = domain::QuantileFunction::normal(0, pool.size);
  const double belief = windows / (windows + kPrior);
  for (std::size_t i = 0; i < pool.knots.size(); ++i) {
    const double knot =
        belief * larger * (seen.values()[i] - seen.median()) + (1 - belief) * normal.values()[i];
    pool.knots[i] = knot * student_ratio(domain::QuantileFunction::levels()[i], windows);
  }
  return pool;
}

}  // namespace ara::models
