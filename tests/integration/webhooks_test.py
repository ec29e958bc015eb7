"""Webhooks against a running server: their resource, and deliveries to a real receiver on loopback:
signature, retries, redirects, what may not be reached."""

import hashlib
import hmac
import json
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from http_server import ARA, HttpCase, Server

SECRET = "a secret of sixteen or more"
PATH = "/api/v1/webhooks"


class Receiver:
    """Answers with the statuses it is given, the last for ever, and keeps what came."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((time.monotonic(), self.headers, body))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"seen")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class WebhookCase(HttpCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        if not ARA:
            raise unittest.SkipTest("ARA_BIN names no program")
        cls.server = Server(REQUEST_DEADLINE_MS="30000", **cls.settings)

    def call(self, method, path, body=None):
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self.server.request(method, path, None if body is None else json.dumps(body),
                                   headers)

    def make(self, url, **more):
        answer = self.call("POST", PATH, {"url": url, "events": ["prediction_complete"], **more})
        self.assertEqual(answer.status, 201, answer.body)
        made = answer.json()
        self.addCleanup(self.call, "DELETE", f"{PATH}/{made['id']}")
        return made

    def wait_for(self, what, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = what()
            if found:
                return found
            time.sleep(0.05)
        self.fail("it did not happen in time")

    def deliveries(self, id_, query=""):
        return self.call("GET", f"{PATH}/{id_}/deliveries{query}").json()


class WebhooksTest(WebhookCase):
    settings = {"WEBHOOK_ALLOW_PRIVATE": "true"}

    def receiver(self, *answers):
        receiver = Receiver(*(answers or (200,)))
        self.addCleanup(receiver.close)
        return receiver

    def test_a_webhook_is_made_shown_changed_listed_and_deleted(self):
        made = self.make("https://example.com/hook", secret=SECRET, description="mine")
        self.assertRegex(made["id"], r"^wh_[0-9a-f]{16}$")
        self.assertEqual(made["events"], ["prediction_complete"])
        self.assertTrue(made["active"] and made["signed"])
        self.assertEqual([made[n] for n in ("delivery_count", "success_count", "failure_count")],
                         [0, 0, 0])
        self.assertIsNone(made["last_delivery_at"])
        self.assertEqual(self.call("GET", f"{PATH}/{made['id']}").json(), made)
        changed = self.call("PATCH", f"{PATH}/{made['id']}", {"active": False}).json()
        self.assertFalse(changed["active"])
        self.assertEqual(changed["url"], made["url"])
        self.assertTrue(changed["signed"])
        page = self.call("GET", f"{PATH}?page_size=100").json()
        self.assertIn(made["id"], [row["id"] for row in page["webhooks"]])
        active = self.call("GET", f"{PATH}?active_only=true&page_size=100").json()
        self.assertNotIn(made["id"], [row["id"] for row in active["webhooks"]])
        everything = json.dumps([made, changed, page])
        self.assertNotIn(SECRET, everything)
        self.assertEqual(self.call("DELETE", f"{PATH}/{made['id']}").status, 204)
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries")):
            self.assert_problem(self.call(method, f"{PATH}/{made['id']}{path}"), 404, "id")
        self.assert_problem(self.call("PATCH", f"{PATH}/{made['id']}", {}), 404, "id")
        self.assert_problem(self.call("POST", f"{PATH}/test?webhook_id={made['id']}"), 404,
                            "webhook_id")

    def test_what_is_wrong_is_named(self):
        good = {"url": "https://example.com/", "events": ["system_error"]}
        for change, field in (({"url": None}, "url"), ({"url": "ftp://example.com/"}, "url"),
                              ({"url": "https://a:b@example.com/"}, "url"),
                              ({"events": []}, "events"), ({"events": ["no_such"]}, "events"),
                              ({"secret": "short"}, "secret"), ({"secret": "x" * 129}, "secret"),
                              ({"description": "x" * 501}, "description"),
                              ({"active": "yes"}, "active")):
            body = {name: value for name, value in {**good, **change}.items() if value is not None}
            problem = self.assert_problem(self.call("POST", PATH, body), 422)
            self.assertTrue(problem["field"].startswith(field), problem)

    def test_a_test_is_delivered_and_signed(self):
        receiver = self.receiver()
        made = self.make(receiver.url, secret=SECRET)
        answer = self.call("POST", f"{PATH}/test?webhook_id={made['id']}")
        self.assertEqual(answer.status, 202)
        self.assertEqual(answer.json()["status"], "pending")
        self.wait_for(lambda: receiver.requests)
        _, headers, body = receiver.requests[0]
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        self.assertEqual(headers["X-Webhook-Signature"], f"sha256={digest}")
        self.assertEqual(headers["Content-Type"], "application/json")
        event = json.loads(body)
        self.assertEqual(event["event_id"], answer.json()["event_id"])
        self.assertTrue(event["event_id"].startswith("evt_"))
        self.assertEqual(set(event), {"event_id", "event_type", "timestamp", "data"})
        done = self.wait_for(
            lambda: self.deliveries(made["id"], "?status_filter=success")["deliveries"])
        record = done[0]
        self.assertTrue(record["delivery_id"].startswith("del_"))
        self.assertEqual((record["attempt"], record["max_attempts"]), (1, 4))
        self.assertEqual((record["response_code"], record["response_body"]), (200, "seen"))
        self.assertTrue(record["delivered_at"])
        self.assertIsNone(record["next_retry_at"])
        shown = self.call("GET", f"{PATH}/{made['id']}").json()
        self.assertEqual((shown["delivery_count"], shown["success_count"]), (1, 1))
        self.assertEqual(shown["last_delivery_status"], "success")

    def test_a_failure_is_tried_again_after_five_seconds(self):
        receiver = self.receiver(500, 200)
        made = self.make(receiver.url)
        self.call("POST", f"{PATH}/test?webhook_id={made['id']}")
        waiting = self.wait_for(
            lambda: self.deliveries(made["id"], "?status_filter=retrying")["deliveries"])[0]
        self.assertEqual((waiting["attempt"], waiting["response_code"]), (1, 500))
        self.assertTrue(waiting["next_retry_at"] and waiting["error_message"])
        done = self.wait_for(
            lambda: self.deliveries(made["id"], "?status_filter=success")["deliveries"])[0]
        self.assertEqual(done["attempt"], 2)
        (first, headers, body), (second, _, again) = receiver.requests
        self.assertGreater(second - first, 4.5)
        self.assertEqual(body, again)
        self.assertNotIn("X-Webhook-Signature", headers)

    def test_a_redirect_is_not_followed(self):
        target = self.receiver()
        receiver = self.receiver((307, {"Location": target.url}))
        made = self.make(receiver.url)
        self.call("POST", f"{PATH}/test?webhook_id={made['id']}")
        failed = self.wait_for(
            lambda: self.deliveries(made["id"], "?status_filter=retrying")["deliveries"])[0]
        self.assertEqual(failed["response_code"], 307)
        self.assertEqual(target.requests, [])

    def test_a_new_bar_is_told(self):
        receiver = self.receiver()
        self.make(receiver.url)
        self.call("POST", "/api/v1/bars",
                  {"symbol": "AAPL", "bars": [{"date": "2024-05-05", "close": 101.5}]})
        self.wait_for(lambda: receiver.requests)
        event = json.loads(receiver.requests[0][2])
        self.assertEqual(event["event_type"], "prediction_complete")
        self.assertEqual((event["data"]["symbol"], event["data"]["current_price"]),
                         ("AAPL", 101.5))

    def test_a_backtest_that_is_done_is_told(self):
        receiver = self.receiver()
        self.make(receiver.url, events=["backtest_complete"])
        plan = {"symbol": "AAPL", "start_date": "2021-06-01", "end_date": "2021-08-31"}
        job = self.call("POST", "/api/v1/backtest", plan).json()["job_id"]
        self.wait_for(lambda: receiver.requests)
        event = json.loads(receiver.requests[0][2])
        self.assertEqual((event["event_type"], event["data"]),
                         ("backtest_complete",
                          {"job_id": job, "kind": "backtest", "status": "completed"}))
        self.assertEqual(self.call("GET", f"/api/v1/backtest/{job}").json()["status"], "completed")

    def test_what_was_not_sent_is_sent_after_a_restart(self):
        receiver = self.receiver(503, 200)
        made = self.make(receiver.url)
        self.call("POST", f"{PATH}/test?webhook_id={made['id']}")
        self.wait_for(lambda: self.deliveries(made["id"], "?status_filter=retrying")["deliveries"])
        self.server.process.kill()
        self.server.process.communicate()
        self.server.start()
        self.wait_for(lambda: self.deliveries(made["id"], "?status_filter=success")["deliveries"])
        self.assertEqual(len(receiver.requests), 2)


class ClosedDoorTest(WebhookCase):
    def test_nothing_inward_is_taken(self):
        for url in ("http://example.com/", "https://localhost/", "https://127.0.0.1/",
                    "https://10.0.0.1/", "https://169.254.169.254/latest/", "https://[::1]/",
                    "https://[::ffff:127.0.0.1]/", "https://2130706433/", "https://example.com:22/",
                    "https://metadata.internal/"):
            answer = self.call("POST", PATH, {"url": url, "events": ["system_error"]})
            self.assert_problem(answer, 422, "url")


if __name__ == "__main__":
    unittest.main()
