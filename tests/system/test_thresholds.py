# SPDX-License-Identifier: BSD-2-Clause
"""Thresholds: when they are raised and cleared, and that snmptrapd is told each time, once."""

import socket
import time

import pytest

import mib
import snmp
from daemons import INFORM_SECURITY, INFORMS, TRAP_SECURITY, TRAPS, refused, wait_for_refresh
from kernel import set_sysctl
from listeners import listener
from polling import until
from tcp_states import StateMaker

CARRIED = (mib.THRESHOLD_LABEL, mib.THRESHOLD_METRIC, mib.THRESHOLD_VALUE, mib.THRESHOLD_RANGE,
           mib.THRESHOLD_SINCE)
LISTENING = "state ipv4 listen"
# Raised by an IPv6 listener, to show that nothing else is told before it or with it.
LAST = "zLast state ipv6 listen 0"
KEPT = 256


@pytest.fixture
def start(snmptrapd, snmpd, agent):
    """start(THRESHOLD...): snmptrapd, snmpd and the agent, which has the thresholds."""
    def start(*thresholds, **directives):
        snmpd.more_lines = TRAPS
        snmpd.start()
        agent.configure(threshold=list(thresholds), **directives)
        agent.start()
        agent.wait_until_registered()
    return start


def names(notifications):
    """[(name, raised or cleared)], of notifications that are each whole."""
    told = []
    for trap_oid, *carried in notifications:
        assert trap_oid.oid == mib.SNMP_TRAP_OID
        kind = {snmp.dotted(mib.RAISED): "raised", snmp.dotted(mib.CLEARED): "cleared"}
        name = carried[0].value
        assert [found.oid for found in carried] == [
            mib.of_threshold(column, name) for column in CARRIED]
        told.append((name, kind[trap_oid.value]))
    return told


def told(snmptrapd):
    return names(snmptrapd.received())


def wait_until_told(snmptrapd, expected, seconds=5):
    """All of EXPECTED in order, and nothing else; what comes too late is seen by the next."""
    until(lambda: len(told(snmptrapd)) >= len(expected),
          f"{len(expected)} notifications", seconds, pause=0.05)
    assert told(snmptrapd) == expected


def wait_until_nothing_more_is_told(snmptrapd, expected):
    """Notifications keep their order: with the next one, all before it have come."""
    with listener(socket.AF_INET6):
        wait_until_told(snmptrapd, [*expected, ("zLast", "raised")])


def row(name):
    """{column: value}, from one request."""
    columns = [mib.THRESHOLD_ENTRY + (number,) for number in range(2, 10)]
    return dict(zip(columns, (found.value for found in snmp.get(
        *(mib.of_threshold(column, name) for column in columns)))))


def status(name):
    return snmp.get_value(mib.of_threshold(mib.THRESHOLD_STATUS, name))


def wait_until_raised(name):
    until(lambda: status(name) == mib.RAISED_STATUS, f"{name} is raised")


def wait_until_normal(name):
    until(lambda: status(name) == mib.NORMAL, f"{name} is normal")


# ---- what a notification tells ----

def test_traps_and_informs_tell_the_row(snmptrapd, snmpd, agent, listeners):
    snmpd.more_lines = TRAPS + INFORMS
    snmpd.start()
    agent.configure(threshold=f"busy {LISTENING} 2 clear 1")
    agent.start()
    agent.wait_until_registered()
    assert row("busy") == {
        mib.THRESHOLD_METRIC: LISTENING, mib.THRESHOLD_RANGE: "2", mib.THRESHOLD_CLEAR_RANGE: "1",
        mib.THRESHOLD_VALUE: 0, mib.THRESHOLD_STATUS: mib.NORMAL, mib.THRESHOLD_SINCE: 0,
        mib.THRESHOLD_RAISES: 0, mib.THRESHOLD_LABEL: "busy"}
    expected = []
    for number, kind, raises in ((5, mib.RAISED, 1), (1, mib.CLEARED, 1), (3, mib.RAISED, 2)):
        before = snmp.get_value(mib.SYS_UP_TIME)
        listeners.number(number)
        expected.append((kind, number))
        for security in (TRAP_SECURITY, INFORM_SECURITY):
            until(lambda: len(snmptrapd.received(security)) == len(expected), "a notification")
            trap_oid, *carried = snmptrapd.received(security)[-1]
            assert trap_oid == (mib.SNMP_TRAP_OID, "OID", snmp.dotted(kind))
            assert carried == snmp.get(*(mib.of_threshold(column, "busy") for column in CARRIED))
        found = row("busy")
        assert found[mib.THRESHOLD_VALUE] == number
        assert found[mib.THRESHOLD_RAISES] == raises
        assert before - 1 <= found[mib.THRESHOLD_SINCE] <= snmp.get_value(mib.SYS_UP_TIME)


