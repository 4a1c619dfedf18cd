#!/bin/bash
# acl.sh - the shipped broker settings and access list against a real mosquitto:
# what each user may and may not do, and that nobody takes the daemon's session.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/contrib/lib.sh"
tmp=$(mktemp -d)
broker_pid=
trap '[ -z "$broker_pid" ] || { kill "$broker_pid"; wait "$broker_pid"; } 2>/dev/null; rm -rf "$tmp"' EXIT
free_port
start_broker "$tmp" "$port" tocsin wang li console zigbee2mqtt guard

# as USER pub|sub ARGS...; listen does it in the background, its pid in listener
command_of() {
	command=("stdbuf" -oL "mosquitto_$2" -h 127.0.0.1 -p "$port" -V 5 -u "$1" -P "$(cat "$tmp/$1.pw")")
}
as() {
	command_of "$1" "$2"
	"${command[@]}" "${@:3}"
}
listen() {
	command_of "$1" sub
	: >"$tmp/heard"
	"${command[@]}" -q 1 -d -v -W 300 "${@:2}" >"$tmp/heard" 2>&1 &
	listener=$!
	until_true 120 grep -q SUBACK "$tmp/heard" || bad "$1 could not listen"
}
hush() { kill $listener; wait $listener 2>/dev/null || true; }
bad() { echo "acl: $*"; exit 1; }

# passes READER WRITER TOPIC
passes() {
	listen "$1" -t "$3"
	as "$2" pub -q 1 -t "$3" -m one
	until_true 120 grep -q "^$3 one" "$tmp/heard" || bad "$1 did not hear $2 on $3"
	hush
}
# blocked READER WRITER TOPIC SURE-WRITER SURE-TOPIC: what must not arrive is
# followed by something that does, on the same connection of the reader
blocked() {
	listen "$1" -t "$3" -t "$5"
	as "$2" pub -q 1 -t "$3" -m one >/dev/null 2>&1 || true
	as "$4" pub -q 1 -t "$5" -m sure
	until_true 120 grep -q "^$5 sure" "$tmp/heard" || bad "$1 did not hear $4 on $5"
	! grep -q "^$3 one" "$tmp/heard" || bad "$1 heard $2 on $3"
	hush
}

root=tocsin/plaza/1
passes tocsin wang $root/cmd/wang/ack
blocked tocsin wang $root/cmd/li/ack wang $root/cmd/wang/ack
blocked tocsin console $root/cmd/wang/ack wang $root/cmd/wang/ack
passes tocsin zigbee2mqtt zigbee2mqtt/hall/smoke
blocked tocsin wang zigbee2mqtt/hall/smoke zigbee2mqtt zigbee2mqtt/hall/gas
blocked tocsin zigbee2mqtt plc/b2/callpoint zigbee2mqtt zigbee2mqtt/hall/gas
blocked tocsin wang $root/incident/G-17/state zigbee2mqtt zigbee2mqtt/hall/gas
passes wang tocsin $root/page/wang
passes wang tocsin $root/page/wang/json
passes wang tocsin $root/result/wang
blocked wang tocsin $root/page/li tocsin $root/page/wang
passes console tocsin $root/incident/G-17/state
passes guard tocsin $root/status
passes guard tocsin $root/heartbeat
blocked guard tocsin $root/page/wang tocsin $root/heartbeat
blocked guard tocsin $root/event tocsin $root/heartbeat
blocked wang guard $root/status tocsin $root/page/wang
listen tocsin -t '$SYS/broker/publish/messages/dropped'
until_true 120 grep -q '^$SYS/broker/publish/messages/dropped' "$tmp/heard" || bad "the daemon cannot see the broker's drop counter"
hush

# A sensor's credential, stolen: nothing of tocsin's own can be written with it.
for topic in cmd/wang/ack incident/G-17/state mark status page/wang summary audit/head result/wang zone/b2/state; do
	blocked tocsin zigbee2mqtt "$root/$topic" zigbee2mqtt zigbee2mqtt/hall/gas
done
# A person's: no actuator, no sensor, no state, and a will says no more than its owner may.
blocked tocsin wang plc/b2/gasvalve/set zigbee2mqtt zigbee2mqtt/hall/gas
listen tocsin -t $root/cmd/li/ack -t $root/cmd/wang/ack
command_of wang sub
"${command[@]}" -d --will-topic $root/cmd/li/ack --will-payload all -t $root/page/wang >"$tmp/dies" 2>&1 &
dies=$!
until_true 120 grep -q SUBACK "$tmp/dies" || bad "wang could not listen"
kill -KILL $dies
wait $dies 2>/dev/null || true
as wang pub -q 1 -t $root/cmd/wang/ack -m sure
until_true 120 grep -q "^$root/cmd/wang/ack sure" "$tmp/heard" || bad "tocsin did not hear wang"
! grep -q "^$root/cmd/li/ack" "$tmp/heard" || bad "wang left a will in the name of li"
hush
# MQTT 5 says so (0x87), 3.1.1 does not: then it is only dropped.
answer() { as wang pub -q 1 -d -t "$1" -m one "${@:2}" 2>&1 | sed -nE 's/.*PUBACK \(Mid: 1, RC:([0-9]+)\).*/\1/p'; }
[ "$(answer $root/cmd/li/ack)" = 135 ] || bad "no 0x87 for a topic that is refused"
[ "$(answer $root/cmd/wang/ack)" -lt 128 ] || bad "0x87 for one's own topic"
[ "$(answer $root/cmd/li/ack -V 311)" = 0 ] || bad "MQTT 3.1.1 says more than it used to: the manual is out of date"

! mosquitto_pub -h 127.0.0.1 -p "$port" -t x -m y 2>/dev/null || bad "somebody without a name came in"
! mosquitto_pub -h 127.0.0.1 -p "$port" -u wang -P wrong -t x -m y 2>/dev/null || bad "a wrong password came in"

# The daemon's session holds an alarm; another user who knows its client id gets nothing of it.
session() { as "$1" sub -q 1 -c -x 3600 -i tocsin-plaza -t "$2" -W "$3" -C 1; }
listen tocsin -c -x 3600 -i tocsin-plaza -t 'zigbee2mqtt/#'
hush
as zigbee2mqtt pub -q 1 -t zigbee2mqtt/hall/smoke -m fire
stolen=$(session wang "$root/page/wang" 2 2>/dev/null) || true
[ -z "$stolen" ] || bad "the daemon's session was taken: $stolen"
[ "$(session tocsin 'zigbee2mqtt/#' 120)" = fire ] || bad "the daemon lost what waited for it"
if grep -E 'Error|Warning|Unknown' "$tmp/mosquitto.log" | grep -v 'run as root'; then bad "the broker does not like the settings"; fi
echo "acl: all held"
