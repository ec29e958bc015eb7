#include "models/autoregression.h"

#include <algorithm>
#include <cmath>

#include "models/gaussian.h"
#include "models/ridge.h"
#include "models/seasons.h"

namespace ara::models {
namespace {

constexpr double kRowsPerLag = 5;       ///< a group of lags with fewer equations is left out
constexpr double kShrinkage = 1e-6;     ///< of the sum of squares: only against singularity
constexpr double kMostShrinkage = 1e3;  ///< of the search for weights that do not explode
constexpr double kMostResponse = 4;     ///< see Recursion::explosive
constexpr std::size_t kResponses = 3;   ///< longest lags over which responses are looked at

struct Term {
  std::size_t lag;
  double weight;
};

/// y(t) = constant + sum of weight y(t - lag) + e(t).
struct Recursion {
  std::vector<Term> terms;
  double constant = 0;
  double sigma = 0;  ///< of e

  std::size_t longest() const {
    std::size_t most = 1;
    for (const Term& term : terms) most = std::max(most, term.lag);
    return most;
  }

  /// The next value, `back(l)` being the value l bars ago (1: the newest).
  template <class Back>
  double next(Back back) const {
    double sum = constant;
    for (const Term& term : terms) sum += term.weight * back(term.lag);
    return sum;
  }

  /// What a unit shock does to the values 0, 1, … count - 1 steps on.
  std::vector<double> responses(std::size_t count) const {
    std::vector<double> psi(count, 0);
    psi[0] = 1;
    for (std::size_t j = 1; j < count; ++j) {
      for (const Term& term : terms) {
        if (term.lag <= j) psi[j] += term.weight * psi[j - term.lag];
      }
    }
    return psi;
  }

  bool explosive() const {
    const auto psi = responses(kResponses * longest() + 30);
    return std::ranges::any_of(psi, [](double x) { return !(std::abs(x) <= kMostResponse); });
  }
};

/// Each value less the one `difference` bars before, or all values where that is 0.
std::vector<double> differenced(std::span<const double> values, std::size_t difference) {
  std::vector<double> out(values.begin() + static_cast<std::ptrdiff_t>(difference), values.end());
  for (std::size_t i = 0; difference > 0 && i < out.size(); ++i) out[i] -= values[i];
  return out;
}

/// The lags, nearest first, as far as there are kRowsPerLag equations for each.
std::vector<std::size_t> lags_for(std::size_t size, const Setting& setting) {
  const auto season = static_cast<std::size_t>(std::max(1, setting.season));
  std::vector<std::vector<std::size_t>> groups{{1}, {2, 3}};
  if (season > 4) groups.push_back({season - 1, season, season + 1});
  if (season > 1 && season <= 4) groups.push_back({4, 5});
  if (const auto week = static_cast<std::size_t>(week_of(setting.season, size, 0)); week > 0) {
    groups.push_back({week - 1, week, week + 1});
    groups.push_back({week + season - 1, week + season, week + season + 1});
  }
  std::vector<std::size_t> lags;
  for (const auto& group : groups) {
    const auto count = static_cast<double>(lags.size() + group.size());
    if (static_cast<double>(size) < static_cast<double>(group.back()) + kRowsPerLag * count) break;
    lags.insert(lags.end(), group.begin(), group.end());
  }
  return lags;
}

/// The regression of w on its lags, in units of its standard deviation.
class Regression {
 public:
  Regression(std::vector<double> w, std::vector<std::size_t> lags)
      : w_(std::move(w)), lags_(std::move(lags)), equations_(lags_.size()) {
    std::vector<double> row(lags_.size());
    for (std::size_t t = lags_.back(); t < w_.size(); ++t) {
      for (std::size_t i = 0; i < lags_.size(); ++i) row[i] = w_[t - lags_[i]];
      equations_.add(row, w_[t]);
    }
  }

  /// The weights where each lag's sum of squares is raised by the share `shrinkage`.
  std::vector<double> weights(double shrinkage) const {
    std::vector<double> penalty;
    for (std::size_t i = 0; i < lags_.size(); ++i) {
      penalty.push_back(shrinkage * equations_.square(i));
    }
    return equations_.solve(penalty);
  }

  double sigma(std::span<const double> weights) const {
    double squares = 0;
    for (std::size_t t = lags_.back(); t < w_.size(); ++t) {
      double error = w_[t];
      for (std::size_t i = 0; i < lags_.size(); ++i) error -= weights[i] * w_[t - lags_[i]];
      squares += error * error;
    }
    const auto freedom = static_cast<double>(w_.size() - lags_.back() - lags_.size());
    return std::sqrt(squares / freedom);
  }

  std::span<const std::size_t> lags() const { return lags_; }

