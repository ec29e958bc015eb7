"""./dev bench serve: the cached GET of a forecast against nginx and FastAPI, in one run.

Each server has core 0 to itself while it is measured, wrk has core 1; the servers take turns, round
after round, and the medians are compared. Before anything is timed the bodies are compared: byte
for byte with nginx, as JSON with FastAPI (orjson writes numbers its own way).

    serve.py [ROUNDS [SECONDS]]
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ARA = os.environ["ARA_BIN"]
SHARED = Path(os.environ.get("ARA_SHARED", "../shared"))
SERVER_CORE, LOAD_CORE = "0", "1"
CONNECTIONS = 32
TICK = os.sysconf("SC_CLK_TCK")

NGINX = """
worker_processes 1; daemon off; pid {temp}/nginx.pid; error_log {temp}/nginx.err crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s;
  sendfile on; tcp_nopush on; tcp_nodelay on; open_file_cache max=16; default_type application/json;
  client_body_temp_path {temp}/b; proxy_temp_path {temp}/p; fastcgi_temp_path {temp}/f;
  uwsgi_temp_path {temp}/u; scgi_temp_path {temp}/s;
  server {{
    listen 127.0.0.1:{port} reuseport;
    location = /return {{ return 200 '{body}'; }}
    location = /file {{ root {temp}/static; }}
  }}
}}
"""

FASTAPI = """
import orjson, sys
from fastapi import FastAPI
from fastapi.responses import ORJSONResponse

app = FastAPI()
FORECASTS = {"AAPL": orjson.loads(open(sys.argv[2], "rb").read())}

@app.get("/api/v1/predict/{symbol}")
async def predict(symbol: str, days: int = 5):
    return ORJSONResponse(FORECASTS[symbol])

if __name__ == "__main__":
    import uvicorn
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
                access_log=False, log_level="error", timeout_keep_alive=3600)
"""


class Server:
    """A process pinned to the servers' core, and what was measured of it."""

    running = []  # every process started, so that a failed check leaves none behind

    def __init__(self, name, command, port, path, env=None):
        self.name, self.port, self.path = name, port, path
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command],
                                        env=env, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        Server.running.append(self)
        self.rounds = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def body(self):
        for _ in range(400):
            try:
                with urllib.request.urlopen(self.url, timeout=5) as answer:
                    return answer.read()
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not answer at {self.url}")

    def cpu_seconds(self):
        """User and system time of the process and its children."""
        total, wanted = 0, {self.process.pid}
        for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda p: int(p.parent.name)):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(stat.parent.name) in wanted or int(fields[1]) in wanted:
                wanted.add(int(stat.parent.name))
                total += int(fields[11]) + int(fields[12])
        return total / TICK

    def measure(self, seconds, *options):
        """Asks for that long; `options` are more of wrk's."""
        before = self.cpu_seconds()
        text = subprocess.run(
            ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
             "--latency", *options, self.url], capture_output=True, text=True, check=True).stdout
        used = self.cpu_seconds() - before
        if "Non-2xx" in text or "Socket errors" in text:
            raise RuntimeError(f"{self.name}: {text}")
        requests = int(re.search(r"(\d+) requests in", text)[1])
        self.rounds.append({"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
                            "p50": microseconds(text, "50"), "p99": microseconds(text, "99"),
                            "cpu": 1e6 * used / requests})

    def median(self, figure):
        return statistics.median(row[figure] for row in self.rounds)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=15)


def microseconds(text, percentile):
    number, unit = re.search(rf"^\s+{percentile}%\s+([\d.]+)(us|ms|s)\s*$", text, re.M).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def import_sample(temp, env):
    equity = SHARED / "data" / "equities" / "AAPL.csv"
    if not equity.exists():
        equity = temp / "AAPL.csv"
        rows = (f"{2010 + i // 336}-{i // 28 % 12 + 1:02}-{i % 28 + 1:02},{100 + i % 37 / 10}\n"
                for i in range(3000))
        equity.write_text("date,close\n" + "".join(rows))
    subprocess.run([ARA, "import", "--symbol", "AAPL", str(equity)], env=env, check=True,
                   stdout=subprocess.DEVNULL)


def start_all(temp):
    env = dict(os.environ, ARA_HOME=str(temp / "home"), API_WORKERS="1", ARA_LOG_LEVEL="error")
    import_sample(temp, env)
    ports = [free_port() for _ in range(3)]
    path = "/api/v1/predict/AAPL?days=4"
    ours = Server("ara", [ARA, "serve", "--port", str(ports[0])], ports[0], path, env)
    body = ours.body()
    assert len(body) < 4096, "nginx takes no string that long in its configuration"
    temp.chmod(0o755)  # nginx serves the file as another user
    (temp / "static").mkdir()
    (temp / "static" / "file").write_bytes(body)
    (temp / "body.json").write_bytes(body)
    quoted = body.decode().replace("\\", r"\\").replace("'", r"\'")
    config = NGINX.format(temp=temp, port=ports[1], body=quoted)
    (temp / "nginx.conf").write_text(config)
    (temp / "app.py").write_text(FASTAPI)
    nginx = Server("nginx return", ["nginx", "-c", str(temp / "nginx.conf"), "-e",
                                    str(temp / "nginx.err")], ports[1], "/return")
    static = Server.__new__(Server)
    static.__dict__.update(nginx.__dict__, name="nginx static", path="/file", rounds=[])
    fastapi = Server("FastAPI", ["python3", str(temp / "app.py"), str(ports[2]),
                                 str(temp / "body.json")], ports[2], path)
    print(f"The body is {len(body)} bytes. nginx:\n{config.replace(quoted, '…')}")
    print(f"FastAPI:\n{FASTAPI}")
    for peer in (nginx, static):
        assert peer.body() == body, f"{peer.name} answers other bytes"
    assert json.loads(fastapi.body()) == json.loads(body), "FastAPI answers another forecast"
    assert ours.body() == body
    return ours, nginx, static, fastapi


def report(ours, nginx, static, fastapi):
    print(f"{'server':<14}{'requests/s':>12}{'p50 µs':>10}{'p99 µs':>10}{'CPU µs/request':>16}")
    for server in (ours, nginx, static, fastapi):
        print(f"{server.name:<14}{server.median('rps'):>12.0f}{server.median('p50'):>10.0f}"
              f"{server.median('p99'):>10.0f}{server.median('cpu'):>16.2f}")
    cpu = ours.median("cpu")
    checks = [
        ("CPU a request / nginx return", cpu / nginx.median("cpu"), "<=", 1.25),
        ("CPU a request / nginx static", cpu / static.median("cpu"), "<=", 1.0),
        ("requests/s / FastAPI", ours.median("rps") / fastapi.median("rps"), ">=", 8),
        ("p99 / nginx static", ours.median("p99") / static.median("p99"), "<=", 1.5),
    ]
    met = True
    for what, value, sign, bound in checks:
        holds = value <= bound if sign == "<=" else value >= bound
        met = met and holds
        print(f"{what:<30} {value:6.2f}  (target {sign} {bound}): {'met' if holds else 'MISSED'}")
    return met


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as temp:
        try:
            servers = start_all(Path(temp))
            for server in servers:  # warm: caches, branch predictors, connections' memory
                server.measure(1)
                server.rounds.clear()
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", end="\r", flush=True)
                for server in servers:
                    server.measure(seconds)
            return 0 if report(*servers) else 1
        finally:
            for server in Server.running:
                server.stop()


if __name__ == "__main__":
    sys.exit(main())
