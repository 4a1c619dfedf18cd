#!/usr/bin/env python3
"""client.py TOCSIN - the client against a daemon that answers what the test
wants: exit codes, what is sent, harmless printing, and audit verify on files."""
import hashlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading

TOCSIN = sys.argv[1]
tmp = tempfile.TemporaryDirectory()
SOCKET = os.path.join(tmp.name, "control.sock")
failed = []


class Daemon:
    """Answers each connection's first line from a table by its `do`; keeps what it was asked."""

    def __init__(self):
        self.answers, self.asked = {}, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(SOCKET)
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            try:
                with peer, peer.makefile("rw", encoding="utf-8", errors="surrogateescape") as stream:
                    line = stream.readline()
                    if line:
                        self.asked.append(json.loads(line))
                        stream.write(self.answers.get(self.asked[-1]["do"], ""))
            except OSError:  # it has heard enough
                pass


def tocsin(*args, socket_path=SOCKET, lang="C.UTF-8"):
    env = {"TOCSIN_SOCKET": socket_path, "LANG": lang, "PATH": os.environ["PATH"], "TZ": "UTC",
           **{k: v for k, v in os.environ.items() if k.startswith(("ASAN", "UBSAN", "TSAN", "LSAN"))}}
    return subprocess.run([TOCSIN, *args], capture_output=True, text=True, env=env, timeout=60, check=False)


def expect(name, done, code, *words, absent=()):
    text = done.stdout + done.stderr
    wrong = [f"exit {done.returncode}, wanted {code}"] if done.returncode != code else []
    wrong += [f"no {w!r}" for w in words if w not in text] + [f"there is {w!r}" for w in absent if w in text]
    if wrong:
        failed.append(name)
        print(f"{name}: {'; '.join(wrong)}\n{text}")


def same(name, found, wanted):
    if found != wanted:
        failed.append(name)
        print(f"{name}: {found!r}, wanted {wanted!r}")


daemon = Daemon()
line = lambda **fields: json.dumps(fields, ensure_ascii=False) + "\n"

# --- nobody there, and wrong use
nowhere = os.path.join(tmp.name, "none.sock")
expect("unreachable", tocsin("status", socket_path=nowhere), 3, "cannot reach tocsind")
done = tocsin("--json", "ack", "17", socket_path=nowhere)
expect("unreachable in JSON", done, 3)
same("unreachable in JSON", json.loads(done.stdout)["error"], "unreachable")
for wrong in ([], ["nosuch"], ["show"], ["show", "1", "2"], ["note", "17"], ["raise", "gas-leak"], ["--nosuch", "list"],
              ["status", "--db", "x"], ["audit", "prove"], ["audit", "verify", "--head", "12"], ["audit", "verify", "--head", "1:zz"],
              ["show", "X-9"], ["record", "17", "gas-co", "name"], ["follow", "now"]):
    expect(f"usage {wrong}", tocsin(*wrong), 2)
expect("help", tocsin("--help"), 0, "raise", "escalate")
expect("version", tocsin("--version"), 0, "tocsin ")
daemon.answers["status"] = ""
expect("a daemon that hangs up", tocsin("status"), 3, "ended the conversation")
daemon.answers["status"] = "rubbish\n"
expect("a daemon that babbles", tocsin("status"), 3, "not JSON")

# --- verbs: what is sent, how the answer is judged
daemon.answers["verb"] = line(v=1, cmd="ack", ok=True, id="G-17", state="acked", text="已确认 G-17")
expect("ack", tocsin("ack", "17", "on", "my", "way"), 0, "已确认 G-17")
same("ack sends", daemon.asked[-1], {"do": "verb", "verb": "ack", "text": "17 on my way", "as": None})
tocsin("--as", "wang", "done", "17", "scene")
same("as", daemon.asked[-1], {"do": "verb", "verb": "done", "text": "17 scene", "as": "wang"})
tocsin("ack")
same("a bare ack is not empty", daemon.asked[-1]["text"], "ack")
tocsin("record", "17", "gas-co", "name=值班 赵", "called_at=")
same("record keeps spaces", json.loads(daemon.asked[-1]["text"]),
     {"id": "17", "step": "gas-co", "values": {"name": "值班 赵", "called_at": ""}})
tocsin("reset", '{"id":"G-17","without":["gas-b2"]}')
same("JSON is passed on", json.loads(daemon.asked[-1]["text"])["without"], ["gas-b2"])
daemon.answers["verb"] = line(ok=False, error="which", text="two are open", choices=["G-17", "W-18"])
expect("refused", tocsin("ack"), 1, "two are open")
expect("refused in JSON", tocsin("--json", "ack"), 1, '"choices"')
daemon.answers["verb"] = line(ok=True, result="failed", text="the valve did not move")
expect("operate failed", tocsin("operate", "valve", "close"), 1, "did not move")
daemon.answers["reload"] = line(ok=False, problems="a.yaml:1:1: error: x", text="the file is broken")
expect("reload refused", tocsin("reload"), 1, "a.yaml:1:1: error: x", "the file is broken")

