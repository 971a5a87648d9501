# SPDX-License-Identifier: BSD-2-Clause
"""Faults of the environment: descriptors, memory, netlink, /proc and clocks.

Each failure is counted and reported. Counts are correct or absent, and return after the fault.
"""

import contextlib
import errno
import itertools
import os
import resource
import socket
import subprocess

import pytest

import mib
import snmp
from daemons import SANITIZED, TRAPS, served_counts, wait_for_refresh
from namespace import sysctl
from polling import until
from refusals import Refusals
from sockets import Listeners, StateMaker
from test_age import TICKS, observe, observe_until

NO_DESCRIPTOR = "Too many open files"
NO_MEMORY = "Cannot allocate memory"
DAY = 24 * 3600


@pytest.fixture
def allocations(faults):
    """The agent's faults, for failing allocations. Skipped with a sanitizer."""
    if SANITIZED:
        pytest.skip("a sanitizer allocates by itself")
    return faults


def errors():
    return snmp.get_value(mib.REFRESH_ERRORS)


def wait_for_error(words):
    until(lambda: words in snmp.get_value(mib.REFRESH_LAST_ERROR), words)


@contextlib.contextmanager
def waiting(faults):
    """Wait for ten refreshes, and assert that the agent does not spin meanwhile."""
    check = faults.watch_waits()
    yield
    faults.wait_for_refreshes(10)
    check()


# ---- descriptors ----

@contextlib.contextmanager
def no_descriptors(agent):
    """Deny the agent new descriptors. Open ones stay open."""
    soft, hard = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (3, hard))
    yield
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (soft, hard))


def test_no_descriptor_for_netlink(agent, faults, refusals, expected):
    with no_descriptors(agent), waiting(faults):
        refusals.error = errno.EPERM
        agent.wait_until_logged("Operation not permitted")
        refusals.error = 0
        wait_for_error(NO_DESCRIPTOR)
        before = errors()
        observe_until(expected, lambda rows, age: rows is None)
        until(lambda: errors() >= before + 3, "each refresh fails")
    observe_until(expected, lambda rows, age: rows is not None)
    assert agent.log.count(NO_DESCRIPTOR) == 1


def test_no_descriptor_for_the_session(agent, faults, refusals, expected, snmpd):
    with no_descriptors(agent), waiting(faults):
        snmpd.stop()
        snmpd.start()
        agent.wait_until_logged(NO_DESCRIPTOR)
        assert snmp.get(mib.REFRESHES)[0].type == "noSuchObject"
    agent.wait_until_registered()
    until(lambda: observe()[0] == expected, "the rows are back")
    assert errors() == 0
    assert agent.log.count(NO_DESCRIPTOR) == 1


@pytest.mark.skipif(SANITIZED, reason="a sanitizer needs descriptors of its own at the end")
@pytest.mark.parametrize("limit", range(3, 16))
def test_a_start_with_few_descriptors(snmpd, agent, limit):
    """It fails with a message, or starts and logs that it waits."""
    snmpd.start()
    agent.start(launcher=("prlimit", f"--nofile={limit}:1024"))
    until(lambda: not agent.running or " started" in agent.log, "it has started or exited")
    if agent.running:
        resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (1024, 1024))
        agent.wait_until_registered()
        assert observe()[0] == 22 * (0,)
    else:
        assert agent.process.returncode != 0
        # The dynamic linker's message if it cannot open the libraries.
        assert NO_DESCRIPTOR in agent.log or "cannot open shared object file" in agent.log


# ---- memory ----

def serves(expected, *passing, max_age=1):
    """Return whether the rows are EXPECTED.

    Otherwise they must be one of PASSING, be absent because of their age, or get no answer.
    """
    try:
        *rows, age = snmp.get(*mib.COUNTS, mib.REFRESH_AGE, timeout=0.1)
    except (snmp.SnmpTimeout, snmp.SnmpError):
        return False
    kinds = {found.type for found in rows}
    assert kinds in ({"Gauge32"}, {"noSuchInstance"}, {"noSuchObject"})
    counts = tuple(found.value for found in rows)
    if kinds == {"Gauge32"}:
        assert counts in (expected, *passing)
        assert age.value <= max_age * TICKS
    elif kinds == {"noSuchInstance"}:
        assert age.value >= max_age * TICKS
    return counts == expected


