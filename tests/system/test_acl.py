"""What `tocsin acl` writes, tried to be broken: a real mosquitto with it, every user publishes to every
topic and hears every topic, and what came of it is compared with what the design says, not with the list."""
import socket
import struct
import subprocess
import threading
import unittest

from rig import ROOT, SOURCE, TOCSIN, Rig

SITE = """
site: {{id: plaza, timezone: Asia/Shanghai}}
broker: {{url: "mqtt://127.0.0.1:1883", user: dispatcher, password: {{file: /etc/tocsin/broker.pw}}}}
include: [{source}/rules/playbooks/*.yaml, {source}/rules/profiles/*.yaml]
zones: {{hall: {{}}, b2: {{}}}}
sensors:
  smoke: {{kind: smoke, zone: hall, profile: zigbee2mqtt, topic: zigbee2mqtt/hall/smoke, value: /smoke,
    availability: {{topic: zigbee2mqtt/hall/smoke/availability}}}}
  family: {{kind: leak, zone: "{{1}}", profile: zigbee2mqtt, topic: zigbee2mqtt/+/+/leak, id: "leak-{{1}}-{{2}}", value: /water_leak}}
  leak: {{kind: leak, zone: b2, profile: tasmota, topic: tele/pumps/SENSOR, value: /Switch1, availability: {{topic: tele/pumps/LWT}}}}
  call: {{kind: callpoint, zone: b2, topic: plc/b2/callpoint, words: {{alarm: ["1"], normal: ["0"]}}}}
  valve: {{kind: position, zone: b2, topic: plc/b2/valve, words: {{closed: [C], open: [O]}}}}
  wet: {{kind: leak, zone: b2, profile: shelly1, topic: shellies/+/sensor/flood, id: "{{1}}"}}
  heat: {{kind: heat, zone: b2, profile: esphome, topic: esp-3f/sensor/ceiling/state, unit: "°C", availability: {{topic: esp-3f/status}}}}
  cloud: {{kind: smoke, zone: b2, profile: huawei, topic: $oc/devices/x/sys/properties/report,
    value: '/services/[service_id=a]/properties/smoke'}}
  riser: {{kind: leak, zone: b2, profile: neuron, topic: /neuron/riser, value: /values/wet}}
  wide: {{kind: tamper, zone: b2, topic: plc/+/fan/+, id: "w-{{1}}-{{2}}"}}
actuators:
  valve: {{kind: gas-valve, zone: b2, serves: [b2], topic: plc/b2/valve/set,
    actions: {{close: {{send: C, until: {{sensor: valve, is: closed}}}}}}, operators: [duty]}}
  fan: {{kind: fan, zone: b2, topic: plc/b2/fan/set, actions: {{on: {{send: "ON"}}}}, operators: [duty]}}
  plug: {{kind: breaker, zone: hall, topic: zigbee2mqtt/plug/set, actions: {{off: {{send: "OFF"}}}}, operators: [duty]}}
  pump: {{kind: pump, zone: b2, topic: cmnd/pumps/POWER, actions: {{on: {{send: "ON"}}}}, operators: [duty]}}
people:  # li's pages are not of the user li, and a person's user has a gateway's name
  wang: {{name: Wang, user: [wang, wang-tablet], channels: [page]}}
  li: {{name: Li, user: smith, channels: [page]}}
  ann: {{name: Ann, user: li, channels: [page]}}
  chen: {{name: Chen, user: plc, channels: [page]}}
roles:
  duty: {{name: duty, holder: wang}}
  auditor: {{name: auditor, covered_by: archive}}
  archive: {{name: archive, holder: ann, deputy: chen}}
chains: {{life-safety: {{levels: [{{call: [duty], wait: 60s}}]}}}}
channels: {{page: {{plugin: page}}}}
"""
PEOPLE = {"wang": "wang", "wang-tablet": "wang", "smith": "li", "li": "ann", "plc": "chen"}  # user -> person
AUDITORS = ("li", "plc")
OPEN = ("status", "info", "names/1", "heartbeat", "event", "summary", "summary/text", "zone/b2/state", "incident/G-17/state", "oncall", "impairments")
OWN = OPEN + ("audit/head", "mark", "dryrun/fan/on") + tuple(
    f"{kind}/{name}" for name in ("wang", "li", "ann", "chen", "smith", "plc", "zigbee2mqtt", "console", "guard")
    for kind in ("page", "result")) + ("page/wang/json", "page/ann/json") + tuple(
    f"cmd/{user}/ack" for user in (*PEOPLE, "dispatcher", "console", "guard", "zigbee2mqtt", "pumps", "plc-gateway", "huawei", "esp-3f"))
