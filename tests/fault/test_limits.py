"""What runs out: file descriptors, readers of the log. The store, the broker and the loop go on, somebody is called."""
import fcntl
import os
import resource
import socket
import statistics
import threading
import time
import unittest

from broken import FAST, BrokenCase
from rig import TOCSIND, spawn, until

DESCRIPTORS = 32
LOOP_S = 2.0  # one that waits for who reads the log waits for ever; the median of many looks


class Descriptors(BrokenCase):
    autostart = False

    def test_used_up_by_clients(self):
        rig = self.rig
        fail = rig.path("fail")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))  # inherited
        try:
            rig.daemon_launch(f"{FAST},store-fail={fail}")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        rig.synced()
        open_fds = len(os.listdir(f"/proc/{rig.daemon.pid}/fd"))
        print(f"{open_fds} descriptors are open, {DESCRIPTORS} allowed")
        since = self.console.mark()
        clients = []
        self.addCleanup(lambda: [s.close() for s in clients])

        def crowd():
            s = socket.socket(socket.AF_UNIX)
            s.connect(rig.path("run/control.sock"))
            clients.append(s)
        for _ in range(60):
            crowd()
        own = self.called_about("descriptors-low", since)
        # the reserve is there: the database is closed and opened again, the broker comes back
        rig.write("fail", "")
        self.command("smith", "raise", "gas-leak b2-kitchen 煤气")
        self.called_about("store-failing", since)
        os.unlink(fail)
        down = self.console.mark()
        rig.broker_stop()
        rig.broker_start()
        gone = rig.wait_rec("broker_down")["seq"]
        rig.wait_rec("broker_up", test=lambda r: r["seq"] > gone and r["body"]["synced"])
        answer = self.command("smith", "raise", "burst-pipe b2-pumps 水")
        self.assertTrue(answer["ok"], answer)
        self.opened("burst-pipe", down)
        for s in clients:
            s.close()
        self.store_is("ok")
        self.over(own)
        rig.wait_rec("opened", self.opened("gas-leak", since)["id"])
        self.whole()


class Unread:
    """Nobody reads the log, and it is full: a pipe, or the journal's socket."""
    autostart = False

    def launch(self, stderr, more=None):
        rig = self.rig
        rig.starts += 1
        rig.log = rig.path(f"tocsind.{rig.starts}.log")
        rig.write(os.path.basename(rig.log), "")
        rig.is_launching = True
        env = dict(rig.environment(FAST + (",journal-socket=" + rig.path("journal") if more else "")), **(more or {}))
        rig.is_launching = False
        rig.daemon = spawn([TOCSIND, "--config", rig.path("tocsin.yaml")], stdout=stderr, stderr=stderr, env=env)
        os.close(stderr)
        rig.synced()

    def the_loop_goes_on(self):
        """Each refused reload says several lines, until none is taken any more (how many the kernel keeps is the
        machine's setting: net.unix.max_dgram_qlen is 10 or 512); then an alarm, and the loop's answers."""
        rig = self.rig
        rig.write("tocsin.yaml", rig.read("tocsin.yaml") + "\nzonez: {}\n")
        until("lines are lost", lambda: rig.tocsin("reload") and any(
            m.json["type"] == "log-lost" for m in self.console.all if "/incident/" in m.topic and m.payload), 300)
        own = self.called_about("log-lost", 0)  # a busy machine may have said too much before
        took = [rig.look()[1] for _ in range(50)]
        print(f"the loop answers in {statistics.median(took) * 1000:.1f} ms while nobody reads the log")
        self.assertLess(statistics.median(took), LOOP_S)
        self.assertTrue(self.command("smith", "raise", "gas-leak b2-kitchen 煤气")["ok"])
        rig.write("tocsin.yaml", rig.read("tocsin.yaml").replace("\nzonez: {}\n", ""))
        return own


class Pipe(Unread, BrokenCase):
    def test_a_full_pipe(self):
        rig = self.rig
        read_end, write_end = os.pipe()
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
        self.launch(write_end)
        own = self.the_loop_goes_on()
        said = []

        def drain():
            while block := os.read(read_end, 65536):
                said.append(block)
        reader = threading.Thread(target=drain)
        reader.start()
        self.over(own)
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        self.assertEqual(rig.stop(), 0)
        reader.join()
        os.close(read_end)
        self.assertRegex(b"".join(said).decode(), r"<4>[0-9]+ lines before this one are lost: nobody took them\n")


class Journal(Unread, BrokenCase):
    def test_a_journal_that_does_not_read(self):
        rig = self.rig
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            journal.bind(rig.path("journal"))
            ours, theirs = socket.socketpair()
            there = os.fstat(theirs.fileno())
            self.launch(theirs.detach(), {"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"})
            own = self.the_loop_goes_on()
            journal.setblocking(False)
            said = b""

            def drain():
                nonlocal said
                try:
                    while True:
                        said += journal.recv(65536)
                except BlockingIOError:
                    return b"are lost: nobody took them" in said
            until("the journal is told what it missed", lambda: rig.tocsin("reload") and drain())
            self.over(own)
            self.assertIn(b"SYSLOG_IDENTIFIER=tocsind\n", said)
            self.assertIn(b"PRIORITY=3\n", said)
            ours.close()


if __name__ == "__main__":
    unittest.main()
