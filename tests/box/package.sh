#!/bin/bash
# package.sh TOP PACKAGES - runs in the box (test_package.sh).
set -u
top=$1 packages=$2
. "$top/tests/box/checks.sh"
old=$packages/tocsin_0.0.9_amd64.deb
new=$(find "$packages" -name 'tocsin_*.deb' ! -name '*_0.0.9_*')
export DEBIAN_FRONTEND=noninteractive
# What the manual pages' index and the disk's patience cost is not ours to test.
dpkg() { command dpkg --no-triggers --force-unsafe-io "$@"; }
active() { systemctl --quiet is-active "$1"; }
enabled() { systemctl --quiet is-enabled "$1"; }
files() { # what the package or its programs may have left anywhere
	find /etc /usr /opt /srv /var -xdev \( -path /var/log -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/backups \
		-o -path /var/tmp -o -path /usr/local -o -path /var/lib/mosquitto \) -prune -o -print
	find /run -xdev -name '*tocsin*'
	cut -d: -f1 /etc/passwd /etc/group
}
# What came and what went since /tmp/before. Not what another test does to the host meanwhile, whose tree lies under ours.
came() { comm -13 /tmp/before /tmp/after | while read -r path; do [ -e "/host$path" ] && [ "${path#/}" != "$path" ] || echo "$path"; done; }
went() { comm -23 /tmp/before /tmp/after | while read -r path; do [ ! -e "/host$path" ] && [ "${path#/}" != "$path" ] || echo "$path"; done; }
# deadline of an incident: who is called when, at which level, of which revision; and its steps of people. What
# became of a notice or a command may still arrive.
held() { tocsin --json show "$1" | sed -E 's/"deliveries":\[.*//; s/\{"id":"[^"]*","kind":"command"[^}]*\}//g' | grep -oE '"(id|rev|state|opened|next|chain)":("[^"]*"|[0-9]+|\{[^}]*\})'; }
open_id() { tocsin --json list | grep -oE "\"id\":\"$1-[0-9]+\"" | head -n 1 | cut -d'"' -f4; }
opens() { [ -n "$(open_id "$1")" ]; }
mkdir -p /var/lib/systemd/timers # systemd's, on any machine that has run for a day
patient
files | sort >/tmp/before

# --- installed: nothing runs that nobody has told what to do
ok "dpkg -i"                                          dpkg -i "$new"
cp /tmp/out /tmp/installed
ok "... says what to do next"                         grep -q "not started.*no site" /tmp/installed
ok "... each command it names is there"               command -v tocsin tocsin-mosquitto tocsind
ok "... the daemon does not run"                      refused active tocsind.service
ok "... and begins with the machine"                  enabled tocsind.service
ok "... its sockets too"                              enabled tocsind.socket
ok "... the archive of each week too"                 enabled tocsin-archive.timer
ok "... is waited for"                                active tocsin-archive.timer
ok "the user is there"                                id tocsin
ok "the manual pages are there"                       test -s /usr/share/man/man8/tocsin-mosquitto.8.gz
ok "every file has the sum it was packed with"        command dpkg -V tocsin
ok "systemd-analyze security: at most 1.0"            systemd-analyze security --no-pager --threshold=10 tocsind.service
ok "tocsin-mosquitto wants a site first"              says "tocsin init" refused tocsin-mosquitto
ok "tocsin init"                                      env SUDO_USER=wang tocsin init /etc/tocsin
ok "... is a site"                                    tocsin check
rm /etc/tocsin/tocsin.yaml

# --- the shipped site, and nothing edited but the broker's password (and the story's pretended valve)
ok "the shipped site"                                 install -m 644 /usr/share/tocsin/examples/demo-site.yaml /etc/tocsin/tocsin.yaml
ok "the broker's password"                            bash -c "umask 077; echo a-good-one >/etc/tocsin/broker.pw"
printf 'user valve\ntopic read plc/+/+/set\n' >/etc/tocsin/acl.local
ok "tocsin-mosquitto"                                 tocsin-mosquitto
cp /tmp/out /tmp/passwords
ok "... a password for each user but the daemon"      test "$(grep -cE '^    [a-z0-9-]+ +[0-9a-f]{18}$' /tmp/passwords)" = 9
ok "... the daemon's is closed to others"             test "$(stat -c '%U:%G %a' /etc/tocsin/broker.pw)" = "root:tocsin 640"
ok "again: nobody gets another"                       says '^note|^$' bash -c 'tocsin-mosquitto; echo'
ok "start"                                            systemctl start tocsind
ok "the broker lets the daemon in"                    within 10 synced
[ $fail = 0 ] || counted
mkdir /tmp/story
while read -r user word; do printf %s "$word" >"/tmp/story/$user.pw"; done < <(sed -nE 's/^    ([a-z0-9-]+) +([0-9a-f]{18})$/\1 \2/p' /tmp/passwords)
ok "from the sensor to the proven audit log"          env DEMO_DIR=/tmp/story DEMO_PORT=1883 DEMO_TOCSIN=/usr/bin/tocsin \
	python3 "$top/contrib/demo-story.py" --once
