#!/usr/bin/env python3
"""runner.py TOCSIN SOURCE - `tocsin test` itself: it says ok when it may, and
when it may not it says where, what was expected and what came instead."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import xml.dom.minidom

TOCSIN, SOURCE = sys.argv[1:3]
SITE = os.path.join(SOURCE, "rules/playbooks/site/plaza.yaml")
GAS = """- {publish: {zigbee2mqtt/b2/gas: '{"gas_density": 31.2}'}}"""


class Runner(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def file(self, *steps, name="a test"):
        """A file of one test, its first step in line 5."""
        body = "".join(f"      {step}\n" for step in steps)
        return self.write("x_test.yaml", f"site: {SITE}\ntests:\n  {name}:\n    steps:\n{body}")

    def run_test(self, *args):
        done = subprocess.run([TOCSIN, "test", *args], capture_output=True, text=True, timeout=600, cwd=self.dir)
        return done.returncode, done.stdout + done.stderr

    def assert_fails(self, steps, *texts):
        code, out = self.run_test(self.file(*steps))
        for text in texts:
            self.assertIn(text, out)
        self.assertEqual(code, 1, out)
        return out

    # what is expected and not so

    def test_passes(self):
        code, out = self.run_test(self.file(GAS, "- {at: 3s, expect: {incident: gas-leak, state: unacked}}"))
        self.assertEqual(code, 0, out)
        self.assertRegex(out, r"ok +a test \(3s\)\n1 test, 0 failed: 3s in \d+\.\d{3} s\n$")

    def test_wrong_state(self):
        out = self.assert_fails([GAS, "- {at: 3s, expect: {incident: gas-leak, state: acked}}"],
                                "x_test.yaml:6:26: error: expected incident gas-leak, state acked at 3s",
                                "got: incident gas-leak, state unacked", "1 test, 1 failed")
        self.assertIn("3s  opened G-1", out)  # the story
        self.assertIn("0s  publish zigbee2mqtt/b2/gas", out)

    def test_too_early_and_too_late(self):
        self.assert_fails([GAS, "- {at: 2999ms, expect: {notice: call, to: wang}}"], "got: no notice")
        self.assert_fails([GAS, "- {at: 4s, expect: {notice: call, to: wang}}"], "got: at 3s notice call to wang")

    def test_never_true(self):
        self.assert_fails([GAS, "- {within: 5m, expect: {notice: call, to: zhao}}"],
                          "expected notice call, to zhao within 5m")

    def test_not_all_the_time(self):
        self.assert_fails([GAS, "- {at: 3s, by: wang, ack: gas-leak}",
                           "- {until: 20m, expect: {incident: gas-leak, state: acked}}"], "until 20m", "state unacked")

    def test_not_nothing(self):
        self.assert_fails([GAS, "- {until: 1m, expect: nothing}"], "expected nothing until 1m", "got: at 3s opened G-1")
        self.assert_fails([GAS, "- {at: 1m, expect: {no notice: call, to: wang}}"], "got: at 3s notice call to wang")
        self.assert_fails([GAS, "- {at: 1m, expect: {no incident: gas-leak}}"], "got: incident gas-leak")

    def test_wrong_number(self):
        self.assert_fails([GAS, "- {until: 3s, expect: {notice: call, to: wang, count: 2}}"], "got: 1 of them")
        self.assert_fails([GAS, "- {at: 3s, expect: {incident: gas-leak, members: 2}}"], "members 1")
        self.assert_fails([GAS, "- {at: 3s, expect: {incident: gas-leak, members: [gas-b2, call-b2]}}"],
                          "members gas-b2")

    def test_refused_and_not_refused(self):
        self.assert_fails([GAS, "- {at: 9s, by: zhao, ack: gas-leak}"], "x_test.yaml:6:9", "got: not_yours")
        self.assert_fails([GAS, "- {at: 9s, by: wang, ack: gas-leak, refused: not_yours}"], "got: ok")
        self.assert_fails(["- {by: wang, ack: gas-leak}"], "got: none of that type")

    def test_the_first_failure_ends_a_test_not_the_file(self):
        path = self.write("x_test.yaml", f"""site: {SITE}
