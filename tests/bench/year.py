#!/usr/bin/env python3
"""year.py [--days 365] [--incidents 40] [--sensors 2000] [--build DIR] - a year of a busy mall in the store: how large it is, and how
long a start, a proof, a report, the figures and a copy take. By hand: it says numbers and judges none (contrib/doc/performance.md).

The rows are those of real incidents (tests/unit/records/leak.rows, as the report's test has them), again and again at seeded times with
numbers, sensors and hashes of their own, behind the rows of a real daemon's first start on a site with so many sensors."""
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from datetime import datetime, timedelta, timezone

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
SITE = """\
site: {{id: plaza, timezone: Asia/Shanghai}}
broker: {{url: "mqtt://127.0.0.1:1", user: tocsin}}
store: {{path: {dir}/state/tocsin.db}}
include: [{top}/rules/playbooks/*.yaml, {top}/rules/profiles/*.yaml]
zones: {{b2: {{}}, b2-kitchen: {{in: b2}}, l1: {{}}}}
people: {{wang: {{name: Wang, channels: [journal]}}, li: {{name: Li, channels: [journal]}}, smith: {{name: Smith, channels: [journal]}}}}
roles: {{duty: {{holder: wang, deputy: li}}}}
chains: {{life-safety: {{levels: [{{call: [duty], wait: 30s}}]}}, building: {{levels: [{{call: [duty], wait: 30s}}]}}}}
channels: {{journal: {{plugin: journal}}}}
sensors:
"""


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


