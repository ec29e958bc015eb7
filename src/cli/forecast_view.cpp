#include "cli/forecast_view.h"

#include <yyjson.h>

#include <memory>

namespace ara::cli {
namespace {

/// Reads members of one object; the first that is missing or of another type is remembered.
class Members {
 public:
  Members(yyjson_val* object, std::string& missing) : object_(object), missing_(missing) {
    if (!yyjson_is_obj(object)) note("object");
  }

  std::string text(const char* name) {
    yyjson_val* value = yyjson_obj_get(object_, name);
    if (!yyjson_is_str(value)) return note(name), "";
    return {yyjson_get_str(value), yyjson_get_len(value)};
  }
  double number(const char* name) {
    yyjson_val* value = yyjson_obj_get(object_, name);
    if (!yyjson_is_num(value)) return note(name), 0;
    return yyjson_get_num(value);
  }
  std::optional<double> optional_number(const char* name) {
    yyjson_val* value = yyjson_obj_get(object_, name);
    if (yyjson_is_null(value)) return std::nullopt;
    return number(name);
  }
  yyjson_val* get(const char* name) { return yyjson_obj_get(object_, name); }

 private:
  void note(const char* name) {
    if (missing_.empty()) missing_ = name;
  }

  yyjson_val* object_;
  std::string& missing_;
};

DayView read_day(yyjson_val* value, std::string& missing) {
  Members day(value, missing);
  DayView view;
  view.date = day.text("date");
  view.predicted_price = day.number("predicted_price");
  view.predicted_return = day.optional_number("predicted_return");
  view.lower = day.number("lower_bound");
  view.upper = day.number("upper_bound");
  view.probability_of_rise = day.number("probability_of_rise");
  view.volatility = day.number("volatility");
  Members quantiles(day.get("quantiles"), missing);
  for (std::size_t i = 0; i < view.quantiles.size(); ++i) {
    view.quantiles[i] = quantiles.number(DayView::kLevels[i]);
  }
  return view;
}

}  // namespace

Result<ForecastView> read_forecast(std::string_view body) {
  const std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)> doc(
      yyjson_read(body.data(), body.size(), YYJSON_READ_NOFLAG), &yyjson_doc_free);
  if (!doc) return fail(Code::internal, "The forecast is not JSON");
  std::string missing;
  Members root(yyjson_doc_get_root(doc.get()), missing);
  ForecastView view;
  view.symbol = root.text("symbol");
  view.asset_type = root.text("asset_type");
  view.current_price = root.number("current_price");
  view.logarithmic = root.text("scale") == "log";
  view.as_of = root.text("as_of");
  view.model_version = root.text("model_version");
  view.observations = static_cast<long long>(root.number("observations"));
  std::size_t index = 0, count = 0;
  yyjson_val* item = nullptr;
  if (yyjson_val* const days = root.get("predictions")) {  // the library steps on from what it gets
    yyjson_arr_foreach(days, index, count, item) view.days.push_back(read_day(item, missing));
  }
  yyjson_val* key = nullptr;
  if (yyjson_val* const weights = root.get("model_weights")) {
    yyjson_obj_foreach(weights, index, count, key, item) {
      view.weights.emplace_back(yyjson_get_str(key), yyjson_get_num(item));
    }
  }
  if (view.days.empty() && missing.empty()) missing = "predictions";
  if (!missing.empty()) return fail(Code::internal, "The forecast lacks '" + missing + "'");
  return view;
}

}  // namespace ara::cli
