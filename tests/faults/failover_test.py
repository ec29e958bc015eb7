"""A PostgreSQL primary is killed -9 together with its Patroni and its pool, while rows are written.

Measured is how long no write is acknowledged. Every acknowledged row must be there afterwards, once,
and the old primary must come back as a replica. Once; with ARA_LONG=1, ten times at random moments.
ARA_SEED gives the run's random numbers.
"""

import os
import random
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import psycopg2

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from crew import Crew  # noqa: E402
from local import Fleet  # noqa: E402
from local.status import picture  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
SEED = int(os.environ.get("ARA_SEED", str(random.SystemRandom().randrange(1 << 32))))
KILLS = 10 if LONG else 1
WRITERS = 4
MOST_SECONDS = 35
PAUSE = 0.05  # of a writer whose write has failed


class Writers(Crew):
    """Threads that write one numbered row after another through the pools, and note which were
    acknowledged and when. What was not is never written again: its fate is unknown."""

    def __init__(self, fleet):
        super().__init__()
        members = fleet.members("a")
        self.where = {
            "host": ",".join(["127.0.0.1"] * len(members)),
            "port": ",".join(str(fleet.port(f"{member}/pgbouncer")) for member in members),
            "user": "ara_user", "password": fleet.state.secret("database"), "dbname": "ara_ai",
            "target_session_attrs": "primary", "connect_timeout": 2}
        self.acknowledged = [[] for _ in range(WRITERS)]  # (number, moment)
        self.failures = [0] * WRITERS
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(WRITERS)]

    def connect(self):
        connection = psycopg2.connect(**self.where)
        connection.autocommit = True
        return connection

    def write(self, writer):
        number, connection = 0, None
        while not self.stopped.is_set():
            number += 1
            try:
                connection = connection or self.connect()
                with connection.cursor() as cursor:
                    cursor.execute("SET statement_timeout = '3s'; INSERT INTO written VALUES (%s, %s)",
                                   (writer, number))
                self.acknowledged[writer].append((number, time.monotonic()))
            except psycopg2.Error:
                self.failures[writer] += 1
                if connection:
                    connection.close()
                connection = None
                time.sleep(PAUSE)

    def first_after(self, moment):
        """When the first write after a moment was acknowledged, or None."""
        times = [at for rows in self.acknowledged for _, at in rows[-200:] if at > moment]
        return min(times, default=None)


class FailoverTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(tempfile.mkdtemp(prefix="ara-failover-"), shards=1)
        cls.addClassCleanup(cls.fleet.down)
        cls.fleet.up(["postgres"])
        cls.fleet.psql(cls.fleet.leader("a"), "CREATE TABLE written(writer int, number int)")

    def failover(self, writers, rng):
        """(seconds without an acknowledged write, the primary that was killed)."""
        time.sleep(rng.uniform(1, 5))
        old = self.fleet.leader("a")
        self.fleet.kill(old)
        killed = time.monotonic()  # all of it is dead: what is acknowledged from now on is another's
        while (first := writers.first_after(killed)) is None:
            if time.monotonic() - killed > 2 * MOST_SECONDS:
                self.fail("no new primary takes writes:\n" + "\n".join(picture(self.fleet.status())))
            time.sleep(0.01)
        self.assertNotEqual(old, self.fleet.leader("a"))
        return first - killed, old

    def test_no_acknowledged_row_is_lost(self):
        rng, took = random.Random(SEED), []
        with Writers(self.fleet) as writers:
            for _ in range(KILLS):
                seconds, old = self.failover(writers, rng)
                took.append(seconds)
                self.fleet.heal()
                roles = {row["name"]: row["role"] for row in self.fleet.shard("a")}
                self.assertIn(roles[old], ("replica", "sync_standby"))
        self.report(writers, took)
        self.check_rows(writers)
        self.assertLessEqual(max(took), MOST_SECONDS)

    def report(self, writers, took):
        print(f"seed {SEED}: {KILLS} primaries killed; without writes for "
              f"{', '.join(f'{seconds:.1f}' for seconds in took)} s; "
              f"{sum(map(len, writers.acknowledged))} rows acknowledged, "
              f"{sum(writers.failures)} attempts failed", file=sys.stderr)

    def check_rows(self, writers):
        rows = self.fleet.psql(self.fleet.leader("a"), "SELECT writer, number FROM written")
        found = [tuple(map(int, row.split("|"))) for row in rows.splitlines()]
        self.assertEqual(len(found), len(set(found)), "a row is there twice")
        acknowledged = {(writer, number) for writer, rows in enumerate(writers.acknowledged)
                        for number, _ in rows}
        self.assertGreater(len(acknowledged), 100 * KILLS)
        self.assertEqual(set(), acknowledged - set(found), "acknowledged rows are lost")


if __name__ == "__main__":
    unittest.main()
