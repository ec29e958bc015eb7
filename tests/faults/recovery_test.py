"""The drill: docs/RECOVERY.md is followed, command by command, and what comes back is compared.

A fleet of one shard is filled, backed up and written to without a pause. At a noted instant all its
rows are read, under a lock that keeps writers waiting for that moment. Later the shard is restored
elsewhere to that instant, beside the fleet at work, and must be equal row by row (RTO: until a
server answers a forecast from it). Then all of PostgreSQL dies at a random moment, and the newest
archived state is restored: what is missing of the acknowledged writes is the RPO.

ARA_LONG=1 writes on for minutes, and brings the restored rows back into the fleet itself.
"""

import hashlib
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import psycopg2

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from fleet_load import FleetCase, Load  # noqa: E402

LONG = os.environ.get("ARA_LONG") == "1"
SEED = int(os.environ.get("ARA_SEED", str(random.SystemRandom().randrange(1 << 32))))
WRITING = 90 if LONG else 3  # seconds of load before the instant, and from there to the death
MOST_RPO = 60
SHOWN = 4  # lines of what a command has printed
ARCHIVED = 60  # seconds within which an instant must be in the archive
RUNBOOK = (REPOSITORY / "docs/RECOVERY.md").read_text()


def commands():
    """The blocks of commands of the runbook, by the heading they stand under, in order."""
    found = {}
    for section in RUNBOOK.split("\n## ")[1:]:
        found[section.split("\n", 1)[0]] = re.findall(r"```sh\n(.*?)```", section, re.S)
    return {heading: blocks for heading, blocks in found.items() if blocks}


def follow(heading, number, replaced=None, **variables):
    """Runs a block as it is written, but with the program that is tested."""
    script = commands()[heading][number].replace("./dev ara", f"'{os.environ['ARA_BIN']}'")
    for old, new in (replaced or {}).items():
        assert old in script, script
        script = script.replace(old, new)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=REPOSITORY,
                          env=os.environ | variables, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=400)
    if done.returncode:
        raise AssertionError(f"{script}\n{done.stdout}")
    print(f"$ {script.strip()}\n" + "\n".join(done.stdout.splitlines()[:SHOWN]), flush=True)
    return done.stdout


class TimedLoad(Load):
    """Notes when each write was acknowledged."""

    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self.moments = {}

    def read_own(self, client, symbol, revision):
        day = next(reversed(self.acknowledged))
        self.moments[day] = time.time()


