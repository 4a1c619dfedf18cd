"""Cut off from power under load: what had reached the disk, and nothing else, is
there afterwards. The same record and the same check as for kills; CUTS=N and
SEED=N in the environment, TOCSIN_LONG=1 for 300. Needs root and loop devices."""
import os
import shutil
import signal
import subprocess
import time
import unittest

import harness
import history
from rig import SOURCE, TOCSIN

CUTS, A_HOUSE = harness.long_dose("CUTS", 100, 300), 60
DISK = "96M"


class PowerHouse(harness.House):
    """Its state lies on a disk of its own; what lay in memory, the run directory too, is gone after a cut."""

    def __init__(self, seed):
        super().__init__(seed)
        self.disk("up", DISK)

    def disk(self, word, *more):
        done = subprocess.run([os.path.join(SOURCE, "tests/box/diskbox"), word, self.rig.path("state"), *more],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"diskbox {word}: {done.stdout}{done.stderr}")

    def cut(self):
        self.rig.daemon.send_signal(signal.SIGSTOP)
        self.disk("snap")
        self.kill()
        self.disk("back")
        shutil.rmtree(self.rig.path("run"))
        os.mkdir(self.rig.path("run"))

    def close(self):
        if self.rig.daemon and self.rig.daemon.poll() is None:
            self.rig.daemon.kill()
            self.rig.daemon.wait()
        self.disk("down")
        super().close()


def cut_house(seed, cuts, after_s=6.0):
    house = PowerHouse(seed)
    try:
        house.start()
        for n in range(cuts):
            if n:
                house.launch()
            house.first_word()
            time.sleep(house.random.uniform(0, 0.4) * house.pace)
            house.cut()
        house.drain(after_s)
        return history.examine(house, TOCSIN)
    finally:
        house.close()


class Power(unittest.TestCase):
    def test_selftest(self):
        """Without syncs the same check finds what is lost."""
        os.environ["TOCSIN_GUARD_OFF"] = "full_sync"
        try:
            recorded = cut_house(harness.seed_of_the_day(), 4, 1.0)
        finally:
            del os.environ["TOCSIN_GUARD_OFF"]
        self.assertTrue(any(w.startswith("lost:") for w in recorded.wrong), recorded.wrong[:5])
        self.assertTrue(any(w.startswith("heads lost:") for w in recorded.wrong), recorded.wrong[:5])
        print(f"without syncs: {dict(recorded.figures)}")

    def test_cut(self):
        seed, all_of_them, began, done, wrong = harness.seed_of_the_day(), history.Sum(), time.monotonic(), 0, []
        while done < CUTS:
            cuts = min(A_HOUSE, CUTS - done)
            recorded = cut_house(seed + done, cuts)
            wrong += [f"SEED={seed + done} CUTS={cuts}: {w}" for w in recorded.wrong]
            done += cuts
            all_of_them.add(recorded)
            print(f"{done} cuts, {time.monotonic() - began:.0f} s: {all_of_them}", *wrong[-5:], sep="\n", flush=True)
        self.assertEqual((len(wrong), wrong[:20]), (0, []))  # the difference of long lists takes minutes


if __name__ == "__main__":
    unittest.main()
