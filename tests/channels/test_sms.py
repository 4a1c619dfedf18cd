"""SMS through the shipped program and a real gammu-smsd, whose phone is gammu's dummy."""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from desk import SOURCE, DeskTest

RC = """[gammu]
model = dummy
connection = none
device = DIR/phone

[smsd]
service = files
inboxpath = DIR/in/
outboxpath = DIR/out/
sentsmspath = DIR/sent/
errorsmspath = DIR/err/
logfile = DIR/log
commtimeout = 1
checksecurity = 0
"""
TEXT = "【燃气泄漏】G-17 地下二层厨房 $(id) \"x\" '; rm"


def messages(folder):
    """Of each message in it: the file's name, the number, the text. smsd writes while we look: one without its last line is none."""
    found = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="latin-1") as f:
            text = f.read()
        if not text.endswith("\n") or not text.rstrip("\n").rsplit("\n", 1)[-1].startswith("MessageReference = "):
            continue
        rows = dict(line.split(" = ", 1) for line in text.split("\n") if " = " in line)
        hexes = "".join(rows[k] for k in sorted(k for k in rows if k.startswith("Text")))
        found.append((name, rows["Number"].strip('"'), bytes.fromhex(hexes).decode("utf-16-be")))
    return found


@unittest.skipUnless(shutil.which("gammu-smsd"), "gammu-smsd is not installed")
class Sms(DeskTest):
    def test_sent(self):
        with tempfile.TemporaryDirectory(prefix="tocsin-sms-") as d:
            for name in ("in", "out", "sent", "err", "phone"):
                os.mkdir(os.path.join(d, name))
            with open(os.path.join(d, "rc"), "w", encoding="utf-8") as f:
                f.write(RC.replace("DIR", d))
            smsd = subprocess.Popen(["gammu-smsd", "-c", os.path.join(d, "rc")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                say = self.say(f"  sms: {{plugin: exec, argv: [{SOURCE}/contrib/channels/sms, \"{{{{phone}}}}\", \"{{{{text}}}}\", {d}/rc]}}")
                say.send("7.1", "sms", TEXT)
                self.assertEqual(say.next()[0], "sent")
                end = time.monotonic() + 120
                while not (sent := messages(os.path.join(d, "sent"))) and time.monotonic() < end:
                    time.sleep(0.1)
                ((name, number, text),) = sent
                self.assertIn("_+86138_", name)
                self.assertEqual((number, text), ("+86138", TEXT))
            finally:
                smsd.terminate()
                smsd.wait(60)

    def test_no_number(self):
        say = self.say(f"  sms: {{plugin: exec, argv: [{SOURCE}/contrib/channels/sms, \"{{{{name}}}}\", x]}}")
        say.send("7.1", "sms", TEXT)
        word, _, _, why = say.next()
        self.assertEqual(word, "failed")
        self.assertIn("no number", why)


if __name__ == "__main__":
    unittest.main()
