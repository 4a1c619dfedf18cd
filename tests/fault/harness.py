"""harness - a house under load whose daemon may be ended at any moment, and
what was said meanwhile, written down for history.py: who published what and
which of it the broker acknowledged, what people commanded and were answered,
every notice heard, every start and end of the daemon."""
import json
import os
import random
import re
import shutil
import socket
import struct
import tempfile
import threading
import time

from rig import LIMIT_S, ROOT, SOURCE, Rig, until

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ = 1, 2, 3, 4, 8, 9, 12
ZONES = ("b1", "b2", "l1", "l2")
KINDS = {"smoke": "per zone", "gas": "latches", "leak": "per sensor", "callpoint": "per zone, people"}
EACH = 2         # sensors of a kind in a zone
WAITS_S = (0.6, 1.2)
WITHIN_S = 0.8   # first step of the playbook
DECIDE_S = 0.7
PRE_ALARM_S = 0.3
WINDOW = 15      # publishes not yet acknowledged by the broker; it takes 20
AHEAD = 300      # publishes beyond the last alarm that was heard to be stored: what waits in the broker for a daemon that is seldom there
AHEAD_S = 2      # and so long at most for each: no alarm may be heard of for other reasons
START_LIMIT_S = 120
USUAL_START_S = 0.5  # until the first word; where it takes longer, whoever ends the daemon waits longer, too
PULSE_S, PAUSE_S = 0.25, 1.0  # what takes longer than this is said to have stood still
LAST_WORD = ["cmd", "wang", "end"]
FAST_DIR = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

SITE = """\
site: {{id: plaza, name: {{zh: 中心广场, en: Central Plaza}}, timezone: Asia/Shanghai}}
broker: {{url: "mqtt://127.0.0.1:{port}", user: tocsin, password: {{file: {dir}/tocsin.pw}}, version: 5}}
store: {{path: {dir}/state/tocsin.db}}
languages: [zh, en]
zones:
{zones}
sensors:
{sensors}
people:
  wang: {{name: 王强, user: wang, language: zh, channels: [page]}}
  li: {{name: 李娜, user: li, language: zh, channels: [page]}}
  smith: {{name: Ann Smith, user: smith, language: en, channels: [page]}}
roles:
  electrician: {{name: {{zh: 值班电工, en: electrician}}, holder: wang, deputy: li}}
  foreman: {{name: {{zh: 领班, en: foreman}}, holder: li, deputy: smith}}
  supervisor: {{name: {{zh: 主管, en: supervisor}}, holder: smith, deputy: li}}
chains:
  all: {{levels: [{{call: [electrician], wait: {wait1}ms}}, {{call: [foreman, supervisor], wait: {wait2}ms}}]}}
channels:
  page: {{plugin: page}}
incidents:
  fire: {{title: {{zh: 火警, en: Fire}}, hazard: fire, severity: critical, when: {{of: {{kind: smoke}}, above: 0}}, pre_alarm: {pre}ms, chain: all}}
  gas: {{title: {{zh: 燃气, en: Gas}}, hazard: gas, severity: critical, latch: true, when: {{of: {{kind: gas}}, above: 0}}, chain: all, playbook: look}}
  leak: {{title: {{zh: 漏水, en: Leak}}, hazard: water, severity: major, per: sensor, when: {{of: {{kind: leak}}, above: 0}}, chain: all}}
  help: {{title: {{zh: 求助, en: Help}}, hazard: people, severity: critical, when: {{of: {{kind: callpoint}}, above: 0}}, chain: all}}
  noise: {{title: {{zh: 异响, en: Noise}}, hazard: other, severity: minor, chain: all}}
playbooks:
  look:
    scene: {{task: {{zh: 去现场, en: Go there}}, who: electrician, within: {within}ms, first: true}}
    scale: {{decide: {{zh: 大?, en: Big?}}, who: foreman, within: {decide}ms, choices: {{minor: {{zh: 小, en: small}}, major: {{zh: 大, en: big}}}}, otherwise: major}}
"""


