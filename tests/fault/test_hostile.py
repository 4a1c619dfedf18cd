"""A broker without any access list and a hostile crowd on it: payloads, topics, answers
of people who are none. Nothing crashes, nothing is believed, each has its row, and what is real goes on."""
import json
import subprocess
import threading
import time
import unittest

from house import LONG, House, lines
from rig import ROOT, Case, until

GAS = "zigbee2mqtt/b2/gas"
DEEP = "[" * 20000
VALUES = [  # of a gas sensor: none of them is a value above its limit
    "", "{", "null", "[]", '"', '{"gas_density":}', '{"gas_density":1e400}', '{"gas_density":-1e400}', '{"gas_density":NaN}',
    '{"gas_density":Infinity}', '{"gas_density":{"a":99}}', '{"gas_density":[99]}', '{"gas_density":"99"', '{"gas_density":99}}',
    '{"gas_density":31.2,"gas_density":0}', "{\"gas_density\":99\0}", b"\xff\xfe\x00\x01", b'{"gas_density":"\xc3\x28"}',
    b'\xef\xbb\xbf{"gas_density":99}', DEEP, '{"a":' * 20000, '{"gas_density":' + "9" * 400 + "}", "\0" * 64,
    '{"gas_density":' + " " * 65536 + "99}", "x" * 65537, "%s%n%n%n", "'; drop table audit; --", '{"\\u0000":1}',
    '{"gas_density":"\\ud800"}']
WORDS = [  # for a command of wang
    DEEP[:4000], '{"id":1e400}', '{"id":NaN}', '{"id":-1}', '{"id":{"$ne":0}}', '{"id":"G-1","rev":1e99}', "1" * 4000, b"\xff\xff",
    "确认 99999999999999999999", "%n%n", "\x1b[2J", '{"id":"G-1"', b"17\x00", '{"id":"\\u0000"}', '"ack"', "[17]", "true"]
TOPICS = ["cmd/wang/ack/more", "cmd//ack", "cmd/wang/", "cmd/" + "u" * 400 + "/ack", "cmd/wang/" + "v" * 400, "cmd/wang/%n%n",
          "cmd/../../ack", "cmd/wang/ack\x1b", "incident/G-99999999999999999999/state", "incident/../state", "incident/G-0/state",
          "incident/G-/state", "mark", "mark/x", "x" * 60000]


