#include "http/pipeline.h"

#include <exception>
#include <ranges>
#include <utility>

#include "http/middlewares.h"
#include "http/problem.h"

namespace ara::http {
namespace {

Reply finished(App& app, const Exchange& exchange, Reply reply) {
  for (const Middleware& middleware : middlewares() | std::views::reverse) {
    if (middleware.after != nullptr) middleware.after(app, exchange, reply);
  }
  return reply;
}

Reply broken(App& app, const Exchange& exchange, std::string what) {
  return finished(app, exchange,
                  problem(app, exchange, Error{Code::internal, std::move(what), {}, {}, {}}));
}

/// Calls `work`; what it throws is handed to `failed` as a reply.
template <class Work, class Failed>
void guarded(App& app, const Exchange& exchange, Work work, Failed failed) noexcept {
  try {
    work();
  } catch (const std::exception& error) {
    failed(broken(app, exchange, error.what()));
  } catch (...) {
    failed(broken(app, exchange, "an exception of an unknown type"));
  }
}

/// Runs the route's blocking handler in the pool. It holds the request that the exchange's views
/// belong to, as the client may have been told meanwhile that it took too long.
void begin_work(App& app, Exchange& exchange, const Respond& respond) {
  const auto submitted = app.desk.submit(exchange.deadline, [&app, &exchange, respond,
                                                             owner = exchange.owner](bool late) {
    if (late) return respond(too_late(app, exchange));
    guarded(
        app, exchange,
        [&] { respond(finished(app, exchange, exchange.route->work(app, exchange))); }, respond);
  });
  if (!submitted) respond(finished(app, exchange, problem(app, exchange, submitted.error())));
}

}  // namespace

std::optional<Reply> run_fast(App& app, Exchange& exchange) noexcept {
  std::optional<Reply> reply;
  guarded(
      app, exchange,
      [&] {
        for (const Middleware& middleware : middlewares()) {
          if (middleware.before == nullptr) continue;
          reply = middleware.before(app, exchange);
          if (reply) break;
        }
        if (!reply && exchange.route->fast != nullptr) reply = exchange.route->fast(app, exchange);
        if (reply) reply = finished(app, exchange, std::move(*reply));
      },
      [&](Reply failure) { reply = std::move(failure); });
  return reply;
}

void run_slow(App& app, Exchange& exchange, Respond respond) noexcept {
  guarded(
      app, exchange,
      [&] {
        if (exchange.route->work != nullptr) return begin_work(app, exchange, respond);
        // The owner goes along, as an answer that comes too late still reads the exchange's views.
        exchange.route->slow(app, exchange,
                             [&app, &exchange, respond, owner = exchange.owner](Reply reply) {
                               respond(finished(app, exchange, std::move(reply)));
                             });
      },
      respond);
}

Reply too_late(App& app, const Exchange& exchange) noexcept {
  return finished(app, exchange,
                  problem(app, exchange,
                          Error{Code::deadline, "The answer was not ready in time", {}, {}, {}}));
}

}  // namespace ara::http
