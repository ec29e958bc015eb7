"""A steady, mixed load on a local fleet, and what became of every request.

Readers ask for forecasts through nginx over TLS; writers post a bar and then ask for the forecast
with the revision token that they were given, which must be no older. Every answer is counted:

  full       200, within the deadline
  late       200, after the deadline
  refused    503 with Retry-After
  error      anything else, or no answer at all
  stale      a forecast older than the token it was asked with
"""

import datetime
import http.client
import json
import random
import ssl
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from unittest import TestCase

from crew import Crew
from local import Fleet

DEADLINE = 5.0
MOST_EXAMPLES = 8  # of each kind that are told
PASSWORD = "four plain words do"
SYMBOLS = [f"SYM{number}" for number in range(40)]
FIRST_DAY = datetime.date(2020, 1, 6)
SETTINGS = {"TIERS": "load=1000000/10000000/100/365/1000", "CACHE_SIZE_MB": "32"}


def sessions(count):
    """Weekdays from FIRST_DAY: days on which no exchange of the sample is asked about."""
    day = FIRST_DAY
    while count > 0:
        if day.weekday() < 5:
            yield day
            count -= 1
        day += datetime.timedelta(days=1)


def bars_csv(symbol, count):
    rng, price = random.Random(symbol), 100.0
    lines = ["date,open,high,low,close,volume"]
    for day in sessions(count):
        price *= 1 + rng.gauss(0, 0.01)
        lines.append(f"{day},{price:.4f},{price * 1.01:.4f},{price * 0.99:.4f},{price:.4f},1000000")
    return "\n".join(lines) + "\n"


class Client:
    """One kept connection to the front of the fleet, or to one node."""

    def __init__(self, fleet, key, node=None):
        self.fleet, self.key, self.node, self.connection = fleet, key, node, None

    def connect(self):
        if self.node:
            return http.client.HTTPConnection("127.0.0.1", self.fleet.port(self.node), timeout=30)
        context = ssl.create_default_context(cafile=self.fleet.folder / "nginx/certificate.pem")
        return http.client.HTTPSConnection("localhost", self.fleet.port("nginx"), timeout=30,
                                           context=context)

    def request(self, method, path, body=None):
        """(status, headers, body, seconds); the connection is made again after an error."""
        headers = {"X-API-Key": self.key}
        if body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        start = time.monotonic()
        try:
            self.connection = self.connection or self.connect()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.headers, answer.read(), time.monotonic() - start
        except (OSError, http.client.HTTPException):
            if self.connection:
                self.connection.close()
            self.connection = None
            raise


def counted(client, family, **labels):
    """The sum of a node's samples of that family which have these labels."""
    _, _, text, _ = client.request("GET", "/metrics")
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return sum(float(line.split()[-1]) for line in text.decode().splitlines()
               if line.startswith(family) and all(word in line for word in wanted))


