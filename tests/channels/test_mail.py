"""Mail to a real SMTP server: TLS, login, the letter itself, and what is made of its answers."""
import email
import email.policy
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import unittest

from desk import DeskTest

HERE = os.path.dirname(os.path.abspath(__file__))
KEEP = tempfile.TemporaryDirectory(prefix="tocsin-mail-")
CERT, KEY, PASSWORD = (os.path.join(KEEP.name, n) for n in ("cert", "key", "password"))
TEXT = "【燃气泄漏】G-17 地下二层厨房 31.2%LEL 03:10 第1级。立即赶到现场;禁止开关电器。回复:确认 17 . 。很长很长很长的一行很长很长很长的一行"


class Mail(DeskTest):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", KEY, "-out", CERT], check=True, capture_output=True)
        with open(PASSWORD, "w", encoding="utf-8") as f:
            f.write("pass wörd\n")
        os.chmod(PASSWORD, 0o600)

    def server(self, mode):
        p = subprocess.Popen(["/usr/bin/python3", os.path.join(HERE, "smtp_server.py"), CERT, KEY, mode], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        port = int(p.stdout.readline())
        self.mails = queue.Queue()
        threading.Thread(target=lambda: [self.mails.put(json.loads(line)) for line in p.stdout], daemon=True).start()
        return port

    def channel(self, port, more="tls: none", timeout="90s"):
        return f"  mail: {{plugin: mail, timeout: {timeout}, options: {{server: \"smtp://localhost:{port}\", from: alarm@example.com, {more}}}}}"

    def test_letter(self):
        """STARTTLS, a login, UTF-8 in subject and body, one letter that Python's own parser reads back."""
        port = self.server("tls")
        say = self.say(self.channel(port, f"user: alarm, password: {{file: {PASSWORD}}}, ca: {CERT}"))
        say.send("7.1", "mail", TEXT)
        self.assertEqual(say.next(), ["sent", "7.1", "mail", ""])
        got = self.mails.get(timeout=60)
        self.assertEqual((got["from"], got["to"], got["tls"], got["user"]), ("alarm@example.com", ["wang@example.com"], True, "alarm"))
        letter = email.message_from_bytes(got["data"].encode("latin-1"), policy=email.policy.default)
        self.assertEqual((letter["From"], letter["To"]), ("alarm@example.com", "wang@example.com"))
        self.assertTrue(letter["Subject"].startswith("【燃气泄漏】G-17 地下二层厨房 31.2%LEL"))
        self.assertLessEqual(max(len(line) for line in got["data"].split("\r\n")), 78)
        self.assertEqual(letter["X-Tocsin-Notice"], "7.1")
        self.assertEqual(letter["Message-ID"], "<tocsin-plaza-5-7.1@example.com>")  # of another site or store it is another
        self.assertEqual(letter.get_content_type(), "text/plain")
        self.assertLess(abs(letter["Date"].datetime.timestamp() - time.time()), 600)
        text, _, notice = letter.get_content().partition("-- \r\n" if "\r\n" in letter.get_content() else "-- \n")
        self.assertEqual(text.strip(), TEXT)
        self.assertEqual(json.loads(notice)["audit"], {"seq": 2, "hash": "abc"})  # the head leaves the machine

    def test_refused_by_tls(self):
        """A server whose certificate nobody vouches for gets neither password nor mail; nor does one without TLS."""
        port = self.server("tls")
        say = self.say(self.channel(port, f"user: alarm, password: {{file: {PASSWORD}}}"))
        say.send("7.1", "mail", TEXT)
        self.assertEqual(say.next()[0], "failed")
        port = self.server("plain")
        say = self.say(self.channel(port, f"user: alarm, password: {{file: {PASSWORD}}}"))
        say.send("7.1", "mail", TEXT)
        self.assertEqual(say.next()[0], "failed")
        self.assertTrue(self.mails.empty())

    def test_wrong_password(self):
        port = self.server("tls")
        with open(os.path.join(KEEP.name, "wrong"), "w", encoding="utf-8") as f:
            f.write("no")
        say = self.say(self.channel(port, f"user: alarm, password: {{file: {KEEP.name}/wrong}}, ca: {CERT}"))
        say.send("7.1", "mail", TEXT)
        word, _, _, why = say.next()
        self.assertEqual(word, "failed")
        self.assertIn("535", why)

    def test_answers(self):
        for mode, word in (("plain", "sent"), ("later", "sent"), ("never", "failed"), ("drop", "sent")):
            with self.subTest(mode):
                say = self.say(self.channel(self.server(mode)))
                say.send("7.1", "mail", TEXT)
                self.assertEqual(say.next()[0], word)
                if word == "sent":
                    self.mails.get(timeout=60)
                self.assertTrue(self.mails.empty())

    def test_hangs(self):
        say = self.say(self.channel(self.server("hang"), timeout="1s"))
        say.send("7.1", "mail", TEXT)
        self.assertEqual(say.next()[0], "failed")  # within our patience, which is shorter than the server hangs

    def test_nobody_to_write_to(self):
        say = self.say(self.channel(self.server("plain")))
        say.send("7.1", "mail", TEXT, person="li")
        self.assertEqual(say.next(), ["failed", "7.1", "mail", "the person has no usable address for this channel"])

    def test_no_header_of_theirs(self):
        """A text with line breaks stays one subject, an address with them is none."""
        say = self.say(self.channel(self.server("plain")), to='mail: "a@b\\nRCPT TO:<x@y>"')
        say.send("7.1", "mail", TEXT)
        self.assertEqual(say.next()[0], "failed")
        say = self.say(self.channel(self.server("plain")), to='mail: "a@example.com"')
        say.send("7.1", "mail", "x\rBcc: evil@example.com\r\r.\rQUIT")
        self.assertEqual(say.next()[0], "sent")
        got = self.mails.get(timeout=60)
        self.assertEqual(got["to"], ["a@example.com"])
        self.assertNotIn("\nBcc", got["data"])

    def test_refused(self):
        for options, sentence in {"server: localhost, from: a@b": "'server' is smtp://", "server: \"smtp://h\", from: a": "'from' is one address",
                                  "server: \"smtp://h\", from: a@b, tls: maybe": "'tls' is required or none",
                                  "server: \"smtp://h\", from: a@b, user: x": "'user' and 'password' belong together",
                                  f"server: \"smtp://h\", from: a@b, tls: none, user: x, password: {{file: {PASSWORD}}}": "could be read on its way"}.items():
            with self.subTest(options):
                say = self.say(f"  mail: {{plugin: mail, options: {{{options}}}}}")
                say.send("7.1", "mail")
                word, _, _, why = say.next()
                self.assertEqual(word, "failed")
                self.assertIn(sentence, why)


if __name__ == "__main__":
    unittest.main()
