#include "domain/slot.h"

#include <gtest/gtest.h>

namespace ara::domain {
namespace {

// CLUSTER KEYSLOT of a Redis 8 server; the first is the check value of the specification.
TEST(Slot, IsThatOfRedisCluster) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3 % kSlots);
  EXPECT_EQ(slot_of(""), 0);
  EXPECT_EQ(slot_of("foo"), 12182);
  EXPECT_EQ(slot_of("bar"), 5061);
}

}  // namespace
}  // namespace ara::domain
