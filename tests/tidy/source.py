"""The tree that the style tests look at: its files, and C++ without comments and strings."""

import ast
import functools
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

CODE = (".cpp", ".h", ".py", ".sh", ".cmake")


@dataclass(frozen=True, order=True)
class Finding:
    """A breach of the style: where, what, and what to do instead."""

    path: str
    line: int
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}"


class Tree:
    """The text files of a source tree, by path from its root."""

    def __init__(self, root, paths):
        self.root = Path(root)
        self.paths = sorted(paths)

    @classmethod
    def of_repository(cls, root):
        """All files that git tracks or would track."""
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            cwd=root, check=True, capture_output=True).stdout.decode()
        return cls(root, [p for p in listed.split("\0") if p and (Path(root) / p).is_file()])

    @classmethod
    def of_folder(cls, root):
        """All files below a folder that need not be a repository."""
        found = []
        for folder, _, names in os.walk(root):
            found += [str((Path(folder) / name).relative_to(root)) for name in names]
        return cls(root, found)

    @functools.cache
    def text(self, path):
        """The file's text; empty for what is not text."""
        try:
            return (self.root / path).read_bytes().decode()
        except UnicodeDecodeError:
            return ""

    def lines(self, path):
        return self.text(path).splitlines()

    @functools.cache
    def code(self, path):
        """C++ text of the same length and lines, comments and contents of literals blanked."""
        return blank(self.text(path))

    def select(self, *endings, under=""):
        return [p for p in self.paths if p.endswith(endings) and p.startswith(under)]

    def sources(self):
        """Everything written by hand in a programming language."""
        return self.select(*CODE) + [p for p in ("dev", ".ci/run") if p in self.paths] + [
            p for p in self.paths if p.endswith("CMakeLists.txt")]

    def bash(self):
        return [p for p in self.sources() if p.endswith(".sh") or p in ("dev", ".ci/run")]

    def includes(self, path):
        """(line, name) of each #include with quotes."""
        for number, line in enumerate(self.lines(path), 1):
            if found := re.match(r'\s*#\s*include\s+"([^"]+)"', line):
                yield number, found[1]

    def room_table(self):
        """Room -> the rooms it names, in the order of the ara_room lines of src/CMakeLists.txt."""
        table = {}
        for call in re.findall(r"^ara_room\(([^)]*)\)", self.text("src/CMakeLists.txt"), re.M):
            room, *rest = call.split()
            table[room] = rest[: rest.index("PARTS")] if "PARTS" in rest else rest
        return table


LITERAL = re.compile(
    r'//(?:\\\n|[^\n])*'                            # line comment
    r'|/\*.*?\*/'                                   # block comment
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'                         # string
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",        # character; not a digit separator
    re.S)


def blank(text):
    """C++ with comments and the contents of literals replaced by spaces, line by line."""

    def hide(match):
        found = match[0]
        keep = '"' if found[0] in '"R' else ("'" if found[0] == "'" else " ")
        inner = re.sub(r"[^\n]", " ", found[1:-1])
        return keep + inner + (keep if len(found) > 1 else "")

    return LITERAL.sub(hide, text)


def cpp_functions(code):
    """(first line, last line, name) of each function body in blanked C++ laid out by clang-format.

    A brace with a space before it opens a block, one without is an initialiser; a block directly
    inside namespaces and types that is neither is a function.
    """
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m[0]), code, flags=re.M)
    stack, start, parens = [], 0, 0
    for position, char in enumerate(code):
        if char in "([":
            parens += 1
        elif char in ")]":
            parens -= 1
        elif char == ";" and parens == 0:
            start = position + 1
        elif char == "{":
            stack.append((block_kind(code, start, position, stack), start, parens))
            if stack[-1][0] != "initialiser":
                start, parens = position + 1, 0
        elif char == "}" and stack:
            kind, begin, parens = stack.pop()
            if kind == "function":
                header = code[begin:position]
                first = begin + len(header) - len(header.lstrip())
                name = re.search(r"([~\w:]+|operator\W+)\s*\(", header)
                yield (code.count("\n", 0, first) + 1, code.count("\n", 0, position) + 1,
                       name[1] if name else "?")
            if kind != "initialiser":
                start = position + 1


def block_kind(code, start, position, stack):
    before = code[:position].rstrip()
    if re.search(r"(?:[=,({]|\breturn)$", before) or code[position - 1] not in " \n":
        return "initialiser"
    if any(kind not in ("namespace", "type") for kind, _, _ in stack):
        return "inner"
    header = code[start:position]
    if re.search(r"\bnamespace\b|\bextern\b", header):
        return "namespace"
    if re.search(r"\b(?:class|struct|union|enum)\b", header) and "(" not in header:
        return "type"
    return "function"


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno, node.name


def bash_functions(text):
    name = first = None
    for number, line in enumerate(text.splitlines(), 1):
        if opened := re.match(r"(\w+)\(\) \{", line):
            name, first = opened[1], number
        elif line == "}" and name:
            yield first, number, name
            name = None
