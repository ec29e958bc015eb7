#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/forecast.h"
#include "domain/symbol.h"

namespace ara::streams {

/// What can be heard of; alerts are an account's own, the others a symbol's.
enum class Channel : std::uint8_t { predictions, market_data, alerts };
std::string_view to_string(Channel channel);

/// What an alert compares, and how; the names on the wire are in one table each.
enum class Metric : std::uint8_t { price, probability_of_rise, volatility, predicted_return };
enum class Condition : std::uint8_t { above, below };
std::span<const std::string_view> metrics();
std::span<const std::string_view> conditions();

/// "Tell me when this value of that symbol is above, or below, this": price in the symbol's units,
/// the other values those of the forecast's first day.
struct AlertRule {
  domain::Symbol symbol;
  Metric metric = Metric::price;
  Condition condition = Condition::above;
  double threshold = 0;
};

// What a client may say.
struct Pong {};
struct Subscribe {
  domain::Symbol symbol;
};
struct RequestPrediction {
  std::optional<domain::Symbol> symbol;  ///< of the channel, where it is not given
  int days = domain::ForecastKey::kDefaultHorizon;
};
struct ConfigureAlerts {
  static constexpr std::size_t kMost = 50;
  std::vector<AlertRule> rules;  ///< in the place of all before
};
using ClientMessage = std::variant<Pong, Subscribe, RequestPrediction, ConfigureAlerts>;

/// Reads {"type": "pong" | "subscribe" | "request_prediction" | "configure_alerts", …}. What is
/// wrong is Code::invalid and names its field.
Result<ClientMessage> parse_message(std::string_view text);

/// Bytes that many connections share.
using Bytes = std::shared_ptr<const std::string>;

/// One thing told, ready for either kind of connection.
struct Encoded {
  Bytes frame;  ///< a WebSocket's
  Bytes event;  ///< of a stream of Server-Sent Events
};

/// {"type", "symbol", "data", "timestamp"}; `data` is JSON, written as it is. `id` is the event's,
/// by which a client that comes back says what it has seen; none where it is empty.
Encoded encode_update(std::string_view type, std::string_view symbol, std::string_view data,
                      WallTime time, std::string_view id);

// What the server answers to one connection, as JSON.
std::string connected_text(Channel channel, std::string_view symbol, std::string_view connection,
                           WallTime time);
std::string subscribed_text(Channel channel, std::string_view symbol, WallTime time);
std::string prediction_requested_text(std::string_view symbol, int days, WallTime time);
std::string alerts_configured_text(std::span<const AlertRule> rules, WallTime time);
std::string ping_text(WallTime time);
std::string error_text(const Error& error, WallTime time);
/// A rule as JSON, with more members before its closing brace where `more` has some (",\"a\":1").
std::string to_json(const AlertRule& rule, std::string_view more = {});

}  // namespace ara::streams
