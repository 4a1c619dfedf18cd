"""The small programs for `exec` and for the machine's own UPS, with played tools in the place of relays and of the
shutdown."""
import os
import subprocess
import tempfile
import unittest

import blocks

HELPERS = os.path.join(blocks.SOURCE, "contrib/channels")


class Helpers(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir, self.said = tmp.name, os.path.join(tmp.name, "said")
        os.mkdir(os.path.join(self.dir, "down.d"))

    def play(self, name, text, mode=0o755):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, mode)
        return path

    def told(self):
        if not os.path.exists(self.said):
            return []
        with open(self.said, encoding="utf-8") as f:
            return f.read().splitlines()

    def relay(self, notice):
        env = {**os.environ, "PATH": f"{self.dir}:{os.environ['PATH']}"}
        return subprocess.run([os.path.join(HELPERS, "relay"), "HURTM_1", "0"], input=notice, text=True, env=env, timeout=60,
                              capture_output=True, check=False).returncode

    def test_relay(self):
        self.play("usbrelay", f"echo $1 >> {self.said}")
        for notice, expected in (('{"kind":"call","drill":false}', ["HURTM_1=1", "HURTM_1=0"]), ('{"kind":"call","drill":true}', []),
                                 ('{"kind":"over","drill":false}', ["HURTM_1=0"]), ('{"kind":"tell","drill":false}', [])):
            with self.subTest(notice):
                before = len(self.told())
                self.assertEqual(self.relay(notice), 0)
                self.assertEqual(self.told()[before:], expected)

    def test_relay_is_away(self):
        self.play("usbrelay", "exit 1")
        self.assertEqual(self.relay('{"kind":"call","drill":false}'), 75)

    def test_nut_shutdown(self):
        """Told by each program that can be run, and shut down although one of them fails."""
        self.play("down.d/a", "exit 1")
        self.play("down.d/b", f'echo "told $1" >> {self.said}')
        self.play("down.d/c", f"echo not >> {self.said}", 0o644)
        end = self.play("shutdown", f"echo shut down >> {self.said}")
        env = {**os.environ, "TOCSIN_DOWN_D": os.path.join(self.dir, "down.d"), "TOCSIN_SHUTDOWN": end}
        done = subprocess.run([os.path.join(HELPERS, "nut-shutdown")], env=env, timeout=60, check=False, capture_output=True)
        self.assertEqual(done.returncode, 0)
        told = self.told()
        self.assertRegex(told[0], "^told .*UPS is empty")
        self.assertEqual(told[1:], ["shut down"])


if __name__ == "__main__":
    unittest.main()
