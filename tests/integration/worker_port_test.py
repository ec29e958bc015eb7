"""The port of `ara worker`: metrics of the jobs that it runs, and whether it lives and is ready."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from http.client import HTTPConnection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import postgres_keeper  # noqa: E402
from http_server import ARA, HEADER_TIMEOUT, SWEEP, Answer, free_port, make_csv  # noqa: E402

GONE_WITHIN = 10.0  # seconds, of SIGTERM
# A training that goes on for longer than the 8 s in which a worker lets it finish, where the machine
# is not very fast.
BARS, SYMBOLS = 1600, 10
LONG = {"asset_type": "stock", "symbols": SYMBOLS, "origins": 1200}


def eventually(what, seconds=20):
    until = time.monotonic() + seconds
    while not (result := what()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.02)
    return result


class Worker:
    """`ara worker` with a port, and a store of its own unless `env` names another."""

    def __init__(self, **env):
        self.folder = tempfile.TemporaryDirectory(prefix="ara-worker-")
        self.port = free_port()
        self.env = dict(os.environ, ARA_HOME=self.folder.name + "/home", API_HOST="127.0.0.1",
                        METRICS_PORT=str(self.port)) | env
        self.process = None

    def ara(self, *arguments):
        return subprocess.run([ARA, *arguments], env=self.env, cwd=self.folder.name, check=True,
                              capture_output=True, text=True, timeout=60).stdout

    def start(self):
        self.process = subprocess.Popen([ARA, "worker"], env=self.env, cwd=self.folder.name, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return self.process.stdout.readline()

    def stop(self):
        """Its exit status, how long it took, and its log."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=3 * GONE_WITHIN)
        return self.process.returncode, time.monotonic() - start, errors

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process.stderr.close()
        self.folder.cleanup()

    def ask(self, path, method="GET", **headers):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def ready(self):
        return self.ask("/health/ready").status

    def value(self, series):
        """Of a series, without a name for each label; none where it is not shown."""
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.ask("/metrics").body.decode(), re.M)
        return float(found[1]) if found else None


class Case(unittest.TestCase):
    def worker(self, **env):
        worker = Worker(**env)
        self.addCleanup(worker.close)
        return worker

    def assert_problem(self, answer, status):
        self.assertEqual((status, "application/problem+json"),
                         (answer.status, answer.headers["Content-Type"]), answer.body)
        self.assertEqual(answer.json()["request_id"], answer.headers["X-Request-ID"])
        self.assertEqual(status, answer.json()["status"])


