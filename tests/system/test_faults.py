# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel denies the agent: descriptors, memory, netlink, /proc, and steady clocks.

Whatever fails is counted and told. Counts are right or gone, and come back when it is over.
"""

import contextlib
import errno
import itertools
import os
import resource
import socket
import subprocess
import time

import pytest

import mib
import snmp
from daemons import SANITIZED, TRAPS, served_counts, wait_for_refresh
from faults import Faults
from kernel import sysctl
from listeners import Listeners
from polling import until
from refusals import Refusals
from tcp_states import StateMaker
from test_age import TICKS, observe, observe_until

NO_DESCRIPTOR = "Too many open files"
NO_MEMORY = "Cannot allocate memory"
DAY = 24 * 3600


@pytest.fixture
def faults(tmp_path, agent):
    """Of the agent, which is not yet started."""
    if SANITIZED:
        pytest.skip("a sanitizer has to be the first library, and allocates by itself")
    faults = Faults(tmp_path)
    agent.environment.update(faults.environment)
    return faults


def watch(seconds):
    """Again and again for SECONDS, and once at least."""
    deadline = time.monotonic() + seconds
    yield
    while time.monotonic() < deadline:
        yield


def errors():
    return snmp.get_value(mib.REFRESH_ERRORS)


def wait_for_error(words):
    until(lambda: words in snmp.get_value(mib.REFRESH_LAST_ERROR), words)


def share_of_cpu(agent):
    """Within a second."""
    begun, cpu = time.monotonic(), agent.cpu_seconds()
    for _ in watch(1):
        time.sleep(0.1)
    return (agent.cpu_seconds() - cpu) / (time.monotonic() - begun)


def assert_idle(agent):
    """Nothing is tried in a busy loop; a busy machine may make one second dearer."""
    until(lambda: share_of_cpu(agent) < (0.05 if SANITIZED else 0.01), "it is idle")


# ---- descriptors ----

@contextlib.contextmanager
def no_descriptors(agent):
    """Those that are open stay; it gets no other."""
    soft, hard = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (3, hard))
    yield
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (soft, hard))


def test_no_descriptor_for_netlink(agent, refusals, expected):
    with no_descriptors(agent):
        refusals.error = errno.EPERM
        wait_for_error("Operation not permitted")
        refusals.error = 0
        wait_for_error(NO_DESCRIPTOR)
        before = errors()
        observe_until(expected, lambda rows, age: rows is None)
        assert errors() >= before + 3
        assert_idle(agent)
    observe_until(expected, lambda rows, age: rows is not None)
    assert agent.log.count(NO_DESCRIPTOR) == 1


def test_no_descriptor_for_the_session(agent, refusals, expected, snmpd):
    with no_descriptors(agent):
        snmpd.stop()
        snmpd.start()
        agent.wait_until_logged(NO_DESCRIPTOR)
        assert_idle(agent)
        assert snmp.get(mib.REFRESHES)[0].type == "noSuchObject"
    agent.wait_until_registered()
    assert observe()[0] == expected
    assert errors() == 0
    assert agent.log.count(NO_DESCRIPTOR) == 1


@pytest.mark.skipif(SANITIZED, reason="a sanitizer needs descriptors of its own at the end")
@pytest.mark.parametrize("limit", range(3, 16))
def test_a_start_with_few_descriptors(snmpd, agent, limit):
    """It says that it cannot, or starts and says what it waits for."""
    snmpd.start()
    agent.start(launcher=("prlimit", f"--nofile={limit}:1024"))
    until(lambda: not agent.running or "has started" in agent.log, "a start or an end")
    if agent.running:
        resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (1024, 1024))
        agent.wait_until_registered()
        assert observe()[0] == 22 * (0,)
    else:
        assert agent.process.returncode != 0
        # In the words of the linker, where not even the libraries can be opened.
        assert NO_DESCRIPTOR in agent.log or "cannot open shared object file" in agent.log


# ---- memory ----

def serves(expected, *passing, max_age=1):
    """Whether the rows are there; if not, they are gone by age or the agent does not answer.

    Or they are still one of PASSING.
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
def test_no_memory_for_a_while(agent, faults, refusals, expected, snmpd, snmpd_restarts):
    faults.fields.all_fail = 1
    if snmpd_restarts:
        snmpd.stop()
        snmpd.start()
    for _ in watch(2):
        serves(expected)
        assert agent.running
    assert not serves(expected)
    faults.fields.all_fail = 0
    until(lambda: serves(expected), "the rows are back", 10)
    assert errors() >= 5
    assert NO_MEMORY in snmp.get_value(mib.REFRESH_LAST_ERROR)


