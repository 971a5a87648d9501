# SPDX-License-Identifier: BSD-2-Clause
"""The OIDs of TCP-STATE-COUNT-MIB that the tests ask for, as tuples."""

ROOT = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 793)

STATE_COUNT_ENTRY = ROOT + (1, 1, 1)
COUNT = STATE_COUNT_ENTRY + (3,)
LABEL = STATE_COUNT_ENTRY + (6,)

# In the order of tcpConnectionState; a row's index is (family, state), families 4 and 6.
STATES = ("closed", "listen", "synSent", "synReceived", "established", "finWait1", "finWait2",
          "closeWait", "lastAck", "closing", "timeWait")
ROWS = tuple((family, state) for family in (4, 6) for state in STATES)

_REFRESH = ROOT + (1, 8)
REFRESH_INTERVAL = _REFRESH + (1, 0)
REFRESH_AGE = _REFRESH + (2, 0)
REFRESHES = _REFRESH + (4, 0)
REFRESH_ERRORS = _REFRESH + (5, 0)
REFRESH_LAST_ERROR = _REFRESH + (6, 0)

SYS_UP_TIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)


def count(family, state):
    """The instance of tcpStateCount for FAMILY (4, 6) and STATE (of STATES)."""
    return COUNT + ({4: 1, 6: 2}[family], STATES.index(state) + 1)


COUNTS = tuple(count(*row) for row in ROWS)