class WorkerPortTest(Case):
    def test_jobs_are_counted_where_they_run(self):
        worker = self.worker()
        make_csv(Path(worker.folder.name) / "AAPL.csv")
        worker.ara("import", "AAPL.csv")
        self.assertEqual(f"Working on 1 thread, seen on port {worker.port}; Ctrl-C or SIGTERM ends it\n",
                         worker.start())
        done = 'ara_jobs_total{kind="batch",outcome="done"}'
        self.assertEqual(0, worker.value(done))  # the port listens once the line is printed
        eventually(lambda: worker.ready() == 200)
        worker.ara("jobs", "add", "batch", json.dumps({"symbols": ["AAPL"], "days": 2}))
        eventually(lambda: worker.value(done) == 1)
        self.assertEqual(1, worker.value('ara_job_duration_seconds_count{kind="batch"}'))
        self.assertGreater(
            worker.value('ara_db_query_duration_seconds_count{operation="jobs",role="embedded"}'), 0)
        for name in ("process_resident_memory_bytes", "ara_available_cores", "ara_disk_used_ratio"):
            self.assertGreater(worker.value(name), 0, name)
        # Of requests nothing is counted here: these are no server's.
        self.assertNotIn("\nhttp_requests_total", worker.ask("/metrics").body.decode())
        status, took, errors = worker.stop()
        self.assertEqual(0, status, errors)
        self.assertLess(took, 2)

    def test_it_listens_once_it_says_so(self):
        worker = self.worker()
        for _ in range(20):
            worker.start()
            self.assertEqual(200, worker.ask("/health/live").status)
            self.assertEqual(0, worker.stop()[0])

    def test_what_it_answers(self):
        worker = self.worker()
        worker.start()
        eventually(lambda: worker.ready() == 200)
        self.assertEqual({"status": "alive"}, worker.ask("/health/live").json())
        self.assertEqual({"status": "ready"}, worker.ask("/health/ready").json())
        plain, open_ = (worker.ask("/metrics", Accept=accept).headers["Content-Type"]
                        for accept in ("*/*", "application/openmetrics-text; version=1.0.0"))
        self.assertEqual("text/plain; version=0.0.4; charset=utf-8", plain)
        self.assertEqual("application/openmetrics-text; version=1.0.0; charset=utf-8", open_)
        head = worker.ask("/metrics", method="HEAD")
        self.assertEqual((200, b""), (head.status, head.body))
        for path in ("/", "/health", "/metrics/", "/api/v1/jobs", "/openapi.json"):
            self.assert_problem(worker.ask(path), 404)
        self.assert_problem(worker.ask("/ws/alerts", Connection="Upgrade", Upgrade="websocket"), 404)
        refused = worker.ask("/metrics", method="POST")
        self.assert_problem(refused, 405)
        self.assertEqual("GET, HEAD", refused.headers["Allow"])
        named = worker.ask("/health/live", **{"X-Request-ID": "mine"})
        self.assertEqual("mine", named.headers["X-Request-ID"])
        self.assertEqual("nosniff", named.headers["X-Content-Type-Options"])
        self.assert_problem(worker.ask("/health/live", **{"Content-Length": "0x0"}), 400)
        self.assertEqual(0, worker.stop()[0])

    def test_who_sends_no_request_is_cut_off(self):
        worker = self.worker()
        worker.start()
        with socket.create_connection(("127.0.0.1", worker.port), HEADER_TIMEOUT + SWEEP + 5) as slow:
            slow.sendall(b"GET /metrics HTTP/1.1\r\n")
            self.assertEqual(b"", slow.recv(1))
        self.assertEqual(200, worker.ask("/health/live").status)

    def test_connections_are_bounded(self):
        worker = self.worker()
        worker.start()
        held = [socket.create_connection(("127.0.0.1", worker.port), 5) for _ in range(200)]
        try:
            self.assertLessEqual(self.descriptors(worker), 100)
        finally:
            for connection in held:
                connection.close()
        eventually(lambda: self.answers(worker))
        self.assertEqual(0, worker.stop()[0])

    def descriptors(self, worker):
        time.sleep(0.5)  # in which what is too much is closed
        return sum(1 for one in Path(f"/proc/{worker.process.pid}/fd").iterdir()
                   if self.is_socket(one))

    @staticmethod
    def is_socket(path):
        try:
            return os.readlink(path).startswith("socket:")
        except FileNotFoundError:
            return False

    @staticmethod
    def answers(worker):
        try:
            return worker.ask("/health/live").status == 200
        except OSError:
            return False

    def test_metrics_can_be_off(self):
        worker = self.worker(ENABLE_METRICS="off")
        worker.start()
        self.assert_problem(worker.ask("/metrics"), 404)
        eventually(lambda: worker.ready() == 200)

    def test_without_a_port_it_listens_nowhere(self):
        worker = self.worker(METRICS_PORT="0")
        self.assertEqual("Working on 1 thread; Ctrl-C or SIGTERM ends it\n", worker.start())
        self.assertEqual(0, self.descriptors(worker))
        self.assertEqual(0, worker.stop()[0])

    def test_a_port_in_use_is_an_error_before_any_job(self):
        worker = self.worker()
        make_csv(Path(worker.folder.name) / "AAPL.csv")
        worker.ara("import", "AAPL.csv")
        job = json.loads(worker.ara("jobs", "add", "batch", '{"symbols": ["AAPL"]}', "--json"))["job_id"]
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", worker.port))
            taken.listen()
            done = subprocess.run([ARA, "worker"], env=worker.env, cwd=worker.folder.name,
                                  capture_output=True, text=True, timeout=30)
        self.assertEqual((8, ""), (done.returncode, done.stdout))
        self.assertRegex(done.stderr, rf"METRICS_PORT: Cannot listen on 127\.0\.0\.1, port {worker.port}: ")
        self.assertEqual("queued", json.loads(worker.ara("jobs", "show", job, "--json"))["state"])

    def test_one_that_is_stopping_is_not_ready(self):
        worker = self.worker()
        bars = Path(worker.folder.name) / "bars"
        bars.mkdir()
        for symbol in range(SYMBOLS):
            make_csv(bars / f"S{symbol}.csv", bars=BARS, seed=symbol)
        worker.ara("import", "bars", "--asset-type", "stock")
        worker.start()
        eventually(lambda: worker.ready() == 200)
        job = json.loads(worker.ara("jobs", "add", "train", json.dumps(LONG), "--json"))["job_id"]
        eventually(lambda: worker.value('ara_jobs{state="running"}') == 1)
        start = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        eventually(lambda: worker.ready() == 503, 2)
        self.assert_problem(worker.ask("/health/ready"), 503)
        self.assertEqual(200, worker.ask("/health/live").status)
        self.assertIsNotNone(worker.value("process_open_fds"), "the last scrape is had too")
        self.assertEqual(0, worker.process.wait(3 * GONE_WITHIN))
        took = time.monotonic() - start
        print(f"gone after {took:.2f} s", file=sys.stderr)
        self.assertLess(took, GONE_WITHIN)
        state = json.loads(worker.ara("jobs", "show", job, "--json"))["state"]
        self.assertEqual("queued" if took > 7.9 else "done", state)


