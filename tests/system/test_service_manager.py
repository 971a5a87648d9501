# SPDX-License-Identifier: BSD-2-Clause
"""Notifications to the service manager through the socket of sd_notify(3)."""

import collections
import contextlib
import ctypes
import errno
import os
import re
import socket
import threading
import time

import pytest

from polling import until
from refusals import Refusals

WATCHDOG_SECONDS = 0.8
PING = "WATCHDOG=1"

# <linux/ptrace.h>
_PTRACE_DETACH, _PTRACE_SEIZE, _PTRACE_INTERRUPT = 17, 0x4206, 0x4207

Message = collections.namedtuple("Message", "seconds words")


class ServiceManager:
    """The notification socket, and all messages received. A full socket would block the agent."""

    def __init__(self, name):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._address = re.sub("^@", "\0", str(name))
        self._socket.bind(self._address)
        self.messages = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while message := self._socket.recv(4096).decode():
            self.messages.append(Message(time.monotonic(), message))

    def last_word(self):
        """Return the latest message except the watchdog's, or an empty string."""
        words = self.words()
        return words[-1] if words else ""

    def words(self):
        """Return all messages except the watchdog's, in order."""
        return [message.words for message in self.messages if message.words != PING]

    def pings(self):
        """Return the times of the watchdog messages."""
        return [message.seconds for message in self.messages if message.words == PING]

    def last_ping(self):
        return max(self.pings(), default=0)

    def wait_for(self, words):
        until(lambda: words in self.words(), f"{words} is received")

    def feeds_on(self):
        """Return once as many pings as in two watchdog periods have been received."""
        before = len(self.pings())
        until(lambda: len(self.pings()) >= before + 8, "pings continue")

    def starves(self):
        """Return once there was no ping for two watchdog periods."""
        until(lambda: time.monotonic() > self.last_ping() + 2 * WATCHDOG_SECONDS, "pings stop")

    def close(self):
        """Close the socket after reading all messages."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._address)
        self._thread.join()
        self._socket.close()
        if self._address.startswith("/"):
            os.unlink(self._address)


@pytest.fixture
def socket_name(tmp_path):
    return tmp_path / "notify"


@pytest.fixture
def manager(socket_name):
    manager = ServiceManager(socket_name)
    yield manager
    manager.close()


@pytest.fixture
def refusals():
    return Refusals()


@pytest.fixture
def start(socket_name, manager, refusals, agent):
    """start(): starts the agent like a service manager with a watchdog.

    A shell sets WATCHDOG_PID to its own pid, and then executes the agent.
    """
    agent.environment |= {"NOTIFY_SOCKET": str(socket_name),
                          "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}

    def start():
        agent.start(launcher=("sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh", *refusals.launcher),
                    pass_fds=refusals.descriptors)
        refusals.begin()

    yield start
    refusals.go_on()
    agent.clean_up()
    refusals.end()


def _ptrace(request, pid):
    if ctypes.CDLL(None, use_errno=True).ptrace(request, pid, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "ptrace")


@contextlib.contextmanager
def main_thread_stopped(agent):
    """The other threads keep running, unlike with SIGSTOP."""
    _ptrace(_PTRACE_SEIZE, agent.pid)
    _ptrace(_PTRACE_INTERRUPT, agent.pid)
    os.waitpid(agent.pid, 0)
    yield
    _ptrace(_PTRACE_DETACH, agent.pid)


def waiting_for(snmpd):
    return f"STATUS=waiting for snmpd at unix:{snmpd.agentx}: {os.strerror(errno.ENOENT)}"


# ---- readiness and status ----

def test_ready_once_and_registered(snmpd, start, manager, agent):
    snmpd.start()
    start()
    agent.wait_until_registered()
    manager.wait_for("STATUS=registered with snmpd")
    manager.feeds_on()
    assert manager.words() == ["READY=1", f"STATUS=waiting for snmpd at unix:{snmpd.agentx}",
                               "STATUS=registered with snmpd"]
    assert agent.stop() == 0
    manager.wait_for("STOPPING=1")
    assert manager.words()[3:] == ["STOPPING=1"]


def test_ready_without_snmpd(snmpd, start, manager):
    start()
    manager.wait_for(waiting_for(snmpd))
    assert manager.words() == ["READY=1", waiting_for(snmpd)]


LONGEST = 108  # <linux/un.h>, sun_path; Python ends a path with a 0


@pytest.mark.parametrize("socket_name", [
    "@tcp-state-agent/notify", "@" + (LONGEST - 1) * "n",
    f"/tmp/notify-{os.getpid()}-".ljust(LONGEST - 1, "n"),
], ids=["abstract", "longest_abstract", "longest_path"])
def test_other_sockets(snmpd, start, manager, socket_name):
    start()
    manager.wait_for(waiting_for(snmpd))
    assert manager.words() == ["READY=1", waiting_for(snmpd)]


@pytest.mark.parametrize("name", ["", "@", "notify", "/" + LONGEST * "n", "vsock:2:1234"],
                         ids=["empty", "empty_abstract", "relative", "too_long", "no_unix_socket"])
def test_an_unknown_socket_name_changes_nothing(snmpd, agent, name):
    snmpd.start()
    agent.environment["NOTIFY_SOCKET"] = name
    agent.start()
    agent.wait_until_registered()
    assert agent.stop() == 0


def test_snmpd_exits_and_returns(snmpd, start, manager, agent):
    snmpd.start()
    start()
    agent.wait_until_registered()
    snmpd.kill()
    snmpd.agentx.unlink(missing_ok=True)
    manager.wait_for(waiting_for(snmpd))
    snmpd.start()
    until(lambda: manager.last_word() == "STATUS=registered with snmpd", "snmpd is back")
    assert manager.words().count("READY=1") == 1


@pytest.mark.parametrize("how", ["hang", "fail"])
def test_not_ready_before_the_first_refresh(snmpd, start, refusals, manager, agent, how):
    if how == "hang":
        refusals.hang()
    else:
        refusals.error = errno.EPERM
    start()
    agent.wait_until_logged(" started")
    if how == "hang":
        until(manager.pings, "the loop runs")
        assert manager.words() == []
    else:
        agent.wait_until_logged(os.strerror(errno.EPERM))
        manager.feeds_on()
        assert all(words.startswith("STATUS=refresh failed: ") for words in manager.words())
    refusals.error = 0
    refusals.go_on()
    manager.wait_for("READY=1")


def test_failing_refreshes_are_reported_and_feed_the_watchdog(snmpd, start, refusals, manager,
                                                              agent):
    snmpd.start()
    start()
    agent.wait_until_registered()
    refusals.error = errno.EPERM
    until(lambda: manager.last_word().startswith("STATUS=refresh failed: "), "failures")
    assert manager.last_word().endswith(": " + os.strerror(errno.EPERM))
    manager.feeds_on()
    refusals.error = 0
    until(lambda: manager.last_word() == "STATUS=registered with snmpd", "refreshes work")


# ---- the watchdog ----

def test_an_interval_far_longer_than_the_watchdogs_time(start, manager, agent):
    agent.configure(refreshInterval=3600)
    start()
    manager.wait_for("READY=1")
    manager.feeds_on()


def test_a_collector_that_hangs_starves_the_watchdog(start, refusals, manager):
    start()
    manager.wait_for("READY=1")
    manager.feeds_on()
    refusals.hang()
    manager.starves()
    refusals.go_on()
    manager.feeds_on()


def test_a_collector_that_hangs_at_the_first_refresh_starves_the_watchdog(start, refusals, manager):
    refusals.hang()
    start()
    until(manager.pings, "the loop runs")
    manager.starves()


def test_a_collector_that_hangs_in_spite_of_a_new_interval(start, refusals, manager, agent):
    agent.configure(refreshInterval=3600)
    start()
    manager.wait_for("READY=1")
    manager.feeds_on()
    refusals.hang()
    agent.reconfigure()
    manager.starves()


def test_a_loop_that_hangs_starves_the_watchdog(start, manager, agent):
    start()
    manager.wait_for("READY=1")
    manager.feeds_on()
    with main_thread_stopped(agent):
        manager.starves()
    manager.feeds_on()


# ---- no service manager ----

@pytest.mark.parametrize("variable, value", [
    ("WATCHDOG_PID", "1"), ("WATCHDOG_PID", "self"),
    ("WATCHDOG_USEC", ""), ("WATCHDOG_USEC", "0"), ("WATCHDOG_USEC", "-800000"),
    ("WATCHDOG_USEC", "0.8s"), ("WATCHDOG_USEC", str(2 ** 64 - 1))])
def test_no_watchdog_of_this_process_is_fed(faults, start, manager, agent, variable, value):
    agent.environment[variable] = value
    agent.start()
    manager.wait_for("READY=1")
    faults.wait_for_tries(10)
    assert manager.pings() == []


@pytest.mark.parametrize("sent", [True, False], ids=["socket", "no_socket"])
def test_nothing_is_sent_without_a_socket(socket_name, agent, sent):
    manager = ServiceManager(socket_name)
    agent.environment.pop("NOTIFY_SOCKET", None)
    if sent:
        agent.environment["NOTIFY_SOCKET"] = str(socket_name)
    agent.start()
    agent.wait_until_logged("waiting for snmpd")
    assert agent.stop() == 0
    manager.close()
    assert bool(manager.messages) is sent
