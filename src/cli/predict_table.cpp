#include "cli/predict_table.h"

#include <algorithm>
#include <chrono>

#include "base/format.h"
#include "cli/chart.h"
#include "cli/table.h"
#include "domain/date.h"

namespace ara::cli {
namespace {

/// "Fri 2021-12-31".
std::string with_weekday(const std::string& iso) {
  static constexpr std::array<const char*, 7> kNames{"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  const auto date = domain::parse_iso_date(iso);
  if (!date) return iso;
  return std::string(kNames[std::chrono::weekday(*date).c_encoding()]) + " " + iso;
}

int decimals_of(const ForecastView& forecast) {
  return decimals_for(forecast.days.front().upper - forecast.days.front().lower);
}

std::string interval(double low, double high, int decimals) {
  return ara::format("{:.{}f} – {:.{}f}", low, decimals, high, decimals);
}

}  // namespace

std::string headline(const ForecastView& forecast, bool colour) {
  return ara::format("{} · {} · last close {:.{}f} on {}\n", paint(forecast.symbol, "1", colour),
                     forecast.asset_type, forecast.current_price, decimals_of(forecast),
                     with_weekday(forecast.as_of));
}

std::string table(const ForecastView& forecast, bool colour) {
  using enum Table::Align;
  Table table({{"Date"},
               {"Price", right},
               {"Return", right},
               {"90 % interval", right},
               {"50 % interval", right},
               {"Rise", right},
               {"Volatility", right}});
  const int decimals = decimals_of(forecast);
  for (const DayView& day : forecast.days) {
    table.add({{with_weekday(day.date)},
               {ara::format("{:.{}f}", day.predicted_price, decimals), "1"},
               {day.predicted_return ? ara::format("{:+.2f} %", *day.predicted_return) : "–"},
               {interval(day.lower, day.upper, decimals)},
               {interval(day.quantiles[2], day.quantiles[4], decimals)},
               {ara::format("{:.1f} %", 100 * day.probability_of_rise),
                day.probability_of_rise >= 0.5 ? "32" : "31"},
               {forecast.logarithmic ? ara::format("{:.1f} %", 100 * day.volatility)
                                     : ara::format("{:.{}f}", day.volatility, decimals)}});
  }
  return table.render(colour);
}

std::string footnote(const ForecastView& forecast, const Look& look) {
  std::string text = ara::format(
      "Price is the median, Rise the probability of a close above the "
      "last one, Volatility a year's. Model {}, made from {} bars",
      forecast.model_version, forecast.observations);
  std::string parts;
  for (const auto& [name, weight] : forecast.weights) {
    parts += ara::format("{}{} {:.0f} %", parts.empty() ? ": " : ", ", name, 100 * weight);
  }
  text += parts + ".";
  const auto width = static_cast<std::size_t>(std::clamp(look.width, 40, 100));
  return paint(wrap(text, width), "2", look.colour) + "\n";
}

}  // namespace ara::cli
