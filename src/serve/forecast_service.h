#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "cache/flights.h"
#include "cache/tier.h"
#include "registry/shelf.h"
#include "serve/forecast_request.h"
#include "storage/store.h"
#include "telemetry/metrics.h"

namespace ara::serve {

/// A forecast as it goes out: the bytes of the GET form and the id that is its ETag.
struct Ready {
  Hash128 id;
  cache::Value body;  ///< one JSON object; see encode.h
};

struct ServiceOptions {
  unsigned workers = 2;                         ///< threads of the slow lane
  std::chrono::milliseconds deadline{5000};     ///< of a request that names none
  std::chrono::milliseconds head_refresh{250};  ///< how often heads are looked at anew
  std::chrono::seconds store_patience{10};      ///< at start, with a store that is down or busy
  std::chrono::seconds prediction_ttl{300};     ///< CACHE_TTL_SECONDS
  std::chrono::seconds history_ttl{3600};       ///< CACHE_TTL_HISTORICAL_DATA_SECONDS
  std::uint64_t l1_bytes = 64ULL << 20;
  std::uint64_t history_bytes = 8ULL << 20;  ///< of bars in memory
  /// What a fleet shares; none: this process is alone.
  std::shared_ptr<cache::Tier> l2 = nullptr;
  std::shared_ptr<cache::Flights> flights = nullptr;
  /// Where champions that are users' models are read from.
  std::shared_ptr<const registry::Shelf> shelf = std::make_shared<const registry::Shelf>();
};

/// Counts that admission and health are judged by.
struct LaneStats {
  std::size_t queued = 0;
  std::size_t running = 0;
  double mean_seconds = 0;  ///< moving average of one computation
};

/// The pipeline of a forecast: head -> ForecastKey -> L1 -> (slow lane) L2 -> L3 -> single flight
/// {bars -> models -> calibrate -> encode} -> stored upward.
class ForecastService {
 public:
  using Answer = std::function<void(Result<Ready>)>;

  /// The fast lane: the answer if its symbol's head and its bytes are in memory. Never blocks;
  /// call from any thread.
  virtual std::optional<Ready> cached(const ForecastRequest& request) = 0;

  /// The slow lane: `answer` is called exactly once, from another thread, by the deadline. A
  /// request that cannot meet its deadline is refused at once (called before this returns):
  /// Code::overloaded.
  virtual void compute(const ForecastRequest& request, Deadline deadline, Answer answer) = 0;

  /// The whole pipeline in the calling thread, for the command line.
  virtual Result<Ready> compute_now(const ForecastRequest& request, const Call& call) = 0;

  /// A forecast that was made before, by its id; nothing where it is not kept any more. Blocks.
  virtual Result<std::optional<storage::ForecastRow>> find(const Hash128& id, const Call& call) = 0;

  /// Seconds after which a refused client may well try again, at least 1.
  virtual int retry_after_seconds() const = 0;

  /// Symbols known, ascending; a snapshot at most `head_refresh` old.
  virtual std::vector<std::string> symbol_names() const = 0;

  /// Has the heads looked at soon, for who has just written bars; does not wait.
  virtual void bars_changed() = 0;

  /// Whether the store answers and heads are fresh; the message says what is not.
  virtual Result<void> ready() const = 0;
  virtual LaneStats lane() const = 0;

  /// Refuses new work, finishes what is queued or running, at most until `deadline`.
  virtual void drain(Deadline deadline) = 0;

  virtual ~ForecastService() = default;
};

/// Starts the slow lane's threads and reads the heads once; fails if the store does, by
/// `store_patience`.
Result<std::unique_ptr<ForecastService>> make_forecast_service(
    std::shared_ptr<storage::Store> store, std::shared_ptr<telemetry::Metrics> metrics,
    ServiceOptions options, const Clock& clock = system_clock());

}  // namespace ara::serve
