#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/times.h"
#include "storage/webhooks.h"

/// What the stores share of webhooks and deliveries: how a row is read, and what is refused.
namespace ara::storage {

// What webhook_of and delivery_of read, in this order.
#define ARA_WEBHOOK_COLUMNS                                                               \
  "id, account, url, events, secret, description, active, created, updated, deliveries, " \
  "successes, failures, last_delivery, last_status"
#define ARA_DELIVERY_COLUMNS                                                          \
  "d.id, d.webhook, d.event, d.type, d.body, d.status, d.attempts, d.response_code, " \
  "d.response_body, d.error, d.created, d.delivered, d.due"
inline constexpr int kWebhookColumns = 14;
inline constexpr int kDeliveryColumns = 13;

/// Names of event types are words; a list of them is kept as ",one,two," so that one is found in
/// it.
std::string join_events(const std::vector<std::string>& events);
std::vector<std::string> split_events(std::string_view text);

/// `Row` gives the text and the integer of a column.
template <class Row>
WebhookRow webhook_of(const Row& row) {
  return {.id = std::string(row.text(0)),
          .account = std::string(row.text(1)),
          .url = std::string(row.text(2)),
          .events = split_events(row.text(3)),
          .secret = std::string(row.text(4)),
          .description = std::string(row.text(5)),
          .active = row.integer(6) != 0,
          .created = wall_time(row.integer(7)),
          .updated = wall_time(row.integer(8)),
          .deliveries = static_cast<std::uint64_t>(row.integer(9)),
          .successes = static_cast<std::uint64_t>(row.integer(10)),
          .failures = static_cast<std::uint64_t>(row.integer(11)),
          .last_delivery = or_nothing(row.integer(12)),
          .last_status = std::string(row.text(13))};
}

/// Code::corrupt for a status that is none.
template <class Row>
Result<DeliveryRow> delivery_of(const Row& row) {
  const auto status = std::ranges::find(kDeliveryStatuses, row.text(5));
  if (status == kDeliveryStatuses.end()) {
    return fail(Code::corrupt, "the stored delivery '" + printable(row.text(0)) +
                                   "' has the status '" + printable(row.text(5)) + "'");
  }
  return DeliveryRow{.id = std::string(row.text(0)),
                     .webhook = std::string(row.text(1)),
                     .event = std::string(row.text(2)),
                     .type = std::string(row.text(3)),
                     .body = std::string(row.text(4)),
                     .status = DeliveryStatus(status - kDeliveryStatuses.begin()),
                     .attempts = static_cast<int>(row.integer(6)),
                     .response_code = static_cast<int>(row.integer(7)),
                     .response_body = std::string(row.text(8)),
                     .error = std::string(row.text(9)),
                     .created = wall_time(row.integer(10)),
                     .delivered = or_nothing(row.integer(11)),
                     .due = or_nothing(row.integer(12))};
}

std::unexpected<Error> no_webhook(const std::string& id);
std::unexpected<Error> webhook_exists(const std::string& id);
std::unexpected<Error> has_most_webhooks(std::size_t most);
std::unexpected<Error> backlog_is_full(std::size_t backlog);
std::unexpected<Error> not_under_way(const std::string& delivery);

}  // namespace ara::storage
