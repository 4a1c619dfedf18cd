"""tocsin guard against a real broker and daemon: whatever ends the heartbeats, a program is called in time,
once when it happens and once when it is over."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from rig import Case, LATE_MS, TOCSIN, Rig, spawn, until

AFTER_S = 30       # of silence, and more than a machine pauses; a heartbeat comes each second here
LIMIT_S = 120
FAULTS = f"heartbeat-ms=1000,store-late-ms={LATE_MS}"


class Guard:
    """tocsin guard with a program that writes down what it was told."""

    def __init__(self, rig, *more):
        self.rig, self.out = rig, rig.path("guard.json")
        rig.write("guard.pw", "guard-pw\n")
        rig.write("program", f'#!/bin/sh\n[ "$#" = 1 ] || exit 1\nprintf "%s\\n--\\n" "$1" >>{rig.path("told")}\n', 0o755)
        rig.write("told", "")
        with open(self.out, "w", encoding="utf-8") as out, open(rig.path("guard.log"), "w", encoding="utf-8") as log:
            self.process = spawn([TOCSIN, "--json", "guard", "--broker", f"mqtt://127.0.0.1:{rig.port}", "--user", "guard",
                                  "--password-file", rig.path("guard.pw"), "--after", f"{AFTER_S}s",
                                  "--exec", rig.path("program"), *more], stdout=out, stderr=log)

    def said(self):
        with open(self.out, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def words(self):
        return [f"{s['state']} {s['trouble']}" for s in self.said()]

    def told(self):
        """What the program was called with: pairs of a Chinese and an English line."""
        return [t.strip().split("\n") for t in self.rig.read("told").split("--\n") if t.strip()]

    def expect(self, what, *words, limit_s=LIMIT_S):
        """Exactly these so far, by JSON and by the program."""
        try:
            until(what, lambda: len(self.words()) >= len(words) and len(self.told()) >= len(words), limit_s)
        finally:
            if self.words() != list(words):
                print(f"the guard said {self.words()}\n" + self.rig.read("guard.log"), flush=True)
        if self.words() != list(words):
            raise AssertionError(f"{what}: {self.words()}")
        for (zh, en), said in zip(self.told(), self.said(), strict=True):
            if (zh, en) != (said["zh"], said["en"]):
                raise AssertionError(f"the program was told {zh} {en}, not {said}")
        return self.told()[-1]

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


class Quick(Rig):
    """A broker that does not wait for a disk: its own pauses are what the guard is to tell of."""

    def write(self, name, text, mode=0o644):
        if name == "mosquitto.conf":
            text = text.replace("autosave_on_changes true", "autosave_on_changes false").replace("autosave_interval 1\n", "autosave_interval 1800\n")
        super().write(name, text, mode)


class Watched(Case):
    autostart = False
    house = Quick

    def setUp(self):
        rig = self.rig
        self.fault = f"{FAULTS},loop-hold={rig.path('hold')},store-fail={rig.path('fail')}"
        if not rig.daemon or rig.daemon.poll() is not None:
            rig.start(self.fault)
        self.guard = Guard(rig, "--site", "plaza")
        self.addCleanup(self.guard.process.wait)
        self.addCleanup(self.guard.process.kill)
        until("the guard listens", lambda: "listening" in rig.read("guard.log"))

    def over(self, *words):
        self.guard.expect("it is over", *words)
        self.assertEqual(self.guard.stop(), 0)
        self.assertNotIn("did not tell", self.rig.read("guard.log"))

    def test_killed(self):
        self.rig.kill9()
        zh, en = self.guard.expect("killed is told", "alarm down")
        self.assertIn("plaza", zh)
        self.assertIn("没有运行", zh)
        self.assertIn("offline", en)
        self.rig.start(self.fault)
        self.over("alarm down", "over down")

    def test_stopped_in_its_tracks(self):
        self.rig.daemon.send_signal(signal.SIGSTOP)
        _, en = self.guard.expect("silence is told", "alarm down")
        self.assertIn("no heartbeat", en)
        self.rig.daemon.send_signal(signal.SIGCONT)
        self.over("alarm down", "over down")

    def test_its_loop_hangs_while_its_link_lives(self):
        self.rig.write("hold", "")
        self.guard.expect("a loop that hangs is told", "alarm down")
        self.assertEqual(self.console.newest("status").payload, "online")
        os.unlink(self.rig.path("hold"))
        self.over("alarm down", "over down")

    def test_stopped_by_hand(self):
        self.assertEqual(self.rig.stop(), 0)
        _, en = self.guard.expect("a stop is told", "alarm down")
        self.assertIn("somebody stopped it", en)
        self.assertEqual(self.guard.stop(), 1)  # it ends while something is wrong

    def test_store(self):
        fail = self.rig.path("fail")
        self.rig.write("fail", "")
        self.rig.pub("tasmota", "tele/pumps/SENSOR", '{"Switch1":"ON"}')
        zh, _ = self.guard.expect("a failing store is told", "alarm store")
        self.assertIn("审计存储", zh)
        os.unlink(fail)
        self.over("alarm store", "over store")

    def test_the_broker_goes(self):
        rig = self.rig
        began = time.monotonic()
        rig.broker_stop()
        rig.broker_start()  # quick: nobody is woken
        until("the guard listens again", lambda: rig.read("guard.log").count("listening") >= 2)
        if time.monotonic() - began < AFTER_S:
            self.assertEqual(self.guard.words(), [])
        rig.synced()
        before = self.guard.words()
        rig.broker_stop()
        zh, _ = self.guard.expect("no broker is told", *before, "alarm broker")
        self.assertIn("消息服务器", zh)
        rig.broker_start()
        self.guard.expect("the broker is back", *before, "alarm broker", "over broker")
        self.rig.synced()
        self.over(*before, "alarm broker", "over broker")


class Alone(Case):
    autostart = False
    house = Quick

    def test_a_site_that_never_speaks_and_a_wrong_password(self):
        guard = Guard(self.rig, "--site", "harbour")
        self.addCleanup(guard.process.wait)
        self.addCleanup(guard.process.kill)
        _, en = guard.expect("never heard is told", "alarm down")
        self.assertIn("was ever heard", en)
        self.assertEqual(guard.stop(), 1)
        guard = Guard(self.rig, "--password-file", self.rig.path("tocsin.yaml"))
        self.addCleanup(guard.process.wait)
        self.addCleanup(guard.process.kill)
        _, en = guard.expect("a refused password is told", "alarm broker")
        self.assertIn("refuses", en)

    def test_options(self):
        def run(*args):
            return subprocess.run([TOCSIN, "guard", *args], capture_output=True, text=True, timeout=120, check=False)
        for wrong, word in (((), "--broker"), (("--broker", "tcp://x"), "mqtt://"), (("--broker", "mqtt://x:99999"), "address"),
                            (("--broker", "mqtt://x", "--cafile", "/x"), "mqtts"), (("--broker", "mqtt://x", "--after", "soon"), "35s"),
                            (("--broker", "mqtt://x", "--exec", "mail"), "full path"),
                            (("--broker", "mqtts://x", "--cert", "/x"), "together"),
                            (("--broker", "mqtt://x", "--site", "a/b"), "--site"),
                            (("--broker", "mqtt://x", "--password-file", "/nonexistent"), "nonexistent")):
            done = run(*wrong)
            self.assertEqual(done.returncode, 2, wrong)
            self.assertIn(word, done.stderr, wrong)


def packet(kind, body):
    length, n = b"", len(body)
    while not length or n:
        length += bytes([n % 128 | (128 if n > 127 else 0)])
        n //= 128
    return bytes([kind]) + length + body


class PlayedBroker:
    """Takes one MQTT 5 client, lets it subscribe to all it wants, and then says what it likes."""

    def __init__(self, *publishes):
        self.publishes = publishes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.client = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def answer(self, kind, body):
        if kind == 1:
            self.client.sendall(packet(0x20, b"\0\0\0"))
        elif kind == 8:
            self.client.sendall(packet(0x90, body[:2] + b"\0" + b"\1" * 2))
            for topic, payload in self.publishes:
                self.client.sendall(packet(0x30, len(topic).to_bytes(2, "big") + topic.encode() + b"\0" + payload))
        elif kind == 12:
            self.client.sendall(packet(0xd0, b""))

    def run(self):
        self.client, _ = self.listener.accept()
        with self.client, self.client.makefile("rb") as stream:
            while head := stream.read(2):  # what the guard says is short
                self.answer(head[0] >> 4, stream.read(head[1]))

    def end(self):
        self.thread.join()
        self.listener.close()


class Hostile(unittest.TestCase):
    def test_topics_that_nobody_asked_for(self):
        broker = PlayedBroker(*((topic, b"offline") for topic in ("x", "tocsin", "tocsin/", "tocsin//1/status", "a/" * 2000, "tocsin/plaza/1/")),
                              ("tocsin/plaza/1/heartbeat", b'{"epoch":1,"n":1,"store":"ok"}'))
        with tempfile.TemporaryFile("w+") as out:
            guard = spawn([TOCSIN, "--json", "guard", "--broker", f"mqtt://127.0.0.1:{broker.port}", "--site", "plaza", "--after", "1s"],
                          stdout=out, stderr=subprocess.DEVNULL)

            def said():
                out.seek(0)
                return out.read()
            try:
                until("the guard has read all of them", lambda: "no heartbeat for" in said() or guard.poll() is not None, LIMIT_S)
                self.assertIsNone(guard.poll())
            finally:
                guard.kill()
                guard.wait()
                broker.end()


if __name__ == "__main__":
    unittest.main()
