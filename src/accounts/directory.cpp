#include "accounts/directory.h"

#include <algorithm>

#include "telemetry/log.h"

namespace ara::accounts {
namespace {

/// How long one look at the store may take.
constexpr std::chrono::milliseconds kLookTimeout{500};
/// And one write: while there is no primary, looks at a standby must not come later than kTrust.
constexpr std::chrono::milliseconds kWriteTimeout{200};
constexpr std::chrono::seconds kStopTimeout{2};

std::int64_t largest_limit(const DirectoryOptions& options) {
  std::int64_t most = options.per_minute;
  for (const Tier& tier : options.tiers.rows())
    most = std::max<std::int64_t>(most, tier.per_minute);
  return most;
}

/// Requests borrowed at a time: two minutes' worth, but no more than a tenth of the day, so that a
/// fleet's servers do not hold the whole of it.
std::int64_t block_of(const Tier& tier) {
  return std::clamp<std::int64_t>(2LL * tier.per_minute, 1, std::max(1, tier.per_day / 10));
}

}  // namespace

std::uint64_t next_instance() {
  static std::atomic<std::uint64_t> count = 0;
  return ++count;
}

Directory::Directory(std::shared_ptr<storage::AccountStore> store, DirectoryOptions options,
                     const Clock& clock)
    : store_(std::move(store)),
      options_(std::move(options)),
      most_per_minute_(largest_limit(options_)),
      clock_(clock),
      instance_(next_instance()) {
  if (options_.channel && options_.servers > 1) {
    lending_ = std::make_unique<Lending>(options_.channel, clock_);
  }
}

Result<std::unique_ptr<Directory>> Directory::start(std::shared_ptr<storage::AccountStore> store,
                                                    DirectoryOptions options, const Clock& clock) {
  std::unique_ptr<Directory> directory(new Directory(std::move(store), std::move(options), clock));
  auto looked = directory->renew({Deadline::after(kLookTimeout * 4)});
  if (!looked) return std::unexpected(std::move(looked.error()));
  directory->thread_ = std::thread([raw = directory.get()] { raw->run(); });
  return directory;
}

Directory::~Directory() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  looked_.notify_all();
  if (thread_.joinable()) thread_.join();
  write_uses({Deadline::after(kStopTimeout)});
  give_back();
}

std::int64_t Directory::today() const {
  return std::chrono::floor<std::chrono::days>(clock_.now()).time_since_epoch().count();
}

std::shared_ptr<const Account> Directory::make_account(const storage::AccountRow& row) {
  auto account = std::make_shared<Account>();
  account->id = row.id;
  account->email = row.email;
  account->username = row.username;
  const auto role = parse_role(row.role);
  account->role = role.value_or(Role::readonly);
  // A tier that the configuration no longer has is served as the least.
  const Tier* tier = options_.tiers.find(row.tier);
  account->tier = tier ? *tier : options_.tiers.least();
  if (options_.per_minute > 0) account->tier.per_minute = static_cast<int>(options_.per_minute);
  account->active = row.active && role.has_value();
  account->generation = row.generation;
  auto& meter = meters_[row.id];
  const bool first = !meter;
  if (first) {
    meter = std::make_shared<Meter>(row.id, most_per_minute_,
                                    Servers{options_.servers, lending_ != nullptr});
  }
  meter->set_limit(account->tier.per_minute);
  if (first && lending_) lending_->know(meter);
  account->meter = meter;
  limits_.insert_or_assign(row.id, account->tier);
  return account;
}

Result<std::shared_ptr<DirectorySnapshot>> Directory::read(std::uint64_t version,
                                                           const Call& call) {
  const auto rows = store_->accounts(call);
  if (!rows) return std::unexpected(rows.error());
  const auto keys = store_->api_keys("", call);
  if (!keys) return std::unexpected(keys.error());
  auto made = std::make_shared<DirectorySnapshot>();
  made->version = version;
  for (const storage::AccountRow& row : *rows) made->accounts.emplace(row.id, make_account(row));
  for (const storage::ApiKeyRow& row : *keys) {
    const auto owner = made->accounts.find(row.account_id);
    Digest digest;
    if (row.revoked || owner == made->accounts.end() || row.hash.size() != digest.size()) continue;
    std::ranges::copy(row.hash, digest.begin());
    made->keys.emplace(digest, DirectorySnapshot::Key{row.id, owner->second,
                                                      row.expires.value_or(WallTime::max())});
  }
  return made;
}

Result<void> Directory::renew(const Call& call) {
  const std::lock_guard looking(looking_);
  const SteadyTime asked = clock_.steady();
  // Asked before the rows: a change between the two shows as a new version next time.
  const auto version = store_->accounts_version(call);
  if (!version) return std::unexpected(version.error());
  const auto before = snapshot();
  if (!before || before->version != *version) {
    auto made = read(*version, call);
    if (!made) return std::unexpected(std::move(made.error()));
    if (day_ == std::numeric_limits<std::int64_t>::min()) {
      if (auto begun = begin_day(call); !begun) return begun;
    }
    const std::uint64_t generation = (*made)->generation = ++made_;
    {
      const std::lock_guard lock(mutex_);
      current_ = std::move(*made);
    }
    generation_.store(generation, std::memory_order_release);
  }
  {
    const std::lock_guard lock(mutex_);  // so that nobody misses it who is about to wait
    looked_at_.store(asked.time_since_epoch().count(), std::memory_order_release);
  }
  looked_.notify_all();
  return {};
}

