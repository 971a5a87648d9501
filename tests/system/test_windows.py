# SPDX-License-Identifier: BSD-2-Clause
"""Minima and maxima include each refresh for exactly the length of the window."""

import socket

import pytest

import mib
import snmp
from daemons import FAST_AGENT, wait_for_refresh
from polling import until
from sockets import Listeners

LISTEN4, LISTEN6 = (
    tuple(mib.of(column, family, "listen") for column in (mib.COUNT, mib.COUNT_MIN, mib.COUNT_MAX))
    for family in (4, 6))
LISTEN = tuple(mib.of_state(column, "listen")
               for column in (mib.TOTAL, mib.TOTAL_MIN, mib.TOTAL_MAX))


@pytest.fixture
def ipv6_listeners():
    held = Listeners(socket.AF_INET6)
    yield held
    held.number(0)


def start(snmpd, agent, **directives):
    snmpd.start()
    agent.configure(**directives)
    agent.start()
    agent.wait_until_registered()


def values(*oids):
    return [found.value for found in snmp.get(*oids)]


@pytest.mark.parametrize("window", [1000, 3600])
@pytest.mark.parametrize("usual, odd", [(0, 7), (9, 2)], ids=["peak", "dip"])
def test_an_extreme_stays_for_the_window(snmpd, faults, agent, listeners, usual, odd, window):
    """On the agent's clock, which the test moves. To the second it is tested in tests/unit."""
    extreme = LISTEN4[2 if odd > usual else 1]
    listeners.number(usual)
    start(snmpd, agent, window=window)
    listeners.number(odd)
    until(lambda: values(LISTEN4[0]) == [odd], "the odd number is seen")
    listeners.number(usual)
    until(lambda: values(LISTEN4[0]) == [usual], "the usual number is seen")
    for share, seen in ((0.4, odd), (0.4, odd), (0.4, usual)):
        faults.jump("boottime", share * window)
        wait_for_refresh()
        assert values(LISTEN4[0], extreme) == [usual, seen]


def test_extremes_of_a_total_are_those_of_the_sum(snmpd, agent, listeners, ipv6_listeners):
    steps = [(2, 3), (5, 1), (1, 4), (3, 3), (2, 2)]
    listeners.number(steps[0][0])
    ipv6_listeners.number(steps[0][1])
    start(snmpd, agent)
    for step, (ipv4, ipv6) in enumerate(steps):
        # All together, so that the agent sees no number in between.
        with agent.paused():
            listeners.number(ipv4)
            ipv6_listeners.number(ipv6)
        wait_for_refresh()
        so_far = steps[:step + 1]
        for oids, series in ((LISTEN4, [four for four, _ in so_far]),
                             (LISTEN6, [six for _, six in so_far]),
                             (LISTEN, [four + six for four, six in so_far])):
            assert values(*oids) == [series[-1], min(series), max(series)]


def test_hangup_keeps_the_window(snmpd, agent, listeners):
    start(snmpd, agent, window=300)
    for number in (7, 3):
        listeners.number(number)
        until(lambda: values(LISTEN4[0]) == [number], "the number is seen")
    for window, interval in ((600, 0.1), (600, 0.3), (86400, 0.1), (300, 0.5), (300, 0.1)):
        agent.reconfigure(window=window, refreshInterval=interval)
        wait_for_refresh()
        assert values(*LISTEN4, *LISTEN, mib.REFRESH_WINDOW) == [3, 0, 7, 3, 0, 7, window]
    # One that has become shorter forgets what is older, and does not remember it again.
    for window in (1, 300):
        agent.reconfigure(window=window)
        until(lambda: values(*LISTEN4, *LISTEN) == 6 * [3], "the rest is forgotten")


def test_the_count_is_between_its_extremes(snmpd, make_agent, churn):
    snmpd.start()
    agent = make_agent("fast", FAST_AGENT)
    agent.configure(refreshInterval=0.01, window=1)
    agent.start()
    agent.wait_until_registered()
    rows = [tuple(mib.of(column, *row) for column in (mib.COUNT_MIN, mib.COUNT, mib.COUNT_MAX))
            for row in mib.ROWS]
    rows += [tuple(mib.of_state(column, state)
                   for column in (mib.TOTAL_MIN, mib.TOTAL, mib.TOTAL_MAX))
             for state in mib.STATES]
    seen = set()
    for _ in range(200):
        found = values(*(oid for row in rows for oid in row))
        for place in range(0, len(found), 3):
            low, count, high = found[place:place + 3]
            assert low <= count <= high
        seen.add(tuple(found))
    assert len(seen) > 20
