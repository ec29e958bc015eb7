#include "evaluation/rolling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "models/premium.h"

namespace ara::evaluation {
namespace {

/// Adds up the scores of one method, origin by origin.
class Scorer {
 public:
  Scorer(std::span<const double> values, std::size_t origins, int horizon, const Watch& watch)
      : values_(values), horizon_(static_cast<std::size_t>(horizon)), watch_(watch) {
    scores_.crps.reserve(origins);
    scores_.within.reserve(origins);
    scores_.crps_by_horizon.assign(horizon_, 0);
  }

  /// Opens the origin at bar `t`; `step` is then called once for each horizon, in order.
  void open(std::size_t t) {
    at_ = t;
    proxy_ = 0;
    scores_.crps.push_back(0);
    scores_.within.emplace_back();
  }

  void step(std::size_t h, const Quantiles& forecast, double sd) {
    const double y = values_[at_ + h] - values_[at_];
    const double move = values_[at_ + h] - values_[at_ + h - 1];
    proxy_ += move * move;
    if (watch_) watch_({scores_.crps.size() - 1, h, forecast, y});
    const double loss = crps(forecast, y);
    scores_.crps.back() += loss / static_cast<double>(horizon_);
    scores_.crps_by_horizon[h - 1] += loss;
    for (std::size_t i = 0; i < kCoverages.size(); ++i) {
      scores_.within.back()[i] += y >= forecast.low[i] && y <= forecast.high[i];
    }
    ++scores_.ranks[rank_of(forecast, y)];
    if (proxy_ > 0) {
      scores_.qlike += qlike(sd * sd, proxy_);
      ++moved_;
    }
    if (y != 0) {
      ++scores_.direction.count;
      scores_.direction.up += y > 0;
      scores_.direction.right += (forecast.median() > 0) == (y > 0);
    }
  }

  MethodScores take() && {
    const auto count = static_cast<double>(scores_.crps.size());
    for (double& loss : scores_.crps_by_horizon) loss /= count;
    scores_.qlike = moved_ > 0 ? scores_.qlike / static_cast<double>(moved_) : 0;
    return std::move(scores_);
  }

 private:
  std::span<const double> values_;
  std::size_t horizon_;
  const Watch& watch_;
  MethodScores scores_;
  std::size_t at_ = 0;
  double proxy_ = 0;  ///< realised variance from the origin to the step
  std::size_t moved_ = 0;
};

/// The h-step changes that end on the newest kHistoricalDays bars, in order of size.
class Window {
 public:
  Window(std::span<const double> values, std::size_t h) : values_(values), h_(h) {}

  void move_to(std::size_t t) {
    if (sorted_.empty() || t != at_ + 1) {
      sorted_.clear();
      for (std::size_t i = t + 1 - kHistoricalDays; i <= t; ++i) sorted_.push_back(change(i));
      std::ranges::sort(sorted_);
    } else {
      sorted_.erase(std::ranges::lower_bound(sorted_, change(t - kHistoricalDays)));
      sorted_.insert(std::ranges::upper_bound(sorted_, change(t)), change(t));
    }
    at_ = t;
  }

  std::span<const double> sorted() const { return sorted_; }

  double deviation() const {
    const auto n = static_cast<double>(sorted_.size());
    const double mean = std::accumulate(sorted_.begin(), sorted_.end(), 0.0) / n;
    double squares = 0;
    for (double x : sorted_) squares += (x - mean) * (x - mean);
    return std::sqrt(squares / (n - 1));
  }

 private:
  double change(std::size_t end) const { return values_[end] - values_[end - h_]; }

