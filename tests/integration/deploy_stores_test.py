"""The stores of Compose and Kubernetes, started by the scripts that are shipped, with the real servers:
PostgreSQL with its replica, and the Redis Cluster."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from http_server import make_csv

ARA = os.path.abspath(os.environ["ARA_BIN"])
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PSQL_BIN = "/usr/lib/postgresql/17/bin"
USER = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def free_ports(count):
    """Ports of which the one 10000 higher, the bus of Redis, can be had too."""
    taken = set()
    while len(taken) < count:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 50000:
            taken.add(port)
    return sorted(taken)


def eventually(what, seconds=20):
    until = time.monotonic() + seconds
    while True:
        try:
            result = what()
            if result:
                return result
        except (OSError, subprocess.CalledProcessError):
            result = None
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {result}")
        time.sleep(0.05)


class StoresCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="ara-stores-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.processes = []
        cls.addClassCleanup(cls.stop)
        subprocess.run(["bash", str(DEPLOY / "compose/secrets.sh"), str(cls.folder / "secrets")],
                       check=True)
        (cls.folder / "secrets").chmod(0o755)
        cls.folder.chmod(0o755)
        if USER:
            account = pwd.getpwnam("postgres")
            cls.owner = (account.pw_uid, account.pw_gid)

    @classmethod
    def stop(cls):
        for process in cls.processes:
            process.send_signal(signal.SIGINT)
        for process in cls.processes:
            process.wait(20)

    @classmethod
    def own(cls, name):
        folder = cls.folder / name
        folder.mkdir()
        if USER:
            os.chown(folder, *cls.owner)
        return folder

    @classmethod
    def start(cls, command, env):
        log = open(cls.folder / "log", "a")
        process = subprocess.Popen(command, env=env, cwd="/", stdout=log, stderr=log, **USER)
        log.close()
        cls.processes.append(process)
        return process

    def log(self):
        return (self.folder / "log").read_text()[-4000:]


class PostgresTest(StoresCase):
    """init.sh as the postgres image runs it, replica.sh, and postgresql.conf under both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.primary, cls.replica = free_ports(2)
        data, cls.sockets = cls.own("primary"), cls.own("sockets")
        cls.env = os.environ | {
            "PATH": PSQL_BIN + ":" + os.environ["PATH"], "SECRETS": str(cls.folder / "secrets"),
            "PGDATA": str(data), "POSTGRES_USER": "postgres", "PGHOST": str(cls.sockets),
            "PGPORT": str(cls.primary)}
        password = str(cls.folder / "secrets/postgres_admin_password")
        cls.as_user("initdb", "-U", "postgres", "--pwfile", password, "--auth-host=scram-sha-256",
                    "--auth-local=trust", "--data-checksums", "--no-sync")
        # The image adds this line itself.
        with open(data / "pg_hba.conf", "a") as hba:
            hba.write("host all all all scram-sha-256\n")
        cls.start(["postgres", *cls.options(cls.primary)], cls.env)
        eventually(lambda: not subprocess.run(["pg_isready", "-q"], env=cls.env).returncode)
        cls.as_user("bash", str(DEPLOY / "compose/postgres/init.sh"))
        # The image makes the data with a server of its own, so the new rule is read by the next.
        cls.as_user("psql", "-U", "postgres", "-qc", "select pg_reload_conf()")
        replica = cls.env | {"PGDATA": str(cls.own("replica")), "PRIMARY_HOST": "127.0.0.1",
                             "PRIMARY_PORT": str(cls.primary)}
        cls.start(["bash", str(DEPLOY / "compose/postgres/replica.sh"), "postgres",
                   *cls.options(cls.replica)], replica)

    @classmethod
    def options(cls, port):
        conf = DEPLOY / "compose/postgres/postgresql.conf"
        return ["-c", f"config_file={conf}", "-c", f"port={port}", "-c", "fsync=off",
                "-c", f"unix_socket_directories={cls.sockets}", "-c", "shared_buffers=16MB"]

    @classmethod
    def as_user(cls, *command):
        subprocess.run(command, env=cls.env, cwd="/", check=True, capture_output=True, **USER)

    def ask(self, port, sql, user="ara_user", secret="postgres_password", database="ara_ai"):
        env = self.env | {"PGHOST": "127.0.0.1", "PGPORT": str(port),
                          "PGPASSWORD": (self.folder / "secrets" / secret).read_text()}
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database,
                               "-c", sql], env=env, check=True, capture_output=True, text=True,
                              timeout=20).stdout.strip()

    def test_replica_follows_through_its_slot(self):
        eventually(lambda: self.ask(self.replica, "select pg_is_in_recovery()") == "t")
        self.ask(self.primary, "create table seen (n int); insert into seen values (7)")
        eventually(lambda: self.ask(self.replica, "select n from seen") == "7")
        self.assertEqual("t", self.ask(
            self.primary, "select active from pg_replication_slots where slot_name = 'replica'",
            "postgres", "postgres_admin_password", "postgres"))
        with self.assertRaises(subprocess.CalledProcessError):
            self.ask(self.replica, "insert into seen values (8)")

    def test_user_of_ara_may_do_no_more_than_it_needs(self):
        self.assertEqual("f|f|f|f", self.ask(
            self.primary, "select rolsuper, rolcreaterole, rolcreatedb, rolreplication"
            " from pg_roles where rolname = current_user"))
        self.ask(self.primary, "select count(*) from pg_stat_statements")

    def test_ara_keeps_its_bars_there(self):
        env = {name: value for name, value in self.env.items() if not name.startswith("PG")} | {
            "ARA_HOME": str(self.folder / "home"), "POSTGRES_USER": "ara_user",
            "POSTGRES_HOST": f"127.0.0.1:{self.primary},127.0.0.1:{self.replica}",
            "POSTGRES_PASSWORD": (self.folder / "secrets/postgres_password").read_text()}
        make_csv(self.folder / "bars.csv")
        for command in (["import", "--symbol", "AAPL", str(self.folder / "bars.csv")],
                        ["predict", "AAPL", "-d", "2"], ["jobs", "list", "--limit", "1"]):
            done = subprocess.run([ARA, *command], env=env, capture_output=True, text=True, timeout=60)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertFalse((self.folder / "home/ara.db").exists(), "it went to the embedded store")

    def test_wrong_password_is_refused(self):
        with self.assertRaises(subprocess.CalledProcessError):
            self.ask(self.primary, "select 1", secret="redis_password")


