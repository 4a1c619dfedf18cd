"""An exercise on a real broker: everybody is called, marked; what a valve would have been sent is on the dry-run topic and
nowhere else; a real leak breaks it off."""
import json
import unittest

from rig import Case, until

GAS = {"gas": True, "gas_density": 31.2}


class Drill(Case):
    site = {"wait": "600s"}

    def test_nothing_moves_until_it_is_real(self):
        rig, since = self.rig, self.console.mark()
        answer = self.command("li", "drill", "gas-leak b2-kitchen 季度演练")
        self.assertTrue(answer["ok"], answer)
        drill = answer["id"]
        self.assertTrue(self.state_of(drill, "unacked", since=since)["flags"]["drill"])
        page = self.console.wait_for("page/wang/json", lambda m: m.json["incident"] == drill, since).json
        self.assertTrue(page["drill"])
        self.assertTrue(page["text"].startswith("【演练】"), page["text"])
        dry = self.console.wait_for("dryrun/gas-valve-b2/close", since=since)
        self.assertEqual((dry.payload, dry.retain, dry.qos), ("C", False, 1))
        self.zone_is("b2-kitchen", "test")
        self.assertEqual(rig.ask("--as", "li", "drill", "gas-leak", "b2-kitchen")["error"], "not_now")
        # what was sent to an actuator comes in order: had the valve been switched, it would stand before this
        rig.pub("plc", "plc/b2/end/set", "end")
        self.probe.wait_for("plc/b2/end/set")
        self.assertEqual(self.probe.heard("plc/b2/gasvalve/set"), [])

        since = self.console.mark()
        rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps(GAS))
        self.probe.wait_for("plc/b2/gasvalve/set", lambda m: m.payload == "C")
        real = until("the real one", lambda: next((i for i in rig.incidents() if i["type"] == "gas-leak"
                                                   and not i["flags"]["drill"]), None))
        self.state_of(drill, "closed", since=since)
        call = self.console.wait_for("page/wang/json", lambda m: m.json["incident"] == real["id"], since).json
        self.assertFalse(call["drill"])
        over = self.console.wait_for("page/wang/json", lambda m: m.json["incident"] == drill and m.json["kind"] == "over", since)
        self.assertIn(real["id"], over.json["text"])
        score = rig.wait_rec("drill", drill)
        self.assertEqual((score["body"]["result"], score["body"]["began_by"]), (f"broken off: {real['id']}", "li"))
        self.assertEqual(len(self.console.heard("dryrun/gas-valve-b2/close")), 1)


if __name__ == "__main__":
    unittest.main()
