"""Five procedures and a hand-over in the middle of one, walked by four people on a real broker, each twice: once
undisturbed, once with kill -9 and a new start after every step. The records of both are the same, but for the starts and
what was sent again."""
import datetime
import glob
import json
import os
import re
import shutil
import unittest

import rig as house
import site_yaml
from rig import ROOT, SOURCE, until

house.USERS += ("gao",)  # customer service, the fourth at a telephone of her own
PEOPLE = "  smith: {name: Ann Smith"
LIFT = "  mains: {kind: mains"

# Who does what: plc (topic, payload) until (what is then true), or a person with a verb, its words and what it is answered,
# if that is not "done"; or on duty (role) are then exactly (people); or called is then (person).
GAS = [
    ("zigbee2mqtt", "zigbee2mqtt/b2/gas", '{"gas_density":31.2}', ("state", "gas-leak", "unacked")),
    ("wang", "ack", "{gas-leak}"),
    ("plc", "plc/b2/gasvalve", "C", ("step", "gas-leak", "shut", "done")),
    ("li", "operate", "fan-b2 on", "interlocked"),
    ("wang", "done", "{gas-leak} scene"),
    ("wang", "done", "{gas-leak} tag 已挂牌"),
    ("li", "done", "{gas-leak} guard"),
    ("gao", "done", "{gas-leak} tenants"),
    ("li", "decide", "{gas-leak} scale major"),
    ("li", "record", "{gas-leak} gas-co called_at=10:03 name=赵"),
    ("li", "done", "{gas-leak} cordon"),
    ("li", "record", "{gas-leak} gas-co-done arrived_at=10:10 result=更换软管"),
    ("zigbee2mqtt", "zigbee2mqtt/b2/gas", '{"gas_density":0.4}', ("state", "gas-leak", "latched")),
    ("wang", "reset", "{gas-leak}"),
    ("smith", "reset", "{gas-leak}"),
    ("li", "done", "{gas-leak} over"),
    ("gao", "done", "{gas-leak} tenants-over"),
    ("smith", "sign", "{gas-leak} 属实"),
]
FIRE = [
    ("plc", "plc/b2/callpoint", "1", ("state", "fire", "unacked")),
    ("li", "ack", "{fire}"),
    ("li", "done", "{fire} call-119"),
    ("li", "done", "{fire} scene"),
    ("li", "done", "{fire} standby"),
    ("smith", "done", "{fire} control"),
    ("wang", "done", "{fire} pumps"),
    ("li", "decide", "{fire} confirm real"),
    ("gao", "done", "{fire} tenants"),
    ("smith", "decide", "{fire} order keep"),
    ("smith", "done", "{fire} documents"),
    ("li", "record", "{fire} brigade called_at=10:00 arrived_at=10:08 name=一中队"),
    ("plc", "plc/b2/callpoint", "0", ("state", "fire", "latched")),
    ("li", "reset", "{fire}"),
    ("smith", "reset", "{fire}"),
    ("li", "record", "{fire} all-clear over_at=10:20 damage=无"),
    ("gao", "done", "{fire} tenants-over"),
    ("li", "done", "{fire} ready"),
    ("smith", "sign", "{fire}"),
]
WATER = [
    ("tasmota", "tele/pumps/SENSOR", '{"Switch1":"ON"}', ("state", "burst-pipe", "unacked")),
    ("wang", "ack", "{burst-pipe}"),
    ("wang", "done", "{burst-pipe} scene"),
    ("wang", "done", "{burst-pipe} by-hand"),
    ("wang", "done", "{burst-pipe} sign"),
    ("wang", "decide", "{burst-pipe} electrics endangered"),
    ("wang", "done", "{burst-pipe} cut"),
    ("smith", "decide", "{burst-pipe} scale major"),
    ("li", "record", "{burst-pipe} expected back_at=14:00"),
    ("gao", "done", "{burst-pipe} tenants-expected"),
    ("gao", "done", "{burst-pipe} tenants"),
    ("li", "done", "{burst-pipe} repair-major"),
    ("wang", "record", "{burst-pipe} slip materials=阀门 done_at=12:00"),
    ("tasmota", "tele/pumps/SENSOR", '{"Switch1":"OFF"}', ("state", "burst-pipe", "cleared")),
    ("wang", "done", "{burst-pipe} restore"),
    ("wang", "done", "{burst-pipe} power-back"),
    ("gao", "done", "{burst-pipe} tenants-over"),
    ("smith", "sign", "{burst-pipe}"),
]
POWER = [
    ("plc", "plc/switch-room/mains", "ALARM", ("state", "power-loss", "unacked")),
    ("wang", "ack", "{power-loss}"),
    ("wang", "done", "{power-loss} check"),
    ("plc", "plc/lift-1/alarm", "1", ("state", "lift-entrapment", "unacked")),
    ("li", "ack", "{lift-entrapment}"),
    ("li", "done", "{lift-entrapment} talk"),
    ("li", "record", "{lift-entrapment} contact contact_at=10:01 people=2"),
    ("li", "decide", "{power-loss} lifts known"),
    ("wang", "decide", "{power-loss} cause external"),
    ("wang", "record", "{power-loss} substation cause=检修 how_long=2h back_at=12:00"),
    ("gao", "done", "{power-loss} tenants-external"),
    ("gao", "done", "{power-loss} expected-external"),
    ("li", "record", "{lift-entrapment} company called_at=10:02 name=张"),
    ("wang", "done", "{lift-entrapment} scene"),
    ("li", "decide", "{lift-entrapment} hurt well"),
    ("li", "record", "{lift-entrapment} released released_at=10:20 by=张"),
    ("plc", "plc/lift-1/alarm", "0", ("state", "lift-entrapment", "latched")),
    ("wang", "reset", "{lift-entrapment}"),
    ("smith", "reset", "{lift-entrapment}"),
    ("wang", "done", "{lift-entrapment} sign"),
    ("gao", "done", "{lift-entrapment} over"),
    ("smith", "sign", "{lift-entrapment}"),
    ("plc", "plc/switch-room/mains", "NORMAL", ("state", "power-loss", "cleared")),
    ("li", "record", "{power-loss} restored restored_at=12:00 cause=检修 handling=来电"),
    ("gao", "done", "{power-loss} tenants-over"),
    ("wang", "done", "{power-loss} log-switch-room"),
    ("li", "done", "{power-loss} log-foreman"),
]
# The shift changes while nobody has the incident yet: from the planned time both are called and may act, until the incoming
# one signs; then it is hers alone, with what the outgoing one had taken.
HANDOVER = [
    ("li", "raise", "panel-fault switch-room 跳闸"),
    ("li", "override", "duty-electrician gao {soon} +4h 换班"),
    ("on duty", "duty-electrician", ["gao", "wang"]),
    ("called", "wang"),
    ("called", "gao"),
    ("wang", "ack", "{panel-fault}"),
    ("gao", "done", "{panel-fault} look"),
    ("wang", "handover", "duty-electrician"),
    ("wang", "accept", "duty-electrician", "not_yours"),
    ("on duty", "duty-electrician", ["gao", "wang"]),
    ("gao", "accept", "duty-electrician 钥匙已清点"),
    ("on duty", "duty-electrician", ["gao"]),
    ("wang", "done", "{panel-fault} mend", "noted"),
    ("gao", "done", "{panel-fault} mend"),
    ("gao", "reset", "{panel-fault}"),
    ("smith", "sign", "{panel-fault}"),
]
SHIFTS = """\
roster:
  switch-room: {shifts: {all: "00:00-24:00"}, rotation: [wang], from: 2020-01-01, handover: 30m, consent: shift-foreman}
"""
PANEL = """\
  panel-fault: {title: {zh: 配电箱故障, en: Panel fault}, hazard: power, severity: major, chain: building, playbook: panel-fault}
playbooks:
  panel-fault:
    look: {task: {zh: 查看, en: Look}, who: duty-electrician, within: 30m, first: true}
    mend: {task: {zh: 修复, en: Mend it}, who: duty-electrician, within: 2h, after: look}
    paper: {report: incident, who: engineering-supervisor, within: 24h, after: mend}
"""
SOON_S = 2
OF_THE_START = {"started", "stopped", "plan", "clock", "broker_up", "broker_down", "store_late", "store_back"}
OF_THE_WIRE = {"sent", "delivered"}
PASSING = {"ulid", "due", "notice", "id", "try", "tries", "took_ms", "seq", "at", "repeat", "until", "upto", "within_s", "from", "since", "digest"}


