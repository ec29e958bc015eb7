"""The container image installs what the program needs, and no more.

Stage `run` of scripts/packages.txt is compared with the libraries that the built program names:
those it is linked with, and those it opens by name when they are first needed.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = os.environ["ARA_BIN"]


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def listed(stage):
    lines = (REPOSITORY / "scripts/packages.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line.split()[1:] == [stage]}


def package_of(library):
    """The Debian package that holds a shared library, given its file."""
    real = os.path.realpath(library)
    for path in (real, real.removeprefix("/usr")):
        found = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    raise AssertionError(f"no package holds {library}")


def with_dependencies(names):
    """The packages and all that they depend on."""
    text = output_of("apt-cache", "depends", "--recurse", "--installed", "--no-recommends",
                     "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
                     "--no-enhances", *sorted(names))
    return set(re.findall(r"^([a-z0-9][\w.+-]*)", text, re.M))


class PackagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if "VERSION_ID=\"13\"" not in Path("/etc/os-release").read_text():
            raise unittest.SkipTest("the image is Debian 13, and this is not")
        files = dict(re.findall(r"^\s+(\S+) => (/\S+)", output_of("ldd", PROGRAM), re.M))
        named = re.findall(r"\(NEEDED\).*\[(.+)\]", output_of("readelf", "-d", PROGRAM))
        opened = re.findall(rb"\0(lib[\w.+-]+\.so\.[\d.]+)\0", Path(PROGRAM).read_bytes())
        known = dict(re.findall(r"^\s+(\S+) \(libc6,x86-64.* => (/\S+)", output_of("ldconfig", "-p"),
                                 re.M))
        cls.opened = {package_of(known[name.decode()]) for name in opened if name.decode() in known}
        cls.direct = {package_of(files[name]) for name in named if name in files} | cls.opened
        cls.loaded = {package_of(file) for file in files.values()} | cls.opened

    def test_every_library_is_installed(self):
        self.assertGreater(len(self.direct), 5)
        self.assertEqual(set(), self.loaded - with_dependencies(listed("run")))

    def test_nothing_else_is_installed(self):
        # Certificates are data: libcurl reads them, nothing links them.
        self.assertEqual({"ca-certificates"}, listed("run") - self.direct)


if __name__ == "__main__":
    unittest.main()
