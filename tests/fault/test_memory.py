"""The Nth allocation is refused, in a short life: start, an alarm, its page, an ack, stop. Each time the program goes on
or ends; the store is whole, and after the next start the alarm is there, once. Some N of them; EVERY=N each Nth."""
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from broken import BrokenCase
from rig import ROOT, until

EVERY = int(os.environ.get("EVERY", 200 if "TOCSIN_LONG" in os.environ else 0))  # 1: each N, which takes a day
GROWTH, LATE, LATE_STEP = 3, 10, 97  # the alarm is among the last of them
# went on; had no memory, we or the broker's library; could not begin (systemd tries again)
ENDS = (0, -signal.SIGABRT, -signal.SIGSEGV, 70)


def numbers(most):
    if EVERY:
        return range(1, most + 1, EVERY)
    first, n = [], 1
    while n < most:
        first.append(n)
        n *= GROWTH
    return first + [most - LATE_STEP * i for i in range(1, LATE + 1)]


class Memory(BrokenCase):
    autostart = False

    def setUp(self):
        """A state and a session at the broker that each life begins with."""
        rig = self.rig
        rig.start()
        self.assertEqual(rig.stop(), 0)
        shutil.copytree(rig.path("state"), rig.path("first"))

    def begin(self, number):
        rig = self.rig
        shutil.rmtree(rig.path("state"))
        shutil.copytree(rig.path("first"), rig.path("state"))
        for name in os.listdir(rig.path("run")):
            os.unlink(rig.path("run", name))
        rig.set(allocations=0, refuse_at=number)

    def until_over(self, what, test, limit_s=120):
        """True: it came to that; False: the daemon ended before."""
        end = time.monotonic() + limit_s
        while not test():
            if self.rig.daemon.poll() is not None:
                return False
            if time.monotonic() > end:
                raise AssertionError(f"not within {limit_s} s and still running: {what}")
            time.sleep(0.01)
        return True

    def life(self, number):
        """How it ended, and how many allocations it made."""
        rig = self.rig
        self.begin(number)
        since = self.console.mark()
        rig.daemon_launch()
        rig.pub("plc", "plc/b2/callpoint", "1")
        pages = lambda: [m for m in self.console.heard("page/wang/json", since) if m.json["kind"] == "call"
                         and m.json["incident"].startswith("F-")]
        if self.until_over("a page", pages):
            rig.pub("wang", "cmd/wang/ack", pages()[0].json["incident"])
            self.until_over("an ack", lambda: self.console.heard("result/wang", since))
            if rig.daemon.poll() is None:
                rig.daemon.send_signal(signal.SIGTERM)
        return rig.daemon.wait(120), rig.get("allocations")

    def after(self, number):
        rig = self.rig
        rig.set(refuse_at=0)
        if os.path.exists(rig.path("state/tocsin.db")):
            db = sqlite3.connect(rig.path("state/tocsin.db"))
            self.assertEqual(db.execute("pragma integrity_check").fetchone()[0], "ok")
            db.close()
        rig.start()
        found = until(f"the alarm is there after {number}", lambda: [r for r in rig.recs("opened") if r["body"]["type"] == "fire"])
        self.assertEqual(len(found), 1)
        self.whole()
        self.assertEqual(rig.stop(), 0)

    def test_each(self):
        code, most = self.life(0)
        self.assertEqual(code, 0)
        if not most:
            self.skipTest("a sanitizer has its own malloc")
        self.after(0)
        ends = {}
        for number in numbers(most):
            code, _ = self.life(number)
            with self.subTest(refused=number):
                self.assertIn(code, ENDS, self.rig.said())
                self.after(number)
            ends[code] = ends.get(code, 0) + 1
        print(f"{most} allocations in a life; ends: {ends}")


class Group:
    """A group of processes with a limit of its own, whichever kind of cgroups there is."""

    def __init__(self):
        old = "/sys/fs/cgroup/memory"
        self.path = os.path.join(old if os.path.isdir(old) else "/sys/fs/cgroup", f"tocsin-test-{os.getpid()}")
        self.files = ("memory.limit_in_bytes", "memory.usage_in_bytes") if os.path.isdir(old) else ("memory.max", "memory.current")
        os.mkdir(self.path)
        # the limit is of memory: a machine that has swap would put the rest there
        for name, none in (("memory.swappiness", 0), ("memory.swap.max", 0)):
            if os.path.exists(os.path.join(self.path, name)):
                self.write(name, none)

    def usable(self):
        return os.path.exists(os.path.join(self.path, self.files[0]))

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w", encoding="ascii") as f:
            f.write(str(value))

    def leave_room(self, more):
        with open(os.path.join(self.path, self.files[1]), encoding="ascii") as f:
            self.write(self.files[0], int(f.read()) + more)

    def remove(self):
        until("the group is empty", lambda: not open_text(os.path.join(self.path, "cgroup.procs")))
        os.rmdir(self.path)


def open_text(path):
    with open(path, encoding="ascii") as f:
        return f.read()


class Killed(BrokenCase):
    """By the kernel, for want of memory: what was acknowledged is there after the next start."""
    autostart = False
    site = {"wait": "120s"}

    def test_out_of_memory(self):
        try:
            group = Group()
        except OSError as why:
            self.skipTest(f"no control group can be made here: {why}")
        self.addCleanup(group.remove)
        if not group.usable():
            self.skipTest("no memory limit can be set here")
        rig, hold = self.rig, self.rig.path("hold")
        rig.start(f"store-hold={hold}")
        group.write("cgroup.procs", rig.daemon.pid)
        rig.pub("plc", "plc/b2/callpoint", "1")
        before = self.opened("fire")
        rig.write("hold", "")  # what comes now stays in memory
        rig.pub("shelly", "shellyplussmoke-a1b2c3/status/smoke:0", '{"alarm":true}')
        self.opened("fire", zone="l1")
        group.leave_room(1 << 18)
        words, end = "x" * 2000, time.monotonic() + 300
        while rig.daemon.poll() is None:
            self.assertLess(time.monotonic(), end, "still alive")
            subprocess.run([*rig.client("mosquitto_pub", "smith"), "-q", "1", "-t", ROOT + "cmd/smith/note", "-l"],
                           input=f"{before['id']} {words}\n" * 500, text=True, timeout=300, check=False)
        self.assertEqual(rig.daemon.returncode, -signal.SIGKILL)
        os.unlink(hold)
        rig.start()
        until("both alarms are there", lambda: {i["zone"] for i in rig.incidents() if i["type"] == "fire"} == {"b2-kitchen", "l1"})
        self.assertEqual(len([r for r in rig.recs("opened") if r["body"]["type"] == "fire"]), 2)
        self.whole()


if __name__ == "__main__":
    unittest.main()
