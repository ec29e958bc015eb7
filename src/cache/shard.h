#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include "cache/frequency_sketch.h"
#include "cache/intrusive_list.h"
#include "cache/spin_mutex.h"
#include "cache/tier.h"
#include "cache/window_climber.h"

namespace ara::cache {

/// One shard of the memory tier: a W-TinyLFU cache (Einziger, Friedman and Manes 2017, section 4)
/// bounded by bytes. Thread-safe by one mutex, held for nothing slow.
///
/// A new entry comes into a small window kept in LRU order. What the window pushes out contests
/// the room of the main segment's least recently used entries, and stays only if it was seen more
/// often than all that would have to go for it together (Einziger et al. 2021, "Lightweight robust
/// size aware cache management"). The main segment is a segmented LRU: entries hit on probation
/// become protected, at most 80 % of it.
class Shard {
 public:
  /// Of `capacity` bytes, table and sketch included.
  Shard(std::uint64_t capacity, const Clock& clock);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// `hash` is the id's, well mixed.
  Value get(const Hash128& id, std::uint64_t hash);
  void put(const Hash128& id, std::uint64_t hash, const Value& value, std::chrono::seconds ttl);
  TierStats stats();

  /// Bytes that entries may fill in a shard of this capacity: what table and sketch leave.
  static std::uint64_t room(std::uint64_t capacity);
  /// Bytes that an entry fills: the value, its string, shared pointer, node and their allocations.
  static std::uint64_t charge_of(std::size_t value_bytes);

 private:
  enum class Segment : std::uint8_t { window, probation, protected_ };
  struct InSegment {};
  struct InWheel {};

  struct Node : Link<InSegment>, Link<InWheel> {
    Node* chain = nullptr;  ///< next in its bucket
    Hash128 id;
    std::uint64_t hash = 0;
    Value value;
    SteadyTime expires;
    std::uint64_t charge = 0;
    Segment segment = Segment::window;
  };

  struct Queue {
    Link<InSegment> nodes;  ///< most recently used first
    std::uint64_t bytes = 0;
  };

  static std::uint64_t sketch_bytes(std::uint64_t capacity);
  static std::uint64_t bucket_count(std::uint64_t capacity);

  Queue& queue(Segment segment) { return queues_[static_cast<std::size_t>(segment)]; }
  std::uint64_t held() const { return queues_[0].bytes + queues_[1].bytes + queues_[2].bytes; }

  Node** find(const Hash128& id, std::uint64_t hash);
  void insert(std::unique_ptr<Node> node);
  void erase(Node& node);
  void evict(Node& node, SteadyTime now);
  void move(Node& node, Segment to);
  void touch(Node& node);
  void schedule(Node& node, SteadyTime expires);
  bool expire_slots(SteadyTime now, bool current_too);

  void divide();
  void adapt();
  void settle(SteadyTime now);
  void contest(Node& candidate, SteadyTime now);
  Node* next_victim(const Node* after);
  void evict_until_it_fits(SteadyTime now);

  const Clock& clock_;
  const std::uint64_t capacity_;
  const std::uint64_t room_;

  SpinMutex mutex_;
  const std::uint64_t bucket_count_;
  std::unique_ptr<Node*[]> buckets_;
  FrequencySketch sketch_;
  std::array<Queue, 3> queues_;
  WindowClimber climber_;
  std::uint64_t window_room_ = 0;
  std::uint64_t protected_room_ = 0;
  // A hashed timing wheel (Varghese and Lauck 1987, scheme 6), one slot a second: an entry lies in
  // the slot of its last second modulo the wheel's size.
  static constexpr std::int64_t kSlots = 64;
  std::array<Link<InWheel>, kSlots> wheel_;
  std::int64_t wheel_second_;  ///< all seconds before it have been swept
  bool filled_ = false;        ///< something had to give way since the start
  TierStats stats_;            ///< but for bytes
};

}  // namespace ara::cache
