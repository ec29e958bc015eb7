#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "storage/webhooks.h"
#include "webhooks/event.h"

namespace ara::webhooks {

/// A new event for the webhooks of `account`, or of all accounts. `data` is a JSON value.
storage::EventRow event_row(const std::optional<std::string>& account, EventType type,
                            std::string_view data, WallTime now);

/// Where events are put that webhooks should hear of. An event that was put is in the store: it is
/// sent though this process may end now, by a Courier of this or of another process.
class Outbox {
 public:
  explicit Outbox(std::shared_ptr<storage::WebhookStore> store, const Clock& clock = system_clock())
      : store_(std::move(store)), clock_(clock) {}

  /// To the webhooks of `account` that want this type of event, or to those of all accounts. `data`
  /// is a JSON value. How many there were.
  Result<std::uint64_t> emit(const std::optional<std::string>& account, EventType type,
                             std::string_view data, const Call& call);
  /// To one webhook of an account, whatever it wants. Code::not_found, Code::overloaded.
  Result<storage::DeliveryRow> emit_test(const std::string& account, const std::string& webhook,
                                         const Call& call);

  /// `wake` is called, from any thread, when there is something to send; nothing ends that.
  void on_emit(std::function<void()> wake);

 private:
  void notify();

  const std::shared_ptr<storage::WebhookStore> store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::function<void()> wake_;
};

}  // namespace ara::webhooks
