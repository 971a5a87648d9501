# SPDX-License-Identifier: BSD-2-Clause
"""Where refreshes cost much, cpuLimit stretches the interval between them."""

import errno
import time

import pytest

import mib
import snmp
from daemons import SANITIZED
from kernel import set_sysctl
from listeners import listener
from polling import until
from refusals import Refusals
from rush import connect_once

SOCKETS = 20000
LIMIT = 1
STRETCHED = "a refresh costs so much"


@pytest.fixture
def many_sockets():
    """In timeWait, where they need no descriptor."""
    set_sysctl("tcp_tw_reuse", 0)
    servers = [listener(backlog=1) for _ in range(4)]
    for _ in range(SOCKETS // len(servers)):
        for server in servers:
            connect_once(server, abortive=False)
    yield
    for server in servers:
        server.close()


@pytest.fixture
def stretching(many_sockets, snmpd, agent):
    """Returns its refusals; the agent's interval is stretched, and stays so."""
    refusals = Refusals()
    snmpd.start()
    agent.configure(countMethod="full", cpuLimit=LIMIT, maxAge=None)
    refusals.start(agent)
    agent.wait_until_registered()
    assert snmp.get_value(mib.of_state(mib.TOTAL, "timeWait")) == SOCKETS
    until(lambda: snmp.get_value(mib.REFRESHES) >= 3, "refreshes", 10)
    yield refusals
    agent.clean_up()
    refusals.end()


def interval():
    """Milliseconds."""
    return snmp.get_value(mib.REFRESH_INTERVAL)


def refreshes_within(agent, seconds):
    """(refreshes, seconds of CPU time, seconds), from one refresh on."""
    first = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) > first, "a refresh", 10)
    first, cpu, begun = snmp.get_value(mib.REFRESHES), agent.cpu_seconds(), time.monotonic()
    until(lambda: time.monotonic() > begun + seconds, "the time has passed", 10, pause=0.1)
    return (snmp.get_value(mib.REFRESHES) - first, agent.cpu_seconds() - cpu,
            time.monotonic() - begun)


def test_the_limit_is_kept(agent, stretching):
    assert interval() > 200
    refreshes, cpu, seconds = refreshes_within(agent, 4)
    print(f"{refreshes} refreshes in {seconds:.2f} s took {cpu * 100 / seconds:.2f} % of a CPU,",
          f"the interval is {interval()} ms")
    assert 1 <= refreshes <= seconds * 1000 / 200
    assert SANITIZED or cpu < 1.5 * LIMIT / 100 * seconds
    # Told once, however long it goes on.
    assert agent.log.count(STRETCHED) == 1

    agent.reconfigure(countMethod="full", cpuLimit=100)
    until(lambda: interval() == 100, "the interval is back")
    agent.reconfigure(countMethod="full", cpuLimit=LIMIT)
    until(lambda: interval() > 200, "the interval is stretched", 10)
    until(lambda: agent.log.count(STRETCHED) == 2, "it is told again")


def test_counts_are_served_as_long_as_the_interval_really_is(agent, stretching):
    """Three of the stretched ones, though one of the configured ones is much shorter."""
    refreshes = snmp.get_value(mib.REFRESHES)
    count = mib.of_state(mib.TOTAL, "timeWait")
    parts = set()  # of the interval that is waited, which is another after each refresh
    while snmp.get_value(mib.REFRESHES) < refreshes + 2:
        found, age, waited = (varbind.value for varbind in snmp.get(
            count, mib.REFRESH_AGE, mib.REFRESH_INTERVAL))
        assert found == SOCKETS
        parts.add(age * 10 / waited)
    assert max(parts) > 0.8


def test_a_failure_makes_counts_no_older(stretching):
    count = mib.of_state(mib.TOTAL, "timeWait")
    errors = snmp.get_value(mib.REFRESH_ERRORS)
    stretching.error = errno.EPERM
    until(lambda: snmp.get_value(mib.REFRESH_ERRORS) > errors, "a refresh fails", 10)
    longest = 3 * interval()  # which failures do not change
    found, age = snmp.get(count, mib.REFRESH_AGE)
    assert age.value * 10 < longest
    assert found.value == SOCKETS
    until(lambda: snmp.get_value(count) is None, "the counts are gone", 10)
    assert snmp.get_value(mib.REFRESH_AGE) * 10 > 0.8 * longest
