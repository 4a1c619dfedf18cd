"""console - what the browser tests share: one Chromium for a program, and a person who
signs in to the console of a house (house.py). Screenshots are left in the build, in console/."""
import json
import os
import shutil
import sys
import unittest

import house

house.alone()

from browser import Browser  # noqa: E402
from rig import BINARY, SOURCE, Case  # noqa: E402

SHOTS = os.path.join(BINARY, "console")
AXE = os.path.join(SOURCE, "build/console/node_modules/axe-core/axe.min.js")
PHONE, DESK = (390, 844, True), (1440, 900, False)
# A machine that pauses is no link that fell silent, and no answer that does not come.
PATIENT = ("void (say = (say => (verb, args, patience_s = 10, ...more) => say(verb, args, 10 * patience_s, ...more))(say),"
           "Mqtt.prototype.beat = (beat => function () { const now = performance.now(); this.heard = Math.max(this.heard, now - 15000); beat.call(this); })(Mqtt.prototype.beat))")
SCRIPT, IMAGE, TURNED = "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "\u202egnp.exe\u2066"


def main(*needs):
    """Runs the tests of the calling program, or says with 77 what is not there."""
    missing = [n for n in needs if not os.path.exists(n)] + ([] if shutil.which("chromium") else ["chromium"])
    if missing:
        print(f"not there: {', '.join(missing)} (contrib/check --full fetches it)")
        sys.exit(77)
    unittest.main(module="__main__")


class Console(Case):
    house = house.House

    @classmethod
    def setUpClass(cls):
        os.makedirs(SHOTS, exist_ok=True)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        super().setUpClass()

    def sign_in(self, user, size=PHONE, **how):
        page = self.browser.page(self.rig.url, *size, **how)
        self.addCleanup(page.close)
        page.js(PATIENT)
        page.type("#user", user)
        page.type("#password", user + "-pw")
        page.click("#door-go")
        page.wait("!!document.querySelector('#main:not(#door)')", f"{user} is in")
        page.wait("health().kind === 'ok' && Object.keys(S.names.people).length > 0", "the daemon was heard")
        return page

    def leak(self, value):
        self.rig.pub("zigbee2mqtt", "zigbee2mqtt/b2/gas", json.dumps({"gas_density": value}))

    def shot(self, page, name):
        page.js("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        page.shot(os.path.join(SHOTS, name + ".png"))

    def is_content(self, page):
        """Nothing was complained of, and nothing sticks out to the side."""
        self.assertEqual(page.said(), [])
        wide = page.js("[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120)).slice(0, 3)")
        self.assertEqual(wide if page.js("document.documentElement.scrollWidth > innerWidth") else [], [], page.js("location.hash"))

    def says(self, page, verb, **args):
        """A command by the page itself: a second client of its user would cut it off."""
        r = page.js(f"say({json.dumps(verb)}, {json.dumps(args)})")
        self.assertTrue(r["ok"], r)
        return r

    def go(self, page, where):
        page.js(f"location.hash = {json.dumps('#/' + where)}")
        page.wait(f"route.tab === {json.dumps(where if where in ('zones', 'duty', 'out', 'figures') else 'incidents')} && !queued")
