"""An API node in a network of its own, which can be cut from servers of its fleet without a word:
packets to and from them vanish, and connections stay open, as when a cable is pulled somewhere
between two machines.

Two namespaces: the node's and, between it and this machine, a router's, which drops what it is
told to. The node reaches the servers at the addresses that every other node uses.
"""

import http.client
import os
import shutil
import subprocess
import time
from pathlib import Path

from fleet_load import Client

READY = 60  # seconds


class NoNamespaces(Exception):
    """This machine does not let us make networks."""


def ip(*words, inside=None):
    where = ["nsenter", f"--net=/run/netns/{inside}"] if inside else []
    done = subprocess.run([*where, "ip", *map(str, words)], capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        raise NoNamespaces(f"ip {' '.join(map(str, words))}: {done.stderr.strip()}")


def write(path, inside=None):
    """Turns a switch of the kernel on."""
    where = ["nsenter", f"--net=/run/netns/{inside}"] if inside else []
    done = subprocess.run([*where, "sh", "-c", f"echo 1 > /proc/sys/net/ipv4/{path}"],
                          capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        raise NoNamespaces(f"{path}: {done.stderr.strip()}")


class Network:
    """The two namespaces, their cables, and what is cut."""

    def __init__(self):
        if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nsenter"):
            raise NoNamespaces("it takes root, ip and nsenter")
        number = os.getpid() % 50_000
        self.net = f"10.{200 + number // 250 % 50}.{number % 250}"
        self.node, self.router = f"ara-node-{number}", f"ara-router-{number}"
        self.cable, self.ends = f"av{number}h", (f"av{number}r", f"av{number}s", f"av{number}n")
        self.address = f"{self.net}.6"
        try:
            self.make()
        except NoNamespaces:
            self.close()
            raise

    def make(self):
        for name in (self.router, self.node):
            ip("netns", "add", name)
        to_host, to_node, of_node = self.ends
        ip("link", "add", self.cable, "type", "veth", "peer", "name", to_host, "netns", self.router)
        ip("link", "add", to_node, "type", "veth", "peer", "name", of_node, "netns", self.node,
           inside=self.router)
        for end, address, inside in ((self.cable, 1, None), (to_host, 2, self.router),
                                     (to_node, 5, self.router), (of_node, 6, self.node)):
            ip("addr", "add", f"{self.net}.{address}/30", "dev", end, inside=inside)
            ip("link", "set", end, "up", inside=inside)
            # The servers listen on loopback, whose addresses leave a machine only if allowed to.
            write(f"conf/{end}/route_localnet", inside)
        write("ip_forward", self.router)
        ip("route", "add", "default", "via", f"{self.net}.5", inside=self.node)
        ip("route", "add", "127.0.0.1/32", "via", f"{self.net}.5", inside=self.node)
        ip("route", "add", "127.0.0.1/32", "via", f"{self.net}.1", inside=self.router)
        ip("route", "add", f"{self.net}.4/30", "via", f"{self.net}.2")

    def cut(self, ports):
        """From now on nothing goes to these ports or comes from them."""
        for port in ports:
            for side in ("dport", "sport"):
                ip("rule", "add", "pref", 10, "ipproto", "tcp", side, port, "blackhole",
                   inside=self.router)

    def mend(self):
        while True:
            try:
                ip("rule", "del", "pref", 10, inside=self.router)
            except NoNamespaces:
                return

    def close(self):
        for name in (self.node, self.router):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


class NodeApart:
    """`ara serve` in such a network, with the settings of the fleet's own nodes."""

    def __init__(self, fleet, network, name="apart", **settings):
        self.fleet, self.network = fleet, network
        self.port = fleet.port(name)
        folder = fleet.folder / name
        folder.mkdir(exist_ok=True)
        environment = fleet.row("api-1").environment | settings | {
            "API_HOST": network.address, "API_PORT": str(self.port), "ARA_HOME": str(folder)}
        self.log = folder / "log"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [shutil.which("nsenter"), f"--net=/run/netns/{network.node}", fleet.binary, "serve"],
                env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT)
        self.wait(200, READY)

    def client(self, key):
        return ClientApart(self, key)

    def readiness(self):
        try:
            return self.client("").request("GET", "/health/ready")[0]
        except (OSError, http.client.HTTPException):
            return None

    def wait(self, status, seconds):
        """Seconds until the node says that it is ready (200) or is not (503)."""
        start = time.monotonic()
        while self.readiness() != status:
            if self.process.poll() is not None or time.monotonic() - start > seconds:
                raise AssertionError(f"not {status} in {seconds} s: {Path(self.log).read_text()[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - start

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


class ClientApart(Client):
    def __init__(self, node, key):
        super().__init__(node.fleet, key)
        self.apart = node

    def connect(self):
        return http.client.HTTPConnection(self.apart.network.address, self.apart.port, timeout=30)
