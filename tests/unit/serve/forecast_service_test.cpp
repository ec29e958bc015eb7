#include "serve/forecast_service.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <yyjson.h>

#include <cmath>
#include <filesystem>
#include <future>
#include <latch>
#include <thread>

#include "base/format.h"
#include "base/rng.h"
#include "domain/calendar.h"
#include "registry/market.h"
#include "serve/carry_over.h"
#include "serve/encode.h"
#include "serve/forecaster.h"
#include "support/faulty_store.h"

namespace ara::serve {
namespace {

using namespace std::chrono_literals;

/// Weekday bars of a random walk, made by arithmetic so that every run has the same.
std::vector<domain::Bar> made_bars(std::size_t count, std::uint64_t seed = 1) {
  std::vector<domain::Bar> bars;
  Rng rng(seed);
  double price = 100;
  domain::Date day{std::chrono::year{2020} / 1 / 1};
  while (bars.size() < count) {
    day += std::chrono::days{1};
    if (!domain::is_session(domain::Market::us_equities, day)) continue;
    price *= std::exp(0.02 * (rng.uniform() + rng.uniform() + rng.uniform() - 1.5));
    bars.push_back({.time = day,
                    .open = price,
                    .high = price * 1.01,
                    .low = price * 0.99,
                    .close = price,
                    .adjusted_close = price,
                    .volume = 1000});
  }
  return bars;
}

domain::Symbol symbol(std::string_view text) {
  return *domain::Symbol::parse(text);
}

class ForecastServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ara::format("ara-serve-{}-{}", getpid(),
                          testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    store_ = *storage::open_sqlite((folder_ / "ara.db").string());
    bars_ = made_bars(400);
    put("AAPL", std::span(bars_).first(399));
    metrics_ = std::make_shared<telemetry::Metrics>();
    service_ = start();
  }

  void TearDown() override {
    service_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<ForecastService> start() {
    return *make_forecast_service(store_, metrics_, {.workers = 2, .head_refresh = 10ms});
  }

  void put(std::string_view name, std::span<const domain::Bar> bars) {
    ASSERT_TRUE(store_->put_bars(symbol(name), domain::AssetType::stock, bars, {}));
  }

  Result<Ready> ask(const ForecastRequest& request, Deadline deadline = Deadline::after(10s)) {
    std::promise<Result<Ready>> answer;
    service_->compute(request, deadline, [&](Result<Ready> r) { answer.set_value(std::move(r)); });
    return answer.get_future().get();
  }

  /// A version of a model, ready to be promoted; its id.
  std::string add_version(const std::string& model, std::string band) {
    const storage::ModelVersionRow row{
        .id = model + "-0123456789ab", .model = model, .band = std::move(band)};
    EXPECT_TRUE(store_->put_models({&row, 1}, {}));
    return row.id;
  }

  /// The same data as another process sees it.
  std::unique_ptr<storage::Store> another_store() const {
    return *storage::open_sqlite((folder_ / "ara.db").string());
  }

  static std::string member(const Ready& ready, const char* name) {
    const std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)> doc(
        yyjson_read(ready.body->data(), ready.body->size(), 0), &yyjson_doc_free);
    return yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc.get()), name));
  }

  double counted(const std::string& series) const {
    const std::string text = metrics_->exposition();
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
  }

  std::filesystem::path folder_;
  std::shared_ptr<storage::Store> store_;
  std::shared_ptr<telemetry::Metrics> metrics_;
  std::vector<domain::Bar> bars_;
  std::unique_ptr<ForecastService> service_;
};

TEST_F(ForecastServiceTest, CachedBytesEqualComputedBytesAtEveryTier) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  EXPECT_FALSE(service_->cached(request));
  const auto computed = ask(request);
  ASSERT_TRUE(computed) << computed.error().message;
  const auto l1 = service_->cached(request);
  ASSERT_TRUE(l1);
  EXPECT_EQ(*l1->body, *computed->body);
  EXPECT_EQ(l1->id, computed->id);

  service_ = start();  // an empty L1; the old service wrote what it had to the store as it ended
  EXPECT_FALSE(service_->cached(request));
  const auto l3 = service_->compute_now(request, {});
  ASSERT_TRUE(l3);
  EXPECT_EQ(*l3->body, *computed->body);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l3\",result=\"hit\"}"), 1);
}

/// A tier that is down.
struct DeadTier final : cache::Tier {
  Result<cache::Value> get(const cache::Key&, const Call&) override {
    return fail(Code::unavailable, "down");
  }
  Result<void> put(const cache::Key&, const cache::Value&, std::chrono::seconds,
                   const Call&) override {
    return fail(Code::unavailable, "down");
  }
  cache::TierStats stats() const override { return {}; }
};

