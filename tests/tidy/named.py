#!/usr/bin/env python3
"""named.py [ROOT] - what the threat model and the fault table say is proven has a
test of that name. contrib/doc/security.md: the last cell of each row of its
tables; tests/fault/table: the fourth field. A test is named as ctest does it,
with a colon the case within it."""
import glob
import os
import re
import sys

# Files whose tests are named by their place: pattern, ctest's name, what a case looks like in it.
PLACES = [
    (r"tests/unit/(\w+)/test_(\w+)\.c", r"unit_\1_test_\2", r"static void {}\(void \*\*\w+\)"),
    (r"tests/adapter/test_(\w+)\.c", r"adapter_test_\1", r"static void {}\(void \*\*\w+\)"),
    (r"tests/fault/test_(\w+)\.c", r"fault_test_\1", r"static void {}\(void \*\*\w+\)"),
    (r"tests/fault/test_(\w+)\.py", r"fault_\1", r"def {}\(self\)"),
    (r"tests/channels/test_(\w+)\.py", r"channels_\1", r"def {}\(self\)"),
    (r"tests/system/test_(\w+)\.py", r"system_\1", r"def {}\(self\)"),
    (r"tests/console/test_(\w+)\.py", r"console_\1", r"def {}\(self\)"),
    (r"tests/fuzz/fuzz_(\w+)\.c", r"fuzz_\1", None),
    (r"tests/box/test_(\w+)\.sh", r"box_\1", None),
    (r"tests/trace/([\w-]+)\.trace", r"trace_\1", None),
]


def tests(root):
    """ctest's name -> (file, what a case looks like in it)"""
    found = {}
    for folder in ("unit/*", "adapter", "channels", "console", "fault", "system", "fuzz", "box", "trace"):
        for path in glob.glob(os.path.join(root, "tests", folder, "*")):
            path = os.path.relpath(path, root)
            for pattern, name, case in PLACES:
                m = re.fullmatch(pattern, path)
                if m:
                    found[m.expand(name)] = (path, case)
    for path in glob.glob(os.path.join(root, "tests", "*", "CMakeLists.txt")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for name in re.findall(r"add_test\(NAME (\w+) ", text):
            found.setdefault(name, (None, None))
        for words in re.findall(r"(?:tidy_test\(|foreach\(rule )([\w ]+?)(?= tidy| adapter|\))", text):
            for word in words.split():
                found.setdefault("tidy_" + word, (None, None))
    return found


def breaches_of(root, where, name, known):
    name, _, case = name.partition(":")
    if name not in known:
        return [f"{where}: there is no test {name}"]
    path, shape = known[name]
    if not case:
        return []
    if not shape:
        return [f"{where}: {name} has no cases of its own"]
    with open(os.path.join(root, path), encoding="utf-8") as f:
        text = f.read()
    house, _, method = case.rpartition(".")  # a class, its method, or both
    there = re.search(shape.format(re.escape(method)), text) and (not house or re.search(rf"^class {house}\b", text, re.M))
    return [] if there or re.search(rf"^class {re.escape(case)}\b", text, re.M) else [f"{where}: {path} has no case {case}"]


def claims(root):
    """(where, name of a test)"""
    with open(os.path.join(root, "contrib/doc/security.md"), encoding="utf-8") as f:
        for n, row in enumerate(f, 1):
            if not row.startswith("|") or re.match(r"\|[-| ]+\|$", row.strip()):
                continue
            cell = row.strip().strip("|").split("|")[-1]
            names = re.findall(r"`([^`]+)`", cell)
            if not names and cell.strip() != "test":
                names = ["(none named)"]
            yield from ((f"security.md:{n}", name) for name in names)
    with open(os.path.join(root, "tests/fault/table"), encoding="utf-8") as f:
        for n, row in enumerate(f, 1):
            if row.startswith("#") or not row.strip():
                continue
            fields = [x.strip() for x in row.split("|")]
            if len(fields) < 4 or not fields[3]:
                yield f"table:{n}", "(none named)"
            else:
                yield from ((f"table:{n}", name) for name in fields[3].split())


def breaches(root):
    known = tests(root)
    return [b for where, name in claims(root) for b in breaches_of(root, where, name, known)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    found = breaches(root)
    print("\n".join(found) or f"named: {len(list(claims(root)))} claims, {len(tests(root))} tests")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
