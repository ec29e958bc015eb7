// Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999): the variance follows
// a GARCH(1,1) fitted with Student-t errors, and what is drawn are the standardised residuals that
// really occurred, so that skewness and tails are the series' own.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/rng.h"
#include "domain/order_statistics.h"
#include "models/fits.h"
#include "models/garch.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;

constexpr std::size_t kPaths = 4096;

/// A drawn shock is at most this many times the largest on record: a residual of a quiet day times
/// the volatility of a wild one may otherwise be absurd, as after a splice in the data.
constexpr double kBeyondRecord = 3;

using Paths = std::array<double, kPaths>;

/// What simulation needs of the parameters.
struct Recursion {
  double mu, omega, alpha, beta;
  double residual_scale;  ///< of a shock's square in the recursion
  double largest;         ///< no shock exceeds it

  double bounded(double shock) const { return std::min(std::max(shock, -largest), largest); }
};

/// One session of every path.
void step(const Recursion& model, const Paths& z, Paths& variance, Paths& change) {
  for (std::size_t i = 0; i < kPaths; ++i) {
    const double shock = model.bounded(std::sqrt(variance[i]) * z[i]);
    change[i] += model.mu + shock;
    variance[i] = model.omega + model.alpha * (shock * shock * model.residual_scale) +
                  model.beta * variance[i];
  }
}

void shuffle(Paths& values, Rng& rng) {
  for (std::uint32_t i = kPaths - 1; i > 0; --i) std::swap(values[i], values[rng.below(i + 1)]);
}

/// The sum of f over all paths, in eight partial sums so that they need not wait for each other.
template <class F>
double sum_over(const Paths& values, F f) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  for (std::size_t i = 0; i < kPaths; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) sums[k] += f(values[i + k]);
  }
  double sum = 0;
  for (double part : sums) sum += part;
  return sum;
}

double deviation(const Paths& values) {
  const double mean = sum_over(values, [](double x) { return x; }) / kPaths;
  const double squares = sum_over(values, [=](double x) { return (x - mean) * (x - mean); });
  return std::sqrt(squares / (kPaths - 1));
}

class GarchFhs final : public Model {
 public:
  GarchFhs(const ModelRow& row, const Sample& sample, const Setting& setting)
      : Model(row, setting.scale), seed_(setting.seed) {
    const auto values = sample.values;
    std::vector<double> returns(values.size() - 1);
    double size = 0;
    for (std::size_t i = 0; i < returns.size(); ++i) {
      returns[i] = values[i + 1] - values[i];
      size = std::max(size, std::abs(values[i + 1]));
    }
    garch_ = fit_garch_t(returns, size);
    variance_ = garch_.first_variance;
    fitted_.reserve(values.size());
    residuals_.reserve(returns.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) residuals_.push_back(standardised(returns[i - 1]));
      fitted_.push_back(i > 0 ? values[i - 1] + garch_.mu : values[i]);
      GarchFhs::advance(sample[i]);
    }
    fitted_record_ = record_;
    summarise();
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
    std::array<double, QuantileFunction::kKnots> values;
    const double sigma = std::sqrt(variance_);
    const Recursion model = recursion();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = garch_.mu + model.bounded(sigma * standard_.values()[i]);
    }
    return QuantileFunction(values);
  }

  /// The first session is exact; the later ones are simulated. Every session draws a Latin
  /// hypercube: each stratum of the residuals once over all paths, in random order (McKay, Beckman
  /// and Conover 1979), which takes most of the noise out of sums of residuals.
  Path forecast(int horizon) const override {
    Path path;
    if (horizon < 1) return path;
    path.change.reserve(static_cast<std::size_t>(horizon));
    path.sd.reserve(static_cast<std::size_t>(horizon));
    path.change.push_back(next());
    const Recursion model = recursion();
    path.sd.push_back(model.bounded(std::sqrt(variance_) * residual_sd_));
    if (horizon == 1) return path;
    struct Work {
      Paths z, variance, change;
    };
    const auto work = std::make_unique<Work>();
    const std::size_t count = residuals_.size();
    for (std::size_t i = 0; i < kPaths; ++i) {
      work->z[i] = residuals_[(2 * i + 1) * count / (2 * kPaths)];
    }
    work->variance.fill(variance_);
    work->change.fill(0);
    step(model, work->z, work->variance, work->change);
    Rng rng(seed_);
    for (int h = 2; h <= horizon; ++h) {
      shuffle(work->z, rng);
      step(model, work->z, work->variance, work->change);
      path.change.push_back(QuantileFunction::empirical(work->change));
      path.sd.push_back(deviation(work->change));
    }
    return path;
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<GarchFhs>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<GarchFhs>(*this);
    copy->variance_ = garch_.first_variance;
    copy->record_ = fitted_record_;
    copy->started_ = false;
    return copy;
  }

 private:
  Recursion recursion() const {
    return {garch_.mu,   garch_.omega,    garch_.alpha,
            garch_.beta, residual_scale_, kBeyondRecord * record_};
  }

  /// By the variance that was expected; 0 in a series that does not vary.
  double standardised(double r) const {
    return variance_ > 0 ? (r - garch_.mu) / std::sqrt(variance_) : 0;
  }

  /// Their mean and second moment stay what they were, so the forecast's mean is that of the data
  /// and not the location of the t distribution. Only where the second moment is above 1 is z^2
  /// scaled down in the recursion, lest alpha z^2 + beta exceed 1 on average and paths explode.
  void summarise() {
    double mean = 0, square = 0;
    for (double z : residuals_) {
      mean += z / static_cast<double>(residuals_.size());
      square += z * z / static_cast<double>(residuals_.size());
    }
    residual_sd_ = std::sqrt(std::max(0.0, square - mean * mean));
    residual_scale_ = square > 1 ? 1 / square : 1;
    residuals_ = domain::OrderStatistics(residuals_).take_all();
    standard_ = QuantileFunction::empirical(residuals_);
  }

  GarchT garch_;
  std::uint64_t seed_;
  std::vector<double> residuals_;  ///< standardised, ascending
  QuantileFunction standard_;      ///< of the residuals
  double residual_sd_ = 0;
  double residual_scale_ = 1;
  double fitted_record_ = 0;
  double variance_ = 0;  ///< state: of the next return
  double record_ = 0;    ///< state: size of the largest shock, those of the fit included
  double last_ = 0;      ///< state
  bool started_ = false;
};

}  // namespace

Fitted fit_garch_fhs(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<GarchFhs>(row, sample, setting);
}

}  // namespace ara::models