tests:
  one: {{steps: [{{expect: {{incident: fire}}}}, {{expect: {{incident: gas-leak}}}}]}}
  two: {{steps: [{{expect: nothing}}]}}
""")
        code, out = self.run_test(path)
        self.assertEqual((code, out.count("FAIL"), out.count("ok    two")), (1, 1, 1), out)

    # what is written wrong

    def test_mistakes(self):
        for step, where, text, hint in (
                ("- {at: 3s, expekt: nothing}", "5:18", "unknown key 'expekt'", "'expect'"),
                ("- {publish: {zigbee2mqtt/b2/gaz: 1}}", "5:20", "no sensor of the site listens", "'zigbee2mqtt/b2/gas'"),
                ("- {expect: {incident: gas-leek}}", "5:29", "no incident type 'gas-leek'", "'gas-leak'"),
                ("- {expect: {incident: fire, sate: acked}}", "5:35", "unknown key 'sate'", "'state'"),
                ("- {expect: {incident: fire, state: akced}}", "5:42", "'akced'", "'acked'"),
                ("- {expect: {incident: fire, steps: {scen: open}}}", "5:43", "has no step 'scen'", "'scene'"),
                ("- {by: wong, ack: fire}", "5:14", "no person 'wong'", "'wang'"),
                ("- {by: wang, done: fier scene}", "5:26", "'fier'", "'fire'"),
                ("- {by: wang}", "5:14", "what does 'wang' say?", "any verb"),
                ("- {ack: fire}", "5:10", "who says 'ack'?", "{by: wang"),
                ("- {at: soon, expect: nothing}", "5:14", "must be a duration", "250ms"),
                ("- {within: 3s, publish: {leak/pumps: 1}}", "5:18", "'within' belongs to 'expect'", ""),
                ("- {at: 3s, until: 4s, expect: nothing}", "5:18", "a step has one time", ""),
                ("- {within: 3s, expect: nothing}", "5:9", "has no moment", "'until'"),
                ("- {within: 3s, expect: {no notice: call}}", "5:9", "has no moment", "'until'"),
                ("- {at: 3s}", "5:9", "does nothing", ""),
                ("- {broker: sideways}", "5:18", "'sideways'", "down, up"),
                ("- {channel: {smss: down}}", "5:20", "no channel 'smss'", "'sms'"),
                ("- {publish: {leak/pumps: {hex: 3}}}", "5:38", "is not hex", "")):
            with self.subTest(step=step):
                self.assert_fails([step], f"x_test.yaml:{where}: error:", text, hint)

    def test_time_goes_forward(self):
        self.assert_fails(["- {at: 3s, expect: nothing}", "- {at: 2s, expect: nothing}"], "x_test.yaml:6:9",
                          "earlier than the one before")

    def test_files(self):
        for text, said in (("", "error"), ("tests: {a: {steps: []}}", "which site"), ("site: none.yaml\ntests: {}", "none.yaml"),
                           (f"site: {SITE}", "'tests'"), (f"site: {SITE}\ntests: [", "x_test.yaml:2:"),
                           (f"site: {SITE}\ntests: {{a: {{begin: 1}}}}", "unknown key 'begin'"),
                           (f"site: {SITE}\ntests: {{a: {{start: noon, steps: []}}}}", "not a time")):
            with self.subTest(text=text):
                code, out = self.run_test(self.write("x_test.yaml", text))
                self.assertEqual(code, 1, out)
                self.assertIn(said, out)
        self.assertEqual(self.run_test("no-such-file.yaml")[0], 1)
        self.assertEqual(self.run_test()[0], 2)

    def test_a_site_with_problems(self):
        self.write("site.yaml", "site: {id: a}\nbroker: {url: \"mqtt://h:1\"}\nzonse: {}\n")
        path = self.write("x_test.yaml", "site: site.yaml\ntests: {a: {steps: []}}\n")
        code, out = self.run_test(path)
        self.assertEqual(code, 1)
        self.assertIn("site.yaml:3:1: error:", out)

    def test_no_site_takes_a_test_for_configuration(self):
        for name in os.listdir(os.path.dirname(os.path.dirname(SITE))):
            if name.endswith(".yaml"):
                shutil.copy(os.path.join(os.path.dirname(os.path.dirname(SITE)), name), self.dir)
        with open(SITE, encoding="utf-8") as f:
            text = f.read().replace("../../profiles", os.path.join(SOURCE, "rules/profiles")).replace("../*.yaml", "'*.yaml'")
        site = self.write("site", text)
        self.assertTrue([n for n in os.listdir(self.dir) if n.endswith("_test.yaml")])
        done = subprocess.run([TOCSIN, "check", site], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # by its full name it is what it says
        with open(site, "w", encoding="utf-8") as f:
            f.write(text.replace("'*.yaml'", "fire_test.yaml"))
        done = subprocess.run([TOCSIN, "check", site], capture_output=True, text=True)
        self.assertIn("fire_test.yaml", done.stdout + done.stderr)
        self.assertEqual(done.returncode, 1)

    # how it is told

    def test_junit(self):
        report = os.path.join(self.dir, "report.xml")
        path = self.file(GAS, "- {at: 3s, expect: {incident: gas-leak, grade: 'a<b>&\"c'}}", name="\"it's <odd> & 燃气\"")
        good = self.write("good_test.yaml", f"site: {SITE}\ntests: {{b: {{steps: [{{expect: nothing}}]}}}}\n")
        self.assertEqual(self.run_test("--junit", report, path, good)[0], 1)
        suites = xml.dom.minidom.parse(report).getElementsByTagName("testsuite")
        self.assertEqual([(s.getAttribute("tests"), s.getAttribute("failures")) for s in suites], [("1", "1"), ("1", "0")])
        case = suites[0].getElementsByTagName("testcase")[0]
        self.assertEqual(case.getAttribute("name"), "it's <odd> & 燃气")
        failure = case.getElementsByTagName("failure")[0]
        self.assertIn('a<b>&"c', failure.getAttribute("message"))
        self.assertIn("x_test.yaml:6:26", failure.firstChild.data)
        self.assertEqual(self.run_test("--junit", "/no/such/folder/x.xml", good)[0], 1)

    def test_json(self):
        done = subprocess.run([TOCSIN, "--json", "test", self.file(GAS, "- {expect: {incident: gas-leak}}")],
                              capture_output=True, text=True)
        told = json.loads(done.stdout)
        self.assertEqual((done.returncode, told["ok"], told["problems"]), (1, False, []))
        self.assertEqual([(t["ok"], t["line"], t["col"], t["got"]) for t in told["tests"]], [(False, 6, 18, "no open incident")])
        done = subprocess.run([TOCSIN, "--json", "test", self.write("y_test.yaml", "site: none.yaml\ntests: {}\n")],
                              capture_output=True, text=True)
        self.assertIn("none.yaml", json.loads(done.stdout)["problems"][0]["text"])
        done = subprocess.run([TOCSIN, "--json", "test", self.file("- {at: 3}")], capture_output=True, text=True)
        told = json.loads(done.stdout)
        self.assertEqual((told["ok"], told["tests"], told["problems"][0]["line"]), (False, [], 5))

    # what it is for

    def test_a_week_in_no_time(self):
        path = self.file("- {every: 1m, publish: {zigbee2mqtt/b2/gas: '{\"gas_density\": 0}', "
                         "zigbee2mqtt/l1/smoke: '{\"smoke\": false}', zigbee2mqtt/l1/smokeb: '{\"smoke\": false}'}}",
                         "- {until: 7d, expect: nothing}")
        began = time.monotonic()
        code, out = self.run_test(path)
        self.assertEqual(code, 0, out)
        self.assertLess(time.monotonic() - began, 300)  # two seconds, of which a busy machine makes more; not a week

    def test_twice_the_same(self):
        path = self.file(GAS, "- {at: 20m, expect: {incident: fire}}")
        first, second = ([re.sub(r" in [\d.]+ s", "", row) for row in self.run_test(path)[1].split("\n")] for _ in range(2))
        self.assertEqual(first, second)

    def test_the_clock_of_the_site(self):
        path = self.write("x_test.yaml", f"""site: {SITE}
