# SPDX-License-Identifier: BSD-2-Clause
"""At how many sockets of a family in a state the integrations warn, and call it critical.

To begin with; to be fitted to what a host does. README.md says of each state what it tells.
"""

LEVELS = {"synSent": (50, 200), "synReceived": (1000, 5000), "closeWait": (200, 1000),
          "timeWait": (20000, 25000)}

# Of tcpRefreshAge: counts older than maxAge, by default 15 s, are not served.
AGE_S = (15, 60)
