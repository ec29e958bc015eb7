#include "http/pipeline.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <ranges>
#include <utility>

#include "http/access.h"
#include "http/middlewares.h"
#include "http/problem.h"

namespace ara::http {
namespace {

constexpr std::chrono::seconds kAwaitAccounts{4};

Reply finished(App& app, const Exchange& exchange, Reply reply) {
  for (const Middleware& middleware : middlewares() | std::views::reverse) {
    if (middleware.after != nullptr) middleware.after(app, exchange, reply);
  }
  return reply;
}

Reply broken(App& app, const Exchange& exchange, std::string what) {
  return problem(app, exchange, Error{Code::internal, std::move(what), {}, {}, {}});
}

Reply too_late(App& app, const Exchange& exchange) {
  return problem(app, exchange,
                 Error{Code::deadline, "The answer was not ready in time", {}, {}, {}});
}

/// Takes the one reply to an exchange of the slow lane, finishes and sends it: handler and deadline
/// may both have one, and each request is counted once.
Respond once(App& app, Exchange& exchange, Respond respond) {
  return [&app, &exchange, respond = std::move(respond)](Reply reply) {
    if (std::atomic_ref(exchange.answered).exchange(true)) return;
    respond(finished(app, exchange, std::move(reply)));
  };
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
  const auto submitted = app.desk_of(exchange).submit(
      exchange.deadline, [&app, &exchange, respond, owner = exchange.owner](bool late) {
        if (late) return respond(too_late(app, exchange));
        guarded(app, exchange, [&] { respond(exchange.route->work(app, exchange)); }, respond);
      });
  if (!submitted) respond(problem(app, exchange, submitted.error()));
}

/// Begins the route's slow handler.
void begin_slow(App& app, Exchange& exchange, const Respond& respond) {
  if (exchange.route->work != nullptr) return begin_work(app, exchange, respond);
  // The owner goes along, as an answer that comes too late still reads the exchange's views.
  exchange.route->slow(
      app, exchange, [respond, owner = exchange.owner](Reply reply) { respond(std::move(reply)); });
}

/// What a request that waited for its quota has missed of the fast lane, and then the slow one.
void go_on(App& app, Exchange& exchange, std::optional<Reply> reply, const Respond& respond) {
  const telemetry::TraceScope scope({exchange.spans});  // in the thread that brought the quota
  guarded(
      app, exchange,
      [&] {
        if (!reply && exchange.route->fast != nullptr) reply = exchange.route->fast(app, exchange);
        if (reply) return respond(std::move(*reply));
        begin_slow(app, exchange, respond);
      },
      respond);
}

/// After its account is known: the quota may have to be waited for, too.
void go_on_with_account(App& app, Exchange& exchange, const Respond& respond) {
  auto reply = identify(app, exchange);
  if (!reply) reply = take_quota(app, exchange);
  if (reply || !exchange.waits_for_quota) return go_on(app, exchange, std::move(reply), respond);
  await_quota(app, exchange, [&app, &exchange, respond](std::optional<Reply> refused) {
    go_on(app, exchange, std::move(refused), respond);
  });
}

/// Rather late than refused: while a primary is followed, looks at the accounts may take longer.
/// Where they do not come for kAwaitAccounts, clients are told.
void await_accounts(App& app, Exchange& exchange, const Respond& respond) {
  exchange.waits_for_accounts = false;
  exchange.waited_for_accounts = true;
  const auto submitted = app.desk.submit(
      exchange.deadline, [&app, &exchange, respond, owner = exchange.owner](bool late) {
        if (late) return respond(too_late(app, exchange));
        const SteadyTime until = app.clock.steady() + kAwaitAccounts;
        (void)app.accounts->await_fresh(std::min(exchange.deadline.at, until));
        guarded(app, exchange, [&] { go_on_with_account(app, exchange, respond); }, respond);
      });
  if (!submitted) respond(problem(app, exchange, submitted.error()));
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
        const bool waits = exchange.waits_for_accounts || exchange.waits_for_quota;
        if (!reply && !waits && exchange.route->fast != nullptr) {
          reply = exchange.route->fast(app, exchange);
        }
        if (reply) reply = finished(app, exchange, std::move(*reply));
      },
      [&](Reply failure) { reply = finished(app, exchange, std::move(failure)); });
  return reply;
}

void run_slow(App& app, Exchange& exchange, Respond to) noexcept {
  const Respond respond = once(app, exchange, std::move(to));
  guarded(
      app, exchange,
      [&] {
        if (exchange.waits_for_accounts) return await_accounts(app, exchange, respond);
        if (!exchange.waits_for_quota) return begin_slow(app, exchange, respond);
        await_quota(app, exchange, [&app, &exchange, respond](std::optional<Reply> refused) {
          go_on(app, exchange, std::move(refused), respond);
        });
      },
      respond);
}

void give_up(App& app, Exchange& exchange, Respond to) noexcept {
  const Respond respond = once(app, exchange, std::move(to));
  guarded(app, exchange, [&] { respond(too_late(app, exchange)); }, respond);
}

}  // namespace ara::http