def mall(text):
    """The site of the system tests with customer service as a person, a lift, and hours where the playbooks give minutes: how
    long a start takes is not what the walks are about."""
    text = text.replace("timezone: Asia/Shanghai", f"timezone: {house.NOON}")
    text = text.replace(PEOPLE, "  gao: {name: 高敏, user: gao, language: zh, channels: [page]}\n" + PEOPLE, 1)
    text = re.sub(r"(customer-service: .*), covered_by: shift-foreman", r"\1, holder: gao", text)
    text = text.replace(LIFT, '  lift-1: {kind: lift-alarm, zone: lift-1, topic: plc/lift-1/alarm, words: {alarm: ["1"], normal: ["0"]}}\n'
                        + LIFT, 1)
    return text.replace("zones:\n", "zones:\n  lift-1: {name: {zh: 1号梯, en: Lift 1}}\n", 1)


def mall_of_shifts(text):
    """The same with an electrician by a roster, and an incident of his."""
    text = re.sub(r"(duty-electrician: .*), holder: wang, deputy: li", r"\1, roster: switch-room", mall(text))
    return text.replace("chains:\n", SHIFTS + "chains:\n", 1) + PANEL


class Walk:
    """One walk on a house of its own."""

    def __init__(self, steps, is_killed, site=mall):
        self.steps, self.is_killed = steps, is_killed
        self.rig = house.Rig()
        text = site(site_yaml.text(self.rig, wait="20h", again="20h", valve="10m"))
        self.rig.write("tocsin.yaml", text.replace(os.path.join(SOURCE, "rules/playbooks"), self.patient()))

    def patient(self):
        """The playbooks with hours for minutes."""
        there = self.rig.path("playbooks")
        shutil.copytree(os.path.join(SOURCE, "rules/playbooks"), there)
        for path in glob.glob(os.path.join(there, "*.yaml")):
            with open(path, encoding="utf-8") as f:
                text = re.sub(r"within: (\d+)m\b", r"within: \1h", f.read())
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return there

    def number(self, kind):
        return next(i["id"] for i in self.rig.incidents() if i["type"] == kind).split("-")[1]

    def is_so(self, what, kind, *more):
        found = [i for i in self.rig.incidents() if i["type"] == kind]
        if what == "state":
            return any(i["state"] == more[0] for i in found)
        return any(s["id"] == more[0] and s["state"] == more[1] for i in found for s in i.get("steps", ()))

    def on_duty(self, role):
        held = self.rig.ask("oncall", role).get("oncall", {}).get(role, {})
        return sorted([held.get("person"), *held.get("also", [])])

    def act(self, who, *words):
        if who == "on duty":
            until(f"{words} on duty", lambda: self.on_duty(words[0]) == words[1])
            return
        if who == "called":
            self.console.wait_for(f"page/{words[0]}/json", lambda m: m.json["kind"] == "call")
            return
        if "/" in words[0]:
            topic, payload, then = words
            self.rig.pub(who, topic, payload, "-r")
            until(f"{then} after {topic} {payload}", lambda: self.is_so(*then))
            return
        verb, text, *expected = words
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=SOON_S)
        text = re.sub(r"\{(.*?)\}", lambda m: self.number(m[1]), text.replace("{soon}", soon.strftime("%Y-%m-%dT%H:%M:%SZ")))
        since = len(self.console.all)
        self.rig.pub(who, f"cmd/{who}/{verb}", text)
        answer = self.console.wait_for(f"result/{who}", lambda m: m.json["cmd"] == verb, since).json
        if ("noted" if answer.get("noted") else answer.get("error")) != (expected[0] if expected else None):
            raise AssertionError(f"{who} {verb} {text}: {answer}")

    def again(self):
        self.rig.kill9()
        self.rig.start()

    def walk(self):
        try:
            self.rig.broker_start()
            self.console = self.rig.ear("console", ROOT + "#")
            self.rig.start()
            for step in self.steps:
                self.act(*step)
                if self.is_killed and step[0] != "called":  # nothing is done by it
                    self.again()
            until("all is closed", lambda: not [i for i in self.rig.incidents() if i["state"] != "closed"])
            self.settle()
            if self.rig.tocsin("audit", "verify").returncode:
                raise AssertionError("the chain does not verify")
            recs = self.rig.recs()
            self.rig.end()
            return recs
        finally:
            self.rig.close()

    def settle(self):
        """Nothing waits to leave any more."""
        until("the outbox is empty", lambda: self.rig.status().get("queue", 0) == 0 and not self.rig.waiting())
        self.rig.quiet(0.3)


