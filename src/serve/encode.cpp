#include "serve/encode.h"

#include <yyjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/asset.h"

namespace ara::serve {
namespace {

using domain::DayForecast;
using domain::Forecast;

/// The levels shown on the wire, in percent; `lower_bound` and `upper_bound` are 5 and 95.
constexpr std::array<std::pair<const char*, double>, 9> kWireLevels{{{"2.5", 0.025},
                                                                     {"5", 0.05},
                                                                     {"10", 0.1},
                                                                     {"25", 0.25},
                                                                     {"50", 0.5},
                                                                     {"75", 0.75},
                                                                     {"90", 0.9},
                                                                     {"95", 0.95},
                                                                     {"97.5", 0.975}}};

/// A JSON object being built; a thin veil over yyjson's mutable document.
class Object {
 public:
  Object(yyjson_mut_doc* doc, yyjson_mut_val* value) : doc_(doc), value_(value) {}

  void text(const char* name, std::string_view value) {
    yyjson_mut_obj_add_strncpy(doc_, value_, name, value.data(), value.size());
  }
  void integer(const char* name, std::int64_t value) {
    yyjson_mut_obj_add_int(doc_, value_, name, value);
  }
  void null(const char* name) { yyjson_mut_obj_add_null(doc_, value_, name); }
  /// Ten significant digits, the stated precision of the wire; null for what is not finite.
  void number(std::string_view name, double value) {
    yyjson_mut_obj_add(value_, yyjson_mut_strncpy(doc_, name.data(), name.size()), digits(value));
  }
  Object object(const char* name) { return {doc_, yyjson_mut_obj_add_obj(doc_, value_, name)}; }
  /// The same, or null.
  void maybe(const char* name, std::optional<double> value) {
    value ? number(std::string_view(name), *value) : null(name);
  }
  yyjson_mut_val* array(const char* name) { return yyjson_mut_obj_add_arr(doc_, value_, name); }
  /// An object at the end of one of its arrays.
  Object element(yyjson_mut_val* array) { return {doc_, yyjson_mut_arr_add_obj(doc_, array)}; }
  /// The names of the members that are null.
  void nulls(std::string_view prefix, std::vector<std::string>& names) const {
    std::size_t index = 0, count = 0;
    yyjson_mut_val *key = nullptr, *member = nullptr;
    yyjson_mut_obj_foreach(value_, index, count, key, member) {
      if (yyjson_mut_is_null(member)) {
        names.push_back(std::string(prefix) + "." + yyjson_mut_get_str(key));
      }
    }
  }
  void texts(const char* name, const std::vector<std::string>& values) {
    yyjson_mut_val* list = array(name);
    for (const std::string& value : values) {
      yyjson_mut_arr_add_strncpy(doc_, list, value.data(), value.size());
    }
  }

 private:
  yyjson_mut_val* digits(double value) {
    if (!std::isfinite(value)) return yyjson_mut_null(doc_);
    std::array<char, 32> text;
    // Adding zero turns -0 into 0, which is what a reader expects to see.
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value + 0.0,
                                   std::chars_format::general, 10);
    return yyjson_mut_rawncpy(doc_, text.data(), static_cast<std::size_t>(end.ptr - text.data()));
  }

