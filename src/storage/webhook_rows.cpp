#include "storage/webhook_rows.h"

namespace ara::storage {

std::string join_events(const std::vector<std::string>& events) {
  std::string text = ",";
  for (const std::string& event : events) text += event + ",";
  return text;
}

std::vector<std::string> split_events(std::string_view text) {
  std::vector<std::string> events;
  while (text.size() > 1) {
    text.remove_prefix(1);
    const std::size_t comma = std::min(text.find(','), text.size());
    events.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma);
  }
  return events;
}

std::unexpected<Error> no_webhook(const std::string& id) {
  return fail(Code::not_found, "there is no webhook '" + printable(id) + "'");
}

std::unexpected<Error> webhook_exists(const std::string& id) {
  return fail(Code::conflict, "there is a webhook '" + printable(id) + "' already");
}

std::unexpected<Error> has_most_webhooks(std::size_t most) {
  return fail(Code::too_large,
              "an account may have " + std::to_string(most) + " webhooks, and has them");
}

std::unexpected<Error> backlog_is_full(std::size_t backlog) {
  return fail(Code::overloaded,
              "the webhook has " + std::to_string(backlog) + " deliveries waiting already");
}

std::unexpected<Error> not_under_way(const std::string& delivery) {
  return fail(Code::conflict, "the delivery '" + printable(delivery) +
                                  "' is not leased with this attempt, or has ended");
}

}  // namespace ara::storage
