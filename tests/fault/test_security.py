"""Who is let in, what is believed of him, and what a program of ours is handed: the attacks that need the whole program."""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import unittest

from rig import BINARY, TOCSIN, Case, until

NOBODY = 65534
PEER = struct.Struct("I?64s")  # daemon/peer.h, without its padding
TELL = """#!/bin/sh
printf '%s' "$1" >DIR/arg.$$
env >DIR/env.$$
printf '\\347\\207 line not free'
exit 75
"""


class Program(Case):
    """An exec channel's program is handed a notice that somebody hostile wrote, and answers with rubbish."""
    autostart = False
    site = {"channels": "tell", "more_channels": 'tell: {plugin: exec, argv: [DIR/tell, "{{text}}"], timeout: 2m}'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rig.write("tocsin.yaml", cls.rig.read("tocsin.yaml").replace("DIR/tell", cls.rig.path("tell")))
        cls.rig.write("tell", TELL.replace("DIR", cls.rig.dir), 0o755)
        cls.rig.start()

    def test_1_words_are_never_a_command_line(self):
        path = self.rig.path("p")
        words = f'$(>{path})`id`;{{{{name}}}}|"'
        raised = self.rig.ask("--as", "smith", "raise", "gas-leak", "b2-kitchen", words)
        self.assertTrue(raised["ok"], raised)
        until("the program is told, word for word", lambda: [
            f for f in os.listdir(self.rig.dir) if f.startswith("arg.") and words in self.rig.read(f)])
        self.assertFalse(os.path.exists(path))

    def test_2_it_inherits_nothing_of_ours(self):
        self.rig.wait_rec("delivery_failed")  # it has ended
        name = next(f for f in os.listdir(self.rig.dir) if f.startswith("env."))
        names = {line.split("=", 1)[0] for line in self.rig.read(name).splitlines()}
        self.assertLessEqual(names, {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PWD", "SHLVL", "_"})

    def test_3_what_it_says_is_a_row_that_can_be_read(self):
        row = self.rig.wait_rec("delivery_failed")  # json.loads of every row on the way
        self.assertIn("line not free", json.dumps(row, ensure_ascii=False))
        self.assertIn("??", row["body"]["why"])  # what was no text
        for _, rec, _ in self.rig.rows():
            self.assertNotIn("\n", rec)
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)


class Local(Case):
    """People and programs on the same machine."""

    def test_1_the_row_has_the_uid(self):
        uid = os.getuid()
        done = self.rig.ask("--as", "wang", "raise", "gas-leak", "l1", "a smell")
        self.assertTrue(done["ok"], done)
        opened = self.rig.wait_rec("opened", done["id"])
        self.assertEqual((opened["who"], opened["body"]["via"]), (f"{self.login()} for wang", f"control:{uid}"))
        noted = self.rig.ask("note", done["id"], "not on the list")
        self.assertEqual(noted["error"], "unknown_person")
        refused = self.rig.wait_rec("refused")
        self.assertEqual((refused["who"], refused["body"]["via"]), (self.login(), f"control:{uid}"))

    @staticmethod
    def login():
        return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()

    @unittest.skipUnless(os.getuid() == 0, "cannot become somebody else")
    def test_2_the_daemons_own_socket_is_for_its_group(self):
        path = self.rig.path("run/control.sock")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o660)
        os.chmod(self.rig.dir, 0o755)
        program = shutil.copy(TOCSIN, self.rig.path("tocsin"))  # a checkout may lie in a home that is closed to him
        done = subprocess.run([program, "--socket", path, "status"], user=NOBODY, group=NOBODY, extra_groups=[],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 3, done)

    @unittest.skipUnless(os.getuid() == 0, "cannot become somebody else")
    def test_2_rows_are_let_go_for_an_administrator_alone(self):
        path, rows = self.rig.path("run/control.sock"), self.rig.rows()
        os.chmod(self.rig.dir, 0o755)
        os.chmod(path, 0o666)
        self.addCleanup(os.chmod, path, 0o660)
        ask = json.dumps({"do": "archived", "upto": rows[0][0], "head": rows[0][2], "file": "/dev/null"})
        mine, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(path)
                    s.sendall(ask.encode() + b"\n")
                    os.write(theirs, s.recv(4096))
            finally:
                os._exit(0)
        os.close(theirs)
        with open(mine, encoding="utf-8") as f:
            self.assertEqual(json.loads(f.read())["error"], "not_allowed")
        os.waitpid(child, 0)
        self.assertEqual(self.rig.tocsin("audit", "verify").returncode, 0)
        self.assertEqual(self.rig.rows()[0], rows[0])

    def test_3_a_password_never_stands_in_the_configuration(self):
        good = self.rig.read("tocsin.yaml")
        before, after = good.split("password: {", 1)
        self.rig.write("inline.yaml", before + "password: hunter2" + after.split("}", 1)[1])
        done = self.rig.tocsin("check", self.rig.path("inline.yaml"))
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 1)
        self.assertIn("a password cannot stand in the configuration", said)
        self.assertIn("{file: /etc/tocsin/broker.pw}", said)

    def test_4_a_password_that_everybody_can_read_is_told(self):
        self.assertIn("tocsin.pw can be read by everybody on this machine: chmod o=", self.rig.said())
        os.chmod(self.rig.path("tocsin.pw"), 0o600)
        self.assertEqual(self.rig.stop(), 0)
        self.rig.start()
        self.assertNotIn("can be read by everybody", self.rig.said())


