#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "cache/tier.h"
#include "storage/store.h"

namespace ara::serve {

/// L3: the forecasts table as the lowest tier. Writes go behind, in batches, by one thread; what
/// does not fit its bounded queue is dropped, since it can be computed again. Rows older than
/// `keep` are deleted once a minute, which bounds the table; what is to be settled of them stays.
class StoreTier final : public cache::Tier {
 public:
  StoreTier(std::shared_ptr<storage::Store> store, std::chrono::seconds keep, const Clock& clock);
  ~StoreTier() override;  ///< writes what is still queued

  Result<cache::Value> get(const cache::Key& key, const Call& call) override;
  Result<void> put(const cache::Key& key, const cache::Value& value, std::chrono::seconds ttl,
                   const Call& call) override;
  cache::TierStats stats() const override;

  /// Has what a forecast says of its days written to be settled, behind as well, or dropped where
  /// too much is waiting.
  void expect(std::vector<storage::ExpectationRow> rows);

  /// As get, with what is stored beside the bytes.
  Result<std::optional<storage::ForecastRow>> find(const Hash128& id, const Call& call);

 private:
  struct Pending {
    Hash128 id;
    cache::Value value;
    WallTime created;
  };

  void run();
  void write(const std::deque<Pending>& batch);
  void write_expected(const std::vector<storage::ExpectationRow>& rows);
  std::optional<storage::ForecastRow> find_pending(const Hash128& id) const;

  std::shared_ptr<storage::Store> store_;
  const std::chrono::seconds keep_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Pending> queue_;
  std::deque<Pending> writing_;                    ///< taken from the queue, not in the store yet
  std::vector<storage::ExpectationRow> expected_;  ///< to be written
  bool stopping_ = false;
  cache::TierStats stats_;
  std::thread thread_;
};

}  // namespace ara::serve
