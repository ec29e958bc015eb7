"""A server of the built program on a free port, with a store of its own, for tests over HTTP."""

import datetime
import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from unittest import SkipTest, TestCase

ARA = os.path.abspath(os.environ["ARA_BIN"]) if "ARA_BIN" in os.environ else ""
HEADER_TIMEOUT = 10  # ServerOptions::header_timeout
SWEEP = 1


def make_csv(path, bars=400, seed=1):
    """Weekday bars of a random walk, the same in every run."""
    rng, price, day = random.Random(seed), 100.0, datetime.date(2020, 1, 1)
    lines = ["date,open,high,low,close,volume"]
    while len(lines) <= bars:
        day += datetime.timedelta(days=1)
        if day.weekday() > 4:
            continue
        price *= 1 + rng.gauss(0, 0.01)
        lines.append(f"{day},{price:.4f},{price * 1.01:.4f},{price * 0.99:.4f},{price:.4f},1000")
    path.write_text("\n".join(lines) + "\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`ara serve` with a store that holds AAPL, MSFT and ^GSPC."""

    def __init__(self, **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="ara-http-")
        self.port = free_port()
        self.env = dict(os.environ, ARA_HOME=self.folder.name + "/home", API_PORT=str(self.port),
                        API_HOST="127.0.0.1", API_WORKERS="2", MAX_WORKERS="2",
                        ARA_LOG_LEVEL="warning", **settings)
        for number, symbol in enumerate(["AAPL", "MSFT", "^GSPC"]):
            csv = Path(self.folder.name) / f"{number}.csv"
            make_csv(csv, seed=number)
            self.run("import", "--symbol", symbol, str(csv))
        self.start()

    def run(self, *arguments):
        return subprocess.run([ARA, *arguments], env=self.env, cwd=self.folder.name, check=True,
                              capture_output=True, text=True, timeout=60).stdout

    def start(self):
        self.process = subprocess.Popen([ARA, "serve"], env=self.env, cwd=self.folder.name,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()  # printed once the port accepts
        if "Serving" not in first:
            raise RuntimeError(first + self.process.stderr.read())

    def stop(self):
        """Asks it to stop; its exit status and what it logged."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        self.folder.cleanup()
        return self.process.returncode, errors

    def connect(self):
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def request(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, body, content_type="application/json"):
        body = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        return self.request("POST", "/api/v1/predict", body,
                            {"Content-Type": content_type} if content_type else {})

    def raw(self, data, timeout=20):
        """Sends bytes as they are; all that comes back until the server closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as sock:
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # closed on us already
            received = b""
            try:
                while chunk := sock.recv(65536):
                    received += chunk
            except ConnectionResetError:
                pass
            return received

    def metric(self, series):
        text = self.get("/metrics").body.decode()
        found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)
        return float(found[1]) if found else 0.0


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class HttpCase(TestCase):
    """A test against a running server; one is started for each class."""

    @classmethod
    def setUpClass(cls):
        if not ARA:
            raise SkipTest("ARA_BIN names no program")
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        status, errors = cls.server.stop()
        assert status == 0, f"exit status {status}: {errors}"
        assert "InternalError" not in errors and "Sanitizer" not in errors, errors

    def assert_problem(self, answer, status, field=None):
        statuses = status if isinstance(status, tuple) else (status,)
        self.assertIn(answer.status, statuses, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = answer.json()
        self.assertEqual(problem["status"], answer.status)
        for name in ("type", "title", "detail", "instance", "error", "message", "timestamp"):
            self.assertTrue(problem[name], name)
        self.assertEqual(problem["request_id"], answer.headers["X-Request-ID"])
        if field:
            self.assertEqual(problem["field"], field)
        return problem
