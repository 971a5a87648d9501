# SPDX-License-Identifier: BSD-2-Clause
"""A master that is not snmpd: whatever it sends, the agent survives and serves the next snmpd."""

import collections
import itertools
import pathlib
import random
import select
import socket
import struct

import pytest

import mib
import snmp
from agentx_master import (
    CLOSES, CONNECTED, Encoder, HEADER, VIOLATIONS, Master, Violation, NETWORK_BYTE_ORDER,
    NOTIFYING, OPENING, REGISTERED, REGISTERING)
from daemons import AGENT, FAST_AGENT, SANITIZED, served_counts
from faults import Faults
from polling import PATIENCE, until

PHASES = (CONNECTED, OPENING, REGISTERING, REGISTERED, NOTIFYING)
INTERVAL = 0.1
LISTENERS = 3
# The agent's maximum retry delay in seconds.
TRY_AGAIN_MAX = 5
# The allowed cost of a violation: wake-ups, one for each PDU, and temporary memory.
# Requests are served, however many there are; the library takes a kilobyte for each name, several
# times.
Cost = collections.namedtuple("Cost", "pdus kib", defaults=(2000, 8 * 1024))
COSTLY = {"a-flood-of-requests": Cost(100_000), "a-flood-that-nobody-reads": Cost(100_000),
          "Get-of-as-many-as-fit": Cost(kib=64 * 1024)}

CONTEXT_LINES = """\
com2sec -Cn {context} {context}sec 127.0.0.1 public-{context}
group {context}group v2c {context}sec
access {context}group {context} v2c noauth exact everything none none
"""

VALGRIND = ("valgrind", "-q", "--leak-check=no", "--error-exitcode=99",
            f"--suppressions={pathlib.Path(__file__).with_name('valgrind.supp')}")

Victim = collections.namedtuple("Victim", "agent faults phase community waits events peak")


@pytest.fixture
def start_agents(snmpd, make_agent, listeners):
    """start_agents(PHASES): one agent for each phase, in separate contexts, waiting for the master.

    Each has a notification to send.
    """
    def take(phases, program=AGENT, launcher=()):
        listeners.number(LISTENERS)
        agents = [make_agent(f"victim{number}", program) for number in range(len(phases))]
        counted = []
        for number, agent in enumerate(agents):
            agent.configure(refreshInterval=INTERVAL,
                            threshold=f"busy state ipv4 listen {LISTENERS - 1}")
            counted.append(Faults(agent.configuration.parent))
            if not launcher:
                agent.environment.update(counted[-1].environment)
            agent.start("-n", f"victim{number}", launcher=launcher)
            snmpd.more_lines += CONTEXT_LINES.format(context=f"victim{number}")
        for agent in agents:
            agent.wait_until_logged("waiting for snmpd", 5 * PATIENCE)
        return [Victim(agent, faults, phase, f"public-victim{number}", faults.fields.waits,
                        events(faults), agent.resident_peak_kib())
                for number, (agent, faults, phase) in enumerate(zip(agents, counted, phases))]
    return take


def events(faults):
    """Return the number of events that wake the agent up, except PDUs."""
    return faults.fields.schedules + faults.fields.delays


def hold(victims, path, violation):
    return Master(path, {victim.agent.pid: victim.phase for victim in victims}, violation)


def wait_until_heard(master, violation, phase):
    """Also wait for another session where the agent must close one, or the master has."""
    if violation.harmless_from is None or phase < violation.harmless_from \
            or violation.hangs_up:
        until(lambda: violation.hangs_up or master.dropped[phase] >= 1,
              f"the agent closes the session at {phase}")
        until(lambda: master.sessions[phase] >= 2, f"another session at {phase}")
    else:
        until(lambda: master.taken[phase] >= 1, f"all is read at {phase}")
        assert not master.dropped[phase]


