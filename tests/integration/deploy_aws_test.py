"""The scripts for AWS, run by the real AWS CLI, which checks each parameter against the models of the
services before it sends anything. What it sends goes to a small endpoint here. ARA_LONG=1 runs the
balancer's script a second time, too."""

import http.server
import json
import os
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path
from urllib.parse import parse_qs

SCRIPTS = Path(__file__).resolve().parents[2] / "deploy/aws"
ARN = "arn:aws:elasticloadbalancing:eu-central-1:1:"
# Of each thing: the list and the field in which it is answered, the operation that finds it.
ANSWERS = {
    "TargetGroup": ("TargetGroups", "TargetGroupArn"),
    "LoadBalancer": ("LoadBalancers", "LoadBalancerArn"),
    "Listener": ("Listeners", "ListenerArn"),
    "Rule": ("Rules", "RuleArn")}


class Endpoint(http.server.ThreadingHTTPServer):
    """Keeps what was asked, and knows what was created."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.there = [], {}
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def operations(self):
        return [name for name, _ in self.asked]

    def of(self, operation):
        return [given for name, given in self.asked if name == operation]

    def answer(self, operation, given):
        """Status and body of an operation of the query protocol."""
        self.asked.append((operation, given))
        verb, thing = next((v, operation[len(v):]) for v in
                           ("Create", "Describe", "Modify", "Register") if operation.startswith(v))
        kind = thing if thing in ANSWERS else thing.removesuffix("s")
        members = ""
        if kind in ANSWERS:
            if verb == "Create":
                self.there.setdefault(kind, []).append(given)
            found = self.there.get(kind, [])
            if not found and kind in ("TargetGroup", "LoadBalancer"):
                return 400, (f"<ErrorResponse><Error><Code>{kind}NotFound</Code><Message>none</Message>"
                             "</Error></ErrorResponse>")
            shown = found[-1:] if verb in ("Create", "Modify") else found
            field = ANSWERS[kind][1]
            members = f"<{ANSWERS[kind][0]}>" + "".join(
                f"<member><{field}>{ARN}{kind}/{found.index(one)}</{field}><DNSName>ara.test</DNSName>"
                f"<Port>{one.get('Port', 0)}</Port><Priority>{one.get('Priority', 0)}</Priority></member>"
                for one in shown) + f"</{ANSWERS[kind][0]}>"
        return 200, (f"<{operation}Response><{operation}Result>{members}</{operation}Result>"
                     f"</{operation}Response>")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path.endswith("/node-groups"):
            given = json.loads(body)
            self.server.asked.append((self.path, given))
            status, text = 200, json.dumps({"nodegroup": {"nodegroupName": given["nodegroupName"]}})
        else:
            fields = {name: values[0] for name, values in parse_qs(body).items()}
            status, text = self.server.answer(fields.pop("Action"), fields)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class AwsTest(unittest.TestCase):
    def setUp(self):
        self.endpoint = Endpoint()
        self.addCleanup(self.endpoint.server_close)
        self.addCleanup(self.endpoint.shutdown)
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.env = os.environ | {
            "HOME": home.name, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.endpoint.server_port}",
            "AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "127.0.0.1"}

    def run_script(self, name, *arguments):
        return subprocess.run(["bash", str(SCRIPTS / name), *arguments], env=self.env, text=True,
                              capture_output=True, timeout=120)

    def balancer(self, **changes):
        options = {"vpc": "vpc-1", "subnets": "subnet-a,subnet-b", "security-group": "sg-1",
                   "certificate": "arn:aws:acm:eu-central-1:1:certificate/x"} | changes
        return self.run_script("alb.sh", *(text for name, value in options.items()
                                           for text in (f"--{name}", value)))

    def test_balancer(self):
        done = self.balancer(instances="i-1,i-2", logs="my-logs")
        self.assertEqual((0, "ara.test\n"), (done.returncode, done.stdout), done.stderr)
        target, = self.endpoint.of("CreateTargetGroup")
        self.assertEqual(("/health/ready", "200", "8000", "vpc-1"), tuple(
            target[name] for name in ("HealthCheckPath", "Matcher.HttpCode", "Port", "VpcId")))
        made, = self.endpoint.of("CreateLoadBalancer")
        self.assertEqual("subnet-b", made["Subnets.member.2"])
        plain, tls = sorted(self.endpoint.of("CreateListener"), key=lambda one: int(one["Port"]))
        self.assertEqual(("HTTPS", "forward"),
                         (tls["Protocol"], tls["DefaultActions.member.1.Type"]))
        self.assertIn("TLS13", tls["SslPolicy"])
        self.assertEqual(("redirect", "HTTPS"), (
            plain["DefaultActions.member.1.Type"],
            plain["DefaultActions.member.1.RedirectConfig.Protocol"]))
        rule, = self.endpoint.of("CreateRule")
        self.assertEqual("/metrics", rule["Conditions.member.1.PathPatternConfig.Values.member.1"])
        registered, = self.endpoint.of("RegisterTargets")
        self.assertEqual("i-2", registered["Targets.member.2.Id"])
        if os.environ.get("ARA_LONG") == "1":
            self.check_second_run()

    def check_second_run(self):
        """Everything is found by name, so nothing is made twice."""
        self.endpoint.asked.clear()
        done = self.balancer()
        self.assertEqual((0, "ara.test\n"), (done.returncode, done.stdout), done.stderr)
        self.assertEqual([], [name for name in self.endpoint.operations() if name.startswith("Create")])
        self.assertEqual(2, len(self.endpoint.of("ModifyListener")))

    def test_wrong_use(self):
        for arguments in ((), ("--vpc",), ("--vpc", "vpc-1"), ("--unknown", "x")):
            done = self.run_script("alb.sh", *arguments)
            self.assertEqual(2, done.returncode)
            self.assertIn("--certificate", done.stderr)
        self.assertEqual(2, self.run_script("nodegroups.sh").returncode)
        self.assertEqual([], self.endpoint.asked)

    def test_the_cli_refuses_what_the_service_does_not_know(self):
        """That the parameters are checked at all: a port that is none never gets sent."""
        done = self.balancer(port="http")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("'http'", done.stderr)
        self.assertEqual([], self.endpoint.of("CreateTargetGroup"))

    def test_node_groups(self):
        arguments = ("--cluster", "ara", "--role", "arn:aws:iam::1:role/node", "--subnets", "a,b,c")
        done = self.run_script("nodegroups.sh", *arguments)
        self.assertEqual((0, "ara-floor\nara-spot\n"), (done.returncode, done.stdout), done.stderr)
        (path, floor), (_, spot) = self.endpoint.asked
        self.assertEqual("/clusters/ara/node-groups", path)
        self.assertEqual(("ON_DEMAND", 3, 3), (floor["capacityType"], *(
            floor["scalingConfig"][name] for name in ("minSize", "maxSize"))))
        self.assertNotIn("taints", floor)
        self.assertEqual("SPOT", spot["capacityType"])
        self.assertEqual([{"key": "ara/spot", "value": "true", "effect": "NO_SCHEDULE"}], spot["taints"])
        self.assertGreaterEqual(len(spot["instanceTypes"]), 3)

    def test_floor_holds_the_least_number_of_servers(self):
        done = self.run_script("nodegroups.sh", "--cluster", "ara", "--role", "r", "--subnets", "a",
                               "--floor", "2")
        self.assertEqual(2, done.returncode)
        self.assertEqual([], self.endpoint.asked)


if __name__ == "__main__":
    unittest.main()