def sweep(agent, faults, act, recovered, last):
    """Let each single allocation fail that ACT leads to, up to the LAST; wait each time to recover.

    Return how many did; where the library would end the process by one, it is left alone.
    """
    failed = 0
    for number in range(1, last + 1):
        faults.fail_one(number)
        act()
        if not faults.fail_none():
            break
        until(lambda: recovered() or not agent.running, f"all is well after {number}", 10)
        assert agent.running, f"allocation {number}"
        failed += faults.fields.failed
    return failed


def test_each_allocation_for_a_refresh_fails(agent, faults, refusals, expected):
    """Each is one error."""
    agent.reconfigure(maxAge=1, watchPort=9)
    wait_for_refresh()

    def refresh():
        until(lambda: faults.fields.reached, "the allocation")

    def recovered():
        return serves(expected) and agent.log.count("refreshing works again") == errors()
    assert sweep(agent, faults, refresh, recovered, 20) == 20
    assert errors() == 20


def test_each_allocation_for_a_request_fails(agent, faults, refusals, expected):
    """No refresh comes meanwhile, so that the allocations are those of the requests."""
    refusals.error = errno.EPERM
    until(lambda: errors() > 0, "a refresh fails")
    refusals.error = 0
    agent.reconfigure(refreshInterval=3600)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 3600 * 1000, "the last refresh")
    count, label = mib.count(4, "listen"), mib.of(mib.LABEL, 6, "established")
    right = {count: expected[1], label: "ipv6 established",
             # Longer than what the library has room for in a variable.
             mib.REFRESH_LAST_ERROR: "listing the listeners: Operation not permitted"}

    def ask():
        for request in (lambda: snmp.get(count, mib.REFRESH_LAST_ERROR, timeout=0.1),
                        lambda: snmp.get_next(mib.COUNTS[0], mib.of(mib.LABEL, 6, "synReceived"),
                                              timeout=0.1)):
            with contextlib.suppress(snmp.SnmpTimeout, snmp.SnmpError):
                for found in request():
                    # Without a session other objects are found next, or none.
                    if found.oid in right and found.type != "noSuchObject":
                        assert found.value == right[found.oid]
    assert sweep(agent, faults, ask, lambda: serves(expected, max_age=3600), 400) > 30


def test_each_allocation_for_a_session_fails(agent, faults, refusals, expected, snmpd):
    def restart():
        snmpd.kill()
        snmpd.start()
        until(lambda: faults.fields.reached or serves(expected), "the session is back")
    assert sweep(agent, faults, restart, lambda: serves(expected), 60) > 30


def test_each_allocation_for_a_notification_fails(snmptrapd, agent, faults, snmpd, refusals,
                                                  expected):
    """It is told all the same; twice, where the library forgets that it has sent it."""
    snmpd.stop()
    snmpd.more_lines = TRAPS
    snmpd.start()
    agent.wait_until_registered()
    agent.reconfigure(maxAge=1, threshold="listening state ipv6 listen 0")
    listeners = Listeners(socket.AF_INET6)
    listening = list(expected)
    listening[mib.ROWS.index((6, "listen"))] = 1

    def told():
        return [varbinds[0].value for varbinds in snmptrapd.received()]

    def tell():
        before = len(told())
        for number, kind in ((1, mib.RAISED), (0, mib.CLEARED)):
            listeners.number(number)
            until(lambda: snmp.dotted(kind) in told()[before:], "a notification")
        until(lambda: serves(expected, tuple(listening)), "the rows of before")
        kinds = [kind for kind, _ in itertools.groupby(told()[before:])]
        assert kinds == [snmp.dotted(mib.RAISED), snmp.dotted(mib.CLEARED)]
        assert len(told()) - before <= 4
    assert sweep(agent, faults, tell, lambda: serves(expected), 32) > 25


# ---- netlink ----

@pytest.mark.parametrize("error, told", [
    (errno.EPERM, "listing the listeners: "),
    (errno.ENOENT, "module tcp_diag: "),
    (errno.EOPNOTSUPP, "module tcp_diag: "),
    (errno.ENOBUFS, "listing the listeners: "),
], ids=lambda value: errno.errorcode.get(value, ""))
def test_netlink_is_denied(agent, refusals, expected, error, told):
    refusals.error = error
    wait_for_error(told + os.strerror(error))
    before = errors()
    observe_until(expected, lambda rows, age: rows is None)
    assert errors() >= before + 3
    refusals.error = 0
    observe_until(expected, lambda rows, age: rows is not None)
    assert agent.log.count(os.strerror(error)) == 1


def test_netlink_sockets_are_denied(agent, refusals, expected):
    """The one that is open goes on, until an error closes it."""
    refusals.socket_error = errno.EACCES
    wait_for_refresh()
    assert errors() == 0
    refusals.error = errno.ENOBUFS
    wait_for_error("No buffer space")
    refusals.error = 0
    wait_for_error("Permission denied")
    observe_until(expected, lambda rows, age: rows is None)
    refusals.socket_error = 0
    observe_until(expected, lambda rows, age: rows is not None)


