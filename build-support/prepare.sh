# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Installs packages and configures build directories, for quickstart, check and the tests, which source
# this file from the top of the source tree.

# The PATH of many users lacks the directories of daemons.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

build_packages=(
	gcc:gcc
	make:make
	pkg-config:pkg-config
	libmnl-dev:/usr/include/libmnl/libmnl.h
	libseccomp-dev:/usr/include/seccomp.h
	libsnmp-dev:/usr/include/net-snmp/agent/net-snmp-agent-includes.h
)
# A release tarball comes with configure.
[ -x configure ] || build_packages+=(autoconf:autoconf automake:automake)

fail()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

as_root()
{
	if [ "$EUID" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# missing PACKAGE:PROBE...: prints the packages whose probe, a command or a file pattern, is not found
missing()
{
	local wanted probe

	for wanted in "$@"; do
		probe=${wanted#*:}
		case $probe in
		/*) compgen -G "$probe" >/dev/null ;;
		*) command -v "$probe" >/dev/null ;;
		esac || echo "${wanted%%:*}"
	done | sort -u
}

# Debian starts a daemon when it is installed, unless the machine's policy forbids it. An existing policy
# is kept.
apt_install()
(
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'as_root rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
	fi
	as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -y \
		-o DPkg::Lock::Timeout=60 --no-install-recommends install "$@"
)

# install_missing PACKAGE:PROBE...: installs missing packages with apt, or fails with a one-line message
install_missing()
{
	local packages output

	mapfile -t packages < <(missing "$@")
	[ "${#packages[@]}" -gt 0 ] || return 0
	command -v apt-get >/dev/null ||
		fail "apt-get not found: install the equivalents of these Debian packages: ${packages[*]}"
	[ "$EUID" -eq 0 ] || command -v sudo >/dev/null ||
		fail "cannot install ${packages[*]}: run this as root, or install sudo"
	echo "Installing ${packages[*]}"
	# Only lists that are missing or stale need an update.
	if ! output=$(apt_install "${packages[@]}" 2>&1); then
		output=$(as_root apt-get -qq -o DPkg::Lock::Timeout=60 update 2>&1
			apt_install "${packages[@]}" 2>&1)
	fi
	mapfile -t packages < <(missing "$@")
	[ "${#packages[@]}" -eq 0 ] ||
		fail "apt-get could not install ${packages[*]} ($(grep -m 1 '^[EW]:' <<<"$output"))"
}

# configure_in DIRECTORY [OPTION...]: configures a build outside of the source tree
configure_in()
{
	local source=$PWD directory=$1

	shift
	[ -x configure ] || autoreconf --install || return
	mkdir -p "$directory" && (cd "$directory" && "$source/configure" "$@")
}

# run_named_tests DIRECTORY WORKERS [NAME...]: installs the packages that the file "packages" in DIRECTORY
# lists for each NAME, and runs the test_NAME.py there, WORKERS at a time; without NAME, all of them
run_named_tests()
{
	local directory=$1 workers=$2 line name packages
	local tests=() wanted=(snmpd:snmpd snmp:snmpget iproute2:ip python3:/usr/bin/python3
		python3-pytest:/usr/lib/python3/dist-packages/pytest
		python3-pytest-xdist:/usr/lib/python3/dist-packages/xdist)

	shift 2
	[ $# -gt 0 ] || mapfile -t < <(sed '/^#/d; s/ .*//' "$directory/packages")
	[ $# -gt 0 ] || set -- "${MAPFILE[@]}"
	for name; do
		line=$(grep "^$name " "$directory/packages") ||
			fail "$name: not one of $(sed '/^#/d; s/ .*//' "$directory/packages" | tr '\n' ' ')"
		read -r -a packages <<<"${line#"$name"}"
		wanted+=("${packages[@]}")
		tests+=("$directory/test_$name.py")
	done
	install_missing "${wanted[@]}"
	exec /usr/bin/python3 -m pytest -v -rs --durations=10 -p no:cacheprovider \
		-n "$workers" --dist loadfile "${tests[@]}"
}
