"""The broker: away at the start, back with an empty memory, with another password,
with a queue that overflows. Each is noticed, named, told another way, and nothing is lost."""
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

from house import House, lines
from rig import LIMIT_S, until

SMOKE = "shellyplussmoke-a1b2c3/status/smoke:0"


class AwayAtStart(House):
    begins = proxied = False

    def test_ready_and_in_trouble_and_well(self):
        rig = self.rig
        rig.pub("shelly", SMOKE, '{"id":0,"alarm":true,"mute":false}', "-r")
        rig.broker_stop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(rig.path("notify"))
            notify.settimeout(LIMIT_S)
            environment = rig.environment
            rig.environment = lambda fault=None: {**environment(fault), "NOTIFY_SOCKET": rig.path("notify")}
            began = time.monotonic()
            rig.daemon_launch()
            while b"READY=1" not in notify.recv(4096):
                pass
            print(f"ready after {time.monotonic() - began:.1f} s without a broker")
            rig.environment = environment
        fault = until("the trouble", lambda: self.of_type("broker-down"))
        until("told by a way that needs no broker", lambda: self.told(fault["id"], "call"))
        until("it says why", lambda: "127.0.0.1" in self.why("broker-down"))
        rig.broker_start()
        rig.synced()
        self.opened("fire", zone="l1")
        rig.wait_rec("gone", fault["id"])


class Broker(House):
    proxied = False

    def test_1_the_session_is_lost(self):
        """What is retained is read again; all else is subscribed again."""
        rig, since = self.rig, self.console.mark()
        rig.daemon.send_signal(signal.SIGSTOP)
        rig.broker_stop(signal.SIGKILL)
        shutil.rmtree(rig.path("mosquitto"))
        os.mkdir(rig.path("mosquitto"))
        rig.broker_start()
        rig.pub("plc", "plc/b2/callpoint", "1", "-r")
        rig.daemon.send_signal(signal.SIGCONT)
        until("the daemon saw it", lambda: rig.recs("broker_down"))
        rig.synced()
        self.opened("fire", since, "b2-kitchen")
        rig.pub("plc", "plc/switch-room/mains", "alarm")
        self.opened("power-loss", since, "switch-room")

    def test_2_the_password_is_changed(self):
        rig, since = self.rig, self.console.mark()
        subprocess.run(["mosquitto_passwd", "-b", rig.path("passwd"), "tocsin", "another"], check=True, capture_output=True)
        rig.broker_stop()  # not SIGHUP: see contrib/mosquitto/tocsin.conf
        rig.broker_start()
        until("the broker shuts us out", lambda: rig.status()["broker"] != "up")
        rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", '{"gas_density":31.2}')
        until("the fault says why", lambda: "password" in self.why("broker-down"), 120)
        fault = self.of_type("broker-down")
        until("told by a way that needs no broker", lambda: self.told(fault["id"], "call"))
        os.unlink(rig.path("tocsin.pw"))
        answer = rig.ask("reload")
        self.assertFalse(answer["ok"], answer)  # half done by a hurried hand: said, and nothing is changed
        self.assertIn("tocsin.pw", answer["problems"])
        rig.write("tocsin.pw", "another")
        rig.daemon.send_signal(signal.SIGHUP)
        rig.synced()
        self.opened("gas-leak", since)
        self.assertEqual(self.n_opened("gas-leak"), 1)
        rig.wait_rec("gone", fault["id"])
        self.assertEqual(len(rig.recs("plan")), 0)
        answer = rig.ask("reload")  # nothing has changed: the link stays
        self.assertTrue(answer["ok"], answer)
        self.assertEqual((len(rig.recs("broker_down")), rig.status()["synced"]), (2, True))

    def test_3_our_queue_overflows(self):
        """The broker acknowledges an alarm and throws it away; its drop counter tells, and the retained state has it."""
        rig = self.rig
        conf = rig.read("mosquitto.conf").replace("max_queued_messages 100000", "max_queued_messages 10\nsys_interval 1")
        rig.write("mosquitto.conf", conf)
        rig.write("acl", rig.read("acl") + "user hass\ntopic read $SYS/#\n", 0o600)
        rig.broker_stop()
        rig.broker_start()
        rig.synced()
        down = len(rig.recs("broker_down"))
        # the counter's first value is not a rise: it has come, and what stands behind it is answered
        rig.ear("hass", "$SYS/broker/publish/messages/dropped").wait_for("$SYS/broker/publish/messages/dropped")
        self.assertTrue(self.command("wang", "oncall", "duty-electrician")["ok"])
        rig.daemon.send_signal(signal.SIGSTOP)
        lines(rig, "tasmota", "tele/mdb1/SENSOR", ['{"ENERGY":{"Voltage":%d}}' % (225 + n % 9) for n in range(200)])
        rig.pub("tasmota", "tele/pumps/SENSOR", '{"Switch1":"ON"}', "-r")
        rig.daemon.send_signal(signal.SIGCONT)
        # by the store and the other channel: who hears the broker has as short a queue
        rig.wait_rec("opened", test=lambda r: r["body"]["zone"] == "b2-pumps")
        fault = until("the fault", lambda: self.of_type("broker-drops"))
        self.assertEqual(fault["severity"], "minor")
        rig.wait_rec("sent", fault["id"], lambda r: r["body"]["kind"] == "call" and r["body"]["channel"] == "page")
        self.assertEqual(len(rig.recs("broker_down")), down)  # the same link all the time


if __name__ == "__main__":
    unittest.main()
