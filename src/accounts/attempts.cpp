#include "accounts/attempts.h"

#include "base/hash.h"

namespace ara::accounts {

std::optional<std::chrono::seconds> Attempts::refuse(std::string_view name, std::size_t most,
                                                     SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (times_.size() >= kMost) make_room(now);
  std::deque<SteadyTime>& times = times_[stable_hash64(name)];
  while (!times.empty() && now - times.front() >= kWindow) times.pop_front();
  if (times.size() >= most) {
    return std::chrono::ceil<std::chrono::seconds>(times.front() + kWindow - now);
  }
  times.push_back(now);
  return std::nullopt;
}

void Attempts::make_room(SteadyTime now) {
  std::erase_if(times_, [&](const auto& entry) {
    return entry.second.empty() || now - entry.second.back() >= kWindow;
  });
  if (times_.size() >= kMost) times_.clear();
}

}  // namespace ara::accounts
