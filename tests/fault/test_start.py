"""Starts and reloads that meet a configuration they cannot use: the last good one works on, and somebody is called."""
import errno
import os
import shutil
import signal
import unittest

import site_yaml
from broken import IN_TIME, BrokenCase
from rig import SOURCE, until


class Start(BrokenCase):
    autostart = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copytree(os.path.join(SOURCE, "rules/playbooks"), cls.rig.path("playbooks"))
        cls.good = site_yaml.text(cls.rig).replace(f"{SOURCE}/rules/playbooks", cls.rig.path("playbooks"))
        cls.rig.write("tocsin.yaml", cls.good)

    def works(self, zone):
        self.assertTrue(self.command("smith", "raise", f"gas-leak {zone} x")["ok"])

    def test_1_broken_at_reload(self):
        """Named with its line to who asked, to the log, and to those who are called; over with the next good one."""
        rig = self.rig
        rig.start(IN_TIME)
        plan, since = rig.status()["plan"], self.console.mark()
        rig.write("playbooks/extra.yaml", "incidents:\n  gas-leak: {playbok: none}\n")
        bad = rig.tocsin("reload")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("extra.yaml:2:", bad.stdout + bad.stderr)
        own = self.called_about("plan-broken", since)
        self.assertIn("extra.yaml:2:", rig.said())
        row = rig.wait_rec("fault", test=lambda r: r["body"]["fault"] == "plan-broken")
        self.assertIn("extra.yaml:2:", row["body"]["what"])
        status = rig.status()
        self.assertEqual((status["plan"], status["plan_broken"]), (plan, True))
        self.works("b2")
        os.unlink(rig.path("playbooks/extra.yaml"))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        self.over(own)
        self.assertFalse(rig.status()["plan_broken"])
        rig.tocsin("--as", "wang", "ack", own["id"])

    def test_2_its_folder_is_empty(self):
        """The files it includes are gone: what it says of them is not whole any more."""
        rig = self.rig
        self.assertEqual(rig.stop(), 0)
        os.rename(rig.path("playbooks"), rig.path("playbooks.away"))
        os.mkdir(rig.path("playbooks"))
        since = self.console.mark()
        rig.start(IN_TIME)
        own = self.called_about("plan-broken", since)
        self.works("b2-pumps")
        os.rmdir(rig.path("playbooks"))
        os.rename(rig.path("playbooks.away"), rig.path("playbooks"))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        until("the plan is whole", lambda: not rig.status()["plan_broken"])
        self.over(own)
        rig.tocsin("--as", "wang", "ack", own["id"])

    def test_3_it_cannot_be_read(self):
        rig = self.rig
        self.assertEqual(rig.stop(), 0)
        os.unlink(rig.path("tocsin.yaml"))
        os.mkdir(rig.path("tocsin.yaml"))  # root may read all files, but no folder as one
        since = self.console.mark()
        rig.start(IN_TIME)
        self.called_about("plan-broken", since)
        self.works("l1")
        os.rmdir(rig.path("tocsin.yaml"))
        rig.write("tocsin.yaml", self.good)
        self.assertEqual(rig.tocsin("reload").returncode, 0)

    def test_4_chains_that_reach_nobody(self):
        """Refused by name: no level, and a role covered in a circle."""
        rig = self.rig
        for was, now, words in (
                ("building: {levels: [{call: [duty-electrician], wait: 300s}, {call: [shift-foreman], wait: 5m}]}",
                 "building: {levels: []}", "levels"),
                ("leader-on-duty: {name: {zh: 值班领导, en: leader on duty}, covered_by: engineering-supervisor}",
                 "leader-on-duty: {name: {zh: 值班领导, en: leader on duty}, covered_by: leader-on-duty}", "leader-on-duty")):
            self.assertIn(was, self.good)
            rig.write("circle.yaml", self.good.replace(was, now))
            bad = rig.tocsin("check", rig.path("circle.yaml"))
            self.assertEqual(bad.returncode, 1, bad.stdout)
            self.assertIn(words, bad.stdout + bad.stderr)

    def test_5_asked_to_reload_while_it_starts(self):
        """Before its loop is there: it does not end of it, and reads the file again when it can."""
        rig = self.rig
        plan = rig.status()["plan"]
        self.assertEqual(rig.stop(), 0)
        os.unlink(rig.path("tocsin.yaml"))
        os.mkfifo(rig.path("tocsin.yaml"))  # it waits here, in the middle of its start
        rig.daemon_launch(IN_TIME)
        pipe = until("it reads its configuration", self.pipe)
        rig.daemon.send_signal(signal.SIGHUP)
        rig.write("new.yaml", self.good.replace("Ann Smith", "Anne Smith"))
        os.replace(rig.path("new.yaml"), rig.path("tocsin.yaml"))
        with open(pipe, "w", encoding="utf-8") as f:
            f.write(self.good)
        rig.synced()
        until("the new file is in force", lambda: rig.status().get("plan", plan) != plan)

    def pipe(self):
        """Its writing end, once somebody reads."""
        try:
            return os.open(self.rig.path("tocsin.yaml"), os.O_WRONLY | os.O_NONBLOCK)
        except OSError as why:
            self.assertEqual(why.errno, errno.ENXIO)
            return None


if __name__ == "__main__":
    unittest.main()
