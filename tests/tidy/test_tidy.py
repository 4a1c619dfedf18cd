#!/usr/bin/env python3
"""The rules of tidy.py must find a planted breach: one of each, in a small tree."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import named
import tidy

GOOD = "/* a.c - says nothing. */\n#include <string.h>\n\nint f(int a)\n{\n\treturn a;\n}\n"


def plant(rule, path, source):
    with tempfile.TemporaryDirectory() as root:
        at = os.path.join(root, path)
        os.makedirs(os.path.dirname(at), exist_ok=True)
        with open(at, "w", encoding="utf-8") as f:
            f.write(source)
        return list(getattr(tidy, rule)(root))


long_body = "".join(f"\ta = {i};\n" for i in range(70))
many = ", ".join(f"int a{i}" for i in range(8))
cases = [
    ("includes", "daemon/loop2.c", "/* */\n#include <event2/event.h>\n"),
    ("includes", "daemon/other.c", "/* */\n#include <MQTTAsync.h>\n"),
    ("includes", "daemon/store.c", "/* */\n#include <sqlite3.h>\n"),
    ("includes", "rules/engine/a.c", "/* */\n#include <time.h>\n"),
    ("includes", "rules/engine/a.c", '/* */\n#include "store.h"\n'),
    ("includes", "rules/engine/a.c", "/* */\n#include <jansson.h>\n"),
    ("includes", "plugins/page/page.c", '/* */\n#include "base/buf.h"\n'),
    ("includes", "plugins/page/page.c", "/* */\n#include <event2/event.h>\n"),
    ("sizes", "rules/a.c", "/* */\nint f(int a)\n{\n" + long_body + "\treturn a;\n}\n"),
    ("sizes", "rules/a.c", "/* */\nint f(" + many + ")\n{\n\treturn 0;\n}\n"),
    ("sizes", "rules/a.c", "\n" * 601),
    ("sizes", "rules/a.c", "int " + "a" * 132 + ";\n"),
    ("words", "rules/a.c", "int a;\n"),
    ("words", "rules/a.c", "/* TODO later */\n"),
    ("words", "rules/a.c", "/* */\nint f(void)\n{\n\treturn atoi(\"1\");\n}\n"),
    ("shell", "daemon/a.c", "/* */\nint f(void)\n{\n\treturn system(0);\n}\n"),
    ("shell", "plugins/x/a.c", "/* */\nint f(void)\n{\n\treturn !popen(0, 0);\n}\n"),
    ("shell", "daemon/a.c", '/* */\nstatic const char *argv[] = {"/bin/sh", "x"};\n'),
    ("top", "junk/a.c", GOOD),
]
failed = 0
for rule, path, source in cases:
    if not plant(rule, path, source):
        failed += 1
        print(f"{rule} did not find the breach in {path}: {source[:60]!r}")
for rule in ("includes", "sizes", "words", "shell"):
    for breach in plant(rule, "rules/engine/a.c", GOOD):
        failed += 1
        print(f"{rule} complains about nothing: {breach}")
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
known = named.tests(here)
for name, is_there in (("tidy_unit", True), ("tidy_words", True), ("box_watchdog", True), ("fuzz_yaml", True), ("sim_seeds", True),
                       ("system_audit:test_whole", True), ("unit_daemon_test_poison:test_once_is_chance", True),
                       ("unit_daemon_test_nosuch", False), ("system_audit:test_nosuch", False), ("fuzz_yaml:x", False),
                       ("system_audit:Nobody.test_whole", False), ("(none named)", False)):
    if bool(named.breaches_of(here, "x", name, known)) == is_there:
        failed += 1
        print(f"named is wrong about {name}")
print(f"{len(cases) + 4} cases, {failed} failed")
sys.exit(1 if failed else 0)
