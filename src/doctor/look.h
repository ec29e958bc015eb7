#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "doctor/facts.h"

namespace ara::doctor {

struct LookOptions {
  std::vector<std::string> urls;  ///< of nodes, as base_url gives them
  std::string store;              ///< as storage::open takes it
  std::chrono::milliseconds span{10'000};
  Machine machine;
  Sizes sizes;
  Goals goals;
};

/// Looks at the nodes and the store, and again after the span, and at the nodes' memory between.
/// Takes the span and a little more. What could not be seen is said in the facts.
Facts look(const LookOptions& options, const Clock& clock = system_clock());

}  // namespace ara::doctor
