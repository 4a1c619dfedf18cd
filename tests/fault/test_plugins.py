"""Programs that hang, crash, cannot be started, lie, never stop talking: each ends at its
limit, is told in the audit, and the next way or the next level goes on. Never "done" without an ack."""
import time
import unittest

from house import SLOW, House, memory
from rig import until

WAYS = """
  hang: {plugin: exec, argv: [DIR/hang], timeout: 2s}
  crash: {plugin: exec, argv: [DIR/crash], timeout: 2m}
  none: {plugin: exec, argv: [DIR/nonesuch], timeout: 2m}
  liar: {plugin: exec, argv: [/bin/true], timeout: 2m}
  loud: {plugin: exec, argv: [/usr/bin/head, -c, "200000000", /dev/zero], timeout: 10m}
  tell: {plugin: exec, argv: [DIR/tell, x], timeout: 2m}"""
PROGRAMS = {"hang": "#!/bin/sh\necho $$ >>DIR/hanging\nsleep 3600\n", "crash": "#!/bin/sh\nkill -SEGV $$\n"}


class Ways(House):
    proxied = begins = False
    site = {"channels": "hang, crash, none, tell", "more_channels": WAYS.lstrip(), "wait": "600s", "again": "600s"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, text in PROGRAMS.items():
            cls.rig.write(name, text.replace("DIR", cls.rig.dir), 0o755)
        cls.rig.start()

    def raised(self, words):
        answer = self.rig.ask("--as", "smith", "raise", *words.split(), "x")
        self.assertTrue(answer["ok"], answer)
        return answer["id"]

    def failed(self, incident):
        """Why the calls of the incident did not get through, in order: (person, channel, why)."""
        return [(r["body"]["person"], r["body"]["channel"], r["body"]["why"]) for r in self.rig.recs("delivery_failed", incident)
                if r["body"]["kind"] == "call"]


class Broken(Ways):
    def test_1_each_ends_and_the_next_is_tried(self):
        """Hangs: killed at its timeout. Crashes: isolated. Cannot be started: said. The fourth way is told it all."""
        for zone in ("b2-kitchen", "l1"):
            number = self.raised(f"gas-leak {zone}")
            until("the last way is told", lambda: self.looks() and self.told(number, "call"))
            failed = until("three rows", lambda: len(self.failed(number)) >= 3 and self.failed(number)[:3])
            if "no word of it" not in failed[0][2]:  # of who waits for it: the machine paused, and both limits were over at once
                break
        self.assertEqual([f[:2] for f in failed], [("wang", "hang"), ("wang", "crash"), ("wang", "none")])
        for (_, _, why), word in zip(failed, ("did not end within 2000 ms", "signal 11", "No such file")):
            self.assertIn(word, why)
        sent = self.rig.wait_rec("sent", number, lambda r: r["body"]["kind"] == "call")
        self.assertEqual(sent["body"]["channel"], "tell")
        until("none that hangs is left", lambda: not [pid for pid in self.rig.read("hanging").split() if self.hangs(pid)])

    def hangs(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as f:
                return self.rig.path("hang") in f.read().split("\0")
        except OSError:
            return False

    def test_2_endless_words(self):
        rig, (_, rss) = self.rig, memory(self.rig.daemon.pid)
        self.assertTrue(rig.ask("--as", "wang", "ring", "li", "loud")["ok"])
        slowest = 0

        def sent():
            nonlocal slowest
            slowest = max(slowest, self.looks())
            return [r for r in rig.recs("sent") if r["body"]["channel"] == "loud"]
        until("it has said all of it", sent, 600)
        self.assertTrue(memory(rig.daemon.pid)[1] < rss + 20000 or SLOW > 1)
        print(f"slowest answer while 200 MB are printed: {slowest * 1000:.0f} ms")


class Lies(Ways):
    site = {**Ways.site, "channels": "liar", "wait": "3s", "again": "3s"}

    def test_handed_over_is_all_it_says(self):
        """Exit 0: `sent`, never `delivered`, and the chain goes on until somebody acks."""
        rig, number = self.rig, self.raised("gas-leak l2")
        rig.wait_rec("chain_exhausted", number)
        rig.wait_rec("called", number, lambda r: r["body"]["round"] >= 1)
        until("what was handed over is sent", lambda: {
            d["state"] for d in rig.ask("show", number)["incident"]["deliveries"]} == {"sent"})  # a round may just begin
        self.assertEqual((rig.recs("delivered"), rig.recs("delivery_failed")), ([], []))
        self.assertTrue(rig.ask("--as", "wang", "ack", number)["ok"])
        n = len(rig.recs("called", number))
        time.sleep(4)  # longer than a level
        self.assertEqual(len(rig.recs("called", number)), n)


class Nothing(Ways):
    site = {**Ways.site, "channels": "crash, none", "wait": "3s", "again": "3s"}

    def test_no_way_works(self):
        """Called again and again, at the chain's own pace; never taken for told."""
        rig, number = self.rig, self.raised("gas-leak b2-kitchen")
        rig.wait_rec("called", number, lambda r: r["body"]["round"] >= 2, 120)
        calls = len([r for r in rig.recs("called", number)]) * 2 + 1
        self.assertEqual(rig.recs("sent", number), [])
        until("each call failed by each way", lambda: len(self.failed(number)) >= calls)
        self.assertLess(len(self.failed(number)), calls * 4)  # two ways a call, and the last words to the last
        shown = rig.ask("show", number)["incident"]
        self.assertEqual((shown["state"], {d["state"] for d in shown["deliveries"]} <= {"failed", "queued"}), ("unacked", True))
        self.assertIsNotNone(shown["next"])
        self.looks()
        fault = until("the trouble", lambda: self.of_type("channel-down"), 120)
        self.assertIn("channel", fault["members"][0]["value"])


del Ways
if __name__ == "__main__":
    unittest.main()
