#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/clock.h"

namespace ara::accounts {

/// Requests in a sliding window: of those admitted, never more than the limit lie within any
/// 60 seconds, exactly, however many threads ask at once.
///
/// The moments of the newest admissions stand in a ring; one more is admitted where the one `limit`
/// places back is older than the window. No lock: a slot holds its lap beside its moment, so a
/// single exchange both claims it and shows that it was claimed.
class Window {
 public:
  static constexpr std::chrono::milliseconds kLength{60'000};

  /// `most` is the largest limit that will be asked for. The ring, 8 to 16 bytes for each, is made
  /// when first used.
  explicit Window(std::size_t most);

  struct Verdict {
    bool admitted = false;
    std::int64_t left = 0;             ///< requests that would be admitted now, after this one
    std::chrono::milliseconds next{};  ///< until the oldest one counted leaves the window; for what
                                       ///< was refused, until it would be admitted
  };
  /// `limit` is from 1 to `most`, and may differ from call to call.
  Verdict admit(std::int64_t limit, SteadyTime now);

  // What is lent is admitted elsewhere, and lowers every limit here until it is taken back.

  /// Lends of what `limit` leaves, at most `wanted`; how much that was. From one thread at a time.
  std::int64_t lend(std::int64_t wanted, std::int64_t limit, SteadyTime now);
  void take_back(std::int64_t count) { lent_.fetch_sub(count, std::memory_order_relaxed); }
  /// How many more would be admitted now.
  std::int64_t free(std::int64_t limit, SteadyTime now);

 private:
  using Slots = std::atomic<std::uint64_t>[];

  std::atomic<std::uint64_t>* ring();
  std::int64_t count(SteadyTime now);
  void turn_away_who_is_undecided();
  /// The number of the oldest admission that counts, up to the newest, which does.
  std::uint64_t find_oldest(const std::atomic<std::uint64_t>* slots, std::uint64_t newest,
                            std::int64_t limit, std::int64_t moment);

  const std::uint64_t capacity_;  ///< a power of two
  const int shift_;               ///< its logarithm
  std::mutex making_;
  std::unique_ptr<Slots> made_;
  std::atomic<std::atomic<std::uint64_t>*> slots_ = nullptr;
  std::atomic<std::uint64_t> head_;  ///< the number of the next admission
  std::atomic<std::int64_t> lent_ = 0;
  std::atomic<std::uint64_t> oldest_;  ///< no admission before it is within the window
};

}  // namespace ara::accounts
