#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "domain/insight.h"
#include "domain/quantile_function.h"
#include "domain/series.h"

namespace ara::domain {

/// How much is computed. The wire also takes the aliases quick and comprehensive.
enum class AnalysisLevel { basic, standard, full };
std::string_view to_string(AnalysisLevel level);
Result<AnalysisLevel> parse_analysis_level(std::string_view name);

/// The scale a series is modelled on: prices by their logarithm, series that may be zero or
/// negative as they are.
enum class Scale { log, level };

/// Everything that determines a forecast's bytes; nothing else may influence them.
struct ForecastKey {
  Symbol symbol;
  int horizon = 5;  ///< sessions, 1 to kMaxHorizon
  AnalysisLevel level = AnalysisLevel::standard;
  bool explanations = true;
  std::string model_version;
  std::uint32_t encoding_version = 0;
  Revision revision;
  std::uint64_t market_revision = 0;  ///< 0: no model here uses a market factor

  static constexpr int kMaxHorizon = 30;
  static constexpr int kDefaultHorizon = 5;

  /// The hash of all fields; the forecast's id, its ETag and its cache key.
  Hash128 id() const;
};

/// The forecast of one session.
struct DayForecast {
  Date date;
  QuantileFunction
      change;  ///< of the last value to this day's: log return, or difference on Scale::level
  double volatility = 0;  ///< standard deviation of `change` per square root of a session
};

/// A component of a combination and the weight it had.
struct Component {
  std::string model;
  double weight = 0;
};

struct Forecast {
  ForecastKey key;
  AssetType asset_type = AssetType::stock;
  Scale scale = Scale::log;
  double current_price = 0;      ///< last close, not adjusted
  Date as_of{};                  ///< session of the last bar
  std::size_t observations = 0;  ///< bars that the models saw
  std::vector<Component> components;
  std::vector<DayForecast> days;
  Confidence confidence;
  std::optional<RegimeView> regime;        ///< absent where not computed, or there is none
  std::optional<Explanation> explanation;  ///< where it was asked for

  /// `change` as a price that continues current_price.
  double price(double change) const;
};

}  // namespace ara::domain
