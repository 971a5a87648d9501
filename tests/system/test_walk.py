# SPDX-License-Identifier: BSD-2-Clause
"""GET, GETNEXT and GETBULK from everywhere, against a model computed from one walk."""

import bisect
import itertools
import random

import pytest

import mib
import snmp

SUB_ID_MAX = 4294967295
BEFORE_ROOT = mib.ROOT[:-1] + (mib.ROOT[-1] - 1, SUB_ID_MAX)
AFTER_ROOT = mib.ROOT[:-1] + (mib.ROOT[-1] + 1,)
PDU_OIDS = 20


class Model:
    """The instances of the MIB in the order in which one walk found them."""

    def __init__(self):
        self.instances = snmp.walk(mib.ROOT)
        self.names = [found.oid for found in self.instances]

    def next(self, oid):
        """Return the instance after OID, None past the end."""
        i = bisect.bisect_right(self.names, oid)
        return self.instances[i] if i < len(self.instances) else None


@pytest.fixture
def model(snmpd, agent):
    snmpd.start()
    # One refresh for the whole test, so that values do not change.
    agent.configure(refreshInterval=3600)
    agent.start()
    agent.wait_until_registered()
    return Model()


def below_root(oid):
    return oid[:len(mib.ROOT)] == mib.ROOT


def same(found, expected):
    """Assert equality, except for the value of tcpRefreshAge, which grows."""
    if found.oid == mib.REFRESH_AGE:
        return found[:2] == expected[:2]
    return found == expected


def check_next(model, asked, found):
    """Assert that FOUND is the correct answer to GETNEXT of ASKED."""
    expected = model.next(asked)
    if asked < mib.ROOT and found.oid < mib.ROOT:  # other parts of snmpd
        assert found.oid > asked
    elif expected is None:
        assert found.type == "endOfMibView" or found.oid >= AFTER_ROOT
    else:
        assert same(found, expected), (asked, found, expected)


def neighbours(oid):
    """Return OIDs near an instance: prefixes, extensions, and with each sub-identifier changed."""
    for length in range(len(mib.ROOT) - 1, len(oid) + 1):
        prefix = oid[:length]
        yield from (prefix, prefix + (0,), prefix + (SUB_ID_MAX,), prefix + (0,) * 20)
        for moved in {prefix[-1] - 1, prefix[-1] + 1, 0, SUB_ID_MAX}:
            if 0 <= moved:
                yield prefix[:-1] + (moved,)
                yield prefix[:-1] + (moved,) + oid[length:]


def foreign():
    yield from ((1, 3), (1, 3, 6, 1, 2, 1, 1, 3, 0), mib.ROOT[:7], mib.ROOT[:-1], BEFORE_ROOT,
                AFTER_ROOT, AFTER_ROOT + (1, 1, 1, 3), mib.ROOT[:-1] + (SUB_ID_MAX,),
                (1, 3, 6, 1, 6, 3))


def in_pdus(oids):
    """In random order, several in a PDU."""
    oids = list(oids)
    random.shuffle(oids)
    for start in range(0, len(oids), PDU_OIDS):
        yield oids[start:start + PDU_OIDS]


def test_the_walk_is_in_order_and_complete(model):
    assert model.names == sorted(set(model.names))
    assert all(below_root(name) for name in model.names)
    assert [name for name in model.names if name[:len(mib.COUNT)] == mib.COUNT] \
        == list(mib.COUNTS)
    assert [name for name in model.names if name[:len(mib.LABEL)] == mib.LABEL] \
        == [mib.LABEL + name[len(mib.COUNT):] for name in mib.COUNTS]
    assert {mib.REFRESH_INTERVAL, mib.REFRESH_AGE, mib.REFRESHES, mib.REFRESH_ERRORS,
            mib.REFRESH_LAST_ERROR} < set(model.names)


def test_get_of_each_instance(model):
    for oids in in_pdus(model.names):
        for oid, found in zip(oids, snmp.get(*oids), strict=True):
            assert same(found, model.instances[model.names.index(oid)])
    for expected in model.instances:
        assert same(snmp.get(expected.oid)[0], expected)


