"""./dev bench instances: requests a minute that one core of this machine serves, by kind.

The server has core 0 to itself, one event loop and one worker, and an embedded store of made-up
symbols; the load generator has another core. Of each kind first as many as are answered at once are
asked for (16 connections, "closed loop"), then half as many on a timetable, which tells the latency.
A core's requests a minute are 60 s over the CPU time that one took, so whatever else runs on the
machine falsifies them little.

    instances.py [SECONDS]      for each of the eight measurements
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from load import generator
from overload import start_server, write_symbols
from serve import free_port

ARA = os.environ["ARA_BIN"]
KINDS = {"cached": "a forecast that is in memory", "new": "a forecast that is computed and kept",
         "batch": "ten forecasts that are in memory", "write": "a bar, committed to the disk"}
CONNECTIONS = 16
TICK = os.sysconf("SC_CLK_TCK")


def machine():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{found[1] if found else 'unknown processor'}, {os.cpu_count()} cores"


def cpu_seconds(server):
    fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def run_and_use(server, port, seconds, **options):
    """A run's result and the CPU seconds that the server took for it."""
    before = cpu_seconds(server)
    result = generator.run(port, seconds, **options)
    return result, cpu_seconds(server) - before


def measure(server, port, kind, seconds):
    # Before it begins, a generator asks for each symbol; the first time they are computed.
    generator.run(port, 0.001, closed=1)
    _, survey = run_and_use(server, port, 0.001, closed=1, mix=f"{kind}=1")
    most, used = run_and_use(server, port, seconds, closed=CONNECTIONS, mix=f"{kind}=1")
    used -= survey
    answered = generator.count(most, kind, "200")
    half = generator.run(port, seconds, rate=answered / most["seconds"] / 2, mix=f"{kind}=1", seed=2)
    failed = sum(generator.count(one, kind) - generator.count(one, kind, "200") for one in (most, half))
    return {"cpu": 1e6 * used / answered, "minute": 60 * answered / used,
            "rate": answered / most["seconds"], "p50": half["kinds"][kind]["p50"],
            "p99": half["kinds"][kind]["p99"], "failed": failed, "repeated": most["repeated"]}


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as folder:
        temp = Path(folder)
        write_symbols(temp / "symbols.csv")
        port = free_port()
        env = dict(os.environ, ARA_HOME=str(temp / "home"), ARA_LOG_LEVEL="error", API_WORKERS="1",
                   MAX_WORKERS="1", ARA_ENV="development")
        subprocess.run([ARA, "import", "--asset-type", "stock", str(temp / "symbols.csv")], env=env,
                       check=True, stdout=subprocess.DEVNULL)
        os.sched_setaffinity(0, cores[:1])
        server = start_server(env, port)
        os.sched_setaffinity(0, cores[1:] or cores)
        try:
            rows = {kind: measure(server, port, kind, seconds) for kind in KINDS}
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=15)
    print(f"{machine()}; {seconds:g} s each\n")
    print(f"{'request':<38}{'CPU µs':>9}{'a minute and core':>19}{'at once, /s':>13}"
          f"{'p50 ms':>9}{'p99 ms':>9}  (latency at half of that)")
    for kind, row in rows.items():
        print(f"{KINDS[kind]:<38}{row['cpu']:>9.1f}{row['minute']:>19,.0f}{row['rate']:>13,.0f}"
              f"{row['p50']:>9.2f}{row['p99']:>9.2f}")
    failed = sum(row["failed"] for row in rows.values())
    print(f"\n{failed} requests failed" + (
        f"; {rows['new']['repeated']} forecasts were asked for twice" if rows["new"]["repeated"] else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