def check_recovered(victims, snmpd, cost=Cost()):
    """Assert that the real snmpd, at the same path, serves the agents, and check COST."""
    snmpd.start()
    tried = [victim.faults.fields.connects for victim in victims]
    for victim, tries in zip(victims, tried):
        victim.agent.wait_until_registered(community=victim.community)
        assert victim.faults.fields.connects <= tries + 1
    for agent, faults, phase, community, waits, happened, peak in victims:
        assert max(faults.last_delays()) <= TRY_AGAIN_MAX
        assert faults.fields.waits - waits <= cost.pdus + 10 * (events(faults) - happened)
        assert SANITIZED or agent.resident_peak_kib() - peak <= cost.kib
        assert served_counts(community=community) \
            == {row: LISTENERS if row == (4, "listen") else 0 for row in mib.ROWS}
        assert snmp.get_value(mib.REFRESH_ERRORS, community=community) == 0


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_agent_survives(snmpd, start_agents, name):
    violation = VIOLATIONS[name]
    victims = start_agents(PHASES)
    with hold(victims, snmpd.agentx, violation) as master:
        for phase in PHASES:
            wait_until_heard(master, violation, phase)
        # They have continued to refresh.
        for victim in victims:
            victim.faults.wait_for_refreshes(1)
    check_recovered(victims, snmpd, COSTLY.get(name, Cost()))


# ---- defects of the library's session handling ----

@pytest.mark.parametrize("phase", PHASES)
def test_no_registration_is_lost_when_the_master_closes(snmpd, start_agents, phase):
    """The library considers pending registrations as done."""
    victims = start_agents([phase])
    with hold(victims, snmpd.agentx, CLOSES) as master:
        until(lambda: master.sessions[phase] >= 4, "four sessions closed")
    check_recovered(victims, snmpd)
    snmpd.kill()
    snmpd.start()
    victims[0].agent.wait_until_registered(community=victims[0].community)


@pytest.mark.parametrize("phase", [OPENING, REGISTERING, REGISTERED])
def test_no_alarm_is_left_when_the_master_closes(snmpd, start_agents, phase):
    """Each session that the library leaks adds another retry."""
    victims = start_agents([phase])
    with hold(victims, snmpd.agentx, CLOSES) as master:
        until(lambda: master.sessions[phase] >= 4, "four sessions closed")
        open_files = victims[0].agent.descriptors()
    with hold(victims, snmpd.agentx, VIOLATIONS["an-answer-to-no-request"]) as master:
        # Longer than the retry delay after four sessions.
        until(lambda: master.sessions[phase], "another session")
        victims[0].faults.wait_for_refreshes(10)
        assert master.sessions[phase] <= (2 if phase < REGISTERED else 1)
    # The session's descriptor has replaced the one of the attempt.
    assert victims[0].agent.descriptors() <= open_files + 1
    check_recovered(victims, snmpd)


@pytest.mark.parametrize("phase", [REGISTERED, NOTIFYING])
def test_a_master_that_registers_and_breaks_is_logged_once(snmpd, start_agents, phase):
    """The delays double, and are reset as soon as a session lasts."""
    victim, = victims = start_agents([phase])
    with hold(victims, snmpd.agentx, CLOSES) as master:
        until(lambda: master.sessions[phase] >= 6, "six sessions closed")
        assert {0.1, 0.2, 0.4, 0.8, 1.6} <= set(victim.faults.last_delays())
    log = victim.agent.log
    for words in ("registered with snmpd", "lost the session with snmpd",
                  "snmpd keeps breaking the session"):
        assert log.count(words) == 1, log
    check_recovered(victims, snmpd)
    until(lambda: victim.agent.log.count("registered with snmpd") == 2, "that is logged")
    snmpd.kill()
    until(lambda: victim.agent.log.count("lost the session with snmpd") == 2, "that is logged")
    snmpd.start()
    until(lambda: victim.agent.log.count("registered with snmpd") == 3, "that is logged")


