"""SIGTERM under load: a node is unready at once, no request behind nginx fails, it is gone within
10 s, and a worker hands its job back.

Once for each node; with ARA_LONG=1 ten times.
"""

import http.client
import json
import os
import signal
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from fleet_load import FleetCase, Load, bars_csv  # noqa: E402
from local import checks, processes  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
TIMES = 10 if LONG else 1
AT_ONCE = 0.25  # seconds; the machine is busy
GONE_WITHIN = 10.0
# Longer than a worker lets a job finish.
BARS, SYMBOLS = 1600, [f"LONG{number}" for number in range(10)]
TRAIN = {"asset_type": "stock", "symbols": len(SYMBOLS), "origins": 1200}


class Readiness:
    """Asks a node itself whether it is ready, again and again, until it is gone."""

    def __init__(self, port):
        self.port, self.seen = port, []  # (asked at, status or none)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.stopped.is_set():
            asked = time.monotonic()
            try:
                self.seen.append((asked, checks.fetch(self.port, "/health/ready")[0]))
            except (OSError, http.client.HTTPException):
                self.seen.append((asked, None))
            time.sleep(0.002)

    def stop(self):
        self.stopped.set()
        self.thread.join()


class DrainTest(FleetCase):
    shape = {"shards": 1}

    def end(self, name):
        """Sends SIGTERM and waits until the node is gone: when that was, and how long it took."""
        known = self.fleet.state["processes"][name]
        start = time.monotonic()
        processes.send(known, signal.SIGTERM)
        self.assertEqual([], processes.wait_gone([known], 3 * GONE_WITHIN))
        return start, time.monotonic() - start

    def test_1_a_node_fails_no_request(self):
        with Load(self.fleet, self.key, readers=8, writers=2, pause=0) as load:
            time.sleep(1)
            for number in range(TIMES * len(self.fleet.names("api"))):
                name = f"api-{number % 3 + 1}"
                readiness = Readiness(self.fleet.port(name))
                time.sleep(0.5)
                start, took = self.end(name)
                readiness.stop()
                self.fleet.heal()
                self.judge(name, start, took, readiness.seen)
                time.sleep(1)
        self.assertGreater(load.counts["read full"], 500)
        self.assertGreater(load.counts["write full"], 10)
        self.assertEqual({}, {kind: count for kind, count in load.counts.items()
                              if not kind.endswith(" full")})
        self.check_written(load)

    def judge(self, name, start, took, seen):
        """Ready until it was told; what was asked a moment later found it unready, or nobody."""
        late = [asked - start for asked, status in seen if asked > start and status == 200]
        said = sum(1 for asked, status in seen if asked > start and status == 503)
        print(f"{name}: ready {max(late, default=0) * 1000:.0f} ms after SIGTERM at most, unready said "
              f"{said} times, gone after {took:.2f} s")
        self.assertIn(200, {status for asked, status in seen if asked < start})
        self.assertLessEqual(max(late, default=0), AT_ONCE)
        self.assertGreater(said, 0)
        self.assertLessEqual(took, GONE_WITHIN)

    def test_2_a_worker_hands_its_job_back(self):
        with tempfile.TemporaryDirectory(prefix="ara-bars-") as folder:
            for symbol in SYMBOLS:
                (Path(folder) / f"{symbol}.csv").write_text(bars_csv(symbol, BARS))
            self.run_ara("import", folder, "--asset-type", "stock")
        jobs = [json.loads(self.run_ara("jobs", "add", "train", json.dumps(TRAIN | {"seed": number}),
                                        "--json"))["job_id"] for number in range(3)]
        self.wait_for(lambda: len(self.running(jobs)) == 2)
        (held,) = [job for job, (state, holder) in self.jobs().items()
                   if state == "running" and f":{self.fleet.state['processes']['worker-1'][0]}:" in holder]
        _, took = self.end("worker-1")
        state, _ = self.jobs()[held]
        print(f"worker-1 gone after {took:.2f} s; its job is {state}")
        self.assertLessEqual(took, GONE_WITHIN)
        # Not lost, and not waiting for a lease to end.
        self.assertEqual("queued", state)
        self.assertEqual("0|0", self.psql(f"SELECT attempts, interruptions FROM jobs WHERE id = '{held}'"))
        again = time.monotonic()
        self.fleet.heal()
        self.wait_for(lambda: len(self.running(jobs)) == 2)
        print(f"running again {time.monotonic() - again:.2f} s after worker-1 was started")
        for job in jobs:
            self.run_ara("jobs", "cancel", job)

    def psql(self, statement):
        return self.fleet.psql(self.fleet.leader("a"), statement)

    def jobs(self):
        """State and holder of each job."""
        rows = self.psql("SELECT id, state, holder FROM jobs").splitlines()
        return {job: (state, holder) for job, state, holder in (row.split("|") for row in rows)}

    def running(self, jobs):
        return [job for job, (state, _) in self.jobs().items() if job in jobs and state == "running"]

    def wait_for(self, holds, seconds=90):
        until = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
