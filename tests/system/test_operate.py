"""What an administrator lives with: figures, metrics, a copy made while incidents run, and the way back from it."""
import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
import unittest

from rig import SOURCE, TOCSIN, Case, spawn, until

LINE = re.compile(r'([a-z_:][a-z0-9_:]*)(\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*)\})? (-?[0-9.]+)')


def exposition(text):
    """The text format of Prometheus, strictly: each metric with HELP and TYPE before its samples, all together."""
    found, kinds, name = {}, {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in kinds and len(line.split(None, 3)) == 4, line
            kinds[name] = None
        elif line.startswith("# TYPE "):
            _, _, of, kind = line.split()
            assert of == name and kinds[name] is None and kind in ("gauge", "counter"), line
            assert (kind == "counter") == name.endswith("_total"), line
            kinds[name] = kind
        else:
            m = LINE.fullmatch(line)
            assert m and m.group(1) == name and kinds[name], line
            assert (name, m.group(3)) not in found, line
            found[name, m.group(3)] = float(m.group(4))
    return found


class Operate(Case):
    site = {"valve": "600s"}  # its tries would be rows between two looks

    def raised(self, words, user="smith"):
        answer = self.command(user, "raise", words)
        self.assertTrue(answer["ok"], answer)
        return answer["id"]

    def test_1_figures(self):
        rig = self.rig
        first = self.raised("burst-pipe l1")
        self.raised("gas-leak b2-kitchen")
        self.assertTrue(self.command("wang", "ack", first)["ok"])
        rig.quiet()
        stats = rig.ask("stats")
        # the same ten minutes by the clock, unless ten o'clock came between the two
        peak = 2 if len({r["at"][:15] for r in rig.recs("opened")}) == 1 else 1
        self.assertEqual((stats["ok"], stats["alarms"], stats["peak_10min"], stats["site"]), (True, 2, peak, "plaza"))
        self.assertEqual(stats["by_severity"], {"critical": 1, "major": 1, "minor": 0, "fault": 0, "unknown": 0})
        self.assertEqual([(a["level"], a["n"]) for a in stats["ack"]], [(1, 1)])
        self.assertEqual((stats["acked"], stats["unacked"]), (1, 1))
        self.assertEqual({t["name"]: t["n"] for t in stats["top_types"]}, {"burst-pipe": 1, "gas-leak": 1})
        self.assertEqual(stats["top_sources"], [{"name": "smith", "n": 2}])
        self.assertEqual(rig.ask("stats", "--since", "1h")["alarms"], 2)
        self.assertEqual(rig.ask("stats", "--until", "2020-01-01")["alarms"], 0)
        self.assertEqual(rig.tocsin("stats", "--since", "yesterday").returncode, 2)
        self.assertIn("每10分钟平均", rig.tocsin("stats", "--lang", "zh").stdout)
        once, twice = (rig.tocsin("stats", "--lang", "en").stdout for _ in range(2))
        self.assertEqual(once, twice)
        self.assertIn(f"at most {peak}", once)

    def test_2_metrics(self):
        rig, path = self.rig, self.rig.path("tocsin.prom")
        self.assertEqual(rig.tocsin("stats", "--textfile", path).returncode, 0)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
        found = exposition(rig.read("tocsin.prom"))
        status = rig.status()
        for name, wanted in (("tocsin_up", 1), ("tocsin_incidents_open", status["open"]), ("tocsin_broker_up", 1),
                             ("tocsin_incidents_unacknowledged", 1), ("tocsin_store_ok", 1), ("tocsin_plan_broken", 0),
                             ("tocsin_last_backup_timestamp_seconds", 0)):
            self.assertEqual(found[name, None], wanted, name)
        self.assertEqual(found["tocsin_incidents_open_by_severity", 'severity="critical"'], 1)
        self.assertGreater(found["tocsin_notices_sent_total", 'channel="page"'], 0)
        self.assertGreater(found["tocsin_audit_head_seq", None], 5)
        self.assertGreater(found["tocsin_store_bytes", None], 4096)
        self.assertIn(("tocsin_oldest_unacked_seconds", None), found)
        self.assertEqual([k for k in found if k[0] == "tocsin_info"][0][1].split(",")[0], 'site="plaza"')
        with open(os.path.join(SOURCE, "contrib/doc/operations.md"), encoding="utf-8") as f:
            told = set(re.findall(r"`(tocsin_[a-z_]+)", f.read()))
        self.assertEqual({name for name, _ in found} - told, set())  # every one is documented
        self.assertEqual(told - {name for name, _ in found} - {"tocsin_next_call_seconds"}, set())
        done = rig.tocsin("--socket", rig.path("nobody"), "stats", "--textfile", path)
        self.assertEqual((done.returncode, exposition(rig.read("tocsin.prom"))), (0, {("tocsin_up", None): 0}))
        self.assertEqual(rig.tocsin("stats", "--textfile", rig.path("nosuch/x")).returncode, 1)

    def test_3_a_copy_under_load_and_back(self):
        rig, copy = self.rig, self.rig.path("copy.db")
        stop, sent = threading.Event(), []

        def load():
            while not stop.is_set():
                rig.pub("smith", "cmd/smith/note", f"{self.first} {len(sent)}")
                sent.append(1)
        self.first = next(i["id"] for i in rig.incidents() if i["type"] == "gas-leak")
        thread = threading.Thread(target=load)
        thread.start()
        try:
            until("notes run", lambda: len(sent) > 3)
            done = rig.ask("backup", copy)
            self.assertTrue(done["ok"], done)
            self.assertEqual(os.stat(copy).st_mode & 0o777, 0o600)
            n = len(sent)
            until("and go on", lambda: len(sent) > n + 2)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(rig.tocsin("audit", "verify", "--db", copy, "--head", done["head"]).returncode, 0)
        self.assertEqual(rig.tocsin("backup", copy).returncode, 1)  # takes no other's place
        self.assertNotIn("backup", [f["check"] for f in rig.ask("doctor", rig.path("tocsin.yaml"))["found"]])
        before = {i["id"]: i for i in rig.incidents()}
        later = self.raised("burst-pipe l2")  # the copy does not know of it
        self.console.wait_for(f"incident/{later}/state", lambda m: m.payload)
        rig.quiet()
        last = rig.recs()[-1]
        rig.kill9()
        self.assertEqual(rig.tocsin("restore", copy, rig.path("state")).returncode, 1)  # there is one
        os.rename(rig.path("state"), rig.path("lost"))
        self.a_copy_with_its_log()
        os.mkdir(rig.path("state"), 0o700)
        with open(copy, "rb") as f, open(rig.path("bad.db"), "wb") as g:
            g.write(f.read())
        with sqlite3.connect(rig.path("bad.db")) as db:
            db.executescript("drop trigger audit_no_update; update audit set rec = replace(rec, 'at', 'ta') where seq = 4")
        db.close()
        self.assertIn("does not verify", rig.tocsin("restore", rig.path("bad.db"), rig.path("state")).stderr)
        self.assertEqual(os.listdir(rig.path("state")), [])
        self.assertEqual(rig.tocsin("restore", copy, rig.path("state")).returncode, 0)
        self.assertEqual(set(os.listdir(rig.path("state"))), {"tocsin.db", "ids", "last-good.yaml"})
        since = self.console.mark()
        rig.start()
        self.goes_on(before, later, last, since)

    def test_4_the_nightly_copy_keeps_the_last(self):
        env = {**self.rig.environment(), "TOCSIN": TOCSIN}
        os.mkdir(self.rig.path("copies"))
        for n in range(3):
            self.rig.write(f"copies/tocsin-2020010{n}T000000Z.db", "old")
        script = os.path.join(SOURCE, "contrib/systemd/tocsin-backup")
        done = subprocess.run(["sh", script, self.rig.path("copies"), "2"], env=env, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        left = sorted(os.listdir(self.rig.path("copies")))
        self.assertEqual((len(left), left[0]), (2, "tocsin-20200102T000000Z.db"))
        os.mkdir(self.rig.path("ahead"))
        self.rig.write("ahead/tocsin-29990101T000000Z.db", "of a clock that was wrong")
        subprocess.run(["sh", script, self.rig.path("ahead"), "1"], env=env, check=True, capture_output=True)
        self.assertEqual(len(os.listdir(self.rig.path("ahead"))), 2)  # the new one is not the first to go
        done = subprocess.run(["sh", script, self.rig.path("copies"), "1"], env={**env, "TOCSIN_SOCKET": "/nosuch"}, capture_output=True,
                              text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(sorted(os.listdir(self.rig.path("copies"))), left)  # nothing new, nothing removed

    def a_copy_with_its_log(self):
        """Files of a daemon that was killed: the newest rows are in the log beside the database yet."""
        rig, lost, there = self.rig, self.rig.path("lost/tocsin.db"), self.rig.path("there")
        self.assertGreater(os.stat(lost + "-wal").st_size, 0)
        os.mkdir(there, 0o700)
        done = rig.ask("restore", lost, there)
        self.assertTrue(done["ok"], done)
        self.assertEqual(rig.tocsin("audit", "verify", "--db", there + "/tocsin.db", "--head", done["head"]).returncode, 0)
        self.assertEqual(os.stat(there + "/tocsin.db").st_mode & 0o777, 0o600)

    def goes_on(self, before, later, last, since):
        rig = self.rig
        after = {i["id"]: i for i in rig.incidents()}
        for name, was in before.items():
            for key in ("ulid", "opened", "type", "zone"):
                self.assertEqual(after[name][key], was[key], key)
            self.assertEqual(after[name]["chain"]["name"], was["chain"]["name"])
        self.assertNotIn(later, after)
        own = self.opened("unknown-incident", since)
        self.assertIn(later, json.dumps(rig.recs(inc=own["id"])))
        number = int(self.raised("burst-pipe l2").split("-")[1])
        self.assertGreaterEqual(number, int(later.split("-")[1]) + 900)
        self.assertEqual(rig.tocsin("audit", "verify").returncode, 0)
        started = rig.recs("started")[-1]
        self.assertGreater(started["epoch"], last["epoch"])
        self.assertEqual(rig.ask("report", self.first)["verified"], True)
        for words in ("restore", "backup"):
            self.assertEqual(rig.tocsin(words).returncode, 2)


class Archive(Case):
    """Rows of long ago go into a file of their own; what is open stays with all its rows, and every link is still proven."""
    autostart = False

    def proven(self, db, *words):
        done = self.rig.tocsin("audit", "verify", "--db", db, *words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def stock(self, db):
        """The statement of the README, as it stands there."""
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as f:
            statement = re.search(r'sqlite3 -readonly /var/lib/tocsin/tocsin.db "\n(.*?)"\n```', f.read(), re.S).group(1)
        done = subprocess.run(["sqlite3", "-readonly", "-json", db, statement], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)[0]

    def ended(self):
        since = self.console.mark()
        number = self.command("smith", "raise", "damp l1")["id"]
        for verb in ("ack", "reset"):
            self.assertTrue(self.command("li", verb, number)["ok"])
        self.state_of(number, "closed", since=since)
        return number

    def living(self):
        """The rows that were not let go, deleted or not."""
        base = self.base()
        return [r for r in self.rig.rows() if r[0] > base]

    def base(self):
        with sqlite3.connect(f"file:{self.rig.path('state/tocsin.db')}?mode=ro", uri=True, timeout=10) as db:
            found = db.execute("select cast(value as integer) from meta where key = 'base'").fetchone()
        db.close()
        return found[0] if found else 0

    def told(self, *ids):
        """What there is to read, of the rows so far, as bytes."""
        rig, db = self.rig, self.rig.path("state/tocsin.db")
        words = [("report", i, "--db", db, "--lang", "en") for i in ids] + [("audit", "export", "--db", db), ("log", "--db", db, "--lang", "zh")]
        return [rig.tocsin(*w).stdout for w in words], rig.ask("stats", "--db", db)

    def as_before(self, was, *ids, and_figures=True):
        """The same, and behind it the rows of the archiving itself."""
        now, stats = self.told(*ids)
        for n, text in enumerate(was[0]):
            self.assertTrue(text and (now[n] == text if n < len(ids) else now[n].startswith(text)), (text[-300:], now[n][-300:]))
        for key in and_figures and ("alarms", "drills", "acked", "unacked", "by_severity", "top_types", "top_sources", "ack", "from", "peak_10min") or ():
            self.assertEqual(stats[key], was[1][key], key)

    def test_1_twice(self):
        rig, db = self.rig, self.rig.path("state/tocsin.db")
        rig.write("tocsin.yaml", rig.read("tocsin.yaml") + "  damp: {title: {en: Damp, zh: 潮湿}, hazard: other, severity: minor, chain: building}\n")
        rig.start()
        old = self.ended()
        kept = self.command("smith", "raise", "damp l2")["id"]
        young = self.ended()
        rig.quiet()
        self.assertIn("nothing", rig.tocsin("archive").stdout)  # nothing is a year old
        self.assertIn("nothing", rig.tocsin("archive", "--keep", "0s").stdout)  # and not enough
        self.assertFalse(os.path.exists(rig.path("state/archive")))
        was, rows = self.told(old, kept, young), rig.rows()
        os.symlink(db, rig.path("link.db"))
        for itself in (db, rig.path("link.db"), db + "-wal"):
            self.assertIn("the database itself", rig.tocsin("archive", itself, "--keep", "0s", "--force").stderr)
        self.assertEqual(self.living()[:len(rows)], rows)
        first = next(r["seq"] for r in rig.recs("opened", kept))
        self.old_row = next(r for r in rows if r[0] == first - 2)
        done = rig.ask("archive", rig.path("a.db"), "--keep", "0s", "--force")
        self.assertEqual((done.get("ok"), done.get("upto")), (True, first - 1), done)
        self.assertEqual([r for r in self.living() if r[0] <= rows[-1][0]], [r for r in rows if r[0] >= first])
        until("the others are deleted", lambda: rig.rows()[0][0] == first)
        self.as_before(was, old, kept, young)
        row = rig.wait_rec("archived")
        self.assertEqual((row["inc"], row["body"]["upto"], row["body"]["file"]), (None, first - 1, rig.path("a.db")))
        self.assertEqual(f"{row['body']['upto']}:{row['body']['head']}", done["head"])
        self.assertIn("1 archive before it", self.proven(db, "--head", f"{rows[-1][0]}:{rows[-1][2]}"))
        self.proven(rig.path("a.db"), "--head", done["head"])
        self.assertEqual({k: self.stock(db)[k] for k in ("bad", "gaps")}, {"bad": 0, "gaps": 0})
        self.assertEqual(self.stock(rig.path("a.db"))["bad"], 0)
        self.goes_on(old, kept, young)
        self.again()

    def retold(self, number, test):
        """Of the answers to `report`, by MQTT, the one that is meant."""
        since = self.console.mark()
        self.rig.pub("li", "cmd/li/report", number)
        return self.console.wait_for("result/li", lambda m: m.json["cmd"] == "report" and test(m.json), since).json

    def goes_on(self, old, kept, young):
        rig = self.rig
        self.assertEqual([i["id"] for i in rig.incidents() if i["hazard"] != "system"], [kept])
        for number in (old, kept, young):
            self.assertTrue(rig.ask("report", number)["verified"])
        self.assertTrue(rig.ask("report", old, "--db", rig.path("a.db"))["verified"])  # the file alone tells it
        self.assertTrue(self.retold(old, lambda r: "verified" in r)["verified"])
        self.assertEqual(rig.ask("report", "W-99999")["error"], "unknown_id")
        self.assertIn("1 archive before it: whole", rig.tocsin("audit", "verify").stdout)
        os.rename(rig.path("a.db"), rig.path("c.db"))
        self.assertIn("a.db", self.retold(old, lambda r: r.get("error") == "unknown_id")["text"])
        export = rig.tocsin("audit", "export")
        self.assertEqual((export.returncode, export.stderr.count("a.db, which cannot be read here")), (0, 1))
        os.rename(rig.path("c.db"), rig.path("a.db"))
        self.assertTrue(self.command("li", "ack", kept)["ok"])
        self.assertTrue(self.command("li", "reset", kept)["ok"])
        self.state_of(kept, "closed")
        self.assertGreater(int(self.ended().split("-")[1]), int(young.split("-")[1]))
        rig.quiet()

    def after_another(self, db, *words):
        """What is said by an archive that is begun while another is being made: it waits, and has written nothing yet."""
        lock = os.open(os.path.dirname(db), os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with spawn([TOCSIN, *words], env=self.rig.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waits:
            self.assertIn("waiting for its end", waits.stderr.readline())
            self.assertFalse([f for f in os.listdir(self.rig.dir) if f.startswith("b.db")])
            os.close(lock)
            return json.loads(waits.stdout.read())

    def again(self):
        """With tocsind stopped the same, by the command alone."""
        rig, db = self.rig, self.rig.path("state/tocsin.db")
        self.assertEqual(rig.stop(), 0)
        words = ("--keep", "0s", "--force", "--db", db)
        self.assertIn("is there already", rig.tocsin("archive", rig.path("a.db"), *words).stderr)
        rows, was = rig.rows(), self.told()
        done = self.after_another(db, "--json", "archive", rig.path("b.db"), *words)
        self.assertGreater(done["upto"], rows[0][0])
        self.assertEqual(rig.rows(), [r for r in rows if r[0] > done["upto"]])
        self.as_before(was)
        for path in (db, rig.path("b.db")):
            self.proven(path)
            self.assertEqual({k: self.stock(path)[k] for k in ("bad", "gaps")}, {"bad": 0, "gaps": 0})
        self.assertIn("2 archives before it: whole", self.proven(db))
        self.proven(db, "--head", f"{self.old_row[0]}:{self.old_row[2]}")  # of a row that stands in the first archive alone
        self.assertEqual(rig.tocsin("audit", "verify", "--db", db, "--head", f"{self.old_row[0]}:{'0' * 64}").returncode, 1)
        os.rename(rig.path("a.db"), rig.path("c.db"))
        self.assertIn("cannot be read here", self.proven(db))
        os.rename(rig.path("b.db"), rig.path("a.db"))  # whole in itself, and not the one
        os.rename(rig.path("c.db"), rig.path("b.db"))
        self.assertIn("not those up to", rig.tocsin("audit", "verify", "--db", db).stderr)
        for was, now in (("a.db", "c.db"), ("b.db", "a.db"), ("c.db", "b.db")):
            os.rename(rig.path(was), rig.path(now))
        with sqlite3.connect(db) as found:  # its rows are guarded as before
            for statement in ("delete from audit", "update audit set rec = ''", "insert into audit values (1, '', '')"):
                self.assertRaises(sqlite3.IntegrityError, found.execute, statement)
        found.close()
        rig.start()
        self.assertEqual(rig.tocsin("audit", "verify").returncode, 0)


class ArchiveLive(Archive):
    """Many rows leave the log while incidents go on, and the daemon is killed in the middle of it."""
    ROWS = 2000

    def many(self):
        """Notes behind the rows of a first start, each with its hash."""
        rig = self.rig
        rig.start()
        rig.quiet()
        self.assertEqual(rig.stop(), 0)
        with sqlite3.connect(rig.path("state/tocsin.db")) as db:
            seq, rec, link = db.execute("select seq, rec, hash from audit order by seq desc limit 1").fetchone()
            row = json.loads(rec)
            for seq in range(seq + 1, seq + 1 + self.ROWS):
                row.update(seq=seq, kind="refused", who="wang", body={"verb": "ack", "error": "which", "n": seq})
                rec = json.dumps(row, separators=(",", ":"))
                link = hashlib.sha3_256(f"{link}\n{rec}".encode()).hexdigest()
                db.execute("insert into audit values (?, ?, ?)", (seq, rec, link))
            key, fields = next((k, v.split(" ")) for k, v in db.execute("select key, value from state") if re.match(r"e \d+ \d+ \d+ ", v))
            fields[3] = str(seq)  # the engine knows its last row, too
            db.execute("update state set value = ? where key = ?", (" ".join(fields), key))
        db.close()
        return seq

    def test_1_twice(self):
        rig, last = self.rig, self.many()
        rig.start()
        first = self.command("smith", "raise", "burst-pipe l1")["id"]
        rig.quiet()
        was = self.told()
        os.mkdir(rig.path("state/archive"), 0o700)
        for end in ("", "-wal", "-journal"):  # of a try that was killed
            rig.write("state/archive/plaza-7-0a0b0c0d.db.part" + end, "")
        done = rig.ask("archive", "--keep", "0s", "--force")
        self.assertTrue(done["ok"], done)
        self.assertGreater(done["upto"], last)
        self.assertEqual([rig.path("state/archive/" + f) for f in os.listdir(rig.path("state/archive"))], [done["file"]])
        self.assertEqual([os.stat(p).st_mode & 0o777 for p in (done["file"], rig.path("state/archive"))], [0o600, 0o700])
        self.assertGreater(rig.rows()[0][0], 0)
        second = self.command("smith", "raise", "gas-leak b2-kitchen")["id"]
        self.assertTrue(self.command("wang", "ack", second)["ok"])
        until("some are deleted", lambda: rig.rows()[0][0] > 1)
        rig.kill9()
        db = rig.path("state/tocsin.db")
        self.assertEqual(self.stock(db)["bad"], 0)
        self.assertIn("1 archive before it: whole", self.proven(db))
        rig.start()
        self.assertEqual({i["id"] for i in rig.incidents() if i["hazard"] != "system"}, {first, second})
        until("all are deleted", lambda: rig.rows()[0][0] == done["upto"] + 1, 300)
        self.assertTrue(self.command("wang", "ack", first)["ok"])
        third = self.command("smith", "raise", "burst-pipe l2")["id"]
        self.assertGreater(int(third.split("-")[1]), int(second.split("-")[1]))
        rig.quiet()
        self.as_before(was, and_figures=False)
        self.assertIn("1 archive before it: whole", rig.tocsin("audit", "verify").stdout)
        export = rig.ask("backup", rig.path("copy.db"))
        self.proven(rig.path("copy.db"), "--head", export["head"])
        size = os.stat(db).st_size
        self.assertEqual(rig.stop(), 0)
        self.assertIn("nothing", rig.tocsin("archive", "--db", db).stdout)
        self.assertLessEqual(os.stat(db).st_size, size)
        self.set_aside(done["file"])

    def set_aside(self, archive):
        """A new database knows neither the one before nor its archive: the proof names both, and each is proven by itself."""
        rig, db = self.rig, self.rig.path("state/tocsin.db")
        self.assertNotIn("beside it", self.proven(db))
        bad = db + ".bad-20261130T160000Z"
        os.rename(db, bad)
        rig.start()
        self.assertIn(f"beside it, and not known to it: {bad}, {archive}; ", rig.tocsin("audit", "verify").stdout)
        self.assertEqual(rig.ask("audit", "verify")["beside"], [bad, archive])
        self.assertIn("1 archive before it: whole", self.proven(bad))
        self.assertNotIn("beside it", self.proven(archive))
        self.begun_later(archive)

    def begun_later(self, source):
        """A log that began in the middle, after one was set aside, and was archived: that its first rows are elsewhere is still said."""
        db = self.rig.path("later.db")
        shutil.copy(source, db)
        with sqlite3.connect(db) as later:
            later.execute("drop trigger audit_no_delete")
            later.execute("insert into meta select 'base', seq || ':' || hash from audit where seq = 5")
            later.execute("delete from audit where seq <= 5")
        later.close()
        self.assertIn("\nit goes on from row 5 of the database that was set aside", self.proven(db))
        self.assertTrue(self.rig.ask("archive", "--db", db, "--keep", "0s", "--force")["upto"] > 5)
        self.assertIn("each goes on into the next\nthe oldest goes on from row 5 of the database that was set aside", self.proven(db))


if __name__ == "__main__":
    unittest.main()
