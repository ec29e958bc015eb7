"""`ara doctor` finds by name what was planted from outside, and not without it; and the sizes that
it tells are enough.

A fleet of one shard has a healthy node. Faults: an index that SQL dropped, a standby whose replay
SQL paused, nodes beside with a pool of one connection, with a cache of 1 MB, and with a library
loaded (LD_PRELOAD) whose thread leaks 1.5 MB/s. Each is undone as doctor says, where it says how.

ARA_LONG=1 looks for longer.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from fleet_load import SETTINGS, FleetCase  # noqa: E402
from local import checks  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
SECONDS = 20 if LONG else 4
FINDINGS = 1  # the exit status where something was found
PLANTED = {"index-missing", "replica-stalled", "pool-too-small", "cache-too-small", "memory-leak"}
SLO_MS = 250
READY = 30  # seconds
WARM_UP = 32  # seconds, over those in which doctor does not judge a node's memory

# Asks for forecasts of all symbols, for a few or for many days, as wrk's threads go on.
LOAD = """
local days = {days}
request = function()
  local path = "/api/v1/predict/SYM" .. math.random(0, 39) .. "?days=" .. math.random(1, days)
  return wrk.format("GET", path, {{["X-API-Key"] = "{key}"}})
end
"""

LEAK = """
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *leak(void *unused) {
  for (;;) {
    char *lost = malloc(150000);
    if (lost) memset(lost, 1, 150000);
    usleep(100000);
  }
  return unused;
}

