# SPDX-License-Identifier: BSD-2-Clause
"""Short connections over loopback, as fast as they come, until it is killed.

Run as a program in the network namespace that is counted. At most one connection is open at a
time, and its ends are all that is in any state but timeWait besides the listeners.

rush.py [NUMBER]: a quarter of them, or the first NUMBER and no more, are left in timeWait.
"""

import itertools
import socket
import struct
import sys

ABORTIVE = struct.pack("ii", 1, 0)


def listener(family):
    opened = socket.socket(family)
    opened.bind(("", 0))
    opened.listen()
    return opened


def mapped_listener():
    """Of IPv6, reached at a v4-mapped address."""
    opened = socket.socket(socket.AF_INET6)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, False)
    opened.bind(("::ffff:127.0.0.1", 0))
    opened.listen()
    return opened


def connect_once(server, abortive):
    near = socket.socket(server.family)
    near.connect(server.getsockname())
    far = server.accept()[0]
    if abortive:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTIVE)
    # It is kept in timeWait at the port that cannot be taken again before it is over.
    near.close()
    far.close()


def main():
    left = int(sys.argv[1]) if len(sys.argv) > 1 else None
    servers = itertools.cycle([listener(socket.AF_INET), listener(socket.AF_INET6),
                               mapped_listener()])
    for number, server in enumerate(servers):
        connect_once(server, abortive=number % 8 > 1 if left is None else number >= left)


if __name__ == "__main__":
    main()
