#pragma once

#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace ara::serve {

/// Lets many callers that want one thing at one time share the making of it.
///
/// Invariant: a key is in the map from the first join() or start() until take(); whoever joins
/// between is answered by what take() returns.
template <class Answer>
class SingleFlight {
 public:
  /// True for the first to come, who must see to it that take() is called.
  bool join(const Hash128& key, Answer answer) {
    const std::lock_guard lock(mutex_);
    const auto [flight, first] = flights_.try_emplace(key);
    flight->second.push_back(std::move(answer));
    return first;
  }

  /// The same for one who wants it made and waits for nothing, not even for the lock: false, too,
  /// where another thread holds that just now.
  bool start(const Hash128& key) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    return lock && flights_.try_emplace(key).second;
  }

  /// Ends the flight; all who joined it.
  std::vector<Answer> take(const Hash128& key) {
    const std::lock_guard lock(mutex_);
    const auto node = flights_.extract(key);
    return node.empty() ? std::vector<Answer>{} : std::move(node.mapped());
  }

 private:
  std::mutex mutex_;
  std::unordered_map<Hash128, std::vector<Answer>> flights_;
};

}  // namespace ara::serve
