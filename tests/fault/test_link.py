"""The line to the broker is cut inside a packet, becomes slow, falls silent, breaks
again and again; a topic is refused: nothing half is believed, nothing is lost, somebody is told."""
import calendar
import time
import unittest

from house import LONG, SLOW, House, memory
from rig import LATE_MS, until

GAS = "zigbee2mqtt/b2/gas"
CACHE_KB = 2000 if LONG else 0  # two rows a break: SQLite's page cache fills up, to its limit


class Torn(House):
    def test_reset_in_the_middle_of_a_packet(self):
        rig = self.rig
        self.proxy.cut_inside = GAS.encode()
        rig.pub("zigbee2mqtt", GAS, '{"gas_density":31.2,"filler":"' + "x" * 200 + '"}')
        number = self.opened("gas-leak")["id"]
        self.assertIsNone(self.proxy.cut_inside)
        rig.synced()
        opened = [r["inc"] for r in rig.recs("opened") if r["body"]["type"] != "falling-behind"]  # of a busy machine
        self.assertEqual(opened, [number])  # and no sensor-lost of half a payload
        self.assertEqual(len(rig.recs("broker_down")), 1)
        self.console.wait_for("page/wang/json", lambda m: m.json["incident"] == number and m.json["kind"] == "call")


class Link(House):
    """What is noticed in time, by the program's own limits."""
    fault = f"patience=1,store-late-ms={LATE_MS}"

    def test_2_a_refused_topic_is_a_fault_that_names_it(self):
        self.proxy.refuses_topics = True
        self.proxy.cut()
        fault = until("the fault", lambda: self.of_type("broker-refuses"))
        self.assertRegex(fault["members"][0]["value"], "subscription refused: [a-z0-9/]+")
        until("somebody is called for it", lambda: self.console.wait_for(
            "page/wang/json", lambda m: m.json["incident"] == fault["id"] and m.json["kind"] == "call"))
        self.rig.synced()
        self.assertEqual(self.of_type("broker-refuses")["state"], "unacked")  # that the rest works is no cure
        self.proxy.refuses_topics = False
        self.proxy.cut()
        self.rig.wait_rec("gone", fault["id"])

    def test_3_one_byte_a_second(self):
        rig = self.rig
        self.proxy.bytes_per_s = 1
        raised = rig.ask("--as", "smith", "raise", "burst-pipe", "l2", "water")
        self.assertTrue(raised["ok"], raised)
        slowest = 0

        def told():
            nonlocal slowest
            slowest = max(slowest, self.looks())
            return self.told(raised["id"], "call")
        until("the page gives up and another channel tells", told, 120)
        until("the link is given up", lambda: rig.status()["broker"] != "up", 180)
        until("a fault is open", lambda: self.of_type("mark-lost") or self.of_type("broker-down"), 120)
        print(f"slowest answer on a line of 1 byte/s: {slowest * 1000:.0f} ms")
        self.proxy.bytes_per_s = None
        self.proxy.cut()
        rig.synced()
        self.console.wait_for(f"incident/{raised['id']}/state", lambda m: m.json["state"] == "unacked")

    def test_4_silence_and_back(self):
        """Neither end says a word; noticed by ourselves. What was pressed meanwhile opens when it arrives, and its
        chain begins then. (How old it is MQTT does not say.)"""
        rig, began = self.rig, time.monotonic()
        self.proxy.stalled = True
        rig.pub("shelly", "shellyplussmoke-a1b2c3/status/smoke:0", '{"id":0,"alarm":true,"mute":false}')
        until("the silence is noticed", lambda: rig.status()["broker"] == "down", 180)
        print(f"a silent line was noticed after {time.monotonic() - began:.1f} s")
        fault = until("a fault is open", lambda: self.of_type("broker-down"))
        until("told by a way that needs no broker", lambda: self.told(fault["id"], "call"))
        while LONG and time.monotonic() - began < 300:
            time.sleep(1)
        since = self.console.mark()
        self.proxy.cut()  # the broker keeps the session
        self.proxy.stalled = False
        healed = time.time()
        state = self.opened("fire", since, "l1")
        opened = next(r for r in rig.recs("opened") if r["inc"] == state["id"])
        took = calendar.timegm(time.strptime(opened["at"][:19], "%Y-%m-%dT%H:%M:%S")) - healed
        self.assertGreaterEqual(took, -2)
        self.assertEqual(state["chain"]["level"], 1)
        self.assertEqual(len([r for r in rig.recs("opened") if r["body"]["type"] == "fire"]), 1)
        rig.synced()
        rig.wait_rec("gone", fault["id"])


class Reconnects(House):
    """The link breaks again and again: no descriptor and no memory stays behind, and it is one fault."""
    fault = f"reconnect-ms=20,store-late-ms={LATE_MS}"
    WARM, N = 5, 1000 if LONG else 20  # each takes the library a second and more

    def broken(self):
        since = self.console.mark()
        self.proxy.cut()
        self.console.wait("synchronised again", lambda: any(
            "broker_up" in m.payload for m in self.console.heard("event", since)))

    def test_again_and_again(self):
        pid, began = self.rig.daemon.pid, time.monotonic()
        for _ in range(self.WARM):
            self.broken()
        fds, rss = memory(pid)
        for _ in range(self.N):
            self.broken()
        # what a program that tells somebody has open is given back
        until("no more descriptors than before", lambda: memory(pid)[0] <= fds + 1)
        fds_now, rss_now = memory(pid)
        print(f"{self.N} reconnects in {time.monotonic() - began:.0f} s: descriptors {fds} -> {fds_now}, "
              f"resident {rss} -> {rss_now} kB")
        if SLOW == 1:  # a sanitizer keeps what is freed
            self.assertLess(rss_now, rss * 1.05 + CACHE_KB)
        self.rig.synced()
        faults = [r["body"] for r in self.rig.recs("opened") if r["body"]["type"] != "falling-behind"]  # of a busy machine
        self.assertEqual([f["type"] for f in faults], ["broker-refuses"], faults)
        self.assertIn("again and again", self.of_type("broker-refuses")["members"][0]["value"])


if __name__ == "__main__":
    unittest.main()
