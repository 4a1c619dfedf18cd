# shellcheck shell=bash disable=SC2034
# checks.sh - sourced in the box: one line a check, counted.
pass=0 fail=0
ok() { # ok NAME COMMAND...
	local name=$1
	shift
	if "$@" >/tmp/out 2>&1; then
		pass=$((pass + 1)); echo "ok   $name"
	else
		fail=$((fail + 1)); echo "FAIL $name"; sed 's/^/     /' /tmp/out
	fi
}
within() { # within SECONDS COMMAND...: on a machine of one's own; ten times that on another
	local end=$((SECONDS + $1 * 10))
	shift
	until "$@" >/tmp/within 2>&1; do
		[ $SECONDS -lt $end ] || { cat /tmp/within; return 1; }
		sleep 0.1
	done
}
patient() { # a machine that pauses is no daemon that hangs: three times what the unit has
	mkdir -p /run/systemd/system/tocsind.service.d
	printf '[Service]\nWatchdogSec=60s\n' >/run/systemd/system/tocsind.service.d/patient.conf
	systemctl daemon-reload
}
says() { # says PATTERN COMMAND...
	local pattern=$1
	shift
	"$@" >/tmp/said 2>&1
	grep -qE -- "$pattern" /tmp/said || { echo "wanted /$pattern/, got:"; cat /tmp/said; return 1; }
}
refused() { if "$@"; then return 1; fi; }
synced() { tocsin --json status | grep -q '"synced":true'; }
prop() { systemctl show -P "$1" tocsind.service; }
counted() { # the last line, and the exit status
	echo "$pass passed, $fail failed"
	if [ $fail -gt 0 ]; then
		journalctl --no-pager _SYSTEMD_UNIT=tocsind.service + UNIT=tocsind.service + SYSLOG_IDENTIFIER=tocsin-down | tail -n 60
		exit 1
	fi
}
