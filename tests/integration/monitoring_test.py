"""deploy/monitoring and `ara monitoring setup`: rules, alerts and routes are checked by the tools they
are for, dashboards against Grafana's schema, and all of them against each other, so that nothing names
what does not exist. Whether queries return data is tests/faults/monitoring_test.py's."""

import copy
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

import yaml
from deploy_k8s_test import schema_modules

REPOSITORY = Path(__file__).resolve().parents[2]
MONITORING = REPOSITORY / "deploy/monitoring"
sys.path.insert(0, str(MONITORING))
import dashboards as table  # noqa: E402

ARA = os.path.abspath(os.environ["ARA_BIN"])
SEVERITIES = {"page", "ticket", "info"}
# Series that are not ARA's: Prometheus makes them.
FOREIGN = {"up", "ALERTS", "prometheus_rule_evaluation_failures_total",
           "prometheus_notifications_dropped_total"}
# Words of PromQL that stand where a name may stand.
WORDS = set("""abs absent and by clamp_min count group_left group histogram_quantile ignoring increase
label_values max min on or rate sqrt sum unless vector without avg_over_time""".split())


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def retried(*command):
    """The output of a command whose server may still be starting."""
    until = time.monotonic() + 20
    while (done := run(*command)).returncode:
        if time.monotonic() > until:
            raise AssertionError(done.stdout + done.stderr)
        time.sleep(0.1)
    return done.stdout


def setup(folder, *options):
    return run(ARA, "monitoring", "setup", "--out", str(folder), *options)


