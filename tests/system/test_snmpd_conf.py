# SPDX-License-Identifier: BSD-2-Clause
"""The files in snmpd.conf.d, included from Debian's snmpd.conf."""

import socket

import pytest

import mib
import snmp
from polling import until
from sockets import StateMaker, listener

EVENTS = (1, 3, 6, 1, 2, 1, 88, 2, 0)
_KINDS = {1: "fired", 2: "rising", 3: "falling"}

# The numbers of the monitors, small enough for a test.
RISING = 5
_QUICKLY = ((r" -r 10 ", " -r 1 "), (r" \d+ \d+$", f" 2 {RISING}"), (r"^#trap2sink", "trap2sink"))


def test_the_counts_are_in_the_view(drop_in, snmpd, agent):
    drop_in("tcp-state-agent.conf")
    snmpd.start()
    agent.start()
    agent.wait_until_registered()
    assert [found.oid for found in snmp.walk(mib.COUNT)] == list(mib.COUNTS)
    # Nothing else is included.
    assert snmp.walk(mib.LISTENER_PROCESS)[0].type == "noSuchObject"
    assert "Error" not in snmpd.log and "Warning" not in snmpd.log


def test_the_socket_of_the_group_and_the_default_one(drop_in, snmpd, make_agent, open_path):
    """The latter is in a directory that only root can access, as snmpd creates it."""
    drop_in("tcp-state-agent.conf", ((r"root tcp-state-agent$", "root daemon"),))
    drop_in("tcp-state-contexts.conf")
    (open_path / "root").mkdir(0o700)
    default = open_path / "root/agentx"
    snmpd.start()
    for name, options, words in (
            ("outsider", ("-g", "nogroup"), "Permission denied"),
            ("astray", ("-g", "daemon", "-x", default), "Permission denied"),
            ("member", ("-g", "daemon"), "registered with snmpd")):
        agent = make_agent(name)
        agent.start("-u", "nobody", *options)
        agent.wait_until_logged(words)
    of_root = make_agent("of_root")
    of_root.start("-n", "web", "-x", default)
    for community in ("public", "public-web"):
        of_root.wait_until_registered(community=community)


def events(snmptrapd):
    """Return [(name, kind, instance, value, *the other varbinds' values)]."""
    events_found = []
    for trap_oid, name, _, _, instance, value, *others in snmptrapd.received(below=EVENTS):
        kind = _KINDS[int(trap_oid.value.rpartition(".")[2])]
        events_found.append((name.value, kind, instance.value, value.value,
                             *(varbind.value for varbind in others)))
    return events_found


def smallest(state):
    return snmp.dotted(mib.of_state(mib.TOTAL_MIN, state))


def wait_for_event(snmptrapd, *event):
    until(lambda: event in events(snmptrapd), f"{event}", pause=0.1)


@pytest.mark.parametrize("first", ["agent", "snmpd"])
def test_monitors(drop_in, snmptrapd, snmpd, agent, first):
    drop_in("tcp-state-agent.conf")
    drop_in("tcp-state-monitors.conf", _QUICKLY)
    agent.configure(window=1)
    if first == "agent":
        agent.start()
        agent.wait_until_logged("waiting for snmpd")
    snmpd.start()
    listen = snmp.dotted(mib.count(4, "listen"))
    if first == "snmpd":
        wait_for_event(snmptrapd, "countsAbsent", "fired", listen, "")
        agent.start()
    agent.wait_until_registered()
    # Only snmpd requests values from here on.
    for state in ("timeWait", "closeWait", "synSent"):
        wait_for_event(snmptrapd, state, "falling", smallest(state), 0)

    with StateMaker() as maker:
        # A monitor may take a sample before the last socket is made, but not rise then.
        for state in ("timeWait", "closeWait", "synSent"):
            maker.make(4, state, RISING)
            wait_for_event(snmptrapd, state, "rising", smallest(state), RISING)
    for state in ("closeWait", "synSent"):
        until(lambda: len([event for event in events(snmptrapd)
                           if event[:2] == (state, "falling")]) == 2, "falling again")

    with listener() as server:
        queued = [socket.create_connection(server.getsockname()) for _ in range(4)]
        port = server.getsockname()[1]
        index = (1, 4, 0, 0, 0, 0, port)
        wait_for_event(snmptrapd, "acceptQueue", "fired",
                       snmp.dotted(mib.LISTEN_FILL + index), 100, f"0.0.0.0:{port}")
        for near in queued:
            near.close()

    absences = len([event for event in events(snmptrapd) if event[0] == "countsAbsent"])
    assert agent.stop() == 0
    until(lambda: len([event for event in events(snmptrapd) if event[0] == "countsAbsent"])
          > absences, "the counts are absent", 10, pause=0.1)
    assert "Error" not in snmpd.log
