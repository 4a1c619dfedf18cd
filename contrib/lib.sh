# shellcheck shell=bash disable=SC2034,SC2154
# lib.sh - what demo and check share: packages, builds, a broker of one's own.
# Sourced by bash scripts that have set `top` to the source tree.

build_packages="gcc libc6-dev cmake ninja-build pkg-config libevent-dev libsqlite3-dev libsystemd-dev libyaml-dev
	libjansson-dev libssl-dev libpaho-mqtt-dev libcurl4-openssl-dev uthash-dev"
run_packages="mosquitto mosquitto-clients sqlite3 python3-minimal libpython3-stdlib tzdata"
test_packages="libcmocka-dev ccache clang libclang-rt-14-dev llvm systemd procps iproute2 util-linux mandoc shellcheck openssl
	python3-jsonschema python3-yaml python3-aiosmtpd gammu-smsd snmp apprise"

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# need_packages NAME...: those that are missing are installed where root asks,
# and named where somebody else does.
need_packages() {
	local name missing=()
	for name in "$@"; do
		[[ " $(dpkg-query -W -f '${db:Status-Status} ' "$name" 2>/dev/null) " == *" installed "* ]] || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "packages are missing; as root: apt-get install --no-install-recommends ${missing[*]}"
	say "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt_log=$(mktemp)
	# A new machine's own updates may hold the lists, a mirror may stumble: for a while that is waited for.
	until_true 300 apt_update || { tail -n 20 "$apt_log" >&2; die "apt-get update failed"; }
	apt_patient install -y --no-install-recommends "${missing[@]}" || { tail -n 20 "$apt_log" >&2; die "apt-get failed: ${missing[*]}"; }
}
apt_patient() { apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 "$@" </dev/null >"$apt_log" 2>&1; }
apt_update() { apt_patient update || { sleep 5; false; }; }

# free_port: a TCP port on 127.0.0.1 that nobody listens on, in `port`. It stays ours
# until this script and what it started have ended: nobody who asks here gets it meanwhile.
free_port() {
	local n
	mkdir -p "$top/build/ports"
	for n in $(seq 0 99); do
		port=$((23000 + ($$ + n * 10) % 1000))
		exec {port_claim}>>"$top/build/ports/$port"
		if flock -n "$port_claim" && ! (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
		exec {port_claim}>&-
	done
	die "no free port between 23000 and 23999"
}

# until_true SECONDS COMMAND...: wait for a condition, with a limit that no busy machine reaches
until_true() {
	local end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.1
	done
}

# start_broker DIR PORT USER...: a mosquitto with the shipped settings, passwords
# (the password of a user is in DIR/USER.pw) and access list; its pid in broker_pid
start_broker() {
	local dir=$1 port=$2 user
	shift 2
	: >"$dir/passwd"
	chmod 600 "$dir/passwd"
	for user in "$@"; do
		(umask 077 && od -An -N12 -tx1 /dev/urandom | tr -d ' \n' >"$dir/$user.pw")
		mosquitto_passwd -b "$dir/passwd" "$user" "$(cat "$dir/$user.pw")"
	done
	{
		sed -e "s#^listener 1883.*#listener $port 127.0.0.1#; s#/etc/mosquitto/tocsin.passwd#$dir/passwd#" \
			-e "s#/etc/mosquitto/tocsin.acl#$dir/acl#" "$top/contrib/mosquitto/tocsin.conf"
		printf 'persistence true\npersistence_location %s/\nuser %s\n' "$dir" "$(id -un)"
	} >"$dir/mosquitto.conf"
	(umask 077 && cat "$top/contrib/mosquitto/acl" >"$dir/acl")
	mosquitto -c "$dir/mosquitto.conf" >"$dir/mosquitto.log" 2>&1 </dev/null &
	broker_pid=$!
	until_true 60 bash -c ": >/dev/tcp/127.0.0.1/$port" || { cat "$dir/mosquitto.log" >&2; die "the broker did not start"; }
}