def rules(folder=MONITORING):
    return [rule for path in sorted(folder.glob("rules/*.yml"))
            for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def boards(folder=MONITORING):
    return {str(path.relative_to(folder / "grafana/dashboards")): json.loads(path.read_text())
            for path in sorted(folder.glob("grafana/dashboards/*/*.json"))}


def queries(board):
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def names_in(expr):
    """The series that a query names: what is left without labels, texts, windows and label lists."""
    for pattern in (r'"[^"]*"', r"\{[^{}]*\}", r"\[[^\]]*\]", r"\b(?:by|on|group_left)\s*\([^)]*\)"):
        expr = re.sub(pattern, " ", expr)
    return set(re.findall(r"[A-Za-z_:][\w:]*", expr)) - WORDS


def known_series():
    names = re.findall(r'MetricRow\{\s*"(\w+)",\s*(\w+)', (REPOSITORY / "src/telemetry/names.cpp").read_text())
    known = {rule["record"] for rule in rules() if "record" in rule} | FOREIGN
    for name, kind in names:
        known |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return known


class SetupTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ara-monitoring-")
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "made"

    def files(self):
        return {str(path.relative_to(self.out)): path.read_text()
                for path in self.out.rglob("*") if path.is_file()}

    def test_writes_what_is_shipped(self):
        done = setup(self.out)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        shipped = {str(path.relative_to(MONITORING)) for path in MONITORING.rglob("*")
                   if path.suffix in (".yml", ".yaml", ".json")}
        self.assertEqual(shipped, set(self.files()))
        for path in shipped:
            self.assertIn(f"  {path}\n", done.stdout)
        self.assertIn(f"prometheus --config.file={self.out}/prometheus.yml", done.stdout)
        self.assertEqual(f"{self.out}/grafana/dashboards", yaml.safe_load(
            self.files()["grafana/dashboards/ara.yaml"])["providers"][0]["options"]["path"])

    def test_the_tools_take_it(self):
        for options in ((), ("--divide-durations", "60", "--targets", "a:1,b:2", "--page-webhook",
                             "http://localhost:9/x", "--ticket-webhook", "https://t.example.com/?a=b&c"),
                        ("--prometheus", "https://p.example.com/prometheus", "--availability", "99.95")):
            with self.subTest(options):
                self.assertEqual(0, setup(self.out, "--force", *options).returncode)
                check = run("promtool", "check", "config", f"{self.out}/prometheus.yml")
                self.assertEqual(0, check.returncode, check.stdout + check.stderr)
                self.assertIn("3 rule files found", check.stdout)
                check = run("amtool", "check-config", f"{self.out}/alertmanager.yml")
                self.assertEqual(0, check.returncode, check.stdout + check.stderr)

    def test_replaces_nothing_unasked(self):
        setup(self.out)
        before = self.files()
        again = setup(self.out)
        self.assertEqual((0, before), (again.returncode, self.files()))
        refused = setup(self.out, "--targets", "other:1", "--alertmanager", "other:2")
        self.assertEqual(5, refused.returncode)
        self.assertIn("targets/alertmanager.yml, targets/ara.yml", refused.stderr)
        self.assertEqual(before, self.files())
        self.assertEqual(0, setup(self.out, "--targets", "other:1", "--force").returncode)
        self.assertEqual([{"targets": ["other:1"]}], yaml.safe_load(self.files()["targets/ara.yml"]))

    def test_workers_are_asked_where_they_are_named(self):
        for options, expected in (((), []), (("--workers", "w1:8001,w2:8001"), ["w1:8001", "w2:8001"])):
            self.assertEqual(0, setup(self.out, "--force", *options).returncode)
            self.assertEqual([{"targets": expected}], yaml.safe_load(self.files()["targets/workers.yml"]))
            check = run("promtool", "check", "config", f"{self.out}/prometheus.yml")
            self.assertEqual(0, check.returncode, check.stdout + check.stderr)
        jobs = {job["job_name"]: job["file_sd_configs"][0]["files"]
                for job in yaml.safe_load(self.files()["prometheus.yml"])["scrape_configs"]}
        self.assertEqual((["targets/ara*.yml"], ["targets/workers*.yml"]), (jobs["ara"], jobs["ara-worker"]))
        refused = setup(self.out, "--workers", "w1")
        self.assertEqual(2, refused.returncode)
        self.assertIn("workers: 'w1' is not allowed", refused.stderr)

    def test_says_what_is_wrong(self):
        done = setup(self.out, "--targets", "http://a:8000/metrics")
        self.assertEqual(2, done.returncode)
        self.assertIn("HOST:PORT", done.stderr)
        self.assertFalse(self.out.exists())
        Path(self.out.parent, "file").touch()
        self.assertEqual(8, setup(self.out.parent / "file").returncode)

    def test_every_duration_is_divided(self):
        setup(self.out, "--divide-durations", "60")
        for before, after in zip(rules(), rules(self.out)):
            was, now = durations(before), durations(after)
            self.assertEqual(len(was), len(now))
            for long, short in zip(was, now):
                self.assertEqual(max(long / 60, min(4, long)) if long < 240 else long / 60, short, before)
            self.assertEqual(before.get("labels"), after.get("labels"))
            if "for" in before:
                self.assertEqual(seconds(before["for"]) / 60, seconds(after["for"]))
        config = yaml.safe_load(self.files()["prometheus.yml"])
        self.assertEqual("1s", config["global"]["scrape_interval"])
        self.assertEqual("500ms", yaml.safe_load(self.files()["alertmanager.yml"])["route"]["group_wait"])


def seconds(duration):
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h|d)", duration))


def durations(rule):
    return [seconds(text) for text in re.findall(r"\[(\w+)\]", rule["expr"])]