/// Flights of a fleet in which another node has just made what is wanted.
struct MadeElsewhere final : cache::Flights {
  cache::Boarding board(const cache::Key&, const Call&) override {
    return {std::make_shared<const std::string>("made elsewhere"), nullptr};
  }
};

TEST_F(ForecastServiceTest, NodesShareWhatL2Holds) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const std::shared_ptr<cache::Tier> l2 = cache::make_memory_tier(1 << 20);
  const auto one = *make_forecast_service(store_, metrics_, {.l2 = l2});
  const auto other = *make_forecast_service(store_, metrics_, {.l2 = l2});
  const auto computed = one->compute_now(request, {});
  ASSERT_TRUE(computed);
  const auto shared = other->compute_now(request, {});
  ASSERT_TRUE(shared);
  EXPECT_EQ(*shared->body, *computed->body);
  EXPECT_EQ(shared->id, computed->id);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l2\",result=\"hit\"}"), 1);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l2\",result=\"miss\"}"), 1);
  EXPECT_TRUE(other->cached(request));
}

TEST_F(ForecastServiceTest, WhatL2HoldsCostsNoLookAtTheStore) {
  using support::StoreCall;
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const std::shared_ptr<cache::Tier> l2 = cache::make_memory_tier(1 << 20);
  const auto maker = *make_forecast_service(store_, metrics_, {.l2 = l2});
  const auto computed = maker->compute_now(request, {});
  ASSERT_TRUE(computed);
  const auto store = std::make_shared<support::FaultyStore>(store_);
  const auto asker = *make_forecast_service(store, metrics_, {.l2 = l2});
  for (const auto kind : {StoreCall::find_symbol, StoreCall::find_forecast, StoreCall::last_bars}) {
    store->fail(kind, Code::unavailable);
  }
  const auto shared = asker->compute_now(request, {});
  ASSERT_TRUE(shared) << shared.error().message;
  EXPECT_EQ(*shared->body, *computed->body);
  EXPECT_EQ(store->calls(StoreCall::find_symbol), 0);
  EXPECT_EQ(store->calls(StoreCall::find_forecast), 0);
}

TEST_F(ForecastServiceTest, WhoHasSeenAWriteIsNeverGivenAnOlderForecast) {
  // Heads that are not looked at again, though trusted: the token alone tells.
  const auto service = *make_forecast_service(store_, metrics_, {.head_refresh = 1h});
  const ForecastRequest before{.symbol = symbol("AAPL")};
  const auto older = service->compute_now(before, {});
  ASSERT_TRUE(older);
  const auto put = another_store()->put_bars(symbol("AAPL"), domain::AssetType::stock, bars_, {});
  ASSERT_TRUE(put);
  EXPECT_EQ(service->compute_now(before, {})->id, older->id);
  const ForecastRequest after{.symbol = symbol("AAPL"), .min_revision = put->revision};
  EXPECT_FALSE(service->cached(after));
  const auto newer = service->compute_now(after, {});
  ASSERT_TRUE(newer) << newer.error().message;
  EXPECT_NE(newer->id, older->id);
  EXPECT_EQ(member(*newer, "revision"), domain::to_string(put->revision));
}

TEST_F(ForecastServiceTest, AnL2ThatIsDownIsPassedOver) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const auto without = ask(request);
  const auto with = *make_forecast_service(store_, metrics_, {.l2 = std::make_shared<DeadTier>()});
  const auto computed = with->compute_now(request, {});
  ASSERT_TRUE(computed);
  EXPECT_EQ(*computed->body, *without->body);
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l2\",result=\"error\"}"), 1);
}

TEST_F(ForecastServiceTest, WhatAnotherNodeHasMadeMeanwhileIsTaken) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 7};
  const auto service =
      *make_forecast_service(store_, metrics_, {.flights = std::make_shared<MadeElsewhere>()});
  const auto given = service->compute_now(request, {});
  ASSERT_TRUE(given);
  EXPECT_EQ(*given->body, "made elsewhere");
  EXPECT_EQ(*service->cached(request)->body, "made elsewhere");
  EXPECT_EQ(counted("ara_forecast_duration_seconds_count"), 0);
}

TEST_F(ForecastServiceTest, NewBarsChangeTheKeyWithinASecond) {
  const ForecastRequest request{.symbol = symbol("AAPL")};
  const auto before = ask(request);
  ASSERT_TRUE(before);
  put("AAPL", bars_);
  std::this_thread::sleep_for(1s);
  const auto cached = service_->cached(request);
  EXPECT_TRUE(!cached || cached->id != before->id);
  const auto after = ask(request);
  ASSERT_TRUE(after);
  EXPECT_NE(after->id, before->id);
  EXPECT_NE(*after->body, *before->body);
}

