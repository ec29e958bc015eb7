"""/metrics: what is exposed and how much of it, read by promtool and by Prometheus itself."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

from http_server import ARA, HttpCase, Server, free_port

MOST_SAMPLES = 2000
SYMBOLS = 100_000
OPEN_METRICS = "application/openmetrics-text"
OPEN_METRICS_TYPE = f"{OPEN_METRICS}; version=1.0.0; charset=utf-8"
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What Prometheus 2 and 3 ask for.
OF_PROMETHEUS = (f"{OPEN_METRICS};version=1.0.0;q=0.5,{OPEN_METRICS};version=0.0.1;q=0.4,"
                 "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")


def samples(text):
    """Name and labels of each, as they are written."""
    return [line.rsplit(" ", 1)[0] for line in text.splitlines() if line and line[0] != "#"]


class FormatTest(HttpCase):
    def scrape(self, accept):
        return self.server.get("/metrics", Accept=accept)

    def test_accept_decides(self):
        for accept, expected in (
                ("", TEXT_TYPE), ("*/*", TEXT_TYPE), ("text/plain", TEXT_TYPE),
                ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT_TYPE),
                (OPEN_METRICS, OPEN_METRICS_TYPE), (OF_PROMETHEUS, OPEN_METRICS_TYPE),
                (f"{OPEN_METRICS};version=0.0.1", TEXT_TYPE),
                (f"{OPEN_METRICS};version=1.0.0;q=0", TEXT_TYPE),
                (f"{OPEN_METRICS};q=0.2, text/plain;q=0.7", TEXT_TYPE),
                (f"text/plain;q=0.7, {OPEN_METRICS} ; q=0.9", OPEN_METRICS_TYPE)):
            answer = self.scrape(accept)
            self.assertEqual((200, expected), (answer.status, answer.headers["Content-Type"]), accept)
            ends = answer.body.endswith(b"\n# EOF\n")
            self.assertEqual(expected == OPEN_METRICS_TYPE, ends, accept)

    def test_openmetrics_names_families_without_the_suffix(self):
        text = self.scrape(OPEN_METRICS).body.decode()
        self.assertIn("# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n"
                      "process_cpu_seconds_total ", text)
        self.assertIn("# TYPE http_requests counter\n", text)
        self.assertNotIn("# UNIT http_requests ", text)
        for unit in re.finditer(r"^# UNIT (\S+) (\S+)$", text, re.M):
            self.assertTrue(unit[1].endswith("_" + unit[2]), unit[0])
        self.assertEqual(1, text.count("# EOF"))

    def test_both_formats_have_the_same_series(self):
        self.scrape(OPEN_METRICS), self.scrape("")  # what these make is there for the next two
        self.assertEqual(samples(self.scrape("").body.decode()),
                         samples(self.scrape(OPEN_METRICS).body.decode()))

    def test_bounds_are_canonical(self):
        self.server.get("/api/v1/predict/AAPL")
        text = self.server.get("/metrics").body.decode()
        route = r'http_request_duration_seconds_bucket\{route="/api/v1/predict/\{symbol\}",le="(\S+)"'
        self.assertEqual("5e-05 0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 "
                         "1.0 2.5 5.0 10.0 +Inf".split(), re.findall(route, text))

    def test_promtool_has_no_complaint(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("no promtool (package prometheus, which ./dev test installs)")
        self.server.get("/api/v1/predict/AAPL")
        checked = subprocess.run([promtool, "check", "metrics"], capture_output=True,
                                 input=self.server.get("/metrics").body, timeout=60)
        self.assertEqual((0, b"", b""), (checked.returncode, checked.stdout, checked.stderr))

    def test_a_process_tells_of_itself(self):
        for name in ("process_virtual_memory_bytes", "process_max_fds", "ara_slow_lane_workers",
                     'ara_cache_limit_bytes{tier="l1"}', "process_network_receive_bytes_total"):
            self.assertGreater(self.server.metric(name), 0, name)
        self.assertTrue(0 < self.server.metric("ara_disk_used_ratio") <= 1)
        before = self.server.metric('ara_errors_total{code="NotFound"}')
        self.server.get("/nowhere")
        self.assertEqual(before + 1, self.server.metric('ara_errors_total{code="NotFound"}'))

    def test_work_is_timed_where_it_is_done(self):
        self.server.get("/api/v1/predict/MSFT?days=9")
        self.assertGreater(self.server.metric("ara_slow_lane_delay_seconds_count"), 0)
        self.assertGreater(
            self.server.metric('ara_model_inference_duration_seconds_count{model="combination"}'), 0)
        bars = 'ara_db_query_duration_seconds_count{operation="bars_read",role="embedded"}'
        self.assertGreater(self.server.metric(bars), 0)
        self.assertGreater(self.server.metric('ara_db_pool_limit{pool="sqlite"}'), 0)
        self.assertGreater(self.server.metric("ara_db_pool_wait_seconds_count"), 0)

    def test_the_age_of_a_backup_is_told(self):
        """Of one that was never backed up, that of the store: see live/backup_watch_test.cpp."""
        patience = time.monotonic() + 20
        while "\nara_backup_age_seconds " not in self.server.get("/metrics").body.decode():
            self.assertLess(time.monotonic(), patience)
            time.sleep(0.02)
        self.assertTrue(0 < self.server.metric("ara_backup_age_seconds") < 900)


class SettlementTest(HttpCase):
    """The bar of a forecast's day comes, and the forecast is judged by it."""

    def post(self, symbol, date, close):
        answer = self.server.request(
            "POST", "/api/v1/bars",
            json.dumps({"symbol": symbol, "bars": [{"date": date, "close": close}]}),
            {"Content-Type": "application/json"})
        self.assertEqual(200, answer.status, answer.body)

    def wait_for(self, series, least):
        end = time.monotonic() + 30
        while self.server.metric(series) < least and time.monotonic() < end:
            time.sleep(0.1)
        self.assertGreaterEqual(self.server.metric(series), least, series)

    def test_a_bar_settles_its_day(self):
        kind = 'asset_type="stock"'
        days = {symbol: self.server.get(f"/api/v1/predict/{symbol}?days=2").json()["predictions"]
                for symbol in ("AAPL", "MSFT")}
        self.assertNotIn("ara_forecast_coverage", self.server.get("/metrics").body.decode())
        time.sleep(0.5)  # written behind
        for symbol, said in days.items():
            self.post(symbol, said[0]["date"], said[0]["quantiles"]["50"])
        self.wait_for("ara_forecast_settled_window{%s}" % kind, 2)
        self.assertEqual(2, self.server.metric("ara_forecasts_settled_total{%s}" % kind))
        for level in (50, 80, 90, 95):
            share = self.server.metric('ara_forecast_coverage{%s,level="%d"}' % (kind, level))
            self.assertEqual(1, share, "the median is within every interval")
        self.assertLess(self.server.metric("ara_forecast_absolute_error{%s}" % kind), 1e-6)
        self.assertLess(self.server.metric("ara_forecast_crps_ratio{%s}" % kind), 3)
        self.post("AAPL", days["AAPL"][1]["date"], 1000)
        self.wait_for("ara_forecast_settled_window{%s}" % kind, 3)
        # That is far outside of what was said, as well by a forecast made of the bar in between.
        text = self.server.get("/metrics").body.decode()
        settled = int(re.search(r"^ara_forecast_settled_window\{%s\} (\d+)" % kind, text, re.M)[1])
        for level in (50, 80, 90, 95):
            series = re.escape('ara_forecast_coverage{%s,level="%d"}' % (kind, level))
            share = float(re.search(rf"^{series} (\S+)", text, re.M)[1])
            self.assertAlmostEqual(2 / settled, share, places=6)
        self.assertGreater(self.server.metric("ara_forecast_absolute_error{%s}" % kind), 1)


