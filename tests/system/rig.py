"""rig - a house of its own for one system test: a private mosquitto with the
shipped settings, passwords and access list; tocsind from the build on a
generated site with the shipped playbooks and profiles; ears that collect what
the broker says. Every wait is for a condition, with a limit that no busy machine reaches."""
import ctypes
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

unit = None
if "TOCSIN_UNIT" in os.environ:  # in a box of its own: the daemon is the installed systemd unit
    import unit

SOURCE = os.path.abspath(os.environ.get("SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../..")))
BINARY = os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build/dev"))
TOCSIN, TOCSIND = os.path.join(BINARY, "tocsin"), os.path.join(BINARY, "tocsind")
ROOT = "tocsin/plaza/1/"
LIMIT_S = 120
STEP_S = 0.02
LATE_MS = 60000  # a disk of a test machine that stands still is not what a test is about, unless it says so
STOP = "stop-ms=10000,stop-limit-ms=50000"  # nor is how fast it says goodbye
# Nor a pause of the whole machine, of the broker, of the daemon: a broken link, an incident, a row more, and whoever looks at all of
# them sees it. A test of what is noticed, and when, says patience=1.
CALM = "behind-ms=300000,patience=10"
USERS = ("tocsin", "console", "guard", "probe", "zigbee2mqtt", "plc", "tasmota", "shelly", "wang", "li", "smith", "hass", "mallory", "sms")
# Beside the shipped list, which is that of the demo's site: gateways with more sensors than it has, an ear on the actuators.
ACL = """
user tocsin
topic write plc/+/+/set
topic write homeassistant/device/+/config
user plc
topic readwrite plc/#
user tasmota
topic write tele/#
topic write stat/#
user shelly
topic readwrite +/status/#
topic readwrite +/events/rpc
topic readwrite +/online
user probe
topic read plc/+/+/set
user hass
topic read homeassistant/#
"""
# Beside what mosquitto says by itself: who listens to what, from when on.
LOG = "".join(f"log_type {word}\n" for word in ("error", "warning", "notice", "information", "subscribe"))
PR_SET_PDEATHSIG, PRCTL = 1, ctypes.CDLL(None).prctl  # looked up here: after a fork another thread may hold the linker's lock
claims = []  # descriptors that keep the ports of this process
os.umask(0o022)  # who may read what is a matter of the tests, not of who started them


def is_sanitized():
    with open(os.path.join(BINARY, "CMakeCache.txt"), encoding="utf-8") as f:
        return "fsanitize" in f.read()


def die_with_parent():
    PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(argv, **kw):
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, **kw)


def until(what, test, limit_s=LIMIT_S):
    """The first true value of test()."""
    end = time.monotonic() + limit_s
    while True:
        found = test()
        if found:
            return found
        if time.monotonic() >= end:
            raise AssertionError(f"not within {limit_s} s: {what}")
        time.sleep(STEP_S)


def free_port():
    """A port that stays ours until this process ends, whoever listens on it when. The kernel chose it, and gives it to nobody
    else, not even for a connection: it is bound here, and nobody listens here, so a server (each sets SO_REUSEADDR) may."""
    with socket.socket() as claim:
        claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        claim.bind(("127.0.0.1", 0))
        port = claim.getsockname()[1]
        claims.append(claim.detach())
        return port


MARKS = {(qos, retain) for qos in "012" for retain in "01"}  # what a message begins with


class Message:
    def __init__(self, line):
        qos, retain, topic, payload = line.split(" ", 3)
        if (qos, retain) not in MARKS:
            raise ValueError(line)
        self.at = time.monotonic()
        self.topic, self.qos, self.retain, self.payload = topic, int(qos), retain == "1", payload

    @property
    def json(self):
        return json.loads(self.payload)

    def __repr__(self):
        return f"{self.topic} {self.payload}"


EAST_H = 12 - time.gmtime().tm_hour
NOON = f"Etc/GMT{'-' if EAST_H >= 0 else '+'}{abs(EAST_H)}"  # a time zone in which no shift and no day ends now


