#include "http/app.h"
#include "http/input.h"
#include "http/job_view.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"

namespace ara::http {
namespace {

Reply list_jobs(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const Page page(*input);
  storage::JobFilter filter{.owner = owner_of(exchange),
                            .kinds = {},
                            .state = state_of(input->text("status")),
                            .limit = page.limit(),
                            .offset = page.offset()};
  if (input->given("kind")) filter.kinds = {input->text("kind")};
  const auto found = app.jobs->list(filter, Call{exchange.deadline});
  if (!found) return problem(app, exchange, found.error());
  JsonDocument document;
  JsonObject top = document.top();
  JsonArray list = top.array("jobs");
  for (const storage::JobRow& job : found->jobs) write_job(list.object(), job);
  page.write(top, found->total);
  return private_reply(document);
}

Reply show_job(App& app, Exchange& exchange) {
  const auto job = named_job(app, exchange, "job_id", {});
  return job ? shown(*job) : problem(app, exchange, job.error());
}

Reply cancel_job(App& app, Exchange& exchange) {
  const auto job = named_job(app, exchange, "job_id", {}).and_then([&](const auto& named) {
    return app.jobs->cancel(owner_of(exchange), named.id, Call{exchange.deadline});
  });
  return job ? shown(*job) : problem(app, exchange, job.error());
}

constexpr std::string_view kJobs = R"json({
  "type": "object",
  "required": ["jobs", "total", "page", "page_size"],
  "properties": {
    "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
    "total": {"type": "integer", "minimum": 0},
    "page": {"type": "integer", "minimum": 1},
    "page_size": {"type": "integer", "minimum": 1}
  }
})json";

Route list_route() {
  std::vector<std::string> kinds;
  for (const jobs::Kind& kind : jobs::kinds()) kinds.emplace_back(kind.name);
  return {.path = "/api/v1/jobs",
          .access = Access::user,
          .summary = "Your jobs, newest first, without their results",
          .parameters =
              with_pages({{.name = "status",
                           .type = "string",
                           .description = "Only jobs of this status",
                           .choices = {"queued", "running", "completed", "failed", "cancelled"}},
                          {.name = "kind",
                           .type = "string",
                           .description = "Only jobs of this kind",
                           .choices = kinds}},
                         "Jobs on a page", 100, "20"),
          .schema = "Jobs",
          .failures = {422, 503},
          .work = list_jobs};
}

}  // namespace

Resource jobs_resource() {
  return {.tag = "jobs",
          .about = "Work that outlasts a request: training, backtests, batches",
          .routes = {list_route(),
                     {.path = "/api/v1/jobs/{job_id}",
                      .access = Access::user,
                      .summary = "A job of yours: how far it is, its result or its error",
                      .parameters = {job_id_parameter()},
                      .schema = "Job",
                      .failures = {404, 422, 503},
                      .work = show_job},
                     {.method = Method::remove,
                      .path = "/api/v1/jobs/{job_id}",
                      .access = Access::user,
                      .summary = "Ends a job of yours, running or not; nothing of it takes effect. "
                                 "One that has ended stays as it is",
                      .parameters = {job_id_parameter()},
                      .schema = "Job",
                      .failures = {404, 422, 503},
                      .work = cancel_job}},
          .schemas = {kJobSchema, kJobAcceptedSchema, {"Jobs", kJobs}}};
}

}  // namespace ara::http
