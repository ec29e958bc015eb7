#include "http/side_port.h"

#include <drogon/HttpAppFramework.h>
#include <trantor/net/EventLoop.h>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "http/connection_guard.h"
#include "http/library.h"
#include "http/metrics_reply.h"
#include "http/middlewares.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/sockets.h"

namespace ara::http {
namespace {

constexpr double kSideSweep = 1;  ///< seconds

}  // namespace

struct SidePort::Inner {
  Inner(const SidePortOptions& given, std::shared_ptr<const telemetry::Metrics> meters,
        std::function<Result<void>()> is_ready)
      : options(given),
        metrics(std::move(meters)),
        ready(std::move(is_ready)),
        guard(given.header_timeout, given.idle_timeout + given.header_timeout) {}

  Reply refuse(const Exchange& exchange, const ProblemKind& kind, const Error& error) const {
    return problem_reply(exchange, kind, error, clock.now());
  }

  Reply health_ready(const Exchange& exchange) const {
    const Result<void> is = stopping ? fail(Code::unavailable, "The worker is stopping") : ready();
    if (is) return status_reply("ready");
    Reply reply = refuse(exchange, kind_of(is.error().code), is.error());
    reply.headers = "retry-after: 1\r\n";
    return reply;
  }

  Reply answer(const Exchange& exchange) const {
    if (!exchange.unsound.empty()) return refuse(exchange, kBadRequest, unsound_header(exchange));
    const bool shows = options.metrics && exchange.path == "/metrics";
    const bool known = exchange.path == "/health/live" || exchange.path == "/health/ready";
    if (!shows && !known) {
      return refuse(exchange, kind_of(Code::not_found),
                    Error{Code::not_found, "There is no such path here", "path",
                          printable(exchange.path), "/metrics, /health/live or /health/ready"});
    }
    if (exchange.method != Method::get) {
      constexpr std::string_view kAllow = "GET, HEAD";
      Reply reply = refuse(exchange, kMethodNotAllowed,
                           Error{Code::unsupported,
                                 "This path takes only " + std::string(kAllow),
                                 "method",
                                 {},
                                 std::string(kAllow)});
      reply.headers = "allow: " + std::string(kAllow) + "\r\n";
      return reply;
    }
    if (shows) return metrics_reply(*metrics, exchange);
    return exchange.path == "/health/live" ? status_reply("alive") : health_ready(exchange);
  }

  drogon::HttpResponsePtr respond(const drogon::HttpRequest& request) {
    Exchange exchange = read_exchange(request);
    const auto given = RequestId::accept(exchange.given_request_id);
    exchange.id = given ? *given : RequestId::make();
    const Peer peer = peer_of(request.peerAddr().getSockAddr());
    if (!exchange.unsound.empty()) guard.condemn(peer);
    if (!guard.completed(peer, clock.steady()) && exchange.unsound.empty()) {
      exchange.unsound = kLeftOver;
    }
    Reply reply = answer(exchange);
    add_secure_headers(reply);
    return write_response(exchange, std::move(reply), stopping || !exchange.unsound.empty());
  }

  /// Runs the library in a thread of its own; returns when it listens.
  void start(const std::string& address) {
    set_up_library({.address = address,
                    .port = options.port,
                    .event_loops = 1,
                    .max_connections = options.max_connections,
                    .idle_timeout = options.idle_timeout});
    drogon::app().registerNewConnectionAdvice(
        [this](const trantor::InetAddress& peer, const trantor::InetAddress&) {
          guard.opened(peer_of(peer.getSockAddr()), clock.steady());
          return true;
        });
    // Not the synchronous advice, which requests to upgrade pass by.
    drogon::app().registerPreRoutingAdvice(
        [this](const drogon::HttpRequestPtr& request, drogon::AdviceCallback&& send,
               drogon::AdviceChainCallback&&) { send(respond(*request)); });
    std::promise<void> listens;
    drogon::app().registerBeginningAdvice([this, &listens] {
      drogon::app().getLoop()->runEvery(kSideSweep, [this] {
        const auto open = static_cast<std::size_t>(drogon::app().getConnectionCount());
        cut_overdue(guard, options.port, open, clock.steady());
      });
      // The library goes on from here to have the other loop listen: this comes behind it on both.
      drogon::app().getLoop()->queueInLoop([&listens] {
        drogon::app().getIOLoop(0)->queueInLoop([&listens] { listens.set_value(); });
      });
    });
    thread = std::thread([] { drogon::app().run(); });
    listens.get_future().wait();
  }

  const SidePortOptions options;
  const std::shared_ptr<const telemetry::Metrics> metrics;
  const std::function<Result<void>()> ready;
  const Clock& clock = system_clock();
  ConnectionGuard guard;
  std::atomic<bool> stopping = false;
  std::thread thread;
};

SidePort::SidePort(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}

SidePort::~SidePort() {
  drogon::app().quit();
  inner_->thread.join();
}

void SidePort::say_stopping() {
  inner_->stopping = true;
}

Result<std::unique_ptr<SidePort>> SidePort::open(const SidePortOptions& options,
                                                 std::shared_ptr<const telemetry::Metrics> metrics,
                                                 std::function<Result<void>()> ready) {
  const auto address = check_listen_address(options.host, options.port);
  if (!address) {
    Error error = address.error();
    if (error.code == Code::io) error.message = "METRICS_PORT: " + error.message;
    return std::unexpected(std::move(error));
  }
  auto inner = std::make_unique<Inner>(options, std::move(metrics), std::move(ready));
  inner->start(*address);
  return std::unique_ptr<SidePort>(new SidePort(std::move(inner)));
}

}  // namespace ara::http