def sensors():
    """id -> (kind, zone)"""
    return {f"{kind}-{zone}-{i}": (kind, zone) for kind in KINDS for zone in ZONES for i in range(EACH)}


def site_text(rig):
    def row(name, kind, zone):
        return f'  {name}: {{kind: {kind}, zone: {zone}, topic: plc/k/{name}, value: /v, stamp: /id, unit: n, qos: 1}}'
    rows = [row(name, kind, zone) for name, (kind, zone) in sensors().items()] + [row("last", "leak", "l2")]
    return SITE.format(port=rig.port, dir=rig.dir, sensors="\n".join(rows),
                       zones="\n".join(f"  {z}: {{name: {{zh: {z}, en: {z}}}}}" for z in ZONES),
                       wait1=int(WAITS_S[0] * 1000), wait2=int(WAITS_S[1] * 1000), within=int(WITHIN_S * 1000),
                       decide=int(DECIDE_S * 1000), pre=int(PRE_ALARM_S * 1000))


class Line:
    """One MQTT 3.1.1 connection that knows what the broker acknowledged."""

    def __init__(self, port, user, filters=(), on_message=None, on_puback=None):
        self.on_message, self.on_puback, self.mid, self.open = on_message, on_puback, 0, True
        self.lock = threading.Lock()
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(None)
        self.file = self.sock.makefile("rb", 65536)
        head = text("MQTT") + bytes([4, 0xC2]) + struct.pack(">H", 0)
        self.send(CONNECT << 4, head + text("k-" + user) + text(user) + text(user + "-pw"))
        assert self.packet()[1][1] == 0, f"the broker refuses {user}"
        if filters:
            self.send(SUBSCRIBE << 4 | 2, struct.pack(">H", 1) + b"".join(text(f) + b"\1" for f in filters))
            assert self.packet()[1][2:] == b"\1" * len(filters), f"{user} may not read {filters}"
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def send(self, first, body):
        n, length = len(body), b""
        while True:
            n, low = divmod(n, 128)
            length += bytes([low | (128 if n else 0)])
            if not n:
                break
        with self.lock:
            self.sock.sendall(bytes([first]) + length + body)

    def packet(self):
        first, n, shift = self.file.read(1), 0, 0
        if not first:
            raise EOFError
        while True:
            b = self.file.read(1)[0]
            n, shift = n | (b & 127) << shift, shift + 7
            if not b & 128:
                break
        return first[0], self.file.read(n)

    def publish(self, topic, payload):
        """At QoS 1; the packet's number."""
        self.mid = self.mid % 65535 + 1
        self.send(PUBLISH << 4 | 2, text(topic) + struct.pack(">H", self.mid) + payload.encode())
        return self.mid

    def read(self):
        try:
            while True:
                first, body = self.packet()
                if first >> 4 == PUBACK and self.on_puback:
                    self.on_puback(struct.unpack(">H", body[:2])[0])
                elif first >> 4 == PUBLISH:
                    n, qos = struct.unpack(">H", body[:2])[0], first >> 1 & 3
                    if qos:
                        self.send(PUBACK << 4, body[2 + n:4 + n])
                    if self.on_message:
                        self.on_message(body[2:2 + n].decode(), body[2 + n + (2 if qos else 0):])
        except (EOFError, OSError, ValueError):
            self.open = False

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join()
        self.file.close()
        self.sock.close()


def text(s):
    s = s.encode()
    return struct.pack(">H", len(s)) + s


def wall_ahead():
    """How far the wall clock is ahead of the time since boot: another number when somebody set it."""
    tries = []
    for _ in range(5):  # the quickest look: we may be held between the two clocks
        before, wall = time.clock_gettime(time.CLOCK_BOOTTIME), time.time()
        after = time.clock_gettime(time.CLOCK_BOOTTIME)
        tries.append((after - before, wall - (before + after) / 2))
    return min(tries)[1]


