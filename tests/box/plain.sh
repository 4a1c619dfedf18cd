# shellcheck shell=bash
# plain.sh - sourced: a plain build in $1, for what sanitizers do not live with, as root only; with the
# fault points when TOCSIN_FAULTS=ON.
if [ "$(id -u)" != 0 ]; then
	echo "needs root"
	exit 77
fi
mkdir -p "$1"
exec 7>"$1/lock" # several tests share it
flock 7
cmake -S "$top" -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_TESTING=OFF -DTOCSIN_FAULTS="${TOCSIN_FAULTS-OFF}" \
	-DCMAKE_C_COMPILER_LAUNCHER="$(command -v ccache || true)" >/dev/null
cmake --build "$1" >/dev/null
exec 7>&-
