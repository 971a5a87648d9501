# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states.conf, for collectd's plug-ins snmp and threshold."""

import string

import objects
from levels import AGE_S, LEVELS

_SNMP = string.Template("""\
# SPDX-License-Identifier: BSD-2-Clause
#
# tcp-state-agent's counts, by the plug-in snmp. README.md tells what to do with it.

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
	# The largest of them within the last minutes.
	<Data "tcp_peaks">
		Table true
		Plugin "tcp_states"
		PluginInstance "peak"
		Type "tcp_connections"
		TypeInstanceOID "$label"
		Values "$max"
	</Data>
	# Seconds since the sockets were counted.
	<Data "tcp_age">
		Plugin "tcp_states"
		Type "duration"
		TypeInstance "age"
		Scale 0.01
		Values "$age"
	</Data>
</Plugin>

# Values that are missing are a failure, too.
LoadPlugin threshold
<Plugin threshold>
	<Plugin "tcp_states">
		<Type "duration">
			Instance "age"
			WarningMax $warning
			FailureMax $failure
		</Type>
""")
_LEVEL = string.Template("""\
		<Type "tcp_connections">
			Instance "$family $state"
			WarningMax $warning
			FailureMax $failure
		</Type>
""")
_END = """\
	</Plugin>
</Plugin>
"""

mib, directory = objects.arguments()
(directory / "tcp-states.conf").write_text(
    _SNMP.substitute(label=mib["tcpStateCountLabel"].dotted, count=mib["tcpStateCount"].dotted,
                     max=mib["tcpStateCountMax"].dotted, age=mib["tcpRefreshAge"].instance(),
                     warning=AGE_S[0], failure=AGE_S[1])
    + "".join(_LEVEL.substitute(family=family, state=state, warning=warning, failure=failure)
              for state, (warning, failure) in LEVELS.items() for family in mib.families)
    + _END)
