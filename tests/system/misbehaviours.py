# SPDX-License-Identifier: BSD-2-Clause
"""What a master may say that snmpd never says: MISBEHAVIOURS, by name, for agentx_master.Master."""

import random
import time

import mib
from agentx_master import (
    ADD_AGENT_CAPS, CLEANUP_SET, CLOSE, CLOSES, COMMIT_SET, GET, GET_BULK, GET_NEXT, HEADER,
    INDEX_ALLOCATE, INDEX_DEALLOCATE, NON_DEFAULT_CONTEXT, NOTIFY, OPEN, PING, REGISTER,
    REGISTERED, REGISTERING, REMOVE_AGENT_CAPS, RESPONSE, SESSION, TEST_SET, UNDO_SET, UNREGISTER,
    Misbehaviour)
from daemons import SANITIZED

INTEGER, OCTET_STRING, OBJECT_ID, OPAQUE, COUNTER64 = 2, 4, 6, 0x44, 0x46
NAME = mib.COUNTS[0]


def says(*speakers, **how):
    """Of each of SPEAKERS, functions of an Encoder, what it returns."""
    return Misbehaviour(lambda encoder: [speak(encoder) for speak in speakers], **how)


def asks(kind, payload=lambda encoder: b"", **header):
    return says(lambda encoder: encoder.pdu(kind, payload(encoder), **header))


def search(*ranges):
    """The payload of a Get: from each of RANGES to no end."""
    return lambda encoder: b"".join(encoder.oid(*name) + encoder.oid() for name in ranges)


def bulk(non_repeaters, repetitions, *ranges):
    return lambda encoder: encoder.shorts(non_repeaters, repetitions) + search(*ranges)(encoder)


def assigns(kind, value, name=NAME):
    """The payload of a TestSet: VALUE(ENCODER) is of the type KIND."""
    return lambda encoder: encoder.varbind(kind, name, value(encoder))


def slowly(encoder):
    """A header, and of what it announces an octet now and then."""
    yield encoder.pdu(GET, length=1000)
    for _ in range(20):
        time.sleep(0.02)
        yield b"\1"


def flood(encoder):
    for _ in range(2 if SANITIZED else 20):
        yield 1000 * encoder.pdu(GET, search(NAME)(encoder))


def unread_flood(encoder):
    """More answers than a socket holds."""
    for _ in range(100):
        yield encoder.pdu(GET, search(*400 * (NAME,))(encoder))


def assign_one(encoder):
    return encoder.pdu(TEST_SET, assigns(INTEGER, lambda e: e.integers(7))(encoder),
                       transaction=99)


def clean_up(encoder):
    return encoder.pdu(CLEANUP_SET, transaction=99)


# What a subagent may well be told in a session, or need not care about: it is answered or ignored.
_HARMLESS = {
    "an-answer-to-no-request": says(lambda e: e.answer(packet=0x7FFFFFFF)),
    "an-error": says(lambda e: e.answer(error=256)),
    "Get": asks(GET, search(NAME)),
    "Get-of-nothing": asks(GET),
    "Get-of-900": asks(GET, search(*900 * (NAME,))),
    "Get-of-as-many-as-fit": asks(GET, lambda e: 8180 * (e.oid() + e.oid())),
    "Get-outside-the-registration": asks(GET, search(mib.SYS_UP_TIME, (0, 0), (3,))),
    "Get-of-200-sub-ids": asks(GET, search(mib.ROOT + 190 * (1,))),
    "Get-of-255-sub-ids-and-a-prefix": asks(
        GET, lambda e: e.oid(*255 * (1,), prefix=4) + e.oid()),
    "Get-in-an-unknown-context": asks(
        GET, lambda e: e.octets(b"nowhere") + search(NAME)(e), flags=NON_DEFAULT_CONTEXT),
    "GetNext": asks(GET_NEXT, search(mib.ROOT, NAME)),
    "GetNext-that-ends-before-it-begins": asks(
        GET_NEXT, lambda e: e.oid(*NAME, include=1) + e.oid(1)),
    "GetBulk": asks(GET_BULK, bulk(1, 10, mib.ROOT, NAME)),
    "GetBulk-of-everything": asks(GET_BULK, bulk(0, 65535, *200 * (mib.ROOT,))),
    "GetBulk-with-more-non-repeaters-than-names": asks(GET_BULK, bulk(65535, 65535, NAME)),
    "TestSet": says(assign_one),
    "TestSet-cleaned-up": says(lambda e: assign_one(e) + clean_up(e) + clean_up(e)),
    "TestSet-of-nothing": asks(TEST_SET),
    "TestSet-a-thousand-times": says(lambda e: 1000 * assign_one(e)),
    "TestSet-of-each-type": says(lambda e: e.pdu(TEST_SET, b"".join(
        e.varbind(kind, NAME, value) for kind, value in (
            (OPAQUE, e.octets(b"\x9fx\4abcd")), (OPAQUE, e.octets(b"\x9f")),
            (COUNTER64, e.integers(1, 2)), (OBJECT_ID, e.oid(*NAME)),
            (OCTET_STRING, e.octets(1000 * b"a")))))),
    "CleanupSet-of-no-set": says(clean_up),
    "a-flood-of-requests": Misbehaviour(flood),
    "requests-and-an-end": says(lambda e: 100 * e.pdu(GET, search(NAME)(e)), hangs_up=True),
    "a-TestSet-and-an-end": says(assign_one, hangs_up=True),
    "an-octet-now-and-then": Misbehaviour(slowly),
}

