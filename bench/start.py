"""./dev bench start: from exec to a server that says it is ready, and the memory it then holds.

The store holds the 110 equities of the shared data (or as many made-up symbols where that is
absent). Ready means that GET /health/ready answers 200. Targets: 150 ms, 80 MB.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ARA = os.environ["ARA_BIN"]
EQUITIES = Path(os.environ.get("ARA_SHARED", "../shared")) / "data" / "equities"
RUNS = 15
TARGET_MS = 150
TARGET_MB = 80


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def made_equities(folder: Path) -> Path:
    folder.mkdir()
    day = time.mktime((2005, 1, 3, 12, 0, 0, 0, 0, 0))
    for number in range(110):
        lines = ["date,close"]
        for row in range(4280):
            date = time.strftime("%Y-%m-%d", time.gmtime(day + row * 86400))
            lines.append(f"{date},{100 + (row * 7919 + number) % 97 / 10:.2f}")
        (folder / f"MADE{number}.csv").write_text("\n".join(lines) + "\n")
    return folder


def ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def one_start(env: dict) -> tuple[float, float]:
    port = free_port()
    begun = time.monotonic()
    server = subprocess.Popen([ARA, "serve", "--port", str(port)], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not ready(port):
            if server.poll() is not None or time.monotonic() - begun > 10:
                raise RuntimeError("the server did not become ready")
            time.sleep(0.001)
        return (time.monotonic() - begun) * 1000, resident_mb(server.pid)
    finally:
        server.terminate()
        server.wait(timeout=15)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as temp:
        env = dict(os.environ, ARA_HOME=temp + "/home")
        source = EQUITIES if EQUITIES.is_dir() else made_equities(Path(temp) / "made")
        subprocess.run([ARA, "import", str(source)], env=env, check=True,
                       stdout=subprocess.DEVNULL)
        runs = [one_start(env) for _ in range(RUNS)]
    times = [run[0] for run in runs]
    memory = max(run[1] for run in runs)
    middle = statistics.median(times)
    print(f"exec to ready, {RUNS} starts: median {middle:.1f} ms, worst {max(times):.1f} ms "
          f"(target {TARGET_MS} ms): {'met' if middle <= TARGET_MS else 'MISSED'}")
    print(f"resident then: at most {memory:.1f} MB (target {TARGET_MB} MB): "
          f"{'met' if memory <= TARGET_MB else 'MISSED'}")
    return 0 if middle <= TARGET_MS and memory <= TARGET_MB else 1


if __name__ == "__main__":
    sys.exit(main())
