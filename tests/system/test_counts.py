# SPDX-License-Identifier: BSD-2-Clause
"""The rows of tcpStateCountTable against real sockets, whose number is known exactly."""

import random
import shutil

import pytest

import mib
import snmp
from daemons import AGENT, served_counts, wait_for_refresh
from sockets import StateMaker

CLOSABLE = ("finWait1", "finWait2", "lastAck", "closing")
SORTS = ((4, "plain"), (6, "plain"), (6, "mapped"), (6, "dual"))
KINDS = [(family, state, sort, closed)
         for family, sort in SORTS
         for state in mib.STATES
         for closed in (False, True)
         if (state in CLOSABLE or not closed) and (sort, state) != ("dual", "synSent")]


def make_every_kind(maker, families=(4, 6)):
    for family, state, sort, closed in KINDS:
        if family in families:
            maker.make(family, state, random.randint(0, 9), sort=sort, closed=closed)


def expected_counts(maker):
    """Bound but unconnected sockets are not counted."""
    return {**maker.expected, (4, "closed"): 0, (6, "closed"): 0}


@pytest.mark.smoke
@pytest.mark.parametrize("draw", range(3))
def test_every_kind_of_socket_is_counted(served, draw):
    with StateMaker() as maker:
        make_every_kind(maker)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)


def test_an_empty_network_has_22_zeros(served):
    assert [(found.oid, found.type, found.value) for found in snmp.walk(mib.COUNT)] == [
        (oid, "Gauge32", 0) for oid in mib.COUNTS]


def test_counts_return_to_zero(served):
    with StateMaker() as maker:
        maker.make(4, "established", 5)
        maker.make(6, "listen", 3)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)
    wait_for_refresh()
    assert set(served_counts().values()) == {0}


def test_mptcp_subflows_are_counted(served):
    with StateMaker() as maker:
        maker.make_mptcp(4, 3)
        maker.make_mptcp(6, 2)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)


def test_an_unprivileged_agent_counts_the_sockets_of_others(snmpd, agent, open_path):
    snmpd.start()
    # The build directory may be unreadable for other users.
    agent.program = open_path / "program"
    shutil.copy(AGENT, agent.program)
    agent.configure()
    agent.start(launcher=("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"))
    agent.wait_until_registered()
    with StateMaker() as maker:
        make_every_kind(maker)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)


def test_labels_name_the_row(served):
    assert [found.value for found in snmp.walk(mib.LABEL)] == [
        f"ipv{family} {state}" for family, state in mib.ROWS]
