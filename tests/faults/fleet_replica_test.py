"""A standby falls behind under writes, and nobody is told what is older than allowed.

Its replay is paused, or its processes are stopped, while writers post bars at one node and read
them at every node with the revision that they were given, past nginx. Others read forecasts and
bars without one: what they are told may lack only writes acknowledged less than BOUND ago.

ARA_LONG=1 stalls for 30 s each time and makes 100,000 pairs of a write and a read.
"""

import contextlib
import datetime
import http.client
import json
import os
import random
import signal
import sys
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from crew import Crew  # noqa: E402
from fleet_load import DEADLINE, SYMBOLS, Client, FleetCase, next_session  # noqa: E402
from local import FleetError  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
STALL = 30 if LONG else 8
PAIRS = 100_000 if LONG else 1_500
PATIENCE = 1200 if LONG else 60  # seconds for the pairs that the stalls left to be made
WRITERS, READERS = 6, 2
BOUND = 1.0  # seconds: what a node knows of heads it trusts no longer
FIRST_DAY = datetime.date(2022, 1, 3)


def counter_of(revision):
    return int(revision.split("-")[0])


class Pairs(Crew):
    """Writers and readers of all nodes until the block ends; `counts` by kind."""

    def __init__(self, fleet, key):
        super().__init__()
        self.fleet, self.key, self.nodes = fleet, key, fleet.names("api")
        self.counts, self.examples, self.oldest = Counter(), [], Counter()
        self.written = {symbol: [] for symbol in SYMBOLS}  # (acknowledged at, counter), in order
        self.mutex = threading.Lock()
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(WRITERS)]
        self.threads += [threading.Thread(target=self.read, args=(n,)) for n in range(READERS)]

    def note(self, kind, detail=""):
        with self.mutex:
            self.counts[kind] += 1
            if not kind.endswith("full") and len(self.examples) < 12:
                self.examples.append(f"{kind}: {detail}"[:300])

    def ask(self, clients, node, what, method, path, body=None):
        """The answer of one request as JSON, counted; None where it was no success."""
        try:
            status, headers, text, seconds = clients[node].request(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self.note(f"{what} error", f"{node} {path}: {error!r}")
            return None
        if status == 200:
            self.note(f"{what} full" if seconds <= DEADLINE else f"{what} late", f"{seconds:.2f} s")
            return json.loads(text)
        refused = status == 503 and headers.get("Retry-After")
        self.note(f"{what} refused" if refused else f"{what} error",
                  f"{node} {path}: {status} after {seconds:.2f} s {text[:150]!r}")
        return None

    def clients(self):
        return {node: Client(self.fleet, self.key, node) for node in self.nodes}

    def write(self, number):
        rng, clients = random.Random(number), self.clients()
        own, day = SYMBOLS[number::WRITERS], FIRST_DAY
        while not self.stopped.is_set():
            symbol, day = rng.choice(own), next_session(day)
            if day > datetime.date(2026, 1, 1):
                day = FIRST_DAY
            close = round(rng.uniform(90, 110), 4)
            bar = {"date": str(day), "open": close, "high": close, "low": close, "close": close}
            put = self.ask(clients, rng.choice(self.nodes), "write", "POST", "/api/v1/bars",
                           {"symbol": symbol, "bars": [bar]})
            if put is None:
                continue
            revision = put["results"][0]["revision"]
            with self.mutex:
                self.written[symbol].append((time.monotonic(), counter_of(revision)))
            for node in rng.sample(self.nodes, len(self.nodes)):
                self.read_own(clients, node, symbol, revision)

    def read_own(self, clients, node, symbol, revision):
        answer = self.ask(clients, node, "own", "GET", f"/api/v1/predict/{symbol}?days=1"
                          f"&analysis_level=basic&min_revision={revision}")
        if answer and counter_of(answer["revision"]) < counter_of(revision):
            self.note("own VIOLATION", f"{node} {symbol} {answer['revision']} < {revision}")

    def read(self, number):
        rng, clients = random.Random(1000 + number), self.clients()
        kinds = {"forecast": "/api/v1/predict/{}?days=1&analysis_level=basic",
                 "bars": "/api/v1/bars/{}?start=2025-12-29"}
        while not self.stopped.is_set():
            symbol, node = rng.choice(SYMBOLS), rng.choice(self.nodes)
            what = rng.choice(list(kinds))
            asked = time.monotonic()
            if answer := self.ask(clients, node, what, "GET", kinds[what].format(symbol)):
                self.judge(what, node, symbol, counter_of(answer["revision"]), asked)
            time.sleep(0.02)

    def judge(self, what, node, symbol, counter, asked):
        """For how long a write that the answer lacks had been acknowledged when it was asked for."""
        with self.mutex:
            missed = min((at for at, number in self.written[symbol] if number > counter), default=asked)
            self.oldest[what] = max(self.oldest[what], asked - missed)
        if asked - missed > BOUND:
            self.note(f"{what} STALE", f"{node} {symbol} {counter}: {asked - missed:.2f} s too old")

    def made(self):
        return self.counts["own full"]

    def wait_for(self, pairs, seconds):
        until = time.monotonic() + seconds
        while self.made() < pairs and time.monotonic() < until:
            time.sleep(0.1)

    def report(self):
        print("counts:", dict(sorted(self.counts.items())))
        print("oldest:", {what: f"{age:.2f} s" for what, age in self.oldest.items()})
        for example in self.examples:
            print("  ", example)


class ReplicaTest(FleetCase):
    shape = {"shards": 1}
    groups = ("postgres", "redis", "api")
    pairs = 0

    def member(self, role):
        return next(row["name"] for row in self.fleet.shard("a") if row["role"] == role)

    def check(self, load, *may_fail):
        """Nothing failed but what may, and nobody was told what is too old."""
        type(self).pairs += load.made()
        self.assertGreater(load.made(), 0)
        failed = {kind: count for kind, count in load.counts.items()
                  if not kind.endswith(" full") and kind not in may_fail}
        self.assertEqual({}, failed)

    def lag(self, member):
        return float(self.fleet.psql(
            member, "SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())"))

    def pause(self, member, seconds):
        # Its Patroni, which would have it go on, is stopped beside.
        self.fleet.send(f"{member}/patroni", signal.SIGSTOP)
        try:
            self.fleet.psql(member, "SELECT pg_wal_replay_pause()", user="postgres")
            time.sleep(seconds)
            return self.lag(member)
        finally:
            with contextlib.suppress(FleetError):  # replay that goes on may cancel this very statement
                self.fleet.psql(member, "SELECT pg_wal_replay_resume()", user="postgres")
            self.fleet.send(f"{member}/patroni", signal.SIGCONT)

    def test_1_paused_replay(self):
        for role in ("sync_standby", "replica") if LONG else ("sync_standby",):
            member = self.member(role)
            with Pairs(self.fleet, self.key) as load:
                time.sleep(1)
                lag = self.pause(member, STALL)
                time.sleep(1)
            print(f"{member} ({role}) lagged by {lag:.1f} s")
            self.fleet.heal()
            self.check(load)
            self.assertGreater(lag, 0.8 * STALL)

    def stop(self, role, *may_fail):
        member = f"{self.member(role)}/postgres"
        with Pairs(self.fleet, self.key) as load:
            time.sleep(1)
            self.assertTrue(self.fleet.send(member, signal.SIGSTOP))
            try:
                time.sleep(STALL)
            finally:
                self.fleet.send(member, signal.SIGCONT)
            print(f"{member} ({role}) was stopped for {STALL} s")
            time.sleep(1)
        self.fleet.heal()
        self.check(load, *may_fail)

    def test_2_a_stopped_replica(self):
        self.stop("replica")

    def test_3_so_many_pairs(self):
        with Pairs(self.fleet, self.key) as load:
            load.wait_for(PAIRS - self.pairs, PATIENCE)
        self.check(load)
        print(f"{self.pairs} pairs of a write and a read")
        self.assertGreaterEqual(self.pairs, PAIRS)

    def test_4_a_stopped_synchronous_standby(self):
        # A commit waits for it, until another is what commits wait for.
        self.stop("sync_standby", "write refused", "write late")
        with Pairs(self.fleet, self.key) as load:
            time.sleep(3)
        self.check(load)


if __name__ == "__main__":
    unittest.main()
