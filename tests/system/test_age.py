# SPDX-License-Identifier: BSD-2-Clause
"""Counts grow no older than maxAge: when refreshes fail the rows go, and tell no false zero."""

import errno
import time

import pytest

import mib
import snmp
from polling import until
from refusals import Refusals

TICKS = 100


def observe():
    """(rows, None where they are gone; age in ticks), from one request."""
    *rows, age = snmp.get(*mib.COUNTS, mib.REFRESH_AGE)
    types = {found.type for found in rows}
    assert types in ({"Gauge32"}, {"noSuchInstance"})
    return (tuple(found.value for found in rows) if types == {"Gauge32"} else None), age.value


def observe_until(expected, condition):
    """Look again and again until CONDITION(rows, age); what is seen is right or gone by age."""
    def seen():
        rows, age = observe()
        if rows is None:
            assert age >= 1 * TICKS
        else:
            assert rows == expected
            assert age <= 1 * TICKS
        return condition(rows, age)
    until(seen, "rows and age as wanted")


@pytest.fixture
def gone(refusals, expected):
    """Refreshes fail from now on, and the rows have gone."""
    refusals.error = errno.EPERM
    observe_until(expected, lambda rows, age: rows is None)


def test_rows_go_by_age_and_come_back(refusals, expected):
    for _ in range(3):
        observe_until(expected, lambda rows, age: rows is not None)
        refusals.error = errno.EPERM
        begun = time.monotonic()
        observe_until(expected, lambda rows, age: rows is None)
        assert 0.8 < time.monotonic() - begun < 1.5
        observe_until(expected, lambda rows, age: age > 1.5 * TICKS)
        refusals.error = 0
        observe_until(expected, lambda rows, age: rows is not None)


def test_a_short_failure_is_not_seen_in_the_rows(refusals, expected):
    before = snmp.get_value(mib.REFRESH_ERRORS)
    refusals.error = errno.EPERM
    until(lambda: snmp.get_value(mib.REFRESH_ERRORS) >= before + 3, "three refreshes fail")
    assert observe()[0] == expected
    refusals.error = 0
    observe_until(expected, lambda rows, age: age < 0.1 * TICKS)


def test_the_scalars_stay_and_say_why(agent, refusals, gone):
    refreshes, errors, told = (
        found.value for found in snmp.get(mib.REFRESHES, mib.REFRESH_ERRORS,
                                          mib.REFRESH_LAST_ERROR))
    assert refreshes > 0
    assert errors >= 8
    assert "Operation not permitted" in told
    assert agent.log.count(told) == 1

    refusals.error = errno.ENOBUFS
    until(lambda: "No buffer space" in snmp.get_value(mib.REFRESH_LAST_ERROR), "the other error")
    assert snmp.get_value(mib.REFRESH_ERRORS) > errors
    assert snmp.get_value(mib.REFRESHES) == refreshes

    refusals.error = 0
    until(lambda: snmp.get_value(mib.REFRESHES) > refreshes, "refreshes work")
    errors = snmp.get_value(mib.REFRESH_ERRORS)
    refreshes = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= refreshes + 3, "they go on working")
    assert snmp.get_value(mib.REFRESH_ERRORS) == errors
    assert "No buffer space" in snmp.get_value(mib.REFRESH_LAST_ERROR)
    assert agent.log.count("refreshing works again") == 1


def test_a_walk_passes_over_what_has_gone(gone):
    """No count and no label is left, and the walk goes on with the next object behind them."""
    left = [found.oid for found in snmp.walk(mib.ROOT)]
    assert not [oid for oid in left if oid[:len(mib.STATE_COUNT_ENTRY)] == mib.STATE_COUNT_ENTRY]
    assert {mib.REFRESHES, mib.REFRESH_AGE} < set(left)
    for start in (mib.ROOT, mib.COUNT, mib.COUNTS[7], mib.LABEL):
        assert snmp.get_next(start)[0].oid == left[0]


def test_the_rows_are_gone_after_a_pause_too(agent, refusals, expected):
    """Counts from before the pause are old when the agent goes on."""
    agent.pause()
    begun = time.monotonic()
    until(lambda: time.monotonic() > begun + 1.2, "maxAge has passed")
    refusals.error = errno.EPERM
    agent.resume()
    until(lambda: snmp.answers(mib.REFRESHES), "the agent answers")
    assert observe()[0] is None


def test_nothing_is_registered_before_the_first_counts(snmpd, agent):
    refusals = Refusals()
    refusals.error = errno.EPERM
    snmpd.start()
    refusals.start(agent)
    agent.wait_until_logged("Operation not permitted")
    assert snmp.get(mib.REFRESHES)[0].type == "noSuchObject"
    refusals.error = 0
    agent.wait_until_registered()
    assert observe()[0] == 22 * (0,)
    agent.clean_up()
    refusals.end()
