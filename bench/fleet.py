"""./dev bench fleet: what a node of a fleet costs more than a server by itself, and what it gets.

A real fleet on loopback: PostgreSQL with two standbys behind its pools, a Redis Cluster of six.

  CPU       a cached GET with an API key, wrk on core 1, of a node and of a server with the embedded
            store, which take turns on core 0
  L2 hit    what one node has made asked of another, over one connection, less the same asked again,
            which is in memory then
  ingest    bars posted in batches of 5,000, against the same rows copied by psql into a staging
            table of the same primary and upserted, a transaction a batch
  full load three nodes, asked by many at once for what is not cached, and posted to: the
            connections to each PostgreSQL server, looked up in pg_stat_activity

    fleet.py [ROUNDS [SECONDS]]
"""

import csv
import datetime
import http.client
import io
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy"))
from api import ARA, PASSWORD, PATH, SECRET, TIERS, Server, Way  # noqa: E402
from local import Fleet, nodes, servers  # noqa: E402

BUDGET = nodes.CONNECTIONS  # POSTGRES_CONNECTIONS
BATCH, BATCHES = 5_000, 4
STAGED = 10_000_000  # above the ids of symbols
ASKERS = 12  # of each node
FIRST_DAY = datetime.date(2000, 1, 1)
HORIZONS = 30  # of each symbol
SYMBOLS = ["AAPL"] + [f"S{number}" for number in range(15)]


def run_ara(env, *arguments, stdin=""):
    subprocess.run([ARA, *arguments], env=env, check=True, input=stdin, text=True,
                   stdout=subprocess.DEVNULL)


def fill(env, folder):
    """The symbols and an account, of a fleet or of a single store."""
    rows = "".join(f"{2010 + i // 336}-{i // 28 % 12 + 1:02}-{i % 28 + 1:02},{100 + i % 37 / 10}\n"
                   for i in range(3000))
    for symbol in SYMBOLS:
        (folder / f"{symbol}.csv").write_text("date,close\n" + rows)
    run_ara(env, "import", str(folder))
    run_ara(env, "admin", "create-user", "ada@example.com", "--role", "admin", stdin=PASSWORD + "\n")


def make_key(server):
    login = server.post("/api/v1/auth/login", {"email": "ada@example.com", "password": PASSWORD}, {})
    return server.post("/api/v1/auth/api-keys", {"name": "bench"},
                       {"Authorization": "Bearer " + login["access_token"]})["key"]


class Client:
    """One kept connection to one node."""

    def __init__(self, port, key):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"X-API-Key": key, "Content-Type": "application/json"}

    def request(self, method, path, body=None):
        """(status, seconds)"""
        start = time.perf_counter()
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - start

    def must(self, method, path, body=None):
        """The seconds of a request that succeeds; what is refused for its load is asked again."""
        for _ in range(100):
            status, seconds = self.request(method, path, body)
            if status == 200:
                return seconds
            if status != 503:
                break
            time.sleep(0.1)
        raise RuntimeError(f"{method} {path}: {status}")


# ---- CPU ------------------------------------------------------------------------------------------


def processor_time(single, node, keys, rounds, seconds):
    """The ways, which have been measured in turns."""
    ways = [Way("single server", single, "X-API-Key: " + keys[0]),
            Way("node of a fleet", node, "X-API-Key: " + keys[1])]
    for way in ways:
        way.measure(1, keep=False)
    for _ in range(rounds):
        for way in ways:
            way.measure(seconds)
    print(f"{'cached GET':<18}{'requests/s':>12}{'CPU µs/request':>16}")
    for way in ways:
        print(f"{way.name:<18}{statistics.median(way.rps):>12.0f}{statistics.median(way.cpu):>16.2f}")
    return statistics.median(ways[1].cpu) / statistics.median(ways[0].cpu)


# ---- L2 -------------------------------------------------------------------------------------------


