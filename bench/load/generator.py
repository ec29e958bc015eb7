"""Runs open_loop, the load generator beside this file, which must have been built."""

import json
import os
import subprocess
from pathlib import Path

PROGRAM = Path(os.environ["ARA_BIN"]).with_name("open_loop")
LOST = ("refused", "closed", "timeout")  # answers that there were not


def start(ports, seconds, **options):
    """`options` are those of the program: rate=500, mix="cached=1", closed=32 …"""
    command = [str(PROGRAM), "--json", "--seconds", str(seconds)]
    for port in ports if isinstance(ports, (list, tuple)) else [ports]:
        command += ["--target", f"http://127.0.0.1:{port}"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process):
    text, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the load generator ended with {process.returncode}")
    return json.loads(text)


def run(ports, seconds, **options):
    return finish(start(ports, seconds, **options))


def answers(result, kind):
    """What came of the requests of one kind: {status: figures}, LOST among them."""
    return result["kinds"].get(kind, {}).get("answers", {})


def count(result, kind, *statuses):
    """How many were answered so; all of the kind, if no status is named."""
    return sum(row["count"] for status, row in answers(result, kind).items()
               if not statuses or status in statuses)


def lost(result, kind):
    return count(result, kind, *LOST)
