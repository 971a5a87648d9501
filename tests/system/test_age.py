# SPDX-License-Identifier: BSD-2-Clause
"""Counts are never older than maxAge: when refreshes fail, rows disappear instead of reading 0."""

import errno

import pytest

import mib
import snmp
from polling import until
from refusals import Refusals

TICKS = 100


def observe():
    """Return (rows, None if absent; age in ticks) from one request."""
    *rows, age = snmp.get(*mib.COUNTS, mib.REFRESH_AGE)
    types = {found.type for found in rows}
    assert types in ({"Gauge32"}, {"noSuchInstance"})
    return (tuple(found.value for found in rows) if types == {"Gauge32"} else None), age.value


def observe_until(expected, condition, max_age=1):
    """Read rows until CONDITION(rows, age). They are correct, or absent because of their age.

    The age is read after the rows, so that it may exceed MAX_AGE, in seconds, while rows exist.
    """
    def seen():
        rows, age = observe()
        if rows is None:
            assert age >= max_age * TICKS
        else:
            assert rows == expected
        return condition(rows, age)
    until(seen, "expected rows and age")


@pytest.fixture
def gone(refusals, expected):
    """Let refreshes fail, and wait until the rows are absent."""
    refusals.error = errno.EPERM
    observe_until(expected, lambda rows, age: rows is None)


def fail(refusals):
    """Return once every refresh fails."""
    before = snmp.get_value(mib.REFRESH_ERRORS)
    refusals.error = errno.EPERM
    until(lambda: snmp.get_value(mib.REFRESH_ERRORS) >= before + 3, "three refreshes fail")


def test_rows_disappear_by_age_and_return(faults, agent, refusals, expected):
    """At maxAge, on the agent's clock, which the test moves: not before, and not later."""
    agent.reconfigure(maxAge=3600)
    for _ in range(3):
        observe_until(expected, lambda rows, age: rows is not None, max_age=3600)
        fail(refusals)
        faults.jump("boottime", 3000)
        rows, age = observe()
        assert rows == expected
        assert age >= 3000 * TICKS
        faults.jump("boottime", 600)
        rows, age = observe()
        assert rows is None
        assert age >= 3600 * TICKS
        refusals.error = 0
        observe_until(expected, lambda rows, age: rows is not None, max_age=3600)


def test_a_short_failure_is_not_seen_in_the_rows(agent, refusals, expected):
    agent.reconfigure(maxAge=3600)
    fail(refusals)
    rows, age = observe()
    assert rows == expected
    refusals.error = 0
    observe_until(expected, lambda rows, young: young < age, max_age=3600)


def test_the_scalars_stay_and_say_why(agent, refusals, gone):
    refreshes, errors, reason = (
        found.value for found in snmp.get(mib.REFRESHES, mib.REFRESH_ERRORS,
                                          mib.REFRESH_LAST_ERROR))
    assert refreshes > 0
    assert errors >= 3
    assert "Operation not permitted" in reason
    assert agent.log.count(reason) == 1

    refusals.error = errno.ENOBUFS
    until(lambda: "No buffer space" in snmp.get_value(mib.REFRESH_LAST_ERROR), "the other error")
    assert snmp.get_value(mib.REFRESH_ERRORS) > errors
    assert snmp.get_value(mib.REFRESHES) == refreshes

    refusals.error = 0
    until(lambda: snmp.get_value(mib.REFRESHES) > refreshes, "refreshes work")
    errors = snmp.get_value(mib.REFRESH_ERRORS)
    refreshes = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= refreshes + 3, "they keep working")
    assert snmp.get_value(mib.REFRESH_ERRORS) == errors
    assert "No buffer space" in snmp.get_value(mib.REFRESH_LAST_ERROR)
    assert agent.log.count("refreshes succeed again") == 1


def test_a_walk_skips_removed_rows(gone):
    """No count and no label is left, and the walk continues with the next object."""
    left = [found.oid for found in snmp.walk(mib.ROOT)]
    assert not [oid for oid in left if oid[:len(mib.STATE_COUNT_ENTRY)] == mib.STATE_COUNT_ENTRY]
    assert {mib.REFRESHES, mib.REFRESH_AGE} < set(left)
    for start in (mib.ROOT, mib.COUNT, mib.COUNTS[7], mib.LABEL):
        assert snmp.get_next(start)[0].oid == left[0]


def test_the_rows_are_gone_after_a_pause_too(faults, agent, refusals, expected):
    """Counts from before the pause are too old when the agent continues."""
    agent.reconfigure(maxAge=3600)
    observe_until(expected, lambda rows, age: rows is not None, max_age=3600)
    agent.pause()
    refusals.error = errno.EPERM
    faults.jump("boottime", 3600)
    agent.resume()
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