# --- views: who is called next and when; foreign bytes are harmless
incident = {"id": "G-17", "rev": 2, "title": {"zh": "燃气泄漏", "en": "Gas leak"}, "zone": "b2\x1b[2Jkitchen", "hazard": "gas",
            "severity": "critical", "state": "unacked", "opened": "2026-11-22T19:10:04.182Z", "acked_by": None,
            "next": {"at": "2036-11-22T19:11:34.190Z", "what": "call", "level": 2, "who": ["li", "smith"]},
            "members": [{"sensor": "gas-b2", "kind": "gas", "leaf": "true", "now": "58.0", "peak": "60.0", "unit": "%LEL",
                         "at": "2026-11-22T19:10:33.001Z"}], "members_more": 3,
            "steps": [{"id": "scene", "kind": "task", "role": "duty", "who": ["wang"], "state": "open", "due": "2036-11-22T19:13:04.182Z"},
                      {"id": "shut", "kind": "command", "actuator": "valve", "action": "close", "state": "done"}],
            "deliveries": [{"person": "wang", "channel": "page", "notice": "2.1", "state": "sent", "at": "2026-11-22T19:10:04.190Z"}],
            "flags": {"stale": True, "drill": False, "unrecorded": False}}
status = {"site": "plaza", "up_s": 3700, "open": 1, "unacked": 1, "oldest_unacked_s": 36, "queue": 0, "store": "failing",
          "broker": "down", "synced": False, "plan_broken": True, "flood": False, "plan": "5b1e0c77", "epoch": 7, "seq": 9}
daemon.answers["list"] = line(ok=True, incidents=[incident])
daemon.answers["show"] = line(ok=True, incident=incident)
daemon.answers["status"] = line(ok=True, status=status)
daemon.answers["oncall"] = line(ok=True, oncall={"duty": {"person": "wang", "name": "王强", "why": "holder", "also": ["li"]}})
next_words = ("level 2 called in", "(2036-11-22 19:11:34)", "li, smith")
expect("list", tocsin("list"), 0, "G-17", "unacked,stale", "b2\\x1b[2Jkitchen", *next_words, absent=("\x1b",))
done = tocsin("status")
expect("status", done, 0, "1 h 1 min", "oldest 36 s", *next_words, absent=("\x1b",))
same("trouble comes first", [row.split("  ")[0] for row in done.stdout.splitlines()[:3]], ["TROUBLE"] * 3)
expect("show", tocsin("show", "g17"), 0, "Gas leak", "58.0 %LEL", "+ 3", "duty (wang)", "valve close", "sent", *next_words, absent=("\x1b",))
same("show asks by number", daemon.asked[-1], {"do": "show", "id": 17})
expect("show in Chinese", tocsin("show", "17", lang="zh_CN.UTF-8"), 0, "燃气泄漏", "下一步", "第2级")
expect("oncall", tocsin("oncall"), 0, "duty", "王强", "holder", "li")
expect("oncall at a time", tocsin("oncall", "duty", "--at", "2026-12-24 20:00"), 0, "duty", "王强")
same("what oncall --at asks", daemon.asked[-1], {"do": "oncall", "role": "duty", "at": "2026-12-24 20:00"})
expect("--at belongs to oncall", tocsin("status", "--at", "20:00"), 2)
done = tocsin("--json", "list", "--closed")
same("JSON as it came", json.loads(done.stdout)["incidents"][0]["zone"], "b2\x1b[2Jkitchen")
same("closed asked for", daemon.asked[-1]["closed"], True)
daemon.answers["show"] = line(ok=False, error="unknown_id", text="there is no incident 99")
expect("show nothing", tocsin("show", "99"), 1, "there is no incident 99")


# --- the audit
def audit(name, rows, spoil=None):
    path = os.path.join(tmp.name, name)
    db = sqlite3.connect(path)
    db.execute("create table audit(seq integer primary key, rec text not null, hash text not null unique) strict")
    db.execute("create table meta(key text primary key, value text not null) strict, without rowid")
    db.execute("insert into meta values('site', 'plaza')")
    db.execute("pragma user_version = 1")
    head = hashlib.sha3_256(b"tocsin-audit-1 site=plaza").hexdigest()
    for seq in range(1, rows + 1):
        rec = json.dumps({"v": 1, "epoch": 1, "seq": seq, "at": "2026-11-22T19:09:58.020Z", "kind": "note", "inc": None,
                          "who": 'sensor:"a"', "cause": None, "body": {"site": "plaza"}}, separators=(",", ":"))
        head = hashlib.sha3_256(f"{head}\n{rec}".encode()).hexdigest()
        db.execute("insert into audit values(?,?,?)", (seq, rec, head))
    if spoil:
        db.execute(spoil)
    db.commit()
    db.close()
    return path, head


