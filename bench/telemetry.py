"""./dev bench telemetry: what counting costs.

First a count and an observation, in nanoseconds, alone and with another thread at it; then the CPU
of a cached GET of a forecast by a server with ENABLE_METRICS on and by one without, which take turns
on one core, round after round; the medians are compared. Ends with 1 where a limit is not kept.

    telemetry.py [ROUNDS [SECONDS]]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from serve import ARA, Server, free_port, import_sample

MOST_NANOSECONDS = 100
MOST_RATIO = 1.05
PATH = "/api/v1/predict/AAPL?days=5"


def nanoseconds():
    """By benchmark: what one call costs of CPU time, which a busy machine lengthens least."""
    program = Path(ARA).with_name("bench_telemetry")
    text = subprocess.run([program, "--benchmark_format=json", "--benchmark_repetitions=5",
                           "--benchmark_report_aggregates_only=true",
                           "--benchmark_filter=^(add|observe|timed)"],
                          check=True, capture_output=True, text=True).stdout
    return {row["run_name"]: row["cpu_time"] for row in json.loads(text)["benchmarks"]
            if row["aggregate_name"] == "median"}


def servers(temp):
    started = []
    for name, setting in (("on", "on"), ("off", "off")):
        port = free_port()
        env = dict(os.environ, ARA_HOME=str(temp / name), API_HOST="127.0.0.1", API_PORT=str(port),
                   API_WORKERS="1", MAX_WORKERS="1", CACHE_TTL_SECONDS="3600",
                   ARA_LOG_LEVEL="error", ENABLE_METRICS=setting)
        import_sample(temp, env)
        started.append(Server(name, [ARA, "serve"], port, PATH, env))
    return started


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    kept = True
    for name, cost in nanoseconds().items():
        limited = not name.startswith("timed")  # that reads the clock twice as well
        kept = kept and not (limited and cost > MOST_NANOSECONDS)
        print(f"{name:34} {cost:7.1f} ns" + (f", at most {MOST_NANOSECONDS}" if limited else ""))
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as folder:
        both = servers(Path(folder))
        try:
            if both[0].body() != both[1].body():
                sys.exit("the two servers do not answer the same")
            for server in both:
                server.measure(1)
                server.rounds.clear()
            for number in range(rounds):
                for server in both if number % 2 == 0 else reversed(both):
                    server.measure(seconds)
        finally:
            for server in both:
                server.stop()
        on, off = both
        for server in both:
            print(f"metrics {server.name:3} {server.median('cpu'):7.3f} µs CPU a request, "
                  f"{server.median('rps'):8.0f} requests/s, p99 {server.median('p99'):6.0f} µs")
        ratios = [a["cpu"] / b["cpu"] for a, b in zip(on.rounds, off.rounds)]
        ratio = statistics.median(ratios)
        print(f"ratio {ratio:.3f}, by round {min(ratios):.3f} to {max(ratios):.3f}; "
              f"at most {MOST_RATIO}")
    return 0 if kept and ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
