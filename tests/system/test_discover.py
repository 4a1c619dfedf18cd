"""tocsin discover: what it prints of a house full of gateways, check takes, and the daemon raises alarms by it."""
import json
import os
import signal
import subprocess
import unittest

from rig import SOURCE, TOCSIN, Case, Rig, spawn, until

SITE = """\
site: {{id: plaza, timezone: UTC}}
broker: {{url: "mqtt://127.0.0.1:{port}", user: tocsin, password: {{file: {dir}/tocsin.pw}}}}
store: {{path: {dir}/state/tocsin.db}}
include: [{source}/rules/playbooks/*.yaml, {source}/rules/profiles/*.yaml, conf.d/*.yaml]
people:
  wang: {{name: Wang, user: wang, language: en, channels: [page]}}
roles:
  duty: {{name: on duty, holder: wang}}
chains:
  life-safety: {{levels: [{{call: [duty], wait: 60s}}]}}
  building: {{levels: [{{call: [duty], wait: 60s}}]}}
"""


def entity(device_class, topic, field, **more):
    return json.dumps({"device_class": device_class, "state_topic": topic, "value_template": "{{ value_json.%s }}" % field,
                       "payload_on": True, "payload_off": False, **more})


RETAINED = {
    "homeassistant/binary_sensor/0x1/water_leak/config":
        entity("moisture", "zigbee2mqtt/b2/kitchen/leak", "water_leak", origin={"name": "Zigbee2MQTT"}),
    "homeassistant/binary_sensor/0x2/smoke/config":
        entity("smoke", "zigbee2mqtt/3f/smoke1", "smoke", device={"name": "3f/smoke1", "suggested_area": "三层"}),
    "homeassistant/device/0x3/config": json.dumps({
        "dev": {"name": "attic"}, "o": {"name": "x"}, "~": "home/attic",
        "cmps": {"h": {"p": "binary_sensor", "dev_cla": "heat", "stat_t": "~/heat", "pl_on": "HOT: # \"x\"", "pl_off": "fine"}}}),
    "zigbee2mqtt/bridge/state": '{"state":"online"}',
}
LIVE = {
    "zigbee2mqtt/b2/kitchen/leak": '{"battery":100,"linkquality":87,"water_leak":false}',
    "tele/mdb1/SENSOR": '{"Time":"2026-11-23T17:37:10","ENERGY":{"Voltage":227,"Power":2635}}',
    "shellies/shellyflood-8C/sensor/flood": "false",
    "shellyplussmoke-a1/status/smoke:0": '{"id":0,"alarm":false}',
    "plc/b2/callpoint": "0",
}


class House(Rig):
    def __init__(self):
        super().__init__()
        self.write("acl", self.read("acl") + "user probe\ntopic readwrite #\nuser smith\ntopic readwrite #\n", 0o600)
        self.write("smith.pw", "smith-pw\n")
        os.mkdir(self.path("conf.d"))


class Discover(Case):
    house = House
    autostart = False

    def discover(self, *more):
        rig = self.rig
        return spawn([TOCSIN, "discover", rig.path("tocsin.yaml"), "--user", "smith", "--password-file", rig.path("smith.pw"), *more],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=rig.environment())

    def listen(self):
        """Hears the house, then is told to print."""
        heard = self.discover("--for", "60s")
        self.assertIn("listening for 60 s", heard.stderr.readline())
        for topic, payload in [*LIVE.items()] * 2:  # the second time it has long heard the first
            self.assertEqual(self.rig.pub("probe", topic, payload).returncode, 0)
        heard.send_signal(signal.SIGINT)
        out, err = heard.communicate(timeout=300)
        self.assertEqual((heard.returncode, err), (0, ""))
        return out

    def listen_to_all(self):
        """The last message may still be on its way when it is told."""
        topics = f"on {len(LIVE) + len(RETAINED)} topics"
        return until(topics, lambda: next((out for out in [self.listen()] if topics in out), None))

    def test_1_a_file_that_check_takes(self):
        rig = self.rig
        rig.write("tocsin.yaml", SITE.format(port=rig.port, dir=rig.dir, source=SOURCE))
        self.probe.stop()  # one user is one connection
        for topic, payload in RETAINED.items():
            rig.pub("probe", topic, payload, "-r")
        out = self.listen_to_all()
        for topic in ("zigbee2mqtt/b2/kitchen/leak", "zigbee2mqtt/3f/smoke1", "home/attic/heat", "tele/mdb1/SENSOR",
                      "shellies/shellyflood-8C/sensor/flood", "shellyplussmoke-a1/status/smoke:0", "plc/b2/callpoint"):
            self.assertEqual(out.count(f'topic: "{topic}"'), 1, out)
        self.assertIn('value: "/water_leak", via: zigbee2mqtt-bridge-link}', out)
        self.assertIn('unit: "V"', out)
        rig.write("conf.d/discovered.yaml", out)
        done = rig.tocsin("check", rig.path("tocsin.yaml"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + out)
        self.assertIn("plaza: 8 sensors", done.stdout)

    def test_2_what_the_site_has_is_not_said_again(self):
        out = self.listen_to_all()
        self.assertNotIn("sensors:\n", out)
        self.assertIn("# 8 fields are sensors of the site already", out)

    def test_3_it_raises_alarms(self):
        rig = self.rig
        rig.start()
        for topic, payload, kind in (("zigbee2mqtt/b2/kitchen/leak", '{"linkquality":80,"water_leak":true}', "burst-pipe"),
                                     ("home/attic/heat", 'HOT: # "x"', "fire")):
            since = self.console.mark()
            rig.pub("probe", topic, payload)
            self.opened(kind, since=since)

    def test_4_no_broker_no_words(self):
        rig = self.rig
        done = rig.tocsin("discover", rig.path("tocsin.yaml"), "--for", "never")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        done = rig.tocsin("discover", rig.path("none.yaml"), "--broker", "mqtt://127.0.0.1:1")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        answer = json.loads(self.rig.tocsin("--json", "discover", rig.path("tocsin.yaml"), "--for", "100ms", "--topic", "plc/#",
                                            "--user", "smith", "--password-file", rig.path("smith.pw")).stdout)
        self.assertTrue(answer["ok"])
        self.assertIn("# 0 sensors found", answer["yaml"])


if __name__ == "__main__":
    unittest.main()
