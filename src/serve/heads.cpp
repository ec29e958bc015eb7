#include "serve/heads.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "storage/patience.h"
#include "telemetry/log.h"

namespace ara::serve {
namespace {

constexpr std::chrono::milliseconds kLeastPause{20};

std::uint64_t next_instance() {
  static std::atomic<std::uint64_t> count = 0;
  return ++count;
}

/// How long one look at the store may take.
constexpr std::chrono::milliseconds kLookTimeout{500};

/// The first look reads more than any other, and nothing can be served before it.
constexpr std::chrono::seconds kFirstLookTimeout{3};
constexpr std::chrono::milliseconds kFirstLookPause{100};

/// All heads are read after a look that failed, since the server that answers next may be another,
/// and every so often, should it have been set back to a backup so fast that no look failed.
constexpr std::chrono::seconds kReadAllEvery{30};

/// Whether a store that failed so may do better in a moment.
bool may_pass(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::deadline ||
         error.code == Code::overloaded;
}

}  // namespace

std::size_t SymbolHeads::part_of(const domain::Symbol& symbol) {
  // The table within a part goes by the remainder of the same hash: other bits are taken here.
  return (std::hash<domain::Symbol>{}(symbol) >> 48) % kParts;
}

const storage::SymbolRow* SymbolHeads::find(const domain::Symbol& symbol) const {
  const auto& part = parts_[part_of(symbol)];
  if (!part) return nullptr;
  const auto found = part->find(symbol);
  return found == part->end() ? nullptr : &found->second;
}

std::shared_ptr<const SymbolHeads> SymbolHeads::make(const SymbolHeads* before,
                                                     storage::HeadChanges changes) {
  auto made = std::make_shared<SymbolHeads>();
  if (before && !changes.all) *made = *before;
  std::array<std::shared_ptr<Part>, kParts> changed;
  std::vector<std::string> added;
  for (storage::SymbolRow& row : changes.rows) {
    const std::size_t number = part_of(row.symbol);
    if (!changed[number]) {
      const auto& known = made->parts_[number];
      changed[number] = known ? std::make_shared<Part>(*known) : std::make_shared<Part>();
      made->parts_[number] = changed[number];
    }
    const domain::Symbol symbol = row.symbol;
    if (changed[number]->insert_or_assign(symbol, std::move(row)).second) {
      added.push_back(symbol.text());
    }
  }
  if (!made->names_ || !added.empty()) {
    auto names = std::make_shared<std::vector<std::string>>();
    if (made->names_) *names = *made->names_;
    const auto middle = static_cast<std::ptrdiff_t>(names->size());
    std::ranges::move(added, std::back_inserter(*names));
    std::ranges::inplace_merge(*names, names->begin() + middle);
    made->names_ = std::move(names);
  }
  return made;
}

Heads::Heads(std::shared_ptr<storage::Store> store, std::shared_ptr<const registry::Shelf> shelf,
             std::chrono::milliseconds refresh, const Clock& clock)
    : store_(std::move(store)),
      shelf_(std::move(shelf)),
      refresh_(refresh),
      clock_(clock),
      instance_(next_instance()) {}

Result<std::unique_ptr<Heads>> Heads::start(std::shared_ptr<storage::Store> store,
                                            std::shared_ptr<const registry::Shelf> shelf,
                                            std::chrono::milliseconds refresh,
                                            std::chrono::milliseconds patience,
                                            const Clock& clock) {
  std::unique_ptr<Heads> heads(new Heads(std::move(store), std::move(shelf), refresh, clock));
  if (auto looked = heads->first_look(clock.steady() + patience); !looked) {
    return std::unexpected(std::move(looked.error()));
  }
  heads->thread_ = std::thread([raw = heads.get()] { raw->run(); });
  return heads;
}

Heads::~Heads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> Heads::first_look(SteadyTime give_up) {
  for (;;) {
    const SteadyTime now = clock_.steady();
    auto looked = look({Deadline{std::min(give_up, now + kFirstLookTimeout)}});
    const SteadyTime next = clock_.steady() + kFirstLookPause;
    if (looked || !may_pass(looked.error()) || next >= give_up) return looked;
    storage::pause_until(next);
  }
}

Result<void> Heads::look(const Call& call) {
  const SteadyTime asked = clock_.steady();
  const bool all = !current_ || asked - read_all_ >= kReadAllEvery;
  // Whatever fails below, what it would have told is asked for again.
  const storage::HeadsMark mark = std::exchange(mark_, {});
  auto changes = store_->changed_heads(all ? storage::HeadsMark() : mark, call);
  if (!changes) return std::unexpected(std::move(changes.error()));
  if (changes->all) read_all_ = asked;
  storage::HeadsMark reached = changes->mark;
  auto symbols = current_ ? current_->symbols : nullptr;
  if (changes->all || !changes->rows.empty()) {
    symbols = SymbolHeads::make(symbols.get(), std::move(*changes));
  }
  const auto version = store_->registry_version(call);
  if (!version) return std::unexpected(version.error());
  auto lineup = current_ ? current_->lineup : nullptr;
  if (!lineup || lineup->version() != *version) {
    auto read = registry::Lineup::read(*store_, *shelf_, call);
    if (!read) return std::unexpected(std::move(read.error()));
    lineup = std::make_shared<const registry::Lineup>(std::move(*read));
    for (const registry::Absent& one : lineup->absent()) {
      telemetry::log(telemetry::LogLevel::warning,
                     "A champion cannot serve; the built-in model answers in its place",
                     {{"model", one.id}, {"error", one.error.message}});
    }
  }
  if (!current_ || current_->symbols != symbols || current_->lineup != lineup) {
    auto made = std::make_shared<HeadSnapshot>();
    made->symbols = std::move(symbols);
    made->lineup = std::move(lineup);
    if (current_ && current_->lineup != made->lineup) {
      made->previous = current_->lineup;
      made->previous_until = looked_at() + kTrust;
    } else if (current_) {
      made->previous = current_->previous;
      made->previous_until = current_->previous_until;
    }
    {
      const std::lock_guard lock(mutex_);
      current_ = std::move(made);
    }
    generation_.fetch_add(1, std::memory_order_release);
  }
  mark_ = std::move(reached);
  looked_at_.store(asked.time_since_epoch().count(), std::memory_order_release);
  return {};
}

void Heads::run() {
  bool ailing = false;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    // Writers in a hurry may be many; each look can read every head.
    wake_.wait_for(lock, std::min<std::chrono::nanoseconds>(refresh_, kLeastPause),
                   [this] { return stopping_; });
    wake_.wait_for(lock, refresh_, [this] { return stopping_ || hurried_; });
    if (stopping_) break;
    hurried_ = false;
    lock.unlock();
    const auto looked = look({Deadline::after(kLookTimeout)});
    if (!looked && !ailing) {
      telemetry::log(telemetry::LogLevel::warning, "Cannot read the heads of symbols and models",
                     {{"error", looked.error().message}});
    }
    ailing = !looked;
    lock.lock();
  }
}

void Heads::look_soon() {
  {
    const std::lock_guard lock(mutex_);
    hurried_ = true;
  }
  wake_.notify_all();
}

bool Heads::trusted() const {
  return clock_.steady() - looked_at() <= kTrust;
}

SteadyTime Heads::looked_at() const {
  return SteadyTime{SteadyTime::duration(looked_at_.load(std::memory_order_acquire))};
}

std::shared_ptr<const HeadSnapshot> Heads::snapshot() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

const HeadSnapshot* Heads::fresh() const {
  if (!trusted()) return nullptr;
  struct Kept {
    std::uint64_t instance = 0;
    std::uint64_t generation = 0;
    std::shared_ptr<const HeadSnapshot> snapshot;
  };
  thread_local Kept kept;
  const std::uint64_t generation = generation_.load(std::memory_order_acquire);
  if (kept.instance != instance_ || kept.generation != generation) {
    kept = {instance_, generation, snapshot()};
  }
  return kept.snapshot.get();
}

}  // namespace ara::serve
