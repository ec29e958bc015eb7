#include "models/hidden_markov.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace ara::models {
namespace {

using Point = HiddenMarkov::Point;

constexpr int kRounds = 24;         ///< of expectation and maximisation
constexpr int kRaced = 6;           ///< rounds between looks at which number of states is ahead
constexpr double kClear = 25;       ///< of the criterion: the one behind is given up
constexpr double kGain = 0.5;       ///< less log likelihood than this a round ends the search
constexpr double kLeastSd = 0.05;   ///< of a state, in standard deviations of all points
constexpr double kPseudoCount = 1;  ///< of each transition
constexpr double kFarthest = 1e8;   ///< deviations beyond this count as this many

/// e^x for x <= 0 to a few parts in 1e10, and no less than e^-700: the library's last bits and
/// special cases are not needed of a density, and take most of the time of an expectation.
inline double exp_below(double x) {
  constexpr double kShift = 0x1.8p52;  // what is added to it is rounded to the unit
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  const double bounded = x > -700 ? x : -700;
  const double shifted = bounded * kLog2E + kShift;
  const double n = shifted - kShift;
  const double r = (bounded - n * kLn2High) - n * kLn2Low;
  const double r2 = r * r;
  const double low = 1 + r + r2 * (1.0 / 2 + r * (1.0 / 6));
  const double high = 1.0 / 24 + r * (1.0 / 120) + r2 * (1.0 / 720 + r * (1.0 / 5040));
  const double power = low + r2 * r2 * (high + r2 * r2 * (1.0 / 40320));
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(power) +
                               (std::bit_cast<std::uint64_t>(shifted) << 52));
}

template <std::size_t K>
using States = std::array<double, K>;

/// The chain while it is estimated, on points of mean 0 and deviation 1.
template <std::size_t K>
struct Chain {
  States<K> initial{};
  std::array<States<K>, K> transition{};
  std::array<States<K>, 2> mean{}, inverse_sd{};  ///< of each half of a point
  States<K> log_scale{};                          ///< of the normal densities, without 2 pi
  States<K> visits{};
};

/// Densities of a point in each state, over the largest of them; returns its logarithm.
template <std::size_t K>
double densities(const Chain<K>& chain, const Point& point, States<K>& out) {
  out = chain.log_scale;
  for (std::size_t half = 0; half < 2; ++half) {
    for (std::size_t k = 0; k < K; ++k) {
      const double z = (point[half] - chain.mean[half][k]) * chain.inverse_sd[half][k];
      const double size = std::min(std::abs(z), kFarthest);
      out[k] -= 0.5 * size * size;
    }
  }
  const double most = *std::max_element(out.begin(), out.end());
  for (double& density : out) density = exp_below(density - most);
  return most;
}

/// What an expectation step counts.
template <std::size_t K>
struct Counts {
  States<K> first{}, visits{};
  std::array<States<K>, K> moves{};
  std::array<States<K>, 2> sum{}, squares{};

  void add(const States<K>& weights, const Point& point) {
    for (std::size_t k = 0; k < K; ++k) visits[k] += weights[k];
    for (std::size_t half = 0; half < 2; ++half) {
      const double x = point[half];
      for (std::size_t k = 0; k < K; ++k) sum[half][k] += weights[k] * x;
      for (std::size_t k = 0; k < K; ++k) squares[half][k] += weights[k] * (x * x);
    }
  }
};

/// The maximisation step.
template <std::size_t K>
Chain<K> chain_of(const Counts<K>& counts) {
  Chain<K> chain;
  chain.visits = counts.visits;
  for (std::size_t k = 0; k < K; ++k) {
    chain.initial[k] = (counts.first[k] + 1.0 / K) / 2;
    double moves = 0;
    for (double count : counts.moves[k]) moves += count + kPseudoCount;
    for (std::size_t j = 0; j < K; ++j) {
      chain.transition[k][j] = (counts.moves[k][j] + kPseudoCount) / moves;
    }
    for (std::size_t half = 0; half < 2; ++half) {
      const double visits = std::max(counts.visits[k], 1e-10);
      const double mean = counts.sum[half][k] / visits;
      const double variance = counts.squares[half][k] / visits - mean * mean;
      const double sd = std::sqrt(std::max(variance, kLeastSd * kLeastSd));
      chain.mean[half][k] = mean;
      chain.inverse_sd[half][k] = 1 / sd;
      chain.log_scale[k] -= std::log(sd);
    }
  }
  return chain;
}