TEST_F(ForecastServiceTest, AChampionServesItsBandWithinASecond) {
  const std::string id = add_version("ses", "1-5");
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 5};
  const auto before = ask(request);
  ASSERT_TRUE(before);
  EXPECT_EQ(member(*before, "model_version"),
            built_in(domain::AnalysisLevel::standard, 1260).version);
  EXPECT_TRUE(service_->cached(request));

  ASSERT_TRUE(another_store()->promote_model(id, {}, {}));  // as another process does
  std::this_thread::sleep_for(1s);
  EXPECT_FALSE(service_->cached(request));
  const auto after = ask(request);
  ASSERT_TRUE(after);
  EXPECT_TRUE(member(*after, "model_version").starts_with("ses-")) << *after->body;
  EXPECT_TRUE(member(*after, "model_version").ends_with("-0123456789ab")) << *after->body;
  EXPECT_EQ(service_->cached(request)->id, after->id);
  const auto longer = ask({.symbol = symbol("AAPL"), .days = 6});
  ASSERT_TRUE(longer);
  EXPECT_EQ(member(*longer, "model_version"),
            built_in(domain::AnalysisLevel::standard, 1260).version);

  ASSERT_TRUE(another_store()->retire_model(id, "", {}, {}));
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(ask(request)->id, before->id);
}

TEST_F(ForecastServiceTest, WhereAChampionCannotForecastTheBuiltInModelDoes) {
  put("SOME", std::span(bars_).first(50));
  ASSERT_TRUE(store_->promote_model(add_version("garch_fhs", "1-5"), {}, {}));
  service_ = start();
  const auto few = ask({.symbol = symbol("SOME")});
  ASSERT_TRUE(few) << few.error().message;
  EXPECT_EQ(member(*few, "model_version"), built_in(domain::AnalysisLevel::standard, 1260).version);
  EXPECT_TRUE(member(*ask({.symbol = symbol("AAPL")}), "model_version").starts_with("garch_fhs-"));
}

TEST_F(ForecastServiceTest, APromotionCarriesOverWhatWasAskedFor) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 4, .explanations = false};
  ASSERT_TRUE(ask(request));
  service_.reset();  // which writes what it made to the store
  const std::string id = add_version("ses", "1-5");
  const registry::Shelf shelf;
  const auto now = registry::Lineup::read(*store_, shelf, {}).value();
  const auto next = now.with(store_->find_model(id, {}).value().value(), shelf).value();
  EXPECT_EQ(carry_over(*store_, now, next, {}, system_clock()).value(), 1u);
  EXPECT_EQ(carry_over(*store_, now, next, {}, system_clock()).value(), 0u);
  ASSERT_TRUE(store_->promote_model(id, {}, {}));
  service_ = start();
  const auto carried = service_->compute_now(request, {});
  ASSERT_TRUE(carried);
  EXPECT_TRUE(member(*carried, "model_version").starts_with("ses-")) << *carried->body;
  EXPECT_EQ(counted("ara_cache_requests_total{tier=\"l3\",result=\"hit\"}"), 1);
  EXPECT_EQ(counted("ara_forecast_duration_seconds_count"), 1);  // the first, and no other
  // What was carried over is, byte for byte, what the server would have made.
  ASSERT_EQ(store_->prune_forecasts(WallTime::max(), {}).value(), 2u);
  service_ = start();
  EXPECT_EQ(*service_->compute_now(request, {})->body, *carried->body);
}

TEST_F(ForecastServiceTest, AClosedMarketChangesTheKey) {
  const ForecastRequest request{.symbol = symbol("AAPL")};
  const auto before = ask(request);
  ASSERT_TRUE(before);
  ASSERT_EQ(registry::close_market(*another_store(), domain::AssetType::stock, {}).value(), 1u);
  std::this_thread::sleep_for(1s);
  const auto after = ask(request);
  ASSERT_TRUE(after);
  EXPECT_NE(after->id, before->id);
}

TEST_F(ForecastServiceTest, PromotingFailsNoForecast) {
  std::vector<std::string> ids{add_version("ses", "1-5"), add_version("drift", "1-5")};
  std::atomic<bool> done = false;
  std::atomic<int> failed = 0, answered = 0;
  std::vector<std::jthread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&, r] {
      for (int i = 0; !done; ++i) {
        const ForecastRequest request{.symbol = symbol("AAPL"), .days = 1 + (i + r) % 5};
        const auto made = service_->cached(request);
        failed += !made && !ask(request);
        ++answered;
      }
    });
  }
  const auto store = another_store();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(store->promote_model(ids[static_cast<std::size_t>(i % 2)], {}, {}));
    std::this_thread::sleep_for(10ms);
  }
  done = true;
  readers.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_GT(answered, 0);
}

