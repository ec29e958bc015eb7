#include "webhooks/outbox.h"

namespace ara::webhooks {

Result<std::uint64_t> Outbox::emit(const std::optional<std::string>& account, EventType type,
                                   std::string_view data, const Call& call) {
  const std::string id = random_id("evt_");
  const WallTime now = clock_.now();
  auto put = store_->put_event({.id = id,
                                .type = std::string(to_string(type)),
                                .body = encode_event(id, type, now, data),
                                .account = account,
                                .created = now},
                               kBacklog, call);
  if (put && *put > 0) notify();
  return put;
}

Result<storage::DeliveryRow> Outbox::emit_test(const std::string& account,
                                               const std::string& webhook, const Call& call) {
  // The type is one that a receiver knows; that it is a test, the data says.
  constexpr auto kType = EventType::prediction_complete;
  const std::string id = random_id("evt_");
  const WallTime now = clock_.now();
  auto put = store_->put_test_event(
      {.id = id,
       .type = std::string(to_string(kType)),
       .body = encode_event(id, kType, now,
                            R"({"test":true,"message":"This is a test of the webhook"})"),
       .account = account,
       .created = now},
      webhook, kBacklog, call);
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
