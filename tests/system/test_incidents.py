"""Four incidents from real payloads, one without a sensor; what leaves is as the contract's examples."""
import json
import os
import unittest

from rig import ROOT, Case, until

STATE_KEYS = ("v id ulid rev epoch seq type title zone hazard severity grade state opened changed acked_by after next chain "
              "members members_more steps steps_more deliveries flags").split()
MEMBER_KEYS = "sensor kind leaf value now peak unit at".split()
PAGE_KEYS = "v epoch seq notice incident rev kind level repeat drill unrecorded lang text answer reply_by audit".split()
RESULT_KEYS = "v cmd req ok id rev state at text".split()
REFUSED_KEYS = "v cmd req ok error id at text".split()
REC_KEYS = "v epoch seq at kind inc who cause body".split()

GAS = {"battery": 100, "gas": True, "gas_density": 31.2, "linkquality": 87, "tamper": False, "voltage": 3000}
SMOKE = {"id": 0, "alarm": True, "mute": False}
SMOKE_RPC = {"src": "shellyplussmoke-d4e5f6", "dst": "shellyplussmoke-d4e5f6/events", "method": "NotifyStatus",
             "params": {"ts": 1700661442.66, "smoke:0": {"id": 0, "alarm": True}}}
LEAK = {"Time": "2026-11-22T19:10:04", "Switch1": "ON"}
LEAK_ZIGBEE = {"battery": 100, "battery_low": False, "linkquality": 120, "water_leak": True}
MAINS = {"Time": "2026-11-22T19:10:04", "ENERGY": {"Total": 3.1, "Power": 0, "Voltage": 12, "Current": 0.0}}


