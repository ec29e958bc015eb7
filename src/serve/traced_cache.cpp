#include "serve/traced_cache.h"

#include <utility>

#include "telemetry/trace.h"

namespace ara::serve {
namespace {

using telemetry::Span;
using telemetry::SpanKind;

class TracedTier final : public cache::Tier {
 public:
  explicit TracedTier(std::shared_ptr<cache::Tier> tier) : tier_(std::move(tier)) {}

  Result<cache::Value> get(const cache::Key& key, const Call& call) override {
    Span span("redis", "get", SpanKind::client);
    auto value = tier_->get(key, call);
    span.note("db.system.name", "redis");
    span.note("ara.cache.result", !value ? "error" : *value ? "hit" : "miss");
    if (!value) span.fail(value.error().message);
    return value;
  }
  Result<void> put(const cache::Key& key, const cache::Value& value, std::chrono::seconds ttl,
                   const Call& call) override {
    Span span("redis", "put", SpanKind::client);
    auto done = tier_->put(key, value, ttl, call);
    span.note("db.system.name", "redis");
    if (!done) span.fail(done.error().message);
    return done;
  }
  cache::TierStats stats() const override { return tier_->stats(); }

 private:
  std::shared_ptr<cache::Tier> tier_;
};

class TracedFlights final : public cache::Flights {
 public:
  explicit TracedFlights(std::shared_ptr<cache::Flights> flights) : flights_(std::move(flights)) {}

  cache::Boarding board(const cache::Key& key, const Call& call) override {
    Span span("redis", "flight", SpanKind::client);
    auto boarding = flights_->board(key, call);
    span.note("db.system.name", "redis");
    span.note("ara.flight", boarding.value   ? "made by another server"
                            : boarding.claim ? "ours"
                                             : "unknown");
    return boarding;
  }

 private:
  std::shared_ptr<cache::Flights> flights_;
};

}  // namespace

std::shared_ptr<cache::Tier> traced(std::shared_ptr<cache::Tier> tier) {
  return std::make_shared<TracedTier>(std::move(tier));
}

std::shared_ptr<cache::Flights> traced(std::shared_ptr<cache::Flights> flights) {
  return std::make_shared<TracedFlights>(std::move(flights));
}

}  // namespace ara::serve
