# SPDX-License-Identifier: BSD-2-Clause
"""AgentX masters that violate the protocol. snmpd does so only too briefly for a test."""

import collections
import contextlib
import fcntl
import random
import select
import socket
import struct
import termios
import threading
import time

import mib
from daemons import SANITIZED
from polling import PATIENCE

# RFC 2741, section 6.1
(OPEN, CLOSE, REGISTER, UNREGISTER, GET, GET_NEXT, GET_BULK, TEST_SET, COMMIT_SET, UNDO_SET,
 CLEANUP_SET, NOTIFY, PING, INDEX_ALLOCATE, INDEX_DEALLOCATE, ADD_AGENT_CAPS, REMOVE_AGENT_CAPS,
 RESPONSE) = range(1, 19)
NON_DEFAULT_CONTEXT, NETWORK_BYTE_ORDER = 0x08, 0x10
HEADER = 20

# The session ID that every master here assigns.
SESSION = 7

Request = collections.namedtuple("Request", "kind network_order transaction packet")

# A phase of a session: the number of requests that were read, and of those that were answered.
Phase = collections.namedtuple("Phase", "reads answers")
CONNECTED, OPENING, REGISTERING, REGISTERED, NOTIFYING = (
    Phase(0, 0), Phase(1, 0), Phase(2, 1), Phase(2, 2), Phase(3, 2))


def _receive(connection):
    """Return the next request, or None at the end of the connection."""
    header = connection.recv(HEADER, socket.MSG_WAITALL)
    if len(header) < HEADER:
        return None
    network_order = bool(header[2] & NETWORK_BYTE_ORDER)
    transaction, packet, length = struct.unpack_from(">III" if network_order else "<III", header, 8)
    connection.recv(length, socket.MSG_WAITALL)
    return Request(header[1], network_order, transaction, packet)


def _unread(connection):
    """Return the number of octets that were sent and that the agent has not yet read."""
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]


