#!/usr/bin/env python3
"""tidy.py RULE [ROOT] - house rules that a reader can check by looking and a
program without getting tired. Prints every breach as file:line: text; exit 1
when there is one. Rules: includes sizes words shell top."""
import os
import re
import subprocess
import sys

# A foreign header -> the only files that may see it.
FOREIGN = {
    r"MQTT(Async|Client|Properties|ReasonCodes)\.h": ["daemon/mqtt.c"],
    r"sqlite3\.h": ["daemon/store_sql.c"],
    r"event2/.*": ["daemon/loop.c", "daemon/control.c", "daemon/channels.c"],
    r"systemd/.*": ["daemon/sysd.c", "daemon/log.c", "daemon/channels.c"],
    r"openssl/evp\.h": ["daemon/hash.c"],
    r"openssl/(pem|x509)\.h": ["daemon/cert.c"],
    r"openssl/hmac\.h": ["plugins/webhook/sign.c"],
    r"openssl/(?!evp|pem|x509|hmac).*": [],
    r"curl/.*": ["plugins/webhook/transfer.h", "plugins/mail/mail.c"],
    r"dlfcn\.h": ["daemon/plugins.c"],
    r"iconv\.h": ["rules/intake/charset.c"],
}
# At most one file of each room.
ONE_PER_ROOM = {r"yaml\.h": ["rules/language"], r"jansson\.h": ["rules/intake", "daemon", "daemon/cli", "plugins/webhook"]}
PURE_LIBC = set("assert ctype inttypes limits stdarg stdatomic stdbool stddef stdint stdio stdlib string strings".split())
LIBC = PURE_LIBC | set("errno fcntl pthread signal time unistd sys/eventfd sys/socket sys/types sys/stat sys/wait".split())
FUNCTION_LINES, FILE_LINES, COLUMNS, PARAMETERS = 70, 600, 132, 7
BANNED = {
    r"\b(TODO|FIXME|XXX|HACK)\b": "work left undone",
    r"\b(strtok|strtok_r|atoi|atol|atof|sscanf|gets|alloca)\s*\(": "a call the house does without",
}
# Of the program; its tests may.
SHELL = re.compile(r"\b(system|popen|wordexp|execl|execle|execlp|execvp|execvpe)\s*\(")
TOP = set("daemon rules plugins contrib tests CMakeLists.txt CMakePresets.json README.md LICENSE".split())


def files(root, *folders):
    for folder in folders:
        for at, dirs, names in os.walk(os.path.join(root, folder)):
            dirs[:] = sorted(d for d in dirs if not d.startswith("."))
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(at, name), root)


