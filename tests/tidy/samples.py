"""A small tree that keeps every rule, and for each rule and ban files that break it."""

CLEAN = {
    "src/CMakeLists.txt": "ara_room(base)\nara_room(models base PARTS x)\n"
                          "ara_room(storage base)\nadd_executable(ara app/main.cpp)\n",
    "src/base/clock.h": "#pragma once\nnamespace ara {\nint now();\n}\n",
    "src/base/text.h": "#pragma once\nnamespace ara {\nint parse();\n}\n",
    "src/base/clock.cpp": '#include "base/clock.h"\nnamespace ara {\n'
                          "int now() {\n  // system_clock::now() is read here alone\n  return 1;\n}\n}\n",
    "src/models/drift.cpp": '#include "base/text.h"\nnamespace ara::models {\n'
                            'int f() { return sizeof "std::endl TODAY"; }\n}\n',
    "src/storage/sqlite.cpp": '#include "base/clock.h"\nnamespace ara::storage {\n'
                              "void f() {\n  try {\n    now();\n"
                              "  } catch (...) {  // a callback of C must not throw\n  }\n}\n}\n",
    "src/app/main.cpp": '#include "base/clock.h"\nint main() { return ara::now(); }\n',
    "tests/unit/base/text_test.cpp": "TEST(Text, Parses) { EXPECT_EQ(1, 1 + 0); }\n",
    "tests/integration/http_test.py": "import unittest\n\n\nclass A(unittest.TestCase):\n    pass\n",
    "scripts/packages.txt": "# names\nlibx1 run\n\ng++ build\n",
    "scripts/build.sh": "build() {\n  ninja\n}\n",
    "dev": "#!/usr/bin/env bash\nset -euo pipefail\n",
    "README.md": "See [how](docs/HOW.md), [there](https://example.org/x) and `src/base/text.h`.\n",
    "docs/HOW.md": "[back](../README.md)\n",
}


def _model(body):
    return "src/models/sample.cpp", f"namespace ara::models {{\n{body}\n}}\n"


def _cpp(body, room="storage"):
    return f"src/{room}/sample.cpp", f"namespace ara::{room} {{\n{body}\n}}\n"


_LONG_BODY = "\n".join(f"  step({i});" for i in range(70))

_SHAPE = [
    ("file_length", "src/base/long.h", "//\n" * 401, 401),
    ("file_length", "scripts/long.sh", "#\n" * 401, 401),
    ("function_length", "src/base/long.cpp", f"namespace ara {{\nvoid f() {{\n{_LONG_BODY}\n}}\n}}\n", 2),
    ("function_length", "tests/long.py", "def f():\n" + "    x()\n" * 70, 1),
    ("function_length", "scripts/long.sh", "f() {\n" + "  x\n" * 69 + "}\n", 1),
    ("room_order", "src/CMakeLists.txt", "ara_room(base models)\nara_room(models base)\n", 1),
    ("room_includes", "src/base/up.h", '#include "storage/x.h"\n', 1),
    ("room_includes", "src/models/side.cpp", '//\n#include "storage/x.h"\n', 2),
    ("room_includes", "src/models/near.cpp", '#include "drift.h"\n', 1),
    ("room_includes", "src/CMakeLists.txt", "ara_room(base)\nara_room(storage base)\n"
                                            "ara_room(models base storage)\n", 1),
    ("include_cycles", "src/base/clock.h", '#pragma once\n#include "base/clock.h"\n', 1),
    ("orphans", "src/base/alone.h", "#pragma once\n", 1),
    ("orphans", "src/new_room/x.cpp", "\n", 1),
    ("orphans", "src/base/deep/x.cpp", "\n", 1),
    ("orphans", "src/app/unbuilt.cpp", "\n", 1),
    ("orphans", "tests/unit/no_room/x_test.cpp", "\n", 1),
    ("orphans", "notes.txt", "\n", 1),
    ("namespaces", "src/models/wrong.cpp", "namespace ara::storage {\n}\n", 1),
    ("header_guards", "src/base/old.h", "#ifndef X\n#define X\n#endif\n", 1),
    ("layout", "src/base/a.cpp", "int a; \n", 1),
    ("layout", "src/base/a.cpp", "\tint a;\n", 1),
    ("layout", "src/base/a.cpp", "int a;\r\n", 1),
    ("layout", "docs/a.md", "no end", 1),
    ("layout", "docs/a.md", "two ends\n\n", 2),
    ("package_list", "scripts/packages.txt", "g++ build\nlibx1 run\n", 2),
    ("package_list", "scripts/packages.txt", "g++ build\ng++ build\n", 2),
    ("package_list", "scripts/packages.txt", "g++ compile\n", 1),
    ("package_list", "scripts/packages.txt", "g++\n", 1),
    ("doc_links", "docs/HOW.md", "\n[x](missing.md)\n", 2),
    ("doc_links", "docs/HOW.md", "`src/base/missing.h`\n", 1),
    ("catch_all", *_cpp("void f() {\n  try {\n    g();\n  } catch (...) {\n  }\n}"), 5),
    ("private_names", "docs/HOW.md", "see /ho" "me/me/x\n", 1),
    ("private_names", "samples/package-lock.json", "{\n\"https://registry" ".npmjs.org/x\"\n}\n", 2),
    ("strict_bash", "scripts/run.sh", "#!/usr/bin/env bash\nls\n", 1),
    ("test_names", "tests/integration/lost.py", "import unittest\nclass A(unittest.TestCase):\n  pass\n", 1),
]

