#pragma once

#include <chrono>
#include <memory>

#include "cache/channel.h"
#include "cache/flights.h"
#include "cache/redis_client.h"
#include "cache/tier.h"

namespace ara::cache {

/// A client of the cluster at `options.place`; connects when first used, so a cluster that is down
/// is no error. Code::unsupported where this build has no client library, Code::invalid without a
/// node or a connection. The process ignores SIGPIPE from then on: a server that goes while it is
/// written to would end the process otherwise.
Result<std::shared_ptr<RedisClient>> make_redis_client(RedisOptions options,
                                                       const Clock& clock = system_clock());

/// In a Redis Cluster, shared by all nodes that use it, under PREFIX:{TAG}:ID, sealed as envelope.h
/// says: what is damaged or not ours is a miss. An entry's time to live is up to a tenth shorter
/// than asked, by its id, so that what was put together does not vanish together. Puts of a cluster
/// that is out of memory are declined. There are no negative entries: a key names what can be
/// computed, so its absence is never news. stats(): bytes and entries are of what this process has
/// put and whose time has not passed.
std::unique_ptr<Tier> make_redis_tier(std::shared_ptr<RedisClient> client);

/// Under PREFIX:NAME, by the cluster's own publishing, which reaches every node of it. A connection
/// that is silent is left for another after 1.5 s; what is sent between is not heard here.
std::unique_ptr<Channel> make_redis_channel(std::shared_ptr<RedisClient> client, std::string name);

struct FlightOptions {
  /// A claim lapses after this, should its holder die; who needs longer may find another at it.
  /// Long, since waiting has its own bound: the first whose patience ends makes it for the others.
  std::chrono::milliseconds lease{5000};
  std::chrono::milliseconds first_look{2};  ///< into the tier, while another makes the value
  std::chrono::milliseconds most{20};       ///< that a look comes after the one before
};

/// Single flight over a cluster: a claim is a lease with a token, under PREFIX:{TAG}:ID:flight.
/// Values are looked for in `tier`, where whoever makes one has to put it before its claim ends.
std::unique_ptr<Flights> make_redis_flights(std::shared_ptr<RedisClient> client,
                                            std::shared_ptr<Tier> tier, FlightOptions options = {});

}  // namespace ara::cache
