"""A broken file: the running plan stays, the last good one starts, somebody is called; without any it does not start."""
import json
import os
import subprocess
import unittest

import site_yaml
from rig import ROOT, TOCSIND, Case, Rig, until


class Plan(Case):
    def broken(self):
        text = site_yaml.text(self.rig).replace("kind: gas, zone: b2-kitchen", "kind: gas, zone: b2-kitchn")
        return text.replace("holder: wang", "holder: wamg")

    def setUp(self):
        self.rig.write("tocsin.yaml", site_yaml.text(self.rig))

    def test_1_check(self):
        good = self.rig.tocsin("check", self.rig.path("tocsin.yaml"))
        self.assertEqual((good.returncode, good.stderr), (0, ""))
        self.rig.write("broken.yaml", self.broken())
        bad = self.rig.tocsin("check", self.rig.path("broken.yaml"))
        self.assertEqual(bad.returncode, 1)
        said = bad.stdout + bad.stderr
        for word in ("b2-kitchn", "wamg"):
            found = [n for n, l in enumerate(self.broken().splitlines(), 1) if word in l]
            self.assertIn(f"broken.yaml:{found[0]}:", said)
            self.assertIn(word, said)
        self.assertEqual(self.rig.tocsin("check", self.rig.path("none.yaml")).returncode, 1)

    def test_1b_one_slip_is_one_error(self):
        """What is included is read all the same: its absence would look like twenty mistakes more."""
        self.rig.write("broken.yaml", site_yaml.text(self.rig).replace("plc/b2/callpoint,", "plc/b2/callpoint, {a: b}: c,"))
        bad = self.rig.tocsin("check", self.rig.path("broken.yaml"))
        self.assertEqual(bad.returncode, 1)
        self.assertEqual((bad.stdout + bad.stderr).count(": error:"), 1, bad.stdout + bad.stderr)

    def test_2_reload(self):
        rig = self.rig
        plan = rig.status()["plan"]
        same = rig.tocsin("reload")
        self.assertEqual(same.returncode, 0)
        rig.write("tocsin.yaml", self.broken())
        since = self.console.mark()
        bad = rig.tocsin("reload")
        self.assertEqual(bad.returncode, 1)
        said = bad.stdout + bad.stderr
        for word in ("b2-kitchn", "wamg", "in force"):
            self.assertIn(word, said)
        self.assertEqual(rig.status()["plan"], plan)
        self.assertTrue(self.command("wang", "raise", "gas-leak b2-kitchen x")["ok"])  # the running plan works on
        rig.write("tocsin.yaml", site_yaml.text(rig, wait="301s"))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        until("the new plan is in force", lambda: rig.status()["plan"] != plan and not rig.status()["plan_broken"])
        rig.wait_rec("plan", test=lambda r: r["body"].get("plan", "").startswith(rig.status()["plan"]))
        self.console.wait_for("info", lambda m: m.json["plan"].startswith(rig.status()["plan"]), since)

    def test_2b_reload_with_options_no_plugin_knows(self):
        """Refused with the plugin's sentence and the place, as `tocsin check` says it: no channel is lost by a reload."""
        rig = self.rig
        plan, good = rig.status()["plan"], rig.read("tocsin.yaml")
        bad = "page: {plugin: page}\n  bell: {plugin: exec, argv: [/bin/true], options: {loud: 1}}"
        rig.write("tocsin.yaml", good.replace("page: {plugin: page}", bad))
        for command in ("check", rig.path("tocsin.yaml")), ("reload",):
            said = rig.tocsin(*command)
            self.assertEqual(said.returncode, 1)
            self.assertRegex(said.stdout + said.stderr, r"tocsin\.yaml:\d+:\d+: error: channel 'bell' cannot be used: the plugin exec has no option 'loud'")
        self.assertEqual(rig.status()["plan"], plan)
        self.assertNotIn("bell", rig.status()["channels"])
        self.assertEqual([r for r in rig.recs("fault") if r["body"]["fault"] == "channel-down"], [])
        rig.write("tocsin.yaml", good)
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        until("the file is good again", lambda: not rig.status()["plan_broken"])

    def test_3_start_with_a_broken_file(self):
        rig = self.rig
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        plan = rig.status()["plan"]
        self.assertEqual(rig.stop(), 0)
        rig.write("tocsin.yaml", self.broken())
        since = self.console.mark()
        rig.start()
        self.assertEqual((rig.status()["plan"], rig.status()["plan_broken"]), (plan, True))
        state = self.opened("plan-broken", since)
        self.console.wait("somebody is called about the plan, now or when the reload was refused", lambda: [
            m for m in self.console.all if "/page/" in m.topic and m.topic.endswith("/json")
            and m.json["incident"] == state["id"] and m.json["kind"] == "call"])
        self.assertIn("wamg", rig.said())
        self.assertIn("TROUBLE", rig.tocsin("status").stdout)
        self.rig.write("tocsin.yaml", site_yaml.text(self.rig))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        until("the plan is whole again", lambda: not rig.status()["plan_broken"])

    def test_4_home_assistant(self):
        """Described while the file says so, without the zone that is no more, and taken back at the end."""
        rig, topic = self.rig, "homeassistant/device/tocsin-plaza/config"
        text = site_yaml.text(rig) + "home_assistant: {discovery: true, person: li}\n"
        rig.write("tocsin.yaml", text.replace("zones:\n", "zones:\n  attic: {in: l2}\n", 1))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        acl = rig.tocsin("acl", rig.path("tocsin.yaml")).stdout
        for line in (f"topic write {topic}\n", "topic read homeassistant/#\n", "topic write homeassistant/#\n"):
            self.assertIn(line, acl)
        ear = rig.ear("hass", topic)
        parts = ear.wait_for(topic, lambda m: m.payload).json["cmps"]
        self.assertEqual(parts["zone-attic"]["stat_t"], "tocsin/plaza/1/zone/attic/state")
        self.assertEqual(parts["ack"]["cmd_t"], "tocsin/plaza/1/cmd/li/ack")
        rig.write("tocsin.yaml", text)
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        ear.wait_for(topic, lambda m: m.payload and m.json["cmps"].get("zone-attic") == {"p": "binary_sensor"})
        ear.stop()  # one user, one connection
        ear = rig.ear("hass", topic)
        self.assertTrue(ear.wait_for(topic).retain)
        rig.write("tocsin.yaml", site_yaml.text(rig))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        ear.wait_for(topic, lambda m: not m.payload)

    def test_5_what_an_older_plan_left(self):
        """Parts of the names that a smaller plan does not need, and zones it does not have, are emptied: by the reload, and by a start
        that did not see them leave."""
        rig, small = self.rig, site_yaml.text(self.rig)
        since = self.console.mark()
        zones = "".join(f"  store-{n}: {{in: l2, name: {{zh: 一个相当长的区域名称, en: a store with a long name}}}}\n" for n in range(300))
        rig.write("tocsin.yaml", small.replace("zones:\n", "zones:\n" + zones, 1))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        self.console.wait_for("names/2", lambda m: m.payload, since)
        since = self.console.mark()
        rig.write("tocsin.yaml", small)
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        self.console.wait_for("names/2", lambda m: not m.payload, since)
        self.console.wait_for("zone/store-7/state", lambda m: not m.payload, since)
        self.assertEqual(rig.stop(), 0)
        rig.pub("tocsin", ROOT + "names/5", '{"part":5,"parts":5}', "-r")
        rig.pub("tocsin", ROOT + "zone/store-7/state", "alarm", "-r")
        since = self.console.mark()
        rig.start()
        self.console.wait_for("names/5", lambda m: not m.payload, since)
        self.console.wait_for("zone/store-7/state", lambda m: not m.payload, since)
        self.assertEqual(rig.kept("console", ROOT + "zone/l2/state"), "normal")
        self.assertEqual(json.loads(rig.kept("console", ROOT + "names/1"))["parts"], 1)


class NoPlan(unittest.TestCase):
    def test_no_plan_at_all(self):
        rig = Rig()
        self.addCleanup(rig.close)
        for text in (None, "site: {id: 7\n"):
            if text:
                rig.write("tocsin.yaml", text)
            done = subprocess.run([TOCSIND, "--config", rig.path("tocsin.yaml")], env=rig.environment(), timeout=120,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertTrue(done.stderr)
        self.assertFalse(os.path.exists(rig.path("state/tocsin.db")))

    def test_usage(self):
        for args in (["--nonsense"], ["too", "many"]):
            self.assertEqual(subprocess.run([TOCSIND, *args], capture_output=True, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