class Ear:
    """What one user hears, in order. Topics below ROOT are named without it."""

    def __init__(self, rig, user, *filters, protocol="5"):
        args = [a for f in filters for a in ("-t", f)]
        self.filters = filters
        self.all, self.lock = [], threading.Condition()
        self.process = spawn(["stdbuf", "-oL", *rig.client("mosquitto_sub", user, protocol), "-q", "1",
                              "-F", "%q %r %t %p", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            if not line.endswith(b"\n"):  # the client was ended in the middle of it
                return
            try:
                message = Message(line[:-1].decode(errors="surrogateescape"))
            except ValueError:  # more of a payload that has line breaks
                continue
            with self.lock:
                self.all.append(message)
                self.lock.notify_all()

    def mark(self):
        return len(self.all)

    def listens(self, log):
        """The broker has taken its filters."""
        return all(f" 1 {f}\n" in log for f in self.filters)

    def heard(self, topic, since=0):
        full = topic if topic.startswith(("plc/", "$", "zigbee2mqtt/", "homeassistant/")) else ROOT + topic
        return [m for m in self.all[since:] if m.topic == full]

    def newest(self, topic):
        found = self.heard(topic)
        return found[-1] if found else None

    def wait(self, what, test, limit_s=LIMIT_S):
        """The first true value of test(), tried after every message."""
        end = time.monotonic() + limit_s
        with self.lock:
            while True:
                found = test()
                if found:
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    tail = "\n  ".join(str(m) for m in self.all[-12:])
                    raise AssertionError(f"not within {limit_s} s: {what}; the last heard:\n  {tail}")
                self.lock.wait(min(left, 0.5))

    def wait_for(self, topic, test=lambda m: True, since=0, limit_s=LIMIT_S):
        return self.wait(f"{topic}", lambda: next((m for m in self.heard(topic, since) if test(m)), None), limit_s)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.thread.join(LIMIT_S)
        self.process.stdout.close()


class Rig:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tocsin-system.")
        self.port, self.broker, self.daemon, self.ears, self.starts = free_port(), None, None, [], 0
        for name in ("run", "state", "mosquitto"):
            os.mkdir(self.path(name))
        if unit:
            unit.prepare(self)
        self.passwords()
        self.write("tocsin.pw", "tocsin-pw")
        with open(os.path.join(SOURCE, "contrib/mosquitto/acl"), encoding="utf-8") as f:
            self.write("acl", f.read() + ACL, 0o600)
        with open(os.path.join(SOURCE, "contrib/mosquitto/tocsin.conf"), encoding="utf-8") as f:
            conf = f.read().replace("listener 1883", f"listener {self.port}")
        conf = conf.replace("/etc/mosquitto/tocsin.passwd", self.path("passwd"))
        conf = conf.replace("/etc/mosquitto/tocsin.acl", self.path("acl"))
        name = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        self.write("mosquitto.conf", conf + f"persistence true\npersistence_location {self.path('mosquitto')}/\nuser {name}\n" + LOG)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def passwords(self):
        self.write("passwd", "".join(f"{u}:{u}-pw\n" for u in USERS), 0o600)
        subprocess.run(["mosquitto_passwd", "-U", self.path("passwd")], check=True, capture_output=True)

    # -- the broker and its clients

    def broker_start(self):
        """It is up, and who was hearing before hears again."""
        since = self.broker_log_end()
        with open(self.path("mosquitto.log"), "a", encoding="utf-8") as log:
            self.broker = spawn(["mosquitto", "-c", self.path("mosquitto.conf")], stdout=log, stderr=log)

        def answers():
            if self.broker.poll() is not None:
                raise AssertionError(f"the broker ended with {self.broker.returncode}:\n{self.read('mosquitto.log')[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                return False
        until("the broker answers", answers)
        for ear in self.ears:
            self.wait_ear(ear, since)

    def broker_log_end(self):
        path = self.path("mosquitto.log")
        return os.path.getsize(path) if os.path.exists(path) else 0

    def wait_ear(self, ear, since):
        """What is said from now on is heard."""
        def test():
            with open(self.path("mosquitto.log"), encoding="utf-8", errors="replace") as log:
                log.seek(since)
                return ear.process.poll() is not None or ear.listens(log.read())
        if "log_type subscribe" in self.read("mosquitto.conf"):
            until(f"somebody hears {ear.filters}", test)

    def broker_stop(self, sig=signal.SIGTERM):
        if self.broker:
            self.broker.send_signal(sig)
            self.broker.wait()
            self.broker = None

    def client(self, program, user, protocol="5"):
        return [program, "-h", "127.0.0.1", "-p", str(self.port), "-V", protocol, "-u", user, "-P", user + "-pw"]

    def pub(self, user, topic, payload="", *more, protocol="5"):
        if topic.startswith("cmd/"):
            topic = ROOT + topic
        if isinstance(payload, bytes):
            args, data = ["-s"], payload
        else:
            args, data = (["-m", payload] if payload else ["-n"]), None
        return subprocess.run([*self.client("mosquitto_pub", user, protocol), "-q", "1", "-t", topic, *args, *more],
                              input=data, capture_output=True, timeout=120, check=False)

    def kept(self, user, topic):
        """What the broker has retained there, waited for."""
        return subprocess.run([*self.client("mosquitto_sub", user), "-t", topic, "-C", "1", "-W", str(LIMIT_S)],
                              capture_output=True, text=True, timeout=2 * LIMIT_S, check=False).stdout.rstrip("\n")

    def ear(self, user, *filters, protocol="5"):
        since = self.broker_log_end()
        ear = Ear(self, user, *filters, protocol=protocol)
        self.ears.append(ear)
        self.wait_ear(ear, since)
        return ear

    # -- the daemon

    def environment(self, fault=None):
        env = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "TOCSIN_FAULT")}
        env.update(RUNTIME_DIRECTORY=self.path("run"), STATE_DIRECTORY=self.path("state"),
                   TOCSIN_SOCKET=self.path("run/control.sock"), LC_ALL="C.UTF-8")
        env["TOCSIN_FAULT"] = f"{fault or f'store-late-ms={LATE_MS}'},{STOP},{CALM}"
        return env

    def daemon_launch(self, fault=None):
        self.starts += 1
        self.log = self.path(f"tocsind.{self.starts}.log")
        if unit:
            self.daemon = unit.Daemon(self, self.environment(fault)["TOCSIN_FAULT"], self.log)
            return
        with open(self.log, "w", encoding="utf-8") as log:
            self.daemon = spawn([TOCSIND, "--config", self.path("tocsin.yaml")], stdout=log, stderr=log,
                                env=self.environment(fault))

    def start(self, fault=None):
        self.daemon_launch(fault)
        self.synced()

    def synced(self):
        def test():
            if self.daemon.poll() is not None:
                raise AssertionError(f"tocsind ended with {self.daemon.returncode}:\n{self.said()}")
            return self.status().get("synced")
        try:
            until("tocsind synchronised", test, 3 * LIMIT_S)
        except AssertionError as why:
            raise AssertionError(f"{why}: {self.status()}\n{self.said()[-2000:]}") from None

    def kill9(self):
        self.daemon.kill()
        self.daemon.wait()

    def stop(self):
        self.daemon.terminate()
        return self.daemon.wait(LIMIT_S)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def tocsin(self, *args, lang=None):
        env = self.environment()
        if lang:
            env["LC_ALL"] = lang
        return subprocess.run([TOCSIN, *args], capture_output=True, text=True, env=env, timeout=120, check=False)

    def ask(self, *args):
        """The JSON answer of one command."""
        done = self.tocsin("--json", *args)
        return json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def status(self):
        return self.ask("status").get("status", {})

    def incidents(self):
        return self.ask("list").get("incidents", [])

    def look(self):
        """The daemon's status and how long it took to say it, without a process of its own."""
        began = time.monotonic()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(LIMIT_S)
            s.connect(self.path("run/control.sock"))
            s.sendall(b'{"do":"status"}\n')
            line = b""
            while not line.endswith(b"\n"):
                part = s.recv(65536)
                if not part:
                    raise AssertionError(f"the daemon hung up after {line!r}")
                line += part
        return json.loads(line)["status"], time.monotonic() - began

    # -- the store

    def rows(self):
        """The audit rows as the file has them: (seq, rec, hash)."""
        db = sqlite3.connect(f"file:{self.path('state/tocsin.db')}?mode=ro", uri=True, timeout=60)
        try:
            return db.execute("select seq, rec, hash from audit order by seq").fetchall()
        finally:
            db.close()

    def recs(self, kind=None, inc=None):
        found = [json.loads(rec) for _, rec, _ in self.rows()]
        return [r for r in found if kind in (None, r["kind"]) and inc in (None, r["inc"])]

    def quiet(self, still_s=1.0):
        """No row for so long: what was due has been said."""
        was, at = -1, 0.0

        def test():
            nonlocal was, at
            now = len(self.rows())
            if now != was:
                was, at = now, time.monotonic()
            return time.monotonic() - at > still_s
        until("quiet", test)

    def waiting(self):
        """The notices of which it is not stored yet what became of them."""
        db = sqlite3.connect(f"file:{self.path('state/tocsin.db')}?mode=ro", uri=True, timeout=60)
        try:
            return [key for key, in db.execute("select key from state where key glob 'n/*'")]
        finally:
            db.close()

    def stored(self, number):
        """What has been decided until now is durable: the answer to this leaves behind it."""
        answer = self.ask("--as", "smith", "note", number, "stored")
        if not answer.get("ok"):
            raise AssertionError(answer)

    def wait_rec(self, kind, inc=None, test=lambda r: True, limit_s=LIMIT_S):
        return until(f"audit row {kind}", lambda: next((r for r in self.recs(kind, inc) if test(r)), None), limit_s)

    def end(self):
        """A clean stop is part of every test; so is a log without complaints of a sanitizer."""
        if self.daemon and self.daemon.poll() is None:
            code = self.stop()
            if code:
                raise AssertionError(f"tocsind ended with {code}:\n{self.said()}")
        for n in range(1, self.starts + 1):
            said = self.read(f"tocsind.{n}.log")
            if "runtime error:" in said or "Sanitizer" in said:
                raise AssertionError(said)

    def close(self):
        for ear in self.ears:
            ear.stop()
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGCONT)
            self.daemon.kill()
            self.daemon.wait()
        self.broker_stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class Case(unittest.TestCase):
    """One house a test class; the daemon ends with it, and what it said is shown when a test fails."""
    site = {}
    autostart = True
    house = Rig

    @classmethod
    def setUpClass(cls):
        import site_yaml
        cls.rig = cls.house()
        cls.addClassCleanup(cls.rig.close)
        cls.addClassCleanup(cls.rig.end)
        cls.rig.write("tocsin.yaml", site_yaml.text(cls.rig, **cls.site))
        cls.rig.broker_start()
        cls.console = cls.rig.ear("console", ROOT + "#")
        cls.probe = cls.rig.ear("probe", "plc/+/+/set")
        if cls.autostart:
            cls.rig.start()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and getattr(self.rig, "log", None):
            print(f"--- tocsind said in {self.id()}:\n" + "\n".join(self.rig.said().splitlines()[-25:]), flush=True)

    def zone_is(self, zone, word):
        def test():
            newest = self.console.newest(f"zone/{zone}/state")
            return newest and newest.payload == word
        self.console.wait(f"zone {zone} {word}", test)

    def state_of(self, number, *states, since=0, limit_s=LIMIT_S):
        """Waits until the retained state of the incident is one of these; its JSON."""
        full = f"incident/{number}/state"
        return self.console.wait_for(full, lambda m: m.payload and m.json["state"] in states, since, limit_s).json

    def opened(self, kind, since=0, zone=None, limit_s=LIMIT_S):
        """The first state of a new incident of that type."""
        def test():
            for m in self.console.all[since:]:
                if m.topic.startswith(ROOT + "incident/") and m.payload and m.json["type"] == kind:
                    if m.json["state"] != "closed" and zone in (None, m.json["zone"]):
                        return m.json
            return None
        return self.console.wait(f"an incident {kind}", test, limit_s)

    def result(self, user, since, limit_s=LIMIT_S):
        return self.console.wait_for(f"result/{user}", since=since, limit_s=limit_s).json

    def command(self, user, verb, payload, *more):
        """One command by MQTT and its answer; again where the link broke meanwhile and nothing was done, as its text asks."""
        while True:
            since = self.console.mark()
            self.rig.pub(user, f"cmd/{user}/{verb}", payload, *more)
            answer = self.result(user, since)
            if answer.get("error") != "late":
                return answer
            self.rig.synced()