def story(recs):
    """What the rows tell, in order, without what a start or a second sending may change."""
    names = {r["inc"]: r["body"]["type"] for r in recs if r["kind"] == "opened"}

    def plain(text):
        for number, name in names.items():
            text = text.replace(number, f"<{name}>").replace(f" {number.split('-')[1]} ", f" <{name}> ")
        return re.sub(r"\d\d:\d\d", "<time>", text)
    told, wire = [], set()
    for r in recs:
        if r["kind"] in OF_THE_START or r["kind"] == "override" and r["body"]["what"] == "began":  # unless it was asked late
            continue
        body = {k: v for k, v in r["body"].items() if k not in PASSING}
        row = (r["kind"], names.get(r["inc"], ""), r["who"], plain(json.dumps(body, ensure_ascii=False, sort_keys=True)))
        if r["kind"] in OF_THE_WIRE:
            wire.add(row)
        elif r["kind"] != "command" or row not in told:  # decided again after a start: the same, absolute
            told.append(row)
    return told, wire


class Walks(unittest.TestCase):
    maxDiff = None

    def twice(self, steps, site=mall):
        (whole, sent), (torn, sent_again) = (story(Walk(steps, is_killed, site).walk()) for is_killed in (False, True))
        self.assertGreater(len(whole), len(steps))
        self.assertEqual(sorted(whole), sorted(torn))
        self.assertEqual([r for r in whole if r[0] != "notice"], [r for r in torn if r[0] != "notice"])
        self.assertEqual(sent, sent_again)
        return whole

    def test_gas(self):
        self.twice(GAS)

    def test_fire(self):
        self.twice(FIRE)

    def test_burst_pipe(self):
        self.twice(WATER)

    def test_power_loss_and_lift(self):
        self.twice(POWER)

    def test_hand_over_in_the_middle(self):
        told = self.twice(HANDOVER, mall_of_shifts)
        said = [(who, json.loads(body)["what"]) for kind, _, who, body in told if kind == "handover"]
        self.assertEqual(said, [("system", "began"), ("system", "due"), ("wang", "prepared"), ("gao", "accepted"), ("gao", "taken over")])


if __name__ == "__main__":
    unittest.main()
