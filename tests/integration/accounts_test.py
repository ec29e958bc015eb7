"""Accounts on a running server: who is let in, who no longer, what stays secret."""

import base64
import hashlib
import hmac
import json
import os
import statistics
import subprocess
import time
import unittest

from accounts_server import PASSWORD, SECRET, AccountsCase, bearer
from http_server import ARA

KEY = r"^ara_[0-9a-f]{64}$"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(header, payload, secret=SECRET):
    text = encode(json.dumps(header).encode()) + "." + encode(json.dumps(payload).encode())
    return text + "." + encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


class Credentials(AccountsCase):
    def test_login_token_predict(self):
        answer = self.login("ada")
        body = answer.json()
        self.assertEqual(body["token_type"], "bearer")
        self.assertEqual(body["expires_in"], 86400)
        self.assertEqual(body["user"], {"id": self.ids["ada"], "email": "ada@example.com",
                                        "username": "ada", "role": "user", "tier": "large"})
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        claims = json.loads(decode(body["access_token"].split(".")[1]))
        self.assertEqual(claims["exp"] - claims["iat"], 86400)
        self.assertEqual((claims["sub"], claims["role"]), (self.ids["ada"], "user"))
        forecast = self.server.request("GET", "/api/v1/predict/AAPL",
                                       headers=bearer(body["access_token"]))
        self.assertEqual(forecast.status, 200)
        self.assertIn("private", forecast.headers["Cache-Control"])
        stored = "/api/v1/predictions/" + forecast.json()["id"]
        self.assertTrue(self.until(lambda: self.status(bearer(body["access_token"]), stored) == 200, 5))
        for path in (stored, "/api/v1/symbols", "/api/v1/bars/AAPL"):
            answer = self.server.request("GET", path, headers=bearer(body["access_token"]))
            self.assertEqual(answer.status, 200, path)
            self.assertNotIn("public", answer.headers["Cache-Control"] or "", path)
        posted = self.send("POST", "/api/v1/predict", {"symbol": "AAPL"}, bearer(body["access_token"]))
        self.assertEqual(posted.status, 200)
        me = self.server.request("GET", "/api/v1/auth/me", headers=bearer(body["access_token"])).json()
        self.assertEqual(me["email"], "ada@example.com")
        self.assertEqual(me["quotas"]["batch_size"], 100)

    def test_without_a_credential_nothing_but_what_is_open(self):
        for path in ("/api/v1/predict/AAPL", "/api/v1/auth/me", "/api/v1/auth/api-keys"):
            answer = self.server.get(path)
            self.assert_problem(answer, 401)
            self.assertEqual(answer.headers["WWW-Authenticate"], 'Bearer realm="ara"')
        for path in ("/", "/health", "/health/live", "/health/ready", "/metrics", "/openapi.json"):
            self.assertEqual(self.server.get(path).status, 200, path)
        for bad in ("Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "bearer\txyz", "Token x"):
            self.assert_problem(self.server.request("GET", "/api/v1/auth/me",
                                                    headers={"Authorization": bad}), 401)
        self.assertEqual(self.status({"Authorization": "BEARER " + self.token("ada")}), 200)
        both = bearer(self.token("ada")) | {"X-API-Key": "ara_" + "0" * 64}
        self.assertEqual(self.status(both), 401)

    def test_algorithm_confusion(self):
        good = self.token("root")
        header, payload, signature = good.split(".")
        header, claims = json.loads(decode(header)), json.loads(decode(payload))
        self.assertEqual(header["alg"], "HS256")
        later = claims | {"exp": claims["exp"] + 10 ** 6}
        forged = [f"{encode(json.dumps(header | {'alg': alg}).encode())}.{payload}.{end}"
                  for alg in ("none", "None", "NONE", "RS256", "HS384") for end in (signature, "")]
        forged += [sign({"alg": "HS256", "typ": "JWT"}, claims),  # right secret, another header
                   sign(header | {"kid": "../../../dev/null"}, claims, ""),
                   sign(header | {"kid": ["x"]}, claims), sign(header | {"jku": "http://x"}, claims),
                   sign(header, later, "x" * 32), sign(header, later, ""),
                   sign(header | {"alg": "RS256"}, claims),
                   f"{good.split('.')[0]}.{encode(json.dumps(later).encode())}.{signature}",
                   good + "=", good + ".", good[:-1], good + " x", "." + good, good.replace(".", "..")]
        for token in forged:
            self.assertEqual(self.status(bearer(token)), 401, token)
        self.assertEqual(self.status(bearer(good)), 200)

    def test_expired(self):
        good = self.token("ada").split(".")
        claims = json.loads(decode(good[1]))
        text = good[0] + "." + encode(json.dumps(claims | {"exp": int(time.time()) - 1}).encode())
        ended = text + "." + encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())
        answer = self.server.request("GET", "/api/v1/auth/me", headers=bearer(ended))
        self.assertIn("expired", self.assert_problem(answer, 401)["message"])
        self.assertIn("invalid_token", answer.headers["WWW-Authenticate"])

    def test_roles(self):
        readonly, user, admin = (bearer(self.token(name)) for name in ("eve", "ada", "root"))
        self.assertEqual(self.status(readonly, "/api/v1/predict/AAPL"), 200)
        self.assertEqual(self.status(readonly, "/api/v1/auth/api-keys"), 403)
        for who in (readonly, user):
            answer = self.server.request("GET", "/api/v1/auth/admin/users", headers=who)
            self.assert_problem(answer, 403)
        users = self.server.request("GET", "/api/v1/auth/admin/users", headers=admin).json()
        self.assertEqual(users["total_count"], len(self.ids))
        self.assertNotIn("argon2", json.dumps(users))

    def test_an_administrator_changes_role_and_tier(self):
        admin = bearer(self.token("root"))
        mine = bearer(self.token("eve"))
        path = f"/api/v1/auth/admin/users/{self.ids['eve']}"
        changed = self.send("PUT", path + "/role", {"role": "user"}, admin)
        self.assertEqual((changed.status, changed.json()["role"]), (200, "user"))
        self.assertEqual(self.status(mine, "/api/v1/auth/api-keys"), 200)
        self.assertEqual(self.send("PUT", path + "/role", {"role": "readonly"}, admin).status, 200)
        self.assertEqual(self.status(mine, "/api/v1/auth/api-keys"), 403)
        self.assert_problem(self.send("PUT", path + "/tier", {"tier": "gold"}, admin), 422, "tier")
        self.assert_problem(self.send("PUT", path + "/role", {"role": "king"}, admin), 422, "role")
        self.assert_problem(self.send("PUT", "/api/v1/auth/admin/users/acc_0/tier", {"tier": "small"},
                                      admin), 404)
        log = json.loads(self.admin("audit", "--json").stdout)
        roles = [entry for entry in log if entry["action"] == "account.role"]
        self.assertEqual({entry["actor"] for entry in roles}, {self.ids["root"]})


