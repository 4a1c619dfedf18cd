"""The broker dies, comes back, and answers by MQTT 5; another channel tells people meanwhile; 3.1.1 does too."""
import json
import os
import signal
import subprocess
import unittest

from rig import ROOT, Case, until

TELL = """#!/bin/sh
{ echo "$1"; cat; } >DIR/told/$$
mv DIR/told/$$ DIR/told/$$.json
"""


class Broker(Case):
    autostart = False
    site = {"channels": "page, tell", "more_channels": 'tell: {plugin: exec, argv: [DIR/tell, "{{phone}}"], timeout: 2m}'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rig.write("tocsin.yaml", cls.rig.read("tocsin.yaml").replace("DIR/tell", cls.rig.path("tell")))
        cls.rig.write("tell", TELL.replace("DIR", cls.rig.dir), 0o755)
        os.mkdir(cls.rig.path("told"))
        cls.rig.start()

    def told(self):
        """What the script was given: (its argument, the notice)."""
        files = [f for f in os.listdir(self.rig.path("told")) if f.endswith(".json")]
        return [(number, json.loads(notice)) for number, notice in (self.rig.read("told/" + f).split("\n", 1) for f in files)]

    def test_1_told_by_exec_while_the_broker_is_dead(self):
        rig = self.rig
        rig.broker_stop(signal.SIGKILL)
        until("the daemon sees it", lambda: rig.status()["broker"] != "up")
        order = rig.ask("--as", "li", "operate", "fan-b2", "on")  # neither now nor, with gas there, when the broker is back
        self.assertFalse(order["ok"], order)
        raised = rig.ask("--as", "smith", "raise", "gas-leak", "b2-kitchen", "gas")
        self.assertTrue(raised["ok"], raised)
        number, call = until("the script is told", lambda: next(
            (t for t in self.told() if t[1]["incident"] == raised["id"] and t[1]["kind"] == "call"), None))
        self.assertEqual(number, "+86 138 0000 0001")
        self.assertIn("燃气泄漏", call["text"])
        rig.wait_rec("broker_down")
        self.assertIn("TROUBLE", rig.tocsin("status").stdout)
        acked = rig.ask("--as", "wang", "ack", raised["id"])
        self.assertEqual((acked["ok"], acked["state"]), (True, "acked"))
        self.assertEqual([r["body"] for r in rig.recs("command", raised["id"])], [])  # nothing waits in an outbox

    def test_2_a_retained_alarm_is_read_again(self):
        rig, since = self.rig, self.console.mark()
        rig.daemon.send_signal(signal.SIGSTOP)
        rig.broker_start()
        rig.pub("shelly", "shellyplussmoke-a1b2c3/status/smoke:0", '{"id":0,"alarm":true,"mute":false}', "-r", "-q", "0")
        self.assertEqual(rig.kept("shelly", "shellyplussmoke-a1b2c3/status/smoke:0"), '{"id":0,"alarm":true,"mute":false}')
        rig.broker_stop()  # to its disk and back
        rig.broker_start()
        rig.daemon.send_signal(signal.SIGCONT)
        rig.synced()
        state = self.opened("fire", since, "l1")
        self.assertEqual(state["members"][0]["sensor"], "smoke-l1")
        self.console.wait_for("page/wang/json", lambda m: m.json["incident"] == state["id"] and m.json["kind"] == "call", since)
        down = rig.wait_rec("broker_up", test=lambda r: r["seq"] > rig.recs("broker_down")[0]["seq"])
        self.assertTrue(down["body"]["synced"])
        gas = next(i for i in rig.incidents() if i["type"] == "gas-leak")
        self.state_of(gas["id"], "acked", since=since)
        self.assertEqual(rig.ask("--as", "li", "operate", "fan-b2", "on")["error"], "interlocked")
        rig.pub("plc", "plc/b2/end/set", "end")
        self.probe.wait_for("plc/b2/end/set")
        self.assertEqual(self.probe.heard("plc/b2/fan/set"), [])

    def test_3_the_answer_goes_to_the_response_topic(self):
        rig, answers = self.rig, ROOT + "page/wang/answers"
        done = subprocess.run([*rig.client("mosquitto_rr", "wang"), "-q", "1", "-t", ROOT + "cmd/wang/ack", "-e", answers,
                               "-m", "998", "-D", "publish", "correlation-data", "c0rr", "-F", "%D %p", "-W", "60"],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        correlation, payload = done.stdout.strip().split(" ", 1)
        self.assertEqual((correlation, json.loads(payload)["error"]), ("c0rr", "unknown_id"))
        self.console.wait_for("result/wang", lambda m: m.payload == payload)
        for topic in ("result/wang/phone", "replies/wang"):
            rig.pub("wang", "cmd/wang/ack", '{"id":"998","req":"' + topic + '"}', "-D", "publish", "response-topic", ROOT + topic)
            self.console.wait_for(topic, lambda m, t=topic: m.json["req"] == t)

    def test_4_a_response_topic_is_no_way_to_speak_with_our_rights(self):
        rig, downs, first = self.rig, len(self.rig.recs("broker_down")), self.console.mark()
        for topic in ("a/#", "a/+/b", "plc/b2/fan/set", ROOT + "page/li", ROOT + "cmd/li/ack", ROOT + "incident/G-1/state", "a/" * 210):
            since = self.console.mark()
            rig.pub("wang", "cmd/wang/ack", '{"id":"998","req":"' + topic[-60:] + '"}', "-D", "publish", "response-topic", topic)
            answer = self.console.wait_for("result/wang", lambda m, t=topic: m.json["req"] == t[-60:], since)
            self.assertEqual(answer.json["error"], "unknown_id")
        last = self.console.mark()
        self.assertEqual(self.command("li", "ack", "998")["error"], "unknown_id")
        rig.pub("plc", "plc/b2/last/set", "last")
        self.probe.wait_for("plc/b2/last/set")
        self.assertEqual(self.probe.heard("plc/b2/fan/set"), [])
        self.assertEqual([m for m in self.console.all[first:last] if '"cmd":"ack"' in m.payload and "/result/" not in m.topic and
                          not m.topic.endswith(("/event", "/answers"))], [])
        self.assertEqual(len(rig.recs("broker_down")), downs)

    def test_5_resend(self):
        rows = self.rig.rows()
        refused = self.command("wang", "resend", "1 3")
        self.assertEqual(refused["error"], "not_yours")
        since = self.console.mark()
        self.assertTrue(self.command("smith", "resend", "2 5")["ok"])
        self.assertEqual(self.again(since), rows[1:5])
        since = self.console.mark()
        self.assertTrue(self.rig.ask("--as", "smith", "resend", "2", "5")["ok"])
        self.assertEqual(self.again(since), rows[1:5])

    def again(self, since):
        """Rows 2 to 5, once all of them were said again."""
        heard = self.console.wait("rows 2 to 5 again", lambda: [
            m.json for m in self.console.heard("event", since) if 2 <= m.json["seq"] <= 5][3:] and [
            m.json for m in self.console.heard("event", since) if 2 <= m.json["seq"] <= 5])
        return [(e["seq"], e["rec"], e["hash"]) for e in heard]


class Old(Case):
    site = {"version": "3.1.1"}

    def test_all_of_it_on_3_1_1(self):
        since = self.console.mark()
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", '{"gas_density":31.2}', protocol="311")
        state = self.opened("gas-leak", since)
        self.console.wait_for("page/wang/json", lambda m: m.json["kind"] == "call", since)
        valve = self.probe.wait_for("plc/b2/gasvalve/set")
        self.assertEqual((valve.payload, valve.qos, valve.retain), ("C", 0, False))
        self.rig.pub("wang", "cmd/wang/ack", state["id"], protocol="311")
        self.assertTrue(self.result("wang", since)["ok"])
        self.state_of(state["id"], "acked", since=since)


if __name__ == "__main__":
    unittest.main()
