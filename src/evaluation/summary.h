#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "evaluation/inference.h"
#include "evaluation/rolling.h"

/// What the scores of many symbols say together.
namespace ara::evaluation {

/// Of all methods on one symbol.
struct SymbolScores {
  std::string name;
  std::vector<domain::Date> dates;  ///< of the origins, ascending
  std::array<MethodScores, kPeerNames.size()> peers;
  std::vector<MethodScores> models;  ///< one for each model evaluated
};

/// One value for each of Peer.
template <class T>
using PerPeer = std::array<T, kPeerNames.size()>;
/// One value for each of kCoverages.
using PerCoverage = std::array<double, kCoverages.size()>;

struct SymbolRow {
  std::string name;
  std::size_t origins = 0;
  double crps = 0;
  PerPeer<double> ratio{};  ///< of the mean CRPS
  PerPeer<DieboldMariano> test{};
  PerCoverage coverage{};
  double qlike_ratio = 0;  ///< to GARCH
  Direction direction;
};

struct HorizonRow {
  int horizon = 0;
  PerPeer<double> ratio{};
};

struct YearRow {
  int year = 0;  ///< of the origins
  std::size_t origins = 0;
  PerPeer<double> ratio{};
  PerPeer<Interval> interval{};
  PerCoverage coverage{};
};

/// Ratios are means over symbols of a model's loss over a peer's; below 1 is better.
struct Summary {
  std::size_t origins = 0;  ///< summed over symbols
  double crps = 0;          ///< mean over symbols
  PerPeer<double> ratio{};
  PerPeer<Interval> interval{};    ///< of `ratio`: 95 %, by block bootstrap over dates
  PerPeer<double> share_better{};  ///< of symbols with a ratio below 1
  /// On the losses' differences relative to the peer's mean loss of the symbol, averaged over the
  /// symbols of each date, so that symbols that move together count once.
  PerPeer<DieboldMariano> test{};
  PerPeer<PerCoverage> peer_coverage{};
  PerCoverage coverage{};       ///< of all steps
  PerCoverage share_covered{};  ///< symbols whose coverage is within 3 points
  double qlike_ratio = 0;
  Direction direction;
  std::array<std::uint64_t, kLevels + 1> ranks{};
  std::vector<HorizonRow> by_horizon;
  std::vector<YearRow> by_year;
  std::vector<SymbolRow> by_symbol;
};

inline constexpr double kMeanBlock = 20;     ///< sessions in a block of the bootstrap
inline constexpr std::size_t kDraws = 1000;  ///< of the bootstrap

/// Of the model with that index; `symbols` is not empty.
Summary summarise(std::span<const SymbolScores> symbols, std::size_t model, int horizon);

}  // namespace ara::evaluation