class Notes:
    """What history.py reads: one JSON array a line."""

    def __init__(self, path):
        self.file, self.lock = open(path, "w", encoding="utf-8"), threading.Lock()
        self.ahead = wall_ahead()

    def put(self, *words):
        with self.lock:
            if not self.file.closed:
                self.file.write(json.dumps([*words, time.time()], ensure_ascii=False) + "\n")
                if words[0] in ("spawned", "killed", "stopping"):
                    set_by = wall_ahead() - self.ahead
                    self.ahead += set_by
                    self.file.write(json.dumps(["clock_set", abs(set_by), time.time()]) + "\n")

    def close(self):
        with self.lock:
            self.file.close()


class Pulse:
    """A hand of its own on the same disk, and no part of the house: where it stood still, the machine or its disk did."""

    def __init__(self, notes, path):
        self.notes, self.path, self.stopping = notes, path, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with open(self.path, "wb", 0) as f:
            was = time.monotonic()
            while not self.stopping.wait(PULSE_S):
                f.write(b".")
                os.fdatasync(f.fileno())
                paused, was = time.monotonic() - was, time.monotonic()
                if paused > PAUSE_S:
                    self.notes.put("paused", time.time() - paused)

    def stop(self):
        self.stopping.set()
        self.thread.join()


class Publisher:
    """Numbered alarms: sensor k says {"v": N} for an alarm, {"v": -N} for its end, by turns."""

    def __init__(self, rig, notes, rate, seed, crowd):
        self.notes, self.rate, self.random, self.crowd = notes, rate, random.Random(seed), crowd
        self.names, self.alarm, self.number = sorted(sensors()), {}, 0
        self.waiting, self.free, self.stopping = {}, threading.Semaphore(WINDOW), False
        self.line = Line(rig.port, "plc", on_puback=self.acknowledged)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def acknowledged(self, mid):
        number = self.waiting.pop(mid)
        self.notes.put("acked", number)
        self.free.release()

    def say(self, name):
        self.number += 1
        self.alarm[name] = not self.alarm.get(name, False)
        value = self.number if self.alarm[name] else -self.number
        self.free.acquire()
        self.notes.put("said", self.number, name, value)
        with self.line.lock:  # the answer must not come before the number stands there
            mid = self.line.mid % 65535 + 1
            self.waiting[mid] = self.number
        self.line.publish(f"plc/k/{name}", json.dumps({"v": value, "id": self.number}))

    def run(self):
        due = time.monotonic()
        while not self.stopping:
            self.crowd.wait_taken(self.number - AHEAD, lambda: not self.stopping)
            self.say(self.random.choice(self.names))
            due = max(due + self.random.expovariate(self.rate), time.monotonic() - 0.05)
            time.sleep(max(0, due - time.monotonic()))

    def stop(self):
        self.stopping = True
        self.thread.join()
        until("the broker acknowledged all that was published", lambda: not self.waiting)


class Person:
    """Acknowledges what it is called for, notes, does its steps, resets; each command with a `req`."""

    def __init__(self, crowd, user, seed):
        self.crowd, self.user, self.random, self.n, self.sent = crowd, user, random.Random(seed), 0, {}
        self.answered = set()
        self.lock = threading.Lock()
        self.line = Line(crowd.rig.port, user, [f"{ROOT}page/{user}/json", f"{ROOT}result/{user}"], self.heard,
                         self.acknowledged)

    def heard(self, topic, payload):
        said = json.loads(payload)
        if "/result/" in topic:
            if said.get("req"):
                self.crowd.notes.put("answer", self.user, said)
                self.answered.add(said["req"])
        elif said["kind"] == "call" and said["incident"]:
            self.crowd.later(self.random.uniform(0, 0.25), self.answer, said)

    def acknowledged(self, mid):
        with self.lock:
            req = self.sent.pop(mid, None)
        if req:
            self.crowd.notes.put("cmd_acked", self.user, req)

    def command(self, verb, **words):
        with self.lock:
            self.n += 1
            req = f"{self.user}-{self.n}"
            self.crowd.notes.put("cmd", self.user, verb, req, words)
            self.sent[self.line.mid % 65535 + 1] = req
            body = {**words, "note": req, "req": req}
            self.line.publish(f"{ROOT}cmd/{self.user}/{verb}", json.dumps(body))
            return req

    def answer(self, page):
        what, words = self.random.random(), {"id": page["incident"], "rev": page["rev"]}
        if what < 0.7:
            self.command("ack", **words)
        if what > 0.6:
            self.command("note", **words)
        if what > 0.95:
            self.command("raise", type="noise", zone=self.random.choice(ZONES))

    def go_on(self, state):
        """What an incident still wants of somebody."""
        words = {"id": state["id"], "rev": state["rev"]}
        if state["state"] == "latched":
            self.command("reset", **words)
        for step in state["steps"]:
            if step["state"] == "open" and step["id"] == "scene":
                self.command("done", step="scene", **words)
            elif step["state"] == "open" and self.random.random() < 0.3:
                self.command("decide", step="scale", choice="minor", **words)


