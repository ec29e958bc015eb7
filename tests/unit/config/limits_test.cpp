#include "config/limits.h"

#include <gtest/gtest.h>

#include "support.h"

namespace ara::config {
namespace {

using testing::Folder;

constexpr std::uint64_t kMegabyte = 1ULL << 20;

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
  const CgroupLimits limits = read_cgroups(root.path());
  EXPECT_DOUBLE_EQ(limits.cores.value(), 0.5);
  EXPECT_EQ(limits.memory_bytes.value(), 256 * kMegabyte);
}

TEST(CgroupsV2, InsideANamespaceTheGroupIsTheRoot) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  root.write("sys/fs/cgroup/memory.max", "1073741824\n");
  const CgroupLimits limits = read_cgroups(root.path());
  EXPECT_DOUBLE_EQ(limits.cores.value(), 1.5);
  EXPECT_EQ(limits.memory_bytes.value(), 1024 * kMegabyte);
}

TEST(CgroupsV2, AGroupOutsideTheMountIsNotLookedFor) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/../../other\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/memory.max", "1048576\n");
  root.write("other/memory.max", "1\n");
  EXPECT_EQ(read_cgroups(root.path()).memory_bytes.value(), kMegabyte);
}

TEST(CgroupsV2, MaxIsNoLimit) {
  const Folder root;
  root.write("proc/self/cgroup", "0::/a\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  root.write("sys/fs/cgroup/a/memory.max", "max\n");
  const CgroupLimits limits = read_cgroups(root.path());
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
  const CgroupLimits limits = read_cgroups(root.path());
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
  const CgroupLimits limits = read_cgroups(root.path());
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
  const CgroupLimits limits = read_cgroups(root.path());
  EXPECT_DOUBLE_EQ(limits.cores.value(), 0.1);
  EXPECT_EQ(limits.memory_bytes.value(), 2 * kMegabyte);
}

TEST(Limits, WithoutControlGroupsTheMachineDecides) {
  const Folder root;
  const Limits unknown = read_limits(root.path());
  EXPECT_GE(unknown.cores, 1);
  EXPECT_EQ(unknown.memory_bytes, 0U);
  root.write("proc/meminfo", "MemTotal:       2048 kB\nMemFree:        1 kB\n");
  EXPECT_EQ(read_limits(root.path()).memory_bytes, 2 * kMegabyte);
}

TEST(Limits, ControlGroupsTightenTheMachine) {
  const Folder root;
  root.write("proc/meminfo", "MemTotal:       2048 kB\n");
  root.write("proc/self/cgroup", "0::/\n");
  root.write("proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  root.write("sys/fs/cgroup/cpu.max", "25000 100000\n");
  root.write("sys/fs/cgroup/memory.max", "1048576\n");
  EXPECT_DOUBLE_EQ(read_limits(root.path()).cores, 0.25);
  EXPECT_EQ(read_limits(root.path()).memory_bytes, kMegabyte);
  root.write("sys/fs/cgroup/memory.max", "1073741824\n");  // more than there is
  EXPECT_EQ(read_limits(root.path()).memory_bytes, 2 * kMegabyte);
}

TEST(Limits, OfThisMachine) {
  const Limits limits = read_limits();
  EXPECT_GT(limits.cores, 0);
  EXPECT_GT(limits.memory_bytes, 16 * kMegabyte);
}

}  // namespace
}  // namespace ara::config
