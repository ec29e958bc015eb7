"""The manifests for Kubernetes: built by `kubectl kustomize`, and checked against the schemas that
npm publishes of their API versions, those of KEDA and CloudNativePG with them."""

import copy
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
K8S = REPOSITORY / "deploy/k8s"
SCHEMAS = REPOSITORY / "deploy/schemas"
ROOTS = ["base", "overlays/dev", "overlays/production", "overlays/production-keda", "queue-delay"]
OURS = {"ara-api", "ara-worker", "ara-backup", "redis"}


def kustomize(root):
    done = subprocess.run(["kubectl", "kustomize", str(K8S / root)], capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise AssertionError(f"{root}: {done.stderr}")
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def schema_modules():
    """The folder of npm packages, downloaded once for each lock file."""
    lock = subprocess.run(["sha256sum", SCHEMAS / "package-lock.json"], check=True, text=True,
                          capture_output=True).stdout[:12]
    cache = Path(os.environ.get("ARA_CACHE", tempfile.gettempdir())) / f"schemas-{lock}"
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run(["bash", str(REPOSITORY / "scripts/web.sh"), str(cache / "node_modules"),
                    "deploy/schemas"], check=True, capture_output=True, text=True, timeout=300)
    return cache / "node_modules"


def check(manifests):
    """What is wrong with the manifests, a line each."""
    with tempfile.TemporaryDirectory(prefix="ara-schemas-") as work:
        done = subprocess.run(["node", str(SCHEMAS / "check.mjs"), str(schema_modules()), work],
                              input=json.dumps(manifests), capture_output=True, text=True, timeout=120)
    if done.stderr:
        raise AssertionError(done.stderr)
    return done.stdout.splitlines()


def pod_specs(manifests):
    """(name, pod's metadata, pod's spec) of whatever makes pods."""
    for one in manifests:
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield one["metadata"]["name"], template.get("metadata", {}), template["spec"]


class KubernetesTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.built = {root: kustomize(root) for root in ROOTS}

    def of(self, root, kind, name=None):
        return [one for one in self.built[root]
                if one["kind"] == kind and name in (None, one["metadata"]["name"])]

    def test_schemas(self):
        manifests = {json.dumps(one, sort_keys=True): one
                     for built in self.built.values() for one in built}
        self.assertGreater(len(manifests), 20)
        self.assertEqual([], check(list(manifests.values())))

    def test_schemas_see_what_is_wrong(self):
        api, = self.of("base", "Deployment", "ara-api")
        scaled = self.of("overlays/production-keda", "ScaledObject")[0]
        cluster, = self.of("base", "Cluster")
        breaches = []

        def breach(manifest, change):
            broken = copy.deepcopy(manifest)
            change(broken["spec"])
            breaches.append(broken)

        breach(api, lambda spec: spec.update(replicas="three"))
        breach(api, lambda spec: spec["template"]["spec"]["containers"][0].update(livenesProbe={}))
        breach(scaled, lambda spec: spec.pop("scaleTargetRef"))
        breach(scaled, lambda spec: spec.update(minReplicas=3))
        breach(cluster, lambda spec: spec.update(instances="many"))
        breach(cluster, lambda spec: spec["backup" if "backup" in spec else "storage"].update(sise="1"))
        found = "\n".join(check([*breaches, {"apiVersion": "v1", "kind": "Pods"}]))
        for word in ("replicas", "livenesProbe", "scaleTargetRef", "minReplicas", "instances", "sise",
                     "no schema of v1 Pods"):
            self.assertIn(word, found)

    def test_each_file_is_part_of_something(self):
        named = set()
        for kustomization in K8S.rglob("kustomization.yaml"):
            text = kustomization.read_text()
            for match in re.findall(r"[\w./-]+", text):
                named.add((kustomization.parent / match.split("=")[-1]).resolve())
        for path in K8S.rglob("*"):
            if path.is_file() and path.name != "kustomization.yaml":
                self.assertIn(path.resolve(), named, "no kustomization names it")
        reached = {(K8S / root).resolve() for root in ROOTS} | named
        for kustomization in K8S.rglob("kustomization.yaml"):
            self.assertIn(kustomization.parent.resolve(), reached, "is built by nothing")

    def test_pods_have_no_rights(self):
        for root in ROOTS:
            for name, _, spec in pod_specs(self.built[root]):
                with self.subTest(f"{root}: {name}"):
                    self.assertTrue(spec["securityContext"]["runAsNonRoot"])
                    self.assertEqual("RuntimeDefault", spec["securityContext"]["seccompProfile"]["type"])
                    self.assertFalse(spec["automountServiceAccountToken"])
                    for container in spec["containers"]:
                        rights = container["securityContext"]
                        self.assertTrue(rights["readOnlyRootFilesystem"])
                        self.assertFalse(rights["allowPrivilegeEscalation"])
                        self.assertEqual(["ALL"], rights["capabilities"]["drop"])
                        self.assertIn("memory", container["resources"]["limits"])
                        self.assertIn("cpu", container["resources"]["requests"])

    def test_secrets_are_named_not_held(self):
        for root in ROOTS:
            self.assertEqual([], self.of(root, "Secret"), root)
        texts = "".join(path.read_text() for path in K8S.rglob("*") if path.is_file())
        self.assertNotRegex(texts, r"(?i)\b(password|secret_key)\s*[:=]\s*[\"']?[a-z0-9]{6,}\b")

    def test_one_autoscaler_at_most(self):
        for root in ROOTS:
            targets = [one["spec"]["scaleTargetRef"]["name"] for kind in
                       ("HorizontalPodAutoscaler", "ScaledObject") for one in self.of(root, kind)]
            self.assertEqual(sorted(set(targets)), sorted(targets), root)
            for name in targets:
                deployment, = self.of(root, "Deployment", name)
                self.assertNotIn("replicas", deployment["spec"], f"{root}: {name}")

    def test_grace_covers_what_it_must(self):
        """The wait before SIGTERM and the 10 s that a server takes at most."""
        api, = self.of("base", "Deployment", "ara-api")
        pod = api["spec"]["template"]["spec"]
        container, = pod["containers"]
        wait = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
        source = (REPOSITORY / "src/http/server.h").read_text()
        drain = int(re.search(r"drain_timeout\{(\d+)\}", source)[1])
        self.assertGreater(pod["terminationGracePeriodSeconds"], wait + drain)

    def test_whoever_is_asked_answers_where_it_is_asked(self):
        """Probes and Prometheus go to the port that the settings name; rules let Prometheus in."""
        for name, setting in (("ara-api", "API_PORT"), ("ara-worker", "METRICS_PORT")):
            deployment, = self.of("base", "Deployment", name)
            template = deployment["spec"]["template"]
            container, = template["spec"]["containers"]
            env = {one["name"]: one.get("value") for one in container["env"]}
            self.assertEqual("0.0.0.0", env["API_HOST"])
            port = int(env.get(setting, 8000))  # API_PORT's default
            self.assertEqual([{"name": "http", "containerPort": port}], container["ports"])
            self.assertEqual({"prometheus.io/scrape": "true", "prometheus.io/port": str(port)},
                             template["metadata"]["annotations"])
            for probe, path in (("startupProbe", "live"), ("livenessProbe", "live"), ("readinessProbe", "ready")):
                self.assertEqual({"path": f"/health/{path}", "port": "http"}, container[probe]["httpGet"])
            rule, = (one["spec"] for one in self.of("base", "NetworkPolicy", name))
            self.assertEqual({"app.kubernetes.io/name": name}, rule["podSelector"]["matchLabels"])
            self.assertIn({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}},
                          rule["ingress"][0]["from"])
            self.assertEqual([{"port": "http"}], rule["ingress"][0]["ports"])

    def test_connections_are_enough_for_all_that_may_be_started(self):
        """However many nodes the autoscalers start, PostgreSQL has connections for them."""
        for root in ROOTS[:-1]:
            settings, = (one["data"] for one in self.of(root, "ConfigMap")
                         if one["metadata"]["name"].startswith("ara-settings"))
            scalers = {one["spec"]["scaleTargetRef"]["name"]: one["spec"].get(
                "maxReplicas", one["spec"].get("maxReplicaCount")) for kind in
                ("HorizontalPodAutoscaler", "ScaledObject") for one in self.of(root, kind)}
            most = sum(scalers.get(name, one["spec"].get("replicas")) for name in
                       ("ara-api", "ara-worker") for one in self.of(root, "Deployment", name))
            self.assertLessEqual(most, int(settings["FLEET_NODES"]), root)
            cluster, = self.of(root, "Cluster")
            allowed = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
            self.assertLessEqual(int(settings["POSTGRES_CONNECTIONS"]) + 20, allowed, root)

    def test_selectors_meet(self):
        """What services, budgets and network rules select is there; each pod of ours has a rule."""
        for root in ROOTS[:-1]:
            labels = [meta["labels"]["app.kubernetes.io/name"] for _, meta, _ in
                      pod_specs(self.built[root])]
            self.assertEqual(OURS, set(labels), root)
            ruled = set()
            for one in self.built[root]:
                text = json.dumps(one["spec"]) if "spec" in one else ""
                for name in re.findall(r'"app.kubernetes.io/name": "([^"]+)"', text):
                    self.assertIn(name, OURS, f"{root}: {one['kind']}/{one['metadata']['name']}")
                if one["kind"] == "NetworkPolicy":
                    ruled.update(name for name in OURS
                                 if f'"{name}"' in json.dumps(one["spec"]["podSelector"]))
            self.assertEqual(OURS, ruled, root)

    def test_floor_of_nodes_holds_the_least_number_of_servers(self):
        script = (REPOSITORY / "deploy/aws/nodegroups.sh").read_text()
        floor = int(re.search(r"floor=(\d+)", script)[1])
        scaler, = self.of("overlays/production", "HorizontalPodAutoscaler")
        self.assertLessEqual(scaler["spec"]["minReplicas"], floor)
        keda, = self.of("overlays/production-keda", "ScaledObject", "ara-api")
        self.assertLessEqual(keda["spec"]["minReplicaCount"], floor)
        for root in ("overlays/production", "overlays/production-keda"):
            for name, _, spec in pod_specs(self.built[root]):
                tolerates = any(one["key"] == "ara/spot" for one in spec.get("tolerations", []))
                self.assertEqual(name in ("ara-api", "ara-worker"), tolerates, f"{root}: {name}")

    def test_queries_are_promql_over_metrics_that_exist(self):
        names = set(re.findall(r'MetricRow\{"(\w+)"',
                               (REPOSITORY / "src/telemetry/names.cpp").read_text()))
        queries = [trigger["metadata"]["query"] for one in
                   self.of("overlays/production-keda", "ScaledObject")
                   for trigger in one["spec"]["triggers"] if trigger["type"] == "prometheus"]
        rules = yaml.safe_load((K8S / "queue-delay/config.yaml").read_text())["rules"]
        queries += [re.sub(r"<<.GroupBy>>", "pod", rule["metricsQuery"]).replace(
            "<<.LabelMatchers>>", 'pod="a"') for rule in rules]
        self.assertEqual(3, len(queries))
        for query in queries:
            for name in re.findall(r"\b(?:ara|http|process)_\w+", query):
                self.assertIn(re.sub(r"_(sum|count|bucket)$", "", name), names)
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump({"groups": [{"name": "x", "rules": [
                {"record": f"r{at}", "expr": query} for at, query in enumerate(queries)]}]}, file)
            file.flush()
            done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        scaler, = self.of("base", "HorizontalPodAutoscaler")
        self.assertIn(rules[0]["name"]["as"], json.dumps(scaler))


if __name__ == "__main__":
    unittest.main()
