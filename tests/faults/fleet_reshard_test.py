"""A third shard is added to a fleet of two under load, its command killed -9 on the way.

No request fails, at most a third and 2 % of the symbols move, and every row that was there is there
afterwards, once. 1,000 symbols; with ARA_LONG=1, 10,000.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from fleet_load import SYMBOLS, FleetCase, Load, sessions  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
SEED = int(os.environ.get("ARA_SEED", str(random.SystemRandom().randrange(1 << 32))))
QUIET = [f"Q{number}" for number in range((10_000 if LONG else 1_000) - len(SYMBOLS))]
BARS = 30
KILLS = 4
# What no reshard may change, of the symbols that nobody writes to: over all shards.
SUMS = """
SELECT count(*), coalesce(sum(content::numeric), 0), coalesce(sum(bars), 0),
  (SELECT count(*) FROM bars JOIN symbols head ON head.id = symbol_id WHERE head.symbol LIKE 'Q%'),
  (SELECT coalesce(sum(hashtextextended(head.symbol || time || close::text, 0)::numeric), 0)
   FROM bars JOIN symbols head ON head.id = symbol_id WHERE head.symbol LIKE 'Q%')
FROM symbols WHERE symbol LIKE 'Q%'
"""


class ReshardTest(FleetCase):
    shape = {"shards": 2, "members": 2}

    @classmethod
    def fill(cls):
        super().fill()
        begin = time.monotonic()
        days = list(sessions(BARS))
        rows = [f"{symbol},{day},{100 + number % 50 + at / 10:.1f}"
                for number, symbol in enumerate(QUIET) for at, day in enumerate(days)]
        with tempfile.TemporaryDirectory(prefix="ara-bars-") as folder:
            file = Path(folder) / "all.csv"
            file.write_text("symbol,date,close\n" + "\n".join(rows) + "\n")
            cls.run_ara("import", str(file), "--asset-type", "crypto")
        print(f"{len(QUIET)} symbols imported in {time.monotonic() - begin:.1f} s")

    def everything(self):
        sums = [self.fleet.psql(self.fleet.leader(shard), SUMS).split("|") for shard in self.fleet.shards
                if self.fleet.psql(self.fleet.leader(shard), "SELECT to_regclass('symbols')")]
        return [sum(int(row[column]) for row in sums) for column in range(5)]

    def killed_until_done(self, *arguments):
        """(how often it was killed, what it told at last)."""
        rng, kills = random.Random(SEED), 0
        command = [self.fleet.binary, "db", "reshard", "--json", *arguments]
        environment = self.fleet.row("api-1").environment
        while True:
            running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, cwd=self.fleet.folder)
            try:
                out, errors = running.communicate(
                    timeout=300 if kills >= KILLS else rng.uniform(0.3, 4))
                self.assertEqual(0, running.returncode, errors)
                return kills, json.loads(out)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.communicate()
                kills += 1
                self.assertLessEqual(kills, KILLS, "it does not end")

    def test_a_third_shard_is_added_under_load(self):
        count = len(SYMBOLS) + len(QUIET)
        before = self.everything()
        self.assertEqual([len(QUIET), len(QUIET) * BARS], [before[0], before[3]])
        (shard, hosts), = self.fleet.grow(3)
        with Load(self.fleet, self.key, readers=4, writers=2) as load:
            time.sleep(2)
            begin = time.monotonic()
            kills, done = self.killed_until_done("--add", shard, "--hosts", hosts)
            took = time.monotonic() - begin
            time.sleep(2)
        moved = json.loads(self.run_ara("db", "shards", "--json"))["shards"][-1]["symbols"]
        print(f"seed {SEED}: {moved} of {count} symbols moved in {took:.1f} s, killed {kills} times; {done}")
        self.assertEqual({}, {kind: number for kind, number in load.counts.items()
                              if not kind.endswith(" full")})
        self.assertGreater(moved, 0)
        self.assertLessEqual(moved / count, 1 / 3 + 0.02)
        self.assertEqual(before, self.everything())
        self.check_written(load)
        self.assertEqual(count, len(set(self.run_ara("symbols", "--names").split())))


if __name__ == "__main__":
    unittest.main()
