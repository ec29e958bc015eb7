"""Every command in the documentation works, and prints what the documentation says.

Each ```sh block of README.md and docs/*.md is run by bash in the checkout, with sample bars in a
temporary ARA_HOME, a server of its own in place of localhost:8000 and a fleet of its own. It must exit with 0; a
```text or ```json block right after it must be what it printed, where a line of … stands for any
lines. `<!-- test: skip, REASON -->` before a block leaves it out; docs/RECOVERY.md is followed by
tests/faults/recovery_test.py, which has data to lose. With ARA_UPDATE_DOCS=1 the output
blocks without … are written anew.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = [REPOSITORY / "README.md", *sorted(set((REPOSITORY / "docs").glob("*.md")) -
                                               {REPOSITORY / "docs/RECOVERY.md"})]
MAX_SKIPPED = 3
BLOCK = re.compile(
    r"(?:<!-- test: skip, (?P<skip>[^>]+) -->\n)?```sh\n(?P<script>.*?)```\n"
    r"(?:\n?```(?:text|json)\n(?P<output>.*?)```\n)?", re.S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DocsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="ara-docs-")
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.port = free_port()
        # PostgreSQL, which is not root, must get there: no folder below the other.
        fleet = tempfile.mkdtemp(prefix="ara-docs-fleet-")
        cls.env = os.environ | {"ARA_HOME": cls.home, "ARA_CLUSTER": fleet}
        cls.addClassCleanup(shutil.rmtree, fleet, ignore_errors=True)
        cls.addClassCleanup(subprocess.run, ["./dev", "cluster", "down"], cwd=REPOSITORY, env=cls.env,
                            stdin=subprocess.DEVNULL, check=True)
        importing = ("cd \"$ARA_DIR\"; for part in common build commands; do . scripts/$part.sh; done; "
                     "import_samples")
        subprocess.run(["bash", "-euc", importing], env=cls.env | {"ARA_DIR": str(REPOSITORY)},
                       check=True, stdin=subprocess.DEVNULL)
        cls.server = subprocess.Popen(
            [os.environ["ARA_BIN"], "serve", "--api-port", str(cls.port)], env=cls.env, cwd=cls.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.stop)
        cls.wait_until_ready()

    @classmethod
    def stop(cls):
        cls.server.terminate()
        cls.server.wait(15)

    @classmethod
    def wait_until_ready(cls):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{cls.port}/health/ready", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError("the server did not become ready within 20 s")

    def run_block(self, script):
        script = script.replace("localhost:8000", f"localhost:{self.port}")
        return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=REPOSITORY, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def test_commands_do_what_the_documents_say(self):
        count = 0
        for document in DOCUMENTS:
            text = document.read_text()
            for block in BLOCK.finditer(text):
                if block["skip"]:
                    continue
                count += 1
                with self.subTest(f"{document.name}: {block['script'].strip()}"):
                    done = self.run_block(block["script"])
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                    if block["output"] is not None:
                        self.check_output(document, block["output"], done.stdout)
        self.assertGreaterEqual(count, 4, "the documents hold fewer commands than they should")

    def check_output(self, document, stated, printed):
        stated_lines, printed = trimmed(stated), "\n".join(trimmed(printed))
        pattern = "\n".join("(?:.*\n)*?.*" if line.strip() == "…" else re.escape(line)
                            for line in stated_lines)
        if re.fullmatch(pattern, printed):
            return
        if os.environ.get("ARA_UPDATE_DOCS") and "…" not in stated_lines:
            document.write_text(document.read_text().replace(stated, printed + "\n"))
            return
        self.assertEqual("\n".join(stated_lines), printed)

    def test_few_blocks_are_skipped(self):
        skipped = [f"{d.name}: {b['skip']}" for d in DOCUMENTS
                   for b in BLOCK.finditer(d.read_text()) if b["skip"]]
        self.assertLessEqual(len(skipped), MAX_SKIPPED, skipped)


def trimmed(text):
    return [line.rstrip() for line in text.strip("\n").split("\n")]


if __name__ == "__main__":
    unittest.main()
