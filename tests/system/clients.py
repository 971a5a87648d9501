# SPDX-License-Identifier: BSD-2-Clause
"""Clients that poll continuously, and check that each answer is complete and consistent."""

import collections
import contextlib
import threading
import time

import mib
import snmp
import test_consistency

_TOTALS = {state: mib.of_state(mib.TOTAL, state) for state in mib.STATES}
_FAMILY_SOCKETS = {4: mib.FAMILY_SOCKETS + (1,), 6: mib.FAMILY_SOCKETS + (2,)}
_FIXED = (*mib.COUNTS, *_TOTALS.values(), *_FAMILY_SOCKETS.values(), mib.REFRESH_AGE,
          mib.REFRESHES, mib.REFRESH_ERRORS, mib.REFRESH_METHOD)
# More than the MIB has instances while a few dozen sockets listen.
_EVERYTHING = 1500
# A request that is lost with the snmpd that had it is sent again.
_AGAIN = {"timeout": 5, "retries": 11}
_EXTREMES = {mib.COUNT: (mib.COUNT_MIN, mib.COUNT_MAX), mib.TOTAL: (mib.TOTAL_MIN, mib.TOTAL_MAX)}


class Inexact(AssertionError):
    """The values served contradict each other or the kernel."""


class Unanswered(Exception):
    """There was no answer, or instances are missing in it."""


def fixed_rows():
    """GET the counts, their sums and the refresh objects, check them, return {oid: value}."""
    values = _values(snmp.get(*_FIXED, **_AGAIN))
    _check_sums(values)
    return values


def whole_mib():
    """GETBULK the whole MIB, check it, return {oid: value}."""
    answer = snmp.get_bulk(mib.ROOT, max_repetitions=_EVERYTHING, **_AGAIN)
    below = [found for found in answer if found.oid[:len(mib.ROOT)] == mib.ROOT]
    if len(below) == len(answer):
        raise Inexact(f"more than {len(below)} instances in the MIB")
    values = _values(below)
    if [found.oid for found in below] != sorted(values):
        raise Inexact("the MIB's instances are not in order")
    _check_sums(values)
    _check_listeners(values)
    _check_extremes(values)
    return values


def columns():
    """GETBULK the counts several times in one request, and check that each has one value."""
    answer = test_consistency.ask(**_AGAIN)
    try:
        values = test_consistency.values_by_instance(answer)
    except AssertionError as error:
        raise Unanswered("counts are missing in the answer to a GETBULK") from error
    if test_consistency.is_mixed(values):
        raise Inexact("one answer mixes two snapshots")


def _values(answer):
    values = {found.oid: found.value for found in answer}
    missing = [oid for oid in _FIXED if values.get(oid) is None]
    if missing:
        raise Unanswered(f"{len(missing)} of the fixed instances are missing in an answer")
    return values


def _check_equal(what, left, right):
    if left != right:
        raise Inexact(f"in one answer {what}: {left} and {right}")


def _check_sums(values):
    for family, oid in _FAMILY_SOCKETS.items():
        _check_equal(f"the states of family {family} and tcpFamilySockets",
                     sum(values[mib.count(family, state)] for state in mib.STATES), values[oid])
    for state, oid in _TOTALS.items():
        _check_equal(f"both families' {state} and tcpStateTotal",
                     sum(values[mib.count(family, state)] for family in (4, 6)), values[oid])
    _check_equal("tcpRefreshErrors and none", values[mib.REFRESH_ERRORS], 0)


def _check_listeners(values):
    column = mib.LISTEN_SOCKETS
    _check_equal("tcpListenSockets in all and those in listen",
                 sum(value for oid, value in values.items() if oid[:len(column)] == column),
                 values[_TOTALS["listen"]])


def _check_extremes(values):
    for column, (least, most) in _EXTREMES.items():
        for oid, value in values.items():
            index = oid[len(column):]
            if oid[:len(column)] == column \
                    and not values[least + index] <= value <= values[most + index]:
                raise Inexact(f"{snmp.dotted(oid)} is not within its minimum and maximum")


class Clients:
    """Clients that poll within asking(). Requests may fail only within excused().

    answered and unanswered count requests. oldest is the largest tcpRefreshAge, in hundredths of a
    second, and slowest the longest response time in seconds, both outside excused(). methods maps
    the tcpRefreshes that were seen to the tcpRefreshMethod of that refresh.
    """

    def __init__(self):
        self.failed = threading.Event()
        self.oldest = 0
        self.slowest = 0
        self.methods = {}
        self._answered = collections.Counter()
        self._unanswered = collections.Counter()
        self._failure = None
        self._excuses = 0  # odd within excused()

    @property
    def answered(self):
        return self._answered.total()

    @property
    def unanswered(self):
        return self._unanswered.total()

    @contextlib.contextmanager
    def asking(self):
        """Poll within the context, and raise the first failure at its end."""
        ending = threading.Event()
        clients = [threading.Thread(target=self._ask, args=(ending, requests))
                   for requests in ((fixed_rows, whole_mib), (columns,))]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            ending.set()
            for client in clients:
                client.join()
        self.check()

    @contextlib.contextmanager
    def excused(self):
        self._excuses += 1
        yield
        self._excuses += 1

    def check(self):
        if self._failure is not None:
            raise self._failure

    def _ask(self, ending, requests):
        try:
            while not ending.is_set():
                for request in requests:
                    self._ask_once(request)
        except (AssertionError, Unanswered, snmp.SnmpError, snmp.SnmpTimeout) as failure:
            self._failure = self._failure or failure
            self.failed.set()

    def _ask_once(self, request):
        excuses, begun = self._excuses, time.monotonic()
        try:
            values = request()
        except (Unanswered, snmp.SnmpError, snmp.SnmpTimeout):
            if excuses == self._excuses and excuses % 2 == 0:
                raise
            self._unanswered[request] += 1
            return
        self._answered[request] += 1
        if values and mib.REFRESH_METHOD in values:
            self.methods[values[mib.REFRESHES]] = values[mib.REFRESH_METHOD]
        if excuses == self._excuses and excuses % 2 == 0:
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.oldest = max(self.oldest, values[mib.REFRESH_AGE] if values else 0)
