"""nginx as it is shipped, in front of real servers of ARA and of stand-ins that misbehave.

The configuration names ports 80, 443 and 8000, the hosts api-1 and api-2 and files below
/etc/nginx. So that it can be run as it is, this file runs itself again in namespaces of its own, for
mounts and for the network. Of the configuration only /tmp, which others use too, is replaced.
"""

import collections
import concurrent.futures
import http.client
import json
import os
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from http_server import Server
from websocket import WebSocket

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOSTS = {"api-1": "127.0.0.2", "api-2": "127.0.0.3", "api": "127.0.0.2"}
NOBODY = 65534


def enter_namespaces():
    """Starts this file again where it may mount, and has a network of its own."""
    command = ["unshare", "--mount", "--net", "--propagation", "unchanged"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    os.execvp(command[0], [*command, sys.executable, __file__, *sys.argv[1:]])


def prepare_namespaces(folder):
    # Fails in a chroot, whose mounts ./dev has made private already.
    subprocess.run(["mount", "--make-rprivate", "/"], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    hosts = Path(folder, "hosts")
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in HOSTS.items()))
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/etc/nginx"], check=True)
    subprocess.run(["bash", str(DEPLOY / "compose/secrets.sh"), "/etc/nginx/tls"], check=True)
    os.chmod("/etc/nginx/tls", 0o755)


class Nginx:
    """nginx with the shipped configuration, without rights, until it is stopped."""

    def __init__(self, upstream="compose/nginx/upstream.conf", real_ip=""):
        self.folder = tempfile.mkdtemp(prefix="ara-nginx-")
        os.chmod(self.folder, 0o777)
        config = (DEPLOY / "compose/nginx/nginx.conf").read_text()
        Path("/etc/nginx/nginx.conf").write_text(
            config.replace("/tmp/", self.folder + "/").replace("/dev/stdout", self.folder + "/log"))
        shutil.copy(DEPLOY / upstream, "/etc/nginx/upstream.conf")
        Path("/etc/nginx/real-ip").mkdir(exist_ok=True)
        Path("/etc/nginx/real-ip/test.conf").write_text(real_ip)
        user = {"user": NOBODY} if os.geteuid() == 0 else {}
        self.checked = subprocess.run(["nginx", "-t"], capture_output=True, text=True, **user)
        with open(self.folder + "/errors", "w") as errors:
            self.process = subprocess.Popen(["nginx", "-g", "daemon off;"], stderr=errors, **user)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", 443)) == 0:
                    return
            time.sleep(0.01)
        raise AssertionError("nginx does not listen: " + Path(self.folder, "errors").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder)


def connect(port=443):
    if port == 80:
        return http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
    context = ssl.create_default_context(cafile="/etc/nginx/tls/tls.crt")
    return http.client.HTTPSConnection("localhost", 443, timeout=10, context=context)


def ask(method="GET", path="/api/v1/symbols", body=None, connection=None, port=443, **headers):
    own = connection or connect(port)
    own.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = own.getresponse()
    text = answer.read()
    if not connection:
        own.close()
    return answer, text


