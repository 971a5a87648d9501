# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states.conf, for collectd's snmp and threshold plugins."""

import string

import objects
from levels import RATES, STATES

_SNMP = string.Template("""\
# SPDX-License-Identifier: BSD-2-Clause
#
# Collects tcp-state-agent's counts with the snmp plugin. See README.md.

LoadPlugin snmp
<Plugin snmp>
	# The 22 counts.
	<Data "tcp_states">
		Table true
		Plugin "tcp_states"
		Type "tcp_connections"
		TypeInstanceOID "$label"
		Values "$count"
	</Data>
	# The largest counts of the last minutes. They have no levels, because a burst remains for minutes.
	<Data "tcp_peaks">
		Table true
		Plugin "tcp_peaks"
		Type "tcp_connections"
		TypeInstanceOID "$label"
		Values "$max"
	</Data>
	# The sockets of the agent's watches, and the local ports that each uses, in percent. Collect these
	# if the agent has watches.
	<Data "tcp_watches">
		Table true
		Plugin "tcp_watches"
		Type "tcp_connections"
		TypeInstanceOID "$watch_label"
		Values "$watch_count"
	</Data>
	<Data "tcp_watch_ports">
		Table true
		Plugin "tcp_watches"
		Type "percent"
		TypeInstanceOID "$watch_filter"
		Values "$watch_ports"
	</Data>
	# The sockets of systemd units and containers, by state.
	<Data "tcp_owners">
		Table true
		Plugin "tcp_owners"
		Type "tcp_connections"
		TypeInstanceOID "$owner_label"
		Values "$owner_count"
	</Data>
	# The fill level of the accept queue of each listening endpoint.
	<Data "tcp_accept_queues">
		Table true
		Plugin "tcp_accept_queues"
		Type "percent"
		TypeInstanceOID "$listen_label"
		Values "$listen_fill"
	</Data>
	# Seconds since the sockets were counted. No level is set, because the age depends on
	# refreshInterval and cpuLimit. Counts that are too old are withdrawn.
	<Data "tcp_age">
		Plugin "tcp_states"
		Type "duration"
		TypeInstance "age"
		Scale 0.01
		Values "$age"
	</Data>
""")
# collectd stores the growth of a counter per second.
_RATE = string.Template("""\
	<Data "$name">
		Plugin "tcp_states"
		Type "derive"
		TypeInstance "$name"
		Values "$oid"
	</Data>
""")
_THRESHOLDS = """\
</Plugin>

# A value is reported if it is above the level seven times in a row, which is a minute at the default
# interval. Missing values are a failure.
LoadPlugin threshold
<Plugin threshold>
	<Plugin "tcp_states">
"""
_LEVEL = string.Template("""\
		<Type "$type">
			Instance "$instance"
			WarningMax $warning
			FailureMax $failure
			Hits 6
		</Type>
""")
_END = """\
	</Plugin>
</Plugin>
"""

mib, directory = objects.arguments()
levels = [("tcp_connections", f"{family} {state}", level)
          for state, level in STATES.items() for family in mib.families]
levels += [("derive", name, level) for name, level in RATES.items()]
(directory / "tcp-states.conf").write_text(
    _SNMP.substitute(label=mib["tcpStateCountLabel"].dotted, count=mib["tcpStateCount"].dotted,
                     max=mib["tcpStateCountMax"].dotted,
                     watch_label=mib["tcpWatchCountLabel"].dotted,
                     watch_count=mib["tcpWatchCount"].dotted,
                     watch_filter=mib["tcpWatchFilter"].dotted,
                     watch_ports=mib["tcpWatchPortUse"].dotted,
                     owner_label=mib["tcpOwnerLabel"].dotted,
                     owner_count=mib["tcpOwnerCount"].dotted,
                     listen_label=mib["tcpListenLabel"].dotted,
                     listen_fill=mib["tcpListenFill"].dotted, age=mib["tcpRefreshAge"].instance())
    + "".join(_RATE.substitute(name=name, oid=mib[name].instance()) for name in RATES)
    + _THRESHOLDS
    + "".join(_LEVEL.substitute(type=kind, instance=instance, warning=level.warning,
                                failure=level.critical) for kind, instance, level in levels)
    + _END)
