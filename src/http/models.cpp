#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "evaluation/summary.h"
#include "http/app.h"
#include "http/input.h"
#include "http/job_view.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"
#include "registry/version.h"

namespace ara::http {
namespace {

using registry::Version;
using storage::ModelStatus;

/// What the original tells of a model and a forecast of distributions has no use for: it is not
/// measured, so it is null.
constexpr std::array<std::string_view, 6> kUnmeasured{"accuracy", "precision", "recall",
                                                      "f1_score", "mae",       "rmse"};

/// A score by its name on the wire, and what less of it means.
struct MetricRow {
  std::string_view name;
  double (*value)(const registry::Scores& scores);
  double (*badness)(double value);  ///< less is better
};
constexpr std::size_t kAt90 = 2;  ///< place of 90 % in evaluation::kCoverages
static_assert(evaluation::kCoverages[kAt90] == 90);
constexpr std::array kMetrics{
    MetricRow{"crps_ratio",
              [](const registry::Scores& scores) {
                return scores.crps_ratio[static_cast<std::size_t>(evaluation::Peer::historical)];
              },
              [](double value) { return value; }},
    MetricRow{"crps", [](const registry::Scores& scores) { return scores.crps; },
              [](double value) { return value; }},
    MetricRow{"coverage_90", [](const registry::Scores& scores) { return scores.coverage[kAt90]; },
              [](double value) { return std::abs(value - 0.9); }},
};

bool scored(const Version& version) {
  return version.scores.origins > 0;
}

void nulls(JsonObject& out, std::span<const std::string_view> names) {
  for (const std::string_view name : names) out.null(name);
}

void write_metrics(JsonObject& out, const Version& version) {
  for (const MetricRow& metric : kMetrics) {
    out.number(metric.name, scored(version) ? metric.value(version.scores) : std::nan(""));
  }
}

/// Versions of the asset type of the symbol that was asked for, or all; newest first.
struct Asked {
  std::optional<domain::Symbol> symbol;
  std::vector<Version> versions;
};

Result<Asked> read_versions(App& app, const Exchange& exchange, const Input& input,
                            storage::ModelFilter filter) {
  Asked asked;
  const Call call{exchange.deadline};
  if (input.given("symbol")) {
    const auto row = input.symbol("symbol").and_then(
        [&](const domain::Symbol& symbol) { return find_stored(app, symbol, call); });
    if (!row) return std::unexpected(row.error());
    asked.symbol = row->symbol;
    filter.asset_type = row->asset_type;
  }
  const auto rows = app.store->models(filter, call);
  if (!rows) return std::unexpected(rows.error());
  for (const storage::ModelVersionRow& row : *rows) {
    auto version = registry::from_row(row);
    if (!version) return std::unexpected(std::move(version.error()));
    asked.versions.push_back(std::move(*version));
  }
  return asked;
}

void write_symbol(JsonObject& out, const std::optional<domain::Symbol>& symbol) {
  if (symbol) {
    out.text("symbol", symbol->text());
  } else {
    out.null("symbol");
  }
}

void write_version(JsonObject out, const Version& version,
                   const std::optional<domain::Symbol>& symbol) {
  out.text("model_id", version.id());
  write_symbol(out, symbol);
  out.text("asset_type", describe(version.asset_type).name)
      .text("horizons", version.band.name)
      .text("version", version.hash())
      .text("model_type", version.model)
      .null("accuracy");
  write_metrics(out, version);
  out.text("training_date", to_rfc3339(version.created))
      .text("data_period", domain::to_iso(version.first) + "/" + domain::to_iso(version.last))
      .text("status", to_string(version.status));
  if (version.reason.empty()) {
    out.null("reason");
  } else {
    out.text("reason", version.reason);
  }
}

Reply model_status(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto asked = read_versions(app, exchange, *input,
                                   {.limit = static_cast<std::size_t>(input->integer("limit"))});
  if (!asked) return problem(app, exchange, asked.error());
  JsonDocument document;
  JsonObject top = document.top();
  JsonArray list = top.array("models");
  for (const Version& version : asked->versions) {
    write_version(list.object(), version, asked->symbol);
  }
  const auto active = std::ranges::count(asked->versions, ModelStatus::champion, &Version::status);
  top.integer("total_count", static_cast<std::int64_t>(asked->versions.size()))
      .integer("active_count", active);
  return fresh_reply(document);
}

/// The newest version of each model that may serve.
std::vector<const Version*> newest_of_each(const std::vector<Version>& versions) {
  std::vector<const Version*> chosen;
  for (const Version& version : versions) {
    const bool may =
        version.status == ModelStatus::candidate || version.status == ModelStatus::champion;
    const bool newer = std::ranges::any_of(chosen, [&](const Version* other) {
      return other->model == version.model && other->artefact == version.artefact;
    });
    if (may && scored(version) && !newer) chosen.push_back(&version);
  }
  return chosen;
}

Reply compare_models(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const registry::Band& band = registry::band_of(static_cast<int>(input->integer("horizon")));
  const auto asked =
      read_versions(app, exchange, *input, {.band = std::string(band.name), .limit = 1000});
  if (!asked) return problem(app, exchange, asked.error());
  const auto chosen = newest_of_each(asked->versions);
  const std::string metric = input->text("metric");
  const auto row = std::ranges::find(kMetrics, metric, &MetricRow::name);
  JsonDocument document;
  JsonObject top = document.top();
  write_symbol(top, asked->symbol);
  top.text("horizons", band.name);
  JsonArray list = top.array("comparisons");
  for (const Version* version : chosen) {
    JsonObject item = list.object();
    item.text("model_id", version->id()).text("version", version->hash());
    nulls(item, kUnmeasured);
    write_metrics(item, *version);
    item.text("training_date", to_rfc3339(version->created));
  }
  const auto best = row == kMetrics.end()
                        ? chosen.end()
                        : std::ranges::min_element(chosen, {}, [&](const Version* version) {
                            return row->badness(row->value(version->scores));
                          });
  if (best == chosen.end()) {
    top.null("best_model");
  } else {
    top.text("best_model", (*best)->id());
  }
  top.text("metric", metric);
  return fresh_reply(document);
}

constexpr std::string_view kModel = R"json({
  "type": "object",
  "description": "A version of a model, made from the bars of an asset type",
  "required": ["model_id", "symbol", "asset_type", "horizons", "version", "model_type", "accuracy",
               "crps_ratio", "crps", "coverage_90", "training_date", "data_period", "status",
               "reason"],
  "properties": {
    "model_id": {"type": "string"},
    "symbol": {"type": ["string", "null"], "description": "The one that was asked for"},
    "asset_type": {"type": "string"},
    "horizons": {"type": "string", "description": "Sessions ahead that it is judged on, e.g. 1-5"},
    "version": {"type": "string", "description": "Hash of all that made it"},
    "model_type": {"type": "string"},
    "accuracy": {"type": "null", "description": "Not measured: forecasts are distributions, and nobody has an edge on the direction"},
    "crps_ratio": {"type": ["number", "null"], "description": "CRPS walked forward over that of the historical distribution; below 1 is better"},
    "crps": {"type": ["number", "null"]},
    "coverage_90": {"type": ["number", "null"], "description": "Part of the outcomes within the 90 % interval"},
    "training_date": {"type": "string", "format": "date-time"},
    "data_period": {"type": "string", "description": "First and last bar, YYYY-MM-DD/YYYY-MM-DD"},
    "status": {"type": "string", "enum": ["candidate", "champion", "retired", "refused"]},
    "reason": {"type": ["string", "null"], "description": "Why it was refused or retired"}
  }
})json";

