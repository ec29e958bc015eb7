#include "cache/redis_link.h"

#ifndef ARA_REDIS

namespace ara::cache {
namespace {

/// Stands in where the client library was not to be had.
class NoLink final : public RedisLink {
 public:
  Result<RedisReply> run(std::span<const std::string_view>, const std::string&, Node,
                         Deadline) override {
    return fail(Code::unsupported, "This build of ARA has no client of Redis");
  }
  Result<void> refresh(Deadline) override {
    return fail(Code::unsupported, "This build of ARA has no client of Redis");
  }
  Result<std::uint64_t> slots_covered(Deadline) override {
    return fail(Code::unsupported, "This build of ARA has no client of Redis");
  }
};

}  // namespace

bool redis_built_in() {
  return false;
}

unsigned redis_slot(const std::string&) {
  return 0;
}

Result<std::unique_ptr<RedisSubscription>> subscribe_redis(const RedisPlace&, std::size_t,
                                                           const std::string&, Deadline,
                                                           const Clock&) {
  return fail(Code::unsupported, "This build of ARA has no client of Redis");
}

std::unique_ptr<RedisLink> make_redis_link(const RedisPlace&, std::size_t, const Clock&) {
  return std::make_unique<NoLink>();
}

}  // namespace ara::cache

#endif
