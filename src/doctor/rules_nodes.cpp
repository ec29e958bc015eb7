// What is found at the nodes: latency, and what it comes from.
#include <algorithm>

#include "doctor/finding.h"
#include "doctor/sizing.h"
#include "doctor/stages.h"
#include "doctor/words.h"

namespace ara::doctor {
namespace {

constexpr double kFewRequests = 20;  ///< of fewer no quantile is told
constexpr double kErrorShare = 0.01;
constexpr double kQueueWait = 0.1;  ///< seconds
constexpr double kQueueShare = 0.05;
constexpr double kAskedAgainShare = 0.02;
constexpr double kAllSlots = 16384;
constexpr double kJobPatience = 300;  ///< seconds

template <class Look>
Notes at_each_node(const Facts& facts, Look look) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (node.reachable()) look(node, notes);
  }
  return notes;
}

/// What to do where answers take long: what most of the time goes to decides.
std::string remedy_of(const NodeLook& node, const Facts& facts) {
  const auto share = cpu_share(node, facts.machine);
  if (share && *share > 0.9) return "Add servers: the processors are the bottleneck.";
  const auto stages = stages_of(node);
  if (stages.empty()) return "Look at the proxy and the network in front: no stage here is slow.";
  if (stages[0].name == "waiting for a worker") {
    return "Raise MAX_WORKERS to what right-sizing says below, or add servers.";
  }
  if (stages[0].name == "waiting for a connection") {
    return "Raise POSTGRES_CONNECTIONS to what right-sizing says below.";
  }
  if (stages[0].name == "models") {
    return "Raise CACHE_TTL_SECONDS or CACHE_SIZE_MB, so that less is computed twice, or add "
           "servers.";
  }
  return "Look at the database findings: most of the time goes there.";
}

}  // namespace

Notes unreachable_nodes(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (node.reachable()) continue;
    notes.push_back({Severity::error, node.url, node.error,
                     "Start the server, or give --url the addresses of those that run; "
                     "ENABLE_METRICS has to be on."});
  }
  return notes;
}

Notes slow_answers(const Facts& facts) {
  return at_each_node(facts, [&](const NodeLook& node, Notes& notes) {
    const Counted latency = latency_of(node);
    const auto p95 = latency.quantile(0.95);
    if (latency.count < kFewRequests || !p95 || *p95 <= facts.goals.p95_seconds) return;
    std::string evidence =
        ara::format("95 % of {:.0f} answers within {}, and {} is wanted", latency.count,
                    duration(*p95), duration(facts.goals.p95_seconds));
    if (const auto routes = routes_of(node); !routes.empty()) {
      evidence +=
          ara::format("; slowest is {}, {} on average", routes[0].name, duration(routes[0].mean()));
    }
    if (const auto stages = stages_of(node); !stages.empty()) {
      evidence += ara::format("; most time goes to {}, {:.1f} s in {:.0f} s", stages[0].name,
                              stages[0].seconds, node.window.seconds);
    }
    notes.push_back({Severity::error, node.url, evidence, remedy_of(node, facts)});
  });
}

Notes failed_answers(const Facts& facts) {
  return at_each_node(facts, [](const NodeLook& node, Notes& notes) {
    const double all = node.window.added("http_requests_total", is_work);
    const double failed = node.window.added("http_requests_total", [](const Labels& labels) {
      return is_work(labels) && label(labels, "status").starts_with('5');
    });
    if (all < kFewRequests || failed <= kErrorShare * all) return;
    notes.push_back(
        {Severity::error, node.url,
         ara::format("{:.0f} of {:.0f} answers failed ({})", failed, all, percent(failed / all)),
         "Read the node's log lines of level error; ara_errors_total counts the "
         "kinds."});
  });
}

Notes refused_requests(const Facts& facts) {
  return at_each_node(facts, [](const NodeLook& node, Notes& notes) {
    const double refused =
        node.window.added("ara_admission_refusals_total",
                          [](const Labels& labels) { return label(labels, "reason") != "quota"; });
    if (refused <= 0) return;
    notes.push_back({Severity::error, node.url,
                     ara::format("{:.0f} requests in {:.0f} s were refused, since their deadline "
                                 "could not be met",
                                 refused, node.window.seconds),
                     "Add servers; until then the clients' Retry-After spreads the load."});
  });
}

