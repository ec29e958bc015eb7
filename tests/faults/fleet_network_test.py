"""An API node is cut from PostgreSQL, from Redis and from both, without a word: it turns unready or
goes on without, answers every request in time, tells nothing that is too old, and recovers by
itself when the network is whole again.

ARA_LONG=1 cuts for 30 s each time, instead of 6.
"""

import http.client
import json
import os
import random
import sys
import threading
import time
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from crew import Crew  # noqa: E402
from apart import Network, NodeApart, NoNamespaces  # noqa: E402
from fleet_load import DEADLINE, SYMBOLS, Client, FleetCase, counted  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
CUT = 30 if LONG else 6
ASKERS = 4
ON_THE_WAY = 0.25  # seconds beyond the deadline, for the client
BOUND = 1.0  # seconds: what a node knows of heads it trusts no longer
UNREADY_WITHIN, READY_WITHIN = 3.0, 5.0
LOCKED = 14  # seconds
WARM = SYMBOLS[:10]


def counter_of(revision):
    return int(revision.split("-")[0])


class Asking(Crew):
    """Threads that ask the node apart, of symbols that it has in memory and of others, until the
    block ends; by kind of answer, with the slowest."""

    def __init__(self, node, key):
        super().__init__()
        self.node, self.key = node, key
        self.counts, self.slowest, self.examples = Counter(), 0.0, []
        self.answers = []  # (asked at, symbol, counter)
        self.mutex = threading.Lock()
        self.threads = [threading.Thread(target=self.ask, args=(n,)) for n in range(ASKERS)]

    def ask(self, number):
        rng, client = random.Random(), self.node.client(self.key)
        while not self.stopped.is_set():
            if rng.random() < 0.7:
                self.one(client, "known", rng.choice(WARM), 1)
            else:
                level = rng.choice(("basic", "standard", "full"))
                self.one(client, "new", rng.choice(SYMBOLS), rng.randint(2, 30),
                         f"&analysis_level={level}&include_explanations={rng.choice((0, 1))}")
            time.sleep(0.02)

    def one(self, client, what, symbol, days, more=""):
        path, asked = f"/api/v1/predict/{symbol}?days={days}{more}", time.monotonic()
        try:
            status, headers, text, seconds = client.request("GET", path)
        except (OSError, http.client.HTTPException) as error:
            status, headers, text, seconds = repr(error), {}, b"", time.monotonic() - asked
        kind = ("full" if status == 200 else
                "refused" if status == 503 and headers.get("Retry-After") else f"error {status}")
        with self.mutex:
            self.counts[f"{what} {kind}"] += 1
            self.slowest = max(self.slowest, seconds)
            if status == 200:
                self.answers.append((asked, symbol, counter_of(json.loads(text)["revision"])))
            elif len(self.examples) < 4:
                self.examples.append(f"{path}: {status} after {seconds:.2f} s {text[:160]!r}")

    def sum(self, kind):
        return sum(count for name, count in self.counts.items() if name.endswith(kind))

    def report(self):
        print(f"counts: {dict(sorted(self.counts.items()))}, slowest {self.slowest:.2f} s")
        for example in self.examples:
            print("  ", example)