class Keys(AccountsCase):
    def test_life_of_a_key(self):
        token = bearer(self.token("ada"))
        made = self.key("ada", expires_in_days=7)
        self.assertRegex(made["key"], KEY)
        self.assertTrue(made["is_active"])
        mine = {"X-API-Key": made["key"]}
        self.assertEqual(self.status(mine, "/api/v1/predict/AAPL"), 200)
        listed = self.server.request("GET", "/api/v1/auth/api-keys", headers=token)
        self.assertNotIn(made["key"][12:], listed.body.decode())
        path = f"/api/v1/auth/api-keys/{made['id']}"

        def used():
            rows = self.server.request("GET", "/api/v1/auth/api-keys", headers=token).json()["api_keys"]
            return next(row for row in rows if row["id"] == made["id"])["last_used_at"]
        self.assertTrue(self.until(lambda: used() is not None, 3))

        turned = self.send("POST", path + "/rotate", headers=token).json()
        self.assertEqual(turned["id"], made["id"])
        self.assertEqual(self.status(mine), 401)
        mine = {"X-API-Key": turned["key"]}
        self.assertEqual(self.status(mine), 200)
        revoked = self.send("POST", path + "/revoke", headers=token).json()
        self.assertFalse(revoked["is_active"])
        self.assertEqual(self.status(mine), 401)
        self.assert_problem(self.send("POST", path + "/rotate", headers=token), 409)
        self.assertEqual(self.send("DELETE", path, headers=token).status, 200)
        self.assert_problem(self.send("DELETE", path, headers=token), 404)

    def test_another_accounts_keys_do_not_exist(self):
        made = self.key("ada")
        other = bearer(self.token("bob"))
        listed = self.server.request("GET", "/api/v1/auth/api-keys", headers=other)
        self.assertNotIn(made["id"], listed.body.decode())
        path = f"/api/v1/auth/api-keys/{made['id']}"
        for method, end in (("DELETE", ""), ("POST", "/revoke"), ("POST", "/rotate")):
            there = self.assert_problem(self.send(method, path + end, headers=other), 404)
            nowhere = self.assert_problem(
                self.send(method, "/api/v1/auth/api-keys/key_0123456789abcdef" + end, headers=other),
                404)
            self.assertEqual(there["message"].replace(made["id"], "X"),
                             nowhere["message"].replace("key_0123456789abcdef", "X"))
        self.assertEqual(self.status({"X-API-Key": made["key"]}), 200)

    def test_what_the_command_line_ends_is_refused_within_a_second(self):
        made, token = self.key("bob"), bearer(self.token("bob"))
        key = {"X-API-Key": made["key"]}
        self.assertEqual((self.status(key), self.status(token)), (200, 200))
        try:
            self.admin("disable", "bob@example.com")
            self.assertTrue(self.until(lambda: self.status(key) == 401 and self.status(token) == 401))
            self.assertEqual(self.login("bob").status, 401)
        finally:
            self.admin("enable", self.ids["bob"])
        self.assertTrue(self.until(lambda: self.status(key) == 200))
        self.assertEqual(self.status(token), 401)  # ended for good
        fresh = bearer(self.token("bob"))
        self.admin("reset-password", "bob@example.com", stdin=PASSWORD + "\n")
        self.assertTrue(self.until(lambda: self.status(fresh) == 401))

    def test_secrets_are_nowhere(self):
        made = self.key("ada")
        folder = os.path.join(self.server.folder.name, "home")
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    data = file.read()
                self.assertNotIn(made["key"].encode(), data, name)
                self.assertNotIn(PASSWORD.encode(), data, name)
                self.assertNotIn(SECRET.encode(), data, name)
        shown = subprocess.run([ARA, "config", "show", "--json"], env=self.server.env, text=True,
                               capture_output=True, check=True, timeout=60).stdout
        self.assertNotIn(SECRET, shown)


