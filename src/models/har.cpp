// The heterogeneous autoregressive model of the logarithm of range-based variance (Corsi 2009),
// with leverage (Corsi and Reno 2012), the market's volatility (Bollerslev, Hood, Huss and Pedersen
// 2018) and its changes (Black 1976, Studies of stock price volatility changes), volume, weekdays
// and recurring events as further regressors. Each horizon has a regression of its own on the same
// regressors (direct forecasts), and the shape of its distribution are the quantiles of the
// standardised changes over that horizon which really occurred (filtered historical simulation
// without paths). Nothing is simulated, so a forecast costs microseconds.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "models/anchors.h"
#include "models/fits.h"
#include "models/har_state.h"
#include "models/premium.h"
#include "models/triangular.h"

namespace ara::models {
namespace {

using domain::QuantileFunction;
using Features = HarState::Features;
constexpr std::size_t kFeatures = HarState::kFeatures;
using Square = std::array<Features, kFeatures>;

constexpr std::size_t kWarmUp = 60;  ///< oldest bars, in which averages settle

/// Ridge penalty, in bars: as if so many more had been seen on which a regressor told nothing; for
/// a sum over h sessions, whose errors overlap, h times as many.
constexpr double kRidge = 20;

constexpr double kBeyondRecord = 3;  ///< no change exceeds so many times the largest, a session

/// A log variance is forecast at most this far outside what the sample held, relative to its base.
constexpr double kBeyondSample = 0.7;

/// b with (gram + penalty) b = moments, by Cholesky's factors. Regressors that do not vary get 0.
Features solve(const Square& gram, const Features& moments, double penalty) {
  Square l{};
  const double rows = std::max(1.0, gram[0][0]);
  for (std::size_t i = 0; i < kFeatures; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = gram[i][j];
      if (i == j && i > 0) {
        sum += 1e-9 * rows + penalty / rows * (gram[i][i] - gram[i][0] * gram[i][0] / rows);
      }
      for (std::size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
      l[i][j] = i == j ? std::sqrt(std::max(sum, 1e-9 * rows)) : sum / l[j][j];
    }
  }
  Features b = moments;
  solve_factored([&](std::size_t i, std::size_t k) { return l[i][k]; }, b, kFeatures);
  return b;
}

/// The regression for one horizon and what its residuals look like.
struct Regression {
  Features slope{};
  double least = 0, most = 0;  ///< of the log variance relative to the base
  double scale = 0;            ///< logarithm: from exp(mean log) to mean variance
  Knots shape{};               ///< quantiles of changes by their expected deviation
  double mean = 0, sd = 0;     ///< of the same

  double predict(const Features& x) const {
    double sum = 0;
    for (std::size_t i = 0; i < kFeatures; ++i) sum += slope[i] * x[i];
    return std::clamp(sum, least, most) + scale;
  }
};

/// What the regressions are fitted on: entry i is as of bar i.
struct Table {
  std::vector<Features> x;
  std::vector<double> base;
  std::vector<double> sum;  ///< of the variances of the bars before i
  std::span<const double> values;

  std::size_t end(std::size_t h) const { return x.size() - std::min(x.size(), h); }
  double variance(std::size_t i, std::size_t h) const {
    return (sum[i + 1 + h] - sum[i + 1]) / static_cast<double>(h);
  }
};

class Har final : public Model {
 public:
  Har(const ModelRow& row, const Sample& sample, const Setting& setting)
      : Model(row, setting.scale), scale_(setting.scale) {
    const std::size_t anchors = anchors_for(setting.longest);
    Table table{.values = sample.values};
    table.sum.push_back(0);
    for (std::size_t i = 0; i < sample.size(); ++i) {
      state_.advance(sample[i], scale_);
      table.x.push_back(state_.features());
      table.base.push_back(state_.base());
      table.sum.push_back(table.sum.back() + (i > 0 ? state_.variance() : 0));
    }
    fitted_record_ = state_.record();
    regress(table, anchors);
    for (std::size_t k = 0; k < anchors; ++k) describe(table, k, setting.premium);
    std::fill(regressions_.begin() + static_cast<std::ptrdiff_t>(anchors), regressions_.end(),
              regressions_[anchors - 1]);
    fitted_.push_back(sample.values[0]);
    for (std::size_t i = 0; i + 1 < sample.size(); ++i) {
      const double sd = std::exp(0.5 * (table.base[i] + regressions_[0].predict(table.x[i])));
      fitted_.push_back(sample.values[i] + sd * regressions_[0].mean);
    }
  }

  void advance(const Observation& seen) override { state_.advance(seen, scale_); }

