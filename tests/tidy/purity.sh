#!/bin/sh
# purity.sh - the engine reaches nothing but libc's string, memory and
# formatting functions and itself: no clock, file, socket, thread, lock, log.
# It compiles a plain copy of its own, since sanitizers add symbols.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

check() { # check NAME FILES...: undefined symbols beyond the list
	name=$1
	shift
	mkdir -p "$tmp/$name"
	for file in "$@"; do
		"${CC:-cc}" -std=c11 -D_GNU_SOURCE -DTOCSIN_PLANT=0 -O1 -U_FORTIFY_SOURCE -fno-stack-protector \
			-I"$root/rules" -c "$file" -o "$tmp/$name/$(echo "$file" | tr / _).o"
	done
	nm -P "$tmp/$name"/*.o | awk '$2 == "U" { print $1 }' | sort -u >"$tmp/$name.wanted"
	nm -P "$tmp/$name"/*.o | awk '$2 != "U" { print $1 }' | sort -u >"$tmp/$name.own"
	comm -23 "$tmp/$name.wanted" "$tmp/$name.own" | comm -23 - "$tmp/allowed"
}

tr -s ' \n' '\n\n' >"$tmp/allowed.raw" <<'LIST'
abort __assert_fail
malloc calloc realloc free
memchr memcmp memcpy memmem memmove memrchr memset
strcasecmp strchr strcmp strcpy strcspn strlen strncasecmp strncmp strnlen strpbrk strrchr strspn strstr
snprintf vsnprintf
qsort bsearch strtoll
_GLOBAL_OFFSET_TABLE_
LIST
grep . "$tmp/allowed.raw" | sort -u >"$tmp/allowed"

# The check itself must be able to fail.
echo '#include <time.h>
long planted(void); long planted(void) { return (long)time(0); }' >"$tmp/planted.c"
if [ "$(check planted "$tmp/planted.c")" != time ]; then
	echo "purity: a planted time() was not found"
	exit 1
fi

bad=$(check engine "$root"/rules/*.c "$root"/rules/base/*.c "$root"/rules/engine/*.c)
if [ -n "$bad" ]; then
	echo "purity: the engine reaches:" $bad
	exit 1
fi
echo "purity: $(wc -l <"$tmp/engine.own") symbols of its own, nothing beyond libc's strings and memory"
