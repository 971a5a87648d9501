# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states.cfg for Nagios, and tcp-states.conf for Icinga 2."""

import re
import string

import objects
from levels import FILL, LIMITS, STATES, THRESHOLDS

_HEAD = """\
{0} SPDX-License-Identifier: BSD-2-Clause
{0}
{0} tcp-state-agent's counts: {1}. See README.md.
"""

_NAGIOS = string.Template(r"""
define command {
    command_name            check_tcp_states
    command_line            $$USER1$$/check_tcp_states -H '$$HOSTADDRESS$$' $$ARG1$$ -- -v 2c -c '$$_HOSTSNMPCOMMUNITY$$'
}

# Hundredths of a second since the sockets were counted. Any age is accepted, because it depends on
# refreshInterval and cpuLimit, and counts that are too old are withdrawn. Without a range check_snmp
# would accept an absent object. net-snmp needs an IPv6 address as udp6:[ADDRESS].
define command {
    command_name            check_tcp_agent
    command_line            $$USER1$$/check_snmp -H "`echo '$$HOSTADDRESS$$' | sed 's/.*:.*/udp6:[&]/'`" -P 2c -C '$$_HOSTSNMPCOMMUNITY$$' -o $age -l tcpRefreshAge -w 0:
}

# Reports a raised (2) threshold of the agent and what made up its value: check_tcp_threshold!OID!OID
define command {
    command_name            check_tcp_threshold
    command_line            $$USER1$$/check_snmp -H "`echo '$$HOSTADDRESS$$' | sed 's/.*:.*/udp6:[&]/'`" -P 2c -C '$$_HOSTSNMPCOMMUNITY$$' -o $$ARG1$$,$$ARG2$$ -l tcpThresholdStatus,tcpThresholdTop -w 1
}

define hostgroup {
    hostgroup_name          tcp-state-agents
    alias                   Hosts with tcp-state-agent
}

define hostgroup {
    hostgroup_name          tcp-state-thresholds
    alias                   Hosts whose agent has the example thresholds
}

define service {
    name                    tcp-state-service
    use                     generic-service
    hostgroup_name          tcp-state-agents
    register                0
}

define service {
    name                    tcp-threshold-service
    use                     generic-service
    hostgroup_name          tcp-state-thresholds
    register                0
}

# UNKNOWN if the agent is missing. If it is OK and all others are UNKNOWN, refreshes fail.
define service {
    use                     tcp-state-service
    service_description     TCP agent
    check_command           check_tcp_agent
}

# All 22 counts, for graphs.
define service {
    use                     tcp-state-service
    service_description     TCP states
    check_command           check_tcp_states!--conn-type tcp --conn-type tcp6
}
""")

_NAGIOS_SUBJECTS = string.Template("""
# The fullest accept queue, in percent.
define service {
    use                     tcp-state-service
    service_description     TCP accept queue
    check_command           check_tcp_states!--listen -w $fill_warning -c $fill_critical
}

# timeWait, connection tracking and, outside of network namespaces, orphans and memory, in percent.
define service {
    use                     tcp-state-service
    service_description     TCP limits
    check_command           check_tcp_states!--limits -w $limit_warning -c $limit_critical
}

# The agent's thresholds: which are raised, since when, and who has most of the sockets.
define service {
    use                     tcp-state-service
    service_description     TCP thresholds
    check_command           check_tcp_states!--thresholds
}

# The sockets of a watch of the agent, here of "watch db peerPort 5432".
#define service {
#    use                     tcp-state-service
#    service_description     TCP watch db
#    check_command           check_tcp_states!--watch-name db --conn-status close_wait -w $leak_warning
#}
""")

_NAGIOS_STATE = string.Template("""
define service {
    use                     tcp-state-service
    service_description     TCP $state
    check_command           check_tcp_states!--conn-status $status -w $warning -c $critical
}
""")

_NAGIOS_THRESHOLD = string.Template("""
define service {
    use                     tcp-threshold-service
    service_description     TCP threshold $name
    check_command           check_tcp_threshold!$oid!$top
}
""")

