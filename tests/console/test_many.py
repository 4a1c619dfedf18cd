#!/usr/bin/env python3
"""200 open incidents stay smooth."""
import statistics
import time

from console import Console, main

MANY = 200


class Many(Console):
    def test_many(self):
        page = self.sign_in("smith")
        page.js("window.slow = []; new PerformanceObserver(l => { for (const e of l.getEntries()) slow.push(e.duration); }).observe({type: 'longtask'});"
                "window.frames_ = []; let was = performance.now(); (function next(t) { frames_.push(t - was); was = t; requestAnimationFrame(next); })(was)")
        begin = time.monotonic()
        for n in range(MANY):
            self.rig.pub("plc", f"plc/s{n:03}/leak", "1")
        page.wait(f"document.querySelectorAll('#cards > li').length >= {MANY}", f"{MANY} cards", 600)
        print(f"{MANY} incidents stood there {time.monotonic() - begin:.1f} s after the first payload; tasks over 50 ms: "
              + page.js("`${slow.length}, the longest ${Math.round(Math.max(0, ...slow))} ms`"), flush=True)
        self.shot(page, "zh-phone-many")
        number = page.js("[...document.querySelectorAll('#cards > li')][100].querySelector('a').hash.slice(4)")
        page.js("slow.length = frames_.length = 0; window.touched = new Set(); window.cards = [...document.querySelectorAll('#cards > li')];"
                "new MutationObserver(l => { for (const m of l) { const li = (m.target.nodeType === 1 ? m.target : m.target.parentElement)?.closest('li.card');"
                "if (li && !(m.type === 'childList' && m.target.tagName === 'TIME')) touched.add(li); } }).observe(document.querySelector('#cards'), {childList: true, subtree: true})")
        page.js("cards[100].querySelector('a').focus(), 0")
        self.says(page, "note", id=number, note="x")
        self.says(page, "shelve", id=number, for_s="30m", note="drains")
        page.wait(f"S.incidents.get('{number}').flags.shelved && !queued", "shelved")
        self.assertEqual(page.js("cards.every(c => c.isConnected)"), True, "the cards are the same nodes")
        self.assertEqual(page.js("[...document.querySelectorAll('#cards > li')].indexOf(cards[100]) === document.querySelectorAll('#cards > li').length - 1"), True, "it calls nobody and is last")
        self.assertEqual(page.js("document.activeElement.closest('li') === cards[100]"), True, "the focus went with it")
        print("one more change touched", page.js("touched.size"), "cards", flush=True)
        page.js("(async () => { for (let y = 0; y < 20; y++) { scrollTo(0, y * 700); await new Promise(requestAnimationFrame); } })()")
        frames = page.js("frames_")
        print(f"frames while 20 screens are scrolled through: median {statistics.median(frames):.0f} ms, longest {max(frames):.0f} ms", flush=True)
        self.assertLess(statistics.median(frames), 2000)
        self.is_content(page)


if __name__ == "__main__":
    main()
