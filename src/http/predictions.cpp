#include "base/hash.h"
#include "http/app.h"
#include "http/input.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/resources.h"

namespace ara::http {
namespace {

/// A forecast has no state of its own: what has an id is complete. The fields of the original that
/// say otherwise are those of such an answer.
Reply show(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const std::string text = input->text("id");
  const auto id = hash_from_hex(text);
  if (!id) {
    return problem(
        app, exchange,
        invalid("id", text, "the `id` of a forecast: 32 lower-case hexadecimal digits").error());
  }
  const auto row = app.service->find(*id, {exchange.deadline});
  if (!row) return problem(app, exchange, row.error());
  if (!*row) {
    return problem(app, exchange,
                   Error{Code::not_found, "There is no such forecast, or it was too long ago", "id",
                         text, "the `id` of a recent forecast"});
  }
  const std::string created = to_rfc3339((*row)->created);
  JsonDocument document;
  document.top()
      .text("request_id", text)
      .text("status", "completed")
      .integer("progress", 1)
      .raw("result", (*row)->bytes)
      .null("error")
      .text("created_at", created)
      .text("updated_at", created);
  return {.headers = "etag: \"" + text + "\"\r\ncache-control: public, max-age=3600, immutable\r\n",
          .body = document.write(),
          .shared = {}};
}

constexpr std::string_view kPrediction = R"json({
  "type": "object",
  "required": ["request_id", "status", "progress", "result", "error", "created_at", "updated_at"],
  "properties": {
    "request_id": {"type": "string", "description": "The id that was asked for"},
    "status": {"type": "string", "enum": ["completed"]},
    "progress": {"type": "number", "minimum": 0, "maximum": 1},
    "result": {"$ref": "#/components/schemas/Forecast"},
    "error": {"type": "null"},
    "created_at": {"type": "string", "format": "date-time"},
    "updated_at": {"type": "string", "format": "date-time"}
  }
})json";

}  // namespace

Resource predictions_resource() {
  return {.tag = "predictions",
          .about = "Forecasts that were made before",
          .routes = {{.path = "/api/v1/predictions/{id}",
                      .summary = "A forecast by its id, which names its bytes",
                      .parameters = {{.name = "id",
                                      .in = In::path,
                                      .type = "string",
                                      .description = "The `id` of a forecast",
                                      .required = true,
                                      .minimum = 32,
                                      .maximum = 32}},
                      .schema = "Prediction",
                      .failures = {404, 422, 503},
                      .work = show}},
          .schemas = {{"Prediction", kPrediction}}};
}

}  // namespace ara::http
