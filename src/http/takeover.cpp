#include "http/takeover.h"

#include <drogon/HttpAppFramework.h>
#include <drogon/WebSocketController.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "http/sockets.h"
#include "live/live.h"

namespace ara::http {
namespace {

/// Where a join waits for the library to answer its handshake.
const std::string kJoin = "ara.join";
const std::string kPath = "/ws";  ///< the one path that the library knows; only we lead there

void adopt(App& app, ConnectionGuard& guard, const drogon::HttpRequest& request,
           streams::Join join) {
  const Peer peer = peer_of(request.peerAddr().getSockAddr());
  const auto fd = duplicate(app.options.port, peer);
  if (!fd) return;  // it has gone already
  guard.forget(std::array{peer});
  app.live->hub->adopt(*fd, std::move(join));
}

/// What the library hands a WebSocket to. Nothing but the first moment of it is ours here.
class Handover final : public drogon::WebSocketController<Handover, false> {
 public:
  Handover(App& app, ConnectionGuard& guard) : app_(app), guard_(guard) {}

  void handleNewConnection(const drogon::HttpRequestPtr& request,
                           const drogon::WebSocketConnectionPtr& connection) override {
    const auto join = request->attributes()->get<std::shared_ptr<streams::Join>>(kJoin);
    if (join) adopt(app_, guard_, *request, std::move(*join));
    connection->forceClose();  // the library's descriptor of it, not the connection
  }
  void handleNewMessage(const drogon::WebSocketConnectionPtr&, std::string&&,
                        const drogon::WebSocketMessageType&) override {}
  void handleConnectionClosed(const drogon::WebSocketConnectionPtr&) override {}

  WS_PATH_LIST_BEGIN
  WS_PATH_ADD(kPath);
  WS_PATH_LIST_END

 private:
  App& app_;
  ConnectionGuard& guard_;
};

}  // namespace

std::optional<Error> check_handshake(const Exchange& exchange) {
  static const std::string kVersionName = "sec-websocket-version";
  static const std::string kKey = "sec-websocket-key";
  constexpr std::size_t kKeyLength = 24;  // 16 bytes in base64
  if (exchange.header(kVersionName) != "13") {
    return invalid("Sec-WebSocket-Version", exchange.header(kVersionName), "13").error();
  }
  const std::string_view key = exchange.header(kKey);
  if (key.size() != kKeyLength || !key.ends_with("==")) {
    return invalid("Sec-WebSocket-Key", key, "16 bytes in base64").error();
  }
  return std::nullopt;
}

void install_takeover(App& app, ConnectionGuard& guard) {
  drogon::app().registerController(std::make_shared<Handover>(app, guard));
}

void take_over(App& app, ConnectionGuard& guard, const drogon::HttpRequestPtr& request,
               const Exchange& exchange, std::function<void()>&& go_on) {
  const auto join = std::static_pointer_cast<streams::Join>(exchange.carried);
  if (join->wire == streams::Wire::events) return adopt(app, guard, *request, std::move(*join));
  request->attributes()->insert(kJoin, join);
  request->setPath(kPath);
  go_on();
}

}  // namespace ara::http
