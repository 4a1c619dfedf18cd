"""The command line: what it shows, its JSON, its exit codes."""
import json
import subprocess
import threading
import unittest

from rig import LIMIT_S, TOCSIN, Case, spawn, until


class Client(Case):
    def setUp(self):
        if not self.rig.incidents():
            answer = self.command("wang", "raise", "gas-leak b2-kitchen 有煤气味")
            self.assertTrue(answer["ok"], answer)
        self.number = self.rig.incidents()[0]["id"]

    def test_status(self):
        text = self.rig.tocsin("status").stdout
        for word in ("plaza", "1 open", self.number, "Gas leak", "unacked", "level 2", "li, smith"):
            self.assertIn(word, text)
        self.assertIn("燃气泄漏", self.rig.tocsin("status", lang="zh_CN.UTF-8").stdout)
        status = self.rig.status()
        self.assertEqual([status[k] for k in ("site", "store", "broker", "synced", "open", "unacked")],
                         ["plaza", "ok", "up", True, 1, 1])

    def test_status_names_what_is_impaired(self):
        self.assertNotIn("IMPAIRED", self.rig.tocsin("status").stdout)
        try:
            for verb, words in (("out", "leak-pumps 2h 探头\x1b[31m烧毁"), ("tag", "gas-no-fire hang b2-kitchen")):
                answer = self.command("li", verb, words)
                self.assertTrue(answer["ok"], answer)
            lines = [r for r in self.rig.tocsin("status").stdout.splitlines() if r.startswith("IMPAIRED  ")]
            self.assertEqual(len(lines), 2, lines)
            self.assertRegex(lines[0], r"leak-pumps out of service \(探头.*烧毁\), until \d\d:\d\d")
            self.assertNotIn("\x1b", lines[0])
            self.assertIn("sign [", lines[1])
            self.assertIn("停用  leak-pumps 停用(", self.rig.tocsin("status", lang="zh_CN.UTF-8").stdout)
        finally:
            for verb, words in (("back", "leak-pumps"), ("tag", "gas-no-fire down b2-kitchen")):
                self.command("li", verb, words)
        self.assertNotIn("IMPAIRED", self.rig.tocsin("status").stdout)

    def test_list_and_show(self):
        listed = json.loads(self.rig.tocsin("list", "--json").stdout)
        self.assertEqual([i["id"] for i in listed["incidents"]], [self.number])
        n = self.number.split("-")[1]
        for words in (self.number, "g" + n, n):
            self.assertEqual(self.rig.ask("show", words)["incident"]["id"], self.number)
        text = self.rig.tocsin("show", n).stdout
        for word in ("scene", "duty-electrician (wang)", "person:wang", "Next:"):
            self.assertIn(word, text)

    def test_oncall(self):
        self.assertIn("wang", self.rig.tocsin("oncall").stdout)
        answer = self.rig.ask("oncall", "duty-electrician")
        self.assertIn("holder", json.dumps(answer))
        for args in (["oncall", "nosuch"], ["--json", "oncall", "nosuch"]):
            self.assertEqual(self.rig.tocsin(*args).returncode, 1)

    def test_follow(self):
        process = spawn([TOCSIN, "--json", "follow"], stdout=subprocess.PIPE, text=True, env=self.rig.environment())
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)
        reader.start()

        def noted():  # it may not listen yet
            self.assertTrue(self.rig.ask("--as", "li", "note", self.number, "hello")["ok"])
            return [line for line in lines if '"kind\\":\\"note' in line]
        line = json.loads(until("the note is followed", noted)[0])
        process.terminate()
        process.wait()
        reader.join()
        process.stdout.close()
        self.assertIn((line["seq"], line["rec"], line["hash"]), self.rig.rows())

    def test_follow_ends_with_who_reads_it(self):
        """tocsin follow | head -1 comes to its end, though no other row is stored for hours."""
        process = spawn([TOCSIN, "follow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.rig.environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        first = []
        reader = threading.Thread(target=lambda: first.append(process.stdout.readline()), daemon=True)
        reader.start()

        def noted():
            self.assertTrue(self.rig.ask("--as", "li", "note", self.number, "hello")["ok"])
            return first
        until("a row is followed", noted)
        reader.join()
        process.stdout.close()
        self.assertEqual(process.wait(LIMIT_S), 1)
        process.stderr.close()

    def test_ring(self):
        since = self.console.mark()
        self.assertTrue(self.rig.ask("--as", "wang", "ring", "li")["ok"])
        page = self.console.wait_for("page/li/json", lambda m: m.json["kind"] == "test", since).json
        self.assertIn("测试", page["text"])

    def test_exit_codes(self):
        nobody = self.rig.path("run/nobody.sock")
        for code, args in ((0, ["status"]), (0, ["--as", "li", "note", self.number, "x"]), (1, ["--as", "wang", "ack", "999"]),
                           (1, ["show", "999"]), (1, ["--as", "nobody", "ack"]), (2, ["frob"]), (2, []), (2, ["show"]),
                           (2, ["status", "--csv"]),
                           (3, ["--socket", nobody, "status"]), (3, ["--socket", nobody, "--json", "ack", "1"])):
            done = self.rig.tocsin(*args)
            self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
            if code and "--json" not in args:
                self.assertTrue(done.stderr, args)
        for args in (["audit", "verify"], ["audit", "export"], ["report", "1"], ["log"], ["stats"], ["backup", nobody], ["follow"]):
            done = self.rig.tocsin("--socket", nobody, "--json", *args)
            self.assertEqual((done.returncode, done.stdout and json.loads(done.stdout)["error"]), (3, "unreachable"), args)
        for args in (["frob"], ["show"], ["status", "--csv"]):
            done = self.rig.tocsin("--json", *args)
            self.assertEqual((done.returncode, done.stdout and json.loads(done.stdout)["error"]), (2, "usage"), args)
        for length in (4100, 9000, 100000):
            done = self.rig.tocsin("--json", "--as", "li", "note", self.number, "x" * length)
            self.assertEqual((done.returncode, json.loads(done.stdout)["error"]), (1, "too_big"), length)
        refused = self.rig.tocsin("--json", "--as", "wang", "ack", "999")
        self.assertEqual((refused.returncode, json.loads(refused.stdout)["error"]), (1, "unknown_id"))


if __name__ == "__main__":
    unittest.main()
