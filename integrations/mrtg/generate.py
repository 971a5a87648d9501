# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states.inc, for MRTG: a target a state, both families in one graph."""

import string

import objects
from levels import LEVELS

_HEAD = """\
# SPDX-License-Identifier: BSD-2-Clause
#
# tcp-state-agent's counts, for MRTG. HOST and COMMUNITY are yours; README.md tells more.

Options[^]: gauge,growright,nopercent,integer
YLegend[^]: sockets
ShortLegend[^]: &nbsp;
LegendI[^]: ipv4
LegendO[^]: ipv6
MaxBytes[^]: 4294967295
"""
_STATE = string.Template("""
Target[tcp_$lower]: $count.1.$number&$count.2.$number:COMMUNITY@HOST::::2
Title[tcp_$lower]: TCP sockets: $state
PageTop[tcp_$lower]: <h1>TCP sockets: $state</h1>
""")
_LEVEL = string.Template("""\
ThreshMaxI[tcp_$lower]: $warning
ThreshMaxO[tcp_$lower]: $warning
""")

mib, directory = objects.arguments()
text = _HEAD
for state, number in mib.states.items():
    text += _STATE.substitute(lower=state.lower(), state=state, number=number,
                              count=mib["tcpStateCount"].dotted[1:])
    if state in LEVELS:
        text += _LEVEL.substitute(lower=state.lower(), warning=LEVELS[state][0])
(directory / "tcp-states.inc").write_text(text)
