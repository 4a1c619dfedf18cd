#!/usr/bin/env python3
"""said.py [ROOT] - what the code knows is told: the plugins' interface in
tocsin-plugin(7); every fault that the daemon can open in operations.md and, for
who reads Chinese, in troubles.zh.md, by the name its notice has, with what to
do; verbs, refusals and words of zones where they are documented; every document
in the list of the README. And nothing is told that is not there."""
import glob
import os
import re
import sys


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def words_of(root, name):
    """The texts of an X-list in names.h."""
    text = read(root, "rules/base/names.h").replace("\\\n", " ")
    row = re.search(rf"^#define {name}\(X\)(.*)$", text, re.M).group(1)
    return re.findall(r'X\([A-Z_]+,\s*"([^"]+)"', row)


def compare(where, told, known):
    yield from (f"{where} does not tell of {word}" for word in sorted(set(known) - set(told)))
    yield from (f"{where} tells of {word}, which is not there" for word in sorted(set(told) - set(known)))


def plugin_fields(header):
    """Members of the structs and calls of plugin.h."""
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    fields = set()
    for body in re.findall(r"struct plugin_\w+ \{(.*?)\n\};", code, re.S):
        body = re.sub(r"\(\*(\w+)\)", r"\1", body)  # a call has the name of its pointer
        while "(" in body:
            body = re.sub(r"\([^()]*\)", "", body)
        for part in re.split(r"[;,]", body):
            m = re.search(r"(\w+)\s*(?:\[[^]]*\])?\s*$", part.strip())
            if m:
                fields.add(m.group(1))
    return fields


def plugin_page(root):
    page, header = read(root, "contrib/man/tocsin-plugin.7"), read(root, "plugins/plugin.h")
    told = set(re.findall(r"^\.It Fn (\w+)", page, re.M))
    for row in re.findall(r"^\.(?:It )?Va (.*)$", page, re.M):
        told.update(w for w in row.split() if re.fullmatch(r"\w+", w) and w not in ("Pa", "Ns"))
    yield from compare("tocsin-plugin(7)", told, plugin_fields(header))
    macros = set(re.findall(r"\b(?:TOCSIN_)?PLUGIN_[A-Z_]+\b", header)) - {"TOCSIN_PLUGIN_H"}
    yield from compare("tocsin-plugin(7)", re.findall(r"^\.(?:Pq )?Dv (\w+)", page, re.M), macros)
    for name in ("TOCSIN_PLUGIN_ABI", "PLUGIN_ERROR_BYTES", "PLUGIN_OPTIONS_MAX"):
        value = re.search(rf"{name}\s*=?\s*(\d+)", header).group(1)
        if not re.search(rf"^\.Dv {name}\n\.Pq {value}\b", page, re.M):
            yield f"tocsin-plugin(7) does not say that {name} is {value}"
    kinds = re.search(r"\.It Va kind\n(.*)", page).group(1).split(", ")
    yield from compare("tocsin-plugin(7), kinds of notices,", kinds, words_of(root, "NOTICE_KIND_LIST"))


def rows(text, heading):
    """First cells of the table below a heading."""
    part = re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], flags=re.M)[0]
    return [re.findall(r"`([^`]+)`", r.split("|")[1]) for r in part.splitlines() if r.startswith("|") and "---" not in r]


def fault_table(root, page, heading, titles):
    """A row for each fault: its id and the title of its notice, what it means, what to do."""
    text = read(root, f"contrib/doc/{page}")
    yield from compare(f"{page}, {heading},", [w for r in rows(text, heading) for w in r], titles)
    for row in text.split(f"\n## {heading}\n", 1)[1].split("\n## ")[0].splitlines():
        cells = [c.strip() for c in row.strip().strip("|").split("|")]
        word = re.match(r"`([^`]+)`", cells[0])
        if not word or word.group(1) not in titles:
            continue
        title = titles[word.group(1)]
        if title not in (cells[0].split("`")[-1].strip(), cells[1]):
            yield f"{page} does not name {word.group(1)} as its notice does: {title}"
        if len(cells) < 3 or not all(cells):
            yield f"{page} does not say what to do: {row[:60]}"


