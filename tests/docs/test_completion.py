"""bash completion, sourced by a real bash: every command of the usage is offered, arguments are offered by
their place, options by their command, ids by what the daemon says."""
import os
import re
import subprocess
import tempfile
import unittest

import blocks

TOCSIN = os.environ["TOCSIN"]
SCRIPT = os.path.join(blocks.SOURCE, "contrib/completion/tocsin")
SITE = """\
zones:
  b2: {}
  b2-kitchen: {in: b2}
people:
  wang: {}
  li: {}
roles:
  shift-foreman: {holder: li}
incidents:
  gas-leak:
    hazard: gas
"""
# In the place of the daemon: a program of that name that knows two questions.
PLAYED = """\
#!/bin/sh
case "$*" in
*--help*) cat {help} ;;
'--json list') echo '{{"ok":true,"incidents":[{{"id":"G-17","steps":[{{"id":"scene","kind":"task"}}]}},{{"id":"W-18"}}]}}' ;;
'--json show G-17') echo '{{"id":"G-17","steps":[{{"id":"scene","kind":"task"}},{{"id":"scale","kind":"decide"}}]}}' ;;
*) exit 3 ;;
esac
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.dir.cleanup)
        cls.site, cls.played = os.path.join(cls.dir.name, "site.yaml"), os.path.join(cls.dir.name, "tocsin")
        cls.help = subprocess.run([TOCSIN, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
        said = os.path.join(cls.dir.name, "help")
        for path, text in ((cls.site, SITE), (cls.played, PLAYED.format(help=said)), (said, cls.help)):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        os.chmod(cls.played, 0o755)

    def offered(self, *words):
        """For the last word, which may be begun."""
        line = " ".join(f"'{w}'" for w in (self.played, *words))
        script = f"set -u; . {SCRIPT}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _tocsin; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "TOCSIN_COMPLETION_FILES": self.site, "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def usage(self):
        table = self.help.split("\n\n")[1]
        return re.findall(r"^  ([a-z]+) ", table, re.M)

    def test_every_command(self):
        commands = self.usage()
        self.assertGreater(len(commands), 30)
        self.assertEqual(self.offered(""), commands)
        self.assertEqual(self.offered("dis"), ["discover"])
        self.assertEqual(self.offered("--as", "wang", "isol"), ["isolate"])

    def test_arguments(self):
        for words, expected in (
                (("ack", ""), ["G-17", "W-18", "all"]), (("done", ""), ["G-17", "W-18"]), (("done", "G"), ["G-17"]),
                (("done", "G-17", ""), ["scene", "scale"]), (("raise", ""), ["gas-leak"]),
                (("raise", "gas-leak", "b2-"), ["b2-kitchen"]), (("accept", ""), ["shift-foreman"]),
                (("override", "shift-foreman", ""), ["li", "wang"]), (("audit", ""), ["verify", "export"]),
                (("isolate", "b2", ""), "fire gas people water power security other".split()),
                (("tag", "gas-no-fire", ""), ["hang", "down"]), (("--as", ""), ["li", "wang"]),
                (("report", "G-17", "--lang", ""), ["zh", "en"]), (("check", self.site[:-4]), [self.site]),
                (("note", "G-17", "x", ""), [])):
            with self.subTest(words):
                self.assertEqual(self.offered(*words), expected)

    def test_a_name_is_never_run(self):
        with tempfile.TemporaryDirectory() as place:
            names = ["a b.yaml", "$(touch ran).yaml", "`touch ran`.yaml"]
            for name in names:
                with open(os.path.join(place, name), "w", encoding="utf-8"):
                    pass
            script = f"set -u; . {SCRIPT}; COMP_WORDS=({self.played} check ''); COMP_CWORD=2; _tocsin; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60, check=False, cwd=place)
            self.assertEqual(sorted(done.stdout.splitlines()), sorted(names))
            self.assertEqual(sorted(os.listdir(place)), sorted(names))

    def test_options(self):
        for words, option in ((("report", "--h"), "--html"), (("guard", "--ex"), "--exec"), (("list", "--cl"), "--closed"),
                              (("audit", "export", "--cs"), "--csv"), (("check", "--sch"), "--schema"),
                              (("oncall", "--a"), "--at"), (("test", "--ju"), "--junit"), (("--so",), "--socket")):
            with self.subTest(words):
                self.assertIn(option, self.offered(*words))
        self.assertNotIn("--html", self.offered("ack", "--"))

    def test_every_option_is_its_command_s(self):
        """Options of the program's own table: each is offered somewhere, and none that is not there."""
        with open(os.path.join(blocks.SOURCE, "daemon/cli/main.c"), encoding="utf-8") as f:
            known = {"--" + name for name in re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', f.read())}
        self.assertGreater(len(known), 20)
        script = f"set -u; . {SCRIPT}; _tocsin_program={self.played}; for c in {' '.join(self.usage())}; do _tocsin_options $c; done"
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, timeout=60)
        self.assertEqual(set(done.stdout.split()), known)


if __name__ == "__main__":
    unittest.main()
