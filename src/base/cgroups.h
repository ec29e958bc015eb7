#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Control groups of Linux, v1 and v2 (cgroups(7)).
namespace ara {

/// This process's group in one hierarchy: its folder, then those of the groups above it that are
/// visible.
struct Cgroup {
  bool v2 = false;
  std::vector<std::string> folders;  ///< one or more
};

/// Those of this process. `root` is prepended to /proc and to the mount points, for tests.
std::vector<Cgroup> find_cgroups(const std::string& root = "");

/// The limits that the groups set, the tightest of each; nothing where they set none.
struct CgroupLimits {
  std::optional<double> cores;
  std::optional<std::uint64_t> memory_bytes;
};
CgroupLimits limits_of(std::span<const Cgroup> groups);

/// What the process's own group has used, all its processes together; nothing where no hierarchy
/// tells.
struct CgroupUse {
  std::optional<double> cpu_seconds;
  std::optional<double> throttled_seconds;  ///< spent waiting for the next period of its quota
  std::optional<double> memory_bytes;       ///< now; without file pages that are inactive
};
CgroupUse use_of(std::span<const Cgroup> groups);

}  // namespace ara
