"""blocks - every block of code that the documents hold: of README, contrib/doc,
the plugins' pages (Markdown) and the manual pages (mdoc). A block has a kind,
the word behind the fence, and is then somebody's to run or to give a reason."""
import glob
import os
import re

SOURCE = os.path.abspath(os.environ.get("SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../..")))
# What a block may be. In README's own style a block indented by four is sh.
KINDS = {
    "yaml": "of the configuration or a test file: checked, played; with of=NAME of another program: it must be YAML",
    "json": "must be JSON",
    "sh": "each command is run, or listed with its reason",
    "console": "the lines that begin with $ are run, or listed",
    "mqtt": "topic below the site's root, payload: published, and the answer is no complaint about the form",
    "text": "a drawing, or what a program prints",
}


class Block:
    def __init__(self, path, line, info, rows):
        self.path, self.line, self.rows = path, line, rows
        self.kind, _, self.info = info.partition(" ")

    @property
    def text(self):
        return "\n".join(self.rows) + "\n"

    @property
    def where(self):
        return f"{self.path}:{self.line}"

    def commands(self):
        """(line number, command): continued lines and quoted ones as one, without the remark behind."""
        joined, begun, n = [], "", 0
        for i, row in enumerate(self.rows, self.line + 1):
            if self.kind == "console" and not begun:
                if not row.startswith("$ "):
                    continue
                row = row[2:]
            if not begun:
                n = i
            begun += row
            if begun.endswith("\\"):
                begun = begun[:-1]
            elif begun.count('"') % 2 or "<<" in begun and not re.search(r"^EOF$", begun, re.M):
                begun += "\n"
            else:
                joined.append((n, begun))
                begun = ""
        if begun:
            joined.append((n, begun))
        for n, row in joined:
            row = re.sub(r"\s{2,}#.*$|^#.*$", "", row).strip() if "\n" not in row else row.strip()
            if row:
                yield n, row


def markdown(path, text):
    rows, i, blank = text.split("\n"), 0, True
    while i < len(rows):
        m = re.match(r"( *)```(.*)$", rows[i])
        if m:
            j = next(k for k in range(i + 1, len(rows)) if rows[k].strip() == "```")
            yield Block(path, i + 1, m.group(2).strip() or "unnamed", [r[len(m.group(1)):] for r in rows[i + 1:j]])
            i, blank = j + 1, True
        elif blank and re.match(r"    \s*\S", rows[i]):
            j = i
            while j < len(rows) and (rows[j].startswith("    ") or not rows[j].strip()):
                j += 1
            yield Block(path, i, "sh", [r[4:] for r in rows[i:j] if r.strip()])
            i, blank = j, True
        else:
            blank = not rows[i].strip()
            i += 1


def mdoc(path, text):
    """Displays and single display lines; a comment `.\\" block: KIND` before one says what it is."""
    rows, said, i = text.split("\n"), None, 0
    while i < len(rows):
        m = re.match(r'\.\\" block: (.*)$', rows[i])
        if m:
            said = m.group(1)
        elif rows[i].startswith(".Bd -literal"):
            j = rows.index(".Ed", i)
            yield Block(path, i + 1, said or "unnamed", [r.replace("\\e", "\\") for r in rows[i + 1:j]])
            said, i = None, j
        elif rows[i].startswith(".Dl "):
            yield Block(path, i, said or "sh", [rows[i][4:].replace("\\e", "\\")])
            said = None
        i += 1


def all_blocks(root=SOURCE):
    for pattern in ("README.md", "contrib/doc/*.md", "plugins/*/README.md", "contrib/man/*.[1-8]"):
        for full in sorted(glob.glob(os.path.join(root, pattern))):
            with open(full, encoding="utf-8") as f:
                text = f.read()
            path = os.path.relpath(full, root)
            yield from (markdown if path.endswith(".md") else mdoc)(path, text)
