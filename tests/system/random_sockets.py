# SPDX-License-Identifier: BSD-2-Clause
"""Random steps that open sockets, change their states and close them, with exact expected counts.

    sockets = RandomSockets(maker, random.Random(7))
    print(sockets.step())
    assert counts() == sockets.expected()

The state of a socket with a descriptor is read from TCP_INFO. The states of all others (requests,
orphans, minisockets, connections that are not accepted) follow from RFC 9293 and are tracked here.
"""

import collections
import contextlib
import ctypes
import os
import socket
import struct
import time

from namespace import set_sysctl
from sockets import IPPROTO_MPTCP, KERNEL_STATES
from tun_peer import STATES

# <linux/tcp.h>, <linux/in6.h>
_TCP_REPAIR, _TCP_REPAIR_OFF_NO_WP, _TCP_ULP, _IPV6_ADDRFORM = 19, -1, 31, 1

# Seconds. The kernel keeps minisockets for 60 s, of which the comparison may take half.
_LIFETIME = 30

_SORTS = ((4, "plain"), (6, "plain"), (6, "mapped"), (6, "dual"))
_UNHELD = ("synReceived", "timeWait")
_CLOSABLE = ("finWait1", "finWait2", "lastAck", "closing")

# Family of the client, family of the listener, the address that the client connects to, and the
# listener's address. A socket of family 6 that has an IPv4 peer is v4-mapped.
_LOOPBACKS = (
    (4, 4, "127.0.0.1", "127.0.0.1"),
    (6, 6, "::1", "::1"),
    (6, 4, "::ffff:127.0.0.1", "127.0.0.1"),
    (4, 6, "127.0.0.1", "::"),
    (6, 6, "::ffff:127.0.0.1", "::"),
)
_ANY = {4: "127.0.0.1", 6: "::1"}

_libc = ctypes.CDLL(None, use_errno=True)


class _Socket(socket.socket):
    """A socket that may keep its port in the state closed, in which case it is counted."""

    keeps_port = False

    def accept(self):
        """Return the socket of the connection."""
        descriptor, _ = self._accept()
        return _Socket(fileno=descriptor)


def _open(family):
    """Open a socket of FAMILY, 4 or 6, dual-stack if 6."""
    opened = _Socket(socket.AF_INET if family == 4 else socket.AF_INET6)
    if family == 6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return opened


def _state_of(held):
    return KERNEL_STATES[held.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]]


def _family_of(held):
    """Return the current family, which IPV6_ADDRFORM changes."""
    return 4 if held.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == socket.AF_INET else 6


def _is_plain(held):
    return held.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) != IPPROTO_MPTCP


def _reset(held):
    """Close HELD abortively, which leaves no orphan or minisocket."""
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    held.close()


def _disconnect(held):
    """Disconnect HELD by connecting it to AF_UNSPEC."""
    if _libc.connect(held.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16) != 0:
        raise OSError(ctypes.get_errno(), "connect")


class _Pair:
    """Both ends of a connection over loopback, 0 the client's and 1 the server's.

    `held` has their sockets, None for an end that is closed or not accepted. `unheld` has the
    family and state of an end that the kernel keeps without a descriptor.
    """

    def __init__(self, client, server, waiting_family=None):
        self.held = [client, server]
        self.unheld = [None, (waiting_family, "established") if waiting_family else None]
        self.families = [_family_of(client), waiting_family or _family_of(server)]
        # An end that is shut down for reading refuses data (deaf). An end in repair mode closes
        # without sending a segment (vanished).
        self.deaf = [False, False]
        self.vanished = False

    def finish(self, end):
        """Track the effect of END's FIN on unheld ends. END is about to be shut down or closed."""
        state, other = _state_of(self.held[end]), 1 - end
        if self.vanished:
            return
        if state == "closeWait":
            self.unheld[other] = (self.families[other], "timeWait")
        elif state == "established" and self.unheld[other]:
            self.unheld[other] = (self.families[other], "closeWait")

    def close(self, end):
        state = _state_of(self.held[end])
        self.finish(end)
        if state in ("established", "finWait2") and not self.vanished:
            self.unheld[end] = (self.families[end], "finWait2")
        self.held[end].close()
        self.held[end] = None

    def forget(self, end):
        """Return END's socket, which is about to send a RST that removes an unheld other end."""
        held, self.held[end] = self.held[end], None
        if _state_of(held) != "closed" and not self.vanished:
            self.unheld[1 - end] = None
        return held

    def is_over(self):
        return self.held == self.unheld == [None, None]


