"""The container image. In the short form: what its Dockerfile says, and its entrypoint and health
check with the built program. With ARA_LONG=1 the image is built, with buildah from a Debian 13 root,
weighed, and run by runc on a read-only root without rights; ARA_IMAGE_OUT names a folder that
deploy/docker/build.sh has filled, to do without building again.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKER = REPOSITORY / "deploy/docker"
ARA = os.path.abspath(os.environ["ARA_BIN"])
LONG = os.environ.get("ARA_LONG") == "1"
MOST_BYTES = 200_000_000

sys.path.insert(0, str(REPOSITORY / "tests/integration"))
from http_server import Server, free_port, make_csv  # noqa: E402


def instructions(text):
    """(name, rest) of each instruction; comments gone, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    joined = re.sub(r"\\\n", " ", text)
    return [tuple(line.strip().split(None, 1)) for line in joined.splitlines() if line.strip()]


def health_check():
    rest = next(rest for name, rest in instructions((DOCKER / "Dockerfile").read_text())
                if name == "HEALTHCHECK")
    return json.loads(rest[rest.index("["):])


class DockerfileTest(unittest.TestCase):
    def setUp(self):
        self.found = instructions((DOCKER / "Dockerfile").read_text())
        starts = [at for at, (name, _) in enumerate(self.found) if name == "FROM"]
        self.build, self.final = self.found[:starts[1]], self.found[starts[1]:]

    def of(self, stage, name):
        return [rest for one, rest in stage if one == name]

    def test_two_stages_of_debian_13(self):
        self.assertEqual(["debian:trixie-slim AS build", "debian:trixie-slim"],
                         self.of(self.found, "FROM"))

    def test_each_stage_installs_its_own_packages(self):
        for stage, name in ((self.build, "build"), (self.final, "run")):
            install, = (rest for rest in self.of(stage, "RUN") if "apt-get install" in rest)
            self.assertIn(f'$2 == "{name}"', install)
            self.assertIn("--no-install-recommends", install)

    def test_runs_without_rights(self):
        user, = self.of(self.final, "USER")
        self.assertRegex(user, r"^[1-9]\d{3,}:[1-9]\d{3,}$")
        last = [name for name, _ in self.final]
        self.assertGreater(last.index("USER"), len(last) - 1 - last[::-1].index("RUN"))

    def test_holds_no_secret(self):
        for name in ("ENV", "ARG"):
            for rest in self.of(self.found, name):
                self.assertNotRegex(rest, "(?i)secret|password|token")
        ignored = (DOCKER / "Dockerfile.dockerignore").read_text().split()
        for name in (".git", ".env", "ara.toml", "build", "deploy/compose/secrets"):
            self.assertIn(name, ignored)

    def test_health_check_asks_whether_it_is_ready(self):
        server = Server()
        check = subprocess.run(health_check(), env=server.env, capture_output=True, timeout=10)
        status, _ = server.stop()
        self.assertEqual((0, 0), (check.returncode, status), check.stderr)
        gone = subprocess.run(health_check(), env=server.env, capture_output=True, timeout=10)
        self.assertNotEqual(0, gone.returncode)


