#!/usr/bin/env python3
"""The rules of tidy.py must find a planted breach: one of each, in a small tree."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import named
import said
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
# One word away from each document, or one more in the code: said.py misses it.
changes = [
    ("contrib/man/tocsin-plugin.7", ".It Va expiry_ms\n", ""),
    ("plugins/plugin.h", "\tint is_drill;\n", "\tint is_drill, is_loud;\n"),
    ("plugins/plugin.h", "TOCSIN_PLUGIN_ABI 2", "TOCSIN_PLUGIN_ABI 3"),
    ("contrib/doc/operations.md", "\n| `log-lost` ", "\n| `log-is-lost` "),
    ("contrib/doc/operations.md", "Audit store failing", "Audit store fails"),
    ("contrib/doc/troubles.zh.md", "\n| `log-lost` |", "\n| `log-is-lost` |"),
    ("contrib/doc/troubles.zh.md", "| 时钟跳变 |", "| 时钟变了 |"),
    ("contrib/doc/troubles.zh.md", "、`clock-step`", ""),
    ("contrib/doc/operations.md", "`store-set-aside` (moment)", "`store-set-aside`"),
    ("contrib/doc/operations.md", "`tocsin stats --textfile FILE`", "`tocsin stats --textfiles FILE`"),
    ("contrib/doc/operations.md", "`sudo tocsin doctor` looks", "`sudo tocsin doctors` looks"),
    ("contrib/doc/operations.md", "`tocsin-archive.timer`", "`tocsin-archives.timer`"),
    ("contrib/doc/security.md", "`tests/tidy/named.py`", "`tests/tidy/names.py`"),
    ("contrib/doc/sensors.md", "`machine-door`.", "`machine-hatch`."),
    ("contrib/doc/procedures.zh.md", "| 〔汇总〕 |", "| 〔合并〕 |"),
    ("contrib/doc/clients.md", "`NOBODY ANSWERED`", "`NOBODY`"),
    ("contrib/doc/mqtt.md", "(operations.md#alarm-figures)", "(operations.md#alarms)"),
    ("rules/base/names.h", 'X(LOG_LOST, "log-lost"', 'X(LOUD, "too-loud", "响", "Loud") X(LOG_LOST, "log-lost"'),
    ("contrib/doc/mqtt.md", "\n| `ring` |", "\n| `rang` |"),
    ("contrib/man/tocsin-mqtt.7", "steps_open ", ""),
    ("contrib/man/tocsin-mqtt.7", "operate, ", ""),
    ("contrib/man/tocsin-mqtt.7", ".It Ql summary ,", ".It Ql sumary ,"),
    ("contrib/man/tocsin.1", "Fl -junit", "Fl -unit"),
    ("daemon/main.c", '{"version", no', '{"verbose", no_argument, NULL, 1}, {"version", no'),
    ("rules/engine/zone.c", '"isolated"', '"asleep"'),
    ("contrib/doc/architecture.md", "rehearsal", "played"),
    ("README.md", "`man tocsin-plugin`", ""),
    ("contrib/doc/duty.md", "# Duty", "# Duty\n[there](nowhere.md)"),
]
with tempfile.TemporaryDirectory() as root:
    tree = os.path.join(root, "tree")
    shutil.copytree(here, tree, ignore=shutil.ignore_patterns(".git", "build", "corpus"))
    if list(said.breaches(tree)):
        failed += 1
        print("said complains about nothing")
    for path, old, new in changes:
        with open(os.path.join(tree, path), encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(tree, path), "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))
        if text == text.replace(old, new) or not list(said.breaches(tree)):
            failed += 1
            print(f"said did not miss {old!r} in {path}")
        with open(os.path.join(tree, path), "w", encoding="utf-8") as f:
            f.write(text)
print(f"{len(cases) + len(changes) + 5} cases, {failed} failed")
sys.exit(1 if failed else 0)
