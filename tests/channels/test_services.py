"""Every preset against a service that is played from its documentation: the
exact request, and what is made of each answer."""
import base64
import hashlib
import hmac
import json
import os
import re
import socket
import tempfile
import threading
import time
import types
import unittest
from urllib.parse import parse_qs, urlsplit

from desk import LIMIT_S, DeskTest, Server, garbage, hang, reset

KEEP = tempfile.TemporaryDirectory(prefix="tocsin-secrets-")
TOKEN, SECRET = "tok-123:AB", "SECtest"
HOSTILE = '【燃气】"b2" \\ `id` $(id) <b>&x=1\t%s {{token}}'
MARKED = "【演练】" + HOSTILE
AS_JSON = {"Content-Type": "application/json"}


def secret(name, text):
    path = os.path.join(KEEP.name, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text + "\n")
    os.chmod(path, 0o600)
    return "{file: " + path + "}"


def channel(preset, server, more="", timeout="90s", signed=False):
    options = f"server: \"{server.url}\", token: {secret('token', TOKEN)}"
    if signed:
        options += f", secret: {secret('secret', SECRET)}"
    return f"  ch: {{preset: {preset}, timeout: {timeout}, options: {{{options}{more}}}}}"


def text_body(text):
    return {"msgtype": "text", "text": {"content": text, "mentioned_mobile_list": ["138"]}}


def check_ding(t, path, _):
    query = parse_qs(urlsplit(path).query)
    ms = query["timestamp"][0]
    t.assertLess(abs(int(ms) - time.time() * 1000), 60000)
    t.assertEqual(query["access_token"], [TOKEN])
    sign = base64.b64encode(hmac.new(SECRET.encode(), f"{ms}\n{SECRET}".encode(), hashlib.sha256).digest()).decode()
    t.assertEqual(query["sign"], [sign])
    t.assertNotIn("+", path.split("sign=")[1])  # encoded once


def check_feishu(t, _, body):
    t.assertLess(abs(int(body["timestamp"]) - time.time()), 60)
    key = f"{body['timestamp']}\n{SECRET}".encode()
    t.assertEqual(body["sign"], base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode())
    t.assertEqual({k: body[k] for k in ("msg_type", "content")}, {"msg_type": "text", "content": {"text": MARKED}})


