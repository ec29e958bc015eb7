"""Traces and logs of a running server: what a collector gets, decoded by the protocol's own classes;
what is sampled; what the log says of slow requests; levels that change while it runs."""

import json
import signal
import socket
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from http_server import ARA, Server

try:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest, ExportTraceServiceResponse)
except ImportError:
    ExportTraceServiceRequest = None

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"
SERVER, CLIENT, ERROR = 2, 3, 2


class Collector:
    """Takes OTLP over HTTP; `answers` are the statuses it gives, the last for ever."""

    def __init__(self, *answers):
        self.answers, self.spans, self.requests = list(answers or [200]), [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, self.headers["Content-Type"]))
                status = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                if status == 200:
                    outer.take(ExportTraceServiceRequest.FromString(body))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        # Nothing that the protocol does not know.
        assert not request.FindInitializationErrors()
        for resource in request.resource_spans:
            self.resource = attributes_of(resource.resource)
            for scope in resource.scope_spans:
                assert scope.scope.name == "ara"
                self.spans += [Span(span) for span in scope.spans]

    def roots(self, name):
        return [span for span in self.spans if span.kind == SERVER and span.name == name]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Span:
    def __init__(self, span):
        assert len(span.trace_id) == 16 and len(span.span_id) == 8
        self.trace, self.id, self.parent = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
        self.name, self.kind, self.state, self.flags = span.name, span.kind, span.trace_state, span.flags
        self.begun, self.ended = span.start_time_unix_nano, span.end_time_unix_nano
        self.error, self.attributes = span.status.code == ERROR, attributes_of(span)


def attributes_of(message):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in message.attributes}


