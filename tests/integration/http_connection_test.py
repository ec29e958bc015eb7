"""Connections of a running server: slow clients, concurrency, pipelining, the start and the drain."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from http_server import ARA, HEADER_TIMEOUT, SWEEP, HttpCase, Server


class SlowClientTest(HttpCase):
    def trickle(self, data, limit):
        """Sends a byte every 0.2 s until the server closes; after how many seconds it did."""
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.server.port)) as sock:
            sock.settimeout(0.2)
            for byte in data:
                if time.monotonic() - start > limit:
                    return None
                try:
                    sock.send(bytes([byte]))
                    if not sock.recv(1):
                        return time.monotonic() - start
                except TimeoutError:
                    continue
                except OSError:
                    return time.monotonic() - start
        return None

    def test_requests_sent_byte_by_byte_are_cut(self):
        """One in its header, one in its body, one after a good request, all at the same time."""
        header = b"GET / HTTP/1.1\r\nHost: x\r\nx-slow: " + b"a" * 1000
        body = (b"POST /api/v1/predict HTTP/1.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: 5000\r\n\r\n") + b" " * 1000
        limit = HEADER_TIMEOUT + SWEEP + 4
        with ThreadPoolExecutor(3) as pool:
            cut = list(pool.map(lambda data: self.trickle(data, limit), (header, body)))
        for seconds in cut:
            self.assertIsNotNone(seconds, "the connection was held for ever")
            self.assertGreater(seconds, HEADER_TIMEOUT - 1)
            self.assertLess(seconds, limit)

    def test_a_quiet_connection_that_has_spoken_is_kept(self):
        connection = self.server.connect()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        time.sleep(HEADER_TIMEOUT + 2 * SWEEP)
        connection.request("GET", "/health/live")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


class ConcurrencyTest(HttpCase):
    def test_one_new_key_is_computed_once(self):
        series = "ara_forecast_duration_seconds_count"
        before = self.server.metric(series)
        barrier = threading.Barrier(200)

        def ask(_):
            connection = self.server.connect()
            connection.connect()
            barrier.wait()
            connection.request("GET", "/api/v1/predict/AAPL?days=29&analysis_level=full")
            answer = connection.getresponse()
            result = answer.status, answer.read()
            connection.close()
            return result

        with ThreadPoolExecutor(200) as pool:
            answers = set(pool.map(ask, range(200)))
        self.assertEqual(len(answers), 1)
        self.assertEqual(answers.pop()[0], 200)
        self.assertEqual(self.server.metric(series), before + 1)

    def test_pipelined_requests_are_answered_in_order(self):
        paths = [f"/api/v1/predict/AAPL?days={days}" for days in (20, 21, 22)] + [
            "/health/live", "/api/v1/predict/AAPL?days=99", "/api/v1/predict/AAPL?days=23"]
        data = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: r{number}\r\n"
                       f"{'Connection: close' if number == len(paths) - 1 else 'a: b'}\r\n\r\n"
                       for number, path in enumerate(paths)).encode()
        answer = self.read_all(data)
        self.assertEqual(re.findall(rb"x-request-id: (r\d)", answer),
                         [f"r{number}".encode() for number in range(len(paths))])
        self.assertEqual(re.findall(rb"HTTP/1\.1 (\d+)", answer),
                         [b"200", b"200", b"200", b"200", b"422", b"200"])

    def read_all(self, data):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as sock:
            sock.sendall(data)
            received = b""
            while chunk := sock.recv(65536):
                received += chunk
            return received

    def test_http_1_0_and_connection_close(self):
        answer = self.read_all(b"GET /health/live HTTP/1.0\r\n\r\n")
        self.assertIn(b"200 OK", answer)
        self.assertTrue(answer.endswith(b"}"))


class DrainTest(HttpCase):
    def test_sigterm_finishes_what_is_in_flight(self):
        own = Server()
        asked = []
        for days in range(1, 31):
            connection = own.connect()
            connection.request("GET", f"/api/v1/predict/AAPL?days={days}&analysis_level=full")
            asked.append(connection)
            self.addCleanup(connection.close)
        start = time.monotonic()
        own.process.send_signal(signal.SIGTERM)
        answers = [connection.getresponse() for connection in asked]
        self.assertEqual({answer.status for answer in answers}, {200})
        for answer in answers:
            self.assertIn(b"predictions", answer.read())
        self.assertEqual(own.process.wait(timeout=30), 0)
        self.assertLess(time.monotonic() - start, 10)
        own.process.communicate()
        own.folder.cleanup()

    def test_while_it_stops_it_is_not_ready_and_closes_connections(self):
        """Requests on open connections are answered; none is ended while others can connect, lest a
        proxy connect anew and send what nobody reads when the port closes."""
        own = Server()
        kept = own.connect()
        self.addCleanup(kept.close)
        kept.request("GET", "/health/live")
        kept.getresponse().read()
        own.process.send_signal(signal.SIGTERM)
        seen = []
        while not seen or seen[-1][1] != "close":
            kept.request("GET", "/health/ready")
            answer = kept.getresponse()
            answer.read()
            seen.append((answer.status, answer.headers["Connection"]))
        self.assertEqual((503, "close"), seen[-1])
        self.assertIn((503, None), seen)
        with self.assertRaises(ConnectionRefusedError):
            own.connect().connect()
        self.assertEqual(own.process.wait(timeout=30), 0)
        own.process.communicate()
        own.folder.cleanup()

    def test_a_second_signal_ends_it_at_once(self):
        own = Server()
        # A request that is never whole keeps nothing alive; a signal twice ends all.
        own.process.send_signal(signal.SIGINT)
        own.process.send_signal(signal.SIGTERM)
        status = own.process.wait(timeout=5)
        self.assertIn(status, (0, 130, 143))
        own.process.communicate()
        own.folder.cleanup()


class StartTest(HttpCase):
    def test_a_port_in_use_is_an_error_that_names_it(self):
        result = subprocess.run([ARA, "serve"], env=self.server.env, cwd=self.server.folder.name,
                                capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(result.returncode, 8, result.stderr)
        self.assertIn(str(self.server.port), result.stderr)
        self.assertEqual(self.server.get("/health").status, 200, "the first one goes on")

    def test_nothing_is_left_in_the_working_folder(self):
        self.assertEqual([name for name in os.listdir(self.server.folder.name) if name == "uploads"], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