class RandomSockets:
    """Sockets changed at random. MAKER makes those whose far end withholds segments."""

    def __init__(self, maker, random):
        # New loopback connections would reuse the ports of timeWait.
        set_sysctl("tcp_tw_reuse", 0)
        self._maker, self._random = maker, random
        self._pairs = []
        self._listeners = []  # and the pairs that wait to be accepted there
        self._others = []
        self._deferred = []  # listener, client: the kernel has a request of the listener's family
        self._unheld = []  # family, state, the maker's connection
        self._ports = iter(range(500, 1000))
        self._expires = None

    @property
    def about_to_expire(self):
        """Whether the first minisocket may soon time out."""
        return self._expires is not None and time.monotonic() > self._expires

    def expected(self):
        """Return {(family, state): sockets}. Bound but unconnected sockets are closed."""
        counts = collections.Counter({(family, state): 0 for family in (4, 6) for state in STATES})
        held = [*self._maker.held, *self._others, *(listener for listener, _ in self._listeners),
                *(found for both in self._deferred for found in both),
                *(end for pair in self._pairs for end in pair.held)]
        for found in held:
            if found is None or found.fileno() == -1:
                continue
            state = _state_of(found)
            if state != "closed" or getattr(found, "keeps_port", False):
                counts[_family_of(found), state] += 1
        counts.update(unheld for pair in self._pairs for unheld in pair.unheld if unheld)
        counts.update((_family_of(listener), "synReceived") for listener, _ in self._deferred)
        counts.update((family, state) for family, state, _ in self._unheld)
        return dict(counts)

    def step(self):
        """Make a random change, and return its description."""
        while True:
            action = self._random.choice(_ACTIONS)
            done = action(self)
            if done is not None:
                return f"{action.__name__.strip('_')}: {done}"

    def close(self):
        """Close all sockets except the maker's."""
        for found in (*self._others, *(client for _, client in self._deferred),
                      *(end for pair in self._pairs for end in pair.held if end)):
            _reset(found)
        for listener in (*(listener for listener, _ in self._listeners),
                         *(listener for listener, _ in self._deferred)):
            listener.close()

    # ---- the steps: each returns a description, or None if there is nothing to do ----

    def _make_states(self):
        family, sort = self._random.choice(_SORTS)
        state = self._random.choice(STATES[2:])
        if (sort, state) == ("dual", "synSent"):
            return None
        closed = state in _CLOSABLE and self._random.random() < 0.5
        number = self._random.choice((1, 2, 3, 40))
        made = self._maker.make(family, state, number, sort=sort, closed=closed)
        if closed or state in _UNHELD:
            self._unheld += [(family, state, connection) for connection in made]
        if state == "timeWait" or (closed and state == "finWait2"):
            self._note_minisockets()
        return f"{number} {sort} {family} {state}" + " closed" * closed

    def _make_fast_open(self):
        family, number = self._random.choice((4, 6)), self._random.randint(1, 3)
        self._maker.make_fast_open(family, number)
        return f"{number} {family}"

    def _make_mptcp(self):
        if not os.path.exists("/proc/sys/net/mptcp/enabled") or self._random.random() < 0.5:
            return None
        family, pairs = self._random.choice((4, 6)), self._random.randint(1, 3)
        self._maker.make_mptcp(family, pairs)
        return f"{pairs} {family}"

    def _end_unheld(self):
        for _, _, connection in (chosen := self._some(self._unheld)):
            self._maker.reset(connection)
        self._unheld = [left for left in self._unheld if left not in chosen]
        return len(chosen) or None

    def _change_held(self):
        """Disconnect, shut down or reset connected sockets of the maker."""
        chosen = self._some([held for held in self._maker.held
                             if held.fileno() != -1 and _is_plain(held)
                             and _state_of(held) not in ("listen", "closed", "synReceived")])
        change = self._random.choice((_disconnect, _reset, self._shut_down_held))
        for held in chosen:
            change(held)
        return f"{change.__name__} {len(chosen)}" if chosen else None

    def _open_pairs(self):
        family, listener_family, address, bound_to = self._random.choice(_LOOPBACKS)
        share = self._random.choice((0, 0, 1, 3))
        listeners = [self._listener(listener_family, bound_to, share > 0)]
        for _ in range(share):
            listeners.append(self._listener(listener_family, bound_to, True,
                                            port=listeners[0].getsockname()[1]))
        accepted = share > 0 or self._random.random() < 0.7
        number, explicit = self._random.choice((1, 3, 20)), self._random.random() < 0.3
        for _ in range(number):
            client = _open(family)
            if explicit:
                client.bind(("", next(self._ports)))
                client.keeps_port = True
            client.connect((address, listeners[0].getsockname()[1]))
            if accepted:
                pair = _Pair(client, _accept_at_any(listeners))
            else:
                pair = _Pair(client, None, listener_family)
                self._listeners[-1][1].append(pair)
            self._pairs.append(pair)
        return (f"{number} {family} to {bound_to} at {len(listeners)} listeners"
                + " accepted" * accepted + " from explicit ports" * explicit)

    def _accept(self):
        waiting = [found for found in self._listeners if found[1]]
        if not waiting:
            return None
        listener, pairs = self._random.choice(waiting)
        pair = pairs.pop(0)
        pair.held[1] = listener.accept()
        if pair.unheld[1] and pair.unheld[1][1] != "timeWait":
            pair.unheld[1] = None
        return "one"

    def _change_pairs(self):
        ends = self._some([(pair, end) for pair in self._pairs for end in (0, 1)
                           if pair.held[end]])
        change = self._random.choice((
            self._close_end, self._close_end, self._shut_down_end, self._shut_down_end,
            self._reset_end, self._leave_unread, self._disconnect_end, self._vanish,
            self._become_ipv4, self._encrypt))
        changed = sum(1 for pair, end in ends if change(pair, end))
        self._pairs = [pair for pair in self._pairs if not pair.is_over()]
        return f"{change.__name__} {changed} of {len(ends)}" if changed else None

    def _bind(self):
        family = self._random.choice((4, 6))
        number, explicit = self._random.choice((1, 5)), self._random.random() < 0.5
        for _ in range(number):
            bound = _open(family)
            bound.bind((self._random.choice(("", _ANY[family])),
                        next(self._ports) if explicit else 0))
            bound.keeps_port = True
            self._others.append(bound)
        return f"{number} {family}" + " to explicit ports" * explicit

    def _listen(self):
        """Listen on closed sockets, including those that were connected before."""
        idle = self._some([held for held in self._others if _state_of(held) == "closed"])
        for held in idle:
            with contextlib.suppress(OSError):  # connections may use its port
                held.listen(8)
                held.keeps_port = False
        return len(idle) or None

    def _refused_connect(self):
        client = _open(4)
        try:
            client.connect(("127.0.0.1", 1))
        except ConnectionRefusedError:
            self._others.append(client)
        return "one"

    def _self_connect(self):
        client = _open(family := self._random.choice((4, 6)))
        client.bind((_ANY[family], 0))
        client.connect(client.getsockname())
        self._others.append(client)
        return family

    def _repair(self):
        """Connect in repair mode, without sending a segment."""
        repaired = _open(family := self._random.choice((4, 6)))
        repaired.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
        repaired.bind((_ANY[family], 0))
        repaired.connect((_ANY[family], 1))
        over = self._random.random() < 0.5
        if over:
            repaired.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, _TCP_REPAIR_OFF_NO_WP)
        self._others.append(repaired)
        return f"{family}" + " over" * over

    def _defer_accept(self):
        family, listener_family, address, bound_to = self._random.choice(_LOOPBACKS)
        listener = _open(listener_family)
        listener.bind((bound_to, 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 600)
        listener.listen()
        client = _open(family)
        client.connect((address, listener.getsockname()[1]))
        self._deferred.append((listener, client))
        return f"{family} to {bound_to}"

    def _end_deferred(self):
        if not self._deferred:
            return None
        listener, client = self._deferred.pop(self._random.randrange(len(self._deferred)))
        if self._random.random() < 0.5:
            _reset(client)
            # The RST has removed the request before the listener is closed.
            listener.close()
            return "reset"
        client.send(b"data")
        server = listener.accept()
        server.recv(4)
        self._pairs.append(_Pair(client, server))
        self._listeners.append((listener, []))
        return "accepted"

    def _close_others(self):
        chosen = self._some(self._others)
        for held in chosen:
            _reset(held)
        self._others = [held for held in self._others if held.fileno() != -1]
        return len(chosen) or None

    def _close_listeners(self):
        chosen = self._some(self._listeners)
        for listener, waiting in chosen:
            if self._random.random() < 0.3:
                listener.shutdown(socket.SHUT_RDWR)
                self._others.append(listener)
            else:
                listener.close()
            for pair in waiting:
                pair.unheld = [None if unheld and unheld[1] != "timeWait" else unheld
                               for unheld in pair.unheld]
        self._listeners = [found for found in self._listeners if found not in chosen]
        self._pairs = [pair for pair in self._pairs if not pair.is_over()]
        return len(chosen) or None

    # ---- helpers ----

    def _some(self, candidates):
        """Choose one of CANDIDATES, half of them, or all."""
        number = self._random.choice((1, len(candidates) // 2, len(candidates)))
        return self._random.sample(candidates, min(number, len(candidates)))

    def _note_minisockets(self):
        if self._expires is None:
            self._expires = time.monotonic() + _LIFETIME

    def _listener(self, family, address, shared, port=0):
        listener = _open(family)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if port == 0 and self._random.random() < 0.3:
            port = next(self._ports)
        listener.bind((address, port))
        listener.keeps_port = port != 0
        listener.listen(64)
        self._listeners.append((listener, []))
        return listener

    def _shut_down_held(self, held):
        if _state_of(held) in ("established", "closeWait"):
            held.shutdown(socket.SHUT_WR)

    # Each of these changes END of PAIR, and returns whether that was possible.

    def _close_end(self, pair, end):
        pair.close(end)
        self._note_minisockets()
        return True

    def _shut_down_end(self, pair, end):
        if _state_of(pair.held[end]) == "closed":
            return False
        how = self._random.choice((socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR))
        if how != socket.SHUT_RD:
            pair.finish(end)
        pair.deaf[end] = pair.deaf[end] or how != socket.SHUT_WR
        pair.held[end].shutdown(how)
        self._note_minisockets()
        return True

    def _reset_end(self, pair, end):
        _reset(pair.forget(end))
        return True

    def _leave_unread(self, pair, end):
        """Close END while it has unread data, which resets the connection."""
        sender = pair.held[1 - end]
        if (sender is None or pair.deaf[end] or _state_of(sender) not in ("established", "closeWait")
                or _state_of(pair.held[end]) not in ("established", "finWait2")):
            return False
        sender.send(b"data")
        pair.held[end].recv(1, socket.MSG_PEEK)
        pair.forget(end).close()
        return True

    def _disconnect_end(self, pair, end):
        held = pair.forget(end)
        _disconnect(held)
        self._others.append(held)
        return True

    def _vanish(self, pair, end):
        """Close END in repair mode, which leaves the other end half-open."""
        if _state_of(pair.held[end]) != "established" or pair.held[1 - end] is None:
            return False
        pair.held[end].setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
        pair.held[end].close()
        pair.held[end] = None
        pair.vanished = True
        return True

    def _become_ipv4(self, pair, end):
        held = pair.held[end]
        if _state_of(held) != "established" or _family_of(held) == 4 \
                or not held.getpeername()[0].startswith("::ffff:"):
            return False
        held.setsockopt(socket.IPPROTO_IPV6, _IPV6_ADDRFORM, socket.AF_INET)
        pair.families[end] = 4
        return True

    def _encrypt(self, pair, end):
        """Use kTLS if the kernel supports it."""
        try:
            pair.held[end].setsockopt(socket.IPPROTO_TCP, _TCP_ULP, b"tls")
        except OSError:
            return False
        return True


def _accept_at_any(listeners):
    """Accept a connection at the port that LISTENERS share."""
    while True:
        for listener in listeners:
            listener.setblocking(False)
            try:
                return listener.accept()
            except BlockingIOError:
                pass
            finally:
                listener.setblocking(True)


_ACTIONS = (
    RandomSockets._make_states, RandomSockets._make_states, RandomSockets._make_states,
    RandomSockets._make_fast_open, RandomSockets._make_mptcp, RandomSockets._end_unheld,
    RandomSockets._change_held, RandomSockets._open_pairs, RandomSockets._open_pairs,
    RandomSockets._accept, RandomSockets._change_pairs, RandomSockets._change_pairs,
    RandomSockets._change_pairs, RandomSockets._change_pairs, RandomSockets._bind,
    RandomSockets._listen, RandomSockets._refused_connect, RandomSockets._self_connect,
    RandomSockets._repair, RandomSockets._defer_accept, RandomSockets._end_deferred,
    RandomSockets._close_others, RandomSockets._close_listeners)
