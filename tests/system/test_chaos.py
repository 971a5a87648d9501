# SPDX-License-Identifier: BSD-2-Clause
"""One agent through all kinds of failures of snmpd, and failures of agents."""

import socket

import pytest

import mib
import snmp
from daemons import SANITIZED, served_counts, wait_for_refresh
from polling import PATIENCE
from sockets import StateMaker, listener

INTERVAL = 0.25
# The number of refreshes while snmpd is stopped. They take 30 s.
HANG = 120
# The agent's retry delay, and its timeout for answers of snmpd, in seconds.
TRY_AGAIN = 0.1
ANSWER = 5
# Of each of the agents that live through restarts.
RESTARTS = 100
SPIKE = 17
GROWTH_KIB = 128


@pytest.fixture
def maker(network):
    """Sockets of both families, which stay for the whole test."""
    with StateMaker() as maker:
        maker.make(4, "listen", 2)
        maker.make(4, "established", 7)
        maker.make(6, "closeWait", 5)
        maker.make(6, "synSent", 3)
        yield maker


class Life:
    """The state of AGENT, which is registered with SNMPD, and whose events FAULTS counts."""

    def __init__(self, snmpd, agent, faults, expected):
        self.snmpd, self.agent, self.faults = snmpd, agent, faults
        self._expected = expected
        self._open_files = agent.descriptors()
        self._since = raised_since()

    def check_back(self):
        """Assert that the agent serves exact counts after its next attempt to connect to snmpd.

        That attempt is soon.
        """
        tries, decided = self.faults.fields.connects, self.faults.fields.delays
        self.agent.wait_until_registered()
        assert self.faults.fields.connects <= tries + 1
        last = self.faults.delays(max(0, decided - 1))
        assert set(last) <= {TRY_AGAIN, 2 * TRY_AGAIN, 4 * TRY_AGAIN, ANSWER}, last
        assert served_counts() == self._expected
        assert self.agent.descriptors() == self._open_files
        assert raised_since() == self._since

    def check_idle(self, refreshes):
        """For a number of refreshes, while snmpd is not running."""
        assert_not_spinning = self.faults.watch_waits()
        self.faults.wait_for_refreshes(refreshes)
        assert_not_spinning()


def raised_since():
    """Return the date of a threshold that was raised at the start."""
    date = snmp.get_value(mib.of_threshold(mib.THRESHOLD_SINCE_DATE, "leak"))
    assert date is not None
    return date


def refreshes():
    return snmp.get_value(mib.REFRESHES)


def kill_and_start(life):
    life.snmpd.kill()
    life.check_idle(12)
    life.snmpd.start()
    life.check_back()


def stop_and_start(life):
    assert life.snmpd.stop() is not None
    life.snmpd.start()
    life.check_back()


def hang(life):
    """snmpd is stopped while sockets open and close."""
    before, losses = refreshes(), life.agent.log.count("lost")
    peak = mib.of(mib.COUNT_MAX, 4, "listen")
    usual = snmp.get_value(peak)
    life.snmpd.pause()
    spike = [listener() for _ in range(SPIKE)]
    # Some refreshes see them, and far more do not.
    life.faults.wait_for_refreshes(4)
    for opened in spike:
        opened.close()
    life.check_idle(HANG)
    life.snmpd.resume()
    life.check_back()
    assert snmp.get_value(peak) == usual + SPIKE
    assert refreshes() - before >= HANG
    assert life.agent.log.count("lost") == losses


def kill_while_it_hangs(life):
    life.snmpd.pause()
    life.faults.wait_for_refreshes(2)
    life.snmpd.kill()
    life.snmpd.start()
    life.check_back()


def hang_while_it_restarts(life):
    """A new snmpd is stopped before it accepts the agent."""
    life.snmpd.kill()
    life.snmpd.start()
    life.snmpd.pause()
    life.faults.wait_for_refreshes(4)
    life.snmpd.resume()
    life.check_back()


def take_the_socket_away(life):
    """The session does not need the socket's file, but the next one does."""
    life.snmpd.agentx.unlink()
    life.check_back()
    life.snmpd.kill()
    # Another socket, at which nothing listens.
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(life.snmpd.agentx))
        life.check_idle(8)
    life.snmpd.agentx.unlink()
    life.check_idle(8)
    life.snmpd.start()
    life.check_back()


def start_another_agent(life, another):
    """It gives up, and takes nothing with it."""
    another.start()
    assert another.process.wait(PATIENCE) == 1
    life.check_back()


def restart(life):
    life.snmpd.kill()
    life.snmpd.start()
    life.check_back()


@pytest.fixture
def life(snmpd, agent, faults, maker):
    snmpd.start()
    agent.configure(refreshInterval=INTERVAL, window=300,
                    threshold="leak state any closeWait 4")
    agent.start()
    agent.wait_until_registered()
    return Life(snmpd, agent, faults, maker.expected)


def live_through(life, events, record_property):
    """Let EVENTS happen, and assert that no refresh was skipped and no memory was lost."""
    # The first restarts allocate memory that is kept.
    for _ in range(20):
        restart(life)
    resident, before = life.agent.resident_kib(), refreshes()
    scheduled = life.faults.fields.schedules
    for event in events:
        event(life)
    growth = life.agent.resident_kib() - resident
    record_property("observed", f"{growth} KiB more in {len(events)} events")
    assert snmp.get_value(mib.REFRESH_ERRORS) == 0
    assert refreshes() - before >= life.faults.fields.schedules - scheduled - 2
    assert SANITIZED or growth <= GROWTH_KIB


def test_one_agent_lives_through_everything(life, make_agent, record_property):
    another = make_agent("another")
    live_through(life, [
        kill_and_start, stop_and_start, kill_while_it_hangs, hang_while_it_restarts,
        take_the_socket_away, lambda life: start_another_agent(life, another), hang,
    ], record_property)


@pytest.mark.parametrize("agent_number", range(5))
def test_an_agent_lives_through_restarts(life, agent_number, record_property):
    live_through(life, RESTARTS * [restart], record_property)


def test_an_agent_that_was_killed_is_back_with_the_truth(served, snmpd, make_agent, maker):
    """A new agent immediately takes over the context of the killed one."""
    for number in range(5):
        wait_for_refresh()
        assert served_counts() == maker.expected
        served.kill()
        served = make_agent(f"successor{number}")
        served.start()
        served.wait_until_registered()


def test_two_agents_live_through_restarts_side_by_side(served, snmpd, make_agent, maker):
    other = make_agent("other")
    other.start("-n", "ns1")
    other.wait_until_registered(community="public-ns1")
    wait_for_refresh()
    for disturb in 5 * (snmpd.kill, snmpd.stop):
        disturb()
        snmpd.start()
        served.wait_until_registered()
        other.wait_until_registered(community="public-ns1")
        assert served_counts() == served_counts(community="public-ns1") == maker.expected
