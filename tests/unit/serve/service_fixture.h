#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <yyjson.h>

#include <cmath>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/format.h"
#include "base/rng.h"
#include "domain/calendar.h"
#include "serve/forecast_service.h"

namespace ara::serve {

using namespace std::chrono_literals;

/// Weekday bars of a random walk, made by arithmetic so that every run has the same.
inline std::vector<domain::Bar> made_bars(std::size_t count, std::uint64_t seed = 1) {
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

class ForecastServiceTest : public testing::Test {
 protected:
  static domain::Symbol symbol(std::string_view text) { return *domain::Symbol::parse(text); }

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

}  // namespace ara::serve
