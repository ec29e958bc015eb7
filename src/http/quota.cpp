#include <array>
#include <charconv>

#include "base/format.h"
#include "base/hash.h"
#include "http/access.h"
#include "http/json.h"
#include "http/problem.h"

namespace ara::http {
namespace {

using std::chrono::seconds;

/// Header lines are written on every answer: straight into the text, without a stream or format.
class Lines {
 public:
  explicit Lines(std::string& text) : text_(text) {}
  Lines& put(std::string_view text) {
    text_.append(text);
    return *this;
  }
  Lines& put(std::int64_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text_.append(digits.data(), end);
    return *this;
  }

 private:
  std::string& text_;
};

/// All that the header lines tell.
struct Told {
  std::int64_t per_minute = 0;
  std::int64_t per_day = 0;
  std::int64_t minute_left = 0;
  std::int64_t day_left = 0;
  std::int64_t next = 0;      ///< seconds until there is room for one more
  std::int64_t midnight = 0;  ///< seconds until the day begins anew
  std::int64_t now = 0;       ///< seconds since 1970

  bool operator==(const Told&) const = default;
};

std::string lines_of(const Told& told) {
  std::string text;
  text.reserve(384);
  Lines(text)
      .put("x-ratelimit-limit: ")
      .put(told.per_minute)
      .put("\r\nx-ratelimit-remaining: ")
      .put(told.minute_left)
      .put("\r\nx-ratelimit-reset: ")
      .put(told.now + told.next)
      .put("\r\nx-ratelimit-daily-limit: ")
      .put(told.per_day)
      .put("\r\nx-ratelimit-daily-remaining: ")
      .put(told.day_left)
      .put("\r\nratelimit-policy: \"minute\";q=")
      .put(told.per_minute)
      .put(";w=60, \"day\";q=")
      .put(told.per_day)
      .put(";w=86400\r\nratelimit: \"minute\";r=")
      .put(told.minute_left)
      .put(";t=")
      .put(told.next)
      .put(", \"day\";r=")
      .put(told.day_left)
      .put(";t=")
      .put(told.midnight)
      .put("\r\n");
  return text;
}

/// What is left as it is told: exact below a thousand, above cut to three digits. So a client that
/// may ask a million times is told "at least" instead of a number that is old when it arrives, and
/// most of its answers are the same bytes, rendered once (rendered.h).
std::int64_t shown(std::int64_t left) {
  std::int64_t unit = 1;
  while (left / unit >= 1000) unit *= 10;
  return left / unit * unit;
}

seconds until_midnight(WallTime now) {
  return std::chrono::ceil<seconds>(std::chrono::floor<std::chrono::days>(now) +
                                    std::chrono::days(1) - now);
}

/// Seconds after which it is worth trying again, at least 1.
seconds retry_after(const accounts::Admission& admission, WallTime now) {
  const seconds wait = admission.spent == accounts::Admission::Spent::day
                           ? until_midnight(now)
                           : std::chrono::ceil<seconds>(admission.minute_next);
  return std::max(wait, seconds(1));
}

Reply refuse(const App& app, const Exchange& exchange) {
  app.error_meters.quota();
  const accounts::Tier& tier = exchange.principal->tier();
  const bool day = exchange.admission->spent == accounts::Admission::Spent::day;
  const seconds wait = retry_after(*exchange.admission, app.clock.now());
  JsonDocument details;
  details.top().integer("retry_after", wait.count()).text("tier", tier.name);
  Reply reply = problem(
      app, exchange,
      Error{Code::rate_limited,
            ara::format("The tier {} allows {} requests a {}: try again in {} s", tier.name,
                        day ? tier.per_day : tier.per_minute, day ? "day" : "minute", wait.count()),
            {},
            {},
            {}},
      details.write());
  reply.headers += ara::format("retry-after: {}\r\n", wait.count());
  return reply;
}

}  // namespace

std::optional<Reply> take_quota(App& app, Exchange& exchange) {
  if (app.open || !exchange.principal) return std::nullopt;
  exchange.admission = app.accounts->admit(*exchange.principal, exchange.begun);
  if (!exchange.admission || exchange.admission->admitted()) return std::nullopt;
  // (A handshake goes on in the library's own hands.)
  exchange.waits_for_quota = exchange.admission->may_come && !exchange.route->takes_over;
  if (exchange.waits_for_quota) return std::nullopt;
  return refuse(app, exchange);
}

void await_quota(App& app, Exchange& exchange, std::function<void(std::optional<Reply>)> then) {
  exchange.waits_for_quota = false;
  // The client may have been told meanwhile that it took too long: what the exchange looks at
  // stays.
  const bool waits = app.accounts->wait(
      *exchange.principal,
      [&app, &exchange, then, owner = exchange.owner](const accounts::Admission& admission) {
        exchange.admission = admission;
        then(admission.admitted() ? std::nullopt : std::optional(refuse(app, exchange)));
      });
  if (!waits) then(refuse(app, exchange));
}

void tell_quota(App& app, const Exchange& exchange, Reply& reply) {
  if (!exchange.admission) return;
  const accounts::Admission& admission = *exchange.admission;
  const accounts::Tier& tier = exchange.principal->tier();
  const WallTime now = app.clock.now();
  const seconds midnight = until_midnight(now);
  const seconds next = admission.spent == accounts::Admission::Spent::day
                           ? midnight
                           : std::chrono::ceil<seconds>(admission.minute_next);
  const Told told{tier.per_minute,
                  tier.per_day,
                  shown(admission.minute_left),
                  shown(admission.day_left),
                  next.count(),
                  midnight.count(),
                  std::chrono::ceil<seconds>(now).time_since_epoch().count()};
  // An account that asks so often that its cost matters is told the same many times a second.
  struct Written {
    Told told;
    std::string lines;
  };
  thread_local std::array<Written, 64> memory;
  const void* who = exchange.principal->account.get();
  Written& written = memory[mix64(reinterpret_cast<std::uintptr_t>(who)) % memory.size()];
  if (written.lines.empty() || written.told != told) written = {told, lines_of(told)};
  reply.headers += written.lines;
}

}  // namespace ara::http
