#include "live/feed.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format.h"
#include "domain/date.h"
#include "telemetry/log.h"

namespace ara::live {
namespace {

using streams::Channel;
using streams::Client;
using streams::Topic;

/// How long one look at the store may take.
constexpr std::chrono::seconds kStoreTimeout{5};

Call call() {
  return {Deadline::after(kStoreTimeout)};
}

std::string number(double value) {
  return std::isfinite(value) ? ara::format("{}", value) : "null";
}

/// The place of a text among the names that a table gives; the store holds only such.
template <class Enum>
Enum named(std::span<const std::string_view> names, std::string_view name) {
  return Enum(std::ranges::find(names, name) - names.begin());
}

std::string bar_json(const domain::Series& series) {
  const domain::Bar& bar = series.bars.back();
  return ara::format(R"({{"date":"{}","open":{},"high":{},"low":{},"close":{},"adjusted_close":{},)"
                     R"("volume":{},"revision":"{}"}})",
                     domain::to_iso(domain::date_of(bar.time)), number(bar.open), number(bar.high),
                     number(bar.low), number(bar.close), number(bar.adjusted_close),
                     number(bar.volume), domain::to_string(series.revision));
}

streams::Encoded forecast_update(const domain::Symbol& symbol, const serve::Ready& ready,
                                 const std::string& revision, WallTime now) {
  return streams::encode_update("prediction_update", symbol.text(), *ready.body, now, revision);
}

}  // namespace

Feed::Feed(std::shared_ptr<storage::Store> store, std::shared_ptr<serve::ForecastService> service,
           std::shared_ptr<streams::Hub> hub, std::shared_ptr<webhooks::Outbox> outbox,
           FeedOptions options, const Clock& clock)
    : store_(std::move(store)),
      service_(std::move(service)),
      hub_(std::move(hub)),
      outbox_(std::move(outbox)),
      options_(options),
      clock_(clock) {
  look();  // so that what is known now is no news later
  hub_->set_listener(this);
  thread_ = std::thread([this] { run(); });
}

Feed::~Feed() {
  hub_->set_listener(nullptr);
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->stopping = true;
  }
  inbox_->wake.notify_all();
  thread_.join();
}

void Feed::bars_changed() {
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->hurried = true;
  }
  inbox_->wake.notify_all();
}

bool Feed::knows(const domain::Symbol& symbol) const {
  const std::lock_guard lock(known_mutex_);
  return known_.contains(symbol);
}

void Feed::run() {
  std::unique_lock lock(inbox_->mutex);
  while (!inbox_->stopping) {
    const bool called = inbox_->wake.wait_for(lock, options_.look, [this] {
      return inbox_->stopping || inbox_->hurried || !inbox_->errands.empty();
    });
    const bool due = std::exchange(inbox_->hurried, false) || !called;
    std::deque<Errand> errands;
    errands.swap(inbox_->errands);
    lock.unlock();
    for (Errand& errand : errands) errand();
    if (due) look();
    launch();
    lock.lock();
  }
}

void Feed::look() {
  // After a look that failed all heads are read: the server that answers may be another.
  auto changes = store_->changed_heads(std::exchange(mark_, {}), call());
  if (!changes) return complain("Cannot ask the store for new bars", changes.error());
  mark_ = std::move(changes->mark);
  ailing_ = false;
  std::vector<const storage::SymbolRow*> changed;
  {
    const std::lock_guard lock(known_mutex_);
    for (const storage::SymbolRow& row : changes->rows) {
      const auto [place, added] = known_.try_emplace(row.symbol, row.revision);
      if (!added && place->second == row.revision) continue;
      place->second = row.revision;
      changed.push_back(&row);
    }
  }
  if (!std::exchange(began_, true) || changed.empty()) return;
  const auto wanted =
      store_->wants_event(webhooks::to_string(webhooks::EventType::prediction_complete), call());
  for (const storage::SymbolRow* row : changed) on_bars(*row, wanted && *wanted);
}

void Feed::on_bars(const storage::SymbolRow& row, bool all_wanted) {
  if (hub_->has_subscribers({Channel::market_data, row.symbol.text()})) publish_bar(row.symbol);
  const bool heard = hub_->has_subscribers({Channel::predictions, row.symbol.text()});
  bool wanted = heard || all_wanted;
  if (!wanted) {
    const auto alerts = store_->alerts_on(row.symbol, call());
    wanted = alerts && !alerts->empty();
  }
  if (!wanted || !waiting_.insert(row.symbol).second) return;
  // Who listens goes before who is only told.
  heard ? wanted_.push_front(row.symbol) : wanted_.push_back(row.symbol);
}

