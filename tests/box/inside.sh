#!/bin/bash
# inside.sh TOP - runs in the box; one line a check, the count at the end.
set -u
top=$1
. "$top/tests/box/checks.sh"
as() { local user=$1; shift; runuser -u "$user" -- "$@"; }
heard() { [ "$(grep -c "$1" /tmp/status)" -ge "$2" ]; }
told() { [ "$(wc -l </run/told)" = "$1" ] || { cat /run/told; return 1; }; }
restarted() { [ "$(prop NRestarts)" -ge "$1" ]; }
rows() { tocsin audit export --json | tr -d '\\'; }

# --- the site: the shipped files, as operations.md says
systemd-tmpfiles --create /usr/lib/tmpfiles.d/tocsin.conf
mkdir -p /etc/mosquitto/conf.d
cp "$top/contrib/mosquitto/tocsin.conf" /etc/mosquitto/conf.d/tocsin.conf
install -o mosquitto -m 600 "$top/contrib/mosquitto/acl" /etc/mosquitto/tocsin.acl
: >/etc/mosquitto/tocsin.passwd
for user in tocsin console wang guard; do mosquitto_passwd -b /etc/mosquitto/tocsin.passwd $user "pw-$user"; done
chown mosquitto /etc/mosquitto/tocsin.passwd
systemctl start mosquitto
(umask 077 && printf 'pw-tocsin\n' >/etc/tocsin/broker.pw)
sed -e 's#password: {file: [^}]*}#password: {credential: broker-password}#' -e 's#user: wang, language#user: wang, login: wang, language#' \
	-e 's#  page: {plugin: page}#&\n  siren: {plugin: exec, argv: [/usr/libexec/tocsin/siren, "{{text}}"], timeout: 10s}#' \
	"$top/contrib/demo-site.yaml" >/etc/tocsin/tocsin.yaml
printf '#!/bin/sh\necho "$1" >>/run/tocsin/siren.out\n' >/usr/libexec/tocsin/siren
chmod 755 /usr/libexec/tocsin/siren
: >/run/told
printf '#!/bin/sh\necho "$1" >>/run/told\n' >/etc/tocsin/down.d/tell
chmod 755 /etc/tocsin/down.d/tell
stdbuf -oL mosquitto_sub -u console -P pw-console -q 1 -t tocsin/plaza/1/status >/tmp/status 2>&1 &

ok "the unit's watchdog bears 20 s"                   grep -qx WatchdogSec=20s /usr/lib/systemd/system/tocsind.service
patient

# --- start, credential, who speaks
ok "the configuration is good"                        tocsin check
ok "starts and says READY"                            systemctl enable --now tocsind
ok "active"                                           test "$(prop ActiveState)/$(prop SubState)" = active/running
ok "the credential opens the broker"                  within 20 synced
ok "STATUS= in systemctl status"                      within 5 says 'Status: "[0-9]+ incidents open' systemctl status --no-pager tocsind
ok "the will's topic says online"                     within 10 heard online 1
ok "anybody may look"                                 as visitor tocsin status
ok "nobody acts who is not on the list"               refused as visitor tocsin raise gas-leak b2-kitchen
ok "only root and tocsin-admin speak for others"      refused as visitor tocsin --as wang raise gas-leak b2-kitchen
ok "a person acts by the login name"                  as wang tocsin raise gas-leak b2-kitchen a smell
id=$(tocsin --json list | sed -n 's/.*"id":"\(G-[0-9]*\)".*/\1/p')
ok "the incident is open"                             says "$id" tocsin list
ok "root acts for a person"                           tocsin --as wang ack "$id"
ok "the audit has who acted, by uid"                  says "\"acked\",\"inc\":\"$id\",\"who\":\"root for wang\",.*\"via\":\"control:0\"" rows
ok "... and who raised it"                            says "\"opened\",\"inc\":\"$id\",\"who\":\"wang\",.*\"via\":\"control:$(id -u wang)\"" rows
ok "... and whom it refused"                          says "\"refused\",.*\"who\":\"visitor\",.*\"via\":\"control:$(id -u visitor)\"" rows
usermod -aG tocsin-admin visitor
ok "a member of tocsin-admin speaks for others"       as visitor tocsin --as wang note "$id" he is on his way
ok "... and the audit says for whom"                  says '"who":"visitor for wang"' rows
ok "the audit verifies"                               tocsin audit verify
ok "in a user namespace: root outside is nobody to it" test "$(readlink "/proc/$(prop MainPID)/ns/user")" != "$(readlink /proc/self/ns/user)"
ok "systemd-analyze security: at most 1.0"            systemd-analyze security --no-pager --threshold=10 tocsind.service
ok "... the door too"                                 systemd-analyze security --no-pager --threshold=10 tocsin-door.service
# a machine without a time server, a person who never answered: those are found, rightly
ok "tocsin doctor finds nothing that loses alarms"    says '^([0-9]+ found, the gravest (major|minor)|nothing found)' tocsin doctor
ok "a program of an exec channel runs in the sandbox" bash -c 'tocsin --as wang ring wang siren'
ok "... and did its work"                             within 10 test -s /run/tocsin/siren.out
ok "seccomp, no new privileges, no capabilities"      bash -c "grep -q 'Seccomp:.2' /proc/$(prop MainPID)/status && grep -q 'NoNewPrivs:.1' /proc/$(prop MainPID)/status && grep -q 'CapBnd:.0000000000000000' /proc/$(prop MainPID)/status"
ok "the state directory is private"                   test "$(stat -c %a /var/lib/tocsin)" = 700

