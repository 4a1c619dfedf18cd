"""broken - a house whose daemon runs with preload.c before libc: clocks, syncs
and allocations go wrong when a test says so; its state may lie on a small disk."""
import mmap
import os
import struct
import subprocess

from rig import BINARY, LATE_MS, LIMIT_S, Case, Rig, until

PRELOAD = os.path.join(BINARY, "tests/fault/libfault_preload.so")
SLOTS = ("wall_ms", "boot_ms", "sync_ms", "sync_fails", "syncs", "refuse_at", "allocations")
FAST = "heartbeat-ms=500"
IN_TIME = f"{FAST},store-late-ms={LATE_MS}"  # where a slow disk is not the matter: what is heard is stored


class Broken(Rig):
    def __init__(self):
        super().__init__()
        self.is_launching, self.disk = False, None
        with open(self.path("control"), "w+b") as f:
            f.write(bytes(8 * len(SLOTS)))
            f.flush()
            self.slots = mmap.mmap(f.fileno(), 8 * len(SLOTS))

    def set(self, **values):
        """Neighbours at once: a clock of which one half is set is another fault."""
        now = dict(zip(SLOTS, struct.unpack(f"{len(SLOTS)}q", self.slots[:]))) | values
        places = sorted(SLOTS.index(name) for name in values)
        if places:
            part = slice(places[0], places[-1] + 1)
            self.slots[8 * part.start:8 * part.stop] = struct.pack(f"{part.stop - part.start}q", *list(now.values())[part])

    def get(self, name):
        return struct.unpack_from("q", self.slots, 8 * SLOTS.index(name))[0]

    def heal(self):
        self.set(**dict.fromkeys(SLOTS, 0))

    def environment(self, fault=None):
        env = super().environment(fault)
        if self.is_launching:  # not the client
            env.update(LD_PRELOAD=PRELOAD, FAULT_CONTROL=self.path("control"))
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return env

    def daemon_launch(self, fault=None):
        self.is_launching = True
        super().daemon_launch(fault)
        self.is_launching = False

    # -- a small disk

    def mount(self, size):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.path("state")], check=True)
        self.disk = self.path("state")

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.disk], check=True)

    def fill(self):
        with open(os.path.join(self.disk, "filler"), "ab", buffering=0) as f:
            for size in (1 << 16, 4096):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass

    def unfill(self):
        os.unlink(os.path.join(self.disk, "filler"))

    def close(self):
        self.heal()
        super().close()
        if self.disk:
            subprocess.run(["umount", "-l", self.disk], check=False)
            super().close()


class BrokenCase(Case):
    house = Broken

    def called_about(self, kind, since):
        """The incident about the system itself that somebody is called for; in a flood by the next summary, within a minute."""
        own = self.opened(kind, since)
        self.assertEqual(own["hazard"], "system")
        if own["flags"].get("flapping") and own["acked_by"]:  # one that comes and goes stays open, and somebody has it
            return own
        self.console.wait(f"somebody is called about {kind}", lambda: [
            m for m in self.console.all[since:] if "/page/" in m.topic and m.topic.endswith("/json")
            and (m.json["incident"] == own["id"] and m.json["kind"] == "call"
                 or int(own["id"][2:]) in m.json.get("incidents", ()))], 180)
        return own

    def over(self, own):
        if not own["flags"].get("flapping"):
            self.state_of(own["id"], "closed", "rtn_unacked", "cleared")

    def store_is(self, *words, limit_s=LIMIT_S):
        until(f"store {words}", lambda: self.rig.look()[0]["store"] in words, limit_s)

    def whole(self):
        done = self.rig.tocsin("audit", "verify")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout
