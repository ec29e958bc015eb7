"""Limits of accounts on a running server: exact for a minute and for a day."""

import threading
import time
import unittest

from accounts_server import AccountsCase, bearer


class Limits(AccountsCase):
    def test_exact_under_64_connections(self):
        key = {"X-API-Key": self.key("few")["key"]}  # which took one request of the minute
        statuses, lock = [], threading.Lock()
        start = threading.Barrier(64)

        def ask():
            connection = self.server.connect()
            start.wait()
            for _ in range(3):
                connection.request("GET", "/api/v1/predict/AAPL", headers=key)
                answer = connection.getresponse()
                answer.read()
                with lock:
                    statuses.append((answer.status, answer.headers["X-RateLimit-Remaining"]))
            connection.close()

        threads = [threading.Thread(target=ask) for _ in range(64)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLess(time.monotonic() - begun, 55, "the machine is too slow for this test")
        passed = [int(left) for status, left in statuses if status == 200]
        self.assertEqual(len(passed), 49)
        self.assertEqual({status for status, _ in statuses}, {200, 429})
        self.assertEqual(sorted(passed), list(range(49)))
        answer = self.server.request("GET", "/api/v1/predict/AAPL", headers=key)
        problem = self.assert_problem(answer, 429)
        self.assertEqual(problem["error"], "RateLimitExceeded")
        self.assertEqual(problem["details"]["tier"], "small")
        self.assertEqual(str(problem["details"]["retry_after"]), answer.headers["Retry-After"])
        self.assertLessEqual(int(answer.headers["Retry-After"]), 61)

    def test_headers(self):
        token = bearer(self.token("ada"))
        headers = self.server.request("GET", "/api/v1/predict/AAPL", headers=token).headers
        self.assertEqual(headers["X-RateLimit-Limit"], "100000")
        self.assertEqual(headers["X-RateLimit-Daily-Limit"], "1000000")
        self.assertLess(int(headers["X-RateLimit-Remaining"]), 100000)
        self.assertLess(int(headers["X-RateLimit-Daily-Remaining"]), 1000000)
        self.assertAlmostEqual(int(headers["X-RateLimit-Reset"]), time.time() + 60, delta=61)
        self.assertEqual(headers["RateLimit-Policy"],
                         '"minute";q=100000;w=60, "day";q=1000000;w=86400')
        self.assertRegex(headers["RateLimit"], r'^"minute";r=\d+;t=\d+, "day";r=\d+;t=\d+$')
        self.assertIsNone(self.server.get("/health").headers["X-RateLimit-Limit"])

    def test_the_days_limit_survives_a_restart(self):
        key = {"X-API-Key": self.key("day")["key"]}
        passed = 1

        def ask(count):
            return sum(self.status(key, "/api/v1/predict/AAPL") == 200 for _ in range(count))

        passed += ask(48)
        self.assertEqual(passed, 49)
        for wanted in (98, 120):  # 49 before; 50 a minute, begun anew with each process
            self.restart()
            while passed < wanted:
                got = ask(min(49, wanted - passed))
                self.assertGreater(got, 0)
                passed += got
        self.restart()
        answer = self.server.request("GET", "/api/v1/predict/AAPL", headers=key)
        problem = self.assert_problem(answer, 429)
        self.assertIn("120 requests a day", problem["message"])
        self.assertEqual(answer.headers["X-RateLimit-Daily-Remaining"], "0")

    def restart(self):
        self.server.process.terminate()
        self.server.process.communicate(timeout=30)
        self.server.start()


if __name__ == "__main__":
    unittest.main()
