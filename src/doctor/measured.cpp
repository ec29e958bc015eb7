#include "doctor/measured.h"

#include <cmath>

#include "doctor/stages.h"
#include "doctor/words.h"

namespace ara::doctor {
namespace {

using enum Section;

/// Adds figures of one section and subject.
struct Adder {
  std::vector<Figure>& figures;
  Section section;
  std::string subject;

  void add(std::string what, double value, std::string unit, std::string detail = {}) {
    figures.push_back(
        {section, subject, std::move(what), value, std::move(unit), std::move(detail)});
  }
  void add(std::string what, const std::optional<double>& value, std::string unit) {
    if (value) add(std::move(what), *value, std::move(unit));
  }
  void add_slowest(std::string what, const std::vector<Stage>& stages) {
    if (stages.empty()) return;
    add(std::move(what), stages[0].mean(), "seconds",
        ara::format("{}, {:.0f} times", stages[0].name, stages[0].count));
  }
};

void add_latency(const NodeLook& node, std::vector<Figure>& figures) {
  Adder to{figures, latency, node.url};
  const Counted counted = latency_of(node);
  to.add("requests", requests_of(node), "per minute");
  to.add("p50", counted.quantile(0.5), "seconds");
  to.add("p95", counted.quantile(0.95), "seconds");
  to.add("p99", counted.quantile(0.99), "seconds");
  to.add_slowest("slowest route, mean", routes_of(node));
  for (const TierUse& tier : tiers_of(node)) {
    to.add("found in " + tier.tier, tier.hits / tier.lookups(), "ratio",
           ara::format("{:.0f} look-ups", tier.lookups()));
  }
  for (const Stage& stage : stages_of(node)) {
    to.add("time in " + stage.name, stage.seconds, "seconds",
           ara::format("{:.0f} times, {} each", stage.count, duration(stage.mean())));
  }
  to.add_slowest("slowest model, mean", models_of(node));
}

void add_memory(const NodeLook& node, std::vector<Figure>& figures) {
  Adder to{figures, memory, node.url};
  const auto resident = node.window.now("process_resident_memory_bytes");
  if (!resident) return;
  to.add("resident", *resident, "bytes");
  const double caches = node.window.now("ara_cache_size_bytes").value_or(0);
  to.add("of it, caches", caches, "bytes",
         ara::format("{:.0f} entries", node.window.now("ara_cache_entries").value_or(0)));
  to.add("of it, all else", *resident - caches, "bytes", "program, threads, store, requests");
  if (node.memory.size() > 1 && node.memory.back().at > 0) {
    const MemoryPoint& first = node.memory.front();
    const MemoryPoint& last = node.memory.back();
    to.add("growth", 60 * (last.resident - first.resident) / last.at, "bytes per minute",
           ara::format("over {:.0f} s; the caches {}", last.at, size(last.caches - first.caches)));
  }
  to.add("threads", node.window.now("process_threads"), "");
  to.add("file descriptors", node.window.now("process_open_fds"), "");
  to.add("streams", node.window.now("ara_stream_connections"), "");
}

void add_pools(const NodeLook& node, std::vector<Figure>& figures) {
  Adder to{figures, database, node.url};
  to.add_slowest("slowest kind of call, mean", queries_of(node));
  for (const std::string& pool : node.window.after.values("ara_db_pool_limit", "pool")) {
    const auto limit = node.window.now("ara_db_pool_limit", with("pool", pool));
    const auto busy = node.window.now("ara_db_pool_connections", [&](const Labels& labels) {
      return label(labels, "pool") == pool && label(labels, "state") == "busy";
    });
    if (limit && busy) {
      to.add("pool busy", *busy, "", ara::format("of {:.0f}, to {}", *limit, pool));
    }
  }
}

void add_database(const storage::DatabaseLook& look, const Facts& facts,
                  std::vector<Figure>& figures) {
  Adder whole{figures, database, look.name};
  whole.add("missing or invalid indexes", static_cast<double>(look.indexes.size()), "");
  whole.add("forecasts of the last TTL", static_cast<double>(look.fresh_forecasts), "",
            ara::format("{} s", facts.sizes.cache_ttl_seconds));
  for (const storage::ServerLook& server : look.servers) {
    if (!server.error.empty()) continue;
    Adder to{figures, database, server.server};
    to.add(server.standby ? "connections, standby" : "connections, primary",
           static_cast<double>(server.connections), "",
           ara::format("of {}", server.connections_limit));
  }
}

}  // namespace

std::vector<Figure> figures_of(const Facts& facts) {
  std::vector<Figure> figures;
  for (const auto add : {add_latency, add_memory, add_pools}) {
    for (const NodeLook& node : facts.nodes) {
      if (node.reachable()) add(node, figures);
    }
  }
  if (facts.store) {
    for (const storage::DatabaseLook& look : facts.store->databases) {
      add_database(look, facts, figures);
    }
  }
  return figures;
}

std::string shown(const Figure& figure) {
  if (figure.unit == "seconds") return duration(figure.value);
  if (figure.unit == "bytes") return size(figure.value);
  if (figure.unit == "bytes per minute") {
    return (figure.value < 0 ? "-" : "") + size(std::abs(figure.value)) + "/min";
  }
  if (figure.unit == "ratio") return percent(figure.value);
  if (figure.unit == "per minute") return ara::format("{:.0f}/min", figure.value);
  return ara::format("{:.0f}", figure.value);
}

}  // namespace ara::doctor
