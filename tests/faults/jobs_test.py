"""Jobs and kill -9: all are done, nothing takes effect twice, progress never goes back.

A worker runs batches of forecasts, each of about half a second (less on a machine so fast that there
are not symbols enough), and is killed at random times, on average once in the time that two of them
take, and started again at once. Triggers put into the store by this test note every
change of a job and every forecast that is written. 20 jobs; with ARA_LONG=1, 200. ARA_SEED gives
the run's random numbers.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from kill_test import ARA, LONG, SEED, Source

JOBS = 200 if LONG else 20
JOB_SECONDS = 0.5
LEASE_SECONDS = 5  # of `ara worker`
GROUPS = 4  # of symbols; together with days and explanations they make each job's forecasts its own
AUDIT = """
CREATE TABLE seen (job TEXT, old_state TEXT, state TEXT, old_progress REAL, progress REAL,
                   fence INTEGER, attempts INTEGER, results INTEGER);
CREATE TRIGGER see_job AFTER UPDATE ON jobs BEGIN
  INSERT INTO seen VALUES (new.id, old.state, new.state, old.progress, new.progress, new.fence,
                           new.attempts, old.result <> new.result);
END;
CREATE TABLE made (forecast BLOB);
CREATE TRIGGER see_forecast AFTER INSERT ON forecasts BEGIN
  INSERT INTO made VALUES (new.id);
