"""`ara backup` and `ara restore` of the embedded store: whole or not at all, and never by surprise."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest
from contextlib import closing
from pathlib import Path

HEADER = "date,open,high,low,close,volume\n"


class BackupTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ara-backup-")
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)
        self.home = self.path / "home"
        self.database = self.home / "ara.db"
        self.file = self.path / "kept.backup"

    def run_ara(self, *arguments, home=None):
        return subprocess.run([os.environ["ARA_BIN"], *map(str, arguments)], text=True, timeout=120,
                              capture_output=True, cwd=self.path,
                              env=os.environ | {"ARA_HOME": str(home or self.home)})

    def ara(self, *arguments, home=None):
        done = self.run_ara(*arguments, home=home)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def refused(self, words, *arguments):
        done = self.run_ara(*arguments)
        self.assertNotEqual(0, done.returncode)
        self.assertIn(words, done.stderr)

    def bring_in(self, symbol, days, home=None):
        path = self.path / f"{symbol}.csv"
        path.write_text(HEADER + "".join(f"2025-01-{day:02},1,2,1,2,10\n" for day in days))
        self.ara("import", path, "--asset-type", "crypto", home=home)

    def rows(self, path):
        """All rows of all tables, but for the time of the newest backup, which is of one store alone."""
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            names = [name for (name,) in store.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'backups' ORDER BY 1")]
            return {name: sorted(map(repr, store.execute(f'SELECT * FROM "{name}"')))
                    for name in names}

    def test_what_comes_back_is_what_was_there(self):
        self.bring_in("AAA", range(1, 20))
        before = self.rows(self.database)
        self.assertIn("verified", self.ara("backup", self.file))
        self.assertEqual(before, self.rows(self.file))
        self.assertEqual([], list(self.path.glob("kept.backup?*")), "a log, or a part, lies beside it")
        self.bring_in("BBB", range(1, 5))
        self.refused("--force", "restore", self.file)
        self.ara("restore", self.file, "--force")
        self.assertEqual(before, self.rows(self.database))
        other = self.path / "other" / "home"
        self.ara("restore", self.file, home=other)
        self.assertEqual(before, self.rows(other / "ara.db"))
        self.bring_in("BBB", range(1, 5), home=other)

    def test_a_store_at_work_is_copied_as_of_one_instant(self):
        """Each write adds a bar to two symbols at once; no copy may hold one without the other."""
        self.bring_in("AAA", [1])
        stopped = threading.Event()

        def write():
            day = 1
            while not stopped.is_set() and day < 28:
                day += 1
                path = self.path / "both.csv"
                path.write_text("symbol," + HEADER + "".join(
                    f"{symbol},2025-02-{day:02},1,2,1,2,10\n" for symbol in ("CCC", "DDD")))
                self.run_ara("import", path, "--asset-type", "crypto")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            counts = []
            for turn in range(60):
                if turn > 5 and counts[-1].get("CCC", 0) > counts[0].get("CCC", 0):
                    break
                file = self.path / f"{turn}.backup"
                self.ara("backup", file)
                with closing(sqlite3.connect(file)) as store:
                    counts.append(dict(store.execute("SELECT symbol, bars FROM symbols")))
        finally:
            stopped.set()
            writer.join()
        for count in counts:
            self.assertEqual(count.get("CCC"), count.get("DDD"), counts)
        self.assertGreater(counts[-1].get("CCC", 0), counts[0].get("CCC", 0))

    def test_a_store_that_a_server_has_open_is_left_alone(self):
        self.bring_in("AAA", range(1, 9))
        self.ara("backup", self.file)
        server = subprocess.Popen([os.environ["ARA_BIN"], "worker"], cwd=self.path, text=True,
                                  stdout=subprocess.PIPE, env=os.environ | {"ARA_HOME": str(self.home)})
        try:
            self.assertIn("Working", server.stdout.readline())
            start = time.monotonic()
            self.refused("open: end it first", "restore", self.file, "--force")
            self.assertLess(time.monotonic() - start, 30)
        finally:
            server.terminate()
            server.wait(20)
            server.stdout.close()
        self.ara("restore", self.file, "--force")

    def test_damaged_and_foreign_files_are_refused(self):
        self.bring_in("AAA", range(1, 28))
        self.ara("backup", self.file)
        before, whole = self.rows(self.database), self.file.read_bytes()
        spoiled = bytearray(whole)
        for at in range(4096, len(spoiled), 4096):
            spoiled[at:at + 64] = bytes(64)
        for name, content in (("short", whole[:len(whole) // 2]), ("spoiled", bytes(spoiled)),
                              ("empty", b""), ("text", b"no store\n" * 1000)):
            with self.subTest(name):
                self.file.write_bytes(content)
                self.assertNotEqual(0, self.run_ara("restore", self.file, "--force").returncode)
                self.assertEqual(before, self.rows(self.database))
        with closing(sqlite3.connect(self.path / "foreign.db")) as store:
            store.execute("CREATE TABLE other(a)")
        self.refused("another program", "restore", self.path / "foreign.db", "--force")
        self.refused("there is no file", "restore", self.path / "nowhere")

    def test_a_damaged_store_is_replaced_and_kept(self):
        self.bring_in("AAA", range(1, 28))
        before = self.rows(self.database)
        self.ara("backup", self.file)
        self.database.write_bytes(b"spoiled by a disk" * 1000)
        self.assertNotEqual(0, self.run_ara("restore", self.file).returncode)
        self.ara("restore", self.file, "--force")
        self.assertEqual(before, self.rows(self.database))
        self.assertTrue((self.home / "ara.db.damaged").read_bytes().startswith(b"spoiled"))

    def test_without_a_name_the_newest_are_kept(self):
        self.refused("there is no file", "backup")
        self.assertFalse(self.database.exists(), "a backup has made a store")
        self.bring_in("AAA", range(1, 4))
        for _ in range(4):
            self.ara("backup", "--keep", "3")
        kept = sorted((self.home / "backups").iterdir())
        self.assertEqual(3, len(kept))
        self.assertEqual(self.rows(self.database), self.rows(kept[-1]))
        self.assertEqual(0o700, (self.home / "backups").stat().st_mode & 0o777)
        self.refused("keep", "backup", "--keep", "0")

    def newest(self):
        with closing(sqlite3.connect(self.database)) as store:
            return store.execute("SELECT newest FROM backups").fetchone()[0] / 1e6

    def test_the_store_knows_when_it_was_backed_up(self):
        self.refused("there is no file", "backup", "--record")
        self.bring_in("AAA", [1])
        for words in (("backup",), ("backup", "--record")):
            with closing(sqlite3.connect(self.database)) as store:
                store.execute("UPDATE backups SET newest = 1")
                store.commit()
            begun = time.time()
            self.ara(*words)
            self.assertTrue(begun - 1 < self.newest() < time.time() + 1, words)
        self.assertEqual(1, len(list((self.home / "backups").iterdir())), "--record has made one")
        self.refused("--record", "backup", "--record", self.file)

    def test_an_older_store_is_backed_up_as_it_is(self):
        self.bring_in("AAA", [1])
        with closing(sqlite3.connect(self.database)) as store:
            store.executescript("DROP TABLE backups; DELETE FROM migrations WHERE name = 'backups'")
        self.ara("backup", self.file)
        self.assertNotIn("backups", self.rows(self.database), "a backup has changed the store")
        self.refused("older version", "backup", "--record")
        self.ara("symbols")
        self.ara("backup", "--record")

    def test_a_full_disk_leaves_what_was_there(self):
        self.bring_in("AAA", range(1, 28))
        self.ara("backup", self.file)
        before = self.file.read_bytes()
        done = subprocess.run(
            ["bash", "-c", 'ulimit -f 16; trap "" XFSZ; exec "$0" backup "$1"', os.environ["ARA_BIN"],
             self.file], env=os.environ | {"ARA_HOME": str(self.home)}, capture_output=True, text=True,
            timeout=60)
        self.assertNotEqual(0, done.returncode)
        self.assertEqual(before, self.file.read_bytes())
        shutil.rmtree(self.home)
        self.ara("restore", self.file)


if __name__ == "__main__":
    unittest.main()
