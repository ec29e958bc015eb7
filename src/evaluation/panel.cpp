#include "evaluation/panel.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ara::evaluation {
namespace {

std::vector<domain::Date> dates_of(std::span<const SymbolScores> symbols, domain::Date from,
                                   domain::Date to) {
  std::vector<domain::Date> dates;
  for (const SymbolScores& symbol : symbols) {
    for (domain::Date date : symbol.dates) {
      if (date >= from && date < to) dates.push_back(date);
    }
  }
  std::ranges::sort(dates);
  dates.erase(std::ranges::unique(dates).begin(), dates.end());
  return dates;
}

}  // namespace

double ratio_of(double a, double b) {
  if (b > 0) return a / b;
  return a > 0 ? std::numeric_limits<double>::infinity() : 1;
}

Panel::Panel(std::span<const SymbolScores> symbols, std::size_t model, domain::Date from,
             domain::Date to)
    : symbols_(symbols.size()) {
  const auto dates = dates_of(symbols, from, to);
  dates_ = dates.size();
  losses_.resize(dates_ * symbols_);
  present_.resize(losses_.size(), 0);
  for (std::size_t s = 0; s < symbols_; ++s) {
    const SymbolScores& symbol = symbols[s];
    std::size_t d = 0;
    for (std::size_t i = 0; i < symbol.dates.size(); ++i) {
      if (symbol.dates[i] < from || symbol.dates[i] >= to) continue;
      while (dates[d] != symbol.dates[i]) ++d;
      Losses& losses = losses_[d * symbols_ + s];
      losses.model = symbol.models[model].crps[i];
      for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
        losses.peers[p] = symbol.peers[p].crps[i];
      }
      present_[d * symbols_ + s] = 1;
      ++origins_;
    }
  }
}

PerPeer<double> Panel::ratio_of(std::span<const Losses> sums) const {
  PerPeer<double> mean{};
  PerPeer<double> count{};
  for (const Losses& sum : sums) {
    for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
      if (sum.peers[p] <= 0) continue;
      mean[p] += sum.model / sum.peers[p];
      ++count[p];
    }
  }
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
    mean[p] = count[p] > 0 ? mean[p] / count[p] : 1;
  }
  return mean;
}

PerPeer<double> Panel::ratio() const {
  std::vector<Losses> sums(symbols_);
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    Losses& sum = sums[i % symbols_];
    sum.model += losses_[i].model;
    for (std::size_t p = 0; p < kPeerNames.size(); ++p) sum.peers[p] += losses_[i].peers[p];
  }
  return ratio_of(sums);
}

PerPeer<Interval> Panel::interval() const {
  PerPeer<std::vector<double>> draws;
  std::vector<Losses> sums(symbols_);
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    const auto counts = bootstrap_counts(dates_, kMeanBlock, draw);
    sums.assign(symbols_, {});
    for (std::size_t d = 0; d < dates_; ++d) {
      if (counts[d] == 0) continue;
      const double times = counts[d];
      for (std::size_t s = 0; s < symbols_; ++s) {
        const Losses& losses = losses_[d * symbols_ + s];
        sums[s].model += times * losses.model;
        for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
          sums[s].peers[p] += times * losses.peers[p];
        }
      }
    }
    const auto ratio = ratio_of(sums);
    for (std::size_t p = 0; p < kPeerNames.size(); ++p) draws[p].push_back(ratio[p]);
  }
  PerPeer<Interval> intervals;
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
    intervals[p] = percentile_interval(std::move(draws[p]), 0.95);
  }
  return intervals;
}

std::vector<double> Panel::differences(Peer peer) const {
  const auto p = static_cast<std::size_t>(peer);
  std::vector<double> mean(symbols_, 0);
  std::vector<double> count(symbols_, 0);
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    mean[i % symbols_] += losses_[i].peers[p];
    count[i % symbols_] += present_[i];
  }
  for (std::size_t s = 0; s < symbols_; ++s) mean[s] = count[s] > 0 ? mean[s] / count[s] : 0;
  std::vector<double> differences;
  for (std::size_t d = 0; d < dates_; ++d) {
    double sum = 0;
    double symbols = 0;
    for (std::size_t s = 0; s < symbols_; ++s) {
      const std::size_t i = d * symbols_ + s;
      if (!present_[i] || mean[s] <= 0) continue;
      sum += (losses_[i].peers[p] - losses_[i].model) / mean[s];
      ++symbols;
    }
    if (symbols > 0) differences.push_back(sum / symbols);
  }
  return differences;
}

}  // namespace ara::evaluation
