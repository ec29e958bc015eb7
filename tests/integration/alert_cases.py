"""When each alert fires and when not, with its real durations, for alerts_test.py.

A case is a history of series: first well, then ill. `quiet_until` and `fires_by` are minutes after it
has become ill: at the first the alert does not fire yet, at the second it does. The same series with
their third value, near to the threshold, never fire it. A value is a gauge's, or a counter's growth a
second.
"""

from dataclasses import dataclass, field

GONE = None  # of a gauge: it is not exported any more
NODE = 'instance="n1"'
SERVER = f'job="ara",{NODE}'
WORKER = f'job="ara-worker",{NODE}'


@dataclass(frozen=True)
class Case:
    alert: str
    quiet_until: float = 0
    fires_by: float = 0
    gauges: dict = field(default_factory=dict)    # series -> (well, ill, near)
    counters: dict = field(default_factory=dict)  # series -> (well, ill, near) a second
    well: float = 10     # minutes
    step: int = 15       # seconds between samples, and between evaluations
    labels: str = ""     # what the firing alert must bear


@dataclass(frozen=True)
class Never(Case):
    """Never fires: all values are those of `gauges` and `counters` as they are, for an hour."""


def took(family, labels, fast, slow, above, below):
    """Counters of a histogram: so many a second are faster than 5 ms, and so many between two
    bounds; each well, ill and near."""
    both = tuple(a + b for a, b in zip(fast, slow))
    comma = labels + "," if labels else ""
    return {f'{family}_bucket{{{comma}le="0.005"}}': fast, f'{family}_bucket{{{comma}le="{above}"}}': fast,
            f'{family}_bucket{{{comma}le="{below}"}}': both, f'{family}_bucket{{{comma}le="+Inf"}}': both,
            f"{family}_count{{{labels}}}": both}


def answers(good, bad, route="/api/v1/predict/{symbol}"):
    return {f'http_requests_total{{{NODE},route="{route}",status="200"}}': good,
            f'http_requests_total{{{NODE},route="{route}",status="503"}}': bad}


def coverage(value, days, level="80"):
    return {f'ara_forecast_coverage{{{NODE},asset_type="stock",level="{level}"}}': value,
            f'ara_forecast_settled_window{{{NODE},asset_type="stock"}}': days}


PREDICT = f'{NODE},route="/api/v1/predict/{{symbol}}"'
SECONDS = "http_request_duration_seconds"
STEADY = answers((10, 10, 10), (0, 0, 0))
DAYS = (500, 500, 500)

AVAILABILITY = [
    Case("APIDown", 0.75, 1.25, {f'up{{job="ara",{NODE}}}': (1, 0, 1)}, labels=NODE),
    Never("APIDown", gauges={f'up{{job="prometheus",{NODE}}}': 0}),
    Never("APIDown", gauges={f'up{{job="ara-worker",{NODE}}}': 0}),
    Case("APIGone", 4.75, 5.5, {f'up{{job="ara",{NODE}}}': (1, GONE, 0)}),
    Case("APIGone", 4.75, 5.5, {f'up{{job="ara",{NODE}}}': (1, GONE, 0),
                                'up{job="ara-worker",instance="w1"}': (1, 1, 1)}),
    Case("HighErrorRate", 6, 9, counters=answers((10, 9, 9.6), (0, 1, 0.4))),
    Case("HighAPILatency", 5.5, 7.5, counters=took(SECONDS, PREDICT, (10, 8, 9.6), (0, 2, 0.4), 2.5, 5)),
    # Streams and pages of other kinds do not count.
    Never("HighAPILatency", counters=took(SECONDS, 'route="/ws/alerts"', (0,), (10,), 2.5, 5)),
]

BUDGET = [
    Case("ErrorBudgetBurnFast", 8, 10, counters=answers((10, 9, 9.88), (0, 1, 0.12)), well=70,
         labels='slo="availability"'),
    Case("ErrorBudgetBurnFast", 20, 32, counters=took(SECONDS, PREDICT, (10, 6, 9), (0, 4, 1), 0.5, 1),
         well=70, labels='slo="latency"'),
    Case("ErrorBudgetBurn", 105, 115, counters=answers((10, 9.8, 9.95), (0, 0.2, 0.05)), well=420, step=60,
         labels='slo="availability"'),
    Case("ErrorBudgetBurnSlow", 1430, 1460, counters=answers((10, 9.97, 9.991), (0, 0.03, 0.009)),
         well=4400, step=120, labels='slo="availability"'),
    # Nobody asks anything else than whether it lives.
    Never("ErrorBudgetBurnFast", counters=answers((0,), (1,), route="/health/ready")),
]

