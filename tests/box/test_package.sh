#!/bin/bash
# test_package.sh BUILD_DIR - the Debian package in a machine of its own: installed, one incident from the sensor
# to the proven log, upgraded with an open one, removed, purged; nothing stays but what was said.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$1
. "$here/plain.sh" "$build"
rm -rf "$build/package"
exec 7>"$build/lock" # cpack looks whether all is built
flock 7
pack() { # pack OPTION...
	(cd "$build" && cpack -G DEB -B "$build/package" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip "$@") >"$build/cpack.log" 2>&1 ||
		{ cat "$build/cpack.log"; exit 1; }
}
pack
pack -D CPACK_PACKAGE_VERSION=0.0.9 # the one before it: this tree with a lower number
exec 7>&-
rm -rf "$build/package/_CPack_Packages"
# No policy of the host's, which in a container says that nothing is ever started, and no copy of ours that it has.
exec "$here/systemd-box" -v --network=private --timeout=1500 --bind-ro="$top" --bind-ro="$build" \
	--bind-ro=/etc:/host/etc --bind-ro=/usr:/host/usr --bind-ro=/var:/host/var \
	--pre="rm -rf /usr/sbin/policy-rc.d /etc/dpkg/dpkg.cfg.d/docker /usr/local/*bin/tocsin* /usr/local/lib/systemd/system/tocsin*; useradd -m wang" \
	-- /bin/bash "$here/package.sh" "$top" "$build/package"
