#!/usr/bin/env python3
"""Writes the dashboards of Grafana, one file each, from the table below.

    python3 deploy/monitoring/dashboards.py

Grafana's JSON says in forty lines what a row here says in one. The files are what is shipped; a test
sees to it that they are those of the table.
"""

import json
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent / "grafana/dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
COLUMNS = 24  # of Grafana's grid
HEIGHT = {"timeseries": 8, "stat": 4}


@dataclass(frozen=True)
class Panel:
    """`queries` by legend. `limit` is where it turns red, `floor` below which; `top` is the end of
    the axis."""

    title: str
    unit: str
    queries: dict
    kind: str = "timeseries"
    width: int = 8
    help: str = ""
    limit: float | None = None
    floor: float | None = None
    top: float | None = None
    stacked: bool = False


def number(title, unit, query, **more):
    return Panel(title, unit, {"": query}, kind="stat", width=4, **more)


def quantiles(family, select=""):
    """Three quantiles of a histogram."""
    return {f"p{q}": f"histogram_quantile(0.{q}, sum by (le) "
                     f"(rate({family}_bucket{select}[$__rate_interval])))" for q in (50, 95, 99)}


def by(label, family, select="", legend=None):
    """Rates of a counter, summed by a label."""
    return {legend or "{{%s}}" % label: f"sum by ({label}) (rate({family}{select}[$__rate_interval]))"}


API = '{route=~"/api/.*"}'
OURS = '{job=~"ara.*",instance=~"$instance"}'  # servers and workers
HERE_ONLY = '{instance=~"$instance"}'

OVERVIEW = [
    number("Servers up", "none", 'sum(up{job="ara"})', floor=1),
    number("Requests", "reqps", "ara:http_requests:rate5m"),
    number("Errors", "percentunit", "ara:http_errors:ratio_rate5m", limit=0.01),
    number("p95", "s", "ara:http_request_duration_seconds:p95_rate5m", limit=0.5),
    number("Out of a cache", "percentunit", "ara:cache_hits:ratio_rate5m", floor=0.7),
    number("Budget left", "percentunit", "min(ara:slo_budget_left:ratio)", floor=0.25,
           help="Of the promise that is worse off, over 30 days."),
    Panel("Rate: requests by status", "reqps", by("status", "http_requests_total"), stacked=True),
    Panel("Errors: answers of 5xx", "percentunit", {"of all": "ara:http_errors:ratio_rate5m"}, limit=0.05),
    Panel("Duration: the API", "s", {
        "p50": "ara:http_request_duration_seconds:p50_rate5m",
        "p95": "ara:http_request_duration_seconds:p95_rate5m",
        "p99": "ara:http_request_duration_seconds:p99_rate5m"}),
    Panel("Requests by route", "reqps", by("route", "http_requests_total")),
    Panel("p95 by route", "s", {
        "{{route}}": "histogram_quantile(0.95, sum by (route, le) "
                     f"(rate(http_request_duration_seconds_bucket{API}[$__rate_interval])))"}),
    Panel("Requests by server", "reqps", {"{{instance}}": "instance:http_requests:rate5m"}),
    Panel("Forecasts by asset type", "ops", by("asset_type", "ara_predictions_total")),
    Panel("Forecasts by lane", "ops", by("lane", "ara_predictions_total"),
          help="fast: out of memory, on the event loop; slow: everything else."),
    Panel("Problems by code", "ops", by("code", "ara_errors_total")),
    Panel("Requests under way", "none", {"{{instance}}": "ara_requests_in_flight"}, limit=100),
    Panel("Refused", "ops", by("reason", "ara_admission_refusals_total"),
          help="Answered 503 or 429 at once, since the deadline could not be met or the quota is used up."),
    Panel("Streams open", "none", {"{{instance}}": "ara_stream_connections"}),
]