class Crowd:
    """The people and the ear that hears everything."""

    def __init__(self, rig, notes, seed):
        self.rig, self.notes, self.epoch, self.starts, self.taken = rig, notes, 0, 0, 0
        self.random, self.woken, self.tasks = random.Random(seed), threading.Condition(), []
        self.people = [Person(self, user, seed * 7 + i) for i, user in enumerate(("wang", "li", "smith"))]
        self.stopping, self.heard_all = False, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.ear = Line(rig.port, "console", [ROOT + "#"], self.heard)

    def later(self, wait_s, call, *args):
        with self.woken:
            self.tasks.append((time.monotonic() + wait_s, call, args))
            self.woken.notify_all()

    def run(self):
        while not self.stopping:
            with self.woken:
                now = time.monotonic()
                due = [t for t in self.tasks if t[0] <= now]
                self.tasks = [t for t in self.tasks if t[0] > now]
                if not due:
                    self.woken.wait(max(0.001, min((t[0] for t in self.tasks), default=now + 1) - now))
            for _, call, args in due:
                call(*args)

    def heard(self, topic, payload):
        kind = topic[len(ROOT):].split("/")
        if kind == LAST_WORD:
            self.heard_all.set()
            return
        epoch = re.search(rb'"epoch":(\d+)', payload)
        if (topic, payload) == (ROOT + "status", b"online") or epoch and int(epoch[1]) > self.epoch:
            with self.woken:
                self.starts += 1
                self.epoch = max(self.epoch, int(epoch[1]) if epoch else 0)
                self.woken.notify_all()
        alarm = kind == ["event"] and re.search(rb'value\\":\\"(\d+) n', payload)
        if alarm:
            with self.woken:
                self.taken = max(self.taken, int(alarm[1]))
                self.woken.notify_all()
        if topic == ROOT + "audit/head":
            self.notes.put("head", json.loads(payload))
        if kind[0] == "page" and kind[-1] == "json":
            self.notes.put("heard", kind[1], json.loads(payload))
        elif kind[0] == "incident" and payload and self.random.random() < 0.5:
            state = json.loads(payload)
            if state["state"] == "latched" or state["steps"]:
                for person in self.random.sample(self.people, 2):
                    self.later(self.random.uniform(0, 0.3), person.go_on, state)

    def wait_start(self, after, limit_s, alive):
        """True when something of a later start was heard: another epoch, or that it is online."""
        end = time.monotonic() + limit_s
        with self.woken:
            while self.starts <= after and alive() and time.monotonic() < end:
                self.woken.wait(0.2)
            return self.starts > after

    def wait_taken(self, number, go_on):
        """Until it is heard that this alarm, or a later one, is stored; not for ever."""
        end = time.monotonic() + AHEAD_S
        with self.woken:
            while self.taken < number and go_on() and time.monotonic() < end:
                self.woken.wait(0.1)

    def hush(self):
        """Nobody begins anything any more."""
        self.stopping = True
        self.thread.join()
        for p in self.people:
            until("the broker acknowledged the commands", lambda p=p: not p.sent)

    def hear_all(self):
        """What the daemon said has been heard: this comes behind it."""
        self.people[0].line.publish(ROOT + "/".join(LAST_WORD), "")
        if not self.heard_all.wait(LIMIT_S):
            raise AssertionError("the broker does not say again what it was told")

    def close(self):
        self.stopping = True
        for p in self.people:
            p.line.close()
        self.ear.close()


