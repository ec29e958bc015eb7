"""The style as a test: the repository keeps every rule, and every rule can fail."""

import tempfile
import unittest
from pathlib import Path

import bans
import structure
from samples import BREACHES, CLEAN
from source import Tree, cpp_functions

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = [
    structure.file_length, structure.function_length, structure.room_order,
    structure.room_includes, structure.include_cycles, structure.orphans, structure.namespaces,
    structure.header_guards, structure.layout, structure.package_list, structure.doc_links,
    bans.banned, bans.catch_all, bans.private_names, bans.strict_bash, bans.test_names]


class RepositoryTest(unittest.TestCase):
    """The tree as it is."""

    tree = Tree.of_repository(REPOSITORY)

    def check(self, rule):
        findings = sorted(set(rule(self.tree)))
        if findings:
            self.fail(f"{len(findings)} findings:\n" + "\n".join(map(str, findings)))

    def test_holds_sources(self):
        self.assertGreater(len(self.tree.select(".cpp", under="src/")), 10)
        self.assertIn("base", self.tree.room_table())


for _rule in RULES:
    setattr(RepositoryTest, f"test_{_rule.__name__}", lambda self, rule=_rule: self.check(rule))


class RuleTest(unittest.TestCase):
    """Small trees that break one rule each, to show that the rules see it."""

    def findings(self, rule, files):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                target = Path(folder) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, newline="")
            return list(rule(Tree.of_folder(folder)))

    def test_clean_tree_has_no_findings(self):
        for rule in RULES:
            with self.subTest(rule.__name__):
                self.assertEqual([], [str(f) for f in self.findings(rule, CLEAN)])

    def test_each_breach_is_seen_by_its_rule_and_place(self):
        for rule, path, text, line in BREACHES:
            with self.subTest(f"{rule}: {text[:60]!r}"):
                function = next(r for r in RULES if r.__name__ == rule)
                found = self.findings(function, CLEAN | {path: text})
                self.assertTrue(found, "not seen")
                self.assertIn((path, line), [(f.path, f.line) for f in found])

    def test_each_rule_has_a_breach(self):
        self.assertEqual({r.__name__ for r in RULES}, {rule for rule, *_ in BREACHES})

    def test_each_ban_has_a_breach(self):
        texts = [text for rule, _, text, _ in BREACHES if rule == "banned"]
        for ban in bans.BANS:
            with self.subTest(ban.pattern):
                alone = self.only(ban, texts)
                self.assertTrue(alone, "no sample in samples.py breaks this ban")

    def only(self, ban, texts):
        every = bans.BANS
        try:
            bans.BANS = [ban]
            return [text for rule, path, text, _ in BREACHES
                    if rule == "banned" and self.findings(bans.banned, {path: text})]
        finally:
            bans.BANS = every


class IncludeDirectionTest(unittest.TestCase):
    """Turning a real include of the repository the wrong way is seen."""

    def test_lower_room_including_an_upper_one(self):
        tree = Tree.of_repository(REPOSITORY)
        table = tree.room_table()
        upper = list(table)[-1]
        header = next(p for p in tree.select(".h", under=f"src/{upper}/"))
        victim = next(p for p in tree.select(".h", under="src/domain/"))
        with tempfile.TemporaryDirectory() as folder:
            for path in tree.select(".h", ".cpp", "CMakeLists.txt", under="src/"):
                target = Path(folder) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                text = tree.text(path)
                if path == victim:
                    text += f'#include "{header.removeprefix("src/")}"\n'
                target.write_text(text)
            found = [str(f) for f in structure.room_includes(Tree.of_folder(folder))]
        self.assertTrue(any(f.startswith(victim) and "domain may not include" in f for f in found), found)


class FunctionFinderTest(unittest.TestCase):
    """The function rule depends on finding bodies in real C++."""

    def test_names_and_lines(self):
        code = "\n".join([
            "namespace a {", "struct S : B {", "  S() : x_{1}, y_(2) {", "    f({1, 2});", "  }",
            "  int x_{0};", "};", "constexpr int kTable[] = {", "    1, 2,", "};",
            "template <class T>", "auto g(T t, Options o = {}) -> int {", "  auto l = [&] {",
            "    if (t) {", "    }", "  };", "  return l();", "}", "}  // namespace a", ""])
        self.assertEqual([(3, 5, "S"), (11, 18, "g")], sorted(cpp_functions(code)))


if __name__ == "__main__":
    unittest.main()
