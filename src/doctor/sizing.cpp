#include "doctor/sizing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "doctor/stages.h"
#include "doctor/words.h"

namespace ara::doctor {
namespace {

constexpr double kMega = 1024.0 * 1024.0;
constexpr double kL1Share = 0.75;       ///< of CACHE_SIZE_MB, as app/wire.cpp divides it
constexpr double kHeadroom = 1.25;      ///< over what was measured
constexpr double kPeak = 3;             ///< over a mean of connections in use
constexpr double kMoreWindows = 2;      ///< in which as much is new as in this one
constexpr double kMostOfMemory = 0.25;  ///< for a cache
constexpr double kEntryBytes = 4096;    ///< where a cache holds too few to tell
constexpr double kTellingEntries = 100;
constexpr double kBookkeeping = 0.05;  ///< of what a cache may hold, before it holds anything
constexpr double kLeastRequests = 50;  ///< of fewer no sizes are told
constexpr double kIdleShare = 0.2;     ///< of processors: servers are too many
constexpr double kMostConnections = 10'000;
constexpr std::uint32_t kSpareConnections = 2;  ///< for what runs in the background
constexpr double kMostWorkers = 256;
constexpr double kMostLoops = 64;

template <class Of>
std::optional<double> worst(const Facts& facts, Of of) {
  std::optional<double> found;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const std::optional<double> value = of(node);
    if (value) found = std::max(found.value_or(*value), *value);
  }
  return found;
}

std::optional<double> connections_share(const Facts& facts) {
  std::optional<double> found;
  if (!facts.store) return found;
  for (const storage::DatabaseLook& database : facts.store->databases) {
    for (const storage::ServerLook& server : database.servers) {
      if (server.connections_limit == 0) continue;
      const double share =
          static_cast<double>(server.connections) / static_cast<double>(server.connections_limit);
      found = std::max(found.value_or(0), share);
    }
  }
  return found;
}

/// Part of the slow lane's time that is spent waiting for databases.
double waiting_share(const Facts& facts) {
  double waited = 0;
  double all = 0;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const auto reads = [](const Labels& labels) {
      return label(labels, "operation") == "bars_read" ||
             label(labels, "operation") == "forecast_read";
    };
    const double database = node.window.counted("ara_db_query_duration_seconds", reads).sum;
    waited += database;
    all += database + node.window.counted("ara_model_inference_duration_seconds").sum;
  }
  return all > 0 ? std::min(0.75, waited / all) : 0;
}

/// Bytes that the node with the least may have; nothing where that is not known.
std::optional<double> least_memory(const Facts& facts) {
  std::optional<double> least;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    auto memory = node.window.now("ara_cgroup_memory_limit_bytes");
    if (!memory && node.local && facts.machine.memory_bytes > 0) {
      memory = facts.machine.memory_bytes;
    }
    if (memory) least = std::min(least.value_or(*memory), *memory);
  }
  return least;
}

double fresh_forecasts(const storage::StoreLook& store) {
  double fresh = 0;
  for (const storage::DatabaseLook& database : store.databases) {
    fresh += static_cast<double>(database.fresh_forecasts);
  }
  return fresh;
}

/// How many different forecasts will be asked for within the ttl: as many as were, and those that
/// come if more go on coming for a while.
double expected_forecasts(const Facts& facts) {
  const double before = fresh_forecasts(*facts.store);
  if (!facts.store_after) return before;
  const double after = fresh_forecasts(*facts.store_after);
  return after + kMoreWindows * std::max(0.0, after - before);
}

std::string cores_text(double cores) {
  return ara::format("{:.0f}m", std::ceil(cores * 20) * 50);
}

std::string memory_text(double bytes) {
  return ara::format("{:.0f}Mi", std::ceil(bytes / kMega / 16) * 16);
}

struct Measured {
  double cores = 0;     ///< used by the busiest node
  double resident = 0;  ///< bytes of the largest, without its cache
  double requests = 0;  ///< of all nodes, in the window
  std::optional<double> machine_cores;
};

