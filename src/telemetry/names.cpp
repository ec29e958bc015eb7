#include <array>

#include "telemetry/metrics.h"

namespace ara::telemetry {
namespace {

using enum MetricKind;

constexpr std::array kNames{
    MetricRow{"http_requests_total", counter, "Requests answered.", "", "method,route,status"},
    MetricRow{"http_request_duration_seconds", histogram,
              "From the last byte of a request read to its answer handed to the socket.", "seconds",
              "route"},
    MetricRow{"ara_predictions_total", counter, "Forecasts given out, by the lane that did it.", "",
              "asset_type,lane"},
    MetricRow{"ara_cache_requests_total", counter, "Look-ups in a tier of the cache.", "",
              "tier,result"},
    MetricRow{"ara_cache_size_bytes", gauge, "Bytes held by a tier, bookkeeping included.", "bytes",
              "tier"},
    MetricRow{"ara_cache_entries", gauge, "Entries held by a tier.", "", "tier"},
    MetricRow{"ara_redis_operations_total", counter,
              "Operations on the cluster of Redis: done, failed, or refused by a circuit breaker.",
              "", "result"},
    MetricRow{"ara_redis_retries_total", counter, "Tries of an operation after its first.", "", ""},
    MetricRow{"ara_redis_replica_reads_total", counter,
              "Reads answered by a replica, its master being silent.", "", ""},
    MetricRow{"ara_redis_breakers_open", gauge, "Circuit breakers that are open.", "", ""},
    MetricRow{"ara_forecast_duration_seconds", histogram,
              "From bars read to forecast encoded: fit, combine, encode.", "seconds", ""},
    MetricRow{"ara_slow_lane_queued", gauge, "Pieces of work waiting for a worker.", "", ""},
    MetricRow{"ara_slow_lane_running", gauge, "Pieces of work being done.", "", ""},
    MetricRow{"ara_admission_refusals_total", counter,
              "Requests not computed, since their deadline could not be met.", "", "reason"},
    MetricRow{"ara_symbols", gauge, "Symbols with bars in the store.", "", ""},
    MetricRow{"ara_stream_connections", gauge, "WebSockets and streams of events that are open.",
              "", ""},
    MetricRow{"ara_stream_messages_total", counter,
              "Messages handed to connections, or lost since the hub was too busy.", "", "result"},
    MetricRow{"ara_stream_drops_total", counter, "Connections ended by the server.", "", "reason"},
    MetricRow{"ara_webhook_attempts_total", counter, "Attempts to tell a webhook.", "", "result"},
    MetricRow{"ara_jobs", gauge, "Jobs that have not ended, as they were in the last 5 s.", "",
              "state"},
    MetricRow{"ara_jobs_total", counter, "Runs of jobs that came to an end here, by what end.", "",
              "kind,outcome"},
    MetricRow{"ara_job_duration_seconds", histogram, "Runs of jobs, whatever their end.", "seconds",
              "kind"},
    MetricRow{"process_resident_memory_bytes", gauge, "Resident memory.", "bytes", ""},
    MetricRow{"process_cpu_seconds_total", counter, "User and system CPU time spent.", "seconds",
              ""},
    MetricRow{"process_open_fds", gauge, "Open file descriptors.", "", ""},
    MetricRow{"process_threads", gauge, "Threads.", "", ""},
    MetricRow{"process_start_time_seconds", gauge, "Start of the process since the Unix epoch.",
              "seconds", ""},
    MetricRow{"ara_build_info", gauge, "Always 1; the label tells the version.", "", "version"},
};

constexpr std::array kDurations{50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
                                50e-3, 0.1,    0.25,   0.5,    1.0,  2.5,    5.0,  10.0};

}  // namespace

std::span<const MetricRow> metric_names() {
  return kNames;
}

std::span<const double> duration_buckets() {
  return kDurations;
}

}  // namespace ara::telemetry
