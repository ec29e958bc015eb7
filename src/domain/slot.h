#pragma once

#include <cstdint>
#include <string_view>

namespace ara::domain {

/// How many slots there are; a slot is what is placed, on a cache node or a database shard.
inline constexpr int kSlots = 16384;

/// The slot of a symbol: CRC16 (polynomial 0x1021, initial value 0, as CCITT XMODEM) of its name
/// modulo kSlots, which is the function of Redis Cluster, so that one symbol is one slot
/// everywhere. https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
int slot_of(std::string_view name);

}  // namespace ara::domain
