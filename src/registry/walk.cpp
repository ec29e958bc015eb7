#include "registry/walk.h"

#include <algorithm>
#include <cmath>

namespace ara::registry {
namespace {

using evaluation::Quantiles;
using evaluation::Step;

constexpr std::size_t kWidthLevel = 2;
static_assert(evaluation::kCoverages[kWidthLevel] == 90);

/// A quantile that moves by less than this part of the interval's width has not moved.
constexpr double kStill = 1e-6;

double width_of(const Quantiles& forecast) {
  return forecast.high[kWidthLevel] - forecast.low[kWidthLevel];
}

bool finite(const Quantiles& forecast) {
  return std::ranges::all_of(forecast.at, [](double x) { return std::isfinite(x); });
}

/// Takes notes of the forecasts of one walk.
class Notes {
 public:
  Notes(std::size_t origins, int horizon, std::span<const double> widths)
      : horizon_(static_cast<std::size_t>(horizon)), widths_(widths), before_(horizon_) {
    for (auto part : {&Shape::below, &Shape::log_width, &Shape::right, &Shape::moved}) {
      (shape_.*part).assign(origins, 0);
    }
  }

  void take(const Step& step) {
    const Quantiles& forecast = step.forecast;
    const std::size_t at = step.origin;
    if (!finite(forecast)) {
      ++shape_.not_finite;
      return;
    }
    const double part = 1 / static_cast<double>(horizon_);
    const double median = forecast.median();
    shape_.below[at] += part * (step.change < median ? 1 : step.change > median ? 0 : 0.5);
    if (median != 0 && step.change != 0) {
      shape_.right[at] += part * ((median > 0) == (step.change > 0) ? 1 : -1);
    }
    const double width = width_of(forecast);
    const double historical = widths_[at * horizon_ + step.horizon - 1];
    if (width > 0 && historical > 0) shape_.log_width[at] += part * std::log(width / historical);
    auto& before = before_[step.horizon - 1];
    for (std::size_t i = 0; i < forecast.at.size(); ++i) {
      if (std::abs(forecast.at[i] - before.at[i]) > kStill * width) shape_.moved[at] = 1;
    }
    before = forecast;
  }

  Shape shape() && { return std::move(shape_); }

 private:
  std::size_t horizon_;
  std::span<const double> widths_;
  std::vector<Quantiles> before_;  ///< of the origin before, by horizon
  Shape shape_;
};

}  // namespace

Result<std::unique_ptr<Ground>> Ground::make(evaluation::Symbol symbol,
                                             const evaluation::RollOptions& options) {
  std::unique_ptr<Ground> ground(new Ground(std::move(symbol)));
  auto roll = evaluation::Roll::make(ground->symbol_, options);
  if (!roll) return std::unexpected(std::move(roll.error()));
  ground->roll_ = std::move(*roll);
  ground->horizon_ = options.horizon;
  for (std::size_t p = 0; p < evaluation::kPeerNames.size(); ++p) {
    const auto peer = static_cast<evaluation::Peer>(p);
    evaluation::Watch watch;
    if (peer == evaluation::Peer::historical) {
      watch = [&](const Step& step) { ground->widths_.push_back(width_of(step.forecast)); };
    }
    auto scores = ground->roll_->peer(peer, watch);
    if (!scores) return std::unexpected(std::move(scores.error()));
    ground->peers_[p] = std::move(*scores);
  }
  return ground;
}

Result<Evidence> Ground::walk(const models::ModelRow& row,
                              const evaluation::SettingAt& setting_at) const {
  Notes notes(origins(), horizon_, widths_);
  auto scores = roll_->model(row, setting_at, [&](const Step& step) { notes.take(step); });
  if (!scores) {
    Error error = std::move(scores.error());
    error.message = symbol_.name + ": " + error.message;
    return std::unexpected(std::move(error));
  }
  Evidence evidence;
  evidence.scores.name = symbol_.name;
  for (std::size_t i = 0; i < origins(); ++i) evidence.scores.dates.push_back(roll_->date(i));
  evidence.scores.peers = peers_;
  evidence.scores.models.push_back(std::move(*scores));
  evidence.shape = std::move(notes).shape();
  return evidence;
}

}  // namespace ara::registry