def verify(path, *args):
    return tocsin("audit", "verify", "--db", path, *args)


whole, head = audit("whole.db", 20)
expect("export rows", tocsin("audit", "export", "--db", whole), 0, "note")
rows = [json.loads(r) for r in tocsin("audit", "export", "--json", "--db", whole).stdout.splitlines()]
same("export counts", len(rows), 20)
same("export hash", rows[-1]["hash"], head)
same("export is byte-exact", hashlib.sha3_256(f"{rows[-2]['hash']}\n{rows[-1]['rec']}".encode()).hexdigest(), head)
csv = tocsin("audit", "export", "--csv", "--db", whole).stdout
same("csv header", csv.splitlines()[0], "seq,epoch,at,kind,inc,who,cause,body,rec,hash")
same("csv quotes", 'sensor:""a""' in csv, True)
expect("verify", verify(whole), 0, "20 rows", head)
expect("verify with its head", verify(whole, "--head", f"20:{head}"), 0)
expect("verify with another head", verify(whole, "--head", "20:" + "0" * 64), 1, "row 20")
expect("verify with a later head", verify(whole, "--head", f"25:{head}"), 1, "21 to 25 are missing")
edited, _ = audit("edited.db", 20, "update audit set rec = replace(rec, 'plaza', 'palace') where seq = 7")
expect("verify an edited row", verify(edited), 1, "row 7")
cut, _ = audit("cut.db", 20, "delete from audit where seq = 12")
expect("verify a gap", verify(cut), 1, "row 1")
expect("verify nothing", verify(os.path.join(tmp.name, "none.db")), 1)
# the statement of the README, for the stock shell, says the same
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../README.md"), encoding="utf-8") as f:
    statement = re.search(r'sqlite3 -readonly \S+ "\n(.*?)"\n', f.read(), re.S).group(1)
for name, path, wanted in (("whole", whole, "20|0|0||20"), ("edited", edited, "20|1|0|7|20"), ("cut", cut, "19|1|1|13|20")):
    shell = subprocess.run(["sqlite3", "-readonly", path, statement], capture_output=True, text=True, check=False)
    same(f"the README's statement, {name}", shell.stdout.strip(), wanted)
daemon.answers["audit-head"] = line(ok=True, epoch=1, seq=20, hash=head, db=whole)
expect("verify asks the daemon", tocsin("audit", "verify"), 0, "the known head agrees")
daemon.answers["audit-head"] = line(ok=True, epoch=1, seq=21, hash=head, db=whole)
done = tocsin("--json", "audit", "verify")
expect("verify against the daemon's head", done, 1)
same("verify in JSON", json.loads(done.stdout)["ok"], False)
daemon.answers["follow"] = line(ok=True) + line(epoch=1, seq=1, rec=rows[0]["rec"], hash=rows[0]["hash"])
expect("follow ends when the daemon does", tocsin("follow"), 3, "note", "ended the conversation")

# --- a first site
site = os.path.join(tmp.name, "site")
os.mkdir(site)
expect("init", tocsin("init", site), 0, "tocsin.yaml")
expect("init twice", tocsin("init", site), 1, "nothing was written")
with open(os.path.join(site, "tocsin.yaml"), encoding="utf-8") as f:
    text = f.read()
same("init is 15 lines", text.count("\n") <= 16, True)
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
with open(os.path.join(site, "tocsin.yaml"), "w", encoding="utf-8") as f:
    f.write(text.replace("/usr/share/tocsin", os.path.join(root, "rules")))
done = tocsin("check", os.path.join(site, "tocsin.yaml"))
expect("what init writes is good", done, 0, absent=("error",))
with open(os.path.join(site, "bad.yaml"), "w", encoding="utf-8") as f:
    f.write("site: {id: plaza}\nzonez: {}\npeople: 7\n")
expect("check", tocsin("check", os.path.join(site, "bad.yaml")), 1, "bad.yaml:2:1", "bad.yaml:3:")
same("check in JSON", json.loads(tocsin("--json", "check", os.path.join(site, "bad.yaml")).stdout)["ok"], False)
expect("check nothing", tocsin("check", os.path.join(site, "none.yaml")), 1, "none.yaml")
with open(os.path.join(root, "contrib/demo-site.yaml"), encoding="utf-8") as f:
    text = f.read().replace("/usr/share/tocsin", os.path.join(root, "rules"))
with open(os.path.join(site, "demo.yaml"), "w", encoding="utf-8") as f:
    f.write(text)
expect("the demo's site is good", tocsin("check", os.path.join(site, "demo.yaml")), 0, "plaza", absent=("error",))

print(f"client: {len(failed)} failed" if failed else "client: all held")
sys.exit(1 if failed else 0)