  Path forecast(int horizon) const override {
    Path path;
    if (horizon < 1) return path;
    const auto predicted = predict();
    for (int h = 1; h <= horizon; ++h) {
      const Place place(h);
      const double sd = std::exp(0.5 * place.of(predicted)) * std::sqrt(h);
      path.change.push_back(change(h, place, sd));
      path.sd.push_back(std::min(sd * (regressions_[place.below].sd * (1 - place.part) +
                                       regressions_[place.above].sd * place.part),
                                 most(h)));
    }
    return path;
  }

  QuantileFunction next() const override {
    const double log = state_.base() + regressions_[0].predict(state_.features());
    return change(1, Place(1), std::exp(0.5 * log));
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Har>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Har>(*this);
    copy->state_ = {};
    copy->state_.remember(fitted_record_);
    return copy;
  }

 private:
  /// Least squares of the log of each horizon's mean variance, by the normal equations: from the
  /// longest horizon, which has the fewest rows, to the shortest.
  void regress(const Table& table, std::size_t anchors) {
    Square gram{};
    std::size_t done = kWarmUp;
    for (std::size_t k = anchors; k-- > 0;) {
      const auto h = static_cast<std::size_t>(kAnchors[k]);
      for (; done < table.end(h); ++done) {
        const Features& x = table.x[done];
        for (std::size_t i = 0; i < kFeatures; ++i) {
          for (std::size_t j = 0; j <= i; ++j) gram[i][j] += x[i] * x[j];
        }
      }
      Regression& regression = regressions_[k];
      Features moments{};
      regression.least = INFINITY;
      regression.most = -INFINITY;
      for (std::size_t row = kWarmUp; row < table.end(h); ++row) {
        const double y = std::log(table.variance(row, h)) - table.base[row];
        for (std::size_t i = 0; i < kFeatures; ++i) moments[i] += table.x[row][i] * y;
        regression.least = std::min(regression.least, y - kBeyondSample);
        regression.most = std::max(regression.most, y + kBeyondSample);
      }
      regression.slope = solve(gram, moments, kRidge * static_cast<double>(h));
    }
  }

  /// Scale (the smearing estimate of Duan 1983) and residuals, their mean drawn to the premium.
  void describe(const Table& table, std::size_t k, std::optional<double> premium) {
    const auto h = static_cast<std::size_t>(kAnchors[k]);
    Regression& regression = regressions_[k];
    const double count = static_cast<double>(table.end(h) - kWarmUp);
    std::vector<double> variance, z;
    variance.reserve(table.x.size());
    z.reserve(table.x.size());
    double ratio = 0;
    for (std::size_t i = kWarmUp; i < table.end(h); ++i) {
      variance.push_back(std::exp(table.base[i] + regression.predict(table.x[i])));
      ratio += table.variance(i, h) / variance.back() / count;
    }
    regression.scale = std::log(ratio);
    double mean = 0, square = 0;
    for (std::size_t i = kWarmUp; i < table.end(h); ++i) {
      const double sum = variance[i - kWarmUp] * ratio * static_cast<double>(h);
      z.push_back((table.values[i + h] - table.values[i]) / std::sqrt(sum));
      mean += z.back() / count;
      square += z.back() * z.back() / count;
    }
    regression.mean = mean;
    regression.sd = std::sqrt(std::max(0.0, square - mean * mean));
    regression.shape = QuantileFunction::empirical(z).values();
    if (!premium || stands_still(regression.shape)) return;
    const double belief = count / (count + kMeanPrior);
    const double wanted = *premium * std::sqrt(static_cast<double>(h));
    regression.mean = belief * mean + (1 - belief) * wanted;
    for (double& value : regression.shape) value += regression.mean - mean;
  }

  /// Log of the expected variance a session, for each anchor.
  Anchored<double> predict() const {
    const Features x = state_.features();
    Anchored<double> predicted;
    for (std::size_t k = 0; k < kAnchors.size(); ++k) {
      predicted[k] = state_.base() + regressions_[k].predict(x);
    }
    return predicted;
  }

  double most(int horizon) const { return kBeyondRecord * horizon * state_.record(); }

  QuantileFunction change(int horizon, const Place& place, double sd) const {
    const Knots& below = regressions_[place.below].shape;
    const Knots& above = regressions_[place.above].shape;
    Knots values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double z = below[i] + place.part * (above[i] - below[i]);
      values[i] = std::clamp(sd * z, -most(horizon), most(horizon));
    }
    return QuantileFunction(values);
  }

  domain::Scale scale_;
  Anchored<Regression> regressions_;
  double fitted_record_ = 0;
  HarState state_;
};

}  // namespace

Fitted fit_har(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return std::make_unique<Har>(row, sample, setting);
}

}  // namespace ara::models
