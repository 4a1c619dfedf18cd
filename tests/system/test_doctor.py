"""tocsin doctor: silent on a good site, and names each of these seeded misconfigurations by its name."""
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
import unittest

from rig import BINARY, ROOT, SOURCE, Case, free_port, spawn, until

ROSTER = r'roster:\n  switch-room: {shifts: {day: "08:00-20:00"}, rotation: [wang, li], from: 2020-01-01}\nroles:'
NORMAL = (  # each sensor speaks once: user, topic, payload
    ("zigbee2mqtt", "zigbee2mqtt/b2/gas", '{"gas_density":3}'), ("plc", "plc/b2/callpoint", "0"), ("plc", "plc/b2/gasvalve", "O"),
    ("shelly", "shellyplussmoke-a1b2c3/status/smoke:0", '{"id":0,"alarm":false,"mute":false}'),
    ("shelly", "shellyplussmoke-d4e5f6/events/rpc", '{"params":{"smoke:0":{"id":0,"alarm":false,"mute":false}}}'),
    ("tasmota", "tele/pumps/SENSOR", '{"Switch1":"OFF"}'), ("zigbee2mqtt", "zigbee2mqtt/l2/leak", '{"water_leak":false}'),
    ("plc", "plc/switch-room/mains", "normal"), ("tasmota", "tele/mdb1/SENSOR", '{"ENERGY":{"Voltage":227}}'))


# -- seeds: what is done to a good site, and undone

@contextlib.contextmanager
def kept(path):
    """The file as it was, whatever happens to it."""
    aside = path + ".aside"
    while os.path.exists(aside):
        aside += "+"
    shutil.copy2(path, aside)
    try:
        yield
    finally:
        os.replace(aside, path)


def mode(path, bits):
    @contextlib.contextmanager
    def seed(rig):
        was = os.stat(rig.path(path)).st_mode & 0o7777
        os.chmod(rig.path(path), bits)
        try:
            yield
        finally:
            os.chmod(rig.path(path), was)
    return seed


def gone(path):
    @contextlib.contextmanager
    def seed(rig):
        os.rename(rig.path(path), rig.path(path) + ".gone")
        try:
            yield
        finally:
            os.rename(rig.path(path) + ".gone", rig.path(path))
    return seed


def no_reserve(rig):
    """In its place stands what leads nowhere: the daemon would make a new one."""
    there, kept_at, nowhere = (rig.path("state", name) for name in ("ballast", "ballast.gone", "ballast.none"))
    until("the reserve is there", lambda: os.path.exists(there))
    os.link(there, kept_at)
    os.symlink("nowhere", nowhere)
    os.replace(nowhere, there)
    try:
        yield
    finally:
        os.replace(kept_at, there)


def put(path, text):
    @contextlib.contextmanager
    def seed(rig):
        folder = os.path.dirname(rig.path(path))
        is_new = not os.path.exists(folder)
        os.makedirs(folder, exist_ok=True)
        rig.write(path, text)
        try:
            yield
        finally:
            os.remove(rig.path(path))
            if is_new:  # a drop-in's folder alone is an answer, too
                os.rmdir(folder)
    return seed


def edit(path, old, new):
    """A regular expression that must be there."""
    @contextlib.contextmanager
    def seed(rig):
        with kept(rig.path(path)):
            text, n = re.subn(old, new.replace("DIR", rig.dir), rig.read(path), count=1, flags=re.M)
            assert n == 1, old
            with open(rig.path(path), "w", encoding="utf-8") as f:
                f.write(text)
            yield
    return seed


def broker(old, new=""):
    return edit("root/etc/mosquitto/conf.d/tocsin.conf", old, new)


def site(old, new):
    return edit("tocsin.yaml", old, new)


def both(first, second):
    @contextlib.contextmanager
    def seed(rig):
        with first(rig), second(rig):
            yield
    return seed


