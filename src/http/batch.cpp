#include <atomic>

#include "http/app.h"
#include "http/input.h"
#include "http/json.h"
#include "http/predict_request.h"
#include "http/problem.h"
#include "http/resources.h"

namespace ara::http {
namespace {

using Outcome = Result<cache::Value>;

constexpr double kMostSymbols = 100;

/// The symbols of a batch and what has become of each; filled from several threads, each at its own
/// place, by whom `left` counts.
struct Asked {
  std::vector<serve::ForecastRequest> requests;
  std::vector<Outcome> outcomes;
  std::atomic<std::size_t> left = 0;
};

Result<std::vector<serve::ForecastRequest>> requests_of(const Input& input) {
  auto symbols = input.symbols("symbols");
  if (!symbols) return std::unexpected(std::move(symbols.error()));
  std::vector<serve::ForecastRequest> requests;
  for (domain::Symbol& symbol : *symbols) {
    requests.push_back(request_with(input, std::move(symbol)));
  }
  return requests;
}

Reply answer(const App& app, const Exchange& exchange, const Asked& batch) {
  std::size_t bytes = 512;
  std::size_t good = 0;
  for (const Outcome& outcome : batch.outcomes) {
    bytes += outcome ? (*outcome)->size() + 1 : 0;
    good += outcome ? 1 : 0;
  }
  // The forecasts are bytes already; only what is between them is written.
  std::string body;
  body.reserve(bytes);
  body = "{\"predictions\":[";
  JsonDocument rest;
  JsonObject top = rest.top();
  top.integer("total_count", static_cast<std::int64_t>(batch.outcomes.size()))
      .integer("successful_count", static_cast<std::int64_t>(good))
      .integer("failed_count", static_cast<std::int64_t>(batch.outcomes.size() - good));
  JsonArray failed = top.array("failed_symbols");
  JsonArray errors = top.array("errors");
  for (std::size_t i = 0; i < batch.outcomes.size(); ++i) {
    if (batch.outcomes[i]) {
      if (body.back() == '}') body += ',';
      body += **batch.outcomes[i];
      continue;
    }
    const Error& error = batch.outcomes[i].error();
    const std::string& symbol = batch.requests[i].symbol.text();
    failed.text(symbol);
    errors.object()
        .text("symbol", symbol)
        .text("error", describe(error.code).name)
        .text("message", error.message);
  }
  top.text("timestamp", to_rfc3339(app.clock.now())).text("request_id", exchange.id.text());
  body += "],";
  body += std::string_view(rest.write()).substr(1);
  return {.headers = "cache-control: no-store\r\n", .body = std::move(body), .shared = {}};
}

/// All that is in memory; an answer if that is all.
std::optional<Reply> batch_fast(App& app, Exchange& exchange) {
  auto requests = Input::read(exchange, *exchange.route).and_then(requests_of);
  if (!requests) return problem(app, exchange, requests.error());
  const accounts::Tier& tier = exchange.principal->tier();
  if (std::ssize(*requests) > tier.batch) {
    return problem(
        app, exchange,
        invalid("symbols", std::to_string(requests->size()) + " symbols",
                "at most " + std::to_string(tier.batch) + ", as the tier " + tier.name + " allows")
            .error());
  }
  auto batch = std::make_shared<Asked>();
  batch->requests = std::move(*requests);
  for (const serve::ForecastRequest& request : batch->requests) {
    auto ready = app.service->cached(request);
    if (!ready) ++batch->left;
    batch->outcomes.emplace_back(ready ? std::move(ready->body) : nullptr);
  }
  if (batch->left == 0) return answer(app, exchange, *batch);
  exchange.carried = std::move(batch);
  return std::nullopt;
}

void batch_slow(App& app, Exchange& exchange, Respond respond) {
  const auto batch = std::static_pointer_cast<Asked>(exchange.carried);
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < batch->outcomes.size(); ++i) {
    if (*batch->outcomes[i] == nullptr) wanted.push_back(i);
  }
  for (const std::size_t i : wanted) {
    app.service->compute(batch->requests[i], exchange.deadline,
                         [&app, &exchange, batch, i, respond](Result<serve::Ready> ready) {
                           batch->outcomes[i] =
                               std::move(ready).transform([](serve::Ready it) { return it.body; });
                           // Whoever is last sees what all others wrote.
                           if (batch->left.fetch_sub(1) == 1) {
                             respond(answer(app, exchange, *batch));
                           }
                         });
  }
}

constexpr std::string_view kBatch = R"json({
  "type": "object",
  "required": ["predictions", "total_count", "successful_count", "failed_count", "failed_symbols",
               "errors", "timestamp", "request_id"],
  "properties": {
    "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Forecast"}},
    "total_count": {"type": "integer", "minimum": 1},
    "successful_count": {"type": "integer", "minimum": 0},
    "failed_count": {"type": "integer", "minimum": 0},
    "failed_symbols": {"type": "array", "items": {"type": "string"}},
    "errors": {
      "type": "array",
      "description": "Why each of failed_symbols failed",
      "items": {
        "type": "object",
        "required": ["symbol", "error", "message"],
        "properties": {"symbol": {"type": "string"}, "error": {"type": "string"},
                       "message": {"type": "string"}}
      }
    },
    "timestamp": {"type": "string", "format": "date-time"},
    "request_id": {"type": "string"}
  }
})json";

}  // namespace

Resource batch_resource() {
  std::vector<Parameter> parameters{
      {.name = "symbols",
       .in = In::body,
       .type = "array",
       .description = "Stored series; each is answered, or named in failed_symbols",
       .required = true,
       .minimum = 1,
       .maximum = kMostSymbols,
       .items = "string",
       .example = R"(["AAPL","NDX"])"}};
  for (Parameter& option : forecast_options(In::body, "\"basic\"")) {
    parameters.push_back(std::move(option));
  }
  return {.tag = "predict",
          .about = "Forecasts, as distributions",
          .routes = {{.method = Method::post,
                      .path = "/api/v1/predict/batch",
                      .summary = "The forecasts of up to 100 symbols",
                      .parameters = std::move(parameters),
                      .schema = "BatchResponse",
                      .failures = {413, 415, 422, 503},
                      .fast = batch_fast,
                      .slow = batch_slow}},
          .schemas = {{"BatchResponse", kBatch}}};
}

}  // namespace ara::http
