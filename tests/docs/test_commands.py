"""The commands that the documents show, on a real broker and a real daemon: the client understands each, and the
daemon answers; what is published is taken. What is not run here stands in NOT_RUN with its reason, and a command
that is in neither is a failure."""
import json
import os
import re
import shutil
import subprocess
import unittest

import blocks
import site_yaml
from rig import ROOT, TOCSIN, Case, until

# What a command begins with, and why it is not run here.
NOT_RUN = (
    (r"sudo contrib/demo\b", "the test system_demo is this command"),
    (r"sudo contrib/check\b", "it is what runs this test"),
    (r"sudo apt-get install ", "contrib/check installs the same packages, by contrib/lib.sh"),
    (r"cmake --preset release ", "the test box_package packs a build and installs it"),
    (r"sudo cp contrib/mosquitto/", "the broker of this test has such settings, by another path"),
    (r"sudo tocsin-mosquitto\b", "the test box_package does, in a system of its own"),
    (r"(sudo )?systemctl ", "needs systemd: the box tests start, stop and kill the installed unit"),
    (r"sudoedit ", "an editor"),
    (r"(sudo )?install -(g tocsin -m 640|m 600) /dev/stdin ", "reads a password from a terminal"),
    (r"tocsin test (FILE|night_test)", "test_blocks.py plays the test that stands there"),
    (r"printf '#!/bin/sh", "writes to /etc/tocsin/down.d: tests/tidy/down.sh runs such programs"),
    (r"printf 'GUARD_OPTIONS", "writes to /etc/tocsin; the guard with these options: box_guard, unit_daemon_test_guard"),
    (r"tocsin (discover|guard) ", "listens for a minute, or for ever: system_discover, fault_guard"),
    (r"journalctl ", "no journal of its own here"),
)
REPLIES = 'sms: {plugin: exec, argv: [/bin/true, "{{phone}}"], replies: sms}'
DONE = ("status", "check", "list", "log", "report", "acl", "audit", "init", "test", "oncall", "show")  # must end with 0


