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
            hostile = "'\" $(touch /tmp/tocsin-evil) `id` ; rm -rf / & | > \\ %s %n {{phone}} \t é 燃气 ‮"
            for channel, text in (("ex", hostile), ("big", "x" * 1000000), ("big", hostile)):
                say.send("7.1", channel, text)
                self.assertEqual(say.next()[0], "sent")
                (name,) = os.listdir(out)
                with open(os.path.join(out, name), "rb") as f:
                    self.assertEqual(json.loads(f.read())["text"], text)
                os.unlink(os.path.join(out, name))
            self.assertFalse(os.path.exists("/tmp/tocsin-evil"))

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
            say = self.say(f"  once: {{plugin: exec, argv: [{once}]}}\n  always: {{plugin: exec, argv: [{always}], timeout: 4s}}")
            say.send("7.1", "once")
            self.assertEqual(say.next()[0], "sent")
            say.send("7.2", "always")
            word, _, _, why = say.next()
            self.assertEqual(word, "failed")
            self.assertIn("busy", why)
            with open(os.path.join(d, "n"), encoding="utf-8") as f:
                self.assertIn(len(f.readlines()), (2, 3))  # after 0, 1 and 3 s, where each takes no time

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


if __name__ == "__main__":
    unittest.main()
