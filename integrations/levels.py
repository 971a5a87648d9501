# SPDX-License-Identifier: BSD-2-Clause
"""The levels at which a count is reported, the only place that defines them.

They are a starting point, to be adapted to what a host does. README.md says what each state means.
Generators import them. Files that are not generated (README.md, the manual page, alerts.yml, the
configuration files) repeat them, and tests/clients/test_levels.py compares every number there.

A level is exceeded by values above it. What falls to `clear` is over.
"""

import collections

Level = collections.namedtuple("Level", "warning critical clear")

# Sockets of both families in a state. synReceived has no level: with SYN cookies, the
# kernel's default, it does not exceed the listener's backlog.
STATES = {"synSent": Level(50, 200, 20),
          "closeWait": Level(200, 1000, 100),
          "timeWait": Level(20000, 25000, 15000)}

# Growth per second of tcpHost's counters, averaged over a minute or more: a single burst fills a SYN
# queue on healthy hosts, too. The kernel answers by cookies when one is full or, where
# net.ipv4.tcp_syncookies is 0, drops. ListenDrops are the connections lost to listeners for any
# reason; unlike tcpListenDropped, they do not include port scans and half-open health checks.
RATES = {"tcpHostSyncookiesSent": Level(10, 100, 1),
         "tcpHostSynQueueDrops": Level(10, 100, 1),
         "tcpHostListenDrops": Level(2, 10, 1)}

# Percent of the limit. The kernel resets orphans from half of their limit on where their peers do
# not read.
LIMITS = {"tcpHostOrphans": Level(50, 80, 40),
          "tcpHostTimeWaits": Level(80, 95, 70),
          "tcpHostMemory": Level(80, 95, 70),
          "tcpHostConntracks": Level(80, 95, 70)}

# Percent of the local ports, for a watch of one peer.
PORTS = Level(80, 95, 70)

# Percent of an accept queue's backlog.
FILL = Level(80, 95, 50)

# Counts are old at this many intervals (tcpRefreshInterval), when by default they are withdrawn. A
# level in seconds would depend on the interval, which is configured and extended by cpuLimit.
# Managers that cannot compare two objects report that the rows are absent instead.
AGE_INTERVALS = 3

# Failed refreshes within ten minutes. A single one changes nothing.
REFRESH_ERRORS = 3

# The agent's thresholds: name, metric, level, refreshes to hold.
Threshold = collections.namedtuple("Threshold", "name metric level hold", defaults=(1,))
THRESHOLDS = (
    Threshold("synFlood", "rate tcpHostSyncookiesSent", RATES["tcpHostSyncookiesSent"]),
    Threshold("synDrops", "rate tcpHostSynQueueDrops", RATES["tcpHostSynQueueDrops"]),
    Threshold("drops", "rate tcpHostListenDrops", RATES["tcpHostListenDrops"]),
    Threshold("accept", "listen any", FILL, hold=3),
    Threshold("leak", "state any closeWait", STATES["closeWait"], hold=12),
    Threshold("unanswered", "state any synSent", STATES["synSent"], hold=3),
    Threshold("timeWait", "state any timeWait", STATES["timeWait"]),
    Threshold("orphans", "host tcpHostOrphans", LIMITS["tcpHostOrphans"]),
    Threshold("buckets", "host tcpHostTimeWaits", LIMITS["tcpHostTimeWaits"]),
    Threshold("memory", "host tcpHostMemory", LIMITS["tcpHostMemory"]),
    Threshold("conntrack", "host tcpHostConntracks", LIMITS["tcpHostConntracks"]))


def directive(threshold):
    """THRESHOLD as the arguments of a "threshold" line of tcp-state-agent.conf(5)."""
    hold = f" hold {threshold.hold}" if threshold.hold > 1 else ""
    return (f"{threshold.name} {threshold.metric} {threshold.level.warning}"
            f" clear {threshold.level.clear}{hold}")
