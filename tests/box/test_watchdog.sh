#!/bin/bash
# test_watchdog.sh BUILD_DIR - the installed daemon, units, broker settings and
# notifier under a real systemd: starts, takes its credential, knows who speaks,
# reloads, is restarted when it hangs, and is heard when it is down.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$1
. "$here/plain.sh" "$build"
rm -rf "$build/stage"
DESTDIR=$build/stage cmake --install "$build" >/dev/null
exec "$here/systemd-box" -v --network=private --timeout=1500 --bind-ro="$top" --bind-ro="$build" \
	--pre="cp -r '$build/stage/usr' /; systemd-sysusers; useradd -m wang; useradd -m visitor" \
	-- /bin/bash "$here/inside.sh" "$top"