@pytest.mark.parametrize("threshold, fine, wrong", [
    ("a state ipv4 listen 1:", 1, 0),
    ("a state any listen 0:2", 2, 3),
    ("a state ipv4 LISTEN ~:3", 3, 4),
    ("a state ipv4 listen @2:3", 1, 3),
    ("a state ipv4 listen @2:3", 4, 2),
    ("a state ipv4 listen 2:4", 4, 5),
], ids=lambda value: str(value).replace(" ", "_"))
def test_a_value_outside_of_its_range_raises(start, snmptrapd, listeners, threshold, fine, wrong):
    listeners.number(fine)
    start(threshold)
    assert status("a") == mib.NORMAL
    listeners.number(wrong)
    wait_until_told(snmptrapd, [("a", "raised")])
    listeners.number(fine)
    wait_until_told(snmptrapd, [("a", "raised"), ("a", "cleared")])


def test_a_floor_is_told_at_the_start(start, snmptrapd):
    start("web state any established 1:")
    wait_until_told(snmptrapd, [("web", "raised")])
    assert row("web")[mib.THRESHOLD_VALUE] == 0


# ---- hold and hysteresis ----

def wait_for_status(name, wanted, seen):
    """Gather in SEEN, {refresh: (value, status)}, until the status is as WANTED."""
    def look():
        number, value, found = (varbind.value for varbind in snmp.get(
            mib.REFRESHES, mib.of_threshold(mib.THRESHOLD_VALUE, name),
            mib.of_threshold(mib.THRESHOLD_STATUS, name)))
        seen[number] = value, found
        return found == wanted
    until(look, f"the status {wanted}")


def test_hold_counts_refreshes(start, listeners):
    start(f"held {LISTENING} 0 hold 4")
    for number, wanted in ((1, mib.RAISED_STATUS), (0, mib.NORMAL)):
        seen = {}
        listeners.number(number)
        wait_for_status("held", wanted, seen)
        first = min(refresh for refresh, (value, _) in seen.items() if value == number)
        assert max(seen) == first + 3
        assert len([refresh for refresh in seen if refresh >= first]) == 4


def test_a_streak_that_is_broken_counts_for_nothing(start, snmptrapd, listeners):
    start(f"held {LISTENING} 0 hold 3", LAST, refreshInterval=0.3)
    value = mib.of_threshold(mib.THRESHOLD_VALUE, "held")
    for _ in range(3):
        listeners.number(1)
        until(lambda: snmp.get_value(value) == 1, "it is outside")
        listeners.number(0)
        until(lambda: snmp.get_value(value) == 0, "it is inside")
    wait_until_nothing_more_is_told(snmptrapd, [])
    assert row("held")[mib.THRESHOLD_RAISES] == 0


def test_flapping_between_the_ranges_is_not_told(start, snmptrapd, listeners):
    start(f"busy {LISTENING} 5 clear 2", LAST)
    value = mib.of_threshold(mib.THRESHOLD_VALUE, "busy")
    for number in (3, 5, 6, 3, 7, 4, 9, 3, 2, 4, 5, 3, 0):
        listeners.number(number)
        until(lambda: snmp.get_value(value) == number, "the new value")
    wait_until_nothing_more_is_told(snmptrapd, [("busy", "raised"), ("busy", "cleared")])