def tables(connection):
    """All rows of each table, as text, in order."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                       "AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1")
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM {name} t ORDER BY t::text COLLATE "C"')
            found[name] = [row for (row,) in cursor.fetchall()]
    return found


def checksums(all_rows):
    return {name: (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16])
            for name, rows in all_rows.items()}


class RecoveryTest(FleetCase):
    shape = {"shards": 1, "members": 2, "etcd": 1, "api": 1}
    groups = ("postgres", "api", "nginx")
    maxDiff = 2000

    def connect(self, port):
        return psycopg2.connect(host="127.0.0.1", port=port, user="ara_user", dbname="ara_ai",
                                password=self.fleet.state.secret("database"))

    def instant(self):
        """(an instant, all rows as of it). Every write of ARA writes to `commits` first, so that
        none is under way while that is locked, and none has an earlier time and ends later."""
        connection = self.connect(self.fleet.port(f"{self.fleet.leader('a')}/postgres"))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("LOCK TABLE commits IN EXCLUSIVE MODE; SELECT clock_timestamp()::text")
                at = cursor.fetchone()[0]
                return at, tables(connection)
        finally:
            connection.close()

    def wait_until_archived(self, at):
        start = time.monotonic()
        asked = f"SELECT last_archived_time > '{at}'::timestamptz + interval '1 s' FROM pg_stat_archiver"
        while self.fleet.psql(self.fleet.leader("a"), asked) != "t":
            self.assertLess(time.monotonic() - start, ARCHIVED)
            time.sleep(0.2)
        return time.monotonic() - start

    def restored_port(self, folder):
        return json.loads((Path(folder) / "state.json").read_text())["ports"]["shard-a"]

    def tables_at(self, port):
        connection = self.connect(port)
        try:
            return tables(connection)
        finally:
            connection.close()

    def serve(self, folder):
        """Starts `ara serve` on what was restored, and waits for a forecast of it."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        home = tempfile.mkdtemp(prefix="ara-restored-home-")
        environment = self.fleet.row("api-1").environment | {
            "POSTGRES_HOST": f"127.0.0.1:{self.restored_port(folder)}", "ARA_HOME": home,
            "API_PORT": str(port), "FLEET_NODES": "1"}
        server = subprocess.Popen([self.fleet.binary, "serve"], env=environment, cwd=home,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 30
            while not self.answers(port):
                self.assertLess(time.monotonic(), until, "the restored store is not served")
                time.sleep(0.05)
        finally:
            server.terminate()
            server.wait(20)

    def answers(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/api/v1/predict/SYM1?days=1", headers={"X-API-Key": self.key})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def lost(self, load, rows):
        """(writes that were acknowledged and are missing, seconds from the first of these to the
        last that was acknowledged)."""
        stored = set(rows)
        missing = [moment for key, moment in load.moments.items() if key not in stored]
        return len(missing), max(load.moments.values()) - min(missing) if missing else 0.0

    def written_bars(self, folder):
        connection = self.connect(self.restored_port(folder))
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT symbol, to_timestamp(time)::date::text FROM bars JOIN symbols "
                           "ON id = symbol_id WHERE volume = 1")
            found = cursor.fetchall()
        connection.close()
        return found

    def test_1_a_fleet_is_restored_elsewhere(self):
        chance, fleet = random.Random(SEED), {"ARA_CLUSTER": str(self.fleet.folder)}
        place = Path(tempfile.mkdtemp(prefix="ara-elsewhere-"))
        place.chmod(0o711)  # PostgreSQL is not root
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        earlier, newest = str(place / "instant"), str(place / "newest")
        self.addCleanup(self.discard, earlier, newest)
        with TimedLoad(self.fleet, self.key, readers=2) as load:
            follow("Back up a fleet", 0, **fleet)
            time.sleep(WRITING)
            at, source = self.instant()
            time.sleep(chance.uniform(0, 3) + (WRITING if LONG else 0))
            waited = self.wait_until_archived(at)
            start = time.monotonic()
            follow("Restore a fleet", 0, AT=at, ELSEWHERE=earlier, **fleet)
            rto = time.monotonic() - start
            self.compare(source, self.restored_port(earlier))  # before anybody writes there
            start = time.monotonic()
            self.serve(earlier)
            rto += time.monotonic() - start
            time.sleep(chance.uniform(0, 30 if LONG else 3))
            self.fleet.kill("postgres")
            died = time.time()
        names = follow("Restore a fleet", 1, ELSEWHERE=earlier, **fleet)
        self.assertEqual(40, len(names.split()))
        start = time.monotonic()
        follow("Restore a fleet", 0, {'--at "$AT" ': ""}, ELSEWHERE=newest, **fleet)
        again = time.monotonic() - start
        count, rpo = self.lost(load, self.written_bars(newest))
        acknowledged = sum(moment <= died for moment in load.moments.values())
        print(f"seed {SEED}: {acknowledged} writes acknowledged. To an instant, which was archived "
              f"{waited:.1f} s later: RTO {rto:.1f} s under load. All of PostgreSQL lost: RPO {rpo:.1f} s "
              f"({count} writes), restored after {again:.1f} s", flush=True)
        self.assertGreater(acknowledged, 50)
        self.assertLessEqual(rpo, MOST_RPO)
        self.bring_back(earlier, newest, fleet)

    def compare(self, source, port, spared=()):
        restored = self.tables_at(port)
        for name, (rows, checksum) in checksums(restored).items():
            print(f"{name:<20}{rows:>8} rows  {checksum}", flush=True)
        self.assertEqual(set(source), set(restored))
        for name, rows in source.items():
            if name not in spared:
                self.assertEqual(checksums(source)[name], checksums(restored)[name], name)
                self.assertEqual(rows, restored[name], name)
        self.assertGreater(len(restored["bars"]), 40 * 400)

    def bring_back(self, earlier, newest, fleet):
        """Into the fleet; the short form has no time to heal that, and takes the other server."""
        target = {}
        if LONG:
            self.fleet.heal()
            self.fleet.kill("api")
            port = self.fleet.port(f"{self.fleet.leader('a')}/postgres")
        else:
            target = {"./dev cluster env)": f"./dev cluster env --restored '{newest}')"}
            port = self.restored_port(newest)
        follow("Bring it back", 0, target, ELSEWHERE=earlier, **fleet)
        self.compare(self.tables_at(self.restored_port(earlier)), port,
                     ("commits", "migrations", "backups"))
        if not LONG:
            self.check_refusals(Path(f"{earlier}.rows"), newest)
        follow("Bring it back", 1, ELSEWHERE=earlier, **fleet)
        self.assertFalse(Path(earlier).exists())

    def check_refusals(self, file, folder):
        """Nothing changes where rows would be lost, or where the file is not whole."""
        port, whole = self.restored_port(folder), file.read_bytes()
        before = checksums(self.tables_at(port))
        at = whole.index(b"load@example.com")
        changed = whole[:at] + b"l0ad" + whole[at + 4:]
        for content, options, words in ((whole, (), "--force"), (changed, ("--force",), "damaged"),
                                        (whole[:-len(whole) // 3], ("--force",), "damaged"),
                                        (b"no backup" * 100, ("--force",), "no backup")):
            file.write_bytes(content)
            environment = self.fleet.row("api-1").environment | {
                "POSTGRES_HOST": f"127.0.0.1:{port}"}
            done = subprocess.run([self.fleet.binary, "restore", file, *options], env=environment,
                                  cwd=file.parent, capture_output=True, text=True, timeout=60)
            self.assertNotEqual(0, done.returncode, options)
            self.assertIn(words, done.stderr)
        self.assertEqual(before, checksums(self.tables_at(port)))

    def discard(self, *folders):
        for folder in filter(os.path.exists, folders):
            follow("Bring it back", 1, ELSEWHERE=folder)

    def test_2_one_node(self):
        with tempfile.TemporaryDirectory(prefix="ara-recovery-") as home:
            environment = {"ARA_HOME": home}
            bars = Path(home) / "ABC.csv"
            bars.write_text("date,open,high,low,close,volume\n2026-01-05,1,2,1,2,10\n")
            ara = [self.fleet.binary]
            subprocess.run([*ara, "import", str(bars)], env=os.environ | environment, check=True,
                           capture_output=True)
            follow("One node", 0, **environment)
            bars.write_text("date,open,high,low,close,volume\n2026-01-06,1,2,1,2,10\n")
            subprocess.run([*ara, "import", str(bars)], env=os.environ | environment, check=True,
                           capture_output=True)
            follow("One node", 1, **environment)
            told = subprocess.run([*ara, "symbols", "--json"], env=os.environ | environment, check=True,
                                  capture_output=True, text=True).stdout
            self.assertEqual([("ABC", 1)], [(row["symbol"], row["bars"]) for row in json.loads(told)])

    def test_3_the_drill_runs_every_command_of_the_runbook(self):
        self.assertEqual({"Back up a fleet": 1, "Restore a fleet": 2, "Bring it back": 2, "One node": 2},
                         {heading: len(blocks) for heading, blocks in commands().items()})


if __name__ == "__main__":
    unittest.main()
