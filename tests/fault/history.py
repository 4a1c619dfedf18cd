"""history - what was recorded while a house was killed or cut off from power,
held against its audit log: `history.py DIR` prints the figures and what is
wrong. DIR holds `notes` (harness.py wrote them) and `state/tocsin.db`."""
import collections
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import datetime

LATE_S = 2.0     # from the due time, or from the start after it: the promise, judged by it on a machine that is ours
# Each day on a machine that others load: beyond 5 s, and beyond ten times what nine of ten took in the same record; never more than 20 s.
LEAST_S, MOST_S, SLOWER = (LATE_S, LATE_S, 1) if os.environ.get("TOCSIN_LONG") else (5.0, 20.0, 10)
EARLY_S = 0.05   # clocks of two processes; and by how much somebody set the machine's clock meanwhile (harness.py looks)
AGAIN = ("〔重发〕", "AGAIN ")
MARKS = (*AGAIN, "〔未记录〕", "UNRECORDED ")
CALLING = ("unacked", "rtn_unacked")
# What an answer `ok` must have left in the audit: rows with the command's own words, or any row of the incident.
OWN_ROWS = {"note": {"note"}, "raise": {"opened", "raised"}, "ack": {"acked"}, "reset": {"reset"}, "done": {"step", "note"}}
ANY_ROW = {"ack": {"acked"}, "reset": {"reset", "closed"}, "done": {"step", "note"}, "decide": {"decided", "note"}}
# Rows after which the same words may be said to the same person again.
NEW_REASON = {"acked", "ack_expired", "member", "raised", "gone", "step", "decided", "chain_exhausted"}


def seconds(stamp):
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def number_of(incident):
    return int(re.sub(r"\D", "", incident))


def plain(text):
    """Without what only says how it left."""
    while text.startswith(MARKS):
        text = text[next(len(m) for m in MARKS if text.startswith(m)):]
    return text


