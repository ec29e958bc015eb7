#pragma once

#include <memory>

#include "base/clock.h"
#include "cache/tier.h"

namespace ara::cache {

/// The right to make a value, given back at the end of its life.
class Claim {
 public:
  virtual ~Claim() = default;
};

/// What came of wanting to make a value: the value, where another node has made it meanwhile; or a
/// claim, while which the other nodes wait; or neither, where there is no telling what they do.
/// Without a value the caller makes it.
struct Boarding {
  Value value;
  std::unique_ptr<Claim> claim;
};

/// Single flight of a fleet: of many nodes that miss a key, one makes the value. Thread-safe.
class Flights {
 public:
  virtual ~Flights() = default;

  /// To be asked after a miss, and before the value is made and put. Blocks while another node
  /// makes it, though for no more than half of the time that the deadline leaves: the other half is
  /// for making it here.
  virtual Boarding board(const Key& key, const Call& call) = 0;
};

}  // namespace ara::cache