_BANNED = [
    _model("double r = rand() / 2;"), _model("std::mt19937 engine(seed);"),
    _cpp("std::locale l;"),
    _cpp("auto t = std::chrono::system_clock::now();"), _cpp("auto t = localtime(&x);"),
    _model("std::jthread t;"),
    _cpp("void f() { strcpy(a, b); }"), _cpp("int i = atoi(text);"), _cpp("int i = std::stoi(text);"),
    _cpp("void f() { std::cout << 1; }"), _cpp("void f() { printf(\"x\"); }"),
    _cpp("void f() { out << std::endl; }"),
    _cpp("void f() { out = std::format(text); }"), _cpp("using namespace std;"),
    ("src/storage/spill.h", "\nusing namespace ara::domain;\n"),
    _cpp("auto* p = new Thing(1);"), _cpp("void f() { delete p; }"), _cpp("void* p = malloc(3);"),
    _cpp("void f() { std::this_thread::sleep_for(x); }"), _cpp("void f() { std::exit(1); }"),
    _cpp("void f() { system(line); }"), _cpp("auto* v = std::getenv(name);"),
    _cpp("std::regex pattern(text);"), _model("auto* p = reinterpret_cast<Thing*>(q);"),
    _cpp("volatile int x = 1;"),
    _cpp("// TO" "DO: later"), _cpp("int x;  // NOLI" "NT"),
    ("src/models/random.cpp", "\n#include <random>\n"),
    ("tests/unit/base/x_test.cpp", "\nEXPECT_TRUE(true);\n"),
    ("tests/unit/base/x_test.cpp", "\nGTEST_SKIP();\n"),
    ("tests/integration/x_test.py", "\nself.assertTrue(True)\n"),
    ("tests/integration/x_test.py", "try:\n    f()\nexcept:\n    pass\n"),
    ("tests/integration/x_test.py", "\nsubprocess.run(line, shell=True)\n"),
    ("src/models/thread.cpp", "\n#include <thread>\n"), ("src/models/clock.cpp", '\n#include "base/clock.h"\n'),
    ("CMakeLists.txt", "\nadd_compile_options(-march=native)\n"),
]

BREACHES = _SHAPE + [
    ("banned", path, text, 3 if "except:" in text else 2) for path, text in _BANNED]
