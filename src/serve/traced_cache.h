#pragma once

#include <memory>

#include "cache/flights.h"
#include "cache/tier.h"

namespace ara::serve {

/// The same, each call a span of the trace that the calling thread works for. For what a fleet
/// shares: memory is quicker than a span.
std::shared_ptr<cache::Tier> traced(std::shared_ptr<cache::Tier> tier);
std::shared_ptr<cache::Flights> traced(std::shared_ptr<cache::Flights> flights);

}  // namespace ara::serve
