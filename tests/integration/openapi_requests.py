"""Requests made up from /openapi.json: valid ones, and ones that are wrong in a field."""

import json
from urllib.parse import quote, urlencode

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


def operations(server):
    """All that the document of a server names."""
    return [Operation(path, method, spec)
            for path, item in server.get("/openapi.json").json()["paths"].items()
            for method, spec in item.items()]


class Client:
    """One connection, made anew when it must be."""

    def __init__(self, server, headers):
        self.server, self.headers, self.connection = server, headers, None

    def ask(self, operation, given):
        """Status, media type, and the body: of JSON the value, of a stream nothing."""
        if self.connection is None:
            self.connection = self.server.connect()
        target, body = operation.request(given)
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(operation.method, target, body, headers)
        answer = self.connection.getresponse()
        media = (answer.headers["Content-Type"] or "").split(";")[0]
        text = None if media == STREAM else answer.read()
        if media == STREAM or answer.headers["Connection"] == "close":
            self.close()
        return answer.status, media, json.loads(text) if "json" in media and text else text

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None
