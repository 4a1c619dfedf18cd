"""A day at the desk, in small: alarms, people and reloads, a disk that stalls,
and nothing that grows but what is kept on purpose. SOAK_S=seconds, RATE=messages
a second and SEED=N in the environment; TOCSIN_LONG=1 for an hour, in which a
mall's month of incidents happens."""
import os
import signal
import time
import unittest

import harness
import history
from rig import TOCSIN

SOAK_S = harness.long_dose("SOAK_S", 40, 3600)
RATE = int(os.environ.get("RATE") or (20 if SOAK_S < 600 else 4))
EVERY_S = 2.0
STALL_S = 0.4
GROWTH_KIB = 8  # for each incident: a closed one is kept, with its steps, for a day


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        words = dict(line.split(":", 1) for line in f)
    return int(words["VmRSS"].split()[0]), int(words["Threads"]), len(os.listdir(f"/proc/{pid}/fd"))


class Soak(unittest.TestCase):
    def test_soak(self):
        house = harness.House(harness.seed_of_the_day(), RATE)
        hold = house.rig.path("hold")
        try:
            house.launch(f"store-hold={hold}")
            house.rig.synced()
            house.publisher.thread.start()
            end, looks, n = time.monotonic() + SOAK_S, [], 0
            while time.monotonic() < end:
                time.sleep(EVERY_S)
                n += 1
                if n % 5 == 1:
                    house.rig.daemon.send_signal(signal.SIGHUP)
                if n % 5 == 3:
                    house.rig.write("hold", "")
                    time.sleep(STALL_S)
                    os.unlink(hold)
                looks.append((*status(house.rig.daemon.pid), len(house.rig.recs("opened"))))
            house.drain()
            recorded = history.History(house.rig.dir)
            self.assertEqual(recorded.check(), [])
            self.assertTrue(*history.chain_holds(TOCSIN, house.rig.path("state/tocsin.db")))
            self.nothing_grows(looks)
            print(f"{SOAK_S} s: {dict(recorded.figures)}")
        finally:
            house.close()

    def nothing_grows(self, looks):
        warm, last = looks[len(looks) // 3], looks[-1]
        fds, threads = [look[2] for look in looks], [look[1] for look in looks]
        opened = last[3] - warm[3]
        print(f"memory {warm[0]} -> {last[0]} KiB over {opened} incidents; descriptors {min(fds)}..{max(fds)}, "
              f"threads {min(threads)}..{max(threads)}")
        self.assertGreater(opened, 10)
        # The least of each part: what a reload has open for a moment is not a leak, what is never given back is in each look.
        part = len(looks) // 3
        self.assertLessEqual(min(fds[-part:]), min(fds[1:part + 1]) + 3)
        self.assertLessEqual(min(threads[-part:]), min(threads[1:part + 1]) + 1)
        if "asan" not in os.environ.get("BINARY_DIR", ""):  # its quarantine grows
            self.assertLess(last[0] - warm[0], 2048 + GROWTH_KIB * opened)


if __name__ == "__main__":
    unittest.main()