void Feed::publish_bar(const domain::Symbol& symbol) {
  const auto series = store_->last_bars(symbol, 1, call());
  if (!series) return complain("Cannot read a new bar", series.error());
  if (series->bars.empty()) return;
  hub_->publish({Channel::market_data, symbol.text()},
                streams::encode_update("market_data_update", symbol.text(), bar_json(*series),
                                       clock_.now(), {}));
}

void Feed::launch() {
  // Each symbol is tried once now; one that the slow lane has no room for waits for the next look.
  for (std::size_t left = wanted_.size(); left > 0 && computing_ < options_.computing; --left) {
    const domain::Symbol symbol = wanted_.front();
    wanted_.pop_front();
    waiting_.erase(symbol);
    ++computing_;
    const serve::ForecastRequest request{.symbol = symbol, .min_revision = newest_known(symbol)};
    service_->compute(request, Deadline::after(options_.patience),
                      [this, inbox = inbox_, symbol](Result<serve::Ready> ready) {
                        {
                          const std::lock_guard lock(inbox->mutex);
                          if (inbox->stopping) return;  // and `this` may be gone
                          inbox->errands.emplace_back(
                              [this, symbol, got = std::move(ready)] { landed(symbol, got); });
                        }
                        inbox->wake.notify_all();
                      });
  }
}

void Feed::landed(const domain::Symbol& symbol, Result<serve::Ready> ready) {
  --computing_;
  if (!ready) {
    const Code code = ready.error().code;
    const bool later = code == Code::overloaded || code == Code::deadline;
    if (later && waiting_.insert(symbol).second) wanted_.push_back(symbol);
    return;  // what has no forecast, such as too few bars, has nothing to tell
  }
  const auto outlook = read_outlook(*ready->body);
  if (!outlook) return complain("Cannot read a forecast", outlook.error());
  // Whoever asked just before the new bar may have begun a flight that this one joined.
  if (older_than_known(symbol, outlook->revision)) {
    if (waiting_.insert(symbol).second) wanted_.push_back(symbol);
    return;
  }
  hub_->publish({Channel::predictions, symbol.text()},
                forecast_update(symbol, *ready, outlook->revision, clock_.now()));
  check_alerts(symbol, *outlook);
  const std::string data = ara::format(
      R"({{"symbol":"{}","forecast_id":"{}","revision":"{}","as_of":"{}","current_price":{},)"
      R"("predicted_return":{},"probability_of_rise":{},"volatility":{}}})",
      symbol.text(), outlook->id, outlook->revision, outlook->as_of, number(outlook->price),
      number(outlook->predicted_return), number(outlook->probability_of_rise),
      number(outlook->volatility));
  auto told = outbox_->emit(std::nullopt, webhooks::EventType::prediction_complete, data, call());
  if (!told) complain("Cannot tell webhooks of a forecast", told.error());
}

