"""Soak: a server at half of what it can do, after a warm-up: its memory, live allocations and
descriptors stay as they are. With ARA_LONG=1 for 30 minutes; else for 25 s, and at a quarter, since
other tests use the machine beside it.

Keeps the measurements as build/soak/soak.csv and, drawn, as soak.svg.
"""

import csv
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "bench"), str(REPOSITORY / "tests/integration")]
from http_server import ARA, free_port  # noqa: E402
from load import generator  # noqa: E402
from overload import write_symbols  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
# The warm-up is longer than a forecast is kept (CACHE_TTL_SECONDS): before, nothing has expired.
WARM_UP, SECONDS, EVERY, SHARE = (360, 1800, 5.0, 1 / 2) if LONG else (15, 25, 0.5, 1 / 4)
CONNECTIONS = 64
SYMBOLS, CACHE_MB = (300, 16) if LONG else (60, 1)  # so that what fills is full after the warm-up
MIX = "cached=88,new=5,batch=4,write=3"
MOST_GROWTH = 4.0  # MB of resident memory, in all
# What is on the way at a moment differs from one to the next, even the least of many.
ALLOCATIONS_DIFFER, OF_A_CONNECTION = 0.02, 60
OUT = Path(os.environ.get("ARA_DIR", REPOSITORY)) / "build/soak"
COLUMNS = ("seconds", "resident_mb", "allocations", "allocated_mb", "descriptors", "threads")


class Soaked:
    """`ara serve`, of which is known what it has allocated."""

    def __init__(self, folder):
        self.counts, self.port = folder / "allocations", free_port()
        library = folder / "count_allocations.so"
        subprocess.run(["g++", "-O2", "-shared", "-fPIC", "-o", library,
                        REPOSITORY / "tests/support/count_allocations.cpp"], check=True)
        self.env = dict(os.environ, ARA_HOME=str(folder / "home"), API_PORT=str(self.port),
                        ARA_LOG_LEVEL="error", ARA_ENV="development", CACHE_SIZE_MB=str(CACHE_MB))
        subprocess.run([ARA, "import", "--asset-type", "stock", str(folder / "symbols.csv")],
                       env=self.env, check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [ARA, "serve"], cwd=folder, stdout=subprocess.PIPE, text=True,
            env=self.env | {"LD_PRELOAD": str(library), "ALLOCATIONS": str(self.counts)})
        if "Serving" not in self.process.stdout.readline():
            raise RuntimeError(f"no server: exit status {self.process.wait(10)}")

    def sample(self, seconds):
        """A row of COLUMNS."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        number = {name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1])
                  for name in ("VmRSS", "Threads")}
        live, size = struct.unpack("qq", self.counts.read_bytes()[:16])
        return (round(seconds, 1), round(number["VmRSS"] / 1024, 2), live, round(size / 2**20, 2),
                len(os.listdir(f"/proc/{self.process.pid}/fd")), number["Threads"])

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


def line(rows, column, top, height, width):
    """A polyline of a column over time, in a strip of the picture; it begins at 0."""
    most = max(row[column] for row in rows) * 1.1 or 1
    points = " ".join(f"{60 + width * row[0] / rows[-1][0]:.1f},{top + height * (1 - row[column] / most):.1f}"
                      for row in rows)
    return (f'<text x="4" y="{top + 14}">{COLUMNS[column]}</text>'
            f'<text x="4" y="{top + 30}" class="n">first {rows[0][column]}, last {rows[-1][column]}</text>'
            f'<path d="M60 {top + height}h{width}" class="a"/><polyline points="{points}"/>')


def draw(rows, title):
    strips = "".join(line(rows, column, 40 + 110 * index, 90, 720)
                     for index, column in enumerate((1, 2, 3, 4)))
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 490" font-family="sans-serif" '
            'font-size="12"><style>polyline{fill:none;stroke:#36c}.a{stroke:#999}.n{fill:#666}</style>'
            f'<rect width="800" height="490" fill="#fff"/><text x="4" y="20" font-size="14">{title}</text>'
            f'{strips}</svg>\n')


class SoakTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ara-soak-")
        self.addCleanup(folder.cleanup)
        write_symbols(Path(folder.name) / "symbols.csv")
        self.few = Path(folder.name) / "few"
        self.few.write_text("".join(f"N{number:04}\n" for number in range(SYMBOLS)))
        self.server = Soaked(Path(folder.name))
        self.addCleanup(self.server.stop)

    def rate(self):
        most = generator.run(self.server.port, 4, closed=CONNECTIONS, mix=MIX, seed=1,
                             symbols=self.few)
        return SHARE * most["all"]["count"] / most["seconds"]

    def watch(self, load):
        start, rows = time.monotonic(), []
        while load.poll() is None:
            rows.append(self.server.sample(time.monotonic() - start))
            time.sleep(EVERY)
        return [row for row in rows if row[0] <= SECONDS]

    def test_memory_allocations_and_descriptors_are_flat(self):
        port, rate = self.server.port, self.rate()
        options = {"rate": rate, "mix": MIX, "connections": CONNECTIONS, "symbols": self.few}
        # As fast as it can, and mostly what is new: so that the pages of the store that SQLite keeps
        # (some 8 MB), and what else is bounded, are as many as they become.
        generator.run(port, WARM_UP, seed=2, closed=CONNECTIONS, symbols=self.few,
                      mix="cached=40,new=50,batch=4,write=6")
        load = generator.start(port, SECONDS, seed=3, **options)
        rows = self.watch(load)
        result = generator.finish(load)
        self.keep(rows, f"{SECONDS} s at {rate:.0f} requests a second, {SHARE:.0%} of what the server "
                  "can do")
        failed = result["all"]["count"] - sum(generator.count(result, kind, "200")
                                              for kind in result["kinds"])
        part = max(1, len(rows) // 10)
        first, last = (self.level(rows[:part]), self.level(rows[-part:]))
        print(f"{result['all']['count']} requests at {rate:.0f}/s, {failed} not answered with 200, p99 "
              f"{result['all']['p99']:.1f} ms; of the first and of the last tenth of the time:")
        for name, before, after in zip(COLUMNS[1:], first[1:], last[1:]):
            print(f"  {name:<14}{before:>12g}{after:>12g}{after - before:>+12g}")
        self.assertLessEqual(last[1] - first[1], MOST_GROWTH)
        self.assertLessEqual(last[2], first[2] * (1 + ALLOCATIONS_DIFFER)
                             + OF_A_CONNECTION * CONNECTIONS)
        self.assertLessEqual(last[3] - first[3], MOST_GROWTH)
        self.assertLessEqual(last[4], first[4] + CONNECTIONS)
        self.assertLessEqual(last[5], first[5])

    @staticmethod
    def level(rows):
        """Of resident memory, which only grows, the median; of all else the least, in which less of
        what is just on the way is counted."""
        columns = list(zip(*rows))
        return [statistics.median(columns[at]) if at < 2 else min(columns[at])
                for at in range(len(COLUMNS))]

    def keep(self, rows, title):
        OUT.mkdir(parents=True, exist_ok=True)
        with open(OUT / "soak.csv", "w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        (OUT / "soak.svg").write_text(draw(rows, title))
        print(f"kept in {OUT}")


if __name__ == "__main__":
    if not shutil.which("g++"):
        raise SystemExit("g++ is needed")
    unittest.main()
