"""A flood: alarm messages of 500 sensors, a thousand a second. Every fire is paged singly, the rest as summaries that
name each incident, nothing is missing from the audit, the heartbeat says so, and memory stays bounded. 2,500 messages
each day, 10,000 in ten seconds with TOCSIN_LONG=1."""
import json
import os
import socket
import struct
import time
import unittest
import unittest.mock

from rig import ROOT, Case, is_sanitized, until

SENSORS, FIRES, PER_S = 500, 100, 1000
MESSAGES = 10000 if os.environ.get("TOCSIN_LONG") else 2500
MEMORY_KIB = 128 * 1024 * (3 if is_sanitized() else 1)

CROWD = """\
zones:
{zones}
sensors:
{sensors}
incidents:
  blaze: {{title: {{zh: 起火, en: Blaze}}, hazard: fire, severity: critical, per: sensor, chain: life-safety, when: {{of: {{kind: flame}}, is: alarm}}}}
  wet: {{title: {{zh: 漏水, en: Wet}}, hazard: water, severity: major, per: sensor, chain: building, when: {{of: {{kind: wet}}, is: alarm}}}}
  hatch: {{title: {{zh: 舱门, en: Hatch}}, hazard: other, severity: minor, per: sensor, chain: building, when: {{of: {{kind: hatch}}, is: alarm}}}}
"""


def crowd():
    kinds = ("flame", "wet", "hatch", "hatch", "hatch")
    return CROWD.format(
        zones="\n".join(f"  z{z}: {{name: {{zh: '{z}区', en: Zone {z}}}}}" for z in range(SENSORS // 20)),
        sensors="\n".join(f"  c{n}: {{kind: {kinds[n % 5]}, zone: z{n // 20}, topic: plc/crowd/{n}, "
                          'words: {alarm: ["1"], normal: ["0"]}}' for n in range(SENSORS)))


def text_field(text):
    return struct.pack("!H", len(text)) + text.encode()


class Publisher:
    """MQTT 3.1.1, QoS 1, many under way at once."""

    def __init__(self, port, user):
        self.socket = socket.create_connection(("127.0.0.1", port))
        body = text_field("MQTT") + bytes((4, 0xc2, 0, 0)) + text_field("flood") + text_field(user) + text_field(user + "-pw")
        self.socket.sendall(bytes((0x10, len(body))) + body)
        assert self.read(4)[3] == 0, "the broker refuses the publisher"
        self.unacked = 0

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            assert more, "the broker hung up"
            data += more
        return data

    def publish(self, number, topic, payload):
        body = text_field(topic) + struct.pack("!H", number % 65535 + 1) + payload
        self.socket.sendall(bytes((0x32, len(body))) + body)
        self.unacked += 1
        while self.unacked > 500:
            self.read(4)
            self.unacked -= 1

    def close(self):
        for _ in range(self.unacked):
            self.read(4)
        self.socket.close()


class Flood(Case):
    autostart = False

    def pour(self):
        out, start_s = Publisher(self.rig.port, "plc"), time.monotonic()
        for n in range(MESSAGES):
            out.publish(n, f"plc/crowd/{n % SENSORS}", b"1")
            ahead_s = start_s + n / PER_S - time.monotonic()
            if ahead_s > 0:
                time.sleep(ahead_s)
        out.close()
        return time.monotonic() - start_s

    def pages(self, since):
        return [m.json for m in self.console.heard("page/wang/json", since)]

    def opened_by_sensors(self):
        """A machine that is too slow for so much has something to say of itself, too."""
        return [r for r in self.rig.recs("opened") if r["who"] != "system"]

    def told(self, since):
        """Of each incident how wang was told first: singly or summed up."""
        how = {}
        for page in self.pages(since):
            if page["kind"] == "summary":
                for number in page["incidents"]:
                    how.setdefault(number, "summary")
            elif page["kind"] == "call":
                how.setdefault(int(page["incident"][2:]), "call")
        return how

    def test_flood(self):
        rig = self.rig
        if is_sanitized():  # which would keep 256 MiB of what was freed
            patch = unittest.mock.patch.dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16")
            patch.start()
            self.addCleanup(patch.stop)
        rig.write("crowd.yaml", crowd())
        rig.write("tocsin.yaml", rig.read("tocsin.yaml").replace("include: [", f"include: [{rig.path('crowd.yaml')}, "))
        rig.start()
        since = self.console.mark()
        took_s = self.pour()
        opened = until("every alarm is in the audit", lambda: (lambda r: r if len(r) >= SENSORS else None)(self.opened_by_sensors()), 300)
        self.assertEqual({r["who"] for r in opened}, {f"sensor:c{n}" for n in range(SENSORS)})
        fires = {int(r["inc"][2:]) for r in opened if r["inc"][0] == "F"}
        every = {int(r["inc"][2:]) for r in opened}
        self.assertEqual(len(fires), FIRES)
        self.console.wait_for("heartbeat", lambda m: m.json["flood"], since)
        self.console.wait("every fire on wang's phone", lambda: fires <= set(self.told(since)), 180)
        self.console.wait("everything told", lambda: every <= set(self.told(since)), 300)
        how = self.told(since)
        self.assertEqual({n for n in every if how[n] == "call"} & fires, fires)
        singly = len([n for n in every - fires if how[n] == "call"])
        self.assertLessEqual(singly, 11)
        held = sum(r["body"]["held"] for r in rig.recs("notice") if r["body"].get("kind") == "summary"
                   and r["body"]["person"] == "wang")
        self.assertGreaterEqual(held, len(every - fires) - singly)
        summary = next(p for p in self.pages(since) if p["kind"] == "summary")
        self.assertIsNone(summary["incident"])
        self.assertIn("确认", summary["text"])
        with open(f"/proc/{rig.daemon.pid}/status", encoding="ascii") as f:
            memory = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        print(f"{MESSAGES} messages in {took_s:.1f} s: {len(fires)} fires and {singly} others singly, "
              f"{len(every) - len(fires) - singly} in summaries, {memory // 1024} MiB")
        self.assertLess(memory, MEMORY_KIB)
        number = next(n for n in sorted(every - fires) if how[n] == "summary")
        self.assertTrue(self.command("wang", "ack", str(number))["ok"])
        self.assertTrue(self.command("wang", "ack", "all")["ok"])
        left = [i for i in rig.incidents() if i["state"] == "unacked"]
        self.assertEqual({i["hazard"] for i in left} - {"system"}, {"fire"})
        self.assertEqual(rig.tocsin("audit", "verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