@pytest.mark.parametrize("snmpd_restarts", [False, True], ids=["", "snmpd-restarts"])
def test_no_memory_for_a_while(agent, allocations, refusals, expected, snmpd, snmpd_restarts):
    def starved():
        """Whether a refresh has failed meanwhile; on a busy machine there may be none."""
        before = allocations.fields.reached
        allocations.fields.all_fail = 1
        if snmpd_restarts:
            snmpd.stop()
            snmpd.start()
        until(lambda: not serves(expected) and allocations.fields.reached >= before + 100,
              "allocations fail")
        assert agent.running
        allocations.fields.all_fail = 0
        until(lambda: serves(expected), "the rows are back")
        return errors() > 0
    until(starved, "a refresh has failed")
    assert NO_MEMORY in snmp.get_value(mib.REFRESH_LAST_ERROR)


def sweep(agent, allocations, act, recovered, last):
    """Let each allocation caused by ACT fail, one at a time, up to LAST, and wait for recovery.

    Return their number. Allocations whose failure makes the library exit are skipped.
    """
    failed = 0
    for number in range(1, last + 1):
        allocations.fail_one(number)
        act()
        if not allocations.fail_none():
            break
        until(lambda: recovered() or not agent.running, f"recovery from allocation {number}")
        assert agent.running, f"allocation {number}"
        failed += allocations.fields.failed
    return failed


def test_each_allocation_for_a_refresh_fails(agent, allocations, refusals, expected):
    """Each failure counts as one error."""
    agent.reconfigure(maxAge=1, watch="w port 9")
    wait_for_refresh()

    def refresh():
        until(lambda: allocations.fields.reached, "the allocation")

    def recovered():
        return serves(expected) and agent.log.count("refreshes succeed again") == errors()
    assert sweep(agent, allocations, refresh, recovered, 20) == 20
    assert errors() == 20


def test_each_allocation_for_a_request_fails(agent, allocations, refusals, expected):
    """No refresh is due meanwhile, so that all allocations are for requests."""
    refusals.error = errno.EPERM
    until(lambda: errors() > 0, "a refresh fails")
    refusals.error = 0
    agent.reconfigure(refreshInterval=3600)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 3600 * 1000, "the last refresh")
    count, label = mib.count(4, "listen"), mib.of(mib.LABEL, 6, "established")
    right = {count: expected[1], label: "ipv6 established",
             # Longer than the library's internal buffer.
             mib.REFRESH_LAST_ERROR: "cannot list listening sockets: Operation not permitted"}

    def ask():
        for request in (lambda: snmp.get(count, mib.REFRESH_LAST_ERROR, timeout=0.1),
                        lambda: snmp.get_next(mib.COUNTS[0], mib.of(mib.LABEL, 6, "synReceived"),
                                              timeout=0.1)):
            with contextlib.suppress(snmp.SnmpTimeout, snmp.SnmpError):
                for found in request():
                    # Without a session, the next object is another one or does not exist.
                    if found.oid in right and found.type != "noSuchObject":
                        assert found.value == right[found.oid]
    assert sweep(agent, allocations, ask, lambda: serves(expected, max_age=3600), 400) > 30


def test_each_allocation_for_a_session_fails(agent, allocations, refusals, expected, snmpd):
    def restart():
        snmpd.kill()
        snmpd.start()
        until(lambda: allocations.fields.reached or serves(expected), "the session is back")
    assert sweep(agent, allocations, restart, lambda: serves(expected), 60) > 30


