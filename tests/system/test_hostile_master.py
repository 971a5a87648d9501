# SPDX-License-Identifier: BSD-2-Clause
"""A master that is no snmpd: whatever it says, the agent lives on and serves the next snmpd."""

import collections
import itertools
import os
import pathlib
import random
import select
import socket
import struct
import time

import pytest

import mib
import snmp
from agentx_master import (
    CLOSES, CONNECTED, HEADER, NETWORK_BYTE_ORDER, NOTIFYING, OPENING, REGISTERED, REGISTERING,
    Encoder, Master, Misbehaviour, peer)
from daemons import AGENT, SANITIZED, served_counts
from misbehaviours import MISBEHAVIOURS
from polling import until

pytestmark = pytest.mark.usefixtures("undisturbed")

STAGES = (CONNECTED, OPENING, REGISTERING, REGISTERED, NOTIFYING)
# Seconds until the agent tries again; after each session that broke in the handshake twice that.
TRY_AGAIN = 0.1
INTERVAL = 0.1
LISTENERS = 3
# What a misbehaviour may cost the agent, in CPU and in memory for a moment. Requests are served,
# however many there are; the library takes a kilobyte for each name, several times, and walks
# over all that are there to append one.
Cost = collections.namedtuple("Cost", "seconds kib", defaults=(0, 8 * 1024))
COSTLY = {"a-flood-of-requests": Cost(0.3), "a-flood-that-nobody-reads": Cost(0.3),
          "Get-of-as-many-as-fit": Cost(2, 64 * 1024)}

CONTEXT_LINES = """\
com2sec -Cn {context} {context}sec 127.0.0.1 public-{context}
group {context}group v2c {context}sec
access {context}group {context} v2c noauth exact everything none none
"""

# Of the agent there may be a build for valgrind, which cannot run everything.
VALGRIND_AGENT = pathlib.Path(os.environ.get("VALGRIND_AGENT", AGENT))
VALGRIND = ("valgrind", "-q", "--leak-check=no", "--error-exitcode=99",
            f"--suppressions={pathlib.Path(__file__).with_name('valgrind.supp')}")

Hostage = collections.namedtuple("Hostage", "agent stage community began cpu peak")


@pytest.fixture
def take_hostages(snmpd, make_agent, listeners):
    """take_hostages(STAGES): for each an agent, in a context of its own, that awaits its master.

    Each has a notification to send.
    """
    def take(stages, program=AGENT, launcher=(), seconds=5):
        listeners.number(LISTENERS)
        agents = [make_agent(f"hostage{number}", program) for number in range(len(stages))]
        for number, agent in enumerate(agents):
            agent.configure(refreshInterval=INTERVAL,
                            threshold=f"busy state ipv4 listen {LISTENERS - 1}")
            agent.start("-n", f"hostage{number}", launcher=launcher)
            snmpd.more_lines += CONTEXT_LINES.format(context=f"hostage{number}")
        for agent in agents:
            agent.wait_until_logged("waiting for snmpd", seconds)
        return [Hostage(agent, stage, f"public-hostage{number}", time.monotonic(),
                        agent.cpu_seconds(), agent.resident_peak_kib())
                for number, (agent, stage) in enumerate(zip(agents, stages))]
    return take


def hold(hostages, path, misbehaviour):
    return Master(path, {hostage.agent.pid: hostage.stage for hostage in hostages}, misbehaviour)


def wait_until_heard(master, misbehaviour, stage, seconds):
    """And until a session that the agent shall end, or that was ended, is followed by another."""
    if misbehaviour.harmless_from is None or stage < misbehaviour.harmless_from \
            or misbehaviour.hangs_up:
        until(lambda: misbehaviour.hangs_up or master.dropped[stage] >= 1,
              f"the agent ends the session at {stage}", seconds)
        until(lambda: master.sessions[stage] >= 2, f"another session at {stage}")
    else:
        until(lambda: master.taken[stage] >= 1, f"all is read at {stage}", seconds)
        assert not master.dropped[stage]


