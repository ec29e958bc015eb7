#include "http/connection_guard.h"

#include <algorithm>

#include "base/hash.h"

namespace ara::http {

ConnectionGuard::Shard& ConnectionGuard::shard(Peer peer) {
  return shards_[mix64(peer) % kShards];
}

void ConnectionGuard::opened(Peer peer, SteadyTime now) {
  Shard& home = shard(peer);
  const std::lock_guard lock(home.mutex);
  home.entries[peer] = {.last = now};
}

bool ConnectionGuard::completed(Peer peer, SteadyTime now) {
  Shard& home = shard(peer);
  const std::lock_guard lock(home.mutex);
  Entry& entry = home.entries[peer];
  if (entry.condemned) return false;
  entry.last = now;
  entry.spoken = true;
  return true;
}

void ConnectionGuard::condemn(Peer peer) {
  Shard& home = shard(peer);
  const std::lock_guard lock(home.mutex);
  home.entries[peer].condemned = true;
}

bool ConnectionGuard::condemned(Peer peer) {
  Shard& home = shard(peer);
  const std::lock_guard lock(home.mutex);
  const auto found = home.entries.find(peer);
  return found != home.entries.end() && found->second.condemned;
}

void ConnectionGuard::begun(Peer peer, SteadyTime now) {
  Shard& home = shard(peer);
  const std::lock_guard lock(home.mutex);
  Entry& entry = home.entries[peer];
  entry.last = now;
  entry.spoken = true;
  ++entry.pending;
}

void ConnectionGuard::answered(Peer peer, SteadyTime now) {
  Shard& home = shard(peer);
  const std::lock_guard lock(home.mutex);
  const auto found = home.entries.find(peer);
  // Gone, or a new connection of the same peer: then there is nothing of it to take back.
  if (found == home.entries.end() || found->second.pending == 0) return;
  found->second.last = now;
  --found->second.pending;
}

std::chrono::nanoseconds ConnectionGuard::patience(const Entry& entry) const {
  if (entry.condemned) return std::min<std::chrono::nanoseconds>(kLinger, first_);
  return entry.spoken ? later_ : first_;
}

std::vector<Peer> ConnectionGuard::overdue(SteadyTime now) const {
  std::vector<Peer> late;
  for (const Shard& home : shards_) {
    const std::lock_guard lock(home.mutex);
    for (const auto& [peer, entry] : home.entries) {
      if (entry.pending == 0 && now - entry.last >= patience(entry)) late.push_back(peer);
    }
  }
  return late;
}

void ConnectionGuard::forget(std::span<const Peer> peers) {
  for (const Peer peer : peers) {
    Shard& home = shard(peer);
    const std::lock_guard lock(home.mutex);
    home.entries.erase(peer);
  }
}

void ConnectionGuard::keep_only(std::span<const Peer> live, SteadyTime since) {
  for (Shard& home : shards_) {
    const std::lock_guard lock(home.mutex);
    std::erase_if(home.entries, [&](const auto& item) {
      return item.second.last < since && !std::ranges::binary_search(live, item.first);
    });
  }
}

std::size_t ConnectionGuard::size() const {
  std::size_t count = 0;
  for (const Shard& home : shards_) {
    const std::lock_guard lock(home.mutex);
    count += home.entries.size();
  }
  return count;
}

}  // namespace ara::http
