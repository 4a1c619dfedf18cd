"""The watchdog is fed by a loop that turns and by nothing else: a loop that stands still is not fed, a store that
stands still is."""
import os
import socket
import time
import unittest

from broken import BrokenCase
from rig import TOCSIND, spawn, until

EVERY_S = 1  # WatchdogSec= here


class Watchdog(BrokenCase):
    autostart = False

    def setUp(self):
        rig = self.rig
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.ear.close)
        path = rig.path(f"notify{rig.starts}")
        self.ear.bind(path)
        rig.starts += 1
        rig.log = rig.path(f"tocsind.{rig.starts}.log")
        env = rig.environment(f"heartbeat-ms=200,loop-hold={rig.path('loop')},store-hold={rig.path('store')}")
        env.update(NOTIFY_SOCKET=path)
        with open(rig.log, "w", encoding="utf-8") as log:
            # WATCHDOG_PID is the shell's, which becomes the daemon
            rig.daemon = spawn(["/bin/sh", "-c", f'WATCHDOG_USEC={EVERY_S * 1000000} WATCHDOG_PID=$$ exec "$@"', "sh",
                                TOCSIND, "--config", rig.path("tocsin.yaml")], stdout=log, stderr=log, env=env)
        rig.synced()

    def fed(self, seconds):
        """How often it was fed in that time."""
        n, end = 0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.ear.settimeout(left)
            try:
                n += self.ear.recv(4096) == b"WATCHDOG=1"
            except TimeoutError:
                break
        return n

    def is_fed(self, times):
        """So often, and usually within as many of its seconds."""
        began, n = time.monotonic(), 0

        def enough():
            nonlocal n
            n += self.fed(EVERY_S)
            return n >= times
        until(f"fed {times} times", enough)
        print(f"fed {n} times in {time.monotonic() - began:.1f} s")

    def test_the_store_stands_still(self):
        rig = self.rig
        rig.write("store", "")
        rig.pub("smith", "cmd/smith/raise", "gas-leak b2 x")
        self.store_is("late", "failing")
        self.fed(EVERY_S)  # what was said before
        self.is_fed(4)
        self.assertIsNone(rig.daemon.poll())
        os.unlink(rig.path("store"))
        self.store_is("ok")
        self.assertEqual(rig.stop(), 0)

    def test_the_loop_stands_still(self):
        rig = self.rig
        self.is_fed(3)
        rig.write("loop", "")
        until("it is fed no more", lambda: self.fed(4 * EVERY_S) == 0)  # now systemd would end it
        rig.kill9()
        os.unlink(rig.path("loop"))
        rig.start()
        self.assertEqual(rig.stop(), 0)


if __name__ == "__main__":
    unittest.main()
