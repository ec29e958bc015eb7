"""A forecast is the same bytes, whichever node is asked and wherever it has it from: computed, from
its own memory (L1), from Redis (L2), from the store (L3), or computed again by another node.

ARA_LONG=1 asks for 10,000 keys, instead of 300.
"""

import itertools
import os
import random
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from fleet_load import SETTINGS, SYMBOLS, Client, FleetCase, counted  # noqa: E402
from local import checks  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
KEYS, BATCH = (10_000, 1_000) if LONG else (300, 100)
SEED = int(os.environ.get("ARA_SEED", str(random.SystemRandom().randrange(1 << 32))))
ASKERS = 4  # at a time
WRITTEN = 20  # seconds at most until forecasts are in the store
BEHIND = 1.5  # seconds in which every standby that is read has what was written
TIERS = ("l1", "l2", "l3")
# A moment in which a node or Redis was too busy may send a few look-ups one tier further down.
HITS = 0.9


class BytesTest(FleetCase):
    shape = {"shards": 1, "api": 4}
    groups = ("postgres", "redis", "api")
    # A forecast takes up to 20 kB: room in memory for all that are asked for.
    settings = SETTINGS | {"CACHE_SIZE_MB": "512" if LONG else "32"}
    symbols = SYMBOLS + [f"MORE{number}" for number in range(20 if LONG else 0)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rng = random.Random(SEED)
        every = list(itertools.product(cls.symbols, range(1, 31), ("basic", "standard", "full"),
                                       ("true", "false")))
        cls.paths = [f"/api/v1/predict/{symbol}?days={days}&analysis_level={level}"
                     f"&include_explanations={explanations}"
                     for symbol, days, level, explanations in cls.rng.sample(every, KEYS)]

    def ask(self, node, paths):
        """(ETag, body) of each path."""
        def some(part):
            client, found = Client(self.fleet, self.key, node), []
            for path in part:
                status, headers, body, _ = client.request("GET", path)
                self.assertEqual(200, status, f"{node} {path}: {body[:200]}")
                found.append((headers["ETag"], body))
            return found

        with ThreadPoolExecutor(ASKERS) as pool:
            parts = list(pool.map(some, (paths[first::ASKERS] for first in range(ASKERS))))
        answers = [None] * len(paths)
        for first, part in enumerate(parts):
            answers[first::ASKERS] = part
        return answers

    def tallies(self, node):
        """What a node has computed and found in each tier so far."""
        client = Client(self.fleet, self.key, node)
        found = {tier: counted(client, "ara_cache_requests_total", tier=tier, result="hit")
                 for tier in TIERS}
        return found | {"computed": counted(client, "ara_forecast_duration_seconds_count")}

    def forecasts(self):
        return int(self.fleet.psql(self.fleet.leader("a"), "SELECT count(*) FROM forecasts"))

    def empty_redis(self):
        password = self.fleet.state.secret("redis")
        for node in self.fleet.status()["redis"]["nodes"]:
            if node["role"] == "master":
                checks.ask_redis(node["port"], password, "FLUSHALL")

    def empty_store(self):
        self.fleet.psql(self.fleet.leader("a"), "DELETE FROM forecasts")
        self.empty_redis()
        time.sleep(BEHIND)

    def step(self, node, source, paths, expected=None):
        """Asks a node; `source` is where it should have all of it from."""
        before = self.tallies(node)
        answers = self.ask(node, paths)
        after = self.tallies(node)
        self.found[source] += after[source] - before[source]
        if source == "computed":
            self.assertEqual(len(paths), after[source] - before[source])
        if expected:
            for path, wanted, answer in zip(paths, expected, answers):
                self.assertEqual(wanted, answer, f"{node}, {source}: {path}")
        return answers

    def compare(self, paths):
        first, second, third, fourth = self.rng.sample(self.fleet.names("api"), 4)
        before = self.forecasts()
        answers = self.step(first, "computed", paths)
        self.step(first, "l1", paths, answers)
        self.step(second, "l2", paths, answers)
        until = time.monotonic() + WRITTEN
        while self.forecasts() < before + len(paths):
            self.assertLess(time.monotonic(), until, "forecasts are not kept in the store")
            time.sleep(0.1)
        self.empty_redis()
        time.sleep(BEHIND)
        self.step(third, "l3", paths, answers)
        self.empty_store()
        self.step(fourth, "computed", paths, answers)

    def test_the_same_bytes_from_every_tier(self):
        self.found = dict.fromkeys((*TIERS, "computed"), 0)
        for first in range(0, KEYS, BATCH):
            self.compare(self.paths[first:first + BATCH])
        print(f"seed {SEED}: {KEYS} keys, found: "
              + ", ".join(f"{source} {count:.0f}" for source, count in self.found.items()))
        self.assertEqual(2 * KEYS, self.found["computed"])
        for tier in TIERS:
            self.assertGreaterEqual(self.found[tier], HITS * KEYS, tier)


if __name__ == "__main__":
    unittest.main()