def test_each_allocation_for_a_notification_fails(snmptrapd, agent, allocations, snmpd, refusals,
                                                  expected):
    """It is sent nevertheless, possibly repeatedly if the library loses track of it."""
    snmpd.stop()
    snmpd.more_lines = TRAPS
    snmpd.start()
    agent.wait_until_registered()
    agent.reconfigure(maxAge=1, threshold="listening state ipv6 listen 0")
    listeners = Listeners(socket.AF_INET6)
    listening = list(expected)
    listening[mib.ROWS.index((6, "listen"))] = 1

    def sent():
        return [varbinds[0].value for varbinds in snmptrapd.received()]

    def notify():
        before = len(sent())
        for number, kind in ((1, mib.RAISED), (0, mib.CLEARED)):
            listeners.number(number)
            until(lambda: snmp.dotted(kind) in sent()[before:], "a notification")
        until(lambda: serves(expected, tuple(listening)), "the previous rows")
        kinds = [kind for kind, _ in itertools.groupby(sent()[before:])]
        assert kinds == [snmp.dotted(mib.RAISED), snmp.dotted(mib.CLEARED)]
    assert sweep(agent, allocations, notify, lambda: serves(expected), 32) > 25


# ---- netlink ----

@pytest.mark.parametrize("error, message", [
    (errno.EPERM, "cannot list listening sockets: "),
    (errno.ENOENT, "tcp_diag kernel module not loaded (try: modprobe tcp_diag): "),
    (errno.EOPNOTSUPP, "tcp_diag kernel module not loaded (try: modprobe tcp_diag): "),
    (errno.ENOBUFS, "cannot list listening sockets: "),
], ids=lambda value: errno.errorcode.get(value, ""))
def test_netlink_is_denied(agent, refusals, expected, error, message):
    refusals.error = error
    wait_for_error(message + os.strerror(error))
    before = errors()
    observe_until(expected, lambda rows, age: rows is None)
    assert errors() >= before + 3
    refusals.error = 0
    observe_until(expected, lambda rows, age: rows is not None)
    assert agent.log.count(os.strerror(error)) == 1


def test_netlink_sockets_are_denied(agent, refusals, expected):
    """An open socket remains in use until an error closes it."""
    refusals.socket_error = errno.EACCES
    wait_for_refresh()
    assert errors() == 0
    refusals.error = errno.ENOBUFS
    agent.wait_until_logged("No buffer space")
    refusals.error = 0
    wait_for_error("Permission denied")
    observe_until(expected, lambda rows, age: rows is None)
    refusals.socket_error = 0
    observe_until(expected, lambda rows, age: rows is not None)


def test_netlink_is_denied_from_the_start(snmpd, agent, faults):
    refusals = Refusals()
    refusals.socket_error = errno.EPERM
    snmpd.start()
    refusals.start(agent)
    agent.wait_until_logged("Operation not permitted")
    faults.wait_for_refreshes(5)
    assert snmp.get(mib.REFRESHES)[0].type == "noSuchObject"
    assert agent.log.count("Operation not permitted") == 1
    refusals.socket_error = 0
    agent.wait_until_registered()
    assert observe()[0] == 22 * (0,)
    assert errors() >= 4
    agent.clean_up()
    refusals.end()


# ---- /proc ----

def test_proc_is_hidden_later(snmpd, agent):
    """Open files remain usable, so nothing changes."""
    def in_its_mounts(*command):
        subprocess.run(["nsenter", f"--mount=/proc/{agent.pid}/ns/mnt", *command], check=True)

    snmpd.start()
    agent.start(launcher=("unshare", "--mount"))
    agent.wait_until_registered()
    in_its_mounts("mount", "-t", "tmpfs", "none", "/proc")
    with StateMaker() as maker:
        maker.make(4, "established", 7)
        maker.make(6, "timeWait", 3)
        wait_for_refresh()
        assert served_counts() == maker.expected
        assert snmp.get_value(mib.of_host("tcpHostTimeWaits")) == 3
    assert snmp.get_value(mib.of_host("tcpHostTimeWaitsMax")) == sysctl("tcp_max_tw_buckets")[0]
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED
    assert errors() == 0
    assert "falling back to a full socket listing" not in agent.log
    in_its_mounts("umount", "/proc")  # which a sanitizer reads at the end


# ---- clocks ----