class Load(Crew):
    """Threads that read and write until the block ends; `counts` by kind, `gaps` between successes."""

    def __init__(self, fleet, key, readers=4, writers=1, pause=0.01):
        super().__init__()
        self.fleet, self.key, self.pause = fleet, key, pause
        self.counts, self.examples, self.latencies = Counter(), [], []
        self.acknowledged = {}  # (symbol, day) -> close
        self.successes = []     # moments, of reads
        self.mutex = threading.Lock()
        self.threads = ([threading.Thread(target=self.read, args=(n,)) for n in range(readers)] +
                        [threading.Thread(target=self.write, args=(n, writers)) for n in range(writers)])

    def note(self, kind, seconds, detail=""):
        with self.mutex:
            self.counts[kind] += 1
            if kind == "read full":
                self.successes.append(time.monotonic())
                self.latencies.append((time.monotonic(), seconds))
            elif not kind.endswith("full") and self.counts[kind] <= MOST_EXAMPLES:
                self.examples.append(f"{kind}: {detail}"[:300])

    def ask(self, client, what, method, path, body=None):
        """The answer of one request as JSON, counted; None where it was no success."""
        try:
            status, headers, text, seconds = client.request(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self.note(f"{what} error", 0, f"{method} {path}: {error!r}")
            return None
        if status == 200:
            self.note(f"{what} full" if seconds <= DEADLINE else f"{what} late", seconds,
                      f"{path} {seconds:.2f} s")
            return json.loads(text)
        refused = status == 503 and headers.get("Retry-After")
        self.note(f"{what} refused" if refused else f"{what} error", seconds,
                  f"{method} {path}: {status} {text[:200]!r}")
        return None

    def read(self, number):
        rng, client = random.Random(number), Client(self.fleet, self.key)
        while not self.stopped.is_set():
            symbol, days = rng.choice(SYMBOLS), rng.choice((1, 1, 1, 5, 7))
            self.ask(client, "read", "GET", f"/api/v1/predict/{symbol}?days={days}")
            time.sleep(self.pause)

    def write(self, number, writers):
        client, rng = Client(self.fleet, self.key), random.Random(number)
        own = SYMBOLS[number::writers]
        day = {symbol: list(sessions(401))[-1] for symbol in own}
        while not self.stopped.is_set():
            symbol = rng.choice(own)
            close = round(rng.uniform(90, 110), 4)
            bar = {"date": str(day[symbol]), "open": close, "high": close, "low": close,
                   "close": close, "volume": 1}
            put = self.ask(client, "write", "POST", "/api/v1/bars",
                           {"symbol": symbol, "bars": [bar]})
            if put is not None:
                self.acknowledged[symbol, str(day[symbol])] = close
                self.read_own(client, symbol, put["results"][0]["revision"])
                day[symbol] = next_session(day[symbol])
            time.sleep(self.pause)

    def read_own(self, client, symbol, revision):
        answer = self.ask(client, "own", "GET", f"/api/v1/predict/{symbol}?days=1&min_revision={revision}")
        if answer and int(answer["revision"].split("-")[0]) < int(revision.split("-")[0]):
            self.note("own stale", 0, f"{symbol} {answer['revision']} < {revision}")

    def longest_gap(self, begin, end):
        """The longest time without a successful read between two moments."""
        with self.mutex:
            inside = [begin] + [at for at in self.successes if begin < at < end] + [end]
        return max(later - earlier for earlier, later in zip(inside, inside[1:]))

    def p99(self, begin, end):
        with self.mutex:
            inside = sorted(seconds for at, seconds in self.latencies if begin < at < end)
        return inside[int(0.99 * (len(inside) - 1))] if inside else float("nan")

    def report(self):
        print("counts:", dict(sorted(self.counts.items())))
        for example in self.examples:
            print("  ", example)


def next_session(day):
    day += datetime.timedelta(days=1)
    return day if day.weekday() < 5 else next_session(day)


class FleetCase(TestCase):
    """A whole fleet with bars of SYMBOLS in it and a key to ask with."""

    shape = {}
    settings = SETTINGS
    symbols = SYMBOLS
    groups = ("postgres", "redis", "api", "worker", "nginx")

    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(tempfile.mkdtemp(prefix="ara-faults-"), settings=cls.settings, **cls.shape)
        cls.addClassCleanup(cls.fleet.down)
        start = time.monotonic()
        cls.fleet.up(list(cls.groups))
        print(f"fleet ready after {time.monotonic() - start:.1f} s")
        cls.fill()
        cls.key = cls.make_key()

    @classmethod
    def run_ara(cls, *arguments, stdin=""):
        environment = cls.fleet.row("api-1").environment
        done = subprocess.run([cls.fleet.binary, *arguments], env=environment, input=stdin, text=True,
                              cwd=cls.fleet.folder, capture_output=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout

    @classmethod
    def fill(cls):
        with tempfile.TemporaryDirectory(prefix="ara-bars-") as folder:
            for symbol in cls.symbols:
                (Path(folder) / f"{symbol}.csv").write_text(bars_csv(symbol, 400))
            cls.run_ara("import", folder, "--asset-type", "crypto")

    @classmethod
    def make_key(cls, email="load@example.com", tier="load"):
        cls.run_ara("admin", "create-user", email, "--role", "admin", "--tier", tier,
                    stdin=PASSWORD + "\n")
        time.sleep(1)  # in which every node has heard of the account
        client = Client(cls.fleet, "", None if cls.fleet.has("nginx") else "api-1")
        login = {"email": email, "password": PASSWORD}
        status, _, text, _ = client.request("POST", "/api/v1/auth/login", login)
        if status != 200:
            raise AssertionError(text)
        token = json.loads(text)["access_token"]
        connection = client.connect()
        connection.request("POST", "/api/v1/auth/api-keys", json.dumps({"name": "load"}),
                           {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 200:
            raise AssertionError(f"{answer.status} {text}")
        time.sleep(1)
        return json.loads(text)["key"]

    def check_written(self, load):
        """Every acknowledged bar is there, once, on one shard."""
        rows = [row for shard in self.fleet.shards for row in self.fleet.psql(
            self.fleet.leader(shard), "SELECT symbol, to_timestamp(time)::date, close, count(*) FROM "
            "bars JOIN symbols ON id = symbol_id WHERE volume = 1 GROUP BY 1, 2, 3").splitlines()]
        stored = {tuple(row.split("|")[:2]): row.split("|")[2:] for row in rows}
        self.assertEqual(len(rows), len(stored), "a bar is there twice")
        for (symbol, day), close in load.acknowledged.items():
            self.assertIn((symbol, day), stored)
            self.assertEqual(float(stored[symbol, day][0]), close)
            self.assertEqual(stored[symbol, day][1], "1")