class Hostile(House):
    proxied = begins = False
    site = {"wait": "120s", "again": "120s"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rig = cls.rig
        rig.broker_stop()
        conf = rig.read("mosquitto.conf").replace("use_username_as_clientid true", "")
        rig.write("mosquitto.conf", "\n".join(x for x in conf.split("\n") if not x.startswith("acl_file")))
        rig.broker_start()
        rig.start()

    def raised(self, words):
        answer = self.rig.ask("--as", "smith", "raise", *words.split(), "x")
        self.assertTrue(answer["ok"], answer)
        return answer["id"]

    def refused(self, word, user, verb, payload, *more):
        """Answered with this word, and a row says so."""
        before = self.rig.status()["seq"]
        answer = self.command(user, verb, payload, *more)
        self.assertEqual((answer["ok"], answer.get("error")), (False, word), answer)
        self.rig.wait_rec("refused", test=lambda r: r["seq"] > before and r["who"] == user and r["body"]["error"] == word)

    def test_1_values(self):
        rig = self.rig
        for value in VALUES:
            for protocol in ("5", "311"):  # the one with the daemon's limit of 64 KiB, the other without
                rig.pub("mallory", GAS, value.encode() if isinstance(value, str) and "\0" in value else value, protocol=protocol)
        rig.pub("mallory", GAS, "{")
        fault = until("the sensor is in trouble", lambda: self.of_type("sensor-lost"))
        self.assertIn("gas-b2", fault["members"][0]["value"])
        self.assertEqual(self.n_opened("gas-leak"), 0)
        self.assertGreaterEqual(rig.status()["unreadable"], len(VALUES))
        rig.pub("zigbee2mqtt", GAS, '{"gas_density":31.2}')
        self.opened("gas-leak")
        rig.wait_rec("gone", fault["id"])
        self.assertEqual((rig.starts, rig.daemon.poll()), (1, None))

    def test_2_topics(self):
        rig, rows = self.rig, len(self.rig.recs("opened"))
        for topic in TOPICS:
            rig.pub("mallory", ROOT + topic, '{"v":1,"id":"G-1","type":"x","state":"closed"}', "-r")
        for topic in ("$SYS/broker/publish/messages/dropped", "$share/x/y", "/" * 3000):
            rig.pub("mallory", topic, "-1")
        self.assertTrue(self.command("wang", "oncall", "duty-electrician")["ok"])  # stands behind all of them
        self.assertEqual(len(rig.recs("opened")), rows)

    def test_3_words(self):
        rig, number = self.rig, self.raised("burst-pipe l1")
        n, since = len(rig.recs("refused")), self.console.mark()
        for words in WORDS:
            rig.pub("mallory", "cmd/wang/ack", words)
        self.console.wait("each is answered", lambda: len(self.console.heard("result/wang", since)) >= len(WORDS))
        self.assertEqual([m for m in self.console.heard("result/wang", since) if m.json["ok"]], [])
        self.assertEqual(len(rig.recs("refused")) - n, len(WORDS))
        self.assertEqual(rig.ask("show", number)["incident"]["state"], "unacked")

    def test_4_acks_that_are_none(self):
        rig, number = self.rig, self.raised("burst-pipe l2")
        since = self.console.mark()
        rig.pub("mallory", "cmd/stranger/ack", number)  # nothing but our own list of people stands between
        self.assertEqual(self.result("stranger", since)["error"], "unknown_person")
        rig.wait_rec("refused", test=lambda r: (r["who"], r["body"]["error"]) == ("stranger", "unknown_person"))
        self.refused("unknown_id", "wang", "ack", "W-999")
        self.refused("unknown_id", "wang", "ack", "W-%d" % (int(number.split("-")[1]) + 1))  # before there is one
        self.refused("retained", "wang", "ack", number, "-r")
        rig.pub("wang", "cmd/wang/ack", "", "-r")
        self.assertEqual(rig.ask("show", number)["incident"]["state"], "unacked")
        for _ in range(3):
            answer = self.command("wang", "ack", number)
            self.assertEqual((answer["ok"], answer["state"]), (True, "acked"))
        self.assertEqual(len(rig.recs("acked", number)), 1)
        over = next(i["id"] for i in rig.incidents() if i["type"] == "sensor-lost")  # it ends with its ack
        self.assertTrue(self.command("wang", "ack", over)["ok"])
        self.assertTrue(self.command("wang", "done", f"{over} look")["ok"])
        rig.wait_rec("closed", over)
        rows = len(rig.recs(inc=over))
        for user in ("wang", "li"):
            self.refused("closed", user, "ack", over)
        self.assertEqual({r["kind"] for r in rig.recs(inc=over)[rows:]} - {"sent"}, {"refused"})
        self.assertEqual(rig.ask("show", over)["incident"]["state"], "closed")

    def test_5_two_at_the_same_moment(self):
        rig, number = self.rig, self.raised("gas-leak l1")
        since = self.console.mark()
        both = [threading.Thread(target=rig.pub, args=(user, f"cmd/{user}/ack", number)) for user in ("wang", "li")]
        for t in both:
            t.start()
        for t in both:
            t.join()
        answers = [self.result(user, since) for user in ("wang", "li")]
        self.assertEqual([(a["ok"], a["state"]) for a in answers], [(True, "acked")] * 2)
        rows = [r for r in rig.recs(inc=number) if r["who"] in ("wang", "li")]
        first = rig.ask("show", number)["incident"]["acked_by"]
        self.assertEqual((rows[0]["kind"], rows[0]["who"]), ("acked", first))
        self.assertEqual({r["who"] for r in rows}, {"wang", "li"}, rows)

    def test_6_chatter(self):
        """20 changes a second for 3 s: one incident, two rows a change at most; repeats of one value are no rows."""
        rig = self.rig
        rig.pub("plc", "plc/b2/callpoint", "1")
        self.opened("fire", zone="b2-kitchen")
        n = rig.status()["seq"]
        flips = ["0", "1"] * 30
        with subprocess.Popen([*rig.client("mosquitto_pub", "plc"), "-q", "1", "-t", "plc/b2/callpoint", "-l"],
                              stdin=subprocess.PIPE, text=True) as pub:
            for flip in flips:
                pub.stdin.write(flip + "\n")
                pub.stdin.flush()
                time.sleep(0.05)
        self.assertTrue(self.command("wang", "oncall", "duty-electrician")["ok"])
        rows = self.rows_after(n)
        self.assertEqual(self.n_opened("fire"), 1)
        self.assertLess(len(rows), 2 * len(flips) + 20, rows)
        n = rig.status()["seq"]
        lines(rig, "plc", "plc/b2/callpoint", ["1"] * 500)
        self.assertTrue(self.command("wang", "oncall", "duty-electrician")["ok"])
        self.assertLess(len(self.rows_after(n)), 20)

    def rows_after(self, n):
        """What came of messages; chains go on meanwhile."""
        return [r["kind"] for r in self.rig.recs() if r["seq"] > n
                and r["kind"] not in ("called", "chain_exhausted", "sent", "delivered", "delivery_failed")]

    def test_9_the_log_verifies(self):
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)
        self.assertTrue(all(i["next"] for i in self.rig.incidents() if i["state"] == "unacked"))


