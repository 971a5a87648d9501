# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# bash completion for tcp-states. Arguments after -- are net-snmp options and are not completed.

_tcp_states()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} place
	local states="closed listen synSent synReceived established finWait1 finWait2 closeWait
		lastAck closing timeWait"
	local options="--ipv4 --ipv6 --state= --port= --peer-port= --peer= --unit= --by= --watches --bound-inactive --listen --summary --verify
		--watch --watch= --output= --host= --community=
		--version --help"

	COMPREPLY=()
	for ((place = 1; place < COMP_CWORD; place++)); do
		[ "${COMP_WORDS[place]}" != -- ] || return
	done
	# --option=value is split into three words, because = is in COMP_WORDBREAKS.
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $before in
	-s | --state) mapfile -t COMPREPLY < <(compgen -W "$states" -- "$word") ;;
	-o | --output) mapfile -t COMPREPLY < <(compgen -W "table json csv prometheus librenms" -- "$word") ;;
	--by) mapfile -t COMPREPLY < <(compgen -W "unit user process port peer peerPort address" -- "$word") ;;
	-p | --port | -r | --peer-port) mapfile -t COMPREPLY < <(compgen -A service -- "$word") ;;
	-H | --host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$word") ;;
	--watch) ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
		;;
	esac
}

complete -F _tcp_states tcp-states
