"""/openapi.json held to its word: its examples are run, and thousands of requests are made up from
it, valid and invalid in each field."""

import gzip
import hashlib
import json
import random
import re
import unittest
from urllib.parse import quote, urlencode

from accounts_server import AccountsCase, bearer
from json_schema import conforms

REQUESTS = 10_000
SYMBOLS = ["AAPL", "MSFT", "^GSPC"]
STREAM = "text/event-stream"


def text_of(rng, low, high):
    return "".join(rng.choice("ABCDEFGH") for _ in range(rng.randint(int(low), int(high))))


def valid(rng, schema, depth=0):
    """A value that a schema allows."""
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema["type"]
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind == "integer":
        low = -5 if low is None else low
        return rng.choice([int(low), int(min(low + 5, high if high is not None else low + 5))])
    if kind == "number":
        low = -1.0 if low is None else low
        return rng.uniform(low, min(low + 2, high if high is not None else low + 2))
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "array":
        count = rng.randint(int(schema.get("minItems", 0)),
                            int(min(schema.get("maxItems", 4), schema.get("minItems", 0) + 3)))
        return [valid(rng, schema["items"], depth + 1) for _ in range(count)]
    if kind == "object" and "properties" in schema:
        return {name: valid(rng, inner, depth + 1) for name, inner in schema["properties"].items()
                if name in schema.get("required", []) or rng.random() < 0.5}
    if kind == "object":
        count = int(schema.get("minProperties", 0)) or rng.randint(0, 2)
        return {f"S{i}": valid(rng, schema["additionalProperties"]) for i in range(count)}
    if schema.get("format") == "date":
        return f"20{rng.randint(10, 24)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    low, high = schema.get("minLength", 1), schema.get("maxLength", 12)
    return text_of(rng, max(1, low), min(high, low + 8))


def known(rng, name):
    """Half of the time, symbols that the server has."""
    if rng.random() < 0.5:
        return None
    if name == "symbol":
        return rng.choice(SYMBOLS)
    return rng.sample(SYMBOLS, 2) if name in ("symbols", "assets") else None


def invalid(rng, schema, in_body):
    """A value that a schema does not allow, or nothing where a query can say nothing wrong."""
    kind, wrong = schema["type"], []
    if "enum" in schema:
        wrong += ["no such choice"]
    if kind in ("integer", "number", "boolean"):
        wrong += ["x", ""]
    if "minimum" in schema:
        wrong += [schema["minimum"] - 1]
    if "maximum" in schema:
        wrong += [schema["maximum"] + 1, 1e99]
    if schema.get("format") == "date":
        wrong += ["2024-13-01", "yesterday"]
    if kind == "string" and "maxLength" in schema:
        wrong += ["A" * int(schema["maxLength"] + 1)]
    if kind == "string":
        wrong += ["bell\x07"]
    if kind == "array" and in_body and "maxItems" in schema and schema["maxItems"] < 1000:
        wrong += [[valid(rng, schema["items"])] * int(schema["maxItems"] + 1)]
    if kind == "array" and in_body and schema.get("minItems"):
        wrong += [[]]
    if in_body:
        wrong += [{"a": []}] if kind != "object" else ["x", [1]]
        wrong += [[[]]] if kind != "array" else ["x", 7, [{"b": [1]}, {}]]
        wrong += [True] if kind != "boolean" else [7]
    return rng.choice(wrong) if wrong else None


class Operation:
    def __init__(self, path, method, spec):
        self.path, self.method, self.spec = path, method.upper(), spec
        self.parameters = spec.get("parameters", [])
        self.media = spec.get("requestBody", {}).get("content", {}).get("application/json", {})
        self.body = self.media.get("schema", {})
        self.success = next(iter(spec["responses"]))
        self.statuses = {int(status) for status in spec["responses"]}

    def fields(self):
        """(place, name, schema) of all that can be wrong."""
        yield from ((p["in"], p["name"], p["schema"]) for p in self.parameters)
        yield from (("body", name, schema)
                    for name, schema in self.body.get("properties", {}).items())

    def values(self, rng, optional):
        """A value for each required field, and for each other with that probability."""
        given = {}
        for place, name, schema in self.fields():
            required = place == "path" or name in self.body.get("required", []) or any(
                p["name"] == name and p["required"] for p in self.parameters)
            if required or rng.random() < optional:
                given[place, name] = known(rng, name) or valid(rng, schema)
        return given

    def examples(self):
        given = {(p["in"], p["name"]): p["example"] for p in self.parameters if "example" in p}
        given.update({("body", name): value
                      for name, value in self.media.get("example", {}).items()})
        return given

    def request(self, given):
        def plain(value):
            if isinstance(value, list):
                return ",".join(str(item) for item in value)
            return str(value).lower() if isinstance(value, bool) else str(value)
        path = self.path
        for (place, name), value in given.items():
            if place == "path":
                path = path.replace("{" + name + "}", quote(plain(value), safe=""))
        query = {n: plain(v) for (place, n), v in given.items() if place == "query"}
        body = {n: v for (place, n), v in given.items() if place == "body"}
        target = path + ("?" + urlencode(query) if query else "")
        return target, json.dumps(body) if self.body else None


class OpenApiTest(AccountsCase):
    """As an administrator without limits, whom nothing is refused but for what is wrong with it."""

    settings = {"RATE_LIMIT_ENABLED": "false"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.headers = bearer(cls().token("root"))
        cls.document = cls.server.get("/openapi.json").json()
        cls.operations = [Operation(path, method, spec)
                          for path, item in cls.document["paths"].items()
                          for method, spec in item.items()]

    def ask(self, operation, given):
        if self.connection is None:
            self.connection = self.server.connect()
        target, body = operation.request(given)
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(operation.method, target, body, headers)
        answer = self.connection.getresponse()
        media = (answer.headers["Content-Type"] or "").split(";")[0]
        if media == STREAM:
            self.connection.close()
            self.connection = None
            return answer.status, media, None
        text = answer.read()
        if answer.headers["Connection"] == "close":
            self.connection.close()
            self.connection = None
        return answer.status, media, json.loads(text) if "json" in media and text else text

    def setUp(self):
        self.connection = None

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
            status, media, body = self.ask(operation, given)
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
            status, media, body = self.ask(operation, given)
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
