# SPDX-License-Identifier: BSD-2-Clause
"""AgentX masters that misbehave: snmpd itself does so only in moments too short for a test."""

import collections
import contextlib
import fcntl
import select
import socket
import struct
import termios
import threading

# RFC 2741, section 6.1
(OPEN, CLOSE, REGISTER, UNREGISTER, GET, GET_NEXT, GET_BULK, TEST_SET, COMMIT_SET, UNDO_SET,
 CLEANUP_SET, NOTIFY, PING, INDEX_ALLOCATE, INDEX_DEALLOCATE, ADD_AGENT_CAPS, REMOVE_AGENT_CAPS,
 RESPONSE) = range(1, 19)
NON_DEFAULT_CONTEXT, NETWORK_BYTE_ORDER = 0x08, 0x10
HEADER = 20

# The session that every master here opens.
SESSION = 7

Request = collections.namedtuple("Request", "kind network_order transaction packet")

# How far a session has come: requests that were read, and how many of them were answered.
Stage = collections.namedtuple("Stage", "reads answers")
CONNECTED, OPENING, REGISTERING, REGISTERED, NOTIFYING = (
    Stage(0, 0), Stage(1, 0), Stage(2, 1), Stage(2, 2), Stage(3, 2))


def _receive(connection):
    """The next request, None at the connection's end."""
    header = connection.recv(HEADER, socket.MSG_WAITALL)
    if len(header) < HEADER:
        return None
    network_order = bool(header[2] & NETWORK_BYTE_ORDER)
    transaction, packet, length = struct.unpack_from(">III" if network_order else "<III", header, 8)
    connection.recv(length, socket.MSG_WAITALL)
    return Request(header[1], network_order, transaction, packet)


def _unread(connection):
    """Octets that were sent and that the agent has not yet read."""
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]


def peer(connection):
    """The pid of the agent at the other end of CONNECTION."""
    return struct.unpack("iII", connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


class Encoder:
    """Encodes what a master says after REQUEST, None if there was none; right unless told else."""

    def __init__(self, request, network_order):
        self._request = request or Request(None, network_order, 0, 0)
        self._order = ">" if network_order else "<"

    def integers(self, *values):
        return struct.pack(f"{self._order}{len(values)}I", *values)

    def shorts(self, *values):
        return struct.pack(f"{self._order}{len(values)}H", *values)

    def oid(self, *sub_ids, number=None, prefix=0, include=0):
        """NUMBER is how many sub-ids it claims to have."""
        return bytes((len(sub_ids) if number is None else number, prefix, include, 0)) \
            + self.integers(*sub_ids)

    def octets(self, value, length=None):
        """LENGTH is how long it claims to be."""
        return self.integers(len(value) if length is None else length) \
            + value + bytes(-len(value) % 4)

    def varbind(self, kind, name, value=b""):
        return self.shorts(kind, 0) + self.oid(*name) + value

    def pdu(self, kind, payload=b"", version=1, flags=0, length=None, **ids):
        """IDS: session, transaction, packet."""
        if self._order == ">":
            flags |= NETWORK_BYTE_ORDER
        return bytes((version, kind, flags, 0)) + self.integers(
            ids.get("session", SESSION), ids.get("transaction", self._request.transaction),
            ids.get("packet", self._request.packet),
            len(payload) if length is None else length) + payload

    def answer(self, error=0, index=0, varbinds=b"", **header):
        return self.pdu(RESPONSE, self.integers(100) + self.shorts(error, index) + varbinds,
                        **header)


# What a master does at a stage of every session. speak(ENCODER) gives what it sends, in parts;
# then it waits for the agent to end the session, and reads what that sends or does not; or it
# hangs up itself. From the stage harmless_from on the agent has no reason to end the session.
Misbehaviour = collections.namedtuple("Misbehaviour", "speak reads hangs_up harmless_from",
                                      defaults=(True, False, None))
CLOSES = Misbehaviour(lambda encoder: (), hangs_up=True)


class Master:
    """Brings every session to the stage that STAGES has for the agent's pid, and misbehaves then.

    Counts, for each stage: sessions; taken, where the agent has read all that was said; dropped,
    which the agent has ended. Every other session of a stage is in the other byte order.
    """

    def __init__(self, path, stages, misbehaviour):
        self.sessions = collections.Counter()
        self.taken = collections.Counter()
        self.dropped = collections.Counter()
        self._stages, self._misbehaviour = stages, misbehaviour
        self._hearing = select.POLLIN if misbehaviour.reads else 0
        self._path = path
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(16)
        self._connections = []
        self._threads = [threading.Thread(target=self._accept_all, name="agentx-master")]
        self._threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # it may have ended
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()
        self._path.unlink()

    def _accept_all(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:  # the end: the listener is shut down
                return
            connection.settimeout(5)
            self._connections.append(connection)
            self._threads.append(threading.Thread(
                target=self._serve, args=(connection,), name="agentx-session"))
            self._threads[-1].start()

    def _serve(self, connection):
        stage = self._stages[peer(connection)]
        self.sessions[stage] += 1
        with connection:
            try:
                self._converse(connection, stage)
            except (BrokenPipeError, ConnectionResetError):
                self.dropped[stage] += 1

    def _converse(self, connection, stage):
        request = self._bring_to(connection, stage)
        # So that both orders come first at some stage at which there is but one session.
        encoder = Encoder(request, (sum(stage) + self.sessions[stage]) % 2 == 0)
        for part in self._misbehaviour.speak(encoder):
            self._say(connection, part)
        if self._misbehaviour.hangs_up:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            self._listen(connection, stage)

    @staticmethod
    def _bring_to(connection, stage):
        """The last request that was read."""
        request = None
        for number in range(stage.reads):
            request = _receive(connection)
            if request is None:
                raise ConnectionResetError
            if number < stage.answers:
                connection.sendall(Encoder(request, request.network_order).answer())
        return request

    def _say(self, connection, part):
        """All of PART, however much the agent answers meanwhile."""
        poller = select.poll()
        poller.register(connection, select.POLLOUT | self._hearing)
        while part:
            for _, events in poller.poll(5000):
                if events & select.POLLIN and not connection.recv(65536):
                    raise ConnectionResetError
                if events & ~select.POLLIN:
                    part = part[connection.send(part):]

    def _listen(self, connection, stage):
        """To the end of the session."""
        poller = select.poll()
        poller.register(connection, self._hearing)
        taken = False
        while True:
            for _, events in poller.poll(10):
                if not events & select.POLLIN or not connection.recv(65536):
                    raise ConnectionResetError
            if not taken and not _unread(connection):
                taken = True
                self.taken[stage] += 1


class HungMaster:
    """A listener that answers one Open at most."""

    def __init__(self, path):
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(5)
        self._listener.bind(str(path))
        self._listener.listen(0)
        self._held = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for held in (self._listener, *self._held):
            held.close()
        self._path.unlink()

    def fill_backlog(self):
        """From now on a connect() blocks."""
        while True:
            waiting = socket.socket(socket.AF_UNIX)
            self._held.append(waiting)
            waiting.setblocking(False)
            try:
                waiting.connect(str(self._path))
            except BlockingIOError:
                return

    def answer_open(self):
        """Accept a connection, fill the backlog behind it, and answer its Open."""
        connection = self._listener.accept()[0]
        connection.settimeout(5)
        self._held.append(connection)
        self.fill_backlog()
        request = _receive(connection)
        connection.sendall(Encoder(request, request.network_order).answer())
