"""The stores of a fleet are killed under load: a Redis master, all of Redis, a PostgreSQL primary.

ARA_LONG=1 takes the long form: the primary ten times at random moments, a minute beside each loss.
"""

import contextlib
import os
import random
import sys
import threading
import time
import unittest
from pathlib import Path

import psycopg2

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from fleet_load import Client, FleetCase, Load  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
SEED = int(os.environ.get("ARA_SEED", str(random.SystemRandom().randrange(1 << 32))))
PRIMARIES = 10 if LONG else 1
MINUTE = 60 if LONG else 12
MISSES = 10_000 if LONG else 600
MOST_SECONDS_WITHOUT_WRITES = 35


def failures(counts, *kinds):
    return {kind: count for kind, count in counts.items()
            if not kind.endswith(" full") and kind.startswith(kinds)}


class StoresTest(FleetCase):
    shape = {"shards": 1}

    def computed(self):
        """Forecasts that the slow lanes of all nodes have made."""
        total = 0
        for node in self.fleet.names("api"):
            _, _, text, _ = Client(self.fleet, self.key, node).request("GET", "/metrics")
            total += sum(float(line.split()[-1]) for line in text.decode().splitlines()
                         if line.startswith("ara_forecast_duration_seconds_count"))
        return total

    def test_1_a_killed_redis_master_is_not_felt(self):
        with Load(self.fleet, self.key) as load:
            time.sleep(3)
            begin = time.monotonic()
            self.fleet.kill("redis-1")
            time.sleep(MINUTE)
            end = time.monotonic()
        gap, p99 = load.longest_gap(begin, end), load.p99(begin, end)
        print(f"a Redis master killed: longest gap {gap:.2f} s, p99 {1000 * p99:.0f} ms")
        self.fleet.heal()
        self.assertEqual({}, failures(load.counts, "read", "write", "own"))
        self.assertLessEqual(gap, 2)
        self.assertLessEqual(p99, 0.25)

    def test_2_misses_of_one_symbol_are_computed_once(self):
        for turn in range(3):
            before, wrong = self.computed(), []
            path = f"/api/v1/predict/SYM{turn}?days={20 + turn}"

            def ask(number, path=path, wrong=wrong):
                client = Client(self.fleet, self.key, f"api-{number % 3 + 1}")
                for _ in range(MISSES // 60):
                    status, _, text, _ = client.request("GET", path)
                    if status != 200:
                        wrong.append((status, text[:200]))

            threads = [threading.Thread(target=ask, args=(number,)) for number in range(60)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual([], wrong)
            self.assertEqual(1, self.computed() - before)

    def test_3_all_of_redis_killed_is_no_error(self):
        with Load(self.fleet, self.key) as load:
            time.sleep(2)
            self.fleet.kill("redis")
            time.sleep(MINUTE)
            self.fleet.heal()
            time.sleep(3)
        self.assertEqual({}, failures(load.counts, "read", "write", "own"))

    def test_4_a_killed_primary_fails_no_read_and_loses_no_row(self):
        rng, took = random.Random(SEED), []
        with Load(self.fleet, self.key, readers=4, writers=4) as load:
            for _ in range(PRIMARIES):
                time.sleep(rng.uniform(2, 6))
                old = self.fleet.leader("a")
                self.fleet.kill(old)
                killed, written = time.monotonic(), len(load.acknowledged)
                while len(load.acknowledged) < written + 5:
                    self.assertLess(time.monotonic() - killed, 120, "writes do not resume")
                    time.sleep(0.02)
                took.append(time.monotonic() - killed)
                self.fleet.heal()
                roles = {row["name"]: row["role"] for row in self.fleet.shard("a")}
                self.assertIn(roles[old], ("replica", "sync_standby"))
            time.sleep(3)
        print(f"seed {SEED}: writes resumed after {', '.join(f'{one:.1f}' for one in took)} s")
        self.assertEqual({}, failures(load.counts, "read"))
        self.assertEqual(0, load.counts["own stale"])
        self.assertLessEqual(max(took), MOST_SECONDS_WITHOUT_WRITES)
        self.check_written(load)

    def unreplayed(self, member):
        """Bytes of the log that a standby has received and not replayed."""
        return int(self.fleet.psql(member, "SELECT pg_last_wal_receive_lsn() - pg_last_wal_replay_lsn()"))

    def kill_within_a_record(self):
        """Kills the primary when its standbys have the beginning of a record: it writes the log by
        pages, and with nobody committing the end of a long record waits. False where somebody did."""
        old = self.fleet.leader("a")
        standbys = [member for member in self.fleet.members("a") if member != old]
        writer = psycopg2.connect(host="127.0.0.1", port=self.fleet.port(f"{old}/postgres"),
                                  user="ara_user", dbname="ara_ai",
                                  password=self.fleet.state.secret("database"))
        with contextlib.closing(writer), writer.cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(false, 'ara', repeat('x', 200000))")
            for _ in range(20):
                if self.unreplayed(standbys[0]) > 8192:
                    break
            self.fleet.kill(old)
        time.sleep(1)
        return all(self.unreplayed(member) > 8192 for member in standbys)

    def test_5_a_log_that_ends_within_a_record_is_read_up_to_there(self):
        for _ in range(5):
            if self.kill_within_a_record():
                break
            self.fleet.heal()
        else:
            self.fail("no primary was killed while its standbys had a part of a record")
        with Load(self.fleet, self.key, writers=0) as load:
            time.sleep(10)
        self.fleet.heal()
        self.assertEqual({}, failures(load.counts, "read"))
        self.assertGreater(load.counts["read full"], 100)


if __name__ == "__main__":
    unittest.main()
