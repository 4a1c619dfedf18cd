"""One sensor of each shipped profile in one house: its real alarm opens one incident, its real end ends it.
Sensors and payloads are those of tests/unit/intake/profiles, with the time of today."""
import glob
import os
import re
import time
import unittest

from rig import ROOT, SOURCE, Case, Rig, until

SITE = """\
site: {{id: plaza, timezone: Asia/Shanghai}}
broker: {{url: "mqtt://127.0.0.1:{port}", user: tocsin, password: {{file: {dir}/tocsin.pw}}}}
store: {{path: {dir}/state/tocsin.db}}
include: [{source}/rules/playbooks/system.yaml, {source}/rules/profiles/*.yaml]
zones: {{b2: {{}}, b2-kitchen: {{in: b2}}}}
people: {{wang: {{user: wang, channels: [page]}}}}
roles: {{duty: {{holder: wang}}}}
chains: {{duty: {{levels: [{{call: duty, wait: 5m}}]}}}}
channels: {{page: {{plugin: page}}}}
incidents:
  seen: {{title: {{zh: 有, en: Seen}}, hazard: water, severity: major, chain: duty, per: sensor, when: {{of: {{kind: probe}}, is: alarm}}}}
sensors:
{sensors}
"""
GATEWAY = """
user shelly
topic readwrite #
topic readwrite $oc/#

user tocsin
topic read $oc/#
"""


class House(Rig):
    def __init__(self):
        super().__init__()
        self.write("acl", self.read("acl") + GATEWAY, 0o600)


def fresh(payload, age_s=0):
    """The stamps of the cases are a few seconds old there; here they are so old."""
    at = time.time() - age_s
    payload = re.sub(r"2026-11-23T09:39:5[^\"]*", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), payload)
    payload = re.sub(r"20261123T09395\dZ", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at)), payload)
    return re.sub(r"17954267\d{5}", str(int(at * 1000)), payload)


class Probe:
    """Of one file of cases: a sensor that says `alarm` and `normal`, best in JSON."""

    def __init__(self, path):
        self.profile = os.path.basename(path)[:-len(".txt")]
        with open(path, encoding="utf-8") as f:
            sensors, cases = f.read().split("\n---\n")
        said = {word: self.cases(cases, group, word) for word, group in (("alarm", "alarm"), ("normal", "clear"))}
        self.sensor = next(s for s in sorted(said["alarm"], key=lambda s: said["alarm"][s][1][0] != "{") if s in said["normal"])
        self.id = f"{self.profile}-{self.sensor}"
        line = re.search(rf"^  {self.sensor}: (.*)$", sensors, re.M).group(1)
        self.yaml = f"  {self.id}: " + re.sub(r"kind: \w+", "kind: probe", re.sub(r", via: \w+", "", line))
        self.topic, self.alarm = said["alarm"][self.sensor]
        self.normal = said["normal"][self.sensor][1]

    @staticmethod
    def cases(text, group, word):
        found = {}
        for line in re.search(rf"^\[{group}\]\n(.*?)(?=^\[)", text, re.M | re.S).group(1).splitlines():
            part = line.split(None, 3)
            if len(part) == 4 and part[1] == word:
                found.setdefault(part[0], (part[2], part[3]))
        return found


class Profiles(Case):
    house = House
    autostart = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.probes = [Probe(path) for path in sorted(glob.glob(os.path.join(SOURCE, "tests/unit/intake/profiles/*.txt")))]
        cls.rig.write("tocsin.yaml", SITE.format(port=cls.rig.port, dir=cls.rig.dir, source=SOURCE,
                                                 sensors="\n".join(p.yaml for p in cls.probes)))

    def say(self, probe, payload, *more):
        done = self.rig.pub("shelly", probe.topic, payload, *more)
        self.assertEqual(done.returncode, 0, done.stderr)

    def states(self):
        """Of each sensor: the states of its incidents."""
        newest = {m.topic: m.json for m in self.console.all
                  if m.topic.startswith(ROOT + "incident/") and m.topic.endswith("/state") and m.payload}
        found = {}
        for state in newest.values():
            self.assertEqual(state["type"], "seen", state)
            found.setdefault(state["members"][0]["sensor"], []).append(state["state"])
        return found

    def all_are(self, state):
        self.console.wait(f"every sensor has one incident, {state}",
                          lambda: self.states() == {p.id: [state] for p in self.probes})

    def test_each_profile(self):
        kept = next(p for p in self.probes if p.profile == "esphome")
        replayed = [p for p in self.probes if p.profile in ("chirpstack", "ttn", "neuron")]
        self.assertGreaterEqual(len(self.probes), 12)
        checked = self.rig.tocsin("check", self.rig.path("tocsin.yaml"))
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.say(kept, kept.alarm, "-r")  # it retains everything: its state when we come
        self.rig.start()
        for probe in replayed:
            self.say(probe, fresh(probe.alarm, age_s=30 * 3600))
        self.console.wait("what was retained is adopted", lambda: self.states() == {kept.id: ["unacked"]})
        for probe in self.probes:
            if probe is not kept:
                self.say(probe, fresh(probe.alarm))
        self.all_are("unacked")
        for probe in self.probes:
            self.say(probe, fresh(probe.normal))
        self.all_are("rtn_unacked")
        self.assertEqual(len(self.rig.recs("opened")), len(self.probes))
        until("each end is recorded", lambda: len(self.rig.recs("gone")) == len(self.probes))


if __name__ == "__main__":
    unittest.main()
