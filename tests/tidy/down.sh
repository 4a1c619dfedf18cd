#!/bin/sh
# down.sh - the notifier: silent after a clean stop, tells at once, then at most once in its time.
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/down.d" "$tmp/bin"
printf '#!/bin/sh\necho "$1" >>"%s/told"\n' "$tmp" >"$tmp/down.d/tell"
printf '#!/bin/sh\nexit 1\n' >"$tmp/down.d/a-broken"
echo 'not a program' >"$tmp/down.d/notes.txt"
chmod +x "$tmp/down.d/tell" "$tmp/down.d/a-broken"
# neither the machine's journal nor its terminals
printf '#!/bin/sh\ncat >/dev/null 2>&1 </dev/null\nexit 0\n' | tee "$tmp/bin/logger" >"$tmp/bin/wall"
chmod +x "$tmp/bin/logger" "$tmp/bin/wall"
: >"$tmp/told"

end() { # end RESULT
	env -i PATH="$tmp/bin:$PATH" SERVICE_RESULT="$1" EXIT_CODE=killed EXIT_STATUS=ABRT TOCSIN_DOWN_DIR="$tmp/down.d" \
		TOCSIN_DOWN_STAMP="$tmp/stamp" TOCSIN_DOWN_EVERY_S=300 contrib/systemd/tocsin-down
}
told() { # told TIMES WHEN
	n=$(wc -l <"$tmp/told")
	[ "$n" = "$1" ] || { echo "$2: told $n times, wanted $1"; exit 1; }
}

end success
told 0 "after a clean stop"
end watchdog
told 1 "after the watchdog"
grep -q "watchdog" "$tmp/told"
for _ in 1 2 3; do end signal; done
told 1 "in a crash loop"
echo $(($(date +%s) - 301)) >"$tmp/stamp"
end signal
told 2 "after its time"
echo $(($(date +%s) + 9999)) >"$tmp/stamp"
end signal
told 3 "after the clock was set back"
echo rubbish >"$tmp/stamp"
end signal
told 4 "with a broken stamp"
echo "down: 6 cases"
