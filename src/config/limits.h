#pragma once

#include <cstdint>
#include <string>

namespace ara::config {

/// What the machine, or the container it is in, allows.
struct Limits {
  double cores = 1;                ///< may be a fraction
  std::uint64_t memory_bytes = 0;  ///< 0: not known
};

/// The limits of control groups (base/cgroups.h) over the cores this process may run on and the
/// machine's memory. `root` is prepended to /proc and to the mount points, for tests.
Limits read_limits(const std::string& root = "");

}  // namespace ara::config
