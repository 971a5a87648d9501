# SPDX-License-Identifier: BSD-2-Clause
"""The agent's session with snmpd, whatever snmpd does: absent, killed, hung, broken, refusing."""

import pathlib
import time

import pytest

import agentx_master
import mib
import snmp
from daemons import SANITIZED
from polling import until


def ends_at(path):
    """Sockets of PATH: what listens there, and the near end of each connection."""
    lines = pathlib.Path("/proc/thread-self/net/unix").read_text().splitlines()
    return sum(line.endswith(f" {path}") for line in lines)


def seconds_to_stop(agent):
    begun = time.monotonic()
    assert agent.stop() == 0
    return time.monotonic() - begun


# ---- snmpd goes and comes ----

def test_snmpd_absent_at_start(snmpd, agent):
    agent.start()
    agent.wait_until_logged("waiting for snmpd")
    snmpd.start()
    assert agent.seconds_until_registered() <= 0.5


def test_snmpd_stopped_and_started(served, snmpd):
    snmpd.stop()
    served.wait_until_logged("lost the session")
    snmpd.start()
    assert served.seconds_until_registered() <= 0.5


def test_snmpd_paused_and_resumed(served, snmpd):
    snmpd.pause()
    before = served.cpu_seconds()
    with pytest.raises(snmp.SnmpTimeout):
        snmp.get(mib.REFRESHES, timeout=1.5)
    assert SANITIZED or served.cpu_seconds() - before < 0.1
    snmpd.resume()
    until(lambda: snmp.answers(mib.SYS_UP_TIME), "snmpd serves")
    assert served.seconds_until_registered() <= 0.5
    # It went on refreshing all the time and was not lost.
    assert snmp.get_value(mib.REFRESHES) >= 15
    assert "lost" not in served.log


def test_snmpd_killed_while_paused(served, snmpd):
    snmpd.pause()
    snmpd.kill()
    snmpd.start()
    assert served.seconds_until_registered() <= 0.5


def test_snmpd_hung_when_the_agent_starts(snmpd, agent):
    snmpd.start()
    snmpd.pause()
    agent.start()
    agent.wait_until_logged("has started")
    with pytest.raises(snmp.SnmpTimeout):
        snmp.get(mib.REFRESHES, timeout=1)
    snmpd.resume()
    until(lambda: snmp.answers(mib.SYS_UP_TIME), "snmpd serves")
    assert agent.seconds_until_registered() <= 0.5


def test_agent_paused_and_resumed(served):
    served.pause()
    with pytest.raises((snmp.SnmpError, snmp.SnmpTimeout)):
        snmp.get(mib.REFRESHES, timeout=1)
    served.resume()
    served.wait_until_registered()


# ---- a master that hangs ----

def test_a_full_backlog_stops_nothing(snmpd, agent):
    with agentx_master.HungMaster(snmpd.agentx) as master:
        master.fill_backlog()
        agent.configure(refreshInterval=0.5)
        agent.start()
        agent.wait_until_logged("waiting for snmpd")
        begun, before = time.monotonic(), agent.cpu_seconds()
        until(lambda: time.monotonic() >= begun + 3, "3 s have passed", pause=0.1)
        assert SANITIZED or agent.cpu_seconds() - before < 0.03
    snmpd.start()
    assert agent.seconds_until_registered() <= 0.5
    # One at the start, and one every half second since.
    assert snmp.get_value(mib.REFRESHES) >= 7


# ---- SIGTERM ----

def test_sigterm_when_registered(served):
    assert seconds_to_stop(served) < 1
    assert snmp.get(mib.REFRESHES)[0].type in ("noSuchObject", "noSuchInstance")


def test_sigterm_when_snmpd_is_absent(agent):
    agent.start()
    agent.wait_until_logged("waiting for snmpd")
    assert seconds_to_stop(agent) < 1


def test_sigterm_when_snmpd_hangs(served, snmpd):
    snmpd.pause()
    assert seconds_to_stop(served) < 1


def test_sigterm_while_opening(snmpd, agent):
    snmpd.start()
    snmpd.pause()
    assert ends_at(snmpd.agentx) == 1
    agent.start()
    until(lambda: ends_at(snmpd.agentx) == 2, "the agent has connected")
    assert seconds_to_stop(agent) < 1


def test_sigterm_when_the_backlog_is_full(snmpd, agent):
    with agentx_master.HungMaster(snmpd.agentx) as master:
        master.fill_backlog()
        agent.start()
        agent.wait_until_logged("waiting for snmpd")
        assert seconds_to_stop(agent) < 1


def test_sigterm_while_registering(snmpd, agent):
    with agentx_master.HungMaster(snmpd.agentx) as master:
        agent.start()
        master.answer_open()
        assert seconds_to_stop(agent) < 1


# ---- two agents ----

def test_a_second_agent_in_the_same_context_gives_up(served, make_agent):
    second = make_agent("second")
    second.start()
    assert second.process.wait(6) == 1
    assert "another tcp-state-agent" in second.log
    assert served.running
    assert snmp.get_value(mib.count(4, "listen")) == 0


def test_a_second_agent_takes_over_where_the_first_has_ended(served, make_agent):
    assert served.stop() == 0
    second = make_agent("second")
    second.start()
    second.wait_until_registered()


def test_contexts_are_served_side_by_side(served, snmpd, make_agent):
    second = make_agent("second")
    second.configure(refreshInterval=0.7)
    second.start("-n", "ns1")
    second.wait_until_registered(community="public-ns1")
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 100
    assert snmp.get_value(mib.REFRESH_INTERVAL, community="public-ns1") == 700
    snmpd.kill()
    snmpd.start()
    served.wait_until_registered(seconds=0.5)
    second.wait_until_registered(seconds=0.5, community="public-ns1")
    assert [found.oid for found in snmp.walk(mib.COUNT, community="public-ns1")] \
        == list(mib.COUNTS)
