# SPDX-License-Identifier: BSD-2-Clause
"""Short connections over loopback, as fast as they come, until it is killed.

Run as a program in the network namespace that is counted. At most one connection is open at a
time, and its ends are all that is in any state but timeWait besides the listeners.
"""

import itertools
import socket
import struct

ABORTIVE = struct.pack("ii", 1, 0)


def listener(family):
    opened = socket.socket(family)
    opened.bind(("", 0))
    opened.listen()
    return opened


def connect_once(server, abortive):
    near = socket.create_connection(server.getsockname()[:2])
    far = server.accept()[0]
    if abortive:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTIVE)
    # It is kept in timeWait at the port that cannot be taken again before it is over.
    near.close()
    far.close()


def main():
    servers = itertools.cycle([listener(socket.AF_INET), listener(socket.AF_INET6)])
    for number, server in enumerate(servers):
        connect_once(server, abortive=number % 8 > 1)


if __name__ == "__main__":
    main()
