"""What a fleet remembers in its folder: its shape, ports, secrets and processes."""

import contextlib
import fcntl
import json
import os
import random
import secrets
import socket
import time
from pathlib import Path

# Below the ports that the kernel hands out by itself: there a client's own connection could take
# the port of a server that is down for a moment.
FIRST_PORT, LAST_PORT = 20000, 32000
BLOCK = 128
CLAIM_SECONDS = 120


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def claim_file(base):
    return Path(f"/tmp/ara-ports-{base}")


def claim(base):
    """Marks a block of ports as taken until its servers listen; false where another fleet did."""
    path = claim_file(base)
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > CLAIM_SECONDS:
            path.unlink()
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        return False
    return True


def free_block():
    """The first of BLOCK ports in a row that nobody uses."""
    blocks = list(range(FIRST_PORT, LAST_PORT, BLOCK))
    random.shuffle(blocks)
    for base in blocks:
        if all(map(is_free, range(base, base + BLOCK))) and claim(base):
            return base
    raise OSError(f"no {BLOCK} free ports in a row between {FIRST_PORT} and {LAST_PORT}")


class State:
    """state.json, written with every change; what is not in it yet is chosen when it is asked for."""

    def __init__(self, folder):
        self.path = Path(folder) / "state.json"
        self.data = {"ports": {}, "secrets": {}, "processes": {}, "done": [], "groups": []}
        self.load()

    def load(self):
        with contextlib.suppress(FileNotFoundError):
            self.data = json.loads(self.path.read_text())

    @property
    def exists(self):
        return self.path.exists()

    def save(self):
        part = self.path.with_suffix(".new")
        part.touch(0o600)
        part.write_text(json.dumps(self.data, indent=1) + "\n")
        part.replace(self.path)

    def __getitem__(self, name):
        return self.data.get(name)

    def __setitem__(self, name, value):
        if self.data.get(name) != value:
            self.data[name] = value
            self.save()

    def port(self, name):
        ports = self.data["ports"]
        if name not in ports:
            if "base" not in self.data:
                self.data["base"] = free_block()
            if len(ports) == BLOCK:
                raise OSError(f"a fleet has {BLOCK} ports, and {name} would need one more")
            ports[name] = self.data["base"] + len(ports)
            self.save()
        return ports[name]

    def release(self):
        """The servers listen, or are gone: the claim on their ports has done its work."""
        with contextlib.suppress(OSError, KeyError):
            claim_file(self.data["base"]).unlink()

    def secret(self, name):
        if name not in self.data["secrets"]:
            self.data["secrets"][name] = secrets.token_hex(24)
            self.save()
        return self.data["secrets"][name]

    @contextlib.contextmanager
    def locked(self):
        """Changes of one fleet wait for each other, whichever process makes them."""
        with (self.path.parent / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.load()
            yield