ACTUATORS = ("plc/b2/valve/set", "plc/b2/fan/set", "zigbee2mqtt/plug/set", "cmnd/pumps/POWER")
# gateway -> what its sensors say; what else it may say; below what it listens
GATEWAYS = {
    "zigbee2mqtt": (("zigbee2mqtt/hall/smoke", "zigbee2mqtt/hall/smoke/availability", "zigbee2mqtt/b2/1/leak",
                     "zigbee2mqtt/b2/1/leak/availability"), ("zigbee2mqtt/bridge/state",), ("zigbee2mqtt/",)),
    "pumps": (("tele/pumps/SENSOR", "tele/pumps/LWT"), ("tele/pumps/STATE", "stat/pumps/RESULT"), ("tele/pumps/", "cmnd/pumps/")),
    "plc-gateway": (("plc/b2/callpoint", "plc/b2/valve"), (), ("plc/",)),
    "esp-3f": (("esp-3f/sensor/ceiling/state", "esp-3f/status"), ("esp-3f/debug",), ("esp-3f/",)),
    "huawei": (("$oc/devices/x/sys/properties/report",), (), ("$oc/",)),
    "neuron": (("/neuron/riser",), (), ("/neuron/",)),
}
FOREIGN = ("tele/fans/SENSOR", "plc/b2/other", "shellies/one/sensor/flood", "zigbee2mqtt/other", "tocsin/other/1/mark", "elsewhere",
           "tocsin/plaza/2/mark", "homeassistant/x/config")
TOPICS = tuple(ROOT + t for t in OWN) + ACTUATORS + FOREIGN + tuple(t for g in GATEWAYS.values() for t in g[0] + g[1])
WATCHERS = ("console", "guard")
# A hand of the test's own that may do all, and who is on the broker without being of the site.
EXTRA = "\nuser god\ntopic readwrite #\ntopic readwrite $oc/#\npattern read sure/%u\n"
USERS = ("dispatcher", *PEOPLE, *WATCHERS, *GATEWAYS, "stranger")


def may_write(user, topic):
    if topic.startswith(ROOT):
        return user == "dispatcher" or (user not in GATEWAYS and topic.startswith(f"{ROOT}cmd/{user}/"))
    if topic in ACTUATORS:
        return user == "dispatcher"
    return user in GATEWAYS and topic in GATEWAYS[user][0] + GATEWAYS[user][1]


def may_read(user, topic):
    if user == "dispatcher":
        return True
    own = topic[len(ROOT):] if topic.startswith(ROOT) else None
    if user in GATEWAYS:
        return own is None and topic.startswith(GATEWAYS[user][2])
    if own is None:
        return False
    if user == "console":
        return True
    if user == "guard":
        return own in ("status", "heartbeat", "result/guard")
    if own == f"result/{user}":
        return True
    if user not in PEOPLE:
        return False
    return own in OPEN or own.split("/")[:2] == ["page", PEOPLE[user]] or (user in AUDITORS and own in ("event", "audit/head"))


class Client:
    """MQTT 5, as much of it as is needed to be told a reason."""

    def __init__(self, port, user):
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.sock.settimeout(60)
        self.file, self.sent, self.reasons, self.heard = self.sock.makefile("rb"), [], {}, {}
        self.send(0x10, self.text("MQTT") + bytes([5, 0xC2, 0, 0, 0]) + self.text("") + self.text(user) + self.text("pw-" + user))
        first, body = self.packet()
        assert first == 0x20 and body[1] == 0, f"the broker refuses {user}: {body!r}"

    @staticmethod
    def text(word):
        return struct.pack(">H", len(word.encode())) + word.encode()

    def send(self, first, body):
        n, length = len(body), b""
        while True:
            n, low = divmod(n, 128)
            length += bytes([low | (128 if n else 0)])
            if not n:
                break
        self.sock.sendall(bytes([first]) + length + body)

    def packet(self):
        first, n, shift = self.file.read(1)[0], 0, 0
        while True:
            b = self.file.read(1)[0]
            n, shift = n | (b & 127) << shift, shift + 7
            if not b & 128:
                return first, self.file.read(n)

    def subscribe(self, *filters):
        self.send(0x82, struct.pack(">HB", 1, 0) + b"".join(self.text(f) + b"\1" for f in filters))
        while self.packet()[0] != 0x90:
            pass

    def publish(self, topic, payload):
        """The broker's reason code."""
        self.sent.append(topic)
        self.send(0x32, self.text(topic) + struct.pack(">HB", len(self.sent), 0) + payload.encode())
        while True:
            first, body = self.packet()
            if first == 0x40:
                return body[2] if len(body) > 2 else 0
            self.take(first, body)

    def take(self, first, body):
        if first >> 4 == 3:
            n = struct.unpack(">H", body[:2])[0]
            topic, rest = body[2:2 + n].decode(), body[2 + n:]
            if first & 6:
                self.send(0x40, rest[:2])
                rest = rest[2:]
            self.heard.setdefault(topic, set()).add(rest[1 + rest[0]:].decode())

    def listen_until(self, topic):
        while topic not in self.heard:
            self.take(*self.packet())

    def close(self):
        self.file.close()
        self.sock.close()


