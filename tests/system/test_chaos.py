# SPDX-License-Identifier: BSD-2-Clause
"""One agent's life, through all that can happen to snmpd; and what can happen to agents."""

import socket
import time

import pytest

import mib
import snmp
from daemons import SANITIZED, served_counts, wait_for_refresh
from listeners import listener
from polling import until
from tcp_states import StateMaker

pytestmark = pytest.mark.usefixtures("undisturbed")

INTERVAL = 0.25
HANG = 30
RESTARTS = 100 if SANITIZED else 500
SPIKE = 17
GROWTH_KIB = 256


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
    """Of AGENT, which a running SNMPD serves."""

    def __init__(self, snmpd, agent, expected):
        self.snmpd, self.agent = snmpd, agent
        self._expected = expected
        self._open_files = agent.descriptors()

    def check_back(self, seconds=0.5):
        """Snmpd has just begun to serve again: within SECONDS so does the agent, and the truth.

        Returns how many it took.
        """
        taken = self.agent.seconds_until_registered()
        assert taken <= seconds
        assert served_counts() == self._expected
        assert self.agent.descriptors() == self._open_files
        return taken

    def check_idle(self, seconds):
        """While snmpd is away."""
        before = self.agent.cpu_seconds()
        pass_seconds(seconds)
        assert SANITIZED or self.agent.cpu_seconds() - before < 0.01 * seconds

    def resume_snmpd(self):
        """Return as soon as it serves."""
        self.snmpd.resume()
        until(lambda: snmp.answers(mib.SYS_UP_TIME), "snmpd serves")


def pass_seconds(seconds):
    over = time.monotonic() + seconds
    until(lambda: time.monotonic() >= over, f"{seconds} s have passed", seconds + 1, pause=0.05)


def refreshes():
    return snmp.get_value(mib.REFRESHES)


def kill_and_start(life):
    life.snmpd.kill()
    life.check_idle(3)
    life.snmpd.start()
    life.check_back()


def stop_and_start(life):
    assert life.snmpd.stop() is not None
    life.snmpd.start()
    life.check_back()


def hang(life):
    """Snmpd stands still; meanwhile sockets come and go."""
    before, begun, losses = refreshes(), time.monotonic(), life.agent.log.count("lost")
    peak = mib.of(mib.COUNT_MAX, 4, "listen")
    usual = snmp.get_value(peak)
    life.snmpd.pause()
    spike = [listener() for _ in range(SPIKE)]
    # Some refreshes see them, and far more do not.
    pass_seconds(1)
    for opened in spike:
        opened.close()
    life.check_idle(HANG - 1)
    life.resume_snmpd()
    life.check_back()
    assert snmp.get_value(peak) == usual + SPIKE
    assert refreshes() - before >= 0.9 * (time.monotonic() - begun) / INTERVAL
    assert life.agent.log.count("lost") == losses


def kill_while_it_hangs(life):
    life.snmpd.pause()
    pass_seconds(0.5)
    life.snmpd.kill()
    life.snmpd.start()
    life.check_back()


def hang_while_it_restarts(life):
    """A new snmpd stands still before it has accepted the agent."""
    life.snmpd.kill()
    life.snmpd.start()
    life.snmpd.pause()
    pass_seconds(1)
    life.resume_snmpd()
    life.check_back()


def take_the_socket_away(life):
    """The session does not need its file; the next one does."""
    life.snmpd.agentx.unlink()
    life.check_back()
    life.snmpd.kill()
    # Somebody else's, and nobody listens at it.
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(life.snmpd.agentx))
        life.check_idle(2)
    life.snmpd.agentx.unlink()
    life.check_idle(2)
    life.snmpd.start()
    life.check_back()


def start_another_agent(life, another):
    """It gives up, and takes nothing with it."""
    another.start()
    assert another.process.wait(6) == 1
    life.check_back(seconds=0.2)


def restart(life):
    """Returns the seconds that it took: a busy machine delays one of hundreds."""
    life.snmpd.kill()
    life.snmpd.start()
    return life.check_back(seconds=2)


def test_one_agent_lives_through_everything(snmpd, agent, make_agent, maker):
    snmpd.start()
    agent.configure(refreshInterval=INTERVAL, window=300)
    agent.start()
    agent.wait_until_registered()
    life = Life(snmpd, agent, maker.expected)
    another = make_agent("another")
    # The first of each takes memory that is kept.
    for _ in range(20):
        restart(life)
    resident, before, begun = agent.resident_kib(), refreshes(), time.monotonic()

    kill_and_start(life)
    stop_and_start(life)
    kill_while_it_hangs(life)
    hang_while_it_restarts(life)
    take_the_socket_away(life)
    start_another_agent(life, another)
    hang(life)
    taken = [restart(life) for _ in range(RESTARTS)]
    assert sum(seconds > 0.5 for seconds in taken) <= RESTARTS // 100

    assert refreshes() - before >= 0.9 * (time.monotonic() - begun) / INTERVAL
    assert SANITIZED or agent.resident_kib() - resident <= GROWTH_KIB


def test_an_agent_that_was_killed_is_back_with_the_truth(served, snmpd, make_agent, maker):
    """Another takes its place at once, in the context that it can no longer hold."""
    for number in range(5):
        wait_for_refresh()
        assert served_counts() == maker.expected
        served.kill()
        served = make_agent(f"successor{number}")
        served.start()
        assert served.seconds_until_registered() <= (5 if SANITIZED else 0.5)


def test_two_agents_live_through_restarts_side_by_side(served, snmpd, make_agent, maker):
    other = make_agent("other")
    other.start("-n", "ns1")
    other.wait_until_registered(community="public-ns1")
    wait_for_refresh()
    for disturb in 5 * (snmpd.kill, snmpd.stop):
        disturb()
        snmpd.start()
        assert served.seconds_until_registered() <= 0.5
        assert other.seconds_until_registered(community="public-ns1") <= 0.5
        assert served_counts() == served_counts(community="public-ns1") == maker.expected