_ICINGA = string.Template("""
object CheckCommand "tcp_states" {
	import "ipv4-or-ipv6"
	command = [ PluginDir + "/check_tcp_states" ]
	arguments = {
		"-H" = "$$check_address$$"
		"--conn-type" = "$$tcp_states_types$$"
		"--listen" = {
			set_if = "$$tcp_states_listen$$"
		}
		"--listen=" = {
			value = "--listen=$$tcp_states_endpoint$$"
			skip_key = true
		}
		"--watch-name" = "$$tcp_states_watch$$"
		"--limits" = {
			set_if = "$$tcp_states_limits$$"
		}
		"--thresholds" = {
			set_if = "$$tcp_states_thresholds$$"
		}
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

// UNKNOWN if the agent is missing. If it is OK and all others are UNKNOWN, refreshes fail.
// Hundredths of a second since the sockets were counted. Any age is accepted, because it depends on
// refreshInterval and cpuLimit, and counts that are too old are withdrawn. Without a range check_snmp
// would accept an absent object.
apply Service "TCP agent" {
	import "tcp-state-snmp"
	vars.snmp_oid = "$age"
	vars.snmp_label = "tcpRefreshAge"
	vars.snmp_warn = "0:"
	assign where host.vars.tcp_state_agent
}

// All 22 counts, for graphs.
apply Service "TCP states" {
	check_command = "tcp_states"
	vars.tcp_states_types = [ "tcp", "tcp6" ]
	assign where host.vars.tcp_state_agent
}
""")

_ICINGA_SUBJECTS = string.Template("""
// The fullest accept queue, in percent. For a single one, set tcp_states_endpoint = "0.0.0.0:443" instead.
apply Service "TCP accept queue" {
	check_command = "tcp_states"
	vars.tcp_states_listen = true
	vars.tcp_states_warning = "$fill_warning"
	vars.tcp_states_critical = "$fill_critical"
	assign where host.vars.tcp_state_agent
}

// timeWait, connection tracking and, outside of network namespaces, orphans and memory, in percent.
apply Service "TCP limits" {
	check_command = "tcp_states"
	vars.tcp_states_limits = true
	vars.tcp_states_warning = "$limit_warning"
	vars.tcp_states_critical = "$limit_critical"
	assign where host.vars.tcp_state_agent
}

// The agent's thresholds: which are raised, since when, and who has most of the sockets.
apply Service "TCP thresholds" {
	check_command = "tcp_states"
	vars.tcp_states_thresholds = true
	assign where host.vars.tcp_state_agent
}

// The sockets of the agent's watches: host.vars.tcp_state_watches = [ "db" ]
apply Service "TCP watch " for (watch in host.vars.tcp_state_watches) {
	check_command = "tcp_states"
	vars.tcp_states_watch = watch
	vars.tcp_states_status = "close_wait"
	vars.tcp_states_warning = "$leak_warning"
	assign where host.vars.tcp_state_watches
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
""")

_ICINGA_THRESHOLD = string.Template("""
// A threshold of the agent: normal(1) or raised(2).
apply Service "TCP threshold $name" {
	import "tcp-state-snmp"
	vars.snmp_oid = "$oid,$top"
	vars.snmp_label = "tcpThresholdStatus,tcpThresholdTop"
	vars.snmp_warn = "1"
	assign where host.vars.tcp_state_thresholds
}
""")


def _status(state):
    """The name of a state in check_tcp_states."""
    return re.sub(r"(?=[A-Z])", "_", state).lower().replace("received", "recv")


mib, directory = objects.arguments()
agent = {"age": mib["tcpRefreshAge"].instance()}
states = [{"state": state, "status": _status(state),
           "warning": level.warning, "critical": level.critical}
          for state, level in STATES.items()]
_LIMIT = LIMITS["tcpHostTimeWaits"]
levels = {"fill_warning": FILL.warning, "fill_critical": FILL.critical,
          "limit_warning": _LIMIT.warning, "limit_critical": _LIMIT.critical,
          "leak_warning": STATES["closeWait"].warning}
# What check_tcp_states does not check, because it would have to remember counters, and the limit whose
# level differs from those of the others.
thresholds = [{"name": threshold.name,
               "oid": mib["tcpThresholdStatus"].instance(mib.text_index(threshold.name)),
               "top": mib["tcpThresholdTop"].instance(mib.text_index(threshold.name))}
              for threshold in THRESHOLDS if threshold.metric.startswith("rate ")
              or threshold.metric.startswith("host ") and threshold.level != _LIMIT]
(directory / "tcp-states.cfg").write_text(
    _HEAD.format("#", "commands and services for Nagios")
    + _NAGIOS.substitute(agent)
    + _NAGIOS_SUBJECTS.substitute(levels)
    + "".join(map(_NAGIOS_STATE.substitute, states))
    + "".join(map(_NAGIOS_THRESHOLD.substitute, thresholds)))
(directory / "tcp-states.conf").write_text(
    _HEAD.format("//", "commands and services for Icinga 2")
    + _ICINGA.substitute(agent)
    + _ICINGA_SUBJECTS.substitute(levels)
    + "".join(map(_ICINGA_STATE.substitute, states))
    + "".join(map(_ICINGA_THRESHOLD.substitute, thresholds)))