def check_rescued(hostages, snmpd, sessions, cost=Cost()):
    """By the real snmpd, on the same path.

    SESSIONS is how many were broken at which stage, COST what all that may have cost.
    """
    snmpd.start()
    serving = time.monotonic()
    slack = cost.seconds * (10 if SANITIZED else 1)
    for hostage in hostages:
        backing_off = 0
        if hostage.stage < REGISTERED:
            backing_off = min(5, TRY_AGAIN * 2 ** sessions[hostage.stage])
        hostage.agent.wait_until_registered(community=hostage.community)
        assert time.monotonic() - serving <= 0.5 + backing_off + slack
    for agent, stage, community, began, cpu, peak in hostages:
        elapsed = time.monotonic() - began
        assert SANITIZED or agent.cpu_seconds() - cpu <= 0.05 + cost.seconds + 0.1 * elapsed
        assert SANITIZED or agent.resident_peak_kib() - peak <= cost.kib
        assert served_counts(community=community) \
            == {row: LISTENERS if row == (4, "listen") else 0 for row in mib.ROWS}
        # It never stopped refreshing, however late a busy machine makes it.
        assert snmp.get_value(mib.REFRESHES, community=community) >= 0.5 * elapsed / INTERVAL


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_the_agent_survives(snmpd, take_hostages, name):
    misbehaviour = MISBEHAVIOURS[name]
    hostages = take_hostages(STAGES)
    with hold(hostages, snmpd.agentx, misbehaviour) as master:
        for stage in STAGES:
            # It waits 5 s for an answer, and a PDU that never ends is none.
            wait_until_heard(master, misbehaviour, stage, seconds=15 if SANITIZED else 6)
    check_rescued(hostages, snmpd, master.sessions, COSTLY.get(name, Cost()))


# ---- the faults of the library's own session keeping ----

@pytest.mark.parametrize("stage", STAGES)
def test_no_registration_is_lost_where_the_master_closes(snmpd, take_hostages, stage):
    """The library takes what it was about to register as registered."""
    hostages = take_hostages([stage])
    with hold(hostages, snmpd.agentx, CLOSES) as master:
        until(lambda: master.sessions[stage] >= 4, "four sessions closed")
    check_rescued(hostages, snmpd, master.sessions)
    snmpd.kill()
    snmpd.start()
    assert hostages[0].agent.seconds_until_registered(community=hostages[0].community) <= 0.5


@pytest.mark.parametrize("stage", [OPENING, REGISTERING, REGISTERED])
def test_no_alarm_is_left_where_the_master_closes(snmpd, take_hostages, stage):
    """With each that the library leaves it tries again once more often."""
    hostages = take_hostages([stage])
    with hold(hostages, snmpd.agentx, CLOSES) as master:
        until(lambda: master.sessions[stage] >= 4, "four sessions closed")
        open_files = hostages[0].agent.descriptors()
    with hold(hostages, snmpd.agentx, MISBEHAVIOURS["an-answer-to-no-request"]) as master:
        # Longer than it can be backing off after four.
        until(lambda: master.sessions[stage], "another session")
        begun = time.monotonic()
        until(lambda: time.monotonic() > begun + 1, "a second has passed", pause=0.1)
        assert master.sessions[stage] <= (2 if stage < REGISTERED else 1)
    # The session's own descriptor came in place of the one that was being tried.
    assert hostages[0].agent.descriptors() <= open_files + 1
    check_rescued(hostages, snmpd, {stage: 6})


@pytest.mark.parametrize("stage", [OPENING, REGISTERING, REGISTERED, NOTIFYING])
def test_nothing_is_used_after_the_master_closed_when_the_agent_ends(snmpd, take_hostages, stage):
    """The library goes through the callbacks of the session that it has just freed."""
    hostage, = take_hostages([stage])
    with hold([hostage], snmpd.agentx, CLOSES) as master:
        until(lambda: master.sessions[stage], "a session closed")
        assert hostage.agent.stop() == 0


# ---- many that are almost right ----

ALMOST_RIGHT = ("Get", "Get-of-900", "Get-in-an-unknown-context", "GetNext", "GetBulk", "TestSet",
                "TestSet-of-each-type", "an-error", "Close", "Notify", "Register")
EDGES = (0, 1, 2, 0x7f, 0x80, 0xfe, 0xff)
MUTATED = 300


