"""A program of one's own: hostile text reaches it unharmed on stdin and never a shell; later, never, for ever."""
import json
import os
import tempfile
import unittest

from desk import DeskTest

KEEP = "#!/usr/bin/python3\nimport sys, os\nopen(sys.argv[1] + '/' + str(os.getpid()), 'wb').write(sys.stdin.buffer.read())\n"


class Exec(DeskTest):
    def program(self, say, name, text):
        return say.write(name, text, 0o755)

    def test_hostile(self):
        with tempfile.TemporaryDirectory(prefix="tocsin-exec-") as d:
            keep, out = os.path.join(d, "keep"), os.path.join(d, "out")
            os.mkdir(out)
            with open(keep, "w", encoding="utf-8") as f:
                f.write(KEEP)
            os.chmod(keep, 0o755)
            say = self.say(f"  ex: {{plugin: exec, argv: [{keep}, {out}, \"{{{{text}}}}\"]}}\n  big: {{plugin: exec, argv: [{keep}, {out}]}}")
            evil = os.path.join(d, "evil")
            hostile = f"'\" $(touch {evil}) `id` ; rm -rf / & | > \\ %s %n {{{{phone}}}} \t é 燃气 ‮"
            for channel, text in (("ex", hostile), ("big", "x" * 1000000), ("big", hostile)):
                say.send("7.1", channel, text)
                self.assertEqual(say.next()[0], "sent")
                (name,) = os.listdir(out)
                with open(os.path.join(out, name), "rb") as f:
                    self.assertEqual(json.loads(f.read())["text"], text)
                os.unlink(os.path.join(out, name))
            self.assertFalse(os.path.exists(evil))

    def test_later(self):
        """75: for now; tried again until the channel's time is over."""
        with tempfile.TemporaryDirectory(prefix="tocsin-exec-") as d:
            once = os.path.join(d, "once")
            with open(once, "w", encoding="utf-8") as f:
                f.write(f"#!/bin/sh\n[ -e {d}/x ] && exit 0\n>{d}/x\nexit 75\n")
            always = os.path.join(d, "always")
            with open(always, "w", encoding="utf-8") as f:
                f.write(f"#!/bin/sh\necho >>{d}/n; echo busy; exit 75\n")
            os.chmod(once, 0o755)
            os.chmod(always, 0o755)
            say = self.say(f"  once: {{plugin: exec, argv: [{once}]}}\n  always: {{plugin: exec, argv: [{always}], timeout: 10s}}")
            say.send("7.1", "once")
            self.assertEqual(say.next()[0], "sent")
            tries = []
            while len(tries) < 3 and max(tries, default=0) < 2:  # a machine that pauses leaves no time for a second one
                say.send(f"7.{2 + len(tries)}", "always")
                word, _, _, why = say.next()
                self.assertEqual(word, "failed")
                self.assertIn("busy", why)
                with open(os.path.join(d, "n"), encoding="utf-8") as f:
                    tries.append(len(f.readlines()) - sum(tries))
            self.assertIn(tries[-1], (2, 3, 4))  # after 0, 1, 3 and 7 s, where each takes no time

    def test_says_anything(self):
        """What a program writes goes into the audit as one line of valid text."""
        with tempfile.TemporaryDirectory(prefix="tocsin-exec-") as d:
            loud = os.path.join(d, "loud")
            with open(loud, "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\nprintf 'a\\377\\376b\\033[31m\\nc'; exit 1\n")
            os.chmod(loud, 0o755)
            say = self.say(f"  loud: {{plugin: exec, argv: [{loud}]}}")
            say.send("7.1", "loud")
            word, _, _, why = say.next()
            self.assertEqual(word, "failed")
            self.assertIn("a??b [31m c", why)

    def test_digest(self):
        """Six notices to one person where one may leave in a while: the first alone, the others as one, each of them sent;
        life-safety, what is marked and who else is told leave by themselves."""
        with tempfile.TemporaryDirectory(prefix="tocsin-exec-") as d:
            keep = os.path.join(d, "keep")
            with open(keep, "w", encoding="utf-8") as f:
                f.write('#!/bin/sh\n{ cat; echo; } >>"$1"\n')
            os.chmod(keep, 0o755)
            say = self.say(f"  slow: {{plugin: exec, argv: [{keep}, {d}/out], timeout: 120s, per_minute: 30, burst: 1, digest: true, max_bytes: 400}}")
            rows = [f"{i}.1 wang slow call power minor - 【停电】P-1{i} 配电室 {i}" for i in range(1, 7)]
            rows += ["7.1 wang slow call power minor drill exercise", "8.1 li slow call power minor - other", "9.1 wang slow call gas critical - gas"]
            say.tell("\n".join(rows))  # at once, so that all of them wait for the same token
            outcomes = [say.next(120) for _ in range(9)]
            self.assertEqual({(o[0], o[2]) for o in outcomes}, {("sent", "slow")})
            self.assertEqual({o[1] for o in outcomes}, {f"{i}.1" for i in range(1, 10)})
            with open(os.path.join(d, "out"), encoding="utf-8") as f:
                left = [json.loads(row) for row in f]
            self.assertEqual([n["notice"] for n in left], ["1.1", "9.1", "2.1", "7.1", "8.1"])
            digest = left[2]
            self.assertEqual((digest["kind"], digest["incident"], digest["incidents"]), ("summary", None, [17]))
            self.assertTrue(digest["text"].startswith("〔汇总〕5条通知: 1) 【停电】P-12 配电室 2 2) 【停电】P-13"), digest["text"])
            self.assertEqual([n["kind"] for n in left if n is not digest], ["call"] * 4)


if __name__ == "__main__":
    unittest.main()
