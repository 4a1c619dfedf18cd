"""desk - what the tests of the channels share: the program `say`, a site for
it, and an HTTP server that keeps what it was asked and answers as told."""
import contextlib
import json
import os
import queue
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BINARY = os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build/asan"))
os.environ.setdefault("TOCSIN_PLUGIN_DIR", os.path.join(BINARY, "plugins"))
LIMIT_S = 120
SITE = """
site: {{id: plaza, timezone: Asia/Shanghai}}
broker: {{url: "mqtt://127.0.0.1:1"}}
include: [{source}/plugins/webhook/presets.yaml]
zones: {{hall: {{name: hall}}}}
people:
{people}
roles: {{duty: {{holder: wang}}}}
chains: {{all: {{levels: [{{call: duty, wait: 60s}}]}}}}
channels:
{channels}
"""
PEOPLE = """  wang: {name: "王强 \\"<b>", language: zh, phone: "+86 138", mail: wang@example.com, channels: [CHANNELS], to: {TO}}
  li: {name: Li, language: en, phone: "+86 139", channels: [CHANNELS]}"""


class Server(ThreadingHTTPServer):
    """answers: of (status, headers, body) or a function of the handler; the last one stays."""
    daemon_threads = True
    request_queue_size = 128  # as many may come at once, before a thread of ours has its turn

    def __init__(self, answers=((200, {}, b"{}"),)):
        self.asked, self.answers, self.lock = [], list(answers), threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        """Without asking a name server who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, *_):
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            self.server.asked.append((self.command, self.path, self.headers, body, time.monotonic()))
            answer = self.server.answers[0] if len(self.server.answers) == 1 else self.server.answers.pop(0)
        if callable(answer):
            answer = answer(self)
        if not answer:
            return
        status, headers, data = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT = do_GET = do

    def log_message(self, *_):
        pass


def reset(handler):
    """The connection is torn down in the middle."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.close_connection = True
    handler.connection.close()


def hang(handler):
    time.sleep(600)


def garbage(handler):
    handler.wfile.write(b"\xff\xfe\0 no http at all\r\n\r\n" + b"x" * 1000)
    handler.close_connection = True


class Say:
    """The program; lines in, outcomes out."""

    def __init__(self, channels, people=PEOPLE, to="", env=None):
        self.dir = tempfile.TemporaryDirectory(prefix="tocsin-desk-")
        names = ", ".join(row.strip().split(":")[0] for row in channels.strip("\n").split("\n") if row.startswith("  ") and row[2] != " ")
        text = SITE.format(source=SOURCE, channels=channels, people=people.replace("CHANNELS", names).replace("TO", to))
        self.write("site.yaml", text)
        self.lines, self.has_ended = queue.Queue(), False
        self.stderr = open(self.path("log"), "wb")
        self.p = subprocess.Popen([os.path.join(BINARY, "tests/channels/channels_say"), self.path("site.yaml")], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=self.stderr, env={**os.environ, **(env or {})})
        threading.Thread(target=self.read, daemon=True).start()

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def read(self):
        for line in self.p.stdout:
            self.lines.put(line.decode("utf-8", "replace").rstrip("\n"))
        self.lines.put(None)

    def tell(self, text):
        self.p.stdin.write((text + "\n").encode("utf-8"))
        self.p.stdin.flush()

    def send(self, number, channel, text="gas", person="wang", kind="call", hazard="gas", severity="critical", drill="-"):
        self.tell(f"{number} {person} {channel} {kind} {hazard} {severity} {drill} {text}")

    def next(self, limit_s=LIMIT_S):
        """The next outcome: [word, id, channel, why]."""
        try:
            line = self.lines.get(timeout=limit_s)
        except queue.Empty:
            raise AssertionError(f"no outcome within {limit_s} s\n{self.log()}") from None
        if line is None:
            self.has_ended = True
            raise AssertionError(f"say has ended\n{self.log()}")
        return (line.split(" ", 3) + [""])[:4]

    def outcome(self, number, limit_s=LIMIT_S):
        while True:
            row = self.next(limit_s)
            if row[1] == number:
                return row

    def end(self):
        rows = []
        if not os.path.exists(self.dir.name):
            return rows
        if not self.has_ended:
            with contextlib.suppress(BrokenPipeError):  # it has died: its status and its log tell of it
                self.tell("quit")
            while (line := self.lines.get(timeout=LIMIT_S)) is not None:
                rows.append(line)
        status = self.p.wait(LIMIT_S)
        with contextlib.suppress(BrokenPipeError):
            self.p.stdin.close()
        for f in (self.p.stdout, self.stderr):
            f.close()
        log = self.log()
        self.dir.cleanup()
        if status or "ERROR: " in log or "runtime error" in log or "Sanitizer" in log:
            raise AssertionError(f"say ended with {status}\n{log}")
        return rows


class DeskTest(unittest.TestCase):
    def say(self, channels, **kw):
        say = Say(channels, **kw)
        self.addCleanup(say.end)
        return say
