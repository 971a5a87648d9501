# SPDX-License-Identifier: BSD-2-Clause
"""The OIDs of TCP-STATE-COUNT-MIB that the tests use, as tuples.

The constants are objects without an index. of() and its siblings append one.
"""

ROOT = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 793)

STATE_COUNT_ENTRY = ROOT + (1, 1, 1)
COUNT = STATE_COUNT_ENTRY + (3,)
COUNT_MIN = STATE_COUNT_ENTRY + (4,)
COUNT_MAX = STATE_COUNT_ENTRY + (5,)
LABEL = STATE_COUNT_ENTRY + (6,)

_STATE_TOTAL_ENTRY = ROOT + (1, 2, 1)
TOTAL = _STATE_TOTAL_ENTRY + (2,)
TOTAL_MIN = _STATE_TOTAL_ENTRY + (3,)
TOTAL_MAX = _STATE_TOTAL_ENTRY + (4,)

_FAMILY_ENTRY = ROOT + (1, 3, 1)
FAMILY_SOCKETS = _FAMILY_ENTRY + (2,)
FAMILY_UDP = _FAMILY_ENTRY + (3,)
FAMILY_RAW = _FAMILY_ENTRY + (4,)
FAMILY_FRAG = _FAMILY_ENTRY + (5,)

HOST = ROOT + (1, 4)
HOST_NAMES = ("tcpHostOrphans", "tcpHostOrphansMax", "tcpHostTimeWaits", "tcpHostTimeWaitsMax",
              "tcpHostAllocated", "tcpHostMemory", "tcpHostMemoryMax", "tcpHostSocketsUsed",
              "tcpHostListenOverflows", "tcpHostListenDrops", "tcpHostSyncookiesSent",
              "tcpHostTimeWaitOverflows", "tcpHostLocalPorts", "tcpHostSynQueueDrops",
              "tcpHostSyncookiesReceived", "tcpHostSyncookiesFailed", "tcpHostSynRetransmits",
              "tcpHostTimeouts", "tcpHostMemoryAborts", "tcpHostMemoryPressures", "tcpHostPrunes",
              "tcpHostBacklogDrops", "tcpHostReceiveDrops", "tcpHostConntracks",
              "tcpHostConntracksMax", "tcpHostSynQueueCookies")

LISTEN_QUEUE_ENTRY = ROOT + (1, 5, 1)
LISTEN_SOCKETS = LISTEN_QUEUE_ENTRY + (1,)
LISTEN_QUEUED = LISTEN_QUEUE_ENTRY + (2,)
LISTEN_QUEUED_MAX = LISTEN_QUEUE_ENTRY + (3,)
LISTEN_BACKLOG = LISTEN_QUEUE_ENTRY + (4,)
LISTEN_DROPPED = LISTEN_QUEUE_ENTRY + (5,)
LISTEN_LABEL = LISTEN_QUEUE_ENTRY + (6,)
LISTEN_FILL = LISTEN_QUEUE_ENTRY + (7,)
LISTEN_FILL_MAX = LISTEN_QUEUE_ENTRY + (8,)
LISTEN_OWNER = LISTEN_QUEUE_ENTRY + (9,)
LISTEN_SYN_QUEUE = LISTEN_QUEUE_ENTRY + (10,)

WATCH_STATE_ENTRY = ROOT + (1, 6, 1)
WATCH_COUNT = WATCH_STATE_ENTRY + (1,)
WATCH_COUNT_MIN = WATCH_STATE_ENTRY + (2,)
WATCH_COUNT_MAX = WATCH_STATE_ENTRY + (3,)
WATCH_COUNT_LABEL = WATCH_STATE_ENTRY + (4,)
WATCH_ENTRY = ROOT + (1, 10, 1)
WATCH_FILTER = WATCH_ENTRY + (2,)
WATCH_SOCKETS = WATCH_ENTRY + (3,)
WATCH_PORT_USE = WATCH_ENTRY + (4,)

OWNER_ENTRY = ROOT + (1, 11, 1)
OWNER_COUNT = OWNER_ENTRY + (2,)
OWNER_COUNT_MAX = OWNER_ENTRY + (3,)
OWNER_LABEL = OWNER_ENTRY + (4,)

THRESHOLD_ENTRY = ROOT + (1, 7, 1)
THRESHOLD_METRIC = THRESHOLD_ENTRY + (2,)
THRESHOLD_RANGE = THRESHOLD_ENTRY + (3,)
THRESHOLD_CLEAR_RANGE = THRESHOLD_ENTRY + (4,)
THRESHOLD_VALUE = THRESHOLD_ENTRY + (5,)
THRESHOLD_STATUS = THRESHOLD_ENTRY + (6,)
THRESHOLD_SINCE = THRESHOLD_ENTRY + (7,)
THRESHOLD_RAISES = THRESHOLD_ENTRY + (8,)
THRESHOLD_LABEL = THRESHOLD_ENTRY + (9,)
THRESHOLD_TOP = THRESHOLD_ENTRY + (10,)
THRESHOLD_SINCE_DATE = THRESHOLD_ENTRY + (11,)

_REFRESH = ROOT + (1, 8)
REFRESH_INTERVAL = _REFRESH + (1, 0)
REFRESH_AGE = _REFRESH + (2, 0)
REFRESHES = _REFRESH + (4, 0)
REFRESH_ERRORS = _REFRESH + (5, 0)
REFRESH_LAST_ERROR = _REFRESH + (6, 0)
REFRESH_METHOD = _REFRESH + (7, 0)
REFRESH_WINDOW = _REFRESH + (8, 0)
REFRESH_STARTED = _REFRESH + (9, 0)
REFRESH_LISTENERS_OMITTED = _REFRESH + (10, 0)

NOTIFY_DROPPED = ROOT + (1, 9, 1, 0)

RAISED = ROOT + (0, 1)
CLEARED = ROOT + (0, 2)

SYS_UP_TIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SNMP_TRAP_OID = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
# tcpListenerProcess of TCP-MIB
LISTENER_PROCESS = (1, 3, 6, 1, 2, 1, 6, 20, 1, 4)

FULL, DERIVED = 1, 2
NORMAL, RAISED_STATUS = 1, 2

# In the order of tcpConnectionState. A row's index is (family, state) with families 4 and 6.
STATES = ("closed", "listen", "synSent", "synReceived", "established", "finWait1", "finWait2",
          "closeWait", "lastAck", "closing", "timeWait")
ROWS = tuple((family, state) for family in (4, 6) for state in STATES)


def _version(family):
    return {4: 1, 6: 2}[family]


def of(column, family, state):
    """Return the instance of a tcpStateCountTable COLUMN for FAMILY (4, 6) and STATE of STATES."""
    return column + (_version(family), STATES.index(state) + 1)


def count(family, state):
    return of(COUNT, family, state)


def of_state(column, state):
    """Return an instance of a tcpStateTotalTable COLUMN."""
    return column + (STATES.index(state) + 1,)


def of_watch(column, name, *row):
    """Return an instance of a COLUMN of a watch, of tcpWatchStateTable with ROW, (family, state)."""
    index = column + (len(name), *name.encode())
    return of(index, *row) if row else index


def of_host(name):
    return HOST + (HOST_NAMES.index(name) + 1, 0)


def of_threshold(column, name):
    """Return an instance of a tcpThresholdTable COLUMN."""
    return column + (len(name), *name.encode())


COUNTS = tuple(count(*row) for row in ROWS)
