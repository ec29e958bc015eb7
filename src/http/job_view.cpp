#include "http/job_view.h"

#include <algorithm>
#include <array>

#include "http/input.h"
#include "http/reply.h"
#include "telemetry/log.h"

namespace ara::http {
namespace {

using storage::JobRow;
using storage::JobState;

/// Symbols of one request; a larger one is an import, and its forecasts wait until they are asked
/// for.
constexpr std::size_t kMostRefreshed = 20;

struct StatusRow {
  JobState state;
  std::string_view status;
};
constexpr std::array kStatuses{
    StatusRow{JobState::queued, "queued"},       StatusRow{JobState::running, "running"},
    StatusRow{JobState::done, "completed"},      StatusRow{JobState::failed, "failed"},
    StatusRow{JobState::cancelled, "cancelled"},
};

void text_or_null(JsonObject& out, std::string_view name, const std::string& text) {
  if (text.empty()) {
    out.null(name);
  } else {
    out.text(name, text);
  }
}

}  // namespace

const Schema kJobSchema{"Job", R"json({
  "type": "object",
  "required": ["job_id", "kind", "status", "progress", "message", "request", "attempts",
               "interruptions", "error", "created_at", "updated_at", "expires_at"],
  "properties": {
    "job_id": {"type": "string"},
    "kind": {"type": "string", "enum": ["train", "batch", "backtest", "refresh"]},
    "status": {"type": "string", "enum": ["queued", "running", "completed", "failed", "cancelled"]},
    "progress": {"type": "number", "minimum": 0, "maximum": 1, "description": "Never goes back"},
    "message": {"type": ["string", "null"], "description": "What is being done"},
    "request": {"type": "object", "description": "What was asked for, defaults filled in"},
    "result": {"type": ["object", "null"], "description": "Once completed; not in lists"},
    "error": {"type": ["string", "null"], "description": "Of the newest attempt that failed"},
    "attempts": {"type": "integer", "minimum": 0, "description": "Attempts that failed"},
    "interruptions": {"type": "integer", "minimum": 0, "description": "How often its worker was gone; no attempts"},
    "created_at": {"type": "string", "format": "date-time"},
    "updated_at": {"type": "string", "format": "date-time"},
    "expires_at": {"type": ["string", "null"], "format": "date-time", "description": "Once it has ended: until when it is kept"}
  }
})json"};

const Schema kJobAcceptedSchema{"JobAccepted", R"json({
  "type": "object",
  "required": ["job_id", "status", "message", "request_id", "timestamp"],
  "properties": {
    "job_id": {"type": "string"},
    "symbol": {"type": "string"},
    "status": {"type": "string", "enum": ["queued", "running", "completed", "failed", "cancelled"]},
    "message": {"type": "string"},
    "request_id": {"type": "string"},
    "timestamp": {"type": "string", "format": "date-time"}
  }
})json"};

std::string owner_of(const Exchange& exchange) {
  return exchange.principal->id();
}

Result<storage::SymbolRow> find_stored(App& app, const domain::Symbol& symbol, const Call& call) {
  const auto row = app.store->find_symbol(symbol, call);
  if (!row) return std::unexpected(row.error());
  if (*row) return **row;
  return std::unexpected(Error{Code::not_found, "There are no bars of " + symbol.text(), "symbol",
                               symbol.text(), "a symbol that GET /api/v1/symbols lists"});
}

Result<storage::PutJob> start_job(App& app, const Exchange& exchange, std::string_view kind,
                                  std::string payload) {
  return app.jobs->enqueue({.owner = owner_of(exchange),
                            .kind = std::string(kind),
                            .payload = std::move(payload),
                            .idempotency_key = std::string(exchange.header("idempotency-key"))},
                           Call{exchange.deadline});
}

Reply accepted(const App& app, const Exchange& exchange, const storage::PutJob& put,
               std::optional<std::string_view> symbol) {
  JsonDocument document;
  JsonObject top = document.top();
  top.text("job_id", put.job.id);
  if (symbol) top.text("symbol", *symbol);
  top.text("status", status_of(put.job.state))
      .text("message", put.created ? "Queued" : "This Idempotency-Key has started this job before")
      .text("request_id", exchange.id.text())
      .text("timestamp", to_rfc3339(app.clock.now()));
  return {.status = 202,
          .headers = "cache-control: no-store\r\nlocation: /api/v1/jobs/" + put.job.id + "\r\n",
          .body = document.write(),
          .shared = {}};
}

Result<JobRow> named_job(App& app, const Exchange& exchange, std::string_view parameter,
                         std::string_view kind) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return std::unexpected(input.error());
  const std::string id = input->text(parameter);
  return app.jobs->find(owner_of(exchange), id, Call{exchange.deadline})
      .and_then([&](JobRow job) -> Result<JobRow> {
        if (kind.empty() || job.kind == kind) return job;
        return std::unexpected(jobs::no_such_job(id));
      });
}

void refresh_forecasts(App& app, const std::vector<storage::SymbolBars>& written,
                       const std::vector<storage::PutOutcome>& outcomes, const Call& call) {
  if (written.size() > kMostRefreshed) return;
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (outcomes[i].inserted + outcomes[i].corrected == 0) continue;
    if (const auto put = app.jobs->refresh(written[i].symbol, call); !put) {
      telemetry::log(telemetry::LogLevel::warning, "No refresh is queued",
                     {{"symbol", written[i].symbol.text()}, {"error", put.error().message}});
      return;
    }
  }
}

std::string_view status_of(JobState state) {
  return std::ranges::find(kStatuses, state, &StatusRow::state)->status;
}

std::optional<JobState> state_of(std::string_view status) {
  const auto row = std::ranges::find(kStatuses, status, &StatusRow::status);
  return row == kStatuses.end() ? std::nullopt : std::optional(row->state);
}

void write_job(JsonObject out, const JobRow& job) {
  out.text("job_id", job.id)
      .text("kind", job.kind)
      .text("status", status_of(job.state))
      .number("progress", job.progress);
  text_or_null(out, "message", job.message);
  out.raw("request", job.payload)
      .integer("attempts", job.attempts)
      .integer("interruptions", job.interruptions);
  text_or_null(out, "error", job.error);
  out.text("created_at", to_rfc3339(job.created)).text("updated_at", to_rfc3339(job.updated));
  text_or_null(out, "expires_at", job.expires ? to_rfc3339(*job.expires) : std::string());
}

Reply shown(const JobRow& job) {
  JsonDocument document;
  JsonObject top = document.top();
  write_job(top, job);
  if (job.result.empty()) {
    top.null("result");
  } else {
    top.raw("result", job.result);
  }
  return private_reply(document);
}

Parameter job_id_parameter() {
  return {.name = "job_id",
          .in = In::path,
          .type = "string",
          .description = "As it was given when the job was started",
          .required = true,
          .minimum = 1,
          .maximum = 64};
}

}  // namespace ara::http
