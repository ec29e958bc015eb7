#include "models/rolling.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace ara::models {
namespace {

using domain::QuantileFunction;
constexpr double kHalfLife = 500;      ///< bars, of all but the sudden stretch
constexpr double kLearning = 0.25;     ///< see weights
constexpr double kLeastWeight = 0.01;  ///< smaller weights become 0
constexpr double kPrior = 200;         ///< bars a session of horizon, as if widths had been right
constexpr double kMostScore = 4;       ///< larger normal scores count as this
constexpr double kMostStretch = 4;

/// Half-lives, in bars, of losses (and of no stretch, where it does nothing) and of the sudden
/// stretches; the trust that each has before anything is seen, and how fast losses move it.
constexpr std::array kSuddenHalfLife{25.0, 10.0, 30.0};
constexpr std::array kSuddenTrust{0.96, 0.02, 0.02};
constexpr double kSuddenLearning = 5;
constexpr double kSuddenPrior = 1;  ///< bars, as if widths had been right

/// The mean size of a standard normal variate.
const double kRightSize = std::sqrt(2 / std::numbers::pi);

/// The size of an outcome's normal score.
double score_of(const QuantileFunction& forecast, double x) {
  return std::min(kMostScore, std::abs(forecast.normal_score(x)));
}

}  // namespace

double loss_of(const QuantileFunction& forecast, double x) {
  constexpr std::size_t kLanes = 4;  // partial sums that need not wait for each other
  const Knots& levels = QuantileFunction::levels();
  std::array<double, kLanes> sums{};
  const auto take = [&](std::size_t i, std::size_t lane) {
    const double above = x - forecast.values()[i];
    sums[lane] += std::max(levels[i] * above, (levels[i] - 1) * above);
  };
  std::size_t i = 0;
  for (; i + kLanes <= QuantileFunction::kKnots; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) take(i + lane, lane);
  }
  for (; i < QuantileFunction::kKnots; ++i) take(i, 0);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) / QuantileFunction::kKnots;
}

std::array<double, Rolling::Sudden::kMemories> Rolling::Sudden::stretches() const {
  std::array<double, kMemories> all;
  all[0] = 1;
  for (std::size_t k = 1; k < kMemories; ++k) {
    const double mean = (kSuddenPrior * kRightSize + size[k]) / (kSuddenPrior + mass[k]);
    const double seen = kSuddenPrior + mass[k];
    const double unsure = 1 + 0.5 * mass[k] / (seen * seen);  // as Student's t is wider
    all[k] = std::clamp(mean / kRightSize * unsure, 1 / kMostStretch, kMostStretch);
  }
  return all;
}

/// Their mean, a memory's weight falling exponentially with its recent losses relative to those of
/// no stretch.
double Rolling::Sudden::aggregated() const {
  const auto all = stretches();
  double sum = 0, weights = 0;
  for (std::size_t k = 0; k < kMemories; ++k) {
    const double behind = loss[0] > 0 ? mass[0] * (loss[k] / loss[0] - 1) : 0;
    const double weight = kSuddenTrust[k] * std::exp(-kSuddenLearning * behind);
    sum += weight * all[k];
    weights += weight;
  }
  return sum / weights;
}

void Rolling::Sudden::learn(const QuantileFunction& forecast,
                            const std::array<double, kMemories>& used, double change) {
  if (!(forecast.values().front() < forecast.values().back())) return;
  const double score = score_of(forecast, change);
  for (std::size_t k = 0; k < kMemories; ++k) {
    const double kept = std::exp2(-1 / kSuddenHalfLife[k]);
    mass[k] = kept * mass[k] + 1;
    size[k] = kept * size[k] + score;
    loss[k] = std::exp2(-1 / kSuddenHalfLife[0]) * loss[k] +
              loss_of(stretched(forecast, used[k]), change);
  }
}

Rolling::Rolling(std::size_t members) : members_(members) {
  for (Track& track : tracks_) track.loss.assign(members, 0);
}

