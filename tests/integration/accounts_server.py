"""A server that asks who calls, with accounts of every role, for tests over HTTP."""

import json
import subprocess
import time
import unittest

from http_server import ARA, HttpCase, Server

SECRET = "0123456789abcdef0123456789abcdef"
PASSWORD = "four plain words do"
# Limits that tests can reach, and one that they cannot.
TIERS = "small=50/120/10/365/5,large=100000/1000000/100/3650/100"


def bearer(token):
    return {"Authorization": "Bearer " + token}


class AccountsCase(HttpCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        if not ARA:
            raise unittest.SkipTest("ARA_BIN names no program")
        cls.server = Server(ARA_ENV="production", ENABLE_DOCS="true", JWT_SECRET_KEY=SECRET,
                            TIERS=TIERS, REQUEST_DEADLINE_MS="30000", ENABLE_CORS="true",
                            CORS_ORIGINS="https://app.example.com", **cls.settings)
        cls.ids = {name: cls.create(name, role, tier)
                   for name, role, tier in [("root", "admin", "large"), ("ada", "user", "large"),
                                            ("bob", "user", "large"), ("eve", "readonly", "large"),
                                            ("few", "user", "small"), ("day", "user", "small")]}

    @classmethod
    def admin(cls, *arguments, stdin="", check=True):
        done = subprocess.run([ARA, "admin", *arguments], env=cls.server.env, input=stdin, text=True,
                              cwd=cls.server.folder.name, capture_output=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return done

    @classmethod
    def create(cls, name, role, tier):
        made = cls.admin("create-user", f"{name}@example.com", "--role", role, "--tier", tier, "--json",
                         stdin=PASSWORD + "\n")
        return json.loads(made.stdout)["id"]

    def send(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.server.request(method, path, None if body is None else json.dumps(body), headers)

    def login(self, name, password=PASSWORD):
        return self.send("POST", "/api/v1/auth/login",
                         {"email": f"{name}@example.com", "password": password})

    def token(self, name):
        answer = self.login(name)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["access_token"]

    def key(self, name, **body):
        answer = self.send("POST", "/api/v1/auth/api-keys", {"name": "laptop"} | body,
                           bearer(self.token(name)))
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def status(self, headers, path="/api/v1/auth/me"):
        return self.server.request("GET", path, headers=headers).status

    def until(self, holds, seconds=1.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return True
            time.sleep(0.02)
        return False