SCALING = [
    Case("ScaleOnCPU", 18, 19.5, {f"ara_available_cores{{{SERVER}}}": (2, 2, 2)},
         {f"process_cpu_seconds_total{{{SERVER}}}": (0.5, 1.8, 1.3)}, labels=NODE),
    # A worker that works uses all it has.
    Never("ScaleOnCPU", gauges={f"ara_available_cores{{{WORKER}}}": 2},
          counters={f"process_cpu_seconds_total{{{WORKER}}}": (2,)}),
    Case("ScaleOnMemory", 14.75, 15.5, {
        f"ara_available_memory_bytes{{{SERVER}}}": (1e9, 1e9, 1e9),
        f"process_resident_memory_bytes{{{SERVER}}}": (5e8, 8.5e8, 7.5e8)}, labels=NODE),
    Case("ScaleOnLatency", 15.5, 17.5, counters=took(SECONDS, PREDICT, (10, 8, 9.6), (0, 2, 0.4), 0.5, 1)),
    Case("ScaleOnRequests", 17, 19, {f"ara_available_cores{{{NODE}}}": (2, 2, 2)},
         answers((200, 600, 400), (0, 0, 0)), labels=NODE),
    Case("ScaleOnConnections", 14.75, 15.5, {
        f'ara_db_pool_connections{{{NODE},pool="a:5432",state="busy"}}': (2, 9, 7),
        f'ara_db_pool_connections{{{NODE},pool="a:5432",state="idle"}}': (8, 1, 3),
        f'ara_db_pool_limit{{{NODE},pool="a:5432"}}': (10, 10, 10)}, labels='pool="a:5432"'),
    Case("ScaleOnQueueDelay", 15.5, 17.5,
         counters=took("ara_slow_lane_delay_seconds", NODE, (10, 8, 9.6), (0, 2, 0.4), 0.5, 2.5)),
]

RESOURCES = [
    *(Case("HighMemoryUsage", 4.75, 5.5, {
        f"ara_available_memory_bytes{{{one}}}": (1e9, 1e9, 1e9),
        f"process_resident_memory_bytes{{{one}}}": (5e8, 9.7e8, 9e8)}, labels=one) for one in (SERVER, WORKER)),
    Case("HighActiveRequests", 4.75, 5.5, {f"ara_requests_in_flight{{{NODE}}}": (3, 150, 100)}, labels=NODE),
    Case("CPUThrottled", 16, 19,
         counters={f"ara_cgroup_cpu_throttled_seconds_total{{{NODE}}}": (0, 0.5, 0.2)}, labels=NODE),
    Case("FileDescriptorsLow", 14.75, 15.5, {
        f'process_open_fds{{job="ara",{NODE}}}': (100, 900, 700),
        f'process_max_fds{{job="ara",{NODE}}}': (1000, 1000, 1000)}, labels=NODE),
    Case("DiskFull", 14.75, 15.5, {f"ara_disk_used_ratio{{{NODE}}}": (0.5, 0.95, 0.89)}, labels=NODE),
]


def database(good, bad, role):
    """Calls that went well or failed; both took their time."""
    both = tuple(a + b for a, b in zip(good, bad))
    return {f'ara_db_query_duration_seconds_count{{{NODE},operation="heads",role="{role}"}}': both,
            f'ara_db_errors_total{{{NODE},operation="heads",role="{role}"}}': bad}


