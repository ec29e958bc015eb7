"""Every file under deploy/ is checked by the tool that it is written for.

CHECKS says for each file which check of this module that is, or which other test works with it. A file
that no line covers fails the test, and so does a line that covers nothing.
"""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
ARA = os.path.abspath(os.environ["ARA_BIN"])
# What nodes of a fleet are told, beside what `ara help settings` knows.
FLEET = {"POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD",
         "REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD"}

CHECKS = {
    "docker/Dockerfile": "faults/image_test.py",
    "docker/Dockerfile.dockerignore": "faults/image_test.py",
    "docker/entrypoint.sh": "faults/image_test.py",
    "docker/build.sh": "faults/image_test.py",
    "docker/own-root.sh": "faults/image_test.py",
    "compose.yaml": "compose",
    "compose/.gitignore": "ignored_secrets",
    "compose/secrets.sh": "secrets_script",
    "compose/nginx/nginx.conf": "integration/deploy_nginx_test.py",
    "compose/nginx/upstream.conf": "integration/deploy_nginx_test.py",
    "compose/postgres/*": "integration/deploy_stores_test.py",
    "monitoring/*": "integration/monitoring_test.py",
    "swarm/stack.yaml": "swarm",
    "swarm/upstream.conf": "integration/deploy_nginx_test.py",
    "k8s/base/redis/*": "integration/deploy_stores_test.py",
    "k8s/base/settings.env": "environment",
    "k8s/*.yaml": "integration/deploy_k8s_test.py",
    "schemas/dashboards.mjs": "integration/monitoring_test.py",
    "schemas/*": "integration/deploy_k8s_test.py",
    "aws/alb.sh": "integration/deploy_aws_test.py",
    "aws/nodegroups.sh": "integration/deploy_aws_test.py",
    "systemd/*.service": "unit",
    "systemd/*.timer": "unit",
    "systemd/ara.env": "environment",
}
# The parts of a fleet that `./dev cluster` starts: its tests start the real servers with these.
CLUSTER = ("ara/", "local/", "patroni/", "etcd/", "pgbouncer/", "redis/", "nginx/", "pgbackrest/")
MOST_EXPOSED = 1.5  # of systemd-analyze, which goes from 0 to 10


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def shipped():
    """The files under deploy/ that git has or would have, from there."""
    listed = run("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others",
                 "--exclude-standard", "deploy", cwd=REPOSITORY, check=True).stdout
    return sorted(path.removeprefix("deploy/") for path in listed.splitlines()
                  if (REPOSITORY / path).is_file())


def settings_known():
    text = run(ARA, "help", "settings", check=True).stdout
    return set(re.findall(r"^([A-Z][A-Z_]+)  ", text, re.M)) | FLEET


