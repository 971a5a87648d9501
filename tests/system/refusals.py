# SPDX-License-Identifier: BSD-2-Clause
"""Netlink requests that fail or hang under control of a test.

A seccomp filter intercepts the agent's sendto() to a netlink address and its socket(AF_NETLINK),
and the test decides whether each call fails, continues or blocks. Run as a program, this module
installs the filter and executes a command:

    refusals.py DESCRIPTOR COMMAND...

It passes the filter's notification descriptor through the socket DESCRIPTOR.
"""

import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
import sys
import threading

from polling import PATIENCE

_SECCOMP, _SENDTO, _SOCKET = {"x86_64": (317, 44, 41), "aarch64": (277, 206, 198)}[
    os.uname().machine]

# <linux/seccomp.h>
_SECCOMP_SET_MODE_FILTER, _FLAG_NEW_LISTENER = 1, 1 << 3
_RET_USER_NOTIF, _RET_ALLOW = 0x7FC00000, 0x7FFF0000
_NOTIF_RECV, _NOTIF_SEND = 0xC0502100, 0xC0182101
_NOTIF_CONTINUE = 1
_NOTIF_SIZE = 80
_DATA = 16  # struct seccomp_data, within a notification
_NR, _ARGUMENT_0, _ARGUMENT_5 = 0, 16, 16 + 5 * 8  # within struct seccomp_data

_SOCKADDR_NL_SIZE = 12

# <linux/bpf_common.h>
_LD_W_ABS, _JEQ_K, _RET_K = 0x20, 0x15, 0x06


class Refusals:
    """The results of the netlink calls of an agent that `launcher` has started.

    Requests fail with `error`, and opening a socket with `socket_error`, unless they are 0. Between
    hang() and go_on() the calls block, so the agent's collector hangs.
    """

    def __init__(self):
        self.error = 0
        self.socket_error = 0
        self._answering = threading.Event()
        self._answering.set()
        self._ours, self._theirs = socket.socketpair()
        self._listener = None
        self._thread = threading.Thread(target=self._decide_all, name="refusals", daemon=True)

    @property
    def launcher(self):
        return (sys.executable, __file__, str(self._theirs.fileno()))

    @property
    def descriptors(self):
        """The descriptors that the launcher inherits."""
        return (self._theirs.fileno(),)

    def hang(self):
        self._answering.clear()

    def go_on(self):
        self._answering.set()

    def start(self, agent):
        """Start AGENT with the launcher."""
        agent.start(launcher=self.launcher, pass_fds=self.descriptors)
        self.begin()

    def begin(self):
        """Handle the agent's calls. Call this after the launcher is started."""
        self._ours.settimeout(PATIENCE)
        _, (self._listener,), _, _ = socket.recv_fds(self._ours, 1, 1)
        self._thread.start()

    def end(self):
        """Clean up. Call this after the agent has exited."""
        if self._listener is not None:
            self._thread.join()
            os.close(self._listener)
        self._ours.close()
        self._theirs.close()

    def _decide_all(self):
        poller = select.poll()
        poller.register(self._listener, select.POLLIN)
        while True:
            if any(event & select.POLLHUP for _, event in poller.poll()):
                return
            try:
                self._decide()
            except FileNotFoundError:  # the caller was killed meanwhile
                pass

    def _decide(self):
        notification = bytearray(_NOTIF_SIZE)
        fcntl.ioctl(self._listener, _NOTIF_RECV, notification)
        identity, = struct.unpack_from("Q", notification)
        called, = struct.unpack_from("i", notification, _DATA + _NR)
        self._answering.wait()
        error = self.socket_error if called == _SOCKET else self.error
        flags = 0 if error else _NOTIF_CONTINUE
        fcntl.ioctl(self._listener, _NOTIF_SEND,
                    struct.pack("QqiI", identity, 0, -error, flags))


def _filter():
    instructions = ((_LD_W_ABS, 0, 0, _NR),
                    (_JEQ_K, 0, 2, _SENDTO),
                    (_LD_W_ABS, 0, 0, _ARGUMENT_5),
                    (_JEQ_K, 3, 4, _SOCKADDR_NL_SIZE),
                    (_JEQ_K, 0, 3, _SOCKET),
                    (_LD_W_ABS, 0, 0, _ARGUMENT_0),
                    (_JEQ_K, 0, 1, socket.AF_NETLINK),
                    (_RET_K, 0, 0, _RET_USER_NOTIF),
                    (_RET_K, 0, 0, _RET_ALLOW))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)


def main():
    instructions = _filter()
    held = ctypes.create_string_buffer(instructions, len(instructions))
    program = struct.pack("HxxxxxxP", len(instructions) // 8, ctypes.addressof(held))
    listener = ctypes.CDLL(None, use_errno=True).syscall(
        _SECCOMP, _SECCOMP_SET_MODE_FILTER, _FLAG_NEW_LISTENER, program)
    if listener < 0:
        sys.exit(f"seccomp: {errno.errorcode[ctypes.get_errno()]}")
    with socket.socket(fileno=int(sys.argv[1])) as test:
        socket.send_fds(test, [b"."], [listener])
    os.close(listener)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
