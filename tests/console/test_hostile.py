#!/usr/bin/env python3
"""Names, values and words that want to be more than text."""
import json

from console import DESK, IMAGE, SCRIPT, TURNED, Console, main
from rig import ROOT


class Hostile(Console):
    def test_names(self):
        page = self.sign_in("mallory", DESK)
        since = self.console.mark()
        self.rig.pub("plc", "plc/odd/leak", "1")
        number = self.opened("burst-pipe", since, "odd")["id"]
        self.says(page, "note", id=number, note=f"{TURNED} {SCRIPT} {{a}} {{b}} " + "长" * 1200)
        page.wait(f"S.rows.get('{number}')?.some(r => r.kind === 'note')", "the note")
        for where in ("", f"i/{number}", "zones", "duty", "out"):
            self.go(page, where)
            page.wait("!!document.querySelector('#main')")
            self.is_content(page)
            if where == f"i/{number}":
                page.sees(SCRIPT)
                page.sees("{a} {b}")
                page.click("header button", "EN")
                page.sees(IMAGE)
                self.shot(page, "zh-desktop-hostile")
        self.go(page, f"i/{number}/report")
        page.wait("!!document.querySelector('#report')")
        self.is_harmless(page)

    def test_topics(self):
        """What stands in a state is not believed to be what it should be."""
        page = self.sign_in("smith", lang="en-GB")
        word = IMAGE + TURNED + "W" * 4000
        odd = [("__proto__", {}), ("constructor", {"state": "unacked"}), ("X-1", {"state": 7, "title": 3, "steps": "x", "members": {}, "next": [], "flags": 1, "deliveries": None}),
               ("X-3", {"state": "unacked", "title": None, "steps": [None, 7, {}], "members": [None, 7, {}], "chain": {"called": [None, 7, {}]}, "deliveries": [None, 7, {}],
                        "next": None, "flags": None, "instructions": [None, 7, {}], "acks": [None], "quorum": "x", "reset": {}, "opened": {}}),
               ("X-2", {"state": "unacked", "hazard": word, "severity": word, "type": word, "title": {"en": word}, "zone": word, "opened": word, "acked_by": word,
                        "next": {"at": word, "what": "toString", "who": [word]}, "chain": {"level": word, "called": [{"person": word, "at": word}]},
                        "members": [{"sensor": word, "leaf": word, "now": word, "unit": word, "at": word}], "flags": {"because": word, "shelved": {"until": word, "reason": word}},
                        "steps": [{"id": word, "kind": word, "state": "open", "who": [word], "text": {"en": word}, "due": word},
                                  {"id": "a", "kind": "decide", "state": "open", "who": ["smith"], "choices": {word: {"en": word}, "__proto__": None}},
                                  {"id": "b", "kind": "record", "state": "open", "who": ["smith"], "fields": {word: word}}],
                        "deliveries": [{"person": word, "channel": word, "state": word, "at": word}], "instructions": [{"at": word, "by": word, "from": word, "words": word}]})]
        for name, state in odd:
            page.js(f"message({json.dumps(ROOT + 'incident/' + name + '/state')}, {json.dumps(json.dumps(state))}, false)")
        for topic, text in (("zone/__proto__/state", word), ("zone/hall/state", word), ("oncall", json.dumps({word: {"why": word, "person": word}})), ("impairments", '{"items":[{"what":"constructor"},null,7]}'), ("names/8", '{"people":{"a":null},"types":{"b":null},"actuators":{"c":null},"roles":{"d":7},"zones":{"e":null},"parts":9}'),
                            ("impairments", json.dumps({"items": [{"what": "out", "sensor": word, "until": word, "by": word, "reason": word}, {"what": word}]})), ("heartbeat", "[]"), ("event", '{"rec":"null"}'),
                            ("page/smith/json", json.dumps({"kind": "call", "text": word, "incident": "X-2"})), ("result/smith", "7"), ("names/9", '{"zones":7,"parts":9}'), ("status", "online")):
            page.js(f"message({json.dumps(ROOT + topic)}, {json.dumps(text)}, false)")
        for where in ("", "i/X-1", "i/X-2", "i/X-3", "i/__proto__", "i/constructor", "i/%E0%A4%A", "zones", "duty", "out", "figures", "constructor"):
            page.js(f"location.hash = {json.dumps('#/' + where)}")
            page.js("new Promise(r => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(r))))")
            self.is_content(page)
        self.is_harmless(page)

    def is_harmless(self, page):
        self.assertEqual(page.js("[window.hacked === undefined, document.scripts.length, document.images.length, document.querySelectorAll('iframe,object,embed,svg').length]"), [True, 0, 0, 0])
        self.is_content(page)

    def test_policy(self):
        """What the page's policy says holds: neither markup nor another script gets in, were there a hole."""
        page = self.sign_in("smith")
        self.assertIn("TrustedHTML", page.js("(() => { try { document.body.insertAdjacentHTML('beforeend', '<i></i>'); return 'it went in' } catch (e) { return e.message } })()"))
        page.js("{ const s = document.createElement('script'); try { s.text = 'window.hacked = 1'; document.body.append(s); } catch {} }")
        self.assertEqual(page.js("window.hacked === undefined"), True)


if __name__ == "__main__":
    main()
