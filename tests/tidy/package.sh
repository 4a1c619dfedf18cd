#!/bin/sh
# package.sh - the package has one version, each of its scripts is there, and what they name exists.
set -eu
cd "$(dirname "$0")/../.."
bad() { echo "package: $*"; exit 1; }
version=$(sed -n 's/^project(tocsin VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
[ -n "$version" ] || bad "CMakeLists.txt has no version"
[ "$(sed -n '1s/^tocsin (\([^)]*\)) .*/\1/p' contrib/debian/changelog)" = "$version" ] || bad "contrib/debian/changelog does not begin with $version"
for script in preinst postinst prerm postrm; do
	[ -x contrib/debian/$script ] || bad "contrib/debian/$script cannot be run"
	sh -n contrib/debian/$script
	grep -q "contrib/debian/$script" contrib/package.cmake || bad "$script is not packed"
done
# Every unit that is installed is known to the script that takes it away again.
for unit in contrib/systemd/*.service.in contrib/systemd/*.socket; do
	name=${unit##*/}
	grep -qF "${name%.in}" contrib/debian/prerm || bad "prerm does not stop ${name%.in}"
done
# The audit may have any name there: what is known goes, the directory only when it is empty.
if grep -nE 'rm -r[a-z]* .*/var/lib/tocsin( |$)' contrib/debian/postrm | grep -v echo; then bad "a purge takes the audit"; fi
if grep -rnE 'Version: ?[0-9]|version="?[0-9]' contrib/debian; then bad "a second version"; fi
echo "package: $version"