STORES = [
    Case("DatabasePrimaryFailing", 1, 2.25, counters=database((9, 0, 6), (0, 10, 4), "primary"),
         labels='role="primary"'),
    Case("DatabasePrimaryFailing", 1, 2.25, counters=database((9, 0, 6), (0, 10, 4), "embedded"),
         labels='role="embedded"'),
    # Nothing gets a connection, so there are errors and no queries.
    Case("DatabasePrimaryFailing", 1, 2.25, counters={
        f'ara_db_query_duration_seconds_count{{{NODE},operation="heads",role="primary"}}': (10, 0, 10),
        f'ara_db_errors_total{{{NODE},operation="fleet",role="primary"}}': (0, 3, 0)}),
    # A replica that fails is left out, and others do its work.
    Never("DatabasePrimaryFailing", counters=database((1,), (9,), "replica")),
    Case("ReplicaLag", 4.75, 5.5, {f'ara_db_replica_lag_seconds{{{NODE},replica="b:5432"}}': (0, 40, 29)},
         labels='replica="b:5432"'),
    Case("ReplicaUnused", 14.75, 15.5, {f'ara_db_replica_in_use{{{NODE},replica="b:5432"}}': (1, 0, 1),
                                        'ara_db_replica_in_use{instance="n2",replica="b:5432"}': (1, 0, 0)},
         labels='replica="b:5432"'),
    Case("ConnectionsRefused", 4.75, 5.75, counters={f"ara_db_pool_refusals_total{{{NODE}}}": (0, 0.5, 0)},
         labels=NODE),
    Case("BackupTooOld", 14.75, 15.5, {f"ara_backup_age_seconds{{{NODE}}}": (3600, 97200, 90000)}),
    Case("LowCacheHitRate", 11, 13, counters=STEADY | {
        f'ara_cache_requests_total{{{NODE},tier="l1",result="hit"}}': (9, 2, 5),
        f'ara_cache_requests_total{{{NODE},tier="l1",result="miss"}}': (1, 8, 5),
        f'ara_cache_requests_total{{{NODE},tier="l2",result="hit"}}': (0, 1, 2.5),
        f'ara_cache_requests_total{{{NODE},tier="l2",result="miss"}}': (1, 7, 2.5)}),
    # With hardly any requests, what each misses says little.
    Never("LowCacheHitRate", counters=answers((0.5,), (0,)) | {
        f'ara_cache_requests_total{{{NODE},tier="l1",result="hit"}}': (0.1,),
        f'ara_cache_requests_total{{{NODE},tier="l1",result="miss"}}': (0.4,)}),
    Case("RedisSlotsUncovered", 4.75, 5.5, {f"ara_redis_slots_covered{{{NODE}}}": (16384, 10923, 16384)}),
    Case("RedisBreakersOpen", 4.75, 5.5, {f"ara_redis_breakers_open{{{NODE}}}": (0, 2, 0)}, labels=NODE),
]

FORECASTS = [
    Case("SlowPredictions", 5.5, 7.5, counters=took(SECONDS, PREDICT, (10, 8, 9.6), (0, 2, 0.4), 2.5, 5)),
    Case("ModelInferenceSlow", 10.25, 12.5, counters=took(
        "ara_model_inference_duration_seconds", f'{NODE},model="arima"', (1, 0.8, 0.96), (0, 0.2, 0.04), 1, 5),
         labels='model="arima"'),
    Case("ForecastsMiscalibrated", 59, 61, coverage((0.81, 0.60, 0.68), DAYS), labels='level="80"'),
    Case("ForecastsMiscalibrated", 59, 61, coverage((0.95, 0.80, 0.85), DAYS, "95"), labels='level="95"'),
    Never("ForecastsMiscalibrated", gauges=coverage(0.3, 150)),
    Case("ForecastsNoBetterThanChance", 59, 61, {
        f'ara_forecast_crps_ratio{{{NODE},asset_type="stock"}}': (0.98, 1.1, 1.04),
        f'ara_forecast_settled_window{{{NODE},asset_type="stock"}}': DAYS}, labels='asset_type="stock"'),
]

JOBS = [
    Case("JobsFailing", 4.75, 6, counters={
        f'ara_jobs_total{{{NODE},kind="train",outcome="failed"}}': (0, 0.01, 0),
        f'ara_jobs_total{{{NODE},kind="train",outcome="retried"}}': (0.1, 0.1, 0.1)}, labels='kind="train"'),
    Case("JobsWaiting", 4.75, 5.5, {f"ara_jobs_oldest_queued_seconds{{{NODE}}}": (0, 1200, 800)}),
    Case("WorkerDown", 4.75, 5.5, {f"up{{{WORKER}}}": (1, 0, 1)}, labels=NODE),
    Never("WorkerDown", gauges={f"up{{{SERVER}}}": 0}),
    Case("WebhooksFailing", 22, 24, counters={
        f'ara_webhook_attempts_total{{{NODE},result="success"}}': (1, 0, 0.6),
        f'ara_webhook_attempts_total{{{NODE},result="failed"}}': (0, 1, 0.4)}),
    Case("RulesFailing", 4.75, 6, counters={"prometheus_rule_evaluation_failures_total{}": (0, 0.1, 0)}),
    Case("AlertsUndelivered", 4.75, 6, counters={"prometheus_notifications_dropped_total{}": (0, 0.1, 0)}),
]

CASES = [*AVAILABILITY, *BUDGET, *SCALING, *RESOURCES, *STORES, *FORECASTS, *JOBS]
