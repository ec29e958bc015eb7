#include "features/reading.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace ara::features {
namespace {

/// Signals below `low` and above `high`, and the one from `low` to `high`.
struct Rule {
  std::string_view feature;
  double low, high;
  Signal below, above, between;
  std::string_view source = {};
};

constexpr Rule follow(std::string_view feature, double beyond = 0, std::string_view source = {}) {
  return {feature, -beyond, beyond, Signal::bearish, Signal::bullish, Signal::neutral, source};
}
constexpr Rule revert(std::string_view feature, double low, double high,
                      std::string_view source = {}) {
  return {feature, low, high, Signal::bullish, Signal::bearish, Signal::neutral, source};
}
constexpr Rule size(std::string_view feature, double low, double high,
                    std::string_view source = {}) {
  return {feature, low, high, Signal::low, Signal::high, Signal::normal, source};
}

constexpr std::array kRules{
    follow("close_vs_sma_5"),
    follow("close_vs_ema_5"),
    follow("close_vs_sma_10"),
    follow("close_vs_ema_10"),
    follow("close_vs_sma_20"),
    follow("close_vs_ema_20"),
    follow("close_vs_sma_50"),
    follow("close_vs_ema_50"),
    follow("close_vs_sma_200", 0, "Brock, Lakonishok and LeBaron 1992"),
    follow("close_vs_ema_200"),
    follow("macd", 0, "Appel 2005"),
    follow("macd_signal", 0, "Appel 2005"),
    follow("macd_hist", 0, "Appel 2005"),
    size("adx", 20, 25, "Wilder 1978: the strength of a trend up or down"),
    revert("zscore_20", -2, 2),
    Rule{"dist_from_high", -0.2, -0.05, Signal::bearish, Signal::bullish, Signal::neutral,
         "a bear market is 20 % below its high; George and Hwang 2004"},
    revert("rsi", 30, 70, "Wilder 1978"),
    revert("rsi_fast", 30, 70, "Wilder 1978"),
    revert("stoch_rsi", 0.2, 0.8, "Chande and Kroll 1994"),
    follow("roc"),
    revert("williams_r", -80, -20, "Williams 1979"),
    revert("stoch_k", 20, 80, "Lane 1984"),
    revert("stoch_d", 20, 80, "Lane 1984"),
    follow("cci", 100, "Lambert 1980"),
    revert("bb_pct", 0, 1, "Bollinger 2001"),
    Rule{"kc_pct", 0, 1, Signal::bearish, Signal::bullish, Signal::neutral,
         "Keltner 1960: a close outside the channel begins a trend"},
    size("vol_regime", -0.2, 0.25, "the month against its last 100 sessions"),
    size("volume_trend", -0.2, 0.2),
    size("volume_ratio", 0.5, 1.5),
    follow("obv_norm", 1, "Granville 1963"),
};

const Feature& feature_named(std::string_view name) {
  return *std::ranges::find(table(), name, &Feature::name);
}

Signal apply(const Rule& rule, double value) {
  if (value < rule.low) return rule.below;
  return value > rule.high ? rule.above : rule.between;
}

std::string describe(const Feature& feature, const Rule& rule) {
  std::string text = ara::format("{}; {} below {}, {} above {}", feature.definition,
                                 to_string(rule.below), rule.low, to_string(rule.above), rule.high);
  if (!rule.source.empty()) text += ara::format(" ({})", rule.source);
  return text;
}

/// The two directional lines say together which side leads (Wilder 1978).
void read_directional(const Values& values, std::vector<Reading>& readings) {
  const auto index = [](std::string_view name) {
    return static_cast<std::size_t>(&feature_named(name) - table().data());
  };
  const std::size_t plus = index("plus_di"), minus = index("minus_di");
  if (std::isnan(values[plus] + values[minus])) return;
  Signal signal = values[plus] > values[minus] ? Signal::bullish : Signal::bearish;
  if (values[plus] == values[minus]) signal = Signal::neutral;
  for (const std::size_t i : {plus, minus}) {
    readings[i].signal = signal;
    readings[i].description += "; bullish where plus_di is above minus_di (Wilder 1978)";
  }
}

}  // namespace

std::string_view to_string(Signal signal) {
  switch (signal) {
    case Signal::bullish:
      return "bullish";
    case Signal::bearish:
      return "bearish";
    case Signal::neutral:
      return "neutral";
    case Signal::high:
      return "high";
    case Signal::low:
      return "low";
    case Signal::normal:
      return "normal";
    case Signal::none:
      return "none";
  }
  return {};
}

std::vector<Reading> read(const Values& values) {
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < kFeatures; ++i) {
    const Feature& feature = table()[i];
    readings.push_back({&feature, values[i], Signal::none, std::string(feature.definition)});
    const auto rule = std::ranges::find(kRules, feature.name, &Rule::feature);
    if (rule == kRules.end()) continue;
    readings[i].description = describe(feature, *rule);
    if (!std::isnan(values[i])) readings[i].signal = apply(*rule, values[i]);
  }
  read_directional(values, readings);
  return readings;
}

}  // namespace ara::features
