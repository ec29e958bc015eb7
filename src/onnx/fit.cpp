#include "onnx/fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "features/features.h"
#include "onnx/user_model.h"

namespace ara::onnx {
namespace {

using domain::QuantileFunction;
using Knots = std::array<double, QuantileFunction::kKnots>;

/// The newest numbers, as many as it was made for.
template <class T>
class Ring {
 public:
  explicit Ring(std::size_t size) : values_(size, T{}) {}

  void push(T value) {
    values_[at_] = value;
    at_ = at_ + 1 == values_.size() ? 0 : at_ + 1;
    if (count_ < values_.size()) ++count_;
  }
  std::size_t count() const { return count_; }
  bool full() const { return count_ == values_.size(); }
  /// The one before `age` others, `age` < count().
  T back(std::size_t age) const {
    return values_[at_ > age ? at_ - age - 1 : at_ + values_.size() - age - 1];
  }

 private:
  std::vector<T> values_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

/// Where a knot lies among the levels of the graph, in the normal score.
struct Place {
  std::size_t piece;
  double part;  ///< of the way to the next level; below 0 or above 1 outside of all
};

std::array<Place, QuantileFunction::kKnots> places_of(std::span<const double> levels) {
  std::vector<double> scores;
  for (double level : levels) scores.push_back(domain::normal_quantile(level));
  std::array<Place, QuantileFunction::kKnots> places{};
  for (std::size_t k = 0; k < places.size(); ++k) {
    const double z = domain::normal_quantile(QuantileFunction::levels()[k]);
    std::size_t piece = 0;
    while (piece + 2 < scores.size() && scores[piece + 1] <= z) ++piece;
    places[k] = {piece, (z - scores[piece]) / (scores[piece + 1] - scores[piece])};
  }
  return places;
}

/// The standard deviation of a distribution whose quantiles are linear in the normal score between
/// the knots and beyond them: the normal moments of each piece, summed.
double deviation_of(const QuantileFunction& quantiles) {
  const auto& levels = QuantileFunction::levels();
  const double centre = quantiles.median();
  double mean = 0, squares = 0;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    const double z1 = domain::normal_quantile(levels[i]);
    const double z2 = domain::normal_quantile(levels[i + 1]);
    const double slope = (quantiles.values()[i + 1] - quantiles.values()[i]) / (z2 - z1);
    const double base = quantiles.values()[i] - centre - slope * z1;
    const auto density = [](double z) {
      return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    };
    const bool first = i == 0, last = i + 2 == levels.size();
    const double d1 = first ? 0 : density(z1), d2 = last ? 0 : density(z2);
    const double zero = (last ? 1 : levels[i + 1]) - (first ? 0 : levels[i]);
    const double one = d1 - d2;
    const double two = zero + (first ? 0 : z1 * d1) - (last ? 0 : z2 * d2);
    mean += base * zero + slope * one;
    squares += base * base * zero + 2 * base * slope * one + slope * slope * two;
  }
  return std::sqrt(std::max(0.0, squares - mean * mean));
}

class Fitted final : public models::Model {
 public:
  Fitted(std::shared_ptr<const UserModel> user, domain::Scale scale)
      : Model(*user, scale),
        user_(std::move(user)),
        places_(places_of(output().levels)),
        changes_(std::max(user_->manifest().deviation_window, changes_kept())),
        inputs_(input().kind == InputKind::features ? input().size() : 1) {
    if (input().kind == InputKind::features) features_.emplace();
  }

  /// Folds the sample; whether the graph answers at its end.
  Result<void> fold(const models::Sample& sample) {
    fitted_.reserve(sample.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const double expected = i > 0 ? last_ + next().median() : sample.values[i];
      fitted_.push_back(expected);
      Fitted::advance(sample[i]);
    }
    if (const auto answered = user_->answer(numbers()); !answered) {
      return std::unexpected(answered.error());
    }
    return {};
  }

  void advance(const models::Observation& seen) override {
    if (seen_ > 0) changes_.push(seen.value - last_);
    last_ = seen.value;
    ++seen_;
    if (!features_) return;
    const auto& values = features_->update(seen.bar);
    for (std::size_t c = 0; c < input().columns(); ++c) {
      const auto value = static_cast<float>(standardised(values[input().features[c]], c));
      inputs_.push(std::isfinite(value) ? value : input().missing);
    }
  }

