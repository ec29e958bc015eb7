#pragma once

#include <optional>
#include <string>

namespace ara::telemetry {

/// How much of the machine is in use, each 0 to 1; nothing where the system does not tell.
struct MachineUse {
  std::optional<double> cpu;     ///< load average of a minute over the processors, at most 1
  std::optional<double> memory;  ///< what no program could have any more (proc(5), MemAvailable)
  std::optional<double> disk;    ///< of the file system that holds `folder`, for ordinary users
};

/// Of the file system that holds `folder`, for ordinary users.
std::optional<double> disk_in_use(const std::string& folder);

MachineUse machine_use(const std::string& folder);

}  // namespace ara::telemetry
