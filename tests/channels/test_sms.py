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


# Says what stands in `answers`, line after line; the last one again and again. REQ is the `req` of the command.
PLAYED_RR = r"""#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = -m ] && sent=$2; shift; done
printf '%s\n' "$sent" >>DIR/asked
req=$(printf %s "$sent" | sed -n 's/.*"req":"\([^"]*\)".*/\1/p')
n=$(wc -l <DIR/asked)
[ "$n" -lt "$(wc -l <DIR/answers)" ] || n=$(wc -l <DIR/answers)
sed -n "${n}{s/REQ/$req/;p}" DIR/answers
"""
PLAYED_INJECT = """#!/bin/sh
printf '%s\\n' "$*" >>DIR/told
"""
OTHERS = '{"v":1,"cmd":"ack","req":"1-1","ok":true,"id":"G-9","text":"G-9 acknowledged"}'
OWN = '{"v":1,"cmd":"ack","req":"REQ","ok":true,"id":"G-17","text":"G-17 acknowledged"}'


class Reply(unittest.TestCase):
    """Which answer goes back to the telephone. tests/system/test_replies.py has the same with all that is played here."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tocsin-sms-")
        self.addCleanup(shutil.rmtree, self.dir)
        for name, text in (("mosquitto_rr", PLAYED_RR), ("gammu-smsd-inject", PLAYED_INJECT)):
            with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
                f.write(text.replace("DIR", self.dir))
            os.chmod(os.path.join(self.dir, name), 0o755)

    def lines(self, name):
        path = os.path.join(self.dir, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return f.read().splitlines()

    def receive(self, *answers):
        with open(os.path.join(self.dir, "answers"), "w", encoding="utf-8") as f:
            f.write("".join(a + "\n" for a in answers))
        subprocess.run([f"{SOURCE}/contrib/channels/sms-reply", "plaza", "sms"], check=True, timeout=300, stderr=subprocess.DEVNULL,
                       env={**os.environ, "PATH": self.dir + ":" + os.environ["PATH"], "SMS_1_NUMBER": "+8613800000001", "SMS_1_TEXT": "ack 17"})
        return self.lines("told")

    def test_the_answer_is_its_own(self):
        (told,) = self.receive(OTHERS, OTHERS, OWN)
        self.assertIn("G-17 acknowledged", told)
        asked = self.lines("asked")
        self.assertEqual(len(asked), 3)
        self.assertEqual(len(set(asked)), 1, "each time with the same req")

    def test_each_message_has_its_own_req(self):
        self.receive(OWN)
        self.receive(OWN)
        self.assertEqual(len(set(self.lines("asked"))), 2)

    def test_answers_to_others_for_ever(self):
        (told,) = self.receive(OTHERS)
        self.assertIn("NOT acknowledged", told)

    def test_no_answer(self):
        (told,) = self.receive("")
        self.assertIn("NOT acknowledged", told)
        self.assertEqual(len(self.lines("asked")), 1)


if __name__ == "__main__":
    unittest.main()
