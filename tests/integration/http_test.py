"""The HTTP contract of a running server: every route, every kind of bad request, caching, request
ids, slow clients, concurrency and the drain. Starts the built program on a free port with a store of
its own; nothing but the standard library is used."""

import datetime
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

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


def setUpModule():
    global server
    if not ARA or not os.path.exists(ARA):
        raise unittest.SkipTest("ARA_BIN names no program")
    server = Server()


def tearDownModule():
    status, errors = server.stop()
    assert status == 0, f"exit status {status}: {errors}"
    assert "InternalError" not in errors and "Sanitizer" not in errors, errors


def conforms(value, schema, components, path="$"):
    """Whether a value has what its JSON Schema asks for; the part of the language we use."""
    if "$ref" in schema:
        return conforms(value, components[schema["$ref"].rsplit("/", 1)[1]], components, path)
    for part in schema.get("allOf", []):
        conforms(value, part, components, path)
    kinds = {"object": dict, "array": list, "string": str, "integer": int,
             "number": (int, float), "null": type(None), "boolean": bool}
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(isinstance(value, kinds[name]) for name in names), f"{path}: {value!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{path}: {value!r}"
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{path}: {value!r}"
    if isinstance(value, (int, float)):
        assert value >= schema.get("minimum", value), f"{path}: {value!r}"
        assert value <= schema.get("maximum", value), f"{path}: {value!r}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            assert name in value, f"{path}.{name} is missing"
        for name, member in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if inner:
                conforms(member, inner, components, f"{path}.{name}")
    if isinstance(value, list) and "items" in schema:
        assert len(value) >= schema.get("minItems", 0), path
        for number, item in enumerate(value):
            conforms(item, schema["items"], components, f"{path}[{number}]")
    return True


class HttpCase(unittest.TestCase):
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


