#include "doctor/stages.h"

#include <algorithm>

#include "base/format.h"

namespace ara::doctor {
namespace {

void add_stage(std::vector<Stage>& stages, std::string name, const Counted& counted) {
  if (counted.count > 0) stages.push_back({std::move(name), counted.count, counted.sum});
}

void longest_first(std::vector<Stage>& stages, double (*by)(const Stage&)) {
  std::ranges::stable_sort(stages, std::ranges::greater(), by);
}

double mean_of(const Stage& stage) {
  return stage.mean();
}

std::vector<Stage> by_label(const NodeLook& node, std::string_view family, const char* name) {
  std::vector<Stage> stages;
  for (const std::string& value : node.window.after.values(family, name)) {
    add_stage(stages, value, node.window.counted(family, with(name, value)));
  }
  longest_first(stages, mean_of);
  return stages;
}

}  // namespace

std::vector<Stage> stages_of(const NodeLook& node) {
  std::vector<Stage> stages;
  const Window& window = node.window;
  add_stage(stages, "waiting for a worker", window.counted("ara_slow_lane_delay_seconds"));
  add_stage(stages, "waiting for a connection", window.counted("ara_db_pool_wait_seconds"));
  add_stage(stages, "database", window.counted("ara_db_query_duration_seconds"));
  add_stage(stages, "models", window.counted("ara_model_inference_duration_seconds"));
  longest_first(stages, [](const Stage& stage) { return stage.seconds; });
  return stages;
}

std::vector<Stage> queries_of(const NodeLook& node) {
  constexpr std::string_view kFamily = "ara_db_query_duration_seconds";
  std::vector<Stage> stages;
  for (const std::string& operation : node.window.after.values(kFamily, "operation")) {
    for (const std::string& role : node.window.after.values(kFamily, "role")) {
      const auto both = [&](const Labels& labels) {
        return label(labels, "operation") == operation && label(labels, "role") == role;
      };
      add_stage(stages, ara::format("{} ({})", operation, role),
                node.window.counted(kFamily, both));
    }
  }
  longest_first(stages, mean_of);
  return stages;
}

std::vector<Stage> models_of(const NodeLook& node) {
  return by_label(node, "ara_model_inference_duration_seconds", "model");
}

std::vector<Stage> routes_of(const NodeLook& node) {
  auto stages = by_label(node, "http_request_duration_seconds", "route");
  std::erase_if(stages, [](const Stage& one) { return !is_work({{"route", one.name}}); });
  return stages;
}

std::vector<TierUse> tiers_of(const NodeLook& node) {
  std::vector<TierUse> tiers;
  for (const std::string_view tier : {"l1", "l2", "l3"}) {
    const auto count = [&](std::string_view result) {
      return node.window.added("ara_cache_requests_total", [&](const Labels& labels) {
        return label(labels, "tier") == tier && label(labels, "result") == result;
      });
    };
    TierUse use{std::string(tier), count("hit"), count("miss"), count("error")};
    if (use.lookups() > 0) tiers.push_back(std::move(use));
  }
  return tiers;
}

}  // namespace ara::doctor
