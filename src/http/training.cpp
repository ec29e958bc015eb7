#include <algorithm>
#include <cmath>

#include "domain/period.h"
#include "http/app.h"
#include "http/input.h"
#include "http/job_view.h"
#include "http/problem.h"
#include "http/resources.h"
#include "registry/gate.h"

namespace ara::http {
namespace {

constexpr double kMostModels = 20;
constexpr std::size_t kMostOrigins = 2520;

/// How many of the newest sessions are forecast from, for a stretch of time before the last bar.
Result<std::size_t> origins_of(const Input& input, const storage::SymbolRow& row) {
  const auto period = domain::Period::parse(input.text("data_period"), "data_period");
  if (!period) return std::unexpected(period.error());
  const domain::Date last = domain::date_of(row.last);
  const auto days = static_cast<double>((last - period->before(last)).count());
  const double sessions = days * describe(row.asset_type).days_per_year / 365.25;
  return std::clamp(static_cast<std::size_t>(std::lround(sessions)), registry::kLeastDates,
                    kMostOrigins);
}

Reply post_train(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto row = input->symbol("symbol").and_then([&](const domain::Symbol& symbol) {
    return find_stored(app, symbol, Call{exchange.deadline});
  });
  if (!row) return problem(app, exchange, row.error());
  const auto origins = origins_of(*input, *row);
  if (!origins) return problem(app, exchange, origins.error());
  JsonDocument payload;
  JsonObject top = payload.top();
  top.text("symbol", row->symbol.text()).integer("origins", static_cast<std::int64_t>(*origins));
  JsonArray models = top.array("models");
  for (const std::string& name : input->texts("model_types")) models.text(name);
  if (input->given("horizon")) top.integer("horizon", input->integer("horizon"));
  auto put = start_job(app, exchange, "train", payload.write());
  if (!put) {
    Error error = put.error();
    if (error.field == "model") error.field = "model_types";
    return problem(app, exchange, error);
  }
  return accepted(app, exchange, *put, row->symbol.text());
}

Reply show_training(App& app, Exchange& exchange) {
  const auto job = named_job(app, exchange, "job_id", "train");
  return job ? shown(*job) : problem(app, exchange, job.error());
}

std::vector<Parameter> parameters() {
  return {{.name = "symbol",
           .in = In::body,
           .type = "string",
           .description = "Models are judged on symbols of this one's asset type, and serve all of "
                          "them",
           .required = true,
           .minimum = 1,
           .maximum = domain::Symbol::kMaxLength,
           .example = "\"AAPL\""},
          {.name = "data_period",
           .in = In::body,
           .type = "string",
           .description = "How far back from the last bar they are judged, e.g. 6m, 2y; at least "
                          "120 and at most 2520 sessions",
           .minimum = 2,
           .maximum = 8,
           .default_value = "\"2y\""},
          {.name = "model_types",
           .in = In::body,
           .type = "array",
           .description = "Candidates by their names; by default har, garch_fhs, gjr_fhs and "
                          "combination",
           .maximum = kMostModels,
           .items = "string"},
          {.name = "horizon",
           .in = In::body,
           .type = "integer",
           .description = "Sessions ahead, whose band is trained; by default every band",
           .minimum = 1,
           .maximum = domain::ForecastKey::kMaxHorizon},
          {.name = "force_retrain",
           .in = In::body,
           .type = "boolean",
           .description = "Changes nothing: training is a function of the bars, and the same bars "
                          "give the same versions",
           .default_value = "false"}};
}

Route show_route(std::string_view path) {
  return {.path = path,
          .access = Access::user,
          .summary = "How far a training is, and what came of it",
          .parameters = {job_id_parameter()},
          .schema = "Job",
          .failures = {404, 422, 503},
          .work = show_training};
}

}  // namespace

Resource training_resource() {
  return {.tag = "training",
          .about = "Judging models on the stored bars, as jobs; the best serves",
          .routes = {{.method = Method::post,
                      .path = "/api/v1/models/train",
                      .access = Access::admin,
                      .summary = "Starts a training, whose best models serve everyone. The header "
                                 "Idempotency-Key makes sending it "
                                 "twice start one",
                      .parameters = parameters(),
                      .success = 202,
                      .schema = "JobAccepted",
                      .failures = {404, 413, 415, 422, 503},
                      .work = post_train},
                     show_route("/api/v1/models/train/{job_id}"),
                     show_route("/api/v1/models/jobs/{job_id}")},
          .schemas = {}};
}

}  // namespace ara::http
