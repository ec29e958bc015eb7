#include "http/lanes.h"

#include <drogon/HttpAppFramework.h>
#include <trantor/net/EventLoop.h>

#include <atomic>
#include <memory>
#include <utility>

#include "http/library.h"
#include "http/middlewares.h"
#include "http/pipeline.h"
#include "http/rendered.h"
#include "http/sockets.h"
#include "http/takeover.h"
#include "http/tracing.h"

namespace ara::http {
namespace {

using drogon::HttpRequestPtr;
using drogon::HttpResponsePtr;

/// How long before its deadline an unanswered request is answered for the slow lane, so that the
/// refusal still arrives in time.
constexpr std::chrono::milliseconds kMargin{50};

/// Where the fast lane leaves the exchange for the slow one. The library has no other place that
/// belongs to a request.
const std::string kExchange = "ara.exchange";

HttpResponsePtr write(const App& app, const Exchange& exchange, Reply reply) {
  const bool close = app.parting.load(std::memory_order_relaxed) || !exchange.unsound.empty();
  return write_response(exchange, std::move(reply), close);
}

/// Whether the same answer may be asked for again soon: a forecast in memory, asked for without a
/// request id of the client's own, on a connection that stays open.
bool may_come_again(const App& app, const drogon::HttpRequest& request, const Exchange& exchange,
                    const Reply& reply) {
  static const std::string kConnection = "connection";
  return reply.shared && reply.status == drogon::k200OK && !exchange.head &&
         exchange.given_request_id.empty() && request.version() == drogon::Version::kHttp11 &&
         header_of(request, kConnection).empty() && !app.parting.load(std::memory_order_relaxed);
}

/// The rendered response of this thread's event loop; docs/adr/0004 says why it carries no
/// X-Request-ID.
HttpResponsePtr write_rendered(const Exchange& exchange, const Reply& reply) {
  thread_local RenderedResponses rendered;
  const void* who = exchange.principal ? exchange.principal->account.get() : nullptr;
  const RenderedResponses::Key key{reply.shared, reply.headers, who};
  if (const auto* kept = rendered.find(key)) return *kept;
  auto response = begin_response(reply);
  const std::string_view lines(reply.headers);
  const std::size_t colon = lines.find(": ");
  response->addHeader(std::string(lines.substr(0, colon)),
                      std::string(lines.substr(colon + 2, lines.size() - colon - 4)));
  response->setBody(*reply.shared);
  return rendered.keep(key, std::move(response));
}

/// A request that the slow lane works on. Everything here happens on the event loop of its
/// connection, so whichever comes first, answer or deadline, wins without a lock.
struct Pending {
  Exchange exchange;
  drogon::AdviceCallback send;
  trantor::EventLoop* loop = nullptr;
  trantor::TimerId timer = 0;
  Peer peer = 0;
  bool done = false;
};

void finish(App& app, ConnectionGuard& guard, Pending& pending, Reply reply) {
  if (std::exchange(pending.done, true)) return;
  if (pending.timer != 0) pending.loop->invalidateTimer(pending.timer);
  if (!app.leaving || reply.status != 503) {
    pending.send(write(app, pending.exchange, std::move(reply)));
  }
  guard.answered(pending.peer, app.clock.steady());
  app.in_flight.fetch_sub(1);
  // The library keeps a timer until its time, cancelled or not, and this with it: without the rest.
  pending.exchange.owner.reset();
  pending.send = nullptr;
}

/// The answer of the fast lane; null where the exchange waits in the request for the slow one.
HttpResponsePtr answer_fast(App& app, ConnectionGuard& guard, const HttpRequestPtr& request) {
  Exchange exchange = read_exchange(*request);
  const Peer peer = peer_of(request->peerAddr().getSockAddr());
  if (!exchange.unsound.empty()) guard.condemn(peer);
  auto reply = run_fast(app, exchange);
  const bool left_over = reply ? !guard.completed(peer, exchange.begun) : guard.condemned(peer);
  if (left_over && exchange.unsound.empty()) {
    exchange.unsound = kLeftOver;
    reply = refuse_unsound(app, exchange);
  }
  if (reply) {
    if (may_come_again(app, *request, exchange, *reply)) return write_rendered(exchange, *reply);
    return write(app, exchange, std::move(*reply));
  }
  request->attributes()->insert(kExchange, std::make_shared<Exchange>(std::move(exchange)));
  return nullptr;
}

Exchange take_exchange(const HttpRequestPtr& request) {
  Exchange exchange = std::move(*request->attributes()->get<std::shared_ptr<Exchange>>(kExchange));
  request->attributes()->erase(kExchange);
  return exchange;
}

void begin_slow(App& app, ConnectionGuard& guard, const HttpRequestPtr& request, Exchange exchange,
                drogon::AdviceCallback&& send) {
  const auto pending = std::make_shared<Pending>();
  pending->exchange = std::move(exchange);
  pending->exchange.owner = request;
  pending->send = std::move(send);
  pending->loop = trantor::EventLoop::getEventLoopOfCurrentThread();
  pending->peer = peer_of(request->peerAddr().getSockAddr());
  guard.begun(pending->peer, pending->exchange.begun);
  app.in_flight.fetch_add(1);

  open_trace(app, pending->exchange);
  const telemetry::TraceScope scope({pending->exchange.spans});
  const Respond respond = [&app, &guard, pending](Reply reply) {
    if (pending->loop->isInLoopThread()) return finish(app, guard, *pending, std::move(reply));
    pending->loop->queueInLoop([&app, &guard, pending, reply = std::move(reply)]() mutable {
      finish(app, guard, *pending, std::move(reply));
    });
  };
  run_slow(app, pending->exchange, respond);
  if (pending->done) return;  // refused at once
  const std::chrono::duration<double> left =
      pending->exchange.deadline.left(app.clock.steady()) - kMargin;
  pending->timer = pending->loop->runAfter(
      left, [&app, pending, respond] { give_up(app, pending->exchange, respond); });
}

}  // namespace

void install_lanes(App& app, ConnectionGuard& guard) {
  drogon::app().registerNewConnectionAdvice(
      [&app, &guard](const trantor::InetAddress& peer, const trantor::InetAddress&) {
        guard.opened(peer_of(peer.getSockAddr()), app.clock.steady());
        return true;
      });
  drogon::app().registerSyncAdvice(
      [&app, &guard](const HttpRequestPtr& request) { return answer_fast(app, guard, request); });
  drogon::app().registerPreRoutingAdvice([&app, &guard](const HttpRequestPtr& request,
                                                        drogon::AdviceCallback&& send,
                                                        drogon::AdviceChainCallback&& go_on) {
    // A request to upgrade passes by the synchronous advice, and is first seen here.
    if (!request->attributes()->find(kExchange)) {
      if (const auto response = answer_fast(app, guard, request)) return send(response);
    }
    Exchange exchange = take_exchange(request);
    if (exchange.route->takes_over) {
      return take_over(app, guard, request, exchange, std::move(go_on));
    }
    begin_slow(app, guard, request, std::move(exchange), std::move(send));
  });
}

}  // namespace ara::http
