# SPDX-License-Identifier: BSD-2-Clause
"""The confinement of a running agent, shown by system calls injected into it."""

import errno
import os
import pathlib
import platform
import signal
import socket
import tempfile

import pytest

import mib
import snmp
from daemons import BUILD, SANITIZED
from injection import SYSCALLS, Injection
from polling import PATIENCE, until
from process import status

AT_FDCWD = -100
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
MAP_PRIVATE_ANONYMOUS = 0x22
CLONE_NEWUSER = 0x10000000

# An existing file, so that the error is not its absence.
FILE = tempfile.NamedTemporaryFile()
PATH = FILE.name.encode()

pytestmark = pytest.mark.skipif(
    SANITIZED or platform.machine() != "x86_64",
    reason="an agent with sanitizers is not confined; calls are injected on x86-64 only")

# System calls that fail for a compromised agent. Each succeeds in the test itself.
DENIED = {
    "open a file": ("openat", AT_FDCWD, b"/etc/passwd", os.O_RDONLY),
    "open a file by the old call": ("open", b"/etc/passwd", os.O_RDONLY),
    "open a file by the new call": ("openat2", AT_FDCWD, b"/etc/passwd", 24 * b"\0", 24),
    "open a directory": ("openat", AT_FDCWD, b"/", os.O_RDONLY | os.O_DIRECTORY),
    "open a file of the kernel": ("openat", AT_FDCWD, b"/proc/self/status", os.O_RDONLY),
    "write to a file": ("openat", AT_FDCWD, PATH, os.O_WRONLY),
    "make a file": ("openat", AT_FDCWD, PATH + b"-made", os.O_WRONLY | os.O_CREAT, 0o600),
    "make a directory": ("mkdir", PATH + b"-made", 0o700),
    "remove a file": ("unlink", PATH),
    "cut a file": ("truncate", PATH, 0),
    "start a program": ("execve", b"/bin/true", 0, 0),
    "fork": ("fork",),
    "vfork": ("vfork",),
    "make a process": ("clone", signal.SIGCHLD, 0, 0, 0, 0),
    "make a namespace": ("clone", CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0),
    "reach IPv4": ("socket", socket.AF_INET, socket.SOCK_STREAM, 0),
    "reach IPv4 by UDP": ("socket", socket.AF_INET, socket.SOCK_DGRAM, 0),
    "reach IPv6": ("socket", socket.AF_INET6, socket.SOCK_STREAM, 0),
    "reach packets": ("socket", socket.AF_PACKET, socket.SOCK_RAW, 0),
    "route": ("socket", socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE),
    "make code": ("mmap", 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE_ANONYMOUS,
                  -1, 0),
    "signal others": ("kill", 1, 0),
    "trace others": ("ptrace", 16, 1, 0, 0),
    "become another": ("setuid", 65534),
    "mount": ("mount", b"none", b"/mnt", b"tmpfs", 0, 0),
    "have the kernel work for it": ("io_uring_setup", 1, 120 * b"\0"),
}


@pytest.fixture
def agent(make_agent):
    """The installed build, because a strict one would be killed by the first call."""
    return make_agent("agent", BUILD / "tcp-state-agent")


def helper_of(agent):
    """Return the process id of the helper, which has confined itself."""
    helper, = pathlib.Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
    until(lambda: status(helper)["Seccomp"] == "2", "the helper is confined")
    return int(helper)


def call(injected, name, *arguments):
    return injected.call(SYSCALLS[name], *arguments)


def test_an_injected_call_is_made(served):
    """The calls that are denied below succeed without confinement."""
    with Injection(served.pid) as injected:
        assert call(injected, "getpid") == served.pid
        made = call(injected, "socket", socket.AF_UNIX, socket.SOCK_DGRAM, 0)
    assert made > 2
    assert os.readlink(f"/proc/{served.pid}/fd/{made}").startswith("socket:")


@pytest.mark.parametrize("attempt", DENIED.values(), ids=DENIED.keys())
def test_the_agent_is_denied(served, attempt):
    with Injection(served.pid) as injected:
        assert call(injected, *attempt) in (-errno.EPERM, -errno.EACCES)
    # There are no other effects.
    before = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) > before, "a refresh")


def test_a_call_that_has_another_way_does_not_exist(served):
    """The C library then makes its threads by clone()."""
    with Injection(served.pid) as injected:
        assert call(injected, "clone3", 88 * b"\0", 88) == -errno.ENOSYS


def test_every_thread_is_confined(served):
    threads = list(pathlib.Path(f"/proc/{served.pid}/task").iterdir())
    assert len(threads) == 2
    for thread in threads:
        assert status(thread.name)["Seccomp"] == "2"
        assert status(thread.name)["NoNewPrivs"] == "1"


# ---- the helper ----

# The C library may load modules for services(5). Each reading of files has a process to itself.
HELPER_MAY = {"make a process", "open a file", "open a file by the old call", "open a directory",
              "open a file of the kernel", "make code"}


@pytest.mark.parametrize("what", DENIED)
def test_the_helper_can_read_files_and_nothing_else(served, what):
    with Injection(helper_of(served)) as injected:
        result = call(injected, *DENIED[what])
    if what in HELPER_MAY:
        assert result >= 0
    else:
        assert result in (-errno.EPERM, -errno.EACCES)


def test_the_helper_may_remove_files_only_beside_the_pid_file(snmpd, agent, tmp_path):
    beside, elsewhere = tmp_path / "run" / "other", tmp_path / "elsewhere"
    beside.parent.mkdir()
    beside.touch()
    elsewhere.touch()
    snmpd.start()
    agent.start("-p", beside.parent / "pid")
    agent.wait_until_registered()
    with Injection(helper_of(agent)) as injected:
        assert call(injected, "unlink", bytes(elsewhere)) == -errno.EACCES
        assert call(injected, "unlink", bytes(beside)) == 0
    assert elsewhere.exists()
    assert not beside.exists()


def test_the_helper_exits_with_the_agent(served):
    helper = pathlib.Path("/proc", str(helper_of(served)))
    served.kill()
    until(lambda: not helper.exists(), "the helper has exited")


def test_an_agent_exits_with_its_helper(served):
    """The exit status makes a service manager restart it."""
    os.kill(helper_of(served), signal.SIGKILL)
    assert served.process.wait(PATIENCE) == 1
    assert "tcp-state-files exited unexpectedly" in served.log


def test_the_helper_sends_all_thresholds(served):
    """More of them than fit into a socket's buffer."""
    names = [f"threshold{number:04}" for number in range(1000)]
    served.reconfigure(threshold=[f"{name} state any listen 5" for name in names])
    metrics = [found.value for found in snmp.walk(mib.THRESHOLD_METRIC)]
    assert metrics == 1000 * ["state any listen"]
