#include <memory>
#include <optional>
#include <vector>

#include "cache/tier.h"

namespace ara::cache {
namespace {

class Tiered final : public Tier {
 public:
  Tiered(std::vector<std::shared_ptr<Tier>> tiers, std::chrono::seconds refill_ttl)
      : tiers_(std::move(tiers)), refill_ttl_(refill_ttl) {}

  Result<Value> get(const Key& key, const Call& call) override {
    std::optional<Error> first_failure;
    for (std::size_t i = 0; i < tiers_.size(); ++i) {
      Result<Value> value = tiers_[i]->get(key, call);
      if (!value) {
        if (!first_failure) first_failure = std::move(value.error());
        continue;
      }
      if (*value == nullptr) continue;
      // A tier that cannot take the copy costs a later look-up below it, never this answer.
      for (std::size_t above = 0; above < i; ++above) {
        (void)tiers_[above]->put(key, *value, refill_ttl_, call);
      }
      return value;
    }
    if (first_failure) return std::unexpected(std::move(*first_failure));
    return Value{};
  }

  Result<void> put(const Key& key, const Value& value, std::chrono::seconds ttl,
                   const Call& call) override {
    std::optional<Error> first_failure;
    for (const auto& tier : tiers_) {
      Result<void> done = tier->put(key, value, ttl, call);
      if (!done && !first_failure) first_failure = std::move(done.error());
    }
    if (first_failure) return std::unexpected(std::move(*first_failure));
    return {};
  }

  TierStats stats() const override {
    TierStats sum;
    for (std::size_t i = 0; i < tiers_.size(); ++i) {
      const TierStats one = tiers_[i]->stats();
      sum.hits += one.hits;
      // Only what the last tier lacks as well was missed by the whole.
      if (i + 1 == tiers_.size()) sum.misses = one.misses;
      sum.admitted += one.admitted;
      sum.evicted += one.evicted;
      sum.expired += one.expired;
      sum.bytes += one.bytes;
      sum.entries += one.entries;
    }
    return sum;
  }

 private:
  std::vector<std::shared_ptr<Tier>> tiers_;
  std::chrono::seconds refill_ttl_;
};

}  // namespace

std::unique_ptr<Tier> make_tiered(std::vector<std::shared_ptr<Tier>> tiers,
                                  std::chrono::seconds refill_ttl) {
  return std::make_unique<Tiered>(std::move(tiers), refill_ttl);
}

}  // namespace ara::cache