class Year:
    def __init__(self, args):
        self.args, self.dir = args, tempfile.mkdtemp(prefix="tocsin-year.")
        self.db = os.path.join(self.dir, "state/tocsin.db")
        for name in ("run", "state"):
            os.mkdir(os.path.join(self.dir, name))
        self.env = {**os.environ, "RUNTIME_DIRECTORY": self.dir + "/run", "STATE_DIRECTORY": self.dir + "/state", "LC_ALL": "C.UTF-8",
                    "TOCSIN_SOCKET": self.dir + "/run/control.sock"}
        kinds = ("gas", "smoke", "leak", "temperature")
        with open(self.dir + "/tocsin.yaml", "w", encoding="utf-8") as f:
            f.write(SITE.format(dir=self.dir, top=TOP))
            for n in range(args.sensors):
                kind = kinds[n % 4]
                f.write(f"  {kind}-{n}: {{kind: {kind}, zone: {'b2-kitchen' if n % 3 else 'l1'}, topic: plc/{n}, profile: plain}}\n")

    def start(self):
        """Seconds until it answers."""
        began = time.monotonic()
        with open(self.dir + "/log", "a", encoding="utf-8") as log:
            self.daemon = subprocess.Popen([self.args.build + "/tocsind", "--config", self.dir + "/tocsin.yaml"], env=self.env,
                                           stdout=log, stderr=log)
        while time.monotonic() < began + 120:
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(self.env["TOCSIN_SOCKET"])
                    s.sendall(b'{"do":"plan"}\n')
                    if s.recv(100):
                        return time.monotonic() - began
            except OSError:
                assert self.daemon.poll() is None, open(self.dir + "/log", encoding="utf-8").read()
                time.sleep(0.005)
        raise AssertionError("it does not answer")

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(60)

    # -- the rows

    def incidents(self):
        """One after the other in time: (when, its number)."""
        chance, now = random.Random(7), datetime.now(timezone.utc)
        days = [now - timedelta(days=self.args.days - d) for d in range(self.args.days)]
        times = sorted(day + timedelta(seconds=chance.randrange(86400 - 9000)) for day in days for _ in range(self.args.incidents))
        return [(at, n + 1) for n, at in enumerate(t for t in times if t < now - timedelta(hours=3))]

    def template(self):
        with open(TOP + "/tests/unit/records/leak.rows", encoding="utf-8") as f:
            rows = [json.loads(line) for line in f]
        own = [r for r in rows if r["inc"] == "G-17"]
        began = datetime.fromisoformat(own[0]["at"].replace("Z", "+00:00"))
        return [(datetime.fromisoformat(r["at"].replace("Z", "+00:00")) - began, r) for r in own]

    def all_rows(self):
        template, chance = self.template(), random.Random(8)
        for at, number in self.incidents():
            sensor = f"gas-{chance.randrange(0, self.args.sensors, 4)}"
            for after, row in template:
                text = json.dumps(row, ensure_ascii=False, separators=(",", ":")).replace("G-17", f"G-{number}").replace("gas-b2", sensor)
                yield at + after, text

    def fill(self):
        db = sqlite3.connect(self.db)
        first = db.execute("select rec from audit order by seq").fetchall()
        key, counters = next((k, v) for k, v in db.execute("select key, value from state") if re.match(r"e \d+ \d+ \d+ ", v))
        rows = sorted(self.all_rows())
        head = hashlib.sha3_256(b"tocsin-audit-1 site=plaza").hexdigest()
        db.executescript("pragma synchronous=off; begin; drop trigger audit_no_delete; delete from audit;")
        began, seq = rows[0][0] - timedelta(seconds=1), 0
        texts = [(began, r[0]) for r in first] + rows
        for at, text in texts:
            seq += 1
            text = re.sub(r'"seq":\d+,"at":"[^"]*"', f'"seq":{seq},"at":"{stamp(at)}"', text, count=1)
            text = re.sub(r'"epoch":\d+', '"epoch":1', text, count=1)
            head = hashlib.sha3_256(f"{head}\n{text}".encode()).hexdigest()
            db.execute("insert into audit values (?, ?, ?)", (seq, text, head))
        fields = counters.split(" ")
        fields[1], fields[3], fields[4] = str(int(texts[-1][0].timestamp() * 1000)), str(seq), str(len(rows))
        db.execute("update state set value = ? where key = ?", (" ".join(fields), key))
        db.commit()
        db.execute("pragma wal_checkpoint(truncate)")
        db.close()
        os.remove(self.dir + "/state/ids")
        return seq

    # -- what takes how long

    def timed(self, name, *words):
        began = time.monotonic()
        done = subprocess.run([self.args.build + "/tocsin", *words], env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stdout[-500:], done.stderr[-500:])
        print(f"{name:42} {time.monotonic() - began:8.2f} s", flush=True)

    def refused(self):
        """Seconds of a command whose answer waits for its row to be stored."""
        began = time.monotonic()
        subprocess.run([self.args.build + "/tocsin", "--as", "wang", "ack", "9999999"], env=self.env, capture_output=True, check=False)
        return time.monotonic() - began

    def archived(self):
        """Three quarters of it go while the daemon works."""
        def say(when, took):
            took.sort()
            print(f"{'a command, ' + when:42} {took[len(took) // 2]:8.3f} s, nine of ten {took[len(took) * 9 // 10]:.3f}, worst {took[-1]:.3f}", flush=True)

        say("before", [self.refused() for _ in range(100)])
        self.timed("archive of three quarters", "archive", "--keep", f"{self.args.days // 4}d", "--force")
        began, took, db = time.monotonic(), [], sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        left = "select exists(select 1 from audit where seq <= (select cast(value as integer) from meta where key = 'base'))"
        while db.execute(left).fetchone()[0]:
            took.append(self.refused())
        db.close()
        print(f"{'until the last of them is deleted':42} {time.monotonic() - began:8.2f} s")
        say("while they are", took)
        self.timed("audit verify, with the archive", "audit", "verify")

    def run(self):
        print(f"{'start, empty store':42} {self.start():8.2f} s")
        self.stop()
        rows = self.fill()
        print(f"{'rows':42} {rows:8}\n{'database':42} {os.path.getsize(self.db) >> 20:8} MiB", flush=True)
        for _ in range(3):
            print(f"{'start, a year in the store':42} {self.start():8.2f} s", flush=True)
            self.stop()
        self.start()
        self.timed("audit verify", "audit", "verify")
        self.timed("report of the first incident", "report", "1")
        self.timed("report of a late one", "report", str(self.args.days * self.args.incidents - 60))
        self.timed("stats of the year", "stats")
        self.timed("stats --since 30d", "stats", "--since", "30d")
        self.timed("log --since (the last day)", "log", "--since", datetime.now().strftime("%Y-%m-%d"))
        self.timed("backup", "backup", self.dir + "/copy.db")
        self.timed("status", "status")
        with open(f"/proc/{self.daemon.pid}/status", encoding="utf-8") as f:
            kib = int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
        print(f"{'memory of the daemon':42} {kib >> 10:8} MiB")
        self.archived()
        self.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--incidents", type=int, default=40)
    parser.add_argument("--sensors", type=int, default=2000)
    parser.add_argument("--build", default=os.path.join(TOP, "build/release"))
    year = Year(parser.parse_args())
    try:
        year.run()
    finally:
        shutil.rmtree(year.dir, ignore_errors=True)
