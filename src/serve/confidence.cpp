#include "serve/confidence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "domain/calendar.h"

namespace ara::serve {
namespace {

using domain::QuantileFunction;

constexpr std::size_t kYear = 252;
constexpr std::size_t kLeastSessions = 20;

}  // namespace

std::optional<double> model_agreement(std::span<const domain::Component> components,
                                      std::span<const models::Path> members) {
  std::array<double, QuantileFunction::kKnots> average{};
  std::size_t weighted = 0;
  for (std::size_t m = 0; m < members.size(); ++m) {
    if (!(components[m].weight > 0)) continue;
    ++weighted;
    const auto& values = members[m].change.back().values();
    for (std::size_t i = 0; i < average.size(); ++i) average[i] += components[m].weight * values[i];
  }
  if (weighted < 2) return std::nullopt;
  double distance = 0, width = 0;
  for (std::size_t i = 0; i < average.size(); ++i) {
    width += std::abs(average[i] - average[average.size() / 2]);
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (!(components[m].weight > 0)) continue;
      const double value = members[m].change.back().values()[i];
      distance += components[m].weight * std::abs(value - average[i]);
    }
  }
  return distance > 0 ? width / (width + distance) : 1;
}

std::optional<double> data_quality(std::span<const domain::Bar> bars, domain::Market market) {
  if (bars.size() < 2) return std::nullopt;
  const auto newest = bars.last(std::min(bars.size(), kYear));
  const double n = static_cast<double>(newest.size());
  const int between = domain::sessions_between(market, domain::date_of(newest.front().time),
                                               domain::date_of(newest.back().time));
  std::size_t moved = 0, fields = 0;
  for (std::size_t i = 0; i < newest.size(); ++i) {
    const domain::Bar& bar = newest[i];
    if (i > 0 && bar.close != newest[i - 1].close) ++moved;
    for (double field : {bar.open, bar.high, bar.low, bar.close, bar.volume}) {
      if (std::isfinite(field)) ++fields;
    }
  }
  // A bar on a day that is no session fills no gap, but makes none either.
  const double present = std::min(1.0, n / (between + 2));
  const double alive = static_cast<double>(moved) / (n - 1);
  return present * alive * (1 + static_cast<double>(fields) / (5 * n)) / 2;
}

WalkForward walk_forward_of(domain::AnalysisLevel level) {
  switch (level) {
    case domain::AnalysisLevel::basic:
      return {};
    case domain::AnalysisLevel::standard:
      return {.sessions = kYear / 2, .refit_every = kYear / 2};
    case domain::AnalysisLevel::full:
      return {.sessions = kYear, .refit_every = kYear / 4};
  }
  return {};
}

std::optional<domain::TrackRecord> walk_forward(const models::ModelRow& row,
                                                std::span<const domain::Bar> bars,
                                                const models::Setting& setting,
                                                const WalkForward& wanted,
                                                std::span<const models::MarketFactors> market) {
  const std::size_t sessions = std::min(wanted.sessions, bars.size() / 2);
  if (sessions < kLeastSessions) return std::nullopt;
  models::Setting next = setting;
  next.longest = 1;
  domain::TrackRecord record;
  std::unique_ptr<models::Model> model;
  for (std::size_t i = bars.size() - sessions; i < bars.size(); ++i) {
    if ((i - (bars.size() - sessions)) % wanted.refit_every == 0) {
      auto fitted = models::fit(row, bars.first(i), next, market.first(market.empty() ? 0 : i));
      if (!fitted) return std::nullopt;  // fewer bars than the model needs
      model = std::move(*fitted);
    }
    const QuantileFunction told = model->next();
    const double change =
        models::value_of(bars[i], setting.scale) - models::value_of(bars[i - 1], setting.scale);
    const double fall = told.probability_below(0);
    ++record.sessions;
    if (change >= told.at(0.05) && change <= told.at(0.95)) ++record.covered;
    if (change != 0 && fall != 0.5) {
      ++record.told;
      if ((change > 0) == (fall < 0.5)) ++record.right;
    }
    const auto factor = market.empty() ? models::MarketFactors{} : market[i];
    if (!model->update(bars[i], factor)) return std::nullopt;
  }
  return record;
}

domain::Confidence completed(domain::Confidence parts) {
  if (parts.record && parts.record->told > 0) {
    parts.historical_accuracy =
        static_cast<double>(parts.record->right) / static_cast<double>(parts.record->told);
  }
  double product = 1, count = 0;
  for (const auto& part : {parts.model_agreement, parts.data_quality, parts.regime_stability,
                           parts.historical_accuracy}) {
    if (!part) continue;
    product *= *part;
    ++count;
  }
  if (count > 0) parts.overall = std::pow(product, 1 / count);
  return parts;
}

domain::RegimeView view_of(const models::Regime& regime) {
  const std::size_t now = regime.current();
  domain::RegimeView view{.current = regime.label(now),
                          .confidence = regime.probabilities()[now],
                          .transitions = {},
                          .duration = regime.duration(),
                          .expected_duration = regime.chain().expected_duration(now)};
  for (std::size_t k = 0; k < regime.chain().states; ++k) {
    view.transitions.emplace_back(regime.label(k), regime.chain().transition[now][k]);
  }
  return view;
}

}  // namespace ara::serve
