"""All endpoints at once: clients ask for whatever the document offers, right and wrong, while streams
are listened to, bars come in and jobs run. Also run against the servers that are built with
AddressSanitizer and ThreadSanitizer, which end at the first fault.
"""

import collections
import os
import random
import threading
import time
import unittest

from accounts_server import AccountsCase, bearer
from openapi_requests import Client, invalid, operations
from websocket import Closed, EventStream, WebSocket

CLIENTS = 8
SECONDS = 60 if os.environ.get("ARA_LONG") else 10
LISTENED = ["/ws/predictions/AAPL", "/ws/predictions/MSFT", "/ws/market-data/AAPL", "/ws/alerts"]


class MixedTest(AccountsCase):
    # Every request is traced, for a collector that is not there.
    settings = {"RATE_LIMIT_ENABLED": "false", "OTLP_SAMPLE_RATIO": "1",
                "OTLP_ENDPOINT": "http://127.0.0.1:9"}

    def setUp(self):
        self.headers = bearer(self.token("root"))
        self.operations = [one for one in operations(self.server) if one.success != "101"]
        self.end = time.monotonic() + SECONDS
        self.lock = threading.Lock()
        self.answers = collections.Counter()  # by operation and status
        self.heard = collections.Counter()    # events, by what is listened to
        self.faults = []

    def client(self, seed):
        """Each operation in its own order, then again until the time is up."""
        rng, client = random.Random(seed), Client(self.server, self.headers)
        todo, rounds = [], 0
        while rounds == 0 or time.monotonic() < self.end:
            if not todo:
                todo = rng.sample(self.operations, len(self.operations))
            operation = todo.pop()
            rounds += not todo
            given = operation.values(rng, 0.4)
            fields = list(operation.fields())
            if fields and rng.random() < 0.3:
                place, name, schema = rng.choice(fields)
                given[place, name] = invalid(rng, schema, place == "body")
                if place == "path" and given[place, name] == "":
                    continue
            status, _, body = client.ask(operation, given)
            where = f"{operation.method} {operation.path}"
            with self.lock:
                self.answers[where, status] += 1
            # Overload is told (503); 501 is the answer of what is left out.
            if status not in operation.statuses or status in (500, 502):
                raise AssertionError(f"{where}: {status} {str(body)[:300]}")
        client.close()

    def listen(self, socket, name, hear):
        with socket:
            while time.monotonic() < self.end:
                try:
                    hear(socket)
                except TimeoutError:
                    continue
                except Closed:
                    return
                with self.lock:
                    self.heard[name] += 1

    def bring_bars(self):
        for day in range(1, 1000):
            if time.monotonic() >= self.end:
                return
            bars = [{"symbol": symbol, "close": 100 + day % 7,
                     "date": f"2024-{1 + day // 28 % 12:02}-{1 + day % 28:02}"}
                    for symbol in ("AAPL", "MSFT")]
            answer = self.send("POST", "/api/v1/bars", {"bars": bars}, self.headers)
            if answer.status != 200:
                raise AssertionError(f"bars: {answer.status} {answer.body}")
            time.sleep(0.3)

    def guarded(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except Exception as fault:  # a thread's own would be lost
                self.faults.append(f"{type(fault).__name__}: {fault}")
        return threading.Thread(target=run)

    def test_all_at_once(self):
        threads = [self.guarded(self.client, seed) for seed in range(CLIENTS)]
        threads.append(self.guarded(self.bring_bars))
        for path in LISTENED:
            socket = WebSocket(self.server.port, path, timeout=1, **self.headers)
            self.assertTrue(socket.accepted(), socket.headers)
            threads.append(self.guarded(self.listen, socket, path, WebSocket.hear))
        for symbol in ("AAPL", "MSFT"):
            path = "/api/v1/stream/" + symbol
            stream = EventStream(self.server.port, path, timeout=1, **self.headers)
            threads.append(self.guarded(self.listen, stream, path, EventStream.next))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.faults, [])
        self.assertEqual({where for where, _ in self.answers},
                         {f"{one.method} {one.path}" for one in self.operations})
        self.assertGreater(min(self.heard[path] for path in LISTENED[:3]), 0, self.heard)
        by_status = collections.Counter()
        for (_, status), count in self.answers.items():
            by_status[status] += count
        print("answers by status:", dict(sorted(by_status.items())), "events:", dict(self.heard))


if __name__ == "__main__":
    unittest.main()
