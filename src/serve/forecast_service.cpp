#include "serve/forecast_service.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "registry/lineup.h"
#include "registry/market.h"
#include "serve/bars_cache.h"
#include "serve/encode.h"
#include "serve/forecaster.h"
#include "serve/heads.h"
#include "serve/meters.h"
#include "serve/single_flight.h"
#include "serve/slow_lane.h"
#include "serve/store_tier.h"
#include "serve/tier_gauges.h"

namespace ara::serve {
namespace {

constexpr std::size_t kQueueLimit = 10'000;

Result<void> check_asset_type(const ForecastRequest& request, domain::AssetType stored) {
  if (!request.asset_type || *request.asset_type == stored) return {};
  return invalid(
      "asset_type", domain::describe(*request.asset_type).name,
      std::string(domain::describe(stored).name) + ", as " + request.symbol.text() + " is stored");
}

/// Whether these bars are from before the ones that the request has seen written.
bool is_older(const domain::Revision& revision, const ForecastRequest& request) {
  return request.min_revision && revision.counter < request.min_revision->counter;
}

class Service final : public ForecastService {
 public:
  Service(std::shared_ptr<storage::Store> store, std::shared_ptr<telemetry::Metrics> metrics,
          ServiceOptions options, const Clock& clock, std::unique_ptr<Heads> heads)
      : options_(options),
        clock_(clock),
        store_(std::move(store)),
        metrics_(std::move(metrics)),
        meters_(*metrics_),
        heads_(std::move(heads)),
        markets_(store_),
        l1_(cache::make_memory_tier(options.l1_bytes, clock)),
        bars_(store_, *metrics_, options.history_bytes, options.history_ttl, clock),
        l3_(std::make_shared<StoreTier>(store_, options.prediction_ttl, clock)),
        lane_(std::make_shared<SlowLane>(
            options.workers, kQueueLimit, clock,
            [metrics = metrics_, histogram = meters_.waited](std::chrono::nanoseconds span) {
              metrics->observe(histogram, std::chrono::duration<double>(span).count());
            })),
        models_(*metrics_) {
    register_gauges();
  }

  /// What is queued uses this object, so it ends here, whoever else still holds the lane.
  ~Service() override { lane_->drain(Deadline{SteadyTime::min()}); }

  std::optional<Ready> cached(const ForecastRequest& request) override {
    const HeadSnapshot* heads = heads_->fresh();
    const storage::SymbolRow* head = heads == nullptr ? nullptr : heads->find(request.symbol);
    if (head == nullptr || !check_asset_type(request, head->asset_type)) return std::nullopt;
    if (is_older(head->revision, request)) return std::nullopt;
    auto ready = in_memory(request, *head, *heads->lineup);
    if (!ready) ready = replaced(request, *head, *heads);
    metrics_->add(ready ? meters_.l1_hit : meters_.l1_miss);
    if (ready) count(head->asset_type, kFast);
    return ready;
  }

  void compute(const ForecastRequest& request, Deadline deadline, Answer answer) override {
    const Hash128 flight = flight_of(request);
    if (flights_.join(flight, std::move(answer))) {
      launch(request, deadline, flight);
    } else {
      telemetry::record_wait("flight of another request");
    }
  }

  Result<Ready> compute_now(const ForecastRequest& request, const Call& call) override {
    telemetry::Span span("forecast");
    span.note("ara.symbol", request.symbol.text());
    span.note("ara.horizon", request.days);
    const auto known = know(request, call);
    if (!known) return std::unexpected(known.error());
    const auto& [head, lineup] = *known;
    if (auto same = check_asset_type(request, head.asset_type); !same) {
      return std::unexpected(std::move(same.error()));
    }
    const domain::ForecastKey key = key_of(request, subject_of(head), *lineup);
    auto found = look_up(key, call);
    // Until the end of this, the other nodes wait for what is made here.
    cache::Boarding flight;
    if (!found && options_.flights) flight = options_.flights->board(place_of(key), call);
    if (flight.value) {
      keep(*l1_, place_of(key), flight.value, call);
      found = Ready{key.id(), std::move(flight.value)};
    }
    if (!found) return make_and_keep(request, *known, call);
    count(head.asset_type, kSlow);
    return *found;
  }

  Result<std::optional<storage::ForecastRow>> find(const Hash128& id, const Call& call) override {
    return l3_->find(id, call);
  }

  int retry_after_seconds() const override {
    return static_cast<int>(std::clamp(std::ceil(lane_->expected_seconds()), 1.0, 60.0));
  }

  std::vector<std::string> symbol_names() const override {
    return heads_->snapshot()->symbols->names();
  }

  Result<void> ready() const override {
    if (!heads_->trusted()) {
      return fail(Code::unavailable, "The store has not answered for over a second");
    }
    return {};
  }

  LaneStats lane() const override {
    return {lane_->queued(), lane_->running(), lane_->mean_seconds()};
  }

  void bars_changed() override { heads_->look_soon(); }

  void drain(Deadline deadline) override { lane_->drain(deadline); }

