#pragma once

#include <drogon/HttpResponse.h>

#include <array>
#include <cstddef>

#include "cache/tier.h"

namespace ara::http {

/// Responses of forecasts that are in memory, kept with their bytes rendered, so that answering
/// again copies nothing: the library sends what it rendered before and only renews the date.
/// One for each event loop, used by its thread alone; bounded, a slot for each kept response.
class RenderedResponses {
 public:
  static constexpr std::size_t kSlots = 128;

  /// The kept response of this very body, or null. Bodies are told apart by identity: a slot holds
  /// its body, so no other can have its address.
  const drogon::HttpResponsePtr* find(const cache::Value& body) const {
    const Slot& slot = slots_[slot_of(body)];
    return slot.body == body ? &slot.response : nullptr;
  }

  /// Keeps `response` in place of what had its slot, and marks it as to be rendered once.
  const drogon::HttpResponsePtr& keep(const cache::Value& body, drogon::HttpResponsePtr response) {
    response->setExpiredTime(0);
    Slot& slot = slots_[slot_of(body)];
    slot = {body, std::move(response)};
    return slot.response;
  }

 private:
  struct Slot {
    cache::Value body;
    drogon::HttpResponsePtr response;
  };

  static std::size_t slot_of(const cache::Value& body) {
    return mix64(reinterpret_cast<std::uintptr_t>(body.get())) % kSlots;
  }

  std::array<Slot, kSlots> slots_;
};

}  // namespace ara::http
