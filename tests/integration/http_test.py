"""The HTTP contract of a running server: every route, every kind of bad request, caching and request
ids."""

import json
import math
import os
import random
import re
import sys
import time
import unittest
from pathlib import Path

from http_server import HttpCase, make_csv
from json_schema import conforms


class ContractTest(HttpCase):
    def test_get_is_the_forecast_alone(self):
        answer = self.server.get("/api/v1/predict/AAPL?days=7")
        self.assertEqual(answer.status, 200)
        body = answer.json()
        self.assertEqual(body["symbol"], "AAPL")
        self.assertEqual(len(body["predictions"]), 7)
        self.assertNotIn("request_id", body)
        self.assertNotIn("timestamp", body)
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertIsNone(answer.headers["Server"])
        self.assertEqual(self.server.get("/api/v1/predict/aapl?days=7").body, answer.body)

    def test_post_is_the_same_forecast_with_request_id_and_timestamp(self):
        answer = self.server.post({"symbol": "aapl", "days": 7, "asset_type": None, "more": 1})
        self.assertEqual(answer.status, 200)
        body = answer.json()
        self.assertEqual(body.pop("request_id"), answer.headers["X-Request-ID"])
        self.assertRegex(body.pop("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(body, self.server.get("/api/v1/predict/AAPL?days=7").json())

    def test_defaults_and_aliases(self):
        self.assertEqual(len(self.server.get("/api/v1/predict/AAPL").json()["predictions"]), 5)
        for alias, level in (("quick", "basic"), ("standard", "standard"),
                             ("comprehensive", "full")):
            body = self.server.post({"symbol": "AAPL", "analysis_level": alias}).json()
            self.assertEqual(body["analysis_level"], level)

    def test_confidence_regime_and_explanations_by_level(self):
        for level, looked_back in (("basic", False), ("standard", True), ("full", True)):
            body = self.server.post({"symbol": "AAPL", "analysis_level": level}).json()
            confidence, regime = body["confidence"], body["regime"]
            null = [f"{name}.{member}" for name in ("confidence", "regime")
                    for member, value in body[name].items() if value is None]
            self.assertEqual(body["unavailable"], null)
            # One model has none to agree with: that of basic analysis, or the only one with weight.
            agreed = confidence["model_agreement"] is not None
            self.assertEqual(set(null) <= {"confidence.model_agreement"}, looked_back, level)
            given = [confidence[name] for name in ("model_agreement", "data_quality",
                     "regime_stability", "historical_accuracy") if confidence[name] is not None]
            self.assertEqual(len(given), (3 if looked_back else 1) + agreed)
            self.assertAlmostEqual(confidence["overall"] ** len(given), math.prod(given), 6)
            explained = body["explanations"]
            self.assertAlmostEqual(sum(explained["feature_importance"].values()), 1)
            self.assertTrue(explained["top_factors"])
            self.assertIn("90 % interval", explained["natural_language"])
            if looked_back:
                self.assertAlmostEqual(sum(regime["transition_probabilities"].values()), 1)
                self.assertIn(regime["current_regime"], regime["transition_probabilities"])
                self.assertIn(regime["current_regime"], explained["natural_language"])
        bare = self.server.post({"symbol": "AAPL", "include_explanations": False}).json()
        self.assertIsNone(bare["explanations"])
        self.assertEqual(bare["unavailable"], [])

    def test_encoded_symbol(self):
        self.assertEqual(self.server.get("/api/v1/predict/%5EGSPC").json()["symbol"], "^GSPC")
        self.assertEqual(self.server.get("/api/v1/predict/^gspc").json()["symbol"], "^GSPC")

    def test_a_problem_conforms_to_its_schema(self):
        document = self.server.get("/openapi.json").json()
        conforms(self.server.get("/nope").json(), {"$ref": "#/components/schemas/Problem"},
                 document["components"]["schemas"])

    def test_root_lists_what_exists(self):
        body = self.server.get("/").json()
        for name in ("name", "version", "description", "docs", "health", "endpoints"):
            self.assertIn(name, body)
        listed = {(row["method"].lower(), row["path"]) for row in body["endpoints"]}
        document = self.server.get("/openapi.json").json()
        self.assertEqual(listed, {(method, path) for path, item in document["paths"].items()
                                  for method in item})

    def test_health(self):
        self.assertEqual(self.server.get("/health").json()["status"], "healthy")
        self.assertEqual(self.server.get("/health/live").status, 200)
        self.assertEqual(self.server.get("/health/ready").status, 200)

    def test_detailed_health_is_measured(self):
        first = self.server.get("/health/detailed").json()
        schemas = self.server.get("/openapi.json").json()["components"]["schemas"]
        conforms(first, schemas["DetailedHealth"], schemas)
        self.assertIn(first["status"], ("healthy", "degraded"))
        self.assertEqual(first["components"]["store"], "healthy")
        for name, percent in first["system"].items():
            self.assertTrue(0 <= percent <= 100, name)
        disk = os.statvfs(self.server.folder.name)
        used = disk.f_blocks - disk.f_bfree
        self.assertAlmostEqual(first["system"]["disk_percent"],
                               100 * used / (used + disk.f_bavail), delta=2)
        time.sleep(0.05)
        later = self.server.get("/health/detailed").json()
        self.assertGreater(later["uptime_seconds"], first["uptime_seconds"] + 0.04)

    def test_metrics_count_requests_by_route(self):
        series = 'http_requests_total{method="GET",route="/health/live",status="200"}'
        before = self.server.metric(series)
        self.server.get("/health/live")
        self.assertEqual(self.server.metric(series), before + 1)
        text = self.server.get("/metrics").body.decode()
        self.assertNotIn("AAPL", text, "a symbol is never a label")
        self.assertIn('http_request_duration_seconds_bucket{route="/api/v1/predict/{symbol}"', text)


class CachingTest(HttpCase):
    def test_etag_gives_304_until_the_bars_change(self):
        first = self.server.get("/api/v1/predict/AAPL?days=3")
        tag = first.headers["ETag"]
        self.assertEqual(tag, '"' + first.json()["id"] + '"')
        self.assertRegex(first.headers["Cache-Control"], r"max-age=\d+, must-revalidate")
        for condition in (tag, "W/" + tag, f'"other", {tag}', "*"):
            again = self.server.get("/api/v1/predict/AAPL?days=3", If_None_Match=condition)
            self.assertEqual((again.status, again.body), (304, b""), condition)
            self.assertEqual(again.headers["ETag"], tag)
            self.assertIsNone(again.headers["Content-Length"])
            self.assertIsNotNone(again.headers["Date"])
        self.assertEqual(self.server.get("/api/v1/predict/AAPL?days=3", If_None_Match='"x"').status, 200)

    def test_new_bars_change_the_tag(self):
        before = self.server.get("/api/v1/predict/MSFT?days=3").headers["ETag"]
        csv = Path(self.server.folder.name) / "more.csv"
        make_csv(csv, bars=401, seed=1)
        self.server.run("import", "--symbol", "MSFT", str(csv))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            answer = self.server.get("/api/v1/predict/MSFT?days=3", If_None_Match=before)
            if answer.status == 200:
                break
            time.sleep(0.05)
        self.assertEqual(answer.status, 200)
        self.assertNotEqual(answer.headers["ETag"], before)

    def test_head_is_get_without_its_body(self):
        get = self.server.get("/api/v1/predict/AAPL?days=4")
        head = self.server.request("HEAD", "/api/v1/predict/AAPL?days=4")
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
            self.assertEqual(head.headers[name], get.headers[name], name)

    def test_a_304_leaves_the_connection_usable(self):
        connection = self.server.connect()
        tag = self.server.get("/api/v1/predict/AAPL").headers["ETag"]
        for _ in range(3):
            connection.request("GET", "/api/v1/predict/AAPL", headers={"If-None-Match": tag})
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (304, b""))
        connection.close()


class RequestIdTest(HttpCase):
    def test_a_sane_one_is_echoed(self):
        answer = self.server.get("/health", X_Request_ID="trace-42/a")
        self.assertEqual(answer.headers["X-Request-ID"], "trace-42/a")

    def test_another_is_replaced(self):
        for given in ("", "x" * 129, "a b", "tab\there", "caf\xe9"):
            made = self.server.get("/health", X_Request_ID=given).headers["X-Request-ID"]
            self.assertRegex(made, "^[0-9a-f]{32}$")

    def test_those_made_differ(self):
        made = {self.server.get("/health").headers["X-Request-ID"] for _ in range(50)}
        self.assertEqual(len(made), 50)


class BadRequestTest(HttpCase):
    def test_bad_days(self):
        for days in ("0", "31", "x", "1e99", "-1", "", "5.5", "99999999999999999999"):
            self.assert_problem(self.server.get(f"/api/v1/predict/AAPL?days={days}"), 422, "days")
        for days in (0, 31, "x", 1e99, 5.5, None, True, [5], -1, 2**70):
            problem = self.assert_problem(self.server.post({"symbol": "AAPL", "days": days}),
                                          422, "body" if days == 2**70 else "days")
            self.assertIn("allowed", problem)

    def test_bad_symbols(self):
        for symbol in ("A" * 1000, "A\x00", "A\nB", "A\x7f", "'; DROP TABLE bars; --",
                       "A OR 1=1", "../../etc/passwd", "é", ""):
            self.assert_problem(self.server.post({"symbol": symbol}), 422, "symbol")
        for symbol in ("A" * 1000, "A%00", "A%0AB", "%7F", "'%3B%20DROP%20TABLE%20bars--",
                       "%2e%2e%2fetc", "%", "%zz", "A%C3%A9"):
            self.assert_problem(self.server.get(f"/api/v1/predict/{symbol}"), 422, "symbol")

    def test_an_unknown_symbol_suggests_near_ones(self):
        for answer in (self.server.get("/api/v1/predict/AAPLE"), self.server.post({"symbol": "AAPLE"})):
            self.assertIn("AAPL", self.assert_problem(answer, 404, "symbol")["message"])

    def test_bad_bodies(self):
        for body in (None, "", " ", "{", "[]", "null", "7", '"AAPL"', '{"symbol":"AAPL"',
                     b"\xff\xfe\x00", "[" * 5000, '{"symbol":"AAPL"}x'):
            self.assert_problem(self.server.post(body), 422, "body")
        self.assert_problem(self.server.post("{}"), 422, "symbol")
        for name, value in (("asset_type", "bond"), ("asset_type", 5), ("analysis_level", "deep"),
                            ("include_explanations", "yes"), ("symbol", 7)):
            self.assert_problem(self.server.post({"symbol": "AAPL", name: value}), 422, name)

    def test_an_asset_type_that_is_not_the_stored_one(self):
        self.assert_problem(self.server.get("/api/v1/predict/AAPL?asset_type=crypto"), (409, 422),
                            "asset_type")

    def test_wrong_content_type(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            self.assert_problem(self.server.post('{"symbol":"AAPL"}', kind), 415, "Content-Type")
        good = self.server.post('{"symbol":"AAPL"}', "Application/JSON; charset=utf-8")
        self.assertEqual(good.status, 200)

    def test_bad_queries(self):
        problem = self.assert_problem(self.server.get("/api/v1/predict/AAPL?dayz=7"), 422, "dayz")
        self.assertIn("days", problem["allowed"])
        self.assert_problem(self.server.get("/api/v1/predict/AAPL?days=7&days=7"), 422, "days")
        self.assert_problem(self.server.get("/api/v1/predict/AAPL?days=%7"), 422, "days")
        self.assert_problem(self.server.get("/api/v1/predict/AAPL?" + "a" * 5000), 422)

    def test_paths_that_do_not_exist(self):
        for path in ("/nope", "//", "/health/", "//health", "/api/v1/predict/",
                     "/api/v1/predict/AAPL/", "/api/v1/predict//AAPL", "/%2e%2e/etc/passwd",
                     "/index.html", "/a.js", "/../../etc/passwd", "/" + "x" * 5000, "/%00",
                     "/favicon.ico"):
            self.assert_problem(self.server.get(path), 404, "path")

    def test_wrong_methods(self):
        for method, path, allow in (("POST", "/health", "GET, HEAD"),
                                    ("DELETE", "/api/v1/predict/AAPL", "GET, HEAD"),
                                    ("PUT", "/api/v1/predict", "POST"),
                                    ("PATCH", "/", "GET, HEAD"),
                                    ("OPTIONS", "/metrics", "GET, HEAD"),
                                    ("GET", "/api/v1/predict", "POST")):
            answer = self.server.request(method, path)
            self.assert_problem(answer, 405, "method")
            self.assertEqual(answer.headers["Allow"], allow)

    def test_a_body_over_the_limit(self):
        body = json.dumps({"symbol": "AAPL", "more": "x" * 1_000_000}).encode()
        head = (f"POST /api/v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        self.assertRegex(self.server.raw(head + body), rb"^HTTP/1\.1 413 ")

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
            answer = self.server.raw(case)
            self.assertNotRegex(answer, rb"^HTTP/1\.. 5", case[:60])
            if answer:
                self.assertRegex(answer, rb"^HTTP/1\.[01] [24]\d\d ", case[:60])
            self.assertEqual(self.server.get("/health/live").status, 200, case[:60])


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