 private:
  std::optional<Ready> in_memory(const ForecastRequest& request, const storage::SymbolRow& head,
                                 const registry::Lineup& lineup) {
    const Hash128 id = key_of(request, subject_of(head), lineup).id();
    auto value = l1_->get({id, request.symbol.text()}, {});
    if (!value || !*value) return std::nullopt;
    return Ready{id, std::move(*value)};
  }

  /// A new champion makes every forecast anew, and not all at once: as long as the one before it
  /// may be trusted its forecast goes out, labelled as its own, while the new one is made.
  std::optional<Ready> replaced(const ForecastRequest& request, const storage::SymbolRow& head,
                                const HeadSnapshot& heads) {
    if (heads.previous == nullptr || clock_.steady() >= heads.previous_until) return std::nullopt;
    auto ready = in_memory(request, head, *heads.previous);
    if (!ready) return ready;
    const Hash128 flight = key_of(request, subject_of(head), *heads.lineup).id();
    if (flights_.start(flight)) launch(request, Deadline::after(options_.deadline), flight);
    return ready;
  }

  /// Flights are kept apart by what is known of the head, so that who comes after new bars or a new
  /// champion does not join a flight that began before them.
  Hash128 flight_of(const ForecastRequest& request) const {
    const HeadSnapshot* heads = heads_->fresh();
    const storage::SymbolRow* head = heads == nullptr ? nullptr : heads->find(request.symbol);
    if (head == nullptr || is_older(head->revision, request)) {
      // Not known yet: nobody joins but who asks for the very same.
      const Subject asked{.revision = request.min_revision.value_or(domain::Revision{})};
      return key_of(request, asked, built_in(request.level, 0), 0).id();
    }
    return key_of(request, subject_of(*head), *heads->lineup).id();
  }

  void launch(const ForecastRequest& request, Deadline deadline, const Hash128& flight) {
    auto submitted = lane_->submit(deadline, [this, request, deadline, flight](bool late) {
      land(flight, late ? Result<Ready>(fail(Code::deadline, "The forecast was not begun in time"))
                        : compute_now(request, Call{deadline}));
    });
    if (!submitted) land(flight, std::unexpected(std::move(submitted.error())));
  }

  /// What a forecast's key is made of besides the request.
  struct Known {
    storage::SymbolRow head;
    std::shared_ptr<const registry::Lineup> lineup;
  };

  /// At most a second old, and no older than the bars that the request has seen written. The store
  /// is asked only where memory does not do: what another tier holds costs no look at the store.
  Result<Known> know(const ForecastRequest& request, const Call& call) {
    if (const HeadSnapshot* heads = heads_->fresh()) {
      const storage::SymbolRow* head = heads->find(request.symbol);
      if (head != nullptr && !is_older(head->revision, request)) return Known{*head, heads->lineup};
    }
    auto row = store_->find_symbol(request.symbol, call);
    if (row && request.min_revision && (!*row || is_older((*row)->revision, request))) {
      // A standby may not have heard yet of what the client has been told is written.
      row = store_->find_symbol(request.symbol, call.of_newest());
    }
    if (!row) return std::unexpected(std::move(row.error()));
    if (!*row) return unknown(request.symbol);
    if (is_older((*row)->revision, request)) {
      return invalid("min_revision", to_string(*request.min_revision),
                     "a revision that a write of bars has returned; the newest is " +
                         to_string((*row)->revision));
    }
    auto lineup = this->lineup(call);
    if (!lineup) return std::unexpected(std::move(lineup.error()));
    return Known{std::move(**row), std::move(*lineup)};
  }

  /// Who serves, at most a second old.
  Result<std::shared_ptr<const registry::Lineup>> lineup(const Call& call) {
    if (heads_->trusted()) return heads_->snapshot()->lineup;
    auto read = registry::Lineup::read(*store_, *options_.shelf, call);
    if (!read) return std::unexpected(std::move(read.error()));
    return std::make_shared<const registry::Lineup>(std::move(*read));
  }

  Result<Ready> make_and_keep(const ForecastRequest& request, const Known& known,
                              const Call& call) {
    const SteadyTime start = clock_.steady();
    const auto forecast = make(request, known, call);
    if (!forecast) return std::unexpected(forecast.error());
    const auto body = [&] {
      const telemetry::Span span("encode");
      return std::make_shared<const std::string>(encode(*forecast));
    }();
    metrics_->observe(meters_.seconds,
                      std::chrono::duration<double>(clock_.steady() - start).count());
    count(forecast->asset_type, kSlow);
    keep(*l1_, place_of(forecast->key), body, call);
    if (options_.l2) keep(*options_.l2, place_of(forecast->key), body, call);
    keep(*l3_, place_of(forecast->key), body, call);
    l3_->expect(expectations_of(*forecast, clock_.now()));
    return Ready{forecast->key.id(), body};
  }

