"""/openapi.json held to its word: its examples are run, and thousands of requests are made up from
it, valid and invalid in each field."""

import gzip
import hashlib
import random
import re
import unittest

from accounts_server import AccountsCase, bearer
from json_schema import conforms
from openapi_requests import Client, invalid, operations

REQUESTS = 10_000


class OpenApiTest(AccountsCase):
    """As an administrator without limits, whom nothing is refused but for what is wrong with it."""

    settings = {"RATE_LIMIT_ENABLED": "false"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.headers = bearer(cls().token("root"))
        cls.document = cls.server.get("/openapi.json").json()
        cls.operations = operations(cls.server)

    def setUp(self):
        self.client = Client(self.server, self.headers)
        self.addCleanup(self.client.close)

    def check(self, operation, status, media, body):
        """No 5xx, and every answer is one that the document tells of."""
        where = f"{operation.method} {operation.path}: {status} {str(body)[:300]}"
        self.assertTrue(status < 500 or str(status) == operation.success, where)
        self.assertIn(status, operation.statuses, where)
        responses = operation.spec["responses"][str(status)]
        told = {kind.split(";")[0]: content
                for kind, content in responses.get("content", {}).items()}
        if told and "*/*" not in told:
            self.assertIn(media, told, where)
        for kind, content in told.items():
            if "json" in kind and kind == media:
                conforms(body, content["schema"], self.document["components"]["schemas"])
        if status in (404, 409, 422):
            self.assertTrue(body.get("field"), where)

    def test_examples_do_what_they_say(self):
        done = 0
        for operation in self.operations:
            given = operation.examples()
            if not all((p["in"], p["name"]) in given for p in operation.parameters
                       if p["required"]):
                continue  # an id: made below, or by the tests of its resource
            if operation.success == "101":
                continue  # a WebSocket: by its own tests
            if not all(("body", name) in given for name in operation.body.get("required", [])):
                self.assertEqual(operation.body["required"], ["model_id"], operation.path)
                continue  # what it names must first be trained: by the tests of its resource
            if operation.path == "/api/v1/auth/login":  # whose example must be somebody's
                self.admin("reset-password", given["body", "email"],
                           stdin=given["body", "password"] + "\n")
            status, media, body = self.client.ask(operation, given)
            self.check(operation, status, media, body)
            self.assertEqual(str(status), operation.success,
                             f"{operation.method} {operation.path}: {str(body)[:300]}")
            done += 1
        self.assertGreaterEqual(done, 12)

    def test_a_forecast_is_found_again_by_its_id(self):
        def get(path):
            return self.server.request("GET", path, headers=self.headers)
        made = get("/api/v1/predict/AAPL?days=3").json()
        found = get("/api/v1/predictions/" + made["id"])
        self.assertEqual(found.status, 200)
        self.assertEqual(found.json()["result"], made)
        self.assert_problem(get("/api/v1/predictions/" + "0" * 32), 404, "id")
        self.assert_problem(get("/api/v1/predictions/" + "x" * 32), 422, "id")

    def test_the_page_and_its_files(self):
        page = self.server.get("/docs")
        self.assertEqual(page.status, 200)
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        text = page.body.decode()
        self.assertNotRegex(text, r"(src|href)=.(https?:)?//", "nothing from another host")
        files = re.findall(r"/static/[^\"]+", text)
        self.assertEqual(len(files), 4)
        for file in files:
            plain = self.server.get(file)
            self.assertEqual(plain.status, 200, file)
            self.assertIsNone(plain.headers["Content-Encoding"])
            self.assertIn(hashlib.sha256(plain.body).hexdigest()[:16], file)
            self.assertEqual(plain.headers["Cache-Control"],
                             "public, max-age=31536000, immutable")
            again = self.server.get(file, If_None_Match=plain.headers["ETag"])
            self.assertEqual((again.status, again.body), (304, b""))
            zipped = self.server.get(file, Accept_Encoding="gzip")
            if zipped.headers["Content-Encoding"] == "gzip":
                self.assertEqual(gzip.decompress(zipped.body), plain.body)
                self.assertNotEqual(zipped.headers["ETag"], plain.headers["ETag"])
            refused = self.server.get(file, Accept_Encoding="br;q=0, gzip;q=0")
            self.assertEqual(refused.body, plain.body)
        script = next(file for file in files if "bundle" in file)
        smallest = self.server.get(script, Accept_Encoding="gzip, deflate, br")
        self.assertEqual(smallest.headers["Content-Encoding"], "br")
        self.assertLess(len(smallest.body), 500_000)
        self.assert_problem(self.server.get("/static/..%2fara.db"), 404)
        self.assert_problem(self.server.get("/static/nothing.js"), 404)

    def test_requests_made_up_from_the_document(self):
        rng = random.Random(4)
        fields = [(operation, place, name, schema) for operation in self.operations
                  for place, name, schema in operation.fields()]
        bare = [(operation, None, None, None) for operation in self.operations]
        counts = {}
        for number in range(REQUESTS):
            operation, place, name, schema = (fields + bare)[number % len(fields + bare)]
            # Each third time around all fields are valid, else one is wrong and others left out.
            alter = place is not None and (number // len(fields + bare)) % 3
            given = operation.values(rng, 0 if alter else 0.4)
            wrong = None
            if alter:
                wrong = invalid(rng, schema, place == "body")
                given[place, name] = wrong
            if place == "path" and wrong == "":
                continue
            status, media, body = self.client.ask(operation, given)
            self.check(operation, status, media, body)
            if wrong is not None:
                told = f"{operation.method} {operation.path} {name}={wrong!r}: {status} {body}"
                self.assertIn(status, (404, 413, 415, 422, 401, 403, 429, 501), told)
                if status == 422:
                    self.assertTrue(body["field"].startswith(name), told)
            counts[status] = counts.get(status, 0) + 1
        print("answers by status:", dict(sorted(counts.items())))
        self.assertGreater(counts[200], REQUESTS // 20)
        self.assertGreater(counts[422], REQUESTS // 5)


if __name__ == "__main__":
    unittest.main()
