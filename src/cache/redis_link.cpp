// The only file that knows the client library. It follows redirections by itself; what it would do
// without bound of time (ask one node after another who has which slots) is done here instead.
#include "cache/redis_link.h"

#ifdef ARA_REDIS

#include <poll.h>
#include <sys/socket.h>
#include <valkey/cluster.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>

#include "base/text.h"

namespace ara::cache {
namespace {

using std::chrono::milliseconds;

struct FreeReply {
  void operator()(valkeyReply* reply) const { freeReplyObject(reply); }
};
struct FreeConnection {
  void operator()(valkeyContext* context) const { valkeyFree(context); }
};
struct FreeCluster {
  void operator()(valkeyClusterContext* cluster) const { valkeyClusterFree(cluster); }
};
using Reply = std::unique_ptr<valkeyReply, FreeReply>;
using Context = std::unique_ptr<valkeyContext, FreeConnection>;
using Cluster = std::unique_ptr<valkeyClusterContext, FreeCluster>;

struct Address {
  std::string host;
  int port = 0;
  auto operator<=>(const Address&) const = default;
};

/// Slots first to last and the replicas of the master that has them.
struct SlotRange {
  long long first = 0;
  long long last = 0;
  std::vector<Address> replicas;
};

timeval to_timeval(milliseconds span) {
  return {.tv_sec = span.count() / 1000, .tv_usec = span.count() % 1000 * 1000};
}

std::unexpected<Error> unreachable(std::string_view why) {
  return fail(Code::unavailable, "Redis: " + std::string(why.empty() ? "no answer" : why));
}

Reply as_reply(void* reply) {
  return Reply(static_cast<valkeyReply*>(reply));
}

Result<RedisReply> meaning_of(const valkeyReply& reply) {
  const auto text = [&reply] { return std::string(reply.str, reply.len); };
  switch (reply.type) {
    case VALKEY_REPLY_STRING:
    case VALKEY_REPLY_STATUS:
      return text();
    case VALKEY_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case VALKEY_REPLY_ERROR: {
      const std::string said = text();
      if (said.starts_with("WRONGTYPE")) return std::nullopt;
      if (said.starts_with("OOM")) return fail(Code::overloaded, "Redis: " + said);
      return unreachable(said);
    }
    default:
      return std::nullopt;
  }
}

/// Whether a connection that lay idle is still one: the server has neither closed it nor said
/// anything that nobody asked for.
bool alive(const valkeyContext& context) {
  if (context.err != 0) return false;
  char byte = 0;
  const auto got = recv(context.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/// The replicas in the answer to CLUSTER SLOTS: an array of [first, last, master, replicas…], each
/// node [host, port, …]; an empty host is that of the node that was asked.
std::vector<SlotRange> replicas_in(const valkeyReply& reply, const std::string& asked) {
  std::vector<SlotRange> ranges;
  for (std::size_t i = 0; reply.type == VALKEY_REPLY_ARRAY && i < reply.elements; ++i) {
    const valkeyReply& row = *reply.element[i];
    if (row.type != VALKEY_REPLY_ARRAY || row.elements < 3) continue;
    SlotRange range{row.element[0]->integer, row.element[1]->integer, {}};
    for (std::size_t at = 3; at < row.elements; ++at) {
      const valkeyReply& node = *row.element[at];
      if (node.type != VALKEY_REPLY_ARRAY || node.elements < 2) continue;
      const valkeyReply& host = *node.element[0];
      range.replicas.push_back({host.len > 0 ? std::string(host.str, host.len) : asked,
                                static_cast<int>(node.element[1]->integer)});
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

bool accepted(const Reply& reply) {
  return reply != nullptr && reply->type != VALKEY_REPLY_ERROR;
}

/// A connection that has shown its password; null where there is none to be had.
Context open_node(const Address& address, const std::string& password, const timeval& timeout) {
  valkeyOptions options{};
  VALKEY_OPTIONS_SET_TCP(&options, address.host.c_str(), address.port);
  options.connect_timeout = &timeout;
  options.command_timeout = &timeout;
  Context context(valkeyConnectWithOptions(&options));
  if (context == nullptr || context->err != 0) return nullptr;
  if (!password.empty() &&
      !accepted(as_reply(valkeyCommand(context.get(), "AUTH %s", password.c_str())))) {
    return nullptr;
  }
  return context;
}

class ValkeySubscription final : public RedisSubscription {
 public:
  explicit ValkeySubscription(Context context) : context_(std::move(context)) {}

  Result<std::optional<std::string>> next(milliseconds wait) override {
    for (bool waited = false;; waited = true) {
      void* read = nullptr;
      if (valkeyGetReplyFromReader(context_.get(), &read) != VALKEY_OK) {
        return unreachable(context_->errstr);
      }
      if (read != nullptr) return message_in(*as_reply(read));
      pollfd ready{context_->fd, POLLIN, 0};
      const int count = waited ? 1 : poll(&ready, 1, static_cast<int>(wait.count()));
      if (count <= 0) return ask_for_life();
      if (valkeyBufferRead(context_.get()) != VALKEY_OK) return unreachable(context_->errstr);
    }
  }

 private:
  static std::optional<std::string> message_in(const valkeyReply& reply) {
    if (reply.type != VALKEY_REPLY_ARRAY || reply.elements != 3) return std::string();
    const valkeyReply& kind = *reply.element[0];
    const valkeyReply& text = *reply.element[2];
    const bool told = kind.type == VALKEY_REPLY_STRING && text.type == VALKEY_REPLY_STRING &&
                      std::string_view(kind.str, kind.len) == "message";
    return told ? std::string(text.str, text.len) : std::string();
  }

  Result<std::optional<std::string>> ask_for_life() {
    int done = 0;
    if (valkeyAppendCommand(context_.get(), "PING") != VALKEY_OK) {
      return unreachable(context_->errstr);
    }
    while (done == 0) {
      if (valkeyBufferWrite(context_.get(), &done) != VALKEY_OK) {
        return unreachable(context_->errstr);
      }
    }
    return std::nullopt;
  }

  Context context_;
};

class ValkeyLink final : public RedisLink {
 public:
  ValkeyLink(RedisPlace place, std::size_t first, const Clock& clock)
      : place_(std::move(place)), next_(first), clock_(clock) {}

  Result<RedisReply> run(std::span<const std::string_view> words, const std::string& key, Node node,
                         Deadline deadline) override {
    if (auto ready = prepare(deadline); !ready) return std::unexpected(std::move(ready.error()));
    texts_.clear();
    sizes_.clear();
    for (const std::string_view word : words) {
      texts_.push_back(word.data());
      sizes_.push_back(word.size());
    }
    return node == Node::master ? at_master(key) : at_replica(key, deadline);
  }

  Result<void> refresh(Deadline deadline) override {
    if (auto ready = prepare(deadline); !ready) return ready;
    for (valkeyClusterNode* node : nodes()) {
      if (!bound_by(deadline)) return unreachable("no time left to find its nodes");
      if (!connected(*node)) continue;
      // The client library sends its own question after ours, on the same connection, and takes the
      // answer over; the nodes it knew are gone then.
      const std::string asked = node->host;
      cluster_->need_update_route = 1;
      const Reply reply =
          as_reply(valkeyClusterCommandToNode(cluster_.get(), node, "CLUSTER SLOTS"));
      if (reply == nullptr || cluster_->need_update_route != 0) continue;
      ranges_ = replicas_in(*reply, asked);
      return {};
    }
    std::string why = cluster_->errstr;
    cluster_.reset();  // from the start nodes next time: all that were known may be gone
    ranges_.clear();
    return unreachable(why);
  }

  Result<std::uint64_t> slots_covered(Deadline deadline) override {
    if (auto ready = prepare(deadline); !ready) return std::unexpected(std::move(ready.error()));
    constexpr std::string_view kField = "cluster_slots_ok:";
    for (valkeyClusterNode* node : nodes()) {
      if (!bound_by(deadline)) return unreachable("no time left to ask its nodes");
      if (!connected(*node)) continue;
      const Reply reply =
          as_reply(valkeyClusterCommandToNode(cluster_.get(), node, "CLUSTER INFO"));
      if (reply == nullptr || reply->str == nullptr) continue;
      const std::string_view text(reply->str, reply->len);
      const std::size_t at = text.find(kField);
      if (at == std::string_view::npos) continue;
      const std::string_view rest = text.substr(at + kField.size());
      if (const auto count = parse_integer(trim(rest.substr(0, rest.find('\n'))))) {
        return static_cast<std::uint64_t>(*count);
      }
    }
    return unreachable("no node tells of its slots");
  }

 private:
  /// The masters that the slot map names.
  std::vector<valkeyClusterNode*> nodes() {
    std::vector<valkeyClusterNode*> found;
    valkeyClusterNodeIterator all;
    valkeyClusterInitNodeIterator(&all, cluster_.get());
    while (valkeyClusterNode* node = valkeyClusterNodeNext(&all)) found.push_back(node);
    return found;
  }

  /// Sees to it that there is a slot map, and that no step takes longer than is left.
  Result<void> prepare(Deadline deadline) {
    std::string why = "no time left to connect";
    for (std::size_t tries = 0; cluster_ == nullptr && tries < place_.nodes.size(); ++tries) {
      if (!bound_by(deadline)) return unreachable(why);
      const std::string& start = place_.nodes[next_++ % place_.nodes.size()];
      valkeyClusterOptions options{};
      options.initial_nodes = start.c_str();
      options.connect_timeout = &timeout_;
      options.command_timeout = &timeout_;
      options.password = place_.password.empty() ? nullptr : place_.password.c_str();
      Cluster cluster(valkeyClusterConnectWithOptions(&options));
      if (cluster != nullptr && cluster->err == 0 && cluster->table != nullptr) {
        cluster_ = std::move(cluster);
      } else {
        why = start + ": " + (cluster == nullptr ? "out of memory" : cluster->errstr);
      }
    }
    if (cluster_ == nullptr) return unreachable(why);
    if (!bound_by(deadline)) return unreachable("no time left to ask");
    return {};
  }

  /// Bounds each of the next steps by what is left; false if that is nothing.
  bool bound_by(Deadline deadline) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline.left(clock_.steady()));
    if (left < milliseconds{1}) return false;
    timeout_ = to_timeval(std::min(left, place_.step));
    if (cluster_ != nullptr) {
      *cluster_->connect_timeout = timeout_;
      valkeyClusterSetOptionTimeout(cluster_.get(), timeout_);
    }
    return true;
  }

  bool connected(valkeyClusterNode& node) {
    if (node.con != nullptr && !alive(*node.con)) {
      valkeyFree(node.con);
      node.con = nullptr;
    }
    return valkeyClusterGetValkeyContext(cluster_.get(), &node) != nullptr;
  }

  Result<RedisReply> at_master(std::string key) {
    valkeyClusterNode* node = valkeyClusterGetNodeByKey(cluster_.get(), key.data());
    if (node == nullptr || !connected(*node)) return unreachable(cluster_->errstr);
    const Reply reply = as_reply(valkeyClusterCommandArgv(
        cluster_.get(), static_cast<int>(texts_.size()), texts_.data(), sizes_.data()));
    if (reply == nullptr) return unreachable(cluster_->errstr);
    return meaning_of(*reply);
  }

  Result<RedisReply> at_replica(const std::string& key, Deadline deadline) {
    if (ranges_.empty()) {
      if (auto known = refresh(deadline); !known) {
        return std::unexpected(std::move(known.error()));
      }
    }
    const auto slot = static_cast<long long>(redis_slot(key));
    const auto range = std::ranges::find_if(
        ranges_, [slot](const SlotRange& each) { return each.first <= slot && slot <= each.last; });
    if (range == ranges_.end()) return unreachable("no node has the slot");
    Error last = unreachable("the slot has no replica").error();
    for (const Address& address : range->replicas) {
      auto reply = ask_replica(address);
      if (reply) return reply;
      last = std::move(reply.error());
    }
    return std::unexpected(std::move(last));
  }

  Result<RedisReply> ask_replica(const Address& address) {
    Context& context = replicas_[address];
    if (context == nullptr || !alive(*context)) context = open_replica(address);
    if (context == nullptr) return unreachable("its replica cannot be reached");
    valkeySetTimeout(context.get(), timeout_);
    const Reply reply = as_reply(valkeyCommandArgv(context.get(), static_cast<int>(texts_.size()),
                                                   texts_.data(), sizes_.data()));
    if (reply == nullptr) return unreachable(context->errstr);
    return meaning_of(*reply);
  }

  Context open_replica(const Address& address) {
    Context context = open_node(address, place_.password, timeout_);
    if (context == nullptr) return nullptr;
    if (!accepted(as_reply(valkeyCommand(context.get(), "READONLY")))) return nullptr;
    return context;
  }

  const RedisPlace place_;
  std::size_t next_;  ///< start node to be asked next, modulo their count
  const Clock& clock_;
  timeval timeout_{};
  Cluster cluster_;
  std::vector<SlotRange> ranges_;  ///< none: not known
  std::map<Address, Context> replicas_;
  std::vector<const char*> texts_;  ///< the command's words, as the client library takes them
  std::vector<std::size_t> sizes_;
};

}  // namespace

bool redis_built_in() {
  return true;
}

unsigned redis_slot(const std::string& key) {
  std::string copy = key;
  return valkeyClusterGetSlotByKey(copy.data());
}

Result<std::unique_ptr<RedisSubscription>> subscribe_redis(const RedisPlace& place,
                                                           std::size_t number,
                                                           const std::string& name,
                                                           Deadline deadline, const Clock& clock) {
  const std::string& node = place.nodes[number % place.nodes.size()];
  const std::size_t colon = node.rfind(':');
  const auto port = parse_integer(std::string_view(node).substr(colon + 1));
  if (colon == std::string::npos || !port) return unreachable(node + " is no node");
  const auto left = std::chrono::ceil<milliseconds>(deadline.left(clock.steady()));
  Context context = open_node({node.substr(0, colon), static_cast<int>(*port)}, place.password,
                              to_timeval(std::max(left, milliseconds{1})));
  if (context == nullptr) return unreachable(node + " cannot be reached");
  if (!accepted(as_reply(valkeyCommand(context.get(), "SUBSCRIBE %s", name.c_str())))) {
    return unreachable(node + " lets nobody listen");
  }
  return std::make_unique<ValkeySubscription>(std::move(context));
}

std::unique_ptr<RedisLink> make_redis_link(const RedisPlace& place, std::size_t first,
                                           const Clock& clock) {
  return std::make_unique<ValkeyLink>(place, first, clock);
}

}  // namespace ara::cache

#endif
