"""A fleet under load is watched with what `ara monitoring setup` writes, durations divided by 60.

Every recording, alert, panel and query of the documentation returns data. Then parts are killed, and
only the page that is expected fires. ARA_LONG=1 also kills a Redis master, all of Redis, and the primary
of PostgreSQL together with its Patroni.
"""

import json
import os
import re
import sys
import tempfile
import time
import unittest
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from fleet_load import SETTINGS, SYMBOLS, Client, FleetCase, Load  # noqa: E402
from watch import HOST, Watch, measured  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
LOOK = 60       # seconds in which all queries must have returned data
NOTICE = 15     # seconds in which a dead part must have been noticed
VARIABLES = {"$__rate_interval": "5s", "$instance": ".*"}
# Alerts whose condition has no value while all is well, and why.
SILENT = {
    "APIGone": "absent() has a value only where there is no server"}
# Metrics that this machine or fleet need not have, and why.
NOT_HERE = {
    "ara_cgroup_cpu_throttled_seconds_total": "only where a CPU limit is set",
    "ara_cgroup_cpu_usage_seconds_total": "only where the process is in a group that counts",
    "ara_cgroup_memory_usage_bytes": "only where the process is in a group that counts"}


def written(folder):
    """(where, query) of all that the folder of `setup` asks Prometheus."""
    for path in sorted(folder.glob("rules/*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    yield rule["record"], rule["expr"]
                elif rule["alert"] not in SILENT:
                    yield from ((rule["alert"], part) for part in measured(rule["expr"]))
    for path in sorted(folder.glob("grafana/dashboards/*/*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]
    for block in re.findall(r"```promql\n(.*?)```", (REPOSITORY / "docs/MONITORING.md").read_text(), re.S):
        for query in block.strip().split("\n"):
            yield "docs/MONITORING.md", query.replace("[5m]", "[5s]")


def filled(query):
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return query


class MonitoringTest(FleetCase):
    maxDiff = None
    shape = {"shards": 1, "members": 2, "api": 2, "worker": 1}
    # API nodes run no jobs, as in any fleet: what becomes of them the worker tells.
    settings = SETTINGS | {"WEBHOOK_ALLOW_HTTP": "true", "WEBHOOK_ALLOW_PRIVATE": "true"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="ara-watch-")
        cls.addClassCleanup(folder.cleanup)
        targets, workers = ([f"{HOST}:{cls.fleet.port(name)}" for name in cls.fleet.names(group)]
                            for group in ("api", "worker"))
        cls.watch = Watch(cls.fleet.binary, Path(folder.name) / "monitoring", targets, workers)
        cls.addClassCleanup(cls.watch.stop)
        # Before the first scrape there is no server at all.
        cls.until_quiet()
        cls.load = Load(cls.fleet, cls.key, readers=2, writers=1, pause=0.05)
        cls.load.__enter__()
        cls.addClassCleanup(cls.load.__exit__)

    def occasions(self):
        """What a load does not bring by itself: a job, a webhook that is told, a problem, a backup."""
        client = Client(self.fleet, self.key)
        hook = {"url": self.watch.receiver.url + "/hook", "events": ["prediction_complete"],
                "secret": "sixteen letters or more"}
        status, _, text, _ = client.request("POST", "/api/v1/webhooks", hook)
        self.assertIn(status, (200, 201), text)
        path = f"/api/v1/webhooks/test?webhook_id={json.loads(text)['id']}"
        for _ in range(2):
            client.request("POST", path, {})
        client.request("GET", "/api/v1/predict/NOBODY")
        self.run_ara("jobs", "add", "batch", json.dumps({"symbols": SYMBOLS[:3], "days": 2}))
        return client

    def test_1_everything_returns_data(self):
        client = self.occasions()
        self.run_ara("backup", str(self.fleet.folder / "rows.backup"))
        hook = json.loads(client.request("GET", "/api/v1/webhooks")[2])["webhooks"][0]["id"]
        asked = sorted(set(written(self.watch.folder)))
        self.assertGreater(len(asked), 150)
        maybe = [(place, query) for place, query in asked if any(name in query for name in NOT_HERE)]
        start, until = time.monotonic(), time.monotonic() + LOOK
        empty = sorted(set(asked) - set(maybe))
        while empty and time.monotonic() < until:
            # Rates have windows of a few seconds: it must go on happening.
            client.request("POST", f"/api/v1/webhooks/test?webhook_id={hook}", {})
            client.request("GET", "/api/v1/predict/NOBODY")
            self.run_ara("jobs", "add", "batch", json.dumps({"symbols": SYMBOLS[:2], "days": 3}))
            empty = [(place, query) for place, query in empty if not self.watch.has_data(filled(query))]
        absent = [place for place, query in maybe if not self.watch.has_data(filled(query))]
        print(f"{len(asked)} queries, {len(empty)} without data after {time.monotonic() - start:.1f} s; "
              f"not on this machine: {absent}", file=sys.stderr)
        per_core = 'sum(rate(http_requests_total[30s])) / sum(rate(process_cpu_seconds_total{job="ara"}[30s]))'
        print(f"requests for each second of processor time: {self.watch.values(per_core)}", file=sys.stderr)
        self.assertEqual([], empty)
        for job, runs in (("ara", 0), ("ara-worker", 1)):
            done = self.watch.values(f'sum(ara_jobs_total{{job="{job}",kind="batch",outcome="done"}}) > bool 0')
            self.assertEqual([runs], done, f"{job}: whether its processes have run jobs")
        self.assertEqual(set(), self.watch.firing("page"), "a page though nothing is wrong")

    def wait_for(self, name, severity="page", seconds=NOTICE):
        start = time.monotonic()
        while name not in self.watch.firing(severity):
            self.assertLess(time.monotonic() - start, seconds, f"{name} does not fire")
            time.sleep(0.2)
        print(f"{name} fires after {time.monotonic() - start:.1f} s", file=sys.stderr)

    def pages_during(self, seconds):
        """All pages that fire at some moment of the next seconds."""
        found, until = set(), time.monotonic() + seconds
        while time.monotonic() < until:
            found |= self.watch.firing("page")
            time.sleep(0.2)
        return found

    @classmethod
    def until_quiet(cls):
        until = time.monotonic() + 90  # a burn over what was an hour takes a minute to be forgotten
        while cls.watch.firing("page") or not cls.watch.has_data('min(up{job="ara"}) == 1'):
            if time.monotonic() > until:
                raise AssertionError(f"still firing: {cls.watch.firing('page')}")
            time.sleep(0.5)
        time.sleep(1)  # what is under way to the receiver
        cls.watch.receiver.told.clear()

    def kill(self, name):
        self.addCleanup(self.until_quiet)
        self.addCleanup(self.fleet.heal)
        self.fleet.kill(name)

    def test_2_a_dead_node_is_one_page(self):
        self.kill("api-2")
        self.wait_for("APIDown")
        self.assertEqual({"APIDown"}, self.pages_during(5))
        self.assertEqual({"APIDown"}, self.watch.receiver.names("/page"), "who was told")

    def test_3_a_dead_worker_is_a_ticket(self):
        self.kill("worker-1")
        self.wait_for("WorkerDown", "ticket")
        self.assertEqual(set(), self.watch.firing("page"))

    @unittest.skipUnless(LONG, "ARA_LONG=1 takes it")
    def test_4_a_dead_redis_master_is_no_page(self):
        self.kill("redis-1")
        self.assertEqual(set(), self.pages_during(12))

    @unittest.skipUnless(LONG, "ARA_LONG=1 takes it")
    def test_5_all_of_redis_dead_is_a_ticket(self):
        self.kill("redis")
        self.wait_for("RedisSlotsUncovered", "ticket", 40)
        self.assertEqual(set(), self.pages_during(5))

    @unittest.skipUnless(LONG, "ARA_LONG=1 takes it")
    def test_6_a_dead_primary_is_one_page(self):
        """What follows from it fires as well, but nobody is told."""
        self.kill("pg-a-primary")
        self.wait_for("DatabasePrimaryFailing", seconds=30)
        fired = self.pages_during(25)
        told = self.watch.receiver.names("/page")
        print(f"fired: {sorted(fired)}, told: {sorted(told)}", file=sys.stderr)
        self.assertEqual({"DatabasePrimaryFailing"}, told)
        # Its successor leads; it is missed as a replica.
        self.wait_for("ReplicaUnused", "ticket", 60)
        self.assertLessEqual(fired, {"DatabasePrimaryFailing", "HighErrorRate", "HighAPILatency",
                                     "ErrorBudgetBurnFast", "ErrorBudgetBurn"})


if __name__ == "__main__":
    unittest.main()
