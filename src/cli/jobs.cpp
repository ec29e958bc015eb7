// ara jobs
#include <memory>

#include "base/format.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"
#include "jobs/queue.h"

namespace ara::cli {
namespace {

using storage::JobRow;
using storage::JobState;

/// Whoever may open the store is its operator, and sees everyone's.
constexpr std::nullopt_t kOperator = std::nullopt;
constexpr const char* kOwner = "local";  ///< of jobs that are added here
constexpr long long kMostJobs = 1000;

struct JobsOptions {
  std::string id;
  std::string kind;
  std::string payload;
  std::string key;
  std::string state;
  std::string limit = "20";
  bool json = false;
  bool wait = false;
};

yyjson_mut_val* to_json(Json& json, const JobRow& job) {
  yyjson_mut_val* out = json.object();
  json.put(out, "job_id", json.text(job.id));
  json.put(out, "owner", json.text(job.owner));
  json.put(out, "kind", json.text(job.kind));
  json.put(out, "payload", json.text(job.payload));
  json.put(out, "state", json.text(storage::to_string(job.state)));
  json.put(out, "progress", json.real(job.progress));
  json.put(out, "message", json.text(job.message));
  json.put(out, "attempts", json.number(static_cast<std::uint64_t>(job.attempts)));
  json.put(out, "interruptions", json.number(static_cast<std::uint64_t>(job.interruptions)));
  json.put(out, "holder", json.text(job.holder));
  json.put(out, "result", job.result.empty() ? json.null() : json.text(job.result));
  json.put(out, "error", job.error.empty() ? json.null() : json.text(job.error));
  json.put(out, "created_at", json.text(to_rfc3339(job.created)));
  json.put(out, "updated_at", json.text(to_rfc3339(job.updated)));
  json.put(out, "expires_at", job.expires ? json.text(to_rfc3339(*job.expires)) : json.null());
  return out;
}

std::string one(const JobRow& job, bool as_json) {
  if (as_json) {
    Json json;
    return json.write(to_json(json, job)) + "\n";
  }
  Table facts({{"Job"}, {job.id, Table::Align::left}});
  const auto fact = [&](std::string name, std::string value) {
    if (!value.empty()) facts.add({{std::move(name)}, {std::move(value)}});
  };
  fact("Owner", job.owner);
  fact("Kind", job.kind);
  fact("Asks", printable(job.payload, 400));
  fact("State", ara::format("{}, {:.0f} %", storage::to_string(job.state), 100 * job.progress));
  fact("Doing", job.message);
  fact("Attempts", ara::format("{} of {} failed, {} interruptions", job.attempts, job.max_attempts,
                               job.interruptions));
  fact("Error", job.error);
  fact("Result", printable(job.result, 400));
  fact("Created", to_rfc3339(job.created));
  fact("Updated", to_rfc3339(job.updated));
  if (job.expires) fact("Kept until", to_rfc3339(*job.expires));
  return facts.render(standard_output().colour);
}

Result<std::string> list_jobs(const JobsOptions& options, jobs::Queue& queue) {
  storage::JobFilter filter;
  if (!options.state.empty()) {
    const auto state = storage::parse_job_state(options.state);
    if (!state) return std::unexpected(state.error());
    filter.state = *state;
  }
  const auto limit = parse_integer(options.limit);
  if (!limit || *limit < 1 || *limit > kMostJobs) {
    return invalid("limit", options.limit, ara::format("an integer from 1 to {}", kMostJobs));
  }
  filter.limit = static_cast<std::size_t>(*limit);
  const auto page = queue.list(filter, Call{});
  if (!page) return std::unexpected(page.error());
  if (options.json) {
    Json json;
    yyjson_mut_val* root = json.object();
    yyjson_mut_val* array = json.array();
    for (const JobRow& job : page->jobs) json.append(array, to_json(json, job));
    json.put(root, "jobs", array);
    json.put(root, "total", json.number(page->total));
    return json.write(root) + "\n";
  }
  if (page->jobs.empty()) return "There are no such jobs.\n";
  using enum Table::Align;
  Table table({{"Job"}, {"Kind"}, {"State"}, {"Done", right}, {"Owner"}, {"Created"}, {"Error"}});
  for (const JobRow& job : page->jobs) {
    table.add({{job.id, "1"},
               {job.kind},
               {std::string(storage::to_string(job.state))},
               {ara::format("{:.0f} %", 100 * job.progress)},
               {job.owner},
               {to_rfc3339(job.created)},
               {printable(job.error, 60)}});
  }
  std::string out = table.render(standard_output().colour);
  if (page->total > page->jobs.size()) {
    out +=
        ara::format("\nThe newest {} of {}; --limit shows more.\n", page->jobs.size(), page->total);
  }
  return out;
}

Result<std::string> show_job(const JobsOptions& options, jobs::Queue& queue) {
  const auto job = options.wait ? queue.wait(kOperator, options.id, Deadline::none())
                                : queue.find(kOperator, options.id, Call{});
  if (!job) return std::unexpected(job.error());
  return one(*job, options.json);
}

Result<std::string> cancel(const JobsOptions& options, jobs::Queue& queue) {
  const auto job = queue.cancel(kOperator, options.id, Call{});
  if (!job) return std::unexpected(job.error());
  return one(*job, options.json);
}

Result<std::string> add_job(const JobsOptions& options, jobs::Queue& queue) {
  const auto put = queue.enqueue({.owner = kOwner,
                                  .kind = options.kind,
                                  .payload = options.payload,
                                  .idempotency_key = options.key},
                                 Call{});
  if (!put) return std::unexpected(put.error());
  return one(put->job, options.json);
}

using JobsAction = Result<std::string> (*)(const JobsOptions&, jobs::Queue&);

CLI::App* add(CLI::App& app, JobsOptions& options, const char* name, const char* help,
              bool takes_id) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->add_flag("--json", options.json, "JSON");
  if (takes_id) sub->add_option("ID", options.id, "A job's id")->required();
  return sub;
}

}  // namespace