class PrometheusTest(HttpCase):
    """Prometheus scrapes the server, once in each format."""

    @classmethod
    def setUpClass(cls):
        if shutil.which("prometheus") is None:
            raise unittest.SkipTest("no prometheus (package prometheus, which ./dev test installs)")
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory(prefix="ara-prometheus-")
        cls.port = free_port()
        jobs = "".join(
            f"  - job_name: {name}\n    scrape_interval: 1s\n    scrape_protocols: [{protocol}]\n"
            f"    static_configs: [{{targets: ['127.0.0.1:{cls.server.port}']}}]\n"
            for name, protocol in (("open", "OpenMetricsText1.0.0"), ("text", "PrometheusText0.0.4")))
        config = Path(cls.folder.name) / "prometheus.yml"
        config.write_text("scrape_configs:\n" + jobs)
        cls.prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={cls.folder.name}/data",
             f"--web.listen-address=127.0.0.1:{cls.port}", "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.prometheus.terminate()
        cls.prometheus.wait(30)
        cls.folder.cleanup()
        super().tearDownClass()

    def ask(self, query):
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return {row["metric"].get("job"): row["value"][1]
                        for row in json.load(answer)["data"]["result"]}
        except OSError:
            return {}

    def test_both_formats_are_understood(self):
        self.server.get("/api/v1/predict/AAPL")
        end = time.monotonic() + 60
        query = 'min_over_time(up[3s]) == 1 and count_over_time(up[10s]) > 3'
        while len(self.ask(query)) < 2 and time.monotonic() < end:
            time.sleep(0.2)
        self.assertEqual({"open": "1", "text": "1"}, self.ask("up"))
        for query in ("ara_symbols", "count(http_request_duration_seconds_bucket) by (job)",
                      'count(http_request_duration_seconds_bucket{le="1.0"}) by (job)',
                      "count({__name__=~'ara_.+'}) by (job)",
                      "count(process_cpu_seconds_total) by (job)"):
            values = self.ask(query)
            self.assertEqual(2, len(values), query)
            self.assertEqual(1, len(set(values.values())), f"{query}: {values}")
        for job, count in self.ask("scrape_samples_scraped").items():
            self.assertLessEqual(float(count), MOST_SAMPLES, job)