class DeployTest(unittest.TestCase):
    maxDiff = None

    def rule_of(self, path):
        return next((rule for rule in CHECKS if fnmatch.fnmatch(path, rule)), None)

    def test_every_file_is_checked(self):
        used = set()
        for path in shipped():
            if path.startswith(CLUSTER):
                continue
            with self.subTest(path):
                rule = self.rule_of(path)
                self.assertIsNotNone(rule, "nothing checks this file: add it to CHECKS")
                used.add(rule)
                if CHECKS[rule].endswith(".py"):
                    self.check_named(path, CHECKS[rule])
                else:
                    getattr(self, "check_" + CHECKS[rule])(DEPLOY / path)
        self.assertEqual(set(CHECKS), used, "a line of CHECKS covers no file")

    def check_named(self, path, test):
        """The other test works with the file: it names it, or the folder that it walks."""
        text = (REPOSITORY / "tests" / test).read_text()
        parts = Path(path).parts
        self.assertTrue(any(f'"{name}' in text or f'/{name}' in text for name in
                            (parts[-1], *parts[:-1])), f"{test} does not name it")

    def test_a_new_file_is_seen(self):
        for path in ("compose/new.yaml", "docker/other.sh", "aws/new.sh", "new/file", "systemd/x.socket"):
            self.assertIsNone(self.rule_of(path), path)

    # ---- compose, swarm -------------------------------------------------------------------------

    def check_compose(self, path):
        done = run("docker-compose", "-f", str(path), "config", "--format", "json")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        services = json.loads(done.stdout)["services"]
        wanted = {"api-1", "api-2", "worker", "postgres", "postgres-replica", "nginx", "prometheus",
                  "alertmanager", "grafana", *(f"redis-{n}" for n in range(1, 7))}
        self.assertEqual(set(), wanted - set(services))
        for name, service in services.items():
            with self.subTest(name):
                self.check_service(name, service)
                self.assertTrue(service.get("healthcheck", {}).get("disable") or "healthcheck" in service
                                or service["image"] == "ara", "has no health check")
                self.check_files_of(service)
        nodes = [one for one in services.values() if one["image"] == "ara"]
        self.assertEqual({str(len(nodes))}, {one["environment"]["FLEET_NODES"] for one in nodes})
        secrets = json.loads(done.stdout)["secrets"]
        made = self.made_secrets()
        self.assertEqual(made, {Path(one["file"]).name for one in secrets.values()})

    def check_service(self, name, service):
        limits = service["deploy"]["resources"]["limits"]
        self.assertTrue({"memory", "cpus"} <= set(limits), limits)
        self.assertTrue(service["read_only"])
        self.assertEqual(["ALL"], service["cap_drop"])
        for key, value in (service.get("environment") or {}).items():
            if re.search("PASSWORD|SECRET", key):
                self.assertIn("_FILE", key, "a secret in the settings")
                self.assertTrue(value.startswith("/run/secrets/"))
        if service["image"] == "ara":
            self.check_settings(service["environment"])

    def check_files_of(self, service):
        """What is mounted from here exists: Docker would make a folder of that name."""
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                self.assertTrue(Path(volume["source"]).exists(), volume["source"])

    def check_settings(self, environment):
        names = {name.removesuffix("_FILE") for name in environment}
        self.assertEqual(set(), names - settings_known())
        given = {name: str(value) for name, value in environment.items()
                 if not name.endswith("_FILE") and name not in FLEET}
        with tempfile.TemporaryDirectory() as home:
            done = run(ARA, "config", "show", cwd=home, env=given | {"ARA_HOME": home})
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def check_swarm(self, path):
        needed = {"ARA_IMAGE": "ara:1", "POSTGRES_HOST": "db", "REDIS_HOST": "redis"}
        env = os.environ | needed
        done = run("docker", "stack", "config", "-c", str(path), env=env)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        stack = yaml.safe_load(done.stdout)
        compose = run("docker-compose", "-f", str(path), "config", "-q", env=env)
        self.assertEqual((0, ""), (compose.returncode, compose.stderr))
        for name, service in stack["services"].items():
            with self.subTest(name):
                self.check_service(name, service)
                update = service["deploy"]["update_config"]
                self.assertEqual("rollback", update["failure_action"])
        for missing in needed:
            refused = run("docker", "stack", "config", "-c", str(path),
                          env={name: value for name, value in env.items() if name != missing})
            self.assertNotEqual(0, refused.returncode, f"has a value for {missing} of its own")

    def made_secrets(self):
        with tempfile.TemporaryDirectory() as folder:
            script = str(DEPLOY / "compose/secrets.sh")
            subprocess.run(["bash", script, folder], check=True)
            return {path.name for path in Path(folder).iterdir()}

    def check_secrets_script(self, path):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["bash", str(path), folder + "/new", "ara.example.com"], check=True)
            made = {one.name: one.read_text() for one in Path(folder, "new").iterdir()}
            subprocess.run(["bash", str(path), folder + "/new"], check=True)
            self.assertEqual(made, {one.name: one.read_text() for one in Path(folder, "new").iterdir()})
            shown = run("openssl", "x509", "-in", folder + "/new/tls.crt", "-noout", "-ext",
                        "subjectAltName", check=True).stdout
            self.assertIn("DNS:ara.example.com", shown)
            self.assertEqual(0o700, Path(folder, "new").stat().st_mode & 0o777)
        passwords = [text for name, text in made.items() if not name.startswith("tls.")]
        self.assertEqual(len(passwords), len(set(passwords)))
        self.assertTrue(all(len(text) == 64 for text in passwords))

    def check_ignored_secrets(self, path):
        done = run("git", "-c", "safe.directory=*", "check-ignore", "deploy/compose/secrets/x",
                   cwd=REPOSITORY)
        self.assertEqual(0, done.returncode, f"{path.name} lets secrets into git")

    # ---- systemd --------------------------------------------------------------------------------

    def check_unit(self, path):
        with tempfile.TemporaryDirectory() as root:
            units = Path(root, "etc/systemd/system")
            shutil.copytree(DEPLOY / "systemd", units)
            shutil.copytree("/usr/lib/systemd/system", Path(root, "usr/lib/systemd/system"),
                            symlinks=True)
            program = Path(root, "usr/local/bin/ara")
            program.parent.mkdir(parents=True)
            shutil.copy(ARA, program)
            done = run("systemd-analyze", "verify", f"--root={root}", "--man=no", path.name)
            self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))
            if path.suffix == ".service":
                done = run("systemd-analyze", "security", "--offline=true", f"--root={root}",
                           f"--threshold={int(MOST_EXPOSED * 10)}", path.name)
                self.assertEqual(0, done.returncode, done.stdout[-200:])
            else:
                calendar = re.search(r"OnCalendar=(.+)", path.read_text())[1]
                done = run("systemd-analyze", "calendar", "--iterations=3", calendar)
                self.assertEqual(0, done.returncode, done.stderr)
        self.check_command(path)

    def check_command(self, path):
        """What the unit starts is a command."""
        command = re.search(r"ExecStart=/usr/local/bin/ara (\w+)", path.read_text())
        if command:
            self.assertEqual(0, run(ARA, command[1], "--help").returncode, command[1])

    def check_environment(self, path):
        lines = [line.lstrip("#") for line in path.read_text().splitlines()
                 if re.match(r"#?[A-Z_]+=", line)]
        self.check_settings(dict(line.split("=", 1) for line in lines if line.split("=", 1)[1]))
        for line in lines:
            if re.match(r"[A-Z_]*(SECRET_KEY|PASSWORD)=", line):
                self.assertTrue(line.endswith("="), "a secret that everyone knows")


if __name__ == "__main__":
    unittest.main()
