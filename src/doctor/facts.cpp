#include "doctor/facts.h"

namespace ara::doctor {
namespace {

/// Below this share of the processors their use says little about what a request costs.
constexpr double kTelling = 0.05;

}  // namespace

bool is_work(const Labels& labels) {
  const std::string_view route = label(labels, "route");
  return route != "/metrics" && !route.starts_with("/health") && route != "/";
}

std::optional<double> cores_of(const NodeLook& node, const Machine& machine) {
  if (const auto limit = node.window.now("ara_cgroup_cpu_limit_cores")) return limit;
  if (node.local) return machine.cores;
  return std::nullopt;
}

std::optional<double> cpu_share(const NodeLook& node, const Machine& machine) {
  if (const auto cores = cores_of(node, machine); cores && *cores > 0) {
    return node.window.rate("process_cpu_seconds_total") / *cores;
  }
  return node.machine_cpu;
}

std::optional<double> memory_share(const NodeLook& node, const Machine& machine) {
  const auto limit = node.window.now("ara_cgroup_memory_limit_bytes");
  const auto used = node.window.now("ara_cgroup_memory_usage_bytes");
  if (limit && used && *limit > 0) return *used / *limit;
  if (node.machine_memory) return node.machine_memory;
  const auto resident = node.window.now("process_resident_memory_bytes");
  if (node.local && resident && machine.memory_bytes > 0) return *resident / machine.memory_bytes;
  return std::nullopt;
}

Counted latency_of(const NodeLook& node) {
  return node.window.counted("http_request_duration_seconds", is_work);
}

double requests_of(const NodeLook& node) {
  return 60 * node.window.rate("http_requests_total", is_work);
}

std::optional<double> capacity_of(const NodeLook& node, const Facts& facts) {
  if (facts.goals.requests_per_minute) return facts.goals.requests_per_minute;
  const auto share = cpu_share(node, facts.machine);
  if (!share || *share < kTelling || requests_of(node) <= 0) return std::nullopt;
  return requests_of(node) / *share;
}

}  // namespace ara::doctor
