"""A storm: STORM messages a second for 10 s over sensors each of which turns to alarm once, the first of them smoke
or gas, beside telemetry, on the broker's default queue, the disk standing still for 8 s of them. No alarm is lost (they
are retained, as the manual asks of alarm states), and every life-safety page comes in time, stalls or not. Each day
1,000 a second over 400 sensors, which a sanitizer's build bears; STORM=10000 for 2,000 sensors and a disk that stands
still twice for 2 s, TOCSIN_LONG=1 for that and 30,000 a second."""
import json
import os
import statistics
import sys
import time
import unittest

import rig as system
from rig import until

sys.path.insert(0, os.path.join(system.SOURCE, "tests/bench"))
from house import House, PAGES, memory_kib, settle  # noqa: E402

LONG = bool(os.environ.get("TOCSIN_LONG"))
RATE = int(os.environ.get("STORM") or (10000 if LONG else 1000))
SENSORS, LIFE, TELEMETRY_PER_S = (2000, 200, 5000) if RATE >= 10000 else (400, 100, 500)
STALLS_S = ((2.0, 4.0), (6.0, 8.0)) if RATE >= 10000 else ((1.0, 9.0),)  # after the first message
# Of each page on a machine that does nothing else: the rule's 250 ms and as much for the machine. Each day, on one that
# does: of the median, tenfold the rule; pages that waited for the end of a stall would take 4 s and more.
NOTICE_MS = 500 if RATE >= 10000 else 2500
MEMORY_KIB = 512 * 1024              # MemoryMax of the unit
OPENED_LIMIT_S = 300
HELD_LAG_MS = 5     # p99 of the generator; beyond it the machine is not ours, and pages get SLACK times its lag more
SLACK = 40


def in_stall(at_s):
    return any(begin - 0.25 <= at_s <= end for begin, end in STALLS_S)


def spread(values):
    values = sorted(values)
    return {"n": len(values), "p50": values[len(values) // 2], "p99": values[len(values) * 99 // 100], "max": values[-1]}


class Storm(unittest.TestCase):
    def setUp(self):
        self.house = House(telemetry=SENSORS, alarms=(("smoke", LIFE // 2), ("gas", LIFE // 2), ("leak", SENSORS - LIFE)),
                           shipped=True)
        self.addCleanup(self.house.close)
        self.hold = self.house.path("hold")
        self.house.broker_start()
        self.house.start(fault=f"store-hold={self.hold}")

    def stall(self, start_s):
        for begin, end in STALLS_S:
            time.sleep(max(0, start_s + begin - time.monotonic()))
            self.house.write("hold", "")
            time.sleep(max(0, start_s + end - time.monotonic()))
            os.unlink(self.hold)

    def blow(self, rate):
        """The storm with its stalls; what the generator says and (sensor, sent, heard) in seconds."""
        house, log = self.house, self.house.path("pages.log")
        load = house.load_begin(telemetry=TELEMETRY_PER_S, sensors=SENSORS, seconds=10, alarms=rate,
                                alarm_sensors=SENSORS, repeats=rate * 10 // SENSORS, ear=PAGES + "+", notice=PAGES,
                                log=log, linger=30, window=5000, retain=True)
        start_s = time.monotonic()
        self.stall(start_s)
        said = house.load_end(load)
        with open(log, encoding="ascii") as f:
            pages = [tuple(int(x) for x in line.split()) for line in f]
        return said, [(n, sent / 1e9 - start_s, got / 1e9 - start_s if got else None) for n, sent, got in pages]

    def opened(self):
        return {r["who"] for r in self.house.recs("opened")}

    def check(self, rate):
        house = self.house
        house.load(telemetry=0, sensors=SENSORS, seconds=0, alarm_sensors=SENSORS, repeats=2, prime=1000, linger=0)
        settle(lambda: house.status()["messages"])
        said, pages = self.blow(rate)
        lag_ms = said["alarm_lag_us"]["p99"] / 1000
        print(f"{rate}/s: the generator's own lag p50 {said['alarm_lag_us']['p50'] / 1000:.1f} p99 {lag_ms:.1f} max "
              f"{said['alarm_lag_us']['max'] / 1000:.1f} ms{'' if said['held'] else ', the rate was NOT held'}")
        all_sensors = {f"sensor:a{n}" for n in range(SENSORS)}
        missing = []
        try:
            until("every alarm is in the audit", lambda: all_sensors <= self.opened(), OPENED_LIMIT_S)
        except AssertionError:
            missing = sorted(all_sensors - self.opened())
        memory = memory_kib(house.daemon.pid, "VmHWM")
        print(f"memory: at most {memory / 1024:.0f} MiB; the broker's queue dropped "
              f"{house.dropped()} messages; {len(house.recs())} rows")
        life = [(sent, got) for n, sent, got in pages if n < LIFE]
        silent = sum(got is None for _, got in life)
        took = {inside: [(got - sent) * 1000 for sent, got in life if got and in_stall(sent) == inside]
                for inside in (False, True)}
        self.assertTrue(took[True], "no alarm came while the disk stood still")
        took = {inside: values for inside, values in took.items() if values}  # a slow start of the generator leaves none outside
        for inside, values in took.items():
            print(f"first page {'inside' if inside else 'outside'} a stall: "
                  + json.dumps({k: round(v) for k, v in spread(values).items()}) + " ms")
        self.assertEqual(missing, [], "alarms lost")
        self.assertEqual(silent, 0, "life-safety alarms without a page")
        self.assertLess(memory, MEMORY_KIB)
        slack_ms = SLACK * lag_ms if lag_ms > HELD_LAG_MS else 0
        if slack_ms:
            print(f"the machine was busy: {slack_ms:.0f} ms of slack")
        for values in took.values():
            self.assertLess(max(values) if RATE >= 10000 else statistics.median(values), NOTICE_MS + slack_ms)
        self.assertEqual(house.tocsin("audit", "verify").returncode, 0)
        house.end()

    def test_storm(self):
        self.check(RATE)
        if LONG:
            self.doCleanups()
            self.setUp()
            self.check(30000)


if __name__ == "__main__":
    unittest.main()
