"""house - the house of the system tests with a WebSocket listener that serves the
console, all of it in a network of its own: mosquitto's WebSocket listener
takes every address there is."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
from rig import NOON, SOURCE, Rig, free_port

CONSOLE = os.path.join(SOURCE, "contrib/console")
# Beside the mall of the system tests: a roster, names that want to be more than names, 200 rooms with a leak sensor each.
MORE = {
    "  sub-room:": """  odd: {name: {zh: "<script>window.hacked=1</script>", en: "<img src=x onerror=window.hacked=1>"}}
""" + "".join(f"  s{n:03}: {{in: l2, name: {{zh: 商铺 {n}, en: Shop {n}}}}}\n" for n in range(200)),
    "  mains-v:": """  leaks: {kind: leak, zone: "{1}", id: "leak-{1}", topic: plc/+/leak, words: {alarm: ["1"], normal: ["0"]}}
""",
    "  smith: {name: Ann Smith": """  mallory: {name: "<b onclick=window.hacked=1>Mallory</b>\u202e", user: mallory, language: zh, channels: [page]}
""",
    "  gas-leak:": """  fire: {pre_alarm: 10m, investigate: 15m}
""",
    "chains:": """roster:
  switch-room: {shifts: {day: "08:00-20:00", night: "20:00-08:00"}, rotation: [wang], from: 2020-01-01, handover: 15m, consent: engineering-supervisor}
""",
}


def larger(site):
    for line, more in MORE.items():
        assert "\n" + line in site, line
        site = site.replace("\n" + line, "\n" + more + line, 1)
    site = site.replace("timezone: Asia/Shanghai", f"timezone: {NOON}")
    return site.replace("en: duty electrician}, holder: wang,", "en: duty electrician}, roster: switch-room,")


class House(Rig):
    def __init__(self):
        super().__init__()
        self.web = free_port()
        acl = self.read("acl")
        self.write("acl", acl + "\nuser mallory\n" + acl.split("\nuser wang\n")[1].split("\n\n")[0].replace("wang", "mallory") + "\n", 0o600)
        with open(os.path.join(SOURCE, "contrib/mosquitto/tocsin-console.conf"), encoding="utf-8") as f:
            conf = f.read()
        with open(self.path("mosquitto.conf"), "a", encoding="utf-8") as f:
            f.write(conf.replace("listener 9001", f"listener {self.web}").replace("/usr/share/tocsin/console", CONSOLE))

    def write(self, name, text, mode=0o644):
        super().write(name, larger(text) if name == "tocsin.yaml" else text, mode)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.web}/"


def alone():
    """This program once more, in a network of its own with nothing but a loopback."""
    if os.environ.get("TOCSIN_ALONE"):
        return
    os.environ["TOCSIN_ALONE"] = "1"
    more = [] if os.geteuid() == 0 else ["--map-root-user"]
    os.execvp("unshare", ["unshare", "--net", *more, "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable, *sys.orig_argv[1:]])
