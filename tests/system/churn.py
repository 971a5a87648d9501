# SPDX-License-Identifier: BSD-2-Clause
"""Opens and closes sockets until it is killed, so that every refresh finds other counts.

Run as a program in the network namespace that is counted.
"""

import random
import socket
import struct

FAMILIES = (socket.AF_INET, socket.AF_INET6)
MOST = 20


# Closing then resets, which leaves no timeWait: those would grow in number and slow refreshes down.
ABORTIVE = struct.pack("ii", 1, 0)


def listener(family):
    opened = socket.socket(family)
    opened.listen()
    return opened


def connection(family):
    """Both ends, established or one of them shut down."""
    with listener(family) as server:
        ends = socket.create_connection(server.getsockname()[:2]), server.accept()[0]
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTIVE)
    if random.random() < 0.5:
        ends[0].shutdown(socket.SHUT_WR)
    return ends


def main():
    held = []
    while True:
        if random.random() < len(held) / MOST:
            for closed in held.pop(random.randrange(len(held))):
                closed.close()
        elif random.random() < 0.5:
            held.append((listener(random.choice(FAMILIES)),))
        else:
            held.append(connection(random.choice(FAMILIES)))


if __name__ == "__main__":
    main()
