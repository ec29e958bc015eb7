#include "config/limits.h"

#include <gtest/gtest.h>

#include "support.h"

namespace ara::config {
namespace {

using testing::Folder;

constexpr std::uint64_t kMegabyte = 1ULL << 20;

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
