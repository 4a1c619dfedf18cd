#!/bin/bash
# test_suite.sh BUILD_DIR PYTHON - the system tests against the installed unit:
# its sandbox takes nothing from the program. Each file has a box of its own.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$1 python=$2
TOCSIN_FAULTS=ON . "$here/plain.sh" "$build"
rm -rf "$build/stage" "$build/suite"
mkdir "$build/suite"
DESTDIR=$build/stage cmake --install "$build" >/dev/null

# A checkout may lie where the unit sees nothing: /home, /tmp.
src=/usr/src/tocsin
one() { # one TEST: what it said is in suite/TEST.log
	local log=$build/suite/$1.log
	if "$here/systemd-box" --network=private --timeout=900 --bind-ro="$top:$src" --bind-ro="$build" \
		--pre="cp -r '$build/stage/usr' /; systemd-sysusers; systemctl -q enable tocsind.socket tocsin-door.socket" -- \
		env TOCSIN_UNIT=1 TMPDIR=/srv SOURCE_DIR=$src BINARY_DIR="$build" PYTHONDONTWRITEBYTECODE=1 \
		PYTHONPATH="$src/tests/box:$src/tests/system" "$python" "$src/tests/system/test_$1.py" -v >"$log" 2>&1 </dev/null; then
		echo "ok   $1: $(grep '^Ran' "$log")"
	else
		echo "FAIL $1"
		tail -n 60 "$log"
		return 1
	fi
}
export -f one
export here top src build python
cd "$top/tests/system"
# Mostly they wait: more of them than processors. Not doctor: it looks at an installation whose rights are wrong,
# and at a daemon that is away, and here the rights are right and the socket brings it back. Nor operate: it restores
# into an empty directory and archives with the daemon stopped, and here the directory is the unit's, and the socket answers.
printf '%s\n' test_*.py | grep -v -e doctor -e operate | sed 's/^test_\(.*\)\.py$/\1/' | xargs -P $(($(nproc) * 2)) -I{} bash -c 'set -u -o pipefail; one {}'
