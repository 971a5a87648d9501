# SPDX-License-Identifier: BSD-2-Clause
"""One snmpd, and an agent in each network namespace: each in a context, with exact numbers."""

import os
import subprocess

import pytest

import mib
import snmp
from daemons import served_counts, wait_for_refresh
from namespace import inside
from polling import until
from sockets import StateMaker

# By SNMP context. "" is the network of snmpd.
SOCKETS = {
    "": ((4, "listen", 2), (6, "established", 3)),
    "web": ((4, "established", 7), (4, "closeWait", 2), (6, "listen", 1)),
    "db": ((4, "timeWait", 4), (6, "established", 5), (6, "synSent", 1)),
}
COMMUNITIES = {"": "public", "web": "public-web", "db": "public-db"}
CREATE_USER = ((r"^#createUser", "createUser"),)


def by_community(context):
    return {"community": COMMUNITIES[context]}


def by_user(context):
    return {"credentials": snmp.as_user("tcpStateReader", "a passphrase", "another passphrase",
                                        context)}


@pytest.fixture
def namespaces():
    """{context: path}, of namespaces that "ip netns" made; that of "" is the test's own."""
    names = {context: f"test-{os.getpid()}-{context}" for context in SOCKETS if context}
    for name in names.values():
        subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield {"": "/proc/thread-self/ns/net",
           **{context: f"/run/netns/{name}" for context, name in names.items()}}
    for name in names.values():
        subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.fixture
def expected(namespaces):
    """{context: the rows expected there}, while the sockets exist."""
    makers = {}
    for context, path in namespaces.items():
        with inside(path):
            makers[context] = StateMaker()
            for family, state, number in SOCKETS[context]:
                makers[context].make(family, state, number)
    yield {context: maker.expected for context, maker in makers.items()}
    for context, maker in makers.items():
        with inside(namespaces[context]):
            maker.close()


@pytest.fixture
def agents(drop_in, expected, namespaces, snmpd, make_agent):
    """{context: agent}, which all serve."""
    drop_in("tcp-state-agent.conf")
    drop_in("tcp-state-contexts.conf", CREATE_USER)
    snmpd.start()
    agents = {}
    for context, path in namespaces.items():
        agents[context] = make_agent(context or "host")
        agents[context].start("-n", context, launcher=("nsenter", f"--net={path}"))
    for context, agent in agents.items():
        agent.wait_until_registered(community=COMMUNITIES[context])
    return agents


def check(expected, how=by_community):
    for context, rows in expected.items():
        wait_for_refresh(**how(context))
        assert served_counts(**how(context)) == rows, context


def gone(context):
    return {found.type for how in (by_community, by_user)
            for found in snmp.get(*mib.COUNTS, **how(context))} \
        <= {"noSuchObject", "noSuchInstance"}


@pytest.mark.parametrize("how", [by_community, by_user])
def test_each_context_has_the_counts_of_its_namespace(agents, expected, how):
    check(expected, how)


def test_the_user_sees_nothing_else(agents):
    """Nor in the default context, in which snmpd has other objects."""
    assert snmp.answers(mib.SYS_UP_TIME, **by_community(""))
    for context in SOCKETS:
        assert snmp.get(mib.SYS_UP_TIME, **by_user(context))[0].type == "noSuchObject"


def test_contexts_come_back_with_snmpd(agents, expected, snmpd):
    snmpd.kill()
    snmpd.start()
    for context, agent in agents.items():
        agent.wait_until_registered(community=COMMUNITIES[context])
    check(expected)
    check(expected, by_user)


def test_an_agent_that_exits_unregisters_only_its_context(agents, expected, snmpd):
    assert agents["web"].stop() == 0
    until(lambda: gone("web"), "the context is empty")
    others = {context: rows for context, rows in expected.items() if context != "web"}
    check(others)
    check(others, by_user)


def test_limits_of_the_first_network_are_in_no_other(agents):
    for context in SOCKETS:
        found = snmp.get(*map(mib.of_host, ("tcpHostOrphansMax", "tcpHostMemoryMax",
                                            "tcpHostTimeWaitsMax")),
                         **by_community(context))
        assert [varbind.type for varbind in found] == ["noSuchInstance"] * 2 + ["Gauge32"]