def check_alerts(t, _, body):
    t.assertEqual(len(body), 1)
    t.assertEqual(body[0]["labels"], {"alertname": "tocsin", "site": "plaza", "incident": "G-17", "hazard": "gas", "severity": "critical", "person": "wang"})
    t.assertEqual(body[0]["annotations"], {"summary": MARKED, "notice": "7.1"})
    t.assertRegex(body[0]["startsAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


# preset: method, path, headers, body (or a function that looks), success, an error in the body of a 200 (or None)
SERVICES = {
    "wecom": ("POST", r"/cgi-bin/webhook/send\?key=tok-123:AB", AS_JSON, text_body(MARKED),
              (200, {}, b'{"errcode":0,"errmsg":"ok"}'), b'{"errcode":93000,"errmsg":"invalid webhook url"}'),
    "dingtalk": ("POST", r"/robot/send\?access_token=tok-123:AB&timestamp=\d{13}&sign=[A-Za-z0-9%]+", AS_JSON,
                 {"msgtype": "text", "text": {"content": MARKED}, "at": {"atMobiles": ["138"], "isAtAll": False}},
                 (200, {}, b'{"errcode":0,"errmsg":"ok"}'), b'{"errcode":310000,"errmsg":"sign not match"}'),
    "feishu": ("POST", "/open-apis/bot/v2/hook/tok-123:AB", AS_JSON, None,
               (200, {}, b'{"code":0,"msg":"success","data":{}}'), b'{"code":19021,"msg":"sign match fail"}'),
    "telegram": ("POST", "/bottok-123:AB/sendMessage", AS_JSON, {"chat_id": "138", "text": MARKED},
                 (200, {}, b'{"ok":true,"result":{}}'), b'{"ok":false,"error_code":400,"description":"chat not found"}'),
    "ntfy": ("POST", "/138", {"X-Title": "G-17", "X-Priority": "3", "Authorization": "Bearer " + TOKEN}, MARKED,
             (200, {}, b'{"id":"x"}'), None),
    "gotify": ("POST", "/message", {"X-Gotify-Key": TOKEN, **AS_JSON}, {"title": "G-17", "message": MARKED, "priority": 5},
               (200, {}, b'{"id":1}'), None),
    "pushover": ("POST", "/1/messages.json", {"Content-Type": "application/x-www-form-urlencoded"},
                 {"token": [TOKEN], "user": ["138"], "message": [MARKED], "priority": ["0"]},
                 (200, {}, b'{"status":1,"request":"r","receipt":"q"}'), b'{"status":0,"errors":["user key is invalid"]}'),
    "matrix": ("PUT", r"/_matrix/client/v3/rooms/138/send/m\.room\.message/plaza-5-7\.1", {"Authorization": "Bearer " + TOKEN, **AS_JSON},
               {"msgtype": "m.text", "body": MARKED}, (200, {}, b'{"event_id":"$x"}'), None),
    "pagerduty": ("POST", "/v2/enqueue", AS_JSON,
                  {"routing_key": TOKEN, "event_action": "trigger", "dedup_key": "G-17",
                   "payload": {"summary": MARKED, "source": "tocsin", "severity": "critical"}},
                  (202, {}, b'{"status":"success","dedup_key":"G-17"}'), None),
    "alertmanager": ("POST", "/api/v2/alerts", AS_JSON, None, (200, {}, b""), None),
}
LOOKS = {"dingtalk": check_ding, "feishu": check_feishu, "alertmanager": check_alerts}


class Presets(DeskTest):
    def serve(self, *answers):
        server = Server(answers)
        self.addCleanup(server.shutdown)
        return server

    def test_1_request(self):
        for preset, (method, path, headers, body, success, _) in SERVICES.items():
            with self.subTest(preset):
                server = self.serve(success)
                say = self.say(channel(preset, server, signed=True), to='ch: "138"')
                say.send("7.1", "ch", HOSTILE, drill="drill")
                self.assertEqual(say.next(), ["sent", "7.1", "ch", ""])
                self.assertEqual(len(server.asked), 1)
                got_method, got_path, got_headers, got_body, _ = server.asked[0]
                self.assertEqual(got_method, method)
                self.assertRegex(got_path, f"^{path}$")
                for name, value in {**headers, "X-Tocsin-Notice": "7.1"}.items():
                    self.assertEqual(got_headers[name], value)
                text = got_body.decode("utf-8")
                got = parse_qs(text) if preset == "pushover" else text if preset == "ntfy" else json.loads(text)
                if body is not None:
                    self.assertEqual(got, body)
                if preset in LOOKS:
                    LOOKS[preset](self, got_path, got)

    def test_1_urgent(self):
        """What is real and about lives is urgent; an exercise (above) is not."""
        for preset, what in (("ntfy", lambda a: a[2]["X-Priority"] == "5"), ("gotify", lambda a: json.loads(a[3])["priority"] == 8),
                             ("pushover", lambda a: a[3].endswith(b"&priority=2&retry=30&expire=3600"))):
            with self.subTest(preset):
                server = self.serve((200, {}, b'{"status":1}'))
                say = self.say(channel(preset, server), to='ch: "138"')
                say.send("7.1", "ch")
                self.assertEqual(say.next()[0], "sent")
                self.assertTrue(what(server.asked[0]))

    def test_2_failure_in_a_200(self):
        for preset, (_, _, _, _, success, error) in SERVICES.items():
            for answer in filter(None, (error and (200, {}, error), (404, {}, b"not here"), (200, {}, b"\xff\xfe<html>"))):
                if answer[2].startswith(b"\xff") and not error:
                    continue  # its success is its status
                with self.subTest(preset, answer=answer):
                    server = self.serve(answer, success)
                    say = self.say(channel(preset, server, signed=True), to='ch: "138"')
                    say.send("7.1", "ch")
                    word, _, _, why = say.next()
                    self.assertEqual(word, "failed")
                    self.assertIn(str(answer[0]), why)
                    time.sleep(0.1)
                    self.assertEqual(len(server.asked), 1)

    def test_3_later(self):
        """429 with its Retry-After, 500, a reset, garbage: tried again within the channel's time, under the same id."""
        success = (200, {}, b'{"errcode":0}')
        for answer in ((429, {"Retry-After": "2"}, b""), (500, {}, b"oops"), (503, {}, b""), (200, {}, b'{"errcode":-1}'), reset, garbage):
            with self.subTest(answer=answer):
                server = self.serve(answer, success)
                say = self.say(channel("wecom", server, timeout="90s"))
                say.send("7.1", "ch")
                if answer is garbage:
                    self.assertEqual(say.next()[0], "failed")
                    continue
                self.assertEqual(say.next(), ["sent", "7.1", "ch", ""])
                self.assertEqual([a[2]["X-Tocsin-Notice"] for a in server.asked], ["7.1", "7.1"])
                waited = server.asked[1][4] - server.asked[0][4]
                self.assertGreater(waited, 1.9 if answer is not reset and answer[0] == 429 else 0.9)
                self.assertLess(waited, 30)

    def test_4_no_time_to_try_again(self):
        """What would come too late fails at once: the person's next channel is better than hope."""
        server = self.serve((429, {"Retry-After": "600"}, b""))
        say = self.say(channel("wecom", server, timeout="300s"))
        say.send("7.1", "ch")
        self.assertEqual(say.next()[:2], ["failed", "7.1"])
        say.send("7.2", "ch", hazard="water")
        self.assertEqual(say.next()[:2], ["failed", "7.2"])
        self.assertEqual(len(server.asked), 1)
        say.send("7.3", "ch")  # gas, and wang has nothing else: whether the service means it is tried
        self.assertEqual(say.next()[:2], ["failed", "7.3"])
        self.assertEqual([a[2]["X-Tocsin-Notice"] for a in server.asked], ["7.1", "7.3"])

    def test_5_telegram_says_when_in_its_body(self):
        server = self.serve((429, {}, b'{"ok":false,"error_code":429,"parameters":{"retry_after":2}}'), (200, {}, b'{"ok":true}'))
        say = self.say(channel("telegram", server, timeout="90s"))
        say.send("7.1", "ch")
        self.assertEqual(say.next()[0], "sent")
        self.assertGreater(server.asked[1][4] - server.asked[0][4], 1.9)

    def test_6_slow(self):
        server = self.serve(hang)
        say = self.say(channel("gotify", server, timeout="1s"))
        say.send("7.1", "ch")
        self.assertEqual(say.next()[0], "failed")  # within our patience, which is shorter than the service hangs

    def test_7_nobody_there(self):
        with socket.socket() as nobody:  # a port that stays taken, and nobody listens
            nobody.bind(("127.0.0.1", 0))
            where = types.SimpleNamespace(url=f"http://127.0.0.1:{nobody.getsockname()[1]}")
            say = self.say(channel("gotify", where, timeout="1500ms"))
            say.send("7.1", "ch")
            word, _, _, why = say.next()
        self.assertEqual(word, "failed")
        self.assertIn("connect", why)

    def test_8_the_end(self):
        server = self.serve((202, {}, b'{"status":"success"}'))
        say = self.say(channel("pagerduty", server))
        say.send("7.1", "ch", kind="over", severity="minor")
        self.assertEqual(say.next()[0], "sent")
        self.assertEqual(json.loads(server.asked[0][3])["event_action"], "resolve")

    def test_9_secrets_stay(self):
        """A service that repeats them does not bring them into the audit, and no line of the log has them."""
        server = self.serve((403, {}, f"bad token {TOKEN} {SECRET}".encode()))
        say = self.say(channel("dingtalk", server, signed=True))
        say.send("7.1", "ch")
        why = say.next()[3]
        self.assertIn("403", why)
        with open(f"/proc/{say.p.pid}/cmdline", "rb") as f:
            for where in (why, say.log(), f.read().decode()):
                self.assertNotIn(TOKEN, where)
                self.assertNotIn(SECRET, where)

    def test_cut(self):
        """At most so many bytes, whole characters, what matters first."""
        server = self.serve((200, {}, b'{"errcode":0}'))
        say = self.say(channel("wecom", server, timeout="90s"))
        say.send("7.1", "ch", "【燃气泄漏】G-17 " + "很" * 3000)
        self.assertEqual(say.next()[0], "sent")
        content = json.loads(server.asked[0][3])["text"]["content"]
        self.assertLessEqual(len(content.encode()), 2048)
        self.assertGreater(len(content.encode()), 2040)
        self.assertTrue(content.startswith("【燃气泄漏】G-17 很") and content.endswith("很…"))


class Own(DeskTest):
    """A webhook of one's own."""

    def test_reload_while_one_is_tried_again(self):
        """A channel that is no more of the plan tries its last notice again, with its own options: the plan they stood in is gone."""
        began, go_on = threading.Event(), threading.Event()

        def busy(_):
            began.set()
            go_on.wait(LIMIT_S)
            return 503, {}, b"wait"
        server = Server([busy, (200, AS_JSON, b'{"code":7}')])
        say = self.say(f'  ch: {{plugin: webhook, timeout: 90s, options: {{url: "{{{{{{server}}}}}}/x", server: "{server.url}", '
                       'status: ["200"], success: [/code=7]}}')
        say.send("1.1", "ch")
        self.assertTrue(began.wait(LIMIT_S))
        say.tell("reload")
        self.assertEqual(say.next()[0], "reloaded")
        go_on.set()
        self.assertEqual(say.outcome("1.1")[0], "sent")
        self.assertEqual([a[1] for a in server.asked], ["/x", "/x"])

    def test_full_notice_signed(self):
        server = Server()
        self.addCleanup(server.shutdown)
        say = self.say(f"""  hook: {{plugin: webhook, options: {{url: "{server.url}/in?a={{{{notice}}}}", sign: hmac-sha256,
    secret: {secret('hook', 'key')}}}}}""")
        say.send("7.1", "hook", "漏气")
        self.assertEqual(say.next()[0], "sent")
        _, path, headers, body, _ = server.asked[0]
        self.assertEqual(path, "/in?a=7.1")
        notice = json.loads(body)
        self.assertEqual((notice["text"], notice["notice"], notice["incident"]), ("漏气", "7.1", "G-17"))
        stamped = headers["X-Tocsin-Timestamp"].encode() + b"." + body
        self.assertEqual(headers["X-Tocsin-Signature"], "sha256=" + hmac.new(b"key", stamped, hashlib.sha256).hexdigest())

    def test_header_cannot_be_broken(self):
        server = Server()
        self.addCleanup(server.shutdown)
        say = self.say(f"""  hook: {{plugin: webhook, options: {{url: "{server.url}/", headers: ["X-Text: {{{{text}}}}"]}}}}""")
        say.send("7.1", "hook", "a\rX-Evil: 1\rb")
        self.assertEqual(say.next()[0], "sent")
        self.assertEqual(server.asked[0][2]["X-Text"], "a X-Evil: 1 b")
        self.assertIsNone(server.asked[0][2]["X-Evil"])


class Refused(DeskTest):
    """What is wrong is told when the channel is opened, and every notice goes another way."""

    def test_sentences(self):
        cases = {
            'url: "http://h/{{nmae}}"': "there is no {{nmae}}",
            'url: "http://h/", body: "{{#life}}{{text}}"': "{{#life}} does not end",
            'url: "http://h/", body: "{{{text}}}"': "{{{text}}} could break out",
            'url: "http://h/", body: "hello"': "a drill would look like an alarm",
            'urll: "http://h/"': "the plugin webhook has no option 'urll'; it has url",
            'method: POST': "the plugin webhook needs the option 'url'",
            'url: "http://h/", method: DELETE': "'method' cannot be 'DELETE'",
            'url: "http://h/", token: abc': "'token' is a secret",
            'url: "http://h/", success: ["errcode=0"]': "'success' cannot be 'errcode=0'",
            'url: "http://h/", status: ["20"]': "'status' cannot be '20'",
            'url: "http://h/", sign: hmac-sha256': "'sign' needs a 'secret'",
            'url: "http://h/", token: {file: /nonexistent/x}': "cannot read /nonexistent/x",
        }
        for options, sentence in cases.items():
            with self.subTest(options):
                say = self.say(f"  hook: {{plugin: webhook, options: {{{options}}}}}")
                say.send("7.1", "hook")
                word, _, _, why = say.next()
                self.assertEqual(word, "failed")
                self.assertIn(sentence, why)
                self.assertIn(sentence, say.log())


if __name__ == "__main__":
    unittest.main()
