#!/bin/bash
# tls.sh [TOCSIND TOCSIN] - the shipped broker settings for certificates, with a
# CA of its own: who has none, another CA's or a revoked one stays outside, the
# name in it is the user the access list speaks of, and the daemon comes in.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/contrib/lib.sh"
tmp=$(mktemp -d)
pids=()
# shellcheck disable=SC2317
finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$tmp"
}
trap finish EXIT
bad() { echo "tls: $*"; tail -n 20 "$tmp/mosquitto.log" "$tmp/log" 2>/dev/null; exit 1; }
free_port
cd "$tmp"

ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" -keyout "$1.key" -out "$1.crt" 2>/dev/null; }
certificate() { # certificate NAME CA [EXTENSIONS]
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 2 -out "$1.crt" \
		-extfile <(echo "${3-basicConstraints=CA:FALSE}") 2>/dev/null
}
ca ours
ca theirs
certificate broker ours subjectAltName=DNS:localhost,IP:127.0.0.1
for name in tocsin wang li zigbee2mqtt lost; do certificate "$name" ours; done
certificate eve theirs
cp eve.crt li-of-eve.crt
# a revoked one
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/db\ndefault_md=sha256\ndefault_crl_days=2\n' "$tmp" >crl.conf
: >db
openssl ca -config crl.conf -cert ours.crt -keyfile ours.key -revoke lost.crt 2>/dev/null
openssl ca -config crl.conf -cert ours.crt -keyfile ours.key -gencrl -out revoked.crl 2>/dev/null

{
	sed -e "s#^listener 8883#listener $port 127.0.0.1#; s#/etc/mosquitto/certs/ca.crt#$tmp/ours.crt#" \
		-e "s#/etc/mosquitto/certs#$tmp#; s#/etc/mosquitto/tocsin.acl#$tmp/acl#; s/^#crlfile/crlfile/" \
		"$top/contrib/mosquitto/tocsin-tls.conf"
	printf 'persistence true\npersistence_location %s/\nuser %s\n' "$tmp" "$(id -un)"
} >mosquitto.conf
(umask 077 && cat "$top/contrib/mosquitto/acl" >acl)
mosquitto -c mosquitto.conf >mosquitto.log 2>&1 </dev/null &
pids+=($!)
until_true 120 bash -c ": >/dev/tcp/127.0.0.1/$port" || bad "the broker did not start"

as() { # as NAME pub|sub ARGS...
	"mosquitto_$2" -h localhost -p "$port" -V 5 --cafile ours.crt --cert "$1.crt" --key "$1.key" "${@:3}"
}
stays_outside() { ! "$@" -q 1 -t x -m y >/dev/null 2>&1; }
root=tocsin/plaza/1

stays_outside mosquitto_pub -h localhost -p "$port" --cafile ours.crt || bad "somebody without a certificate came in"
stays_outside as eve pub || bad "a certificate of another CA came in"
stays_outside as lost pub || bad "a revoked certificate came in"
stays_outside mosquitto_pub -h localhost -p "$port" || bad "somebody without TLS came in"
! as wang pub --cafile theirs.crt -t x -m y 2>/dev/null || bad "a client took a broker that it does not know"
! openssl s_client -connect "127.0.0.1:$port" -tls1_1 -cipher 'DEFAULT@SECLEVEL=0' -CAfile ours.crt -cert wang.crt -key wang.key \
	</dev/null 2>/dev/null | grep -q 'Cipher is [A-Z]' || bad "TLS 1.1 is taken"
for version in tls1_2 tls1_3; do
	openssl s_client -connect "127.0.0.1:$port" -$version -CAfile ours.crt -cert wang.crt -key wang.key </dev/null 2>/dev/null |
		grep -q 'Cipher is [A-Z]' || bad "$version is not taken"
done

# The user name is the certificate's; what the client calls itself is nothing.
answer() { as "$1" pub -q 1 -d -t "$2" -m one "${@:3}" 2>&1 | sed -nE 's/.*PUBACK \(Mid: 1, RC:([0-9]+)\).*/\1/p'; }
[ "$(answer wang $root/cmd/wang/ack)" -lt 128 ] || bad "wang may not speak as wang"
[ "$(answer wang $root/cmd/li/ack)" = 135 ] || bad "wang may speak as li"
[ "$(answer wang $root/cmd/li/ack -u li)" = 135 ] || bad "a user name beside the certificate counts"
[ "$(answer zigbee2mqtt $root/incident/G-17/state)" = 135 ] || bad "a sensor may write an incident"

# So is the client id: nobody drains another's session.
session() { as "$1" sub -q 1 -c -x 3600 -i tocsin-plaza -t "$2" -W "$3" -C 1; }
as tocsin sub -q 1 -c -x 3600 -i tocsin-plaza -t 'zigbee2mqtt/#' -E >/dev/null 2>&1
as zigbee2mqtt pub -q 1 -t zigbee2mqtt/hall/smoke -m fire
stolen=$(session wang "$root/page/wang" 2 2>/dev/null) || true
[ -z "$stolen" ] || bad "the daemon's session was taken: $stolen"
[ "$(session tocsin 'zigbee2mqtt/#' 120)" = fire ] || bad "the daemon lost what waited for it"

if [ $# = 2 ]; then
	mkdir run state
	sed -e "s#mqtt://127.0.0.1:1883#mqtts://localhost:$port#; s#password: {file: [^}]*}#tls: {ca: $tmp/ours.crt, cert: $tmp/tocsin.crt, key: $tmp/tocsin.key}#" \
		-e "s#/var/lib/tocsin/#$tmp/state/#; s#/usr/share/tocsin/#$top/rules/#g" "$top/contrib/demo-site.yaml" >tocsin.yaml
	export TOCSIN_SOCKET=$tmp/run/control.sock
	RUNTIME_DIRECTORY=$tmp/run STATE_DIRECTORY=$tmp/state "$1" --config tocsin.yaml >log 2>&1 </dev/null &
	pids+=($!)
	synced() { "$2" --json status | grep -q '"synced":true'; }
	until_true 120 synced "$@" || bad "the daemon did not come in by its certificate"
fi
if grep -E 'Warning|Unknown' mosquitto.log | grep -v 'run as root'; then bad "the broker does not like the settings"; fi
echo "tls: all held"
