#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "doctor/facts.h"

namespace ara::doctor {

/// What a healthy node said, twice, 10 s apart, cut to what rules look at.
inline constexpr std::string_view kBefore = R"(# HELP http_requests_total Requests answered.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/api/v1/predict/{symbol}",status="200"} 1000
http_requests_total{method="GET",route="/api/v1/predict/{symbol}",status="503"} 0
http_requests_total{method="GET",route="/metrics",status="200"} 7
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="5e-05"} 900
http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="0.001"} 1000
http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="0.5"} 1000
http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="2.5"} 1000
http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="10"} 1000
http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}",le="+Inf"} 1000
http_request_duration_seconds_sum{route="/api/v1/predict/{symbol}"} 2
http_request_duration_seconds_count{route="/api/v1/predict/{symbol}"} 1000
ara_cache_requests_total{tier="l1",result="hit"} 900
ara_cache_requests_total{tier="l1",result="miss"} 100
ara_cache_requests_total{tier="l3",result="hit"} 0
ara_cache_requests_total{tier="l3",result="miss"} 100
ara_cache_size_bytes{tier="l1"} 4000000
ara_cache_limit_bytes{tier="l1"} 50000000
ara_cache_entries{tier="l1"} 400
ara_cache_evictions_total{tier="l1"} 0
ara_redis_operations_total{result="done"} 100
ara_redis_operations_total{result="failed"} 0
ara_redis_operations_total{result="refused"} 0
ara_redis_breakers_open 0
ara_redis_slots_covered 16384
ara_db_query_duration_seconds_bucket{operation="bars_read",role="replica",le="0.001"} 90
ara_db_query_duration_seconds_bucket{operation="bars_read",role="replica",le="0.5"} 100
ara_db_query_duration_seconds_bucket{operation="bars_read",role="replica",le="+Inf"} 100
ara_db_query_duration_seconds_sum{operation="bars_read",role="replica"} 0.1
ara_db_query_duration_seconds_count{operation="bars_read",role="replica"} 100
ara_db_errors_total{operation="bars_read",role="replica"} 0
ara_db_pool_connections{pool="db-1:5432",state="busy"} 1
ara_db_pool_connections{pool="db-1:5432",state="idle"} 2
ara_db_pool_limit{pool="db-1:5432"} 12
ara_db_pool_limit{pool="sqlite writer"} 1
ara_db_pool_wait_seconds_bucket{le="0.00025"} 100
ara_db_pool_wait_seconds_bucket{le="0.025"} 100
ara_db_pool_wait_seconds_bucket{le="0.5"} 100
ara_db_pool_wait_seconds_bucket{le="+Inf"} 100
ara_db_pool_wait_seconds_sum 0.0001
ara_db_pool_wait_seconds_count 100
ara_db_pool_refusals_total 0
ara_db_replica_lag_seconds{replica="db-2:5432"} 0.01
ara_db_replica_in_use{replica="db-2:5432"} 1
ara_model_inference_duration_seconds_bucket{model="garch_fhs",le="0.005"} 100
ara_model_inference_duration_seconds_bucket{model="garch_fhs",le="+Inf"} 100
ara_model_inference_duration_seconds_sum{model="garch_fhs"} 0.3
ara_model_inference_duration_seconds_count{model="garch_fhs"} 100
ara_slow_lane_workers 2
ara_slow_lane_delay_seconds_bucket{le="0.001"} 100
ara_slow_lane_delay_seconds_bucket{le="0.1"} 100
ara_slow_lane_delay_seconds_bucket{le="0.5"} 100
ara_slow_lane_delay_seconds_bucket{le="+Inf"} 100
ara_slow_lane_delay_seconds_sum 0.01
ara_slow_lane_delay_seconds_count 100
ara_admission_refusals_total{reason="deadline"} 0
ara_admission_refusals_total{reason="overloaded"} 0
ara_admission_refusals_total{reason="quota"} 0
ara_jobs_oldest_queued_seconds 0
process_resident_memory_bytes 60000000
process_cpu_seconds_total 10
process_open_fds 60
process_max_fds 1024
process_threads 17
ara_cgroup_cpu_limit_cores 2
ara_cgroup_memory_usage_bytes 70000000
ara_cgroup_memory_limit_bytes 256000000
ara_stream_connections 0
ara_build_info{version="0.1.0"} 1
)";

