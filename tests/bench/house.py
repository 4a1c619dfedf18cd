"""house - the house of the bench: a private mosquitto without passwords, tocsind on a generated site of any size,
and what their processes cost."""
import json
import os
import subprocess
import time

import rig as system

TOOLS = os.path.join(system.BINARY, "tests/bench")
BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages 20
persistence false
log_type error
{more}
"""
# Hundreds of zones: each alarm is an incident of its own, named by its zone.
SITE = """\
site: {{id: plaza, name: {{zh: 中心广场, en: Central Plaza}}, timezone: Asia/Shanghai}}
broker: {{url: "mqtt://127.0.0.1:{port}", user: tocsin, password: {{file: {dir}/tocsin.pw}}}}
store: {{path: {dir}/state/tocsin.db}}
languages: [zh, en]
include: [{include}{dir}/zones.yaml, {dir}/telemetry.*.yaml, {dir}/alarms.yaml]
zones:
  hall: {{name: {{zh: 大厅, en: hall}}}}
people:
  wang: {{name: 王强, user: wang, language: en, channels: [page]}}
{people}roles:
  duty-electrician: {{name: {{zh: 值班电工, en: duty electrician}}, holder: wang}}
{roles}chains:
  life-safety: {{levels: [{{call: [duty-electrician], wait: 30m}}], exhausted: [duty-electrician]}}
  building: {{levels: [{{call: [duty-electrician], wait: 30m}}], exhausted: [duty-electrician]}}
channels:
  page: {{plugin: page}}
incidents:
  too-hot:
    title: {{zh: 温度过高, en: Too hot}}
    hazard: other
    severity: minor
    per: sensor
    when: {{of: {{kind: temperature}}, above: 60 °C, clear_below: 55}}
    chain: building
{alarm}"""
ALARM = """\
  bench-alarm:
    title: {zh: 报警, en: Alarm}
    hazard: fire
    severity: critical
    when: {of: {kind: smoke}, is: alarm}
    chain: life-safety
"""
SHIPPED_ROLES = ("shift-foreman", "engineering-supervisor", "maintenance", "electricians-foreman", "customer-service",
                 "security-supervisor", "fire-warden", "property-manager", "leader-on-duty", "administration")
PAGES = system.ROOT + "page/"
FILE_SENSORS = 5000  # an included file is at most 1 MiB


class House(system.Rig):
    """telemetry: sensors that report; alarms: (kind, how many) of the sensors that turn to alarm."""

    def __init__(self, telemetry=2000, alarms=(("smoke", 1000),), shipped=False, broker="", qos=None):
        super().__init__()
        self.telemetry, self.alarms = telemetry, sum(n for _, n in alarms)
        self.write("mosquitto.conf", BROKER.format(port=self.port, more=broker))
        self.write_sensors(alarms, qos)
        playbooks = ", ".join(f"{system.SOURCE}/rules/{d}/*.yaml" for d in ("playbooks", "profiles")) + ", "
        roles = people = ""
        for role in SHIPPED_ROLES if shipped else ():
            people += f"  of-{role}: {{name: {role}, language: zh, channels: [page]}}\n"
            roles += f"  {role}: {{name: {{zh: {role}, en: {role}}}, holder: of-{role}}}\n"
        if not shipped:
            playbooks = f"{system.SOURCE}/rules/profiles/*.yaml, "
        self.write("tocsin.yaml", SITE.format(port=self.port, dir=self.dir, include=playbooks, roles=roles, people=people,
                                              alarm="" if shipped else ALARM))

    def passwords(self):
        """Nobody needs one here."""

    def write_sensors(self, alarms, qos):
        kinds = [kind for kind, n in alarms for _ in range(n)]
        at_qos = "" if qos is None else f", qos: {qos}"
        for start in range(0, self.telemetry, FILE_SENSORS):
            self.write(f"telemetry.{start}.yaml", "sensors:\n" + "".join(
                f"  t{i}: {{kind: temperature, zone: hall, profile: zigbee2mqtt, topic: zigbee2mqtt/t/{i:05}, "
                f"value: /temperature, unit: '°C'{at_qos}}}\n" for i in range(start, min(start + FILE_SENSORS, self.telemetry))))
        if not self.telemetry:
            self.write("telemetry.0.yaml", "sensors: {}\n")
        self.write("alarms.yaml", "sensors:\n" + "".join(
            f"  a{i}: {{kind: {kind}, zone: z{i}, profile: zigbee2mqtt, topic: zigbee2mqtt/a/{i:05}, value: /alarm}}\n"
            for i, kind in enumerate(kinds)))
        self.write("zones.yaml", "zones:\n" + "".join(
            f"  z{i}: {{name: {{zh: '#{i:05}', en: '#{i:05}'}}}}\n" for i in range(len(kinds))))

    def tool(self, name, *args, **kw):
        return system.spawn([os.path.join(TOOLS, f"bench_{name}"), *map(str, args)], text=True, **kw)

    def load_begin(self, **options):
        """Starts the generator; load_end gives its answer."""
        args = [f"--port={self.port}"]
        for name, value in options.items():
            args.append(f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}"))
        return self.tool("load", *args, stdout=subprocess.PIPE)

    @staticmethod
    def load_end(process, limit_s=300):
        out = process.communicate(timeout=limit_s)[0]
        if process.returncode:
            raise AssertionError(f"the load generator ended with {process.returncode}")
        return json.loads(out)

    def load(self, **options):
        return self.load_end(self.load_begin(**options))

    def dropped(self):
        """Messages the broker threw away because somebody's queue was full."""
        said = subprocess.run([*self.client("mosquitto_sub", "probe"), "-C", "1", "-W", "15", "-t",
                               "$SYS/broker/publish/messages/dropped"], capture_output=True, text=True, check=False)
        return int(said.stdout or 0)


def cpu_s(pid):
    """Of all its threads since they began."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


def memory_kib(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field + ":"))


def settle(test, limit_s=30):
    """Waits until two looks give the same."""
    last, end = None, time.monotonic() + limit_s
    while time.monotonic() < end:
        now = test()
        if now == last:
            return now
        last = now
        time.sleep(0.3)
    return last
