"""Prometheus and Alertmanager as `ara monitoring setup` sets them up, watching a fleet."""

import http.client
import http.server
import json
import re
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

HOST = "127.0.0.1"
READY = 30  # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def fetch(port, path):
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Receiver(http.server.ThreadingHTTPServer):
    """Takes what Alertmanager tells, and whatever else is posted: (path, names of alerts)."""

    daemon_threads = True

    def __init__(self):
        self.told = []
        super().__init__((HOST, 0), Hearing)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://{HOST}:{self.server_address[1]}"

    def names(self, path):
        return {name for told, names in self.told if told == path for name in names}


class Hearing(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        alerts = json.loads(text).get("alerts", [])
        self.server.told.append((self.path, [alert["labels"]["alertname"] for alert in alerts
                                             if alert["status"] == "firing"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Watch:
    """Runs both with the durations divided by 60, until `stop`."""

    def __init__(self, binary, folder, targets, workers):
        self.folder, self.processes, self.receiver = Path(folder), [], Receiver()
        self.prometheus, self.alertmanager = free_port(), free_port()
        subprocess.run(
            [binary, "monitoring", "setup", "--out", self.folder, "--targets", ",".join(targets),
             "--workers", ",".join(workers), "--prometheus", f"http://{HOST}:{self.prometheus}", "--alertmanager",
             f"{HOST}:{self.alertmanager}", "--page-webhook", self.receiver.url + "/page",
             "--ticket-webhook", self.receiver.url + "/ticket", "--divide-durations", "60"],
            check=True, stdout=subprocess.DEVNULL)
        self.start("prometheus-alertmanager", self.alertmanager, f"--config.file={self.folder}/alertmanager.yml",
                   f"--storage.path={self.folder}/alerts", "--cluster.listen-address=")
        self.start("prometheus", self.prometheus, f"--config.file={self.folder}/prometheus.yml",
                   f"--storage.tsdb.path={self.folder}/data", "--log.level=warn")

    def start(self, program, port, *arguments):
        with open(self.folder / f"{program}.log", "wb") as log:
            self.processes.append(subprocess.Popen(
                [program, f"--web.listen-address={HOST}:{port}", *arguments], cwd=self.folder, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL))
        until = time.monotonic() + READY
        while time.monotonic() < until:
            try:
                if fetch(port, "/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{program} is not ready: " + (self.folder / f"{program}.log").read_text()[-2000:])

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)
        self.receiver.shutdown()
        self.receiver.server_close()

    def has_data(self, query):
        """Whether the query gives a number."""
        return bool(self.values(query))

    def values(self, query):
        """The numbers that the query gives; an AssertionError where it is no query."""
        status, text = fetch(self.prometheus, "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
        if status != 200:
            raise AssertionError(f"{query}: {text.decode()}")
        return [float(row["value"][1]) for row in json.loads(text)["data"]["result"]
                if row["value"][1] != "NaN"]

    def firing(self, severity):
        """The names of alerts that fire, whoever is told."""
        _, text = fetch(self.prometheus, "/api/v1/alerts")
        return {alert["labels"]["alertname"] for alert in json.loads(text)["data"]["alerts"]
                if alert["state"] == "firing" and alert["labels"]["severity"] == severity}


def depth_0(text):
    """The text with all that stands in brackets or quotes blanked, at the same places."""
    out, depth, quoted = [], 0, False
    for char in text:
        if char == '"':
            quoted = not quoted
        if quoted or char == '"':
            out.append(" ")
        elif char in "([{":
            depth += 1
            out.append(" ")
        elif char in ")]}":
            depth -= 1
            out.append(" ")
        else:
            out.append(char if depth == 0 else " ")
    return "".join(out)


def measured(expr):
    """What the conditions of an alert compare: each without its comparison."""
    bounds = [match.span() for match in re.finditer(r"\b(?:and|unless)\b", depth_0(expr))]
    starts = [0] + [end for _, end in bounds]
    ends = [begin for begin, _ in bounds] + [len(expr)]
    for begin, end in zip(starts, ends):
        condition = re.sub(r"^\s*on \([^)]*\)", "", expr[begin:end])
        comparison = re.search(r"[<>]=?|[=!]=", depth_0(condition))
        yield (condition[:comparison.start()] if comparison else condition).strip()