  yyjson_mut_doc* doc_;
  yyjson_mut_val* value_;
};

void add_day(Object day, const Forecast& forecast, std::size_t index) {
  const DayForecast& made = forecast.days[index];
  const double predicted = forecast.price(made.change.median());
  const double rise = 1 - made.change.probability_below(0);
  day.integer("day", static_cast<std::int64_t>(index) + 1);
  day.text("date", domain::to_iso(made.date));
  day.number("predicted_price", predicted);
  // A percentage of the last close has no meaning where that may be zero or negative.
  day.number("predicted_return", forecast.current_price > 0
                                     ? 100 * (predicted / forecast.current_price - 1)
                                     : std::nan(""));
  day.number("confidence", std::max(rise, 1 - rise));
  day.number("lower_bound", forecast.price(made.change.at(0.05)));
  day.number("upper_bound", forecast.price(made.change.at(0.95)));
  Object quantiles = day.object("quantiles");
  for (const auto& [name, level] : kWireLevels) {
    quantiles.number(name, forecast.price(made.change.at(level)));
  }
  day.number("probability_of_rise", rise);
  day.number("volatility",
             made.volatility * std::sqrt(domain::describe(forecast.asset_type).days_per_year));
}

void add_confidence(Object object, const domain::Confidence& confidence) {
  object.maybe("overall", confidence.overall);
  object.maybe("model_agreement", confidence.model_agreement);
  object.maybe("data_quality", confidence.data_quality);
  object.maybe("regime_stability", confidence.regime_stability);
  object.maybe("historical_accuracy", confidence.historical_accuracy);
  if (!confidence.record) {
    object.null("historical_count");
    object.null("historical_coverage_90");
    return;
  }
  const domain::TrackRecord& record = *confidence.record;
  object.integer("historical_count", static_cast<std::int64_t>(record.told));
  object.number("historical_coverage_90",
                static_cast<double>(record.covered) / static_cast<double>(record.sessions));
}

void add_regime(Object object, const std::optional<domain::RegimeView>& regime) {
  if (!regime) {
    for (const char* member : {"current_regime", "confidence", "transition_probabilities",
                               "duration_in_regime", "expected_duration"}) {
      object.null(member);
    }
    return;
  }
  object.text("current_regime", regime->current);
  object.number("confidence", regime->confidence);
  Object transitions = object.object("transition_probabilities");
  for (const auto& [name, probability] : regime->transitions) {
    transitions.number(std::string_view(name), probability);
  }
  object.integer("duration_in_regime", static_cast<std::int64_t>(regime->duration));
  object.number("expected_duration", regime->expected_duration);
}

void add_explanation(Object object, const domain::Explanation& explanation) {
  yyjson_mut_val* factors = object.array("top_factors");
  for (const domain::Factor& factor : explanation.top_factors) {
    Object one = object.element(factors);
    one.text("name", factor.name);
    one.number("value", factor.value);
    one.number("contribution", factor.contribution);
    one.text("description", factor.description);
  }
  Object importance = object.object("feature_importance");
  for (const auto& [name, share] : explanation.importance) {
    importance.number(std::string_view(name), share);
  }
  object.text("natural_language", explanation.natural_language);
}

/// How far to trust the forecast and why it is as it is; what is not known is null, and named.
void add_insight(Object& root, const Forecast& forecast) {
  std::vector<std::string> unavailable;
  Object confidence = root.object("confidence");
  add_confidence(confidence, forecast.confidence);
  confidence.nulls("confidence", unavailable);
  if (forecast.explanation) {
    add_explanation(root.object("explanations"), *forecast.explanation);
  } else {
    root.null("explanations");  // not asked for, so not missing either
  }
  Object regime = root.object("regime");
  add_regime(regime, forecast.regime);
  regime.nulls("regime", unavailable);
  root.texts("unavailable", unavailable);
}

}  // namespace

std::string encode(const Forecast& forecast) {
  const std::unique_ptr<yyjson_mut_doc, decltype(&yyjson_mut_doc_free)> owner(
      yyjson_mut_doc_new(nullptr), &yyjson_mut_doc_free);
  yyjson_mut_doc* doc = owner.get();
  yyjson_mut_val* top = yyjson_mut_obj(doc);
  yyjson_mut_doc_set_root(doc, top);
  Object root(doc, top);
  root.text("id", to_hex(forecast.key.id()));
  root.text("symbol", forecast.key.symbol.text());
  root.text("asset_type", domain::describe(forecast.asset_type).name);
  root.number("current_price", forecast.current_price);
  root.text("scale", forecast.scale == domain::Scale::log ? "log" : "level");
  root.text("as_of", domain::to_iso(forecast.as_of));
  yyjson_mut_val* days = root.array("predictions");
  for (std::size_t i = 0; i < forecast.days.size(); ++i) {
    add_day(Object(doc, yyjson_mut_arr_add_obj(doc, days)), forecast, i);
  }
  add_insight(root, forecast);
  Object weights = root.object("model_weights");
  for (const domain::Component& part : forecast.components) {
    weights.number(part.model, part.weight);
  }
  root.text("revision", domain::to_string(forecast.key.revision));
  root.integer("observations", static_cast<std::int64_t>(forecast.observations));
  root.text("analysis_level", domain::to_string(forecast.key.level));
  root.text("model_version", forecast.key.model_version);

  std::size_t length = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, &length), &std::free);
  return {text.get(), length};
}

std::string with_response_fields(std::string_view body, std::string_view request_id,
                                 std::string_view timestamp) {
  std::string out;
  out.reserve(body.size() + request_id.size() + timestamp.size() + 40);
  out += body.substr(0, body.size() - 1);
  out += ",\"timestamp\":\"";
  out += timestamp;
  out += "\",\"request_id\":\"";
  for (char c : request_id) {  // printable ASCII by the request-id middleware
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += "\"}";
  return out;
}

}  // namespace ara::serve
