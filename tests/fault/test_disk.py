"""The disk of the store: syncs that fail, hang or take long; full, read-only, damaged, locked. Nothing of it
stops an alarm, the loop goes on, somebody is called, and what was told meanwhile is in the store afterwards."""
import json
import os
import sqlite3
import statistics
import time
import unittest

from broken import FAST, BrokenCase
from rig import LIMIT_S, until

LONG = "TOCSIN_LONG" in os.environ
LOOP_S = 1.5  # half of what a sync takes here, and less than a lock is waited for; the median of many looks


@unittest.skipUnless(os.getuid() == 0, "mounts a small disk: needs root")
class Disk(BrokenCase):
    autostart = False
    site = {"wait": "300s", "again": "300s"}
    places = [(kind, zone) for kind in ("fire", "gas-leak") for zone in ("b2", "b2-pumps", "l2", "switch-room", "sub-room")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rig.mount("24m")

    def setUp(self):
        self.rig.heal()
        if not self.rig.daemon or self.rig.daemon.poll() is not None:
            self.rig.start(FAST)
        self.since = self.console.mark()

    def tearDown(self):
        self.rig.heal()
        self.store_is("ok")
        for i in self.rig.incidents():
            if i["hazard"] == "system" and i["state"] in ("unacked", "rtn_unacked"):
                self.rig.tocsin("--as", "wang", "ack", i["id"])

    def alarm(self):
        """A life-safety alarm by MQTT, one that is not open yet; its incident."""
        kind, zone = Disk.places.pop()
        self.rig.pub("smith", "cmd/smith/raise", f"{kind} {zone} 试验")
        return self.opened(kind, self.since, zone)

    def sensor_alarm(self, user, topic, payload, zone):
        self.rig.pub(user, topic, payload)
        return self.opened("fire", self.since, zone)

    def page(self, incident, unrecorded):
        return self.console.wait("the page", lambda: next((
            m for m in self.console.all[self.since:] if m.topic.endswith("/json") and "/page/" in m.topic
            and m.json["incident"] == incident["id"] and m.json["unrecorded"] == unrecorded), None))

    def is_stored_once(self, incident):
        self.rig.wait_rec("opened", incident["id"])
        self.assertEqual(len(self.rig.recs("opened", incident["id"])), 1)
        self.whole()

    def alive(self, pid):
        self.assertEqual((self.rig.daemon.pid, self.rig.daemon.poll()), (pid, None))

    # -- syncs

    def test_01_one_sync_fails(self):
        self.rig.set(sync_fails=1)
        alarm = self.alarm()
        own = self.called_about("store-failing", self.since)
        self.store_is("ok")
        self.is_stored_once(alarm)
        self.over(own)

    def test_02_every_sync_fails(self):
        rig, pid = self.rig, self.rig.daemon.pid
        rig.set(sync_fails=-1)
        alarm = self.sensor_alarm("plc", "plc/b2/callpoint", "1", "b2-kitchen")
        self.page(alarm, True)
        self.called_about("store-failing", self.since)
        self.store_is("failing")
        self.assertIn("TROUBLE", rig.tocsin("status").stdout)
        for _ in range(20):  # what the kernel remembers is not on the disk: it stays failing
            self.assertEqual(rig.look()[0]["store"], "failing")
            time.sleep(0.05)
        self.alive(pid)
        self.assertEqual(rig.stop(), 0)  # as always: what is told stands in the journal and the run directory
        rig.heal()
        rig.start(FAST)
        found = until("the alarm is there after the start",
                      lambda: [i for i in rig.incidents() if (i["type"], i["zone"]) == ("fire", "b2-kitchen")])
        self.assertEqual(len(found), 1)
        self.is_stored_once(found[0])

    def test_03_every_sync_takes_long(self):
        """3 s each: late, so it leaves unrecorded; the loop answers, the link lasts, messages go on."""
        rig = self.rig
        rig.set(sync_ms=3000)
        before = rig.get("syncs")
        alarm = self.alarm()
        self.page(alarm, True)
        took = []
        until("two syncs", lambda: took.append(rig.look()[1]) or rig.get("syncs") >= before + 2)
        print(f"{len(took)} looks while the disk took 3 s: median {statistics.median(took) * 1000:.1f} ms, "
              f"worst {max(took) * 1000:.0f} ms")
        self.assertLess(statistics.median(took), LOOP_S)
        rig.set(sync_ms=0)
        self.store_is("ok")
        self.assertEqual(rig.recs("broker_down"), [])
        self.is_stored_once(alarm)

    def test_04_a_sync_hangs(self):
        """Longer than any patience: degraded, nothing restarts, and it goes on by itself."""
        rig, pid = self.rig, self.rig.daemon.pid
        rig.set(sync_ms=-1)
        alarm = self.alarm()
        page = self.page(alarm, True)
        self.store_is("failing")
        self.called_about("store-failing", self.since)
        end = time.monotonic() + (30 if LONG else 3)
        took = []
        while time.monotonic() < end:
            took.append(rig.look()[1])
            time.sleep(0.05)
        self.assertLess(statistics.median(took), LOOP_S)
        answer = self.command("wang", "ack", alarm["id"])
        self.assertTrue(answer["ok"], answer)
        rig.heal()
        self.store_is("ok")
        self.alive(pid)
        self.is_stored_once(alarm)
        rig.wait_rec("acked", alarm["id"])
        self.assertTrue(page.json["unrecorded"])

    def test_05_stopped_while_a_sync_hangs(self):
        rig = self.rig
        rig.set(sync_ms=-1)
        alarm = self.sensor_alarm("shelly", "shellyplussmoke-a1b2c3/status/smoke:0", '{"alarm": true}', "l1")
        self.page(alarm, True)
        began = time.monotonic()
        self.assertEqual(rig.stop(), 0)
        print(f"stopped in {time.monotonic() - began:.1f} s while a sync hangs")
        rig.heal()
        rig.start(FAST)
        found = until("the alarm is there after the start",
                      lambda: [i for i in rig.incidents() if (i["type"], i["zone"]) == ("fire", "l1")])
        self.assertEqual(len(found), 1)
        self.whole()

    def test_06_started_while_the_disk_hangs(self):
        """Without what it held: degraded, alarms leave; when it answers a new start brings both together."""
        rig = self.rig
        known = {i["id"] for i in rig.incidents()}
        self.assertEqual(rig.stop(), 0)
        rig.set(sync_ms=-1)
        began, since = time.monotonic(), self.console.mark()
        rig.daemon_launch(FAST)
        rig.synced()
        print(f"started in {time.monotonic() - began:.1f} s on a disk that hangs")
        self.called_about("store-failing", since)
        self.since = self.console.mark()
        alarm = self.sensor_alarm("shelly", "shellyplussmoke-d4e5f6/events/rpc",
                                  '{"params":{"smoke:0":{"alarm":true}}}', "l2")
        self.page(alarm, True)
        rig.heal()
        self.assertEqual(rig.daemon.wait(LIMIT_S), 70)  # systemd starts it again after 1 s
        rig.start(FAST)
        found = until("the alarm is there after the start",
                      lambda: [i for i in rig.incidents() if (i["type"], i["zone"]) == ("fire", "l2")])
        self.assertEqual(len(found), 1)
        self.assertLessEqual(known, {i["id"] for i in rig.incidents()} | {
            r["inc"] for r in rig.recs("closed")})
        self.whole()

    # -- another program at the file

    def test_07_locked_by_another_program(self):
        rig, pid = self.rig, self.rig.daemon.pid
        other = sqlite3.connect(rig.path("state/tocsin.db"), isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        alarm = self.alarm()
        self.page(alarm, True)
        self.store_is("failing")
        self.assertLess(statistics.median(rig.look()[1] for _ in range(9)), LOOP_S)
        other.execute("ROLLBACK")
        other.close()
        self.store_is("ok")
        self.alive(pid)
        self.is_stored_once(alarm)

    # -- no room

    def test_10_full(self):
        rig, pid = self.rig, self.rig.daemon.pid
        self.assertTrue(os.path.exists(rig.path("state/ballast")))
        rig.fill()
        low = self.called_about("disk-low", self.since)
        alarm = self.alarm()
        self.page(alarm, False)  # the reserve is enough for it
        words = "x" * 2000

        def fails():
            rig.fill()
            self.command("wang", "note", f"{alarm['id']} {words}")
            return rig.look()[0]["store"] == "failing"
        until("the reserve is used up", fails)
        self.assertFalse(os.path.exists(rig.path("state/ballast")))
        self.assertIn("reserve", rig.said())
        since = self.console.mark()
        self.assertTrue(self.command("wang", "raise", "burst-pipe b2-pumps 水")["ok"])
        pipe = self.opened("burst-pipe", since)
        self.called_about("store-failing", self.since)
        rig.unfill()
        self.store_is("ok")
        self.alive(pid)
        self.over(low)
        until("the reserve is back", lambda: os.path.exists(rig.path("state/ballast")))
        self.is_stored_once(alarm)
        self.is_stored_once(pipe)

    # -- read-only

    def test_11_read_only_while_running_and_at_start(self):
        rig, pid = self.rig, self.rig.daemon.pid
        before = self.alarm()
        self.page(before, False)
        rig.tocsin("--as", "wang", "ack", before["id"])
        # an open file for writing keeps a disk from being made read-only: stop first
        self.assertEqual(rig.stop(), 0)
        rig.remount("ro")
        since = self.console.mark()
        rig.start(FAST)
        self.store_is("failing")
        own = self.called_about("store-failing", since)
        self.assertIn("TROUBLE", rig.tocsin("status").stdout)
        self.assertEqual([i["id"] for i in rig.incidents() if i["id"] == before["id"]], [before["id"]])
        self.assertTrue(self.command("smith", "raise", "burst-pipe l2 水")["ok"])
        pipe = self.opened("burst-pipe", since, "l2")
        rig.remount("rw")
        self.store_is("ok")
        self.over(own)
        self.is_stored_once(pipe)
        self.assertNotEqual(pid, rig.daemon.pid)

    # -- damage

    def smash(self):
        with open(self.rig.path("state/tocsin.db"), "r+b") as f:
            f.write(b"\xa5" * 65536)
        os.truncate(self.rig.path("state/tocsin.db-wal"), 0)

    def test_12_damaged_while_running(self):
        """With an incident open and a turn in flight: a new database has both, and every number goes on."""
        rig, pid = self.rig, self.rig.daemon.pid
        first = self.alarm()
        self.page(first, False)
        self.assertTrue(self.command("wang", "ack", first["id"])["ok"])
        rig.quiet()  # what the ack brings with it is stored
        head = rig.recs()[-1]["seq"]
        rig.set(sync_ms=-1)
        since = self.console.mark()
        rig.pub("smith", "cmd/smith/raise", "burst-pipe l1 水")
        pipe = self.opened("burst-pipe", since, "l1")
        self.smash()
        rig.set(sync_fails=1, sync_ms=0)
        own = self.opened("store-set-aside", since)
        self.store_is("ok")
        self.alive(pid)
        self.assertIn("bad-", " ".join(os.listdir(rig.path("state"))))
        self.assertRegex(self.whole(), r"goes on from row \d+ of the database that was set aside then\n"
                         r"beside it, and not known to it: \S+/tocsin\.db\.bad-\S+; ")
        rows = rig.recs()
        self.assertLessEqual(rows[0]["seq"], head + 3)
        self.assertEqual([r["seq"] for r in rows], list(range(rows[0]["seq"], rows[0]["seq"] + len(rows))))
        self.is_stored_once(pipe)
        self.assertGreater(int(own["id"].split("-")[1]), int(pipe["id"].split("-")[1]))
        before = {i["id"]: i for i in rig.incidents()}
        rig.kill9()
        rig.start(FAST)
        after = {i["id"]: i for i in rig.incidents()}
        self.assertEqual(after[first["id"]]["state"], "acked")
        for key in ("id", "ulid", "opened", "state", "next"):
            self.assertEqual(after[first["id"]][key], before[first["id"]][key], key)
        # a start may name what was retained of the start that the disk kept from its rows
        self.assertLessEqual({i["type"] for n, i in after.items() if n not in before}, {"unknown-incident"})
        self.assertLessEqual({n for n, i in before.items() if i["hazard"] != "system"}, set(after))
        db = sqlite3.connect(f"file:{rig.path('state/tocsin.db')}?mode=ro", uri=True)
        self.addCleanup(db.close)
        self.assertEqual(db.execute("select count(*) from plan").fetchone()[0], 1)

    def test_13_damaged_while_stopped(self):
        rig = self.rig
        self.page(self.alarm(), False)
        newest = max(int(r["inc"].split("-")[1]) for r in rig.recs("opened"))
        self.assertEqual(rig.stop(), 0)
        with open(rig.path("state/tocsin.db"), "r+b") as f:
            f.seek(4096)
            f.write(b"\xa5" * 65536)
        since = self.console.mark()
        rig.start(FAST)
        self.called_about("store-set-aside", since)
        self.since = since
        alarm = self.alarm()
        self.page(alarm, False)
        self.assertGreater(int(alarm["id"].split("-")[1]), newest)
        self.is_stored_once(alarm)


if __name__ == "__main__":
    unittest.main()