SENSORS, ZONES = (10000, 100) if LONG else (1000, 20)


class Flood(Case):
    """So many leaks within a second, the fire last: each is in the audit, and the fire's call overtakes theirs."""
    autostart = False
    site = {"wait": "120s", "again": "120s"}

    def test_everything_at_once(self):
        rig = self.rig
        rig.broker_stop()  # it shall not write its whole memory to disk after each message: the daemon is meant here
        rig.write("mosquitto.conf", rig.read("mosquitto.conf").replace("autosave_on_changes true", "autosave_on_changes false"))
        rig.broker_start()
        site = rig.read("tocsin.yaml")
        zones = "".join(f"  z{n}: {{name: {{zh: 区{n}, en: Zone {n}}}}}\n" for n in range(ZONES))
        sensors = "".join(f"  leak-{n}: {{kind: leak, zone: z{n % ZONES}, topic: plc/flood/{n}, words: {{alarm: ['1'], normal: ['0']}}}}\n"
                          for n in range(SENSORS))
        rig.write("tocsin.yaml", site.replace("\nzones:\n", "\nzones:\n" + zones, 1).replace("\nsensors:\n", "\nsensors:\n" + sensors, 1))
        rig.start()
        since, began = self.console.mark(), time.monotonic()
        flood(rig, [f"plc/flood/{n}" for n in range(SENSORS)])
        offered = time.monotonic() - began
        pressed = time.monotonic()
        rig.pub("plc", "plc/b2/callpoint", "1")
        fire = self.opened("fire", since, limit_s=600)
        call = self.console.wait_for("page/wang/json", lambda m: m.json["incident"] == fire["id"] and m.json["kind"] == "call", since, 600)
        print(f"{SENSORS} alarms offered in {offered:.1f} s; the fire's call {call.at - pressed:.2f} s after it was pressed")

        def seen():
            return {r["body"].get("sensor") or r["who"].removeprefix("sensor:") for r in rig.recs() if r["kind"] in ("opened", "member")
                    and "leak-" in json.dumps(r)}
        until("each is in the audit", lambda: len({s for s in seen() if s.startswith("leak-")}) == SENSORS, 600)
        self.assertEqual(self.console.wait("all zones", lambda: len({
            m.json["zone"] for m in self.console.all[since:] if "/incident/" in m.topic and m.payload
            and m.json["type"] == "burst-pipe"}) == ZONES and ZONES), ZONES)
        self.assertEqual(rig.tocsin("audit", "verify").returncode, 0)


def flood(rig, topics):
    """One alarm on each topic, in a few connections at once."""
    code = """
import socket, struct, sys
def text(s): return struct.pack(">H", len(s)) + s.encode()
def packet(head, body):
    out, n = bytearray([head]), len(body)
    while True:
        out.append(n % 128 | (128 if n >= 128 else 0))
        n //= 128
        if not n: return bytes(out) + body
port, user = int(sys.argv[1]), sys.argv[2]
s = socket.create_connection(("127.0.0.1", port))
s.sendall(packet(0x10, text("MQTT") + bytes([4, 0xc2, 0, 60]) + text("") + text(user) + text(user + "-pw")))
assert s.recv(4)[3] == 0
topics = sys.stdin.read().split()
s.sendall(b"".join(packet(0x32, text(t) + struct.pack(">H", i + 1) + b"1") for i, t in enumerate(topics)))
left = 4 * len(topics)
while left > 0: left -= len(s.recv(65536))
"""
    done = subprocess.run(["python3", "-c", code, str(rig.port), "plc"], input="\n".join(topics), text=True, capture_output=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    unittest.main()
