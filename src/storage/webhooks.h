#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ara::storage {

/// An address that wants to be told of events. `id` and `account` never change.
struct WebhookRow {
  std::string id;
  std::string account;
  std::string url;
  std::vector<std::string> events;  ///< names of event types, one or more
  std::string secret;               ///< signs what is sent; empty for no signature
  std::string description;
  bool active = true;
  WallTime created{};
  WallTime updated{};

  // Kept by finish_delivery; what a put or an update says of them is not looked at.
  std::uint64_t deliveries = 0;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::optional<WallTime> last_delivery;
  std::string last_status;  ///< "success" or "failed"; empty before the first
};

/// pending: not tried yet; retrying: failed, and to be tried again; success and failed: for good.
enum class DeliveryStatus { pending, retrying, success, failed };
inline constexpr std::array<std::string_view, 4> kDeliveryStatuses{"pending", "retrying", "success",
                                                                   "failed"};
constexpr std::string_view to_string(DeliveryStatus status) {
  return kDeliveryStatuses[static_cast<std::size_t>(status)];
}

/// One event on its way to one webhook.
struct DeliveryRow {
  std::string id;
  std::string webhook;
  std::string event;  ///< id of the event, the same at every webhook
  std::string type;   ///< of the event
  std::string body;   ///< exactly what is sent, and signed
  DeliveryStatus status = DeliveryStatus::pending;
  int attempts = 0;
  int response_code = 0;  ///< 0 where there was no response
  std::string response_body;
  std::string error;
  WallTime created{};
  std::optional<WallTime> delivered;
  std::optional<WallTime> due;  ///< while pending or retrying: not to be tried before
};

/// A delivery leased to be tried, with where it goes.
struct LeasedDelivery {
  DeliveryRow row;
  std::string url;
  std::string secret;
};

/// Deliveries that may wait for one webhook; who never answers gets no more.
inline constexpr std::size_t kMostWaiting = 1000;

/// What is to be told, and to whom.
struct EventRow {
  std::string id;
  std::string type;
  std::string body;
  std::optional<std::string> account;  ///< all accounts where it is not given
  WallTime created{};
};

/// Which part of a long list: rows `offset` to `offset + limit`.
struct Window {
  std::size_t offset = 0;
  std::size_t limit = 20;
};

template <class Row>
struct Listed {
  std::vector<Row> rows;
  std::uint64_t total = 0;  ///< of all windows
};

/// Webhooks and what is on its way to them. As to blocking, threads and errors see Store. Whatever
/// an account asks for, another account's webhook does not exist.
class WebhookStore {
 public:
  virtual ~WebhookStore() = default;

  /// Code::conflict where the id exists; Code::too_large where the account has `most` already.
  virtual Result<void> put_webhook(const WebhookRow& row, std::size_t most, const Call& call) = 0;
  /// Takes over url, events, secret, description, active and updated. Code::not_found.
  virtual Result<void> update_webhook(const WebhookRow& row, const Call& call) = 0;
  /// With its deliveries; false where there is none.
  virtual Result<bool> delete_webhook(const std::string& account, const std::string& id,
                                      const Call& call) = 0;
  virtual Result<std::optional<WebhookRow>> find_webhook(const std::string& account,
                                                         const std::string& id,
                                                         const Call& call) = 0;
  /// Newest first.
  virtual Result<Listed<WebhookRow>> webhooks(const std::string& account, bool active_only,
                                              Window window, const Call& call) = 0;

  /// Whether any active webhook wants events of that type.
  virtual Result<bool> wants_event(std::string_view type, const Call& call) = 0;
  /// Makes one pending delivery for every active webhook that wants the event, all or none, due at
  /// once; returns how many. A webhook that has `backlog` unfinished ones already gets none: who
  /// never answers must not fill the store.
  virtual Result<std::uint64_t> put_event(const EventRow& event, std::size_t backlog,
                                          const Call& call) = 0;
  /// The same for one webhook, wanted or not, active or not: a test. Code::not_found;
  /// Code::overloaded where its backlog is full.
  virtual Result<DeliveryRow> put_test_event(const EventRow& event, const std::string& webhook,
                                             std::size_t backlog, const Call& call) = 0;
  /// Leases the oldest delivery due at `now` of each webhook that has none leased, at most `limit`,
  /// until `until`; each lease adds one to `attempts`.
  virtual Result<std::vector<LeasedDelivery>> lease_deliveries(WallTime now, WallTime until,
                                                               std::size_t limit,
                                                               const Call& call) = 0;
  /// How the try went: status, response, error, delivered and due of `row`, if it is leased with
  /// the same `attempts`; Code::conflict otherwise. What ends it is counted at its webhook.
  virtual Result<void> finish_delivery(const DeliveryRow& row, WallTime now, const Call& call) = 0;
  /// Newest first. Code::not_found where the account has no such webhook.
  virtual Result<Listed<DeliveryRow>> deliveries(const std::string& account,
                                                 const std::string& webhook,
                                                 std::optional<DeliveryStatus> status,
                                                 Window window, const Call& call) = 0;
  /// Deletes deliveries that ended and were created before `before`; returns how many.
  virtual Result<std::uint64_t> prune_deliveries(WallTime before, const Call& call) = 0;
};

}  // namespace ara::storage
