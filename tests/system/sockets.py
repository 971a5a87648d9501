# SPDX-License-Identifier: BSD-2-Clause
"""Exact numbers of real TCP sockets in every state and both families.

    with StateMaker() as maker:
        maker.make(4, "established", 7)
        maker.make(6, "finWait1", 3, sort="mapped", closed=True)
        assert counts() == maker.expected

`expected` is correct only in a fresh namespace (namespace.fresh_network) without other TCP sockets.
All states last for more than a minute, except those of minisockets (timeWait, closed finWait2),
which the kernel keeps for exactly 60 s.
"""

import collections
import contextlib
import itertools
import resource
import socket
import struct
import time

from namespace import PROC_NET
from tun_peer import NEAR_ADDRESS, STATES, TunPeer, far_address


def listener(family=socket.AF_INET, backlog=4):
    opened = socket.socket(family)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, True)
    opened.bind(("", 0))
    opened.listen(backlog)
    return opened


class Listeners:
    """A variable number of listeners of FAMILY."""

    def __init__(self, family=socket.AF_INET):
        self._family = family
        self._sockets = []

    def number(self, wanted):
        while len(self._sockets) > wanted:
            self._sockets.pop().close()
        while len(self._sockets) < wanted:
            self._sockets.append(listener(self._family))


IPPROTO_MPTCP = 262
DEADLINE = 60  # seconds

# include/net/tcp_states.h
KERNEL_STATES = {1: "established", 2: "synSent", 3: "synReceived", 4: "finWait1", 5: "finWait2",
                  6: "timeWait", 7: "closed", 8: "closeWait", 9: "lastAck", 10: "listen",
                  11: "closing"}

# No state may time out within a minute, but the orphans of a killed test must not stay for long,
# because their limit is host-wide. The kernel turns a closed finWait2 into a minisocket immediately
# only if tcp_fin_timeout is at most the 60 s of timeWait. Syncookies would replace requests.
_SYSCTLS = {"tcp_syn_retries": 127, "tcp_synack_retries": 127, "tcp_retries2": 15,
            "tcp_orphan_retries": 8, "tcp_fin_timeout": 60, "tcp_syncookies": 0,
            "tcp_max_syn_backlog": 65536}

# Enable clients and servers, and accept data in a SYN without a cookie.
_FAST_OPEN_WITHOUT_COOKIE = 0x1 | 0x2 | 0x200

_CLOSABLE = ("finWait1", "finWait2", "lastAck", "closing")
_SHUT_DOWN = (*_CLOSABLE, "timeWait")

# wire: the family of the packets. script: the state that the far end leads to. socket: None for
# a request, which has no descriptor.
Connection = collections.namedtuple("Connection", "wire script far_port near_port socket")


def listed_counts():
    """Count /proc/net/tcp and tcp6 as {(family, state): sockets}, exact if no state changes."""
    counts = {(family, state): 0 for family in (4, 6) for state in STATES}
    for family in (4, 6):
        for *_, state in _listed(family):
            counts[family, state] += 1
    return counts


