# SPDX-License-Identifier: BSD-2-Clause
"""cpuLimit extends the interval between expensive refreshes."""

import errno

import pytest

import mib
import snmp
from namespace import set_sysctl
from polling import until
from refusals import Refusals
from sockets import listener
from traffic import connect_once

SOCKETS = 20000
LIMIT = 1
STRETCHED = "refresh exceeds cpuLimit"


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
    until(lambda: snmp.get_value(mib.of_state(mib.TOTAL, "timeWait")) == SOCKETS, "all are counted")
    until(lambda: snmp.get_value(mib.REFRESHES) >= 3, "refreshes")
    yield refusals
    agent.clean_up()
    refusals.end()


def interval():
    """Milliseconds."""
    return snmp.get_value(mib.REFRESH_INTERVAL)


def test_the_interval_is_stretched(agent, stretching):
    """By how much is tested of the collector by itself, in tests/unit."""
    assert interval() > 200
    refreshes = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= refreshes + 2, "refreshes continue")
    # Logged once, for as long as it lasts.
    assert agent.log.count(STRETCHED) == 1

    agent.reconfigure(countMethod="full", cpuLimit=100)
    until(lambda: interval() == 100, "the interval is back")
    agent.reconfigure(countMethod="full", cpuLimit=LIMIT)
    until(lambda: interval() > 200, "the interval is stretched")
    until(lambda: agent.log.count(STRETCHED) >= 2, "it is logged a second time")


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
    until(lambda: snmp.get_value(mib.REFRESH_ERRORS) > errors, "a refresh fails")
    longest = 3 * interval()  # which failures do not change
    found, age = snmp.get(count, mib.REFRESH_AGE)
    assert found.value == (SOCKETS if age.value * 10 < longest else None)
    until(lambda: snmp.get_value(count) is None, "the counts are gone")
    assert snmp.get_value(mib.REFRESH_AGE) * 10 > 0.8 * longest
