#!/bin/sh
# Plants bugs in the engine, one at a time, and requires that the simulator
# finds each within its first 20 seeds, or 8 at the edges, and that it finds none where none is.
# With TOCSIN_LONG every one of these seeds is tried, those that find it are told, and three must.
# planted.sh SOURCE_DIR WORK_DIR [EVENTS]
set -eu

source=$1 work=$2 events=${3:-6000}

# Compiled once: which bug is planted, the environment says.
compile() { # FILE
	cc -std=c11 -O1 -D_GNU_SOURCE -I"$source/rules" -DSOURCE_DIR="\"$source\"" -include "$work/plant.h" -c "$1" \
		-o "$work/objects/$(echo "${1#"$source"/}" | tr / _).o"
}

finds() { # PLANT [--edges] SEED
	plant=$1
	shift
	PLANT=$plant "$work/sim" "$@" "$events" 2>&1 | grep -aq 'is broken'
}

all_seeds() { # PLANT: which of them find it
	told="" n=0
	for seed in $(seq 1 8); do
		if finds "$1" --edges "$seed"; then told="$told e$seed" n=$((n + 1)); fi
	done
	for seed in $(seq 1 20); do
		if finds "$1" "$seed"; then told="$told $seed" n=$((n + 1)); fi
	done
	if [ "$n" -lt 3 ]; then echo "too few:$told"; else echo "is broken at$told"; fi
}

one_plant() { # what the simulator says of it, in found
	mkdir -p "$work/$1"
	export PLANT="$1"
	if [ -n "${TOCSIN_LONG:-}" ] && [ "$1" -gt 0 ]; then
		all_seeds "$1" >"$work/$1/found"
	elif "$work/sim" --edges --seeds 8 "$events" >"$work/$1/out" 2>&1 &&
		"$work/sim" --seeds 20 "$events" >"$work/$1/out" 2>&1; then
		echo nothing >"$work/$1/found"
	else
		grep -a 'is broken' "$work/$1/out" >"$work/$1/found" || tail -n 3 "$work/$1/out" >"$work/$1/found"
	fi
}

case ${PLANTED_JOB:-all} in
compile)
	compile "$4"
	exit
	;;
plant)
	one_plant "$4"
	exit
	;;
esac

rm -rf "$work"
mkdir -p "$work/objects"
echo 'extern int planted_bug;
#define TOCSIN_PLANT planted_bug' >"$work/plant.h"
echo '#include <stdlib.h>
int planted_bug;
__attribute__((constructor)) static void plant(void) { planted_bug = atoi(getenv("PLANT")); }' >"$work/plant.c"
printf '%s\n' "$source"/rules/*.c "$source"/rules/base/*.c "$source"/rules/language/*.c "$source"/rules/engine/*.c \
	"$source"/tests/sim/*.c "$work/plant.c" | PLANTED_JOB=compile xargs -P 2 -n 1 "$0" "$source" "$work" "$events"
cc -o "$work/sim" "$work"/objects/*.o -lyaml -ljansson
plants="$(seq 0 22)"
echo $plants | tr " " "\n" | PLANTED_JOB=plant xargs -P 2 -n 1 "$0" "$source" "$work" "$events"

failed=0
for plant in $plants; do
	found=$(cat "$work/$plant/found")
	echo "plant $plant: $found"
	case $plant:$found in
	0:nothing) ;;
	0:* | *:nothing) failed=1 ;;
	*"is broken"*) ;;
	*) failed=1 ;;
	esac
done
exit $failed
