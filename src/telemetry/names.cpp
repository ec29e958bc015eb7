#include <array>

#include "telemetry/metrics.h"

namespace ara::telemetry {
namespace {

using enum MetricKind;

// Upper bounds in seconds. Each costs every series of the family a sample (Metrics::kMaxSamples),
// so only requests have many.
constexpr std::array kRequests{50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
                               50e-3, 0.1,    0.25,   0.5,    1.0,  2.5,    5.0,  10.0};
constexpr std::array kQueries{250e-6, 1e-3, 5e-3, 25e-3, 0.1, 0.5, 2.5};
constexpr std::array kInference{1e-3, 5e-3, 25e-3, 0.1, 0.25, 1.0, 5.0};
constexpr std::array kJobs{0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0};

constexpr std::array kNames{
    MetricRow{"http_requests_total", counter, "Requests answered.", "", "method,route,status"},
    MetricRow{"http_request_duration_seconds", histogram,
              "From the last byte of a request read to its answer handed to the socket.", "seconds",
              "route", kRequests},
    MetricRow{"ara_requests_in_flight", gauge,
              "Requests that are being worked on outside the event loops.", "", ""},
    MetricRow{"ara_errors_total", counter, "Problems answered, by the member error of the answer.",
              "", "code"},
    MetricRow{"ara_predictions_total", counter, "Forecasts given out, by the lane that did it.", "",
              "asset_type,lane"},
    MetricRow{"ara_cache_requests_total", counter, "Look-ups in a tier of the cache.", "",
              "tier,result"},
    MetricRow{"ara_cache_size_bytes", gauge, "Bytes held by a tier, bookkeeping included.", "bytes",
              "tier"},
    MetricRow{"ara_cache_limit_bytes", gauge, "Bytes that a tier may hold.", "bytes", "tier"},
    MetricRow{"ara_cache_entries", gauge, "Entries held by a tier.", "", "tier"},
    MetricRow{"ara_cache_evictions_total", counter,
              "Entries that gave way to others before their time.", "", "tier"},
    MetricRow{"ara_redis_operations_total", counter,
              "Operations on the cluster of Redis: done, failed, or refused by a circuit breaker.",
              "", "result"},
    MetricRow{"ara_redis_retries_total", counter, "Tries of an operation after its first.", "", ""},
    MetricRow{"ara_redis_replica_reads_total", counter,
              "Reads answered by a replica, its master being silent.", "", ""},
    MetricRow{"ara_redis_breakers_open", gauge, "Circuit breakers that are open.", "", ""},
    MetricRow{"ara_redis_slots_covered", gauge,
              "Slots of the cluster of Redis that some master serves, of 16384.", "", ""},
    MetricRow{
        "ara_db_query_duration_seconds", histogram,
        "Use of a connection for one call of the store, by what it was for and whom it went to.",
        "seconds", "operation,role", kQueries},
    MetricRow{
        "ara_db_errors_total", counter,
        "Such calls that failed for a fault of the database, a try that was repeated included.", "",
        "operation,role"},
    MetricRow{"ara_db_pool_connections", gauge,
              "Connections to a place, lent to a thread (busy) or not.", "", "pool,state"},
    MetricRow{"ara_db_pool_limit", gauge, "Connections to a place that there may be.", "", "pool"},
    MetricRow{"ara_db_pool_wait_seconds", histogram, "Wait for a connection.", "seconds", "",
              kQueries},
    MetricRow{"ara_db_pool_refusals_total", counter,
              "Calls for which no connection came free in time.", "", ""},
    MetricRow{"ara_db_replica_lag_seconds", gauge,
              "How far a standby is behind the primary, as last seen; at most how long that is "
              "looked back.",
              "seconds", "replica"},
    MetricRow{"ara_db_replica_in_use", gauge,
              "Whether a standby is read (1) or left out, being too far behind or not there (0).",
              "", "replica"},
    MetricRow{"ara_forecast_duration_seconds", histogram,
              "From bars read to forecast encoded: fit, combine, encode.", "seconds", "",
              kRequests},
    MetricRow{"ara_model_inference_duration_seconds", histogram,
              "Fit and forecast of one model of the catalog, or of a user's.", "seconds", "model",
              kInference},
    MetricRow{"ara_slow_lane_queued", gauge, "Pieces of work waiting for a worker.", "", ""},
    MetricRow{"ara_slow_lane_running", gauge, "Pieces of work being done.", "", ""},
    MetricRow{"ara_slow_lane_workers", gauge, "Threads that do them.", "", ""},
    MetricRow{"ara_slow_lane_delay_seconds", histogram, "From queued to begun.", "seconds", "",
              kQueries},
    MetricRow{
        "ara_admission_refusals_total", counter,
        "Requests refused: their deadline could not be met, or their account's quota was spent.",
        "", "reason"},
    MetricRow{"ara_symbols", gauge, "Symbols with bars in the store.", "", ""},
    MetricRow{"ara_stream_connections", gauge, "WebSockets and streams of events that are open.",
              "", ""},
    MetricRow{"ara_stream_messages_total", counter,
              "Messages handed to connections, or lost since the hub was too busy.", "", "result"},
    MetricRow{"ara_stream_drops_total", counter, "Connections ended by the server.", "", "reason"},
    MetricRow{"ara_webhook_attempts_total", counter, "Attempts to tell a webhook.", "", "result"},
    MetricRow{"ara_jobs", gauge, "Jobs that have not ended, as they were in the last 5 s.", "",
              "state"},
    MetricRow{
        "ara_jobs_oldest_queued_seconds", gauge,
        "How long the job that waits longest has been due, 0 where none is; as of the last 5 s.",
        "seconds", ""},
    MetricRow{"ara_jobs_total", counter, "Runs of jobs that came to an end here, by what end.", "",
              "kind,outcome"},
    MetricRow{"ara_job_duration_seconds", histogram, "Runs of jobs, whatever their end.", "seconds",
              "kind", kJobs},
    MetricRow{"ara_job_delay_seconds", histogram,
              "From due to begun; not of jobs that were interrupted.", "seconds", "", kJobs},
    MetricRow{"ara_forecasts_settled_total", counter,
              "Days of forecasts that were compared with their bars here.", "", "asset_type"},
    MetricRow{"ara_forecast_coverage", gauge,
              "Share of the newest settled days that lie in the central interval of that level, in "
              "percent.",
              "", "asset_type,level"},
    MetricRow{"ara_forecast_settled_window", gauge,
              "How many settled days the other families of forecasts are of.", "", "asset_type"},
    MetricRow{"ara_forecast_crps_ratio", gauge,
              "CRPS of the newest settled days over that of a random walk; below 1 is better.",
              "ratio", "asset_type"},
    MetricRow{"ara_forecast_absolute_error", gauge,
              "Mean of |close / median - 1| over the newest settled days.", "", "asset_type"},
    MetricRow{
        "ara_backup_age_seconds", gauge,
        "Since the newest backup of the store, or since the store was made where there is none.",
        "seconds", ""},
    MetricRow{"ara_trace_spans_total", counter,
              "Spans of traces: exported, or dropped since the queue was full or the collector did "
              "not take them.",
              "", "result"},
    MetricRow{"process_resident_memory_bytes", gauge, "Resident memory.", "bytes", ""},
    MetricRow{"process_virtual_memory_bytes", gauge, "Virtual memory.", "bytes", ""},
    MetricRow{"process_cpu_seconds_total", counter, "User and system CPU time spent.", "seconds",
              ""},
    MetricRow{"process_open_fds", gauge, "Open file descriptors.", "", ""},
    MetricRow{"process_max_fds", gauge, "File descriptors that may be open.", "", ""},
    MetricRow{"process_threads", gauge, "Threads.", "", ""},
    MetricRow{"process_network_receive_bytes_total", counter,
              "Bytes received by the network namespace of the process, loopback included.", "bytes",
              ""},
    MetricRow{"process_network_transmit_bytes_total", counter,
              "Bytes sent by the network namespace of the process, loopback included.", "bytes",
              ""},
    MetricRow{"process_start_time_seconds", gauge, "Start of the process since the Unix epoch.",
              "seconds", ""},
    MetricRow{"ara_cgroup_cpu_usage_seconds_total", counter,
              "CPU time that the control group of the process has used.", "seconds", ""},
    MetricRow{"ara_cgroup_cpu_throttled_seconds_total", counter,
              "Time that the control group has waited with its quota spent.", "seconds", ""},
    MetricRow{"ara_cgroup_cpu_limit_cores", gauge,
              "CPU quota of the control groups; absent where there is none.", "cores", ""},
    MetricRow{"ara_cgroup_memory_usage_bytes", gauge,
              "Memory of the control group, without inactive pages of files.", "bytes", ""},
    MetricRow{"ara_cgroup_memory_limit_bytes", gauge,
              "Memory limit of the control groups; absent where there is none.", "bytes", ""},
    MetricRow{"ara_disk_used_ratio", gauge, "Used part of the file system that holds the data.",
              "ratio", ""},
    MetricRow{
        "ara_available_cores", gauge,
        "Processors that the process may use: those of its control groups, else the machine's.",
        "cores", ""},
    MetricRow{"ara_available_memory_bytes", gauge,
              "Memory that the process may use: that of its control groups, else the machine's.",
              "bytes", ""},
    MetricRow{"ara_build_info", gauge, "Always 1; the label tells the version.", "", "version"},
};

}  // namespace

std::span<const MetricRow> metric_names() {
  return kNames;
}

}  // namespace ara::telemetry