RESOURCES = [
    Panel("CPU of what may be used", "percentunit", {"{{instance}}": f"instance:cpu:ratio_rate5m{HERE_ONLY}"},
          limit=0.7, top=1),
    Panel("Memory of what may be used", "percentunit", {"{{instance}}": f"instance:memory:ratio{HERE_ONLY}"},
          limit=0.8, top=1),
    Panel("Disk", "percentunit", {"{{instance}}": f"ara_disk_used_ratio{HERE_ONLY}"}, limit=0.9, top=1),
    Panel("CPU", "none", {"{{instance}}": f"rate(process_cpu_seconds_total{OURS}[$__rate_interval])",
                          "{{instance}}, group": "rate(ara_cgroup_cpu_usage_seconds_total"
                                                 f"{HERE_ONLY}[$__rate_interval])"},
          help="Cores in use, of the process and of the control group it is in."),
    Panel("Memory", "bytes", {"{{instance}}": f"process_resident_memory_bytes{OURS}",
                              "{{instance}}, group": f"ara_cgroup_memory_usage_bytes{HERE_ONLY}"}),
    Panel("Held back by the CPU limit", "s", {
        "{{instance}}": f"rate(ara_cgroup_cpu_throttled_seconds_total{HERE_ONLY}[$__rate_interval])"},
        help="Seconds a second in which it waited for its quota.", limit=0.25),
    Panel("Network, in", "Bps",
          {"{{instance}}": f"rate(process_network_receive_bytes_total{OURS}[$__rate_interval])"}),
    Panel("Network, out", "Bps",
          {"{{instance}}": f"rate(process_network_transmit_bytes_total{OURS}[$__rate_interval])"}),
    Panel("Requests on each core", "reqps", {
        "{{instance}}": f"instance:http_requests_per_core:rate5m{HERE_ONLY}",
        "measured at most": "ara:http_requests_per_core:capacity"}),
    Panel("Saturation: work waiting", "none", {"{{instance}}": f"ara_slow_lane_queued{HERE_ONLY}"}),
    Panel("Saturation: workers in use", "percentunit", {
        "{{instance}}": f"ara_slow_lane_running{HERE_ONLY} / ara_slow_lane_workers{HERE_ONLY}"}, top=1),
    Panel("Saturation: wait for a worker", "s", quantiles("ara_slow_lane_delay_seconds", HERE_ONLY), limit=0.5),
    Panel("File descriptors", "percentunit", {"{{instance}}": f"instance:descriptors:ratio{HERE_ONLY}"},
          limit=0.8, top=1),
    Panel("Threads", "none", {"{{instance}}": f"process_threads{OURS}"}),
    Panel("Up since", "dateTimeFromNow", {"{{instance}}": f"process_start_time_seconds{OURS} * 1000"}),
]

CACHES = [
    number("Out of a cache", "percentunit", "ara:cache_hits:ratio_rate5m", floor=0.7),
    number("Redis slots", "none", "min(ara_redis_slots_covered)", floor=16384),
    number("Breakers open", "none", "sum(ara_redis_breakers_open)", limit=1),
    Panel("Hits by tier", "percentunit", {"{{tier}}": "tier:cache_hits:ratio_rate5m"}, width=12, top=1,
          help="Of the look-ups in that tier: l1 memory, l2 Redis, l3 the database."),
    Panel("Look-ups by tier and result", "ops", {
        "{{tier}} {{result}}": "sum by (tier, result) (rate(ara_cache_requests_total[$__rate_interval]))"},
        width=12),
    Panel("Bytes", "bytes", {"{{instance}} {{tier}}": "ara_cache_size_bytes",
                             "{{instance}} {{tier}} limit": "ara_cache_limit_bytes"}),
    Panel("Entries", "none", {"{{instance}} {{tier}}": "ara_cache_entries"}),
    Panel("Evictions", "ops", by("tier", "ara_cache_evictions_total")),
    Panel("Redis: operations", "ops", by("result", "ara_redis_operations_total")),
    Panel("Redis: tries after the first", "ops", {
        "{{instance}}": "rate(ara_redis_retries_total[$__rate_interval])"}),
    Panel("Redis: reads from replicas", "ops", {
        "{{instance}}": "rate(ara_redis_replica_reads_total[$__rate_interval])"}),
]

