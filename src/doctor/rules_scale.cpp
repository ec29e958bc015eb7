// The guide's triggers for scaling; the fifth, latency, is in rules_nodes.cpp.
#include <algorithm>

#include "doctor/finding.h"
#include "doctor/sizing.h"
#include "doctor/words.h"

namespace ara::doctor {

Notes busy_processors(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const auto share = cpu_share(node, facts.machine);
    if (!share || *share <= kBusyShare) continue;
    const double throttled = node.window.added("ara_cgroup_cpu_throttled_seconds_total");
    notes.push_back(
        {Severity::warning, node.url,
         ara::format("{} of its {:.1f} cores used{}", percent(*share),
                     cores_of(node, facts.machine).value_or(0),
                     throttled > 0 ? ara::format(", held back for {:.1f} s", throttled) : ""),
         ara::format("Add servers: {} in all would be at {}.", servers_for(facts),
                     percent(kAimedShare))});
  }
  return notes;
}

Notes full_memory(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const auto share = memory_share(node, facts.machine);
    if (!share || *share <= kFullShare) continue;
    notes.push_back(
        {Severity::warning, node.url,
         ara::format("{} of the memory is used; this process has {} resident", percent(*share),
                     size(node.window.now("process_resident_memory_bytes").value_or(0))),
         "Give the node more memory, as right-sizing says below."});
  }
  return notes;
}

Notes many_requests(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const auto most = capacity_of(node, facts);
    if (!most || requests_of(node) <= kBusyShare * *most) continue;
    notes.push_back({Severity::warning, node.url,
                     ara::format("{:.0f} requests a minute, of {:.0f} that it can do",
                                 requests_of(node), *most),
                     ara::format("Add servers: {} in all would be at {}.", servers_for(facts),
                                 percent(kAimedShare))});
  }
  return notes;
}

Notes many_connections(const Facts& facts) {
  Notes notes;
  if (!facts.store) return notes;
  for (const storage::DatabaseLook& database : facts.store->databases) {
    for (const storage::ServerLook& server : database.servers) {
      if (server.connections_limit == 0) continue;
      const double share =
          static_cast<double>(server.connections) / static_cast<double>(server.connections_limit);
      if (share <= kFullShare) continue;
      notes.push_back({Severity::warning, server.server,
                       ara::format("{} of {} connections are in use", server.connections,
                                   server.connections_limit),
                       "Put a pgbouncer before the server, or lower POSTGRES_CONNECTIONS to what "
                       "right-sizing says below."});
    }
  }
  return notes;
}

}  // namespace ara::doctor