def faults(root):
    names = read(root, "rules/base/names.h").replace("\\\n", " ")
    table = re.findall(r'X\(([A-Z_]+), "([a-z-]+)", "([^"]+)", "([^"]+)"\)', re.search(r"^#define SELF_LIST\(X\)(.*)$", names, re.M).group(1))
    known, text = [word for _, word, _, _ in table], read(root, "contrib/doc/operations.md")
    yield from fault_table(root, "operations.md", "Troubles", {word: en for _, word, _, en in table})
    yield from fault_table(root, "troubles.zh.md", "对照表", {word: zh for _, word, zh, _ in table})
    moments = re.search(r"is_moment\(enum self self\)\n{(.*?)\n}", read(root, "rules/engine/fault.c"), re.S).group(1)
    moments = {word for name, word, _, _ in table if re.search(rf"SELF_{name}\b", moments)}
    told = re.search(r"^一次性的\((.*?)\)", read(root, "contrib/doc/troubles.zh.md"), re.M).group(1)
    yield from compare("troubles.zh.md, moments,", re.findall(r"`([^`]+)`", told), moments)
    told = [w for r in text.splitlines() if r.startswith("| `") and "(moment" in r for w in re.findall(r"`([^`]+)`", r.split("|")[1])]
    yield from compare("operations.md, moments,", told, moments)
    ways = text.split("\n## When something of it fails", 1)[1].split("\n## ")[0]
    yield from (f"operations.md does not say who is told of {w}" for w in known if f"`{w}`" not in ways)


def marks(root):
    """What may stand before a notice."""
    text = read(root, "rules/engine/wording.c") + read(root, "rules/engine/notice.c").replace('" : "', '", "')
    found = re.findall(r'"([〔【][^"]+[〕】])", "([A-Z -]+) "', text)
    if len(found) < 12:
        yield f"said.py finds {len(found)} marks of notices in the code"
    for zh, en in found:
        for page, mark in (("procedures.zh.md", zh), ("clients.md", f"`{en}`")):
            if mark not in read(root, f"contrib/doc/{page}"):
                yield f"{page} does not tell of notices that begin with {mark}"


def kinds(root):
    """Sensors that a shipped incident looks at."""
    shipped = set()
    for path in glob.glob(os.path.join(root, "rules/playbooks/*.yaml")):
        if not path.endswith("_test.yaml"):
            for found in re.findall(r"\bof: \{kind: (\[[^]]*\]|[\w-]+)", read(root, path)):
                shipped.update(re.findall(r"[\w-]+", found))
    told = re.search(r"The shipped ones look at ([^.]*)\.", read(root, "contrib/doc/sensors.md")).group(1)
    yield from compare("sensors.md, kinds,", re.findall(r"`([^`]+)`", told), shipped)


def interface(root):
    mqtt, man = read(root, "contrib/doc/mqtt.md"), read(root, "contrib/man/tocsin-mqtt.7")
    verbs = words_of(root, "VERB_LIST")
    yield from compare("mqtt.md", [w for r in rows(mqtt, "Commands") for w in r if re.fullmatch("[a-z]+", w)], verbs)
    told = re.search(r"^The verbs are those of\n.*?:\n(.*?)\.Pp", man, re.M | re.S).group(1)
    yield from compare("tocsin-mqtt(7), verbs,", re.findall(r"\b([a-z]+)[,.\n]", told + "\n"), verbs)
    topics = [w for r in rows(mqtt, "Topics") for w in r if w != "cmd/<user>/<verb>"]
    part = man.split(".Ss Topics that tocsin publishes\n")[1].split("\n.El\n")[0]
    told = [w for r in re.findall(r"^\.It Ql (.*)$", part, re.M) for w in r.split(" , ")]
    yield from compare("tocsin-mqtt(7), topics,", told, topics)
    taken = re.search(r"is_spoken_for\(.*?words\[\] = \{(.*?)\}", read(root, "daemon/messages.c"), re.S).group(1)
    yield from compare("messages.c, where no answer goes,", re.findall(r'"([a-z]+)"', taken), {w.split("/")[0] for w in topics} | {"cmd"})
    refusals = set(words_of(root, "REFUSAL_LIST")) - {"none"}
    yield from compare("mqtt.md, errors,", re.search(r"`error` is one of `([^`]*)`", mqtt).group(1).split(), refusals)
    yield from compare("tocsin-mqtt(7), errors,", re.search(r"one of: ([^;]*);", man).group(1).split(), refusals)
    zones = re.findall(r'"(\w+)"', re.search(r"words\[\] = \{(.*?)\}", read(root, "rules/engine/zone.c")).group(1))
    told = re.search(r"zone/<zone>/state\nretained, one word:\n\.Ql (.*) ,\n", man).group(1).split(" , ")
    yield from compare("tocsin-mqtt(7), words of a zone,", told, zones)
    row = next(r for r in mqtt.splitlines() if r.startswith("| `zone/<zone>/state`"))
    yield from (f"mqtt.md does not tell of the zone's word {w}" for w in zones if f"`{w}`" not in row)


