#!/bin/sh
# scripts.sh - every shell script of the tree passes shellcheck.
set -eu
cd "$(dirname "$0")/../.."
found=$({ grep -rlE '^#!/(bin|usr/bin)/(env )?(ba)?sh' .ci contrib tests/tidy tests/box tests/system 2>/dev/null
	ls contrib/completion/*; } | sort)
# SC1091: files it is not given; SC2086 and SC2046 are left to the author where a list is meant
# shellcheck disable=SC2086
shellcheck -e SC1091,SC2086,SC2046,SC2154 -S warning $found
echo "scripts: $(echo "$found" | wc -l) are clean"
