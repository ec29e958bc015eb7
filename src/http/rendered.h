#pragma once

#include <drogon/HttpResponse.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "cache/tier.h"

namespace ara::http {

/// Responses of forecasts that are in memory, kept with their bytes rendered, so that answering
/// again copies nothing: the library sends what it rendered before and only renews the date.
/// One for each event loop, used by its thread alone; bounded, a slot for each kept response.
class RenderedResponses {
 public:
  static constexpr std::size_t kSlots = 128;

  /// What a response is made of. Bodies are told apart by identity: a slot holds its body, so no
  /// other can have its address. `who` only chooses the slot.
  struct Key {
    const cache::Value& body;
    std::string_view headers;
    const void* who = nullptr;
  };

  /// The kept response of that body and those header lines, or null.
  const drogon::HttpResponsePtr* find(const Key& key) const {
    const Slot& slot = slots_[slot_of(key)];
    return slot.body == key.body && slot.headers == key.headers ? &slot.response : nullptr;
  }

  /// Keeps `response` in place of what had its slot, and marks it as to be rendered once.
  const drogon::HttpResponsePtr& keep(const Key& key, drogon::HttpResponsePtr response) {
    response->setExpiredTime(0);
    Slot& slot = slots_[slot_of(key)];
    slot = {key.body, std::string(key.headers), std::move(response)};
    return slot.response;
  }

 private:
  struct Slot {
    cache::Value body;
    std::string headers;
    drogon::HttpResponsePtr response;
  };

  static std::size_t slot_of(const Key& key) {
    return mix64(reinterpret_cast<std::uintptr_t>(key.body.get()) ^
                 mix64(reinterpret_cast<std::uintptr_t>(key.who))) %
           kSlots;
  }

  std::array<Slot, kSlots> slots_;
};

}  // namespace ara::http
