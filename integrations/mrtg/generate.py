# SPDX-License-Identifier: BSD-2-Clause
"""Writes tcp-states.inc for MRTG: a target with both families for each state, and two rates."""

import string

import objects
from levels import RATES, STATES

_HEAD = """\
# SPDX-License-Identifier: BSD-2-Clause
#
# tcp-state-agent's counts for MRTG. Replace HOST and COMMUNITY; see README.md.

Options[^]: gauge,growright,nopercent,integer
YLegend[^]: sockets
ShortLegend[^]: &nbsp;
LegendI[^]: ipv4
LegendO[^]: ipv6
MaxBytes[^]: 4294967295
"""
_STATE = string.Template("""
Target[tcp_$lower]: $count.1.$number&$count.2.$number:COMMUNITY@HOST:::::2
Title[tcp_$lower]: TCP sockets: $state
PageTop[tcp_$lower]: <h1>TCP sockets: $state</h1>
""")
_LEVEL = string.Template("""\
ThreshMaxI[tcp_$lower]: $warning
ThreshMaxO[tcp_$lower]: $warning
""")

# A counter without "gauge" is drawn as its growth per second.
_RATES = string.Template("""
Options[^]:
YLegend[^]: per second
ShortLegend[^]: /s
LegendI[^]:
LegendO[^]:

Target[tcp_synflood]: $cookies&$queue_drops:COMMUNITY@HOST:::::2
Options[tcp_synflood]: growright,nopercent
LegendI[tcp_synflood]: SYN cookies
LegendO[tcp_synflood]: SYNs dropped
Title[tcp_synflood]: TCP: full SYN queues
PageTop[tcp_synflood]: <h1>TCP: full SYN queues</h1>
ThreshMaxI[tcp_synflood]: $cookies_level
ThreshMaxO[tcp_synflood]: $queue_drops_level

Target[tcp_drops]: $drops&$overflows:COMMUNITY@HOST:::::2
Options[tcp_drops]: growright,nopercent
LegendI[tcp_drops]: connections dropped
LegendO[tcp_drops]: accept queue overflows
Title[tcp_drops]: TCP: connections dropped by listeners
PageTop[tcp_drops]: <h1>TCP: connections dropped by listeners</h1>
ThreshMaxI[tcp_drops]: $drops_level
""")

# The index begins with the length of the name and its characters.
_WATCH = string.Template("""
# The sockets in closeWait of the agent's watch "db".
#Target[tcp_db]: $count.2.100.98.1.$number&$count.2.100.98.2.$number:COMMUNITY@HOST:::::2
#Options[tcp_db]: gauge,growright,nopercent,integer
#Title[tcp_db]: Watch db: closeWait
#PageTop[tcp_db]: <h1>Watch db: closeWait</h1>
""")

mib, directory = objects.arguments()
text = _HEAD
for state, number in mib.states.items():
    text += _STATE.substitute(lower=state.lower(), state=state, number=number,
                              count=mib["tcpStateCount"].dotted[1:])
    if state in STATES:
        text += _LEVEL.substitute(lower=state.lower(), warning=STATES[state].warning)
rates = {"cookies": "tcpHostSyncookiesSent", "queue_drops": "tcpHostSynQueueDrops",
         "drops": "tcpHostListenDrops", "overflows": "tcpHostListenOverflows"}
text += _RATES.substitute(
    {short: mib[name].instance()[1:] for short, name in rates.items()},
    **{f"{short}_level": RATES[name].warning for short, name in rates.items() if name in RATES})
text += _WATCH.substitute(count=mib["tcpWatchCount"].dotted[1:], number=mib.states["closeWait"])
(directory / "tcp-states.inc").write_text(text)
