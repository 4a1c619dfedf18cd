"""5,000 notices to 50 people over 10 channels of which three hang: life-safety first, no channel waits for another,
the loop goes on turning, memory is bounded."""
import time
import unittest

from desk import DeskTest, Server, hang

PEOPLE, NOTICES = 50, 5000


def slow(handler):
    time.sleep(0.02)
    return 200, {}, b"{}"


class Load(DeskTest):
    def test_load(self):
        servers = [Server([hang if i < 3 else slow]) for i in range(9)]
        rows = [f"  c{i}: {{plugin: webhook, timeout: 20s, options: {{url: \"{s.url}/\", type: text, body: \"{{{{hazard}}}} {{{{text}}}}\"}}}}"
                for i, s in enumerate(servers)] + ["  c9: {plugin: journal}"]
        people = "\n".join(f"  p{i}: {{language: en, channels: [c0]}}" for i in range(PEOPLE)) + "\n  wang: {channels: [c0]}"
        say = self.say("\n".join(rows), people=people)
        start = time.monotonic()
        for i in range(NOTICES):  # every tenth is of life-safety, and comes behind the others
            say.send(f"{i}.1", f"c{i % 10}", person=f"p{i % PEOPLE}", hazard="fire" if i // 10 % 10 == 9 else "water", text=str(i))
        got = {}
        while len(got) < NOTICES:
            word, number, channel, _ = say.next(60)
            self.assertNotIn(number, got)
            got[number] = (word, channel, time.monotonic() - start)
        for word, channel, at in got.values():
            hangs = channel in ("c0", "c1", "c2")
            self.assertEqual(word, "failed" if hangs else "sent")
            self.assertLess(at, 45 if hangs else 18)
        for i, server in enumerate(servers[3:], 3):
            kinds = [a[3].split()[0] for a in server.asked]
            self.assertEqual(len(kinds), NOTICES // 10)
            last_life = max(n for n, k in enumerate(kinds) if k == b"fire")
            print(f"c{i}: the last life-safety notice was number {last_life} of {len(kinds)}")
        end = say.end()
        print(*[row for row in end if row.startswith(("longest", "memory"))], f"{max(g[2] for g in got.values() if g[0] == 'sent'):.1f} s")
        # a lower bound of what is broken, no speed: sanitizers and a busy machine multiply the usual 30 to 60 ms
        self.assertLess(int([r for r in end if r.startswith("longest")][0].split()[2]), 2500)
        for s in servers:
            s.shutdown()


if __name__ == "__main__":
    unittest.main()