  std::span<const double> values_;
  std::size_t h_;
  std::size_t at_ = 0;
  std::vector<double> sorted_;
};

}  // namespace

double MethodScores::mean_crps() const {
  return std::accumulate(crps.begin(), crps.end(), 0.0) / static_cast<double>(crps.size());
}

double MethodScores::coverage(std::size_t i) const {
  double sum = 0;
  for (const auto& steps : within) sum += steps[i];
  return sum / static_cast<double>(within.size() * crps_by_horizon.size());
}

Result<Roll> Roll::make(const Symbol& symbol, const RollOptions& options) {
  const auto horizon = static_cast<std::size_t>(options.horizon);
  const std::size_t n = symbol.bars.size();
  if (n < kFirstOrigin + horizon) {
    return invalid("bars", ara::format("{} bars of {}", n, symbol.name),
                   ara::format("at least {}: {} before the first origin and {} after it",
                               kFirstOrigin + horizon, kFirstOrigin, horizon));
  }
  Roll roll(symbol, options);
  roll.scale_ = models::scale_of(symbol.bars);
  std::uint64_t content = 0;
  for (const domain::Bar& bar : symbol.bars) {
    roll.values_.push_back(models::value_of(bar, roll.scale_));
    roll.content_.push_back(content += domain::content_of(bar));
  }
  roll.last_ = n - 1 - horizon;
  const std::size_t possible = roll.last_ - (kFirstOrigin - 1) + 1;
  roll.first_ = roll.last_ + 1 - std::min(possible, options.last);
  return roll;
}

domain::Date Roll::date(std::size_t origin) const {
  return domain::date_of(symbol_->bars[first_ + origin].time);
}

Result<MethodScores> Roll::model(const models::ModelRow& row, const SettingAt& setting_at,
                                 const Watch& watch) const {
  return roll(row, {options_->history, symbol_->market, setting_at}, watch);
}

Result<MethodScores> Roll::peer(Peer peer, const Watch& watch) const {
  if (peer == Peer::historical) return historical(watch);
  const auto row = models::find_model(kPeerNames[static_cast<std::size_t>(peer)]);
  if (!row) return std::unexpected(row.error());
  return roll(**row, {peer == Peer::drift ? options_->history : kGarchReturns + 1, {}, {}}, watch);
}

Result<MethodScores> Roll::roll(const models::ModelRow& row, const FitOn& on,
                                const Watch& watch) const {
  const std::span<const domain::Bar> bars = symbol_->bars;
  const auto market_at = [&](std::size_t i) {
    return on.market.empty() ? models::MarketFactors{} : on.market[i];
  };
  Scorer scorer(values_, origins(), options_->horizon, watch);
  std::unique_ptr<models::Model> model;
  std::size_t fitted = 0;  // bars when it was fitted last
  std::size_t seen = 0;    // bars that its state has taken in
  for (std::size_t t = first_; t <= last_; ++t) {
    const std::size_t count = (t + 1) / kRefit * kRefit;
    if (count != fitted) {
      const std::size_t from = count - std::min(count, on.history);
      models::Setting setting{.scale = scale_,
                              .seed = content_[count - 1],
                              .premium = models::premium_of(symbol_->asset_type)};
      if (on.setting_at) setting = on.setting_at(std::move(setting), bars[count - 1].time);
      auto fit = models::fit(row, bars.subspan(from, count - from), setting,
                             on.market.empty() ? on.market : on.market.subspan(from, count - from));
      if (!fit) return std::unexpected(std::move(fit.error()));
      model = std::move(*fit);
      fitted = seen = count;
    }
    for (; seen <= t; ++seen) model->advance({bars[seen], values_[seen], market_at(seen)});
    const models::Path path = model->forecast(options_->horizon);
    scorer.open(t);
    for (std::size_t h = 0; h < path.change.size(); ++h) {
      scorer.step(h + 1, quantiles_of(path.change[h]), path.sd[h]);
    }
  }
  return std::move(scorer).take();
}

MethodScores Roll::historical(const Watch& watch) const {
  const auto horizon = static_cast<std::size_t>(options_->horizon);
  std::vector<Window> windows;
  for (std::size_t h = 1; h <= horizon; ++h) windows.emplace_back(values_, h);
  Scorer scorer(values_, origins(), options_->horizon, watch);
  for (std::size_t t = first_; t <= last_; ++t) {
    scorer.open(t);
    for (std::size_t h = 1; h <= horizon; ++h) {
      Window& window = windows[h - 1];
      window.move_to(t);
      scorer.step(h, quantiles_of_sorted(window.sorted()), window.deviation());
    }
  }
  return std::move(scorer).take();
}

}  // namespace ara::evaluation