DATABASE = [
    number("Errors", "percentunit", "max(role:db_errors:ratio_rate1m)", limit=0.01),
    number("Worst lag", "s", "max(ara_db_replica_lag_seconds)", limit=30),
    number("Replicas read", "none", "count(max by (replica) (ara_db_replica_in_use) == 1)"),
    number("Newest backup", "s", "min(ara_backup_age_seconds)", limit=26 * 3600),
    number("Symbols", "none", "max(ara_symbols)"),
    Panel("Queries by operation", "ops", by("operation", "ara_db_query_duration_seconds_count")),
    Panel("p95 by operation", "s", {"{{operation}}": "operation:db_query_duration_seconds:p95_rate5m"}),
    Panel("Queries by role", "ops", by("role", "ara_db_query_duration_seconds_count"),
          help="Reads go to replicas that are alive and close enough behind."),
    Panel("Errors by operation", "ops", {
        "{{operation}}": "sum by (operation) (rate(ara_db_errors_total[$__rate_interval])) or "
                         "0 * sum by (operation) (rate(ara_db_query_duration_seconds_count[$__rate_interval]))"}),
    Panel("Replica lag", "s", {"{{replica}}": "max by (replica) (ara_db_replica_lag_seconds)"}, limit=30),
    Panel("Replicas in use", "none", {"{{replica}}": "sum by (replica) (ara_db_replica_in_use)"},
          help="How many servers read from it."),
    Panel("Connections in use", "percentunit", {"{{instance}} {{pool}}": "pool:connections:ratio"},
          limit=0.8, top=1),
    Panel("Connections", "none", {"{{pool}} {{state}}": "sum by (pool, state) (ara_db_pool_connections)"}),
    Panel("Wait for a connection", "s", quantiles("ara_db_pool_wait_seconds")),
    Panel("Refused for want of one", "ops", by("instance", "ara_db_pool_refusals_total")),
]

FORECASTS = [
    Panel("Forecasts computed", "ops", {
        "{{instance}}": "rate(ara_forecast_duration_seconds_count[$__rate_interval])"}),
    Panel("Time to compute one", "s", quantiles("ara_forecast_duration_seconds")),
    Panel("p95 by model", "s", {"{{model}}": "model:inference_duration_seconds:p95_rate5m"}, limit=1),
    Panel("Coverage", "percentunit", {
        "{{asset_type}} {{level}} %": "max by (asset_type, level) (ara_forecast_coverage)"}, top=1,
        help="Share of the last settled days inside each interval: the 80 % interval should hold 80 %."),
    Panel("Coverage: beyond what chance explains", "percentunit", {
        "{{asset_type}} {{level}} %": "ara:forecast_coverage:excess"}, limit=0.1),
    Panel("CRPS over a random walk's", "none", {
        "{{asset_type}}": "max by (asset_type) (ara_forecast_crps_ratio)"}, limit=1.05,
        help="Below 1, forecasts are better than a random walk on the same bars."),
    Panel("Absolute error of the median", "percentunit", {
        "{{asset_type}}": "max by (asset_type) (ara_forecast_absolute_error)"}),
    Panel("Days settled", "ops", by("asset_type", "ara_forecasts_settled_total")),
    Panel("Days that these figures are of", "none", {
        "{{asset_type}}": "max by (asset_type) (ara_forecast_settled_window)"}),
]

JOBS = [
    number("Queued", "none", 'max(ara_jobs{state="queued"})'),
    number("Running", "none", 'max(ara_jobs{state="running"})'),
    number("Oldest waits", "s", "max(ara_jobs_oldest_queued_seconds)", limit=900),
    number("Workers up", "none", 'sum(up{job="ara-worker"})'),
    Panel("Jobs that have not ended", "none", {"{{state}}": "max by (state) (ara_jobs)"},
          help="Every server and worker tells of the one queue."),
    Panel("Ends", "ops", {
        "{{kind}} {{outcome}}": "sum by (kind, outcome) (rate(ara_jobs_total[$__rate_interval]))"}),
    Panel("Time of a run, p95", "s", {
        "{{kind}}": "histogram_quantile(0.95, sum by (kind, le) "
                    "(rate(ara_job_duration_seconds_bucket[$__rate_interval])))"}),
    Panel("From due to begun", "s", quantiles("ara_job_delay_seconds")),
    Panel("Webhooks", "ops", by("result", "ara_webhook_attempts_total")),
    Panel("Messages to streams", "ops", by("result", "ara_stream_messages_total")),
]

SLO = [
    Panel("Budget left of 30 days", "percentunit", {"{{slo}}": "ara:slo_budget_left:ratio"}, width=12,
          floor=0.25, top=1),
    Panel("Bad, of 5 minutes", "percentunit", {"{{slo}}": "ara:slo_bad:ratio_rate5m"}, width=12),
    *(Panel(f"Burn over {window}", "none", {
        "{{slo}}": f"ara:slo_bad:ratio_rate{window} / on (slo) ara:slo_budget:ratio"}, limit=factor,
        help=f"Times as fast as it may be; {told} at {factor}.")
      for window, factor, told in (("1h", 14.4, "a page"), ("6h", 6, "a page"), ("3d", 1, "a ticket"))),
    Panel("Good and bad requests", "reqps", {"{{slo}} all": "ara:slo_requests:rate5m",
                                             "{{slo}} bad": "ara:slo_bad:rate5m"}, width=12),
    Panel("Alerts", "none", {"{{severity}} {{alertname}}": 'count by (severity, alertname) '
                             '(ALERTS{alertstate="firing"}) or vector(0)'}, width=12),
]