class StandIn(socketserver.ThreadingTCPServer):
    """Answers each request as `behave` says, and keeps what it saw."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host, behave):
        super().__init__((HOSTS[host], 8000), None)
        self.behave, self.heads, self.connections = behave, [], 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def finish_request(self, request, client_address):
        with request.makefile("rb") as lines:
            while first := lines.readline():
                head = {}
                while (line := lines.readline()) not in (b"\r\n", b""):
                    name, value = line.decode().split(":", 1)
                    head[name.lower()] = value.strip()
                lines.read(int(head.get("content-length", 0)))
                self.heads.append({"": first.decode().split()[0]} | head)
                answer = self.behave()
                if answer is None:
                    return
                request.sendall(answer)

    def stop(self):
        self.shutdown()
        self.server_close()


def response(status="200 OK", seconds=0.0, extra=""):
    def behave():
        time.sleep(seconds)
        return f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n{extra}\r\nok".encode()
    return behave


class StandInTest(unittest.TestCase):
    """What nginx does with servers that are slow, gone or full."""

    def start(self, first=None, second=None, **options):
        servers = []
        for host, behave in (("api-1", first), ("api-2", second)):
            servers.append(behave and StandIn(host, behave))
            if behave:
                self.addCleanup(servers[-1].stop)
        nginx = Nginx(**options)
        self.addCleanup(nginx.stop)
        self.assertEqual(0, nginx.checked.returncode, nginx.checked.stderr)
        self.assertNotIn("[warn]", nginx.checked.stderr.replace('[warn] the "user"', ""))
        return servers

    def test_weights_share_out_what_is_open(self):
        first, second = self.start(response(seconds=0.03), response(seconds=0.03))
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            statuses = list(pool.map(lambda _: ask()[0].status, range(360)))
        self.assertEqual({200}, set(statuses))
        ratio = len(first.heads) / len(second.heads)
        self.assertTrue(1.6 < ratio < 2.5, f"{len(first.heads)} to {len(second.heads)}, not 2 to 1")

    def test_slow_server_gets_less_than_its_weight(self):
        first, second = self.start(response(seconds=0.12), response(seconds=0.01))
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: ask(), range(120)))
        self.assertLess(len(first.heads), len(second.heads))

    def test_connections_to_servers_are_kept(self):
        first, second = self.start(response(), response())
        for _ in range(60):
            ask()
        self.assertEqual(60, len(first.heads) + len(second.heads))
        # Each worker of nginx keeps its own.
        self.assertLessEqual(first.connections + second.connections, 4 * os.cpu_count())
        self.assertNotIn("connection", first.heads[0])

    def test_idempotent_request_is_tried_elsewhere(self):
        first, second = self.start(lambda: None, response())
        for _ in range(6):
            self.assertEqual(200, ask()[0].status)
        self.assertGreaterEqual(len(first.heads), 1)
        self.assertEqual(6, len(second.heads))

    def test_other_request_is_sent_once(self):
        first, second = self.start(lambda: None, lambda: None)
        self.assertEqual(502, ask("POST", "/api/v1/bars", "{}")[0].status)
        self.assertEqual(["POST"], [head[""] for head in first.heads + second.heads])

    def test_any_request_is_tried_elsewhere_before_it_is_sent(self):
        _, second = self.start(None, response())
        for _ in range(4):
            self.assertEqual(200, ask("POST", "/api/v1/bars", "{}")[0].status)
        self.assertEqual(4, len(second.heads))

    def test_what_a_full_server_refuses_is_not_tried_elsewhere(self):
        full = response("503 Service Unavailable", extra="Retry-After: 1\r\n")
        first, second = self.start(full, full)
        for count in range(1, 11):
            answer, _ = ask()
            self.assertEqual((503, "1"), (answer.status, answer.headers["Retry-After"]))
            self.assertEqual(count, len(first.heads) + len(second.heads))

    def test_client_address_is_not_taken_from_the_client(self):
        first, second = self.start(response(), response())
        ask(X_Forwarded_For="6.6.6.6", X_Real_IP="6.6.6.6")
        head = (first.heads + second.heads)[0]
        self.assertEqual(("127.0.0.1", "127.0.0.1", "https"),
                         tuple(head[name] for name in
                               ("x-forwarded-for", "x-real-ip", "x-forwarded-proto")))

    def test_client_address_is_taken_from_a_known_balancer(self):
        first, second = self.start(response(), response(), real_ip=(
            "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; real_ip_recursive on;"))
        ask(X_Forwarded_For="6.6.6.6, 203.0.113.9")
        self.assertEqual("203.0.113.9", (first.heads + second.heads)[0]["x-forwarded-for"])

    def test_upstream_of_the_swarm(self):
        first, _ = self.start(response(), None, upstream="swarm/upstream.conf")
        self.assertEqual(200, ask()[0].status)
        self.assertEqual(1, len(first.heads))


class Node(Server):
    def __init__(self, host):
        self.host = HOSTS[host]
        super().__init__(TRUSTED_PROXIES="127.0.0.1")

    def start(self):
        self.env.update(API_HOST=self.host, API_PORT="8000")
        super().start()


class AraTest(unittest.TestCase):
    """nginx before two real servers."""

    @classmethod
    def setUpClass(cls):
        cls.nodes = []
        for host in ("api-1", "api-2"):
            cls.nodes.append(Node(host))
            cls.addClassCleanup(cls.nodes[-1].stop)
        cls.nginx = Nginx()
        cls.addClassCleanup(cls.nginx.stop)

    def test_plain_requests_are_sent_to_tls(self):
        answer, _ = ask(path="/api/v1/predict/AAPL?days=2", port=80, Host="localhost")
        self.assertEqual((308, "https://localhost/api/v1/predict/AAPL?days=2"),
                         (answer.status, answer.headers["Location"]))

    def test_http2(self):
        done = subprocess.run(
            ["curl", "-sS", "--http2", "--cacert", "/etc/nginx/tls/tls.crt", "-o", "/dev/null", "-w",
             "%{http_version} %{http_code}", "https://localhost/api/v1/predict/AAPL?days=2"],
            capture_output=True, text=True, check=True)
        self.assertEqual("2 200", done.stdout)

    def test_old_tls_is_refused(self):
        context = ssl.create_default_context(cafile="/etc/nginx/tls/tls.crt")
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", 443)) as sock, self.assertRaises(ssl.SSLError):
            context.wrap_socket(sock, server_hostname="localhost")

    def test_forecast_and_its_etag(self):
        answer, body = ask(path="/api/v1/predict/AAPL?days=2")
        self.assertEqual((200, "AAPL"), (answer.status, json.loads(body)["symbol"]))
        self.assertIn("max-age", answer.headers["Strict-Transport-Security"])
        self.assertEqual(304, ask(path="/api/v1/predict/AAPL?days=2",
                                  If_None_Match=answer.headers["ETag"])[0].status)

    def test_static_files_are_kept(self):
        said = collections.Counter()
        path = re.search(rb'src="(/static/[^"]+)"', ask(path="/docs")[1])[1].decode()
        for _ in range(5):
            answer, body = ask(path=path)
            self.assertEqual(200, answer.status, body)
            self.assertIn("immutable", answer.headers["Cache-Control"])
            said[answer.headers["X-Cache-Status"]] += 1
        self.assertEqual({"MISS": 1, "HIT": 4}, said)

    def test_metrics_stay_inside(self):
        self.assertEqual(404, ask(path="/metrics")[0].status)

    def test_websocket(self):
        for _ in range(8):  # which leaves connections open to both servers
            ask()
        context = ssl.create_default_context(cafile="/etc/nginx/tls/tls.crt")
        plain = socket.create_connection(("127.0.0.1", 443), timeout=10)
        with context.wrap_socket(plain, server_hostname="localhost") as sock:
            client = WebSocket.__new__(WebSocket)
            client.sock, client.buffer = sock, b""
            sock.sendall(b"GET /ws/predictions/AAPL HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                         b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            while b"\r\n\r\n" not in client.buffer:
                client._more()
            head, client.buffer = client.buffer.split(b"\r\n\r\n", 1)
            self.assertIn(b" 101 ", head)
            self.assertEqual("AAPL", client.hear("connected")["symbol"])

    def test_events_come_at_once(self):
        connection = connect()
        connection.request("GET", "/api/v1/stream/AAPL", headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        self.assertEqual(200, answer.status)
        self.assertTrue(answer.readline())
        connection.close()

    def test_zz_a_server_that_stops_fails_no_request(self):
        """Under load; the other server has it all from then on. What is not idempotent must not be
        sent twice, so none may be sent on a connection that ends unanswered."""
        end = time.monotonic() + 2.5
        statuses, posted = collections.Counter(), collections.Counter()

        def client(number):
            connection = connect()
            while time.monotonic() < end:
                if number % 2:
                    answer, _ = ask(connection=connection, path="/api/v1/predict/AAPL?days=3")
                else:
                    answer, _ = ask("POST", "/api/v1/predict", '{"symbol": "AAPL", "days": 3}',
                                    connection, Content_Type="application/json")
                (statuses if number % 2 else posted)[answer.status] += 1
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            clients = [pool.submit(client, number) for number in range(4)]
            time.sleep(0.7)
            self.nodes[0].process.terminate()
            self.nodes[0].process.communicate(timeout=10)
            self.assertEqual(0, self.nodes[0].process.returncode)
            for one in clients:
                one.result()
        self.assertEqual({200}, set(statuses), statuses)
        self.assertGreater(statuses[200], 25)
        self.assertEqual({200}, set(posted), posted)
        self.nodes[0].start()


if __name__ == "__main__":
    if os.environ.get("ARA_NAMESPACES") != "1":
        os.environ["ARA_NAMESPACES"] = "1"
        enter_namespaces()
    with tempfile.TemporaryDirectory(prefix="ara-nginx-") as folder:
        prepare_namespaces(folder)
        unittest.main()
