"""ara db reshard as a command: killed again and again at moments of chance, it goes on."""

import fcntl
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

ARA = os.environ["ARA_BIN"]
KEEPER = Path(__file__).resolve().parents[1] / "support" / "postgres_keeper.py"
SYMBOLS = 400
BARS = 120
SUMS = """
SELECT count(*), coalesce(sum(content::numeric), 0), coalesce(sum(bars), 0),
  (SELECT count(*) FROM bars),
  (SELECT coalesce(sum(hashtextextended(head.symbol || bar.time || bar.close::text, 0)::numeric), 0)
   FROM bars bar JOIN symbols head ON head.id = bar.symbol_id)
FROM symbols
"""


@unittest.skipUnless(Path("/usr/lib/postgresql").exists(), "no PostgreSQL below /usr/lib/postgresql: the package postgresql-17, which ./dev test installs")
class ReshardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ara-reshard-")
        cls.addClassCleanup(cls.folder.cleanup)
        os.chmod(cls.folder.name, 0o755)
        servers = Path(cls.folder.name) / "servers"
        keeper = subprocess.Popen([sys.executable, KEEPER, servers], stderr=subprocess.DEVNULL)
        cls.addClassCleanup(keeper.wait)  # it ends by itself, soon after nobody holds its lock
        lock = open(f"{servers}.users", "a", encoding="utf-8")
        cls.addClassCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_SH)
        give_up = time.monotonic() + 90
        while not (servers / "ports").exists():
            if time.monotonic() > give_up:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.1)
        cls.port = (servers / "ports").read_text(encoding="utf-8").split()[0]
        for name in ("one", "two", "three"):
            cls.sql("postgres", f"CREATE DATABASE {name}")
        cls.env = {"PATH": os.environ["PATH"], "ARA_HOME": cls.folder.name,
                   "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": cls.port, "POSTGRES_DB": "one",
                   "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "x"}
        bars = Path(cls.folder.name) / "bars"
        bars.mkdir()
        for number in range(SYMBOLS):
            rows = [f"20{10 + day // 28 // 12}-{1 + day // 28 % 12:02}-{1 + day % 28:02},"
                    f"{10 + number + day / 7:.4f}" for day in range(BARS)]
            (bars / f"K{number}.csv").write_text("date,close\n" + "\n".join(rows) + "\n",
                                                 encoding="utf-8")
        begun = time.monotonic()
        cls.ara("import", str(bars))
        print(f"{SYMBOLS} files imported in {time.monotonic() - begun:.1f} s", file=sys.stderr)

    @classmethod
    def sql(cls, database, text):
        return subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", cls.port, "-U", "postgres", "-d", database, "-qAtc",
             text], check=True, capture_output=True, text=True).stdout.strip()

    @classmethod
    def ara(cls, *arguments):
        done = subprocess.run([ARA, *arguments], env=cls.env, capture_output=True, text=True,
                              timeout=300, check=False)
        if done.returncode != 0:
            raise AssertionError(f"ara {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def everything(self):
        """The sums over all databases: what no reshard may change."""
        made = [name for name in ("one", "two", "three")
                if self.sql(name, "SELECT to_regclass('symbols') IS NOT NULL") == "t"]
        sums = [self.sql(name, SUMS) for name in made]
        return [sum(int(one.split("|")[column]) for one in sums) for column in range(5)]

    def killed_until_done(self, *arguments):
        random_moments = random.Random(1)
        kills = 0
        while True:
            running = subprocess.Popen([ARA, "db", "reshard", "--json", *arguments], env=self.env,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                out, errors = running.communicate(
                    timeout=None if kills >= 8 else random_moments.uniform(0.1, 5))
                self.assertEqual(running.returncode, 0, errors)
                return kills, json.loads(out)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.communicate()
                kills += 1

    def test_killed_at_any_moment(self):
        before = self.everything()
        self.assertEqual(before[0], SYMBOLS)
        self.assertEqual(before[3], SYMBOLS * BARS)
        steps = [("--add", "b", "--hosts", f"127.0.0.1:{self.port}/two"),
                 ("--add", "c", "--hosts", f"127.0.0.1:{self.port}/three"),
                 ("--remove", "b")]
        for step, share in zip(steps, (1 / 2, 1 / 3, 1 / 3)):
            kills, done = self.killed_until_done(*step)
            print(f"{' '.join(step[:2])}: killed {kills} times, {done}", file=sys.stderr)
            self.assertLessEqual(done["symbols_moved"] / SYMBOLS, share + 0.08)
            self.assertEqual(self.everything(), before)
            report = json.loads(self.ara("db", "shards", "--json"))
            self.assertEqual(sum(one["slots"] for one in report["shards"]), 16384)
            self.assertEqual(sum(one["symbols"] for one in report["shards"]), SYMBOLS)
            self.assertIsNone(report["reshard"])
        self.assertEqual(len(self.ara("symbols", "--names").split()), SYMBOLS)
        self.assertIn("nothing to do", self.ara("db", "reshard", "--remove", "b"))
        self.assertIn("POSTGRES_HOST", self.ara("db", "shards"))

    def test_a_store_without_shards_says_so(self):
        done = subprocess.run([ARA, "db", "shards"], env={"ARA_HOME": self.folder.name},
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("PostgreSQL", done.stderr)


if __name__ == "__main__":
    unittest.main()
