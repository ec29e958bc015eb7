#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/cgroups.h"
#include "base/text.h"
#include "telemetry/machine.h"
#include "telemetry/metrics.h"

namespace ara::telemetry {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::string read_file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Field `number` of /proc/self/stat, counted from 1 as in proc(5), of those after the name.
double stat_field(std::size_t number) {
  const std::string text = read_file("/proc/self/stat");
  const std::size_t name_end = text.rfind(')');  // the name itself may hold spaces and brackets
  if (name_end == std::string::npos) return kUnknown;
  std::istringstream rest(text.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  constexpr std::size_t kFirst = 3;
  if (number < kFirst || number - kFirst >= fields.size()) return kUnknown;
  return parse_double(fields[number - kFirst]).value_or(kUnknown);
}

double ticks_per_second() {
  return static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double cpu_seconds() {
  return (stat_field(14) + stat_field(15)) / ticks_per_second();
}

double resident_bytes() {
  return stat_field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double virtual_bytes() {
  return stat_field(23);
}

double threads() {
  return stat_field(20);
}

/// The start is given in ticks since the machine's own; /proc/stat tells when that was.
double start_seconds() {
  const std::string text = read_file("/proc/stat");
  constexpr std::string_view kBoot = "\nbtime ";
  const std::size_t at = text.find(kBoot);
  if (at == std::string::npos) return kUnknown;
  const std::size_t begin = at + kBoot.size();
  const auto boot =
      parse_double(std::string_view(text).substr(begin, text.find('\n', begin) - begin));
  return boot.value_or(kUnknown) + stat_field(22) / ticks_per_second();
}

double open_descriptors() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return kUnknown;
  int count = 0;
  while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.';
  ::closedir(folder);
  return count - 1;  // the folder itself was open while it was counted
}

double most_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnknown;
  return static_cast<double>(limit.rlim_cur);
}

/// Column `number`, from 0, of /proc/self/net/dev (proc(5)), added up over the interfaces.
double network_column(std::size_t number) {
  std::ifstream in("/proc/self/net/dev");
  double sum = kUnknown;
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;  // the two lines above the table
    std::istringstream rest(line.substr(colon + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
    if (number >= fields.size()) continue;
    sum = (sum == sum ? sum : 0) + parse_double(fields[number]).value_or(0);
  }
  return sum;
}

double received_bytes() {
  return network_column(0);
}

double transmitted_bytes() {
  return network_column(8);
}

void register_cgroups(Metrics& metrics) {
  // Which groups they are hardly changes, and takes longer to find out than their numbers.
  const auto groups = std::make_shared<const std::vector<Cgroup>>(find_cgroups());
  const auto use = [&](std::string_view family, std::optional<double> CgroupUse::* member) {
    metrics.gauge(family, {},
                  [groups, member] { return (use_of(*groups).*member).value_or(kUnknown); });
  };
  use("ara_cgroup_cpu_usage_seconds_total", &CgroupUse::cpu_seconds);
  use("ara_cgroup_cpu_throttled_seconds_total", &CgroupUse::throttled_seconds);
  use("ara_cgroup_memory_usage_bytes", &CgroupUse::memory_bytes);
  metrics.gauge("ara_cgroup_cpu_limit_cores", {},
                [groups] { return limits_of(*groups).cores.value_or(kUnknown); });
  metrics.gauge("ara_cgroup_memory_limit_bytes", {}, [groups] {
    const auto limit = limits_of(*groups).memory_bytes;
    return limit ? static_cast<double>(*limit) : kUnknown;
  });
}

}  // namespace

void register_process_metrics(Metrics& metrics, std::string_view version,
                              const std::string& folder) {
  metrics.gauge("process_resident_memory_bytes", {}, resident_bytes);
  metrics.gauge("process_virtual_memory_bytes", {}, virtual_bytes);
  metrics.gauge("process_cpu_seconds_total", {}, cpu_seconds);
  metrics.gauge("process_open_fds", {}, open_descriptors);
  metrics.gauge("process_max_fds", {}, most_descriptors);
  metrics.gauge("process_threads", {}, threads);
  metrics.gauge("process_network_receive_bytes_total", {}, received_bytes);
  metrics.gauge("process_network_transmit_bytes_total", {}, transmitted_bytes);
  metrics.gauge("process_start_time_seconds", {}, [start = start_seconds()] { return start; });
  register_cgroups(metrics);
  metrics.gauge("ara_disk_used_ratio", {},
                [folder] { return disk_in_use(folder).value_or(kUnknown); });
  metrics.gauge("ara_build_info", {{"version", std::string(version)}}, [] { return 1.0; });
}

}  // namespace ara::telemetry
