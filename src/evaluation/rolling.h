#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/distribution.h"
#include "models/model.h"

/// Rolling-origin evaluation of one symbol: at each of the last origins the distributions of the
/// next sessions' changes are forecast from the bars up to there, and scored by what came.
namespace ara::evaluation {

inline constexpr std::size_t kRefit = 20;         ///< bars between fits, counted from the first
inline constexpr std::size_t kFirstOrigin = 500;  ///< bars that an origin has behind it, at least
inline constexpr std::size_t kHistoricalDays = 250;  ///< of the historical distribution
inline constexpr std::size_t kGarchReturns =
    1500;  ///< newest returns that the GARCH peer is fitted on

/// A series to evaluate on, with what is known of its market at each bar (or nothing).
struct Symbol {
  std::string name;
  domain::AssetType asset_type = domain::AssetType::stock;
  std::vector<domain::Bar> bars;
  std::vector<models::MarketFactors> market;
};

/// Completes the setting of each fit; `until` is the time of the last bar that may be used.
using SettingAt = std::function<models::Setting(models::Setting setting, domain::Time until)>;

struct RollOptions {
  int horizon = 5;          ///< sessions ahead, all of 1 to this are scored
  std::size_t last = 250;   ///< origins, the newest for which all outcomes are known
  std::size_t history = 0;  ///< newest bars that a fit of the evaluated model sees
};

/// Directions that were called: those of changes other than 0.
struct Direction {
  std::size_t right = 0;  ///< the median had the sign of the change
  std::size_t up = 0;     ///< the change was a rise
  std::size_t count = 0;
};

/// The scores of one method on one symbol. A step is an origin and one of its horizons.
struct MethodScores {
  std::vector<double> crps;             ///< by origin: mean over its horizons
  std::vector<double> crps_by_horizon;  ///< mean over origins
  /// By origin: steps within the intervals of kCoverages.
  std::vector<std::array<std::uint16_t, kCoverages.size()>> within;
  std::array<std::uint64_t, kLevels + 1> ranks{};  ///< steps by rank_of
  double qlike = 0;  ///< mean, over the steps in which the close moved
  Direction direction;

  double mean_crps() const;
  /// Part of the steps within the interval kCoverages[i].
  double coverage(std::size_t i) const;
};

/// One step of a walk: what a method said of it, and what came.
struct Step {
  std::size_t origin = 0;   ///< counted from the first
  std::size_t horizon = 1;  ///< sessions ahead
  const Quantiles& forecast;
  double change = 0;  ///< that came about
};
/// Sees each step of a walk as it is scored, in order; may be empty.
using Watch = std::function<void(const Step&)>;

/// The methods that every model is measured against.
enum class Peer { drift, historical, garch_fhs };
inline constexpr std::array<std::string_view, 3> kPeerNames{"drift", "historical", "garch_fhs"};

/// What one symbol is scored on: the values on its scale (the logarithm if every close is positive,
/// so that changes are log returns; else the close), and which bars are origins.
class Roll {
 public:
  /// The last `options.last` origins, those with at least kFirstOrigin bars up to them, fewer if
  /// there are not so many. Code::invalid on field "bars" where there is none. `symbol` and
  /// `options` outlive the roll.
  static Result<Roll> make(const Symbol& symbol, const RollOptions& options);

  std::size_t origins() const { return last_ - first_ + 1; }
  domain::Date date(std::size_t origin) const;
  domain::Scale scale() const { return scale_; }

  /// Fits on the newest `options.history` bars whenever the count of bars is a multiple of kRefit,
  /// updates in between, and so forecasts at each origin what a service would.
  Result<MethodScores> model(const models::ModelRow& row, const SettingAt& setting_at = {},
                             const Watch& watch = {}) const;

  /// Peers see no market. drift: the catalog's random walk with drift, fitted as `model` is.
  /// historical: of the h-step changes that end on the newest 250 bars, the empirical quantiles and
  /// the standard deviation. garch_fhs: the catalog's GARCH(1,1)-t with filtered historical
  /// simulation on the newest 1,500 returns, refitted as `model` is.
  Result<MethodScores> peer(Peer peer, const Watch& watch = {}) const;

 private:
  Roll(const Symbol& symbol, const RollOptions& options) : symbol_(&symbol), options_(&options) {}

  struct FitOn {
    std::size_t history = 0;
    std::span<const models::MarketFactors> market;
    SettingAt setting_at;
  };
  Result<MethodScores> roll(const models::ModelRow& row, const FitOn& on, const Watch& watch) const;
  MethodScores historical(const Watch& watch) const;

  const Symbol* symbol_;
  const RollOptions* options_;
  domain::Scale scale_ = domain::Scale::log;
  std::vector<double> values_;          ///< value_of each bar
  std::vector<std::uint64_t> content_;  ///< content hash of the bars up to each
  std::size_t first_ = 0;               ///< index of the bar that is the first origin
  std::size_t last_ = 0;
};

}  // namespace ara::evaluation