def tally(node, key, tier):
    """Hits of a tier that a node has counted."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=10)
    connection.request("GET", "/metrics", headers={"X-API-Key": key})
    text = connection.getresponse().read().decode()
    connection.close()
    name = f'ara_cache_requests_total{{result="hit",tier="{tier}"}}'
    other = f'ara_cache_requests_total{{tier="{tier}",result="hit"}}'
    return sum(float(line.split()[-1]) for line in text.splitlines()
               if line.startswith((name, other)))


def second_tier(maker, asker, key):
    """Medians of an L2 hit and an L1 hit, in µs."""
    paths = [f"/api/v1/predict/{symbol}?days={days}&analysis_level=basic"
             for symbol in SYMBOLS for days in range(1, HORIZONS + 1)]
    made, asked = Client(maker.port, key), Client(asker.port, key)
    computed = [1e3 * made.must("GET", path) for path in paths]
    first = statistics.median(computed[::HORIZONS])
    rest = statistics.median(time for at, time in enumerate(computed) if at % HORIZONS)
    print(f"\nbasic forecasts from PostgreSQL, median: the first of a symbol {first:.2f} ms, "
          f"further horizons, from bars in memory, {rest:.2f} ms")
    asked.must("GET", PATH)
    before = tally(asker, key, "l2")
    l2 = [asked.must("GET", path) for path in paths]
    hits = tally(asker, key, "l2") - before
    if hits < 0.95 * len(paths):
        raise RuntimeError(f"of {len(paths)} look-ups only {hits:.0f} were found in Redis")
    l1 = [asked.must("GET", path) for path in paths]
    medians = [1e6 * statistics.median(times) for times in (l2, l1)]
    print(f"\n{len(paths)} L2 hits, median {medians[0]:.0f} µs; the same from memory "
          f"{medians[1]:.0f} µs")
    return medians[0] - medians[1]


# ---- ingest ---------------------------------------------------------------------------------------


def rows_of(symbol):
    """BATCH bars, as both sides tell them."""
    for number in range(BATCH):
        close = 100 + (number * 7919 + len(symbol)) % 97 / 10
        yield FIRST_DAY + datetime.timedelta(days=number), close, close + 1, close - 1, close, 1000.0


def post_batches(node, key, round_number):
    """Rows a second through the API."""
    bodies = []
    for number in range(BATCHES):
        symbol = f"IN{round_number}-{number}"
        bars = [{"date": str(day), "open": opened, "high": high, "low": low, "close": close,
                 "volume": volume} for day, opened, high, low, close, volume in rows_of(symbol)]
        bodies.append(json.dumps({"symbol": symbol, "asset_type": "crypto", "bars": bars}))
    client = Client(node.port, key)
    return BATCH * BATCHES / sum(client.must("POST", "/api/v1/bars", body) for body in bodies)


def stored(fleet):
    """Rows that came through the API, and through psql."""
    return [int(fleet.psql(fleet.leader("a"), f"SELECT count(*) FROM bars WHERE {which}"))
            for which in ("symbol_id IN (SELECT id FROM symbols WHERE symbol LIKE 'IN%')",
                          f"symbol_id >= {STAGED}")]


def copy_batches(fleet, folder, round_number):
    """Rows a second through psql, the start of which is not counted."""
    script = ["\\set ON_ERROR_STOP on", "SELECT 'began', extract(epoch FROM clock_timestamp());"]
    day_zero = datetime.date(1970, 1, 1)
    for number in range(BATCHES):
        file, text = folder / f"batch-{number}.csv", io.StringIO()
        where = (round_number * 977 + number * 4001) % 16384, STAGED + 100 * round_number + number
        csv.writer(text).writerows(
            [*where, (row[0] - day_zero).days * 86_400, *row[1:5], row[4], row[5]]
            for row in rows_of("IN"))
        file.write_text(text.getvalue())
        script += ["BEGIN;", "CREATE TEMP TABLE staged (LIKE bars) ON COMMIT DROP;",
                   f"\\copy staged FROM '{file}' (FORMAT csv)",
                   "INSERT INTO bars SELECT * FROM staged ON CONFLICT (slot, symbol_id, time) DO "
                   "UPDATE SET open = excluded.open, high = excluded.high, low = excluded.low, "
                   "close = excluded.close, adjusted_close = excluded.adjusted_close, "
                   "volume = excluded.volume;", "COMMIT;"]
    script.append("SELECT 'ended', extract(epoch FROM clock_timestamp());")
    environment = {"PGHOST": "127.0.0.1", "PGUSER": "ara_user", "PGDATABASE": "ara_ai",
                   "PGPORT": str(fleet.port(f"{fleet.leader('a')}/postgres")),
                   "PGPASSWORD": fleet.database["POSTGRES_PASSWORD"]}
    said = subprocess.run([f"{servers.POSTGRES_BIN}/psql", "-X", "-q", "-A", "-t", "-w"],
                          input="\n".join(script), env=environment, check=True,
                          capture_output=True, text=True).stdout
    times = dict(line.split("|") for line in said.split())
    return BATCH * BATCHES / (float(times["ended"]) - float(times["began"]))


def ingest(fleet, node, key, folder, rounds):
    through = {"API": [], "psql": []}
    for number in range(rounds):
        through["API"].append(post_batches(node, key, number))
        through["psql"].append(copy_batches(fleet, folder, number))
    if stored(fleet) != [rounds * BATCHES * BATCH] * 2:
        raise RuntimeError(f"{stored(fleet)} rows were stored")
    medians = {name: statistics.median(rates) for name, rates in through.items()}
    print("\nbars a second: " + ", ".join(f"{name} {rate:.0f}" for name, rate in medians.items()))
    return medians["API"] / medians["psql"]


# ---- full load ------------------------------------------------------------------------------------


def work(port, key, number, stopped, counts):
    client = Client(port, key)
    day = FIRST_DAY + datetime.timedelta(days=30 * number)
    for turn in itertools.count():
        if stopped.is_set():
            return
        symbol = SYMBOLS[(turn + number) % len(SYMBOLS)]
        if turn % 3 == 0:
            day += datetime.timedelta(days=1)
            bar = {"date": str(day), "close": 100 + turn % 7}
            what = ("POST", "/api/v1/bars", json.dumps({"symbol": f"FULL{number}", "bars": [bar]}))
        elif turn % 3 == 1:
            what = ("GET", f"/api/v1/bars/{symbol}?limit=500")
        else:
            what = ("GET", f"/api/v1/predict/{symbol}?days={1 + (turn // 3 + number) % 30}")
        status = client.request(*what)[0]
        counts[status] = counts.get(status, 0) + 1


def seen_connections(fleet):
    """The most that one PostgreSQL server has from nodes, and that one of the pools has."""
    direct = [int(fleet.psql(member, "SELECT count(*) FROM pg_stat_activity WHERE usename = "
                             "'ara_user'", user="postgres")) for member in fleet.members("a")]
    pooled = [fleet.psql(member, "SHOW CLIENTS", port="pgbouncer", user="pgbouncer",
                         database="pgbouncer").count("|ara_user|") for member in fleet.members("a")]
    return max(direct), max(pooled)


def full_load(fleet, key, seconds):
    fleet.up(["api"])
    stopped, counts = threading.Event(), {}
    threads = [threading.Thread(target=work, daemon=True,
                                args=(fleet.port(name), key, 100 * index + number, stopped, counts))
               for index, name in enumerate(fleet.names("api")) for number in range(ASKERS)]
    for thread in threads:
        thread.start()
    most, until = (0, 0), time.monotonic() + seconds
    while time.monotonic() < until:
        most = tuple(map(max, most, seen_connections(fleet)))
    stopped.set()
    for thread in threads:
        thread.join()
    print(f"\n{len(fleet.names('api'))} nodes, {len(threads)} at a time for {seconds} s: answers by "
          f"status {dict(sorted(counts.items()))}")
    print(f"connections at most: {most[0]} of one PostgreSQL server, {most[1]} of one pool")
    return most


# ---------------------------------------------------------------------------------------------------


def report(checks):
    met = True
    for what, value, sign, bound in checks:
        holds = value <= bound if sign == "<=" else value >= bound
        met = met and holds
        print(f"{what:<52} {value:8.2f}  (target {sign} {bound}): {'met' if holds else 'MISSED'}")
    return met


def measure(fleet, folder, rounds, seconds):
    common = {"API_WORKERS": "1", "ARA_LOG_LEVEL": "error", "TIERS": TIERS, "CACHE_SIZE_MB": "32"}
    told = nodes.settings(fleet, "api-1")
    ours = [dict(os.environ) | told | common | {"ARA_HOME": str(folder / f"node-{number}")}
            for number in range(2)]
    alone = dict(os.environ, ARA_HOME=str(folder / "single"), JWT_SECRET_KEY=SECRET,
                 ARA_ENV="development", **common)
    bars = folder / "bars"
    bars.mkdir()
    for env in (ours[0], alone):
        fill(env, bars)
    running = []
    try:
        for env in (alone, *ours):
            running.append(Server(env))
        single, node, other = running
        keys = make_key(single), make_key(node)
        time.sleep(1)  # in which the other node hears of the key
        checks = [("CPU a cached request, node / single server",
                   processor_time(single, node, keys, rounds, seconds), "<=", 1.1),
                  ("L2 hit over an L1 hit, µs", second_tier(other, node, keys[1]), "<=", 150),
                  ("bars a second, API / psql's COPY and upsert",
                   ingest(fleet, node, keys[1], folder, rounds), ">=", 0.7)]
    finally:
        for server in running:
            server.stop()
    direct, pooled = full_load(fleet, keys[1], 4 * seconds)
    checks += [("connections of a PostgreSQL server", direct, "<=", BUDGET),
               ("connections of a pool", pooled, "<=", BUDGET)]
    print()
    return report(checks)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as temp:
        settings = {"TIERS": TIERS}
        with Fleet(tempfile.mkdtemp(prefix="ara-bench-fleet-"), settings=settings, shards=1) as fleet:
            fleet.up(["postgres", "redis"])
            return 0 if measure(fleet, Path(temp), rounds, seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
