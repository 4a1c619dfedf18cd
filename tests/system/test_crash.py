"""kill -9 while level 1 is called: the same incident, level 1 not called again, level 2 at its first due time."""
import contextlib
import json
import sqlite3
import time
import unittest
from datetime import datetime

from rig import Case, until

WAIT_S = 20      # the kill must come before level 2, however slow the disk
DOWN_S = 3
EARLY_S = 0.05   # clocks of two readers
TENFOLD_S = 60   # the start took, were it thirty times the 2 s that it may


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Crash(Case):
    def open_gas(self):
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas": True, "gas_density": 31.2}))
        state = self.opened("gas-leak")
        self.calls("wang")[0]
        return state

    def calls(self, person, level=1, since=0):
        def test():
            return [m for m in self.console.heard(f"page/{person}/json", since)
                    if m.json["kind"] == "call" and m.json["level"] == level]
        return self.console.wait(f"{person} called at level {level}", test)

    def after_the_crash(self, before, since):
        """The same incident, nobody called at level 1 again but by a repeat of the same notice."""
        now = self.rig.incidents()
        self.assertEqual([i["id"] for i in now], [before["id"]])
        for key in ("ulid", "opened", "type", "zone"):
            self.assertEqual(now[0][key], before[key])
        first = self.calls("wang")[0].json["notice"]
        for m in self.console.heard("page/wang/json", since):
            if m.json["kind"] == "call" and m.json["level"] == 1:
                self.assertEqual((m.json["notice"], m.json["repeat"]), (first, True))
        self.assertEqual(len(self.rig.recs("opened")), 1)
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)

    def called_second(self, since):
        page = self.calls("li", 2, since)[0].json
        self.assertEqual((page["incident"], page["repeat"]), (self.number, False))
        called = self.rig.wait_rec("called", self.number, lambda r: r["body"]["level"] == 2)
        return seconds(called["at"])


class BackInTime(Crash):
    site = {"wait": f"{WAIT_S}s"}

    def test_started_3_s_later(self):
        before = self.open_gas()
        self.number, due = before["id"], seconds(before["next"]["at"])
        self.assertAlmostEqual(due - seconds(before["opened"]), WAIT_S, delta=0.001)
        since = self.console.mark()
        self.rig.kill9()
        self.console.wait_for("status", lambda m: m.payload == "offline", since)
        time.sleep(DOWN_S)
        self.rig.start()
        now = self.rig.incidents()[0]["next"]
        if time.time() < due:  # a start that took longer has called already
            self.assertEqual(now, before["next"])
        at = self.called_second(since)
        self.assertGreaterEqual(at, due - EARLY_S)
        self.assertLess(at, due + TENFOLD_S)
        print(f"level 2 was called {(at - due) * 1000:.0f} ms after its time")
        self.after_the_crash(before, since)


class Damaged(Crash):
    """The record of counters is lost: the log says what the next row is, else each turn would be refused."""

    def test_the_next_row_follows_the_log(self):
        before, since = self.open_gas(), self.console.mark()
        self.rig.kill9()
        with contextlib.closing(sqlite3.connect(self.rig.path("state/tocsin.db"))) as db, db:
            self.assertEqual(db.execute("delete from state where key = 'e'").rowcount, 1)
        self.rig.start()
        self.console.wait_for("status", lambda m: m.payload == "online", since)
        self.assertTrue(self.rig.ask("--as", "wang", "ack", before["id"])["ok"])
        self.rig.wait_rec("acked", before["id"])
        self.rig.wait_rec("opened", test=lambda r: r["body"]["type"] == "store-set-aside")
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)


class BackTooLate(Crash):
    site = {"wait": f"{WAIT_S}s"}

    def test_started_after_it_was_due(self):
        before = self.open_gas()
        self.number, due = before["id"], seconds(before["next"]["at"])
        since = self.console.mark()
        self.rig.kill9()
        until("level 2 is overdue", lambda: time.time() > due + 1)
        self.rig.start()
        at, started = self.called_second(since), seconds(self.rig.recs("started")[-1]["at"])
        self.assertGreaterEqual(at, started)
        self.assertLess(at, started + TENFOLD_S)
        print(f"level 2 was called {(at - started) * 1000:.0f} ms after the start")
        self.after_the_crash(before, since)


class Stopped(Case):
    def test_a_clean_stop_and_what_is_kept(self):
        answer = self.command("wang", "raise", "burst-pipe l1 水")
        self.state_of(answer["id"], "unacked")
        since = self.console.mark()
        self.assertEqual(self.rig.stop(), 0)
        self.console.wait_for("status", lambda m: m.payload == "stopping", since)
        self.rig.start()
        self.console.wait_for("status", lambda m: m.payload == "online", since)
        self.assertEqual([m.payload for m in self.console.heard("status", since)], ["stopping", "online"])
        self.assertEqual([i["id"] for i in self.rig.incidents()], [answer["id"]])
        self.assertEqual([r["epoch"] for r in self.rig.recs("started")], [1, 2])
        self.rig.wait_rec("stopped")


del Crash

if __name__ == "__main__":
    unittest.main()