class Acl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rig = Rig()
        cls.addClassCleanup(cls.rig.close)
        cls.rig.write("site.yaml", SITE.format(source=SOURCE))
        cls.list = cls.acl(cls.rig.path("site.yaml"))
        cls.rig.write("acl", cls.list + EXTRA, 0o600)
        cls.rig.write("passwd", "".join(f"{u}:pw-{u}\n" for u in (*USERS, "god")), 0o600)
        subprocess.run(["mosquitto_passwd", "-U", cls.rig.path("passwd")], check=True, capture_output=True)
        cls.rig.broker_start()

    @staticmethod
    def acl(*args):
        return subprocess.run([TOCSIN, "acl", *args], capture_output=True, text=True, check=True, timeout=60).stdout

    def client(self, user):
        client = Client(self.rig.port, user)
        self.addCleanup(client.close)
        return client

    def test_the_users_it_needs(self):
        users = [line[5:] for line in self.list.splitlines() if line.startswith("user ")]
        self.assertEqual(sorted(users), sorted(u for u in USERS if u != "stranger"))
        self.assertIn("nobody may write shellies/+/sensor/flood", self.list)
        self.assertIn("plc-gateway may not write plc/+/fan/+: the actuator fan obeys", self.list)

    def test_home_assistant_writes_no_actuator(self):
        site = SITE.format(source=SOURCE) + "home_assistant: {discovery: true, prefix: plc, person: wang}\n"
        self.rig.write("home.yaml", site)
        acl = self.acl(self.rig.path("home.yaml"))
        self.assertIn("wang may not write plc/#: the actuator valve obeys", acl)
        self.assertNotIn("write plc/#\n", acl)

    def test_nobody_writes_what_is_not_his(self):
        god, wrong = self.client("god"), []
        god.subscribe("#", "$oc/#")
        for user in USERS:
            client = self.client(user)
            for topic in TOPICS:
                reason, allowed = client.publish(topic, user), may_write(user, topic)
                if (reason < 0x80) != allowed or (not allowed and reason != 0x87):
                    wrong.append(f"{user} on {topic}: {reason:#x}, allowed {allowed}")
        god.publish("sure/god", "sure")
        god.listen_until("sure/god")
        for topic in TOPICS:
            heard, wanted = god.heard.get(topic, set()), {u for u in USERS if may_write(u, topic)}
            if heard != wanted:
                wrong.append(f"{topic} was written by {sorted(heard)}, wanted {sorted(wanted)}")
        self.assertEqual(wrong, [])

    def test_nobody_reads_what_is_not_his(self):
        god, wrong = self.client("god"), []
        clients = {user: self.client(user) for user in USERS}
        for client in clients.values():
            client.subscribe("#", "$oc/#")
        threads = [threading.Thread(target=c.listen_until, args=(f"sure/{u}",)) for u, c in clients.items()]
        for thread in threads:
            thread.start()
        for topic in TOPICS:
            self.assertLess(god.publish(topic, "said"), 0x80)
        for user in USERS:
            god.publish(f"sure/{user}", "sure")  # behind the others on each connection
        for thread in threads:
            thread.join()
        for user, client in clients.items():
            wanted = {t for t in TOPICS if may_read(user, t)}
            for topic in (client.heard.keys() - {f"sure/{user}"}) ^ wanted:
                wrong.append(f"{user} {'did not hear' if topic in wanted else 'heard'} {topic}")
        self.assertEqual(wrong, [])

    def test_a_session_is_not_taken(self):
        """The client id is the login: who asks for the daemon's gets one of its own."""
        daemon = self.client("dispatcher")
        thief = socket.create_connection(("127.0.0.1", self.rig.port), 60)
        self.addCleanup(thief.close)
        text = Client.text
        body = text("MQTT") + bytes([5, 0xC2, 0, 0, 0]) + text("dispatcher") + text("wang") + text("pw-wang")
        thief.sendall(bytes([0x10, len(body)]) + body)
        self.assertEqual(thief.recv(4)[0], 0x20)
        daemon.subscribe("x")
        self.assertLess(daemon.publish(ROOT + "status", "online"), 0x80)  # still there

    def test_the_shipped_list_is_that_of_the_shipped_site(self):
        with open(f"{SOURCE}/contrib/demo-site.yaml", encoding="utf-8") as f:
            self.rig.write("demo.yaml", f.read().replace("/usr/share/tocsin/", f"{SOURCE}/rules/"))
        with open(f"{SOURCE}/contrib/mosquitto/acl", encoding="utf-8") as f:
            self.assertEqual(self.acl(self.rig.path("demo.yaml")), f.read(), "contrib/mosquitto/acl: tocsin acl contrib/demo-site.yaml")

    def test_a_broken_site_has_none(self):
        self.rig.write("broken.yaml", "zonez: {}\n")
        done = subprocess.run([TOCSIN, "acl", self.rig.path("broken.yaml")], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("tocsin check", done.stderr)


if __name__ == "__main__":
    unittest.main()
