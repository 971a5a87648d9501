# SPDX-License-Identifier: BSD-2-Clause
"""Real kernel TCP sockets in every state and both families, in exact numbers.

    with StateMaker() as maker:
        maker.make(4, "established", 7)
        maker.make(6, "finWait1", 3, sort="mapped", closed=True)
        assert counts() == maker.expected

The namespace must be fresh (network.fresh_network) and hold no other TCP socket for `expected`
to be the whole truth. Everything stays as it is for a minute and more, but for minisockets
(timeWait, closed finWait2), which the kernel keeps for exactly 60 s.
"""

import collections
import itertools
import resource
import socket
import struct
import time

from tun_peer import NEAR_ADDRESS, STATES, TunPeer, far_address

IPPROTO_MPTCP = 262
DEADLINE = 10

# include/net/tcp_states.h
_KERNEL_STATES = {1: "established", 2: "synSent", 3: "synReceived", 4: "finWait1", 5: "finWait2",
                  6: "timeWait", 7: "closed", 8: "closeWait", 9: "lastAck", 10: "listen",
                  11: "closing"}

# No state may time out within a minute, yet the orphans of a killed test shall not stay for long:
# their number is the whole host's. The kernel makes a closed finWait2 a minisocket at once only
# where tcp_fin_timeout is no longer than timeWait's 60 s. With cookies there are no requests.
_SYSCTLS = {"tcp_syn_retries": 8, "tcp_synack_retries": 8, "tcp_retries2": 15,
            "tcp_orphan_retries": 8, "tcp_fin_timeout": 60, "tcp_syncookies": 0,
            "tcp_max_syn_backlog": 65536}

_CLOSABLE = ("finWait1", "finWait2", "lastAck", "closing")
_SHUT_DOWN = (*_CLOSABLE, "timeWait")

# wire: the family of the packets; script: the state that the far end leads to; socket: None for
# a request, which no descriptor holds.
Connection = collections.namedtuple("Connection", "wire script far_port near_port socket")


def listed_counts():
    """{(family, state): sockets} as /proc/net/tcp and tcp6 list them, right if nothing moves."""
    counts = {(family, state): 0 for family in (4, 6) for state in STATES}
    for family in (4, 6):
        for *_, state in _listed(family):
            counts[family, state] += 1
    return counts


class StateMaker:
    """Makes sockets, keeps them until close(), and knows how many there are."""

    def __init__(self):
        for name, value in _SYSCTLS.items():
            with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as sysctl:
                sysctl.write(str(value))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
        self.expected = {(family, state): 0 for family in (4, 6) for state in STATES}
        self._sockets = []
        self._listeners = {}
        self._unheld = []
        # Below the ephemeral ports, so that no near port ever equals a far one.
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
        come to a listener, which is made once for each sort and counts in listen.
        CLOSED leaves no descriptor: finWait1, lastAck and closing become orphans, finWait2
        becomes a minisocket, as timeWait always is.
        The state closed is a bound but unconnected socket.
        """
        if sort not in ("plain", "mapped", "dual") or (family == 4 and sort != "plain"):
            raise ValueError(f"no {sort} sockets in family {family}")
        if closed and state not in _CLOSABLE or (sort, state) == ("dual", "synSent"):
            raise ValueError(f"no such {sort} sockets in {state}")
        if state in ("closed", "listen"):
            for _ in range(number):
                self._bind(family, sort, listen=state == "listen")
            return
        if sort == "dual" or state == "synReceived":
            connections = self._open_passively(family, state, number, sort)
        else:
            connections = self._open_actively(family, state, number, sort)
        if state in _SHUT_DOWN:
            self._shut_down(family, state, connections, close=closed or state == "timeWait")
        self.expected[family, state] += number

    def make_mptcp(self, family, pairs):
        """PAIRS of MPTCP connections over loopback: both ends are established, one listener."""
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
        """The port that synReceived and "dual" connections come to; its listener is counted."""
        return self._listener(family, sort).getsockname()[1]

    def close(self):
        """Leave no socket behind, orphans and minisockets included."""
        for connection in self._unheld:
            self._peer.reset(connection.wire, connection.script, connection.far_port,
                             connection.near_port)
        for held in self._sockets:
            if held.fileno() == -1:
                continue
            # An abortive close leaves nothing to time out, whatever the state.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            held.close()
        self._peer.close()

    def _keep(self, new):
        # A lost segment shall fail a test, not hang it.
        new.settimeout(DEADLINE)
        self._sockets.append(new)
        return new

    def _bind(self, family, sort, listen):
        """A bound or listening socket, counted."""
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


def _domain(family):
    return socket.AF_INET if family == 4 else socket.AF_INET6


def _opened(state):
    """The state that a connection is in before its near end is shut down."""
    if state == "lastAck":
        return "closeWait"
    return "established" if state in _SHUT_DOWN else state


def _wait(family, state, connections):
    """Until the kernel shows every one of CONNECTIONS in STATE."""
    deadline = time.monotonic() + DEADLINE
    while True:
        shown = _shown_states(family)
        found = collections.Counter(shown.get((c.near_port, c.far_port)) for c in connections)
        if found.total() == found[state]:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{state} wanted, /proc/net/tcp shows {dict(found)}")
        time.sleep(0.002)


def _shown_states(family):
    """{(local port, remote port): state}, remote port 0 for listeners."""
    return {(near_port, far_port): state for near_port, far_port, state in _listed(family)}


def _listed(family):
    """(local port, remote port, state) of each socket that /proc/net lists."""
    with open("/proc/net/tcp" if family == 4 else "/proc/net/tcp6", encoding="ascii") as table:
        rows = [line.split(maxsplit=4) for line in table][1:]
    return [(int(local[-4:], 16), int(remote[-4:], 16), _KERNEL_STATES[int(state, 16)])
            for _, local, remote, state, _ in rows]
