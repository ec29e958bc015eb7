"""A six-node Redis Cluster (three masters, a replica of each) on loopback, for tests.

redis_cluster.py FOLDER shared    keeps one in FOLDER until nobody has held the lock FOLDER.users for
                                  a while
redis_cluster.py FOLDER private   keeps one in FOLDER until the program that started this one ends

Once it takes writes, FOLDER/nodes holds a line "port pid" for each node, the masters first.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

IDLE_SECONDS = 10
PASSWORD = "secret-of-the-tests"
MASTERS, NODES = 3, 6
SLOTS = 16384
SETTINGS = {
    "bind": "127.0.0.1",
    "cluster-enabled": "yes",
    "cluster-node-timeout": "1000",
    "cluster-replica-validity-factor": "0",
    "cluster-require-full-coverage": "no",
    "cluster-allow-reads-when-down": "yes",
    "maxmemory": "64mb",
    "maxmemory-policy": "volatile-lfu",
    "repl-diskless-sync-delay": "0",
    "save": "",
    "appendonly": "no",
    "requirepass": PASSWORD,
    "masterauth": PASSWORD,
}
PR_SET_PDEATHSIG = 1


def installed():
    return shutil.which("redis-server") is not None


def die_with_parent(which=signal.SIGKILL):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, which)


def free_ports(count):
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Node:
    def __init__(self, folder, port, bus):
        self.port, self.bus = port, bus
        folder.mkdir(parents=True)
        settings = dict(SETTINGS, port=port, dir=folder, **{"cluster-port": bus})
        arguments = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["redis-server", *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, preexec_fn=die_with_parent)

    def command(self, *words):
        """What the node answers, as text; an error is raised."""
        encoded = b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in (str(w).encode() for w in words))
        auth = b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n" % (len(PASSWORD), PASSWORD.encode())
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as sock:
            sock.sendall(auth + b"*%d\r\n" % len(words) + encoded)
            with sock.makefile("rb") as answers:
                for _ in range(2):
                    line = answers.readline()
                    if line[:1] not in (b"+", b"$", b":"):
                        raise RuntimeError(line.decode())
                    text = line[1:].strip().decode()
                    if line[:1] == b"$" and text != "-1":
                        text = answers.read(int(text) + 2).decode().strip()
        return text

    def info(self):
        return self.command("CLUSTER", "INFO")

    def wait_until_up(self):
        for _ in range(400):
            try:
                return self.command("CLUSTER", "MYID")
            except (OSError, RuntimeError):
                time.sleep(0.02)
        raise RuntimeError(f"the Redis node on port {self.port} does not start")


class RedisCluster:
    """Starts in `folder`, and takes writes when the constructor is done."""

    def __init__(self, folder):
        ports = free_ports(2 * NODES)
        self.nodes = [Node(folder / str(port), port, bus)
                      for port, bus in zip(ports[:NODES], ports[NODES:])]
        ids = [node.wait_until_up() for node in self.nodes]
        for number, node in enumerate(self.nodes):
            node.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number < MASTERS:
                first, last = (SLOTS * n // MASTERS for n in (number, number + 1))
                node.command("CLUSTER", "ADDSLOTSRANGE", first, last - 1)
        self.introduce()
        for node, master in zip(self.nodes[MASTERS:], ids):
            self.until_it_works(node, "CLUSTER", "REPLICATE", master)
        self.wait(lambda node: "cluster_state:ok" in node.info()
                  and f"cluster_slots_ok:{SLOTS}" in node.info())
        self.wait(lambda node: "master_link_status:down" not in node.command("INFO", "replication"))
        # All know who replicates whom: else a master killed now has no successor.
        self.wait(lambda node: node.command("CLUSTER", "NODES").count("slave ") == NODES - MASTERS)

    @property
    def addresses(self):
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def introduce(self):
        """On a busy machine an introduction may be too slow for them, and is not tried again."""
        for _ in range(30):
            for node in self.nodes[1:]:
                node.command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, self.nodes[0].bus)
            if self.holds_soon(lambda node: f"cluster_known_nodes:{NODES}\r" in node.info(), 3):
                return
        raise RuntimeError("the nodes of Redis do not get to know each other")

    def holds_soon(self, holds, seconds):
        end = time.monotonic() + seconds
        while not all(holds(node) for node in self.nodes):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def wait(self, holds):
        if not self.holds_soon(holds, 60):
            raise RuntimeError("the Redis Cluster does not come up:\n" +
                               self.nodes[0].command("CLUSTER", "NODES"))

    @staticmethod
    def until_it_works(node, *words):
        for _ in range(500):
            try:
                return node.command(*words)
            except RuntimeError:
                time.sleep(0.02)
        return node.command(*words)

    def stop(self):
        for node in self.nodes:
            node.process.kill()
        for node in self.nodes:
            node.process.wait()


def idle(lock):
    """True, with the lock held, once nobody else has held it for a while."""
    for _ in range(IDLE_SECONDS):
        time.sleep(1)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(lock, fcntl.LOCK_UN)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return True


def main(folder, mode):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parent = os.getppid()
    if mode == "private":
        die_with_parent(signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)
    cluster = None
    try:
        cluster = RedisCluster(folder)
        lines = [f"{node.port} {node.process.pid}\n" for node in cluster.nodes]
        (folder / "nodes.new").write_text("".join(lines), encoding="utf-8")
        (folder / "nodes.new").rename(folder / "nodes")
        if mode == "private":
            while os.getppid() == parent:
                time.sleep(1)
            return
        with open(f"{folder}.users", "a", encoding="utf-8") as lock:
            while all(node.process.poll() is None for node in cluster.nodes) and not idle(lock):
                pass
    finally:
        if cluster:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if mode == "private":
            Path(f"{folder}.log").unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
