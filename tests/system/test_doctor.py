"""tocsin doctor: names what is wrong with an installation, one line each, and changes nothing."""
import json
import os
import unittest

from rig import Case, until


class Doctor(Case):
    def look(self, *args):
        """Verdict and text of each check; the exit code agrees."""
        done = self.rig.tocsin("--json", "doctor", self.rig.path("tocsin.yaml"), *args)
        answer = json.loads(done.stdout)
        bad = [c for c in answer["checks"] if c["verdict"] == "bad"]
        self.assertEqual((done.returncode, answer["ok"]), (1, False) if bad else (0, True), done.stdout)
        return {c["check"]: (c["verdict"], c["text"]) for c in answer["checks"]}

    def bad(self, *args):
        return {name: text for name, (verdict, text) in self.look(*args).items() if verdict == "bad"}

    def test_1_a_password_for_everybody(self):
        self.assertEqual(list(self.bad()), ["secrets"])
        self.assertIn("chmod o=", self.bad()["secrets"])
        self.assertIn("chmod 700", self.look()["disk"][1])
        os.chmod(self.rig.path("tocsin.pw"), 0o600)
        os.chmod(self.rig.path("state"), 0o700)
        checks = self.look()
        self.assertEqual(self.bad(), {})
        for name in ("configuration", "secrets", "disk", "daemon", "broker", "store", "in force", "troubles"):
            self.assertEqual(checks[name][0], "ok", checks[name])
        self.assertIn("pages alone", checks["ways"][1])
        self.assertEqual(checks["retained"][0], "note")
        human = self.rig.tocsin("doctor", self.rig.path("tocsin.yaml"))
        self.assertEqual(human.returncode, 0)
        self.assertIn("0 problems", human.stdout)

    def test_2_a_file_that_is_not_in_force(self):
        rig = self.rig
        good = rig.read("tocsin.yaml")
        rig.write("tocsin.yaml", good.replace("Ann Smith", "Anne Smith"))
        self.assertEqual(list(self.bad()), ["in force"])
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        self.assertEqual(self.bad(), {})
        rig.write("tocsin.yaml", good + "zonez: {}\n")
        self.assertIn("tocsin check", self.bad()["configuration"])
        rig.write("tocsin.yaml", good)
        self.assertEqual(rig.tocsin("reload").returncode, 0)

    def test_3_commands_that_the_broker_keeps(self):
        rig = self.rig
        rig.write("console.pw", "console-pw\n")
        broker = ("--broker", f"mqtt://127.0.0.1:{rig.port}", "--user", "console", "--password-file", rig.path("console.pw"))
        self.console.stop()  # one user is one connection
        self.assertEqual(self.look(*broker)["retained"], ("ok", "no command is kept at the broker"))
        rig.pub("wang", "cmd/wang/ack", "17", "-r")
        self.assertIn("tocsin/plaza/1/cmd/wang/ack", self.bad(*broker)["retained"])
        rig.pub("wang", "cmd/wang/ack", "", "-r")
        self.assertEqual(self.bad(*broker), {})
        rig.write("console.pw", "wrong\n")
        self.assertIn("refuses", self.bad(*broker)["retained"])

    def test_4_without_a_broker_and_without_a_daemon(self):
        rig = self.rig
        rig.broker_stop()
        until("the doctor sees it", lambda: "broker" in self.bad())
        until("and that somebody is called", lambda: "Broker unreachable" in self.bad().get("troubles", ""))
        self.assertEqual(rig.stop(), 0)
        self.assertIn("does not answer", self.bad()["daemon"])


if __name__ == "__main__":
    unittest.main()
