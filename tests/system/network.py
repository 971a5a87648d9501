# SPDX-License-Identifier: BSD-2-Clause
"""A network namespace of its own for each test, so that every socket in it is the test's."""

import contextlib
import ctypes
import os
import pathlib
import subprocess

CLONE_NEWNET = 0x40000000

# A descriptor of the one that the tests were started in.
FIRST_NETWORK = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def fresh_network():
    """Move the calling thread (pytest's main thread) and its later children to a new namespace.

    Python has os.unshare only from 3.12 on. The namespace left behind ends with its last user.
    """
    _call("unshare", CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def processes_in_this_network():
    """All but ourselves: pairs of process id and command line."""
    ours = os.readlink("/proc/thread-self/ns/net")
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "ns/net") == ours and int(process.name) != os.getpid():
                yield int(process.name), (process / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it has ended meanwhile
            pass


@contextlib.contextmanager
def inside(namespace):
    """For the calling thread and what it starts: the network of NAMESPACE, a path."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    _call("setns", there, CLONE_NEWNET)
    try:
        yield
    finally:
        _call("setns", before, CLONE_NEWNET)
        os.close(there)
        os.close(before)


def _call(function, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), function)
