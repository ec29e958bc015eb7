"""A server in a container: a CPU quota of 1 and of 0.5 core, and 256 MB of memory.

Threads and caches follow the limits, the throughput is at least 0.9 of what the best of several
settings made by hand reaches under the same limits (in the short form, which others run beside, 0.6),
and nothing is killed for memory under a mixed load: for 20 s, or with ARA_LONG=1 for 10 minutes.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

import cgroup

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests/integration")]
from http_server import ARA, free_port  # noqa: E402
from load import generator  # noqa: E402
from overload import write_symbols  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
MEMORY = 256 << 20
STORE = 1 << 30  # bytes, more than the store becomes
QUOTAS = (1.0, 0.5)
SECONDS = 600 if LONG else 20
ROUNDS, ROUND_SECONDS = (5, 4) if LONG else (2, 1)
TRIES = 3  # what else runs on the machine may hit one of the two that are compared
MIX = "cached=85,new=10,batch=5"
CONNECTIONS = 16
RATE = 300  # requests a second, of which a tenth must be answered with 200 on the busiest machine
# What a person might set: event loops, workers, megabytes of caches.
BY_HAND = ((1, 1, 16), (1, 2, 64), (2, 1, 32), (2, 2, 64))
SHARE = 0.9 if LONG else 0.6  # beside other tests the quota is not to be had, and it is no measurement
ON_DISK = Path(os.environ.get("ARA_DIR", REPOSITORY)) / "build"


def fast_place():
    """Memory, where there is enough of it: the disk, which others use too, is not what is limited."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage("/dev/shm").free > STORE and os.access("/dev/shm", os.W_OK):
            return "/dev/shm"
    return None