Measured measure(const Facts& facts) {
  Measured found;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    found.cores = std::max(found.cores, node.window.rate("process_cpu_seconds_total"));
    const double cache = node.window.now("ara_cache_size_bytes").value_or(0);
    found.resident = std::max(found.resident,
                              node.window.now("process_resident_memory_bytes").value_or(0) - cache);
    found.requests += node.window.added("http_requests_total", is_work);
    const auto cores = cores_of(node, facts.machine);
    if (cores) found.machine_cores = std::min(found.machine_cores.value_or(*cores), *cores);
  }
  return found;
}

/// One for each whole core, and more for the time in which they wait.
double workers_for(double cores, double waiting) {
  return std::clamp(std::round(std::max(1.0, std::floor(cores)) / (1 - waiting)), 1.0,
                    kMostWorkers);
}

void add_threads(const Facts& facts, const Measured& measured, RightSize& size) {
  if (!measured.machine_cores) return;
  const double cores = *measured.machine_cores;
  const double waiting = waiting_share(facts);
  const double loops = std::clamp(std::ceil(cores), 1.0, kMostLoops);
  const double workers = workers_for(cores, waiting);
  size.settings.push_back({"API_WORKERS", ara::format("{:.0f}", loops),
                           std::to_string(facts.sizes.api_workers),
                           ara::format("one for each of {:.1f} cores", cores)});
  size.settings.push_back({"MAX_WORKERS", ara::format("{:.0f}", workers),
                           std::to_string(facts.sizes.max_workers),
                           ara::format("{:.1f} cores, and {} of a forecast's time is waiting for "
                                       "the database",
                                       cores, percent(waiting))});
}

void add_cache(const Facts& facts, RightSize& size) {
  const auto megabytes = cache_megabytes(facts);
  if (!megabytes) return;
  size.settings.push_back(
      {"CACHE_SIZE_MB", std::to_string(*megabytes), std::to_string(facts.sizes.cache_size_mb),
       ara::format("what was asked for within the last {} s, and a quarter more",
                   facts.sizes.cache_ttl_seconds)});
}

void add_pools(const Facts& facts, RightSize& size) {
  if (!facts.store || facts.store->kind != "postgresql") return;
  size.settings.push_back({"POSTGRES_CONNECTIONS", std::to_string(connections_for(facts)),
                           std::to_string(facts.sizes.postgres_connections),
                           ara::format("{:.0f} times those in use on average, for {} nodes", kPeak,
                                       facts.sizes.fleet_nodes)});
}

void add_resources(const Facts& facts, const Measured& measured, RightSize& size) {
  const double cores = std::max(0.1, measured.cores / kBusyShare);
  const double cache =
      kMega * static_cast<double>(cache_megabytes(facts).value_or(facts.sizes.cache_size_mb));
  const double memory = kHeadroom * (std::max(0.0, measured.resident) + cache);
  size.resources = {
      {"requests.cpu",
       cores_text(cores),
       {},
       ara::format("{:.2f} cores were used, at {} of the request", measured.cores,
                   percent(kBusyShare))},
      {"limits.cpu", cores_text(std::max(1.0, 2 * cores)), {}, "twice that, for peaks"},
      {"requests.memory",
       memory_text(memory),
       {},
       "what is resident without the cache, the cache of right size, and a quarter more"},
      {"limits.memory", memory_text(1.5 * memory), {}, "half as much again"}};
}

}  // namespace

std::vector<Trigger> triggers_of(const Facts& facts) {
  const auto cpu =
      worst(facts, [&](const NodeLook& node) { return cpu_share(node, facts.machine); });
  const auto memory =
      worst(facts, [&](const NodeLook& node) { return memory_share(node, facts.machine); });
  const auto p95 =
      worst(facts, [](const NodeLook& node) { return latency_of(node).quantile(0.95); });
  const auto rate =
      worst(facts, [](const NodeLook& node) { return std::optional(requests_of(node)); });
  const auto most = worst(facts, [&](const NodeLook& node) { return capacity_of(node, facts); });
  return {{"cpu", cpu, kBusyShare, "ratio"},
          {"memory", memory, kFullShare, "ratio"},
          {"latency_p95", p95, facts.goals.p95_seconds, "seconds"},
          // Without a capacity there is no threshold to pass.
          {"request_rate", rate,
           most ? kBusyShare * *most : std::numeric_limits<double>::infinity(), "per minute"},
          {"database_connections", connections_share(facts), kFullShare, "ratio"}};
}