def post(plugin, options):
    """One more channel."""
    return site(r"^  page: \{plugin: page\}", r"\g<0>\n  post: {plugin: %s, options: {%s}}" % (plugin, options))


def old_backup():
    @contextlib.contextmanager
    def seed(rig):
        with kept(rig.path("state/last-backup")):
            os.utime(rig.path("state/last-backup"), (time.time() - 9 * 86400,) * 2)
            yield
    return seed


@contextlib.contextmanager
def nothing(_):
    yield


def old_rows(seed=nothing):
    """The site's store is one whose first rows are of long ago."""
    @contextlib.contextmanager
    def made(rig):
        os.mkdir(rig.path("old"), 0o700)
        with contextlib.closing(sqlite3.connect(f"file:{rig.path('state/tocsin.db')}?mode=ro", uri=True)) as living, \
                contextlib.closing(sqlite3.connect(rig.path("old/tocsin.db"))) as copy:
            living.backup(copy)
            for (name,) in copy.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
                copy.execute(f"drop trigger {name}")
            for seq, days in ((1, 600), (2, 500)):
                at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - days * 86400))
                copy.execute("update audit set rec = replace(rec, json_extract(rec, '$.at'), ?) where seq = ?", (at, seq))
            copy.commit()
        for name in ("ballast", "last-backup"):
            rig.write(f"old/{name}", "")
        try:
            with site(r"path: \S+/state/tocsin.db", "path: DIR/old/tocsin.db")(rig), seed(rig):
                yield
        finally:
            shutil.rmtree(rig.path("old"))
    return made


def masked(seed):
    """As `systemctl mask tocsin-archive.timer` leaves it."""
    @contextlib.contextmanager
    def made(rig):
        os.symlink("/dev/null", rig.path(MASK))
        try:
            with seed(rig):
                yield
        finally:
            os.remove(rig.path(MASK))
    return made


def certificate(days, seed):
    @contextlib.contextmanager
    def made(rig):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
                        "-subj", "/CN=x", "-keyout", rig.path("cert.key"), "-out", rig.path("cert.crt")], check=True, capture_output=True)
        os.makedirs(rig.path("root" + rig.dir), exist_ok=True)
        shutil.copy(rig.path("cert.crt"), rig.path("root" + rig.dir, "cert.crt"))
        with seed(rig):
            yield
    return made


