#include "models/filtered.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/rng.h"
#include "domain/order_statistics.h"
#include "models/anchors.h"
#include "models/premium.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;

constexpr std::size_t kPaths = 2048;

/// A shock is at most this many times the largest on record: a residual of a quiet day times the
/// volatility of a wild one may otherwise be absurd, as after a splice in the data.
constexpr double kBeyondRecord = 3;

/// Simulations start from the average variance divided by this, and from as many times it.
constexpr double kSpread = 4;

using Paths = std::array<double, kPaths>;

/// What simulation needs of the parameters.
struct Recursion {
  double omega, alpha, gamma, beta;
  double residual_scale;  ///< of a shock's square in the recursion
  double persistence;     ///< of the expected variance, given the residuals

  /// The expected sum of the next `horizon` variances.
  double expected(double variance, int horizon) const {
    double sum = 0;
    for (int h = 0; h < horizon; ++h) {
      sum += variance;
      variance = omega + persistence * variance;
    }
    return sum;
  }
};

struct Walk {
  Paths variance, change;

  /// One session of every path.
  void step(const Recursion& model, const Paths& z, double largest) {
    const auto [omega, alpha, gamma, beta, scale, persistence] = model;
    const double fall = alpha + gamma, least = -largest;
    for (std::size_t i = 0; i < kPaths; ++i) {  // no branch: several paths at once
      const double free = std::sqrt(variance[i]) * z[i];
      const double above = free < least ? least : free;
      const double shock = above > largest ? largest : above;
      const double response = shock < 0 ? fall : alpha;
      change[i] += shock;
      variance[i] = omega + response * (shock * shock * scale) + beta * variance[i];
    }
  }
};

void shuffle(Paths& values, Rng& rng) {
  for (std::uint32_t i = kPaths - 1; i > 0; --i) std::swap(values[i], values[rng.below(i + 1)]);
}

double deviation(const Paths& values) {
  double sum = 0, squares = 0;
  for (double x : values) sum += x / kPaths;
  for (double x : values) squares += (x - sum) * (x - sum);
  return std::sqrt(squares / (kPaths - 1));
}

/// Changes over each anchor horizon, less the drift, by the root of their expected variance.
struct Shapes {
  Anchored<Knots> shape{};
  Anchored<double> sd{};

  void take(std::size_t anchor, Paths changes, double expected) {
    if (!(expected > 0)) return;
    for (double& x : changes) x /= std::sqrt(expected);
    shape[anchor] = QuantileFunction::empirical(changes).values();
    sd[anchor] = deviation(changes);
  }

  void fill_from(std::size_t anchor) {
    for (std::size_t k = anchor; k < kAnchors.size(); ++k) {
      shape[k] = shape[anchor - 1];
      sd[k] = sd[anchor - 1];
    }
  }
};

/// In a GARCH process these shapes depend on the parameters and, a little, on how the variance now
/// compares to its average. They are simulated once, from a calm and from an agitated start, so
/// that a forecast need not simulate.
class FilteredShapes {
 public:
  FilteredShapes() = default;

  /// `residuals` ascending; of the first `anchors`, those beyond count as the last of them. Every
  /// session draws a Latin hypercube: each stratum of the residuals
  /// once over all paths, in random order (McKay, Beckman and Conover 1979), which takes most of
  /// the noise out of sums of residuals.
  FilteredShapes(const Recursion& model, std::span<const double> residuals, double average,
                 double largest, std::uint64_t seed, std::size_t anchors)
      : average_(average) {
    struct Work {
      Paths z;
      std::array<Walk, 2> walks;
    };
    const auto work = std::make_unique<Work>();
    for (std::size_t i = 0; i < kPaths; ++i) {
      work->z[i] = residuals[(2 * i + 1) * residuals.size() / (2 * kPaths)];
    }
    const std::array starts{average / kSpread, average * kSpread};
    for (std::size_t k = 0; k < starts.size(); ++k) {
      work->walks[k].variance.fill(starts[k]);
      work->walks[k].change.fill(0);
    }
    Rng rng(seed);
    std::size_t anchor = 0;
    for (int h = 1; h <= kAnchors[anchors - 1]; ++h) {
      if (h > 1) shuffle(work->z, rng);
      for (Walk& walk : work->walks) walk.step(model, work->z, largest);
      if (h != kAnchors[anchor]) continue;
      for (std::size_t k = 0; k < starts.size(); ++k) {
        by_start_[k].take(anchor, work->walks[k].change, model.expected(starts[k], h));
      }
      ++anchor;
    }
    for (Shapes& shapes : by_start_) shapes.fill_from(anchors);
  }

  /// How agitated the start is: 0 as the calm simulation's, 1 as the other's, or between.
  double agitation(double variance) const {
    if (!(average_ > 0) || !(variance > 0)) return 0;
    const double spread = std::log(kSpread);
    return std::clamp(0.5 + 0.5 * std::log(variance / average_) / spread, 0.0, 1.0);
  }

  /// Between the calm simulation's and the other's.
  Shapes at(double agitation) const {
    const auto& [calm, wild] = by_start_;
    Shapes mixed;
    for (std::size_t k = 0; k < kAnchors.size(); ++k) {
      for (std::size_t i = 0; i < mixed.shape[k].size(); ++i) {
        mixed.shape[k][i] = calm.shape[k][i] + agitation * (wild.shape[k][i] - calm.shape[k][i]);
      }
      mixed.sd[k] = calm.sd[k] + agitation * (wild.sd[k] - calm.sd[k]);
    }
    return mixed;
  }

 private:
  double average_ = 0;
  std::array<Shapes, 2> by_start_;
};

