"""What the tests of the schema share: the schema of this build, and files as
an editor reads them (YAML 1.2: `on` is a text, 08:00 no number)."""
import glob
import json
import os
import re
import subprocess

import yaml

SOURCE = os.environ["SOURCE_DIR"]
TOCSIN = os.environ["TOCSIN"]


class Core(yaml.SafeLoader):
    pass


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
        ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
        ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0")):
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first) + ([""] if tag == "null" else []))


def schema():
    return json.loads(subprocess.run([TOCSIN, "check", "--schema"], check=True, capture_output=True).stdout)


def load(text):
    return yaml.load(text, Core)


def good_files():
    """Path and text of what must have no fault."""
    found = [os.path.join(SOURCE, "contrib/demo-site.yaml")]
    for folder in ("rules/playbooks", "rules/profiles", "tests/unit/language"):
        found += sorted(glob.glob(os.path.join(SOURCE, folder, "*.yaml")))
    for path in found:
        if path.endswith("_test.yaml"):
            continue
        with open(path, encoding="utf-8") as f:  # in the example a comma cuts a text in two, on purpose
            yield path, f.read().replace("zh: 挂牌:煤气泄漏,严禁火种", "zh: 挂牌")
