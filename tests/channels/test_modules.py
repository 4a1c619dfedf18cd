"""Modules that are not what they say: refused with a sentence before anything of them is called; a site without
webhooks has no libcurl in its process; `tocsin check` tells what is wrong with a channel, and where."""
import os
import subprocess
import tempfile
import time
import unittest

from desk import BINARY, SOURCE, DeskTest

GOOD = """
#include "plugin.h"
#include <stdlib.h>
#ifndef ABI
#define ABI TOCSIN_PLUGIN_ABI
#endif
#ifndef SIZE
#define SIZE sizeof(struct plugin_api)
#endif
#ifndef NAME
#define NAME "webhook"
#endif
#ifndef SYMBOL
#define SYMBOL tocsin_plugin
#endif
#ifndef OPEN
#define OPEN op
#endif
static const struct plugin_option options[] = {{0, 0, 0, 0}};
static void *op(const struct plugin_host *h, const struct plugin_value *v, int64_t t, char e[240]) { return (void *)h; }
static void se(void *c, void *j, const struct plugin_job *job) { const struct plugin_host *h = c; h->done(h->host, j, PLUGIN_DELIVERED, 0); }
static void cl(void *c) {}
__attribute__((constructor)) static void begin(void) { if (getenv("NEVER")) abort(); }
const struct plugin_api SYMBOL = {.abi = ABI, .size = SIZE, .name = NAME, .version = "1", .options = options, .open = OPEN, .send = se, .close = cl};
"""
CHANNEL = "  hook: {plugin: webhook}"


def maps(say):
    with open(f"/proc/{say.p.pid}/maps", encoding="utf-8") as f:
        return f.read()


def until(test, limit_s=120):
    end = time.monotonic() + limit_s
    while not test() and time.monotonic() < end:
        time.sleep(0.05)
    return test()


class Modules(DeskTest):
    def build(self, *flags, mode=0o755):
        d = tempfile.TemporaryDirectory(prefix="tocsin-modules-")
        self.addCleanup(d.cleanup)
        source = os.path.join(d.name, "m.c")
        with open(source, "w", encoding="utf-8") as f:
            f.write(GOOD)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-I{SOURCE}/plugins", *flags, source, "-o", os.path.join(d.name, "webhook.so")],
                       check=True)
        os.chmod(os.path.join(d.name, "webhook.so"), mode)
        os.chmod(d.name, 0o755)
        return d.name

    def why(self, folder):
        say = self.say(CHANNEL, env={"TOCSIN_PLUGIN_DIR": folder})
        say.send("7.1", "hook")
        word, _, _, why = say.next()
        return word, why

    def test_good(self):
        self.assertEqual(self.why(self.build())[0], "delivered")

    def test_refused(self):
        for flags, sentence in ((["-DABI=1"], "speaks abi 1 and this program 2"), (["-DSIZE=24"], "describes itself in 24 bytes"),
                                (["-DNAME=\"other\""], "calls itself 'other'"), (["-DSYMBOL=plugin"], "has no tocsin_plugin"),
                                (["-DOPEN=0"], "lacks its version, options, open, send or close")):
            with self.subTest(flags):
                word, why = self.why(self.build(*flags))
                self.assertEqual(word, "failed")
                self.assertIn(sentence, why)

    def test_not_loaded_at_all(self):
        """Who may write the file could run as the daemon: its constructor must not run either."""
        folder = self.build(mode=0o777)
        self.assertIn("can be written by others than root", self.why(folder)[1])
        os.chmod(os.path.join(folder, "webhook.so"), 0o755)
        os.chmod(folder, 0o777)
        self.assertIn("can be written by others than root", self.why(folder)[1])
        os.chmod(folder, 0o755)
        os.rename(os.path.join(folder, "webhook.so"), os.path.join(folder, "x"))
        os.symlink("x", os.path.join(folder, "webhook.so"))
        self.assertIn("is not a file", self.why(folder)[1])
        os.unlink(os.path.join(folder, "webhook.so"))
        self.assertIn("there is no plugin 'webhook' in", self.why(folder)[1])
        with open(os.path.join(folder, "webhook.so"), "w", encoding="utf-8") as f:
            f.write("no module")
        self.assertIn("cannot be loaded", self.why(folder)[1])
        if os.geteuid() == 0:
            os.chown(os.path.join(folder, "webhook.so"), 65534, -1)
            self.assertIn("does not belong to root", self.why(folder)[1])

    def test_no_curl_where_nobody_wants_it(self):
        say = self.say("  log: {plugin: journal}")
        say.send("7.1", "log")
        self.assertEqual(say.next()[0], "sent")
        self.assertFalse("libcurl" in maps(say))
        say = self.say("  hook: {plugin: webhook, options: {url: \"http://127.0.0.1:1/\"}}")
        say.send("7.1", "hook")
        self.assertTrue(until(lambda: "libcurl" in maps(say)))


class Check(DeskTest):
    def test_place_and_sentence(self):
        say = self.say("  hook:\n    plugin: webhook\n    options:\n      url: \"http://h/{{nmae}}\"\n      urll: x\n  good: {plugin: journal}")
        out = subprocess.run([os.path.join(BINARY, "tocsin"), "check", say.path("site.yaml")], capture_output=True, text=True)
        self.assertEqual(out.returncode, 1, out)
        self.assertIn("error: channel 'hook' cannot be used: the plugin webhook has no option 'urll'", out.stdout + out.stderr)
        self.assertRegex(out.stdout + out.stderr, r"site\.yaml:\d+:7: error")


if __name__ == "__main__":
    unittest.main()
