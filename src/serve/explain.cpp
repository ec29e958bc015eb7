#include "serve/explain.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/format.h"
#include "domain/asset.h"

namespace ara::serve {
namespace {

using domain::Factor;
using domain::Forecast;

constexpr std::size_t kTop = 5;
constexpr std::size_t kNamed = 3;  ///< in a sentence
constexpr std::size_t kMoves = 252;

std::string number(double x) {
  return std::isfinite(x) ? ara::format("{:.6g}", x) : "out of range";
}

std::string percent(double share) {
  return ara::format("{:.0f} %", 100 * share);
}

/// A change in words: of prices in percent, else in the unit of the series.
std::string change_text(double change, domain::Scale scale) {
  if (scale == domain::Scale::level) return ara::format("{:+.4g}", change);
  const double part = 100 * std::expm1(change);
  return std::isfinite(part) ? ara::format("{:+.3g} %", part) : "out of range";
}

std::string sessions(std::size_t count) {
  return ara::format("{} session{}", count, count == 1 ? "" : "s");
}

/// Standard deviation of a session's change over the newest year, and its number of sessions.
std::pair<double, std::size_t> year_of(std::span<const domain::Bar> bars, domain::Scale scale) {
  const std::size_t n = std::min(kMoves, bars.size() - 1);
  const auto newest = bars.last(n + 1);
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i <= n; ++i) {
    const double change =
        models::value_of(newest[i], scale) - models::value_of(newest[i - 1], scale);
    sum += change;
    squares += change * change;
  }
  const double mean = sum / static_cast<double>(n);
  return {std::sqrt(std::max(0.0, squares / static_cast<double>(n) - mean * mean)), n};
}

std::vector<Factor> of_features(std::span<const models::Contribution> contributions,
                                domain::Scale scale) {
  std::vector<Factor> factors;
  for (const auto& [feature, value, contribution] : contributions) {
    factors.push_back(
        {.name = std::string(feature),
         .value = value,
         .contribution = contribution,
         .description = ara::format("{} is {} and moves the next session's median by {}", feature,
                                    std::isnan(value) ? "missing" : number(value),
                                    change_text(contribution, scale))});
  }
  return factors;
}

std::vector<Factor> of_members(const Forecast& forecast, std::span<const models::Path> members) {
  std::vector<Factor> factors;
  for (std::size_t m = 0; m < members.size(); ++m) {
    const auto& [model, weight] = forecast.components[m];
    if (!(weight > 0)) continue;
    const double median = members[m].change.back().median();
    factors.push_back(
        {.name = model,
         .value = weight,
         .contribution = weight * median,
         .description = ara::format("{} has {} of the weight; its own median is {} by {}", model,
                                    percent(weight), change_text(median, forecast.scale),
                                    domain::to_iso(forecast.days.back().date))});
  }
  return factors;
}

class Sentences {
 public:
  template <class... Args>
  void add(std::format_string<Args...> format, Args&&... args) {
    if (!text_.empty()) text_ += ' ';
    text_ += ara::format(format, std::forward<Args>(args)...);
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

void say_range(Sentences& out, const Forecast& forecast) {
  const domain::DayForecast& last = forecast.days.back();
  const domain::QuantileFunction& change = last.change;
  out.add("{} closed at {} on {}.", forecast.key.symbol.text(), number(forecast.current_price),
          domain::to_iso(forecast.as_of));
  out.add("For {}, {} later, the median is {} ({}) and the 90 % interval {} to {}.",
          domain::to_iso(last.date), sessions(forecast.days.size()),
          number(forecast.price(change.median())), change_text(change.median(), forecast.scale),
          number(forecast.price(change.at(0.05))), number(forecast.price(change.at(0.95))));
  const double half = (change.at(0.95) - change.at(0.05)) / 2;
  if (!(half > 0)) return;
  out.add(
      "A higher close has a probability of {}; the predicted change is {} of half the "
      "interval's width.",
      percent(1 - change.probability_below(0)), percent(std::abs(change.median()) / half));
}

void say_volatility(Sentences& out, const Forecast& forecast, std::span<const domain::Bar> bars) {
  const double root = std::sqrt(domain::describe(forecast.asset_type).days_per_year);
  const double ahead = forecast.days.back().volatility;
  const auto [behind, count] = year_of(bars, forecast.scale);
  if (!(behind > 0)) return;
  const bool log = forecast.scale == domain::Scale::log;
  const auto shown = [&](double volatility) {
    return log ? ara::format("{:.3g} %", 100 * volatility * root) : number(volatility * root);
  };
  out.add("The forecast's volatility is {} a year, {:.2f} times the {} of the last {}.",
          shown(ahead), ahead / behind, shown(behind), sessions(count));
}

void say_weights(Sentences& out, std::vector<domain::Component> components) {
  std::ranges::stable_sort(components, std::greater{}, &domain::Component::weight);
  std::string list;
  for (const auto& [model, weight] :
       std::span(components).first(std::min(kNamed, components.size()))) {
    if (!(weight > 0)) break;
    list += ara::format("{}{} ({})", list.empty() ? "" : ", ", model, percent(weight));
  }
  if (!list.empty()) out.add("Models by weight: {}.", list);
}

void say_features(Sentences& out, domain::Scale scale, std::span<const Factor> factors) {
  std::string list;
  for (const Factor& factor : factors.first(std::min(kNamed, factors.size()))) {
    list += ara::format("{}{} ({})", list.empty() ? "" : ", ", factor.name,
                        change_text(factor.contribution, scale));
  }
  out.add("What moves the next session's median most: {}.", list);
}

void say_regime(Sentences& out, const Forecast& forecast) {
  if (forecast.regime) {
    const domain::RegimeView& regime = *forecast.regime;
    out.add(
        "The regime is {} with a probability of {}, for {} so far; its stays last {:.3g} "
        "sessions on average.",
        regime.current, percent(regime.confidence), sessions(regime.duration),
        regime.expected_duration);
  }
  if (const auto& record = forecast.confidence.record) {
    out.add(
        "Walked forward over the last {}, 90 % intervals held {} and the stated direction came "
        "in {} of {}.",
        sessions(record->sessions), record->covered, record->right, record->told);
  }
}

}  // namespace

domain::Explanation explain(const Forecast& forecast, const models::Model& model,
                            std::span<const models::Path> members,
                            std::span<const domain::Bar> bars) {
  const auto contributions = model.contributions();
  domain::Explanation made;
  Sentences text;
  say_range(text, forecast);
  say_volatility(text, forecast, bars);
  if (contributions.empty()) {
    made.top_factors = of_members(forecast, members);
    for (const auto& [name, weight] : forecast.components)
      made.importance.emplace_back(name, weight);
  } else {
    made.top_factors = of_features(contributions, forecast.scale);
    double sum = 0;
    for (const Factor& factor : made.top_factors) sum += std::abs(factor.contribution);
    for (const Factor& factor : made.top_factors) {
      const double share = sum > 0 ? std::abs(factor.contribution) / sum : 0;
      made.importance.emplace_back(factor.name, share);
    }
  }
  std::ranges::stable_sort(made.top_factors, std::greater{},
                           [](const Factor& factor) { return std::abs(factor.contribution); });
  if (contributions.empty() || forecast.components.size() > 1) {
    say_weights(text, forecast.components);
  }
  if (!contributions.empty()) say_features(text, forecast.scale, made.top_factors);
  say_regime(text, forecast);
  made.natural_language = std::move(text).take();
  made.top_factors.resize(std::min(kTop, made.top_factors.size()));
  return made;
}

}  // namespace ara::serve
