"""./dev bench api: what asking who calls, and how often, costs: the cached GET of a forecast on an
open server, with an API key and with a token, limits on, in one run.

The servers share core 0, taking turns, wrk has core 1; the medians of CPU per request are compared.

    api.py [ROUNDS [SECONDS]]
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ARA = os.environ["ARA_BIN"]
SERVER_CORE, LOAD_CORE = "0", "1"
CONNECTIONS = 32
TICK = os.sysconf("SC_CLK_TCK")
SECRET = "0123456789abcdef0123456789abcdef"
PASSWORD = "four plain words do"
# So high that none of the requests is refused, which would be cheaper.
TIERS = "bench=10000000/10000000/100/3650/100"
PATH = "/api/v1/predict/AAPL?days=5"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One `ara serve` on the servers' core."""

    def __init__(self, env):
        self.port = free_port()
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, ARA, "serve", "--port",
                                         str(self.port)], env=env, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.process.stdout.readline()

    def post(self, path, body, headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}",
                                         json.dumps(body).encode(),
                                         {"Content-Type": "application/json"} | headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=15)


class Way:
    """A way of asking, and what it was measured to cost."""

    def __init__(self, name, server, header):
        self.name, self.server, self.header = name, server, header
        self.cpu, self.rps = [], []

    def measure(self, seconds, keep=True):
        before = self.server.cpu_seconds()
        command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
        if self.header:
            command += ["-H", self.header]
        text = subprocess.run([*command, f"http://127.0.0.1:{self.server.port}{PATH}"],
                              capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in text or "Socket errors" in text:
            raise RuntimeError(f"{self.name}: {text}")
        requests = int(re.search(r"(\d+) requests in", text)[1])
        if keep:
            self.cpu.append(1e6 * (self.server.cpu_seconds() - before) / requests)
            self.rps.append(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]))


def start(temp):
    env = dict(os.environ, ARA_HOME=str(temp / "home"), API_WORKERS="1", ARA_LOG_LEVEL="error",
               ARA_ENV="development", TIERS=TIERS)
    csv = temp / "AAPL.csv"
    rows = (f"{2010 + i // 336}-{i // 28 % 12 + 1:02}-{i % 28 + 1:02},{100 + i % 37 / 10}\n"
            for i in range(3000))
    csv.write_text("date,close\n" + "".join(rows))
    subprocess.run([ARA, "import", "--symbol", "AAPL", str(csv)], env=env, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([ARA, "admin", "create-user", "ada@example.com"], env=env, check=True,
                   input=PASSWORD.encode(), stdout=subprocess.DEVNULL)
    servers = [Server(env), Server(env | {"JWT_SECRET_KEY": SECRET})]
    login = servers[1].post("/api/v1/auth/login", {"email": "ada@example.com", "password": PASSWORD},
                            {})
    token = {"Authorization": "Bearer " + login["access_token"]}
    key = servers[1].post("/api/v1/auth/api-keys", {"name": "bench"}, token)["key"]
    return servers, [Way("open", servers[0], ""), Way("API key", servers[1], "X-API-Key: " + key),
                     Way("token", servers[1], "Authorization: " + token["Authorization"])]


def report(ways):
    print(f"{'asked':<10}{'requests/s':>12}{'CPU µs/request':>16}")
    for way in ways:
        print(f"{way.name:<10}{statistics.median(way.rps):>12.0f}{statistics.median(way.cpu):>16.2f}")
    met = True
    for way, bound in zip(ways[1:], (1.25, 1.4)):
        ratio = statistics.median(way.cpu) / statistics.median(ways[0].cpu)
        met = met and ratio <= bound
        print(f"CPU a request, {way.name} / open: {ratio:.2f}  (target <= {bound}): "
              f"{'met' if ratio <= bound else 'MISSED'}")
    return met


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="ara-bench-") as temp:
        servers, ways = start(Path(temp))
        try:
            for way in ways:
                way.measure(1, keep=False)
            for _ in range(rounds):
                for way in ways:
                    way.measure(seconds)
            return 0 if report(ways) else 1
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    sys.exit(main())
