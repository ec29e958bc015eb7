#include "registry/gate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/format.h"
#include "evaluation/panel.h"

namespace ara::registry {
namespace {

using evaluation::kCoverages;

/// One number for each date, oldest first: the mean over the symbols that have an origin there of
/// what `value` gives for an origin of a symbol.
template <class Value>
std::vector<double> by_date(std::span<const Evidence> evidence, Value value) {
  std::map<domain::Date, std::pair<double, double>> sums;
  for (const Evidence& symbol : evidence) {
    for (std::size_t i = 0; i < symbol.scores.dates.size(); ++i) {
      auto& [sum, count] = sums[symbol.scores.dates[i]];
      sum += value(symbol, i);
      count += 1;
    }
  }
  std::vector<double> means;
  for (const auto& [date, sum] : sums) means.push_back(sum.first / sum.second);
  return means;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Whether the mean of `values` lies above `limit` by more than noise explains.
bool surely_above(std::span<const double> values, double limit, int horizon) {
  std::vector<double> excess(values.begin(), values.end());
  for (double& x : excess) x -= limit;
  const double mean = mean_of(excess);
  if (!(mean > 0)) return false;
  const auto test = evaluation::diebold_mariano(excess, horizon);
  // Where all dates say the same there is no noise to explain it.
  const bool alike = std::ranges::all_of(excess, [&](double x) { return x == excess.front(); });
  return alike || test.statistic > kSure;
}

bool surely_below(std::span<const double> values, double limit, int horizon) {
  std::vector<double> turned(values.begin(), values.end());
  for (double& x : turned) x = -x;
  return surely_above(turned, -limit, horizon);
}

Check check_dates(std::span<const double> any) {
  const auto count = static_cast<double>(any.size());
  return {"dates", count, static_cast<double>(kLeastDates), any.size() >= kLeastDates,
          ara::format("it was judged on {} dates, and needs {}", any.size(), kLeastDates)};
}

Check check_finite(std::span<const Evidence> evidence) {
  std::size_t bad = 0;
  for (const Evidence& symbol : evidence) bad += symbol.shape.not_finite;
  return {"finite", static_cast<double>(bad), 0, bad == 0,
          ara::format("{} of its forecasts are not finite", bad)};
}

/// Of the origins that have one before.
Check check_moves(std::span<const Evidence> evidence) {
  double moved = 0, count = 0;
  for (const Evidence& symbol : evidence) {
    for (std::size_t i = 1; i < symbol.shape.moved.size(); ++i) {
      moved += symbol.shape.moved[i];
      ++count;
    }
  }
  const double share = count > 0 ? moved / count : 0;
  return {"moves", share, kLeastMoved, share >= kLeastMoved,
          ara::format("it is constant: {:.1f} % of its forecasts differ from the one a session "
                      "before, and {:.1f} % should",
                      100 * share, 100 * kLeastMoved)};
}

Check check_width(std::span<const double> log_width) {
  const double width = std::exp(mean_of(log_width));
  return {"width", width, kMostWidth, width <= kMostWidth,
          ara::format("it explodes: its 90 % intervals are {:.1f} times as wide as the changes of "
                      "the 250 sessions before, and {} times is the most",
                      width, kMostWidth)};
}

Check check_widest(std::span<const Evidence> evidence) {
  double widest = 0;
  for (const Evidence& symbol : evidence) {
    for (const double width : symbol.shape.log_width) widest = std::max(widest, std::exp(width));
  }
  return {"widest", widest, kMostWidest, widest <= kMostWidest,
          ara::format("it explodes: a 90 % interval was {:.1f} times as wide as the changes of the "
                      "250 sessions before, and {} times is the most",
                      widest, kMostWidest)};
}

Check check_sides(std::span<const double> below, int horizon) {
  const double share = mean_of(below);
  const bool failed = surely_above(below, 0.5 + kMostOneSided, horizon) ||
                      surely_below(below, 0.5 - kMostOneSided, horizon);
  return {"one_sided", share, kMostOneSided, !failed,
          ara::format("it is one-sided: {:.1f} % of the outcomes lay below its median, and 50 % "
                      "should, give or take {:.0f} and noise",
                      100 * share, 100 * kMostOneSided)};
}

/// Directions called rightly less those called wrongly, so 0 for a coin.
Check check_direction(std::span<const double> right, int horizon) {
  const double balance = mean_of(right);
  return {"direction", balance, 0, !surely_below(right, 0, horizon),
          ara::format("its directions are the wrong way round: {:.1f} % were right",
                      50 * (1 + balance))};
}

Check check_coverage(std::span<const Evidence> evidence, std::size_t level, int horizon) {
  const double nominal = kCoverages[level] / 100.0;
  const auto within = by_date(evidence, [&](const Evidence& symbol, std::size_t i) {
    return symbol.scores.models[0].within[i][level] / static_cast<double>(horizon);
  });
  const double slack = kSlack * std::sqrt(nominal * (1 - nominal));
  const double coverage = mean_of(within);
  const bool failed = surely_above(within, nominal + slack, horizon) ||
                      surely_below(within, nominal - slack, horizon);
  return {
      ara::format("coverage_{}", kCoverages[level]), coverage, slack, !failed,
      ara::format("it is miscalibrated: its {} % intervals held {:.1f} % of the outcomes, which "
                  "is off by more than {:.1f} points and noise",
                  kCoverages[level], 100 * coverage, 100 * slack)};
}

/// The Diebold-Mariano statistic against a peer.
Check check_crps(std::span<const double> differences, evaluation::Peer peer, int horizon) {
  const auto test = evaluation::diebold_mariano(differences, horizon);
  const std::string_view name = evaluation::kPeerNames[static_cast<std::size_t>(peer)];
  return {ara::format("crps_{}", name), test.statistic, -kSure, test.statistic >= -kSure,
          ara::format("its CRPS is {:.1f} % above that of {}, which noise does not explain "
                      "(Diebold-Mariano {:.1f})",
                      -100 * mean_of(differences), name, test.statistic)};
}

std::vector<evaluation::SymbolScores> all_scores(std::span<const Evidence> evidence) {
  std::vector<evaluation::SymbolScores> scores;
  for (const Evidence& symbol : evidence) scores.push_back(symbol.scores);
  return scores;
}

}  // namespace

std::vector<Check> judge(std::span<const Evidence> evidence, int horizon) {
  const auto shape = [&](std::vector<double> Shape::* part) {
    return by_date(evidence, [part](const Evidence& symbol, std::size_t i) {
      return (symbol.shape.*part)[i];
    });
  };
  const auto below = shape(&Shape::below);
  std::vector<Check> checks{check_dates(below), check_finite(evidence)};
  // What follows means nothing where there are no numbers.
  if (first_failed(checks) != nullptr) return checks;
  checks.push_back(check_moves(evidence));
  checks.push_back(check_width(shape(&Shape::log_width)));
  checks.push_back(check_widest(evidence));
  checks.push_back(check_sides(below, horizon));
  checks.push_back(check_direction(shape(&Shape::right), horizon));
  for (std::size_t i = 0; i < kCoverages.size(); ++i) {
    checks.push_back(check_coverage(evidence, i, horizon));
  }
  const auto scores = all_scores(evidence);
  const evaluation::Panel panel(scores, 0, domain::Date::min(), domain::Date::max());
  for (const auto peer : {evaluation::Peer::historical, evaluation::Peer::drift}) {
    checks.push_back(check_crps(panel.differences(peer), peer, horizon));
  }
  return checks;
}

Scores scores_of(std::span<const Evidence> evidence, int horizon) {
  const auto scores = all_scores(evidence);
  const auto summary = evaluation::summarise(scores, 0, horizon);
  Scores made{.symbols = evidence.size(),
              .origins = summary.origins,
              .crps = summary.crps,
              .crps_ratio = summary.ratio,
              .coverage = summary.coverage};
  for (std::size_t p = 0; p < made.dm_statistics.size(); ++p) {
    made.dm_statistics[p] = summary.test[p].statistic;
  }
  return made;
}

const Check* first_failed(std::span<const Check> checks) {
  const auto failed = std::ranges::find(checks, false, &Check::passed);
  return failed == checks.end() ? nullptr : &*failed;
}

}  // namespace ara::registry