std::function<int()> enrol_jobs(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  const auto options = std::make_shared<JobsOptions>();
  std::vector<std::pair<CLI::App*, JobsAction>> actions;
  CLI::App* sub = add(app, *options, "list", "Jobs of all accounts, newest first", false);
  sub->add_option("--state", options->state, "Of one state only")
      ->type_name("queued|running|done|failed|cancelled");
  sub->add_option("--limit", options->limit, "So many at most [20]")->type_name("N");
  actions.emplace_back(sub, list_jobs);
  sub = add(app, *options, "show", "One job: how far it is, its result or its error", true);
  sub->add_flag("--wait", options->wait, "Wait until it has ended");
  actions.emplace_back(sub, show_job);
  actions.emplace_back(add(app, *options, "cancel", "End a job, running or not", true), cancel);
  sub = add(app, *options, "add", "Queue a job", false);
  std::string kinds;
  for (const jobs::Kind& kind : jobs::kinds()) {
    kinds += (kinds.empty() ? "" : "|") + std::string(kind.name);
  }
  sub->add_option("KIND", options->kind, "What to do")->required()->type_name(kinds);
  sub->add_option("PAYLOAD", options->payload, "A JSON object; see docs/JOBS.md")
      ->required()
      ->type_name("");
  sub->add_option("--key", options->key, "The same key later gives the same job")->type_name("KEY");
  actions.emplace_back(sub, add_job);
  return [options, actions, &context] {
    auto store = context.open_store(context.config);
    if (!store) return report(store.error());
    jobs::Queue queue(std::move(*store), open_shelf(context.config));
    for (const auto& [command, action] : actions) {
      if (!command->parsed()) continue;
      const auto text = action(*options, queue);
      return text ? emit_or_report(*text) : report(text.error());
    }
    return 0;
  };
}

}  // namespace ara::cli
