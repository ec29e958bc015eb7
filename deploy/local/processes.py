"""Processes that outlive the command which started them, known by id and start time."""

import os
import pwd
import signal
import subprocess
import time
from pathlib import Path

# Those which this very process has started: their ends must be waited for, or they stay zombies.
children = {}
exit_codes = {}


def service_user():
    """Whose processes PostgreSQL's are: it refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def give(path, user):
    if user:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def stat_of(pid):
    """The fields of /proc/PID/stat from the state on; empty for a process that is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text[text.rindex(")") + 2:].split()


def identity(pid):
    """[pid, start time]: two processes never have the same, as two may have one id in turn."""
    fields = stat_of(pid)
    return [pid, int(fields[19])] if fields else [pid, 0]


def alive(known):
    """Whether the process of that identity runs."""
    if not known:
        return False
    pid, started = known
    if pid in children and children[pid].poll() is not None:
        exit_codes[pid] = children.pop(pid).returncode
    fields = stat_of(pid)
    return bool(fields) and fields[0] not in "ZX" and int(fields[19]) == started


def start(command, folder, log, environment, user):
    """Starts a process in a session of its own; its output is added to the log."""
    with open(log, "ab") as output:
        extra = {"user": user, "group": user, "extra_groups": []} if user else {}
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True, umask=0o077, **extra)
    children[child.pid] = child
    return identity(child.pid)


def send(known, number):
    if alive(known):
        try:
            os.kill(known[0], number)
        except ProcessLookupError:
            pass


def wait_gone(all_known, seconds):
    """Those that still run after that time."""
    until = time.monotonic() + seconds
    left = [known for known in all_known if alive(known)]
    while left and time.monotonic() < until:
        time.sleep(0.02)
        left = [known for known in left if alive(known)]
    return left


def end(all_known, number=signal.SIGKILL, seconds=10):
    for known in all_known:
        send(known, number)
    for known in wait_gone(all_known, seconds):
        send(known, signal.SIGKILL)
    wait_gone(all_known, seconds)


def postmaster(data):
    """The identity of the PostgreSQL server of a data folder, or None."""
    try:
        pid = int((Path(data) / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return identity(pid) if str(data).encode() in command else None


def every():
    """(identity, parent, session) of each process."""
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := stat_of(entry)):
            yield [int(entry), int(fields[19])], int(fields[1]), int(fields[3])


def offspring(known):
    """The processes that a process has started."""
    return [other for other, parent, _ in every() if parent == known[0]]


def sessions(all_known):
    """All processes of the sessions that those began, which may have ended themselves: nginx's
    workers go on, and keep the port, without their master."""
    begun = {pid: started for pid, started in filter(None, all_known)}
    found = list(every())
    for (pid, started), _, _ in found:
        if begun.get(pid, started) != started:  # the id has become another's
            del begun[pid]
    return [other for other, _, session in found if session in begun]