class RulesTest(unittest.TestCase):
    maxDiff = None

    def test_they_name_what_exists(self):
        known = known_series()
        for rule in rules():
            self.assertEqual(set(), names_in(rule["expr"]) - known, rule)
        for path, board in boards().items():
            for expr in queries(board):
                self.assertEqual(set(), names_in(expr) - known, f"{path}: {expr}")

    def test_what_is_recorded_is_used(self):
        texts = "\n".join([*(rule["expr"] for rule in rules()),
                           *(expr for board in boards().values() for expr in queries(board))])
        for name in {rule["record"] for rule in rules() if "record" in rule}:
            self.assertRegex(texts, rf"(?<![\w:]){name}(?![\w:])")

    def test_every_metric_is_shown_or_watched(self):
        texts = "\n".join([*(rule["expr"] for rule in rules()),
                           *(json.dumps(board) for board in boards().values()),
                           (REPOSITORY / "docs/MONITORING.md").read_text()])
        spared = {"process_virtual_memory_bytes", "ara_cgroup_cpu_limit_cores", "ara_stream_drops_total",
                  "ara_cgroup_memory_limit_bytes"}  # part of others, or for looking closer
        names = re.findall(r'MetricRow\{\s*"(\w+)"', (REPOSITORY / "src/telemetry/names.cpp").read_text())
        self.assertEqual(set(), {name for name in names if name not in texts} - spared)

    def test_alerts_say_who_is_told_and_what_to_do(self):
        document = (REPOSITORY / "docs/MONITORING.md").read_text()
        headings = set(re.findall(r"^### (\w+)$", document, re.M))
        alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
        self.assertEqual(set(alerts), headings)
        for name, rule in alerts.items():
            with self.subTest(name):
                self.assertIn(rule["labels"]["severity"], SEVERITIES)
                notes = rule["annotations"]
                self.assertEqual({"summary", "description", "runbook_url"}, set(notes))
                self.assertEqual(f"docs/MONITORING.md#{name.lower()}", notes["runbook_url"])
                if name.startswith("ScaleOn"):
                    self.assertEqual("ticket", rule["labels"]["severity"])

    def test_each_severity_has_its_receiver(self):
        config = str(MONITORING / "alertmanager.yml")
        for severity in SEVERITIES:
            done = run("amtool", "config", "routes", "test", f"--config.file={config}",
                       f"--verify.receivers={severity}", f"severity={severity}", "alertname=X")
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        wrong = run("amtool", "config", "routes", "test", f"--config.file={config}",
                    "--verify.receivers=info", "severity=page")
        self.assertNotEqual(0, wrong.returncode)
        known = {rule["alert"] for rule in rules() if "alert" in rule}
        for rule in yaml.safe_load((MONITORING / "alertmanager.yml").read_text())["inhibit_rules"]:
            for matcher in rule["source_matchers"] + rule["target_matchers"]:
                pattern = re.search(r'alertname=~?"([^"]+)"', matcher)[1]
                self.assertTrue([name for name in known if re.fullmatch(pattern, name)], pattern)

    def test_the_cause_is_told_and_not_what_follows(self):
        """Alertmanager itself is given alerts, and says which of them it tells."""
        # A failing primary is the whole fleet's, and so comes last.
        both = {("ErrorBudgetBurnFast", "ErrorBudgetBurn", "ErrorBudgetBurnSlow"): {"ErrorBudgetBurnFast"},
                ("HighMemoryUsage", "ScaleOnMemory"): {"HighMemoryUsage"},
                ("APIDown", "HighErrorRate"): {"APIDown", "HighErrorRate"},
                ("DatabasePrimaryFailing", "HighErrorRate", "APIDown"): {"DatabasePrimaryFailing", "APIDown"}}
        with tempfile.TemporaryDirectory(prefix="ara-alerts-") as folder, socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
            probe.close()
            with subprocess.Popen(
                    ["prometheus-alertmanager", f"--config.file={MONITORING}/alertmanager.yml",
                     f"--storage.path={folder}", f"--web.listen-address={address}",
                     "--cluster.listen-address="], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
                try:
                    for number, (names, told) in enumerate(both.items()):
                        self.assertEqual(told, self.told(f"http://{address}", number, names, told))
                finally:
                    server.terminate()

    def told(self, url, number, names, expected):
        """The names of alerts that are not held back, of these, which are all of one server and promise."""
        for name in names:
            retried("amtool", f"--alertmanager.url={url}", "alert", "add", f"alertname={name}",
                    f"instance=n{number}", f"slo=s{number}")
        # Which are held back is decided a moment after they have come.
        until, active = time.monotonic() + 10, None
        while active != expected and time.monotonic() < until:
            time.sleep(0.5)
            with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:
                alerts = [one for one in json.load(answer) if one["labels"].get("slo") == f"s{number}"]
            self.assertEqual(len(names), len(alerts))
            active = {one["labels"]["alertname"] for one in alerts if one["status"]["state"] == "active"}
        return active

    def test_compose_is_what_they_fit(self):
        compose = yaml.safe_load((REPOSITORY / "deploy/compose.yaml").read_text())
        services = compose["services"]
        targets = {name: yaml.safe_load((MONITORING / f"targets/{name}.yml").read_text())[0]["targets"]
                   for name in ("ara", "alertmanager", "workers")}
        self.assertEqual([f"{name}:8000" for name in services if name.startswith("api-")], targets["ara"])
        # The image has the ports of both.
        image = (REPOSITORY / "deploy/docker/Dockerfile").read_text()
        self.assertIn(" API_PORT=8000 METRICS_PORT=8000\n", image)
        self.assertEqual([f"{name}:8000" for name, one in services.items() if one.get("command") == ["worker"]],
                         targets["workers"])
        self.assertEqual(["alertmanager:9093"], targets["alertmanager"])
        source, = yaml.safe_load((MONITORING / "grafana/datasources/prometheus.yaml").read_text())["datasources"]
        self.assertEqual("http://prometheus:9090", source["url"])
        self.assertEqual(yaml.safe_load((MONITORING / "prometheus.yml").read_text())["global"]["scrape_interval"],
                         source["jsonData"]["timeInterval"])
        self.assertIn("./monitoring/grafana:/etc/grafana/provisioning:ro", services["grafana"]["volumes"])
        lock = json.loads((REPOSITORY / "deploy/schemas/package.json").read_text())["dependencies"]
        self.assertEqual(f"grafana/grafana:{lock['@grafana/schema']}", services["grafana"]["image"])


def check(dashboards):
    """What is wrong with the dashboards, a line each."""
    with tempfile.TemporaryDirectory(prefix="ara-schemas-") as work:
        done = run("node", str(REPOSITORY / "deploy/schemas/dashboards.mjs"), str(schema_modules()), work,
                   input=json.dumps(dashboards))
    return (done.stdout + done.stderr).splitlines()


class DashboardsTest(unittest.TestCase):
    maxDiff = None

    def test_they_are_those_of_the_table(self):
        made = table.files()
        self.assertEqual(set(made), set(boards()))
        for path, text in made.items():
            self.assertEqual(text, (MONITORING / "grafana/dashboards" / path).read_text(),
                             "python3 deploy/monitoring/dashboards.py writes it anew")

    def test_schema(self):
        self.assertEqual([], check(list(boards().values())))

    def test_schema_sees_what_is_wrong(self):
        board = boards()["Service/overview.json"]
        lines = next(at for at, panel in enumerate(board["panels"]) if panel["type"] == "timeseries")
        breaches = [
            ("refesh", lambda one: one.update(refesh="30s")),
            ("schemaVersion", lambda one: one.pop("schemaVersion")),
            ("'Whole'", lambda one: one.update(dashboard={})),  # the wrapper that provisioning rejects
            ("DashboardCursorSync", lambda one: one.update(graphTooltip=7)),
            ('"graph"', lambda one: one["panels"][0].update(type="graph")),
            ('"colour"', lambda one: one["panels"][0]["options"].update(colorMode="colour")),
            ("showLegend", lambda one: one["panels"][lines]["options"]["legend"].pop("showLegend")),
            ("drawStile", lambda one: one["panels"][lines]["fieldConfig"]["defaults"]["custom"].update(
                drawStile="line")),
            ('"abs"', lambda one: one["panels"][lines]["fieldConfig"]["defaults"]["thresholds"].update(
                mode="abs")),
            ("expression", lambda one: one["panels"][lines]["targets"][0].update(expression="up"))]
        broken = []
        for _, change in breaches:
            broken.append(copy.deepcopy(board))
            change(broken[-1])
        found = "\n".join(check(broken))
        for word, _ in breaches:
            self.assertIn(word, found)

    def test_panels_are_laid_out(self):
        uids = [board["uid"] for board in boards().values()]
        self.assertEqual(len(uids), len(set(uids)))
        for path, board in boards().items():
            taken, ids = set(), set()
            for panel in board["panels"]:
                place = panel["gridPos"]
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(cells & taken, f"{path}: {panel['title']} lies on another")
                self.assertLessEqual(place["x"] + place["w"], 24)
                taken |= cells
                ids.add(panel["id"])
            self.assertEqual(len(board["panels"]), len(ids))

    def test_provisioning_finds_them(self):
        provider, = yaml.safe_load((MONITORING / "grafana/dashboards/ara.yaml").read_text())["providers"]
        self.assertEqual("file", provider["type"])
        self.assertTrue(provider["options"]["foldersFromFilesStructure"])
        source, = yaml.safe_load((MONITORING / "grafana/datasources/prometheus.yaml").read_text())["datasources"]
        for path, board in boards().items():
            for panel in board["panels"]:
                self.assertEqual({"type": source["type"], "uid": source["uid"]}, panel["datasource"], path)


if __name__ == "__main__":
    unittest.main()