int servers_for(const Facts& facts) {
  double used = 0;
  for (const NodeLook& node : facts.nodes) {
    if (node.reachable()) used += cpu_share(node, facts.machine).value_or(0);
  }
  return std::max(1, static_cast<int>(std::ceil(used / kAimedShare)));
}

Verdict verdict_of(const Facts& facts) {
  const std::vector<Trigger> triggers = triggers_of(facts);
  const Trigger& cpu = triggers[0];
  const Trigger& memory = triggers[1];
  const Trigger& latency = triggers[2];
  const Trigger& rate = triggers[3];
  const Trigger& connections = triggers[4];
  const auto nodes = static_cast<int>(
      std::ranges::count_if(facts.nodes, [](const NodeLook& node) { return node.reachable(); }));
  if (nodes == 0) return {"none", "no node could be asked"};
  if (cpu.met() || rate.met()) {
    return {"out", ara::format("the processors are the limit: {} servers instead of {}",
                               std::max(nodes + 1, servers_for(facts)), nodes)};
  }
  if (memory.met()) return {"up", "memory is the limit: the same servers with more of it"};
  if (connections.met()) {
    return {"database", "the database's connections are the limit: pool them, or add a shard"};
  }
  if (latency.met()) {
    return {"none",
            "answers are slow, and neither processors nor memory are the limit: more "
            "servers would not help; the findings say what would"};
  }
  const int enough = servers_for(facts);
  const bool slack = cpu.value && *cpu.value < kIdleShare;
  if (slack && nodes > 1 && enough < nodes) {
    return {"in", ara::format("{} servers do for what {} do now; keep as many as may fail", enough,
                              nodes)};
  }
  return {"none", "no trigger is met"};
}

std::optional<std::uint64_t> cache_megabytes(const Facts& facts) {
  if (!facts.store) return std::nullopt;
  const double fresh = expected_forecasts(facts);
  double held = 0;
  double entries = 0;
  double largest = 0;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const double whole = node.window.now("ara_cache_size_bytes", with("tier", "l1")).value_or(0);
    const double limit = node.window.now("ara_cache_limit_bytes", with("tier", "l1")).value_or(0);
    const double bytes = std::max(0.0, whole - kBookkeeping * limit);
    held += bytes;
    entries += node.window.now("ara_cache_entries", with("tier", "l1")).value_or(0);
    largest = std::max(largest, bytes);
  }
  if (fresh <= 0 && largest <= 0) return std::nullopt;
  const double entry = entries >= kTellingEntries ? held / entries : kEntryBytes;
  double needed = kHeadroom * std::max(fresh * entry, largest) / kL1Share / (1 - kBookkeeping);
  if (const auto memory = least_memory(facts)) needed = std::min(needed, kMostOfMemory * *memory);
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(needed / kMega)));
}

std::uint32_t connections_for(const Facts& facts) {
  const auto busy = worst(facts, [](const NodeLook& node) {
    const Counted queries = node.window.counted("ara_db_query_duration_seconds");
    return std::optional(node.window.seconds > 0 ? queries.sum / node.window.seconds : 0);
  });
  const double used = std::ceil(kPeak * busy.value_or(0));
  const auto cores = measure(facts).machine_cores;
  const double workers = std::max(static_cast<double>(facts.sizes.max_workers),
                                  cores ? workers_for(*cores, waiting_share(facts)) : 1.0);
  const double at_least = workers + kSpareConnections;
  // Where standbys are read, half of a node's connections to a server are for that.
  const double of_node = std::max(used, at_least) * (facts.sizes.replicated ? 2 : 1);
  const double fleet = of_node * static_cast<double>(std::max(1U, facts.sizes.fleet_nodes));
  return static_cast<std::uint32_t>(std::min(kMostConnections, fleet));
}

RightSize right_size(const Facts& facts) {
  RightSize size;
  const Measured measured = measure(facts);
  if (measured.requests < kLeastRequests) {
    size.why_not = ara::format(
        "{:.0f} requests were seen, and sizes are told from {:.0f} on: look "
        "again under load, or for longer (--seconds)",
        measured.requests, kLeastRequests);
    return size;
  }
  add_threads(facts, measured, size);
  add_cache(facts, size);
  add_pools(facts, size);
  add_resources(facts, measured, size);
  return size;
}

}  // namespace ara::doctor
