# SPDX-License-Identifier: BSD-2-Clause
"""Network namespaces, a separate one for each test, and their kernel counters and sysctls."""

import contextlib
import ctypes
import os
import pathlib
import subprocess

CLONE_NEWNET = 0x40000000

# /proc/net is that of the process's main thread, while only the calling thread changes its
# namespace. pytest-xdist does not always run the tests in the main thread.
PROC_NET = pathlib.Path("/proc/thread-self/net")

# A descriptor of the namespace that the tests were started in.
FIRST_NETWORK = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

# The number of hash buckets for namespaces created from this one, and the limits that the kernel
# derives from that number (net/ipv4/tcp_ipv4.c, tcp_set_hashinfo).
_CHILD_HASH_TABLE = pathlib.Path("/proc/sys/net/ipv4/tcp_child_ehash_entries")
_LIMITS = {path: path.read_text() for path in (
    pathlib.Path("/proc/sys/net/ipv4/tcp_max_tw_buckets"),
    pathlib.Path("/proc/sys/net/ipv4/tcp_max_syn_backlog"))}


def fresh_network():
    """Move the calling thread and its later children to a new namespace.

    os.unshare needs Python 3.12. The old namespace disappears with its last user. The new one has a
    small hash table for sockets if the kernel supports that (since Linux 6.1). The table that all
    other namespaces share has hundreds of thousands of buckets, which every refresh walks.
    """
    _call("unshare", CLONE_NEWNET)
    if _CHILD_HASH_TABLE.exists():
        _CHILD_HASH_TABLE.write_text("4096")
        _call("unshare", CLONE_NEWNET)
        for path, limit in _LIMITS.items():
            path.write_text(limit)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def processes_in_this_network():
    """Yield process id and command line of each process except this one."""
    ours = os.readlink("/proc/thread-self/ns/net")
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "ns/net") != ours or int(process.name) == os.getpid():
                continue
            command = (process / "cmdline").read_text().replace("\0", " ")
            if command:  # else it is exiting
                yield int(process.name), command
        except OSError:  # it has exited meanwhile
            pass


@contextlib.contextmanager
def inside(namespace):
    """Move the calling thread and its children to the network NAMESPACE, a path, and back."""
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


# Runs a command with empty /proc/net and /proc/sys/net.
HIDE_PROC = ("unshare", "--mount", "sh", "-c",
             "mount -t tmpfs none /proc/$$/net && mount -t tmpfs none /proc/sys/net"
             ' && exec "$@"', "sh")


def show_in_proc_net(*files):
    """Return the prefix of a command that runs it with only FILES in /proc/net."""
    return ("unshare", "--mount", "sh", "-c",
            "net=/proc/$$/net; mount --bind $net /mnt; mount -t tmpfs none $net;"
            f" for file in {' '.join(files)}; do"
            ' : >$net/$file; mount --bind /mnt/$file $net/$file; done; exec "$@"', "sh")


def kernel_count(file, line, word):
    """Return the number of WORD in /proc/net/FILE.

    It follows WORD in LINE, as in sockstat, or has its position in a second LINE, as in snmp.
    """
    rows = [row.split() for row in (PROC_NET / file).read_text().splitlines()]
    words, *numbers = (row for row in rows if row[0] == line)
    i = words.index(word)
    return int(numbers[0][i]) if numbers else int(words[i + 1])


def sysctl(name):
    """Return the numbers in net.ipv4.NAME."""
    return [int(number) for number in _sysctl(name).read_text().split()]


def set_sysctl(name, value):
    _sysctl(name).write_text(str(value))


def conntrack(name):
    """Return net.netfilter.nf_conntrack_NAME, or None without connection tracking."""
    try:
        return int(pathlib.Path("/proc/sys/net/netfilter/nf_conntrack_" + name).read_text())
    except FileNotFoundError:
        return None


def forbid_automatic_ports():
    """Let every bind to port 0 fail."""
    _sysctl("ip_local_port_range").write_text("40000 40001")
    _sysctl("ip_local_reserved_ports").write_text("40000-40001")


def _sysctl(name):
    return pathlib.Path("/proc/sys/net/ipv4", name)
