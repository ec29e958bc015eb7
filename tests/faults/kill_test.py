"""kill -9 at any moment: the store opens, nothing acknowledged is missing, no file is half there.

The program is killed while it imports generated files, and while it serves and another process
imports beside it. 15 kills; with ARA_LONG=1, 100. ARA_SEED gives the run's random numbers.
"""

import datetime
import functools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ARA = os.environ.get("ARA_BIN", "build/release/bin/ara")
LONG = os.environ.get("ARA_LONG") == "1"
SEED = int(os.environ.get("ARA_SEED", str(random.SystemRandom().randrange(1 << 32))))
IMPORT_KILLS, SERVE_KILLS = (70, 30) if LONG else (10, 5)
COLUMNS = "date,open,high,low,close,adj_close,volume"


def sessions(count, first=datetime.date(1995, 1, 2)):
    days = (first + datetime.timedelta(i) for i in range(2 * count + 7))
    return [day for _, day in zip(range(count), (day for day in days if day.weekday() < 5))]


class Source:
    """A file of one or more symbols in ever newer versions: each has some bars more than the last,
    and other adjusted closes throughout, as after a dividend."""

    def __init__(self, name, symbols, count):
        self.name, self.symbols, self.count = name, symbols, count
        self.base = {symbol: self.walk(symbol) for symbol in symbols}

    def walk(self, symbol):
        rng = random.Random(symbol)
        price, bars = 100.0, []
        for day in sessions(self.count + 600):
            price *= 1 + 0.01 * (rng.random() - 0.5)
            bars.append((day.isoformat(), round(price, 4), round(price * 1.01, 4),
                         round(price * 0.99, 4), round(price * 1.002, 4), rng.randrange(10**6)))
        return bars

    def size(self):
        return self.count * len(self.symbols)

    @functools.lru_cache(maxsize=256)  # the two versions of each symbol that may be there
    def bars(self, symbol, version):
        factor = 0.99 ** (version + 1)
        return [(day, o, h, l, c, round(c * factor, 6), v)
                for day, o, h, l, c, v in self.base[symbol][:self.count + 5 * version]]

    def write(self, folder, version):
        path = Path(folder) / f"{self.name}.csv"
        with path.open("w", encoding="ascii") as file:
            file.write(f"symbol,{COLUMNS}\n")
            for symbol in self.symbols:
                for bar in self.bars(symbol, version):
                    file.write(f"{symbol},{','.join(map(str, bar))}\n")
        return path


