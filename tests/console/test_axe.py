#!/usr/bin/env python3
"""Contrast, labels, roles: what axe-core finds in each view, both languages, both themes, phone and desktop."""
from console import AXE, DESK, PHONE, Console, main


class Axe(Console):
    def look(self, page, what):
        r = page.js("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']})"
                    ".then(r => r.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 4).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message || '')).join(' | ')}`))")
        if r:
            print(what, *r, sep="\n  ", flush=True)
        self.found += r

    found = []

    def views(self, size, lang, axe, themes=("dark", "light")):
        door = self.browser.page(self.rig.url, *size, lang=lang)
        door.js(axe)
        self.look(door, "the door")
        self.shot(door, f"{lang[:2]}-{'phone' if size is PHONE else 'desktop'}-door")
        door.close()
        page = self.sign_in("li", size, lang=lang)
        page.js(axe)
        name = f"{lang[:2]}-{'phone' if size is PHONE else 'desktop'}"
        number = page.wait("[...S.incidents.values()][0]?.id")
        for theme in themes:
            page.js(f"set_theme('{theme}')")
            for where in ("", f"i/{number}", "zones", "duty", "out", "figures"):
                self.go(page, where)
                if where == "figures":
                    page.wait("!!document.querySelector('#figures table')", "the figures")
                self.shot(page, f"{name}-{theme}-{where.split('/')[0] or 'list'}")
                page.js("document.querySelectorAll('details').forEach(d => { d.open = true })")
                page.size(size[0], 6000, size[2])  # a bar over the middle of a button is a matter of how far it is scrolled
                self.look(page, f"{name} {theme} {where}")
                page.size(*size)
        page.js("raise(false), 0")
        page.wait("!!document.querySelector('dialog[open]')")
        self.look(page, f"{name} dialog")
        page.key("Escape", 27)
        page.js("S.status = 'offline', touch('shell')")
        page.wait("document.body.classList.contains('dead')")
        self.look(page, f"{name} dead")
        page.close()  # or it comes back after a minute, and cuts off the next one of its user

    def test_views(self):
        with open(AXE, encoding="utf-8") as f:
            axe = f.read() + ";0"
        self.leak(31.2)
        self.opened("gas-leak")
        self.rig.pub("plc", "plc/s001/leak", "1")
        self.command("li", "drill", "burst-pipe l2")
        self.command("li", "out", "leak-pumps 2h wet")
        self.views(PHONE, "zh-CN", axe)
        self.views(DESK, "en-GB", axe)
        self.views(DESK, "zh-CN", axe, ["light"])
        self.views(PHONE, "en-GB", axe, ["dark"])
        self.assertEqual(self.found, [])


if __name__ == "__main__":
    main(AXE)