def options(root):
    """Of both programs, in their pages."""
    for source, page, inner in (("daemon/cli/main.c", "tocsin.1", {"help", "version"}), ("daemon/main.c", "tocsind.8", {"help", "check-stdin", "check-all"})):
        known = set(re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', read(root, source))) - inner
        told = set(re.findall(r"\bFl -([a-z-]+)", read(root, f"contrib/man/{page}"))) - inner
        yield from compare(page, told, known)


def inline(root):
    """What a sentence names between two `: commands with their options, units, files of this tree."""
    source = read(root, "daemon/cli/main.c")
    commands = set(re.findall(r'^    \{"([a-z]+)", "[^"]*", "[a-zA-Z]*", "', source, re.M))
    known = set(re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', source))
    for path in ["README.md", *glob.glob("contrib/doc/*.md", root_dir=root), *glob.glob("plugins/*/README.md", root_dir=root)]:
        for span in re.findall(r"`([^`\n]+)`", read(root, path)):
            m = re.match(r"(?:sudo )?tocsin(?: --json| --as \S+)* ([a-z]+)\b", span)
            if m and (m.group(1) not in commands or set(re.findall(r"--([a-z-]+)", span)) - known):
                yield f"{path} says `{span}`, which is no command"
            units = re.findall(r"\btocsin[a-z-]*\.(?:timer|service|socket)\b", span)
            files = re.findall(r"^(?:contrib|tests|rules|daemon|plugins)/[\w./*-]+$", span)
            for name in [f"contrib/systemd/{u}*" for u in units] + files:
                if not glob.glob(os.path.join(root, name)):
                    yield f"{path} names {name}, which is not there"


def documents(root):
    readme = read(root, "README.md")
    for path in sorted(glob.glob(os.path.join(root, "contrib/doc/*.md"))):
        name = os.path.basename(path)
        if f"contrib/doc/{name}" not in readme and f"({name})" not in read(root, "contrib/doc/README.zh.md"):
            yield f"neither README names contrib/doc/{name}"
    for page in glob.glob(os.path.join(root, "contrib/man/*.[1-8]")):
        name = os.path.basename(page).rsplit(".", 1)[0]
        if f"man {name}`" not in readme:
            yield f"README does not name `man {name}`"


def rooms(root):
    """Every folder stands in the drawing of the rooms."""
    text = re.search(r"```text\n(rules/.*?)```", read(root, "contrib/doc/architecture.md"), re.S).group(1)
    for folder in ("rules", "daemon", "plugins", "contrib", "tests"):
        for path in sorted(glob.glob(os.path.join(root, folder, "*", ""))):
            name = os.path.basename(os.path.dirname(path))
            if name != "__pycache__" and not re.search(rf"\b{name}\b", text):
                yield f"architecture.md has no room {folder}/{name}"


def anchors(text):
    """What the headings of a page are called behind a #."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in headings}


def links(root):
    """A link from one document leads to a file, and to a heading in it, that is there."""
    for path in ["README.md", *glob.glob("contrib/doc/*.md", root_dir=root), *glob.glob("plugins/*/README.md", root_dir=root)]:
        for to, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", read(root, path)):
            place = os.path.normpath(os.path.join(os.path.dirname(path), to)) if to else path
            if not os.path.exists(os.path.join(root, place)):
                yield f"{path} leads to {to}, which is not there"
            elif anchor and anchor not in anchors(read(root, place)):
                yield f"{path} leads to {to}#{anchor}: there is no such heading"


def breaches(root):
    for rule in (plugin_page, faults, marks, kinds, interface, options, inline, documents, rooms, links):
        yield from rule(root)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    found = list(breaches(root))
    print("\n".join(found) or "said: the documents tell what there is")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
