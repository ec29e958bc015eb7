#include "telemetry/machine.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace ara::telemetry {
namespace {

std::optional<double> load() {
  double minute = 0;
  const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (::getloadavg(&minute, 1) != 1 || processors < 1) return std::nullopt;
  return std::min(1.0, minute / static_cast<double>(processors));
}

std::optional<double> memory_in_use() {
  std::ifstream in("/proc/meminfo");
  double total = 0;
  double available = -1;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    double kibibytes = 0;
    if (!(words >> name >> kibibytes)) continue;
    if (name == "MemTotal:") total = kibibytes;
    if (name == "MemAvailable:") available = kibibytes;
  }
  if (total <= 0 || available < 0) return std::nullopt;
  return 1 - available / total;
}

}  // namespace

std::optional<double> disk_in_use(const std::string& folder) {
  struct statvfs found{};
  if (::statvfs(folder.c_str(), &found) != 0 || found.f_blocks == 0) return std::nullopt;
  const auto used = static_cast<double>(found.f_blocks - found.f_bfree);
  const auto of = used + static_cast<double>(found.f_bavail);  // without what root alone may have
  if (of <= 0) return std::nullopt;
  return used / of;
}

MachineUse machine_use(const std::string& folder) {
  return {.cpu = load(), .memory = memory_in_use(), .disk = disk_in_use(folder)};
}

}  // namespace ara::telemetry
