#include "base/cgroups.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "support/temporary_folder.h"

namespace ara {
namespace {

constexpr std::uint64_t kMegabyte = 1ULL << 20;

/// A made tree of files in the place of the machine's root.
class Folder {
 public:
  std::string path() const { return folder_.file(""); }
  void write(const std::string& name, std::string_view text) const {
    const std::filesystem::path file = folder_.file(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

 private:
  support::TemporaryFolder folder_;
};

TEST(CgroupsV2, TheTightestOfAllGroupsAboveCounts) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/system.slice/ara.service\n");
  root.write("proc/self/mountinfo",
             "22 1 0:20 / /proc rw - proc proc rw\n"
             "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  root.write("sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
  root.write("sys/fs/cgroup/system.slice/memory.max", "max\n");
  root.write("sys/fs/cgroup/system.slice/ara.service/cpu.max", "200000 100000\n");
  root.write("sys/fs/cgroup/system.slice/ara.service/memory.max", "268435456\n");
  const CgroupLimits limits = limits_of(find_cgroups(root.path()));
  EXPECT_DOUBLE_EQ(limits.cores.value(), 0.5);
  EXPECT_EQ(limits.memory_bytes.value(), 256 * kMegabyte);
}

TEST(CgroupsV2, InsideANamespaceTheGroupIsTheRoot) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  root.write("sys/fs/cgroup/memory.max", "1073741824\n");
  const CgroupLimits limits = limits_of(find_cgroups(root.path()));
  EXPECT_DOUBLE_EQ(limits.cores.value(), 1.5);
  EXPECT_EQ(limits.memory_bytes.value(), 1024 * kMegabyte);
}

TEST(CgroupsV2, AGroupOutsideTheMountIsNotLookedFor) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/../../other\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/memory.max", "1048576\n");
  root.write("other/memory.max", "1\n");
  EXPECT_EQ(limits_of(find_cgroups(root.path())).memory_bytes.value(), kMegabyte);
}

TEST(CgroupsV2, MaxIsNoLimit) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/a\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  root.write("sys/fs/cgroup/a/memory.max", "max\n");
  const CgroupLimits limits = limits_of(find_cgroups(root.path()));
  EXPECT_FALSE(limits.cores);
  EXPECT_FALSE(limits.memory_bytes);
}

TEST(CgroupsV1, EachControllerHasItsMount) {
  const Folder root;
  root.write("proc/self/cgroup",
             "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n");
  // In a container without a namespace the mounts show the container's group as their root.
  root.write("proc/self/mountinfo",
             "40 30 0:33 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
             "41 30 0:34 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
             "42 30 0:35 /docker/abc /sys/fs/cgroup/systemd ro - cgroup cgroup rw,name=systemd\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "75000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "50000\n");
  const CgroupLimits limits = limits_of(find_cgroups(root.path()));
  EXPECT_DOUBLE_EQ(limits.cores.value(), 1.5);
  EXPECT_EQ(limits.memory_bytes.value(), 512 * kMegabyte);
}

TEST(CgroupsV1, OnTheHostTheGroupsAboveCountToo) {
  const Folder root;
  root.write("proc/self/cgroup", "5:memory:/a/b\n4:cpu:/a\n");
  root.write("proc/self/mountinfo",
             "40 30 0:33 / /sys/fs/cgroup/with\\040space rw - cgroup cgroup rw,memory\n"
             "41 30 0:34 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
  root.write("sys/fs/cgroup/with space/a/memory.limit_in_bytes", "1048576\n");
  root.write("sys/fs/cgroup/with space/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  root.write("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  const CgroupLimits limits = limits_of(find_cgroups(root.path()));
  EXPECT_FALSE(limits.cores);
  EXPECT_EQ(limits.memory_bytes.value(), kMegabyte);
}

TEST(Cgroups, V1AndV2AtOnce) {
  const Folder root;
  root.write("proc/self/cgroup", "4:memory:/a\n0::/b\n");
  root.write("proc/self/mountinfo",
             "40 30 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
             "41 30 0:34 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  root.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2097152\n");
  root.write("sys/fs/cgroup/unified/b/cpu.max", "10000 100000\n");
  const CgroupLimits limits = limits_of(find_cgroups(root.path()));
  EXPECT_DOUBLE_EQ(limits.cores.value(), 0.1);
  EXPECT_EQ(limits.memory_bytes.value(), 2 * kMegabyte);
}

TEST(CgroupsV2, UseIsThatOfTheOwnGroup) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/a/cpu.stat", "usage_usec 99000000\n");
  root.write("sys/fs/cgroup/a/b/cpu.stat",
             "usage_usec 2500000\nuser_usec 1\nnr_throttled 3\nthrottled_usec 250000\n");
  root.write("sys/fs/cgroup/a/b/memory.current", "5242880\n");
  root.write("sys/fs/cgroup/a/b/memory.stat", "anon 1\ninactive_file 1048576\n");
  const CgroupUse use = use_of(find_cgroups(root.path()));
  EXPECT_DOUBLE_EQ(use.cpu_seconds.value(), 2.5);
  EXPECT_DOUBLE_EQ(use.throttled_seconds.value(), 0.25);
  EXPECT_EQ(use.memory_bytes.value(), static_cast<double>(4 * kMegabyte));
}

TEST(CgroupsV1, UseIsThatOfTheOwnGroup) {
  const Folder root;
  root.write("proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/a\n");
  root.write("proc/self/mountinfo",
             "40 30 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
             "41 30 0:34 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
  root.write("sys/fs/cgroup/cpu/a/cpuacct.usage", "1500000000\n");
  root.write("sys/fs/cgroup/cpu/a/cpu.stat", "nr_periods 9\nthrottled_time 500000000\n");
  root.write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "3145728\n");
  root.write("sys/fs/cgroup/memory/a/memory.stat", "cache 1\ntotal_inactive_file 1048576\n");
  const CgroupUse use = use_of(find_cgroups(root.path()));
  EXPECT_DOUBLE_EQ(use.cpu_seconds.value(), 1.5);
  EXPECT_DOUBLE_EQ(use.throttled_seconds.value(), 0.5);
  EXPECT_EQ(use.memory_bytes.value(), static_cast<double>(2 * kMegabyte));
}

TEST(Cgroups, WithoutAnyNothingIsKnown) {
  const Folder root;
  const auto groups = find_cgroups(root.path());
  EXPECT_TRUE(groups.empty());
  EXPECT_FALSE(use_of(groups).cpu_seconds || use_of(groups).memory_bytes);
}

}  // namespace
}  // namespace ara
