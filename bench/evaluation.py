"""Runs every evaluation that docs/EVALUATION.md reports and prints its tables as Markdown.

    evaluation.py [--write] [NAME…]

NAME is one of the tables below; without one all are made. --write puts them into the document,
between its <!-- NAME --> and <!-- end --> lines. The data are looked for in $ARA_SHARED/data.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENT = REPOSITORY / "docs" / "EVALUATION.md"
DATA = Path(os.environ.get("ARA_SHARED", REPOSITORY.parent / "shared")) / "data"
LEVELS = ["50", "80", "90", "95"]


def table(titles, rows):
    lines = ["| " + " | ".join(titles) + " |", "|---" + "|---:" * (len(titles) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def change(ratio):
    return f"{100 * (ratio - 1):+.2f}"


def percent(part):
    return f"{100 * part:.1f}"


def series_table(body):
    rows = [[name, f"{one['smape']:.3f}", f"{one['mase']:.3f}", f"{one['owa']:.3f}", "", "", "", ""]
            for name, one in body["benchmarks"].items()]
    for name, one in body["models"].items():
        if "refused" in one:
            continue
        rows.append([name, f"{one['smape']:.3f}", f"{one['mase']:.3f}", f"{one['owa']:.3f}",
                     f"{one['msis']:.2f}", f"{one['acd']:.4f}", percent(one["coverage_80"]),
                     f"{one['cpu_seconds']:.1f}"])
    lines = [f"{body['series']} series, {body['cpu_seconds']:.0f} CPU s.", "",
             table(["", "sMAPE %", "MASE", "OWA", "MSIS", "ACD", "80 % covers", "CPU s"], rows)]
    refused = [f"{name} ({one['refused']})" for name, one in body["models"].items()
               if "refused" in one]
    if refused:
        lines += ["", "Refused: " + "; ".join(refused) + "."]
    return "\n".join(lines)


def test_text(test):
    return f"{test['statistic']:+.1f} ({test['p_value']:.2g})"


def bars_table(body):
    peers = table(
        ["against", "CRPS, %", "95 % interval", "better on % of symbols", "DM (p)",
         *(f"peer's {level} % covers" for level in LEVELS)],
        [[peer, change(ratio), " to ".join(map(change, body["crps_ratio_interval"][peer])),
          percent(body["share_better"][peer]), test_text(body["diebold_mariano"][peer]),
          *(percent(body["peer_coverage"][peer][level]) for level in LEVELS)]
         for peer, ratio in body["crps_ratio"].items()])
    coverage = table(
        ["interval", "covers, %", "within 3 points on % of symbols"],
        [[f"{level} %", percent(body["coverage"][level]),
          percent(body["share_symbols_covered_within_3_points"][level])] for level in LEVELS])
    direction = body["direction"]
    return "\n".join([
        f"{body['symbols']} symbols, {body['origins']} origins, horizons 1 to {body['horizon']}; "
        f"{body['cpu_seconds']:.0f} CPU s.", "", peers, "", coverage, "",
        f"CRPS against garch_fhs by horizon, %: " + ", ".join(
            f"{row['horizon']}: {change(row['crps_ratio']['garch_fhs'])}"
            for row in body["by_horizon"]) + ".", "",
        f"QLIKE against GARCH: {change(body['qlike_ratio']['garch'])} %. Direction: "
        f"{percent(direction['accuracy'])} % right, always up {percent(direction['always_up'])} %, "
        f"of {direction['n']}."])


def years_table(body):
    return "\n".join([
        f"{body['symbols']} symbols, {body['origins']} origins, horizons 1 to {body['horizon']}; "
        f"{body['cpu_seconds']:.0f} CPU s.", "",
        table(["year", "origins", "CRPS against drift, %", "historical", "95 % interval",
               "garch_fhs", "95 % interval", "80 % covers", "95 %"],
              [[str(row["year"]), str(row["origins"]),
                *(change(row["crps_ratio"][peer]) if peer == "drift" else
                  f"{change(row['crps_ratio'][peer])} | "
                  f"{' to '.join(map(change, row['crps_ratio_interval'][peer]))}"
                  for peer in ("drift", "historical", "garch_fhs")),
                percent(row["coverage"]["80"]), percent(row["coverage"]["95"])]
               for row in body["by_year"]])])


def models_table(body):
    rows = []
    for name, one in body["models"].items():
        if "refused" in one:
            rows.append([name, "refused: " + one["refused"], *[""] * 6])
            continue
        rows.append([name, *(change(one["crps_ratio"][peer]) for peer in one["crps_ratio"]),
                     percent(one["share_better"]["garch_fhs"]), percent(one["coverage"]["80"]),
                     percent(one["coverage"]["95"]), change(one["qlike_ratio"]["garch"])])
    return "\n".join([
        f"{body['symbols']} symbols, {body['origins']} origins, horizons 1 to {body['horizon']}; "
        f"{body['cpu_seconds']:.0f} CPU s.", "",
        table(["", "CRPS against drift, %", "historical", "garch_fhs", "better than garch_fhs on %",
               "80 % covers", "95 %", "QLIKE against GARCH, %"], rows)])


# What each table is made of: the arguments of `ara evaluate`, paths below the data, and its form.
TABLES = {
    "m4-hourly": ("series m4/Hourly-train.csv m4/Hourly-test.csv --season 24", series_table),
    "m4-hourly-models": ("series m4/Hourly-train.csv m4/Hourly-test.csv --season 24 --model all",
                         series_table),
    "m4-daily": ("series m4/Daily-tail-train.csv m4/Daily-tail-test.csv --model all", series_table),
    "equities": ("bars equities --horizon 10 --last 1500", bars_table),
    "equities-years": ("bars equities --horizon 10 --last 3520", years_table),
    "equities-models": ("bars equities --horizon 10 --last 250 --model all", models_table),
    "crypto": ("bars crypto --horizon 10 --last 800", bars_table),
    "fx": ("bars fx --horizon 10 --last 1500", bars_table),
}


def make(name):
    arguments, form = TABLES[name]
    words = [str(DATA / word) if word.split("/")[0] in ("m4", "equities", "crypto", "fx") else word
             for word in arguments.split()]
    done = subprocess.run([os.environ["ARA_BIN"], "evaluate", *words, "--json"], text=True,
                          stdout=subprocess.PIPE, check=True)
    shown = " ".join(word if word == given else f"$ARA_SHARED/data/{given}"
                     for word, given in zip(words, arguments.split()))
    return f"`ara evaluate {shown}`\n\n{form(json.loads(done.stdout))}\n"


def main():
    write = "--write" in sys.argv[1:]
    names = [word for word in sys.argv[1:] if word != "--write"] or list(TABLES)
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        sys.exit(f"There is no table {unknown[0]}: one of {', '.join(TABLES)}")
    if not DATA.is_dir():
        sys.exit(f"No data at {DATA} (ARA_SHARED names the folder above it)")
    for name in names:
        text = make(name)
        print(f"## {name}\n\n{text}", flush=True)
        if write:
            pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
            before = DOCUMENT.read_text()
            if not pattern.search(before):
                sys.exit(f"{DOCUMENT.name} has no place for {name}")
            DOCUMENT.write_text(pattern.sub(lambda m, t=text: m[1] + t + m[2], before))


if __name__ == "__main__":
    main()
