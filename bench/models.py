"""Fit and forecast against R's forecast package: the same series, one core, one run. Forecasts are
checked and scored first (MASE), then the CPU seconds of fitting and forecasting are compared.

    models.py [PART] [PEER…]     every PART-th of the default series (default 1); peers to compare

Wanted of each peer: at least 5 times as fast, MASE no more than 1 % worse; better over all peers.
"""

import csv
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("ARA_SHARED", HERE.parents[1] / "shared")) / "data"
PAIRS = {"naive": "naive", "ets": "ets", "auto.arima": "arima", "thetaf": "theta"}  # theirs, ours
BESIDE = {"thetaf": "dotm"}  # shown next to a pair, without a peer of its own
UNTIMED = {"naive"}  # proves that both sides see the same series
FASTER, WORSE = 5.0, 0.01


def wide(name):
    with open(SHARED / name) as file:
        rows = list(csv.reader(file))
    return {row[0]: [float(cell) for cell in row[1:] if cell] for row in rows[1:]}


def m4(group, season, horizon, every):
    train, test = wide(f"m4/{group}-train.csv"), wide(f"m4/{group}-test.csv")
    names = sorted(train)[::every]
    return [(name, season, horizon, train[name], test[name][:horizon]) for name in names]


def held_out(name, season, horizon, values):
    return name, season, horizon, values[:-horizon], values[-horizon:]


def datasets():
    kinds = [("AirPassengers", 12, 24), ("USAccDeaths", 12, 12), ("co2", 12, 24), ("Nile", 1, 10),
             ("WWWusage", 1, 10), ("lynx", 1, 10)]
    found = []
    for name, season, horizon in kinds:
        lines = (SHARED / f"oracle/series_{name}.csv").read_text().split()[1:]
        found.append(held_out(name, season, horizon, [float(line) for line in lines]))
    return found


