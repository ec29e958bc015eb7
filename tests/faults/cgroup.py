"""Control groups (version 1) with a CPU quota and a memory limit, for processes of a test."""

import os
import time
from pathlib import Path

PERIOD_US = 100_000
ROOT = Path("/sys/fs/cgroup")


def why_not():
    """Why groups cannot be made here; empty where they can."""
    for controller, file in (("cpu", "cpu.cfs_quota_us"), ("memory", "memory.limit_in_bytes")):
        if not (ROOT / controller / file).exists() and not (ROOT / controller / "tasks").exists():
            return f"no cgroup v1 with the controller {controller} is mounted at {ROOT}"
        if not os.access(ROOT / controller, os.W_OK):
            return f"{ROOT / controller} may not be written: it takes root"
    return ""


class Group:
    """A group of each controller, for the length of a `with`. Whoever is still in it then must end."""

    def __init__(self, cores, memory_bytes):
        name = f"ara-test-{os.getpid()}-{time.monotonic_ns()}"
        self.cpu, self.memory = ROOT / "cpu" / name, ROOT / "memory" / name
        for folder in (self.cpu, self.memory):
            folder.mkdir()
        (self.cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (self.cpu / "cpu.cfs_quota_us").write_text(str(int(cores * PERIOD_US)))
        (self.memory / "memory.limit_in_bytes").write_text(str(memory_bytes))

    def enter(self):
        """For `preexec_fn`: what is executed then, and all that it starts, is in the group."""
        for folder in (self.cpu, self.memory):
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def kills(self):
        """How often a process was killed for memory."""
        return self.words(self.memory / "memory.oom_control")["oom_kill"]

    def throttled_seconds(self):
        return self.words(self.cpu / "cpu.stat")["throttled_time"] / 1e9

    def most_memory(self):
        """Bytes, the pages of files that the kernel keeps included."""
        return int((self.memory / "memory.max_usage_in_bytes").read_text())

    @staticmethod
    def words(path):
        return {name: int(value) for name, value in map(str.split, path.read_text().splitlines())}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for folder in (self.cpu, self.memory):
            until = time.monotonic() + 10
            while True:
                try:
                    folder.rmdir()
                    break
                except OSError:  # a process that has ended is a member for a moment yet
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)
