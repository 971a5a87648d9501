# SPDX-License-Identifier: BSD-2-Clause
"""The files in snmpd.conf.d, dropped into the configuration that Debian gives to snmpd."""

import socket

import pytest

import mib
import snmp
from listeners import listener
from polling import until
from tcp_states import StateMaker

EVENTS = (1, 3, 6, 1, 2, 1, 88, 2, 0)
_KINDS = {1: "fired", 2: "rising", 3: "falling"}

# The numbers of the monitors, small enough for a test.
_QUICKLY = ((r" -r 10 ", " -r 1 "), (r" \d+ \d+$", " 2 5"), (r"> 100$", "> 2"),
            (r"> 6000$", "> 200"), (r"^#trap2sink", "trap2sink"))


def test_the_counts_are_in_the_view(drop_in, snmpd, agent):
    drop_in("tcp-state-agent.conf")
    snmpd.start()
    agent.start()
    agent.wait_until_registered()
    assert [found.oid for found in snmp.walk(mib.COUNT)] == list(mib.COUNTS)
    # And nothing else has come into it.
    assert snmp.walk(mib.LISTENER_PROCESS)[0].type == "noSuchObject"
    assert "Error" not in snmpd.log and "Warning" not in snmpd.log


def test_the_socket_of_the_group_and_the_default_one(drop_in, snmpd, make_agent, open_path):
    """The latter is in a directory that is root's alone, as snmpd by itself makes it."""
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
    """[(name, kind, instance, value, the other varbinds' values)]"""
    told = []
    for trap_oid, name, _, _, instance, value, *others in snmptrapd.received(below=EVENTS):
        kind = _KINDS[int(trap_oid.value.rpartition(".")[2])]
        told.append((name.value, kind, instance.value, value.value,
                     *(varbind.value for varbind in others)))
    return told


def total(state):
    return snmp.dotted(mib.of_state(mib.TOTAL, state))


def wait_until_told(snmptrapd, *event):
    until(lambda: event in events(snmptrapd), f"{event}", 10, pause=0.1)


@pytest.mark.parametrize("first", ["agent", "snmpd"])
def test_monitors(drop_in, snmptrapd, snmpd, agent, first):
    drop_in("tcp-state-agent.conf")
    drop_in("tcp-state-monitors.conf", _QUICKLY)
    if first == "agent":
        agent.start()
        agent.wait_until_logged("waiting for snmpd")
    snmpd.start()
    listen = snmp.dotted(mib.count(4, "listen"))
    if first == "snmpd":
        wait_until_told(snmptrapd, "countsAbsent", "fired", listen, "")
        agent.start()
    agent.wait_until_registered()
    # snmpd alone asks from here on.
    for name, state in (("timeWait",) * 2, ("closeWait",) * 2, ("synReceived",) * 2):
        wait_until_told(snmptrapd, name, "falling", total(state), 0)

    with StateMaker() as maker:
        for number, state in ((6, "timeWait"), (7, "closeWait"), (8, "synReceived")):
            maker.make(4, state, number)
            wait_until_told(snmptrapd, state, "rising", total(state), number)
    for state in ("closeWait", "synReceived"):
        until(lambda: len([event for event in events(snmptrapd)
                           if event[:2] == (state, "falling")]) == 2, "falling again", 10)

    with listener() as server:
        queued = [socket.create_connection(server.getsockname()) for _ in range(4)]
        port = server.getsockname()[1]
        index = (1, 4, 0, 0, 0, 0, port)
        wait_until_told(snmptrapd, "acceptQueue", "fired",
                        snmp.dotted(mib.LISTEN_QUEUED + index), 4, f"0.0.0.0:{port}")
        for near in queued:
            near.close()

    agent.reconfigure(refreshInterval=3600)
    until(lambda: [event for event in events(snmptrapd)
                   if event[:3] == ("refreshAge", "fired", snmp.dotted(mib.REFRESH_AGE))],
          "old counts", 10, pause=0.1)
    absences = len([event for event in events(snmptrapd) if event[0] == "countsAbsent"])
    assert agent.stop() == 0
    until(lambda: len([event for event in events(snmptrapd) if event[0] == "countsAbsent"])
          > absences, "the counts are absent", 10, pause=0.1)
    assert "Error" not in snmpd.log
