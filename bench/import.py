"""Rows a second of `ara import` against `sqlite3 .import` of the same file, each a whole process
into a fresh database, by turns. The criterion is the ratio on one file: at least 0.7.

    import.py [ROUNDS]

sqlite3 reads the file as text into a table without a key; ara reads, checks and converts every row
and stores it under its symbol and day. The same into a typed table with that key is shown beside.
"""

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random

SYMBOLS = 120
DAYS = 4000
REQUIRED = 0.7
HEADER = "symbol,date,open,high,low,close,volume"
KEYED = """CREATE TABLE bars (symbol TEXT, date TEXT, open REAL, high REAL, low REAL, close REAL,
           volume REAL, PRIMARY KEY (symbol, date)) WITHOUT ROWID"""


def write_sample(path):
    """SYMBOLS random walks of DAYS days each, 7 days a week, in one file."""
    random = Random(1)
    first = date(2010, 1, 1)
    days = [(first + timedelta(i)).isoformat() for i in range(DAYS)]
    with open(path, "w") as out:
        out.write(HEADER + "\n")
        for n in range(SYMBOLS):
            close = 10 + 90 * random.random()
            for day in days:
                start = close
                close *= 1 + 0.04 * (random.random() - 0.5)
                high = max(start, close) * (1 + 0.01 * random.random())
                low = min(start, close) * (1 - 0.01 * random.random())
                out.write(f"C{n:03}-USD,{day},{start:.6f},{high:.6f},{low:.6f},{close:.6f},"
                          f"{random.randrange(10**6, 10**9)}\n")


class Contender:
    """One way to import: `command` of a fresh folder, and `count`, the rows found there after."""

    def __init__(self, name, command, count):
        self.name, self.command, self.count = name, command, count
        self.seconds = []

    def run(self, scratch, rows):
        home = Path(scratch) / "run"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        arguments, text = self.command(home)
        start = time.perf_counter()
        done = subprocess.run(arguments, input=text, text=True, capture_output=True,
                              env=os.environ | {"ARA_HOME": str(home)})
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            sys.exit(f"{self.name} failed: {done.stderr}")
        found = self.count(home)
        if found != rows:
            sys.exit(f"{self.name} holds {found} rows, not {rows}")
        self.seconds.append(seconds)


def count_in(name):
    def count(home):
        with closing(sqlite3.connect(home / name)) as database:
            return database.execute("SELECT count(*) FROM bars").fetchone()[0]
    return count


def ara(paths):
    return Contender("ara import",
                     lambda home: ([os.environ["ARA_BIN"], "import", *map(str, paths)], None),
                     count_in("ara.db"))


def sqlite(paths, name, create=None):
    # The first file's header makes the columns where no table is created; the others' are skipped.
    lines = [".mode csv", *([create.replace("\n", " ") + ";"] if create else [])]
    lines += [f'.import {"--skip 1 " if create or i else ""}"{path}" bars'
              for i, path in enumerate(paths)]
    return Contender(name, lambda home: (["sqlite3", "-bail", str(home / "s.db")],
                                         "\n".join(lines) + "\n"), count_in("s.db"))


def compare(title, rows, contenders, rounds, scratch):
    """Runs them by turns; the median rows/s of each, as a table. Returns first over second."""
    for contender in contenders:
        contender.run(scratch, rows)  # warms the page cache, and is not counted
        contender.seconds.clear()
    for _ in range(rounds):
        for contender in contenders:
            contender.run(scratch, rows)
    print(f"\n{title}: {rows:,} rows, median of {rounds} rounds by turns")
    rate = [rows / statistics.median(contender.seconds) for contender in contenders]
    for contender, value in zip(contenders, rate):
        low, high = min(contender.seconds), max(contender.seconds)
        print(f"  {contender.name:<28}{value:>12,.0f} rows/s   ({low:.2f} to {high:.2f} s)"
              f"   ara is {rate[0] / value:.2f} of it")
    return rate[0] / rate[1]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="ara-bench-", dir=Path(os.environ["ARA_BIN"]).parent) as scratch:
        sample = Path(scratch) / "sample.csv"
        write_sample(sample)
        ratio = compare("One file", SYMBOLS * DAYS,
                        [ara([sample]), sqlite([sample], "sqlite3 .import"),
                         sqlite([sample], "sqlite3 .import, typed, key", KEYED)], rounds, scratch)
        shared = Path(os.environ.get("ARA_SHARED", Path(__file__).parents[2] / "shared"))
        folder = shared / "data/equities"
        if folder.is_dir():
            files = sorted(folder.glob("*.csv"))
            rows = sum(path.read_bytes().count(b"\n") - 1 for path in files)
            compare(f"{len(files)} files, each a transaction of its own", rows,
                    [ara([folder]), sqlite(files, "sqlite3 .import")], rounds, scratch)
        else:
            print(f"\nno shared data at {shared} (ARA_SHARED): the folder is left out")
    print(f"\none file: {ratio:.2f} of sqlite3 .import (at least {REQUIRED} wanted): "
          f"{'ok' if ratio >= REQUIRED else 'TOO SLOW'}")
    return 0 if ratio >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