class Guessing(AccountsCase):
    def test_an_unknown_account_takes_as_long_as_a_wrong_password(self):
        self.login("ada", "warm the server up")
        times = {"ada": [], "nobody": []}
        for number in range(7):
            for name in times:
                begun = time.perf_counter()
                who = name if name == "ada" else f"nobody{number}"
                self.assertEqual(self.login(who, "not the password").status, 401)
                times[name].append(time.perf_counter() - begun)
        known, unknown = (statistics.median(times[name]) for name in ("ada", "nobody"))
        self.assertLess(max(known, unknown) / min(known, unknown), 2, times)

    def test_guessing_one_account_is_refused(self):
        answers = [self.login("few", f"guess number {i}") for i in range(11)]
        self.assertEqual([a.status for a in answers], [401] * 10 + [429])
        details = self.assert_problem(answers[-1], 429)["details"]
        self.assertEqual(str(details["retry_after"]), answers[-1].headers["Retry-After"])
        self.assertEqual(self.login("day").status, 200)  # another account is not affected

    def test_the_command_line_refuses_weak_passwords_and_never_takes_one_as_an_argument(self):
        for weak in ("", "short", "aaaaaaaaaaaaaaaa", "password1234"):
            done = self.admin("create-user", "new@example.com", stdin=weak + "\n", check=False)
            self.assertEqual(done.returncode, 2, weak)
            self.assertIn("password", done.stderr)
        self.assertNotEqual(0, self.admin("create-user", "new@example.com", "--password", "x" * 20,
                                          check=False).returncode)
        self.assertEqual(5, self.admin("create-user", "ADA@example.com", stdin=PASSWORD + "\n",
                                       check=False).returncode)
        self.assertNotIn("new@example.com", self.admin("list-users").stdout)


class Pages(AccountsCase):
    def test_cors_is_for_the_list_alone(self):
        ask = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
        answer = self.server.request("OPTIONS", "/api/v1/predict", headers=ask)
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "https://app.example.com")
        self.assertIn("x-api-key", answer.headers["Access-Control-Allow-Headers"])
        for origin in ("https://evil.example", "null", "https://app.example.com.evil.example"):
            answer = self.server.request("OPTIONS", "/api/v1/predict", headers=ask | {"Origin": origin})
            self.assertEqual(answer.status, 405)
            self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        token = bearer(self.token("ada"))
        mine = token | {"Origin": "https://app.example.com"}
        got = self.server.request("GET", "/api/v1/predict/AAPL", headers=mine)
        self.assertEqual(got.headers["Access-Control-Allow-Origin"], "https://app.example.com")
        self.assertIn("origin", got.headers["Vary"].lower())
        self.assertIsNone(got.headers["Access-Control-Allow-Credentials"])
        other = self.server.request("GET", "/api/v1/predict/AAPL", headers=token)
        self.assertIsNone(other.headers["Access-Control-Allow-Origin"])

    def test_secure_headers(self):
        headers = self.server.get("/health").headers
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")


class Starting(unittest.TestCase):
    def refused(self, **settings):
        env = {name: value for name, value in os.environ.items() if not name.startswith("JWT_")}
        done = subprocess.run([ARA, "serve"], env=env | {"ARA_HOME": "/nonexistent"} | settings,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_no_secret_no_server_outside_development(self):
        for environment in ("production", "test"):
            self.assertIn("JWT_SECRET_KEY", self.refused(ARA_ENV=environment))
        self.assertIn("JWT_SECRET_KEY", self.refused(ARA_ENV="production", ALLOW_PUBLIC="true"))
        self.assertIn("API_HOST", self.refused(ARA_ENV="development", API_HOST="0.0.0.0"))
        short = self.refused(ARA_ENV="production", JWT_SECRET_KEY="too short")
        self.assertIn("JWT_SECRET_KEY", short)
        self.assertNotIn("too short", short)


if __name__ == "__main__":
    unittest.main()