class House:
    """A rig of the system tests under load."""

    def __init__(self, seed, rate=100):
        self.rig, self.random = Rig(), random.Random(seed)
        # The broker writes itself down at every change; where its disk is slow nothing else would be measured.
        self.fast = tempfile.mkdtemp(prefix="tocsin-broker.", dir=FAST_DIR)
        os.rmdir(self.rig.path("mosquitto"))
        os.symlink(self.fast, self.rig.path("mosquitto"))
        self.rig.write("tocsin.yaml", site_text(self.rig))
        self.rig.broker_start()
        self.notes = Notes(self.rig.path("notes"))
        self.notes.put("times", {"waits": WAITS_S, "pre_alarm": PRE_ALARM_S})
        self.pulse = Pulse(self.notes, self.rig.path("pulse"))
        self.crowd = Crowd(self.rig, self.notes, seed)
        self.publisher = Publisher(self.rig, self.notes, rate, seed, self.crowd)
        self.ends, self.pace, self.fault = 0, 1.0, None

    def start(self):
        """The first start, and the load."""
        began = time.monotonic()
        self.launch()
        self.first_word()
        self.pace = min(max(1.0, (time.monotonic() - began) / USUAL_START_S), 10.0)
        self.rig.synced()
        self.publisher.thread.start()

    def launch(self, fault=None):
        self.before = self.crowd.starts
        self.notes.put("spawned")
        self.rig.daemon_launch(fault or self.fault)

    def first_word(self):
        """The daemon told something since launch(): it stored something."""
        heard = self.crowd.wait_start(self.before, START_LIMIT_S, lambda: self.rig.daemon.poll() is None)
        if not heard:
            raise AssertionError(f"tocsind said nothing for {START_LIMIT_S} s:\n{self.rig.said()}")

    def kill(self):
        self.rig.kill9()
        self.notes.put("killed")
        self.ends += 1

    def drain(self, after_s=6.0):
        """The load ends, the daemon takes all that waits, and a last alarm proves it; it lives so long beyond a wait."""
        self.publisher.stop()
        self.crowd.hush()
        if self.rig.daemon.poll() is not None:
            self.launch()
        began, waited = time.monotonic(), self.publisher.number - self.crowd.taken
        self.rig.synced()
        print(f"synchronised {time.monotonic() - began:.1f} s after the load, {waited} messages behind it", flush=True)
        self.publisher.say("last")
        number = str(self.publisher.number)
        last = self.rig.wait_rec("opened", test=lambda r: r["body"].get("value") == number + " n", limit_s=180)
        wang = self.crowd.people[0]
        req = wang.command("note", id=last["inc"])
        until("a last command is answered", lambda: req in wang.answered)
        time.sleep(WAITS_S[1] + after_s)  # what became due meanwhile is called
        self.notes.put("stopping")
        self.rig.end()
        self.notes.put("killed")
        self.crowd.hear_all()
        self.pulse.stop()
        self.notes.close()

    def close(self):
        self.pulse.stop()
        self.crowd.close()
        self.publisher.line.close()
        self.notes.close()
        self.rig.close()
        shutil.rmtree(self.fast, ignore_errors=True)


def long_dose(name, full, long):
    """How many: NAME=n in the environment, the long dose, or that of every day."""
    return int(os.environ.get(name) or (long if os.environ.get("TOCSIN_LONG") else full))


def seed_of_the_day():
    seed = int(os.environ.get("SEED") or time.time_ns() % 1000000)
    print(f"SEED={seed} (source {SOURCE})", flush=True)
    return seed
