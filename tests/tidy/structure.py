"""Rules on the shape of the tree: sizes, rooms and their includes, orphans, layout, links."""

import re
from pathlib import Path, PurePosixPath

from source import Finding, bash_functions, cpp_functions, python_functions

MAX_FILE = 400
MAX_FUNCTION = 70
TOP_LEVEL = {
    ".ci", ".clang-format", ".clang-tidy", ".editorconfig", ".gitignore", "CHANGELOG.md",
    "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "LICENSE", "README.md", "bench",
    "cmake", "deploy", "dev", "docs", "fuzz", "samples", "scripts", "src", "tests", "web"}


def file_length(tree):
    for path in tree.sources():
        count = len(tree.lines(path))
        if count > MAX_FILE:
            yield Finding(path, count, f"{count} lines, {MAX_FILE} are allowed: split it by what it does")


def function_length(tree):
    for path in tree.sources():
        if path.endswith((".cpp", ".h")):
            found = cpp_functions(tree.code(path))
        elif path.endswith(".py"):
            found = python_functions(tree.text(path))
        elif path in tree.bash():
            found = bash_functions(tree.text(path))
        else:
            continue
        for first, last, name in found:
            if last - first + 1 > MAX_FUNCTION:
                yield Finding(path, first, f"{name} has {last - first + 1} lines, {MAX_FUNCTION} are "
                              "allowed: name its parts")


def room_order(tree):
    """Each room may name only rooms declared above it, so the house has one direction."""
    seen = []
    for room, lower in tree.room_table().items():
        for name in lower:
            if name not in seen:
                yield Finding("src/CMakeLists.txt", 1, f"ara_room({room}) names {name}, which is not "
                              "declared above it: only lower rooms may be used")
        seen.append(room)


def room_includes(tree):
    """Every #include of a room must be allowed by its ara_room line, and every name there used."""
    table = tree.room_table()
    used = {room: set() for room in table}
    for path in tree.select(".cpp", ".h", under="src/"):
        room = PurePosixPath(path).parts[1]
        for line, name in tree.includes(path):
            target = name.split("/")[0]
            if room == target == "app":
                continue
            if target not in table or "/" not in name:
                yield Finding(path, line, f'"{name}" is not "room/file.h"')
            elif room in table and target != room:
                used[room].add(target)
                if target not in table[room]:
                    yield Finding(path, line, f'{room} may not include "{name}": its ara_room line '
                                  f"allows {', '.join(table[room]) or 'no other room'}")
    for room, lower in table.items():
        for name in lower:
            if name not in used[room]:
                yield Finding("src/CMakeLists.txt", 1, f"ara_room({room}) names {name}, which it never "
                              "includes: take it out")


def include_cycles(tree):
    graph = {}
    for path in tree.select(".cpp", ".h", under="src/"):
        names = ["src/" + name for _, name in tree.includes(path)]
        graph[path] = [name for name in names if name in tree.paths]
    done, trail = set(), []

    def visit(path):
        if path in trail:
            return trail[trail.index(path):] + [path]
        if path in done:
            return None
        trail.append(path)
        for target in graph.get(path, []):
            if cycle := visit(target):
                return cycle
        trail.pop()
        done.add(path)
        return None

    for path in graph:
        if cycle := visit(path):
            yield Finding(cycle[0], 1, "includes itself: " + " -> ".join(cycle))
            return


def orphans(tree):
    """No header that nobody includes, no source outside a room, nothing at an unknown place."""
    table = tree.room_table()
    included = {name for path in tree.select(".cpp", ".h") for _, name in tree.includes(path)}
    for path in tree.select(".cpp", ".h", under="src/"):
        parts = PurePosixPath(path).parts
        if len(parts) != 3 or parts[1] not in {*table, "app"}:
            yield Finding(path, 1, "lies in no room: src/ROOM/file, with an ara_room(ROOM …) line")
        elif path.endswith(".h") and path.removeprefix("src/") not in included:
            yield Finding(path, 1, "no file includes this header: use it or delete it")
        elif parts[1] == "app" and path.endswith(".cpp") and (
                path.removeprefix("src/") not in tree.text("src/CMakeLists.txt")):
            yield Finding(path, 1, "is built into nothing: name it in src/CMakeLists.txt")
    for path in tree.select("", under="tests/unit/"):
        if PurePosixPath(path).parts[2] not in table:
            yield Finding(path, 1, "tests/unit mirrors the rooms of src/, and this is none")
    for path in tree.paths:
        if PurePosixPath(path).parts[0] not in TOP_LEVEL:
            yield Finding(path, 1, "is at an unknown place: see docs/ARCHITECTURE.md for the folders")


def namespaces(tree):
    """One folder is one namespace."""
    for path in tree.select(".cpp", ".h", under="src/"):
        room = PurePosixPath(path).parts[1]
        if room == "app":
            continue
        own = "ara" if room == "base" else f"ara::{room}"
        opened = re.findall(r"^namespace (\w[\w:]*) \{", tree.code(path), re.M)
        if own not in opened:
            yield Finding(path, 1, f"opens no namespace {own}, the one of its folder")


def header_guards(tree):
    for path in tree.select(".h"):
        if "#pragma once" not in tree.lines(path):
            yield Finding(path, 1, "a header begins with #pragma once")


def layout(tree):
    """What an editor should do by itself; see .editorconfig."""
    for path in tree.paths:
        text = tree.text(path)
        if not text or path.startswith("fuzz/corpus/"):
            continue
        if "\r" in text:
            yield Finding(path, 1, "has CR line ends: LF only")
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield Finding(path, len(tree.lines(path)), "must end with one newline")
        for number, line in enumerate(tree.lines(path), 1):
            if line != line.rstrip():
                yield Finding(path, number, "trailing white space")
            if "\t" in line:
                yield Finding(path, number, "a tab: indent with spaces")


def package_list(tree):
    """scripts/packages.txt: `name stage`, each name once, the stages one block each, in order."""
    path, order = "scripts/packages.txt", ["run", "build", "test", "bench", "fleet"]
    seen, at = set(), 0
    for number, line in enumerate(tree.lines(path) if path in tree.paths else [], 1):
        if not line or line.startswith("#"):
            continue
        name, *stage = line.split()
        if len(stage) != 1 or stage[0] not in order or not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name):
            yield Finding(path, number, f"'{line}' is not `name stage` with a stage of {order}")
            continue
        if name in seen:
            yield Finding(path, number, f"{name} is listed twice")
        if order.index(stage[0]) < at:
            yield Finding(path, number, f"{name}: the stages come in the order {order}")
        seen.add(name)
        at = max(at, order.index(stage[0]))


def doc_links(tree):
    """Links and paths in the documentation lead somewhere."""
    known = set(tree.paths) | {str(parent) for p in tree.paths for parent in PurePosixPath(p).parents}
    for path in tree.select(".md"):
        for number, line in enumerate(tree.lines(path), 1):
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                base = Path(path).parent
                resolved = str(PurePosixPath(_normal(base / target)))
                if resolved not in known:
                    yield Finding(path, number, f"the link to {target} leads nowhere")
            for target in re.findall(r"`((?:src|tests|docs|scripts|bench|fuzz|deploy|samples)/[\w./-]+)`",
                                     line):
                if not re.search(r"[A-Z]{3}", target) and _normal(Path(target)) not in known:
                    yield Finding(path, number, f"there is no {target}")


def _normal(path):
    parts = []
    for part in path.parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or "."