std::optional<domain::Revision> Feed::newest_known(const domain::Symbol& symbol) const {
  const std::lock_guard lock(known_mutex_);
  const auto found = known_.find(symbol);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

bool Feed::older_than_known(const domain::Symbol& symbol, const std::string& revision) const {
  const auto made_from = domain::parse_revision(revision);
  const auto known = newest_known(symbol);
  return made_from && known && made_from->counter < known->counter;
}

void Feed::check_alerts(const domain::Symbol& symbol, const Outlook& outlook) {
  const auto alerts = store_->alerts_on(symbol, call());
  if (!alerts) return complain("Cannot read alerts", alerts.error());
  for (const storage::AlertRow& row : *alerts) {
    const streams::AlertRule rule{
        row.symbol, named<streams::Metric>(streams::metrics(), row.metric),
        named<streams::Condition>(streams::conditions(), row.condition), row.threshold};
    const double value = value_of(outlook, rule.metric);
    const bool now = holds(rule.condition, value, rule.threshold);
    if (now == row.holds) continue;
    const auto changed = store_->mark_alert(row, now, call());
    if (!changed) complain("Cannot note an alert", changed.error());
    if (!changed || !*changed || !now) continue;
    const std::string data =
        streams::to_json(rule, ara::format(R"(,"value":{},"as_of":"{}","revision":"{}")",
                                           number(value), outlook.as_of, outlook.revision));
    hub_->publish({Channel::alerts, row.account},
                  streams::encode_update("alert", symbol.text(), data, clock_.now(), {}));
    auto told = outbox_->emit(row.account, webhooks::EventType::alert_triggered, data, call());
    if (!told) complain("Cannot tell webhooks of an alert", told.error());
  }
}

void Feed::on_connected(const Client& client) {
  // A stream of events begins with the newest forecast, unless that is what was seen last.
  if (client.wire != streams::Wire::events || client.topic.channel != Channel::predictions) return;
  const auto symbol = domain::Symbol::parse(client.topic.name);
  if (!symbol) return;
  {
    const std::lock_guard lock(known_mutex_);
    const auto found = known_.find(*symbol);
    if (found != known_.end() && domain::to_string(found->second) == client.last_id) return;
  }
  answer_prediction(client, *symbol, domain::ForecastKey::kDefaultHorizon);
}

void Feed::on_message(const Client& client, streams::ClientMessage message) {
  const auto unknown = [](const domain::Symbol& symbol) {
    return Error{Code::not_found, "There are no bars of " + symbol.text(), "symbol", symbol.text(),
                 "a symbol that has been imported"};
  };
  if (auto* subscribe = std::get_if<streams::Subscribe>(&message)) {
    if (client.topic.channel == Channel::alerts) {
      return refuse(client, Error{Code::unsupported, "Alerts are configured, with configure_alerts",
                                  "type", "subscribe", "configure_alerts"});
    }
    if (!knows(subscribe->symbol)) return refuse(client, unknown(subscribe->symbol));
    return hub_->subscribe(
        client.id, {client.topic.channel, subscribe->symbol.text()},
        streams::subscribed_text(client.topic.channel, subscribe->symbol.text(), clock_.now()));
  }
  if (auto* request = std::get_if<streams::RequestPrediction>(&message)) {
    auto symbol = request->symbol;
    if (!symbol && client.topic.channel != Channel::alerts) {
      if (auto own = domain::Symbol::parse(client.topic.name)) symbol = std::move(*own);
    }
    if (!symbol) {
      return refuse(client, invalid("symbol", "", "a symbol, as this channel has none").error());
    }
    if (!knows(*symbol)) return refuse(client, unknown(*symbol));
    hub_->send_text(
        client.id, streams::prediction_requested_text(symbol->text(), request->days, clock_.now()));
    return answer_prediction(client, *symbol, request->days);
  }
  if (auto* alerts = std::get_if<streams::ConfigureAlerts>(&message)) {
    {
      const std::lock_guard lock(inbox_->mutex);
      if (inbox_->errands.size() < options_.errands) {
        inbox_->errands.emplace_back(
            [this, client, rules = std::move(alerts->rules)] { configure(client, rules); });
        inbox_->wake.notify_all();
        return;
      }
    }
    refuse(client, Error{Code::overloaded, "Too much is being asked for; try again", {}, {}, {}});
  }
}

void Feed::answer_prediction(const Client& client, const domain::Symbol& symbol, int days) {
  const serve::ForecastRequest request{
      .symbol = symbol, .days = days, .min_revision = newest_known(symbol)};
  const auto answer = [hub = hub_, id = client.id, symbol, &clock = clock_,
                       events = client.wire == streams::Wire::events](Result<serve::Ready> ready) {
    const auto outlook =
        ready ? read_outlook(*ready->body) : Result<Outlook>(std::unexpected(ready.error()));
    if (outlook) {
      return hub->send(id, forecast_update(symbol, *ready, outlook->revision, clock.now()));
    }
    if (!events) hub->send_text(id, streams::error_text(outlook.error(), clock.now()));
  };
  if (auto ready = service_->cached(request)) return answer(std::move(*ready));
  service_->compute(request, Deadline::after(options_.patience), answer);
}

void Feed::configure(const Client& client, std::vector<streams::AlertRule> rules) {
  std::vector<storage::AlertRow> rows;
  for (const streams::AlertRule& rule : rules) {
    rows.push_back(
        {.account = client.account,
         .number = static_cast<int>(rows.size()),
         .symbol = rule.symbol,
         .metric = std::string(streams::metrics()[static_cast<std::size_t>(rule.metric)]),
         .condition = std::string(streams::conditions()[static_cast<std::size_t>(rule.condition)]),
         .threshold = rule.threshold});
  }
  if (auto stored = store_->replace_alerts(client.account, rows, call()); !stored) {
    return refuse(client, stored.error());
  }
  hub_->send_text(client.id, streams::alerts_configured_text(rules, clock_.now()));
}

void Feed::refuse(const Client& client, const Error& error) {
  hub_->send_text(client.id, streams::error_text(error, clock_.now()));
}

void Feed::complain(std::string_view what, const Error& error) {
  if (std::exchange(ailing_, true)) return;
  telemetry::log(telemetry::LogLevel::warning, what, {{"error", error.message}});
}

}  // namespace ara::live
