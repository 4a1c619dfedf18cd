"""Repeats, flicker, silence, and hands that are faster than the machine: the same end state, one row per change."""
import json
import subprocess
import time
import unittest

from rig import ROOT, Case, until

GAS = "zigbee2mqtt/b2/gas"
REPEATS = 1000


class Sensors(Case):
    site = {"wait": "600s"}

    def lines(self, user, topic, payloads):
        """Many messages in one connection, as fast as they go."""
        subprocess.run([*self.rig.client("mosquitto_pub", user), "-q", "1", "-t", topic, "-l"], input="\n".join(payloads) + "\n",
                       text=True, timeout=300, check=True)

    def calls(self, number, since=0):
        return [m.json for m in self.console.heard("page/wang/json", since)
                if m.json["incident"] == number and m.json["kind"] == "call"]

    def test_1_flicker_is_nothing(self):
        since = self.console.mark()
        self.lines("zigbee2mqtt", GAS, ['{"gas_density":15}', '{"gas_density":0.4}'])
        time.sleep(10.2)  # its `for` is 10 s: longer than a slow disk keeps the second one from being heard
        self.rig.pub("tasmota", "tele/pumps/SENSOR", '{"Switch1":"ON"}')
        self.opened("burst-pipe", since)
        self.assertEqual([i["type"] for i in self.rig.incidents()], ["burst-pipe"])

    def test_2_a_thousand_repeats(self):
        since = self.console.mark()
        self.lines("zigbee2mqtt", GAS, [json.dumps({"gas_density": 31.2, "linkquality": n % 255}) for n in range(REPEATS)])
        number = self.opened("gas-leak", since)["id"]
        self.console.wait("wang is called", lambda: self.calls(number))
        answer = self.command("wang", "note", f"{number} 到了")  # stands behind all of them in the queue
        self.assertTrue(answer["ok"], answer)
        self.assertEqual([r["inc"] for r in self.rig.recs("opened") if r["body"]["type"] == "gas-leak"], [number])
        self.assertEqual(len(self.calls(number)), 1)
        self.assertLess(len(self.rig.recs()), 200)

    def test_3_ack_and_clear_in_either_order(self):
        ends = []
        for zone, topic, user, clear_first in (("switch-room", "plc/switch-room/mains", "plc", True),
                                               ("sub-room", "tele/mdb1/SENSOR", "tasmota", False)):
            since = self.console.mark()
            bad, good = ("alarm", "normal") if user == "plc" else ('{"ENERGY":{"Voltage":12}}', '{"ENERGY":{"Voltage":231}}')
            self.rig.pub(user, topic, bad)
            number = self.opened("power-loss", since, zone)["id"]
            acts = [(user, topic, [good, good]), ("wang", ROOT + "cmd/wang/ack", [number, number])]
            for act in acts if clear_first else acts[::-1]:
                self.lines(*act)
            state = self.state_of(number, "cleared", since=since)
            until("both acks are answered", lambda: len([m for m in self.console.heard("result/wang", since)
                                                         if m.json["id"] == number and m.json["ok"]]) == 2)
            ends.append((state["state"], state["acked_by"]))
            self.assertEqual(len(self.rig.recs("acked", number)), 1)
            self.assertEqual(len(self.rig.recs("gone", number)), 1)
        self.assertEqual(ends, [("cleared", "wang")] * 2)

    def test_4_lost_while_bad_stays_bad(self):
        number = next(i["id"] for i in self.rig.incidents() if i["type"] == "gas-leak")
        since = self.console.mark()
        self.rig.pub("zigbee2mqtt", GAS + "/availability", '{"state":"offline"}', "-r")
        state = self.console.wait_for(f"incident/{number}/state", lambda m: m.json["flags"]["stale"], since).json
        self.assertEqual(state["state"], "unacked")
        self.rig.wait_rec("lost", number)
        since = self.console.mark()
        self.rig.pub("zigbee2mqtt", GAS + "/availability", '{"state":"online"}', "-r")
        self.rig.pub("zigbee2mqtt", GAS, '{"gas_density":33}')
        self.console.wait_for(f"incident/{number}/state", lambda m: not m.json["flags"]["stale"], since)

    def test_5_lost_while_well_is_a_fault(self):
        since = self.console.mark()
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/l2/leak", '{"water_leak":false}')
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/l2/leak/availability", '{"state":"offline"}', "-r")
        state = self.opened("sensor-lost", since)
        self.assertEqual((state["id"][0], state["severity"], state["zone"]), ("S", "fault", "l2"))
        self.console.wait_for("zone/l2/state", lambda m: m.payload == "fault", since)
        self.assertIn("leak-l2", state["members"][0]["value"])
        page = self.console.wait_for("page/wang", lambda m: state["id"] in m.payload, since)
        self.assertIn("leak-l2", page.payload)  # who is sent there must know which one

    def test_6_the_link_is_down_and_an_order_waits(self):
        """An order given while the daemon is away is late; the fan never turns."""
        self.rig.kill9()
        since = self.console.mark()
        self.rig.pub("li", "cmd/li/operate", "fan-b2 on")
        self.rig.start()
        self.assertEqual(self.result("li", since)["error"], "late")
        self.assertEqual(self.rig.ask("--as", "li", "operate", "fan-b2", "on")["error"], "interlocked")
        self.rig.pub("plc", "plc/b2/end/set", "end")
        self.probe.wait_for("plc/b2/end/set")
        self.assertEqual(self.probe.heard("plc/b2/fan/set"), [])


SILENT_S = 10


class Supervised(Case):
    site = {"supervised": f", silent_after: {SILENT_S}s"}

    def said_without_a_break(self):
        """The same word again and again, for longer than it may be silent; False: the machine paused meanwhile, and it did not hear so."""
        with subprocess.Popen([*self.rig.client("mosquitto_pub", "plc"), "-q", "1", "-t", "plc/switch-room/mains", "-l"],
                              stdin=subprocess.PIPE, text=True) as pub:
            began = was = time.monotonic()
            longest = heard = 0
            while was < began + 1.4 * SILENT_S and time.monotonic() < began + 4 * SILENT_S:
                pub.stdin.write("normal\n")
                pub.stdin.flush()
                time.sleep(0.2)
                status, _ = self.rig.look()  # its loop turns, too
                longest = max(longest, time.monotonic() - was)
                if status["messages"] != heard:
                    heard, was = status["messages"], time.monotonic()
        return longest < SILENT_S / 4

    def test_what_says_the_same_is_not_silent(self):
        """Its words are no news, so the engine hears of them only when it asks."""
        for _ in range(10):
            since, before = self.console.mark(), self.rig.recs("opened")
            if self.said_without_a_break():
                break
        self.assertEqual(self.rig.recs("opened"), before)
        self.opened("sensor-lost", since)  # and now it is


if __name__ == "__main__":
    unittest.main()
