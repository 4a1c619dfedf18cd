"""The alarm figures by MQTT are those of `tocsin stats --since` on the same log, of 40 days here; while they are counted the loop turns."""
import datetime
import hashlib
import json
import os
import sqlite3
import time
import unittest

import site_yaml
from rig import LATE_MS, Case, until

DAYS, A_DAY = 40, 20  # and six rows each
SPANS = ("24h", "7d", "30d", "366d", "36h30m", "1001ms")
TYPES = ("gas-leak", "burst-pipe", "power-loss")


def at(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def a_log(plans):
    """Rows as the daemon writes them: (ms, kind, inc, who, body), the oldest first."""
    now = int(time.time() * 1000) - 3600000
    day = 86400000
    yield now - DAYS * day, "started", None, "system", {"host": "gate-1", "plan": "0" * 64}  # a plan that nobody keeps
    for n in range(DAYS * A_DAY):
        begin = now - DAYS * day + (n + 1) * day // A_DAY - day // 100
        inc, who = f"W-{n + 1}", f"sensor:s{n * n % 13}"
        if n * 10 in (DAYS * A_DAY, 8 * DAYS * A_DAY):  # after 4 days, and 8 days ago
            yield begin, "plan", None, "root", {"plan": plans.pop(0)}
        yield begin, "opened", inc, who, {"type": TYPES[n % 3], "zone": "l2", "grade": None, "rev": 1}
        yield begin + 30000, "called", inc, "system", {"level": 1 + n % 2, "round": 0}
        yield begin + 31000 + n * 100, "acked", inc, "wang", {"via": "mqtt", "rev": 1, "state": "acked"}
        yield begin + 200000, "step", inc, "wang", {"step": "scene", "state": "done"}
        yield begin + 300000 + n * 200, "gone", inc, who, {"sensor": who[7:], "state": "cleared"}
        yield begin + 600000, "closed", inc, "li", {"via": "mqtt", "rev": 2, "state": "closed"}


def write_log(path, rows):
    """In the place of what stands there: the chain from the genesis on."""
    db = sqlite3.connect(path)
    triggers = db.execute("select name, sql from sqlite_master where type='trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"drop trigger {name}")
    db.execute("delete from audit")
    link = hashlib.sha3_256(b"tocsin-audit-1 site=plaza").hexdigest()
    for seq, (ms, kind, inc, who, body) in enumerate(rows, 1):
        rec = json.dumps({"v": 1, "epoch": 1, "seq": seq, "at": at(ms), "kind": kind, "inc": inc, "who": who, "cause": None, "body": body},
                         separators=(",", ":"), ensure_ascii=False)
        link = hashlib.sha3_256(f"{link}\n{rec}".encode()).hexdigest()
        db.execute("insert into audit values(?, ?, ?)", (seq, rec, link))
    for _, sql in triggers:
        db.execute(sql)
    counters = db.execute("select value from state where key='e'").fetchone()[0].split(" ")
    counters[3] = str(seq)
    db.execute("update state set value=? where key='e'", (" ".join(counters),))
    db.commit()
    db.close()


class Figures(Case):
    autostart = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rig, site = cls.rig, site_yaml.text(cls.rig)
        rig.write("tocsin.yaml", site.replace("  burst-pipe:\n", "  burst-pipe:\n    severity: minor\n"))
        rig.start()
        rig.stop()
        rig.write("tocsin.yaml", site)
        rig.start()
        rig.stop()
        db = rig.path("state/tocsin.db")
        con = sqlite3.connect(db)
        plans = [h for (h,) in con.execute("select hash from plan order by rowid")]
        con.close()
        assert len(plans) == 2, plans
        write_log(db, a_log(plans))
        os.unlink(rig.path("state/ids"))  # it knows another last row
        cls.hold = rig.path("hold")
        rig.start(f"store-late-ms={LATE_MS},query-hold={cls.hold}")

    def ask(self, user, payload):
        """The answer to one question, whatever else is answered meanwhile."""
        since = self.console.mark()
        self.rig.pub(user, f"cmd/{user}/stats", payload)
        return self.console.wait_for(f"result/{user}", lambda m: m.json["cmd"] == "stats", since).json

    def same_of(self, span, whole):
        """The figures of a span, as both tell them."""
        def same():  # unless a row came between the two
            answer, client = self.ask("wang", json.dumps({"since": span, "req": span})), self.rig.ask("stats", "--since", span)
            self.assertTrue(answer["ok"], answer)
            self.assertEqual((answer["req"], answer["whole"]), (span, whole), answer["text"])
            return client if answer["figures"] == client else None
        return until(f"the figures of {span} are the same", same)

    def test_same(self):
        of = {span: self.same_of(span, True) for span in SPANS}
        self.assertEqual(of["24h"]["alarms"], A_DAY - 1)  # the log ends an hour ago
        self.assertEqual(of["366d"]["alarms"], DAYS * A_DAY)
        self.assertEqual(of["1001ms"]["alarms"], 0)
        self.assertEqual(of["366d"]["by_severity"]["unknown"], 4 * A_DAY)
        self.assertEqual(of["30d"]["by_severity"]["unknown"], 0)  # by a plan that a row long before them names
        self.assertGreater(of["30d"]["by_severity"]["minor"], 0)  # by a plan that is in force no more
        self.assertEqual(of["7d"]["by_severity"]["minor"], 0)
        self.assertEqual(len(of["7d"]["top_sources"]), 7)
        self.assertIn("报警 800 起", self.ask("wang", "366d")["text"])
        self.assertIn("19 alarms", self.ask("smith", "24h")["text"])
        self.assertEqual(self.ask("wang", "stats")["figures"]["alarms"], of["30d"]["alarms"])

    def test_between_the_turns(self):
        """A question that is read half stands in nobody's way."""
        with open(self.hold, "w", encoding="utf-8"):
            pass
        since = self.console.mark()
        self.rig.pub("wang", "cmd/wang/stats", '{"since":"366d","req":"long"}')
        again = self.ask("wang", "24h")  # one at a time
        self.assertEqual((again["ok"], again["error"]), (False, "not_now"))
        self.assertIn("还在统计", again["text"])
        self.assertTrue(self.command("wang", "oncall", "oncall")["ok"])
        for n in range(7):
            self.assertTrue(self.command("li", "report", str(n + 1))["ok"])
        full = self.ask("smith", "7d")
        self.assertEqual((full["ok"], full["error"]), (False, "not_now"))
        self.assertFalse([m for m in self.console.heard("result/wang", since) if m.json["req"] == "long"])
        os.unlink(self.hold)
        self.rig.pub("wang", "cmd/wang/oncall", "oncall")  # something happens, and the loop turns
        answer = self.console.wait_for("result/wang", lambda m: m.json["req"] == "long", since).json
        self.assertEqual(answer["figures"]["alarms"], DAYS * A_DAY)
        for n in range(7):
            self.console.wait_for("result/li", lambda m, n=n: m.json.get("part") and m.json["id"] == f"W-{n + 1}", since)

    def test_z_archived(self):
        """What stands in archives is counted, too; an archive that is not there is said."""
        was = self.ask("wang", "366d")["figures"]
        for name, keep in (("a.db", "20d"), ("b.db", "5d")):
            done = self.rig.ask("archive", self.rig.path(name), "--keep", keep, "--force")
            self.assertTrue(done["ok"], done)
            self.rig.wait_rec("archived", None, lambda r, name=name: r["body"]["file"].endswith(name))
        now = self.same_of("366d", True)
        self.assertEqual({k: v for k, v in now.items() if k not in ("until", "rows")}, {k: v for k, v in was.items() if k not in ("until", "rows")})
        for span in ("30d", "7d", "24h"):
            self.same_of(span, True)
        os.rename(self.rig.path("a.db"), self.rig.path("elsewhere.db"))
        self.assertLess(self.same_of("366d", False)["alarms"], now["alarms"])
        self.assertIn("有归档文件无法读取", self.ask("wang", "30d")["text"])
        self.same_of("7d", True)

    def test_unproven(self):
        """Nothing is counted of a log that does not verify: the client says the same."""
        db = sqlite3.connect(self.rig.path("state/tocsin.db"), timeout=30)
        (sql,) = db.execute("select sql from sqlite_master where name='audit_no_update'").fetchone()
        first = db.execute("select rec from audit where seq=4700").fetchone()[0]
        for rec in (first.replace("W-", "X-"), first):
            db.execute("drop trigger audit_no_update")
            db.execute("update audit set rec=? where seq=4700", (rec,))
            db.execute(sql)
            db.commit()
            answer = self.ask("smith", "30d")
            self.assertEqual(answer["ok"], rec == first, answer)
            self.assertEqual(self.rig.tocsin("stats", "--since", "30d").returncode, 0 if rec == first else 1)
            if rec != first:
                self.assertEqual(answer["error"], "not_now")
                self.assertIn("tocsin audit verify: the hash of row 4700", answer["text"])
        db.close()


if __name__ == "__main__":
    unittest.main()
