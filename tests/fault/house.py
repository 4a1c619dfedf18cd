"""house - what the tests of broken links and channels share: a proxy that spoils
the line between daemon and broker, and a channel that needs no broker."""
import json
import os
import select
import socket
import struct
import subprocess
import threading
import time

from rig import Case, free_port, is_sanitized

LONG = os.environ.get("TOCSIN_LONG") == "1"
TELL = """#!/bin/sh
{ echo "$1"; cat; } >DIR/told/$$
mv DIR/told/$$ DIR/told/$$.json
"""
RST = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


class Proxy:
    """TCP, one thread a line. What is set counts at once, also for the lines there are."""

    def __init__(self, target):
        self.port, self.target = free_port(), target
        self.is_stalled = self.refuses_topics = False
        self.locks = []  # of each line while it carries something
        self.bytes_per_s = None  # both ways
        self.cut_inside = None   # the packet to the client that holds this is sent to its middle, then a reset
        self.cuts = self.n_lines = 0
        self.open = True
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while self.open:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                client.close()
                continue
            self.n_lines += 1
            threading.Thread(target=self.line, args=(client, server, self.cuts), daemon=True).start()

    @property
    def stalled(self):
        return self.is_stalled

    @stalled.setter
    def stalled(self, yes):
        self.is_stalled = yes
        for lock in list(self.locks):
            with lock:  # what a line was carrying is through, and it carries nothing more
                pass

    def line(self, client, server, cuts):
        lock = threading.Lock()
        self.locks.append(lock)
        try:
            while self.open and cuts == self.cuts:
                if self.stalled:
                    time.sleep(0.01)
                    continue
                for source in select.select([client, server], [], [], 0.005)[0]:
                    with lock:
                        if not self.stalled and not self.carry(source, client, server):
                            return
        except OSError:
            pass
        finally:
            for s in (client, server):
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
                s.close()

    def carry(self, source, client, server):
        data = source.recv(1 if self.bytes_per_s else 65536)
        if self.bytes_per_s:
            time.sleep(1 / self.bytes_per_s)
        elif source is server and self.cut_inside and self.cut_inside in data:
            at = data.index(self.cut_inside) + len(self.cut_inside) + 10
            self.cut_inside = None
            client.sendall(data[:at])
            return False
        elif source is server and self.refuses_topics:
            data = refuse_first(data)
        (server if source is client else client).sendall(data)
        return bool(data)

    def cut(self):
        self.cuts += 1

    def close(self):
        self.open = False
        self.listener.close()


def refuse_first(data):
    """SUBACK packets refuse their first topic (MQTT 5: id, properties' length, codes)."""
    out, at = bytearray(data), 0
    while at + 2 < len(out):
        body, length = at + 2, out[at + 1] & 127
        if out[at + 1] & 128:
            length, body = length + out[at + 2] * 128, at + 3
        if out[at] == 0x90 and body + 3 < len(out):
            out[body + 3] = 0x87
        at = body + length
    return bytes(out)


SLOW = 3 if is_sanitized() else 1  # what a sanitizer may cost
LOOK_S = 5  # one answer of a loop that turns; one that waits for the line waits longer, each time


class House(Case):
    """Everybody has the page and a program that writes down what it is given; `proxied`: the line has a proxy."""
    autostart = False
    begins = proxied = True
    fault = None
    site = {"channels": "page, tell", "more_channels": 'tell: {plugin: exec, argv: [DIR/tell, "{{phone}}"], timeout: 2m}'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rig, site = cls.rig, cls.rig.read("tocsin.yaml").replace("DIR/", cls.rig.dir + "/")
        if cls.proxied:
            cls.proxy = Proxy(rig.port)
            cls.addClassCleanup(cls.proxy.close)
            site = site.replace(f"127.0.0.1:{rig.port}", f"127.0.0.1:{cls.proxy.port}")
        rig.write("tocsin.yaml", site)
        rig.write("tell", TELL.replace("DIR", rig.dir), 0o755)
        os.mkdir(rig.path("told"))
        if cls.begins:
            rig.start(cls.fault)

    def told(self, incident=None, kind=None):
        """The notices the program was given."""
        names = [f for f in os.listdir(self.rig.path("told")) if f.endswith(".json")]
        all_of_them = [json.loads(self.rig.read("told/" + f).split("\n", 1)[1]) for f in names]
        return [n for n in all_of_them if incident in (None, n["incident"]) and kind in (None, n["kind"])]

    def of_type(self, kind):
        """The open incident of that type, as `show` has it."""
        found = next((i for i in self.rig.incidents() if i["type"] == kind), None)
        return found and self.rig.ask("show", found["id"]).get("incident")

    def why(self, kind):
        """What the open incident of that type says of itself now."""
        found = self.of_type(kind)
        return (found and found["members"][0]["now"]) or ""

    def n_opened(self, kind):
        return len([r for r in self.rig.recs("opened") if r["body"]["type"] == kind])

    def looks(self):
        """The loop turns: one question and its answer; how long it took. A machine that paused is asked again."""
        tries = []
        while len(tries) < 3:
            status, took = self.rig.look()
            self.assertTrue(status)
            if took < LOOK_S:
                return took
            tries.append(took)
        raise AssertionError(f"the loop took {tries} s to answer")


def lines(rig, user, topic, payloads, *more):
    """Many messages in one connection, as fast as they go."""
    subprocess.run([*rig.client("mosquitto_pub", user), "-q", "1", "-t", topic, "-l", *more],
                   input="\n".join(payloads) + "\n", text=True, timeout=600, check=True)


def memory(pid):
    """Descriptors and resident kilobytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    return len(os.listdir(f"/proc/{pid}/fd")), rss