ok "... nothing is open"                              refused opens '[A-Z]'
ok "... the audit verifies"                           tocsin audit verify
ok "the archive of each week finds nothing old"       systemctl start tocsin-archive.service
ok "... under the limits of its unit"                 within 10 says nothing journalctl -u tocsin-archive.service -o cat --no-pager

# --- the same again, with nothing open: restarted by itself
pid=$(prop MainPID)
ok "installed again with nothing open"                dpkg -i "$new"
ok "... it was restarted"                             test "$(prop MainPID)" != "$pid"
ok "... and runs"                                     within 10 synced
systemctl stop tocsind.socket tocsind.service
ok "installed again while it is stopped"              says "did not run, and was not started" dpkg -i "$new"
ok "... it still is"                                  refused active tocsind.service

# --- purged: the audit stays, the rest goes, and both are said
ok "dpkg --purge"                                     dpkg --purge tocsin
cp /tmp/out /tmp/purged
ok "... the audit is kept, and it is said"            grep -q "rm -r /var/lib/tocsin; userdel tocsin" /tmp/purged
ok "... it is whole"                                  test "$(sqlite3 -readonly /var/lib/tocsin/tocsin.db 'pragma integrity_check')" = ok
ok "... the broker's settings are named"              grep -q "^    /etc/mosquitto/tocsin.passwd" /tmp/purged
ok "... the passwords of tocsin are gone"             refused test -e /etc/tocsin
files | sort >/tmp/after
# what it said that it left, and nothing else: each in the message, or below it
came | grep -vE '^(/var/lib/tocsin(/.*)?|tocsin)$' | while read -r path; do grep -qF -- "$path" /tmp/purged || echo "$path"; done >/tmp/left
ok "... nothing else is left"                         diff /dev/null /tmp/left
ok "... nothing else is gone"                         test -z "$(went)"
rm -r /var/lib/tocsin; userdel tocsin
rm /etc/mosquitto/conf.d/tocsin.conf /etc/mosquitto/tocsin.acl /etc/mosquitto/tocsin.passwd
systemctl stop mosquitto
files | sort >/tmp/after
came >/tmp/left
went >>/tmp/left
ok "what it said done, the machine is as before"      diff /dev/null /tmp/left

# --- the one before it, with a fire that is called at level 2
ok "the package before this one"                      dpkg -i "$old"
sed -e 's#wait: 30s#wait: 20m#; s#wait: 60s#wait: 30m#' /usr/share/tocsin/examples/demo-site.yaml >/etc/tocsin/tocsin.yaml
ok "its broker"                                       tocsin-mosquitto
cp /tmp/out /tmp/passwords
ok "... the daemon's password was made"               test -s /etc/tocsin/broker.pw
ok "it starts"                                        systemctl start tocsind
ok "... and is synchronised"                          within 10 synced
[ $fail = 0 ] || counted
ok "a call point"                                     mosquitto_pub -u plc -P "$(sed -n 's/^    plc  *//p' /tmp/passwords)" -q 1 -r -t plc/b2/callpoint -m 1
ok "... is a fire"                                    within 10 opens F
id=$(open_id F)
ok "... called at level 2"                            tocsin --as li escalate "$id"
ok "... now"                                          within 10 says '"level":2' held "$id"
held "$id" >/tmp/held.before
pid=$(prop MainPID)
ok "upgraded while it burns"                          dpkg -i "$new"
cp /tmp/out /tmp/upgraded
ok "... it is the new package"                        says "Version: $(dpkg-deb -f "$new" Version)" command dpkg -s tocsin
ok "... the fire is named, and what to run"           says "$id.* NOT restarted|systemctl restart tocsind tocsin-door" cat /tmp/upgraded
ok "... the daemon that knows of it goes on"          test "$(prop MainPID)" = "$pid"
ok "... with it"                                      bash -c "$(declare -f held); held $id | diff /tmp/held.before -"
ok "restarted as it says"                             systemctl restart tocsind tocsin-door
ok "... another process"                              test "$(prop MainPID)" != "$pid"
ok "... synchronised"                                 within 10 synced
ok "... level and due time are as they were"          bash -c "$(declare -f held); held $id | diff /tmp/held.before -"
ok "somebody takes it"                                tocsin --as li ack "$id"
ok "the audit verifies over the upgrade"              tocsin audit verify

# --- removed while it burns: said; the configuration stays, and is used again
ok "dpkg --remove"                                    dpkg --remove tocsin
cp /tmp/out /tmp/removed
ok "... says that nobody is called any more"          grep -q "$id.*nobody is called" /tmp/removed
ok "... nothing runs"                                 refused pgrep -x tocsind
ok "... the configuration stays"                      test -s /etc/tocsin/tocsin.yaml
ok "installed again"                                  dpkg -i "$new"
ok "... it starts by itself, for it has a site"       within 10 synced
ok "... the fire is still there"                      says "\"id\":\"$id\"" tocsin --json show "$id"
counted
