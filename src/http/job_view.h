#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/app.h"
#include "http/json.h"
#include "http/openapi.h"
#include "jobs/queue.h"

/// Jobs as the routes that start, show and end them share them.
namespace ara::http {

/// The account of the one who asks.
std::string owner_of(const Exchange& exchange);

/// The head of a symbol; Code::not_found for one without bars.
Result<storage::SymbolRow> find_stored(App& app, const domain::Symbol& symbol, const Call& call);

/// Queues a job of the one who asks, under the request's Idempotency-Key if it has one.
Result<storage::PutJob> start_job(App& app, const Exchange& exchange, std::string_view kind,
                                  std::string payload);

/// 202: job_id, what `symbol` it is about if given, status, message, request_id and timestamp.
Reply accepted(const App& app, const Exchange& exchange, const storage::PutJob& put,
               std::optional<std::string_view> symbol);

/// The job that the path names, of that kind (empty: any), if it is of the one who asks; else the
/// 404 of one that is not there.
Result<storage::JobRow> named_job(App& app, const Exchange& exchange, std::string_view parameter,
                                  std::string_view kind);

/// The forecasts of what changed, made before somebody asks. The bars are stored: whatever happens
/// here, the request has done what it should.
void refresh_forecasts(App& app, const std::vector<storage::SymbolBars>& written,
                       const std::vector<storage::PutOutcome>& outcomes, const Call& call);

/// As the wire calls a state: done is "completed", as in the original.
std::string_view status_of(storage::JobState state);
/// The inverse, for what the schema of a parameter lists.
std::optional<storage::JobState> state_of(std::string_view status);

/// All members of Job but `result`.
void write_job(JsonObject out, const storage::JobRow& job);
/// One job with its result.
Reply shown(const storage::JobRow& job);

extern const Schema kJobSchema;
extern const Schema kJobAcceptedSchema;

/// The path's job_id.
Parameter job_id_parameter();

}  // namespace ara::http