class Filtered final : public Model {
 public:
  Filtered(const ModelRow& row, const Sample& sample, const Setting& setting, Leverage leverage)
      : Model(row, setting.scale) {
    const auto values = sample.values;
    std::vector<double> returns(values.size() - 1);
    double size = 0;
    for (std::size_t i = 0; i < returns.size(); ++i) {
      returns[i] = values[i + 1] - values[i];
      size = std::max(size, std::abs(values[i + 1]));
    }
    garch_ = fit_garch_t(returns, size, leverage);
    variance_ = garch_.first_variance;
    fitted_.reserve(values.size());
    std::vector<double> residuals;
    residuals.reserve(returns.size());
    double average = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) residuals.push_back(standardised(returns[i - 1]));
      fitted_.push_back(i > 0 ? values[i - 1] + garch_.mu : values[i]);
      average += variance_ / static_cast<double>(values.size());
      Filtered::advance(sample[i]);
    }
    fitted_record_ = record_;
    summarise(std::move(residuals), average, setting);
    if (leverage == Leverage::gjr) draw_mean(returns, setting.premium);
  }

  void advance(const Observation& seen) override {
    const double value = seen.value;
    if (started_) {
      record_ = std::max(record_, std::abs(value - last_ - garch_.mu));
      variance_ = garch_.next_variance(variance_, value - last_);
    }
    last_ = value;
    started_ = true;
  }

  QuantileFunction next() const override {
    Knots values;
    const double sigma = std::sqrt(variance_);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = garch_.mu + bounded(drawn_ + sigma * standard_.values()[i], 1);
    }
    return QuantileFunction(values);
  }

  /// The first session is exact.
  Path forecast(int horizon) const override {
    Path path;
    if (horizon < 1) return path;
    path.change.reserve(static_cast<std::size_t>(horizon));
    path.sd.reserve(static_cast<std::size_t>(horizon));
    path.change.push_back(next());
    path.sd.push_back(bounded(std::sqrt(variance_) * residual_sd_, 1));
    const Shapes shapes = shapes_.at(shapes_.agitation(variance_));
    for (int h = 2; h <= horizon; ++h) {
      const Place place(h);
      const double root = std::sqrt(recursion_.expected(variance_, h));
      Knots values;
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = h * garch_.mu + bounded(h * drawn_ + root * place.of(shapes.shape, i), h);
      }
      path.change.emplace_back(values);
      path.sd.push_back(bounded(root * place.of(shapes.sd), h));
    }
    return path;
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Filtered>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Filtered>(*this);
    copy->variance_ = garch_.first_variance;
    copy->record_ = fitted_record_;
    copy->started_ = false;
    return copy;
  }

 private:
  double bounded(double change, int sessions) const {
    const double most = kBeyondRecord * record_ * sessions;
    return std::min(std::max(change, -most), most);
  }

  /// By the variance that was expected; 0 in a series that does not vary.
  double standardised(double r) const {
    return variance_ > 0 ? (r - garch_.mu) / std::sqrt(variance_) : 0;
  }

  /// As in har.cpp. (Without leverage the mean stays the data's own: that model is the peer that
  /// others are measured by.)
  void draw_mean(std::span<const double> returns, std::optional<double> premium) {
    if (!premium || stands_still(standard_.values())) return;
    const double count = static_cast<double>(returns.size());
    double mean = 0, square = 0;
    for (double r : returns) mean += r / count;
    for (double r : returns) square += (r - mean) * (r - mean) / count;
    drawn_ = kMeanPrior / (count + kMeanPrior) * (*premium * std::sqrt(square) - mean);
  }

  /// Their mean and second moment stay what they were, so the forecast's mean, before draw_mean, is
  /// that of the data and not the location of the t distribution. Only where the second moment is
  /// above 1 is z^2 scaled down in the recursion, lest the expected response to a shock exceed what
  /// was fitted and paths explode.
  void summarise(std::vector<double> residuals, double average, const Setting& setting) {
    double mean = 0, square = 0, below = 0;
    const double count = static_cast<double>(residuals.size());
    for (double z : residuals) {
      mean += z / count;
      square += z * z / count;
      below += z < 0 ? z * z / count : 0;
    }
    residual_sd_ = std::sqrt(std::max(0.0, square - mean * mean));
    const double scale = square > 1 ? 1 / square : 1;
    recursion_ = {
        .omega = garch_.omega,
        .alpha = garch_.alpha,
        .gamma = garch_.gamma,
        .beta = garch_.beta,
        .residual_scale = scale,
        .persistence = garch_.beta + scale * (garch_.alpha * square + garch_.gamma * below)};
    residuals = domain::OrderStatistics(residuals).take_all();
    standard_ = QuantileFunction::empirical(residuals);
    shapes_ = FilteredShapes(recursion_, residuals, average, kBeyondRecord * record_, setting.seed,
                             anchors_for(setting.longest));
  }

  GarchT garch_;
  Recursion recursion_{};
  QuantileFunction standard_;  ///< of the standardised residuals
  FilteredShapes shapes_;
  double drawn_ = 0;  ///< by which a session's mean change is drawn to the premium
  double residual_sd_ = 0;
  double fitted_record_ = 0;
  double variance_ = 0;  ///< state: of the next return
  double record_ = 0;    ///< state: size of the largest shock, those of the fit included
  double last_ = 0;      ///< state
  bool started_ = false;
};

}  // namespace

Fitted fit_filtered(const ModelRow& row, const Sample& sample, const Setting& setting,
                    Leverage leverage) {
  return std::make_unique<Filtered>(row, sample, setting, leverage);
}

}  // namespace ara::models
