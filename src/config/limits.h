#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ara::config {

/// What the machine, or the container it is in, allows.
struct Limits {
  double cores = 1;                ///< may be a fraction
  std::uint64_t memory_bytes = 0;  ///< 0: not known
};

/// The limits that control groups set, nothing where they set none.
struct CgroupLimits {
  std::optional<double> cores;
  std::optional<std::uint64_t> memory_bytes;
};

/// Reads the control groups, v1 and v2, of this process and of every group above it that is
/// visible; the tightest counts. `root` is prepended to /proc and to the mount points, for tests.
CgroupLimits read_cgroups(const std::string& root = "");

/// The cgroup limits over the cores this process may run on and the machine's memory.
Limits read_limits(const std::string& root = "");

}  // namespace ara::config