class StateMaker:
    """Makes sockets, keeps them until close(), and has their numbers in `expected`."""

    def __init__(self):
        _set_sysctls(**_SYSCTLS)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
        self.expected = {(family, state): 0 for family in (4, 6) for state in STATES}
        self.held = []
        self._listeners = {}
        self._unheld = []
        # Below the ephemeral ports, so that no near port equals a far one.
        self._far_ports = itertools.count(1024)
        self._peer = TunPeer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def make(self, family, state, number, sort="plain", closed=False):
        """Return once the kernel has NUMBER more sockets of FAMILY (4, 6) in STATE (of STATES).

        SORT, for family 6: "plain" (IPv6 only), "mapped" (to a v4-mapped address) or "dual"
        (passively opened over IPv6 at a dual-stack listener). synReceived and "dual" connections
        arrive at a listener, which is made once for each sort and counted in listen.
        CLOSED leaves no descriptor: finWait1, lastAck and closing become orphans, and finWait2
        becomes a minisocket, as timeWait always is.
        The state closed is a bound but unconnected socket.
        Returns the connections, for reset().
        """
        if sort not in ("plain", "mapped", "dual") or (family == 4 and sort != "plain"):
            raise ValueError(f"no {sort} sockets in family {family}")
        if closed and state not in _CLOSABLE or (sort, state) == ("dual", "synSent"):
            raise ValueError(f"no such {sort} sockets in {state}")
        if state in ("closed", "listen"):
            for _ in range(number):
                self._bind(family, sort, listen=state == "listen")
            return []
        if sort == "dual" or state == "synReceived":
            connections = self._open_passively(family, state, number, sort)
        else:
            connections = self._open_actively(family, state, number, sort)
        if state in _SHUT_DOWN:
            self._shut_down(family, state, connections, close=closed or state == "timeWait")
        self.expected[family, state] += number
        return connections

    def reset(self, connection):
        """End a connection without a descriptor. `expected` still counts it."""
        self._unheld.remove(connection)
        self._peer.reset(connection.wire, connection.script, connection.far_port,
                         connection.near_port)

    def make_fast_open(self, family, number):
        """Make NUMBER TCP Fast Open connections, accepted in synReceived, and their listener."""
        _set_sysctls(tcp_fastopen=_FAST_OPEN_WITHOUT_COOKIE)
        listener = self._keep(socket.socket(_domain(family)))
        listener.bind((NEAR_ADDRESS[family], 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 4096)
        listener.listen(4096)
        for far_port in itertools.islice(self._far_ports, number):
            self._peer.open(family, "synReceived", far_port, listener.getsockname()[1], b"data")
            self._keep(listener.accept()[0])
        self.expected[family, "listen"] += 1
        self.expected[family, "synReceived"] += number

    def make_mptcp(self, family, pairs):
        """Make PAIRS of established MPTCP sockets, connected over loopback, and their listener."""
        address = "127.0.0.1" if family == 4 else "::1"
        listener = self._keep(socket.socket(_domain(family), socket.SOCK_STREAM, IPPROTO_MPTCP))
        listener.bind((address, 0))
        listener.listen(pairs)
        for _ in range(pairs):
            near = self._keep(socket.socket(_domain(family), socket.SOCK_STREAM, IPPROTO_MPTCP))
            near.connect(listener.getsockname())
            self._keep(listener.accept()[0])
        self.expected[family, "listen"] += 1
        self.expected[family, "established"] += 2 * pairs

    def listener_port(self, family, sort="plain"):
        """Return the port at which synReceived and "dual" connections arrive. The listener is
        counted."""
        return self._listener(family, sort).getsockname()[1]

    @contextlib.contextmanager
    def flood(self, number, backlog=128, cookies=True):
        """Yield a listener that has received NUMBER SYNs, whose handshakes are not completed.

        The kernel keeps about BACKLOG requests. It answers the other SYNs with COOKIES or drops
        them. `expected` counts none of these.
        """
        _set_sysctls(tcp_syncookies=int(cookies))
        with socket.socket() as listener:
            listener.bind((NEAR_ADDRESS[4], 0))
            listener.listen(backlog)
            for far_port in range(1024, 1024 + number):
                self._peer.open(4, "synReceived", far_port, listener.getsockname()[1])
            yield listener
        _set_sysctls(tcp_syncookies=_SYSCTLS["tcp_syncookies"])

    def close(self):
        """Close all sockets, including orphans and minisockets."""
        for connection in list(self._unheld):
            self.reset(connection)
        for held in self.held:
            if held.fileno() == -1:
                continue
            # An abortive close leaves nothing to time out, whatever the state.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            held.close()
        self._peer.close()

    def _keep(self, new):
        # Let a lost segment fail the test instead of hanging it.
        new.settimeout(DEADLINE)
        self.held.append(new)
        return new

    def _bind(self, family, sort, listen):
        """Make and count a bound or listening socket."""
        bound = self._keep(socket.socket(_domain(family)))
        if family == 6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, sort == "plain")
        bound.bind((f"::ffff:{NEAR_ADDRESS[4]}" if sort == "mapped" else "", 0))
        if listen:
            bound.listen(4096)
        self.expected[family, "listen" if listen else "closed"] += 1
        return bound

    def _listener(self, family, sort):
        if (family, sort) not in self._listeners:
            self._listeners[family, sort] = self._bind(family, sort, listen=True)
        return self._listeners[family, sort]

    def _open_actively(self, family, state, number, sort):
        wire = 4 if sort == "mapped" else family
        address = far_address(wire, state)
        if sort == "mapped":
            address = f"::ffff:{address}"
        connections = []
        for far_port in itertools.islice(self._far_ports, number):
            near = self._keep(socket.socket(_domain(family)))
            near.setblocking(False)
            near.connect_ex((address, far_port))
            connections.append(Connection(wire, state, far_port, near.getsockname()[1], near))
        _wait(family, _opened(state), connections)
        return connections

    def _open_passively(self, family, state, number, sort):
        wire = 4 if sort == "mapped" else family
        listener = self._listener(family, "dual" if sort == "mapped" else sort)
        near_port = listener.getsockname()[1]
        requests = [Connection(wire, state, far_port, near_port, None)
                    for far_port in itertools.islice(self._far_ports, number)]
        for request in requests:
            self._peer.open(wire, state, request.far_port, near_port)
        _wait(family, _opened(state), requests)
        if state == "synReceived":
            self._unheld += requests
            return requests
        by_port = {}
        for _ in requests:
            near, (_, far_port, *_) = listener.accept()
            by_port[far_port] = self._keep(near)
        return [request._replace(socket=by_port[request.far_port]) for request in requests]

    def _shut_down(self, family, state, connections, close):
        for connection in connections:
            connection.socket.shutdown(socket.SHUT_WR)
        _wait(family, state, connections)
        if close:
            for connection in connections:
                connection.socket.close()
            self._unheld += connections
            _wait(family, state, connections)


def _set_sysctls(**values):
    for name, value in values.items():
        with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as sysctl:
            sysctl.write(str(value))


def _domain(family):
    return socket.AF_INET if family == 4 else socket.AF_INET6


def _opened(state):
    """Return the state of a connection before its near end is shut down."""
    if state == "lastAck":
        return "closeWait"
    return "established" if state in _SHUT_DOWN else state


def _wait(family, state, connections):
    """Wait until /proc/net/tcp shows every one of CONNECTIONS in STATE."""
    deadline = time.monotonic() + DEADLINE
    while True:
        states = _listed_states(family)
        found = collections.Counter(states.get((c.near_port, c.far_port)) for c in connections)
        if found.total() == found[state]:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected {state}, but /proc/net/tcp shows {dict(found)}")
        time.sleep(0.002)


def _listed_states(family):
    """Return {(local port, remote port): state}, with remote port 0 for listeners."""
    return {(near_port, far_port): state for near_port, far_port, state in _listed(family)}


def _listed(family):
    """Return (local port, remote port, state) of each socket that /proc/net lists."""
    with open(PROC_NET / ("tcp" if family == 4 else "tcp6"), encoding="ascii") as table:
        rows = [line.split(maxsplit=4) for line in table][1:]
    return [(int(local[-4:], 16), int(remote[-4:], 16), KERNEL_STATES[int(state, 16)])
            for _, local, remote, state, _ in rows]
