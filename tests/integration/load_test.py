"""The load generator of bench/load against a real server: what it counts, and that a stall shows."""

import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from http_server import HttpCase, Server

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "bench"))
from load import generator  # noqa: E402

STALL = 0.2  # seconds


class LoadTest(HttpCase):
    def test_each_request_of_a_mix_is_counted_once_by_both_sides(self):
        routes = {"cached": ("GET", "/api/v1/predict/{symbol}"), "new": ("GET", "/api/v1/predict/{symbol}"),
                  "batch": ("POST", "/api/v1/predict/batch"), "write": ("POST", "/api/v1/bars")}
        generator.run(self.server.port, 0.001, rate=1)
        asked = sum(self.asked(*route) for route in set(routes.values()))
        result = generator.run(self.server.port, 2, rate=200, mix="cached=80,new=10,batch=5,write=5")
        self.assertEqual(400, result["all"]["count"])
        counts = {kind: generator.count(result, kind) for kind in routes}
        self.assertEqual(400, sum(counts.values()))
        self.assertEqual({"200"}, {status for kind in routes for status in generator.answers(result, kind)})
        for kind, share in {"cached": 320, "new": 40, "batch": 20, "write": 20}.items():
            self.assertAlmostEqual(share, counts[kind], delta=4 * share ** 0.5)
        # The survey before it asked for each of the three symbols.
        self.assertEqual(400 + 3, sum(self.asked(*route) for route in set(routes.values())) - asked)

    def asked(self, method, route):
        text = self.server.get("/metrics").body.decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith("http_requests_total{") and f'method="{method}"' in line
                   and f'route="{route}"' in line)

    def test_a_stall_of_the_server_shows_in_the_percentiles(self):
        """A generator that waited for each answer before it asks again would have seen one request
        of 200 ms in two thousand; users who come meanwhile see a tenth of a second and more."""
        def stall():
            time.sleep(1)
            self.server.process.send_signal(signal.SIGSTOP)
            time.sleep(STALL)
            self.server.process.send_signal(signal.SIGCONT)

        thread = threading.Thread(target=stall)
        thread.start()
        result = generator.run(self.server.port, 2, rate=1000, mix="cached=1")
        thread.join()
        figures = result["kinds"]["cached"]
        self.assertEqual((2000, 2000), (figures["count"], generator.count(result, "cached", "200")))
        self.assertGreaterEqual(figures["p99.9"], 0.9 * 1000 * STALL)
        # A tenth of all were due within it, evenly: a twentieth waited for half of it or longer.
        self.assertGreaterEqual(figures["p99"], 0.5 * 1000 * STALL)

    def test_nobody_there_is_told(self):
        done = subprocess.run([generator.PROGRAM, "--target", "127.0.0.1:1", "--seconds", "1"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("127.0.0.1:1 does not answer", done.stderr)

    def test_wrong_options_name_what_is_allowed(self):
        for options, word in ((["--mix", "cash=1"], "cached, new, batch or write"),
                              (["--target", "https://localhost"], "http://ADDRESS:PORT"),
                              (["--mix", "new=0"], "one share above 0")):
            done = subprocess.run([generator.PROGRAM, *options], capture_output=True, text=True,
                                  timeout=30)
            self.assertEqual(1, done.returncode)
            self.assertIn(word, done.stderr)

    def test_wrk_asks_for_a_mix(self):
        done = subprocess.run(
            ["wrk", "-t1", "-c4", "-d1s", "-s", REPOSITORY / "bench/load/mix.lua",
             f"http://127.0.0.1:{self.server.port}", "--", "", "AAPL", "MSFT", "^GSPC"],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("requests in", done.stdout)
        self.assertNotIn("Non-2xx", done.stdout)


class Listener(BaseHTTPRequestHandler):
    """Notes what is asked for, and how."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        self.server.seen.append((self.path, self.headers.get("X-API-Key")))
        body = b'{"as_of":"2024-01-02","current_price":10}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WhatIsAskedFor(unittest.TestCase):
    """Heard by a listener, since a server tells nobody which symbols were asked for."""

    def ask(self, symbols, **options):
        """Paths, each with how often it was asked for, after the survey."""
        listener = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        listener.seen, listener.daemon_threads = [], True
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        self.addCleanup(listener.server_close)
        self.addCleanup(listener.shutdown)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(symbols))
            file.flush()
            result = generator.run(listener.server_address[1], 2, symbols=file.name, token="ara_0",
                                   connections=4, **options)
        self.assertEqual({"ara_0"}, {key for _, key in listener.seen})
        seen = Counter(path for path, _ in listener.seen[len(symbols):])
        self.assertEqual(result["all"]["count"], seen.total())
        return result, seen

    def test_symbols_by_zipfs_law(self):
        symbols = [f"S{rank}" for rank in range(1, 51)]
        _, seen = self.ask(symbols, closed=2, mix="cached=1", zipf=1)  # in Python: not on a timetable
        harmonic = sum(1 / rank for rank in range(1, 51))
        for rank in (1, 2, 5, 50):
            expected = seen.total() / harmonic / rank
            self.assertAlmostEqual(expected, seen[f"/api/v1/predict/S{rank}?days=5"],
                                   delta=4 * expected ** 0.5 + 1)

    def test_new_forecasts_are_asked_for_once_while_there_are_any(self):
        result, seen = self.ask(["S1", "^GSPC"], rate=100, mix="new=1")
        self.assertEqual((174, 26), (len(seen), result["repeated"]))  # 29 days of 3 levels of 2 symbols
        self.assertFalse([path for path in seen if "days=5&" in path])
        self.assertIn("/api/v1/predict/%5EGSPC?days=1&analysis_level=basic", seen)


class SeveralTargets(unittest.TestCase):
    def test_what_a_target_that_ends_does_not_answer_is_counted(self):
        servers = [Server(), Server()]
        self.addCleanup(servers[0].stop)
        load = generator.start([server.port for server in servers], 3, rate=200, mix="cached=1")
        time.sleep(1.5)
        servers[1].stop()
        result = generator.finish(load)
        self.assertEqual(600, result["all"]["count"])
        failed = generator.lost(result, "cached")
        self.assertTrue(50 <= failed <= 250, failed)
        self.assertEqual(600 - failed, generator.count(result, "cached", "200"))


if __name__ == "__main__":
    unittest.main()