constexpr std::string_view kModels = R"json({
  "type": "object",
  "required": ["models", "total_count", "active_count"],
  "properties": {
    "models": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
    "total_count": {"type": "integer", "minimum": 0, "description": "In this answer"},
    "active_count": {"type": "integer", "minimum": 0, "description": "Champions among them"}
  }
})json";

constexpr std::string_view kComparison = R"json({
  "type": "object",
  "required": ["symbol", "horizons", "comparisons", "best_model", "metric"],
  "properties": {
    "symbol": {"type": ["string", "null"]},
    "horizons": {"type": "string"},
    "comparisons": {
      "type": "array",
      "description": "The newest version of each model; what is null is not measured",
      "items": {
        "type": "object",
        "required": ["model_id", "version", "accuracy", "precision", "recall", "f1_score", "mae",
                     "rmse", "crps_ratio", "crps", "coverage_90", "training_date"],
        "properties": {
          "model_id": {"type": "string"},
          "version": {"type": "string"},
          "accuracy": {"type": "null"},
          "precision": {"type": "null"},
          "recall": {"type": "null"},
          "f1_score": {"type": "null"},
          "mae": {"type": "null"},
          "rmse": {"type": "null"},
          "crps_ratio": {"type": "number"},
          "crps": {"type": "number"},
          "coverage_90": {"type": "number"},
          "training_date": {"type": "string", "format": "date-time"}
        }
      }
    },
    "best_model": {"type": ["string", "null"], "description": "By the metric; null where there is none, or it is not measured"},
    "metric": {"type": "string"}
  }
})json";

Parameter symbol_parameter() {
  return {.name = "symbol",
          .type = "string",
          .description = "Only models of this symbol's asset type",
          .minimum = 1,
          .maximum = domain::Symbol::kMaxLength};
}

Route compare_route() {
  std::vector<std::string> metrics;
  for (const MetricRow& metric : kMetrics) metrics.emplace_back(metric.name);
  for (const std::string_view name : kUnmeasured) metrics.emplace_back(name);
  return {.path = "/api/v1/models/compare",
          .summary = "The newest version of each model and their walk-forward scores",
          .parameters = {symbol_parameter(),
                         {.name = "metric",
                          .type = "string",
                          .description = "By which the best is named; by those that are not "
                                         "measured none is",
                          .choices = metrics,
                          .default_value = "\"crps_ratio\""},
                         {.name = "horizon",
                          .type = "integer",
                          .description = "Sessions ahead, whose band is compared",
                          .minimum = 1,
                          .maximum = domain::ForecastKey::kMaxHorizon,
                          .default_value = "5"}},
          .schema = "ModelComparison",
          .failures = {404, 422, 503},
          .work = compare_models};
}

}  // namespace

Resource models_resource() {
  return {.tag = "models",
          .about = "Versions of models, and which of them serve",
          .routes = {{.path = "/api/v1/models/status",
                      .summary = "Versions of models, newest first",
                      .parameters = {symbol_parameter(),
                                     {.name = "limit",
                                      .type = "integer",
                                      .description = "At most so many",
                                      .minimum = 1,
                                      .maximum = 1000,
                                      .default_value = "100"}},
                      .schema = "Models",
                      .failures = {404, 422, 503},
                      .work = model_status},
                     compare_route()},
          .schemas = {{"Model", kModel}, {"Models", kModels}, {"ModelComparison", kComparison}}};
}

}  // namespace ara::http