/// Forward and backward over the points (Rabiner 1989, section V, scaled); `run` returns the log
/// likelihood of the chain, without the constant of 2 pi.
template <std::size_t K>
class Expectation {
 public:
  explicit Expectation(std::span<const Point> points)
      : points_(points), density_(points.size()), forward_(points.size()) {}

  double run(const Chain<K>& chain, Counts<K>& counts) {
    const double log_likelihood = forward(chain);
    counts = backward(chain);
    return log_likelihood;
  }

 private:
  double forward(const Chain<K>& chain) {
    double log_likelihood = 0, product = 1;
    States<K> ahead = chain.initial;
    for (std::size_t t = 0; t < points_.size(); ++t) {
      States<K> density;
      log_likelihood += densities(chain, points_[t], density);
      States<K> now;
      double sum = 0;
      for (std::size_t k = 0; k < K; ++k) now[k] = ahead[k] * density[k];
      for (double share : now) sum += share;
      const double inverse = 1 / sum;
      for (std::size_t k = 0; k < K; ++k) {
        now[k] *= inverse;
        density[k] *= inverse;
      }
      product *= sum;
      if (product < 1e-200 || product > 1e200) {  // one logarithm for many factors
        log_likelihood += std::log(product);
        product = 1;
      }
      ahead = {};
      for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t j = 0; j < K; ++j) ahead[j] += now[k] * chain.transition[k][j];
      }
      density_[t] = density;
      forward_[t] = now;
    }
    return log_likelihood + std::log(product);
  }

  Counts<K> backward(const Chain<K>& chain) const {
    std::array<States<K>, K> into{};  // transition[k][j] at [j][k]
    for (std::size_t k = 0; k < K; ++k) {
      for (std::size_t j = 0; j < K; ++j) into[j][k] = chain.transition[k][j];
    }
    Counts<K> counts;
    States<K> behind;
    behind.fill(1);
    for (std::size_t t = points_.size(); t-- > 0;) {
      States<K> weights;
      for (std::size_t k = 0; k < K; ++k) weights[k] = forward_[t][k] * behind[k];
      counts.add(weights, points_[t]);
      if (t == 0) {
        counts.first = weights;
        break;
      }
      States<K> seen;  // density and what follows it, as the bar before expects it
      for (std::size_t j = 0; j < K; ++j) seen[j] = density_[t][j] * behind[j];
      behind = {};
      for (std::size_t j = 0; j < K; ++j) {
        for (std::size_t k = 0; k < K; ++k) behind[k] += into[j][k] * seen[j];
      }
      for (std::size_t k = 0; k < K; ++k) {  // times the transition, in the end
        for (std::size_t j = 0; j < K; ++j) counts.moves[k][j] += forward_[t - 1][k] * seen[j];
      }
    }
    for (std::size_t k = 0; k < K; ++k) {
      for (std::size_t j = 0; j < K; ++j) counts.moves[k][j] *= chain.transition[k][j];
    }
    return counts;
  }

  std::span<const Point> points_;
  std::vector<States<K>> density_;  ///< of each point, over the scale of its step
  std::vector<States<K>> forward_;
};

/// Each point in the state of its share by rank of the second half: of three states the first has
/// three parts, the second two, the last one. Turmoil is rarer than calm.
template <std::size_t K>
Counts<K> start(std::span<const Point> points) {
  std::vector<std::size_t> order(points.size()), state(points.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return points[i][1]; });
  constexpr std::size_t kParts = K * (K + 1) / 2;
  std::size_t share = 0, end = K;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    if (rank * kParts >= end * order.size()) end += K - ++share;
    state[order[rank]] = share;
  }
  Counts<K> counts;
  counts.first[state[0]] = 1;
  for (std::size_t t = 0; t < points.size(); ++t) {
    States<K> weights{};
    weights[state[t]] = 1;
    counts.add(weights, points[t]);
    if (t > 0) counts.moves[state[t - 1]][state[t]] += 1;
  }
  return counts;
}

/// Points of mean 0 and deviation 1, and what they were made from.
struct Standardised {
  std::vector<Point> points;
  Point centre{}, scale{};

  explicit Standardised(std::span<const Point> raw) {
    const double n = static_cast<double>(raw.size());
    for (std::size_t half = 0; half < 2; ++half) {
      for (const Point& point : raw) centre[half] += point[half] / n;
      for (const Point& point : raw) {
        scale[half] += (point[half] - centre[half]) * (point[half] - centre[half]) / n;
      }
      scale[half] = std::sqrt(scale[half]);
    }
    points.reserve(raw.size());
    for (const Point& point : raw) {
      points.push_back({(point[0] - centre[0]) / scale[0], (point[1] - centre[1]) / scale[1]});
    }
  }
};

