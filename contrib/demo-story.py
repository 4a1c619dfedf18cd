#!/usr/bin/env python3
"""The story that contrib/demo tells: every stage is something observed on the
broker or the control socket, waited for with a limit. Exit 0: all were seen."""
import json
import os
import queue
import subprocess
import sys
import threading
import time

DIR, PORT, TOCSIN = os.environ["DEMO_DIR"], os.environ["DEMO_PORT"], os.environ["DEMO_TOCSIN"]
ROOT = "tocsin/plaza/1/"
LIMIT_S = 120
FACTS = {"slip": ["materials=hose clamp", "done_at=03:40"]}  # what its records ask for
children = []


def say(text=""):
    print(text, flush=True)


def stage(title):
    say(f"\n=== {title}")


def password(user):
    with open(os.path.join(DIR, user + ".pw"), encoding="utf-8") as f:
        return f.read()


def client(program, user, *args):
    return [program, "-h", "127.0.0.1", "-p", PORT, "-V", "5", "-u", user, "-P", password(user), "-q", "1", *args]


def publish(user, topic, payload, retain=False):
    say(f"    {user} publishes  {topic}  {payload}")
    subprocess.run(client("mosquitto_pub", user, "-t", topic, "-m", payload, *(["-r"] if retain else [])), check=True)


class Listener:
    """What one user hears, in order, and the newest of each topic."""

    def __init__(self, user, *filters, on_message=None):
        args = [a for f in filters for a in ("-t", f)]
        self.process = subprocess.Popen(["stdbuf", "-oL", *client("mosquitto_sub", user, "-F", "%j", *args)],
                                        stdout=subprocess.PIPE, text=True)
        children.append(self.process)
        self.newest, self.all, self.changed, self.on_message = {}, [], queue.Queue(), on_message
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            topic, payload = message["topic"], message.get("payload", "")
            self.newest[topic] = payload
            self.all.append((topic, payload))
            if self.on_message:
                self.on_message(topic, payload)
            self.changed.put(None)

    def wait(self, what, test, limit_s=LIMIT_S):
        """The first true value of test(), tried after every message."""
        end = time.monotonic() + limit_s
        while True:
            found = test()
            if found:
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise SystemExit(f"demo: not seen within {limit_s} s: {what}")
            try:
                self.changed.get(timeout=min(left, 1))
            except queue.Empty:
                pass

    def topic(self, topic, word=None):
        payload = self.newest.get(topic)
        return payload if payload and word in (None, payload) else None


def tocsin(*args, may_fail=False):
    done = subprocess.run([TOCSIN, *args], capture_output=True, text=True, check=False)
    if done.returncode and not may_fail:
        raise SystemExit(f"demo: tocsin {' '.join(args)} failed: {done.stdout}{done.stderr}")
    return done.stdout


def shown(*args):
    say("    $ tocsin " + " ".join(args))
    for line in tocsin(*args).splitlines():
        say("      " + line)


