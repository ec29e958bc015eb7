#include "cache/shard.h"

#include <algorithm>
#include <utility>

namespace ara::cache {
namespace {

constexpr std::uint64_t kProtectedPercent = 80;
/// Sightings, in multiples of the entries held, between two halvings of the sketch. More is nearer
/// to the perfect LFU among steady keys (10: -0.6 points, 40: +0.5 on Zipf(1.0)), and slower to
/// follow when all keys change every 100 times the entries held (10: +0.7, 40: -2.3).
constexpr std::uint64_t kAgeAfterEach = 20;
/// A byte of sketch (two counters) for each so many of capacity.
constexpr std::uint64_t kBytesPerSketchByte = 32;
constexpr std::uint64_t kBytesPerBucket = 512;
/// Slots of the wheel that one put sweeps at most.
constexpr int kSweep = 4;
/// What the allocator keeps for each block of memory, and its grain.
constexpr std::uint64_t kBlockHeader = 8;
constexpr std::uint64_t kBlockGrain = 16;

constexpr std::uint64_t allocated(std::uint64_t bytes) {
  return (bytes + kBlockHeader + kBlockGrain - 1) / kBlockGrain * kBlockGrain;
}

std::int64_t second_of(SteadyTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::uint64_t Shard::sketch_bytes(std::uint64_t capacity) {
  return std::max<std::uint64_t>(capacity / kBytesPerSketchByte / 64, 1) * 64;
}

std::uint64_t Shard::bucket_count(std::uint64_t capacity) {
  return std::max<std::uint64_t>(capacity / kBytesPerBucket, 1);
}

std::uint64_t Shard::room(std::uint64_t capacity) {
  const std::uint64_t fixed =
      sizeof(Shard) + sketch_bytes(capacity) + bucket_count(capacity) * sizeof(Node*);
  return capacity > fixed ? capacity - fixed : 0;
}

std::uint64_t Shard::charge_of(std::size_t value_bytes) {
  constexpr std::size_t kInsideString = 15;  // shorter values need no block of their own
  constexpr std::uint64_t kSharedString = allocated(16 + sizeof(std::string));
  const std::uint64_t text = value_bytes > kInsideString ? allocated(value_bytes + 1) : 0;
  return allocated(sizeof(Node)) + kSharedString + text;
}

Shard::Shard(std::uint64_t capacity, const Clock& clock)
    : clock_(clock),
      capacity_(capacity),
      room_(room(capacity)),
      bucket_count_(bucket_count(capacity)),
      buckets_(std::make_unique<Node*[]>(bucket_count_)),
      sketch_(sketch_bytes(capacity)),
      wheel_second_(second_of(clock.steady())) {
  divide();
}

Shard::~Shard() {
  for (Queue& each : queues_) {
    while (!each.nodes.alone()) erase(static_cast<Node&>(*each.nodes.next));
  }
}

/// The pointer that points to the entry, or the null one at the end of its chain.
Shard::Node** Shard::find(const Hash128& id, std::uint64_t hash) {
  Node** at = &buckets_[((hash & 0xFFFFFFFF) * bucket_count_) >> 32];
  while (*at != nullptr && (*at)->id != id) at = &(*at)->chain;
  return at;
}

Value Shard::get(const Hash128& id, std::uint64_t hash) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  Node* const node = *find(id, hash);
  if (node == nullptr) {
    ++stats_.misses;
    return nullptr;
  }
  if (node->expires <= now) {
    ++stats_.misses;
    ++stats_.expired;
    erase(*node);
    return nullptr;
  }
  ++stats_.hits;
  sketch_.add(hash);
  touch(*node);
  return node->value;
}

void Shard::put(const Hash128& id, std::uint64_t hash, const Value& value,
                std::chrono::seconds ttl) {
  const std::uint64_t charge = charge_of(value->capacity());
  if (charge > room_ || ttl <= std::chrono::seconds(0)) return;
  const SteadyTime now = clock_.steady();
  const SteadyTime expires = now + std::min<std::chrono::seconds>(ttl, std::chrono::years(10));
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < kSweep && expire_slots(now, false); ++i) {
  }
  if (Node* const node = *find(id, hash); node != nullptr) {
    queue(node->segment).bytes += charge - node->charge;
    node->charge = charge;
    node->value = value;
    schedule(*node, expires);
    touch(*node);
  } else {
    // A miss is counted here, where the value comes in, so that asking twice before computing
    // once does not make a key look popular.
    sketch_.add(hash);
    auto fresh = std::make_unique<Node>();
    fresh->id = id;
    fresh->hash = hash;
    fresh->value = value;
    fresh->charge = charge;
    schedule(*fresh, expires);
    insert(std::move(fresh));
    ++stats_.admitted;
  }
  if (filled_) adapt();
  settle(now);
}

TierStats Shard::stats() {
  const SteadyTime now = clock_.steady();
  // The lock is given up between slots, so that a scrape does not hold up the readers.
  for (bool more = true; more;) {
    const std::lock_guard lock(mutex_);
    more = expire_slots(now, true);
  }
  const std::lock_guard lock(mutex_);
  TierStats stats = stats_;
  stats.bytes = capacity_ - room_ + held();
  return stats;
}

void Shard::insert(std::unique_ptr<Node> owned) {
  Node* const node = owned.release();  // from here on the table's; erase() frees it
  Node** const end = find(node->id, node->hash);
  *end = node;
  Queue& window = queue(Segment::window);
  // What is too large for the window has to contest its room at once, not at the cost of those in
  // it.
  auto& place = node->charge > window_room_ ? *window.nodes.previous : window.nodes;
  place.push_next(static_cast<Link<InSegment>&>(*node));
  window.bytes += node->charge;
  ++stats_.entries;
}

void Shard::erase(Node& node) {
  Node** const at = find(node.id, node.hash);
  *at = node.chain;
  static_cast<Link<InSegment>&>(node).unlink();
  static_cast<Link<InWheel>&>(node).unlink();
  queue(node.segment).bytes -= node.charge;
  --stats_.entries;
  delete &node;
}

void Shard::evict(Node& node, SteadyTime now) {
  ++(node.expires <= now ? stats_.expired : stats_.evicted);
  erase(node);
}

void Shard::move(Node& node, Segment to) {
  queue(node.segment).bytes -= node.charge;
  node.segment = to;
  queue(to).bytes += node.charge;
  auto& link = static_cast<Link<InSegment>&>(node);
  link.unlink();
  queue(to).nodes.push_next(link);
}

/// Notes a use: to the front of its queue, from probation into protection.
void Shard::touch(Node& node) {
  if (node.segment != Segment::probation) {
    move(node, node.segment);
    return;
  }
  move(node, Segment::protected_);
  Queue& guarded = queue(Segment::protected_);
  while (guarded.bytes > protected_room_) {
    move(static_cast<Node&>(*guarded.nodes.previous), Segment::probation);
  }
}

void Shard::schedule(Node& node, SteadyTime expires) {
  node.expires = expires;
  auto& link = static_cast<Link<InWheel>&>(node);
  link.unlink();
  // Never into a slot that was swept already: not before the second that is swept next.
  const std::int64_t second = std::max(second_of(expires), wheel_second_);
  wheel_[static_cast<std::size_t>(second % kSlots)].push_next(link);
}

/// Frees what has expired in the next second not swept yet; false once there is none left. The
/// second that is still running is swept only on demand, and stays to be swept again.
bool Shard::expire_slots(SteadyTime now, bool current_too) {
  const std::int64_t second = second_of(now);
  if (wheel_second_ > second || (wheel_second_ == second && !current_too)) return false;
  wheel_second_ = std::max(wheel_second_, second - kSlots + 1);  // one round sees every slot
  Link<InWheel>& slot = wheel_[static_cast<std::size_t>(wheel_second_ % kSlots)];
  for (Link<InWheel>* link = slot.next; link != &slot;) {
    Node& node = static_cast<Node&>(*link);
    link = link->next;
    if (node.expires > now) continue;
    ++stats_.expired;
    erase(node);
  }
  if (wheel_second_ == second) return false;
  ++wheel_second_;
  return true;
}

/// Gives each segment its part of the room.
void Shard::divide() {
  window_room_ = static_cast<std::uint64_t>(static_cast<double>(room_) * climber_.share());
  protected_room_ = (room_ - window_room_) * kProtectedPercent / 100;
}

/// Keeps up with what the requests have become. Only in a full cache, where it matters.
void Shard::adapt() {
  sketch_.age_after(kAgeAfterEach * stats_.entries);
  if (climber_.observe(stats_.hits, stats_.misses, stats_.entries)) divide();
}

/// Brings the segments back within their bounds after something came in.
void Shard::settle(SteadyTime now) {
  Queue& window = queue(Segment::window);
  while (window.bytes > window_room_) {
    Node& candidate = static_cast<Node&>(*window.nodes.previous);
    if (held() <= room_) {
      move(candidate, Segment::probation);
    } else {
      contest(candidate, now);
    }
  }
  evict_until_it_fits(now);
}

/// Decides whether what leaves the window deserves the room it needs more than those who have it.
void Shard::contest(Node& candidate, SteadyTime now) {
  filled_ = true;
  const std::uint64_t needed = held() - room_;
  // Its own sighting may have been halved away; it was seen all the same.
  const std::uint32_t frequency = std::max(sketch_.estimate(candidate.hash), 1U);
  std::uint64_t freed = 0;
  std::uint32_t cost = 0;
  Node* last = nullptr;
  while (freed < needed && cost < frequency) {
    Node* const victim = next_victim(last);
    if (victim == nullptr) break;
    last = victim;
    freed += victim->charge;
    if (victim->expires > now) cost += sketch_.estimate(victim->hash);
  }
  if (freed < needed || cost >= frequency) {
    evict(candidate, now);
    return;
  }
  while (held() > room_) evict(*next_victim(nullptr), now);
  move(candidate, Segment::probation);
}

/// In the order in which the main segment gives way; the first one if `after` is null.
Shard::Node* Shard::next_victim(const Node* after) {
  const Link<InSegment>* link = after == nullptr ? &queue(Segment::probation).nodes : after;
  if (link->previous == &queue(Segment::probation).nodes) {
    link = &queue(Segment::protected_).nodes;
  }
  return link->previous == &queue(Segment::protected_).nodes ? nullptr
                                                             : static_cast<Node*>(link->previous);
}

/// Where a value was replaced by a larger one.
void Shard::evict_until_it_fits(SteadyTime now) {
  while (held() > room_) {
    filled_ = true;
    Node* const victim = next_victim(nullptr);
    evict(victim != nullptr ? *victim : static_cast<Node&>(*queue(Segment::window).nodes.previous),
          now);
  }
}

}  // namespace ara::cache