  /// Where bars or market factor have changed meanwhile and are read, the forecast is that of the
  /// newer ones, and its key says so.
  Result<domain::Forecast> make(const ForecastRequest& request, const Known& known,
                                const Call& call) {
    const auto& [head, lineup] = known;
    const auto series = bars_.newest(head, request.min_revision, call);
    if (!series) return std::unexpected(series.error());
    const auto market =
        markets_.get(series->asset_type, lineup->market_revision(series->asset_type), call);
    if (!market) return std::unexpected(market.error());
    return make_forecast(request, *series, *lineup, **market,
                         [this](const models::ModelRow& row, std::chrono::nanoseconds span) {
                           models_.observe(row, std::chrono::duration<double>(span).count());
                         });
  }

  std::optional<Ready> look_up(const domain::ForecastKey& key, const Call& call) {
    const cache::Key place = place_of(key);
    if (const auto value = l1_->get(place, call); value && *value) return Ready{place.id, *value};
    if (options_.l2) {
      const auto value = options_.l2->get(place, call);
      const bool hit = value && *value;
      metrics_->add(hit ? meters_.l2_hit : value ? meters_.l2_miss : meters_.l2_error);
      if (hit) {
        keep(*l1_, place, *value, call);
        return Ready{place.id, *value};
      }
    }
    const auto value = l3_->get(place, call);
    const bool hit = value && *value;
    metrics_->add(hit ? meters_.l3_hit : meters_.l3_miss);
    if (!hit) return std::nullopt;
    if (options_.l2) keep(*options_.l2, place, *value, call);
    keep(*l1_, place, *value, call);
    return Ready{place.id, *value};
  }

  static cache::Key place_of(const domain::ForecastKey& key) {
    return {key.id(), key.symbol.text()};
  }

  void keep(cache::Tier& tier, const cache::Key& key, const cache::Value& value, const Call& call) {
    // A tier that declines or fails costs a later computation, never this answer.
    (void)tier.put(key, value, options_.prediction_ttl, call);
  }

  std::unexpected<Error> unknown(const domain::Symbol& symbol) const {
    const auto snapshot = heads_->snapshot();
    const auto near = nearest_names(symbol.text(), snapshot->symbols->names());
    Error error{Code::not_found, "There are no bars of " + symbol.text(), "symbol", symbol.text(),
                near.empty() ? "a symbol that has been imported" : near};
    if (!near.empty()) error.message += "; did you mean " + near + "?";
    return std::unexpected(std::move(error));
  }

  static std::string nearest_names(const std::string& word, const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : nearest(word, names)) {
      list += (list.empty() ? "" : ", ") + name;
    }
    return list;
  }

  void land(const Hash128& flight, Result<Ready> result) {
    if (!result && result.error().code == Code::overloaded) metrics_->add(meters_.refused);
    if (!result && result.error().code == Code::deadline) metrics_->add(meters_.late);
    for (Answer& answer : flights_.take(flight)) answer(result);
  }

  void count(domain::AssetType asset, Lane lane) {
    metrics_->add(meters_.predictions[lane][static_cast<std::size_t>(asset)]);
  }

  void register_gauges();

  const ServiceOptions options_;
  const Clock& clock_;
  std::shared_ptr<storage::Store> store_;
  std::shared_ptr<telemetry::Metrics> metrics_;
  Meters meters_;
  std::shared_ptr<Heads> heads_;
  registry::Markets markets_;
  std::shared_ptr<cache::Tier> l1_;
  BarsCache bars_;
  std::shared_ptr<StoreTier> l3_;
  SingleFlight<Answer> flights_;
  std::shared_ptr<SlowLane> lane_;
  ModelMeters models_;
};

void Service::register_gauges() {
  // The metrics may outlive the service: a part that is gone leaves its samples out.
  const auto gauge = [this](std::string_view family, telemetry::Metrics::Labels labels,
                            const auto& part, auto read) {
    metrics_->gauge(family, std::move(labels), [weak = std::weak_ptr(part), read] {
      const auto held = weak.lock();
      return held ? static_cast<double>(read(*held)) : std::nan("");
    });
  };
  gauge("ara_symbols", {}, heads_,
        [](const Heads& heads) { return heads.snapshot()->symbols->names().size(); });
  gauge("ara_slow_lane_queued", {}, lane_, [](const SlowLane& lane) { return lane.queued(); });
  gauge("ara_slow_lane_running", {}, lane_, [](const SlowLane& lane) { return lane.running(); });
  gauge("ara_slow_lane_workers", {}, lane_, [](const SlowLane& lane) { return lane.workers(); });
  show_tier(*metrics_, "l1", l1_, options_.l1_bytes);
}

}  // namespace

Result<std::unique_ptr<ForecastService>> make_forecast_service(
    std::shared_ptr<storage::Store> store, std::shared_ptr<telemetry::Metrics> metrics,
    ServiceOptions options, const Clock& clock) {
  auto heads =
      Heads::start(store, options.shelf, options.head_refresh, options.store_patience, clock);
  if (!heads) return std::unexpected(std::move(heads.error()));
  return std::make_unique<Service>(std::move(store), std::move(metrics), options, clock,
                                   std::move(*heads));
}

}  // namespace ara::serve
