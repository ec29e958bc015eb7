#include "live/live.h"

#include <utility>

namespace ara::live {

Live::Live(LiveOptions options, std::shared_ptr<storage::Store> store,
           std::shared_ptr<serve::ForecastService> service,
           const std::shared_ptr<telemetry::Metrics>& metrics, const Clock& clock)
    : policy(options.courier.sender.policy),
      hub(std::make_shared<streams::Hub>(options.hub, metrics, clock)),
      outbox(std::make_shared<webhooks::Outbox>(store, clock)),
      courier(store, metrics, std::move(options.courier), clock),
      feed(store, std::move(service), hub, outbox, options.feed, clock) {
  outbox->on_emit([this] { courier.wake(); });
}

Live::~Live() {
  outbox->on_emit({});  // others may hold the outbox longer
}

}  // namespace ara::live
