#include "storage/shard_fleet.h"

#include "base/format.h"
#include "storage/patience.h"
#include "storage/postgres_joint.h"

namespace ara::storage {
namespace {

constexpr std::chrono::milliseconds kLookForMap{250};
constexpr std::chrono::milliseconds kLookForDoubt{1000};
/// Between two settlings by those who wait.
constexpr std::chrono::milliseconds kSettlePause{20};
constexpr std::chrono::milliseconds kLongestChase{50};
constexpr std::chrono::milliseconds kWatchTimeout{2000};

}  // namespace

Result<PgShard*> FleetShard::ready(const Call& call) {
  if (known_.load(std::memory_order_acquire)) return store_.get();
  if (auto made = make_ready(*store_, call); !made) return std::unexpected(made.error());
  auto connection = store_->primary().connection(call);
  if (!connection) return std::unexpected(connection.error());
  const auto self = read_shard_self(**connection);
  if (!self) return std::unexpected(self.error());
  if (!*self || (*self)->fleet != fleet_ || (*self)->number != row_.number) {
    return fail(Code::corrupt, ara::format("the database at {} is not shard {} ({}) of this fleet",
                                           row_.hosts, row_.number, row_.name));
  }
  known_.store(true, std::memory_order_release);
  return store_.get();
}

std::map<int, PostgresStore*> FleetView::primaries() const {
  std::map<int, PostgresStore*> all;
  for (const auto& [number, shard] : shards) all.emplace(number, &shard->store().primary());
  return all;
}

Result<std::unique_ptr<ShardFleet>> ShardFleet::open(const std::string& uri,
                                                     const StoreOptions& options) {
  std::unique_ptr<ShardFleet> fleet(new ShardFleet(uri, options));
  if (auto started = fleet->start(); !started) return std::unexpected(started.error());
  fleet->thread_ = std::thread([raw = fleet.get()] { raw->watch(); });
  return fleet;
}

Result<std::unique_ptr<ShardFleet>> ShardFleet::open(const std::string& place) {
  if (!place.starts_with("postgresql://")) {
    return fail(Code::unsupported, "only a store on PostgreSQL has shards (POSTGRES_HOST)");
  }
  return open(place, {.connections = 6});
}

ShardFleet::~ShardFleet() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> ShardFleet::start() {
  const Call call{Deadline::after(kPatience)};
  auto catalog = make_shard(uri_, options_);
  if (!catalog) return std::unexpected(catalog.error());
  if (auto made = make_ready(**catalog, call); !made) return made;
  auto first = std::make_shared<FleetView>();
  first->shards.emplace(
      0, std::make_shared<FleetShard>(ShardRow{0, "catalog", {}}, std::move(*catalog), ""));
  view_ = std::move(first);
  auto view = read(call);
  if (!view) return std::unexpected(view.error());
  view_ = std::move(*view);
  return {};
}

std::shared_ptr<const FleetView> ShardFleet::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

Result<std::shared_ptr<const FleetView>> ShardFleet::read(const Call& call) {
  const auto before = view();
  auto connection = before->catalog().store().primary().connection(call);
  if (!connection) return std::unexpected(connection.error());
  auto map = read_shard_map(**connection);
  if (!map) return std::unexpected(map.error());
  const auto self = read_shard_self(**connection);
  if (!self) return std::unexpected(self.error());
  if (*self && (*self)->number != 0) {
    return fail(Code::invalid,
                ara::format("the database at {} is shard {} of a fleet; the one to name is that of "
                            "the fleet's catalog",
                            before->catalog().store().primary().place().shown, (*self)->number));
  }
  auto made = std::make_shared<FleetView>();
  made->map = std::move(*map);
  const std::string fleet = *self ? (*self)->fleet : "";
  for (const ShardRow& row : made->map.shards) {
    const auto known = before->shards.find(row.number);
    // The catalog's own connections stay, whatever it is called.
    if (row.number == 0 || (known != before->shards.end() && known->second->row() == row &&
                            known->second->fleet() == fleet)) {
      made->shards.emplace(row.number, known->second);
      continue;
    }
    auto store = uri_of_shard(uri_, row.hosts).and_then([&](const std::string& uri) {
      return make_shard(uri, options_);
    });
    if (!store) return std::unexpected(store.error());
    made->shards.emplace(row.number, std::make_shared<FleetShard>(row, std::move(*store), fleet));
  }
  return made;
}

Result<void> ShardFleet::refresh(const Call& call) {
  const std::lock_guard one_at_a_time(refreshing_);
  const auto before = view();
  const auto epoch = before->catalog().store().primary().map_epoch(call);
  if (!epoch) return std::unexpected(epoch.error());
  if (*epoch == before->map.epoch) return {};
  return replace(call);
}

Result<void> ShardFleet::reread(const Call& call) {
  const std::lock_guard one_at_a_time(refreshing_);
  return replace(call);
}

Result<void> ShardFleet::replace(const Call& call) {
  auto made = read(call);
  if (!made) return std::unexpected(made.error());
  const std::lock_guard lock(mutex_);
  view_ = std::move(*made);
  return {};
}

Result<void> ShardFleet::settle(const Call& call) {
  const std::unique_lock mine(settling_, std::try_to_lock);
  if (!mine.owns_lock() || system_clock().steady() - settled_ < kSettlePause) return {};
  const auto now = view();
  if (now->shards.size() < 2) return {};
  auto done = settle_in_doubt(now->catalog().store().primary(), now->primaries(), call);
  settled_ = system_clock().steady();
  return done;
}

bool ShardFleet::Chase::again(ShardFleet& fleet, const Call& call) {
  const SteadyTime now = system_clock().steady();
  if (give_up_ == SteadyTime{}) give_up_ = std::min(call.deadline.at, now + kPatience);
  if (now + pause_ >= give_up_) return false;
  const std::uint64_t before = fleet.view()->map.epoch;
  const Call inner{Deadline{give_up_}};
  const auto refreshed = fleet.refresh(inner);
  if (refreshed && fleet.view()->map.epoch != before) return system_clock().steady() < give_up_;
  // The map is right, and the shard it names not there yet: whoever moves the slot is between two
  // steps, or is gone.
  (void)fleet.settle(inner);
  pause_until(system_clock().steady() + pause_);
  pause_ = std::min(2 * pause_, kLongestChase);
  return system_clock().steady() < give_up_;
}

void ShardFleet::watch() {
  SteadyTime doubted{};
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kLookForMap, [this] { return stopping_; })) {
    const auto now = view_;
    lock.unlock();
    const Call call{Deadline::after(kWatchTimeout)};
    const auto epoch = now->catalog().store().map_epoch(call);
    if (epoch && *epoch != now->map.epoch) (void)refresh(call);
    const SteadyTime moment = system_clock().steady();
    if (moment - doubted >= kLookForDoubt) {
      (void)settle(call);
      doubted = moment;
    }
    lock.lock();
  }
}

}  // namespace ara::storage