bool Directory::await_fresh(SteadyTime until) {
  const auto fresh = [this] {
    const SteadyTime looked{SteadyTime::duration(looked_at_.load(std::memory_order_acquire))};
    return stopping_ || clock_.steady() - looked <= kTrust;
  };
  std::unique_lock lock(mutex_);
  return looked_.wait_until(lock, until, fresh);
}

Result<void> Directory::begin_day(const Call& call) {
  const std::int64_t now = today();
  if (now == day_) return {};
  const auto usage = store_->day_usage(now, call);
  if (!usage) return std::unexpected(usage.error());
  std::unordered_map<std::string, std::int64_t> used;
  for (const storage::DayUsageRow& row : *usage) used.emplace(row.account_id, row.used);
  for (const auto& [id, meter] : meters_) {
    const std::int64_t owed = meter->day().owed();
    if (owed != 0) {
      // What cannot be settled was lent and not used, or a minute's worth: the old day keeps it.
      (void)store_->lease_requests(id, day_, owed, 0, 0, call);
    }
    const auto found = used.find(id);
    meter->day().begin(owed, found == used.end() ? 0 : found->second);
  }
  day_ = now;
  return {};
}

void Directory::lend(std::vector<std::shared_ptr<Meter>> asking, const Call& call) {
  const std::lock_guard looking(looking_);
  for (const std::shared_ptr<Meter>& meter : asking) {
    const Tier& tier = limits_[meter->account_id()];
    const std::int64_t owed = std::max<std::int64_t>(0, meter->day().owed());
    const auto lease =
        store_->lease_requests(meter->account_id(), day_, owed, block_of(tier), tier.per_day, call);
    if (lease) meter->day().lent(owed, lease->granted, lease->used);
    meter->served();  // where the store is away, the next request asks again
  }
}

void Directory::write_uses(const Call& call) {
  std::unordered_map<std::string, WallTime> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(uses_);
  }
  if (taken.empty()) return;
  std::vector<storage::KeyUse> uses;
  uses.reserve(taken.size());
  for (const auto& [id, when] : taken) uses.push_back({id, when});
  if (const auto noted = store_->note_key_uses(uses, call); !noted) {
    telemetry::log(telemetry::LogLevel::warning, "Cannot note when API keys were used",
                   {{"error", noted.error().message}});
  }
}

void Directory::give_back() {
  const std::lock_guard looking(looking_);
  const Call call{Deadline::after(kStopTimeout)};
  for (const auto& [id, meter] : meters_) {
    const std::int64_t owed = meter->day().owed();
    if (owed != 0 && !store_->lease_requests(id, day_, owed, 0, 0, call)) return;
  }
}

void Directory::run() {
  bool ailing = false;
  SteadyTime next = clock_.steady() + options_.refresh;
  for (;;) {
    std::vector<std::shared_ptr<Meter>> asking;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, next - clock_.steady(),
                     [this] { return stopping_ || !asking_.empty(); });
      if (stopping_) return;
      asking.swap(asking_);
    }
    if (!asking.empty()) lend(std::move(asking), Call{Deadline::after(kWriteTimeout)});
    if (clock_.steady() < next) continue;
    next = clock_.steady() + options_.refresh;
    const Call call{Deadline::after(kLookTimeout)};
    auto looked = renew(call);
    if (looked) {
      const std::lock_guard looking(looking_);
      looked = begin_day(call);
    }
    if (!looked && !ailing) {
      telemetry::log(telemetry::LogLevel::warning, "Cannot read the accounts",
                     {{"error", looked.error().message}});
    }
    ailing = !looked;
    write_uses(Call{Deadline::after(kWriteTimeout)});
  }
}

std::shared_ptr<const DirectorySnapshot> Directory::snapshot() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

const DirectorySnapshot* Directory::fresh(SteadyTime now) const {
  const SteadyTime looked{SteadyTime::duration(looked_at_.load(std::memory_order_acquire))};
  if (now - looked > kTrust) return nullptr;
  struct Kept {
    std::uint64_t instance = 0;
    std::uint64_t generation = 0;
    std::shared_ptr<const DirectorySnapshot> snapshot;
  };
  thread_local Kept kept;
  const std::uint64_t generation = generation_.load(std::memory_order_acquire);
  if (kept.instance != instance_ || kept.generation != generation) {
    kept = {instance_, generation, snapshot()};
  }
  return kept.snapshot.get();
}

void Directory::ask(std::shared_ptr<Meter> meter) {
  {
    const std::lock_guard lock(mutex_);
    asking_.push_back(std::move(meter));
  }
  wake_.notify_one();
}

void Directory::ask_servers(const Meter& meter) {
  if (lending_) lending_->ask(meter.account_id());
}

bool Directory::wait_for_servers(const Account& account, Lending::Then then) {
  return lending_ && lending_->wait(account.meter, account.tier, std::move(then));
}

void Directory::note_use(std::string key_id, WallTime when) {
  const std::lock_guard lock(mutex_);
  if (uses_.size() < kMostUses) uses_.insert_or_assign(std::move(key_id), when);
}

}  // namespace ara::accounts