template <std::size_t K>
class Search {
 public:
  explicit Search(const Standardised& sample)
      : sample_(&sample), expectation_(sample.points), chain_(chain_of(start<K>(sample.points))) {}

  void run(int rounds) {
    for (; rounds > 0 && left_ > 0; --rounds, --left_) {
      Counts<K> counts;
      const double likelihood = expectation_.run(chain_, counts);
      const bool done = likelihood - reached_ < kGain;
      reached_ = likelihood;
      if (done) {
        left_ = 0;
        return;
      }
      chain_ = chain_of(counts);
    }
  }

  bool done() const { return left_ == 0; }

  HiddenMarkov found() const {
    const auto& [points, centre, scale] = *sample_;
    std::array<std::size_t, K> order;
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::size_t k) { return chain_.mean[1][k]; });
    HiddenMarkov made;
    made.states = K;
    const double n = static_cast<double>(points.size());
    constexpr double kLogTwoPi = 1.8378770664093454836;
    made.log_likelihood = reached_ - n * (kLogTwoPi + std::log(scale[0]) + std::log(scale[1]));
    for (std::size_t k = 0; k < K; ++k) {
      const std::size_t from = order[k];
      made.initial[k] = chain_.initial[from];
      made.visits[k] = chain_.visits[from];
      for (std::size_t j = 0; j < K; ++j) {
        made.transition[k][j] = chain_.transition[from][order[j]];
      }
      for (std::size_t half = 0; half < 2; ++half) {
        made.emission[k].mean[half] = centre[half] + scale[half] * chain_.mean[half][from];
        made.emission[k].sd[half] = scale[half] / chain_.inverse_sd[half][from];
      }
    }
    return made;
  }

 private:
  const Standardised* sample_;
  Expectation<K> expectation_;
  Chain<K> chain_;
  double reached_ = -INFINITY;
  int left_ = kRounds;
};

template <std::size_t K>
HiddenMarkov fit_states(const Standardised& sample) {
  Search<K> search(sample);
  search.run(kRounds);
  return search.found();
}

}  // namespace

double HiddenMarkov::bic(std::size_t points) const {
  const double k = static_cast<double>(states);
  const double parameters = k * (k - 1) + (k - 1) + 4 * k;
  return parameters * std::log(static_cast<double>(points)) - 2 * log_likelihood;
}

HiddenMarkov::PerState<double> HiddenMarkov::filtered(const PerState<double>& before,
                                                      const Point& point, bool first) const {
  PerState<double> now{};
  if (first) {
    now = initial;
  } else {
    for (std::size_t k = 0; k < states; ++k) {
      for (std::size_t j = 0; j < states; ++j) now[j] += before[k] * transition[k][j];
    }
  }
  PerState<double> log{};
  double most = -INFINITY;
  for (std::size_t k = 0; k < states; ++k) {
    for (std::size_t half = 0; half < 2; ++half) {
      const double z = (point[half] - emission[k].mean[half]) / emission[k].sd[half];
      const double size = std::min(std::abs(z), kFarthest);
      log[k] -= 0.5 * size * size + std::log(emission[k].sd[half]);
    }
    most = std::max(most, log[k]);
  }
  double sum = 0;
  for (std::size_t k = 0; k < states; ++k) sum += now[k] *= std::exp(log[k] - most);
  for (std::size_t k = 0; k < states; ++k) now[k] /= sum;
  return now;
}

HiddenMarkov fit_hidden_markov(std::span<const Point> points, std::size_t states) {
  const Standardised sample(points);
  return states == 3 ? fit_states<3>(sample) : fit_states<4>(sample);
}

HiddenMarkov fit_hidden_markov(std::span<const Point> points) {
  const Standardised sample(points);
  Search<3> three(sample);
  Search<4> four(sample);
  double ahead = 0;  // of four
  while (std::abs(ahead) < kClear && !(three.done() && four.done())) {
    three.run(kRaced);
    four.run(kRaced);
    ahead = three.found().bic(points.size()) - four.found().bic(points.size());
  }
  if (ahead > 0) {
    four.run(kRounds);
    return four.found();
  }
  three.run(kRounds);
  return three.found();
}

}  // namespace ara::models
