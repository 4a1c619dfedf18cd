#!/bin/bash
# test_disk.sh BUILD_DIR - the daemon on a small disk of its own. Full: alarms
# still leave, marked unrecorded, and it recovers by itself. Cut off from power,
# ten times while rows are written: whatever head had left the machine stands
# in the log that the disk kept.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/plain.sh" "$1"
. "$top/contrib/lib.sh"
build=$1
tmp=$(mktemp -d)
pids=()
finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	"$here/diskbox" down "$tmp/disk" >/dev/null 2>&1 || true
	rm -rf --one-file-system "$tmp"
}
trap finish EXIT
bad() { echo "disk: $*"; tail -n 20 "$tmp/log" 2>/dev/null; exit 1; }

"$here/diskbox" up "$tmp/disk" 32M
mkdir "$tmp/run" "$tmp/disk/state"
free_port
start_broker "$tmp" "$port" tocsin console zigbee2mqtt
pids+=("$broker_pid")
sed -e "s#mqtt://127.0.0.1:1883#mqtt://127.0.0.1:$port#; s#/etc/tocsin/broker.pw#$tmp/tocsin.pw#" \
	-e "s#/var/lib/tocsin/#$tmp/disk/state/#; s#/usr/share/tocsin/#$top/rules/#g" "$top/contrib/demo-site.yaml" >"$tmp/tocsin.yaml"
stdbuf -oL mosquitto_sub -h 127.0.0.1 -p "$port" -u console -P "$(cat "$tmp/console.pw")" -v -q 1 -t 'tocsin/#' >"$tmp/heard" &
pids+=($!)
export TOCSIN_SOCKET=$tmp/run/control.sock
RUNTIME_DIRECTORY=$tmp/run STATE_DIRECTORY=$tmp/disk/state "$build/tocsind" --config "$tmp/tocsin.yaml" >"$tmp/log" 2>&1 </dev/null &
pids+=($!)
tocsin() { "$build/tocsin" "$@"; }
status_has() { [[ $(tocsin --json status) == *"$1"* ]]; } # no pipe: who stops reading early would end the writer
until_true 120 status_has '"synced":true' || bad "did not start"

# --- full: first the reserve beside the database is given up, then nothing is left
tocsin --as wang raise gas-leak b2-kitchen >/dev/null
id=$(tocsin --json list | sed -n 's/.*"id":"\(G-[0-9]*\)".*/\1/p')
fails() {
	"$here/diskbox" fill "$tmp/disk"
	timeout 5 "$build/tocsin" --as wang note "$id" "the disk is filling up $(head -c 2000 /dev/zero | tr '\0' x)" >/dev/null 2>&1 || true
	status_has '"store":"failing"'
}
until_true 300 fails || bad "status does not say that the store fails"
grep -q 'reserve' "$tmp/log" || bad "the reserve was not given up first"
timeout 100 "$build/tocsin" --as wang raise gas-leak b2-pumps >/dev/null 2>&1 || true
until_true 120 grep -q 'page/wang/json.*"kind":"call".*"unrecorded":true' "$tmp/heard" || bad "no unrecorded page while the disk was full"
[[ $(tocsin status) == TROUBLE* ]] || bad "status does not begin with the trouble"
"$here/diskbox" unfill "$tmp/disk"
until_true 120 status_has '"store":"ok"' || bad "the store did not come back"
[ "$(tocsin --json list | grep -o '"id":"G-[0-9]*"' | wc -l)" = 2 ] || bad "an incident is gone"
tocsin audit verify || bad "the log does not verify after the full disk"

# --- cut
# by turns, so that nobody reaches the cap of one person's commands
(while :; do for who in wang li smith; do tocsin --as "$who" note "$id" another row >/dev/null 2>&1; sleep 0.05; done; done) &
pids+=($!)
heads=
for round in 1 2 3 4 5 6 7 8 9 10; do
	before=$(grep -c audit/head "$tmp/heard")
	moved() { [ "$(grep -c audit/head "$tmp/heard")" -gt "$before" ]; }
	until_true 120 moved || bad "no more rows are written"
	head=$(sed -nE 's#.*/audit/head .*"seq":([0-9]+),"hash":"([0-9a-f]+)".*#\1:\2#p' "$tmp/heard" | tail -n 1)
	"$here/diskbox" cut "$tmp/disk" "$tmp/cut"
	tocsin audit verify --db "$tmp/cut/state/tocsin.db" --head "$head" || bad "cut $round lost what had left: $head"
	"$here/diskbox" uncut "$tmp/cut"
	heads="$heads ${head%%:*}"
done
echo "disk: full and back; 10 cuts at rows$heads"