__attribute__((constructor)) static void begin(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, leak, NULL);
}
"""


class Node:
    """One more `ara serve` on the fleet's database, with settings of its own."""

    def __init__(self, fleet, name, preload="", **settings):
        self.port, self.folder = fleet.port(name), fleet.folder / name
        self.folder.mkdir(exist_ok=True)
        self.environment = fleet.row("api-1").environment | settings | {
            "API_PORT": str(self.port), "ARA_HOME": str(self.folder)}
        loaded = {"LD_PRELOAD": str(preload)} if preload else {}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([fleet.binary, "serve"], env=self.environment | loaded,
                                            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        until = time.monotonic() + READY
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def ready(self):
        with contextlib.suppress(*checks.FAILURES):
            return checks.answers(self.port, "/health/ready")
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.terminate()
        self.process.wait(30)


class DoctorTest(FleetCase):
    shape = {"shards": 1, "members": 2, "etcd": 1, "api": 1, "worker": 0}
    groups = ("postgres", "api")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A node is judged when it has warmed up: the other tests are time enough.
        library = cls.fleet.folder / "leak.so"
        source = library.with_suffix(".c")
        source.write_text(LEAK)
        subprocess.run(["gcc", "-shared", "-fPIC", "-pthread", "-o", library, source], check=True,
                       timeout=60)
        cls.leaking, cls.sound = Node(cls.fleet, "leaking", library), Node(cls.fleet, "sound")
        cls.addClassCleanup(cls.leaking.end)
        cls.addClassCleanup(cls.sound.end)
        cls.started = time.monotonic()

    # ---- what is done to a node -----------------------------------------------------------------

    @contextlib.contextmanager
    def load(self, port, days, connections=8):
        """wrk, until the block ends."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(LOAD.format(days=days, key=self.key))
            script.flush()
            process = subprocess.Popen(
                ["wrk", "-t1", f"-c{connections}", "-d600s", "-s", script.name,
                 f"http://127.0.0.1:{port}"], stdout=subprocess.DEVNULL)
            try:
                yield
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)

    def examine(self, environment, *options, seconds=SECONDS):
        """What doctor says, told by the settings of a node."""
        command = [self.fleet.binary, "doctor", "--json", "--seconds", str(seconds), *options]
        done = subprocess.run(command, env=environment, cwd=self.fleet.folder, capture_output=True,
                              text=True, timeout=seconds + 60)
        self.assertIn(done.returncode, (0, FINDINGS), done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(done.returncode == FINDINGS, bool(said["findings"]))
        for finding in said["findings"]:
            print("  {name}: {subject}: {evidence} → {action}".format(**finding))
        return said

    def healthy(self, *options, **more):
        return self.examine(self.fleet.row("api-1").environment, *options, **more)

    def find(self, said, name):
        """The finding of that name; none of the other faults may be found beside it."""
        self.assert_not_found(said, *(PLANTED - {name}))
        found = [finding for finding in said["findings"] if finding["name"] == name]
        self.assertTrue(found, f"{name} is not found")
        return found[0]

    def assert_not_found(self, said, *names):
        found = {finding["name"] for finding in said["findings"]}
        self.assertEqual(set(), found & set(names or PLANTED))

    def setting_of(self, finding):
        """NAME, VALUE that the action tells."""
        return re.search(r"Set ([A-Z_]+)=(\d+)", finding["action"]).groups()

    # ---- the faults -----------------------------------------------------------------------------

    def test_1_none_of_the_five_without_a_fault(self):
        with self.load(self.fleet.port("api-1"), days=5):
            time.sleep(2)
            said = self.healthy()
        self.assert_not_found(said)
        self.assertEqual(5, len(said["triggers"]))
        self.assertNotIn(None, [trigger["value"] for trigger in said["triggers"]])

    def test_2_a_missing_index(self):
        primary = self.fleet.leader("a")
        self.fleet.psql(primary, "DROP INDEX alerts_by_symbol")
        finding = self.find(self.healthy(seconds=1), "index-missing")
        self.assertIn("alerts_by_symbol", finding["subject"])
        self.fleet.psql(primary, finding["action"].removeprefix("Run: "))
        self.assert_not_found(self.healthy(seconds=1))

    def test_3_a_stalled_replica(self):
        standby = next(row["name"] for row in self.fleet.shard("a") if row["role"] != "leader")
        # Its Patroni, which would have it go on, is stopped beside.
        self.fleet.send(f"{standby}/patroni", signal.SIGSTOP)
        try:
            self.fleet.psql(standby, "SELECT pg_wal_replay_pause()", user="postgres")
            self.fleet.psql(self.fleet.leader("a"), "INSERT INTO commits (token) "
                            "VALUES (decode(repeat('ab', 16), 'hex'))")
            finding = self.find(self.healthy(seconds=2), "replica-stalled")
            port = self.fleet.port(f"{standby}/pgbouncer")
            self.assertEqual(f"127.0.0.1:{port}", finding["subject"])
            self.fleet.psql(standby, finding["action"].split(": ", 1)[1], user="postgres")
        finally:
            self.fleet.send(f"{standby}/patroni", signal.SIGCONT)
        self.assert_not_found(self.healthy(seconds=2))

    def test_4_a_pool_of_one(self):
        with Node(self.fleet, "pool", POSTGRES_CONNECTIONS="1", CACHE_SIZE_MB="16") as node:
            finding = self.find(self.examine(node.environment, seconds=1), "pool-too-small")
        name, value = self.setting_of(finding)
        self.assertEqual("POSTGRES_CONNECTIONS", name)
        with Node(self.fleet, "pool", POSTGRES_CONNECTIONS=value, CACHE_SIZE_MB="16") as node:
            self.assert_not_found(self.examine(node.environment, seconds=1))

    def test_5_a_cache_of_1_mb(self):
        with Node(self.fleet, "cache", CACHE_SIZE_MB="1") as node, self.load(node.port, days=12):
            time.sleep(4)
            finding = self.find(self.examine(node.environment), "cache-too-small")
        name, value = self.setting_of(finding)
        self.assertEqual("CACHE_SIZE_MB", name)
        with Node(self.fleet, "cache", CACHE_SIZE_MB=value) as node, self.load(node.port, days=12):
            time.sleep(4)
            self.assert_not_found(self.examine(node.environment))

    def test_7_a_leak(self):
        time.sleep(max(0, self.started + WARM_UP - time.monotonic()))
        for node, found in ((self.leaking, True), (self.sound, False)):
            with self.load(node.port, days=2, connections=2):
                time.sleep(2)
                said = self.examine(node.environment, seconds=max(SECONDS, 6))
            if found:
                self.assertIn("MB", self.find(said, "memory-leak")["evidence"])
            else:
                self.assert_not_found(said)

    # ---- the sizes ------------------------------------------------------------------------------

    def test_6_the_sizes_it_tells_are_enough(self):
        poor = dict.fromkeys(("API_WORKERS", "MAX_WORKERS", "CACHE_SIZE_MB", "POSTGRES_CONNECTIONS"),
                             "1")
        with Node(self.fleet, "size", **poor) as node, self.load(node.port, days=12):
            time.sleep(2)
            said = self.examine(node.environment, "--slo-ms", str(SLO_MS))
        told = {name: row["value"] for name, row in said["right_size"]["settings"].items()}
        print("told:", told)
        self.assertEqual(set(poor), set(told))
        with Node(self.fleet, "size", **told) as node, self.load(node.port, days=12):
            time.sleep(4)
            said = self.examine(node.environment, "--slo-ms", str(SLO_MS))
        self.assert_not_found(said, "latency-high", "requests-refused", "errors", *PLANTED)
        p95 = next(row["value"] for row in said["triggers"] if row["name"] == "latency_p95")
        print(f"p95 with these: {1000 * p95:.2f} ms")
        self.assertLess(p95, SLO_MS / 1000)
        limit = int(said["right_size"]["resources"]["limits.memory"]["value"].removesuffix("Mi"))
        resident = next(row["value"] for row in said["figures"] if row["what"] == "resident")
        self.assertLess(resident, limit * 2**20)


if __name__ == "__main__":
    unittest.main()
