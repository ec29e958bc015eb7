#include <charconv>
#include <format>

#include "http/access.h"
#include "http/json.h"
#include "http/problem.h"

namespace ara::http {
namespace {

using std::chrono::seconds;

constexpr std::string_view kMinuteSeconds = "60";

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
  const accounts::Tier& tier = exchange.principal->tier();
  const bool day = exchange.admission->spent == accounts::Admission::Spent::day;
  const seconds wait = retry_after(*exchange.admission, app.clock.now());
  JsonDocument details;
  details.top().integer("retry_after", wait.count()).text("tier", tier.name);
  Reply reply = problem(
      app, exchange,
      Error{Code::rate_limited,
            std::format("The tier {} allows {} requests a {}: try again in {} s", tier.name,
                        day ? tier.per_day : tier.per_minute, day ? "day" : "minute", wait.count()),
            {},
            {},
            {}},
      details.write());
  reply.headers += std::format("retry-after: {}\r\n", wait.count());
  return reply;
}

}  // namespace

std::optional<Reply> take_quota(App& app, Exchange& exchange) {
  if (app.open || !exchange.principal) return std::nullopt;
  exchange.admission = app.accounts->admit(*exchange.principal, exchange.begun);
  if (!exchange.admission || exchange.admission->admitted()) return std::nullopt;
  return refuse(app, exchange);
}

void tell_quota(App& app, const Exchange& exchange, Reply& reply) {
  if (!exchange.admission) return;
  const accounts::Admission& admission = *exchange.admission;
  const accounts::Tier& tier = exchange.principal->tier();
  const WallTime now = app.clock.now();
  const seconds next = admission.spent == accounts::Admission::Spent::day
                           ? until_midnight(now)
                           : std::chrono::ceil<seconds>(admission.minute_next);
  const std::int64_t epoch = std::chrono::ceil<seconds>(now).time_since_epoch().count();
  Lines(reply.headers)
      .put("x-ratelimit-limit: ")
      .put(tier.per_minute)
      .put("\r\nx-ratelimit-remaining: ")
      .put(admission.minute_left)
      .put("\r\nx-ratelimit-reset: ")
      .put(epoch + next.count())
      .put("\r\nx-ratelimit-daily-limit: ")
      .put(tier.per_day)
      .put("\r\nx-ratelimit-daily-remaining: ")
      .put(admission.day_left)
      .put("\r\nratelimit-policy: \"minute\";q=")
      .put(tier.per_minute)
      .put(";w=")
      .put(kMinuteSeconds)
      .put(", \"day\";q=")
      .put(tier.per_day)
      .put(";w=86400\r\nratelimit: \"minute\";r=")
      .put(admission.minute_left)
      .put(";t=")
      .put(next.count())
      .put(", \"day\";r=")
      .put(admission.day_left)
      .put(";t=")
      .put(until_midnight(now).count())
      .put("\r\n");
}

}  // namespace ara::http
