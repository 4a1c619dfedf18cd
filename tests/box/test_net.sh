#!/bin/bash
# test_net.sh BUILD_DIR - the broker is another host. It falls silent without a
# word: the daemon notices by itself and tells somebody another way. It comes
# back: what was pressed meanwhile is heard. A bad line delays, and loses nothing.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/plain.sh" "$1"
. "$top/contrib/lib.sh"
build=$1
tmp=$(mktemp -d)
export NETBOX=t$$ NETBOX_SUBNET=10.78.$((RANDOM % 200))
netbox() { "$here/netbox" "$@"; }
finish() {
	netbox down >/dev/null 2>&1 || true # ends every process in it
	rm -rf "$tmp"
}
trap finish EXIT
bad() { echo "net: $*"; "$build/tocsin" list || true; tail -n 20 "$tmp/log" 2>/dev/null; exit 1; }

netbox up gate broker
address=$(netbox addr broker)
for user in tocsin plc; do
	printf 'pw-%s' $user >"$tmp/$user.pw"
	mosquitto_passwd -b "$tmp/passwd" $user pw-$user 2>/dev/null || mosquitto_passwd -c -b "$tmp/passwd" $user pw-$user
done
sed -e "s#^listener 1883.*#listener 1883 $address#; s#/etc/mosquitto/tocsin.passwd#$tmp/passwd#" \
	-e "s#/etc/mosquitto/tocsin.acl#$top/contrib/mosquitto/acl#" "$top/contrib/mosquitto/tocsin.conf" >"$tmp/mosquitto.conf"
echo 'user root' >>"$tmp/mosquitto.conf"
netbox exec broker mosquitto -c "$tmp/mosquitto.conf" >"$tmp/mosquitto.log" 2>&1 </dev/null &

printf '#!/bin/sh\necho "$1" >>%s/siren\n' "$tmp" >"$tmp/siren.sh"
chmod 755 "$tmp/siren.sh"
: >"$tmp/siren"
sed -e "s#mqtt://127.0.0.1:1883#mqtt://$address:1883#; s#/etc/tocsin/broker.pw#$tmp/tocsin.pw#" \
	-e "s#/var/lib/tocsin/#$tmp/#; s#/usr/share/tocsin/#$top/rules/#g" -e 's#channels: \[page\]#channels: [page, siren]#' \
	-e "s#  page: {plugin: page}#&\n  siren: {plugin: exec, argv: [$tmp/siren.sh, \"{{text}}\"]}#" \
	"$top/contrib/demo-site.yaml" >"$tmp/tocsin.yaml"
mkdir "$tmp/run"
export TOCSIN_SOCKET=$tmp/run/control.sock
netbox exec gate env RUNTIME_DIRECTORY="$tmp/run" STATE_DIRECTORY="$tmp" "$build/tocsind" --config "$tmp/tocsin.yaml" \
	>"$tmp/log" 2>&1 </dev/null &
# no pipes: who stops reading early would end the writer
status_has() { [[ $("$build/tocsin" --json status) == *"$1"* ]]; }
listed() { [[ $("$build/tocsin" list) =~ $1 ]]; }
press() { netbox exec broker mosquitto_pub -h "$address" -u plc -P pw-plc -q 1 -r -t "$1" -m "$2"; }
until_true 120 status_has '"synced":true' || bad "did not start"

netbox drop gate
until_true 300 status_has '"broker":"down"' || bad "a silent broker was not noticed"
until_true 120 grep -qE 'Broker unreachable|消息服务器中断' "$tmp/siren" || bad "nobody was told another way: $(cat "$tmp/siren")"
press plc/b2/callpoint 1
netbox restore gate
until_true 300 status_has '"synced":true' || bad "the link did not come back"
until_true 120 listed 'F-.*b2-kitchen' || bad "what was pressed meanwhile was not heard"

netbox slow gate delay=150 jitter=100 loss=20
press plc/b2/callpoint 0
until_true 300 listed 'F-.*rtn_unacked' || bad "the call point was reset, and it did not get through a bad line"
"$build/tocsin" audit verify || bad "the log does not verify"
echo "net: silent, back, and through a bad line"