  models::Path forecast(int horizon) const override {
    const auto sessions = static_cast<std::size_t>(std::max(0, horizon));
    const auto answer = answered();
    const double spread = deviation();
    models::Path path;
    for (std::size_t h = 0; h < sessions; ++h) {
      const double steps = static_cast<double>(h + 1);
      path.change.push_back(answer ? session(*answer, h)
                                   : QuantileFunction::normal(0, spread * std::sqrt(steps)));
      path.sd.push_back(deviation_of(path.change.back()));
    }
    return path;
  }

  QuantileFunction next() const override {
    const auto answer = answered();
    return answer ? session(*answer, 0) : QuantileFunction::normal(0, deviation());
  }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Fitted>(*this); }

  std::unique_ptr<Model> restarted() const override {
    auto copy = std::make_unique<Fitted>(*this);
    copy->changes_ = Ring<double>(std::max(user_->manifest().deviation_window, changes_kept()));
    copy->inputs_ = Ring<float>(input().kind == InputKind::features ? input().size() : 1);
    if (copy->features_) copy->features_.emplace();
    copy->last_ = 0;
    copy->seen_ = 0;
    return copy;
  }

 private:
  const Manifest::Input& input() const { return user_->manifest().input; }
  const Manifest::Output& output() const { return user_->manifest().output; }
  std::size_t changes_kept() const {
    return input().kind == InputKind::changes ? input().window : 0;
  }

  /// Root mean square of the newest changes; 0 before the first.
  double deviation() const {
    const std::size_t count = std::min(changes_.count(), user_->manifest().deviation_window);
    double squares = 0;
    for (std::size_t age = 0; age < count; ++age)
      squares += changes_.back(age) * changes_.back(age);
    return count > 0 ? std::sqrt(squares / static_cast<double>(count)) : 0;
  }

  double standardised(double value, std::size_t column) const {
    if (input().standardise != Standardise::fixed) return value;
    return (value - input().mean[column]) / input().sd[column];
  }

  bool ready() const { return features_ ? inputs_.full() : changes_.count() >= input().window; }

  /// What the graph is fed, the newest last.
  std::vector<float> numbers() const {
    std::vector<float> numbers;
    const double scale = input().standardise == Standardise::deviation ? deviation() : 1;
    for (std::size_t age = input().size(); age-- > 0;) {
      if (features_) {
        numbers.push_back(inputs_.back(age));
      } else {
        const double value = standardised(changes_.back(age), 0);
        numbers.push_back(scale > 0 ? static_cast<float>(value / scale) : 0.0F);
      }
    }
    return numbers;
  }

  std::optional<std::vector<float>> answered() const {
    if (!ready()) return std::nullopt;
    auto answer = user_->answer(numbers());
    return answer ? std::optional(std::move(*answer)) : std::nullopt;
  }

  /// The distribution of the change to session h, counted from 0.
  QuantileFunction session(const std::vector<float>& answer, std::size_t h) const {
    const std::size_t count = output().levels.size();
    const auto known = static_cast<std::size_t>(user_->manifest().horizon);
    const std::size_t row = std::min(h, known - 1);
    const double unit = output().scale == OutputScale::deviation ? deviation() : 1;
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(unit * static_cast<double>(answer[row * count + i]));
    }
    std::ranges::sort(values);
    Knots knots{};
    for (std::size_t k = 0; k < knots.size(); ++k) {
      const auto [piece, part] = places_[k];
      knots[k] = values[piece] + part * (values[piece + 1] - values[piece]);
    }
    if (h >= known) {
      const double centre = knots[knots.size() / 2];
      const double wider = std::sqrt(static_cast<double>(h + 1) / static_cast<double>(known));
      for (double& knot : knots) knot = centre + wider * (knot - centre);
    }
    return QuantileFunction(knots);
  }

  std::shared_ptr<const UserModel> user_;
  std::array<Place, QuantileFunction::kKnots> places_;
  Ring<double> changes_;
  Ring<float> inputs_;  ///< features, standardised
  std::optional<features::FeatureState> features_;
  double last_ = 0;
  std::size_t seen_ = 0;
};

}  // namespace

Result<std::unique_ptr<models::Model>> fit_user_model(const models::ModelRow& row,
                                                      const models::Sample& sample,
                                                      const models::Setting& setting) {
  // This is the fit of UserModels alone.
  auto user = static_cast<const UserModel&>(row).shared_from_this();
  auto model = std::make_unique<Fitted>(std::move(user), setting.scale);
  if (const auto folded = model->fold(sample); !folded) return std::unexpected(folded.error());
  return model;
}

}  // namespace ara::onnx
