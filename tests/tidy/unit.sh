#!/bin/sh
# unit.sh - the systemd units are well-formed and their exposure is at most 1.0 (of 10).
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# A program that exists everywhere stands in for ours: verify looks whether they can be run.
for unit in tocsind tocsin-door tocsin-guard tocsin-metrics tocsin-backup tocsin-archive; do
	sed -e 's#@CMAKE_INSTALL_FULL_[A-Z]*DIR@/[a-z/-]*#/usr/bin/true#' "contrib/systemd/$unit.service.in" >"$tmp/$unit.service"
	for kind in socket timer; do
		[ ! -f "contrib/systemd/$unit.$kind" ] || cp "contrib/systemd/$unit.$kind" "$tmp"
	done
done
said=$(systemd-analyze verify --man=no "$tmp"/*.service "$tmp"/*.socket "$tmp"/*.timer 2>&1 | grep -F tocsin || true)
[ -z "$said" ] || { echo "$said"; exit 1; }
for unit in tocsind tocsin-door tocsin-guard; do
	systemd-analyze security --offline=yes --threshold=10 --no-pager "$tmp/$unit.service" >"$tmp/said" || { cat "$tmp/said"; exit 1; }
	tail -n 1 "$tmp/said"
done