TEST_F(ForecastServiceTest, ManyWhoWantOneThingShareItsMaking) {
  const ForecastRequest request{.symbol = symbol("AAPL"), .days = 30};
  constexpr int kCallers = 200;
  std::latch all(kCallers);
  std::atomic<int> good = 0;
  for (int i = 0; i < kCallers; ++i) {
    service_->compute(request, Deadline::after(10s), [&](Result<Ready> ready) {
      good += ready ? 1 : 0;
      all.count_down();
    });
  }
  all.wait();
  EXPECT_EQ(good, kCallers);
  EXPECT_EQ(counted("ara_forecast_duration_seconds_count"), 1);
}

TEST_F(ForecastServiceTest, UnknownSymbolSuggestsNearOnes) {
  std::this_thread::sleep_for(50ms);
  const auto ready = ask({.symbol = symbol("AAPLE")});
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, Code::not_found);
  EXPECT_EQ(ready.error().field, "symbol");
  EXPECT_NE(ready.error().message.find("did you mean AAPL?"), std::string::npos);
}

TEST_F(ForecastServiceTest, AssetTypeMustBeTheStoredOne) {
  const auto ready = ask({.symbol = symbol("AAPL"), .asset_type = domain::AssetType::crypto});
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().field, "asset_type");
  EXPECT_TRUE(ask({.symbol = symbol("AAPL"), .asset_type = domain::AssetType::stock}));
}

TEST_F(ForecastServiceTest, TooFewBarsAreRefusedNotInvented) {
  put("TINY", std::span(bars_).first(2));
  const auto ready = ask({.symbol = symbol("TINY")});
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, Code::invalid);
}

TEST_F(ForecastServiceTest, ADeadlineThatCannotBeMetIsRefusedAtOnce) {
  const auto ready = ask({.symbol = symbol("AAPL"), .days = 9}, Deadline::after(0s));
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, Code::overloaded);
  EXPECT_GE(service_->retry_after_seconds(), 1);
}

TEST_F(ForecastServiceTest, BodyKeepsTheContract) {
  const auto ready = ask({.symbol = symbol("AAPL"), .days = 3});
  ASSERT_TRUE(ready);
  yyjson_doc* doc = yyjson_read(ready->body->data(), ready->body->size(), 0);
  ASSERT_NE(doc, nullptr);
  yyjson_val* root = yyjson_doc_get_root(doc);
  EXPECT_EQ(std::string(yyjson_get_str(yyjson_obj_get(root, "id"))), to_hex(ready->id));
  EXPECT_EQ(std::string(yyjson_get_str(yyjson_obj_get(root, "symbol"))), "AAPL");
  const double last = yyjson_get_num(yyjson_obj_get(root, "current_price"));
  EXPECT_NEAR(last, bars_[398].close, 1e-6);
  yyjson_val* days = yyjson_obj_get(root, "predictions");
  ASSERT_EQ(yyjson_arr_size(days), 3U);
  std::size_t index = 0;
  std::size_t count = 0;
  yyjson_val* day = nullptr;
  double width_before = 0;
  yyjson_arr_foreach(days, index, count, day) {
    const auto number = [&](const char* name) { return yyjson_get_num(yyjson_obj_get(day, name)); };
    EXPECT_EQ(number("day"), static_cast<double>(index + 1));
    EXPECT_NEAR(number("predicted_return"), 100 * (number("predicted_price") / last - 1), 1e-6);
    EXPECT_LT(number("lower_bound"), number("predicted_price"));
    EXPECT_GT(number("upper_bound"), number("predicted_price"));
    EXPECT_GE(number("confidence"), 0.5);
    EXPECT_LT(number("confidence"), 1);
    EXPECT_GT(number("upper_bound") - number("lower_bound"), width_before);
    width_before = number("upper_bound") - number("lower_bound");
    EXPECT_EQ(yyjson_obj_size(yyjson_obj_get(day, "quantiles")), 9U);
  }
  EXPECT_TRUE(yyjson_is_num(yyjson_obj_get(yyjson_obj_get(root, "confidence"), "overall")));
  EXPECT_EQ(yyjson_arr_size(yyjson_obj_get(root, "unavailable")), 0U);
  yyjson_doc_free(doc);
}

TEST_F(ForecastServiceTest, MetricsMayOutliveTheService) {
  EXPECT_EQ(counted("ara_symbols"), 1);
  service_.reset();
  EXPECT_EQ(metrics_->exposition().find("\nara_symbols "), std::string::npos);
}

TEST(Encode, PostFormAddsItsFieldsAtTheEnd) {
  EXPECT_EQ(with_response_fields(R"({"id":"x"})", R"(a"b\c)", "2026-01-01T00:00:00.000Z"),
            R"({"id":"x","timestamp":"2026-01-01T00:00:00.000Z","request_id":"a\"b\\c"})");
}

}  // namespace
}  // namespace ara::serve
