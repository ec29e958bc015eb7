"""./dev bench registry: ten thousand models, and promotions under load.

The store holds the 110 equities of the shared data (or as many made-up symbols) and 10,000
registered models. First, from exec to a server that says it is ready (target 200 ms), beside the
same without models. Then cached GETs of all symbols on a fixed timetable, latency counted from the
moment a request was due: in turns without and with a promotion every two seconds, each of a version
not promoted before, so that every forecast is made anew. The p99 of the two are compared (target:
at most 1.5 times), no request may fail, and each promotion must be seen within a second.

    registry.py [ROUNDS [SECONDS [MODEL]]]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from load import generator
from start import ARA, EQUITIES, free_port, made_equities, one_start

REGISTER = Path(ARA).with_name("register_models")
MODELS, BAND, DAYS = 10_000, "1-5", 5
STARTS = 11
RATE = 400
PROMOTE_EVERY = 2.0
TARGET_MS, TARGET_RATIO, TARGET_SEEN = 200, 1.5, 1.0


def run_ara(env, *arguments):
    return subprocess.run([ARA, *arguments], env=env, check=True, capture_output=True, text=True).stdout


def starts(env):
    return statistics.median(one_start(env)[0] for _ in range(STARTS))


def register(env, model):
    ids = subprocess.run([str(REGISTER), env["ARA_HOME"] + "/ara.db", str(MODELS), model, BAND],
                         env=env, check=True, capture_output=True, text=True).stdout.split()
    assert len(set(ids)) == MODELS
    return ids


class Server:
    def __init__(self, env, symbols):
        self.env, self.symbols, self.port = env, symbols, free_port()
        self.process = subprocess.Popen([ARA, "serve", "--port", str(self.port)], env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def version(self, symbol):
        url = f"http://127.0.0.1:{self.port}/api/v1/predict/{symbol}?days={DAYS}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.loads(answer.read())["model_version"]

    def warm(self):
        for _ in range(1000):
            try:
                self.version(self.symbols[0])
                break
            except OSError:
                time.sleep(0.01)
        for symbol in self.symbols:
            self.version(symbol)

    def promote(self, model_id):
        """Seconds from the end of the promotion to the first forecast by the new champion."""
        run_ara(self.env, "models", "promote", model_id)
        done, digits = time.monotonic(), model_id.rsplit("-", 1)[1]
        while not self.version(self.symbols[-1]).endswith(digits):
            if time.monotonic() - done > 20:
                raise RuntimeError(f"{model_id} never came to serve")
            time.sleep(0.02)
        return time.monotonic() - done

    def load(self, seconds, paths):
        return generator.run(self.port, seconds, rate=RATE, paths=paths)


def promotions(server, ids, stop, seen):
    while not stop.wait(PROMOTE_EVERY):
        seen.append(server.promote(ids.pop()))


def failures(result):
    return generator.count(result, "path") - generator.count(result, "path", "200")


def measure(server, ids, paths, rounds, seconds):
    quiet, busy, seen, failed, requests = [], [], [], 0, 0
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", end="\r", flush=True)
        for promoting, kept in ((False, quiet), (True, busy)):
            stop = threading.Event()
            thread = threading.Thread(target=promotions, args=(server, ids, stop, seen))
            if promoting:
                thread.start()
            result = server.load(seconds, paths)
            stop.set()
            if promoting:
                thread.join()
                server.warm()
            kept.append(generator.answers(result, "path")["200"])
            failed += failures(result)
            requests += kept[-1]["count"]
    return quiet, busy, seen, failed, requests


def verdict(what, value, sign, bound, unit=""):
    met = value <= bound
    print(f"{what:<44} {value:8.2f}{unit}  (target {sign} {bound}{unit}): {'MET' if met else 'MISSED'}")
    return met


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    model = sys.argv[3] if len(sys.argv) > 3 else "garch_fhs"
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as temp:
        env = dict(os.environ, ARA_HOME=temp + "/home", ARA_LOG_LEVEL="error")
        source = EQUITIES if EQUITIES.is_dir() else made_equities(Path(temp) / "made")
        run_ara(env, "import", str(source))
        symbols = run_ara(env, "symbols", "--names").split()
        without = starts(env)
        ids = register(env, model)
        run_ara(env, "models", "promote", ids.pop())
        ready = starts(env)
        paths = Path(temp) / "paths.txt"
        paths.write_text("".join(f"/api/v1/predict/{s}?days={DAYS}\n" for s in symbols))
        server = Server(env, symbols)
        try:
            server.warm()
            quiet, busy, seen, failed, requests = measure(server, ids, paths, rounds, seconds)
        finally:
            server.process.terminate()
            server.process.wait(timeout=15)
    middle = {name: [statistics.median(part[name] for part in parts) for parts in (quiet, busy)]
              for name in ("p50", "p99")}
    print(f"exec to ready: {without:.1f} ms without models, {ready:.1f} ms with {MODELS}")
    print(f"{len(symbols)} symbols, {RATE} requests/s, {len(seen)} promotions of {model}, medians of "
          f"{rounds} rounds:")
    for name, (before, during) in middle.items():
        print(f"  {name}: {before:.3f} ms undisturbed, {during:.3f} ms while promoting")
    checks = [
        verdict(f"exec to ready, {MODELS} models", ready, "<=", TARGET_MS, " ms"),
        verdict("p99 while promoting / undisturbed", middle["p99"][1] / middle["p99"][0], "<=",
                TARGET_RATIO),
        verdict(f"failed, of {requests} requests", failed, "<=", 0),
        verdict("slowest promotion to be seen", max(seen), "<=", TARGET_SEEN, " s"),
    ]
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
