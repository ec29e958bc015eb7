#pragma once

#include <memory>

#include "live/feed.h"
#include "webhooks/courier.h"

namespace ara::live {

struct LiveOptions {
  streams::HubOptions hub = {};
  FeedOptions feed = {};
  webhooks::Courier::Options courier = {};
};

/// All that a server tells by itself: streams of updates, and webhooks.
struct Live {
  Live(LiveOptions options, std::shared_ptr<storage::Store> store,
       std::shared_ptr<serve::ForecastService> service,
       const std::shared_ptr<telemetry::Metrics>& metrics, const Clock& clock = system_clock());
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  const webhooks::Policy policy;
  const std::shared_ptr<streams::Hub> hub;
  const std::shared_ptr<webhooks::Outbox> outbox;
  webhooks::Courier courier;
  Feed feed;
};

}  // namespace ara::live