class BoundTest(unittest.TestCase):
    """However many symbols there are, and whatever is asked for."""

    @classmethod
    def setUpClass(cls):
        if not ARA:
            raise unittest.SkipTest("ARA_BIN names no program")
        cls.server = Server()
        many = Path(cls.server.folder.name) / "many.csv"
        with many.open("w") as file:
            file.write("symbol,date,close\n")
            for number in range(SYMBOLS):
                file.write(f"S{number},2024-01-02,100\nS{number},2024-01-03,101\n")
        subprocess.run([ARA, "import", str(many)], env=dict(cls.server.env), check=True,
                       capture_output=True, timeout=300)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_series_are_bounded_with_every_route_hit(self):
        end = time.monotonic() + 60
        while self.server.metric("ara_symbols") < SYMBOLS and time.monotonic() < end:
            time.sleep(0.2)
        self.assertEqual(SYMBOLS + 3, self.server.metric("ara_symbols"))
        routes = self.server.get("/").json()["endpoints"]
        self.assertGreater(len(routes), 50)
        for route in routes:
            for name in ("AAPL", "S77", "nothing"):
                path = re.sub(r"\{.*?\}", name, route["path"])
                if "/ws/" in path or "/stream/" in path:
                    continue  # what does not end
                self.server.request(route["method"], path, b"{}",
                                    {"Content-Type": "application/json"})
                self.server.request(route["method"], path + "?days=0")
        for number in range(300):
            self.server.get(f"/no/such/path/{number}")
        text = self.server.get("/metrics").body.decode()
        series = samples(text)
        self.assertEqual(len(series), len(set(series)))
        self.assertLessEqual(len(series), MOST_SAMPLES)
        self.assertNotIn('"other"', text, "all series fit into the bound, and none was left out")
        self.assertNotIn("S77", text, "a symbol is never a label")
        print(f"{len(series)} samples after every route")


class OffTest(unittest.TestCase):
    def test_off_nothing_is_served(self):
        if not ARA:
            self.skipTest("ARA_BIN names no program")
        server = Server(ENABLE_METRICS="off")
        try:
            self.assertEqual(404, server.get("/metrics").status)
            self.assertEqual(200, server.get("/api/v1/predict/AAPL").status)
            paths = [route["path"] for route in server.get("/").json()["endpoints"]]
            self.assertNotIn("/metrics", paths)
        finally:
            server.stop()


if __name__ == "__main__":
    unittest.main()
