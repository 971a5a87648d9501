# SPDX-License-Identifier: BSD-2-Clause
"""The thresholds of packaging/tcp-state-agent.conf, as shipped.

Nothing is raised on a healthy host, even during scans and restarts. Each event raises its own
threshold, which is cleared afterwards.
"""

import contextlib
import re
import select
import socket

import pytest

import mib
import snmp
from daemons import SOURCES, TRAPS, wait_for_refresh
from namespace import kernel_count, set_sysctl
from polling import until
from sockets import StateMaker, listener
from traffic import half_open_check, scan

SHIPPED = re.findall(r"^#threshold (.*)$",
                     (SOURCES / "packaging/tcp-state-agent.conf").read_text(), re.MULTILINE)
NAMES = [line.split()[0] for line in SHIPPED]


@pytest.fixture
def agent(snmptrapd, snmpd, agent):
    """The agent, registered, with the shipped thresholds. Notifications are sent."""
    snmpd.more_lines = TRAPS
    snmpd.start()
    agent.configure(threshold=SHIPPED)
    agent.start()
    agent.wait_until_registered()
    return agent


def raised():
    return {name for name in NAMES if snmp.get_value(
        mib.of_threshold(mib.THRESHOLD_STATUS, name)) == mib.RAISED_STATUS}


def wait_until_raised(*names):
    until(lambda: raised() == set(names), f"{names} are raised", pause=0.05)


def assert_silent(snmptrapd):
    """Assert that nothing was raised or sent since the agent started."""
    for _ in range(10):
        wait_for_refresh()
    assert {name: snmp.get_value(mib.of_threshold(mib.THRESHOLD_RAISES, name))
            for name in NAMES} == dict.fromkeys(NAMES, 0)
    assert snmptrapd.received() == []


def dropped(port):
    """0 before the first refresh that lists the endpoint."""
    return snmp.get_value(mib.LISTEN_DROPPED + (1, 4, 127, 0, 0, 1, port)) or 0


def serve(listening, number):
    for _ in range(number):
        with socket.create_connection(listening.getsockname()), listening.accept()[0]:
            pass


def worker(port=0):
    """One of the processes that share a port."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind(("127.0.0.1", port))
    opened.listen(128)
    return opened


# ---- healthy hosts ----

def test_a_scanned_host(agent, snmptrapd):
    with worker() as server:
        port = server.getsockname()[1]
        scan(port)
        for _ in range(40):
            half_open_check(port)
        serve(server, 50)
        until(lambda: dropped(port) >= 75, "the endpoint has counted the scans")
        assert_silent(snmptrapd)
        assert kernel_count("netstat", "TcpExt:", "ListenDrops") == 0


def test_restarted_services(agent, snmptrapd):
    """First one of two workers, then all. Their clients reconnect together."""
    servers = [worker()]
    port = servers[0].getsockname()[1]
    for _ in range(3):
        servers.append(worker(port))
        scan(port)
        with contextlib.ExitStack() as held:
            for _ in range(100):
                held.enter_context(socket.create_connection(("127.0.0.1", port)))
            for server in servers:
                while select.select([server], [], [], 0)[0]:
                    held.enter_context(server.accept()[0])
            wait_for_refresh()
            servers.pop(0).close()
        wait_for_refresh()
    servers.pop().close()
    assert_silent(snmptrapd)


def test_a_restarted_agent(agent, snmptrapd):
    with worker() as server:
        for _ in range(3):
            scan(server.getsockname()[1])
            serve(server, 20)
            assert agent.stop() == 0
            agent.start()
            agent.wait_until_registered()
        assert_silent(snmptrapd)


# ---- real events ----

def notifications(snmptrapd):
    """Return {name: ["raised" or "cleared"...]}."""
    kinds = {}
    for trap_oid, label, *_ in snmptrapd.received():
        kind = {snmp.dotted(mib.RAISED): "raised", snmp.dotted(mib.CLEARED): "cleared"}
        kinds.setdefault(label.value, []).append(kind[trap_oid.value])
    return kinds


@pytest.mark.parametrize("backlog", [128, 4096])
def test_a_syn_flood(agent, snmptrapd, backlog):
    """synReceived is limited by the backlog."""
    with StateMaker() as maker, maker.flood(20000, backlog):
        wait_until_raised("synFlood")
        assert 0 < snmp.get_value(mib.of_state(mib.TOTAL_MAX, "synReceived")) <= backlog + 2
        assert kernel_count("netstat", "TcpExt:", "SyncookiesSent") >= 20000 - backlog - 2
    until(lambda: notifications(snmptrapd) == {"synFlood": ["raised"]}, "it is raised")


def test_a_syn_flood_is_over_and_a_burst_is_none(agent, snmptrapd):
    """A minute after the flood. Each connection of the burst gets a cookie, then."""
    with StateMaker() as maker, maker.flood(20000, 511):
        wait_until_raised("synFlood")
    wait_until_raised()
    sent = kernel_count("netstat", "TcpExt:", "SyncookiesSent")
    set_sysctl("tcp_syncookies", 2)
    with worker() as server:
        serve(server, 300)
        until(lambda: snmp.get_value(mib.of_host("tcpHostSyncookiesSent")) == sent + 300,
              "the burst is counted")
        for _ in range(10):
            wait_for_refresh()
    assert notifications(snmptrapd) == {"synFlood": ["raised", "cleared"]}


def test_a_syn_flood_without_cookies(agent, snmptrapd):
    with StateMaker() as maker, maker.flood(5000, 511, cookies=False):
        wait_until_raised("synDrops", "drops")
    wait_until_raised()
    until(lambda: notifications(snmptrapd) == {name: ["raised", "cleared"]
                                               for name in ("synDrops", "drops")}, "both")


def test_a_full_accept_queue(agent, snmptrapd):
    with listener(backlog=7) as server, contextlib.ExitStack() as clients:
        for _ in range(6):
            clients.enter_context(socket.create_connection(server.getsockname()))
        wait_until_raised("accept")
        for _ in range(6):
            clients.enter_context(server.accept()[0])
        wait_until_raised()
        until(lambda: notifications(snmptrapd) == {"accept": ["raised", "cleared"]}, "both")


def test_a_leak_and_peers_that_do_not_answer(agent, snmptrapd):
    with StateMaker() as maker:
        maker.make(4, "closeWait", 100)
        maker.make(6, "closeWait", 100)
        maker.make(4, "synSent", 50)
        assert_silent(snmptrapd)
        maker.make(6, "closeWait", 1)
        maker.make(6, "synSent", 1)
        wait_until_raised("leak", "unanswered")
    wait_until_raised()
    until(lambda: notifications(snmptrapd) == {name: ["raised", "cleared"]
                                               for name in ("leak", "unanswered")}, "all")