class World:
    """A store on disk, and what is known to be in it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.environment = dict(os.environ, ARA_HOME=str(self.folder / "home"))
        self.sources = [Source(f"one{i}", [f"ONE{i}"], 2000 + 400 * i) for i in range(6)]
        # So large that a write spills from memory into the log before it is committed.
        self.sources.append(Source("many", [f"MANY{i}" for i in range(40)], 3500))
        self.version = dict.fromkeys(self.sources, -1)  # the one known to be there, -1 for none
        self.revision = {}  # of each symbol known to be there
        self.counts = dict.fromkeys(
            ("kills", "files acknowledged", "files landed unacknowledged", "files not landed"), 0)

    def command(self, *arguments):
        return [ARA, *map(str, arguments)]

    def start_import(self, sources):
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        paths = [source.write(inbox, self.version[source] + 1) for source in sources]
        return subprocess.Popen(
            self.command("import", *paths, "--asset-type", "stock", "--json"),
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def log_bytes(self):
        try:
            return os.stat(self.folder / "home" / "ara.db-wal").st_size
        except FileNotFoundError:
            return 0

    def settle(self, test, process, sources):
        """After the importer's end: what it acknowledged must be there, the rest whole or not."""
        out, err = process.communicate(timeout=120)
        if process.returncode != 0:
            test.assertEqual(process.returncode, -signal.SIGKILL, err)
        # The report comes after the last file. A kill may find it said and the program not yet
        # ended: what was said holds all the same.
        acknowledged = set()
        if process.returncode == 0 or out.endswith("\n"):
            report = json.loads(out)
            test.assertEqual(len(report["files"]), len(sources), out)
            test.assertTrue(all(file["accepted"] for file in report["files"]), out)
            acknowledged = set(sources)
        self.verify(test, sources, acknowledged)

    def verify(self, test, started=(), acknowledged=()):
        # The program itself opens the store first, and so does what repair there is to do.
        listed = subprocess.run(self.command("symbols", "--json"), env=self.environment,
                                capture_output=True, text=True, timeout=60)
        test.assertEqual(listed.returncode, 0, listed.stderr)
        heads = {head["symbol"]: head for head in json.loads(listed.stdout)}
        store = sqlite3.connect(self.folder / "home" / "ara.db")
        try:
            test.assertEqual(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            test.assertEqual(store.execute("PRAGMA foreign_key_check").fetchall(), [])
            for source in self.sources:
                self.verify_source(test, store, heads, source, source in started,
                                   source in acknowledged)
        finally:
            store.close()
        test.assertEqual(heads, {}, "symbols that no file has")

    def verify_source(self, test, store, heads, source, started, acknowledged):
        before = self.version[source]
        if acknowledged:
            possible = [before + 1]
        else:
            possible = [before, before + 1] if started else [before]
        found = {self.version_of(test, store, heads, source, symbol, possible)
                 for symbol in source.symbols}
        test.assertEqual(len(found), 1, f"{source.name} is there in parts: versions {found}")
        self.version[source] = found.pop()
        if started and not acknowledged:
            landed = self.version[source] != before
            self.counts["files landed unacknowledged" if landed else "files not landed"] += 1
        self.counts["files acknowledged"] += acknowledged

    def version_of(self, test, store, heads, source, symbol, possible):
        rows = store.execute(
            "SELECT date(time, 'unixepoch'), open, high, low, close, adjusted_close, volume "
            "FROM bars JOIN symbols ON id = symbol_id WHERE symbol = ? ORDER BY time",
            (symbol,)).fetchall()
        head = heads.pop(symbol, None)
        if not rows:
            test.assertIsNone(head, f"{symbol} has a head and no bars")
            test.assertIn(-1, possible, f"{symbol} is lost")
            return -1
        test.assertIsNotNone(head, f"{symbol} has bars and no head")
        test.assertEqual((head["bars"], head["first"], head["last"]),
                         (len(rows), rows[0][0], rows[-1][0]), f"the head of {symbol}")
        for version in possible:
            if version >= 0 and rows == source.bars(symbol, version):
                same = version == self.version[source]
                if same:
                    test.assertEqual(head["revision"], self.revision[symbol], symbol)
                else:
                    test.assertNotEqual(head["revision"], self.revision.get(symbol), symbol)
                self.revision[symbol] = head["revision"]
                return version
        return test.fail(f"{symbol} has {len(rows)} bars that are no version of {possible}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """`ara serve` with clients that ask for forecasts."""

    def __init__(self, world):
        self.address = f"http://127.0.0.1:{free_port()}"
        self.log = (world.folder / "serve.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            world.command("serve", "--port", self.address.rsplit(":", 1)[1]),
            env=world.environment, stdout=self.log, stderr=self.log)
        self.stop = threading.Event()
        self.clients = []
        self.answers = 0

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=5) as response:
            return json.loads(response.read())

    def wait_until_ready(self, test):
        for _ in range(1000):
            try:
                return self.get("/health/ready")
            except (urllib.error.URLError, OSError):
                test.assertIsNone(self.process.poll(), Path(self.log.name).read_text())
                time.sleep(0.01)
        return test.fail("not ready after 10 s")

    def ask_on(self, symbols, seed):
        def ask():
            rng = random.Random(seed)
            while not self.stop.is_set():
                try:
                    self.get(f"/api/v1/predict/{rng.choice(symbols)}?days={rng.randint(1, 30)}")
                    self.answers += 1
                except (urllib.error.URLError, OSError):
                    time.sleep(0.002)  # killed, or refused for now
        self.clients.append(threading.Thread(target=ask))
        self.clients[-1].start()

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        self.process.wait(timeout=30)
        self.stop.set()
        for client in self.clients:
            client.join()
        self.log.close()


class KillTest(unittest.TestCase):
    def setUp(self):
        self.rng = random.Random(SEED)
        folder = tempfile.TemporaryDirectory(prefix="ara-kill-")
        self.addCleanup(folder.cleanup)
        self.world = World(folder.name)
        print(f"\nARA_SEED={SEED}", flush=True)

    def tearDown(self):
        print(", ".join(f"{count} {what}" for what, count in self.world.counts.items()), flush=True)

    def some_sources(self):
        """Some small files, and in two of three cases the large one among them."""
        chosen = self.rng.sample(self.world.sources[:-1], self.rng.randint(1, 3))
        if self.rng.random() < 2 / 3:
            chosen.insert(self.rng.randint(0, len(chosen)), self.world.sources[-1])
        return chosen

    def calibrate(self):
        """An import of everything that is let run: its seconds and the size of its log, a bar."""
        begun, largest = time.monotonic(), 0
        process = self.world.start_import(self.world.sources)
        while process.poll() is None:
            largest = max(largest, self.world.log_bytes())
            time.sleep(0.001)
        seconds = time.monotonic() - begun
        self.world.settle(self, process, self.world.sources)
        bars = sum(source.size() for source in self.world.sources)
        return seconds / bars, largest / bars

    def wait_for_moment(self, process, seconds, log_bytes):
        """Until a random moment, or a random size of the log, which finds the middle of a write."""
        by_log = self.rng.random() < 0.5
        limit = self.rng.uniform(0, log_bytes if by_log else seconds)
        begun = time.monotonic()
        while process.poll() is None:
            so_far = self.world.log_bytes() if by_log else time.monotonic() - begun
            if so_far > limit:
                return
            time.sleep(0.0005)

    def kill(self, process):
        process.kill()
        if process.wait(timeout=30) == -signal.SIGKILL:
            self.world.counts["kills"] += 1

    def test_killed_while_importing(self):
        # The first kills meet a store that is only being made.
        for _ in range(IMPORT_KILLS // 5):
            sources = self.some_sources()
            process = self.world.start_import(sources)
            self.wait_for_moment(process, 0.03, 1)
            self.kill(process)
            self.settle_new(process, sources)
        seconds, log_bytes = self.calibrate()
        for _ in range(10 * IMPORT_KILLS):
            if self.world.counts["kills"] >= IMPORT_KILLS:
                break
            sources = self.some_sources()
            size = sum(source.size() for source in sources)
            process = self.world.start_import(sources)
            self.wait_for_moment(process, seconds * size, log_bytes * size)
            self.kill(process)
            self.world.settle(self, process, sources)
        self.assertGreaterEqual(self.world.counts["kills"], IMPORT_KILLS)

    def settle_new(self, process, sources):
        if not (self.world.folder / "home").exists():  # killed before it made anything
            process.communicate(timeout=30)
            return
        self.world.settle(self, process, sources)

    def test_killed_while_serving(self):
        world = self.world
        seconds, _ = self.calibrate()
        symbols = [symbol for source in world.sources for symbol in source.symbols]
        for turn in range(SERVE_KILLS):
            server = Server(world)
            self.addCleanup(server.kill)
            server.wait_until_ready(self)
            source = self.rng.choice(world.sources)
            day = source.bars(source.symbols[-1], world.version[source])[-1][0]
            answer = server.get(f"/api/v1/predict/{source.symbols[-1]}?days=5")
            self.assertEqual(answer["as_of"], day, "the newest bar acknowledged is not served")
            for client in range(4):
                server.ask_on(symbols, f"{turn}-{client}")
            sources = self.some_sources()
            importer = world.start_import(sources)
            time.sleep(self.rng.uniform(0, seconds * sum(source.size() for source in sources)))
            if self.rng.random() < 0.5:
                importer.kill()
            self.assertIsNone(server.process.poll(), "the server ended by itself")
            server.kill()
            world.counts["kills"] += 1
            world.settle(self, importer, sources)
        self.assertGreaterEqual(world.counts["kills"], SERVE_KILLS)


if __name__ == "__main__":
    unittest.main()
