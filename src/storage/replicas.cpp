#include "storage/replicas.h"

#include <algorithm>

#include "base/rng.h"

namespace ara::storage {
namespace {

/// A server that has not answered for so long is not there.
constexpr std::chrono::milliseconds kSilent{1000};

/// Weight of the newest latency in their running mean.
constexpr double kNewest = 0.2;

double random_fraction() {
  thread_local Rng rng(std::hash<std::thread::id>{}(std::this_thread::get_id()));
  return rng.uniform();
}

}  // namespace

Replicas::Replicas(const PgPlace& place, const PgPoolLimits& pool, ReplicaLimits limits,
                   const DbMetersPtr& meters)
    : limits_(limits) {
  for (std::size_t i = 0; i < place.hosts.size(); ++i) {
    const std::string& host = place.hosts[i];
    auto member = std::make_unique<Member>();
    PgPlace one{{host}, place.database, place.servers[i], {place.servers[i]}};
    member->server = host.substr(0, host.find(" tcp_user_timeout"));
    member->seen.server = member->server;
    member->store = std::make_unique<PostgresStore>(std::move(one), PgRole::any, pool, meters);
    members_.push_back(std::move(member));
  }
  for (const auto& member : members_) {
    member->thread = std::thread([this, raw = member.get()] { watch(*raw); });
  }
}

Replicas::~Replicas() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (const auto& member : members_) member->thread.join();
}

void Replicas::watch(Member& member) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const SteadyTime asked = system_clock().steady();
    const auto standing = member.store->standing({Deadline{asked + limits_.look_timeout}});
    const SteadyTime now = system_clock().steady();
    lock.lock();
    note(member, standing, asked, now);
    wake_.wait_for(lock, limits_.look_every, [this] { return stopping_; });
  }
}

void Replicas::note(Member& member, const Result<PostgresStore::Standing>& standing,
                    SteadyTime asked, SteadyTime now) {
  if (!standing) {
    member.seen.alive = false;
    return;
  }
  const double last = static_cast<double>(
      std::chrono::duration_cast<std::chrono::microseconds>(now - asked).count());
  const double mean = member.seen.alive ? static_cast<double>(member.seen.latency.count()) : last;
  if (member.seen.position != standing->position || member.received != standing->received) {
    member.moved = now;
  }
  member.seen.alive = true;
  member.seen.standby = standing->standby;
  member.seen.position = standing->position;
  member.received = standing->received;
  member.paused = standing->paused;
  member.seen.latency =
      std::chrono::microseconds(static_cast<std::int64_t>((1 - kNewest) * mean + kNewest * last));
  member.at = now;
  if (standing->standby) {
    for (const Mark& mark : marks_) {
      if (mark.position <= standing->position) member.level = std::max(member.level, mark.at);
    }
    return;
  }
  // The position is at least what it was when it was asked for.
  marks_.push_back({asked, standing->position});
  while (marks_.size() > 1 && marks_[1].at + limits_.lag <= now) marks_.pop_front();
}

bool Replicas::blind(SteadyTime now) const {
  return marks_.empty() || now - marks_.back().at > limits_.lag;
}

bool Replicas::has_all(const Member& member, SteadyTime now) const {
  std::uint64_t received = 0;
  std::uint64_t replayed = 0;
  bool settled = true;
  for (const auto& other : members_) {
    if (!other->seen.alive || !other->seen.standby) continue;
    received = std::max(received, other->received);
    replayed = std::max(replayed, other->seen.position);
    settled = settled && !other->paused && now - other->moved >= limits_.settled;
  }
  return member.seen.position >= (settled ? replayed : received);
}

bool Replicas::readable(const Member& member, SteadyTime now) const {
  if (!member.seen.alive || !member.seen.standby || now - member.at > kSilent || marks_.empty()) {
    return false;
  }
  // Without a primary: what was acknowledged is on a standby, and no standby has more than the one
  // that has most. The last mark is no measure, since it may lie in what none has got.
  if (blind(now)) {
    return now - marks_.back().at <= limits_.without_primary && has_all(member, now);
  }
  // marks_ begins with the newest mark that is older than the limit, once there is one: who has
  // come so far is behind by less.
  return member.seen.position >= marks_.front().position;
}

std::chrono::nanoseconds Replicas::lag(const Member& member, SteadyTime now) const {
  if (marks_.empty() || member.seen.position >= marks_.back().position) return {};
  // One that has never been level with a mark has been behind for as long as there are marks.
  return now - std::max(member.level, std::min(marks_.front().at, now));
}

PostgresStore* Replicas::choose(const std::function<bool(const Member&)>& fits) const {
  const auto weight = [&](const Member& member) {
    if (!fits(member)) return 0.0;
    return 1.0 / static_cast<double>(std::max<std::int64_t>(1, member.seen.latency.count()));
  };
  double sum = 0;
  for (const auto& member : members_) sum += weight(*member);
  double left = sum * random_fraction();
  PostgresStore* chosen = nullptr;
  for (const auto& member : members_) {
    const double one = weight(*member);
    if (one == 0) continue;
    chosen = member->store.get();
    left -= one;
    if (left <= 0) break;
  }
  return chosen;
}

PostgresStore* Replicas::choose(std::uint64_t position) const {
  const SteadyTime now = system_clock().steady();
  const std::lock_guard lock(mutex_);
  if (blind(now)) position = 0;
  return choose([&](const Member& member) {
    return readable(member, now) && member.seen.position >= position;
  });
}

PostgresStore* Replicas::choose_exactly(std::uint64_t position) const {
  const SteadyTime now = system_clock().steady();
  const std::lock_guard lock(mutex_);
  return choose([&](const Member& member) {
    return member.seen.alive && member.seen.standby && now - member.at <= kSilent &&
           member.seen.position >= position;
  });
}

void Replicas::eject(const PostgresStore* failed) {
  const std::lock_guard lock(mutex_);
  for (const auto& member : members_) {
    if (member->store.get() == failed) member->seen.alive = false;
  }
}

bool Replicas::has_primary() const {
  const SteadyTime now = system_clock().steady();
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(members_, [&](const auto& member) {
    return member->seen.alive && !member->seen.standby && now - member->at <= kSilent;
  });
}

std::uint64_t Replicas::known_position() const {
  std::uint64_t most = 0;
  for (const auto& member : members_) most = std::max(most, member->store->known_position());
  return most;
}

bool Replicas::wait_for_news(SteadyTime until) {
  const SteadyTime news = system_clock().steady() + 2 * limits_.look_every;
  if (news >= until) return false;
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, news, [this] { return stopping_; });
  return true;
}

std::vector<Replicas::Seen> Replicas::seen() const {
  const SteadyTime now = system_clock().steady();
  const std::lock_guard lock(mutex_);
  std::vector<Seen> all;
  for (const auto& member : members_) {
    all.push_back(member->seen);
    all.back().readable = readable(*member, now);
    all.back().lag = lag(*member, now);
  }
  return all;
}

}  // namespace ara::storage
