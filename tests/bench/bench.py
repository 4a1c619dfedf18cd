#!/usr/bin/env python3
"""bench - how fast, beside floors measured in the same round.

  tests/bench/bench.py --rounds 9 --record   the full run, about 25 minutes of a quiet machine; writes RATIOS
  tests/bench/bench.py --short               three rounds of the main figures; red below half of what RATIOS says
  tests/bench/bench.py --only cpu,notice     some of it
  tests/bench/bench.py --peers               also a script and a flow that do the same, once

Floor and subject take turns, the other one first in each round. A figure is the median of the rounds' ratios; p is
the two-sided sign test of how many rounds lie on one side of its target."""
import argparse
import contextlib
import datetime
import json
import math
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

os.environ.setdefault("BINARY_DIR", os.path.join(os.path.dirname(__file__), "../../build/release"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
import rig as system  # noqa: E402
from house import PAGES, TOOLS, House, cpu_s, memory_kib, settle  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RATIOS = os.path.join(HERE, "RATIOS")
SENSORS = 2000
MANY = 10000
ALARMS_PER_S = 25
ECHO = {"ear": "echo/#", "notice": "echo/"}
NOTICE = {"ear": PAGES + "+", "notice": PAGES}
TELEMETRY, ALARMS = "zigbee2mqtt/t/#", "zigbee2mqtt/a/#"

# name: unit, target, what it is. "x" is subject / floor of the same round.
FIGURES = {
    "cpu_5k": ("x", "<= 1.15", "CPU per telemetry message at 5k/s, QoS 0 as shipped / Paho that reads and forgets"),
    "cpu_5k_qos1": ("x", "<= 1.15", "the same, telemetry at QoS 1 on both sides"),
    "ingest": ("x", ">= 0.90", "messages/s taken while more is offered, QoS 1 / Paho that reads and forgets"),
    "notice_p50": ("x", "<= 1.50", "alarm to notice at 25 alarms/s, p50 / (raw echo + one commit)"),
    "notice_5k_p99": ("x", "<= 2.00", "the same beside 5k/s of telemetry, p99"),
    "notice_20k_p99": ("x", "<= 2.00", "the same beside 20k/s of telemetry, p99"),
    "notice_p50_ms": ("ms", "", "alarm to notice at 25 alarms/s, p50"),
    "quiet_max": ("ms", "<= 120", "alarm to notice after 10 s of quiet, the worst"),
    "publishes": ("x", ">= 0.30", "publishes/s while 30k alarms/s are offered / raw echo"),
    "collapse": ("x", ">= 0.80", "publishes/s at 30k alarms/s offered / the best of 1k, 5k and 30k"),
    "incidents_per_s": ("/s", "", "incidents opened and called at 30k alarms/s offered"),
    "match": ("x", "<= 1.10", "CPU of one message in intake, 100,000 sensors and 10,000 rules / 100 and 10, 100 speak"),
    "match_all": ("x", "", "the same when all 100,000 speak, in no order: more than the caches hold"),
    "bytes_a_sensor": ("B", "", "resident for each of 100,000 sensors: plan, intake and engine"),
    "memory": ("x", "<= 1.00", "resident with 10,000 sensors / (1.25 x empty program + 250 bytes a sensor)"),
    "restart": ("ms", "<= 300", "exec to subscribed with 10,000 sensor states"),
    "script_cpu_5k": ("x", "", "CPU per telemetry message at 5k/s, a Python script with paho-mqtt / tocsind"),
    "script_p50": ("x", "", "alarm to notice at 25 alarms/s, p50, the script (it stores the alarm too) / tocsind"),
    "script_5k_p99": ("x", "", "the same beside 5k/s of telemetry, p99"),
    "flow_cpu_5k": ("x", "", "CPU per telemetry message at 5k/s, a Node-RED flow / tocsind"),
    "flow_p50": ("x", "", "alarm to notice at 25 alarms/s, p50, the flow (it stores nothing) / tocsind"),
    "flow_5k_p99": ("x", "", "the same beside 5k/s of telemetry, p99"),
}


class Bench:
    def __init__(self, args):
        self.args, self.short, self.rounds = args, args.short, {}

    def seconds(self, full, short):
        return short if self.short else full

    def note(self, figure, value):
        self.rounds.setdefault(figure, []).append(value)

    # -- who runs

    @contextlib.contextmanager
    def broker(self, **site):
        house = House(**site)
        try:
            house.broker_start()
            yield house
        finally:
            house.close()

    @contextlib.contextmanager
    def daemon(self, **site):
        with self.broker(**site) as house:
            house.start()
            yield house
            house.end()

    @contextlib.contextmanager
    def tool(self, house, name, *args):
        process = house.tool(name, house.port, *args, stdout=subprocess.PIPE)
        try:
            if name in ("null", "raw"):
                process.stdout.readline()  # it listens
            else:
                time.sleep(0.3)
            if process.poll() is not None:
                raise AssertionError(f"bench_{name} ended with {process.returncode}")
            yield process
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    @staticmethod
    def null_messages(process):
        process.send_signal(signal.SIGUSR1)
        return int(process.stdout.readline().split()[1])

    # -- one side of a figure

    def cost(self, pid, count, house):
        """CPU microseconds a message at 5k/s, after a second of it."""
        common = {"telemetry": 5000, "sensors": SENSORS, "qos": 1, "linger": 0}
        house.load(seconds=1, prime=10000, **common)
        settle(count)
        before, n = cpu_s(pid), count()
        said = house.load(seconds=self.seconds(8, 3), **common)
        n = settle(count) - n
        self.complain(said, n < said["telemetry"], f"{said['telemetry'] - n} messages lost")
        return (cpu_s(pid) - before) * 1e6 / n

    def complain(self, said, is_bad=False, what=""):
        if not said["held"] or is_bad:
            print(f"  note: the generator's lag p99 {said['telemetry_lag_us']['p99'] / 1000:.1f} ms {what if is_bad else ''}")

    def cpu_floor(self, qos):
        with self.broker(telemetry=SENSORS, alarms=(("smoke", 1),)) as house, \
                self.tool(house, "null", qos, TELEMETRY) as null:
            return self.cost(null.pid, lambda: self.null_messages(null), house)

    def cpu_subject(self, qos):
        with self.daemon(telemetry=SENSORS, alarms=(("smoke", 1),), qos=qos) as house:
            return self.cost(house.daemon.pid, lambda: house.status()["messages"], house)

    def flood(self, house, count):
        """Messages/s taken while the broker is offered more."""
        seconds = self.seconds(4, 2)
        load = house.load_begin(telemetry=200000, sensors=SENSORS, qos=1, seconds=seconds + 2, linger=0, window=200)
        time.sleep(1)
        start, before = time.monotonic(), count()
        time.sleep(seconds)
        rate = (count() - before) / (time.monotonic() - start)
        load.kill()
        load.communicate()
        return rate

    def ingest_floor(self):
        with self.broker(telemetry=SENSORS, alarms=(("smoke", 1),)) as house, \
                self.tool(house, "null", 1, TELEMETRY) as null:
            return self.flood(house, lambda: self.null_messages(null))

    def ingest_subject(self):
        with self.daemon(telemetry=SENSORS, alarms=(("smoke", 1),), qos=1) as house:
            return self.flood(house, lambda: house.status()["messages"])

    def notices(self, house, rate, where, commit=False):
        seconds = self.seconds(8, 2.4)
        n = int(seconds * ALARMS_PER_S)
        house.load(telemetry=rate, sensors=SENSORS, qos=1, seconds=0, prime=10000, linger=0, alarm_sensors=n)
        floor = house.tool("commit", house.path("state/commit.db"), n, ALARMS_PER_S,
                           stdout=subprocess.PIPE) if commit else None
        said = house.load(telemetry=rate, sensors=SENSORS, qos=1, seconds=seconds, alarms=ALARMS_PER_S,
                          alarm_sensors=n, **where)
        self.complain(said, said["answered"] < n, f"{n - said['answered']} of {n} alarms without answer")
        took = said["notice_us"]
        if floor:
            commits = json.loads(floor.communicate()[0])["commit_us"]
            took = {q: took[q] + commits[q] for q in ("p50", "p99")}
        return took

    def notice_floor(self, rate):
        with self.broker(telemetry=SENSORS, alarms=(("smoke", 1),)) as house, \
                self.tool(house, "raw", TELEMETRY + ":0", ALARMS + ":1"):
            return self.notices(house, rate, ECHO, commit=True)

    def notice_subject(self, rate):
        with self.daemon(telemetry=SENSORS, alarms=(("smoke", 1000),)) as house:
            return self.notices(house, rate, NOTICE)

    def publishes_floor(self):
        n = self.seconds(60000, 20000)
        with self.broker(telemetry=0, alarms=(("smoke", 1),), broker="max_queued_messages 100000") as house, \
                self.tool(house, "raw", ALARMS + ":1"):
            said = house.load(alarms=30000, alarm_sensors=n, linger=60, **ECHO, count="echo/#")
            assert said["answered"] == n, f"the raw echo lost {n - said['answered']} of {n}"
            return said["heard"] / said["heard_s"]

    def publishes_subject(self, rate):
        """Publishes/s and incidents/s of one flood in which each sensor turns to alarm once."""
        n = 900  # a person's pages that wait are capped at 1,000
        with self.daemon(telemetry=0, alarms=(("smoke", n),), broker="max_queued_messages 100000") as house:
            house.load(alarm_sensors=n, prime=5000, linger=0, seconds=0)
            since = house.status()["news"]
            said = house.load(alarms=rate, alarm_sensors=n, linger=60, **NOTICE, count=system.ROOT + "#")
            assert said["answered"] == n, f"{n - said['answered']} of {n} alarms without notice"
            assert house.status()["news"] - since >= n
            return said["heard"] / said["heard_s"], said["answered"] / said["heard_s"]

    # -- the figures

    def in_turn(self, number, floor, subject):
        if number % 2:
            found = subject()
            return floor(), found
        return floor(), subject()

    def ratio(self, figure, number, floor, subject):
        low, found = self.in_turn(number, floor, subject)
        self.note(figure, found / low)
        print(f"  {figure}: {found:.1f} / {low:.1f} = {found / low:.2f}", flush=True)

    def cpu(self, number):
        self.ratio("cpu_5k", number, lambda: self.cpu_floor(0), lambda: self.cpu_subject(None))
        if not self.short:
            self.ratio("cpu_5k_qos1", number, lambda: self.cpu_floor(1), lambda: self.cpu_subject(1))

    def ingest(self, number):
        if not self.short:
            self.ratio("ingest", number, self.ingest_floor, self.ingest_subject)

    def notice(self, number):
        for rate, quantile, figure in ((0, "p50", "notice_p50"), (5000, "p99", "notice_5k_p99"),
                                       (20000, "p99", "notice_20k_p99")):
            if rate and self.short:
                break
            low, found = self.in_turn(number, lambda r=rate: self.notice_floor(r), lambda r=rate: self.notice_subject(r))
            self.note(figure, found[quantile] / low[quantile])
            if not rate:
                self.note("notice_p50_ms", found["p50"] / 1000)
            print(f"  {figure}: {found['p50']}/{found['p99']} us / {low['p50']}/{low['p99']} us = "
                  f"{found[quantile] / low[quantile]:.2f}", flush=True)

    def quiet(self, _):
        if self.short:
            return
        with self.daemon(telemetry=SENSORS, alarms=(("smoke", 10),)) as house:
            house.load(alarm_sensors=10, prime=1000, linger=0, seconds=0)
            said = house.load(alarms=0.1, alarm_sensors=1, **NOTICE)
        self.note("quiet_max", said["notice_us"]["max"] / 1000)
        print(f"  quiet_max: {said['notice_us']['max'] / 1000:.1f} ms", flush=True)

    def publishes(self, number):
        rates = (30000,) if self.short else (1000, 5000, 30000)
        low, found = self.in_turn(number, self.publishes_floor, lambda: [self.publishes_subject(r) for r in rates])
        self.note("publishes", found[-1][0] / low)
        self.note("incidents_per_s", found[-1][1])
        if len(found) > 1:
            self.note("collapse", found[-1][0] / max(f[0] for f in found))
        print(f"  publishes/s at {rates} alarms/s: {[round(f[0]) for f in found]}, incidents/s "
              f"{[round(f[1]) for f in found]}; raw echo {low:.0f}", flush=True)

    def match(self, number):
        if number:
            return
        said = json.loads(subprocess.run([os.path.join(TOOLS, "bench_match"), "3" if self.short else "9"], check=True,
                                         stdout=subprocess.PIPE).stdout)
        self.note("match", said["same"])
        if not self.short:
            self.note("match_all", said["all"])
            self.note("bytes_a_sensor", sum(said["bytes_a_sensor"].values()))
        print(f"  match: {said}", flush=True)

    def memory(self, _):
        if self.short:
            return
        with self.daemon(telemetry=MANY, alarms=(("smoke", 1),)) as house:
            with self.tool(house, "empty", house.path("empty.db")) as empty:
                time.sleep(1)
                allowed = 1.25 * memory_kib(empty.pid) + 250 * MANY / 1024
            house.load(sensors=MANY, telemetry=5000, seconds=0, prime=5000, linger=0)
            settle(lambda: house.status()["messages"])
            found = memory_kib(house.daemon.pid)
            self.note("memory", found / allowed)
            print(f"  memory: {found} KiB / {allowed:.0f} KiB = {found / allowed:.2f}", flush=True)
            self.restart(house)

    def restart(self, house):
        house.end()
        ear = house.ear("probe", system.ROOT + "mark")
        time.sleep(0.3)
        begin = time.monotonic()
        house.daemon_launch()
        took_ms = (ear.wait_for("mark").at - begin) * 1000
        house.synced()
        self.note("restart", took_ms)
        print(f"  restart: {took_ms:.0f} ms", flush=True)

    # -- peers

    @contextlib.contextmanager
    def peer(self, house, name):
        """A script or a flow that does the same with alarms; None when it is not installed here."""
        if name == "flow" and not shutil.which("node-red"):
            yield None
            return
        if name == "script":
            argv = [sys.executable, os.path.join(HERE, "peer.py"), str(house.port), house.path("peer.db")]
        else:
            os.mkdir(house.path("flow"))
            with open(os.path.join(HERE, "flow.json"), encoding="utf-8") as f:
                house.write("flow/flow.json", f.read().replace("PORT", str(house.port)))
            argv = ["node-red", "-u", house.path("flow"), "-p", str(system.free_port()), house.path("flow/flow.json")]
        with open(house.path("peer.log"), "w", encoding="utf-8") as log:
            process = system.spawn(argv, stdout=log, stderr=log)
        try:
            time.sleep(8 if name == "flow" else 2)
            yield process if process.poll() is None else None
        finally:
            process.kill()
            process.wait()

    def one_peer(self, name, measure):
        with self.broker(telemetry=SENSORS, alarms=(("smoke", 1),)) as house, self.peer(house, name) as process:
            return measure(house, process.pid) if process else None

    def peers(self):
        common = {"telemetry": 5000, "sensors": SENSORS, "linger": 0}

        def cost(house, pid):
            house.load(seconds=1, **common)
            before = cpu_s(pid)
            said = house.load(seconds=8, **common)
            time.sleep(1)
            return (cpu_s(pid) - before) * 1e6 / said["telemetry"]

        own = {"cpu_5k": self.cpu_subject(None), "p50": self.notice_subject(0)["p50"],
               "5k_p99": self.notice_subject(5000)["p99"]}
        for name in ("script", "flow"):
            found = {"cpu_5k": self.one_peer(name, cost),
                     "p50": self.one_peer(name, lambda h, _: self.notices(h, 0, ECHO)["p50"]),
                     "5k_p99": self.one_peer(name, lambda h, _: self.notices(h, 5000, ECHO)["p99"])}
            for figure, value in found.items():
                if value is None:
                    print(f"  {name}: not installed here (python3-paho-mqtt, node-red)")
                    break
                self.note(f"{name}_{figure}", value / own[figure])
                print(f"  {name}_{figure}: {value:.0f} us / {own[figure]:.0f} us = {value / own[figure]:.2f}", flush=True)

    def run(self):
        if self.args.peers:
            self.peers()
            return
        what = [getattr(self, name) for name in ("cpu", "ingest", "notice", "quiet", "publishes", "match", "memory")
                if not self.args.only or name in self.args.only.split(",")]
        for number in range(self.args.rounds):
            print(f"round {number + 1} of {self.args.rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
            for measure in what:
                measure(number)


# ------------------------------------------------------------------ the table

def sign_test(values, target):
    """(on the good side, of how many, two-sided p)"""
    limit = float(target[3:])
    sides = [v < limit if target.startswith("<=") else v > limit for v in values if v != limit]
    n, k = len(sides), sum(sides)
    tail = sum(math.comb(n, i) for i in range(max(k, n - k), n + 1)) / 2 ** n
    return k, n, min(1.0, 2 * tail)


def machine():
    model = "unknown"
    with contextlib.suppress(OSError):
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            model = re.search(r"^model name\s*:\s*(.*)$", f.read(), re.M).group(1).strip()
    return f"{os.cpu_count()} x {model.replace(' Processor', '')}, Linux {platform.release().split('-')[0]}"


def lines(rounds):
    today, kind = datetime.date.today().isoformat(), machine()
    for name, (unit, target, _) in FIGURES.items():
        if name not in rounds:
            continue
        values = rounds[name]
        value = max(values) if name == "quiet_max" else statistics.median(values)
        if target:
            k, n, p = sign_test(values, target)
            verdict = f"{k}/{n} p={p:.3f}"
        else:
            verdict = f"-/{len(values)} -"
        yield name, f"{name:16} {value:9.2f} {unit:3} {target or '-':8} {verdict:13} {today}  {kind}"


def recorded():
    found = {}
    if os.path.exists(RATIOS):
        with open(RATIOS, encoding="utf-8") as f:
            for line in f:
                if not line.startswith("#") and line.strip():
                    found[line.split()[0]] = line.rstrip("\n")
    return found


def record(rounds):
    keep = recorded()
    keep.update(dict(lines(rounds)))
    with open(RATIOS, "w", encoding="utf-8") as f:
        f.write("# Written by bench.py --record: figure, median, unit (x: subject / floor of the same round), target,\n"
                "# rounds within it and two-sided sign test, date, machine. What is measured:\n")
        for name, (_, _, what) in FIGURES.items():
            f.write(f"#   {name:16} {what}\n")
        f.writelines(keep[name] + "\n" for name in FIGURES if name in keep)


def too_slow(rounds):
    """Even its best round below half of what was recorded; only ratios can be compared between machines."""
    old = recorded()
    for name, values in rounds.items():
        if name not in old or FIGURES[name][0] != "x":
            continue
        before, small_is_good = float(old[name].split()[1]), FIGURES[name][1].startswith("<=")
        now = min(values) if small_is_good else max(values)
        if now > 2 * before if small_is_good else now < before / 2:
            yield f"{name} is {now:.2f}, recorded was {before:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--only", help="of cpu,ingest,notice,quiet,publishes,match,memory")
    args = parser.parse_args()
    if args.short:
        args.rounds = 3
    if not shutil.which("mosquitto"):
        sys.exit("bench: mosquitto is not installed")
    bench = Bench(args)
    bench.run()
    print("\n".join(line for _, line in lines(bench.rounds)))
    if args.record:
        record(bench.rounds)
    slow = list(too_slow(bench.rounds)) if args.short else []
    for what in slow:
        print(f"less than half as fast as recorded: {what}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