/// `text` with the value of one series changed, whose name and labels are given as in the text.
inline std::string changed(std::string text, std::string_view series, double value) {
  const std::string begin = "\n" + std::string(series) + " ";
  const auto at = text.find(begin);
  if (at == std::string::npos) throw std::runtime_error("no series " + std::string(series));
  const auto from = at + begin.size();
  return text.replace(from, text.find('\n', from) - from, std::to_string(value));
}

inline std::string after_text() {
  std::string text(kBefore);
  constexpr std::string_view kRoute = "{route=\"/api/v1/predict/{symbol}\"";
  const auto requests = [&](std::string_view part, double value) {
    text = changed(text, "http_request_duration_seconds" + std::string(part), value);
  };
  const std::string bucket = "_bucket" + std::string(kRoute);
  requests(bucket + ",le=\"5e-05\"}", 1800);
  for (const std::string_view bound : {"0.001", "0.5", "2.5", "10", "+Inf"}) {
    requests(bucket + ",le=\"" + std::string(bound) + "\"}", 2000);
  }
  requests("_sum" + std::string(kRoute) + "}", 2.2);
  requests("_count" + std::string(kRoute) + "}", 2000);
  text = changed(
      text, R"(http_requests_total{method="GET",route="/api/v1/predict/{symbol}",status="200"})",
      2000);
  text = changed(text, R"(ara_cache_requests_total{tier="l1",result="hit"})", 1890);
  text = changed(text, R"(ara_cache_requests_total{tier="l1",result="miss"})", 110);
  return changed(text, "process_cpu_seconds_total", 12);
}

inline NodeLook recorded_node() {
  NodeLook node;
  node.url = "http://node-1:8000";
  node.age = 3600;
  node.window = {Scrape::parse(kBefore).value(), Scrape::parse(after_text()).value(), 10};
  for (int i = 0; i <= 10; ++i) {
    node.memory.push_back({static_cast<double>(i), 60e6 + 1e4 * i, 4e6});
  }
  return node;
}

inline storage::ServerLook recorded_server(std::string name, bool standby) {
  return {.server = std::move(name),
          .error = {},
          .standby = standby,
          .position = 1000,
          .connections = 20,
          .connections_limit = 55,
          .tables = {{"bars_0", 50'000, 3, 150'000}, {"jobs", 5, 900, 4500}},
          .running = {},
          .ended = {{"SELECT 1", {}, 100, 0.1}},
          .counts_statements = true};
}

/// Of one node and a primary with a standby; nothing is wrong with it.
inline Facts recorded_facts() {
  Facts facts;
  facts.nodes.push_back(recorded_node());
  storage::DatabaseLook catalog{
      .name = "catalog", .servers = {}, .error = {}, .indexes = {}, .fresh_forecasts = 500};
  catalog.servers = {recorded_server("db-1:5432", false), recorded_server("db-2:5432", true)};
  facts.store = storage::StoreLook{.kind = "postgresql", .databases = {catalog}};
  facts.store_after = facts.store;
  facts.store_seconds = 10;
  facts.machine = {.cores = 4, .memory_bytes = 8e9};
  facts.sizes = {.api_workers = 2,
                 .max_workers = 2,
                 .cache_size_mb = 64,
                 .postgres_connections = 24,
                 .fleet_nodes = 2,
                 .cache_ttl_seconds = 300,
                 .replicated = true};
  return facts;
}

}  // namespace ara::doctor