UNIT = "root/usr/lib/systemd/system/tocsind.service"
DROP_IN = "root/etc/systemd/system/tocsind.service.d/local.conf"
TIMER = "root/usr/lib/systemd/system/tocsin-archive.timer"
TIMER_ON = "root/etc/systemd/system/timers.target.wants/tocsin-archive.timer"
MASK = "root/etc/systemd/system/tocsin-archive.timer"
NEW = {"in-force"}  # what any change of the file brings with it
# name of the check, the seed, what else may be found with it, words of the finding
SEEDS = (
    ("configuration", site(r"^zones:", "zonez:"), set(), "tocsin check"),
    ("warnings", site(r"^incidents:", "incidents:\n  fire: {enabled: false}"), NEW, "with warnings"),
    ("rights", mode("tocsin.yaml", 0o666), set(), "chmod go-w"),
    ("timezone", site(r", timezone: Asia/Shanghai", ""), NEW, "UTC"),
    ("secrets", mode("tocsin.pw", 0o644), set(), "chmod o="),
    ("secrets", site(r"tocsin\.pw", "nosuch.pw"), NEW, "is not there"),
    ("tls", site(r"mqtt://127.0.0.1:\d+", "mqtt://192.0.2.1:1883"), NEW | {"network"}, "mqtts://192.0.2.1"),
    ("certificates", certificate(10, site(r'"mqtt://(.*?)"', r'"mqtts://\1", tls: {ca: DIR/cert.crt}')), NEW, "ends in"),
    ("certificates", site(r'"mqtt://(.*?)"', r'"mqtts://\1", tls: {ca: DIR/nosuch.crt}'), NEW, "missing"),
    ("ways", site(r"channels: \[page, siren\]((.|\n)*)channels: \[page, siren\]((.|\n)*)channels: \[page, siren\]",
                  r"channels: [page]\1channels: [page]\3channels: [page]"), NEW | {"warnings"}, "second channel"),
    ("roster", both(site(r"^roles:", ROSTER), site(r"holder: wang, deputy: li", "roster: switch-room")), NEW | {"warnings"},
     "14 days"),
    ("channels", both(mode("modules/webhook.so", 0o666), post("webhook", 'url: "http://127.0.0.1/"')), NEW | {"warnings"},
     "can be written by others"),
    ("programs", site(r"/usr/bin/true", "/usr/bin/nosuch"), NEW | {"channels"}, "cannot be run"),
    ("programs", site(r"/usr/bin/true", "DIR/program"), NEW | {"channels"}, "below /usr"),
    ("hosts", site(r"mqtt://127.0.0.1:\d+", "mqtt://no..such:1883"), NEW | {"network", "tls"}, "not found"),
    ("disk", site(r"path: \S+/state/tocsin.db", "path: DIR/nosuch/tocsin.db"), NEW, "not there"),
    ("store-rights", mode("state", 0o755), set(), "chmod 700"),
    ("reserve", contextlib.contextmanager(no_reserve), set(), "make room"),
    ("backup", gone("state/last-backup"), set(), "never was"),
    ("backup", old_backup(), set(), "9 days"),
    ("clock", gone("root/run/systemd/timesync/synchronized"), set(), "timedatectl"),
    ("journal", put("root/etc/systemd/journald.conf.d/x.conf", "[Journal]\nStorage=volatile\n"), set(), "Storage=volatile"),
    ("journal", gone("root/var/log/journal"), set(), "mkdir"),
    ("unit", gone(UNIT), {"boot"}, "cmake --install"),
    ("unit", put("root/etc/systemd/system/tocsind.service", "[Service]\nRestart=always\nWatchdogSec=20s\n"), set(), "drop-in"),
    ("boot", gone("root/etc/systemd/system/multi-user.target.wants/tocsind.service"), set(), "systemctl enable"),
    ("watchdog", put(DROP_IN, "[Service]\nWatchdogSec=0\n"), set(), "WatchdogSec=20s"),
    ("restart", put(DROP_IN, "[Service]\nRestart=on-failure\n"), set(), "on-failure"),
    ("restart", put(DROP_IN, "[Service]\n  Restart = no \n"), set(), "(Restart=no)"),
    ("archive", old_rows(gone(TIMER_ON)), NEW, "systemctl enable --now tocsin-archive.timer"),
    ("archive", old_rows(), NEW, "systemctl status tocsin-archive"),
    ("network", post("mail", 'server: "smtps://192.0.2.1", from: a@b.c'), NEW | {"warnings"}, "IPAddressAllow"),
    ("notifier", mode("root/etc/tocsin/down.d/tell", 0o644), set(), "SMS"),
    ("socket", mode("run", 0o777), set(), "chmod o-w"),
    ("in-force", site(r"Ann Smith", "Anne Smith"), set(), "tocsin reload"),
    ("broker-persistence", edit("root/etc/mosquitto/mosquitto.conf", r"^persistence true", "persistence false"), set(), "persistence true"),
    ("broker-autosave", broker(r"^autosave_interval 1"), set(), "autosave_interval 1"),
    ("broker-queue", broker(r"^max_queued_messages 100000", "max_queued_messages 200"), set(), "is 200"),
    ("broker-queue", broker(r"^max_queued_messages 100000", "max_queued_messages 0"), set(), "100000"),
    ("broker-queue-bytes", broker(r"^max_queued_bytes \d+", "max_queued_bytes 65536"), set(), "268435456"),
    ("broker-qos0", broker(r"^max_inflight", "queue_qos0_messages true\nmax_inflight"), set(), "queue_qos0_messages false"),
    ("broker-retain", broker(r"^max_inflight", "retain_available false\nmax_inflight"), set(), "retain_available true"),
    ("broker-packet", broker(r"^max_packet_size \d+", "max_packet_size 4096"), set(), "4194304"),
    ("broker-inflight", broker(r"^max_inflight_messages \d+", "max_inflight_messages 0"), set(), "20"),
    ("broker-nodelay", broker(r"^set_tcp_nodelay true"), set(), "set_tcp_nodelay true"),
    ("broker-clientid", broker(r"^use_username_as_clientid true"), set(), "drain"),
    ("broker-anonymous", broker(r"^allow_anonymous false", "allow_anonymous true"), set(), "password_file"),
    ("broker-expiration", broker(r"^max_inflight", "persistent_client_expiration 12h\nmax_inflight"), set(), "14d"),
    ("broker-acl", broker(r"^acl_file.*"), set(), "tocsin.acl"),
    ("broker-acl", edit("root/etc/mosquitto/tocsin.acl", r"^pattern write tocsin.*", ""), set(), "pattern write"),
    ("broker-impostor", edit("root/etc/mosquitto/tocsin.acl", r"^user console", r"user panel\ntopic #\n\g<0>"), set(), "panel"),
    ("broker-certificate", certificate(10, broker(r"^set_tcp", "certfile DIR/cert.crt\nset_tcp")), set(), "renew"),
    ("guard", edit("root/etc/mosquitto/tocsin.passwd", r"^guard:.*\n", ""), set(), "mosquitto_passwd"),
)