class Commands(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rig = cls.rig
        rig.write("tocsin.yaml", site_yaml.text(rig, more_channels=REPLIES).replace("user: wang,", "user: wang, login: root,"))
        rig.tocsin("reload")
        os.mkdir(rig.path("new"))
        for kind, zone, user in (("gas-leak", "b2-kitchen", "wang"), ("burst-pipe", "b2-pumps", "li"), ("fire", "l1", "li")):
            rig.pub(user, f"cmd/{user}/raise", f"{kind} {zone} for the documents")
        def opened():
            found = {i["id"][0]: i["id"] for i in rig.incidents()}
            return found if {"G", "W", "F"} <= set(found) else None
        cls.ids = until("three incidents", opened)
        shutil.copy(rig.path("tocsin.yaml"), rig.path("site.yaml"))

    def real(self, text):
        """The ids of this house in the place of those that the page made up."""
        for letter in "GWF":
            text = re.sub(rf"\b{letter}-(17|18|1001)\b", self.ids[letter], text)
        return re.sub(r"(?<![\w:.-])17(?![\w:-])", self.ids["G"][2:], text)

    def shell(self, command):
        rig = self.rig
        command = re.sub(r"\bsudo ", "", self.real(command))
        command = re.sub(r"/var/lib/tocsin/tocsin\.db", rig.path("state/tocsin.db"), command)
        command = command.replace("--db copy.db", "--db " + rig.path("state/tocsin.db")).replace("init /etc/tocsin", "init " + rig.path("new"))
        command = re.sub(r"\s--head \S+…?", "", command)  # made up: of a log that is not this one
        command = re.sub(r"^(tocsin (?:check|doctor|acl))(?=$| \|)", r"\1 " + rig.path("site.yaml"), command)
        command = re.sub(r"\bmosquitto_(pub|sub)\b", rf"mosquitto_\1 -h 127.0.0.1 -p {rig.port}", command)
        command = re.sub(r"-u (\w+) -P \.\.\.", r"-u \1 -P \1-pw", command)
        command = re.sub(r"\| (?:sudo )?install .*$", "| cat", command)
        command = re.sub(r"> (\S+)$", "> " + rig.path("out"), command)
        env = {**rig.environment(), "PATH": f"{os.path.dirname(TOCSIN)}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=env, timeout=60, check=False,
                              cwd=blocks.SOURCE)
        return command, done

    def test_shell(self):
        seen, n = set(), 0
        for b in blocks.all_blocks():
            if b.kind not in ("sh", "console"):
                continue
            self.assertTrue(list(b.commands()), f"{b.where}: no command")
            for line, command in b.commands():
                with self.subTest(f"{b.path}:{line}"):
                    listed = [i for i, (p, _) in enumerate(NOT_RUN) if re.match(p, command)]
                    seen.update(listed)
                    if listed:
                        subprocess.run(["bash", "-n", "-c", command], check=True, timeout=60)
                    else:
                        n += 1
                        self.run_one(command)
        self.assertGreater(n, 20)
        self.assertEqual([NOT_RUN[i][0] for i in set(range(len(NOT_RUN))) - seen], [], "no document shows these any more")

    def run_one(self, command):
        name = re.sub(r"^sudo ", "", command).split()
        self.assertIn(name[0], ("tocsin", "mosquitto_pub", "sqlite3"), f"run it here, or list it in NOT_RUN: {command}")
        ran, done = self.shell(command)
        said = f"{ran}\n{done.stdout}{done.stderr}"
        if name[0] == "tocsin":
            self.assertIn(done.returncode, (0,) if name[1] in DONE else (0, 1), said)
            self.assertNotIn("usage:", done.stderr, said)
        else:
            self.assertEqual(done.returncode, 0, said)
        if name[0] == "sqlite3":
            rows, bad, gaps = done.stdout.split("|")[:3]
            self.assertGreater(int(rows), 10)
            self.assertEqual((bad, gaps), ("0", "0"))

    def test_examples(self):
        """What mqtt.md shows as JSON has the members of what is published, neither more nor less."""
        with open(os.path.join(blocks.SOURCE, "contrib/doc/mqtt.md"), encoding="utf-8") as f:
            found = re.findall(r"^`([\w/-]+)`\n```json\n(.*?)\n```$", f.read(), re.M | re.S)
        shown = {re.sub(r"G-\d+", self.ids["G"], topic): json.loads(text) for topic, text in found}
        self.assertGreater(len(shown), 4)
        self.rig.pub("wang", ROOT + "cmd/wang/note", f"{self.ids['G'][2:]} for the documents")
        for topic, example in shown.items():
            with self.subTest(topic):
                if topic.startswith("result/"):
                    real = self.console.wait_for(topic, test=lambda m: m.json["ok"] and m.json["cmd"] == "note").json
                else:
                    lists = [k for k in example if isinstance(example[k], list)]
                    real = self.console.wait_for(topic, test=lambda m, lists=lists: all(m.json.get(k) for k in lists)).json
                self.assertEqual(list(example), [k for k in real if k in example or k != "first"])
                for inner in ("chain", "next", "flags", "audit", "answer"):
                    self.assertEqual(set(example.get(inner) or ()), set(real.get(inner) or ()), inner)
                for inner in ("members", "steps", "deliveries"):
                    known = {k for x in real.get(inner, ()) for k in x}
                    self.assertEqual({k for x in example.get(inner, ()) for k in x} - known, set(), inner)

    def test_mqtt(self):
        """Each command of the pages is answered, and never with a complaint about its form or its people."""
        n = 0
        for b in blocks.all_blocks():
            if b.kind != "mqtt":
                continue
            for line, row in enumerate(b.rows, b.line + 1):
                m = re.match(r"(cmd/(\w+)/\w+) +(.*?)(?:\s{2,}# .*)?$", row)
                with self.subTest(f"{b.path}:{line}"):
                    self.assertTrue(m, row)
                    n += 1
                    topic, user, payload = m.groups()
                    since = self.console.mark()
                    self.rig.pub(user, ROOT + topic, self.real(payload))
                    answer = self.console.wait_for(f"result/{user}", since=since).json
                    self.assertNotIn(answer.get("error"), ("bad_text", "unknown_person", "unknown_id"), f"{row}\n{answer}")
        self.assertGreater(n, 20)


if __name__ == "__main__":
    unittest.main()
