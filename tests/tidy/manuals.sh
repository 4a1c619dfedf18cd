#!/bin/sh
# manuals.sh - the manual pages are clean, and name every command and every key that the code knows.
set -eu
cd "$(dirname "$0")/../.."
mandoc -T lint -W warning contrib/man/*.[1-8]

commands=$(sed -n 's/^ *\t*{"\([a-z]*\)", "[^"]*", "[a-zA-Z]*", "[^"]*",.*/\1/p' daemon/cli/main.c)
[ "$(echo "$commands" | wc -w)" -gt 15 ] || { echo "the commands were not found in daemon/cli/main.c"; exit 1; }
for word in $commands; do
	grep -q "^\.It Cm $word" contrib/man/tocsin.1 || { echo "tocsin.1 does not tell of $word"; exit 1; }
done

# {"key", KEY_TYPE, ...}: those that are only refused, or come later, are told of in one place
keys=$(cat rules/language/*.c | tr -d '\\\n' | grep -o '{[[:space:]]*"[a-z_]*", KEY_[A-Z]*' | grep -vE 'KEY_(LATER|REFUSED)$' |
	sed 's/.*"\(.*\)".*/\1/' | sort -u)
[ "$(echo "$keys" | wc -w)" -gt 60 ] || { echo "the keys were not found in rules/language"; exit 1; }
for word in $keys; do
	grep -qE "^\.(It|Ss) (Cm )?(.* )?$word( |$)" contrib/man/tocsin.yaml.5 || { echo "tocsin.yaml.5 does not tell of $word"; exit 1; }
done
echo "manuals: clean; $(echo "$commands" | wc -w) commands, $(echo "$keys" | wc -w) keys"
