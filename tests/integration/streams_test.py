"""WebSockets and Server-Sent Events against a running server: every message of the contract, what
is refused, slow consumers, and bars that another process writes."""

import json
import time
import unittest

from pathlib import Path

from accounts_server import AccountsCase, bearer
from http_server import ARA, HttpCase, Server, make_csv
from websocket import Closed, EventStream, WebSocket


class StreamsTest(HttpCase):
    day = 0

    @classmethod
    def setUpClass(cls):
        if not ARA:
            raise unittest.SkipTest("ARA_BIN names no program")
        cls.server = Server(REQUEST_DEADLINE_MS="30000")

    def bar(self, symbol="AAPL", close=100.0):
        """Posts a bar of a new day; its date."""
        type(self).day += 1
        date = f"2024-{1 + self.day // 28:02d}-{1 + self.day % 28:02d}"
        answer = self.server.request(
            "POST", "/api/v1/bars",
            json.dumps({"symbol": symbol, "bars": [{"date": date, "close": close}]}),
            {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 200, answer.body)
        return date

    def open(self, path, **options):
        socket = WebSocket(self.server.port, path, **options)
        self.assertTrue(socket.accepted(), socket.headers)
        self.addCleanup(socket.close)
        return socket

    def test_connected_tells_what_it_is(self):
        for channel, path in (("predictions", "/ws/predictions/aapl"),
                              ("market-data", "/ws/market-data/AAPL"), ("alerts", "/ws/alerts")):
            hello = self.open(path).hear()
            self.assertEqual(hello["type"], "connected")
            self.assertEqual(hello["channel"], channel)
            self.assertEqual(hello["symbol"], None if channel == "alerts" else "AAPL")
            for name in ("connection_id", "timestamp", "message"):
                self.assertTrue(hello[name], name)

    def test_a_new_bar_brings_its_forecast(self):
        predictions = self.open("/ws/predictions/AAPL")
        market = self.open("/ws/market-data/AAPL")
        other = self.open("/ws/predictions/MSFT")
        for socket in (predictions, market, other):
            socket.hear("connected")
        date = self.bar(close=123.5)
        update = predictions.hear("prediction_update")
        self.assertEqual(update["symbol"], "AAPL")
        self.assertEqual(update["data"]["as_of"], date)
        self.assertEqual(update["data"]["current_price"], 123.5)
        self.assertTrue(update["timestamp"].endswith("Z"))
        bar = market.hear("market_data_update")["data"]
        self.assertEqual((bar["date"], bar["close"]), (date, 123.5))
        self.assertEqual(bar["revision"], update["data"]["revision"])
        # It is what the GET gives; without the revision that could still be the one before, for the
        # second that a server may trust what it knows.
        get = self.server.get(
            "/api/v1/predict/AAPL?min_revision=" + update["data"]["revision"]).json()
        self.assertEqual(get, update["data"])
        self.bar("MSFT", 50.0)
        self.assertEqual(other.hear()["symbol"], "MSFT")

    def test_bars_of_another_process_count(self):
        predictions = self.open("/ws/predictions/^GSPC")
        predictions.hear("connected")
        csv = Path(self.server.folder.name) / "more.csv"
        make_csv(csv, bars=450, seed=2)
        self.server.run("import", "--symbol", "^GSPC", str(csv))
        update = predictions.hear("prediction_update")
        self.assertEqual(update["symbol"], "^GSPC")

    def test_a_correction_of_an_old_bar_counts(self):
        predictions = self.open("/ws/predictions/AAPL")
        predictions.hear("connected")
        date = self.bar(close=90.0)
        first = predictions.hear("prediction_update")["data"]
        self.server.request("POST", "/api/v1/bars", json.dumps(
            {"symbol": "AAPL", "bars": [{"date": date, "close": 91.0}]}),
            {"Content-Type": "application/json"})
        second = predictions.hear("prediction_update")["data"]
        self.assertEqual((first["current_price"], second["current_price"]), (90.0, 91.0))

    def test_subscribing_adds_a_symbol(self):
        socket = self.open("/ws/predictions/AAPL")
        socket.say(type="subscribe", symbol="msft")
        answer = socket.hear("subscribed")
        self.assertEqual((answer["symbol"], answer["channel"]), ("MSFT", "predictions"))
        self.bar("MSFT")
        self.assertEqual(socket.hear("prediction_update")["symbol"], "MSFT")
        socket.say(type="subscribe", symbol="NOSUCH")
        error = socket.hear("error")
        self.assertEqual((error["error"], error["field"]), ("NotFound", "symbol"))

    def test_a_prediction_on_request(self):
        socket = self.open("/ws/predictions/AAPL")
        socket.say(type="request_prediction", days=3)
        asked = socket.hear("prediction_requested")
        self.assertEqual((asked["symbol"], asked["days"]), ("AAPL", 3))
        self.assertEqual(len(socket.hear("prediction_update")["data"]["predictions"]), 3)
        alerts = self.open("/ws/alerts")
        alerts.say(type="request_prediction")
        self.assertEqual(alerts.hear("error")["field"], "symbol")
        alerts.say(type="request_prediction", symbol="MSFT")
        alerts.hear("prediction_requested")
        self.assertEqual(alerts.hear("prediction_update")["symbol"], "MSFT")

    def test_alerts_come_when_a_bar_makes_them_true(self):
        alerts = self.open("/ws/alerts")
        rules = [{"symbol": "MSFT", "metric": "price", "condition": "above", "threshold": 500.5},
                 {"symbol": "MSFT", "metric": "volatility", "condition": "below", "threshold": 0}]
        alerts.say(type="configure_alerts", config={"alerts": rules})
        self.assertEqual(alerts.hear("alerts_configured")["config"]["alerts"], rules)
        forecasts = self.open("/ws/predictions/MSFT")

        def seen(close):
            """Posts a bar and waits until its forecast has been looked at; its date."""
            day = self.bar("MSFT", close)
            while forecasts.hear("prediction_update")["data"]["as_of"] != day:
                pass
            return day

        seen(400.0)
        date = seen(501.0)
        alert = alerts.hear("alert")["data"]
        self.assertEqual({name: alert[name] for name in rules[0]}, rules[0])
        self.assertEqual((alert["value"], alert["as_of"]), (501.0, date))
        # It came true once; it is told again only after it was false.
        for close in (502.0, 400.0, 503.0):
            seen(close)
        self.assertEqual(alerts.hear("alert")["data"]["value"], 503.0)
        alerts.say(type="configure_alerts", config={"alerts": []})
        self.assertEqual(alerts.hear("alerts_configured")["config"], {"alerts": []})

    def test_what_is_wrong_is_told(self):
        socket = self.open("/ws/predictions/AAPL")
        for message, field in (({"type": "shout"}, "type"), ({}, "type"),
                               ({"type": "subscribe"}, "symbol"),
                               ({"type": "request_prediction", "days": 99}, "days"),
                               ({"type": "configure_alerts"}, "config.alerts")):
            socket.say(**message)
            error = socket.hear("error")
            self.assertEqual(error["field"], field)
            self.assertTrue(error["message"] and error["allowed"])
        socket.send_frame(1, b"[" * 5000)
        self.assertEqual(socket.hear("error")["field"], "message")

    def closes(self, socket):
        with self.assertRaises(Closed) as caught:
            while True:
                socket.hear()
        return caught.exception.code

    def test_frames_that_break_the_rules_end_the_connection_alone(self):
        cases = {1002: [b"\x81\x05hello", b"\x81\x7f" + b"\xff" * 8, b"\xf1\x80abcd",
                        b"\x83\x80abcd", b"\x09\x80abcd"],
                 1003: [b"\x82\x80abcd"],
                 1007: [b"\x81\x81\0\0\0\0\xff"],
                 1009: [b"\x81\xff" + b"\xff" * 8, b"\x81\xfe\xff\xffabcd"]}
        for code, frames in cases.items():
            for frame in frames:
                socket = self.open("/ws/predictions/AAPL")
                socket.sock.sendall(frame)
                self.assertEqual(self.closes(socket), code, frame)
        # A message of endless parts is bounded too.
        socket = self.open("/ws/predictions/AAPL")
        for number in range(15):
            socket.send_frame(1 if number == 0 else 0, b"x" * 2000, first=0)
        self.assertEqual(self.closes(socket), 1009)
        self.assertEqual(self.server.get("/health/live").status, 200)

    def test_too_many_messages(self):
        socket = self.open("/ws/predictions/AAPL")
        try:
            for _ in range(200):
                socket.say(type="pong")
        except OSError:
            pass  # closed on us already
        self.assertIn(self.closes(socket), (1008, None))

    def test_closing_is_answered(self):
        socket = self.open("/ws/predictions/AAPL")
        socket.send_frame(8, b"\x03\xe8")
        self.assertEqual(self.closes(socket), 1000)

    def test_a_slow_consumer_is_dropped(self):
        before = self.server.metric('ara_stream_drops_total{reason="slow"}')
        slow = self.open("/ws/predictions/AAPL", receive_buffer=4096)
        quick = self.open("/ws/predictions/AAPL")
        quick.hear("connected")
        # Answers to its own questions, and it reads none of them.
        for number in range(400):
            slow.say(type="request_prediction", days=30)
            time.sleep(0.21 if number > 15 else 0)
            if self.server.metric('ara_stream_drops_total{reason="slow"}') > before:
                break
        self.assertEqual(self.server.metric('ara_stream_drops_total{reason="slow"}'), before + 1)
        self.assertIn(self.closes(slow), (1013, None))
        self.bar()
        self.assertEqual(quick.hear("prediction_update")["symbol"], "AAPL")

    def test_handshakes_that_are_none(self):
        for changes, status in (({"Sec_WebSocket_Version": "8"}, 422),
                                ({"Sec_WebSocket_Key": "short"}, 422),
                                ({"Origin": "https://evil.example"}, 403)):
            socket = WebSocket(self.server.port, "/ws/predictions/AAPL", **changes)
            self.addCleanup(socket.close)
            self.assertEqual(socket.status, status, changes)
            self.assertEqual(socket.headers["content-type"], "application/problem+json")
        own = f"http://127.0.0.1:{self.server.port}"
        self.assertTrue(self.open("/ws/predictions/AAPL", Origin=own).hear("connected"))
        for path, status in (("/ws/predictions/NOSUCH", 404), ("/ws/predictions/a%20b", 422),
                             ("/ws/other", 404), ("/ws", 404), ("/", 200),
                             ("/api/v1/predict/AAPL", 200), ("/api/v1/stream/AAPL", 422)):
            socket = WebSocket(self.server.port, path)
            self.addCleanup(socket.close)
            self.assertEqual(socket.status, status, path)
        plain = self.server.get("/ws/predictions/AAPL")
        self.assert_problem(plain, 426)
        self.assertEqual(plain.headers["Upgrade"], "websocket")

    def test_events_carry_the_forecast_and_its_revision(self):
        with EventStream(self.server.port, "/api/v1/stream/AAPL") as stream:
            self.assertEqual(stream.status, 200)
            self.assertEqual(stream.headers["content-type"], "text/event-stream")
            now = stream.next()  # the newest, at once
            self.assertEqual(now["event"], "prediction_update")
            self.assertEqual(now["id"], now["data"]["data"]["revision"])
            date = self.bar()
            bar, update = stream.next(), stream.next()
            self.assertEqual(bar["event"], "market_data_update")
            self.assertNotIn("id", bar)
            self.assertEqual(update["data"]["data"]["as_of"], date)
            self.assertNotEqual(update["id"], now["id"])
        # Who comes back with the newest id has missed nothing.
        with EventStream(self.server.port, "/api/v1/stream/AAPL",
                         Last_Event_ID=update["id"]) as stream:
            date = self.bar()
            self.assertEqual(stream.next()["event"], "market_data_update")
        with EventStream(self.server.port, "/api/v1/stream/AAPL",
                         Last_Event_ID=update["id"]) as stream:
            self.assertEqual(stream.next()["data"]["data"]["as_of"], date)

    def test_events_refuse_as_every_path_does(self):
        self.assert_problem(self.server.get("/api/v1/stream/NOSUCH"), 404, "symbol")
        self.assert_problem(self.server.get("/api/v1/stream/AAPL?nonsense=1"), 422, "nonsense")
        head = self.server.request("HEAD", "/api/v1/stream/AAPL")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_connections_are_counted_and_given_back(self):
        def wait_for(count):
            for _ in range(200):
                if self.server.metric("ara_stream_connections") == count:
                    return
                time.sleep(0.05)
            self.fail(f"{self.server.metric('ara_stream_connections')}, not {count}")

        time.sleep(0.5)
        before = self.server.metric("ara_stream_connections")
        sockets = [self.open("/ws/predictions/AAPL") for _ in range(5)]
        streams = [EventStream(self.server.port, "/api/v1/stream/AAPL") for _ in range(3)]
        wait_for(before + 8)
        for one in sockets + streams:
            one.close()
        wait_for(before)


class StreamLimitsTest(unittest.TestCase):
    def test_limits_pings_and_the_end(self):
        server = Server(STREAM_CONNECTIONS_PER_ACCOUNT="3")
        stopped = False
        try:
            sockets = [WebSocket(server.port, "/ws/alerts") for _ in range(3)]
            for socket in sockets:
                self.assertEqual(socket.hear()["type"], "connected")
            refused = WebSocket(server.port, "/ws/alerts")
            self.assertEqual(refused.status, 503)
            refused.close()
            sockets.pop().close()
            for _ in range(100):
                socket = WebSocket(server.port, "/ws/alerts")
                if socket.status == 101:
                    break
                socket.close()
                time.sleep(0.05)
            self.assertEqual(socket.status, 101)
            socket.hear("connected")
            stopped = True
            status, errors = server.stop()
            self.assertEqual(status, 0, errors)
            self.assertNotIn("Sanitizer", errors)
            with self.assertRaises(Closed) as caught:
                socket.hear()
            self.assertEqual(caught.exception.code, 1001)
        finally:
            if not stopped:
                server.stop()


class StreamAccountsTest(AccountsCase):
    """Two accounts: each hears its own, and nobody hears anything without a credential."""

    def test_a_credential_is_needed_and_may_stand_in_the_query(self):
        token = self.token("ada")
        for path, status in (("/ws/alerts", 401), ("/ws/alerts?token=nonsense", 401),
                             ("/ws/predictions/AAPL", 401), ("/api/v1/stream/AAPL", 401)):
            socket = WebSocket(self.server.port, path)
            self.addCleanup(socket.close)
            self.assertEqual(socket.status, status, path)
        for path in ("/ws/alerts", "/ws/predictions/AAPL", "/ws/market-data/AAPL"):
            for socket in (WebSocket(self.server.port, f"{path}?token={token}"),
                           WebSocket(self.server.port, path, **bearer(token))):
                self.addCleanup(socket.close)
                self.assertTrue(socket.accepted(), path)
        with EventStream(self.server.port, f"/api/v1/stream/AAPL?token={token}") as stream:
            self.assertEqual(stream.next()["event"], "prediction_update")
        # Elsewhere a token in the query is no credential.
        self.assertEqual(self.server.get(f"/api/v1/predict/AAPL?token={token}").status, 401)

    def test_a_stream_ends_with_its_credential(self):
        key, token = self.key("few"), self.token("few")
        path = "/ws/market-data/AAPL"
        by_key = WebSocket(self.server.port, path, X_API_Key=key["key"])
        by_token = WebSocket(self.server.port, f"{path}?token={token}")
        events = EventStream(self.server.port, "/api/v1/stream/AAPL", **bearer(token))
        for socket in (by_key, by_token, events):
            self.addCleanup(socket.close)
        by_key.hear("connected")
        by_token.hear("connected")
        self.send("DELETE", f"/api/v1/auth/api-keys/{key['id']}", None, bearer(token))
        with self.assertRaises(Closed) as ended:
            by_key.hear("nothing of this type")
        self.assertEqual(ended.exception.code, 1008)
        by_token.say(type="subscribe", symbol="MSFT")  # the other goes on
        by_token.hear("subscribed")
        self.admin("disable", "few@example.com")
        for wait in (lambda: by_token.hear("nothing of this type"),
                     lambda: [events.next() for _ in range(100)]):
            with self.assertRaises(Closed):
                wait()

    def test_alerts_and_webhooks_are_ones_own(self):
        ada, bob = self.token("ada"), self.token("bob")
        sockets = {}
        for name, token in (("ada", ada), ("bob", bob)):
            sockets[name] = WebSocket(self.server.port, f"/ws/alerts?token={token}", timeout=20)
            self.addCleanup(sockets[name].close)
            sockets[name].hear("connected")
        rule = {"symbol": "MSFT", "metric": "price", "condition": "above", "threshold": 900}
        sockets["ada"].say(type="configure_alerts", config={"alerts": [rule]})
        sockets["ada"].hear("alerts_configured")
        other = dict(rule, threshold=950)
        sockets["bob"].say(type="configure_alerts", config={"alerts": [other]})
        sockets["bob"].hear("alerts_configured")
        made = self.send("POST", "/api/v1/webhooks",
                         {"url": "https://example.com/", "events": ["alert_triggered"]},
                         bearer(ada)).json()
        self.assertEqual(made["user_id"], self.ids["ada"])
        for close, day in ((925, "2024-06-03"), (960, "2024-06-04")):
            self.send("POST", "/api/v1/bars",
                      {"symbol": "MSFT", "bars": [{"date": day, "close": close}]}, bearer(ada))
            time.sleep(1)
        self.assertEqual(sockets["ada"].hear("alert")["data"]["threshold"], 900)
        first = sockets["bob"].hear("alert")["data"]
        self.assertEqual((first["threshold"], first["value"]), (950, 960))
        # Of the webhook bob sees nothing.
        path, tests = f"/api/v1/webhooks/{made['id']}", "/api/v1/webhooks/test"
        for method, where, body in (("GET", path, None), ("GET", path + "/deliveries", None),
                                    ("PATCH", path, {"active": False}), ("DELETE", path, None),
                                    ("POST", f"{tests}?webhook_id={made['id']}", None)):
            self.assert_problem(self.send(method, where, body, bearer(bob)), 404)
        self.assertEqual(self.send("GET", "/api/v1/webhooks", None, bearer(bob)).json()["total"], 0)
        log = self.send("GET", path + "/deliveries", None, bearer(ada)).json()
        self.assertEqual(log["total"], 1)
        self.assertEqual(self.send("DELETE", path, None, bearer(ada)).status, 204)

    def test_who_may_only_read_has_no_webhooks_and_no_alerts(self):
        eve = self.token("eve")
        body = {"url": "https://example.com/", "events": ["system_error"]}
        self.assert_problem(self.send("POST", "/api/v1/webhooks", body, bearer(eve)), 403)
        socket = WebSocket(self.server.port, f"/ws/alerts?token={eve}")
        self.addCleanup(socket.close)
        self.assertEqual(socket.status, 403)
        socket = WebSocket(self.server.port, f"/ws/predictions/AAPL?token={eve}")
        self.addCleanup(socket.close)
        self.assertTrue(socket.accepted())


if __name__ == "__main__":
    unittest.main()
