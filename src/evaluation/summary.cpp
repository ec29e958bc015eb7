#include "evaluation/summary.h"

#include <algorithm>
#include <cmath>

#include "evaluation/panel.h"

namespace ara::evaluation {
namespace {

constexpr std::size_t kGarch = static_cast<std::size_t>(Peer::garch_fhs);
constexpr double kPoints = 0.03;  ///< see Summary::share_covered

int year_of(domain::Date date) {
  return static_cast<int>(std::chrono::year_month_day(date).year());
}

domain::Date start_of(int year) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::January / 1);
}

SymbolRow row_of(const SymbolScores& symbol, std::size_t model, int horizon) {
  const MethodScores& own = symbol.models[model];
  SymbolRow row{.name = symbol.name,
                .origins = own.crps.size(),
                .crps = own.mean_crps(),
                .qlike_ratio = ratio_of(own.qlike, symbol.peers[kGarch].qlike),
                .direction = own.direction};
  for (std::size_t i = 0; i < kCoverages.size(); ++i) row.coverage[i] = own.coverage(i);
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
    const MethodScores& peer = symbol.peers[p];
    row.ratio[p] = ratio_of(row.crps, peer.mean_crps());
    std::vector<double> differences;
    for (std::size_t i = 0; i < own.crps.size(); ++i) {
      differences.push_back(peer.crps[i] - own.crps[i]);
    }
    row.test[p] = diebold_mariano(differences, horizon);
  }
  return row;
}

/// Part of all steps with origins in [from, to), of the model or, by `scores_of`, of a peer.
template <class ScoresOf>
PerCoverage coverage_of(std::span<const SymbolScores> symbols, ScoresOf scores_of, int horizon,
                        domain::Date from, domain::Date to) {
  PerCoverage within{};
  double steps = 0;
  for (const SymbolScores& symbol : symbols) {
    const MethodScores& scores = scores_of(symbol);
    for (std::size_t i = 0; i < symbol.dates.size(); ++i) {
      if (symbol.dates[i] < from || symbol.dates[i] >= to) continue;
      steps += horizon;
      for (std::size_t k = 0; k < within.size(); ++k) within[k] += scores.within[i][k];
    }
  }
  for (double& part : within) part /= steps;
  return within;
}

std::vector<HorizonRow> by_horizon(std::span<const SymbolScores> symbols, std::size_t model,
                                   int horizon) {
  std::vector<HorizonRow> rows;
  for (int h = 1; h <= horizon; ++h) {
    HorizonRow row{.horizon = h};
    const auto at = static_cast<std::size_t>(h - 1);
    for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
      for (const SymbolScores& symbol : symbols) {
        row.ratio[p] += ratio_of(symbol.models[model].crps_by_horizon[at],
                                 symbol.peers[p].crps_by_horizon[at]) /
                        static_cast<double>(symbols.size());
      }
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<YearRow> by_year(std::span<const SymbolScores> symbols, std::size_t model, int horizon,
                             domain::Date first, domain::Date last) {
  std::vector<YearRow> rows;
  const auto own = [&](const SymbolScores& symbol) -> const MethodScores& {
    return symbol.models[model];
  };
  for (int year = year_of(first); year <= year_of(last); ++year) {
    const domain::Date from = start_of(year);
    const domain::Date to = start_of(year + 1);
    const Panel panel(symbols, model, from, to);
    if (panel.origins() == 0) continue;
    rows.push_back({.year = year,
                    .origins = panel.origins(),
                    .ratio = panel.ratio(),
                    .interval = panel.interval(),
                    .coverage = coverage_of(symbols, own, horizon, from, to)});
  }
  return rows;
}

/// The means, sums and shares over the rows of the symbols.
void add_symbols(Summary& summary) {
  const auto count = static_cast<double>(summary.by_symbol.size());
  for (const SymbolRow& row : summary.by_symbol) {
    summary.origins += row.origins;
    summary.crps += row.crps / count;
    summary.qlike_ratio += row.qlike_ratio / count;
    summary.direction.right += row.direction.right;
    summary.direction.up += row.direction.up;
    summary.direction.count += row.direction.count;
    for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
      summary.ratio[p] += row.ratio[p] / count;
      summary.share_better[p] += row.ratio[p] < 1 ? 1 / count : 0;
    }
    for (std::size_t i = 0; i < kCoverages.size(); ++i) {
      const double miss = std::abs(row.coverage[i] - kCoverages[i] / 100.0);
      summary.share_covered[i] += miss <= kPoints ? 1 / count : 0;
    }
  }
}

}  // namespace

Summary summarise(std::span<const SymbolScores> symbols, std::size_t model, int horizon) {
  Summary summary;
  domain::Date first = domain::Date::max();
  domain::Date last = domain::Date::min();
  for (const SymbolScores& symbol : symbols) {
    first = std::min(first, symbol.dates.front());
    last = std::max(last, symbol.dates.back());
    summary.by_symbol.push_back(row_of(symbol, model, horizon));
    for (std::size_t i = 0; i < summary.ranks.size(); ++i) {
      summary.ranks[i] += symbol.models[model].ranks[i];
    }
  }
  add_symbols(summary);
  const domain::Date end = last + domain::Date::duration{1};
  const Panel panel(symbols, model, first, end);
  summary.interval = panel.interval();
  summary.coverage = coverage_of(
      symbols, [&](const auto& symbol) -> const auto& { return symbol.models[model]; }, horizon,
      first, end);
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
    summary.test[p] = diebold_mariano(panel.differences(static_cast<Peer>(p)), horizon);
    summary.peer_coverage[p] = coverage_of(
        symbols, [&](const auto& symbol) -> const auto& { return symbol.peers[p]; }, horizon, first,
        end);
  }
  summary.by_horizon = by_horizon(symbols, model, horizon);
  summary.by_year = by_year(symbols, model, horizon, first, last);
  return summary;
}

}  // namespace ara::evaluation
