#!/bin/sh
# unit.sh - the systemd unit is well-formed and its exposure is at most 1.1 (1.0 would need PrivateUsers=, under
# which the person at the control socket cannot be told from nobody).
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# Programs that exist everywhere stand in for ours: verify looks whether they can be run.
sed -e 's#@CMAKE_INSTALL_FULL_SBINDIR@/tocsind#/usr/bin/true#' \
	-e 's#@CMAKE_INSTALL_FULL_LIBEXECDIR@/tocsin/tocsin-down#/usr/bin/true#' \
	contrib/systemd/tocsind.service.in >"$tmp/tocsind.service"
cp contrib/systemd/tocsind.socket "$tmp"
said=$(systemd-analyze verify --man=no "$tmp/tocsind.service" "$tmp/tocsind.socket" 2>&1 | grep -F tocsind || true)
[ -z "$said" ] || { echo "$said"; exit 1; }
systemd-analyze security --offline=yes --threshold=11 --no-pager "$tmp/tocsind.service" | tail -n 1
# tail hides the status
systemd-analyze security --offline=yes --threshold=11 --no-pager "$tmp/tocsind.service" >/dev/null
