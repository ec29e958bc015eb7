#include "serve/store_tier.h"

#include <yyjson.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "serve/background.h"
#include "telemetry/log.h"

namespace ara::serve {
namespace {

constexpr std::size_t kMostUnwritten = 4096;
constexpr std::size_t kMostExpected = 65536;
constexpr std::chrono::milliseconds kFlushEvery{200};
constexpr std::chrono::seconds kPruneEvery{60};
constexpr std::chrono::seconds kWriteTimeout{5};

/// The row of an encoded forecast; its columns are read from the bytes, so that the two cannot
/// disagree. Nothing where the bytes are no forecast.
std::optional<storage::ForecastRow> row_of(const Hash128& id, const std::string& bytes,
                                           WallTime created) {
  const std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)> doc(
      yyjson_read(bytes.data(), bytes.size(), YYJSON_READ_NOFLAG), &yyjson_doc_free);
  yyjson_val* root = yyjson_doc_get_root(doc.get());
  const auto text = [root](const char* name) -> std::string_view {
    const char* value = yyjson_get_str(yyjson_obj_get(root, name));
    return value == nullptr ? std::string_view() : value;
  };
  auto symbol = domain::Symbol::parse(text("symbol"));
  const auto as_of = domain::parse_iso_date(text("as_of"));
  const auto revision = domain::parse_revision(text("revision"));
  const std::size_t horizon = yyjson_arr_size(yyjson_obj_get(root, "predictions"));
  if (!symbol || !as_of || !revision || horizon == 0) return std::nullopt;
  return storage::ForecastRow{.id = id,
                              .symbol = std::move(*symbol),
                              .revision = *revision,
                              .as_of = *as_of,
                              .horizon = static_cast<int>(horizon),
                              .model_version = std::string(text("model_version")),
                              .created = created,
                              .bytes = bytes};
}

}  // namespace

StoreTier::StoreTier(std::shared_ptr<storage::Store> store, std::chrono::seconds keep,
                     const Clock& clock)
    : store_(std::move(store)), keep_(keep), clock_(clock), thread_([this] { run(); }) {}

StoreTier::~StoreTier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::optional<storage::ForecastRow> StoreTier::find_pending(const Hash128& id) const {
  const std::lock_guard lock(mutex_);
  for (const std::deque<Pending>* waiting : {&queue_, &writing_}) {
    const auto found = std::ranges::find(*waiting, id, &Pending::id);
    if (found != waiting->end()) return row_of(id, *found->value, found->created);
  }
  return std::nullopt;
}

Result<std::optional<storage::ForecastRow>> StoreTier::find(const Hash128& id, const Call& call) {
  if (auto row = find_pending(id)) return row;
  return store_->find_forecast(id, call);
}

Result<cache::Value> StoreTier::get(const cache::Key& key, const Call& call) {
  auto row = store_->find_forecast(key.id, call);
  if (!row) return std::unexpected(std::move(row.error()));
  const std::lock_guard lock(mutex_);
  ++(*row ? stats_.hits : stats_.misses);
  if (!*row) return nullptr;
  return std::make_shared<const std::string>(std::move((*row)->bytes));
}

Result<void> StoreTier::put(const cache::Key& key, const cache::Value& value, std::chrono::seconds,
                            const Call&) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kMostUnwritten) return {};
  queue_.push_back({key.id, value, clock_.now()});
  return {};
}

void StoreTier::expect(std::vector<storage::ExpectationRow> rows) {
  const std::lock_guard lock(mutex_);
  if (expected_.size() >= kMostExpected) return;
  std::ranges::move(rows, std::back_inserter(expected_));
}

cache::TierStats StoreTier::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void StoreTier::write(const std::deque<Pending>& batch) {
  std::vector<storage::ForecastRow> rows;
  for (const Pending& pending : batch) {
    if (auto row = row_of(pending.id, *pending.value, pending.created)) {
      rows.push_back(std::move(*row));
    }
  }
  const auto put = store_->put_forecasts(rows, Call{Deadline::after(kWriteTimeout)});
  if (!put) {
    telemetry::log(telemetry::LogLevel::warning, "Cannot keep forecasts in the store",
                   {{"error", put.error().message}});
    return;
  }
  const std::lock_guard lock(mutex_);
  stats_.admitted += rows.size();
}

void StoreTier::write_expected(const std::vector<storage::ExpectationRow>& rows) {
  const auto put = store_->expect(rows, Call{Deadline::after(kWriteTimeout)});
  if (put) return;
  telemetry::log(telemetry::LogLevel::warning, "Cannot keep what is to be settled in the store",
                 {{"error", put.error().message}});
}

void StoreTier::run() {
  run_in_background();
  SteadyTime pruned{};
  std::unique_lock lock(mutex_);
  while (!stopping_ || !queue_.empty() || !expected_.empty()) {
    wake_.wait_for(lock, kFlushEvery, [this] { return stopping_; });
    writing_.swap(queue_);
    const auto expected = std::exchange(expected_, {});
    lock.unlock();
    if (!writing_.empty()) write(writing_);
    if (!expected.empty()) write_expected(expected);
    if (const SteadyTime now = clock_.steady(); now - pruned >= kPruneEvery) {
      pruned = now;
      // A failure shows in the writes too, and the next minute tries again.
      (void)store_->prune_forecasts(clock_.now() - keep_, Call{Deadline::after(kWriteTimeout)});
    }
    lock.lock();
    writing_.clear();
  }
}

}  // namespace ara::serve
