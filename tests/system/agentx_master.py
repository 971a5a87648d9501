# SPDX-License-Identifier: BSD-2-Clause
"""AgentX masters that misbehave: snmpd itself does so only in moments too short for a test."""

import collections
import socket
import struct
import threading

# RFC 2741, section 6.1
OPEN, REGISTER = 1, 3
_RESPONSE = 18
_NETWORK_BYTE_ORDER = 0x10
_HEADER = 20

Request = collections.namedtuple("Request", "kind byte_order transaction packet")


def _receive(connection):
    """The next request, None at the connection's end."""
    header = connection.recv(_HEADER, socket.MSG_WAITALL)
    if len(header) < _HEADER:
        return None
    byte_order = header[2] & _NETWORK_BYTE_ORDER
    transaction, packet, length = struct.unpack_from(">III" if byte_order else "<III", header, 8)
    connection.recv(length, socket.MSG_WAITALL)
    return Request(header[1], byte_order, transaction, packet)


def _answer(connection, request):
    """Without an error, in session 7."""
    connection.sendall(struct.pack(
        f"{'>' if request.byte_order else '<'}BBBxIIIIIHH", 1, _RESPONSE, request.byte_order, 7,
        request.transaction, request.packet, 8, 0, 0, 0))


class Master:
    """Answers requests of the types ANSWERS, and hangs up at any other or after CLOSES_AFTER.

    With answers None it hangs up on connect.
    """

    def __init__(self, path, answers, closes_after=None):
        self.sessions = 0
        self._answers, self._closes_after = answers, closes_after
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve_all, name="agentx-master", daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._path.unlink()

    def _serve_all(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:  # the end: the listener is shut down
                return
            with connection:
                connection.settimeout(5)
                try:
                    if self._answers is not None:
                        self._serve(connection)
                except OSError:  # the agent is not obliged to wait for us either
                    pass
            self.sessions += 1

    def _serve(self, connection):
        while True:
            request = _receive(connection)
            if request is None or request.kind not in self._answers:
                return
            _answer(connection, request)
            if request.kind == self._closes_after:
                return


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
        _answer(connection, _receive(connection))
