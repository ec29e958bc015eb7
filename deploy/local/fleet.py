"""The fleet: brings its parts up, ends them, and knows who they are."""

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

from . import checks, nodes, processes, servers, status, templates
from .state import State
from .supervise import Ascent, FleetError

GROUPS = ("etcd", "postgres", "redis", "api", "worker", "nginx", "prometheus")
BROUGHT_ALONG = {"postgres": ("etcd",)}
SHAPE = {"shards": 2, "members": 3, "etcd": 3, "redis": 6, "api": 3, "worker": 2}
MOST_API_NODES = 16
MOST_SHARDS = 4
NGINX_RETURNS = 2.0  # seconds, after which nginx tries a node that had failed again
RELOAD = 10  # seconds for nginx to begin with a new configuration
WORDS = 25  # lines of a log that a failure shows


def default_folder():
    """One for each checkout and user. Not the cache: that may lie where only root can go, and
    PostgreSQL is not root."""
    checkout = hashlib.sha256(str(templates.DEPLOY).encode()).hexdigest()[:8]
    return os.environ.get("ARA_CLUSTER") or f"/tmp/ara-cluster-{os.geteuid()}-{checkout}"


class Fleet:
    """A fleet in a folder of its own, with ports of its own: several can run side by side.

    The shape (shards, members of each, nodes of etcd and redis, api, worker) is chosen when the
    fleet is first brought up and remembered in the folder. All methods may be called from any
    process; those that change something wait for each other.
    """

    def __init__(self, folder=None, binary=None, settings=None, **shape):
        if unknown := set(shape) - set(SHAPE):
            raise TypeError(f"a fleet has no {', '.join(sorted(unknown))}")
        self.folder = Path(folder or default_folder()).absolute()
        self.binary = str(binary or os.environ.get("ARA_BIN", "ara"))
        self.state = State(self.folder)
        self.wish = SHAPE | shape
        self.extra = settings or {}  # of API nodes and workers, beyond those of deploy/ara/node.env

    # ---- what it consists of ------------------------------------------------------------------

    @property
    def shape(self):
        return self.state["shape"] or self.wish

    @property
    def shards(self):
        """The names of the shards; the catalog is on the first."""
        return [chr(ord("a") + number) for number in range(self.shape["shards"])]

    def names(self, group):
        return [f"{group}-{number + 1}" for number in range(self.shape[group])]

    def members(self, shard):
        return [f"pg-{shard}-{number + 1}" for number in range(self.shape["members"])]

    def port(self, name):
        """`api-1`, `redis-2`, `nginx`, `pg-a-1/postgres`, `pg-a-1/pgbouncer`, `pg-a-1/patroni`."""
        return self.state.port(name)

    def has(self, group):
        return group in self.state["groups"]

    @property
    def database(self):
        return {"POSTGRES_DB": "ara_ai", "POSTGRES_USER": "ara_user",
                "POSTGRES_PASSWORD": self.state.secret("database")}

    def settings(self):
        """What a program is told by its environment that is to use this fleet's servers."""
        return {key: value for key, value in nodes.settings(self, "api-1").items()
                if key.startswith(("POSTGRES_", "REDIS_", "JWT_"))}

    def rows(self):
        """The table of all parts that were asked for, in the order they start in."""
        makers = {"etcd": servers.etcd_rows, "postgres": servers.postgres_rows,
                  "redis": servers.redis_rows, "api": nodes.node_rows, "nginx": servers.nginx_rows,
                  "prometheus": servers.prometheus_rows}
        found = [part for make in makers.values() for part in make(self)] if self.state.exists else []
        return [part for part in found if self.has(part.group)]

    def row(self, name):
        return next(part for part in self.rows() if part.name == name)

    # ---- bringing up --------------------------------------------------------------------------

    def up(self, only=None, seconds=120, say=lambda line: None):
        """Starts what is down of these groups (all, or those that were up before) and waits until
        it is healthy. `say` is told each part that has become so."""
        self.make_folder()
        with self.state.locked():
            if not self.state["shape"]:
                self.state["shape"] = self.wish
                self.state["settings"] = self.extra
            self.select(only)
            self.ascend(self.rows(), seconds, say)
        self.state.release()

    def select(self, only):
        asked = set(only or (() if self.state["groups"] else GROUPS)) | set(self.state["groups"])
        for group in tuple(asked):
            if group not in GROUPS:
                raise FleetError(f"there is no '{group}' to bring up ({', '.join(GROUPS)})")
            asked |= set(BROUGHT_ALONG.get(group, ()))
        self.state["groups"] = [group for group in GROUPS if group in asked]

    def make_folder(self):
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        found = self.folder.stat()
        if found.st_uid != os.geteuid():
            raise FleetError(f"{self.folder} belongs to somebody else")
        self.folder.chmod(stat.S_IMODE(found.st_mode) | 0o111)
        (self.folder / "log").mkdir(mode=0o700, exist_ok=True)

    def ascend(self, rows, seconds, say):
        Ascent(self, rows, seconds, say).run()

    def heal(self, seconds=120, say=lambda line: None):
        """Starts what is down of what was up, and waits until all is healthy."""
        if not self.state["groups"]:
            raise FleetError("no fleet is up")
        self.up(None, seconds, say)

    def launch(self, part):
        folder = self.folder / part.folder
        folder.mkdir(mode=0o700, exist_ok=True)
        processes.give(folder, part.user)
        if part.prepare:
            part.prepare()
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LC_ALL", "TZ")
                     if name in os.environ}
        known = processes.start(part.command, folder, self.log(part), inherited | part.environment,
                                part.user)
        self.remember(part.name, known)
        return known

    def remember(self, name, known):
        self.state["processes"] = self.state["processes"] | {name: known}

    def running(self, part):
        return processes.alive(self.state["processes"].get(part.name))

    def log(self, part):
        return self.folder / "log" / f"{part.name.replace('/', '-')}.log"

    def last_words(self, part):
        try:
            lines = self.log(part).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return "(nothing)"
        return "\n".join(lines[-WORDS:])

    # ---- ending -------------------------------------------------------------------------------

    def down(self):
        """Ends every process and deletes the folder."""
        if not self.state.exists:
            return
        with self.state.locked():
            rows = processes.sessions(self.state["processes"].values())
            masters = [found for shard in self.shards for name in self.members(shard)
                       if (found := processes.postmaster(self.folder / name / "data"))]
            # First those that would start others again. PostgreSQL is told, not killed: it gives
            # its shared memory back.
            processes.end(rows)
            processes.end(masters, signal.SIGQUIT)
            shutil.rmtree(self.folder)
            self.state.release()
        self.state = State(self.folder)

    def resolve(self, name):
        """`pg-a-primary` is whichever member leads just now; all else is called as it is."""
        if name.startswith("pg-") and name.endswith("-primary"):
            return self.leader(name.removeprefix("pg-").removesuffix("-primary"))
        return name

    def processes(self, name):
        """The processes of a part, a member, a group, or of `pg-a-primary`: their identities."""
        name = self.resolve(name)
        found = processes.sessions(self.state["processes"].get(part.name) for part in self.rows()
                                   if part.runs and part.called(name))
        member, _, which = name.partition("/")
        for shard in self.shards if self.has("postgres") else ():
            for other in self.members(shard):
                if member in (other, "postgres") and which in ("", "postgres"):
                    found += self.postgres(other)
        known_names = {word for part in self.rows() for word in (part.name, part.folder, part.group)}
        if not found and name not in known_names and which != "postgres":
            raise FleetError(f"there is no part '{name}'; `status` shows them")
        return found

    def postgres(self, member):
        """A member's PostgreSQL server, its first process first."""
        master = processes.postmaster(self.folder / member / "data")
        return [master, *processes.offspring(master)] if master else []

    def send(self, name, number):
        """Sends a signal to all processes of a part; Patroni before the PostgreSQL it tends."""
        self.state.load()
        found = self.processes(name)
        for known in found:
            processes.send(known, number)
        return found

    def kill(self, name):
        """kill -9, as if the machine had lost its power: nothing is told, nothing restarts it."""
        found = self.send(name, signal.SIGKILL)
        processes.wait_gone(found, 10)
        return found

    def restart(self, name, seconds=60, say=lambda line: None):
        """Ends what bears the name by SIGTERM and starts it again, one after another: each is
        healthy before the next is told to end."""
        with self.state.locked():
            name, rows = self.resolve(name), self.rows()
            parts = [part for part in rows if part.runs and part.called(name)]
            if not parts:
                raise FleetError(f"there is no part '{name}'; `status` shows them")
            for part in parts:
                processes.end([self.state["processes"].get(part.name)], signal.SIGTERM, 40)
                checked = [row for row in rows if not row.runs and row.group == part.group]
                self.ascend([part, *checked], seconds, say)
                if part.group == "api" and self.has("nginx"):
                    time.sleep(NGINX_RETURNS)

    def scale(self, count, seconds=60, say=lambda line: None):
        """Changes the number of API nodes. nginx hears of new ones when they are ready, and of
        those that go before they end."""
        if not 1 <= count <= MOST_API_NODES:
            raise FleetError(f"a fleet has 1 to {MOST_API_NODES} API nodes, not {count}")
        with self.state.locked():
            if not self.has("api"):
                raise FleetError("no API nodes are up")
            before = self.names("api")
            self.state["shape"] = self.shape | {"api": count}
            self.ascend(self.rows(), seconds, say)
            self.tell_neighbours()
            for name in before[count:]:
                processes.end([self.state["processes"].get(name)], signal.SIGTERM, 40)
                say(f"{name:<20} ended")

    def grow(self, count, seconds=120, say=lambda line: None):
        """Brings up the PostgreSQL servers of more shards. Nothing is on them, and no node knows of
        them, until `ara db reshard --add NAME --hosts HOSTS` gives them their share: the (name,
        hosts) of each new one are returned."""
        with self.state.locked():
            if not self.has("postgres"):
                raise FleetError("no PostgreSQL is up")
            before = self.shape["shards"]
            if not before < count <= MOST_SHARDS:
                raise FleetError(f"this fleet has {before} shards and may grow to {MOST_SHARDS}, not {count}")
            self.state["shape"] = self.shape | {"shards": count}
            added = self.shards[before:]
            self.state["done"] = [*self.state["done"], *(nodes.added(shard) for shard in added)]
            self.ascend([part for part in self.rows() if part.group in ("etcd", "postgres")], seconds, say)
        return [(shard, nodes.pools(self, shard)) for shard in added]

    def tell_neighbours(self):
        """nginx and Prometheus take up the nodes of now."""
        master = self.state["processes"].get("nginx")
        if self.has("nginx"):
            servers.write_nginx(self)
        if processes.alive(master):
            before = processes.offspring(master)
            processes.send(master, signal.SIGHUP)
            until = time.monotonic() + RELOAD
            while all(child in before for child in processes.offspring(master)):
                if time.monotonic() > until:
                    raise FleetError("nginx does not take its new configuration: "
                                     + self.last_words(self.row("nginx")))
                time.sleep(0.02)
        if self.has("prometheus"):
            servers.write_prometheus(self)

    # ---- asking -------------------------------------------------------------------------------

    def shard(self, name):
        """Patroni's rows of the members of a shard."""
        return checks.shard_members([self.port(f"{member}/patroni") for member in self.members(name)])

    def leader(self, shard):
        if shard not in self.shards:
            raise FleetError(f"there is no shard '{shard}' ({', '.join(self.shards)})")
        for member in self.shard(shard):
            if member["role"] == "leader":
                return member["name"]
        raise FleetError(f"shard {shard} has no leader")

    def psql(self, member, statement, port="postgres", user=None, database=None):
        """Runs a statement on one member (`port`: postgres or pgbouncer) and gives its output."""
        passwords = {"ara_user": "database", "postgres": "superuser", "pgbouncer": "pgbouncer"}
        user = user or "ara_user"
        done = subprocess.run(
            [f"{servers.POSTGRES_BIN}/psql", "-X", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-c",
             statement],
            env={"PGHOST": checks.HOST, "PGPORT": str(self.port(f"{member}/{port}")), "PGUSER": user,
                 "PGPASSWORD": self.state.secret(passwords[user]), "PGCONNECT_TIMEOUT": "3",
                 "PGDATABASE": database or self.database["POSTGRES_DB"]},
            capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise FleetError(f"{member}: {done.stderr.strip()}")
        return done.stdout.strip()

    def status(self):
        """Everything that `status` shows, as a dictionary."""
        self.state.load()
        return status.look(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(FileNotFoundError):
            self.down()
