# SPDX-License-Identifier: BSD-2-Clause
"""As many listening sockets as a test asks for: what a count is driven by most easily."""

import socket


def listener(family=socket.AF_INET, backlog=4):
    opened = socket.socket(family)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, True)
    opened.bind(("", 0))
    opened.listen(backlog)
    return opened


class Listeners:
    """Of FAMILY."""

    def __init__(self, family=socket.AF_INET):
        self._family = family
        self._sockets = []

    def number(self, wanted):
        while len(self._sockets) > wanted:
            self._sockets.pop().close()
        while len(self._sockets) < wanted:
            self._sockets.append(listener(self._family))
