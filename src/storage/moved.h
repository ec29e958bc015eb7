#pragma once

#include <string>

#include "base/result.h"

namespace ara::storage {

/// The error of a shard that does not hold, or hold any more, the slot it was asked for: the one
/// kind of Code::unavailable that no further try at the same shard will mend.
inline Error moved() {
  return {
      Code::unavailable, "the slot lies on another shard, or is just being moved", "slot", {}, {}};
}
inline bool is_moved(const Error& error) {
  return error.code == Code::unavailable && error.field == "slot";
}

}  // namespace ara::storage
