"""./dev bench batch: the forecasts of 100 symbols that are in memory, against FastAPI, which takes them
from a dict, in one run: once returned to the framework, as handlers do, and once handed to orjson by
the handler itself, past all that FastAPI does to an answer. The target is held against the first.

The servers share core 0, taking turns, wrk has core 1; the medians of requests a second are compared.

    batch.py [ROUNDS [SECONDS]]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from serve import ARA, Server, free_port

PATH = "/api/v1/predict/batch"
SYMBOLS = [f"S{i:02}" for i in range(100)]
BODY = json.dumps({"symbols": SYMBOLS, "days": 5})
TARGET = 20

FASTAPI = """
import orjson, sys
from fastapi import FastAPI
from fastapi.responses import ORJSONResponse
from pydantic import BaseModel

app = FastAPI()
FORECASTS = {one["symbol"]: one for one in orjson.loads(open(sys.argv[2], "rb").read())}

class Batch(BaseModel):
    symbols: list[str]
    days: int = 5

def answer(asked):
    found = [FORECASTS[symbol] for symbol in asked.symbols if symbol in FORECASTS]
    return {"predictions": found, "total_count": len(asked.symbols),
            "successful_count": len(found), "failed_count": len(asked.symbols) - len(found)}

@app.post("/api/v1/predict/batch", response_class=ORJSONResponse)
async def batch(asked: Batch):
    return answer(asked)

@app.post("/bare")
async def bare(asked: Batch):
    return ORJSONResponse(answer(asked))

if __name__ == "__main__":
    import uvicorn
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
                access_log=False, log_level="error", timeout_keep_alive=3600)
"""

# wrk says how it posts in Lua.
POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{body}]]
"""


class BatchServer(Server):
    """A server that is asked for batches."""

    def body(self):
        request = urllib.request.Request(self.url, BODY.encode(),
                                         {"Content-Type": "application/json"})
        for _ in range(400):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                raise RuntimeError(f"{self.name}: {error.read()}") from error
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not answer at {self.url}")


def import_bars(temp, env):
    (temp / "bars").mkdir()
    for number, symbol in enumerate(SYMBOLS):
        rows = (f"{2022 + i // 336}-{i // 28 % 12 + 1:02}-{i % 28 + 1:02},"
                f"{100 + (i * (number + 7)) % 37 / 10}\n" for i in range(900))
        (temp / "bars" / f"{symbol}.csv").write_text("date,close\n" + "".join(rows))
    subprocess.run([ARA, "import", str(temp / "bars"), "--asset-type", "stock"], env=env, check=True,
                   stdout=subprocess.DEVNULL)


def start_both(temp):
    env = dict(os.environ, ARA_HOME=str(temp / "home"), API_WORKERS="1", ARA_LOG_LEVEL="error",
               ARA_ENV="development", REQUEST_DEADLINE_MS="30000")
    import_bars(temp, env)
    ports = [free_port(), free_port()]
    ours = BatchServer("ara", [ARA, "serve", "--port", str(ports[0])], ports[0], PATH, env)
    answer = json.loads(ours.body())
    assert answer["successful_count"] == len(SYMBOLS), answer["errors"][:3]
    (temp / "forecasts.json").write_text(json.dumps(answer["predictions"]))
    (temp / "app.py").write_text(FASTAPI)
    peer = BatchServer("FastAPI", ["python3", str(temp / "app.py"), str(ports[1]),
                                   str(temp / "forecasts.json")], ports[1], PATH)
    bare = BatchServer.__new__(BatchServer)
    bare.__dict__.update(peer.__dict__, name="orjson alone", path="/bare", rounds=[])
    print(f"FastAPI:\n{FASTAPI}")
    for other in (peer, bare):
        theirs = json.loads(other.body())
        assert theirs == {name: answer[name] for name in theirs}, f"{other.name}: other forecasts"
    size = len(ours.body())
    print(f"An answer holds {len(SYMBOLS)} forecasts, {size} bytes.")
    return [ours, peer, bare]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as temp:
        try:
            servers = start_both(Path(temp))
            script = Path(temp) / "post.lua"
            script.write_text(POST.format(body=BODY))
            for server in servers:
                server.measure(seconds, "--timeout", "30s", "-s", str(script))
                server.rounds.clear()
            for _ in range(rounds):
                for server in servers:
                    server.measure(seconds, "--timeout", "30s", "-s", str(script))
        finally:
            for server in Server.running:
                server.stop()
    print(f"{'server':<14}{'batches/s':>12}{'p50 µs':>10}{'CPU µs/batch':>14}")
    for server in servers:
        print(f"{server.name:<14}{server.median('rps'):>12.0f}{server.median('p50'):>10.0f}"
              f"{server.median('cpu'):>14.0f}")
    ratio, bare = (statistics.median(a["rps"] / b["rps"]
                                     for a, b in zip(servers[0].rounds, peer.rounds))
                   for peer in servers[1:])
    print(f"batches/s, ara / FastAPI: {ratio:.1f}  (target >= {TARGET}): "
          f"{'met' if ratio >= TARGET else 'MISSED'}")
    print(f"batches/s, ara / orjson alone: {bare:.1f}")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