class StoreAwayTest(Case):
    """Readiness follows a PostgreSQL that goes and comes back."""

    def setUp(self):
        if postgres_keeper.programs() is None:
            self.skipTest("no PostgreSQL (package postgresql, which ./dev test installs)")
        self.folder = Path(tempfile.mkdtemp(prefix="ara-worker-pg-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o777)
        self.port, self.data = free_port(), self.folder / "data"
        postgres_keeper.run(postgres_keeper.programs() / "initdb", "-D", self.data, "-U", "ara_user",
                            "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.server = None
        self.addCleanup(self.end)
        self.begin()
        postgres_keeper.run(postgres_keeper.programs() / "createdb", "-h", "127.0.0.1", "-p", str(self.port),
                            "-U", "ara_user", "ara_ai")

    def begin(self):
        with open(self.folder / "log", "ab") as log:
            self.server = postgres_keeper.start(self.data, self.port, log)
        postgres_keeper.wait_until_ready(self.port)

    def end(self):
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(20)

    def test_ready_as_long_as_the_store_answers(self):
        worker = self.worker(POSTGRES_HOST=f"127.0.0.1:{self.port}")
        worker.start()
        eventually(lambda: worker.ready() == 200)
        self.end()
        eventually(lambda: worker.ready() == 503)
        self.assert_problem(worker.ask("/health/ready"), 503)
        self.assertEqual(200, worker.ask("/health/live").status)
        self.assertEqual(200, worker.ask("/metrics").status)
        self.begin()
        eventually(lambda: worker.ready() == 200)
        self.assertEqual(0, worker.stop()[0])

    def test_a_store_that_is_silent_delays_no_answer(self):
        worker = self.worker(POSTGRES_HOST=f"127.0.0.1:{self.port}")
        worker.start()
        eventually(lambda: worker.ready() == 200)
        frozen = [self.server.pid, *map(int, Path(
            f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split())]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            eventually(lambda: worker.ready() == 503)
            start = time.monotonic()
            self.assertEqual(200, worker.ask("/health/live").status)
            self.assertEqual(503, worker.ready())
            self.assertLess(time.monotonic() - start, 0.5)
            status, took, errors = worker.stop()
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        print(f"gone after {took:.2f} s, its store silent", file=sys.stderr)
        self.assertEqual(0, status, errors)
        self.assertLess(took, GONE_WITHIN)


if __name__ == "__main__":
    unittest.main()
