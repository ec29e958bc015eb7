"""./dev bench overload: four times more new forecasts than can be computed, while cached answers
are asked for at a steady rate.

The store holds made-up symbols of five years each; a new key is a symbol and horizon not asked for
before. First what the server can compute is measured (closed loop), then cached GETs alone, then
both on fixed timetables, latency counted from the moment a request was due. Both generators and the
server share the machine's cores.

    overload.py [SECONDS]
"""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import date, timedelta
from pathlib import Path

from load import generator

ARA = os.environ["ARA_BIN"]
SYMBOLS, BARS = 1500, 1260
CACHED_RATE = 500
DEADLINE_MS = 5000


def write_symbols(path):
    """One file of random walks on weekdays, with a symbol column."""
    made = random.Random(1)
    days, day = [], date(2015, 1, 1)
    while len(days) < BARS:
        day += timedelta(1)
        if day.weekday() < 5:
            days.append(day.isoformat())
    with open(path, "w") as out:
        out.write("symbol,date,close\n")
        for number in range(SYMBOLS):
            close = 50.0
            for text in days:
                close *= 1 + 0.02 * (made.random() - 0.4995)
                out.write(f"N{number:04},{text},{close:.4f}\n")


def start_server(env, port):
    server = subprocess.Popen([ARA, "serve", "--port", str(port)], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1000):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).close()
            return server
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server did not become ready")


def write_paths(temp):
    """Keys for the capacity run, for the overload, and a hundred that will be cached."""
    keys = [f"/api/v1/predict/N{number:04}?days={days}"
            for days in range(1, 31) for number in range(SYMBOLS)]
    files = {}
    for name, part in (("cached", keys[-100:]), ("capacity", keys[:12000]),
                       ("overload", keys[12000:-100])):
        files[name] = temp / f"{name}.txt"
        files[name].write_text("\n".join(part) + "\n")
    return files


def report(capacity, alone, cached, new):
    alone, cached, statuses = (generator.answers(one, "path") for one in (alone, cached, new))
    bound = max(3 * alone["200"]["p99"], 5.0)
    lost = generator.lost(new, "path")
    refused = statuses.get("503", {"count": 0, "retry_after": 0, "max": 0.0})
    slowest = max(row["max"] for row in statuses.values())
    print(f"capacity {capacity:.0f} new forecasts/s; offered {4 * capacity:.0f}/s")
    print(f"cached alone:         p50 {alone['200']['p50']:.2f} ms, p99 {alone['200']['p99']:.2f} ms")
    print(f"cached in overload:   p50 {cached['200']['p50']:.2f} ms, p99 {cached['200']['p99']:.2f} ms"
          f", {cached['200']['count']} answers")
    print(f"new: {statuses['200']['count']} computed (p99 {statuses['200']['p99']:.0f} ms), "
          f"{refused['count']} refused with 503, {lost} lost, slowest answer {slowest:.0f} ms")
    checks = [
        (f"cached p99 <= {bound:.2f} ms", cached["200"]["p99"] <= bound),
        ("every cached request answered 200", set(cached) == {"200"}),
        ("every new request answered 200 or 503", set(statuses) <= {"200", "503"}),
        ("every 503 has Retry-After", refused["retry_after"] == refused["count"]),
        (f"all within the deadline of {DEADLINE_MS} ms", slowest <= DEADLINE_MS),
    ]
    for what, holds in checks:
        print(f"{what}: {'met' if holds else 'MISSED'}")
    return all(holds for _, holds in checks)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as folder:
        temp = Path(folder)
        write_symbols(temp / "symbols.csv")
        env = dict(os.environ, ARA_HOME=str(temp / "home"), ARA_LOG_LEVEL="error",
                   REQUEST_DEADLINE_MS=str(DEADLINE_MS))
        subprocess.run([ARA, "import", "--asset-type", "stock", str(temp / "symbols.csv")],
                       env=env, check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = start_server(env, port)
        try:
            files = write_paths(temp)
            generator.run(port, 2, closed=4, paths=files["cached"])
            measured = generator.run(port, 4, closed=8, paths=files["capacity"])
            capacity = generator.count(measured, "path", "200") / measured["seconds"]
            alone = generator.run(port, seconds, rate=CACHED_RATE, paths=files["cached"])
            stress = generator.start(port, seconds, rate=4 * capacity, connections=4000,
                                     paths=files["overload"])
            cached = generator.run(port, seconds, rate=CACHED_RATE, paths=files["cached"])
            new = generator.finish(stress)
            return 0 if report(capacity, alone, cached, new) else 1
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=15)


if __name__ == "__main__":
    sys.exit(main())
