#!/usr/bin/env python3
"""Broker or daemon away: said at once, and nothing pretends."""
import json
import signal
import subprocess

from console import DESK, Console, main
from rig import ROOT


class Gone(Console):
    def test_broker(self):
        page = self.sign_in("li")
        self.rig.broker_stop(signal.SIGKILL)
        page.wait("document.body.classList.contains('dead') && !document.querySelector('#gone').hidden", "the banner")
        self.assertIn("与消息服务器断开", page.text())
        self.assertNotIn("没有未结事件", page.text())
        self.go(page, "zones")
        page.wait("[...document.querySelectorAll('.zone')].length > 0 && [...document.querySelectorAll('.zone')].every(z => z.dataset.word === 'unknown')", "grey zones")
        self.shot(page, "zh-phone-broker-gone")
        page.click("#things button", "on")
        page.click("dialog button[type=submit]")
        page.sees("命令没有发出")
        self.rig.broker_start()
        page.wait("health().kind === 'ok' && document.querySelector('#gone').hidden", "it is back")
        page.wait("[...document.querySelectorAll('.zone')].every(z => z.dataset.word === 'normal')", "zones are known")
        page.click("#said button")
        self.rig.synced()
        self.says(page, "raise", type="burst-pipe", zone="l2")
        self.go(page, "")
        page.sees("二层")

    def test_report(self):
        """What could not be asked for is asked for again when the link is back; a command is not."""
        self.rig.synced()
        page = self.sign_in("li", lang="en-GB")
        self.says(page, "raise", type="burst-pipe", zone="l2")
        number = page.wait("[...S.incidents.values()][0]?.id")
        self.rig.broker_stop(signal.SIGKILL)
        page.wait("document.body.classList.contains('dead')", "no link")
        self.go(page, f"i/{number}/report")
        page.sees("the command was not sent")
        page.js(f"void (window.acked = say('ack', {{id: {json.dumps(number)}}}))")
        self.rig.broker_start()
        page.wait("!!document.querySelector('#report')", "the report")
        self.assertEqual(page.js("acked.then(r => r.ok)"), False)
        self.assertEqual(self.opened("burst-pipe")["state"], "unacked")
        self.assertNotIn("asked before", page.js("""new Promise(drawn => {
            const old = { cmd: 'report', req: 'another', at: new Date().toISOString(), id: S.report.id };
            answered({ ...old, ok: true, verified: true, part: 1, parts: 1, text: 'asked before' });
            S.report.total = 0; /* while its own parts are on their way */
            answered({ ...old, ok: false, text: 'asked before' });
            requestAnimationFrame(() => requestAnimationFrame(() => drawn(document.querySelector('#one').innerText + S.report.error)));
        })"""))
        self.go(page, "i/W-99/report")  # said after the answer that it follows
        page.sees("审计记录中没有这个编号的事件")

    def test_daemon(self):
        page = self.sign_in("li", DESK, lang="en-GB", dark=False)
        self.rig.daemon.send_signal(signal.SIGSTOP)
        # half a minute, without waiting for it; again where a last word was on its way
        page.wait("(S.aliveAt -= 31000, S.upAt -= 31000, touch('shell'), document.body.innerText.includes('tocsin has been silent for'))", "its silence is said")
        self.assertEqual(page.js("document.body.classList.contains('dead')"), True)
        self.rig.daemon.send_signal(signal.SIGCONT)
        page.wait("health().kind === 'ok' && document.querySelector('#gone').hidden", "a heartbeat ends it")
        self.rig.kill9()
        page.sees("tocsin is not running")
        self.shot(page, "en-desktop-daemon-gone")
        self.rig.start()
        page.wait("health().kind === 'ok' && document.querySelector('#gone').hidden", "it is back")

    def test_refused_for_a_while(self):
        """A broker that is being set up anew knows nobody: who was in stays, and is in again by itself."""
        page = self.sign_in("li")
        self.password("li", "another")
        page.sees("消息服务器拒绝了用户名或密码,正在再试")
        self.assertEqual(page.js("[document.body.classList.contains('dead'), !!document.querySelector('#door'), sessionStorage.length]"), [True, False, 1])
        self.assertNotIn("没有未结事件", page.text())
        self.shot(page, "zh-phone-refused-for-a-while")
        self.password("li", "li-pw")
        page.wait("health().kind === 'ok' && $('gone').hidden", "in again", 200)
        self.password("li", "another")
        page.sees("消息服务器拒绝了用户名或密码,正在再试")
        page.js("void (wrongSince -= WRONG_MS)")  # ten minutes, without waiting for them
        page.wait("!!document.querySelector('#door') && sessionStorage.length === 0", "the door", 200)
        page.sees("用户名或密码不对")
        self.password("li", "li-pw")
        self.is_content_but_for_links(page)

    def password(self, user, password):
        """The broker with another password for a user."""
        self.rig.broker_stop(signal.SIGKILL)
        subprocess.run(["mosquitto_passwd", "-b", self.rig.path("passwd"), user, password], check=True, capture_output=True)
        self.rig.broker_start()

    def is_content_but_for_links(self, page):
        """A browser complains of each WebSocket that it could not open."""
        self.assertEqual([s for s in page.said() if "WebSocket" not in s], [])

    def test_slow_link(self):
        """States come late by a slow link: until somebody has said how many there are, none is not calm."""
        page = self.sign_in("li", lang="en-GB")
        page.wait("S.openAt === S.gen", "the site says how many are open")
        shown = "(draw_list(), document.querySelector('#empty').hidden ? '' : document.querySelector('#empty').textContent)"
        two, none = (f"message({json.dumps(ROOT + 'summary')}, '{{\"open\":{n}}}', true)" for n in (2, 0))
        self.assertEqual(page.js(f"(() => {{ S.incidents.clear(); S.openAt = 0; const a = {shown}; {two}; const b = {shown}; {none}; return [health().kind, a, b, {shown}]; }})()"),
                         ["ok", "Waiting for the state of the site…", "Waiting for the state of the site…", "No open incidents"])

    def test_asleep(self):
        """A device that slept shows nothing as live until the link is new."""
        page = self.sign_in("li")
        page.js("void (Date.now = (real => () => real() + 3600e3)(Date.now), window.links = S.gen)")
        page.wait("S.gen > window.links && health().kind === 'ok'", "a new link")

    def test_elsewhere(self):
        """One user is one connection: the first one is told, and does not fight for it."""
        first = self.sign_in("li")
        second = self.sign_in("li")
        first.sees("这个用户在别处登录")
        second.wait("health().kind === 'ok'")
        first.click("#gone button", "在此使用")
        second.sees("这个用户在别处登录")
        first.wait("health().kind === 'ok'")


if __name__ == "__main__":
    main()
