#include "http/forecast_schemas.h"

namespace ara::http {
namespace {

constexpr std::string_view kForecast = R"json({
  "type": "object",
  "description": "A distribution for each coming session. What is not computed is null and named in `unavailable`.",
  "required": ["id", "symbol", "asset_type", "current_price", "scale", "as_of", "predictions",
               "confidence", "explanations", "regime", "unavailable", "model_weights", "revision",
               "observations", "analysis_level", "model_version"],
  "properties": {
    "id": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Names these bytes; also the entity tag"},
    "symbol": {"type": "string"},
    "asset_type": {"type": "string"},
    "current_price": {"type": "number", "description": "The last close, not adjusted"},
    "scale": {"type": "string", "enum": ["log", "level"], "description": "What is modelled: log returns, or differences of a series that may be zero or negative"},
    "as_of": {"type": "string", "format": "date", "description": "Session of the last bar"},
    "predictions": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Day"}},
    "confidence": {"$ref": "#/components/schemas/Confidence"},
    "explanations": {"anyOf": [{"$ref": "#/components/schemas/Explanations"}, {"type": "null"}]},
    "regime": {"$ref": "#/components/schemas/Regime"},
    "unavailable": {"type": "array", "items": {"type": "string"}, "description": "Members of confidence and regime that are null: not computed at this analysis level, or without meaning for this series"},
    "model_weights": {"type": "object", "additionalProperties": {"type": "number"}},
    "revision": {"type": "string", "description": "Of the symbol's bars"},
    "observations": {"type": "integer", "minimum": 1},
    "analysis_level": {"type": "string", "enum": ["basic", "standard", "full"]},
    "model_version": {"type": "string"}
  }
})json";

constexpr std::string_view kDay = R"json({
  "type": "object",
  "required": ["day", "date", "predicted_price", "predicted_return", "confidence", "lower_bound",
               "upper_bound", "quantiles", "probability_of_rise", "volatility"],
  "properties": {
    "day": {"type": "integer", "minimum": 1},
    "date": {"type": "string", "format": "date", "description": "A session of the symbol's market"},
    "predicted_price": {"type": "number", "description": "The median"},
    "predicted_return": {"type": ["number", "null"], "description": "Percent of current_price; null where that is not positive"},
    "confidence": {"type": "number", "minimum": 0.5, "maximum": 1, "description": "The model's probability of the stated direction"},
    "lower_bound": {"type": "number", "description": "The 5 % quantile"},
    "upper_bound": {"type": "number", "description": "The 95 % quantile"},
    "quantiles": {"type": "object", "additionalProperties": {"type": "number"}, "description": "By level in percent"},
    "probability_of_rise": {"type": "number", "minimum": 0, "maximum": 1},
    "volatility": {"type": "number", "minimum": 0, "description": "A year's standard deviation: of log returns, or on the scale level in the unit of the price"}
  }
})json";

constexpr std::string_view kConfidence = R"json({
  "type": "object",
  "required": ["overall", "model_agreement", "data_quality", "regime_stability",
               "historical_accuracy", "historical_count", "historical_coverage_90"],
  "properties": {
    "overall": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Geometric mean of the next four, of those that are there"},
    "model_agreement": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Width of the forecast over width plus the members' mean distance from it"},
    "data_quality": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Sessions with a bar, bars that moved and fields that are there, in the newest year"},
    "regime_stability": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Probability that the regime does not change up to the last day"},
    "historical_accuracy": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Share of directions that came as stated, walked forward a session at a time"},
    "historical_count": {"type": ["integer", "null"], "minimum": 0, "description": "Directions that historical_accuracy is a share of"},
    "historical_coverage_90": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Share of the same sessions that ended within the 90 % interval"}
  }
})json";

constexpr std::string_view kRegime = R"json({
  "type": "object",
  "required": ["current_regime", "confidence", "transition_probabilities", "duration_in_regime",
               "expected_duration"],
  "properties": {
    "current_regime": {"type": ["string", "null"], "description": "low_, normal_, high_ or extreme_volatility, with bull_ or bear_ in front where the mean return differs from 0 at 5 %"},
    "confidence": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Probability of current_regime"},
    "transition_probabilities": {"type": ["object", "null"], "additionalProperties": {"type": "number"}, "description": "From current_regime, a session ahead"},
    "duration_in_regime": {"type": ["integer", "null"], "minimum": 1, "description": "Sessions in a row"},
    "expected_duration": {"type": ["number", "null"], "minimum": 1, "description": "Mean length of its stays, in sessions"}
  }
})json";

constexpr std::string_view kExplanations = R"json({
  "type": "object",
  "required": ["top_factors", "feature_importance", "natural_language"],
  "properties": {
    "top_factors": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["name", "value", "contribution", "description"],
        "properties": {
          "name": {"type": "string"},
          "value": {"type": ["number", "null"], "description": "Of a model its weight, of a feature its value; null where that is undefined"},
          "contribution": {"type": "number", "description": "To the predicted change: log return, or difference on the scale level"},
          "description": {"type": "string"}
        }
      }
    },
    "feature_importance": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Shares that sum to 1"},
    "natural_language": {"type": "string"}
  }
})json";

constexpr std::string_view kPredictResponse = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/Forecast"},
    {"type": "object",
     "required": ["request_id", "timestamp"],
     "properties": {"request_id": {"type": "string"},
                    "timestamp": {"type": "string", "format": "date-time"}}}
  ]
})json";

}  // namespace

std::vector<Schema> forecast_schemas() {
  return {{"Forecast", kForecast},         {"Day", kDay},
          {"Confidence", kConfidence},     {"Regime", kRegime},
          {"Explanations", kExplanations}, {"PredictResponse", kPredictResponse}};
}

}  // namespace ara::http
