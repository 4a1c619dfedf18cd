"""Every YAML block of the documents is a configuration that `tocsin check` takes without a
warning, or a test that `tocsin test` plays; every JSON block is JSON; and no block is of a
kind that nobody runs. A block that shows a part stands on the demo's site: sections and entries
that it does not write itself are those of contrib/demo-site.yaml."""
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

import blocks

TOCSIN = os.environ["TOCSIN"]
PLUGINS = os.path.join(os.environ["BINARY_DIR"], "plugins")
# What blocks name and the demo's site does not have.
MORE = {
    "people": {"chen": {"name": "Chen"}, "house": {"name": "Wall display", "user": "hass"}},
    "zones": {"3f-east": {}},
    "sensors": {f"smoke-3f-{n}": {"kind": "smoke", "zone": "3f-east", "topic": f"plc/3f/smoke{n}", "profile": "plain"} for n in (1, 2)},
}
# A part of a site may leave to another part who looks at a sensor.
ELSEWHERE = r"warning: no incident looks at sensor "
ONE = ("site", "broker", "store", "languages", "include", "home_assistant")


def load(text):
    """As text: what is `on` to YAML 1.1 is a word to us."""
    return yaml.load(text, Loader=yaml.BaseLoader)


def installed(text):
    """Where this tree has what is installed elsewhere."""
    for place in ("playbooks", "profiles"):
        text = text.replace(f"/usr/share/tocsin/{place}", f"{blocks.SOURCE}/rules/{place}")
    return text.replace("/usr/share/tocsin/presets/*.yaml", f"{blocks.SOURCE}/plugins/webhook/presets.yaml")


@functools.cache
def base():
    with open(os.path.join(blocks.SOURCE, "contrib/demo-site.yaml"), encoding="utf-8") as f:
        site = load(installed(f.read()))
    del site["incidents"]  # the shipped ones, with their own patience
    for section, entries in MORE.items():
        site[section].update(entries)
    return site


class Site:
    """A block among the rest of a site, in a directory of its own."""

    def __init__(self, case, text):
        self.dir = tempfile.TemporaryDirectory()
        case.addCleanup(self.dir.cleanup)
        text, has, rest = installed(text), load(text), dict(base())
        for key in ONE:
            if key in has:
                rest.pop(key, None)
        for section in [s for s in has if s in rest and s not in ONE]:
            rest[section] = {k: v for k, v in rest[section].items() if k not in has[section]}
        self.write("rest.yaml", json.dumps({k: v for k, v in rest.items() if k != "include" and v}, ensure_ascii=False))
        include = re.search(r"^include: \[(.*)\]", text, re.M)
        if include:
            text = text.replace(include.group(0), f"include: [rest.yaml, {include.group(1)}]")
        else:
            text += f"\ninclude: {json.dumps(['rest.yaml', *rest['include']])}\n"
        self.path = self.write("tocsin.yaml", text)

    def write(self, name, text):
        path = os.path.join(self.dir.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run(self, *args):
        return subprocess.run([TOCSIN, *args], capture_output=True, text=True, timeout=60, check=False, cwd=self.dir.name,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "TOCSIN_PLUGIN_DIR": PLUGINS})


class Blocks(unittest.TestCase):
    def test_kinds(self):
        """No block without a kind; no kind that nobody knows."""
        found = list(blocks.all_blocks())
        self.assertGreater(len(found), 60)
        for b in found:
            self.assertIn(b.kind, blocks.KINDS, f"{b.where}: write behind the fence what it is")
            self.assertTrue(b.kind == "yaml" or not b.info, f"{b.where}: {b.info}")

    def test_json(self):
        for b in blocks.all_blocks():
            if b.kind == "json":
                with self.subTest(b.where):
                    json.loads(b.text)

    def test_yaml(self):
        n = 0
        for b in blocks.all_blocks():
            if b.kind != "yaml":
                continue
            with self.subTest(b.where):
                n += 1
                self.check(b)
        self.assertGreater(n, 25)

    def check(self, block):
        if block.info:
            self.assertRegex(block.info, r"^of=\S+$")
            load(block.text)
            return
        has = load(block.text)
        if "tests" in has:
            site = Site(self, "languages: [zh, en]\n")
            done = site.run("test", site.write("doc_test.yaml", re.sub(r"^site: \S+", "site: tocsin.yaml", block.text)))
        else:
            site = Site(self, block.text)
            done = site.run("check", site.path)
        self.assertEqual(done.returncode, 0, f"{block.where}:\n{done.stdout}{done.stderr}")
        if "tests" not in has:
            warnings = [w for w in done.stdout.splitlines() if re.match(r"\S+:\d+:\d+: warning: ", w)]
            self.assertEqual([w for w in warnings if not re.search(ELSEWHERE, w)], [], block.where)

    def test_it_can_fail(self):
        for text in ("sensors:\n  a: {kind: gas, zone: nowhere, topic: x}\n", "zones: {a: {in: a}}\n"):
            site = Site(self, text)
            done = site.run("check", site.path)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, r"\nnot usable: 1 error, \d+ warnings?; the first error: \S+/tocsin\.yaml:\d+:\d+\n$")
        site = Site(self, "include: [/usr/share/tocsin/playbooks/*.yaml]\n")
        self.assertRegex(site.run("check", site.path).stdout, "warning: there is no profile ")


if __name__ == "__main__":
    sys.exit(unittest.main())
