#!/usr/bin/env python3
"""The JSON Schema that editors use: what is shipped fits it, what the reader
refuses it refuses, and `tocsin check` says what no schema can."""
import json
import os
import subprocess
import tempfile
import unittest

import jsonschema

import schema

HEAD = """site: {id: plaza, timezone: %s}
broker: {url: "mqtt://127.0.0.1"}
zones: {b2: {}}
people: {li: {}}
roles: {duty: {holder: li}}
chains: {duty: {levels: [{call: duty, wait: 30s}]}}
"""


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = schema.schema()
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    def faults(self, text):
        return list(self.validator.iter_errors(schema.load(text)))

    def test_it_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(self.schema)

    def test_what_is_shipped_fits(self):
        files = list(schema.good_files())
        self.assertGreater(len(files), 15)
        for path, text in files:
            for fault in self.validator.iter_errors(schema.load(text)):
                self.fail(f"{path}: {list(fault.absolute_path)}: {fault.message}")

    def test_every_reference_leads_somewhere(self):
        names = set(self.schema["definitions"])
        text = json.dumps(self.schema)
        used = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
        self.assertEqual(used - names, set())

    def test_every_key_has_its_help(self):
        for name, table in self.schema["definitions"].items():
            for key, what in table.get("properties", {}).items():
                if name != "label":
                    self.assertTrue(what.get("description"), f"{name}.{key}")

    def test_what_the_reader_refuses(self):
        for wrong in ("sensors: {a: {kind: leak, zone: b2, topc: x}}",
                      "sensors: {a: {kind: leak, zone: b2}}",
                      "sensors: {a: {kind: leak, zone: b2, topic: a/#/b}}",
                      "sensors: {a: {kind: leak, zone: b2, topic: a, silent_after: 10}}",
                      "sensors: {a: {kind: leak, zone: b2, topic: a, qos: 2}}",
                      "actuators: {a: {kind: v, zone: b2, topic: a/+, actions: {x: {send: 1}}}}",
                      "chains: {c: {levels: []}}",
                      "incidents: {i: {hazard: flood}}",
                      "incidents: {i: {when: {abov: 3}}}",
                      "incidents: {i: {latch: ON}}",
                      "incidents: {sensor-lost: {hazard: fire}}",
                      "playbooks: {p: {s: {tsk: x}}}",
                      "sensor: {}"):
            self.assertTrue(self.faults(wrong), wrong)

    def test_what_the_reader_takes(self):
        for right in ("broker: {url: mqtt://a, version: 5}", 'broker: {version: "3.1.1"}',
                      "sensors: {a: {kind: leak, zone: 1, topic: +/x/#, words: {alarm: [1, true, ON]}}}",
                      "incidents: {i: {when: {sensor: a, above: 25 %LEL}, grades: {x: {above: -0.5}}}}",
                      "incidents: {fire: {enabled: false}}", "playbooks: {p: {enabled: false}}",
                      "zones: {b2: , b3: {}}"):
            self.assertEqual(self.faults(right), [], right)


class Check(unittest.TestCase):
    """What the command says beside the language's own sentences."""

    def check(self, text, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "site.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            return subprocess.run([schema.TOCSIN, "check", *options, path], capture_output=True, text=True, check=False)

    def test_time_zone(self):
        done = self.check(HEAD % "Asia/Shanghi")
        self.assertEqual(done.returncode, 1)
        self.assertIn("site.yaml:1:29: error: there is no time zone 'Asia/Shanghi'", done.stdout)
        self.assertIn("= help: did you mean 'Asia/Shanghai'?", done.stdout)
        self.assertEqual(self.check(HEAD % "Asia/Shanghai").returncode, 0)

    def test_what_passes_interlocks_is_listed(self):
        done = self.check(HEAD % "UTC" + "actuators: {valve: {kind: v, zone: b2, topic: v, actions: {on: {send: 1}}, "
                          "safe_in: [gas, fire], operators: [duty]}}\n")
        self.assertEqual(done.returncode, 0)
        self.assertIn("passes interlocks: valve (fire, gas)", done.stdout)

    def test_keys(self):
        done = subprocess.run([schema.TOCSIN, "check", "--keys"], capture_output=True, text=True, check=True)
        self.assertIn("silent_after", done.stdout)
        self.assertNotIn("(null)", done.stdout)


if __name__ == "__main__":
    unittest.main()