class EntrypointTest(unittest.TestCase):
    """It takes secrets from files, and starts the program."""

    def run_it(self, *arguments, **settings):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(ARA, folder + "/ara")
            env = {"PATH": folder + ":" + os.environ["PATH"], "ARA_HOME": folder + "/home", **settings}
            return subprocess.run([str(DOCKER / "entrypoint.sh"), *arguments], env=env, cwd=folder,
                                  capture_output=True, text=True, timeout=30)

    def test_secrets_come_from_files(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("0123456789abcdef" * 3 + "\n")
            file.flush()
            done = self.run_it("config", "show", JWT_SECRET_KEY_FILE=file.name)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertRegex(done.stdout, r"JWT_SECRET_KEY\b.*\(secret\).*environment")
            both = self.run_it("--version", JWT_SECRET_KEY_FILE=file.name, JWT_SECRET_KEY="x" * 32)
            self.assertEqual(2, both.returncode)
            self.assertIn("JWT_SECRET_KEY_FILE", both.stderr)

    def test_a_file_that_is_not_there_is_an_error(self):
        done = self.run_it("--version", POSTGRES_PASSWORD_FILE="/none")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("/none", done.stderr)

    def test_without_files_it_just_starts(self):
        done = self.run_it("--version")
        self.assertEqual((0, "ara"), (done.returncode, done.stdout.split()[0]))


@unittest.skipUnless(LONG, "the image is built in the long form: ARA_LONG=1")
class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = Path(os.environ.get("ARA_IMAGE_OUT") or tempfile.mkdtemp(prefix="ara-image-"))
        if "ARA_IMAGE_OUT" not in os.environ:
            cls.addClassCleanup(cls.clean)
            subprocess.run([str(DOCKER / "build.sh"), str(cls.out)], check=True, timeout=3000,
                           stdout=subprocess.DEVNULL)
        cls.config = json.loads((cls.out / "image.json").read_text())["Docker"]["config"]

    @classmethod
    def clean(cls):
        subprocess.run(["rm", "-rf", "--one-file-system", str(cls.out)], check=False)

    def test_weight(self):
        manifest = json.loads((self.out / "image/manifest.json").read_text())
        layers = [layer["size"] for layer in manifest["layers"]]
        print(f"image: {sum(layers) / 1e6:.1f} MB compressed, layers of "
              + ", ".join(f"{size / 1e6:.1f}" for size in layers))
        self.assertLessEqual(sum(layers), MOST_BYTES)

    def test_configuration(self):
        self.assertEqual("10001:10001", self.config["User"])
        self.assertEqual(["CMD", *health_check()], self.config["Healthcheck"]["Test"])
        self.assertEqual(["ara-entrypoint"], self.config["Entrypoint"])
        self.assertIn("/var/lib/ara", self.config["Volumes"])

    def container(self, name, arguments, port=8000):
        """The arguments of runc for a container as Kubernetes would run it; /data is a new folder."""
        bundle = self.out / "bundle"
        data = Path(tempfile.mkdtemp(prefix=f"data-{name}-", dir=self.out))
        os.chown(data, 10001, 10001)
        (bundle / "config.json").unlink(missing_ok=True)
        subprocess.run(["runc", "spec"], cwd=bundle, check=True)
        spec = json.loads((bundle / "config.json").read_text())
        spec["root"] = {"path": "rootfs", "readonly": True}
        environment = [f"{one}" for one in self.config["Env"] if not one.startswith("API_PORT")]
        spec["process"] |= {
            "terminal": False, "user": {"uid": 10001, "gid": 10001}, "cwd": "/var/lib/ara",
            "args": arguments, "rlimits": [], "noNewPrivileges": True,
            "capabilities": {kind: [] for kind in spec["process"]["capabilities"]},
            "env": [*environment, f"API_PORT={port}", "JWT_SECRET_KEY=" + "x" * 32]}
        # The network of this machine, so that the test reaches it; no limits, which are not ours to set.
        spec["linux"]["namespaces"] = [one for one in spec["linux"]["namespaces"]
                                       if one["type"] not in ("network", "cgroup")]
        spec["mounts"] = [one for one in spec["mounts"] if one["type"] != "cgroup"] + [
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
             "options": ["size=64m", "mode=1777"]},
            {"destination": "/var/lib/ara", "type": "bind", "source": str(data), "options": ["bind"]}]
        (bundle / "config.json").write_text(json.dumps(spec))
        self.data = data
        return [str(DOCKER / "own-root.sh"), "runc", "--root", str(self.out / "runc"), "run",
                "--bundle", str(bundle), f"ara-{os.getpid()}-{name}"]

    def enter(self, command):
        """Runs something in a container. Not `runc exec`: where / was a chroot's, that enters the
        machine's own root."""
        state = subprocess.run([*command[1:4], "state", command[-1]], check=True, capture_output=True)
        pid = str(json.loads(state.stdout)["pid"])
        spec = json.loads((self.out / "bundle/config.json").read_text())
        return ["nsenter", "--target", pid, "--mount", "--root", "--wd", "--ipc", "--uts", "--setgid",
                "10001", "--setuid", "10001", "env", "-i", *spec["process"]["env"]]

    def run_it(self, name, *arguments):
        return subprocess.run(self.container(name, list(arguments)), capture_output=True, text=True,
                              timeout=60)

    def test_version_and_commands(self):
        done = self.run_it("version", "ara-entrypoint", "--version")
        self.assertEqual((0, "ara"), (done.returncode, done.stdout[:3]), done.stderr)

    def test_every_library_is_there(self):
        done = self.run_it("ldd", "ldd", "/usr/local/bin/ara")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn("not found", done.stdout)

    def test_program_knows_redis(self):
        """Where the client's source cannot be had, the program is built without: no image of a fleet."""
        program = (self.out / "bundle/rootfs/usr/local/bin/ara").read_bytes()
        self.assertIn(b"CLUSTER SLOTS", program, "what only the client's library says")

    def test_root_is_read_only(self):
        done = self.run_it("touch", "bash", "-c", "id -u; touch /tmp/a /var/lib/ara/a && touch /usr/b")
        self.assertNotEqual(0, done.returncode)
        self.assertEqual("10001", done.stdout.strip())
        self.assertIn("Read-only file system", done.stderr)

    def test_serves_forecasts_and_stops(self):
        port = free_port()
        command = self.container("serve", [*self.config["Entrypoint"], *self.config["Cmd"]], port)
        csv = self.data / "bars.csv"
        make_csv(csv)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        first = process.stdout.readline()
        self.assertIn("Serving", first, process.stderr.read() if not first else "")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            self.assertEqual(200, answer.status)
        inside = self.enter(command)
        check = subprocess.run([*inside, *health_check()], capture_output=True, text=True, timeout=20)
        self.assertEqual(0, check.returncode, check.stderr)
        for arguments in (["import", "--symbol", "AAPL", "/var/lib/ara/bars.csv"],
                          ["predict", "AAPL", "-d", "3"]):
            done = subprocess.run([*inside, "ara-entrypoint", *arguments], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(0, done.returncode, done.stderr)
        stop = time.monotonic()
        subprocess.run([*command[1:4], "kill", command[-1], "TERM"], check=True)
        self.assertEqual(0, process.wait(15))
        self.assertLess(time.monotonic() - stop, 10)


if __name__ == "__main__":
    unittest.main()