class Story:
    def __init__(self):
        self.valve = Listener("valve", "plc/+/+/set", on_message=self.valve_obeys)
        self.console = Listener("console", ROOT + "#")
        self.wang_hears = None

    def valve_obeys(self, topic, payload):
        """The simulated valve: it does what it is told and says so."""
        if topic == "plc/b2/gasvalve/set":
            say(f"    [valve] {topic} {payload}: moving, and answering")
            publish("plc", "plc/b2/gasvalve", payload, retain=True)

    def incident(self):
        for topic, payload in list(self.console.newest.items()):  # more come meanwhile
            if topic.startswith(ROOT + "incident/G-") and payload:
                return json.loads(payload)
        return None

    def state_is(self, *states):
        def test():
            now = self.incident()
            return now if now and now["state"] in states else None
        return self.console.wait(f"incident state {' or '.join(states)}", test)

    def step_is(self, step, state):
        def test():
            now = self.incident()
            return now and any(s["id"] == step and s["state"] == state for s in now["steps"])
        return self.console.wait(f"step {step} {state}", test)

    def begin(self):
        stage("1. The daemon is up, and has heard itself through the broker")
        self.console.wait("status online", lambda: self.console.topic(ROOT + "status", "online"))
        self.console.wait("the daemon synchronised", lambda: '"synced":true' in tocsin("--json", "status", may_fail=True))
        publish("plc", "plc/b2/gasvalve", "O", retain=True)
        publish("plc", "plc/b2/callpoint", "0", retain=True)
        publish("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas_density": 0.4, "linkquality": 120}))
        self.console.wait("zone normal", lambda: self.console.topic(ROOT + "zone/b2-kitchen/state", "normal"))
        shown("status")
        shown("oncall")

    def leak(self):
        stage("2. Gas in the kitchen of basement 2: an ordinary sensor payload")
        end = time.monotonic() + LIMIT_S
        while not self.incident() and time.monotonic() < end:
            publish("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas_density": 31.2, "linkquality": 118}))
            time.sleep(0.5)
        now = self.state_is("unacked", "acked")
        page = self.console.wait("the page to wang", lambda: self.console.topic(ROOT + "page/wang"))
        full = json.loads(self.console.wait("the full page", lambda: self.console.topic(ROOT + "page/wang/json")))
        say(f"\n    {now['id']} is open. The phone of wang shows ({ROOT}page/wang):\n")
        say(f"        {page}\n")
        answer = full.get("answer") or {}
        say(f"    To acknowledge, the phone publishes  {answer.get('payload')}  to  {answer.get('topic')}")
        say("    (an MQTT app with the user wang: topic and text as above; `确认` or `ack` alone do as well).")
        now = self.incident()
        say(f"    If nobody does within 30 s: level {now['next']['level']} is called, {', '.join(now['next']['who'])}, "
            f"at {now['next']['at']};\n    then the last level again and again, for ever.")
        return now, answer

    def valve_closes(self):
        stage("3. Nobody had to ask: the playbook closes the gas valve and waits until the valve says so")
        self.step_is("shut", "done")
        say("    step shut: done, confirmed by the valve's own position")
        told = self.console.wait("a notice to smith", lambda: self.console.topic(ROOT + "page/smith"))
        say(f"    smith, who reads English, was told:\n\n        {told}\n")
        say("    Meanwhile an electric fan in the gas zone may not be switched:")
        refused = tocsin("--json", "--as", "li", "operate", "fan-b2", "on", may_fail=True)
        say(f"    $ tocsin --as li operate fan-b2 on\n      {json.loads(refused)['text']}")
        if json.loads(refused).get("error") != "interlocked":
            raise SystemExit("demo: the fan was not interlocked")

    def ack(self, number, answer):
        stage("4. wang acknowledges from the phone")
        time.sleep(4)  # reading takes a moment, and a bare word is taken only 3 s after the page
        publish("wang", answer["topic"], answer["payload"])
        result = json.loads(self.console.wait("the result to wang", lambda: self.console.topic(ROOT + "result/wang")))
        say(f"    {ROOT}result/wang  {result['text']}")
        if not result["ok"]:
            raise SystemExit("demo: the acknowledgement was refused")
        self.state_is("acked")
        shown("show", number)

    def steps(self, number):
        stage("5. The steps of the playbook, each by whom it belongs to")
        number_only = number.split("-")[1]
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            mine = [s for s in json.loads(tocsin("--json", "show", number))["incident"]["steps"]
                    if s["state"] == "open" and s["kind"] in ("task", "decide", "record") and s.get("who")]
            if not mine:
                break
            step = mine[0]
            who, words = step["who"][0], {"task": ["done", number_only, step["id"]],
                                          "decide": ["decide", number_only, step["id"], "minor"],
                                          "record": ["record", number_only, step["id"], *FACTS.get(step["id"], ())]}[step["kind"]]
            shown("--as", who, *words)
        self.console.wait("no task open", lambda: not [s for s in self.incident()["steps"] if s["state"] == "open"
                                                       and s["kind"] in ("task", "decide", "record")])

    def clear(self):
        stage("6. The gas is gone; a gas alarm stays until people say it is over")
        publish("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas_density": 0.6, "linkquality": 121}))
        say("    (5 s below the limit, as the site asks)")
        self.state_is("latched")
        say("    state: latched")

    def all_clear(self, number):
        stage("7. All-clear: fire, gas and people need two different persons")
        first = json.loads(tocsin("--json", "--as", "wang", "reset", number, may_fail=True))
        say(f"    $ tocsin --as wang reset {number}\n      {first['text']}")
        if self.incident()["state"] != "latched":
            raise SystemExit("demo: one person alone could give the all-clear")
        shown("--as", "li", "reset", number)
        now = self.state_is("cleared", "closed")
        if now["state"] == "cleared":  # the report is owed
            shown("--as", "smith", "sign", number)
        self.state_is("closed")
        say("    state: closed")
        self.console.wait("zone normal", lambda: self.console.topic(ROOT + "zone/b2-kitchen/state", "normal"))

    def audit(self):
        stage("8. What happened can be proven")
        shown("audit", "verify")
        kinds = [json.loads(json.loads(line)["rec"])["kind"] for line in tocsin("audit", "export", "--json").splitlines()]
        for kind in ("opened", "acked", "command", "feedback", "step", "decided", "interlocked", "reset", "closed"):
            if kind not in kinds:
                raise SystemExit(f"demo: no audit row of kind {kind}")
        say(f"    {len(kinds)} rows: {', '.join(sorted(set(kinds)))}")

    def tell(self):
        self.begin()
        now, answer = self.leak()
        self.valve_closes()
        self.ack(now["id"], answer)
        self.steps(now["id"])
        self.clear()
        self.all_clear(now["id"])
        self.audit()


def play():
    say(f"""
=== Every stage was seen. It stays up; Ctrl-C ends it. In another terminal:
    export TOCSIN_SOCKET={DIR}/run/control.sock
    {TOCSIN} status
    {TOCSIN} --as wang raise gas-leak b2-kitchen smells of gas
    mosquitto_sub -h 127.0.0.1 -p {PORT} -u console -P $(cat {DIR}/console.pw) -v -t 'tocsin/#'
    mosquitto_pub -h 127.0.0.1 -p {PORT} -u zigbee2mqtt -P $(cat {DIR}/zigbee2mqtt.pw) -t zigbee2mqtt/b2/gas -m '{{"gas_density":40}}'
    mosquitto_pub -h 127.0.0.1 -p {PORT} -u wang -P $(cat {DIR}/wang.pw) -t {ROOT}cmd/wang/ack -m ack""")
    while True:
        time.sleep(3600)


def main():
    try:
        Story().tell()
        if "--once" not in sys.argv[1:]:
            play()
        say("\ndemo: every stage was seen")
    except KeyboardInterrupt:
        pass
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


if __name__ == "__main__":
    main()
