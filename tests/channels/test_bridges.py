"""What a program does for a channel, with the programs themselves: an SNMP manager is told and answers, Apprise asks a
service, baresip is told to dial over a real broker."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from desk import SOURCE, DeskTest, Server

sys.path.insert(0, os.path.join(SOURCE, "tests/system"))
from rig import free_port, spawn, until  # noqa: E402

TEXT = "【燃气泄漏】G-17 $(id) \"x\" '; rm"
PATIENCE_S = 360  # more than a channel's; a program in Python takes its time to begin where others compute
OID = "1.3.6.1.4.1.8072.9999.9999"


def ber(data):
    """What BER says, as [(tag, bytes or such a list)]."""
    found = []
    while data:
        tag, n, at = data[0], data[1], 2
        if n & 0x80:
            at += n & 0x7f
            n = int.from_bytes(data[2:at], "big")
        body = data[at:at + n]
        found.append((tag, ber(body) if tag & 0x20 else body))
        data = data[at + n:]
    return found


def oid(text):
    parts = [int(p) for p in text.split(".")]
    out = bytearray([parts[0] * 40 + parts[1]])
    for p in parts[2:]:
        chunk = [p & 0x7f]
        while p := p >> 7:
            chunk.insert(0, p & 0x7f | 0x80)
        out += bytes(chunk)
    return bytes(out)


class Manager:
    """An SNMP manager: keeps what it is told, and answers an inform when it is willing to."""

    def __init__(self, answers):
        self.told, self.answers = [], answers
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                data, sender = self.socket.recvfrom(65536)
            except OSError:
                return
            message = ber(data)[0][1]
            tag, pdu = message[2]
            self.told.append((message[1][1], tag, {v[1][0][1]: v[1][1][1] for v in pdu[3][1]}))
            if tag == 0xa6 and self.answers:  # the same back, as a response
                at = data.index(message[1][1]) + len(message[1][1])  # behind the community; a length may be 0xa6, too
                self.socket.sendto(data[:at] + b"\xa2" + data[at + 1:], sender)


@unittest.skipUnless(shutil.which("snmptrap"), "snmp is not installed")
class Snmp(DeskTest):
    def tell(self, program, answers, patience_s=60):
        manager = Manager(answers)
        self.addCleanup(manager.socket.close)
        say = self.say(f"  nms: {{plugin: exec, argv: [/usr/bin/{program}, -v, 2c, -c, public, -r, \"0\", -t, \"{patience_s}\", \"127.0.0.1:{manager.port}\", \"0\", {OID}.1, "
                       f"{OID}.1.1, s, \"{{{{text}}}}\", {OID}.1.2, s, \"{{{{id}}}}\"], timeout: 5m}}")
        say.send("7.1", "nms", TEXT)
        return say.next(PATIENCE_S), manager

    def test_trap(self):
        outcome, manager = self.tell("snmptrap", False)
        self.assertEqual(outcome[0], "sent")
        community, tag, values = until("the trap", lambda: manager.told)[0]
        self.assertEqual((community, tag), (b"public", 0xa7))
        self.assertEqual(values[oid(f"{OID}.1.1")], TEXT.encode())
        self.assertEqual(values[oid(f"{OID}.1.2")], b"7.1")
        self.assertEqual(values[oid("1.3.6.1.6.3.1.1.4.1.0")], oid(f"{OID}.1"))

    def test_inform_is_answered(self):
        outcome, manager = self.tell("snmpinform", True)
        self.assertEqual((outcome[0], manager.told[0][1]), ("sent", 0xa6))

    def test_inform_is_not_answered(self):
        """No word of the manager: it was not told, and the person's next channel has its turn."""
        outcome, _ = self.tell("snmpinform", False, 1)
        self.assertEqual(outcome[0], "failed")


@unittest.skipUnless(shutil.which("apprise"), "apprise is not installed")
class Apprise(DeskTest):
    def test_told(self):
        for status, word in ((200, "sent"), (500, "failed")):
            server = Server([(status, {}, b"{}")])
            with tempfile.NamedTemporaryFile("w", prefix="tocsin-apprise-", delete=False) as f:
                f.write(server.url.replace("http://", "json://") + "/in\n")
            self.addCleanup(os.unlink, f.name)
            say = self.say(f"  chat: {{plugin: exec, argv: [/usr/bin/apprise, --config, {f.name}, -b, \"{{{{text}}}}\"], timeout: 5m}}")
            say.send("7.1", "chat", TEXT)
            self.assertEqual(say.next(PATIENCE_S)[0], word)
            self.assertEqual((server.asked[0][1], json.loads(server.asked[0][3])["message"]), ("/in", TEXT))
            server.shutdown()


def is_there(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Voice(DeskTest):
    def folder(self, **files):
        d = tempfile.mkdtemp(prefix="tocsin-call-")
        self.addCleanup(shutil.rmtree, d)
        for name, text in files.items():
            with open(os.path.join(d, name), "w", encoding="utf-8") as f:
                f.write(text)
        return d

    def test_dial(self):
        port = free_port()
        conf = self.folder(mosquitto_rr=f"-h 127.0.0.1\n-p {port}\n", broker=f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        say = self.say(f"  voice: {{plugin: exec, argv: [{SOURCE}/contrib/channels/call, \"{{{{phone}}}}\", pbx.example, \"{{{{id}}}}\", {conf}], timeout: 5m}}")
        say.send("7.1", "voice", TEXT)  # the broker is not there yet: later
        broker = spawn(["mosquitto", "-c", os.path.join(conf, "broker")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (broker.terminate(), broker.wait()))
        until("the broker", lambda: is_there(port))
        at = ["-h", "127.0.0.1", "-p", str(port)]
        baresip = spawn(["mosquitto_sub", *at, "-t", "/baresip/command"], stdout=subprocess.PIPE)
        self.addCleanup(lambda: (baresip.terminate(), baresip.wait(), baresip.stdout.close()))
        told = []

        def answer():
            for line in baresip.stdout:
                told.append(line)
                subprocess.run(["mosquitto_pub", *at, "-t", "/baresip/command_resp/7.1", "-m", "(null)"], check=False)
        threading.Thread(target=answer, daemon=True).start()
        self.assertEqual(say.next(PATIENCE_S)[0], "sent")
        self.assertEqual(set(told), {b'{"command":"dial","params":"sip:+86138@pbx.example","token":"7.1"}\n'})

    def test_nobody_dials(self):
        say = self.say(f"  voice: {{plugin: exec, argv: [{SOURCE}/contrib/channels/call, \"{{{{phone}}}}\", pbx.example, \"{{{{id}}}}\", {self.folder(mosquitto_rr='-p 1')}], timeout: 3s}}")
        say.send("7.1", "voice", TEXT)
        self.assertEqual(say.next()[0], "failed")


if __name__ == "__main__":
    unittest.main()
