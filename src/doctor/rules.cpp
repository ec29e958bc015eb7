// The one table of what `ara doctor` can find. docs/DOCTOR.md lists it, and is tested against it.
#include <algorithm>
#include <array>

#include "doctor/finding.h"

namespace ara::doctor {
namespace {

using enum Section;

constexpr std::array kRules{
    Rule{"node-unreachable", latency, "a node does not give its metrics", unreachable_nodes},
    Rule{"latency-high", latency, "the slowest 5 % of answers take longer than --slo-ms",
         slow_answers},
    Rule{"errors", latency, "over 1 % of answers have a status of 500 and more", failed_answers},
    Rule{"requests-refused", latency, "requests are refused, since there was no time for them",
         refused_requests},
    Rule{"queue-long", latency, "over 5 % of the slow lane's work waits over 100 ms", long_queue},
    Rule{"cache-too-small", latency,
         "entries leave the memory cache before their time, and are asked for again", small_cache},
    Rule{"redis-ailing", latency, "operations on Redis fail, or its breakers are open",
         ailing_redis},
    Rule{"redis-slots-uncovered", latency, "no master of Redis serves some slots", uncovered_slots},
    Rule{"jobs-late", latency, "a job has been due for over 5 minutes", late_jobs},
    Rule{"memory-leak", memory,
         "memory of a node over 30 s old grows steadily, and its caches do not", growing_memory},
    Rule{"descriptors-high", memory, "over 80 % of the file descriptors are open",
         many_descriptors},
    Rule{"database-unreachable", database, "a server does not answer, or none is primary",
         unreachable_database},
    Rule{"index-missing", database, "an index of the schema is not there", missing_indexes},
    Rule{"index-invalid", database, "an index was not finished, and is not used", invalid_indexes},
    Rule{"pool-too-small", database,
         "calls wait for a connection or are refused one, or a pool has but one", small_pools},
    Rule{"replica-stalled", database,
         "a standby does not replay what the primary wrote before it was looked at, or is paused",
         stalled_replicas},
    Rule{"query-slow", database, "a statement, or a kind of call, takes over 100 ms on average",
         slow_statements},
    Rule{"statement-long", database,
         "a statement runs for over 30 s, or a transaction idles for over 10 s", open_statements},
    Rule{"table-scanned", database, "a large table is read as a whole, again and again",
         scanned_tables},
    Rule{"database-errors", database, "over 1 % of the calls to a database fail", failed_queries},
    Rule{"cpu-high", scale, "a node uses over 70 % of its processors", busy_processors},
    Rule{"memory-high", scale, "over 80 % of a node's memory is used", full_memory},
    Rule{"rate-high", scale, "a node does over 70 % of the requests that it can do", many_requests},
    Rule{"connections-high", scale, "over 80 % of a server's connections are in use",
         many_connections},
};

}  // namespace

std::span<const Rule> rules() {
  return kRules;
}

std::string_view to_string(Section section) {
  switch (section) {
    case latency:
      return "latency";
    case memory:
      return "memory";
    case database:
      return "database";
    case scale:
      return "scale";
  }
  return {};
}

std::string_view to_string(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::vector<Finding> find_all(const Facts& facts) {
  std::vector<Finding> found;
  for (const Rule& rule : kRules) {
    for (Note& note : rule.check(facts)) {
      found.push_back({std::string(rule.name), rule.section, note.severity, std::move(note.subject),
                       std::move(note.evidence), std::move(note.action)});
    }
  }
  std::ranges::stable_sort(found, std::ranges::greater(), &Finding::severity);
  return found;
}

}  // namespace ara::doctor
