#include "accounts/window.h"

#include <algorithm>
#include <bit>

namespace ara::accounts {
namespace {

// A slot: 24 bits of lap above 40 bits of milliseconds, 34 years of them.
constexpr int kTimeBits = 40;
constexpr std::uint64_t kTimeMask = (1ULL << kTimeBits) - 1;
constexpr std::uint64_t kLapMask = (1ULL << 24) - 1;
/// Cut milliseconds must differ by one more, so that the moments themselves differ by kLength.
constexpr std::int64_t kApart = Window::kLength.count() + 1;
/// Added to all moments, so that even at boot an empty slot is older than the window.
constexpr std::int64_t kOffset = 2 * kApart;

/// Until it is worth asking again where everything is lent.
constexpr std::chrono::milliseconds kNothingLeft{1000};

std::uint64_t pack(std::uint64_t lap, std::int64_t time) {
  return (lap & kLapMask) << kTimeBits | (static_cast<std::uint64_t>(time) & kTimeMask);
}
std::uint64_t lap_of(std::uint64_t slot) {
  return slot >> kTimeBits;
}
std::int64_t time_of(std::uint64_t slot) {
  return static_cast<std::int64_t>(slot & kTimeMask);
}

std::int64_t milliseconds(SteadyTime now) {
  return std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count() + kOffset;
}

}  // namespace

Window::Window(std::size_t most)
    : capacity_(std::bit_ceil(std::max<std::size_t>(most, 1))),
      shift_(std::countr_zero(capacity_)),
      head_(capacity_),
      oldest_(capacity_) {}

std::atomic<std::uint64_t>* Window::ring() {
  if (auto* slots = slots_.load(std::memory_order_acquire)) return slots;
  const std::lock_guard lock(making_);
  if (!made_) {
    made_ = std::make_unique<Slots>(capacity_);  // all zero: lap 0, long ago
    slots_.store(made_.get(), std::memory_order_release);
  }
  return made_.get();
}

Window::Verdict Window::admit(std::int64_t whole, SteadyTime now) {
  auto* const slots = ring();
  const std::uint64_t mask = capacity_ - 1;
  for (;;) {
    std::uint64_t number = head_.load(std::memory_order_acquire);
    auto& own = slots[number & mask];
    std::uint64_t kept = own.load(std::memory_order_acquire);
    const std::uint64_t lap = (number >> shift_) & kLapMask;
    if (lap_of(kept) == lap) {  // claimed, by one who has not yet moved the head on
      head_.compare_exchange_strong(number, number + 1, std::memory_order_acq_rel);
      continue;
    }
    // Read after the slot: who lends changes the slots of those that have read it before.
    const std::int64_t limit = whole - lent_.load(std::memory_order_relaxed);
    if (limit <= 0) return {false, 0, kNothingLeft};
    const std::uint64_t back = number - static_cast<std::uint64_t>(limit);
    const std::uint64_t rival = slots[back & mask].load(std::memory_order_acquire);
    if (lap_of(rival) != ((back >> shift_) & kLapMask)) continue;  // the head has moved on
    // The moments ascend along the ring, whatever order threads read the clock in.
    const std::int64_t before = time_of(slots[(number - 1) & mask].load(std::memory_order_acquire));
    const std::int64_t moment = std::max(milliseconds(now), before);
    if (moment - time_of(rival) < kApart) {
      if (head_.load(std::memory_order_acquire) != number) continue;
      return {false, 0, std::chrono::milliseconds(time_of(rival) + kApart - moment)};
    }
    if (!own.compare_exchange_strong(kept, pack(lap, moment), std::memory_order_acq_rel)) continue;
    std::uint64_t head = number;  // which another may have moved on already
    head_.compare_exchange_strong(head, number + 1, std::memory_order_acq_rel);
    const std::uint64_t oldest = find_oldest(slots, number, limit, moment);
    return {true, limit - static_cast<std::int64_t>(number + 1 - oldest),
            std::chrono::milliseconds(time_of(slots[oldest & mask].load()) + kApart - moment)};
  }
}

/// Whoever is about to claim the next slot fails and looks again: its content changes, by making
/// what it tells of, admitted a whole ring ago, a millisecond younger.
void Window::turn_away_who_is_undecided() {
  auto* const slots = ring();
  for (;;) {
    std::uint64_t number = head_.load(std::memory_order_acquire);
    auto& next = slots[number & (capacity_ - 1)];
    std::uint64_t kept = next.load(std::memory_order_acquire);
    if (lap_of(kept) == ((number >> shift_) & kLapMask)) {
      head_.compare_exchange_strong(number, number + 1, std::memory_order_acq_rel);
      continue;
    }
    if (next.compare_exchange_strong(kept, pack(lap_of(kept), time_of(kept) + 1),
                                     std::memory_order_acq_rel)) {
      return;
    }
  }
}

/// Admissions within the window.
std::int64_t Window::count(SteadyTime now) {
  auto* const slots = ring();
  std::uint64_t number = head_.load(std::memory_order_acquire);
  // The head may lag behind a slot that is claimed.
  for (; lap_of(slots[number & (capacity_ - 1)].load(std::memory_order_acquire)) ==
         ((number >> shift_) & kLapMask);
       ++number) {
  }
  const std::uint64_t newest = number - 1;
  const std::int64_t last = time_of(slots[newest & (capacity_ - 1)].load());
  const std::int64_t moment = std::max(milliseconds(now), last);
  if (newest < capacity_ || moment - last >= kApart) return 0;
  const auto all = static_cast<std::int64_t>(capacity_);
  return static_cast<std::int64_t>(newest + 1 - find_oldest(slots, newest, all, moment));
}

std::int64_t Window::free(std::int64_t limit, SteadyTime now) {
  return std::max<std::int64_t>(limit - lent_.load(std::memory_order_relaxed) - count(now), 0);
}

std::int64_t Window::lend(std::int64_t wanted, std::int64_t limit, SteadyTime now) {
  // First the limit is lowered, then it is seen how much of that was free: nobody is admitted by
  // the limit of before once its slot has been changed.
  const std::int64_t lent = lent_.fetch_add(wanted, std::memory_order_relaxed) + wanted;
  turn_away_who_is_undecided();
  const std::int64_t excess = std::clamp<std::int64_t>(count(now) - (limit - lent), 0, wanted);
  lent_.fetch_sub(excess, std::memory_order_relaxed);
  return wanted - excess;
}

std::uint64_t Window::find_oldest(const std::atomic<std::uint64_t>* slots, std::uint64_t newest,
                                  std::int64_t limit, std::int64_t moment) {
  const auto within = [&](std::uint64_t number) {
    const std::uint64_t slot = slots[number & (capacity_ - 1)].load(std::memory_order_relaxed);
    return number == newest || moment - time_of(slot) < kApart;
  };
  std::uint64_t known = oldest_.load(std::memory_order_relaxed);
  std::uint64_t low = std::max(known, newest + 1 - static_cast<std::uint64_t>(limit));
  if (!within(low)) {  // strides that double, from one that has left, then halves
    std::uint64_t stride = 1;
    while (low + stride < newest && !within(low + stride)) {
      low += stride;
      stride *= 2;
    }
    std::uint64_t high = std::min(low + stride, newest);
    while (high - low > 1) {
      const std::uint64_t middle = low + (high - low) / 2;
      (within(middle) ? high : low) = middle;
    }
    low = high;
  }
  while (known < low && !oldest_.compare_exchange_weak(known, low, std::memory_order_relaxed)) {
  }
  return low;
}

}  // namespace ara::accounts