# ---- the metrics but state ----

def test_the_fill_of_an_accept_queue(start, snmptrapd):
    with listener(backlog=4) as queue:
        port = queue.getsockname()[1]
        start(f"accept listen 0.0.0.0:{port} 50", LAST)
        value = mib.of_threshold(mib.THRESHOLD_VALUE, "accept")
        assert snmp.get_value(value) == 0
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        wait_until_told(snmptrapd, [("accept", "raised")])
        assert snmp.get_value(value) == 75
    # Nothing listens: that is no value, and neither raises nor clears.
    until(lambda: snmp.get(value)[0].type == "noSuchInstance", "the value is gone")
    assert status("accept") == mib.RAISED_STATUS
    for connection in connections:
        connection.close()
    wait_until_nothing_more_is_told(snmptrapd, [("accept", "raised")])
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("", port))
        again.listen(4)
        wait_until_normal("accept")


def test_an_endpoint_of_ipv6(start, snmptrapd):
    with socket.socket(socket.AF_INET6) as queue:
        queue.bind(("::1", 8080))
        queue.listen(1)
        start("accept listen [::1]:8080 80")
        assert status("accept") == mib.NORMAL
        with socket.create_connection(("::1", 8080)):
            wait_until_told(snmptrapd, [("accept", "raised")])
            assert row("accept")[mib.THRESHOLD_VALUE] == 100


def test_the_sockets_of_a_port(start, snmptrapd, listeners):
    with listener() as server:
        port = server.getsockname()[1]
        start(f"gone port {port} listen 1:", f"busy port {port} established 1")
        listeners.number(7)
        with socket.create_connection(("127.0.0.1", port)), \
                socket.create_connection(("127.0.0.1", port)):
            wait_until_told(snmptrapd, [("busy", "raised")])
            assert row("busy")[mib.THRESHOLD_VALUE] == 2
        assert snmp.get_value(mib.of_port(mib.PORT_COUNT, 4, port, "listen")) == 1
    wait_until_told(snmptrapd, [("busy", "raised"), ("busy", "cleared"), ("gone", "raised")])


def test_the_share_of_a_limit_of_the_host(start, snmptrapd):
    """A namespace of its own has a limit of timewaits, but none of orphans and memory."""
    with StateMaker() as maker:
        set_sysctl("tcp_max_tw_buckets", 16)
        start("buckets host tcpTimeWaits 50", "memory host tcpMemory 0:0",
              "orphans host tcpOrphans 0:0", LAST)
        maker.make(4, "timeWait", 8)
        maker.make(4, "finWait1", 2, closed=True)
        until(lambda: row("buckets")[mib.THRESHOLD_VALUE] == 50, "half of the limit")
        assert status("buckets") == mib.NORMAL
        maker.make(6, "timeWait", 4)
        wait_until_told(snmptrapd, [("buckets", "raised")])
        assert row("buckets")[mib.THRESHOLD_VALUE] == 75
        for name in ("memory", "orphans"):
            assert snmp.get(mib.of_threshold(mib.THRESHOLD_VALUE, name))[0].type \
                == "noSuchInstance"
            assert status(name) == mib.NORMAL


# ---- while snmpd is away ----

def several_refreshes():
    """Time for them to pass: while snmpd is away, the agent cannot be asked."""
    begun = time.monotonic()
    until(lambda: time.monotonic() > begun + 0.5, "five intervals have passed")


def test_a_transition_back_and_forth_while_snmpd_is_away(start, snmptrapd, snmpd, listeners):
    start(f"b {LISTENING} 0", f"a {LISTENING} 1", LAST)
    snmpd.kill()
    for number in (1, 2, 0):
        listeners.number(number)
        several_refreshes()
    snmpd.start()
    wait_until_nothing_more_is_told(snmptrapd, [
        ("b", "raised"), ("a", "raised"), ("a", "cleared"), ("b", "cleared")])
    # sysUpTime began after all of that.
    since = mib.of_threshold(mib.THRESHOLD_SINCE, "a")
    assert [varbind.value for _, *carried in snmptrapd.received()
            for varbind in carried if varbind.oid == since] == [0, 0]