def mutate(dice, encoder, in_handshake):
    """A PDU that is almost right, mostly an answer where that is due."""
    if in_handshake and dice.random() < 0.7:
        pdu = bytearray(encoder.answer())
    else:
        pdu = bytearray(b"".join(MISBEHAVIOURS[dice.choice(ALMOST_RIGHT)].speak(encoder)))
    for _ in range(dice.randint(0, 3)):
        pdu[dice.randrange(len(pdu))] = dice.choice((*EDGES, dice.randrange(256)))
    if dice.random() < 0.3:
        place = dice.randrange(HEADER, len(pdu))
        pdu[place:place + dice.choice((1, 2, 4, 100))] = dice.randbytes(dice.choice((0, 1, 4, 100)))
    if dice.random() < 0.7:
        order = ">" if pdu[2] & NETWORK_BYTE_ORDER else "<"
        struct.pack_into(f"{order}I", pdu, HEADER - 4, len(pdu) - HEADER)
    return bytes(pdu)


class MutatingMaster(Master):
    """Says PDUs that are almost right, each another, made by the same dice in every run.

    Where that is in the handshake every other session of an agent is a good one, for the agent to
    try again soon.
    """

    def __init__(self, path, stages):
        super().__init__(path, stages, Misbehaviour(lambda encoder: ()))
        self.said = collections.Counter()
        self._good = collections.defaultdict(lambda: itertools.cycle((False, True)))

    def _converse(self, connection, stage):
        in_handshake = stage < REGISTERED
        if in_handshake and next(self._good[peer(connection)]):
            self._bring_to(connection, REGISTERED)
        else:
            encoder = Encoder(self._bring_to(connection, stage), self.sessions[stage] % 2 == 0)
            for _ in range(1 if in_handshake else 20):
                self.said[stage] += 1
                dice = random.Random(f"{stage} {self.said[stage]}")
                self._say(connection, mutate(dice, encoder, in_handshake))
            # It may wait for more, where the length was mutated.
            poller = select.poll()
            poller.register(connection, select.POLLRDHUP)
            poller.poll(50)
        connection.shutdown(socket.SHUT_RDWR)


def test_whatever_is_almost_right_harms_nobody(snmpd, take_hostages, listeners):
    hostages = take_hostages([*4 * (CONNECTED, OPENING, REGISTERING), REGISTERED, NOTIFYING])
    with MutatingMaster(snmpd.agentx, {each.agent.pid: each.stage for each in hostages}) as master:
        def enough_said():
            # Each is told once, so there have to be many notifications.
            listeners.number(next(number))
            return all(master.said[stage] >= MUTATED for stage in STAGES)
        number = itertools.cycle((LISTENERS - 1, LISTENERS))
        until(enough_said, "enough is said at each stage", 60, pause=0.2)
    listeners.number(LISTENERS)
    check_rescued(hostages, snmpd, master.sessions, Cost(1, 64 * 1024))


# ---- under valgrind, which looks into the library too ----

@pytest.mark.skipif(SANITIZED, reason="valgrind cannot run a program with sanitizers")
def test_valgrind_finds_nothing(snmpd, take_hostages, listeners):
    hostages = take_hostages(STAGES, VALGRIND_AGENT, VALGRIND, seconds=30)
    number = itertools.cycle((LISTENERS - 1, LISTENERS))
    for name in ("closes", "garbage", "an-empty-answer", "the-answer-twice", "an-error",
                 "Get-of-255-sub-ids-and-a-prefix", "Get-in-a-context-past-the-end",
                 "GetBulk-of-everything", "TestSet-cleaned-up", "TestSet-past-the-end",
                 "a-TestSet-and-an-end", "requests-and-an-end", "Register-of-a-range-past-the-name",
                 "Close"):
        with hold(hostages, snmpd.agentx, MISBEHAVIOURS[name]) as master:
            for stage in STAGES:
                wait_until_heard(master, MISBEHAVIOURS[name], stage, seconds=6)
        snmpd.start()
        for hostage in hostages:
            hostage.agent.wait_until_registered(community=hostage.community)
        snmpd.kill()
        # For the next notification.
        listeners.number(next(number))
    for hostage in hostages:
        assert hostage.agent.stop(10) == 0, hostage.agent.log
