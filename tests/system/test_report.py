"""A gas leak that nobody answers at first, told by the report: twice the same bytes, from the daemon and from a copy; a changed row is said aloud."""
import json
import os
import subprocess
import unittest

from rig import Case, until

PHOTO = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Report(Case):
    site = {"wait": "1s", "valve": "600s"}  # its tries would be rows between two looks

    def copy(self):
        path = self.rig.path("copy.db")
        if os.path.exists(path):
            os.unlink(path)
        self.shell(self.rig.path("state/tocsin.db"), f"vacuum into '{path}'", "-readonly")
        return path

    def shell(self, db, sql, *options):
        done = subprocess.run(["sqlite3", *options, db, sql], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), sql)
        return done.stdout.strip()

    def parts(self, user, number):
        """The report as its results put together."""
        since = self.console.mark()
        self.rig.pub(user, f"cmd/{user}/report", number)

        def whole():
            found = [m.json for m in self.console.heard(f"result/{user}", since) if "part" in m.json]
            return found if found and len(found) == found[-1]["parts"] else None
        found = self.console.wait("all parts", whole)
        self.assertEqual([p["part"] for p in found], list(range(1, len(found) + 1)))
        self.assertTrue(all(p["ok"] and p["verified"] and p["id"] == number for p in found))
        self.assertTrue(all(len(json.dumps(p, ensure_ascii=False).encode()) <= 4096 for p in found))
        return "".join(p["text"] for p in found)

    def test_a_leak_told(self):
        rig, since = self.rig, self.console.mark()
        rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas_density": 31.2}))
        number = self.opened("gas-leak", since)["id"]
        rig.wait_rec("called", number, lambda r: r["body"]["level"] == 2)
        rig.wait_rec("sent", number, lambda r: r["body"]["person"] == "li")
        self.assertTrue(self.command("li", "ack", number)["ok"])
        said = {"id": number, "step": "scene", "note": "<b>valve shut</b>", "photo": PHOTO}
        self.assertTrue(self.command("wang", "done", json.dumps(said))["ok"])
        self.assertEqual(self.command("smith", "sign", f"{number} seen")["error"], "not_now")  # it goes on
        rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas_density": 0.4}))
        self.state_of(number, "latched", since=since)
        for person in ("li", "smith"):
            self.assertTrue(self.command(person, "reset", number)["ok"])
        self.assertTrue(self.command("smith", "sign", f"{number} seen")["ok"])
        refused = self.command("li", "operate", "fan-b2 on")
        self.assertFalse(refused["ok"], refused)
        self.assertGreater(rig.recs("signed", number)[0]["body"]["upto"], 1)
        rig.pub("plc", "plc/b2/gasvalve", "C")
        rig.wait_rec("feedback", number)
        self.rig.quiet()

        def same():  # unless a row came between them
            head, by_mqtt, zh = rig.rows()[-1], self.parts("wang", number), rig.tocsin("report", number)
            others = by_mqtt, rig.tocsin("report", number[2:], lang="C").stdout, rig.tocsin("report", number, "--db", self.copy()).stdout
            if rig.rows()[-1] != head:
                return None
            self.assertEqual(zh.returncode, 0, zh.stderr)
            for other in others:
                self.assertEqual(zh.stdout, other)
            return zh
        zh = until("they tell while nothing happens", same)
        for words in ("事件报告 " + number, "燃气泄漏", "呼叫第 2 级", "王强(wang)", "李娜(li)", "被联锁阻止", "gas-no-sparks",
                      "签字", "尚未结束", "验证:", "照片", PHOTO):
            self.assertIn(words, zh.stdout)
        en = rig.tocsin("report", number, "--lang", "en")
        for words in ("What was late or did not arrive", "level 2 is called", "refused by interlock", "What was suppressed"):
            self.assertIn(words, en.stdout)
        html = rig.tocsin("report", number, "--html").stdout
        self.assertIn("&lt;b&gt;valve shut&lt;/b&gt;", html)
        self.assertNotIn("<b>valve", html)
        head = rig.recs()[-1]["seq"]
        known = f"{head}:" + self.shell(self.copy(), f"select hash from audit where seq = {head}")
        self.assertEqual(rig.tocsin("report", number, "--db", self.rig.path("copy.db"), "--head", known).returncode, 0)
        log, last = rig.tocsin("log", "--lang", "en"), rig.rows()[-1][0]
        self.assertEqual((log.returncode, log.stderr), (0, ""))
        self.assertIn(log.stdout.count("\n  #") + log.stdout.count("  #"), range(head, last + 1))
        rows = [json.loads(line) for line in rig.tocsin("--json", "log", "--lang", "en").stdout.splitlines()]
        self.assertGreaterEqual(len(rows), last)
        self.assertEqual([r["seq"] for r in rows], [r["seq"] for r in rig.recs()][:len(rows)])
        self.assertTrue(all(r["text"] for r in rows))
        self.changed(number)

    def changed(self, number):
        copy = self.copy()
        self.shell(copy, "drop trigger audit_no_update; update audit set rec = replace(rec, '31.2', '11.2') where rec like '%\"opened\"%'")
        done = self.rig.tocsin("report", number, "--lang", "en", "--db", copy)
        self.assertEqual(done.returncode, 1)
        self.assertIn("*** NOT VERIFIED: the audit chain is broken at row", done.stdout)
        self.assertIn("NOT VERIFIED", done.stderr)
        self.assertEqual(self.rig.tocsin("log", "--db", copy).returncode, 1)

    def test_no_such_incident(self):
        done = self.rig.tocsin("report", "9999")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(self.rig.tocsin("report", "kitchen").returncode, 2)
        self.assertEqual(self.rig.tocsin("report", "1", "--lang", "fr").returncode, 2)
        since = self.console.mark()
        self.rig.pub("wang", "cmd/wang/report", "9999")
        self.console.wait_for("result/wang", lambda m: m.json.get("error") == "unknown_id", since)


if __name__ == "__main__":
    unittest.main()