def peer(connection):
    """Return the pid of the agent at the other end of CONNECTION."""
    return struct.unpack("iII", connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


class Encoder:
    """Encodes a master's PDUs after REQUEST, which may be None. They are valid by default."""

    def __init__(self, request, network_order):
        self._request = request or Request(None, network_order, 0, 0)
        self._order = ">" if network_order else "<"

    def integers(self, *values):
        return struct.pack(f"{self._order}{len(values)}I", *values)

    def shorts(self, *values):
        return struct.pack(f"{self._order}{len(values)}H", *values)

    def oid(self, *sub_ids, number=None, prefix=0, include=0):
        """Encode an OID. NUMBER overrides the number of sub-ids in its header."""
        return bytes((len(sub_ids) if number is None else number, prefix, include, 0)) \
            + self.integers(*sub_ids)

    def octets(self, value, length=None):
        """Encode an octet string. LENGTH overrides the length in its header."""
        return self.integers(len(value) if length is None else length) \
            + value + bytes(-len(value) % 4)

    def varbind(self, kind, name, value=b""):
        return self.shorts(kind, 0) + self.oid(*name) + value

    def pdu(self, kind, payload=b"", version=1, flags=0, length=None, **ids):
        """Encode a PDU. IDS may override session, transaction and packet."""
        if self._order == ">":
            flags |= NETWORK_BYTE_ORDER
        return bytes((version, kind, flags, 0)) + self.integers(
            ids.get("session", SESSION), ids.get("transaction", self._request.transaction),
            ids.get("packet", self._request.packet),
            len(payload) if length is None else length) + payload

    def answer(self, error=0, index=0, varbinds=b"", **header):
        return self.pdu(RESPONSE, self.integers(100) + self.shorts(error, index) + varbinds,
                        **header)


# A master's violation of the protocol at one phase of every session. speak(ENCODER) returns the
# parts that it sends. The master then hangs up (hangs_up), or waits for the agent to close the
# session, and reads the agent's PDUs meanwhile unless reads is False. From the phase harmless_from
# on, the agent should keep the session open.
Violation = collections.namedtuple("Violation", "speak reads hangs_up harmless_from",
                                      defaults=(True, False, None))
CLOSES = Violation(lambda encoder: (), hangs_up=True)


class Master:
    """Brings every session to the phase that PHASES has for the agent's pid, then does VIOLATION.

    Counts sessions for each phase: all of them (sessions), those in which the agent has read
    everything that was sent (taken), and those that the agent has closed (dropped). The byte order
    alternates between the sessions of a phase.
    """

    def __init__(self, path, phases, violation):
        self.sessions = collections.Counter()
        self.taken = collections.Counter()
        self.dropped = collections.Counter()
        self._phases, self._violation = phases, violation
        self._hearing = select.POLLIN if violation.reads else 0
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
            with contextlib.suppress(OSError):  # it may be closed already
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()
        self._path.unlink()

    def _accept_all(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:  # the listener is shut down
                return
            connection.settimeout(PATIENCE)
            self._connections.append(connection)
            self._threads.append(threading.Thread(
                target=self._serve, args=(connection,), name="agentx-session"))
            self._threads[-1].start()

    def _serve(self, connection):
        phase = self._phases[peer(connection)]
        self.sessions[phase] += 1
        with connection:
            try:
                self._converse(connection, phase)
            except (BrokenPipeError, ConnectionResetError):
                self.dropped[phase] += 1

    def _converse(self, connection, phase):
        request = self._bring_to(connection, phase)
        # A phase may have only one session: the order of the first one depends on the phase.
        encoder = Encoder(request, (sum(phase) + self.sessions[phase]) % 2 == 0)
        for part in self._violation.speak(encoder):
            self._say(connection, part)
        if self._violation.hangs_up:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            self._listen(connection, phase)

    @staticmethod
    def _bring_to(connection, phase):
        """Read and answer requests up to PHASE, and return the last one."""
        request = None
        for number in range(phase.reads):
            request = _receive(connection)
            if request is None:
                raise ConnectionResetError
            if number < phase.answers:
                connection.sendall(Encoder(request, request.network_order).answer())
        return request

    def _say(self, connection, part):
        """Send all of PART, reading the agent's answers meanwhile."""
        poller = select.poll()
        poller.register(connection, select.POLLOUT | self._hearing)
        while part:
            for _, events in poller.poll(5000):
                if events & select.POLLIN and not connection.recv(65536):
                    raise ConnectionResetError
                if events & ~select.POLLIN:
                    part = part[connection.send(part):]

    def _listen(self, connection, phase):
        """Read until the agent closes the session, which raises."""
        poller = select.poll()
        poller.register(connection, self._hearing)
        taken = False
        while True:
            for _, events in poller.poll(10):
                if not events & select.POLLIN or not connection.recv(65536):
                    raise ConnectionResetError
            if not taken and not _unread(connection):
                taken = True
                self.taken[phase] += 1


class HungMaster:
    """A master that answers at most one Open."""

    def __init__(self, path):
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(PATIENCE)
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
        """Make every further connect() block."""
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
        connection.settimeout(PATIENCE)
        self._held.append(connection)
        self.fill_backlog()
        request = _receive(connection)
        connection.sendall(Encoder(request, request.network_order).answer())


INTEGER, OCTET_STRING, OBJECT_ID, OPAQUE, COUNTER64 = 2, 4, 6, 0x44, 0x46
NAME = mib.COUNTS[0]


def says(*speakers, **how):
    """Return a violation that sends the results of SPEAKERS, which are functions of an Encoder."""
    return Violation(lambda encoder: [speak(encoder) for speak in speakers], **how)


def asks(kind, payload=lambda encoder: b"", **header):
    return says(lambda encoder: encoder.pdu(kind, payload(encoder), **header))


def search(*ranges):
    """Return the payload of a Get of RANGES, which are not bounded above."""
    return lambda encoder: b"".join(encoder.oid(*name) + encoder.oid() for name in ranges)


def bulk(non_repeaters, repetitions, *ranges):
    return lambda encoder: encoder.shorts(non_repeaters, repetitions) + search(*ranges)(encoder)


def assigns(kind, value, name=NAME):
    """Return the payload of a TestSet. VALUE(ENCODER) is of the type KIND."""
    return lambda encoder: encoder.varbind(kind, name, value(encoder))


def slowly(encoder):
    """Send a header, then its payload octet by octet, and never all of it."""
    yield encoder.pdu(GET, length=1000)
    for _ in range(20):
        time.sleep(0.02)
        yield b"\1"


def flood(encoder):
    for _ in range(2 if SANITIZED else 20):
        yield 1000 * encoder.pdu(GET, search(NAME)(encoder))


def unread_flood(encoder):
    """Request more than fits into a socket's buffer."""
    for _ in range(100):
        yield encoder.pdu(GET, search(*400 * (NAME,))(encoder))


def assign_one(encoder):
    return encoder.pdu(TEST_SET, assigns(INTEGER, lambda e: e.integers(7))(encoder),
                       transaction=99)


def clean_up(encoder):
    return encoder.pdu(CLEANUP_SET, transaction=99)


# PDUs that are valid in a session, or that a subagent can ignore.
_HARMLESS = {
    "an-answer-to-no-request": says(lambda e: e.answer(packet=0x7FFFFFFF)),
    "an-error": says(lambda e: e.answer(error=256)),
    "Get": asks(GET, search(NAME)),
    "Get-of-nothing": asks(GET),
    "Get-of-900": asks(GET, search(*900 * (NAME,))),
    "Get-of-as-many-as-fit": asks(GET, lambda e: 8180 * (e.oid() + e.oid())),
    "Get-outside-the-registration": asks(GET, search(mib.SYS_UP_TIME, (0, 0), (3,))),
    "Get-of-200-sub-ids": asks(GET, search(mib.ROOT + 190 * (1,))),
    "Get-of-255-sub-ids-and-a-prefix": asks(
        GET, lambda e: e.oid(*255 * (1,), prefix=4) + e.oid()),
    "Get-in-an-unknown-context": asks(
        GET, lambda e: e.octets(b"nowhere") + search(NAME)(e), flags=NON_DEFAULT_CONTEXT),
    "GetNext": asks(GET_NEXT, search(mib.ROOT, NAME)),
    "GetNext-that-ends-before-it-begins": asks(
        GET_NEXT, lambda e: e.oid(*NAME, include=1) + e.oid(1)),
    "GetBulk": asks(GET_BULK, bulk(1, 10, mib.ROOT, NAME)),
    "GetBulk-of-everything": asks(GET_BULK, bulk(0, 65535, *200 * (mib.ROOT,))),
    "GetBulk-with-more-non-repeaters-than-names": asks(GET_BULK, bulk(65535, 65535, NAME)),
    "TestSet": says(assign_one),
    "TestSet-cleaned-up": says(lambda e: assign_one(e) + clean_up(e) + clean_up(e)),
    "TestSet-of-nothing": asks(TEST_SET),
    "TestSet-a-thousand-times": says(lambda e: 1000 * assign_one(e)),
    "TestSet-of-each-type": says(lambda e: e.pdu(TEST_SET, b"".join(
        e.varbind(kind, NAME, value) for kind, value in (
            (OPAQUE, e.octets(b"\x9fx\4abcd")), (OPAQUE, e.octets(b"\x9f")),
            (COUNTER64, e.integers(1, 2)), (OBJECT_ID, e.oid(*NAME)),
            (OCTET_STRING, e.octets(1000 * b"a")))))),
    "CleanupSet-of-no-set": says(clean_up),
    "a-flood-of-requests": Violation(flood),
    "requests-and-an-end": says(lambda e: 100 * e.pdu(GET, search(NAME)(e)), hangs_up=True),
    "a-TestSet-and-an-end": says(assign_one, hangs_up=True),
    "an-octet-now-and-then": Violation(slowly),
}

_BROKEN = {
    "closes": CLOSES,
    "garbage": says(lambda e: random.Random(1).randbytes(4096)),
    "another-protocol": says(lambda e: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "half-a-header-and-an-end": says(lambda e: e.answer()[:HEADER // 2], hangs_up=True),
    "half-a-PDU-and-an-end": says(lambda e: e.answer()[:HEADER + 4], hangs_up=True),
    "an-answer-of-version-0": says(lambda e: e.answer(version=0)),
    "an-answer-of-version-2": says(lambda e: e.answer(version=2)),
    "an-answer-of-version-255": says(lambda e: e.answer(version=255)),
    "an-answer-to-another-session": says(lambda e: e.answer(session=SESSION + 1, packet=1)),
    "an-empty-answer": asks(RESPONSE),
    "an-answer-of-an-odd-length": says(lambda e: e.answer(varbinds=b"\0")),
    "an-answer-with-half-a-varbind": says(lambda e: e.answer(varbinds=e.shorts(INTEGER, 0))),
    "an-answer-with-a-context": says(lambda e: e.answer(flags=NON_DEFAULT_CONTEXT)),
    "an-answer-with-all-flags": says(lambda e: e.answer(flags=0xEF)),
    "a-PDU-of-4-GiB": asks(GET, length=0xFFFFFFFC),
    "a-PDU-of-4-GiB-that-overflows-to-nothing": asks(GET, length=0x100000000 - HEADER),
    "a-PDU-of-4-GiB-that-overflows-to-4": asks(GET, length=0x100000004 - HEADER),
    "a-PDU-of-2-GiB": asks(GET, length=0x7FFFFFFC),
    "a-PDU-of-1-MiB": asks(GET, lambda e: (1024 * 1024 - HEADER) // 8 * search((0,))(e)[:8]),
    "a-PDU-of-64-KiB": asks(GET, lambda e: bytes(65536)),
    "Get-in-another-session": asks(GET, search(NAME), session=SESSION + 1),
    "Get-of-half-a-range": asks(GET, lambda e: e.oid(*NAME)),
    "Get-of-fewer-sub-ids-than-announced": asks(GET, lambda e: e.oid(1, number=255)),
    "Get-of-more-sub-ids-than-announced": asks(GET, lambda e: e.oid(*NAME, number=1) + e.oid()),
    "Get-in-a-context-past-the-end": asks(
        GET, lambda e: e.octets(b"ns1", length=1000), flags=NON_DEFAULT_CONTEXT),
    "Get-in-a-context-of-4-GiB": asks(
        GET, lambda e: e.octets(b"ns1", length=0xFFFFFFFF), flags=NON_DEFAULT_CONTEXT),
    "Get-in-no-context": asks(GET, flags=NON_DEFAULT_CONTEXT),
    "GetBulk-of-no-number": asks(GET_BULK),
    "TestSet-past-the-end": asks(
        TEST_SET, assigns(OCTET_STRING, lambda e: e.octets(b"abc", length=1000))),
    "TestSet-of-4-GiB": asks(
        TEST_SET, assigns(OCTET_STRING, lambda e: e.octets(b"abc", length=0xFFFFFFFF))),
    "TestSet-of-almost-4-GiB": asks(
        TEST_SET, assigns(OCTET_STRING, lambda e: e.octets(b"abc", length=0xFFFFFFFB))),
    "TestSet-of-an-unknown-type": asks(TEST_SET, assigns(0x77, lambda e: e.integers(1))),
    "TestSet-of-half-a-Counter64": asks(TEST_SET, assigns(COUNTER64, lambda e: e.integers(1))),
    "CommitSet-of-no-set": asks(COMMIT_SET),
    "UndoSet-of-no-set": asks(UNDO_SET),
    "CommitSet-of-a-refused-set": says(assign_one, lambda e: e.pdu(COMMIT_SET, transaction=99)),
    "Close": asks(CLOSE, lambda e: b"\1\0\0\0"),
    "Close-without-a-reason": asks(CLOSE),
    "Open": asks(OPEN, lambda e: b"\1\0\0\0" + e.oid(1) + e.octets(b"me")),
    "Register": asks(REGISTER, lambda e: b"\0\x7f\0\0" + e.oid(*mib.ROOT)),
    "Register-of-a-range-past-the-name": asks(
        REGISTER, lambda e: b"\0\x7f\xff\0" + e.oid(*mib.ROOT)),
    "Unregister": asks(UNREGISTER, lambda e: b"\0\x7f\0\0" + e.oid(*mib.ROOT)),
    "Notify": asks(NOTIFY, assigns(OBJECT_ID, lambda e: e.oid(*mib.RAISED),
                                   mib.SNMP_TRAP_OID)),
    "Ping": asks(PING),
    "IndexAllocate": asks(INDEX_ALLOCATE, assigns(INTEGER, lambda e: e.integers(7))),
    "IndexDeallocate": asks(INDEX_DEALLOCATE, assigns(INTEGER, lambda e: e.integers(7))),
    "AddAgentCaps": asks(ADD_AGENT_CAPS, lambda e: e.oid(1) + e.octets(b"all", length=99)),
    "RemoveAgentCaps": asks(REMOVE_AGENT_CAPS, lambda e: e.oid(*mib.ROOT)),
    "type-0": asks(0),
    "type-19": asks(19),
    "type-255": asks(255, search(NAME)),
    "a-flood-that-nobody-reads": Violation(unread_flood, reads=False),
}


VIOLATIONS = {
    **{name: how._replace(harmless_from=REGISTERED) for name, how in _HARMLESS.items()},
    "the-answer-twice": says(lambda e: e.answer() + e.answer(), harmless_from=REGISTERING),
    **_BROKEN,
}
