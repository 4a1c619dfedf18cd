"""What is wrong with the program itself and shows nowhere else: an incident, somebody called by a way that does not
need the failed part, and its end told too."""
import os
import time
import unittest

from rig import Case, LATE_MS

FAULT = f"heartbeat-ms=500,store-late-ms={LATE_MS},behind-ms=5000"


class Health(Case):
    autostart = False
    site = {"channels": "sms, page", "more_channels": "sms: {plugin: exec, argv: [/bin/false]}"}

    def called(self, own, since):
        """A call about it that arrived: by MQTT."""
        self.assertEqual((own["hazard"], own["severity"]), ("system", "fault"))
        self.console.wait("somebody is called about it", lambda: [
            m for m in self.console.all[since:] if "/page/" in m.topic and m.topic.endswith("/json")
            and m.json["incident"] == own["id"] and m.json["kind"] == "call"])

    def over(self, own):
        self.rig.wait_rec("fault", test=lambda r: r["body"]["fault"] == own["type"] and r["body"]["over"])
        self.state_of(own["id"], "rtn_unacked", "cleared", "closed")

    def test_a_channel_that_fails_the_run_directory_and_a_loop_that_stands_still(self):
        rig = self.rig
        rig.start(f"{FAULT},loop-hold={rig.path('hold')}")
        since = self.console.mark()
        # a channel: three notices in a row fail, and each goes by the next way
        for zone in ("b2-kitchen", "l1", "l2"):
            self.command("wang", "raise", f"gas-leak {zone}")
        down = self.opened("channel-down", since)
        self.called(down, since)
        row = rig.wait_rec("fault", test=lambda r: r["body"]["fault"] == "channel-down")
        self.assertIn("channel sms: ", row["body"]["what"])
        # the run directory
        since = self.console.mark()
        os.rename(rig.path("run"), rig.path("gone"))
        files = self.opened("files-unwritable", since)
        self.called(files, since)
        os.rename(rig.path("gone"), rig.path("run"))
        self.over(files)
        # a loop that stood still, shorter than what the watchdog bears
        since = self.console.mark()
        rig.write("hold", "")
        self.console.wait("no heartbeat for 6 s", lambda: time.monotonic() - self.console.newest("heartbeat").at > 6)
        os.unlink(rig.path("hold"))
        behind = self.opened("falling-behind")  # a machine that paused before has opened it already
        self.called(behind, 0)
        # a new configuration mends the channel
        rig.write("tocsin.yaml", rig.read("tocsin.yaml").replace("/bin/false", "/bin/true"))
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        self.over(down)
        # what does not fail after a restart is over
        self.assertFalse([r for r in rig.recs("fault") if r["body"]["fault"] == "falling-behind" and r["body"]["over"]])
        self.assertEqual(rig.stop(), 0)
        rig.start(FAULT)
        self.over(behind)


if __name__ == "__main__":
    unittest.main()
