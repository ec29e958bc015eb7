#include "models/hidden_markov.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace ara::models {
namespace {

using Point = HiddenMarkov::Point;

constexpr int kIterations = 24;
constexpr double kGain = 0.05;      ///< less log likelihood than this an iteration ends the search
constexpr double kLeastSd = 0.05;   ///< of a state, in standard deviations of all points
constexpr double kPseudoCount = 1;  ///< of each transition
constexpr double kFarthest = 1e8;   ///< deviations beyond this count as this many

/// Densities of a point in each state, over the largest of them; returns its logarithm.
template <std::size_t K, class Chain>
double densities(const Chain& chain, const Point& point, double* out) {
  double most = -INFINITY;
  for (std::size_t k = 0; k < K; ++k) {
    double log = chain.log_scale[k];
    for (std::size_t half = 0; half < 2; ++half) {
      const double z = (point[half] - chain.mean[k][half]) * chain.inverse_sd[k][half];
      const double size = std::min(std::abs(z), kFarthest);
      log -= 0.5 * size * size;
    }
    out[k] = log;
    most = std::max(most, log);
  }
  for (std::size_t k = 0; k < K; ++k) out[k] = std::exp(out[k] - most);
  return most;
}

/// The chain while it is estimated, on points of mean 0 and deviation 1.
template <std::size_t K>
struct Chain {
  std::array<double, K> initial{};
  std::array<std::array<double, K>, K> transition{};
  std::array<Point, K> mean{}, inverse_sd{};
  std::array<double, K> log_scale{};  ///< of the normal densities, without 2 pi
  std::array<double, K> visits{};
};

/// What an expectation step counts.
template <std::size_t K>
struct Counts {
  std::array<double, K> first{}, visits{};
  std::array<std::array<double, K>, K> moves{};
  std::array<Point, K> sum{}, squares{};

  void add(std::size_t state, double weight, const Point& point) {
    visits[state] += weight;
    for (std::size_t half = 0; half < 2; ++half) {
      sum[state][half] += weight * point[half];
      squares[state][half] += weight * point[half] * point[half];
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
      const double mean = counts.sum[k][half] / visits;
      const double variance = counts.squares[k][half] / visits - mean * mean;
      const double sd = std::sqrt(std::max(variance, kLeastSd * kLeastSd));
      chain.mean[k][half] = mean;
      chain.inverse_sd[k][half] = 1 / sd;
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
    backward(chain, counts);
    return log_likelihood;
  }

 private:
  using States = std::array<double, K>;

  double forward(const Chain<K>& chain) {
    double log_likelihood = 0, product = 1;
    States ahead = chain.initial;
    for (std::size_t t = 0; t < points_.size(); ++t) {
      log_likelihood += densities<K>(chain, points_[t], density_[t].data());
      double sum = 0;
      for (std::size_t k = 0; k < K; ++k) {
        forward_[t][k] = ahead[k] * density_[t][k];
        sum += forward_[t][k];
      }
      for (double& share : forward_[t]) share /= sum;
      for (double& density : density_[t]) density /= sum;
      product *= sum;
      if (product < 1e-200 || product > 1e200) {  // one logarithm for many factors
        log_likelihood += std::log(product);
        product = 1;
      }
      ahead = {};
      for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t j = 0; j < K; ++j) ahead[j] += forward_[t][k] * chain.transition[k][j];
      }
    }
    return log_likelihood + std::log(product);
  }

  void backward(const Chain<K>& chain, Counts<K>& counts) const {
    States behind;
    behind.fill(1);
    for (std::size_t t = points_.size(); t-- > 0;) {
      for (std::size_t k = 0; k < K; ++k) counts.add(k, forward_[t][k] * behind[k], points_[t]);
      if (t == 0) break;
      States seen;  // density and what follows it, as the bar before expects it
      for (std::size_t j = 0; j < K; ++j) seen[j] = density_[t][j] * behind[j];
      behind = {};
      for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t j = 0; j < K; ++j) {
          const double path = chain.transition[k][j] * seen[j];
          behind[k] += path;
          counts.moves[k][j] += forward_[t - 1][k] * path;
        }
      }
    }
    for (std::size_t k = 0; k < K; ++k) counts.first[k] = forward_[0][k] * behind[k];
  }

  std::span<const Point> points_;
  std::vector<States> density_;  ///< of each point, over the scale of its step
  std::vector<States> forward_;
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
    counts.add(state[t], 1, points[t]);
    if (t > 0) counts.moves[state[t - 1]][state[t]] += 1;
  }
  return counts;
}

template <std::size_t K>
HiddenMarkov fit_states(std::span<const Point> points, const Point& centre, const Point& scale) {
  Expectation<K> expectation(points);
  Chain<K> chain = chain_of<K>(start<K>(points));
  double reached = -INFINITY;
  for (int i = 0; i < kIterations; ++i) {
    Counts<K> counts;
    const double likelihood = expectation.run(chain, counts);
    const bool done = likelihood - reached < kGain;
    reached = likelihood;
    if (done) break;
    chain = chain_of<K>(counts);
  }
  std::array<std::size_t, K> order;
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t k) { return chain.mean[k][1]; });
  HiddenMarkov made;
  made.states = K;
  const double n = static_cast<double>(points.size());
  constexpr double kLogTwoPi = 1.8378770664093454836;
  made.log_likelihood = reached - n * (kLogTwoPi + std::log(scale[0]) + std::log(scale[1]));
  for (std::size_t k = 0; k < K; ++k) {
    const std::size_t from = order[k];
    made.initial[k] = chain.initial[from];
    made.visits[k] = chain.visits[from];
    for (std::size_t j = 0; j < K; ++j) made.transition[k][j] = chain.transition[from][order[j]];
    for (std::size_t half = 0; half < 2; ++half) {
      made.emission[k].mean[half] = centre[half] + scale[half] * chain.mean[from][half];
      made.emission[k].sd[half] = scale[half] / chain.inverse_sd[from][half];
    }
  }
  return made;
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
  Point centre{}, scale{};
  const double n = static_cast<double>(points.size());
  for (std::size_t half = 0; half < 2; ++half) {
    for (const Point& point : points) centre[half] += point[half] / n;
    for (const Point& point : points) scale[half] += std::pow(point[half] - centre[half], 2) / n;
    scale[half] = std::sqrt(scale[half]);
  }
  std::vector<Point> standard;
  standard.reserve(points.size());
  for (const Point& point : points) {
    standard.push_back({(point[0] - centre[0]) / scale[0], (point[1] - centre[1]) / scale[1]});
  }
  return states == 3 ? fit_states<3>(standard, centre, scale)
                     : fit_states<4>(standard, centre, scale);
}

}  // namespace ara::models
