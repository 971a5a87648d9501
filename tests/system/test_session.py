# SPDX-License-Identifier: BSD-2-Clause
"""The agent's session with an absent, killed, hung, broken or refusing snmpd."""

import pathlib

import pytest

import agentx_master
import mib
import snmp
from polling import PATIENCE, until


# The agent's retry delay in seconds.
TRY_AGAIN = 0.1


def ends_at(path):
    """Return the number of sockets at PATH: the listener and the near ends of connections."""
    lines = pathlib.Path("/proc/thread-self/net/unix").read_text().splitlines()
    return sum(line.endswith(f" {path}") for line in lines)


# ---- restarts of snmpd ----

def test_snmpd_absent_at_start(snmpd, faults, agent):
    """The agent retries ten times a second, and the first attempt after the start succeeds."""
    agent.start()
    agent.wait_until_logged("waiting for snmpd")
    tried = faults.fields.delays
    faults.wait_for_tries(10)
    assert set(faults.delays(tried)) == {TRY_AGAIN}
    snmpd.start()
    tries = faults.fields.connects
    agent.wait_until_registered()
    assert faults.fields.connects <= tries + 1


@pytest.mark.smoke
def test_snmpd_stopped_and_started(served, snmpd):
    snmpd.stop()
    served.wait_until_logged("lost the session")
    snmpd.start()
    served.wait_until_registered()


def test_snmpd_paused_and_resumed(faults, served, snmpd):
    snmpd.pause()
    assert_not_spinning = faults.watch_waits()
    with pytest.raises(snmp.SnmpTimeout):
        snmp.get(mib.REFRESHES, timeout=1)
    # Refreshes do not wait for snmpd.
    faults.wait_for_refreshes(15)
    assert_not_spinning()
    snmpd.resume()
    served.wait_until_registered()
    assert snmp.get_value(mib.REFRESHES) >= 15
    assert "lost" not in served.log


def test_snmpd_killed_while_paused(served, snmpd):
    snmpd.pause()
    snmpd.kill()
    snmpd.start()
    served.wait_until_registered()


def test_snmpd_hung_when_the_agent_starts(snmpd, agent):
    snmpd.start()
    snmpd.pause()
    agent.start()
    agent.wait_until_logged(" started")
    with pytest.raises(snmp.SnmpTimeout):
        snmp.get(mib.REFRESHES, timeout=1)
    snmpd.resume()
    agent.wait_until_registered()


def test_agent_paused_and_resumed(served):
    served.pause()
    with pytest.raises((snmp.SnmpError, snmp.SnmpTimeout)):
        snmp.get(mib.REFRESHES, timeout=1)
    served.resume()
    served.wait_until_registered()


# ---- a master that hangs ----

def test_a_full_backlog_does_not_block(snmpd, faults, agent):
    with agentx_master.HungMaster(snmpd.agentx) as master:
        master.fill_backlog()
        agent.start()
        agent.wait_until_logged("waiting for snmpd")
        assert_not_spinning = faults.watch_waits()
        faults.wait_for_refreshes(10)
        faults.wait_for_tries(10)
        assert_not_spinning()
    snmpd.start()
    agent.wait_until_registered()
    assert snmp.get_value(mib.REFRESHES) >= 10


# ---- SIGTERM ----

def test_sigterm_when_registered(served):
    assert served.stop() == 0
    assert snmp.get(mib.REFRESHES)[0].type in ("noSuchObject", "noSuchInstance")


def test_sigterm_when_snmpd_is_absent(agent):
    agent.start()
    agent.wait_until_logged("waiting for snmpd")
    assert agent.stop() == 0


def test_sigterm_when_snmpd_hangs(served, snmpd):
    snmpd.pause()
    assert served.stop() == 0


def test_sigterm_while_opening(snmpd, agent):
    snmpd.start()
    snmpd.pause()
    assert ends_at(snmpd.agentx) == 1
    agent.start()
    until(lambda: ends_at(snmpd.agentx) == 2, "the agent has connected")
    assert agent.stop() == 0


def test_sigterm_when_the_backlog_is_full(snmpd, agent):
    with agentx_master.HungMaster(snmpd.agentx) as master:
        master.fill_backlog()
        agent.start()
        agent.wait_until_logged("waiting for snmpd")
        assert agent.stop() == 0


def test_sigterm_while_registering(snmpd, agent):
    with agentx_master.HungMaster(snmpd.agentx) as master:
        agent.start()
        master.answer_open()
        assert agent.stop() == 0


# ---- two agents ----

def test_a_second_agent_in_the_same_context_gives_up(served, make_agent):
    second = make_agent("second")
    second.start()
    assert second.process.wait(PATIENCE) == 1
    assert "another tcp-state-agent" in second.log
    assert served.running
    assert snmp.get_value(mib.count(4, "listen")) == 0


def test_a_second_agent_takes_over_when_the_first_has_exited(served, make_agent):
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
    served.wait_until_registered()
    second.wait_until_registered(community="public-ns1")
    assert [found.oid for found in snmp.walk(mib.COUNT, community="public-ns1")] \
        == list(mib.COUNTS)