class Server:
    """`ara serve` on the store in `folder`, in a group; `settings` beside the defaults."""

    def __init__(self, folder, group, **settings):
        self.port = free_port()
        env = dict(os.environ, ARA_HOME=str(folder / "home"), API_PORT=str(self.port),
                   ARA_LOG_LEVEL="error", ARA_ENV="development", **settings)
        self.process = subprocess.Popen([ARA, "serve"], env=env, cwd=folder, preexec_fn=group.enter,
                                        stdout=subprocess.PIPE, text=True)
        if "Serving" not in self.process.stdout.readline():
            raise RuntimeError(f"no server: exit status {self.process.wait(10)}")

    def status(self, name):
        """A number of /proc/PID/status, in its own unit."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


@unittest.skipIf(cgroup.why_not(), cgroup.why_not())
class CgroupTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="ara-cgroup-", dir=fast_place())
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        write_symbols(cls.folder / "symbols.csv")
        subprocess.run([ARA, "import", "--asset-type", "stock", str(cls.folder / "symbols.csv")],
                       env=dict(os.environ, ARA_HOME=str(cls.folder / "home")), check=True,
                       stdout=subprocess.DEVNULL)
        cls.few = cls.folder / "few"
        cls.few.write_text("".join(f"N{number:04}\n" for number in range(100)))

    def settings(self, group):
        shown = subprocess.run([ARA, "config", "show"], text=True, capture_output=True, check=True,
                               env=dict(os.environ, ARA_HOME=str(self.folder / "home")),
                               preexec_fn=group.enter).stdout
        rows = dict(line.split()[:2] for line in shown.splitlines() if len(line.split()) > 1)
        return {name: int(rows[name]) for name in ("API_WORKERS", "MAX_WORKERS", "CACHE_SIZE_MB")}

    def test_1_settings_follow_the_limits(self):
        for cores, memory, expected in ((1, MEMORY, (1, 1, 16)), (0.5, MEMORY, (1, 1, 16)),
                                        (1.5, 2 * MEMORY, (2, 1, 32))):
            with self.subTest(cores=cores), cgroup.Group(cores, memory) as group:
                self.assertEqual(expected, tuple(self.settings(group).values()))

    def test_2_threads_follow_the_limits(self):
        threads = {}
        for cores in (0.5, 1, 2):
            with cgroup.Group(cores, MEMORY) as group, Server(self.folder, group) as server:
                generator.run(server.port, 0.5, rate=100, symbols=self.few, mix="cached=8,new=2")
                threads[cores] = server.status("Threads")
        print(f"threads by cores: {threads}")
        self.assertEqual(threads[0.5], threads[1])
        if os.cpu_count() >= 2:  # one more event loop and one more worker at least
            self.assertGreaterEqual(threads[2], threads[1] + 2)

    def throughput(self, port):
        result = generator.run(port, ROUND_SECONDS, closed=CONNECTIONS, symbols=self.few, mix=MIX)
        self.assertEqual(result["all"]["count"], sum(
            generator.count(result, kind, "200") for kind in ("cached", "new", "batch")))
        return result["all"]["count"] / result["seconds"]

    def fastest(self, group, choices, rounds=ROUNDS):
        """The requests a second of servers with these settings, which take turns, each on a store of
        its own, in which nothing is kept yet; the most of each, since what else runs on the machine
        only takes away."""
        rows = [[] for _ in choices]
        for _ in range(rounds):
            for settings, row in zip(choices, rows):
                with tempfile.TemporaryDirectory(dir=self.folder) as copy:
                    shutil.copytree(self.folder / "home", Path(copy) / "home")
                    with Server(Path(copy), group, **settings) as server:
                        row.append(self.throughput(server.port))
        return [max(row) for row in rows]

    def test_3_the_defaults_reach_what_settings_by_hand_do(self):
        for cores in QUOTAS:
            with self.subTest(cores=cores), cgroup.Group(cores, MEMORY) as group:
                choices = [dict(zip(("API_WORKERS", "MAX_WORKERS", "CACHE_SIZE_MB"), map(str, one)))
                           for one in BY_HAND]
                found = self.fastest(group, choices, 1)
                best = choices[found.index(max(found))]
                for _ in range(TRIES):
                    # Measured again: the best of several was also the luckiest.
                    ours, by_hand = self.fastest(group, ({}, best))
                    print(f"{cores} cores: {ours:.0f} requests/s by default, {by_hand:.0f} with "
                          f"{best}; of all by hand: {[round(one) for one in found]}")
                    if ours >= SHARE * by_hand:
                        break
                self.assertGreaterEqual(ours, SHARE * by_hand)

    def test_4_nothing_is_killed_for_memory(self):
        # On a disk, as servers are: in /dev/shm the store itself would count as memory.
        with (tempfile.TemporaryDirectory(prefix="cgroup-", dir=ON_DISK) as folder,
              cgroup.Group(1, MEMORY) as group):
            shutil.copytree(self.folder / "home", Path(folder) / "home")
            self.load(group, Path(folder))

    def load(self, group, folder):
        with Server(folder, group) as server:
            result = generator.run(server.port, SECONDS, rate=RATE, connections=500,
                                   mix="cached=78,new=12,batch=5,write=5")
            self.assertEqual(0, group.kills())
            self.assertIsNone(server.process.poll())
            most, resident = group.most_memory(), server.status("VmHWM") << 10
            print(f"{result['all']['count']} requests in {SECONDS} s, p99 {result['all']['p99']:.0f} ms; "
                  f"at most {resident / 2**20:.0f} MB resident, {most / 2**20:.0f} MB with files; "
                  f"throttled for {group.throttled_seconds():.1f} s")
        # A write makes cached forecasts new, so that those are computed too: all may be refused, where
        # there is more to do than one core can, but none may get lost.
        answers = Counter()
        for kind in ("cached", "new", "batch", "write"):
            for status, row in generator.answers(result, kind).items():
                answers[status] += row["count"]
        print(f"answers by status: {dict(answers)}")
        self.assertLessEqual(set(answers), {"200", "503"})
        self.assertGreater(answers["200"], RATE * SECONDS / 10)
        self.assertLessEqual(resident, 0.75 * MEMORY)


if __name__ == "__main__":
    unittest.main()
