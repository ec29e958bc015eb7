#pragma once

#include <array>
#include <string>
#include <vector>

#include "domain/asset.h"
#include "models/model.h"
#include "telemetry/lazy.h"
#include "telemetry/metrics.h"

namespace ara::serve {

enum Lane { kFast, kSlow };

/// What the service of forecasts counts, one handle for each.
struct Meters {
  explicit Meters(telemetry::Metrics& metrics)
      : l1_hit(metrics.counter("ara_cache_requests_total", {{"tier", "l1"}, {"result", "hit"}})),
        l1_miss(metrics.counter("ara_cache_requests_total", {{"tier", "l1"}, {"result", "miss"}})),
        l2_hit(metrics.counter("ara_cache_requests_total", {{"tier", "l2"}, {"result", "hit"}})),
        l2_miss(metrics.counter("ara_cache_requests_total", {{"tier", "l2"}, {"result", "miss"}})),
        l2_error(
            metrics.counter("ara_cache_requests_total", {{"tier", "l2"}, {"result", "error"}})),
        l3_hit(metrics.counter("ara_cache_requests_total", {{"tier", "l3"}, {"result", "hit"}})),
        l3_miss(metrics.counter("ara_cache_requests_total", {{"tier", "l3"}, {"result", "miss"}})),
        refused(metrics.counter("ara_admission_refusals_total", {{"reason", "overloaded"}})),
        late(metrics.counter("ara_admission_refusals_total", {{"reason", "deadline"}})),
        seconds(metrics.histogram("ara_forecast_duration_seconds")),
        waited(metrics.histogram("ara_slow_lane_delay_seconds")) {
    for (const domain::AssetRow& asset : domain::asset_types()) {
      const std::string name(asset.name);
      predictions[kFast].push_back(
          metrics.counter("ara_predictions_total", {{"asset_type", name}, {"lane", "fast"}}));
      predictions[kSlow].push_back(
          metrics.counter("ara_predictions_total", {{"asset_type", name}, {"lane", "slow"}}));
    }
  }

  telemetry::Metrics::Counter l1_hit, l1_miss, l2_hit, l2_miss, l2_error, l3_hit, l3_miss, refused,
      late;
  telemetry::Metrics::Histogram seconds, waited;
  std::array<std::vector<telemetry::Metrics::Counter>, 2> predictions;
};

/// ara_model_inference_duration_seconds, of the models that are used.
class ModelMeters {
 public:
  explicit ModelMeters(telemetry::Metrics& metrics) : metrics_(metrics) {}

  void observe(const models::ModelRow& row, double seconds) {
    const auto catalog = models::catalog();
    const bool own = &row >= catalog.data() && &row < catalog.data() + catalog.size();
    const std::size_t at = own ? static_cast<std::size_t>(&row - catalog.data()) : catalog.size();
    metrics_.observe(rows_[at].get([&] {
      return metrics_.histogram("ara_model_inference_duration_seconds",
                                {{"model", own ? std::string(row.name) : "user"}});
    }),
                     seconds);
  }

 private:
  telemetry::Metrics& metrics_;
  std::vector<telemetry::LazyHistogram> rows_{models::catalog().size() + 1};  ///< the last: users'
};

}  // namespace ara::serve
