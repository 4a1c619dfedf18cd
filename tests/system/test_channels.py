"""Webhooks in the daemon: one that hangs is left for the person's next way, at once; a level that nobody can be reached of
is left for the next; the daemon killed in the middle of a request sends it again under the same id."""
import os
import sys
import threading
import unittest

from rig import BINARY, SOURCE, Case, until

os.environ["TOCSIN_PLUGIN_DIR"] = os.path.join(BINARY, "plugins")
sys.path.insert(0, os.path.join(SOURCE, "tests/channels"))
from desk import Server, hang  # noqa: E402

released = threading.Event()


def hold(_):
    released.wait(600)
    return 200, {}, b"{}"


SLOW, GOOD, HELD = Server([hang]), Server(), Server([hold])
WAYS = f"""hang: {{{{plugin: webhook, timeout: 2s, options: {{{{url: "{SLOW.url}/{{{{{{{{person}}}}}}}}"}}}}}}}}
  held: {{{{plugin: webhook, timeout: 10m, options: {{{{url: "{HELD.url}/{{{{{{{{person}}}}}}}}"}}}}}}}}
  good: {{{{plugin: webhook, timeout: 2m, options: {{{{url: "{GOOD.url}/{{{{{{{{person}}}}}}}}"}}}}}}}}""".replace("{{", "{").replace("}}", "}")


class Channels(Case):
    site = {"channels": "hang, good", "more_channels": WAYS, "wait": "600s"}

    def asked(self, server, person, since=0):
        return [a for a in server.asked[since:] if a[1] == f"/{person}"]

    def test_1_the_next_way(self):
        answer = self.rig.ask("--as", "smith", "raise", "gas-leak", "b2-kitchen", "x")
        self.assertTrue(answer["ok"], answer)
        first = until("the hanging service is asked", lambda: self.asked(SLOW, "wang"))[0]
        second = until("the next service is asked", lambda: self.asked(GOOD, "wang"))[0]
        self.assertIn(second[2]["X-Tocsin-Notice"], [a[2]["X-Tocsin-Notice"] for a in self.asked(SLOW, "wang")])
        failed = self.rig.wait_rec("delivery_failed", answer["id"], lambda r: r["body"]["person"] == "wang")
        self.assertEqual(failed["body"]["channel"], "hang")
        Channels.number = answer["id"]
        sent = self.rig.wait_rec("sent", answer["id"], lambda r: r["body"]["person"] == "wang")
        self.assertEqual(sent["body"]["channel"], "good")
        self.assertIsNotNone(first)

    def test_2_counted(self):
        status = until("counted", lambda: (lambda c: c.get("good", {}).get("sent", 0) >= 1 and c)(self.rig.status().get("channels", {})))
        self.assertGreaterEqual(status["hang"]["failed"], 1)
        self.assertEqual(status["good"]["state"], "ok")
        self.assertIn("good", self.console.wait_for("heartbeat").json["channels"])

    def test_3_killed_in_the_middle(self):
        """At least once, under the same id, marked as a repeat."""
        answer = self.rig.ask("--as", "smith", "ring", "li", "held")
        self.assertTrue(answer["ok"], answer)
        before = until("the service is asked", lambda: self.asked(HELD, "li"))[0]
        self.rig.kill9()
        since = len(HELD.asked)
        self.rig.start()
        after = until("it is asked again", lambda: self.asked(HELD, "li", since))[0]
        released.set()
        self.assertEqual(after[2]["X-Tocsin-Notice"], before[2]["X-Tocsin-Notice"])
        self.assertIn(b'"repeat":true', after[3])
        self.assertIn(b'"repeat":false', before[3])

    def test_4_ring(self):
        since = len(GOOD.asked)
        self.assertTrue(self.rig.ask("--as", "smith", "ring", "wang", "good")["ok"])
        until("the test notice", lambda: [a for a in self.asked(GOOD, "wang", since) if b'"kind":"test"' in a[3]])

    def test_5_outcome_of_a_ring(self):
        """What a test notice came to stands in the status, by person and channel; a restart keeps it."""
        def reach(channel):
            return self.rig.status().get("reach", {}).get("wang", {}).get("channels", {}).get(channel, {}).get("state")

        until("good is known", lambda: reach("good") == "sent")
        self.assertTrue(self.rig.ask("--as", "smith", "ring", "wang", "hang")["ok"])
        until("hang is known", lambda: reach("hang") == "failed")
        self.rig.stored(self.number)
        self.rig.kill9()
        self.rig.start()
        self.assertEqual((reach("good"), reach("hang")), ("sent", "failed"))


if __name__ == "__main__":
    unittest.main()
