"""./dev bench streams: the memory of idle WebSocket clients, and how soon one bar reaches them all.

One server, CLIENTS idle connections to /ws/predictions/AAPL from this process. In each round one
bar is posted; a client's time runs from the moment the request is sent to the moment its forecast
is read here, so it holds storing the bar, making the forecast, and this client's own turn.

    streams.py [CLIENTS [ROUNDS]]
"""

import base64
import http.client
import json
import os
import random
import resource
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ARA = os.environ["ARA_BIN"]
SYMBOL = "AAPL"
CSV_BARS = 1500
PING, PONG = b"\x89\x00", b"\x8a\x80\0\0\0\0"  # frames; a client's is masked


def make_csv(path):
    rng, price, day = random.Random(1), 100.0, 0
    lines = ["date,open,high,low,close,volume"]
    start = time.mktime((2019, 1, 1, 12, 0, 0, 0, 0, 0))
    while len(lines) <= CSV_BARS:
        day += 1
        date = time.localtime(start + day * 86400)
        if date.tm_wday > 4:
            continue
        price *= 1 + rng.gauss(0, 0.01)
        lines.append(f"{time.strftime('%Y-%m-%d', date)},{price:.4f},{price * 1.01:.4f},"
                     f"{price * 0.99:.4f},{price:.4f},1000")
    path.write_text("\n".join(lines) + "\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resident_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def cpu_ticks(pid):
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().split()[13:15]))


def connect(port):
    """An open WebSocket, its greeting read."""
    key = base64.b64encode(os.urandom(16)).decode()
    sock = socket.create_connection(("127.0.0.1", port), timeout=60)
    sock.sendall(f"GET /ws/predictions/{SYMBOL} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 f"Sec-WebSocket-Key: {key}\r\n\r\n".encode())
    got = b""
    while b'"connected"' not in got or not got.endswith(b"}"):
        piece = sock.recv(4096)
        if not piece:
            raise RuntimeError(f"closed: {got!r}")
        got += piece
    if b" 101 " not in got.split(b"\r\n", 1)[0]:
        raise RuntimeError(got)
    sock.setblocking(False)
    return sock


def post_bar(port, day, close):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"symbol": SYMBOL, "bars": [{"date": day, "close": close}]})
    connection.request("POST", "/api/v1/bars", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(text)
    connection.close()


def one_round(port, socks, day, close):
    """Seconds until each client has read its forecast."""
    poller = select.epoll()
    by_fd = {}
    for sock in socks:
        by_fd[sock.fileno()] = sock
        poller.register(sock.fileno(), select.EPOLLIN)
    pid = os.fork()
    begin = time.monotonic()
    if pid == 0:
        try:
            post_bar(port, day, close)
            os._exit(0)
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(1)
    took = []
    while len(took) < len(socks):
        events = poller.poll(60, 512)
        if not events:
            raise RuntimeError(f"only {len(took)} of {len(socks)} heard")
        for fd, _ in events:
            data = by_fd[fd].recv(65536)
            if not data:
                raise RuntimeError("a client was dropped")
            if PING in data:
                by_fd[fd].send(PONG)
            if b"prediction_update" in data:
                took.append(time.monotonic() - begin)
    poller.close()
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError("the bar was not taken")
    return took


def main():
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="ara-streams-") as folder:
        port = free_port()
        env = dict(os.environ, ARA_HOME=folder + "/home", API_PORT=str(port), API_HOST="127.0.0.1",
                   ARA_ENV="development", ARA_LOG_LEVEL="warning", REQUEST_DEADLINE_MS="60000",
                   STREAM_CONNECTIONS=str(clients + 100),
                   STREAM_CONNECTIONS_PER_ACCOUNT=str(clients + 100))
        csv = Path(folder) / "bars.csv"
        make_csv(csv)
        subprocess.run([ARA, "import", "--symbol", SYMBOL, str(csv)], env=env, cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen([ARA, "serve"], env=env, cwd=folder, stdout=subprocess.PIPE,
                                  text=True)
        try:
            if "Serving" not in server.stdout.readline():
                raise RuntimeError("the server did not start")
            post_bar(port, "2025-01-05", 100.0)  # all that the first forecast brings along
            time.sleep(1)
            before = resident_mb(server.pid)
            begin = time.monotonic()
            socks = [connect(port) for _ in range(clients)]
            print(f"{clients} clients connected in {time.monotonic() - begin:.1f} s")
            time.sleep(2)
            after = resident_mb(server.pid)
            print(f"resident: {before:.1f} MB before, {after:.1f} MB with them: "
                  f"{(after - before) * 1024 / clients:.2f} KB a client")
            ticks = os.sysconf("SC_CLK_TCK")
            busy = cpu_ticks(server.pid)
            time.sleep(5)
            spent = cpu_ticks(server.pid) - busy
            print(f"CPU while idle: {spent / ticks / 5 * 100:.1f} % of a core")
            worst, p99s = 0, []
            for number in range(rounds):
                took = sorted(one_round(port, socks, f"2025-01-{6 + number:02d}", 101.0 + number))
                p99s.append(took[int(0.99 * (len(took) - 1))])
                worst = max(worst, took[-1])
                print(f"bar {number + 1}: first {took[0] * 1e3:.0f} ms, "
                      f"median {took[len(took) // 2] * 1e3:.0f} ms, p99 {p99s[-1] * 1e3:.0f} ms, "
                      f"last {took[-1] * 1e3:.0f} ms")
                time.sleep(1)
            print(f"all in all: {after:.0f} MB, p99 {statistics.median(p99s) * 1e3:.0f} ms "
                  f"(median of {rounds} bars), worst {worst * 1e3:.0f} ms")
            for sock in socks:
                sock.close()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


if __name__ == "__main__":
    main()
