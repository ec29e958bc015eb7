"""Rules on what may not be written, each with what to write instead."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from source import Finding

PURE = ("features", "models", "evaluation")  # rooms without clock, thread, log or I/O
CPP = (".cpp", ".h")


@dataclass(frozen=True)
class Ban:
    """`pattern` must not occur in files of `endings` that lie under `under` but not in `spared`."""

    pattern: str
    instead: str
    under: tuple = ("src/", "tests/", "bench/", "fuzz/")
    spared: tuple = ()
    endings: tuple = CPP
    raw: bool = field(default=False)  # look into comments and strings too

    def covers(self, path):
        return (path.endswith(self.endings) and path.startswith(self.under)
                and not path.startswith(self.spared or ("\0",)))


PURE_FOLDERS = tuple(f"src/{room}/" for room in PURE)

BANS = [
    # Numbers that differ from run to run or machine to machine.
    Ban(r"\b(?:std::)?s?rand\s*\(|\bstd::(?:mt19937\w*|default_random_engine|\w+_distribution)\b",
        "base/rng.h: its numbers are the same on every machine"),
    Ban(r"\b(?:std::)?setlocale\s*\(|\bstd::locale\b", "nothing: no text here depends on a locale"),
    Ban(r"\b(?:system|steady|high_resolution)_clock::now\b|\bclock_gettime\s*\(|\btime\(nullptr\)",
        "a Clock that is handed in (base/clock.h)", ("src/",), ("src/base/",)),
    Ban(r"\b(?:localtime|mktime|gmtime|strftime)\w*\s*\(", "domain/date.h", ("src/",)),
    Ban(r"^[^#\n]*(?:-march=native|-ffast-math|-Ofast)", "nothing: forecasts are the same bits everywhere",
        ("",), ("tests/tidy/",), ("CMakeLists.txt", ".cmake", ".json", ".sh")),
    # Purity of the rooms that compute.
    Ban(r"#include <(?:chrono|thread|mutex|shared_mutex|condition_variable|atomic|future|iostream"
        r"|fstream|filesystem|cstdio|random)>|#include \"base/clock\.h\"|\bstd::(?:j?thread|async)\b",
        "nothing: a pure room has no clock, thread, log or I/O; hand values in", PURE_FOLDERS),
    # Calls with a safer or clearer form.
    Ban(r"\b(?:strcpy|strcat|sprintf|vsprintf|gets|strtok|strncpy)\s*\(", "std::string or std::snprintf"),
    Ban(r"\b(?:std::)?(?:ato[ifl]l?|strto(?:d|f|ld|l|ll|ul|ull)|sto(?:i|l|ll|ul|ull|f|d|ld)|sscanf)\s*\(",
        "the parsers of base/text.h, which take the whole text or give an error", ("src/",)),
    Ban(r"\bstd::c(?:out|err|log)\b|#include <iostream>", "telemetry/log.h, or a command of src/cli/",
        ("src/",), ("src/cli/", "src/onnx/runtime.cpp")),  # the latter silences what a library writes there
    Ban(r"(?<![\w:])(?:std::)?(?:printf|fprintf|puts|fputs|putchar|perror)\s*\(",
        "telemetry/log.h, or a command of src/cli/", ("src/",), ("src/cli/", "src/app/", "src/telemetry/")),
    Ban(r"\bstd::endl\b", "'\\n': endl flushes"),
    Ban(r"\bstd::v?format(?:_to\w*)?\s*\(", "ara::format of base/format.h: 3 s less to compile",
        spared=("src/base/format.cpp",)),
    Ban(r"\busing namespace std\s*;", "the names themselves, or using std::name"),
    Ban(r"\busing namespace\b", "the names themselves: a header must not spill names", ("src/",), (),
        (".h",)),
    # (What a private constructor makes may go to a smart pointer at once. The cells of metrics are
    # published without locks, and the logger outlives every static.)
    Ban(r"^(?!.*\b(?:unique|shared)_ptr<).*(?<!operator )\bnew\s+(?:\([^)]*\)\s*)?[A-Za-z_:]"
        r"|(?<!operator )(?<!= )\bdelete\b(?:\s*\[\])?\s+[\w(*]",
        "std::make_unique, or a container", ("src/",),
        ("src/telemetry/cells.cpp", "src/telemetry/log.cpp")),
    Ban(r"\b(?:malloc|calloc|realloc)\s*\(", "std::vector or std::string", ("src/",)),
    # (SQLite's busy handler must wait in the thread that called it; a draining server looks again.)
    Ban(r"\bsleep_(?:for|until)\b|\b[un]?(?:nano)?sleep\s*\(", "wait on a condition until a Deadline",
        ("src/",), ("src/storage/sqlite", "src/http/server.cpp")),
    Ban(r"\b(?:std::)?(?:exit|_exit|quick_exit)\s*\(", "return an Error", ("src/",),
        ("src/app/", "src/cli/", "src/http/signals.cpp")),  # the second Ctrl-C
    Ban(r"(?<![\w:.>])(?:std::)?(?:system|popen)\s*\(", "nothing: ARA starts no programs", ("src/",)),
    Ban(r"\b(?:std::|secure_)?getenv\s*\(", "a setting: a row in src/config/", ("src/",),
        ("src/config/", "src/cli/output.cpp")),  # the terminal's own variables
    Ban(r"\bstd::regex\b|#include <regex>", "a hand-written scan: std::regex recurses without bound",
        ("src/",)),
    Ban(r"\bconst_cast<|\breinterpret_cast<(?!\s*(?:const\s+)?(?:unsigned\s+|signed\s+)?char\s*\*|\s*const std::uint8_t\*)",
        "a type that says what it is", ("src/domain/", "src/serve/") + PURE_FOLDERS),
    Ban(r"(?<!asm )\bvolatile\b", "std::atomic", ("src/",)),
    # Promises instead of work.
    Ban(r"\b(?:TODO|FIXME|XXX|HACK)\b", "do it, or file an issue", ("",), ("tests/tidy/",),
        (".cpp", ".h", ".py", ".sh", ".md", "dev", "CMakeLists.txt", ".cmake"), raw=True),
    Ban(r"NOLINT\w*(?!\w*\([\w.,-]+\)(?:: | -- | )\S)", "NOLINT(check): the reason", ("",),
        ("tests/tidy/",), CPP, raw=True),
    # Tests that cannot fail, or that are skipped in silence.
    Ban(r"\b(?:EXPECT|ASSERT)_TRUE\(true\)|\b(?:EXPECT|ASSERT)_FALSE\(false\)|\bSUCCEED\(\)"
        r"|\bGTEST_SKIP\(\)\s*;", "a check that can fail; a skip says why", ("tests/",)),
    Ban(r"assertTrue\(True\)|assertFalse\(False\)|@unittest\.skip\b|skipTest\(\)",
        "a check that can fail; a skip says why", ("tests/",), ("tests/tidy/",), (".py",)),
    Ban(r"^\s*except\s*:|\bexcept (?:Base)?Exception:\s*pass", "name the exception", ("",),
        ("tests/tidy/",), (".py",)),
    Ban(r"\bshell=True\b|\bos\.system\(", "a list of arguments", ("",), ("tests/tidy/",), (".py",)),
]

# Spelled in halves, so that this file does not name them.
PRIVATE = re.compile("|".join([
    r"(?<![\w.}$])/ro" "ot/", r"(?<![\w.}$])/ho" r"me/\w", r"(?<![\w.}$])/wo" "rk/", "deb" r"\.debian\.org",
    "ftp" r"[\w.]*\.debian\.org", "registry" r"\.npmjs", "registry" r"\.yarnpkg", "pypi" r"\.org",
    "dl-cdn" r"\.alpine"]))


def banned(tree):
    for ban in BANS:
        pattern = re.compile(ban.pattern, re.M)
        for path in filter(ban.covers, tree.paths):
            cpp = path.endswith(CPP)
            text = tree.code(path) if cpp and not ban.raw else tree.text(path)
            if cpp and "#include" in ban.pattern:  # a quoted include is a literal, and blanked
                text = restore_includes(text, tree.text(path))
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                yield Finding(path, line, f"'{' '.join(match[0].split())}' is banned; instead: {ban.instead}")


def restore_includes(code, text):
    lines, original = code.split("\n"), text.split("\n")
    return "\n".join(o if o.startswith("#include") else c for c, o in zip(lines, original))


def catch_all(tree):
    """catch (...) hides what went wrong: it passes that on, or a comment says why not."""
    for path in tree.select(*CPP):
        lines, original = tree.code(path).split("\n"), tree.text(path).split("\n")
        for number, line in enumerate(lines):
            if re.search(r"\bcatch \(\.\.\.\)", line) and "(" not in lines[number + 1] and not any(
                    "//" in near for near in original[max(0, number - 1): number + 2]):
                yield Finding(path, number + 1, "catch (...) that says neither what nor why")


def private_names(tree):
    """No path of one machine, no host of a package registry. (Tests may make up a home.)"""
    for path in tree.paths:
        for number, line in enumerate(tree.lines(path), 1):
            match = PRIVATE.search(line)
            if match and not (path.startswith("tests/") and match[0].startswith("/ho" "me")):
                yield Finding(path, number, f"'{match[0]}' names a machine's path or a registry's host; "
                              "instead: a variable, or the client's own settings")


def strict_bash(tree):
    """A script that is run, not sourced, stops at the first failure."""
    for path in tree.bash():
        if tree.text(path).startswith("#!") and "set -euo pipefail" not in tree.text(path):
            yield Finding(path, 1, "a script begins with set -euo pipefail")


def test_names(tree):
    """A test file that is not enrolled would never run."""
    for path in tree.select(".cpp", ".py", under="tests/"):
        name = PurePosixPath(path)
        holds = re.search(r"^TEST(?:_[FP])?\(|^class \w+\(unittest\.TestCase\)", tree.text(path), re.M)
        if holds and path.endswith(".py") and not name.stem.endswith("_test"):
            yield Finding(path, 1, "holds tests but is not named *_test.py, so ctest does not run it")
