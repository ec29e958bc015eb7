#include "live/settler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluation/distribution.h"
#include "live/judge.h"
#include "serve/background.h"
#include "telemetry/log.h"

namespace ara::live {
namespace {

constexpr std::chrono::seconds kSettleTimeout{10};
constexpr std::chrono::minutes kPruneEvery{10};

/// Days that surely hold kWalkBars sessions, whatever the market.
constexpr std::chrono::days kWalkDays{400};

/// Bars may be dated by a market that is ahead of UTC.
constexpr std::chrono::days kAhead{1};

constexpr std::size_t kMostBars = 5000;

Call in_time() {
  return {Deadline::after(kSettleTimeout)};
}

std::size_t place_of(domain::AssetType type) {
  return static_cast<std::size_t>(type);
}

}  // namespace

Settler::Settler(std::shared_ptr<storage::Store> store, std::shared_ptr<telemetry::Metrics> metrics,
                 SettlerOptions options, const Clock& clock)
    : store_(std::move(store)), metrics_(std::move(metrics)), options_(options), clock_(clock) {
  shown_->by_type.resize(domain::asset_types().size());
  for (const domain::AssetRow& asset : domain::asset_types()) {
    settled_.push_back(metrics_->counter("ara_forecasts_settled_total",
                                         {{"asset_type", std::string(asset.name)}}));
    show(asset);
  }
  thread_ = std::thread([this] { run(); });
}

Settler::~Settler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Settler::show(const domain::AssetRow& asset) {
  const auto add = [&](std::string_view family, telemetry::Metrics::Labels more, auto read) {
    telemetry::Metrics::Labels labels{{"asset_type", std::string(asset.name)}};
    std::ranges::move(more, std::back_inserter(labels));
    metrics_->gauge(family, std::move(labels),
                    [shown = shown_, place = place_of(asset.type), read] {
                      const std::lock_guard lock(shown->mutex);
                      const Window& window = shown->by_type[place];
                      return window.days == 0 ? std::nan("") : read(window);
                    });
  };
  add("ara_forecast_settled_window", {},
      [](const Window& window) { return static_cast<double>(window.days); });
  for (std::size_t i = 0; i < evaluation::kCoverages.size(); ++i) {
    add("ara_forecast_coverage", {{"level", std::to_string(evaluation::kCoverages[i])}},
        [i](const Window& window) { return window.coverage[i]; });
  }
  add("ara_forecast_crps_ratio", {}, [](const Window& window) { return window.crps_ratio; });
  add("ara_forecast_absolute_error", {},
      [](const Window& window) { return window.absolute_error; });
}

void Settler::run() {
  serve::run_in_background();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    note(look().and_then([this] { return read_windows(); }).and_then([this] { return prune(); }));
    lock.lock();
    wake_.wait_for(lock, options_.look, [this] { return stopping_.load(); });
  }
}

void Settler::note(const Result<void>& done) {
  if (!std::exchange(ailing_, !done) && !done) {
    telemetry::log(telemetry::LogLevel::warning, "Cannot settle forecasts",
                   {{"error", done.error().message}});
  }
}

Result<void> Settler::look() {
  auto heads = store_->changed_heads(mark_, in_time());
  if (!heads) return std::unexpected(std::move(heads.error()));
  const SteadyTime now = clock_.steady();
  const bool changed = heads->all || !heads->rows.empty();
  if (!changed && now - looked_ < options_.anyway) return {};
  looked_ = now;
  while (!stopping_) {
    const auto more = settle_some();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
  }
  mark_ = std::move(heads->mark);
  return {};
}

Result<bool> Settler::settle_some() {
  const WallTime now = clock_.now();
  const domain::Date today = std::chrono::floor<std::chrono::days>(now) + kAhead;
  const auto due =
      store_->lease_settlements(now, now + options_.lease, today, options_.at_once, in_time());
  if (!due) return std::unexpected(due.error());
  if (due->empty()) return false;
  std::vector<storage::SettlementRow> ended;
  // They come in the order of symbols: one read of bars for each.
  for (auto at = due->begin(); at != due->end();) {
    const domain::Symbol& symbol = at->key.symbol;
    const auto end = std::find_if(at, due->end(), [&](const storage::ExpectationRow& row) {
      return row.key.symbol != symbol;
    });
    domain::Date from = at->key.as_of;
    domain::Date to = at->due;
    for (auto row = at; row != end; ++row) {
      from = std::min(from, row->key.as_of);
      to = std::max(to, row->due);
    }
    const auto series = store_->bars(symbol,
                                     {.from = domain::Time(from - kWalkDays),
                                      .to = domain::Time(to + std::chrono::days(1)),
                                      .limit = kMostBars},
                                     in_time());
    if (!series) return std::unexpected(series.error());
    for (; at != end; ++at) {
      ended.push_back({at->key, judge(*at, series->bars), clock_.now()});
    }
  }
  const auto settled = store_->settle(ended, in_time());
  if (!settled) return std::unexpected(settled.error());
  for (std::size_t i = 0; i < ended.size(); ++i) {
    if (ended[i].outcome) metrics_->add(settled_[place_of((*due)[i].asset_type)]);
  }
  read_ = {};  // what is shown has changed
  return due->size() == options_.at_once;
}

Result<void> Settler::read_windows() {
  const SteadyTime now = clock_.steady();
  if (read_ != SteadyTime{} && now - read_ < options_.show) return {};
  std::vector<Window> windows(domain::asset_types().size());
  for (const domain::AssetRow& asset : domain::asset_types()) {
    const auto rows = store_->settled(asset.type, options_.window, in_time());
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) continue;
    Window& window = windows[place_of(asset.type)];
    window.days = rows->size();
    const auto days = static_cast<double>(rows->size());
    double crps = 0;
    double walk = 0;
    for (const storage::SettlementRow& row : *rows) {
      crps += row.outcome->crps;
      walk += row.outcome->walk_crps;
      window.absolute_error += std::abs(row.outcome->error) / days;
      for (std::size_t i = 0; i < window.coverage.size(); ++i) {
        window.coverage[i] += (row.outcome->inside >> i & 1U) / days;
      }
    }
    window.crps_ratio = walk > 0 ? crps / walk : std::nan("");
  }
  read_ = now;
  const std::lock_guard lock(shown_->mutex);
  shown_->by_type = std::move(windows);
  return {};
}

Result<void> Settler::prune() {
  const SteadyTime now = clock_.steady();
  if (pruned_ != SteadyTime{} && now - pruned_ < kPruneEvery) return {};
  pruned_ = now;
  const auto pruned = store_->prune_settlements(clock_.now() - options_.keep, in_time());
  if (!pruned) return std::unexpected(pruned.error());
  return {};
}

}  // namespace ara::live