class NetworkTest(FleetCase):
    shape = {"shards": 1, "api": 2}
    groups = ("postgres", "redis", "api")

    @classmethod
    def setUpClass(cls):
        try:
            cls.network = Network()
        except NoNamespaces as error:
            raise unittest.SkipTest(f"no network of its own: {error}")
        cls.addClassCleanup(cls.network.close)
        super().setUpClass()
        cls.node = NodeApart(cls.fleet, cls.network)
        cls.addClassCleanup(cls.node.stop)
        cls.addClassCleanup(cls.network.mend)
        cls.ports = {
            "postgres": [cls.fleet.port(f"{member}/{port}") for member in cls.fleet.members("a")
                         for port in ("pgbouncer", "postgres")],
            "redis": [cls.fleet.port(name) for name in cls.fleet.names("redis")]}

    def setUp(self):
        client = self.node.client(self.key)
        for symbol in WARM:
            self.assertEqual(200, client.request("GET", f"/api/v1/predict/{symbol}?days=1")[0])

    def write(self, symbol):
        """A bar posted to a node that is not cut off: (acknowledged at, its counter)."""
        day = f"2021-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        close = round(random.uniform(90, 110), 4)
        bar = {"date": day, "open": close, "high": close, "low": close, "close": close}
        status, _, text, _ = Client(self.fleet, self.key, "api-2").request(
            "POST", "/api/v1/bars", {"symbol": symbol, "bars": [bar]})
        self.assertEqual(200, status, text)
        return time.monotonic(), counter_of(json.loads(text)["results"][0]["revision"])

    def count(self, family, **labels):
        return counted(self.node.client(self.key), family, **labels)

    def oldest(self, load, written):
        """For how long a write had been acknowledged that an answer, asked for then, lacks."""
        return max([0.0] + [asked - written[symbol][0] for asked, symbol, counter in load.answers
                            if symbol in written and counter < written[symbol][1]])

    def cut_from_postgres(self, *others):
        written = {}
        with Asking(self.node, self.key) as load:
            time.sleep(0.5)
            self.network.cut([port for name in ("postgres", *others) for port in self.ports[name]])
            unready = self.node.wait(503, 20)
            for symbol in WARM[:5]:
                written[symbol] = self.write(symbol)
            time.sleep(CUT)
            self.assertEqual(503, self.node.readiness())
            self.network.mend()
            ready = self.node.wait(200, 60)
            time.sleep(1)
        print(f"unready after {unready:.2f} s, ready again after {ready:.2f} s; the oldest answer "
              f"lacked a write of {self.oldest(load, written):.2f} s before")
        self.assertEqual(0, sum(n for kind, n in load.counts.items() if " error" in kind))
        self.assertGreater(load.sum("full"), 0)
        self.assertGreater(load.sum("refused"), 0)
        self.assertLessEqual(load.slowest, DEADLINE + ON_THE_WAY)
        self.assertLessEqual(self.oldest(load, written), BOUND)
        self.assertLessEqual(unready, UNREADY_WITHIN)
        self.assertLessEqual(ready, READY_WITHIN)
        self.works_again()

    def works_again(self):
        with Asking(self.node, self.key) as after:
            time.sleep(2)
        self.assertGreater(after.sum("full"), 0)
        self.assertEqual(after.sum("full"), sum(after.counts.values()))

    def test_1_cut_from_postgres(self):
        self.cut_from_postgres()

    def test_2_cut_from_redis(self):
        with Asking(self.node, self.key) as load:
            time.sleep(0.5)
            self.network.cut(self.ports["redis"])
            until = time.monotonic() + CUT
            while time.monotonic() < until:
                self.assertEqual(200, self.node.readiness())
                time.sleep(0.2)
            failed = self.count("ara_redis_operations_total", result="failed")
            refused = self.count("ara_redis_operations_total", result="refused")
            self.network.mend()
            mended = time.monotonic()
            while self.count("ara_redis_breakers_open") > 0:
                self.assertLess(time.monotonic() - mended, 30, "breakers stay open")
                time.sleep(0.05)
            closed = time.monotonic() - mended
            done = self.count("ara_redis_operations_total", result="done")
            time.sleep(1)
            done = self.count("ara_redis_operations_total", result="done") - done
        print(f"{failed:.0f} operations failed, {refused:.0f} were not tried; breakers closed "
              f"{closed:.2f} s after")
        self.assertGreater(failed, 0)
        self.assertEqual(load.sum("full"), sum(load.counts.values()))
        self.assertLessEqual(load.slowest, DEADLINE)
        self.assertLessEqual(closed, READY_WITHIN)
        self.assertGreater(done, 0)
        self.works_again()

    def test_3_cut_from_both(self):
        self.cut_from_postgres("redis")

    def test_4_a_store_that_was_slow_is_forgiven(self):
        """While nobody can write, writes take all the time they have. Afterwards they do not, and a
        node must find that out."""
        node = NodeApart(self.fleet, self.network, "hasty", REQUEST_DEADLINE_MS="1000",
                         MAX_WORKERS="4")
        self.addCleanup(node.stop)
        body = {"symbol": "SYM0", "bars": [{"date": "2021-05-03", "close": 100}]}

        def write():
            status, _, text, _ = node.client(self.key).request("POST", "/api/v1/bars", body)
            return status, json.loads(text).get("detail", "")

        self.assertEqual(200, write()[0])
        locker = threading.Thread(target=self.fleet.psql, args=(
            self.fleet.leader("a"), f"BEGIN; LOCK TABLE symbols; SELECT pg_sleep({LOCKED})"))
        locker.start()
        during = Counter()

        def write_on():
            while locker.is_alive():
                during.update([write()])
                time.sleep(0.05)

        with ThreadPoolExecutor(4) as pool:
            for _ in range(4):
                pool.submit(write_on)
        locker.join()
        start = time.monotonic()
        while (answer := write())[0] != 200 and time.monotonic() - start < 10:
            time.sleep(0.1)
        print(f"locked for {LOCKED} s: writes {dict(during)}, then {answer} after "
              f"{time.monotonic() - start:.1f} s")
        self.assertEqual(200, answer[0])


if __name__ == "__main__":
    unittest.main()