END;
"""


class Worker:
    def __init__(self, environment, log):
        self.process = subprocess.Popen([ARA, "worker"], env=environment, stdout=subprocess.PIPE,
                                        stderr=log)

    def kill(self):
        self.process.kill()
        self.process.stdout.close()
        return self.process.wait(timeout=60)

    def stop(self):
        """Asks it to end, once it has said that it works."""
        self.process.stdout.readline()
        self.process.terminate()
        return self.process.wait(timeout=60)


class JobsTest(unittest.TestCase):
    def setUp(self):
        print(f"\nARA_SEED={SEED}", flush=True)
        self.rng = random.Random(SEED)
        folder = tempfile.TemporaryDirectory(prefix="ara-jobs-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.environment = dict(os.environ, ARA_HOME=str(self.folder / "home"))
        self.log = (self.folder / "worker.log").open("w+", encoding="utf-8")
        self.addCleanup(self.log.close)

    def ara(self, *arguments):
        done = subprocess.run([ARA, *map(str, arguments)], env=self.environment, text=True,
                              capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def import_symbols(self, count):
        symbols = [f"JOB{i}" for i in range(count)]
        path = Source("jobs", symbols, 400).write(self.folder, 0)
        self.ara("import", path, "--asset-type", "stock")
        return symbols

    def store(self):
        store = sqlite3.connect(self.folder / "home" / "ara.db", timeout=60)
        self.addCleanup(store.close)
        return store

    def ask(self, store, question, *values):
        return store.execute(question, values).fetchall()

    def add(self, symbols, number):
        payload = {"symbols": symbols, "days": 1 + number % 30,
                   "include_explanations": number // 30 % 2 == 0}
        return json.loads(self.ara("jobs", "add", "batch", json.dumps(payload), "--json", "--key",
                                   f"job-{number}-{len(symbols)}"))["job_id"]

    def start(self):
        worker = Worker(self.environment, self.log)
        self.addCleanup(worker.kill)
        return worker

    def wait_until(self, store, question, *values, seconds=60):
        give_up = time.monotonic() + seconds
        while not self.ask(store, question, *values)[0][0]:
            self.assertLess(time.monotonic(), give_up, Path(self.log.name).read_text("utf-8"))
            time.sleep(0.05)

    def symbols_of_a_job(self, symbols):
        """How many make a job of about JOB_SECONDS, and the seconds that such a job takes."""
        store = self.store()
        job = self.add(symbols[:10], 29)
        worker = self.start()
        self.wait_until(store, "SELECT state = 'done' FROM jobs WHERE id = ?", job)
        self.assertEqual(worker.stop(), 0)
        (ended,), = self.ask(store, "SELECT updated FROM jobs WHERE id = ?", job)
        (first,), = self.ask(store, "SELECT min(created) FROM forecasts")
        each = (ended - first) / 1e6 / 9  # from the first forecast made to the end
        size = max(2, min(len(symbols) // GROUPS, round(JOB_SECONDS / each)))
        return size, size * each

    def test_killed_while_working(self):
        symbols = self.import_symbols(120)
        size, seconds = self.symbols_of_a_job(symbols)
        store = self.store()
        store.execute("DELETE FROM jobs")
        store.execute("DELETE FROM forecasts")
        store.commit()
        store.executescript(AUDIT)
        jobs = {}
        for number in range(JOBS):
            group = number // 60
            chosen = symbols[group * size:(group + 1) * size]
            jobs[self.add(chosen, number)] = chosen
        first = self.add(symbols[:size], 0)
        self.assertEqual(len(jobs), JOBS)
        self.assertIn(first, jobs, "the same key made another job")
        kills = self.kill_until_done(store, 2 * seconds)
        self.check_jobs(store, jobs, size)
        print(f"{JOBS} jobs of {size} forecasts, {kills} kills, "
              f"{self.ask(store, 'SELECT sum(interruptions) FROM jobs')[0][0]} interruptions",
              flush=True)

    def kill_until_done(self, store, mean):
        kills, begun = 0, time.monotonic()
        worker = self.start()
        while self.ask(store, "SELECT count(*) FROM jobs WHERE expires = 0")[0][0] > 0:
            self.assertLess(time.monotonic() - begun, 10 * JOBS + 120, "the jobs do not end")
            moment = time.monotonic() + self.rng.expovariate(1 / mean)
            while time.monotonic() < moment:
                time.sleep(0.01)
            self.assertIsNone(worker.process.poll(), Path(self.log.name).read_text("utf-8"))
            self.assertEqual(worker.kill(), -signal.SIGKILL)
            kills += 1
            worker = self.start()
        self.assertEqual(worker.stop(), 0)
        self.assertGreater(kills, JOBS // 4)
        return kills

    def check_jobs(self, store, jobs, size):
        self.assertEqual(self.ask(store, "PRAGMA integrity_check"), [("ok",)])
        rows = self.ask(store, "SELECT id, state, progress, attempts, result FROM jobs")
        self.assertEqual({row[0] for row in rows}, set(jobs))
        for job, state, progress, attempts, result in rows:
            self.assertEqual((state, progress, attempts), ("done", 1, 0), job)
            result = json.loads(result)
            self.assertEqual([one["symbol"] for one in result["predictions"]], jobs[job])
        # Each job ended once, its result came then, and no progress went back.
        self.assertEqual(self.ask(store, "SELECT count(*), count(DISTINCT job), sum(results) "
                                  "FROM seen WHERE state = 'done'"), [(JOBS, JOBS, JOBS)])
        self.assertEqual(self.ask(store, "SELECT count(*) FROM seen WHERE old_state = 'done' "
                                  "OR progress < old_progress OR attempts > 0 "
                                  "OR (results AND state <> 'done')"), [(0,)])
        # Each forecast was written once.
        self.assertEqual(self.ask(store, "SELECT count(*), count(DISTINCT forecast) FROM made"),
                         [(JOBS * size, JOBS * size)])
        job, symbols = self.rng.choice(list(jobs.items()))
        (payload, result), = self.ask(store, "SELECT payload, result FROM jobs WHERE id = ?", job)
        payload = json.loads(payload)
        options = [] if payload["include_explanations"] else ["--no-explanations"]
        self.assertEqual(json.loads(result)["predictions"][-1],
                         json.loads(self.ara("predict", symbols[-1], "-d", payload["days"], "--json",
                                             *options)))

    def freeze(self, worker, store):
        """At a moment in which it does not hold the lock of the store, which all would wait for."""
        store.execute("PRAGMA busy_timeout = 0")
        for _ in range(1000):
            worker.process.send_signal(signal.SIGSTOP)
            try:
                store.execute("BEGIN IMMEDIATE")
                store.rollback()
                store.execute("PRAGMA busy_timeout = 60000")
                return
            except sqlite3.OperationalError:
                worker.process.send_signal(signal.SIGCONT)
                time.sleep(0.001)
        self.fail("the worker never lets go of the store")

    def test_frozen_beyond_its_lease(self):
        """A worker that is stopped, and goes on when another did its job, writes nothing."""
        symbols = self.import_symbols(40)
        store = self.store()
        self.ara("jobs", "list")
        store.executescript(AUDIT)
        job = self.add(symbols, 29)
        frozen = self.start()
        self.wait_until(store, "SELECT state = 'running' FROM jobs WHERE id = ?", job)
        self.freeze(frozen, store)
        other = self.start()
        self.wait_until(store, "SELECT state = 'done' FROM jobs WHERE id = ?", job,
                        seconds=LEASE_SECONDS + 60)
        frozen.process.send_signal(signal.SIGCONT)
        time.sleep(1)  # in which it would write
        self.assertEqual(frozen.stop(), 0)
        self.assertEqual(other.stop(), 0)
        self.assertEqual(self.ask(store, "SELECT fence, attempts, interruptions FROM jobs"),
                         [(2, 0, 1)])
        self.assertEqual(self.ask(store, "SELECT count(*) FROM seen WHERE state = 'done'"), [(1,)])
        self.assertEqual(self.ask(store, "SELECT count(*) FROM seen WHERE fence = 1 AND rowid > "
                                  "(SELECT min(rowid) FROM seen WHERE fence = 2)"), [(0,)])
        self.assertEqual(self.ask(store, "SELECT count(*), count(DISTINCT forecast) FROM made"),
                         [(len(symbols), len(symbols))])


if __name__ == "__main__":
    unittest.main()