template <class Member>
void Rolling::learn(Track& track, const QuantileFunction& combined, Member member, double change,
                    double bars) {
  if (!(combined.values().front() < combined.values().back()))
    return;  // a point: no width to learn
  const double kept = std::exp2(-bars / kHalfLife);
  track.mass = kept * track.mass + bars;
  track.size = kept * track.size + bars * score_of(combined, change);
  for (std::size_t m = 0; m < members_; ++m) {
    track.loss[m] = kept * track.loss[m] + bars * loss_of(member(m), change);
  }
}

void Rolling::settle(double value) {
  ++count_;
  last_ = value;
  if (next_.at + 1 == count_ && next_.at > 0) {
    const auto member = [&](std::size_t m) -> const QuantileFunction& { return next_.members[m]; };
    learn(tracks_[0], next_.combined, member, value - next_.value, 1);
    sudden_.learn(unstretched_, sudden_.stretches(), value - next_.value);
  }
  for (const auto& origin : origins_) {
    if (origin.at == 0) continue;
    for (std::size_t h = 1; h < kHorizons; ++h) {
      if (origin.at + static_cast<std::size_t>(kAnchors[h]) != count_) continue;
      const auto member = [&](std::size_t m) -> const QuantileFunction& {
        return origin.members[m][h];
      };
      learn(tracks_[h], origin.combined[h], member, value - origin.value, kStride);
    }
  }
}

void Rolling::expect(std::span<const QuantileFunction> next) {
  unstretched_ =
      average(weights(), [&](std::size_t m) -> const QuantileFunction& { return next[m]; });
  next_.at = count_;
  next_.value = last_;
  next_.members.assign(next.begin(), next.end());
  next_.combined = stretched(unstretched_, sudden_.aggregated());
}

void Rolling::expect(std::vector<Forecasts> members) {
  std::vector<QuantileFunction> next;
  for (const Forecasts& all : members) next.push_back(all[0]);
  expect(next);
  if (!due()) return;
  const auto trusted = weights();
  auto& origin = origins_[count_ / kStride % origins_.size()];
  origin.at = count_;
  origin.value = last_;
  origin.members = std::move(members);
  for (std::size_t h = 0; h < kHorizons; ++h) {
    const auto combined = average(
        trusted, [&](std::size_t m) -> const QuantileFunction& { return origin.members[m][h]; });
    origin.combined[h] = stretched(combined, sudden_.aggregated());
  }
}

std::vector<double> Rolling::weights() const {
  std::vector<double> behind(members_, 0);
  for (const Track& track : tracks_) {
    const double least = std::ranges::min(track.loss);
    if (!(least > 0)) continue;
    for (std::size_t m = 0; m < members_; ++m) {
      behind[m] += track.mass * (track.loss[m] / least - 1) / kHorizons;
    }
  }
  const double best = std::ranges::min(behind);
  double sum = 0;
  for (double& weight : behind) {
    weight = std::exp(-kLearning * (weight - best));
    sum += weight;
  }
  double kept = 0;
  for (double& weight : behind) {
    weight = weight / sum < kLeastWeight ? 0 : weight;
    kept += weight;
  }
  for (double& weight : behind) weight /= kept;
  return behind;
}

double Rolling::stretch(int horizon) const {
  const Place place(std::min(horizon, kAnchors[kHorizons - 1]));
  Anchored<double> stretches{};
  for (std::size_t h = 0; h < kHorizons; ++h) {
    const double prior = kPrior * kAnchors[h];
    const double mean = (prior * kRightSize + tracks_[h].size) / (prior + tracks_[h].mass);
    stretches[h] = std::clamp(mean / kRightSize, 1 / kMostStretch, kMostStretch);
  }
  stretches[kHorizons] = stretches[kHorizons - 1];
  return sudden_.aggregated() * place.of(stretches);
}

QuantileFunction stretched(const QuantileFunction& forecast, double stretch) {
  Knots values = forecast.values();
  const double median = forecast.median();
  for (double& value : values) value = median + stretch * (value - median);
  return QuantileFunction(values);
}

}  // namespace ara::models
