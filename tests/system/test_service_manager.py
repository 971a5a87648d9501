# SPDX-License-Identifier: BSD-2-Clause
"""What the agent tells the service manager that started it, by the socket of sd_notify(3)."""

import collections
import contextlib
import ctypes
import errno
import os
import socket
import threading
import time

import pytest

from daemons import WITH_SYSTEMD
from polling import until
from refusals import Refusals

WATCHDOG_SECONDS = 0.8
PING = "WATCHDOG=1"

pytestmark = pytest.mark.skipif(not WITH_SYSTEMD, reason="the agent was built without libsystemd")

# <linux/ptrace.h>
_PTRACE_DETACH, _PTRACE_SEIZE, _PTRACE_INTERRUPT = 17, 0x4206, 0x4207

Told = collections.namedtuple("Told", "seconds words")


class ServiceManager:
    """The socket that is notified, and all that has come to it. A full one would stop the agent."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._path = str(path)
        self._socket.bind(self._path)
        self.told = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while message := self._socket.recv(4096).decode():
            self.told.append(Told(time.monotonic(), message))

    def words(self):
        """All but the watchdog's, in order."""
        return [told.words for told in self.told if told.words != PING]

    def pings(self):
        """When they came."""
        return [told.seconds for told in self.told if told.words == PING]

    def last_ping(self):
        return max(self.pings(), default=0)

    def wait_for(self, words):
        until(lambda: words in self.words(), f"{words} is told")

    def feeds_on(self):
        """Return once it has been fed for two of the watchdog's times without starving."""
        begun = time.monotonic()
        until(lambda: self.last_ping() > begun + 2 * WATCHDOG_SECONDS, "pings go on")
        times = [seconds for seconds in self.pings() if seconds >= begun]
        assert max(after - before for before, after in zip(times, times[1:])) < WATCHDOG_SECONDS

    def starves(self):
        """Return once it has starved for two of the watchdog's times."""
        until(lambda: time.monotonic() > self.last_ping() + 2 * WATCHDOG_SECONDS, "pings end")

    def close(self):
        """Once all is read that was sent."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._path)
        self._thread.join()
        self._socket.close()


@pytest.fixture
def socket_path(tmp_path):
    return tmp_path / "notify"


@pytest.fixture
def manager(socket_path):
    manager = ServiceManager(socket_path)
    yield manager
    manager.close()


@pytest.fixture
def refusals():
    return Refusals()


@pytest.fixture
def start(socket_path, manager, refusals, agent):
    """start(): the agent, as a service manager that keeps a watchdog starts it.

    WATCHDOG_PID becomes what the agent will be, by the shell that it comes from.
    """
    agent.environment |= {"NOTIFY_SOCKET": str(socket_path),
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
    """Its other threads run on, unlike with SIGSTOP."""
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


def test_snmpd_goes_and_comes(snmpd, start, manager, agent):
    snmpd.start()
    start()
    agent.wait_until_registered()
    snmpd.kill()
    snmpd.agentx.unlink(missing_ok=True)
    manager.wait_for(waiting_for(snmpd))
    snmpd.start()
    until(lambda: manager.words()[-1] == "STATUS=registered with snmpd", "snmpd is back")
    assert manager.words().count("READY=1") == 1


@pytest.mark.parametrize("how", ["hang", "fail"])
def test_not_ready_before_the_first_refresh(snmpd, start, refusals, manager, agent, how):
    if how == "hang":
        refusals.hang()
    else:
        refusals.error = errno.EPERM
    start()
    agent.wait_until_logged("has started")
    if how == "hang":
        until(manager.pings, "the loop runs")
        assert manager.words() == []
    else:
        agent.wait_until_logged(os.strerror(errno.EPERM))
        manager.feeds_on()
        assert all(words.startswith("STATUS=refreshing fails: ") for words in manager.words())
    refusals.error = 0
    refusals.go_on()
    manager.wait_for("READY=1")


def test_failing_refreshes_are_told_and_feed_the_watchdog(snmpd, start, refusals, manager, agent):
    snmpd.start()
    start()
    agent.wait_until_registered()
    refusals.error = errno.EPERM
    until(lambda: manager.words()[-1].startswith("STATUS=refreshing fails: "), "failures")
    assert manager.words()[-1].endswith(": " + os.strerror(errno.EPERM))
    manager.feeds_on()
    refusals.error = 0
    until(lambda: manager.words()[-1] == "STATUS=registered with snmpd", "refreshes work")


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


# ---- nobody to tell ----

def test_the_watchdog_of_another_process_is_not_fed(start, manager, agent):
    agent.environment["WATCHDOG_PID"] = "1"
    agent.start()
    manager.wait_for("READY=1")
    begun = time.monotonic()
    until(lambda: time.monotonic() > begun + WATCHDOG_SECONDS, "time has passed")
    assert manager.pings() == []


@pytest.mark.parametrize("told", [True, False], ids=["socket", "no_socket"])
def test_nothing_is_sent_without_a_socket(socket_path, agent, told):
    manager = ServiceManager(socket_path)
    agent.environment.pop("NOTIFY_SOCKET", None)
    if told:
        agent.environment["NOTIFY_SOCKET"] = str(socket_path)
    agent.start()
    agent.wait_until_logged("waiting for snmpd")
    assert agent.stop() == 0
    manager.close()
    assert bool(manager.told) is told
