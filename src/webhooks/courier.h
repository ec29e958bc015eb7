#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "storage/webhooks.h"
#include "telemetry/metrics.h"
#include "telemetry/tracer.h"
#include "webhooks/sender.h"

namespace ara::webhooks {

/// When a delivery that failed is tried again: so long after the first, second and third failure.
inline constexpr std::array<std::chrono::milliseconds, 3> kRetries{
    std::chrono::seconds(5), std::chrono::seconds(30), std::chrono::seconds(300)};
inline constexpr int kMaxAttempts = static_cast<int>(kRetries.size()) + 1;

/// Sends what outboxes hold, in a thread of its own. Of each webhook one delivery at a time, so
/// that a slow one holds up itself alone; of a webhook's events the oldest first, but one that
/// waits to be tried again lets those after it pass. A delivery is sent at least once: again where
/// a process died before it could note the answer.
class Courier {
 public:
  struct Options {
    Sender::Options sender;
    std::size_t at_once = 32;
    std::chrono::milliseconds look{1000};  ///< how often the store is asked for others' events
    std::array<std::chrono::milliseconds, 3> retries = kRetries;
    std::chrono::hours keep{24 * 30};                     ///< the log of deliveries
    std::shared_ptr<telemetry::Tracer> tracer = nullptr;  ///< null: deliveries are not traced
  };

  Courier(std::shared_ptr<storage::WebhookStore> store, std::shared_ptr<telemetry::Metrics> metrics,
          Options options, const Clock& clock = system_clock());
  /// Lets what is being sent end, for two seconds at most.
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  /// From any thread: there is something to send.
  void wake() { sender_.wake(); }

 private:
  struct Sending {
    storage::DeliveryRow row;
    telemetry::TraceHead head;
    SteadyTime begun;
  };

  void run();
  void lease();
  void finish(const Outcome& outcome);
  void trace(const Sending& sending, const Outcome& outcome) const;
  void prune();

  const std::shared_ptr<storage::WebhookStore> store_;
  const std::shared_ptr<telemetry::Metrics> metrics_;
  const Options options_;
  const Clock& clock_;
  const telemetry::Metrics::Counter success_, retry_, failed_;
  Sender sender_;
  std::map<std::string, Sending> sending_;  ///< by id
  SteadyTime pruned_{};
  bool ailing_ = false;  ///< the store failed at the last look
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace ara::webhooks
