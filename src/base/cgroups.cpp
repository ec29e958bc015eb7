#include "base/cgroups.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

#include "base/text.h"

namespace ara {
namespace {

/// v1 writes "no limit" as the largest multiple of a page in 63 bits.
constexpr std::uint64_t kNoLimit = 1ULL << 60;

std::string read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(std::move(word));
  return out;
}

std::optional<std::uint64_t> read_memory(const std::string& path) {
  const auto value = parse_integer(trim(read_line(path)));  // "max" is no integer
  if (!value || *value <= 0 || static_cast<std::uint64_t>(*value) >= kNoLimit) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<double> share(std::string_view quota, std::string_view period) {
  const auto over = parse_integer(quota);
  const auto under = parse_integer(period);
  if (!over || !under || *over <= 0 || *under <= 0) return std::nullopt;  // "max", -1: no limit
  return static_cast<double>(*over) / static_cast<double>(*under);
}

template <class T>
void tighten(std::optional<T>& limit, const std::optional<T>& by) {
  if (by && (!limit || *by < *limit)) limit = by;
}

void limit_v2(const std::string& folder, CgroupLimits& limits) {
  const auto cpu = words(read_line(folder + "/cpu.max"));
  if (cpu.size() == 2) tighten(limits.cores, share(cpu[0], cpu[1]));
  tighten(limits.memory_bytes, read_memory(folder + "/memory.max"));
}

void limit_v1(const std::string& folder, CgroupLimits& limits) {
  tighten(limits.cores, share(trim(read_line(folder + "/cpu.cfs_quota_us")),
                              trim(read_line(folder + "/cpu.cfs_period_us"))));
  tighten(limits.memory_bytes, read_memory(folder + "/memory.limit_in_bytes"));
}

/// A number of a file that holds nothing else; nothing where there is no such file.
std::optional<double> read_number(const std::string& path) {
  return parse_double(trim(read_line(path)));
}

/// The number behind `name` in a file of lines "name number".
std::optional<double> read_field(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto fields = words(line);
    if (fields.size() == 2 && fields[0] == name) return parse_double(fields[1]);
  }
  return std::nullopt;
}

/// Sets what is not known yet: a process may be in several hierarchies of v1, one a controller.
void learn(std::optional<double>& value, std::optional<double> found, double unit = 1) {
  if (!value && found) value = *found / unit;
}

/// Without what the kernel would give up at once for want of memory: pages of files that nothing
/// has touched for a while.
std::optional<double> in_use(std::optional<double> held, std::optional<double> idle) {
  if (!held) return held;
  return std::max(0.0, *held - idle.value_or(0));
}

void use_v2(const std::string& folder, CgroupUse& use) {
  learn(use.cpu_seconds, read_field(folder + "/cpu.stat", "usage_usec"), 1e6);
  learn(use.throttled_seconds, read_field(folder + "/cpu.stat", "throttled_usec"), 1e6);
  learn(use.memory_bytes, in_use(read_number(folder + "/memory.current"),
                                 read_field(folder + "/memory.stat", "inactive_file")));
}

void use_v1(const std::string& folder, CgroupUse& use) {
  learn(use.cpu_seconds, read_number(folder + "/cpuacct.usage"), 1e9);
  learn(use.throttled_seconds, read_field(folder + "/cpu.stat", "throttled_time"), 1e9);
  learn(use.memory_bytes, in_use(read_number(folder + "/memory.usage_in_bytes"),
                                 read_field(folder + "/memory.stat", "total_inactive_file")));
}

/// A line of /proc/self/mountinfo that mounts control groups (proc(5)).
struct Mount {
  std::string root;   ///< the group that appears at `point`
  std::string point;  ///< the folder
  bool v2 = false;
  std::vector<std::string> controllers;  ///< of v1
};

/// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string part; std::getline(in, part, separator);) out.push_back(std::move(part));
  return out;
}

std::vector<Mount> read_mounts(const std::string& root) {
  std::ifstream file(root + "/proc/self/mountinfo");
  std::vector<Mount> mounts;
  for (std::string line; std::getline(file, line);) {
    const auto fields = words(line);
    const auto dash = std::ranges::find(fields, "-");
    // id parent device root point options… - type source superoptions
    if (fields.size() < 6 || fields.end() - dash < 4) continue;
    const std::string& type = *(dash + 1);
    if (type != "cgroup" && type != "cgroup2") continue;
    mounts.push_back(
        {unescape(fields[3]), unescape(fields[4]), type == "cgroup2", split(*(dash + 3), ',')});
  }
  return mounts;
}

/// This process's group within a mount, relative to the mount point: "" or "/a/b".
std::string within(std::string path, const std::string& mount_root) {
  if (mount_root != "/") {
    // In a container without a cgroup namespace the path is the host's, and so is the root.
    if (path == mount_root) return "";
    if (!path.starts_with(mount_root + "/")) return "";
    path.erase(0, mount_root.size());
  }
  if (path == "/" || path.find("/..") != std::string::npos) return "";
  return path;
}

}  // namespace

std::vector<Cgroup> find_cgroups(const std::string& root) {
  std::vector<Cgroup> found;
  const auto mounts = read_mounts(root);
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    // hierarchy:controllers:path, "0::path" for v2
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = split(line.substr(first + 1, second - first - 1), ',');
    for (const Mount& mount : mounts) {
      const bool mine = mount.v2 ? controllers.empty()
                                 : std::ranges::any_of(controllers, [&](const std::string& name) {
                                     return std::ranges::contains(mount.controllers, name);
                                   });
      if (!mine) continue;
      Cgroup group{mount.v2, {}};
      for (std::string path = within(line.substr(second + 1), mount.root);;) {
        group.folders.push_back(root + mount.point + path);
        if (path.empty()) break;
        path.erase(path.rfind('/'));
      }
      found.push_back(std::move(group));
    }
  }
  return found;
}

CgroupLimits limits_of(std::span<const Cgroup> groups) {
  CgroupLimits limits;
  for (const Cgroup& group : groups) {
    for (const std::string& folder : group.folders) {
      group.v2 ? limit_v2(folder, limits) : limit_v1(folder, limits);
    }
  }
  return limits;
}

CgroupUse use_of(std::span<const Cgroup> groups) {
  CgroupUse use;
  for (const Cgroup& group : groups) {
    const std::string& own = group.folders.front();
    group.v2 ? use_v2(own, use) : use_v1(own, use);
  }
  return use;
}

}  // namespace ara
