#!/usr/bin/env python3
"""yaml-language-server with our schema, as an editor talks to it: a good file
has no diagnostics, a wrong key has one at its place, a new line is completed."""
import json
import os
import select
import subprocess
import sys
import tempfile
import time
import unittest

import schema

SERVER = os.path.join(schema.SOURCE, "build/editor/node_modules/yaml-language-server/bin/yaml-language-server")
LIMIT_S = 300


class Editor:
    def __init__(self, folder):
        self.schema = os.path.join(folder, "config-1.json")
        with open(self.schema, "w", encoding="utf-8") as f:
            json.dump(schema.schema(), f)
        self.process = subprocess.Popen(["node", SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bytes, self.id, self.files, self.is_configured = b"", 0, 0, False
        self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {"workspace": {"configuration": True}}})
        self.send({"method": "initialized", "params": {}})
        while not self.is_configured:  # a file that it reads before has no schema, and so no faults
            self.answer(self.next(time.monotonic() + LIMIT_S))

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def more(self, until):
        left = until - time.monotonic()
        if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
            raise TimeoutError("the language server does not answer")
        read = os.read(self.process.stdout.fileno(), 65536)
        if not read:
            raise EOFError("the language server has ended")
        self.bytes += read

    def next(self, until):
        while b"\r\n\r\n" not in self.bytes:
            self.more(until)
        head, _, rest = self.bytes.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        while len(rest) < length:
            self.more(until)
            rest = self.bytes[len(head) + 4:]
        self.bytes = rest[length:]
        return json.loads(rest[:length])

    def settings(self, section):
        if section != "yaml":
            return None
        self.is_configured = True
        return {"validate": True, "completion": True, "schemaStore": {"enable": False},
                "schemas": {"file://" + self.schema: "*.yaml"}}

    def answer(self, message):
        """What the server asks is answered; False: it asks nothing."""
        if "method" not in message or "id" not in message:
            return False
        items = message["params"].get("items", [])
        self.send({"id": message["id"], "result": [self.settings(item.get("section")) for item in items]})
        return True

    def wait(self, wanted):
        """The first message that is wanted."""
        until = time.monotonic() + LIMIT_S
        while True:
            message = self.next(until)
            if not self.answer(message) and wanted(message):
                return message

    def request(self, method, params):
        self.id += 1
        self.send({"id": self.id, "method": method, "params": params})
        return self.wait(lambda m: m.get("id") == self.id and "method" not in m)["result"]

    def open(self, text):
        self.files += 1
        uri = f"file:///site-{self.files}.yaml"
        self.send({"method": "textDocument/didOpen",
                   "params": {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}})
        return uri, self.wait(lambda m: m.get("method") == "textDocument/publishDiagnostics" and
                              m["params"]["uri"] == uri)["params"]["diagnostics"]


class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.editor = Editor(cls.folder.name)
        cls.addClassCleanup(cls.editor.close)

    def test_good_files(self):
        for path, text in schema.good_files():
            _, faults = self.editor.open(text)
            self.assertEqual(faults, [], path)

    def test_a_wrong_key_at_its_place(self):
        with open(os.path.join(schema.SOURCE, "contrib/demo-site.yaml"), encoding="utf-8") as f:
            lines = f.read().splitlines()
        line = next(i for i, text in enumerate(lines) if "gas-b2:" in text)
        lines[line] = lines[line].replace("value:", "valeu:")
        _, faults = self.editor.open("\n".join(lines) + "\n")
        self.assertEqual(len(faults), 1, faults)
        self.assertEqual(faults[0]["range"]["start"], {"line": line, "character": lines[line].index("valeu")})
        self.assertIn("valeu", faults[0]["message"])

    def test_wrong_values(self):
        text = "incidents:\n  leak:\n    hazard: flood\n    remind: 15\nchains:\n  c: {levels: [{call: duty}]}\n"
        _, faults = self.editor.open(text)
        self.assertEqual(sorted(fault["range"]["start"]["line"] for fault in faults), [2, 3, 5], faults)

    def test_completion(self):
        uri, _ = self.editor.open("sensors:\n  a:\n    \n")
        answer = self.editor.request("textDocument/completion",
                                     {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 4}})
        offered = {item["label"] for item in answer["items"]}
        self.assertLessEqual({"topic", "zone", "kind", "silent_after", "words"}, offered)


if __name__ == "__main__":
    if not os.path.exists(SERVER):
        print(f"skipped: {SERVER} is missing: npm install --prefix build/editor yaml-language-server")
        sys.exit(77)
    unittest.main()