class Incidents(Case):
    site = {"wait": "600s", "valve": "600s"}

    def page(self, person, incident, kind, since=0):
        return self.console.wait_for(f"page/{person}/json", lambda m: m.json["incident"] == incident
                                     and m.json["kind"] == kind, since).json

    def test_1_gas_from_zigbee2mqtt_to_the_ack(self):
        rig, since = self.rig, self.console.mark()
        rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps(GAS))
        state = self.opened("gas-leak", since)
        number = state["id"].split("-")[1]
        self.assertEqual(list(state), STATE_KEYS)
        self.assertEqual(list(state["members"][0]), MEMBER_KEYS)
        self.assertEqual([state[k] for k in ("zone", "hazard", "severity", "grade", "state", "acked_by")],
                         ["b2-kitchen", "gas", "critical", "critical", "unacked", None])
        self.assertEqual((state["next"]["what"], state["next"]["level"], state["next"]["who"]), ("call", 2, ["li", "smith"]))
        self.assertEqual(state["members"][0]["value"], "31.2")
        page = self.page("wang", state["id"], "call", since)
        self.assertEqual(list(page), PAGE_KEYS)
        self.assertEqual((page["level"], page["repeat"], page["unrecorded"], page["lang"]), (1, False, False, "zh"))
        text = self.console.wait_for("page/wang", lambda m: m.payload == page["text"], since).payload
        for part in ("燃气泄漏", state["id"], "地下二层厨房", "31.2", f"确认 {number}"):
            self.assertIn(part, text)
        self.zone_is("b2-kitchen", "alarm")
        self.zone_is("b2", "alarm")
        self.console.wait_for("summary/text", lambda m: state["id"] in m.payload, since)

        opened = rig.wait_rec("opened", state["id"])
        self.assertEqual(list(opened), REC_KEYS)
        self.assertEqual((opened["who"], opened["cause"]), ("sensor:gas-b2", None))
        self.assertEqual(list(opened["body"]), "type zone grade rev ulid value".split())
        self.assertEqual(opened["body"]["value"], "31.2 %LEL")
        stored = {seq: h for seq, _, h in rig.rows()}
        self.assertEqual(page["audit"], {"seq": opened["seq"], "hash": stored[opened["seq"]]})

        answer = self.command("wang", "ack", json.dumps({"id": state["id"], "rev": 1, "note": "在路上", "req": "a1"}))
        self.assertEqual(list(answer), RESULT_KEYS)
        self.assertEqual([answer[k] for k in ("cmd", "req", "ok", "id", "rev", "state")],
                         ["ack", "a1", True, state["id"], 1, "acked"])
        acked = rig.wait_rec("acked", state["id"])
        self.assertEqual((acked["who"], acked["cause"]), ("wang", opened["seq"]))
        self.assertEqual({k: acked["body"][k] for k in ("via", "rev", "state")}, {"via": "mqtt", "rev": 1, "state": "acked"})
        self.assertEqual(self.state_of(state["id"], "acked")["acked_by"], "wang")
        self.zone_is("b2-kitchen", "acked")
        self.zone_is("b2", "acked")
        for event in self.console.heard("event", since):
            seq, rec, row_hash = next(r for r in rig.rows() if r[0] == event.json["seq"])
            self.assertEqual((event.json["rec"], event.json["hash"]), (rec, row_hash), f"event {seq} is not the stored row")

    def test_2_the_playbook_of_gas(self):
        rig, number = self.rig, next(i["id"] for i in self.rig.incidents() if i["type"] == "gas-leak")
        self.probe.wait_for("plc/b2/gasvalve/set", lambda m: m.payload == "C" and not m.retain)
        rig.pub("plc", "plc/b2/gasvalve", "C", "-r")
        until("the valve's step is done", lambda: self.step(number, "shut")["state"] == "done")
        rig.wait_rec("feedback", number)
        answer = self.command("li", "operate", "fan-b2 on")
        self.assertEqual(list(answer), REFUSED_KEYS)
        self.assertEqual((answer["ok"], answer["error"], answer["id"]), (False, "interlocked", number))
        rig.wait_rec("interlocked", test=lambda r: r["body"]["actuator"] == "fan-b2" and r["who"] == "li")
        refused = rig.ask("--as", "li", "operate", "fan-b2", "on")
        self.assertEqual(refused["error"], "interlocked")
        answer = self.command("wang", "done", f"{number.split('-')[1]} scene")
        self.assertTrue(answer["ok"], answer)
        self.assertEqual(self.step(number, "scene")["state"], "done")
        # what was sent to an actuator comes in order: had the fan been switched, it would stand before this
        rig.pub("plc", "plc/b2/end/set", "end")
        self.probe.wait_for("plc/b2/end/set")
        self.assertEqual(self.probe.heard("plc/b2/fan/set"), [])

    def step(self, number, step):
        steps = self.rig.ask("show", number)["incident"]["steps"]
        return next(s for s in steps if s["id"] == step)

    def test_3_nobody_speaks_for_another(self):
        rig, since = self.rig, self.console.mark()
        state = self.raised("smith", "burst-pipe b2-pumps")
        refused = rig.pub("mallory", "cmd/wang/ack", state)
        self.assertIn(b"Not authorized", refused.stderr)
        rig.pub("mallory", "cmd/wang/ack", state, protocol="311")  # there it is dropped without a word
        answer = self.command("mallory", "ack", state)
        self.assertEqual(answer["error"], "unknown_person")
        self.assertEqual([m.payload for m in self.console.heard("cmd/wang/ack", since)], [])
        self.assertEqual(rig.ask("show", state)["incident"]["state"], "unacked")

    def raised(self, user, words):
        answer = self.command(user, "raise", words)
        self.assertTrue(answer["ok"], answer)
        return answer["id"]

    def test_4_fire_from_shelly(self):
        for zone, topic, payload in (("l1", "shellyplussmoke-a1b2c3/status/smoke:0", SMOKE),
                                     ("l2", "shellyplussmoke-d4e5f6/events/rpc", SMOKE_RPC)):
            since = self.console.mark()
            self.rig.pub("shelly", topic, json.dumps(payload), protocol="311")
            state = self.opened("fire", since, zone)
            self.assertEqual((state["id"][0], state["severity"], state["state"]), ("F", "critical", "unacked"))
            self.assertIn("火灾", self.page("wang", state["id"], "call", since)["text"])

    def test_5_burst_pipe_from_tasmota_and_zigbee2mqtt(self):
        for zone, user, topic, payload in (("b2-pumps", "tasmota", "tele/pumps/SENSOR", LEAK),
                                           ("l2", "zigbee2mqtt", "zigbee2mqtt/l2/leak", LEAK_ZIGBEE)):
            since = self.console.mark()
            self.rig.pub(user, topic, json.dumps(payload), protocol="311")
            if zone == "b2-pumps":  # raised by a person before: the sensor joins it
                until("the leak joins", lambda: any(m["sensor"] == "leak-pumps" for i in self.rig.incidents()
                                                    if i["zone"] == "b2-pumps" for m in i["members"]))
                continue
            state = self.opened("burst-pipe", since, zone)
            self.assertEqual((state["id"][0], state["severity"]), ("W", "major"))
            self.assertIn("水管爆裂", self.page("wang", state["id"], "call", since)["text"])

    def test_6_power_loss_from_plain_text_and_tasmota(self):
        for zone, user, topic, payload in (("switch-room", "plc", "plc/switch-room/mains", "alarm"),
                                           ("sub-room", "tasmota", "tele/mdb1/SENSOR", json.dumps(MAINS))):
            since = self.console.mark()
            self.rig.pub(user, topic, payload, protocol="311")
            state = self.opened("power-loss", since, zone)
            self.assertEqual((state["id"][0], state["severity"]), ("P", "major"))
            self.assertIn("停电", self.page("wang", state["id"], "call", since)["text"])

    def test_7_raise_without_a_sensor(self):
        since = self.console.mark()
        done = self.rig.tocsin("--as", "wang", "raise", "gas-leak", "switch-room", "有煤气味")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        state = self.opened("gas-leak", since, "switch-room")
        self.assertEqual(state["state"], "unacked")
        opened = self.rig.wait_rec("opened", state["id"])
        self.assertIn("wang", opened["who"])
        self.assertEqual((opened["body"]["via"], opened["body"]["words"]), (f"control:{os.getuid()}", "有煤气味"))
        self.assertIn("燃气泄漏", self.page("wang", state["id"], "call", since)["text"])

    def test_8_numbers_never_repeat(self):
        ids = [r["inc"].split("-")[1] for r in self.rig.recs("opened")]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