class TracingCase(unittest.TestCase):
    maxDiff = None

    def start(self, collector=None, **settings):
        if not ARA:
            self.skipTest("ARA_BIN names no program")
        if ExportTraceServiceRequest is None:
            self.skipTest("python3-opentelemetry-proto is missing; ./dev test installs it")
        if collector:
            self.addCleanup(collector.close)
            settings["OTLP_ENDPOINT"] = collector.url
        self.server = Server(**{"JOB_WORKERS": "0", "SLOW_REQUEST_MS": "0", **settings})
        self.stopped = False
        self.addCleanup(lambda: self.stopped or self.stop())
        return self.server

    def stop(self):
        self.stopped = True
        status, errors = self.server.stop()
        self.assertEqual(status, 0, errors)
        return [json.loads(line) for line in errors.splitlines()]

    def wait_for(self, what, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = what()
            if found:
                return found
            time.sleep(0.05)
        self.fail("it did not happen in time")


class TraceTest(TracingCase):
    def test_a_computed_forecast_is_one_trace(self):
        collector = Collector()
        server = self.start(collector, OTLP_SAMPLE_RATIO="0")
        before = time.time_ns()
        answer = server.get("/api/v1/predict/AAPL?days=7&analysis_level=standard", traceparent=SAMPLED,
                            tracestate="vendor=opaque", X_Request_ID="my-request")
        self.assertEqual(answer.status, 200)
        self.assertNotIn("traceresponse", answer.headers)
        root, = self.wait_for(lambda: collector.roots("GET /api/v1/predict/{symbol}"))
        after = time.time_ns()

        spans = [span for span in collector.spans if span.trace == TRACE]
        self.assertEqual(len(spans), len(collector.spans))
        by_id = {span.id: span for span in spans}
        self.assertEqual(len(by_id), len(spans))
        self.assertEqual((root.parent, root.state, root.flags), (PARENT, "vendor=opaque", 0x301))
        self.assertEqual(root.attributes["http.route"], "/api/v1/predict/{symbol}")
        self.assertEqual(root.attributes["http.response.status_code"], 200)
        self.assertEqual(root.attributes["url.path"], "/api/v1/predict/AAPL")
        self.assertEqual(root.attributes["ara.request_id"], "my-request")
        self.assertEqual(root.attributes["ara.lane"], "slow")
        self.assertFalse(root.error)
        slack = 5_000_000_000  # two clocks of one machine
        self.assertTrue(before - slack < root.begun < root.ended < after + slack)
        for span in spans:
            if span is not root:  # parents enclose their children
                parent = by_id[span.parent]
                self.assertLessEqual(parent.begun, span.begun, span.name)
                self.assertLessEqual(span.ended, parent.ended, span.name)

        def path(span):
            return (path(by_id[span.parent]) if span.parent in by_id else []) + [span.name]

        paths = [" / ".join(path(span)[1:]) for span in spans if span is not root]
        self.assertEqual(paths[:2], ["queue", "forecast"])
        for expected in ["forecast / store find_forecast", "forecast / store last_bars",
                         "forecast / insight", "forecast / encode"]:
            self.assertEqual(paths.count(expected), 1, paths)
        models = [path for path in paths if path.startswith("forecast / model ")]
        self.assertIn("forecast / model combination", models)
        self.assertIn("forecast / model combination / model har", models)
        self.assertEqual(len(models), len(set(models)))
        order = [paths.index(f"forecast / {name}") for name in
                 ["store find_forecast", "store last_bars", "model combination", "insight", "encode"]]
        self.assertEqual(order, sorted(order))
        store = next(span for span in spans if span.name == "store last_bars")
        self.assertEqual(store.kind, CLIENT)
        self.assertEqual((store.attributes["db.system.name"], store.attributes["db.operation.name"],
                          store.attributes["ara.db.role"]), ("sqlite", "last_bars", "embedded"))
        self.assertEqual(by_id[store.parent].attributes["ara.symbol"], "AAPL")

        self.assertEqual(collector.requests[0], ("/v1/traces", "application/x-protobuf"))
        self.assertEqual(collector.resource["service.name"], "ara")
        self.assertTrue(collector.resource["service.instance.id"].endswith(f":{server.port}"))
        self.assertEqual(server.metric('ara_trace_spans_total{result="exported"}'), len(spans))

    def test_what_is_sampled(self):
        collector = Collector()
        server = self.start(collector, OTLP_SAMPLE_RATIO="0")
        path = "/api/v1/predict/AAPL?days=3"
        self.assertEqual(server.get(path).status, 200)                          # computed
        self.assertEqual(server.get(path).status, 200)                          # from memory
        self.assertEqual(server.get(path, traceparent=UNSAMPLED).status, 200)
        self.assertEqual(server.get(path, traceparent=SAMPLED + "-x").status, 200)  # is none
        self.assertEqual(server.get("/api/v1/predict/NONE").status, 404)        # the client's fault
        server.get(path, traceparent=SAMPLED)
        root, = self.wait_for(lambda: collector.roots("GET /api/v1/predict/{symbol}"))
        self.stop()
        self.assertEqual(len(collector.spans), 1)
        self.assertEqual((root.trace, root.attributes["ara.lane"]), (TRACE, "fast"))

    def test_all_are_sampled_and_flushed_at_the_end(self):
        collector = Collector()
        server = self.start(collector, OTLP_SAMPLE_RATIO="1")
        for _ in range(20):
            self.assertEqual(server.get("/health/live").status, 200)
        self.stop()  # before the second that a batch waits
        self.assertEqual(len(collector.roots("GET /health/live")), 20)
        self.assertEqual(len({span.trace for span in collector.spans}), 20)
        self.assertEqual({(span.parent, span.flags) for span in collector.spans}, {("", 0x101)})

    def test_a_slow_request_is_exported_and_logged_whatever_its_head(self):
        collector = Collector()
        server = self.start(collector, OTLP_SAMPLE_RATIO="0", SLOW_REQUEST_MS="1")
        path = "/api/v1/predict/MSFT?days=5&analysis_level=full"
        answer = server.get(path, traceparent=UNSAMPLED)
        self.assertEqual(answer.status, 200)
        root, = self.wait_for(lambda: collector.roots("GET /api/v1/predict/{symbol}"))
        self.assertEqual((root.trace, root.flags), (TRACE, 0x300))
        self.assertGreater(root.ended - root.begun, 1_000_000)
        line, = [line for line in self.stop() if line["message"] == "A slow request"]
        self.assertEqual(line["request_id"], answer.headers["X-Request-ID"])
        self.assertEqual(line["trace_id"], TRACE)
        self.assertEqual((line["method"], line["route"], line["path"], line["status"], line["lane"]),
                         ("GET", "/api/v1/predict/{symbol}", "/api/v1/predict/MSFT", 200, "slow"))
        took = (root.ended - root.begun) / 1e6
        self.assertAlmostEqual(line["total_ms"], took, delta=0.01)
        stages = line["stages_ms"]
        # One thread, one thing after the other: the stages are the whole.
        self.assertAlmostEqual(sum(stages.values()), took, delta=0.1)
        self.assertEqual(list(stages)[-1], "rest")
        self.assertLess(stages["rest"], took / 2)
        self.assertTrue({"queue", "store last_bars", "insight", "encode"} < set(stages), stages)

    def test_a_refused_request_is_exported(self):
        collector = Collector()
        server = self.start(collector, OTLP_SAMPLE_RATIO="0", REQUEST_DEADLINE_MS="10")
        statuses = {server.get(f"/api/v1/predict/AAPL?days={days}&analysis_level=full").status
                    for days in range(1, 9)}
        self.assertIn(503, statuses)
        root = self.wait_for(lambda: collector.roots("GET /api/v1/predict/{symbol}"))[0]
        self.assertEqual(root.attributes["http.response.status_code"], 503)
        self.assertEqual(root.attributes["error.type"], "503")
        self.assertTrue(root.error)

    def test_a_batch_is_one_trace(self):
        collector = Collector()
        server = self.start(collector, OTLP_SAMPLE_RATIO="1")
        body = json.dumps({"symbols": ["AAPL", "MSFT", "^GSPC"]})
        answer = server.request("POST", "/api/v1/predict/batch", body, {"Content-Type": "application/json"})
        self.assertEqual(answer.json()["successful_count"], 3)
        root, = self.wait_for(lambda: collector.roots("POST /api/v1/predict/batch"))
        forecasts = [span for span in collector.spans if span.name == "forecast"]
        self.assertEqual({span.parent for span in forecasts}, {root.id})
        self.assertEqual({span.attributes["ara.symbol"] for span in forecasts}, {"AAPL", "MSFT", "^GSPC"})


class CollectorTest(TracingCase):
    def test_one_that_is_down_slows_nobody(self):
        with socket.socket() as closed:  # bound, and not listening: refused
            closed.bind(("127.0.0.1", 0))
            self.start(OTLP_SAMPLE_RATIO="1", OTLP_ENDPOINT=f"http://127.0.0.1:{closed.getsockname()[1]}")
            self.check_unimpressed()

    def test_one_that_is_silent_slows_nobody(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            self.start(OTLP_SAMPLE_RATIO="1", OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}")
            self.check_unimpressed()

    def check_unimpressed(self):
        took = []
        connection = self.server.connect()
        for _ in range(300):
            start = time.monotonic()
            connection.request("GET", "/health/live")
            self.assertEqual(connection.getresponse().read()[:1], b"{")
            took.append(time.monotonic() - start)
        connection.close()
        self.assertLess(sorted(took)[len(took) // 2], 0.05)
        start = time.monotonic()
        lines = self.stop()
        self.assertLess(time.monotonic() - start, 8)
        self.assertLessEqual(len([line for line in lines if line["message"] == "Traces cannot be exported"]), 1)

    def test_one_that_is_busy_is_asked_again(self):
        collector = Collector(503, 429, 200)
        server = self.start(collector, OTLP_SAMPLE_RATIO="1")
        server.get("/health/live")
        self.wait_for(lambda: collector.roots("GET /health/live"))
        self.assertEqual(len(collector.requests), 3)
        messages = [line["message"] for line in self.stop()]
        self.assertEqual(messages.count("Traces cannot be exported"), 1)

    def test_what_it_refuses_is_dropped(self):
        collector = Collector(400)
        server = self.start(collector, OTLP_SAMPLE_RATIO="1")
        server.get("/health/live")
        self.wait_for(lambda: server.metric('ara_trace_spans_total{result="dropped"}'))
        self.assertEqual(server.metric('ara_trace_spans_total{result="exported"}'), 0)


class LogTest(TracingCase):
    def test_lines_carry_the_request_without_a_collector(self):
        server = self.start(SLOW_REQUEST_MS="1")
        answer = server.get("/api/v1/predict/AAPL?days=5&analysis_level=full", traceparent=SAMPLED)
        line, = [line for line in self.stop() if line["message"] == "A slow request"]
        self.assertEqual((line["request_id"], line["trace_id"]), (answer.headers["X-Request-ID"], TRACE))
        self.assertIn("store last_bars", line["stages_ms"])

    def test_signals_change_the_level(self):
        server = self.start()  # at level warning
        path = "/api/v1/symbols"
        server.get(path, X_Request_ID="silent")
        for _ in range(3):  # info, debug, and no further
            server.process.send_signal(signal.SIGUSR1)
            time.sleep(0.5)
        server.get(path, X_Request_ID="told", traceparent=SAMPLED)
        for _ in range(2):
            server.process.send_signal(signal.SIGUSR2)
            time.sleep(0.5)
        server.get(path, X_Request_ID="silent again")
        lines = [line for line in self.stop() if line["message"] == "A request"]
        self.assertEqual([line["request_id"] for line in lines], ["told"])
        line, = lines
        self.assertEqual((line["level"], line["method"], line["route"], line["status"], line["trace_id"]),
                         ("debug", "GET", path, 200, TRACE))


class OutgoingTest(TracingCase):
    def test_a_webhook_gets_the_context_of_its_trace(self):
        from webhooks_test import Receiver
        collector, receiver = Collector(), Receiver(204)
        self.addCleanup(receiver.close)
        server = self.start(collector, OTLP_SAMPLE_RATIO="1", WEBHOOK_ALLOW_HTTP="true",
                            WEBHOOK_ALLOW_PRIVATE="true")
        made = server.request("POST", "/api/v1/webhooks",
                              json.dumps({"url": receiver.url, "events": ["prediction_complete"]}),
                              {"Content-Type": "application/json"}).json()
        server.request("POST", f"/api/v1/webhooks/test?webhook_id={made['id']}")
        self.wait_for(lambda: receiver.requests)
        headers = receiver.requests[0][1]
        span = self.wait_for(lambda: [s for s in collector.spans if s.name == "POST webhook"])[0]
        self.assertEqual(headers["traceparent"], f"00-{span.trace}-{span.id}-01")
        self.assertEqual((span.kind, span.error), (CLIENT, False))
        self.assertEqual(span.attributes["ara.webhook.id"], made["id"])
        self.assertEqual(span.attributes["http.response.status_code"], 204)
        self.assertNotIn(receiver.url, str(span.attributes))

    def test_a_job_is_a_trace(self):
        collector = Collector()
        server = self.start(collector, OTLP_SAMPLE_RATIO="0", JOB_WORKERS="1")
        body = json.dumps({"symbol": "AAPL", "start_date": "2021-03-01", "end_date": "2021-06-01"})
        answer = server.request("POST", "/api/v1/backtest", body, {"Content-Type": "application/json"})
        self.assertIn(answer.status, (200, 201, 202), answer.body)
        job = self.wait_for(lambda: [s for s in collector.spans if s.name.startswith("job ")], 60)[0]
        self.assertEqual(job.attributes["ara.job.outcome"], "done")
        below = {span.name for span in collector.spans if span.trace == job.trace and span.parent == job.id}
        self.assertIn("store last_bars", below)
        self.assertIn("store finish_job", below)


if __name__ == "__main__":
    unittest.main()