DASHBOARDS = {
    "Service/overview": ("ARA: overview", "Rate, errors, duration.", OVERVIEW),
    "Service/slo": ("ARA: SLO budget", "What was promised, and how much of it is left.", SLO),
    "Service/resources": ("ARA: resources", "Use, saturation, errors of each server and worker.", RESOURCES),
    "Stores/caches": ("ARA: caches", "Memory, Redis, database.", CACHES),
    "Stores/database": ("ARA: database", "Queries, connections, replicas.", DATABASE),
    "Forecasts/forecasts": ("ARA: models and forecast quality", "How long, and how right.", FORECASTS),
    "Forecasts/jobs": ("ARA: jobs", "The queue and its workers; who is told.", JOBS),
}


def thresholds(panel):
    steps = [{"color": "red" if panel.floor is not None else "green", "value": None}]
    if panel.floor is not None:
        steps.append({"color": "green", "value": panel.floor})
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    return {"mode": "absolute", "steps": steps}


def look(panel):
    """What differs between the kinds: (custom, options)."""
    if panel.kind == "stat":
        return None, {
            "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "orientation": "auto",
            "percentChangeColorMode": "standard", "showPercentChange": False, "textMode": "auto",
            "wideLayout": True, "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    marked = panel.limit is not None or panel.floor is not None
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never",
              "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
              "thresholdsStyle": {"mode": "dashed" if marked else "off"}}
    return custom, {"legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
                    "tooltip": {"mode": "multi", "sort": "desc"}}


def drawn(panel, number, x, y):
    custom, options = look(panel)
    defaults = {"unit": panel.unit, "min": 0, "thresholds": thresholds(panel)}
    if panel.unit == "dateTimeFromNow" or "left" in panel.title or "beyond" in panel.title:
        del defaults["min"]
    if panel.top is not None:
        defaults["max"] = panel.top
    if custom:
        defaults["custom"] = custom
    return {
        "id": number, "type": panel.kind, "title": panel.title,
        **({"description": panel.help} if panel.help else {}), "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT[panel.kind]},
        "targets": [{"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": expr,
                     "legendFormat": legend or "__auto", "instant": False, "range": True}
                    for at, (legend, expr) in enumerate(panel.queries.items())],
        "fieldConfig": {"defaults": defaults, "overrides": []}, "options": options}


def laid_out(panels):
    """The panels in lines of the grid, from the left."""
    x = y = line = 0
    for number, panel in enumerate(panels, 1):
        if x and (x + panel.width > COLUMNS or HEIGHT[panel.kind] != line):
            x, y = 0, y + line
        line = HEIGHT[panel.kind]
        yield drawn(panel, number, x, y)
        x += panel.width


def dashboard(path, title, description, panels):
    uses_instance = any("$instance" in expr for panel in panels for expr in panel.queries.values())
    variable = {"name": "instance", "label": "server", "type": "query", "datasource": SOURCE,
                "query": {"query": "label_values(ara_build_info, instance)", "refId": "instance"},
                "refresh": 2, "multi": True, "includeAll": True, "allValue": ".*", "sort": 1,
                "current": {"text": ["All"], "value": ["$__all"]}}
    return {
        "uid": "ara-" + path.split("/")[1], "title": title, "description": description, "tags": ["ara"],
        "schemaVersion": 41, "editable": False, "graphTooltip": 1, "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"}, "timezone": "browser",
        "templating": {"list": [variable] if uses_instance else []},
        "links": [{"type": "dashboards", "title": "ARA", "tags": ["ara"], "asDropdown": False, "icon": "",
                   "includeVars": False, "keepTime": True, "targetBlank": False, "tooltip": ""}],
        "panels": list(laid_out(panels))}


def text(board):
    """JSON with a line for each panel, so that a change of one is a change of one line."""
    panels = ",\n  ".join(json.dumps(panel) for panel in board["panels"])
    rest = json.dumps({key: value for key, value in board.items() if key != "panels"}, indent=1)
    return rest[:-2] + f',\n "panels": [\n  {panels}\n ]\n}}\n'


def files():
    """The dashboards by path below grafana/dashboards, as text."""
    return {path + ".json": text(dashboard(path, *rest)) for path, rest in DASHBOARDS.items()}


if __name__ == "__main__":
    for name, content in files().items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_text(content)