# What is nothing to find fault with, what is found for another reason, and what is noted.
FINE = (
    (gone(TIMER_ON), set()),  # nothing is old yet
    (old_rows(put("root/etc/systemd/system/tocsin-archive.service.d/keep.conf", "[Service]\nExecStart=\nExecStart=tocsin archive --keep 2000d\n")), NEW),
    (old_rows(masked(gone(TIMER_ON))), NEW, "archive"),  # a decision
    (old_rows(gone(TIMER)), NEW),  # installed without it
    (old_rows(gone("root/run/systemd/system")), NEW | {"unit"}),  # no systemd
)


class Doctor(Case):
    site = {"channels": "page, siren", "more_channels": "siren: {plugin: exec, argv: [/usr/bin/true]}"}

    @classmethod
    def setUpClass(cls):
        before = os.environ.get("TOCSIN_PLUGIN_DIR")
        cls.addClassCleanup(lambda: os.environ.pop("TOCSIN_PLUGIN_DIR") if before is None else None)
        super().setUpClass()
        rig = cls.rig
        shutil.copytree(os.path.join(BINARY, "plugins"), rig.path("modules"))
        for name in ("", "mail.so", "webhook.so"):
            os.chmod(rig.path("modules", name), 0o755)
        os.environ["TOCSIN_PLUGIN_DIR"] = rig.path("modules")
        for user, topic, payload in NORMAL:
            rig.pub(user, topic, payload)
        for person in ("wang", "li", "smith"):  # any word will do, refused or not
            rig.pub(person, f"cmd/{person}/ack", "1")
        for person in ("wang", "li", "smith"):
            rig.wait_rec("refused", test=lambda r, who=person: r["who"] == who)
        os.chmod(rig.path("tocsin.pw"), 0o600)
        os.chmod(rig.path("state"), 0o700)
        rig.write("state/last-backup", "")
        rig.write("program", "#!/bin/sh\n", 0o755)
        cls.machine()

    @classmethod
    def machine(cls):
        """The places of a machine where everything is as it should be."""
        rig, root = cls.rig, cls.rig.path("root")
        for name in ("run/systemd/system", "run/systemd/timesync", "var/log/journal", "usr/lib/systemd/system", "etc/tocsin/down.d",
                     "etc/systemd/system/multi-user.target.wants", "etc/systemd/system/timers.target.wants", "etc/mosquitto/conf.d"):
            os.makedirs(os.path.join(root, name), exist_ok=True)
        shutil.copy(os.path.join(SOURCE, "contrib/systemd/tocsind.service.in"), rig.path(UNIT))
        shutil.copy(os.path.join(SOURCE, "contrib/mosquitto/tocsin.conf"), os.path.join(root, "etc/mosquitto/conf.d"))
        shutil.copy(os.path.join(SOURCE, "contrib/mosquitto/acl"), os.path.join(root, "etc/mosquitto/tocsin.acl"))
        shutil.copy(rig.path("passwd"), os.path.join(root, "etc/mosquitto/tocsin.passwd"))
        shutil.copy(os.path.join(SOURCE, "contrib/systemd/tocsin-archive.timer"), rig.path(TIMER))
        os.symlink(rig.path(TIMER), rig.path(TIMER_ON))
        os.symlink(rig.path(UNIT), os.path.join(root, "etc/systemd/system/multi-user.target.wants/tocsind.service"))
        rig.write("root/run/systemd/timesync/synchronized", "")
        rig.write("root/etc/systemd/journald.conf", "[Journal]\n#Storage=auto\n")
        rig.write("root/etc/tocsin/down.d/tell", "#!/bin/sh\n", 0o755)
        rig.write("root/etc/mosquitto/mosquitto.conf", "persistence true\ninclude_dir /etc/mosquitto/conf.d\n")

    def look(self, *args):
        """What was found, by the name of the check; the exit code agrees, and each says what to do."""
        done = self.rig.tocsin("--json", "doctor", self.rig.path("tocsin.yaml"), "--root", self.rig.path("root"), *args)
        answer = json.loads(done.stdout)
        self.assertEqual((done.returncode, answer["ok"]), (1, False) if answer["found"] else (0, True), done.stdout + done.stderr)
        for f in answer["found"]:
            self.assertIn(f["severity"], ("critical", "major", "minor"))
            self.assertTrue(f["text"] and f["do"], f)
        self.noted = [n["check"] for n in answer["noted"]]
        self.looked, self.skipped = answer["looked"], {s["check"] for s in answer["skipped"]}
        return {f["check"]: f["text"] + " | " + f["do"] for f in answer["found"]}

    def reload(self):
        """The file is in force, and that is stored."""
        rig = self.rig
        self.assertEqual(rig.tocsin("reload").returncode, 0)
        plan = rig.status()["plan"]
        until("the plan is stored", lambda: [r for r in rig.recs() if r["kind"] in ("started", "plan")][-1]["body"]["plan"].startswith(plan))

    def broker_words(self, port=None):
        self.rig.write("console.pw", "console-pw\n")
        return ("--broker", f"mqtt://127.0.0.1:{port or self.rig.port}", "--user", "console", "--password-file",
                self.rig.path("console.pw"))

    def test_1_silent_on_a_good_site(self):
        self.assertEqual(self.look(), {})
        self.assertEqual(self.skipped, {"retained", "broker-drops", "broker-stranger"})
        human = self.rig.tocsin("doctor", self.rig.path("tocsin.yaml"), "--root", self.rig.path("root"))
        self.assertEqual((human.returncode, human.stdout.splitlines()[0]), (0, "nothing found"))
        self.assertIn("--broker URL", human.stdout)

    def test_2_each_seed_by_its_name(self):
        for name, seed, also, words in SEEDS:
            with self.subTest(name), seed(self.rig):
                found = self.look()
                self.assertIn(name, found)
                self.assertEqual(set(found) - {name} - also, set(), found)
                self.assertIn(words, found[name])
        self.assertEqual(self.look(), {})
        self.assertGreaterEqual(len({name for name, *_ in SEEDS}), 25)
        for seed, found, *noted in FINE:
            with seed(self.rig):
                self.assertEqual((set(self.look()), self.noted), (found, noted))

    def test_3_what_the_daemon_and_the_audit_know(self):
        rig = self.rig
        seeds = (("sensors", site(r"^actuators:", "  quiet: {kind: leak, zone: l2, topic: plc/quiet}\n\nactuators:"), "quiet"),
                 ("people", site(r"^roles:", "  zhao: {name: Zhao, user: zhao, channels: [page]}\nroles:"), "tocsin ring"))
        for name, seed, words in seeds:
            with self.subTest(name), seed(rig):
                self.reload()
                found = self.look()
                self.assertEqual(set(found) - {"warnings"}, {name})
                self.assertIn(words, found[name])
        with site("/usr/bin/true", "/usr/bin/false")(rig):
            self.reload()
            self.assertEqual(self.look(), {})
            rig.tocsin("--as", "wang", "ring", "wang", "siren")
            until("the channel is found", lambda: "ring PERSON siren" in self.look().get("deliveries", ""))
        self.reload()
        self.assertEqual(self.look(), {})

    def test_4_commands_that_the_broker_keeps(self):
        rig = self.rig
        self.console.stop()  # one user is one connection
        self.assertEqual(self.look(*self.broker_words()), {})
        self.assertEqual(self.skipped, set())
        rig.pub("wang", "cmd/wang/ack", "17", "-r")
        found = until("it is found", lambda: self.look(*self.broker_words()))  # it listens for a second and a half
        self.assertEqual(list(found), ["retained"])
        self.assertIn(f"mosquitto_pub -h 127.0.0.1 -p {rig.port} -u 'wang' -P PASSWORD -r -n -t '{ROOT}cmd/wang/ack'", found["retained"])
        command = found["retained"].split(" | ")[1].replace("PASSWORD", "wang-pw")
        self.assertEqual(subprocess.run(["sh", "-c", command], check=False).returncode, 0)  # as it is told, it clears
        self.assertEqual(self.look(*self.broker_words()), {})
        rig.write("console.pw", "wrong\n")
        self.assertIn("refuses", self.look("--broker", f"mqtt://127.0.0.1:{rig.port}", "--user", "console", "--password-file",
                                           rig.path("console.pw"))["retained"])

    def test_5_a_broker_that_takes_anybody_and_drops(self):
        rig, port = self.rig, free_port()
        rig.write("open.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\nsys_interval 1\nmax_queued_messages 1\n"
                  "max_inflight_messages 1\n")
        with open(rig.path("open.log"), "w", encoding="utf-8") as log:
            other = spawn(["mosquitto", "-c", rig.path("open.conf")], stdout=log, stderr=log)
        try:
            client = ["-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", "x"]
            until("an absent client's session", lambda: subprocess.run(["mosquitto_sub", *client, "-i", "away", "-c", "-E"],
                                                                      capture_output=True, check=False).returncode == 0)
            subprocess.run(["mosquitto_pub", *client, "-l"], input=b"x\n" * 50, check=True)
            until("both are found", lambda: set(self.look(*self.broker_words(port))) == {"broker-stranger", "broker-drops"})
        finally:
            other.terminate()
            other.wait()

    def test_6_the_last_good_configuration_is_in_force(self):
        rig = self.rig
        self.assertEqual(rig.stop(), 0)
        with site(r"^zones:", "zonez:")(rig):
            rig.start()
        found = self.look()
        self.assertEqual(set(found), {"last-good", "troubles"})
        self.assertIn("tocsin show S-", found["troubles"])

    def test_7_without_a_broker_and_without_a_daemon(self):
        rig = self.rig
        rig.broker_stop()
        until("the doctor sees it", lambda: "link" in self.look())
        self.assertEqual(rig.stop(), 0)
        self.assertIn("does not answer", self.look()["daemon"])
        self.assertIn("link", self.skipped)


if __name__ == "__main__":
    unittest.main()
