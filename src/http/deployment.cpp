
#include "base/format.h"
#include "http/app.h"
#include "http/input.h"
#include "http/job_view.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"
#include "live/live.h"
#include "registry/version.h"

namespace ara::http {
namespace {

using registry::Version;
using storage::ModelStatus;

/// Writes what was done into the audit log, and answers with it.
Reply changed(App& app, const Exchange& exchange, const std::string& id, std::string_view action,
              const std::string& detail, const JsonDocument& document) {
  const auto noted = app.store->put_audit({.when = app.clock.now(),
                                           .actor = owner_of(exchange),
                                           .action = std::string(action),
                                           .target = id,
                                           .detail = detail},
                                          Call{exchange.deadline});
  if (!noted) return problem(app, exchange, noted.error());
  return private_reply(document);
}

/// The version that `text` names, or as much of its id as no other begins with.
Result<Version> named(App& app, const Exchange& exchange, const std::string& text) {
  auto version = registry::find_version(*app.store, text, Call{exchange.deadline});
  if (version) return version;
  Error error = version.error();
  if (error.field == "id") error.field = "model_id";
  return std::unexpected(std::move(error));
}

Reply deploy_model(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto version = named(app, exchange, input->text("model_id"));
  if (!version) return problem(app, exchange, version.error());
  const std::string id = version->id();
  if (const auto done = app.store->promote_model(id, app.clock.now(), Call{exchange.deadline});
      !done) {
    return problem(app, exchange, done.error());
  }
  const std::string says = ara::format("It serves {}, {} sessions ahead",
                                       describe(version->asset_type).name, version->band.name);
  JsonDocument document;
  document.top()
      .text("model_id", id)
      .text("environment", input->text("environment"))
      .text("status", to_string(ModelStatus::champion))
      .text("message", says);
  if (app.live) {
    // Every account's forecasts may be this model's from now on, so all are told.
    const auto told = app.live->outbox->emit(std::nullopt, webhooks::EventType::model_deployed,
                                             document.write(), Call{exchange.deadline});
    if (!told) return problem(app, exchange, told.error());
  }
  return changed(app, exchange, id, "model.promote", says, document);
}

Reply retire_model(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto version = named(app, exchange, input->text("model_id"));
  if (!version) return problem(app, exchange, version.error());
  const std::string id = version->id();
  const std::string reason = "retired over HTTP by " + owner_of(exchange);
  if (const auto done =
          app.store->retire_model(id, reason, app.clock.now(), Call{exchange.deadline});
      !done) {
    return problem(app, exchange, done.error());
  }
  JsonDocument document;
  document.top()
      .text("model_id", id)
      .text("status", to_string(ModelStatus::retired))
      .text("message", "It serves no more; what is known of it stays");
  return changed(app, exchange, id, "model.retire", reason, document);
}

constexpr std::string_view kModelChanged = R"json({
  "type": "object",
  "required": ["model_id", "status", "message"],
  "properties": {
    "model_id": {"type": "string"},
    "environment": {"type": "string", "enum": ["production"]},
    "status": {"type": "string", "enum": ["champion", "retired"]},
    "message": {"type": "string"}
  }
})json";

Parameter model_id_parameter(In in) {
  return {.name = "model_id",
          .in = in,
          .type = "string",
          .description =
              "As GET /api/v1/models/status lists it, or as much of it as no other "
              "begins with",
          .required = true,
          .minimum = 1,
          .maximum = 100};
}

}  // namespace

Resource deployment_resource() {
  return {.tag = "deployment",
          .about = "Which models serve",
          .routes = {{.method = Method::post,
                      .path = "/api/v1/models/deploy",
                      .access = Access::admin,
                      .summary = "Makes a candidate the one that serves its asset type and "
                                 "sessions",
                      .parameters = {model_id_parameter(In::body),
                                     {.name = "environment",
                                      .in = In::body,
                                      .type = "string",
                                      .description = "There is one",
                                      .choices = {"production"},
                                      .default_value = "\"production\""}},
                      .schema = "ModelChanged",
                      .failures = {404, 409, 413, 415, 422, 503},
                      .work = deploy_model},
                     {.method = Method::remove,
                      .path = "/api/v1/models/{model_id}",
                      .access = Access::admin,
                      .summary = "Takes a version out of service for good",
                      .parameters = {model_id_parameter(In::path)},
                      .schema = "ModelChanged",
                      .failures = {404, 409, 422, 503},
                      .work = retire_model}},
          .schemas = {{"ModelChanged", kModelChanged}}};
}

}  // namespace ara::http