def test_the_time_is_set(snmptrapd, snmpd, agent, faults, listeners):
    """Jumps by a day, in both directions, affect no age, interval, window or notification."""
    snmpd.more_lines = TRAPS
    snmpd.start()
    agent.configure(maxAge=3600, window=3600, threshold="listening state ipv4 listen 2")
    agent.start()
    agent.wait_until_registered()
    listeners.number(1)
    wait_for_refresh()
    before = snmp.get_value(mib.SYS_UP_TIME)
    extremes = [mib.of(column, 4, "listen") for column in (mib.COUNT_MIN, mib.COUNT_MAX)]
    for number, days in enumerate((1, -2, 1), 2):
        refreshes, scheduled = snmp.get_value(mib.REFRESHES), faults.fields.schedules
        faults.jump("realtime", days * DAY)
        while snmp.get_value(mib.REFRESHES) < refreshes + 10:
            count, lowest, highest, age, interval = (found.value for found in snmp.get(
                mib.count(4, "listen"), *extremes, mib.REFRESH_AGE, mib.REFRESH_INTERVAL))
            assert (count, lowest, highest, interval) == (number - 1, 0, number - 1, 100)
            assert age < DAY * TICKS / 2
        # Each was waited for: none came early.
        made = snmp.get_value(mib.REFRESHES) - refreshes
        assert made <= faults.fields.schedules - scheduled + 1
        listeners.number(number)
        wait_for_refresh()
    until(lambda: snmptrapd.received(), "a notification")
    since, = (varbind.value for varbind in snmptrapd.received()[0]
              if varbind.oid[:len(mib.THRESHOLD_SINCE)] == mib.THRESHOLD_SINCE)
    assert before <= since <= snmp.get_value(mib.SYS_UP_TIME)
    assert errors() == 0


def test_the_machine_was_suspended(snmpd, agent, faults, listeners):
    """Rows and extremes from before the suspension disappear immediately.

    The simulated jump does not affect the kernel's timer, so the next refresh is not early.
    tests/unit tests that it is due immediately.
    """
    count, lowest, highest = (mib.of(column, 4, "listen")
                              for column in (mib.COUNT, mib.COUNT_MIN, mib.COUNT_MAX))
    refusals = Refusals()
    snmpd.start()
    agent.configure(maxAge=1800, window=1800)
    listeners.number(9)
    refusals.start(agent)
    agent.wait_until_registered()
    assert [found.value for found in snmp.get(count, lowest, highest)] == [9, 9, 9]
    listeners.number(4)
    wait_for_refresh()
    assert [found.value for found in snmp.get(count, lowest, highest)] == [4, 4, 9]

    refusals.hang()
    listeners.number(5)
    faults.jump("boottime", 3600)
    assert [found.value for found in snmp.get(count, lowest, highest)] == [None, None, None]
    refreshes = snmp.get_value(mib.REFRESHES)
    refusals.go_on()
    until(lambda: snmp.get_value(mib.REFRESHES) > refreshes + 1, "refreshes")
    assert [found.value for found in snmp.get(count, lowest, highest)] == [5, 5, 5]
    assert errors() == 0
    agent.clean_up()
    refusals.end()


def test_the_clock_of_a_time_namespace(snmpd, agent, faults):
    """With only CLOCK_BOOTTIME a day ahead, all durations are consistent."""
    snmpd.start()
    agent.configure()
    agent.start(launcher=("unshare", "--time", "--boottime", str(DAY)))
    agent.wait_until_registered()
    if os.readlink(f"/proc/{agent.pid}/ns/time") == os.readlink("/proc/self/ns/time"):
        pytest.skip("this kernel moves only a child to the new namespace")
    refreshes, scheduled = snmp.get_value(mib.REFRESHES), faults.fields.schedules
    while snmp.get_value(mib.REFRESHES) < refreshes + 10:
        assert snmp.get_value(mib.REFRESH_AGE) < DAY * TICKS / 2
    assert snmp.get_value(mib.REFRESHES) - refreshes <= faults.fields.schedules - scheduled + 1
