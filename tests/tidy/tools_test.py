"""What the languages' own tools say of the sources: layout, shell and Python syntax."""

import shutil
import subprocess
import unittest
from pathlib import Path

from source import Tree

REPOSITORY = Path(__file__).resolve().parents[2]


class ToolsTest(unittest.TestCase):
    tree = Tree.of_repository(REPOSITORY)

    def run_tool(self, command, files):
        self.assertTrue(shutil.which(command[0]), f"{command[0]} is not installed")
        self.assertTrue(files)
        done = subprocess.run([*command, *files], cwd=REPOSITORY, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}")

    def test_clang_format(self):
        """`./dev format` repairs what this finds."""
        self.run_tool(["clang-format-19", "--dry-run", "--Werror"], self.tree.select(".cpp", ".h"))

    def test_shellcheck(self):
        self.run_tool(["shellcheck", "--external-sources", "--shell=bash"], self.tree.bash())

    def test_python_compiles(self):
        for path in self.tree.select(".py"):
            with self.subTest(path):
                compile(self.tree.text(path), path, "exec")


if __name__ == "__main__":
    unittest.main()
