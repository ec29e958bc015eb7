#pragma once

#include <string>
#include <vector>

#include "doctor/facts.h"

/// Where the time of requests went.
namespace ara::doctor {

/// One thing that time was spent on, by what happened between the looks.
struct Stage {
  std::string name;  ///< "waiting for a worker", "database: bars_read at replica"
  double count = 0;
  double seconds = 0;  ///< of all of them

  double mean() const { return count > 0 ? seconds / count : 0; }
};

/// Stages that do not contain each other, the longest first; none that did not occur.
std::vector<Stage> stages_of(const NodeLook& node);
/// The kinds of calls to databases, and the models, the slowest on average first.
std::vector<Stage> queries_of(const NodeLook& node);
std::vector<Stage> models_of(const NodeLook& node);
std::vector<Stage> routes_of(const NodeLook& node);

/// Of the look-ups in a tier of the cache, how many found something; nothing where there were none.
struct TierUse {
  std::string tier;
  double hits = 0;
  double misses = 0;
  double errors = 0;

  double lookups() const { return hits + misses + errors; }
};
std::vector<TierUse> tiers_of(const NodeLook& node);

}  // namespace ara::doctor
