# SPDX-License-Identifier: BSD-2-Clause
"""Loopback traffic, as a program that runs until it is killed, or as functions.

Run as a program in the network namespace under test:

    traffic.py churn
        opens and closes listeners and connections, a few dozen at a time
    traffic.py short_connections [NUMBER]
        opens short connections, one at a time, as fast as possible, and leaves a quarter of them,
        or only the first NUMBER, in timeWait
    traffic.py leak NUMBER
        leaves NUMBER sockets in closeWait, and prints a line
"""

import itertools
import random
import resource
import select
import signal
import socket
import struct
import sys

import tun_peer
from sockets import listener

CHURN_MAX = 20

# Closing resets the connection, which leaves no timeWait.
ABORTIVE = struct.pack("ii", 1, 0)

_FIN, _SYN, _PSH, _URG = 0x01, 0x02, 0x08, 0x20


# ---- churn ----

def _connection(family):
    """Return both ends of a connection, one of them possibly shut down.

    Closing them leaves no timeWait, which would accumulate.
    """
    with listener(family) as server:
        ends = socket.create_connection(server.getsockname()[:2]), server.accept()[0]
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTIVE)
    if random.random() < 0.5:
        ends[0].shutdown(socket.SHUT_WR)
    return ends


def churn():
    families = (socket.AF_INET, socket.AF_INET6)
    held = []
    while True:
        if random.random() < len(held) / CHURN_MAX:
            for end in held.pop(random.randrange(len(held))):
                end.close()
        elif random.random() < 0.5:
            held.append((listener(random.choice(families)),))
        else:
            held.append(_connection(random.choice(families)))


# ---- short_connections ----

def _mapped_listener():
    """Return an IPv6 listener at a v4-mapped address."""
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
    # The end that closes first keeps its port in timeWait.
    near.close()
    far.close()


def short_connections(number=None):
    servers = itertools.cycle([listener(socket.AF_INET), listener(socket.AF_INET6),
                               _mapped_listener()])
    for i, server in enumerate(servers):
        connect_once(server, abortive=i % 8 > 1 if number is None else i >= int(number))


# ---- leak ----

def leak(number):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    leaked = []
    for _ in range(int(number)):
        leaked.append(socket.create_connection(server.getsockname()))
        server.accept()[0].close()
    print(flush=True)
    signal.pause()


# ---- segments that a listener discards without losing a connection ----

def scan(port):
    """Send 25 segments each of SYN, FIN, NULL and Xmas scans to 127.0.0.1.

    The kernel resets the connections of the SYNs.
    """
    near = socket.inet_aton("127.0.0.1")
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for number, flags in enumerate((_SYN, _FIN, 0, _FIN | _PSH | _URG) * 25):
            raw.sendto(tun_peer.segment(near, near, 20000 + number, port, flags, 1, 0),
                       ("127.0.0.1", 0))


def half_open_check(port):
    """Exchange SYN, SYN/ACK and RST with 127.0.0.1, like a load balancer's health check."""
    with socket.socket() as probe:
        probe.setblocking(False)
        probe.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        probe.connect_ex(("127.0.0.1", port))
        select.select([], [probe], [], 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


if __name__ == "__main__":
    {"churn": churn, "short_connections": short_connections,
     "leak": leak}[sys.argv[1]](*sys.argv[2:])
