"""The servers of a fleet come up, keep what they promise one by one, and heal after kill -9.

A fleet of one shard, three members, and a Redis Cluster of six, in a folder and on ports of its
own. What a failover takes is measured by tests/faults/failover_test.py.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from local import Fleet, FleetError, checks, processes  # noqa: E402
from local.servers import POSTGRES_BIN  # noqa: E402

CLIENTS = 30  # more than a pool has connections
PATIENCE = 15  # seconds; on a busy machine nginx may wait for two nodes, a second each, before one


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(tempfile.mkdtemp(prefix="ara-cluster-"), shards=1, etcd=1, api=2)
        cls.addClassCleanup(cls.fleet.down)
        start = time.monotonic()
        cls.fleet.up(["postgres", "redis"])
        print(f"postgres and redis: ready after {time.monotonic() - start:.1f} s", file=sys.stderr)

    def replication(self):
        """(name, state, synchronous or not) of who follows the primary, as the primary says."""
        rows = self.fleet.psql(self.fleet.leader("a"), "SELECT application_name, state, sync_state "
                               "FROM pg_stat_replication ORDER BY 1", user="postgres")
        return [tuple(row.split("|")) for row in rows.splitlines()]

    def test_both_replicas_stream_and_one_is_waited_for(self):
        leader, rows = self.fleet.leader("a"), self.replication()
        self.assertEqual(sorted(set(self.fleet.members("a")) - {leader}), [name for name, _, _ in rows])
        self.assertEqual(["streaming"] * 2, [state for _, state, _ in rows])
        self.assertEqual(["async", "sync"], sorted(kind for _, _, kind in rows))

    def test_what_postgres_was_made_with(self):
        for name, value in {"data_checksums": "on", "fsync": "on", "synchronous_commit": "on",
                            "wal_log_hints": "on", "password_encryption": "scram-sha-256"}.items():
            self.assertEqual(value, self.fleet.psql("pg-a-1", f"SHOW {name}"), name)

    def test_every_pool_leads_to_its_member(self):
        leader = self.fleet.leader("a")
        for member in self.fleet.members("a"):
            stands_by = self.fleet.psql(member, "SELECT pg_is_in_recovery()", port="pgbouncer")
            self.assertEqual("f" if member == leader else "t", stands_by, member)

    def test_a_wrong_password_opens_no_pool(self):
        right, secrets = self.fleet.state.secret("database"), self.fleet.state.data["secrets"]
        self.addCleanup(secrets.__setitem__, "database", right)
        secrets["database"] = "wrong"
        for port in ("pgbouncer", "postgres"):
            with self.assertRaisesRegex(FleetError, "authentication failed"):
                self.fleet.psql("pg-a-1", "SELECT 1", port=port)

    def test_prepared_statements_outlive_a_transaction(self):
        """pgbench prepares each statement once by name, in the protocol, and has more clients than
        the pool has connections: each runs on many that have never seen its statement."""
        script = self.fleet.folder / "select.sql"
        script.write_text("\\set x random(1, 1000)\nSELECT :x + 1;\n")
        done = subprocess.run(
            [f"{POSTGRES_BIN}/pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-t", "50", "-f",
             str(script)],
            env={"PGHOST": checks.HOST, "PGUSER": "ara_user", "PGDATABASE": "ara_ai",
                 "PGPORT": str(self.fleet.port(f"{self.fleet.leader('a')}/pgbouncer")),
                 "PGPASSWORD": self.fleet.state.secret("database")},
            capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(f"transactions actually processed: {CLIENTS * 50}/{CLIENTS * 50}", done.stdout)

    def test_redis_serves_all_slots_and_keeps_what_has_no_ttl(self):
        redis = self.fleet.status()["redis"]
        self.assertEqual(("ok", 16384), (redis["state"], redis["slots"]))
        self.assertEqual(["master"] * 3 + ["replica"] * 3, sorted(n["role"] for n in redis["nodes"]))
        for name in self.fleet.names("redis"):
            with self.subTest(name):
                info = checks.ask_redis(self.fleet.port(name), self.fleet.state.secret("redis"),
                                        "INFO", "memory")
                self.assertIn("maxmemory_policy:volatile-lfu", info)
                self.assertNotIn("maxmemory:0\r", info)
        with self.assertRaisesRegex(ValueError, "WRONGPASS"):
            checks.ask_redis(self.fleet.port("redis-1"), "wrong", "PING")

    def test_up_again_changes_nothing(self):
        before, said = self.fleet.status(), []
        self.fleet.up(say=said.append)
        self.assertEqual([], said)
        self.assertEqual(before["parts"], self.fleet.status()["parts"])

    def test_the_command_tells_the_same(self):
        shown = subprocess.run(
            [sys.executable, "-m", "local", "--folder", str(self.fleet.folder), "status", "--json"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY / "deploy")}, check=True,
            capture_output=True, text=True, timeout=60)
        self.assertEqual(self.fleet.status()["parts"], json.loads(shown.stdout)["parts"])

    def test_killed_parts_are_seen_and_heal(self):
        leader = self.fleet.leader("a")
        self.fleet.psql(leader, "CREATE TABLE kept(i int); INSERT INTO kept VALUES (1)")
        for part in ("pg-a-primary", "redis-1", "redis-5"):
            self.assertTrue(self.fleet.kill(part))
        parts = self.fleet.status()["parts"]
        self.assertEqual({f"{leader}/patroni", f"{leader}/pgbouncer", "redis-1", "redis-5"},
                         {name for name, part in parts.items() if part["state"] == "down"})
        self.fleet.heal()
        self.assertEqual({"up"}, {part["state"] for part in self.fleet.status()["parts"].values()})
        self.assertEqual("1", self.fleet.psql(self.fleet.leader("a"), "TABLE kept", port="pgbouncer"))
        self.test_both_replicas_stream_and_one_is_waited_for()

    def test_patroni_starts_a_killed_postgres_again(self):
        leader = self.fleet.leader("a")
        self.fleet.kill(f"{leader}/postgres")
        self.fleet.heal()
        self.test_both_replicas_stream_and_one_is_waited_for()

    def test_names_that_are_no_part_are_refused(self):
        for name in ("redis-7", "pg-b-1", "pg-c-primary", "everything"):
            with self.subTest(name), self.assertRaises(FleetError):
                self.fleet.kill(name)

    def test_a_fleet_beside_it_has_other_ports(self):
        other = Fleet(tempfile.mkdtemp(prefix="ara-cluster-"), etcd=1)
        self.addCleanup(other.down)
        other.up(["etcd"])
        self.assertFalse(set(self.fleet.state["ports"].values()) & set(other.state["ports"].values()))
        gone = other.processes("etcd")
        other.down()
        self.assertFalse(other.folder.exists())
        for known in gone:
            self.assertFalse(processes.alive(known))
        self.assertEqual("up", self.fleet.status()["parts"]["etcd-1"]["state"])


class Front(unittest.TestCase):
    """API nodes, each on an embedded store, behind nginx."""

    nodes = 3

    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(tempfile.mkdtemp(prefix="ara-cluster-"), api=cls.nodes)
        cls.addClassCleanup(cls.fleet.down)
        cls.fleet.up(["api", "nginx"])
        cls.certificate = cls.fleet.folder / "nginx" / "certificate.pem"

    def get(self, path, **headers):
        return checks.fetch(self.fleet.port("nginx"), path, certificate=self.certificate,
                            headers=headers, timeout=PATIENCE)

    def failures_during(self, change):
        """Runs `change` while requests are made; what was not answered with 200."""
        failures, stopped, counts = [], threading.Event(), []

        def ask():
            while not stopped.is_set():
                try:
                    status = self.get("/")[0]
                except checks.FAILURES as error:
                    status = error
                counts.append(status)
                if status != 200:
                    failures.append(status)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            change()
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
        self.assertGreater(len(counts), 20)
        if failures:
            print(self.fleet.last_words(self.fleet.row("nginx")), file=sys.stderr)
        return failures


class FrontTest(Front):

    def test_no_request_fails_when_a_node_is_killed(self):
        def change():
            self.fleet.kill("api-1")
            time.sleep(1)
            self.fleet.heal()
        self.assertEqual([], self.failures_during(change))

    def test_no_request_fails_when_all_nodes_are_restarted(self):
        before = [pid for pid, _ in self.fleet.processes("api")]
        self.assertEqual([], self.failures_during(lambda: self.fleet.restart("api")))
        after = [pid for pid, _ in self.fleet.processes("api")]
        self.assertEqual((3, set()), (len(after), set(before) & set(after)))

    def test_no_request_fails_when_there_are_more_nodes_and_fewer(self):
        def change():
            self.fleet.scale(4)
            self.fleet.kill("api-1")  # so that the others are used
            time.sleep(0.5)
            self.fleet.heal()
            self.fleet.scale(2)
        self.assertEqual([], self.failures_during(change))
        self.assertEqual(2, len(self.fleet.processes("api")))

    def test_an_upgrade_finds_its_route_after_other_requests(self):
        """Nobody is let in without a token: 401. On a connection that others have used ARA would
        take it for a plain GET of a path that is none: 404."""
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for _ in range(10):
            self.assertEqual(200, self.get("/")[0])
            self.assertEqual(401, self.get("/ws/predictions/AAPL", **upgrade)[0])

    def test_plain_http_is_sent_to_tls(self):
        self.assertEqual(308, checks.fetch(self.fleet.port("nginx/http"), "/")[0])

    def test_a_port_without_a_node_is_nobodys(self):
        self.fleet.kill("nginx")
        with self.assertRaises(checks.FAILURES):
            self.get("/")
        self.fleet.heal()
        self.assertEqual(200, self.get("/")[0])


class PairTest(Front):
    """Two nodes: while one is down there is one, which nginx may have left out just before."""

    nodes = 2

    def excluded(self):
        """How often nginx has left a node out."""
        return self.fleet.log(self.fleet.row("nginx")).read_text().count("temporarily disabled")

    def kill_until_left_out(self, name):
        before, until = self.excluded(), time.monotonic() + 20
        self.fleet.kill(name)
        while self.excluded() == before and time.monotonic() < until:
            time.sleep(0.02)
        self.assertGreater(self.excluded(), before, "no load that nginx could have seen it by")

    def test_no_request_fails_when_one_follows_the_other(self):
        def change():
            for _ in range(3):
                self.kill_until_left_out("api-1")
                self.fleet.heal()  # long before nginx believes it
                self.fleet.kill("api-2")
                time.sleep(0.5)
                self.fleet.heal()
        self.assertEqual([], self.failures_during(change))


if __name__ == "__main__":
    unittest.main()
