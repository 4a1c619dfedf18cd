"""The chain verifies; after any change it does not, and the row is named; the stock shell says the same."""
import json
import os
import re
import subprocess
import unittest

from rig import SOURCE, Case


class Audit(Case):
    site = {"valve": "10m", "wait": "20h", "again": "20h"}  # its tries, and a level's call, would be rows between two looks

    def setUp(self):
        if not self.rig.recs("opened"):
            for words in ("gas-leak b2-kitchen a", "burst-pipe l1 b", "power-loss l2 c"):
                self.assertTrue(self.command("wang", "raise", words)["ok"])
            self.rig.quiet()  # the head that is told then is that of the copies
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)
        self.copy = self.rig.path("copy.db")
        if os.path.exists(self.copy):
            os.unlink(self.copy)
        self.shell(self.rig.path("state/tocsin.db"), f"vacuum into '{self.copy}'", "-readonly")
        self.n = int(self.shell(self.copy, "select max(seq) from audit"))

    def shell(self, db, sql, *options):
        done = subprocess.run(["sqlite3", *options, db, sql], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), sql)
        return done.stdout.strip()

    def changed(self, sql):
        triggers = self.shell(self.copy, "select name from sqlite_master where type='trigger' and tbl_name='audit'").split()
        self.assertTrue(triggers)
        self.shell(self.copy, "".join(f"drop trigger \"{t}\";" for t in triggers) + sql)

    def verify(self, *more):
        return self.rig.tocsin("audit", "verify", "--db", self.copy, *more)

    def statement(self):
        """What the README's statement says: row_count, bad, gaps, first_bad, head."""
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as f:
            sql = re.search(r'sqlite3 -readonly \S+ "\n(with .*?)"\n', f.read(), re.S).group(1)
        return self.shell(self.copy, sql, "-readonly").split("|")

    def names(self, row):
        done = self.verify()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stderr, rf"row {row}\b")
        self.assertEqual(self.statement()[3], str(row))

    def test_whole(self):
        done = self.verify()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.statement(), [str(self.n), "0", "0", "", str(self.n)])

    def test_the_file_itself_refuses(self):
        for sql in ("update audit set rec = rec || ' ' where seq = 2", "delete from audit where seq = 2",
                    f"insert into audit select {self.n} + 2, rec, hash from audit where seq = 2"):
            done = subprocess.run(["sqlite3", self.copy, sql], capture_output=True, text=True, check=False)
            self.assertNotEqual(done.returncode, 0, sql)

    def test_a_row_changed(self):
        seq = self.rig.recs("opened")[0]["seq"]
        self.changed(f"update audit set rec = replace(rec, 'gas-leak', 'gas-leek') where seq = {seq}")
        self.names(seq)

    def test_a_hash_changed(self):
        self.changed("update audit set hash = lower(hex(sha3('x', 256))) where seq = 4")
        self.names(4)

    def test_a_row_deleted(self):
        self.changed("delete from audit where seq = 5")
        done = self.verify()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"row 5\b")
        count, bad, gaps, first, head = self.statement()
        self.assertEqual((count, gaps, first, head), (str(self.n - 1), "1", "6", str(self.n)))
        self.assertNotEqual(bad, "0")

    def test_a_row_inserted(self):
        self.changed(f"insert into audit select {self.n} + 1, rec, lower(hex(sha3(rec, 256))) from audit where seq = 3")
        self.names(self.n + 1)

    def test_the_newest_rows_cut(self):
        head = self.console.wait_for("audit/head", lambda m: m.json["seq"] == self.n).json
        known = f"{head['seq']}:{head['hash']}"
        self.assertEqual(self.verify("--head", known).returncode, 0)
        self.changed(f"delete from audit where seq > {self.n} - 2")
        self.assertEqual(self.verify().returncode, 0)  # nothing in the file can tell
        done = self.verify("--head", known)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rf"rows {self.n - 1} to {self.n} are missing")

    def test_the_file_of_the_daemon_cut(self):
        """The daemon's own head is asked too: a cut under its feet is found without any other."""
        done = self.rig.tocsin("audit", "verify")
        self.assertIn("the known head agrees", done.stdout)

    def test_export_is_byte_exact(self):
        rows = self.rig.rows()
        lines = self.rig.tocsin("audit", "export", "--json").stdout.splitlines()
        self.assertEqual(len(lines), len(rows))
        for line, (seq, rec, row_hash) in zip(lines, rows):
            event = json.loads(line)
            self.assertEqual((event["seq"], event["rec"], event["hash"]), (seq, rec, row_hash))
        csv = self.rig.tocsin("audit", "export", "--csv").stdout
        self.assertEqual(csv.count("\n"), len(rows) + 1)


if __name__ == "__main__":
    unittest.main()
