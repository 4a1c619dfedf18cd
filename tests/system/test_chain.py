"""Nobody acknowledges: each level at its time, the last one again and again, one notice that the chain is exhausted."""
import json
import signal
import time
import unittest
from datetime import datetime

from rig import LATE_MS, Case, until

LEVEL_1_S, LEVEL_2_S, ROUNDS = 1.0, 1.0, 5
LATE_S = 60.0  # a call that is lost comes with the next round or never; how late exactly is printed
EARLY_S = 0.05


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Chain(Case):
    site = {"wait": "1s", "again": "1s"}

    def test_nobody_answers(self):
        since = self.console.mark()
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas_density": 31.2}))
        number = self.opened("gas-leak", since)["id"]

        def rounds():
            found = [m for m in self.console.heard("page/li/json", since) if m.json["kind"] == "call" and m.json["level"] == 2]
            return found if len(found) >= ROUNDS else None
        self.console.wait(f"{ROUNDS} rounds of level 2", rounds, 180)
        opened = seconds(self.rig.recs("opened", number)[0]["at"])
        called = [seconds(r["at"]) for r in self.rig.recs("called", number) if r["body"]["level"] == 2][:ROUNDS]
        for n, at in enumerate(called):
            due = opened + LEVEL_1_S + n * LEVEL_2_S
            self.assertGreaterEqual(at, due - EARLY_S)
            self.assertLess(at, due + LATE_S)
        print(f"the latest of {ROUNDS} rounds: {1000 * max(at - opened - LEVEL_1_S - n * LEVEL_2_S for n, at in enumerate(called)):.0f} ms after its time")
        self.assertEqual(len(self.rig.recs("chain_exhausted", number)), 1)
        self.assertEqual(len([m for m in self.console.heard("page/wang/json", since)
                              if m.json["kind"] == "call" and m.json["level"] == 1]), 1)
        ids = [m.json["notice"] for m in rounds()]
        self.assertEqual(len(set(ids)), len(ids))
        self.assertTrue(self.command("li", "ack", number)["ok"])
        stopped = self.console.mark()
        self.state_of(number, "acked", since=since)
        answer = self.command("wang", "ack", number)  # the second learns who has it
        self.assertIn("李娜", answer["text"])
        self.assertEqual([m for m in self.console.heard("page/li/json", stopped) if m.json["kind"] == "call"], [])


class Frozen(Case):
    autostart = False
    site = {"wait": "20s"}

    def test_stopped_and_continued(self):
        """A daemon that stands still is said to be offline; when it turns again, what is overdue is done at once."""
        rig = self.rig
        rig.start(f"patience=1,store-late-ms={LATE_MS}")
        self.console.wait_for("status", lambda m: m.payload == "online")
        since = self.console.mark()
        number = self.command("smith", "raise", "gas-leak b2-kitchen gas")["id"]
        due = seconds(self.state_of(number, "unacked", since=since)["next"]["at"])
        rig.daemon.send_signal(signal.SIGSTOP)
        self.console.wait_for("status", lambda m: m.payload == "offline", since, 180)
        self.assertEqual(rig.recs("called", number), [])
        until("level 2 is overdue", lambda: time.time() > due)
        rig.daemon.send_signal(signal.SIGCONT)
        self.console.wait_for("page/li/json", lambda m: m.json["kind"] == "call" and m.json["level"] == 2, since)
        rig.synced()
        self.console.wait_for("status", lambda m: m.payload == "online", since + 1)
        words = [m.payload for m in self.console.heard("status", since)]  # a machine that paused as well has more of them
        self.assertEqual(words, ["offline", "online"] * max(1, len(words) // 2))
        self.assertEqual([i["id"] for i in rig.incidents() if i["type"] == "gas-leak"], [number])
        self.assertEqual(rig.tocsin("audit", "verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
