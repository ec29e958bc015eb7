#include "webhooks/outbox.h"

namespace ara::webhooks {

storage::EventRow event_row(const std::optional<std::string>& account, EventType type,
                            std::string_view data, WallTime now) {
  const std::string id = random_id("evt_");
  return {.id = id,
          .type = std::string(to_string(type)),
          .body = encode_event(id, type, now, data),
          .account = account,
          .created = now};
}

Result<std::uint64_t> Outbox::emit(const std::optional<std::string>& account, EventType type,
                                   std::string_view data, const Call& call) {
  auto put =
      store_->put_event(event_row(account, type, data, clock_.now()), storage::kMostWaiting, call);
  if (put && *put > 0) notify();
  return put;
}

Result<storage::DeliveryRow> Outbox::emit_test(const std::string& account,
                                               const std::string& webhook, const Call& call) {
  // The type is one that a receiver knows; that it is a test, the data says.
  constexpr auto kType = EventType::prediction_complete;
  auto put = store_->put_test_event(
      event_row(account, kType, R"({"test":true,"message":"This is a test of the webhook"})",
                clock_.now()),
      webhook, storage::kMostWaiting, call);
  if (put) notify();
  return put;
}

void Outbox::on_emit(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void Outbox::notify() {
  const std::lock_guard lock(mutex_);
  if (wake_) wake_();
}

}  // namespace ara::webhooks