class History:
    """All of it in memory; check() fills `wrong` with sentences and `figures` with counts."""

    def __init__(self, folder):
        self.wrong, self.figures = [], collections.Counter()
        with open(os.path.join(folder, "notes"), encoding="utf-8") as f:
            self.notes = [json.loads(line) for line in f]
        db = sqlite3.connect(f"file:{os.path.join(folder, 'state/tocsin.db')}?mode=ro", uri=True, timeout=10)
        try:
            found = db.execute("select rec, hash from audit order by seq").fetchall()
            floods = db.execute("select value from state where key glob 'f/*'").fetchall()
            self.rows, self.hashes = [json.loads(rec) for rec, _ in found], [hash for _, hash in found]
        finally:
            db.close()
        # In a flood the lower classes are told in summaries: the next one holds these.
        self.held = {int(line.split()[1]) for value, in floods for line in value.split("\n") if line.startswith("h ")}
        for r in self.rows:
            r["t"] = seconds(r["at"])

    def of(self, kind):
        return [n[1:] for n in self.notes if n[0] == kind]

    def bad(self, what, sentence):
        self.figures[what] += 1
        self.wrong.append(f"{what}: {sentence}")

    def check(self):
        self.wrong, self.figures = [], collections.Counter()
        self.by_incident = collections.defaultdict(list)
        for r in self.rows:
            self.by_incident[r["inc"]].append(r)
        for part in (self.alarms, self.commands, self.notices, self.told_once, self.due_times, self.order):
            part()
        return self.wrong

    # -- what came in

    def alarms(self):
        """Each acknowledged alarm stands in the audit, and no alarm twice."""
        said = {number: (name, value) for number, name, value, _ in self.of("said")}
        acked = {number for number, _ in self.of("acked")}
        stands = collections.Counter()
        for r in self.rows:
            value = str(r["body"].get("value", "")).split(" ")[0]
            if r["kind"] in ("opened", "member") and value.isdigit():
                stands[int(value)] += 1
        alarms = [n for n in sorted(acked) if said[n][1] > 0]
        for number in alarms:
            if not stands[number]:
                self.bad("lost", f"alarm {number} of {said[number][0]} was acknowledged and stands nowhere")
        for number, times in sorted(stands.items()):
            if times > 1:
                self.bad("duplicates", f"alarm {number} of {said[number][0]} was taken {times} times")
        self.figures.update({"messages": len(said), "acknowledged": len(acked), "alarms": len(alarms)})

    def commands(self):
        """What was answered ok is recorded; no command is recorded twice."""
        asked = {req: verb for _, verb, req, _, _ in self.of("cmd")}
        own, any_row = collections.Counter(), collections.defaultdict(set)
        for r in self.rows:
            any_row[r["inc"]].add(r["kind"])
            word = r["body"].get("note") or r["body"].get("words")
            if r["kind"] in OWN_ROWS.get(asked.get(word), ()):
                own[word] += 1
        for _, said, _ in self.of("answer"):
            verb, req = asked[said["req"]], said["req"]
            self.figures["answered"] += 1
            if not said["ok"]:
                continue
            self.figures["answered ok"] += 1
            if not own[req] and not any_row[said["id"]] & ANY_ROW.get(verb, set()):
                self.bad("commands lost", f"{verb} {req} was answered ok and stands nowhere")
        for req, times in own.items():
            if times > 1:
                self.bad("commands twice", f"{asked[req]} {req} stands {times} times in the audit")
        self.figures["commands"] = len(asked)

    # -- what went out

    def notices(self):
        """A notice heard again says so and says the same; what is said to be sent was heard."""
        self.heard = collections.defaultdict(list)
        for person, n, _ in self.of("heard"):
            self.heard[n["notice"].split("-")[0]].append((person, n))  # -u...: left before it was stored
        for name, times in self.heard.items():
            first = times[0]
            for person, n in times[1:]:
                if not n["repeat"] or not n["text"].startswith(AGAIN):
                    self.bad("repeats not marked", f"notice {name} came again without saying so: {n['text']}")
                if (person, plain(n["text"])) != (first[0], plain(first[1]["text"])):
                    self.bad("repeats changed", f"notice {name} to {first[0]} came again to {person} as {n['text']}")
            self.figures["repeats marked"] += len(times) - 1
        self.figures["notices"] = len(self.heard)
        calls = collections.Counter()  # of each incident's number the last row that was heard to call
        for name, times in self.heard.items():
            n, row = times[0][1], int(name.split(".")[0])
            for number in n["incidents"] if n["kind"] == "summary" else [number_of(n["incident"])] if n["kind"] == "call" else []:
                calls[number] = max(calls[number], row)
        end = max((t for t, in self.of("stopping")), default=float("inf"))  # what is called later leaves at the next start
        for r in self.rows:
            if r["kind"] in ("sent", "delivered") and r["body"]["notice"] not in self.heard:
                self.bad("notices lost", f"notice {r['body']['notice']} is said to be sent, nobody heard it")
            over = any(o["seq"] > r["seq"] and o["kind"] in ("acked", "closed") for o in self.by_incident[r["inc"]])
            if r["kind"] != "called" or "skipped" in r["body"] or r["t"] >= end or over or calls[number_of(r["inc"])] >= r["seq"]:
                continue
            if r["inc"][0] in "FGL" or number_of(r["inc"]) not in self.held:
                self.bad("notices lost", f"row {r['seq']} calls for {r['inc']}, nobody heard that or a later call")

    def told_once(self):
        """The same words to the same person about one incident come under one id, but for a new reason."""
        names = collections.defaultdict(list)
        for name, times in self.heard.items():
            person, n = times[0]
            cause = int(name.split(".")[0])
            names[n["incident"], person, n["kind"], n["level"], plain(n["text"])].append(cause)
            if not 0 < cause <= len(self.rows):
                self.bad("repeated", f"notice {name} has no row")
        for (incident, person, _, _, text), causes in names.items():
            causes.sort()
            for a, b in zip(causes, causes[1:]):
                between = {r["kind"] for r in self.by_incident[incident] if a < r["seq"] <= b}
                one, other = (self.round_of(a), self.round_of(b))
                if a == b or (not between & NEW_REASON and one == other):
                    self.bad("repeated", f"{person} was told twice, by rows {a} and {b}: {text}")

    def round_of(self, seq):
        body = self.rows[seq - 1]["body"] if seq <= len(self.rows) else {}
        return body.get("level"), body.get("round")

    # -- what became due

    def due_times(self):
        self.lates = []
        ended = [t for t, in self.of("killed")]
        self.lives = [(t, ended[i] if i < len(ended) else float("inf")) for i, (t,) in enumerate(self.of("spawned"))]
        self.pauses = [] if os.environ.get("TOCSIN_LONG") else [tuple(p) for p in self.of("paused")]
        self.figures["paused ms"] = int(1000 * sum(to - begin for begin, to in self.pauses))
        times, = self.of("times")
        self.set_s = sum(by for by, _ in self.of("clock_set"))
        for name, rows in self.by_incident.items():
            if name:
                self.follow_chain(name, rows, times[0])
                self.follow_steps(name, rows)
        usual = sorted(late for late, *_ in self.lates)
        limit = min(max(LEAST_S, SLOWER * usual[len(usual) * 9 // 10]), MOST_S) if usual else LEAST_S
        limit += self.set_s
        self.figures["late is after ms"] = int(limit * 1000)
        for late, name, what, due in self.lates:
            if late > limit:
                self.bad("late", f"{name}: {what} was due at {due:.3f}; {late:.3f} s of life later nothing had come of it")

    def in_time(self, name, what, due, at):
        """Nobody who was alive for long past the due time left it undone until `at`."""
        self.figures["due times"] += 1
        for spawned, ended in self.lives:
            late = min(ended, at) - max(spawned, due)
            late -= self.paused(max(spawned, due), min(ended, at)) if late > 0 else 0
            if late > 0 and (ended, at) != (float("inf"), float("inf")):
                self.figures["latest ms"] = max(self.figures["latest ms"], int(late * 1000))
            if ended > due and spawned < at:
                self.lates.append((max(late, 0), name, what, due))

    def paused(self, begin, end):
        """How long of this time the machine, or its disk, stood still for who is no part of the house too (harness.py looks)."""
        return sum(max(0.0, min(to, end) - max(since, begin)) for since, to in self.pauses)

    def follow_chain(self, name, rows, times):
        """From row to row the one time at which the next level is called."""
        due = state = None
        for r in rows:
            kind, body, at = r["kind"], r["body"], r["t"]
            if "skipped" in body:  # a level that reached nobody: the next one is called at once, after the last there is none
                due = due if body["level"] > 1 else at
                continue
            new = "unacked" if kind in ("opened", "ack_expired") else state
            new = body.get("state", new) if kind not in ("step", "decided", "note") else new
            begins = new == "unacked" and state not in CALLING
            if due and (begins or new not in CALLING or kind == "called"):
                self.in_time(name, "the next call", due, at)
                if kind == "called" and r["who"] == "system" and at < due - EARLY_S - self.set_s:
                    self.bad("early", f"{name}: row {r['seq']} calls {due - at:.3f} s before its time")
            if new == "pre_alarm":
                due = at + times["pre_alarm"] if kind == "opened" else None
            elif new not in CALLING:
                due = None
            elif begins or kind == "called":
                level = body.get("level", 1) if kind != "ack_expired" else 2
                due = at + times["waits"][min(level, 2) - 1]
            state = new
        if due:
            self.in_time(name, "the next call", due, float("inf"))

    def follow_steps(self, name, rows):
        """A step that was open at its time is said to be overdue, decided, or over with its incident."""
        due = {}
        for r in rows:
            step = r["body"].get("step")
            ends = list(due) if r["kind"] == "closed" else [step] if r["kind"] in ("step", "decided") else []
            for ended in ends:
                if ended in due:
                    self.in_time(name, f"step {ended}", due.pop(ended), r["t"])
            if r["kind"] == "step" and r["body"].get("state") == "open" and "due" in r["body"]:
                due[step] = seconds(r["body"]["due"])
        for step, at in due.items():
            if not any(r["body"].get("step") == step and r["body"].get("overdue") for r in rows):
                self.in_time(name, f"step {step}", at, float("inf"))

    # -- the log itself

    def order(self):
        """Rows count by one, epochs by one a start; no number is given twice; every head that left still stands."""
        for head, _ in self.of("head"):
            if head["seq"] > len(self.hashes) or self.hashes[head["seq"] - 1] != head["hash"]:
                self.bad("heads lost", f"row {head['seq']} had left as the head, and is another now")
        epoch = highest = 0
        for n, r in enumerate(self.rows, 1):
            if r["seq"] != n:
                self.bad("order", f"row {n} calls itself {r['seq']}")
            if r["kind"] == "started":  # one that never stored anything took its epoch with it
                if r["epoch"] <= epoch:
                    self.bad("order", f"row {n} begins epoch {r['epoch']} after {epoch}")
                epoch = r["epoch"]
            if r["epoch"] != epoch:
                self.bad("order", f"row {n} is of epoch {r['epoch']}, the start was {epoch}")
            if r["kind"] == "opened":
                number = number_of(r["inc"])
                if number <= highest:
                    self.bad("order", f"row {n} opens {r['inc']} after number {highest}")
                highest = max(highest, number)
        self.figures.update({"rows": len(self.rows), "starts recorded": sum(r["kind"] == "started" for r in self.rows), "ends": len(self.of("killed")),
                             "incidents": sum(r["kind"] == "opened" for r in self.rows)})


class Sum:
    """The figures of several histories as one line."""
    SHOWN = ("ends", "messages", "acknowledged", "alarms", "commands", "answered ok", "notices", "repeats marked", "due times",
             "latest ms", "lost", "duplicates", "repeated", "late")

    def __init__(self):
        self.figures, self.wrong = collections.Counter(), 0

    def add(self, history):
        latest = max(self.figures["latest ms"], history.figures["latest ms"])
        self.figures.update(history.figures)
        self.figures["latest ms"] = latest
        self.wrong += len(history.wrong)

    def __str__(self):
        return ", ".join(f"{word} {self.figures[word]}" for word in self.SHOWN) + f", wrong {self.wrong}"


def examine(house, tocsin):
    """The history of a house that is drained; what is wrong with it, its log too, ends in `wrong`. KEEP=DIR keeps such a one."""
    found = History(house.rig.dir)
    found.check()
    holds, words = chain_holds(tocsin, house.rig.path("state/tocsin.db"))
    if not holds:
        found.bad("chain", words)
    if found.wrong and os.environ.get("KEEP"):
        shutil.copytree(house.rig.dir, os.path.join(os.environ["KEEP"], os.path.basename(house.rig.dir)),
                        ignore=shutil.ignore_patterns("*.sock", "mosquitto", "lost+found"))
    return found


def chain_holds(tocsin, db):
    """What the program itself says of the log: (does it hold, its words)."""
    done = subprocess.run([tocsin, "audit", "verify", "--db", db], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    recorded = History(sys.argv[1])
    recorded.check()
    print(json.dumps(recorded.figures, indent=1), *recorded.wrong, sep="\n")
    sys.exit(bool(recorded.wrong))
