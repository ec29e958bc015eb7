#include "config/limits.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include "base/cgroups.h"
#include "base/text.h"

namespace ara::config {

Limits read_limits(const std::string& root) {
  const CgroupLimits cgroups = limits_of(find_cgroups(root));
  Limits limits;
  cpu_set_t set;
  CPU_ZERO(&set);
  // Beyond 1,024 CPUs the fixed set is too small, and the plain count has to do.
  const int allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  limits.cores = allowed > 0 ? allowed : std::max(1U, std::thread::hardware_concurrency());
  if (cgroups.cores) limits.cores = std::min(limits.cores, *cgroups.cores);

  std::ifstream meminfo(root + "/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);) {
    std::istringstream fields(line);
    std::string name, number;
    if (!(fields >> name >> number) || name != "MemTotal:") continue;
    const auto kilobytes = parse_integer(number);
    if (kilobytes && *kilobytes > 0) {
      limits.memory_bytes = static_cast<std::uint64_t>(*kilobytes) * 1024;
    }
  }
  if (cgroups.memory_bytes &&
      (limits.memory_bytes == 0 || *cgroups.memory_bytes < limits.memory_bytes)) {
    limits.memory_bytes = *cgroups.memory_bytes;
  }
  return limits;
}

}  // namespace ara::config
