# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states.cfg for Nagios, and tcp-states.conf for Icinga 2."""

import re
import string

import objects
from levels import AGE_S, LEVELS

_HEAD = """\
{0} SPDX-License-Identifier: BSD-2-Clause
{0}
{0} tcp-state-agent's counts: {1}. README.md tells what to do with it.
"""

_NAGIOS = string.Template(r"""
define command {
    command_name            check_tcp_states
    command_line            $$USER1$$/check_tcp_states -H '$$HOSTADDRESS$$' $$ARG1$$ -- -v 2c -c '$$_HOSTSNMPCOMMUNITY$$'
}

# The largest counts of the last minutes, of both families: check_tcp_peak!STATE!WARNING!CRITICAL
define command {
    command_name            check_tcp_peak
    command_line            $$USER1$$/check_snmp -H '$$HOSTADDRESS$$' -P 2c -C '$$_HOSTSNMPCOMMUNITY$$' -o $peaks -l '$labels' -w $$ARG2$$,$$ARG2$$ -c $$ARG3$$,$$ARG3$$
}

# Hundredths of a second since the sockets were counted.
define command {
    command_name            check_tcp_agent
    command_line            $$USER1$$/check_snmp -H '$$HOSTADDRESS$$' -P 2c -C '$$_HOSTSNMPCOMMUNITY$$' -o $age -l tcpRefreshAge -w $$ARG1$$ -c $$ARG2$$
}

define hostgroup {
    hostgroup_name          tcp-state-agents
    alias                   Hosts that tcp-state-agent counts the sockets of
}

define service {
    name                    tcp-state-service
    use                     generic-service
    hostgroup_name          tcp-state-agents
    register                0
}

# UNKNOWN where the agent is not there, WARNING and CRITICAL where it no longer counts.
define service {
    use                     tcp-state-service
    service_description     TCP agent
    check_command           check_tcp_agent!$age_warning!$age_critical
}

# All 22 counts, for graphs.
define service {
    use                     tcp-state-service
    service_description     TCP states
    check_command           check_tcp_states!--conn-type tcp --conn-type tcp6
}
""")

_NAGIOS_STATE = string.Template("""
define service {
    use                     tcp-state-service
    service_description     TCP $state
    check_command           check_tcp_states!--conn-status $status -w $warning -c $critical
}

define service {
    use                     tcp-state-service
    service_description     TCP $state peak
    check_command           check_tcp_peak!$number!$warning!$critical
}
""")

_ICINGA = string.Template("""
object CheckCommand "tcp_states" {
	command = [ PluginDir + "/check_tcp_states" ]
	arguments = {
		"-H" = "$$address$$"
		"--conn-type" = "$$tcp_states_types$$"
		"--conn-status" = "$$tcp_states_status$$"
		"-w" = "$$tcp_states_warning$$"
		"-c" = "$$tcp_states_critical$$"
		"--" = {
			value = "$$tcp_states_snmp$$"
			repeat_key = false
			order = 1
		}
	}
	vars.tcp_states_snmp = [ "-v", "2c", "-c", "$$snmp_community$$" ]
}

template Service "tcp-state-snmp" {
	check_command = "snmp"
	vars.snmp_version = "2c"
}

// UNKNOWN where the agent is not there, WARNING and CRITICAL where it no longer counts:
// hundredths of a second since the sockets were counted.
apply Service "TCP agent" {
	import "tcp-state-snmp"
	vars.snmp_oid = "$age"
	vars.snmp_label = "tcpRefreshAge"
	vars.snmp_warn = "$age_warning"
	vars.snmp_crit = "$age_critical"
	assign where host.vars.tcp_state_agent
}

// All 22 counts, for graphs.
apply Service "TCP states" {
	check_command = "tcp_states"
	vars.tcp_states_types = [ "tcp", "tcp6" ]
	assign where host.vars.tcp_state_agent
}
""")

_ICINGA_STATE = string.Template("""
apply Service "TCP $state" {
	check_command = "tcp_states"
	vars.tcp_states_status = "$status"
	vars.tcp_states_warning = "$warning"
	vars.tcp_states_critical = "$critical"
	assign where host.vars.tcp_state_agent
}

// The largest counts of the last minutes, of both families.
apply Service "TCP $state peak" {
	import "tcp-state-snmp"
	vars.snmp_oid = "$peaks"
	vars.snmp_label = "$labels"
	vars.snmp_warn = "$warning,$warning"
	vars.snmp_crit = "$critical,$critical"
	assign where host.vars.tcp_state_agent
}
""")


def _status(state):
    """What check_tcp_states calls a state."""
    return re.sub(r"(?=[A-Z])", "_", state).lower().replace("received", "recv")


def _peaks(number):
    """The instances of both families in a state; so many OIDs as labels."""
    return ",".join(mib["tcpStateCountMax"].dotted + f".{family}.{number}"
                    for family in mib.families.values())


mib, directory = objects.arguments()
agent = {"age": mib["tcpRefreshAge"].instance(),
         "age_warning": AGE_S[0] * 100, "age_critical": AGE_S[1] * 100}
labels = ",".join(f"{family}_peak" for family in mib.families)
states = [{"state": state, "status": _status(state), "number": mib.states[state],
           "peaks": _peaks(mib.states[state]), "labels": labels,
           "warning": warning, "critical": critical}
          for state, (warning, critical) in LEVELS.items()]
(directory / "tcp-states.cfg").write_text(
    _HEAD.format("#", "commands and services for Nagios")
    + _NAGIOS.substitute(agent, peaks=_peaks("$ARG1$"), labels=labels)
    + "".join(map(_NAGIOS_STATE.substitute, states)))
(directory / "tcp-states.conf").write_text(
    _HEAD.format("//", "commands and services for Icinga 2")
    + _ICINGA.substitute(agent)
    + "".join(map(_ICINGA_STATE.substitute, states)))
