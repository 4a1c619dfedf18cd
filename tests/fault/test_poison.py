"""A message that kills the program: two starts in a row, then it is set aside unread, somebody is called, and
everything else is dispatched as before. Once in the receive thread, once in the loop."""
import json
import signal
import unittest
from datetime import datetime

from house import lines
from rig import Case, LATE_MS

BAD = '{"gas_density":31.2,"note":"BOOM"}'
TOPIC = "zigbee2mqtt/b2/gas"
EVERY_S = 60  # it is told of again


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Poison:
    autostart = False
    where = None

    def dies(self):
        self.rig.daemon.wait(60)
        self.assertEqual(self.rig.daemon.returncode, -signal.SIGABRT, self.rig.said())

    def leak_is_dispatched(self):
        since = self.console.mark()
        self.rig.pub("tasmota", "tele/pumps/SENSOR", json.dumps({"Switch1": "ON"}))
        return self.opened("burst-pipe", since)

    def test_two_deaths_and_then_set_aside(self):
        rig, fault = self.rig, f"crash-{self.where}=BOOM,store-late-ms={LATE_MS}"
        rig.start(fault)
        rig.pub("zigbee2mqtt", TOPIC, BAD)
        self.dies()
        rig.daemon_launch(fault)  # it was not acknowledged: the broker brings it again
        self.dies()
        since = self.console.mark()
        rig.start(fault)
        own = self.opened("poison-message", since)
        self.assertEqual((own["hazard"], own["severity"]), ("system", "fault"))
        self.console.wait("somebody is called about it", lambda: [
            m for m in self.console.all[since:] if "/page/" in m.topic and m.topic.endswith("/json")
            and m.json["incident"] == own["id"] and m.json["kind"] == "call"])
        lines(rig, "zigbee2mqtt", TOPIC, [BAD] * 20)  # who goes on sending it is told of once a minute, not each time
        self.leak_is_dispatched()
        faults = [r for r in rig.recs("fault") if r["body"]["fault"] == "poison-message"]
        self.assertEqual({f["body"]["over"] for f in faults}, {False})
        self.assertLessEqual(len(faults), 1 + (seconds(faults[-1]["at"]) - seconds(faults[0]["at"])) // EVERY_S)
        self.assertIn(TOPIC, faults[0]["body"]["what"])
        self.assertEqual([r for r in rig.recs("opened") if r["body"]["type"] == "gas-leak"], [])
        self.assertEqual(rig.tocsin("audit", "verify").returncode, 0)
        self.assertEqual(rig.stop(), 0)
        rig.start(fault)  # it stays so
        rig.pub("zigbee2mqtt", TOPIC, BAD)
        self.assertEqual(rig.stop(), 0)


class InTheReceiveThread(Poison, Case):
    where = "receive"


class InTheLoop(Poison, Case):
    where = "loop"


if __name__ == "__main__":
    unittest.main()