# --- reload
pid=$(prop MainPID)
sed -i 's#王强#王大强#' /etc/tocsin/tocsin.yaml
ok "systemctl reload"                                 systemctl reload tocsind
ok "... the new plan is in force"                     within 20 says 王大强 tocsin oncall
cp /etc/tocsin/tocsin.yaml /tmp/good.yaml
echo 'zonez: {}' >>/etc/tocsin/tocsin.yaml
ok "a broken file is refused by tocsin reload"        says 'zonez|broken|refused|problem' refused tocsin reload
ok "... and the running plan stays"                   says 王大强 tocsin oncall
cp /tmp/good.yaml /etc/tocsin/tocsin.yaml
ok "a good one again"                                 tocsin reload
ok "the same process all the time"                    test "$pid" = "$(prop MainPID)"

# --- the guard, as another host would run it
printf '#!/bin/sh\nlogger -t guard-told -- "$1"\n' >/usr/libexec/tocsin/tell
chmod 755 /usr/libexec/tocsin/tell
echo 'GUARD_OPTIONS="--broker mqtt://127.0.0.1 --user guard --site plaza --after 14s --exec /usr/libexec/tocsin/tell"' >/etc/tocsin/guard.conf
(umask 077 && echo pw-guard >/etc/tocsin/guard.pw)
guard_said() { journalctl --sync; journalctl --no-pager "$1" "$2" | grep -q "$3"; }
ok "the guard starts and says READY"                  systemctl start tocsin-guard
ok "... and its credential opens the broker"          within 10 guard_said -u tocsin-guard "listening at the broker"

# --- it hangs
before=$SECONDS
kill -STOP "$pid"
ok "SIGSTOP: restarted within the watchdog time"      within 30 restarted 1
echo "     (after $((SECONDS - before)) s, WatchdogSec=60s here)"
ok "the will said offline"                            within 10 heard offline 1
ok "ExecStopPost= told somebody"                      within 10 told 1
ok "... of the watchdog"                              grep -q watchdog /run/told
told_s=$(cat /run/tocsin-down.stamp)
ok "it answers again"                                 within 15 synced
ok "... and says online"                              within 10 heard online 2
ok "the guard told it"                                within 10 guard_said -t guard-told "guard ALARM plaza: tocsin is down"
ok "... and its end"                                  within 20 guard_said -t guard-told "guard OVER plaza: tocsin runs again"
ok "the incident is still there"                      says "$id" tocsin list
ok "journal: 'Watchdog timeout'"                      within 10 says "Watchdog timeout" journalctl -u tocsind --no-pager

# --- the door is killed
systemctl kill -s KILL tocsin-door.service
ok "the door is killed: the next one is let in"       within 10 as wang tocsin note "$id" again
ok "... by the same daemon"                           test "$(prop NRestarts)" = 1

# --- it is killed: restarted, and the notifier keeps to its rate
kill -9 "$(prop MainPID)"
ok "kill -9: restarted"                               within 15 restarted 2
ok "... and synchronised"                             within 20 synced
# ... if the machine was quick enough to be here within them
[ $(($(date +%s) - told_s)) -ge 300 ] ||
	ok "the notifier told once in 5 minutes"          told 1
ok "the audit still verifies"                         tocsin audit verify

# --- it is stopped
times=$(wc -l </run/told)
ok "systemctl stop"                                   systemctl stop tocsind.socket tocsind.service
ok "... is clean"                                     test "$(prop Result)" = success
ok "... and tells nobody"                             told "$times"
ok "the stop was announced"                           within 10 heard stopping 1
ok "the log verifies without the daemon"              tocsin audit verify --db /var/lib/tocsin/tocsin.db

# --- no plan at all: exit 78, and no restart loop
rm -f /etc/tocsin/tocsin.yaml
mv /var/lib/tocsin /var/lib/tocsin.old
ok "no plan at all: does not start"                   refused systemctl start tocsind.service
ok "... with 78, once"                                within 5 test "$(prop ExecMainStatus)" = 78

counted
