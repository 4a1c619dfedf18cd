#!/usr/bin/env python3
"""seal.py [--check] - the digests of the console's one script and one style go
into its Content-Security-Policy: a browser then runs those and nothing else."""
import base64
import hashlib
import os
import re
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../contrib/console/index.html")


def sealed(page):
    for tag in ("script", "style"):
        body = re.search(f"<{tag}>(.*?)</{tag}>", page, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        page = re.sub(f"{tag}-src 'sha256-[^']*'", f"{tag}-src 'sha256-{digest}'", page)
    return page


def main():
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    if sealed(page) == page:
        return
    if "--check" in sys.argv:
        sys.exit("contrib/console/index.html is not sealed: run tests/console/seal.py")
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(sealed(page))


if __name__ == "__main__":
    main()