class RedisTest(StoresCase):
    """start.sh for six nodes, join.sh, ping.sh, and what redis.conf promises."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ports = free_ports(6)
        cls.secret = (cls.folder / "secrets/redis_password").read_text()
        cls.scripts = DEPLOY / "k8s/base/redis"
        cls.env = os.environ | {"REDIS_PASSWORD_FILE": str(cls.folder / "secrets/redis_password"),
                                "REDIS_JOIN_SECONDS": "0.2", "REDIS_NODES": " ".join(
                                    f"127.0.0.1:{port}" for port in cls.ports)}
        for port in cls.ports:
            cls.start_node(port)

    @classmethod
    def start_node(cls, port):
        data = cls.folder / str(port)
        if not data.exists():
            cls.own(str(port))
        env = cls.env | {"REDIS_OWN_CONF": f"{data}/redis.conf", "REDIS_ANNOUNCE": "localhost",
                         "REDIS_DIR": str(data)}
        return cls.start(["bash", str(cls.scripts / "start.sh"), "--port", str(port)], env)

    def cli(self, port, *command):
        return subprocess.run(["redis-cli", "-p", str(port), *command], check=True, text=True,
                              capture_output=True, env=self.env | {"REDISCLI_AUTH": self.secret}).stdout

    def join(self):
        return subprocess.run(["timeout", "30", "bash", str(self.scripts / "join.sh"), "once"], text=True,
                              capture_output=True, env=self.env)

    def test_cluster_is_made_serves_and_heals(self):
        done = self.join()
        self.assertEqual(0, done.returncode, done.stdout + done.stderr + self.log())
        for port in self.ports:
            eventually(lambda: "cluster_state:ok" in self.cli(port, "cluster", "info"))
        info = self.cli(self.ports[0], "cluster", "info")
        self.assertIn("cluster_known_nodes:6", info)
        self.assertIn("cluster_size:3", info)
        eventually(lambda: self.cli(self.ports[0], "-c", "set", "{AAPL}x", "y") == "OK\n")
        # Until the names of all have gone round, a node cannot send clients on.
        for port in self.ports:
            eventually(lambda: self.cli(port, "-c", "get", "{AAPL}x") == "y\n")
        # Clients are sent to names.
        self.assertIn("localhost", self.cli(self.ports[0], "cluster", "slots"))
        self.check_memory_and_password()
        again = self.join()
        self.assertEqual((0, ""), (again.returncode, again.stdout))
        self.check_one_that_comes_back()

    def check_memory_and_password(self):
        self.assertIn("268435456", self.cli(self.ports[0], "config", "get", "maxmemory"))
        self.assertIn("allkeys-lfu", self.cli(self.ports[0], "config", "get", "maxmemory-policy"))
        refused = subprocess.run(["redis-cli", "-p", str(self.ports[0]), "get", "x"], text=True,
                                 capture_output=True).stdout
        self.assertIn("NOAUTH", refused)
        arguments = subprocess.run(["ps", "-eo", "args"], text=True, capture_output=True).stdout
        self.assertNotIn(self.secret, arguments)
        ping = ["bash", str(self.scripts / "ping.sh")]
        env = self.env | {"REDIS_PORT": str(self.ports[3])}
        self.assertEqual(0, subprocess.run(ping, env=env).returncode)

    def check_one_that_comes_back(self):
        """A node that starts again, and knows its place, is back in its cluster."""
        victim = self.processes[4]
        victim.terminate()
        victim.wait(10)
        self.processes.remove(victim)
        ping = subprocess.run(["bash", str(self.scripts / "ping.sh")], capture_output=True,
                              env=self.env | {"REDIS_PORT": str(self.ports[4])})
        self.assertNotEqual(0, ping.returncode)
        self.start_node(self.ports[4])
        self.assertEqual(0, self.join().returncode)
        self.assertIn("cluster_known_nodes:6", self.cli(self.ports[4], "cluster", "info"))


if __name__ == "__main__":
    unittest.main()
