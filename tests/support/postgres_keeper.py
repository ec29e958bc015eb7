"""Keeps a PostgreSQL server and a streaming replica of it on loopback, for tests.

postgres_keeper.py FOLDER: makes both in FOLDER, writes their ports to FOLDER/ports once they answer,
and ends them and removes FOLDER when nobody has held the lock FOLDER.users for a while.
"""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

IDLE_SECONDS = 15
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # what is tested here does not outlive the machine
    "max_connections": "200",
    "shared_buffers": "32MB",
    "wal_level": "replica",
    "max_wal_senders": "10",
    "hot_standby": "on",
    "wal_receiver_status_interval": "1s",
    "autovacuum": "off",
    "max_prepared_transactions": "20",
}


def programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return found[-1] if found else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_postgres():
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def start(data, port, log):
    settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    return subprocess.Popen(
        [programs() / "postgres", "-D", data, f"-p{port}", f"-k{data}", *settings],
        stdout=log, stderr=log, **as_postgres())


def wait_until_ready(port, seconds=60):
    for _ in range(seconds * 20):
        if subprocess.run([programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)],
                          check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise SystemExit("PostgreSQL does not get ready")


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **as_postgres())


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


def main(folder):
    folder.mkdir(parents=True)
    os.chmod(folder, 0o777)
    ports = [free_port(), free_port()]
    primary, replica = folder / "primary", folder / "replica"
    servers = []
    with open(folder / "log", "ab") as log, open(f"{folder}.users", "a", encoding="utf-8") as lock:
        try:
            run(programs() / "initdb", "-D", primary, "-U", "postgres", "--auth=trust",
                "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
            servers.append(start(primary, ports[0], log))
            wait_until_ready(ports[0])
            run(programs() / "pg_basebackup", "-D", replica, "-h", "127.0.0.1", "-p", str(ports[0]),
                "-U", "postgres", "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
            servers.append(start(replica, ports[1], log))
            wait_until_ready(ports[1])
            (folder / "ports.new").write_text(f"{ports[0]} {ports[1]}\n", encoding="utf-8")
            (folder / "ports.new").rename(folder / "ports")
            while all(server.poll() is None for server in servers) and not idle(lock):
                pass
        finally:
            for server in reversed(servers):
                server.send_signal(signal.SIGINT)
            for server in servers:
                server.wait()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