def text(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def code_only(source):
    """Comments and literals blanked; every line keeps its number."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: '""' + "\n" * m.group().count("\n"), source, flags=re.S)


def includes(root):
    seen = {}
    for path in files(root, "rules", "daemon", "plugins"):
        room = os.path.dirname(path)
        for line, row in enumerate(text(root, path).splitlines(), 1):
            m = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', row)
            if not m:
                continue
            ours, header = m.group(1) == '"', m.group(2)
            where = f"{path}:{line}"
            for pattern, allowed in FOREIGN.items():
                if not ours and re.fullmatch(pattern, header) and path not in allowed:
                    yield f"{where}: <{header}> belongs to {', '.join(allowed) or 'nobody'}"
            for pattern, rooms in ONE_PER_ROOM.items():
                if not ours and re.fullmatch(pattern, header):
                    first = seen.setdefault((pattern, room), path)
                    if room not in rooms:
                        yield f"{where}: <{header}> belongs to one file each of {', '.join(rooms)}"
                    elif first != path:
                        yield f"{where}: <{header}> is already seen by {first}"
            yield from room_rules(root, path, where, ours, header)


def room_rules(root, path, where, ours, header):
    def stands_in(*folders):
        here = os.path.dirname(path)
        return any(os.path.exists(os.path.join(root, f, header)) for f in (*folders, here))

    if path.startswith("rules/"):
        if ours and not stands_in("rules"):
            yield f'{where}: "{header}" is not of rules/'
    if re.match(r"rules/(engine/|base/|plan)", path) and not ours and header[:-2] not in PURE_LIBC:
        yield f"{where}: <{header}>: the engine reaches nothing outside"
    if path.startswith("plugins/"):
        near = os.path.relpath(os.path.join(root, os.path.dirname(path), header), root)
        folders = (os.path.dirname(path), "plugins/shared")
        if ours and header != "plugin.h" and not (os.path.dirname(near) in folders and os.path.exists(os.path.join(root, near))):
            yield f'{where}: "{header}": plugin.h is the whole world of a plugin'
        if not ours and header[:-2] not in LIBC and not any(re.fullmatch(p, header) for p in (*FOREIGN, *ONE_PER_ROOM)):
            yield f"{where}: <{header}>: a plugin sees libc and its library only"


def functions(source):
    """(first line, lines, parameters, name) of each function body at the left margin."""
    rows = code_only(source).split("\n")
    start = None
    for i, row in enumerate(rows):
        if row.startswith("{"):
            head, j = "", i - 1
            while j >= 0 and rows[j].strip() and not rows[j].rstrip().endswith((";", "}")) and not rows[j].startswith("#"):
                head, j = rows[j].strip() + " " + head, j - 1
            m = re.search(r"(\w+)\s*\(([^{}]*)\)\s*$", head)
            start = (i, m) if m else None
        elif row.startswith("}") and start:
            i0, m = start
            depth, count = 0, 0 if m.group(2).strip() in ("", "void") else 1
            for ch in m.group(2):
                depth += (ch == "(") - (ch == ")")
                count += ch == "," and depth == 0
            yield i0 + 1, i - i0 + 1, count, m.group(1)
            start = None


def sizes(root):
    for path in files(root, "rules", "daemon", "plugins", "tests"):
        source = text(root, path)
        n = source.count("\n")
        if n > FILE_LINES:
            yield f"{path}:{n}: {n} lines; {FILE_LINES} at most"
        for line, lines, parameters, name in functions(source):
            if lines > FUNCTION_LINES:
                yield f"{path}:{line}: {name} has {lines} lines; {FUNCTION_LINES} at most"
            if parameters > PARAMETERS and name != "main":
                yield f"{path}:{line}: {name} has {parameters} parameters; {PARAMETERS} at most"
        if not path.startswith("tests/box/"):
            for line, row in enumerate(source.split("\n"), 1):
                if len(row.expandtabs(8)) > COLUMNS and not re.search(r"[^\x00-\x7f]", row):
                    yield f"{path}:{line}: {len(row.expandtabs(8))} columns; {COLUMNS} at most"


def words(root):
    for path in files(root, "rules", "daemon", "plugins", "tests"):
        source = text(root, path)
        if not source.startswith("/*") and path.startswith(("rules/", "daemon/", "plugins/")):
            if not (path.endswith(".c") and os.path.exists(os.path.join(root, path[:-1] + "h"))):
                yield f"{path}:1: no comment says what the file is for"
        for pattern, why in BANNED.items():
            checked = source if "TODO" in pattern else code_only(source)
            for line, row in enumerate(checked.split("\n"), 1):
                if re.search(pattern, row):
                    yield f"{path}:{line}: {why}: {row.strip()[:60]}"


def shell(root):
    for path in files(root, "rules", "daemon", "plugins"):
        source = text(root, path)
        for line, (row, code) in enumerate(zip(source.split("\n"), code_only(source).split("\n")), 1):
            if SHELL.search(code) or re.search(r'"(/usr)?(/bin/)?(ba|da)?sh"|"-c"', row):
                yield f"{path}:{line}: no shell, and no search for a program: {row.strip()[:60]}"


def top(root):
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files"], cwd=root, capture_output=True, text=True)
    names = {row.split("/")[0] for row in listed.stdout.splitlines()} if listed.returncode == 0 else set()
    for name in sorted(names or {n for n in os.listdir(root) if not n.startswith("build")}):
        if name not in TOP and not name.startswith("."):
            yield f"{name}: does not belong at the top"
    for name in ("contrib/demo", "contrib/check", ".ci/run"):
        if not os.access(os.path.join(root, name), os.X_OK):
            yield f"{name}: is missing or cannot be run"


def main():
    rules = {"includes": includes, "sizes": sizes, "words": words, "shell": shell, "top": top}
    root = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    breaches = list(rules[sys.argv[1]](root))
    print("\n".join(breaches) or f"{sys.argv[1]}: nothing to say")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
