"""What is refused, with which word, and what is ignored; every refusal is a row, and the chain goes on."""
import json
import time
import unittest

from rig import Case, until


class Refusals(Case):
    site = {"wait": "600s"}

    def raised(self, words, user="wang"):
        answer = self.command(user, "raise", words)
        self.assertTrue(answer["ok"], answer)
        return answer["id"], answer["id"].split("-")[1]

    def refused(self, word, user, verb, payload, *more):
        before = self.rig.status()["seq"]
        answer = self.command(user, verb, payload, *more)
        self.assertEqual((answer["ok"], answer.get("error")), (False, word), answer)
        self.assertTrue(answer["text"])
        row = self.rig.wait_rec("refused", test=lambda r: r["seq"] > before and r["who"] == user)
        self.assertEqual((row["body"]["error"], row["body"]["via"]), (word, "mqtt"))
        return answer

    def test_1_nothing_open(self):
        self.refused("which", "wang", "ack", "ack")
        self.refused("unknown_id", "wang", "ack", "999")
        self.refused("unknown_id", "wang", "raise", "gas-leak nowhere")
        self.refused("unknown_id", "wang", "raise", "flood b2")
        self.refused("unknown_person", "mallory", "raise", "gas-leak b2")
        self.refused("not_yours", "wang", "operate", "fan-b2 on")
        self.refused("bad_text", "li", "operate", "fan-b2 fly")

    def test_2_what_cannot_be_read(self):
        self.refused("bad_text", "wang", "ack", '{"id":"G-1",')
        self.refused("bad_text", "wang", "ack", b"\xff\xfe1")
        self.refused("bad_text", "wang", "raise", b"gas-leak b2 \xe7\x87")
        self.refused("bad_text", "wang", "record", "17")
        self.refused("too_big", "wang", "note", "17 " + "x" * 5000)
        self.refused("retained", "wang", "ack", "999", "-r")

    def test_3_an_empty_payload_is_never_a_command(self):
        since, rows = self.console.mark(), len(self.rig.recs("refused"))
        self.rig.pub("wang", "cmd/wang/ack")
        self.rig.pub("wang", "cmd/wang/ack", "", "-r")  # clears the retained one of before
        answer = self.command("wang", "ack", "998")
        self.assertEqual(answer["error"], "unknown_id")
        self.assertEqual(len(self.console.heard("result/wang", since)), 1)
        self.assertEqual(len(self.rig.recs("refused")), rows + 1)

    def test_4_a_bare_ack(self):
        taken = None

        def bare():
            nonlocal taken
            time.sleep(0.1)  # a person has 100 commands in 10 s
            taken = self.command("wang", "ack", "确认")
            return taken["ok"]
        began = time.monotonic()
        first, _ = self.raised("burst-pipe l1 水")
        bare()  # the page has not left for 3 s: it may be the answer to another
        if time.monotonic() - began < 2:  # where asking takes longer it has
            self.assertEqual((taken["ok"], taken.get("error")), (False, "which"))
        until("a bare ack is taken, once its page is 3 s old", bare)
        self.assertEqual((taken["id"], taken["state"]), (first, "acked"))
        again = self.command("wang", "ack", first)  # the second tap of the same finger
        self.assertTrue(again["ok"])
        self.assertEqual(len(self.rig.recs("acked", first)), 1)

    def test_5_a_bare_ack_with_two_incidents(self):
        ids = [self.raised("burst-pipe l2 水")[0], self.raised("power-loss l2 停电")[0]]
        answer = self.refused("which", "wang", "ack", "ack")
        self.assertEqual(answer["choices"], ids)
        for i in ids:
            self.assertIn(i.split("-")[1], answer["text"])
        self.assertEqual({i["state"] for i in self.rig.incidents() if i["id"] in ids}, {"unacked"})
        all_of_them = self.command("wang", "ack", "all")
        self.assertTrue(all_of_them["ok"], all_of_them)
        for i in ids:
            self.state_of(i, "acked")

    def test_6_the_life_of_one(self):
        number, n = self.raised("gas-leak b2-kitchen 有煤气味", "smith")
        self.refused("not_acked", "li", "close", n)
        self.refused("which", "wang", "ack", "all")  # `all` never covers gas
        self.refused("not_now", "wang", "done", f"{n} tag")
        self.refused("unknown_id", "wang", "done", f"{n} nosuch")
        self.refused("bad_text", "li", "decide", f"{n} scale perhaps")
        self.assertEqual(self.command("li", "operate", "fan-b2 on")["error"], "interlocked")  # has its own kind of row
        noted = self.command("wang", "decide", f"{n} scale minor")
        self.assertEqual((noted["ok"], noted.get("noted")), (True, True))
        self.assertEqual(self.rig.wait_rec("note", number)["body"]["choice"], "minor")
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", '{"gas_density":40}')
        state = self.console.wait_for(f"incident/{number}/state", lambda m: m.json["rev"] > 1).json
        self.refused("old_rev", "wang", "ack", json.dumps({"id": number, "rev": 1}))
        answer = self.command("wang", "ack", f"确认 {n}")
        self.assertEqual((answer["ok"], answer["id"]), (True, number))
        self.refused("still_active", "wang", "reset", n)
        self.refused("still_active", "li", "close", n)
        self.assertGreater(state["rev"], 1)

    def test_7_a_step_that_has_ended(self):
        """The same once more is fine; anything else is kept as a note, and said to be one."""
        number = next(i["id"] for i in self.rig.incidents() if i["type"] == "gas-leak")
        for verb, words, noted in (("decide", "scale minor", None), ("decide", "scale minor", None),
                                   ("decide", "scale major", True),
                                   ("record", "gas-co name=赵", True), ("done", "gas-co", True)):
            answer = self.command("li", verb, f"{number} {words}")
            self.assertEqual((answer["ok"], answer.get("noted")), (True, noted), (verb, words, answer))
        self.assertEqual([r["body"]["choice"] for r in self.rig.recs("decided", number)], ["minor"])
        self.assertEqual(self.rig.recs("recorded", number), [])
        self.rig.wait_rec("note", number, lambda r: r["body"].get("values") == {"name": "赵"})

    def test_7a_two_persons(self):
        number = next(i["id"] for i in self.rig.incidents() if i["type"] == "gas-leak")
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", '{"gas_density":0.4}')
        until("the sensor is back to normal", lambda: all(
            m["leaf"] == "false" for m in self.rig.ask("show", number)["incident"]["members"] if m["sensor"] == "gas-b2"))
        first = self.command("wang", "reset", number)
        self.assertIn("30", first["text"])
        self.refused("second_person", "wang", "reset", number)
        self.assertEqual(self.rig.ask("show", number)["incident"]["state"], "acked")
        self.assertTrue(self.command("li", "reset", number)["ok"])
        self.assertEqual(self.rig.ask("show", number)["incident"]["state"], "cleared")
        self.refused("steps_open", "li", "close", number)

    def test_7b_what_latches(self):
        since = self.console.mark()
        self.rig.pub("shelly", "shellyplussmoke-a1b2c3/status/smoke:0", '{"id":0,"alarm":true,"mute":false}')
        number = self.opened("fire", since)["id"]
        self.assertTrue(self.command("wang", "ack", number)["ok"])
        self.rig.pub("shelly", "shellyplussmoke-a1b2c3/status/smoke:0", '{"id":0,"alarm":false,"mute":false}')
        self.state_of(number, "latched", since=since)
        self.refused("needs_reset", "li", "close", number)

    def test_8_what_waited_in_the_queue(self):
        number, n = self.raised("power-loss l1 停电")
        other, _ = self.raised("burst-pipe switch-room 水")
        rev = next(i["rev"] for i in self.rig.incidents() if i["id"] == other)
        self.rig.kill9()
        since = self.console.mark()
        self.rig.pub("wang", "cmd/wang/ack", n)
        self.rig.pub("wang", "cmd/wang/ack", json.dumps({"id": other, "rev": rev, "req": "both"}))
        self.rig.start()
        two = self.console.wait("both answered", lambda: self.console.heard("result/wang", since)[1:]
                                and [m.json for m in self.console.heard("result/wang", since)])
        self.assertEqual((two[0]["ok"], two[0]["error"]), (False, "late"))
        self.assertEqual((two[1]["ok"], two[1]["req"], two[1]["id"]), (True, "both", other))
        self.assertEqual(self.rig.ask("show", number)["incident"]["state"], "unacked")
        self.rig.wait_rec("refused", test=lambda r: r["body"]["error"] == "late")
        self.assertTrue(self.command("wang", "ack", n)["ok"])

    def test_9_the_chain_goes_on(self):
        for i in self.rig.incidents():
            if i["state"] in ("unacked", "rtn_unacked"):
                self.assertIsNotNone(i["next"], i["id"])
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
