#!/bin/bash
# guards.sh BUILD_DIR - each guard of the daemon stands in the list beside this
# with a test that exists. With TOCSIN_LONG=1 each is turned off in its turn,
# and its test must turn red. GUARDS="name name" for some of them.
set -eu
build=$1
cd "$(dirname "$0")/../.."
list=tests/fault/guards

listed=$(sed -n 's/^\([a-z_]*\) | .*/\1/p' "$list" | sort)
in_code=$(grep -rhoE '\bGUARD\([a-z_]+\)' daemon --include='*.c' | sed 's/GUARD(\(.*\))/\1/' | sort -u)
diff <(echo "$listed") <(echo "$in_code") || { echo "$list and the guards of the code differ"; exit 1; }
tests=$(ctest --test-dir "$build" -N | sed -nE 's/.*Test +#[0-9]+: (.*)/\1/p')

failed=0
while IFS=' |' read -r guard test; do
	case $guard in '' | '#'*) continue ;; esac
	grep -qx "$test" <<<"$tests" || { echo "$guard: there is no test $test"; failed=1; continue; }
	[ -n "${TOCSIN_LONG-}${GUARDS-}" ] || continue
	[[ " ${GUARDS-$guard} " == *" $guard "* ]] || continue
	if said=$(env -u TOCSIN_LONG TOCSIN_GUARD_OFF="$guard" timeout 600 ctest --test-dir "$build" -R "^$test\$" --timeout 300 2>&1); then
		echo "$guard: $test is green without it"
		failed=1
	elif grep -qE 'Not Run|No tests' <<<"$said"; then
		echo "$guard: $test is not built"
		failed=1
	else
		echo "$guard: $test is red without it"
	fi
done <"$list"
exit $failed
