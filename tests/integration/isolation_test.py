"""Two accounts never see each other's objects, on any route.

The test walks the routes that a running server tells of: each path with a variable part is of things
that all share, or has a row here that makes one thing of an account's own. A new route without either
fails the test, so it cannot be forgotten.
"""

import re
import unittest

from accounts_server import AccountsCase, bearer

# What all accounts share: facts of the markets, and what administrators manage.
SHARED = ("/api/v1/predict/", "/api/v1/predictions/", "/api/v1/bars/", "/api/v1/symbols/",
          "/api/v1/stream/", "/ws/", "/api/v1/auth/admin/", "/api/v1/models/{", "/static/")

# The path of a collection, and what is sent where to make a thing of one's own; its answer's id.
# Trainings are for administrators: root makes them, and is no reader of others' jobs for that.
TRAIN = ("/api/v1/models/train", {"symbol": "AAPL", "horizon": 1})
BACKTEST = ("/api/v1/backtest", {"symbol": "AAPL", "start_date": "2021-03-01",
                                 "end_date": "2021-06-30"})
OWNED = {
    "/api/v1/auth/api-keys": ("/api/v1/auth/api-keys", {"name": "mine"}),
    "/api/v1/jobs": BACKTEST,
    "/api/v1/models/train": TRAIN,
    "/api/v1/models/jobs": TRAIN,
    "/api/v1/backtest": BACKTEST,
    "/api/v1/webhooks": ("/api/v1/webhooks", {"url": "https://example.com/",
                                              "events": ["system_error"]}),
}


class Isolation(AccountsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paths = cls.server.get("/openapi.json").json()["paths"]
        cls.tokens = {}  # one login each: more in a minute are refused

    def who(self, name):
        if name not in self.tokens:
            self.tokens[name] = self.token(name)
        return bearer(self.tokens[name])

    def owner(self, collection):
        return self.who("root" if OWNED[collection] is TRAIN else "ada")

    def make(self, collection, who):
        where, body = OWNED[collection]
        answer = self.send("POST", where, body, who)
        self.assertIn(answer.status, (200, 201, 202), answer.body)
        body = answer.json()
        return body.get("id") or body["job_id"]

    def body_of(self, operation):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        return content.get("example") if content else None

    def ask(self, path, thing, method, operation, who):
        return self.send(method.upper(), re.sub(r"\{[^}]+\}", thing, path),
                         self.body_of(operation), who)

    def test_every_route_with_a_variable_part_is_shared_or_has_an_owner(self):
        for path in self.paths:
            if "{" in path and not path.startswith(SHARED):
                self.assertIn(path.split("/{")[0], OWNED, f"{path}: say here whose things these are")

    def test_anothers_id_is_nobodys(self):
        bob = self.who("bob")
        checked = 0
        for path, item in self.paths.items():
            if "{" not in path or path.startswith(SHARED):
                continue
            collection = path.split("/{")[0]
            thing = self.make(collection, self.owner(collection))
            nobodys = thing[:-4] + ("0000" if thing[-4:] != "0000" else "1111")
            for method, operation in item.items():
                with self.subTest(f"{method} {path}"):
                    there = self.ask(path, thing, method, operation, bob)
                    nowhere = self.ask(path, nobodys, method, operation, bob)
                    self.assertEqual((there.status, nowhere.status), (404, 404), there.body)
                    self.assertEqual(there.json()["message"].replace(thing, "X"),
                                     nowhere.json()["message"].replace(nobodys, "X"))
                    checked += 1
        self.assertGreaterEqual(checked, 3)

    def test_lists_hold_ones_own_alone(self):
        bob = self.who("bob")
        for collection in OWNED:
            with self.subTest(collection):
                owner = self.owner(collection)
                thing = self.make(collection, owner)
                if "get" not in self.paths.get(collection, {}):
                    continue
                mine = self.server.request("GET", collection, headers=owner)
                others = self.server.request("GET", collection, headers=bob)
                self.assertEqual((mine.status, others.status), (200, 200))
                self.assertIn(thing, mine.body.decode())
                self.assertNotIn(thing, others.body.decode())

    def test_who_is_no_administrator_may_not_train(self):
        where, body = TRAIN
        for who in ("ada", "eve"):
            self.assert_problem(self.send("POST", where, body, self.who(who)), 403)


if __name__ == "__main__":
    unittest.main()