class ContractTest(HttpCase):
    def test_get_is_the_forecast_alone(self):
        answer = server.get("/api/v1/predict/AAPL?days=7")
        self.assertEqual(answer.status, 200)
        body = answer.json()
        self.assertEqual(body["symbol"], "AAPL")
        self.assertEqual(len(body["predictions"]), 7)
        self.assertNotIn("request_id", body)
        self.assertNotIn("timestamp", body)
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertIsNone(answer.headers["Server"])
        self.assertEqual(server.get("/api/v1/predict/aapl?days=7").body, answer.body)

    def test_post_is_the_same_forecast_with_request_id_and_timestamp(self):
        answer = server.post({"symbol": "aapl", "days": 7, "asset_type": None, "more": 1})
        self.assertEqual(answer.status, 200)
        body = answer.json()
        self.assertEqual(body.pop("request_id"), answer.headers["X-Request-ID"])
        self.assertRegex(body.pop("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(body, server.get("/api/v1/predict/AAPL?days=7").json())

    def test_defaults_and_aliases(self):
        self.assertEqual(len(server.get("/api/v1/predict/AAPL").json()["predictions"]), 5)
        for alias, level in (("quick", "basic"), ("standard", "standard"),
                             ("comprehensive", "full")):
            body = server.post({"symbol": "AAPL", "analysis_level": alias}).json()
            self.assertEqual(body["analysis_level"], level)

    def test_encoded_symbol(self):
        self.assertEqual(server.get("/api/v1/predict/%5EGSPC").json()["symbol"], "^GSPC")
        self.assertEqual(server.get("/api/v1/predict/^gspc").json()["symbol"], "^GSPC")

    def test_real_answers_conform_to_the_openapi_document(self):
        document = server.get("/openapi.json").json()
        self.assertEqual(document["openapi"], "3.1.0")
        checked = 0
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if method == "post":
                    answer = server.post({"symbol": "AAPL"})
                else:
                    answer = server.get(path.replace("{symbol}", "AAPL"))
                self.assertEqual(answer.status, 200, path)
                (media, content), = operation["responses"]["200"]["content"].items()
                self.assertEqual(answer.headers["Content-Type"], media)
                if media == "application/json":
                    conforms(answer.json(), content["schema"], document["components"]["schemas"])
                    checked += 1
        self.assertGreaterEqual(checked, 6)
        problem = server.get("/nope").json()
        conforms(problem, {"$ref": "#/components/schemas/Problem"},
                 document["components"]["schemas"])

    def test_root_lists_what_exists(self):
        body = server.get("/").json()
        for name in ("name", "version", "description", "docs", "health", "endpoints"):
            self.assertIn(name, body)
        listed = {(row["method"].lower(), row["path"]) for row in body["endpoints"]}
        document = server.get("/openapi.json").json()
        self.assertEqual(listed, {(method, path) for path, item in document["paths"].items()
                                  for method in item})

    def test_health(self):
        self.assertEqual(server.get("/health").json()["status"], "healthy")
        self.assertEqual(server.get("/health/live").status, 200)
        self.assertEqual(server.get("/health/ready").status, 200)

    def test_metrics_count_requests_by_route(self):
        series = 'http_requests_total{method="GET",route="/health/live",status="200"}'
        before = server.metric(series)
        server.get("/health/live")
        self.assertEqual(server.metric(series), before + 1)
        text = server.get("/metrics").body.decode()
        self.assertNotIn("AAPL", text, "a symbol is never a label")
        self.assertIn('http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}"', text)


class CachingTest(HttpCase):
    def test_etag_gives_304_until_the_bars_change(self):
        first = server.get("/api/v1/predict/AAPL?days=3")
        tag = first.headers["ETag"]
        self.assertEqual(tag, '"' + first.json()["id"] + '"')
        self.assertRegex(first.headers["Cache-Control"], r"max-age=\d+, must-revalidate")
        for condition in (tag, "W/" + tag, f'"other", {tag}', "*"):
            again = server.get("/api/v1/predict/AAPL?days=3", If_None_Match=condition)
            self.assertEqual((again.status, again.body), (304, b""), condition)
            self.assertEqual(again.headers["ETag"], tag)
            self.assertIsNone(again.headers["Content-Length"])
            self.assertIsNotNone(again.headers["Date"])
        self.assertEqual(server.get("/api/v1/predict/AAPL?days=3", If_None_Match='"x"').status, 200)

    def test_new_bars_change_the_tag(self):
        before = server.get("/api/v1/predict/MSFT?days=3").headers["ETag"]
        csv = Path(server.folder.name) / "more.csv"
        make_csv(csv, bars=401, seed=1)
        server.run("import", "--symbol", "MSFT", str(csv))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            answer = server.get("/api/v1/predict/MSFT?days=3", If_None_Match=before)
            if answer.status == 200:
                break
            time.sleep(0.05)
        self.assertEqual(answer.status, 200)
        self.assertNotEqual(answer.headers["ETag"], before)

    def test_head_is_get_without_its_body(self):
        get = server.get("/api/v1/predict/AAPL?days=4")
        head = server.request("HEAD", "/api/v1/predict/AAPL?days=4")
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
            self.assertEqual(head.headers[name], get.headers[name], name)

    def test_a_304_leaves_the_connection_usable(self):
        connection = server.connect()
        tag = server.get("/api/v1/predict/AAPL").headers["ETag"]
        for _ in range(3):
            connection.request("GET", "/api/v1/predict/AAPL", headers={"If-None-Match": tag})
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (304, b""))
        connection.close()


class RequestIdTest(HttpCase):
    def test_a_sane_one_is_echoed(self):
        answer = server.get("/health", X_Request_ID="trace-42/a")
        self.assertEqual(answer.headers["X-Request-ID"], "trace-42/a")

    def test_another_is_replaced(self):
        for given in ("", "x" * 129, "a b", "tab\there", "caf\xe9"):
            made = server.get("/health", X_Request_ID=given).headers["X-Request-ID"]
            self.assertRegex(made, "^[0-9a-f]{32}$")

    def test_those_made_differ(self):
        made = {server.get("/health").headers["X-Request-ID"] for _ in range(50)}
        self.assertEqual(len(made), 50)


class BadRequestTest(HttpCase):
    def test_bad_days(self):
        for days in ("0", "31", "x", "1e99", "-1", "", "5.5", "99999999999999999999"):
            self.assert_problem(server.get(f"/api/v1/predict/AAPL?days={days}"), 422, "days")
        for days in (0, 31, "x", 1e99, 5.5, None, True, [5], -1, 2**70):
            problem = self.assert_problem(server.post({"symbol": "AAPL", "days": days}),
                                          422, "body" if days == 2**70 else "days")
            self.assertIn("allowed", problem)

    def test_bad_symbols(self):
        for symbol in ("A" * 1000, "A\x00", "A\nB", "A\x7f", "'; DROP TABLE bars; --",
                       "A OR 1=1", "../../etc/passwd", "é", ""):
            self.assert_problem(server.post({"symbol": symbol}), 422, "symbol")
        for symbol in ("A" * 1000, "A%00", "A%0AB", "%7F", "'%3B%20DROP%20TABLE%20bars--",
                       "%2e%2e%2fetc", "%", "%zz", "A%C3%A9"):
            self.assert_problem(server.get(f"/api/v1/predict/{symbol}"), 422, "symbol")

    def test_an_unknown_symbol_suggests_near_ones(self):
        for answer in (server.get("/api/v1/predict/AAPLE"), server.post({"symbol": "AAPLE"})):
            self.assertIn("AAPL", self.assert_problem(answer, 404, "symbol")["message"])

    def test_bad_bodies(self):
        for body in (None, "", " ", "{", "[]", "null", "7", '"AAPL"', '{"symbol":"AAPL"',
                     b"\xff\xfe\x00", "[" * 5000, '{"symbol":"AAPL"}x'):
            self.assert_problem(server.post(body), 422, "body")
        self.assert_problem(server.post("{}"), 422, "symbol")
        for name, value in (("asset_type", "bond"), ("asset_type", 5), ("analysis_level", "deep"),
                            ("include_explanations", "yes"), ("symbol", 7)):
            self.assert_problem(server.post({"symbol": "AAPL", name: value}), 422, name)

    def test_an_asset_type_that_is_not_the_stored_one(self):
        self.assert_problem(server.get("/api/v1/predict/AAPL?asset_type=crypto"), (409, 422),
                            "asset_type")

    def test_wrong_content_type(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            self.assert_problem(server.post('{"symbol":"AAPL"}', kind), 415, "Content-Type")
        good = server.post('{"symbol":"AAPL"}', "Application/JSON; charset=utf-8")
        self.assertEqual(good.status, 200)

    def test_bad_queries(self):
        problem = self.assert_problem(server.get("/api/v1/predict/AAPL?dayz=7"), 422, "dayz")
        self.assertIn("days", problem["allowed"])
        self.assert_problem(server.get("/api/v1/predict/AAPL?days=7&days=7"), 422, "days")
        self.assert_problem(server.get("/api/v1/predict/AAPL?days=%7"), 422, "days")
        self.assert_problem(server.get("/api/v1/predict/AAPL?" + "a" * 5000), 422)

    def test_paths_that_do_not_exist(self):
        for path in ("/nope", "//", "/health/", "//health", "/api/v1/predict/",
                     "/api/v1/predict/AAPL/", "/api/v1/predict//AAPL", "/%2e%2e/etc/passwd",
                     "/index.html", "/a.js", "/../../etc/passwd", "/" + "x" * 5000, "/%00",
                     "/favicon.ico"):
            self.assert_problem(server.get(path), 404, "path")

    def test_wrong_methods(self):
        for method, path, allow in (("POST", "/health", "GET, HEAD"),
                                    ("DELETE", "/api/v1/predict/AAPL", "GET, HEAD"),
                                    ("PUT", "/api/v1/predict", "POST"),
                                    ("PATCH", "/", "GET, HEAD"),
                                    ("OPTIONS", "/metrics", "GET, HEAD"),
                                    ("GET", "/api/v1/predict", "POST")):
            answer = server.request(method, path)
            self.assert_problem(answer, 405, "method")
            self.assertEqual(answer.headers["Allow"], allow)

    def test_a_body_over_the_limit(self):
        body = json.dumps({"symbol": "AAPL", "more": "x" * 1_000_000}).encode()
        head = (f"POST /api/v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        self.assertRegex(server.raw(head + body), rb"^HTTP/1\.1 413 ")

    def test_bytes_that_are_no_request(self):
        """Answered with a 4xx or closed; never a 5xx, never a hang, and the server goes on."""
        rng = random.Random(1)
        cases = [b"\0" * 100, rng.randbytes(5000), b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                 b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
                 b"POST /api/v1/predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n{}",
                 b"POST /api/v1/predict HTTP/1.1\r\nContent-Length: x\r\n\r\n{}",
                 b"POST /api/v1/predict HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
                 b"POST /api/v1/predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                 b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
                 b"GET / HTTP/1.1\r\nx: " + b"a" * 200_000 + b"\r\n\r\n"]
        for case in cases:
            answer = server.raw(case)
            self.assertNotRegex(answer, rb"^HTTP/1\.. 5", case[:60])
            if answer:
                self.assertRegex(answer, rb"^HTTP/1\.[01] [24]\d\d ", case[:60])
            self.assertEqual(server.get("/health/live").status, 200, case[:60])


class SlowClientTest(HttpCase):
    def trickle(self, data, limit):
        """Sends a byte every 0.2 s until the server closes; after how many seconds it did."""
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.settimeout(0.2)
            for byte in data:
                if time.monotonic() - start > limit:
                    return None
                try:
                    sock.send(bytes([byte]))
                    if not sock.recv(1):
                        return time.monotonic() - start
                except TimeoutError:
                    continue
                except OSError:
                    return time.monotonic() - start
        return None

    def test_requests_sent_byte_by_byte_are_cut(self):
        """One in its header, one in its body, one after a good request, all at the same time."""
        header = b"GET / HTTP/1.1\r\nHost: x\r\nx-slow: " + b"a" * 1000
        body = (b"POST /api/v1/predict HTTP/1.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: 5000\r\n\r\n") + b" " * 1000
        limit = HEADER_TIMEOUT + SWEEP + 4
        with ThreadPoolExecutor(3) as pool:
            cut = list(pool.map(lambda data: self.trickle(data, limit), (header, body)))
        for seconds in cut:
            self.assertIsNotNone(seconds, "the connection was held for ever")
            self.assertGreater(seconds, HEADER_TIMEOUT - 1)
            self.assertLess(seconds, limit)

    def test_a_quiet_connection_that_has_spoken_is_kept(self):
        connection = server.connect()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        time.sleep(HEADER_TIMEOUT + 2 * SWEEP)
        connection.request("GET", "/health/live")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


class ConcurrencyTest(HttpCase):
    def test_one_new_key_is_computed_once(self):
        series = "ara_forecast_duration_seconds_count"
        before = server.metric(series)
        barrier = threading.Barrier(200)

        def ask(_):
            connection = server.connect()
            connection.connect()
            barrier.wait()
            connection.request("GET", "/api/v1/predict/AAPL?days=29&analysis_level=full")
            answer = connection.getresponse()
            result = answer.status, answer.read()
            connection.close()
            return result

        with ThreadPoolExecutor(200) as pool:
            answers = set(pool.map(ask, range(200)))
        self.assertEqual(len(answers), 1)
        self.assertEqual(answers.pop()[0], 200)
        self.assertEqual(server.metric(series), before + 1)

    def test_pipelined_requests_are_answered_in_order(self):
        paths = [f"/api/v1/predict/AAPL?days={days}" for days in (20, 21, 22)] + [
            "/health/live", "/api/v1/predict/AAPL?days=99", "/api/v1/predict/AAPL?days=23"]
        data = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: r{number}\r\n"
                       f"{'Connection: close' if number == len(paths) - 1 else 'a: b'}\r\n\r\n"
                       for number, path in enumerate(paths)).encode()
        answer = self.read_all(data)
        self.assertEqual(re.findall(rb"x-request-id: (r\d)", answer),
                         [f"r{number}".encode() for number in range(len(paths))])
        self.assertEqual(re.findall(rb"HTTP/1\.1 (\d+)", answer),
                         [b"200", b"200", b"200", b"200", b"422", b"200"])

    def read_all(self, data):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(data)
            received = b""
            while chunk := sock.recv(65536):
                received += chunk
            return received

    def test_http_1_0_and_connection_close(self):
        answer = self.read_all(b"GET /health/live HTTP/1.0\r\n\r\n")
        self.assertIn(b"200 OK", answer)
        self.assertTrue(answer.endswith(b"}"))


class DrainTest(HttpCase):
    def test_sigterm_finishes_what_is_in_flight(self):
        own = Server()
        asked = []
        for days in range(1, 31):
            connection = own.connect()
            connection.request("GET", f"/api/v1/predict/AAPL?days={days}&analysis_level=full")
            asked.append(connection)
            self.addCleanup(connection.close)
        start = time.monotonic()
        own.process.send_signal(signal.SIGTERM)
        answers = [connection.getresponse() for connection in asked]
        self.assertEqual({answer.status for answer in answers}, {200})
        for answer in answers:
            self.assertIn(b"predictions", answer.read())
        self.assertEqual(own.process.wait(timeout=30), 0)
        self.assertLess(time.monotonic() - start, 10)
        own.process.communicate()
        own.folder.cleanup()

    def test_while_it_stops_it_is_not_ready_and_closes_connections(self):
        """A body that comes slowly keeps no drain going; requests on open connections are answered."""
        own = Server()
        kept = [own.connect() for _ in range(20)]
        for connection in kept:
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        own.process.send_signal(signal.SIGTERM)
        seen = []
        for connection in kept:
            try:
                connection.request("GET", "/health/ready")
                answer = connection.getresponse()
                seen.append((answer.status, answer.headers["Connection"]))
                answer.read()
            except OSError:
                break  # it has stopped
            finally:
                connection.close()
        for connection in kept:
            connection.close()
        self.assertIn((503, "close"), seen)
        self.assertEqual(own.process.wait(timeout=30), 0)
        own.process.communicate()
        own.folder.cleanup()

    def test_a_second_signal_ends_it_at_once(self):
        own = Server()
        # A request that is never whole keeps nothing alive; a signal twice ends all.
        own.process.send_signal(signal.SIGINT)
        own.process.send_signal(signal.SIGTERM)
        status = own.process.wait(timeout=5)
        self.assertIn(status, (0, 130, 143))
        own.process.communicate()
        own.folder.cleanup()


class StartTest(HttpCase):
    def test_a_port_in_use_is_an_error_that_names_it(self):
        result = subprocess.run([ARA, "serve"], env=server.env, cwd=server.folder.name,
                                capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(result.returncode, 8, result.stderr)
        self.assertIn(str(server.port), result.stderr)
        self.assertEqual(server.get("/health").status, 200, "the first one goes on")

    def test_nothing_is_left_in_the_working_folder(self):
        self.assertEqual([name for name in os.listdir(server.folder.name) if name == "uploads"], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
