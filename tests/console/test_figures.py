#!/usr/bin/env python3
"""The alarm figures on the page are those of `tocsin stats`, for people, by thumb and by keyboard."""
import json

from console import DESK, IMAGE, SCRIPT, TURNED, Console, main
from rig import until

TABLES = "[...document.querySelectorAll('#figures table')]"


class Figures(Console):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for n in range(12):
            cls.rig.pub("plc", f"plc/s{n:03}/leak", "1")
        until("they are open", lambda: len(cls.rig.incidents()) >= 12)

    def cell(self, page, name):
        """What stands beside a name."""
        return page.wait(f"[...document.querySelectorAll('#figures th[scope=row]')].find(e => e.textContent === {json.dumps(name)})?.nextElementSibling.textContent", name)

    def counted(self, page):
        page.wait(f"{TABLES}.length > 0 && !S.figures.asked", "the figures are there")

    def test_shown(self):
        page = self.sign_in("wang", lang="zh-CN")
        number = self.opened("burst-pipe")["id"]
        self.says(page, "ack", id=number)
        page.click("#tab-figures")
        self.counted(page)
        self.assertEqual(page.js("S.figures.span"), "7d")
        page.click("#figures button", "24 小时")
        page.wait("S.figures.span === '24h' && !S.figures.asked", "the day's")

        def same():
            page.click("#figures button", "30 天")
            page.wait("S.figures.span === '30d' && !S.figures.asked", "the month's")
            f = self.rig.ask("stats", "--since", "30d")
            return f if page.js("S.figures.f") == f else None
        f = until("the page has what the client has", same)
        self.assertEqual(self.cell(page, "报警数"), str(f["alarms"]))
        self.assertEqual(self.cell(page, "从未确认"), str(f["unacked"]))
        share = f"{f['acked_180s'] * 1000 // f['alarms'] / 10}"
        self.assertIn(share.split(".", maxsplit=1)[0], self.cell(page, "180 秒之内"))
        self.assertEqual(page.js("document.querySelectorAll('#figures [aria-pressed=true]').length"), 1)
        self.assertEqual("超过目标" in self.cell(page, "10 分钟内最多"), f["peak_10min"] > 10)
        self.assertEqual(page.js(f"{TABLES}.every(t => t.caption.textContent && [...t.rows].every(r => r.cells[0].scope))"), True)
        widths = page.js("[...document.querySelectorAll('.bar-of > i')].map(e => [parseFloat(e.style.width), e.offsetWidth > 0])")
        self.assertTrue(widths and all(0 <= w <= 100 and (drawn or w < 1) for w, drawn in widths), widths)
        self.shot_of(page, "zh-phone-figures")
        self.is_content(page)
        page.size(320, 640, True)  # the smallest phone there is
        self.is_content(page)
        page.size(390, 844, True)
        page.click("header button", "EN")
        self.counted(page)
        self.assertEqual(self.cell(page, "alarms"), str(f["alarms"]))
        self.shot_of(page, "en-phone-figures")
        page.size(320, 640, True)
        page.js("S.figures.f.ack = S.figures.f.first_step = [{level: 4, n: 12345, median_ms: 11e6, p90_ms: 12e7, max_ms: 1e10}], S.figures.f.peak_10min = 11, touch('figures')")
        page.wait("!queued")
        self.assertIn("over the target", self.cell(page, "most in 10 minutes"))
        self.is_content(page)
        self.shot_of(page, "en-small-phone-figures")
        self.assertEqual(page.js("document.documentElement.scrollWidth <= innerWidth"), True)
        page.click("#figures button", "30 days")
        page.wait("!S.figures.asked")
        for theme, lang in (("dark", "en"), ("light", "zh")):
            page.size(*DESK)
            page.js(f"set_theme('{theme}'); set_lang('{lang}'); frame(); touch('names')")
            self.counted(page)
            self.shot_of(page, f"{lang}-desktop-figures")
            self.is_content(page)

    def shot_of(self, page, name):
        """All of it, not what a screen holds."""
        page.js("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        width, height = page.js("[innerWidth, innerHeight]")
        page.size(width, page.js("Math.ceil(document.documentElement.scrollHeight)"), width < 500)
        self.shot(page, name)
        page.size(width, height, width < 500)

    def test_waits_and_is_refused(self):
        page = self.sign_in("li")
        page.js("void (S.figures = { span: '24h', asked: true })")
        self.go(page, "figures")
        page.sees("正在统计")
        self.assertEqual(page.js("document.querySelector('#figures [aria-busy]') !== null"), True)
        self.shot(page, "zh-phone-figures-counting")
        page.click("#figures button", "30 天")  # one question at a time: the daemon would refuse the second
        self.assertEqual(page.js("[S.figures.span, document.querySelector('#figures [aria-disabled]').ariaDisabled]"), ["24h", "true"])
        page.js("void count('400d')")
        page.sees("时间太长")
        self.assertEqual(page.js("document.querySelector('#said').hidden"), True)  # it stands where it was asked for
        page.click("#figures button", "7 天")
        self.counted(page)
        self.rig.broker_stop()
        page.wait("document.body.classList.contains('dead')", "no link")
        self.assertEqual(page.js(f"{TABLES}.length > 0"), True)  # what was counted stays, with its time
        page.click("#figures button", "24 小时")
        page.sees("连接不通")
        self.rig.broker_start()
        page.wait("S.figures.span === '24h'", "what was asked for stays asked for")
        self.counted(page)  # by itself, when it is back
        page.js("void (S.figures = null)")
        self.rig.broker_stop()
        page.wait("document.body.classList.contains('dead')", "no link")
        self.go(page, "zones")
        self.go(page, "figures")
        page.sees("连接不通")
        self.rig.broker_start()
        self.counted(page)

    def test_keyboard(self):
        page = self.sign_in("li", DESK, lang="en-GB")
        page.js("document.querySelector('#tab-figures').focus()")
        page.key("Enter", 13)
        self.counted(page)
        self.assertEqual(page.js("document.querySelector('#tab-figures').getAttribute('aria-current')"), "page")
        page.js("window.spoken = []; new MutationObserver(() => spoken.push(document.querySelector('#polite').textContent)).observe(document.querySelector('#polite'), {childList: true})")
        page.js("[...document.querySelectorAll('#figures button')][2].focus()")
        page.key("Enter", 13)
        page.wait("S.figures.span === '30d' && !S.figures.asked && !queued", "counted")
        self.assertEqual(page.js("document.activeElement.textContent"), "30 days")  # the focus stays where it was
        page.wait("spoken.some(s => s.startsWith('Figures: alarms '))", "it is said aloud")

    def test_on_nobodys_list(self):
        """A display on the wall gets a hint, and asks nothing."""
        page = self.sign_in("smith", lang="en-GB")
        page.js("S.names.people = { x: { name: 'X', users: ['x'] } }; S.parts.clear(); know_me(); S.figures = null; touch('names')")
        self.go(page, "figures")
        page.sees("User smith is not on the people list. Figures are counted for people on it")
        self.assertEqual(page.js("S.figures"), None)
        self.is_content(page)

    def test_hostile(self):
        page = self.sign_in("smith", lang="en-GB")
        self.go(page, "figures")
        self.counted(page)
        word = SCRIPT + IMAGE + TURNED + "W" * 400
        named = [{"name": word, "n": 7}, {"name": "__proto__", "n": word}, 7, None, {"name": "sensor:" + word, "n": -1e9}]
        times = [{"level": word, "n": word, "median_ms": word, "p90_ms": None, "max_ms": 1e15}, {}]
        for f in ({"alarms": 3, "per_10min_hundredths": word, "peak_10min": 99, "peak_at": word, "over_10_permille": 1e9, "by_severity": {"critical": 1e9, "unknown": 1}, "top_sources": named, "top_types": named,
                   "chattering_sources": named, "stale_hours": named, "ack": times, "first_step": times, "acked_30s": -5, "from": word, "until": 7}, {"alarms": 1, "by_severity": 7, "ack": 7, "top_types": {}}, 7, {}):
            page.js(f"S.figures = {{ span: '7d', error: '', f: {json.dumps(f)}, at: NaN }}; touch('figures')")
            page.wait("!queued")
            self.assertEqual(page.js("[window.hacked === undefined, document.scripts.length, document.images.length]"), [True, 0, 0])
            self.is_content(page)
        page.js(f"S.figures = {{ span: '7d', error: {json.dumps(word)}, f: null }}; touch('figures')")
        page.sees(SCRIPT)
        self.is_content(page)


if __name__ == "__main__":
    main()