def test_getnext_step_by_step(model):
    oid = mib.ROOT
    for expected in model.instances:
        found, = snmp.get_next(oid)
        assert same(found, expected)
        oid = found.oid


def test_getnext_from_everywhere(model):
    asked = {oid for name in model.names for oid in neighbours(name)} | set(foreign())
    assert len(asked) > 500
    for oids in in_pdus(asked):
        for oid, found in zip(oids, snmp.get_next(*oids), strict=True):
            check_next(model, oid, found)


def check_bulk(model, asked, max_repetitions, non_repeaters=0):
    """Assert that each varbind of the answer is the successor of the previous one in its column."""
    answer = snmp.get_bulk(*asked, max_repetitions=max_repetitions, non_repeaters=non_repeaters)
    repeaters = len(asked) - non_repeaters
    # RFC 3416, section 4.2.3: repetitions that are all past the end need not be answered.
    assert len(answer) == non_repeaters + repeaters * max_repetitions \
        or all(found.type == "endOfMibView" for found in answer[-repeaters:])
    for oid, found in zip(asked[:non_repeaters], answer):
        check_next(model, oid, found)
    current = list(asked[non_repeaters:])
    for place, found in enumerate(answer[non_repeaters:]):
        column = place % repeaters
        check_next(model, current[column], found)
        current[column] = found.oid


@pytest.mark.parametrize("max_repetitions", [1, 2, 3, 10, 21, 22, 23, 60])
def test_getbulk_of_columns_in_every_order(model, max_repetitions):
    columns = (mib.COUNT, mib.LABEL, mib.REFRESH_INTERVAL[:-1])
    for asked in itertools.permutations(columns):
        check_bulk(model, asked, max_repetitions)
    check_bulk(model, (mib.REFRESHES[:-1], *columns), max_repetitions, non_repeaters=1)


def test_getbulk_from_anywhere(model):
    asked = sorted({oid for name in model.names for oid in neighbours(name)})
    for _ in range(100):
        number = random.randint(1, 6)
        check_bulk(model, random.sample(asked, number), random.randint(1, 12),
                   random.randint(0, number - 1))


@pytest.mark.parametrize("below", [
    (), (0,), (1,), (1, 1), (1, 1, 1), (1, 1, 1, 1, 1, 1), (1, 1, 1, 2, 1, 1),
    (1, 1, 1, 99, 1, 1), (1, 1, 2, 3, 1, 1), (1, 8, 99, 0), (1, 8), (0, 1), (99,), (SUB_ID_MAX,)])
def test_unknown_objects_are_reported_as_missing(model, below):
    assert snmp.get(mib.ROOT + below)[0].type == "noSuchObject"


@pytest.mark.parametrize("oid", [
    mib.COUNT + index for index in (
        (0, 1), (1, 0), (1, 12), (2, 12), (3, 1), (1,), (1, 1, 0), (1, 1, 1), (SUB_ID_MAX, 1))
] + [mib.REFRESHES[:-1], mib.REFRESHES[:-1] + (1,), mib.REFRESHES + (0,)])
def test_an_unknown_instance_of_an_object_is_said_to_be_none(model, oid):
    assert snmp.get(oid)[0].type == "noSuchInstance"


def test_one_response_distinguishes_all_three_cases(model):
    assert [found.type for found in snmp.get(
        mib.COUNT + (1, 12), mib.COUNTS[0], mib.ROOT, mib.REFRESHES)] == [
            "noSuchInstance", "Gauge32", "noSuchObject", "Counter32"]


@pytest.mark.parametrize("oid", [mib.COUNTS[4], mib.REFRESH_INTERVAL, mib.COUNT + (9, 9)])
def test_nothing_can_be_set(model, oid):
    with pytest.raises(snmp.SnmpError, match="notWritable"):
        snmp.set_integer(oid, 7, "u")
    with pytest.raises(snmp.SnmpError, match="noAccess"):
        snmp.set_integer(oid, 7, "u", community="reader")
    assert all(same(found, expected)
               for found, expected in zip(snmp.walk(mib.ROOT), model.instances, strict=True))