 private:
  std::vector<double> w_;
  std::vector<std::size_t> lags_;
  Ridge equations_;
};

/// The recursion of y that has the weights of w.
Recursion undifferenced(std::span<const std::size_t> lags, std::span<const double> weights,
                        std::size_t difference) {
  Recursion recursion;
  for (std::size_t i = 0; i < lags.size(); ++i) recursion.terms.push_back({lags[i], weights[i]});
  if (difference > 0) {
    recursion.terms.push_back({difference, 1});
    for (std::size_t i = 0; i < lags.size(); ++i) {
      recursion.terms.push_back({lags[i] + difference, -weights[i]});
    }
  }
  return recursion;
}

/// The value of one season (or bar) before, without error.
Recursion random_walk(std::size_t difference) {
  return {.terms = {{std::max<std::size_t>(1, difference), 1}}};
}

/// Of values whose first one is 0.
Recursion estimate(std::span<const double> values, const Setting& setting, std::size_t difference) {
  std::vector<double> w = differenced(values, difference);
  double mean = 0;
  if (difference == 0) {
    for (double x : w) mean += x / static_cast<double>(w.size());
  }
  double squares = 0;
  for (double& x : w) {
    x -= mean;
    squares += x * x;
  }
  const double unit = std::sqrt(squares / static_cast<double>(w.size()));
  if (!(unit > 0)) return random_walk(difference);
  for (double& x : w) x /= unit;
  const std::size_t size = w.size();
  const Regression regression(std::move(w), lags_for(size, setting));
  std::vector<double> weights(regression.lags().size(), 0);
  weights[0] = difference == 0 ? 1 : 0;
  for (double shrinkage = kShrinkage; shrinkage < kMostShrinkage; shrinkage *= 10) {
    const auto tried = regression.weights(shrinkage);
    if (tried.empty() || undifferenced(regression.lags(), tried, difference).explosive()) continue;
    weights = tried;
    break;
  }
  Recursion recursion = undifferenced(regression.lags(), weights, difference);
  double sum = 0;
  for (const Term& term : recursion.terms) sum += term.weight;
  recursion.constant = mean * (1 - sum);
  recursion.sigma = regression.sigma(weights) * unit;
  return recursion;
}

class Autoregression final : public Model {
 public:
  Autoregression(const ModelRow& row, const Sample& sample, const Setting& setting,
                 std::size_t difference)
      : Model(row, setting.scale), origin_(sample.values.front()) {
    std::vector<double> values;
    values.reserve(sample.size());
    for (double value : sample.values) values.push_back(value - origin_);
    recursion_ = estimate(values, setting, difference);
    past_.assign(recursion_.longest(), 0);
    fitted_.reserve(sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      fitted_.push_back(i == 0 ? sample.values[0] : origin_ + mean_next());
      Autoregression::advance(sample[i]);
    }
  }

  void advance(const Observation& seen) override {
    const double x = seen.value - origin_;
    if (empty_) {  // what came before the first bar is taken to have been like it
      std::ranges::fill(past_, x);
      low_ = high_ = x;
      empty_ = false;
    }
    past_[place_] = x;
    place_ = place_ + 1 == past_.size() ? 0 : place_ + 1;
    low_ = std::min(low_, x);
    high_ = std::max(high_, x);
  }

  Path forecast(int horizon) const override {
    const auto steps = static_cast<std::size_t>(horizon);
    std::vector<double> ahead;
    ahead.reserve(steps);
    for (std::size_t j = 0; j < steps; ++j) {
      ahead.push_back(bounded(recursion_.next(
          [&](std::size_t lag) { return lag <= j ? ahead[j - lag] : back(lag - j); })));
    }
    const auto psi = recursion_.responses(steps);
    double grown = 0;
    return gaussian_path(horizon, [&](int h) {
      const auto j = static_cast<std::size_t>(h - 1);
      grown += psi[j] * psi[j];
      return std::pair{ahead[j] - back(1), recursion_.sigma * recursion_.sigma * grown};
    });
  }

  domain::QuantileFunction next() const override {
    return domain::QuantileFunction::normal(mean_next() - back(1),
                                            std::sqrt(recursion_.sigma * recursion_.sigma));
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Autoregression>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Autoregression>(*this);
    copy->empty_ = true;
    copy->place_ = 0;
    return copy;
  }

 private:
  double mean_next() const {
    return bounded(recursion_.next([this](std::size_t lag) { return back(lag); }));
  }

  double bounded(double x) const {
    return std::clamp(x, low_ - (high_ - low_), high_ + (high_ - low_));
  }

  /// The value `lag` bars ago, 1 being the newest; at most the longest lag.
  double back(std::size_t lag) const {
    return past_[place_ >= lag ? place_ - lag : place_ + past_.size() - lag];
  }

  Recursion recursion_;
  double origin_;             ///< the first value fitted on; all else here is relative to it
  std::vector<double> past_;  ///< a ring
  std::size_t place_ = 0;     ///< of the next value in the ring
  double low_ = 0;            ///< of the values seen
  double high_ = 0;
  bool empty_ = true;
};

}  // namespace

std::unique_ptr<Model> make_autoregression(const ModelRow& row, const Sample& sample,
                                           const Setting& setting, int difference) {
  return std::make_unique<Autoregression>(row, sample, setting,
                                          static_cast<std::size_t>(difference));
}

}  // namespace ara::models