tests:
  a:
    start: "2026-11-22 03:10"
    steps:
      {GAS}
      - {{at: 3s, expect: {{notice: call, to: wang, text: "03:10"}}}}
      - {{expect: {{incident: gas-leak, has: {{opened: "2026-11-21T19:10:03.000Z"}}}}}}
""")
        self.assertEqual(self.run_test(path)[0], 0)

    def test_bytes_that_are_no_text(self):
        path = self.file("- {publish: {leak/pumps: {hex: \"31\"}}}", "- {at: 5s, expect: {incident: burst-pipe}}")
        self.assertEqual(self.run_test(path)[0], 0)
        path = self.file("- {publish: {leak/pumps: {hex: \"ff fe\"}}}", "- {at: 5s, expect: {no incident: burst-pipe}}")
        self.assertEqual(self.run_test(path)[0], 0)

    def test_channels(self):
        delivered = "{audit: delivered, incident: gas-leak, has: {body/person: wang}}"
        path = self.file("- {channel: {page: confirms}}", GAS, f"- {{at: 3s, expect: {delivered}}}")
        code, out = self.run_test(path)
        self.assertEqual(code, 0, out)
        for state, row in (("up", "{audit: sent}"), ("silent", "{no audit: sent}"), ("down", "{audit: delivery_failed}")):
            code, out = self.run_test(self.file(f"- {{channel: {{page: {state}}}}}", GAS, f"- {{at: 3s, expect: {row}}}",
                                                "- {expect: {no audit: delivered}}"))
            self.assertEqual(code, 0, out)

    def test_who_is_on_call(self):
        code, out = self.run_test(self.file("- {expect: {oncall: duty-electrician, person: wang}}"))
        self.assertEqual(code, 0, out)
        self.assert_fails(["- {expect: {oncall: duty-electrician, person: li}}"], "got: oncall duty-electrician, person wang")

    def test_no_broker_no_message(self):
        self.assert_fails(["- {broker: down}", GAS], "x_test.yaml:6:9", "got: it is down")

    def test_of_two_the_newest_is_meant(self):
        path = self.file("- {publish: {zigbee2mqtt/l1/smoke: '{\"smoke\": true}'}}",
                         "- {after: 1s, publish: {plc/b2/callpoint: \"1\"}}",
                         "- {after: 9s, by: wang, ack: fire}",
                         "- {expect: [{incident: fire, zone: b2-kitchen, state: acked}, {incident: fire, zone: l1, state: unacked}]}",
                         "- {by: wang, ack: fire@l1}", "- {expect: {incident: fire, zone: l1, state: acked}}")
        code, out = self.run_test(path)
        self.assertEqual(code, 0, out)

    def test_commands_as_json(self):
        path = self.file(GAS, "- {at: 9s, by: wang, ack: {id: gas-leak, rev: 1, note: on my way}}",
                         "- {expect: {incident: gas-leak@b2-kitchen, state: acked}}")
        self.assertIn("no incident type", self.run_test(path)[1])
        path = self.file(GAS, "- {at: 9s, by: wang, ack: {id: gas-leak@b2-kitchen, rev: 1, note: on my way}}",
                         "- {expect: {incident: gas-leak, state: acked}}",
                         "- {by: wang, ack: {id: gas-leak, rev: 0}, refused: old_rev}")
        code, out = self.run_test(path)
        self.assertEqual(code, 0, out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
