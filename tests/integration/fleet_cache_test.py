"""Servers that share nothing but a Redis Cluster: one computation for all, the same bytes from all,
and none the worse when Redis dies under them."""

import os
import re
import shutil
import signal
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import http_server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import redis_cluster

SERVERS = 3
REQUESTS = 500
PATH = "/api/v1/predict/AAPL?days={}"


class Node(http_server.Server):
    """Its store is a copy of the first one's, made before it was opened."""

    def __init__(self, original, **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="ara-http-")
        self.port = http_server.free_port()
        self.env = dict(original.env, ARA_HOME=self.folder.name + "/home", API_PORT=str(self.port),
                        **settings)
        shutil.copytree(original.env["ARA_HOME"], self.env["ARA_HOME"])
        self.start()


class Original(http_server.Server):
    def start(self):
        """It only imports."""


class FleetCacheTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not http_server.ARA:
            raise unittest.SkipTest("ARA_BIN names no program")
        if not redis_cluster.installed():
            raise unittest.SkipTest("no redis-server")
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="ara-redis-"))
        cls.redis = redis_cluster.RedisCluster(Path(cls.folder))
        cls.addClassCleanup(cls.redis.stop)
        original = Original()
        cls.addClassCleanup(original.folder.cleanup)
        cls.nodes = []
        for _ in range(SERVERS):
            cls.nodes.append(Node(original, REDIS_HOST=cls.redis.addresses,
                                  REDIS_PASSWORD=redis_cluster.PASSWORD, CACHE_TTL_SECONDS="60",
                                  REQUEST_DEADLINE_MS="20000"))
            cls.addClassCleanup(cls.nodes[-1].stop)
        if not cls.nodes[0].get(PATH.format(30)).status == 200 or not cls.uses_redis():
            raise unittest.SkipTest("a build without libvalkey")

    @classmethod
    def uses_redis(cls):
        return cls.sum("ara_redis_operations_total", result="done") > 0

    @classmethod
    def sum(cls, family, **labels):
        inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
        return sum(node.metric(family + (f"{{{inner}}}" if inner else "")) for node in cls.nodes)

    def computations(self):
        return self.sum("ara_forecast_duration_seconds_count")

    def ask_all(self, path):
        """REQUESTS at once, over all nodes."""
        with ThreadPoolExecutor(100) as pool:
            return list(pool.map(lambda i: self.nodes[i % SERVERS].get(path), range(REQUESTS)))

    def assert_one_answer(self, answers):
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.body for answer in answers}), 1)
        self.assertEqual(len({answer.headers["ETag"] for answer in answers}), 1)

    def test_1_many_misses_of_one_symbol_are_one_computation(self):
        for days in (7, 8, 9):
            before = self.computations()
            self.assert_one_answer(self.ask_all(PATH.format(days)))
            self.assertEqual(self.computations() - before, 1)

    def test_2_what_one_has_made_the_others_have(self):
        hits, before = self.sum("ara_cache_requests_total", tier="l2", result="hit"), None
        for days in range(10, 20):
            first = self.nodes[days % SERVERS].get(PATH.format(days))
            before = before or self.computations()
            for node in self.nodes:
                self.assertEqual(node.get(PATH.format(days)).body, first.body)
        self.assertEqual(self.computations() - before, 9)
        self.assertEqual(self.sum("ara_cache_requests_total", tier="l2", result="hit") - hits, 20)

    def test_3_values_live_as_long_as_the_setting_says(self):
        left = []
        for node in self.redis.nodes[:redis_cluster.MASTERS]:
            text = node.command("INFO", "keyspace")
            left += [int(ms) for ms in re.findall(r"avg_ttl=(\d+)", text)]
        self.assertTrue(left)
        self.assertTrue(all(ms <= 60_000 for ms in left), left)

    def test_4_without_redis_every_node_computes(self):
        for node in self.redis.nodes:
            node.process.kill()
        slowest = 0.0
        for days in (21, 22, 23):
            begin = time.monotonic()
            self.assert_one_answer(self.ask_all(PATH.format(days)))
            slowest = max(slowest, time.monotonic() - begin)
        self.assertGreaterEqual(self.sum("ara_redis_operations_total", result="failed"), 1)
        print(f"without Redis: {REQUESTS} requests in {slowest:.2f} s at most", file=sys.stderr)


class SettingsTest(unittest.TestCase):
    """A server whose Redis is not there starts, and says what it has."""

    @unittest.skipUnless(http_server.ARA and redis_cluster.installed(), "no program or redis-server")
    def test_a_cluster_that_is_not_there_is_done_without(self):
        server = http_server.Server(REDIS_HOST="127.0.0.1:1", REDIS_PASSWORD="hunter2")
        try:
            begin = time.monotonic()
            self.assertEqual(server.get(PATH.format(5)).status, 200)
            self.assertLess(time.monotonic() - begin, 3)
        finally:
            server.process.send_signal(signal.SIGTERM)
            said = server.process.communicate(timeout=30)
            server.folder.cleanup()
        self.assertEqual(server.process.returncode, 0)
        self.assertNotIn("hunter2", "".join(said))


if __name__ == "__main__":
    os.environ.pop("REDIS_HOST", None)
    unittest.main()
