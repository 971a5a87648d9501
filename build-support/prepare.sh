# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What quickstart, check and the tests need before they can begin: packages, and a configured build
# directory. Sourced by all, from the top of the source tree.

# Many users' PATH has no place for daemons.
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

# missing PACKAGE:PROBE...: prints the packages whose probe, a command or a pattern of files, is not
# there
missing()
{
	local wanted probe

	for wanted in "$@"; do
		probe=${wanted#*:}
		case $probe in
		/*) compgen -G "$probe" >/dev/null ;;
		*) command -v "$probe" >/dev/null ;;
		esac || echo "${wanted%%:*}"
	done
}

# Debian starts a daemon as soon as it is installed, unless the machine's policy forbids it. A
# machine that has a policy keeps it.
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

# install_missing PACKAGE:PROBE...: installs, with apt, what is not there; fails with one sentence
install_missing()
{
	local packages told

	mapfile -t packages < <(missing "$@")
	[ "${#packages[@]}" -gt 0 ] || return 0
	command -v apt-get >/dev/null ||
		fail "there is no apt-get here: install by hand what Debian calls ${packages[*]}"
	[ "$EUID" -eq 0 ] || command -v sudo >/dev/null ||
		fail "installing ${packages[*]} needs root: run this as root, or install sudo"
	echo "Installing ${packages[*]}"
	# Only lists that are missing or stale need an update.
	if ! told=$(apt_install "${packages[@]}" 2>&1); then
		told=$(as_root apt-get -qq -o DPkg::Lock::Timeout=60 update 2>&1
			apt_install "${packages[@]}" 2>&1)
	fi
	mapfile -t packages < <(missing "$@")
	[ "${#packages[@]}" -eq 0 ] ||
		fail "apt-get could not install ${packages[*]} ($(grep -m 1 '^[EW]:' <<<"$told"))"
}

# configure_in DIRECTORY [OPTION...]: configures a build outside of the source tree
configure_in()
{
	local source=$PWD directory=$1

	shift
	[ -x configure ] || autoreconf --install || return
	mkdir -p "$directory" && (cd "$directory" && "$source/configure" "$@")
}

# run_named_tests DIRECTORY [NAME...]: the test_NAME.py there, all without NAME, once what the file
# "packages" there tells that they need is installed
run_named_tests()
{
	local directory=$1 line name packages
	local tests=() wanted=(snmpd:snmpd snmp:snmpget iproute2:ip python3:/usr/bin/python3
		python3-pytest:/usr/lib/python3/dist-packages/pytest)

	shift
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
	exec /usr/bin/python3 -m pytest -v -p no:cacheprovider "${tests[@]}"
}
