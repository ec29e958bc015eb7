#include "webhooks/courier.h"

#include "telemetry/log.h"
#include "webhooks/event.h"

namespace ara::webhooks {
namespace {

/// How long one call of the store may take.
constexpr std::chrono::seconds kStoreTimeout{5};
/// How much longer than a request a lease lasts; who has it may then be taken for dead.
constexpr std::chrono::seconds kLeaseSlack{15};
constexpr std::chrono::seconds kGrace{2};
constexpr std::chrono::hours kPruneEvery{1};

Call call() {
  return {Deadline::after(kStoreTimeout)};
}

}  // namespace

Courier::Courier(std::shared_ptr<storage::WebhookStore> store,
                 std::shared_ptr<telemetry::Metrics> metrics, Options options, const Clock& clock)
    : store_(std::move(store)),
      metrics_(std::move(metrics)),
      options_(std::move(options)),
      clock_(clock),
      success_(metrics_->counter("ara_webhook_attempts_total", {{"result", "success"}})),
      retry_(metrics_->counter("ara_webhook_attempts_total", {{"result", "retry"}})),
      failed_(metrics_->counter("ara_webhook_attempts_total", {{"result", "failed"}})),
      sender_(options_.sender) {
  thread_ = std::thread([this] { run(); });
}

Courier::~Courier() {
  stopping_ = true;
  sender_.wake();
  thread_.join();
}

void Courier::run() {
  SteadyTime end = SteadyTime::max();
  for (;;) {
    if (stopping_ && end == SteadyTime::max()) end = clock_.steady() + kGrace;
    if (stopping_ && (sending_.empty() || clock_.steady() >= end)) return;
    if (!stopping_) {
      lease();
      prune();
    }
    for (const Outcome& outcome : sender_.run(options_.look)) finish(outcome);
  }
}

void Courier::lease() {
  if (sending_.size() >= options_.at_once) return;
  const WallTime now = clock_.now();
  const WallTime until = now + options_.sender.timeout + kLeaseSlack;
  auto leased = store_->lease_deliveries(now, until, options_.at_once - sending_.size(), call());
  if (!leased) {
    if (!ailing_) {
      telemetry::log(telemetry::LogLevel::warning, "Cannot read what webhooks should be told",
                     {{"error", leased.error().message}});
    }
    ailing_ = true;
    return;
  }
  ailing_ = false;
  for (storage::LeasedDelivery& lease : *leased) {
    Request request{.id = lease.row.id, .url = lease.url, .body = lease.row.body, .headers = {}};
    request.headers = {"x-webhook-id: " + lease.row.webhook, "x-webhook-event: " + lease.row.type,
                       "x-webhook-delivery: " + lease.row.id};
    if (!lease.secret.empty()) {
      request.headers.push_back("x-webhook-signature: " + sign(lease.secret, lease.row.body));
    }
    Sending sending{.row = std::move(lease.row), .head = {}, .begun = clock_.steady()};
    if (options_.tracer && options_.tracer->exporting()) {
      sending.head = options_.tracer->head({}, {});
      request.headers.push_back("traceparent: " + to_traceparent(sending.head.own));
    }
    sending_.insert_or_assign(request.id, std::move(sending));
    sender_.start(std::move(request));
  }
}

void Courier::finish(const Outcome& outcome) {
  const auto found = sending_.find(outcome.id);
  if (found == sending_.end()) return;
  trace(found->second, outcome);
  storage::DeliveryRow row = std::move(found->second.row);
  sending_.erase(found);
  const WallTime now = clock_.now();
  row.response_code = outcome.status;
  row.response_body = outcome.body;
  row.error = outcome.error;
  row.due.reset();
  if (outcome.success()) {
    row.status = storage::DeliveryStatus::success;
    row.delivered = now;
    metrics_->add(success_);
  } else {
    if (row.error.empty()) row.error = "It answered " + std::to_string(outcome.status);
    const auto failures = static_cast<std::size_t>(row.attempts);
    if (failures <= options_.retries.size()) {
      row.status = storage::DeliveryStatus::retrying;
      row.due = now + options_.retries[failures - 1];
      metrics_->add(retry_);
    } else {
      row.status = storage::DeliveryStatus::failed;
      metrics_->add(failed_);
    }
  }
  // Code::conflict: the webhook has been deleted, or the lease was lost. Nothing is left to note.
  if (auto noted = store_->finish_delivery(row, now, call());
      !noted && noted.error().code != Code::conflict) {
    telemetry::log(telemetry::LogLevel::warning, "Cannot note how a webhook answered",
                   {{"delivery", row.id}, {"error", noted.error().message}});
  }
}

/// A delivery is a trace of its own: it may be tried days after its event, by another server, which
/// ara.event.id names. Its URL may hold a secret, and is left out.
void Courier::trace(const Sending& sending, const Outcome& outcome) const {
  const SteadyTime now = clock_.steady();
  if (!options_.tracer ||
      !options_.tracer->wants(sending.head, now - sending.begun, !outcome.success())) {
    return;
  }
  telemetry::SpanRecord span{
      .name = "POST webhook",
      .kind = telemetry::SpanKind::client,
      .begun = sending.begun,
      .ended = now,
      .error = outcome.error,
      .attributes = {{"http.request.method", "POST"},
                     {"http.response.status_code", std::int64_t{outcome.status}},
                     {"http.request.resend_count", std::int64_t{sending.row.attempts - 1}},
                     {"ara.webhook.id", sending.row.webhook},
                     {"ara.event.id", sending.row.event},
                     {"ara.delivery.id", sending.row.id}}};
  if (!outcome.success() && span.error.empty()) {
    span.error = "answered " + std::to_string(outcome.status);
  }
  options_.tracer->finish(sending.head, nullptr, {.work = std::move(span)});
}

void Courier::prune() {
  if (pruned_ != SteadyTime{} && clock_.steady() - pruned_ < kPruneEvery) return;
  pruned_ = clock_.steady();
  (void)store_->prune_deliveries(clock_.now() - options_.keep, call());
}

}  // namespace ara::webhooks