class Door(unittest.TestCase):
    """tocsin-door itself: it says who came, and the next daemon is told too."""

    def setUp(self):
        self.dir = subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip()
        os.chmod(self.dir, 0o755)
        self.addCleanup(subprocess.run, ["rm", "-rf", self.dir], check=True)
        signal.alarm(300)
        self.addCleanup(signal.alarm, 0)
        self.public = self.listen("control.sock", socket.SOCK_STREAM)
        self.inner = self.listen("door.sock", socket.SOCK_SEQPACKET)
        os.chmod(os.path.join(self.dir, "control.sock"), 0o666)
        # its listening socket is descriptor 3, as from systemd
        self.door = subprocess.Popen(["sh", "-c", 'exec 3<&0 </dev/null; exec "$@"', "sh", os.path.join(BINARY, "tocsin-door"),
                                      os.path.join(self.dir, "door.sock")], stdin=self.public)
        self.addCleanup(self.end)
        self.inner.settimeout(60)

    def listen(self, name, kind):
        s = socket.socket(socket.AF_UNIX, kind)
        s.bind(os.path.join(self.dir, name))
        s.listen(8)
        self.addCleanup(s.close)
        return s

    def end(self):
        self.door.kill()
        self.door.wait()

    def taken(self, daemon):
        data, fds, _, _ = socket.recv_fds(daemon, 256, 4)
        uid, is_admin, login = PEER.unpack(data[:PEER.size])
        self.assertEqual(len(fds), 1)
        return uid, is_admin, login.split(b"\0")[0].decode(), socket.socket(fileno=fds[0])

    def knock(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.path.join(self.dir, "control.sock"))
        s.sendall(b"hello")
        return s

    def test_1_it_says_who_came(self):
        mine = self.knock()
        daemon, _ = self.inner.accept()
        uid, is_admin, login, theirs = self.taken(daemon)
        self.assertEqual((uid, is_admin, login), (os.getuid(), True, Local.login()))
        self.assertEqual(theirs.recv(16), b"hello")
        for s in (mine, theirs, daemon):
            s.close()

    @unittest.skipUnless(os.getuid() == 0, "cannot become somebody else")
    def test_2_whoever_it_is(self):
        daemon = None
        for uid, name in ((NOBODY, "nobody"), (4711, "#4711")):
            child = os.fork()
            if child == 0:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
                try:
                    with self.knock() as s:
                        s.recv(1)
                finally:
                    os._exit(0)
            daemon = daemon or self.inner.accept()[0]
            found = self.taken(daemon)
            self.assertEqual(found[:3], (uid, False, name))
            found[3].close()
            os.waitpid(child, 0)
        daemon.close()

    def test_3_the_next_daemon_is_told(self):
        for _ in range(3):
            mine = self.knock()
            daemon, _ = self.inner.accept()
            daemon.settimeout(60)
            self.taken(daemon)[3].close()
            mine.close()
            daemon.close()


if __name__ == "__main__":
    unittest.main()