def test_a_transition_while_snmpd_hangs(start, snmptrapd, snmpd, listeners):
    start(f"a {LISTENING} 0", LAST)
    snmpd.pause()
    listeners.number(1)
    several_refreshes()
    snmpd.resume()
    wait_until_nothing_more_is_told(snmptrapd, [("a", "raised")])


def test_a_transition_while_snmpd_hangs_before_it_is_killed(start, snmptrapd, snmpd, listeners):
    start(f"a {LISTENING} 0", LAST)
    snmpd.pause()
    listeners.number(1)
    several_refreshes()
    snmpd.kill()
    snmpd.start()
    wait_until_nothing_more_is_told(snmptrapd, [("a", "raised")])


def many(number):
    """Thresholds that are raised and cleared together, and their names in order."""
    order = [f"t{place:04}" for place in range(number)]
    return [f"{name} {LISTENING} 0" for name in order], order


def test_300_transitions_while_snmpd_is_away(start, snmptrapd, snmpd, agent, listeners):
    thresholds, order = many(150)
    start(*thresholds, LAST)
    snmpd.kill()
    for number in (1, 0):
        listeners.number(number)
        several_refreshes()
    snmpd.start()
    expected = [*((name, "raised") for name in order), *((name, "cleared") for name in order)]
    wait_until_told(snmptrapd, expected[-KEPT:])
    wait_until_nothing_more_is_told(snmptrapd, expected[-KEPT:])
    assert snmp.get_value(mib.THRESHOLD_DROPPED) == 300 - KEPT
    assert agent.log.count("the oldest are dropped") == 1
    assert "44 notifications were dropped" in agent.log


def test_more_transitions_at_once_than_are_kept(start, snmptrapd, listeners):
    thresholds, order = many(1000)
    start(*thresholds, LAST)
    expected = []
    for number, kind in ((1, "raised"), (0, "cleared"), (1, "raised")):
        listeners.number(number)
        expected += [(name, kind) for name in order[-KEPT:]]
        wait_until_told(snmptrapd, expected, seconds=10)
    wait_until_nothing_more_is_told(snmptrapd, expected)
    assert snmp.get_value(mib.THRESHOLD_DROPPED) == 3 * (1000 - KEPT)


def test_a_burst_that_fits_is_told_whole(start, snmptrapd, listeners):
    thresholds, order = many(KEPT)
    start(*thresholds)
    expected = []
    for number, kind in 4 * ((1, "raised"), (0, "cleared")):
        listeners.number(number)
        expected += [(name, kind) for name in order]
        wait_until_told(snmptrapd, expected, seconds=10)
    assert snmp.get_value(mib.THRESHOLD_DROPPED) == 0


# ---- the agent's own beginning and end ----

def test_a_new_agent_tells_what_is_raised(start, snmptrapd, agent, listeners):
    listeners.number(1)
    start(f"a {LISTENING} 0", LAST)
    wait_until_told(snmptrapd, [("a", "raised")])
    assert agent.stop() == 0
    agent.start()
    agent.wait_until_registered()
    wait_until_nothing_more_is_told(snmptrapd, 2 * [("a", "raised")])
    assert row("a")[mib.THRESHOLD_RAISES] == 1


# ---- SIGHUP ----

def test_hangup_keeps_what_has_not_changed(start, snmptrapd, agent, listeners):
    listeners.number(1)
    lines = [f"a {LISTENING} 0 clear 0:0 hold 2", f"b {LISTENING} 5", LAST]
    start(*lines)
    wait_until_raised("a")
    before = row("a")
    agent.reconfigure(threshold=lines[::-1])
    wait_for_refresh()
    assert row("a") == before
    wait_until_nothing_more_is_told(snmptrapd, [("a", "raised")])