def test_netlink_is_denied_from_the_start(snmpd, agent):
    refusals = Refusals()
    refusals.socket_error = errno.EPERM
    snmpd.start()
    refusals.start(agent)
    agent.wait_until_logged("Operation not permitted")
    for _ in watch(0.5):
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
    """What is open stays so: nothing changes."""
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
        assert snmp.get_value(mib.of_host("tcpTimeWaits")) == 3
    assert snmp.get_value(mib.of_host("tcpTimeWaitsMax")) == sysctl("tcp_max_tw_buckets")[0]
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED
    assert errors() == 0
    assert "all sockets are listed" not in agent.log
    in_its_mounts("umount", "/proc")  # which a sanitizer reads at the end


# ---- clocks ----

def test_the_time_is_set(snmptrapd, snmpd, agent, faults, listeners):
    """By a day, to and fro: no age, interval, window or notification shows it."""
    snmpd.more_lines = TRAPS
    snmpd.start()
    agent.configure(maxAge=1, window=300, threshold="listening state ipv4 listen 2")
    agent.start()
    agent.wait_until_registered()
    listeners.number(1)
    wait_for_refresh()
    extremes = [mib.of(column, 4, "listen") for column in (mib.COUNT_MIN, mib.COUNT_MAX)]
    for number, days in enumerate((1, -2, 1), 2):
        refreshes, begun = snmp.get_value(mib.REFRESHES), time.monotonic()
        faults.jump("realtime", days * DAY)
        for _ in watch(1):
            count, lowest, highest, age, interval = (found.value for found in snmp.get(
                mib.count(4, "listen"), *extremes, mib.REFRESH_AGE, mib.REFRESH_INTERVAL))
            assert (count, lowest, highest, interval) == (number - 1, 0, number - 1, 100)
            assert age <= 1 * TICKS
        made = snmp.get_value(mib.REFRESHES) - refreshes
        assert 5 <= made <= 10 * (time.monotonic() - begun) + 1
        listeners.number(number)
        wait_for_refresh()
    until(lambda: snmptrapd.received(), "the threshold is told")
    since = snmptrapd.received()[0][-1].value
    assert 0 <= snmp.get_value(mib.SYS_UP_TIME) - since < 10 * TICKS
    assert errors() == 0


def test_the_machine_was_suspended(snmpd, agent, faults, listeners):
    """Rows and extremes of before are gone at once; what is served next is of after.

    The kernel's timer does not go with the clock here: the next refresh comes as if the machine had
    not been suspended. That it is due at once is tested of the collector by itself, in tests/unit.
    """
    count, lowest, highest = (mib.of(column, 4, "listen")
                              for column in (mib.COUNT, mib.COUNT_MIN, mib.COUNT_MAX))
    snmpd.start()
    agent.configure(refreshInterval=1, maxAge=None, window=60)
    listeners.number(9)
    agent.start()
    agent.wait_until_registered()
    assert [found.value for found in snmp.get(count, lowest, highest)] == [9, 9, 9]
    listeners.number(4)
    wait_for_refresh()
    assert [found.value for found in snmp.get(count, lowest, highest)] == [4, 4, 9]

    refreshes = snmp.get_value(mib.REFRESHES)
    faults.jump("boottime", 3600)
    listeners.number(5)
    seen = set()
    while snmp.get_value(mib.REFRESHES) == refreshes:
        found, now = snmp.get(count, mib.REFRESHES)
        seen.add((now.value - refreshes, found.value))
    assert (0, None) in seen
    assert seen <= {(0, None), (1, 5)}
    assert [found.value for found in snmp.get(count, lowest, highest)] == [5, 5, 5]
    assert errors() == 0


def test_the_clock_of_a_time_namespace(snmpd, agent):
    """Where CLOCK_BOOTTIME alone is a day ahead, all that is measured is measured by it."""
    snmpd.start()
    agent.configure(maxAge=None)
    agent.start(launcher=("unshare", "--time", "--boottime", str(DAY)))
    agent.wait_until_registered()
    if os.readlink(f"/proc/{agent.pid}/ns/time") == os.readlink("/proc/self/ns/time"):
        pytest.skip("this kernel moves only a child to the new namespace")
    refreshes, begun = snmp.get_value(mib.REFRESHES), time.monotonic()
    for _ in watch(1):
        assert snmp.get_value(mib.REFRESH_AGE) <= 1 * TICKS
    made = snmp.get_value(mib.REFRESHES) - refreshes
    assert 5 <= made <= 10 * (time.monotonic() - begun) + 1