def volumes(months, season, horizon, every):
    """Mean daily volume of equities, by groups of months."""
    found = []
    for path in sorted((SHARED / "equities").glob("*.csv"))[::every]:
        sums = {}
        with open(path) as file:
            for row in csv.DictReader(file):
                year, month = int(row["date"][:4]), int(row["date"][5:7])
                sums.setdefault((year * 12 + month - 1) // months, []).append(float(row["volume"]))
        values = [sum(days) / len(days) / 1e6 for _, days in sorted(sums.items())]
        found.append(held_out(f"{path.stem}-{months}", season, horizon, values))
    return found


def default_sets(part):
    """A name: its series (every part-th of them), and peers that take too long on all of them with
    how many of them to skip from one to the next."""
    return {
        "hourly, m=24": (m4("Hourly", 24, 48, 14 * part), {"auto.arima": 5}),
        "daily, m=1": (m4("Daily-tail", 1, 14, 8 * part), {}),
        "monthly, m=12": (volumes(1, 12, 18, 4 * part), {"auto.arima": 2}),
        "quarterly, m=4": (volumes(3, 4, 8, 3 * part), {}),
        "R's datasets": (datasets(), {}),
    }


def run(command):
    """({model: {id: forecast}}, {model: seconds}), all on one core."""
    core = str(min(os.sched_getaffinity(0)))
    done = subprocess.run(["taskset", "-c", core, *command], capture_output=True, text=True,
                          env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr}")
    forecasts, seconds = {}, {}
    for line in done.stdout.splitlines():
        kind, model, *cells = line.split(",")
        if kind == "seconds":
            seconds[model] = float(cells[0])
        else:
            forecasts.setdefault(model, {})[cells[0]] = [float(cell) for cell in cells[1:]]
    return forecasts, seconds


def mase(one, forecast):
    _, season, horizon, train, test = one
    if len(forecast) != horizon or not all(map(math.isfinite, forecast)):
        sys.exit(f"{one[0]}: not {horizon} finite forecasts: {forecast}")
    lags = [abs(a - b) for a, b in zip(train[season:], train)]
    scale = sum(lags) / len(lags)
    return sum(abs(f - y) for f, y in zip(forecast, test)) / horizon / scale


def compare(peer, series, scratch):
    """(theirs, ours, beside): each the MASE of every series and the CPU seconds of all."""
    path = Path(scratch) / "series.csv"
    path.write_text("".join(
        ",".join([one[0], str(one[1]), str(one[2]), *map(repr, one[3])]) + "\n" for one in series))
    mine = [PAIRS[peer], *([BESIDE[peer]] if peer in BESIDE else [])]
    program = Path(os.environ["ARA_BIN"]).parent / "bench_models"
    ours, our_seconds = run([program, path, *mine])
    theirs, their_seconds = run(["Rscript", "--vanilla", HERE / "models.R", path, peer])

    def side(forecasts, seconds, model):
        return [mase(one, forecasts[model][one[0]]) for one in series], seconds[model]

    if peer in UNTIMED:
        for one in series:
            for a, b in zip(ours[PAIRS[peer]][one[0]], theirs[peer][one[0]]):
                if abs(a - b) > 1e-9 * max(1, abs(b)):
                    sys.exit(f"{one[0]}: the two sides do not see the same series: {a}, {b}")
    return [side(theirs, their_seconds, peer), *(side(ours, our_seconds, name) for name in mine)]


def mean(values):
    return sum(values) / len(values)


def row(title, theirs, ours, seconds):
    better = 100 * (mean(ours) / mean(theirs) - 1)
    print(f"  {title:<18}{len(theirs):>5}{mean(theirs):>10.4f}{mean(ours):>10.4f}{better:>+9.2f} %"
          f"{1e3 * seconds[0] / len(theirs):>12.2f}{1e3 * seconds[1] / len(theirs):>10.3f}"
          f"{seconds[0] / seconds[1]:>9.1f}", flush=True)


def judge(peer, sets, scratch):
    """Prints the table of a peer; (whether it was met, theirs, ours)."""
    print(f"\n{peer} of R against {PAIRS[peer]}"
          f"\n  {'':<18}{'n':>5}{'MASE R':>10}{'MASE':>10}{'':>11}{'ms R':>12}{'ms':>10}"
          f"{'faster':>9}")
    theirs, ours, seconds, beside = [], [], [0.0, 0.0], {}
    for name, (series, skips) in sets.items():
        results = compare(peer, series[::skips.get(peer, 1)], scratch)
        row(name, results[0][0], results[1][0], (results[0][1], results[1][1]))
        theirs += results[0][0]
        ours += results[1][0]
        seconds = [seconds[0] + results[0][1], seconds[1] + results[1][1]]
        for scores, spent in results[2:]:
            kept = beside.setdefault(BESIDE[peer], [[], 0.0])
            beside[BESIDE[peer]] = [kept[0] + scores, kept[1] + spent]
    row("all", theirs, ours, seconds)
    for name, (scores, spent) in beside.items():
        row(f"all, {name}", theirs, scores, (seconds[0], spent))
    met = mean(ours) <= (1 + WORSE) * mean(theirs) and seconds[0] >= FASTER * seconds[1]
    print(f"  {'met' if met else 'MISSED'}: at least {FASTER:.0f} times as fast, MASE at most "
          f"{100 * WORSE:.0f} % worse")
    return met, mean(theirs), mean(ours)


def main():
    arguments = sys.argv[1:]
    part = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 1
    if not SHARED.is_dir():
        sys.exit(f"no shared data at {SHARED} (ARA_SHARED)")
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as scratch:
        program = Path(os.environ["ARA_BIN"]).parent / "bench_models"
        sets = default_sets(part)
        met, whole = True, 0.0
        for peer in arguments or [name for name in PAIRS if name not in UNTIMED]:
            probe = subprocess.run([program, os.devnull, PAIRS[peer]], capture_output=True, text=True)
            if probe.returncode != 0:
                print(f"\n{peer}: there is no {PAIRS[peer]} to compare: {probe.stderr.strip()}")
                met = False
                continue
            for name in UNTIMED:
                compare(name, [one for series, _ in sets.values() for one in series], scratch)
            passed, theirs, ours = judge(peer, sets, scratch)
            met &= passed
            whole += ours / theirs - 1
    print(f"\nover all peers: MASE {100 * whole:+.2f} % in sum, "
          f"{'better' if whole <= 0 else 'WORSE'} on the whole")
    return 0 if met and whole <= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