@pytest.mark.parametrize("phase", [OPENING, REGISTERING, REGISTERED, NOTIFYING])
def test_nothing_is_used_after_the_master_closed_when_the_agent_exits(snmpd, start_agents, phase):
    """The library walks the callbacks of the session that it has just freed."""
    victim, = start_agents([phase])
    with hold([victim], snmpd.agentx, CLOSES) as master:
        until(lambda: master.sessions[phase], "a session closed")
        assert victim.agent.stop() == 0


# ---- almost valid PDUs ----

ALMOST_RIGHT = ("Get", "Get-of-900", "Get-in-an-unknown-context", "GetNext", "GetBulk", "TestSet",
                "TestSet-of-each-type", "an-error", "Close", "Notify", "Register")
EDGES = (0, 1, 2, 0x7f, 0x80, 0xfe, 0xff)
MUTATED = 300


def mutate(dice, encoder, in_handshake):
    """Return an almost valid PDU, usually an answer if one is due."""
    if in_handshake and dice.random() < 0.7:
        pdu = bytearray(encoder.answer())
    else:
        pdu = bytearray(b"".join(VIOLATIONS[dice.choice(ALMOST_RIGHT)].speak(encoder)))
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
    """Sends different almost valid PDUs, from the same random numbers in every run.

    The agents do not back off.
    """

    def __init__(self, path, phases):
        self.said = collections.Counter()
        super().__init__(path, phases, Violation(lambda encoder: ()))

    def _converse(self, connection, phase):
        in_handshake = phase < REGISTERED
        encoder = Encoder(self._bring_to(connection, phase), self.sessions[phase] % 2 == 0)
        for _ in range(1 if in_handshake else 20):
            self.said[phase] += 1
            dice = random.Random(f"{phase} {self.said[phase]}")
            self._say(connection, mutate(dice, encoder, in_handshake))
        # If the length was mutated, the agent may wait for more.
        poller = select.poll()
        poller.register(connection, select.POLLRDHUP)
        poller.poll(50)
        connection.shutdown(socket.SHUT_RDWR)


def test_almost_valid_pdus_are_harmless(snmpd, start_agents, listeners):
    victims = start_agents([*4 * (CONNECTED, OPENING, REGISTERING), REGISTERED, NOTIFYING],
                             FAST_AGENT)
    with MutatingMaster(snmpd.agentx, {each.agent.pid: each.phase for each in victims}) as master:
        def enough_said():
            # Each one is sent once, so there have to be many notifications.
            listeners.number(next(number))
            return all(master.said[phase] >= MUTATED for phase in PHASES)
        number = itertools.cycle((LISTENERS - 1, LISTENERS))
        until(enough_said, "enough PDUs are sent at each phase", seconds=300, pause=0.2)
    listeners.number(LISTENERS)
    check_recovered(victims, snmpd, Cost(100_000, 64 * 1024))


# ---- under valgrind, which checks the library as well ----

@pytest.mark.alone
@pytest.mark.skipif(SANITIZED, reason="valgrind cannot run a program with sanitizers")
def test_valgrind_is_silent(snmpd, start_agents, listeners):
    victims = start_agents(PHASES, FAST_AGENT, VALGRIND)
    number = itertools.cycle((LISTENERS - 1, LISTENERS))
    for name in ("closes", "garbage", "an-empty-answer", "the-answer-twice", "an-error",
                 "Get-of-255-sub-ids-and-a-prefix", "Get-in-a-context-past-the-end",
                 "GetBulk-of-everything", "TestSet-cleaned-up", "TestSet-past-the-end",
                 "a-TestSet-and-an-end", "requests-and-an-end", "Register-of-a-range-past-the-name",
                 "Close"):
        with hold(victims, snmpd.agentx, VIOLATIONS[name]) as master:
            for phase in PHASES:
                wait_until_heard(master, VIOLATIONS[name], phase)
        snmpd.start()
        for victim in victims:
            victim.agent.wait_until_registered(community=victim.community)
        snmpd.kill()
        # Causes the next notification.
        listeners.number(next(number))
    for victim in victims:
        assert victim.agent.stop() == 0, victim.agent.log
