#include "serve/forecast_service.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "registry/market.h"
#include "serve/carry_over.h"
#include "serve/encode.h"
#include "serve/forecaster.h"
#include "unit/serve/service_fixture.h"

namespace ara::serve {
namespace {

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
