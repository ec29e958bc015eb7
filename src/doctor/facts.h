#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doctor/scrape.h"
#include "storage/inspect.h"

/// Everything that was seen, before anything is concluded from it.
namespace ara::doctor {

/// How much memory a node had at a moment, and what the caches had of it. In bytes.
struct MemoryPoint {
  double at = 0;  ///< seconds since the first
  double resident = 0;
  double caches = 0;
};

struct NodeLook {
  std::string url;
  std::string error;          ///< why it could not be asked, empty where it could
  bool local = false;         ///< it runs on this machine
  std::optional<double> age;  ///< seconds since it was started, at the beginning
  Window window;
  std::vector<MemoryPoint> memory;       ///< in order of time, from before to after
  std::optional<double> machine_cpu;     ///< 0 to 1, of /health/detailed where that may be asked
  std::optional<double> machine_memory;  ///< the same

  bool reachable() const { return error.empty(); }
};

/// What this machine, or its container, allows.
struct Machine {
  double cores = 1;
  double memory_bytes = 0;  ///< 0: not known
};

/// The settings that sizes are about, as this command was given them.
struct Sizes {
  unsigned api_workers = 1;
  unsigned max_workers = 1;
  std::uint64_t cache_size_mb = 64;
  std::uint32_t postgres_connections = 60;
  std::uint32_t fleet_nodes = 1;
  std::uint32_t cache_ttl_seconds = 300;
  bool replicated = false;  ///< several servers of PostgreSQL are named
};

struct Goals {
  double p95_seconds = 2.0;                   ///< the guide's
  std::optional<double> requests_per_minute;  ///< that a node can do, where it was measured
};

struct Facts {
  std::vector<NodeLook> nodes;
  std::optional<storage::StoreLook> store;        ///< at the beginning
  std::optional<storage::StoreLook> store_after;  ///< at the end, but for the indexes
  std::string store_error;                        ///< why there is none
  double store_seconds = 0;                       ///< between the two
  Machine machine;
  Sizes sizes;
  Goals goals;
};

/// Requests for what the service is for: not those that ask how it is.
bool is_work(const Labels& labels);

/// Cores that a node may use; nothing where that cannot be known from here.
std::optional<double> cores_of(const NodeLook& node, const Machine& machine);
/// Part of them that it used, 0 to 1 and a little more.
std::optional<double> cpu_share(const NodeLook& node, const Machine& machine);
/// Part of its memory, or of its machine's, that is used.
std::optional<double> memory_share(const NodeLook& node, const Machine& machine);
Counted latency_of(const NodeLook& node);
/// A minute.
double requests_of(const NodeLook& node);
/// Requests a minute that it could do by what the present ones cost, or by what was measured.
std::optional<double> capacity_of(const NodeLook& node, const Facts& facts);

}  // namespace ara::doctor