def test_hangup_clears_what_is_gone(start, snmptrapd, agent, listeners):
    listeners.number(3)
    start(f"a {LISTENING} 0", f"b {LISTENING} 5", LAST)
    wait_until_raised("a")
    agent.reconfigure(threshold=[LAST])
    wait_until_nothing_more_is_told(snmptrapd, [("a", "raised"), ("a", "cleared")])
    assert snmptrapd.received()[1][3].value == 3
    assert snmp.get(mib.of_threshold(mib.THRESHOLD_STATUS, "a"))[0].type == "noSuchInstance"


@pytest.mark.parametrize("changed, told_again", [
    (f"{LISTENING} 1", True), (f"{LISTENING} 0 clear 0:0", True), (f"{LISTENING} 0 hold 2", True),
    ("state any listen 0", True), (f"{LISTENING} 3", False),
], ids=["range", "clear", "hold", "metric", "wider"])
def test_hangup_judges_afresh_what_has_changed(start, snmptrapd, agent, listeners, changed,
                                               told_again):
    listeners.number(3)
    start(f"a {LISTENING} 0", LAST)
    wait_until_raised("a")
    agent.reconfigure(threshold=[f"a {changed}", LAST])
    if told_again:
        wait_until_told(snmptrapd, [("a", "raised"), ("a", "cleared"), ("a", "raised")])
    else:
        wait_until_nothing_more_is_told(snmptrapd, [("a", "raised"), ("a", "cleared")])
    # The row is a new one.
    assert row("a")[mib.THRESHOLD_RAISES] == int(told_again)


def test_hangup_with_a_wrong_threshold_changes_nothing(start, snmptrapd, agent, listeners):
    listeners.number(1)
    start(f"a {LISTENING} 0", LAST)
    wait_until_raised("a")
    before = row("a")
    agent.configure(threshold=["b state ipv4 nonsense 0"])
    agent.hang_up()
    agent.wait_until_logged("the configuration stays as it was")
    assert row("a") == before
    wait_until_nothing_more_is_told(snmptrapd, [("a", "raised")])


# ---- lines that are wrong ----

@pytest.mark.parametrize("line", [
    "",
    "a",
    "a state",
    "a state ipv4",
    "a state ipv4 listen",
    "a state ipv5 listen 10",
    "a state ipv4 open 10",
    "a state ipv4 listen ten",
    "a state ipv4 listen 20:10",
    "a state ipv4 listen 10 20",
    "a state ipv4 listen 10 clear",
    "a state ipv4 listen 10 clear ten",
    "a state ipv4 listen 10 hold",
    "a state ipv4 listen 10 hold 0",
    "a state ipv4 listen 10 hold 1000001",
    "a state ipv4 listen 10 hold 2 hold 2",
    "a state ipv4 listen 10 clear 5 clear 5",
    "a port 0 listen 10",
    "a port 65536 listen 10",
    "a port https listen 10",
    "a listen 127.0.0.1 10",
    "a listen ::1:80 10",
    "a listen [::1] 10",
    "a listen [fe80::1%nosuchdevice]:80 10",
    "a listen 127.0.0.1:0 10",
    "a host tcpAllocated 10",
    "a sockets ipv4 listen 10",
    33 * "a" + " state ipv4 listen 10",
    "\u00e4 state ipv4 listen 10",
], ids=lambda line: line[:40].replace(" ", "_").replace("/", "_") or "empty")
def test_a_wrong_line_is_named(agent, line):
    agent.configuration.write_text(f"# comment\nthreshold {line}\n", encoding="utf-8")
    refused(agent.run("-f"), str(agent.configuration), "line 2:", "threshold")


def test_each_wrong_line_is_named_once(agent):
    agent.configuration.write_text(
        "threshold a state ipv4 listen 10\nthreshold a state ipv4 established 10\n"
        "threshold b state ipv4 nonsense 10\nthreshold c state ipv4 listen ten\n")
    done = agent.run("-f")
    assert done.returncode == 1
    complaints = done.stderr.splitlines()
    assert len(complaints) == 3
    for number, complaint in zip((2, 3, 4), complaints):
        assert f"{agent.configuration}: line {number}:" in complaint