_BROKEN = {
    "closes": CLOSES,
    "garbage": says(lambda e: random.Random(1).randbytes(4096)),
    "another-protocol": says(lambda e: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "half-a-header-and-an-end": says(lambda e: e.answer()[:HEADER // 2], hangs_up=True),
    "half-a-PDU-and-an-end": says(lambda e: e.answer()[:HEADER + 4], hangs_up=True),
    "an-answer-of-version-0": says(lambda e: e.answer(version=0)),
    "an-answer-of-version-2": says(lambda e: e.answer(version=2)),
    "an-answer-of-version-255": says(lambda e: e.answer(version=255)),
    "an-answer-to-another-session": says(lambda e: e.answer(session=SESSION + 1, packet=1)),
    "an-empty-answer": asks(RESPONSE),
    "an-answer-of-an-odd-length": says(lambda e: e.answer(varbinds=b"\0")),
    "an-answer-with-half-a-varbind": says(lambda e: e.answer(varbinds=e.shorts(INTEGER, 0))),
    "an-answer-with-a-context": says(lambda e: e.answer(flags=NON_DEFAULT_CONTEXT)),
    "an-answer-with-all-flags": says(lambda e: e.answer(flags=0xEF)),
    "a-PDU-of-4-GiB": asks(GET, length=0xFFFFFFFC),
    "a-PDU-of-4-GiB-that-overflows-to-nothing": asks(GET, length=0x100000000 - HEADER),
    "a-PDU-of-4-GiB-that-overflows-to-4": asks(GET, length=0x100000004 - HEADER),
    "a-PDU-of-2-GiB": asks(GET, length=0x7FFFFFFC),
    "a-PDU-of-1-MiB": asks(GET, lambda e: (1024 * 1024 - HEADER) // 8 * search((0,))(e)[:8]),
    "a-PDU-of-64-KiB": asks(GET, lambda e: bytes(65536)),
    "Get-in-another-session": asks(GET, search(NAME), session=SESSION + 1),
    "Get-of-half-a-range": asks(GET, lambda e: e.oid(*NAME)),
    "Get-of-fewer-sub-ids-than-told": asks(GET, lambda e: e.oid(1, number=255)),
    "Get-of-more-sub-ids-than-told": asks(GET, lambda e: e.oid(*NAME, number=1) + e.oid()),
    "Get-in-a-context-past-the-end": asks(
        GET, lambda e: e.octets(b"ns1", length=1000), flags=NON_DEFAULT_CONTEXT),
    "Get-in-a-context-of-4-GiB": asks(
        GET, lambda e: e.octets(b"ns1", length=0xFFFFFFFF), flags=NON_DEFAULT_CONTEXT),
    "Get-in-no-context": asks(GET, flags=NON_DEFAULT_CONTEXT),
    "GetBulk-of-no-number": asks(GET_BULK),
    "TestSet-past-the-end": asks(
        TEST_SET, assigns(OCTET_STRING, lambda e: e.octets(b"abc", length=1000))),
    "TestSet-of-4-GiB": asks(
        TEST_SET, assigns(OCTET_STRING, lambda e: e.octets(b"abc", length=0xFFFFFFFF))),
    "TestSet-of-almost-4-GiB": asks(
        TEST_SET, assigns(OCTET_STRING, lambda e: e.octets(b"abc", length=0xFFFFFFFB))),
    "TestSet-of-an-unknown-type": asks(TEST_SET, assigns(0x77, lambda e: e.integers(1))),
    "TestSet-of-half-a-Counter64": asks(TEST_SET, assigns(COUNTER64, lambda e: e.integers(1))),
    "CommitSet-of-no-set": asks(COMMIT_SET),
    "UndoSet-of-no-set": asks(UNDO_SET),
    "CommitSet-of-a-refused-set": says(assign_one, lambda e: e.pdu(COMMIT_SET, transaction=99)),
    "Close": asks(CLOSE, lambda e: b"\1\0\0\0"),
    "Close-without-a-reason": asks(CLOSE),
    "Open": asks(OPEN, lambda e: b"\1\0\0\0" + e.oid(1) + e.octets(b"me")),
    "Register": asks(REGISTER, lambda e: b"\0\x7f\0\0" + e.oid(*mib.ROOT)),
    "Register-of-a-range-past-the-name": asks(
        REGISTER, lambda e: b"\0\x7f\xff\0" + e.oid(*mib.ROOT)),
    "Unregister": asks(UNREGISTER, lambda e: b"\0\x7f\0\0" + e.oid(*mib.ROOT)),
    "Notify": asks(NOTIFY, assigns(OBJECT_ID, lambda e: e.oid(*mib.RAISED),
                                   mib.SNMP_TRAP_OID)),
    "Ping": asks(PING),
    "IndexAllocate": asks(INDEX_ALLOCATE, assigns(INTEGER, lambda e: e.integers(7))),
    "IndexDeallocate": asks(INDEX_DEALLOCATE, assigns(INTEGER, lambda e: e.integers(7))),
    "AddAgentCaps": asks(ADD_AGENT_CAPS, lambda e: e.oid(1) + e.octets(b"all", length=99)),
    "RemoveAgentCaps": asks(REMOVE_AGENT_CAPS, lambda e: e.oid(*mib.ROOT)),
    "type-0": asks(0),
    "type-19": asks(19),
    "type-255": asks(255, search(NAME)),
    "a-flood-that-nobody-reads": Misbehaviour(unread_flood, reads=False),
}


MISBEHAVIOURS = {
    **{name: how._replace(harmless_from=REGISTERED) for name, how in _HARMLESS.items()},
    "the-answer-twice": says(lambda e: e.answer() + e.answer(), harmless_from=REGISTERING),
    **_BROKEN,
}