Notes long_queue(const Facts& facts) {
  return at_each_node(facts, [](const NodeLook& node, Notes& notes) {
    const Counted delay = node.window.counted("ara_slow_lane_delay_seconds");
    const double late = delay.above(kQueueWait);
    if (delay.count < kFewRequests || late <= kQueueShare * delay.count) return;
    notes.push_back(
        {Severity::warning, node.url,
         ara::format("{:.0f} of {:.0f} pieces of work waited over {} for one of {:.0f} workers",
                     late, delay.count, duration(kQueueWait),
                     node.window.now("ara_slow_lane_workers").value_or(0)),
         "Raise MAX_WORKERS while processors are idle (right-sizing below), else add servers."});
  });
}

Notes small_cache(const Facts& facts) {
  return at_each_node(facts, [&](const NodeLook& node, Notes& notes) {
    const auto limit = node.window.now("ara_cache_limit_bytes", with("tier", "l1"));
    const double evicted = node.window.added("ara_cache_evictions_total", with("tier", "l1"));
    if (!limit || evicted <= 0) return;
    double lookups = 0;
    double again = 0;  // what another tier still had was asked for before
    for (const TierUse& tier : tiers_of(node)) {
      if (tier.tier == "l1") {
        lookups = tier.lookups();
      } else {
        again += tier.hits;
      }
    }
    if (lookups < kFewRequests || again <= kAskedAgainShare * lookups) return;
    const auto wanted = cache_megabytes(facts);
    notes.push_back(
        {Severity::warning, node.url,
         ara::format("{:.0f} entries left the {} of memory before their time in {:.0f} s, and "
                     "{} of the look-ups asked for one that had been there",
                     evicted, size(*limit), node.window.seconds, percent(again / lookups)),
         ara::format("Set CACHE_SIZE_MB={} (it is {}).",
                     std::max(wanted.value_or(0), 2 * facts.sizes.cache_size_mb),
                     facts.sizes.cache_size_mb)});
  });
}

Notes ailing_redis(const Facts& facts) {
  return at_each_node(facts, [](const NodeLook& node, Notes& notes) {
    const auto count = [&](const char* result) {
      return node.window.added("ara_redis_operations_total", with("result", result));
    };
    const double failed = count("failed") + count("refused");
    const double all = failed + count("done");
    const double open = node.window.now("ara_redis_breakers_open").value_or(0);
    if (open <= 0 && (failed <= 0 || failed <= kErrorShare * all)) return;
    notes.push_back({Severity::warning, node.url,
                     ara::format("{:.0f} of {:.0f} operations on Redis failed or were not tried, "
                                 "{:.0f} breakers are open",
                                 failed, all, open),
                     "See to the Redis nodes (redis-cli --cluster check); meanwhile each server "
                     "computes for itself."});
  });
}

Notes uncovered_slots(const Facts& facts) {
  return at_each_node(facts, [](const NodeLook& node, Notes& notes) {
    const auto covered = node.window.now("ara_redis_slots_covered");
    if (!covered || *covered >= kAllSlots) return;
    notes.push_back({Severity::error, node.url,
                     ara::format("{:.0f} of {:.0f} slots have a master", *covered, kAllSlots),
                     "Start the masters that are down, or redis-cli --cluster fix."});
  });
}

Notes late_jobs(const Facts& facts) {
  return at_each_node(facts, [](const NodeLook& node, Notes& notes) {
    const auto oldest = node.window.now("ara_jobs_oldest_queued_seconds");
    if (!notes.empty() || !oldest || *oldest <= kJobPatience) return;  // one queue is all nodes'
    notes.push_back({Severity::warning, "the queue of jobs",
                     ara::format("a job has been due for {}", duration(*oldest)),
                     "Start another `ara worker`, or one at all."});
  });
}

}  // namespace ara::doctor
