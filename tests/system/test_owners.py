# SPDX-License-Identifier: BSD-2-Clause
"""tcpOwnerTable, tcpListenOwner and the metric owner: the units and containers of sockets."""

import contextlib
import os
import signal
import socket

import pytest

import cgroups
import mib
import snmp
from cgroups import Cgroups
from daemons import refused, wait_for_refresh
from polling import until, until_equal
from process import children_of
from sockets import StateMaker, listener

pytestmark = pytest.mark.skipif(cgroups.root() is None, reason="no cgroup v2")

# The states that every refresh lists. With countMethod full, established is one of them.
LISTED = tuple(state for state in mib.STATES if state not in ("closed", "established", "timeWait"))
SERVED_MAX = 64
# The first 39 octets, and a hash.
LONG = 39 * "a" + "~f31cdea7"
CONTAINER = "4f5e6d7c8b9a0123456789abcdef0123456789abcdef0123456789abcdef0123"


@pytest.fixture
def units():
    with Cgroups() as made:
        yield made


@pytest.fixture
def listens(units):
    """A function that opens listening sockets in a cgroup. All are closed after the test."""
    with contextlib.ExitStack() as held:
        def opened(cgroup, number=1):
            with units.inside(cgroup):
                return [held.enter_context(listener()) for _ in range(number)]
        yield opened


@pytest.fixture
def maker():
    with StateMaker() as made:
        yield made


def start(snmpd, agent, **directives):
    snmpd.start()
    agent.configure(**{"refreshInterval": 0.1, **directives})
    agent.start()
    agent.wait_until_registered()


def owned(column=mib.OWNER_COUNT):
    """Return {(owner, state): value} of the whole table."""
    found = {}
    for row in snmp.walk(column):
        if row.oid[:len(column)] != column or row.value is None:
            continue
        length = row.oid[len(column)]
        name = bytes(row.oid[len(column) + 1:len(column) + 1 + length]).decode()
        found[name, mib.STATES[row.oid[-1] - 1]] = row.value
    return found


def of(owner, **states):
    """Return the rows of an OWNER with sockets in STATES, and no others."""
    return {(owner, state): states.get(state, 0) for state in LISTED}


def names():
    return sorted({owner for owner, _ in owned()})


def wait_until_named(*expected):
    until_equal(lambda: sorted(set(names()) & set(expected)), sorted(expected), "the owners")


def helper_of(agent):
    helper, = children_of(agent.pid)
    return helper


def table_of(column, index):
    return snmp.get_value(column + index)


# ---- the table ----

def test_sockets_belong_to_their_units(snmpd, agent, units, maker):
    with units.inside("one.service"):
        maker.make(4, "closeWait", 3)
        maker.make(6, "closeWait", 2)
    with units.inside("other.scope/below"):
        maker.make(4, "closeWait", 4)
        maker.make(4, "finWait2", 1)
    start(snmpd, agent)
    wait_until_named("one.service", "other.scope")
    found = owned()
    for name, expected in (("one.service", of("one.service", closeWait=5)),
                           ("other.scope", of("other.scope", closeWait=4, finWait2=1))):
        assert {row: number for row, number in found.items() if row[0] == name} == expected
    labels = owned(mib.OWNER_LABEL)
    assert labels["one.service", "closeWait"] == "one.service closeWait"
    assert owned(mib.OWNER_COUNT_MAX)["other.scope", "closeWait"] == 4


def test_the_sum_is_the_total_in_each_state(snmpd, agent, units, maker):
    for name in ("a.service", "b.service", "c.scope"):
        with units.inside(name):
            for state in LISTED[1:]:
                maker.make(4, state, 2)
                maker.make(6, state, 1)
    maker.make(4, "finWait2", 5, closed=True)
    start(snmpd, agent)
    wait_until_named("a.service", "b.service", "c.scope")
    found = owned()
    for state in LISTED:
        assert sum(number for (_, held), number in found.items() if held == state) \
            == snmp.get_value(mib.of_state(mib.TOTAL, state)), state
    # Requests, and sockets that no process holds.
    assert found["(none)", "synReceived"] == 9
    assert found["(none)", "finWait2"] == 5
    assert found["a.service", "synReceived"] == 0
    # The walk and single requests agree, as do owners in the order of the table.
    for row in snmp.walk(mib.OWNER_COUNT)[::7]:
        assert snmp.get_value(row.oid) == row.value
    order = [row.oid for row in snmp.walk(mib.OWNER_COUNT)]
    assert order == sorted(order)


def test_established_sockets_have_owners_only_if_they_are_listed(snmpd, agent, units, maker):
    with units.inside("one.service"):
        maker.make(4, "established", 7)
        maker.make(4, "closeWait", 1)
    start(snmpd, agent)
    wait_until_named("one.service")
    assert ("one.service", "established") not in owned()
    agent.reconfigure(refreshInterval=0.1, countMethod="full")
    until(lambda: owned().get(("one.service", "established")) == 7, "they are listed")
    assert ("one.service", "timeWait") not in owned()
    agent.reconfigure(refreshInterval=0.1, owners="no")
    until_equal(owned, {}, "no rows")


def test_owners_end_a_window_after_their_last_socket(snmpd, agent, listens):
    opened, = listens("short.service")
    start(snmpd, agent, window=1)
    wait_until_named("short.service")
    opened.close()
    until(lambda: owned().get(("short.service", "listen")) == 0, "its socket is closed")
    until(lambda: "short.service" not in names(), "the window is over")


def test_the_first_refresh_has_names(snmpd, agent, listens):
    listens("one.service", 2)
    start(snmpd, agent, refreshInterval=3600)
    assert owned()["one.service", "listen"] == 2


def test_maxima_outlast_sockets(snmpd, agent, listens):
    opened = listens("short.service", 4)
    start(snmpd, agent)
    wait_until_named("short.service")
    for one in opened:
        one.close()
    until(lambda: owned().get(("short.service", "listen")) == 0, "its sockets are closed")
    assert owned(mib.OWNER_COUNT_MAX)["short.service", "listen"] == 4


def test_only_the_largest_are_served(snmpd, agent, listens):
    for number in range(SERVED_MAX + 6):
        listens(f"w{number:03}.service", 2 if number < SERVED_MAX else 1)
    start(snmpd, agent)
    until(lambda: owned().get(("(others)", "listen")) == 6, "six owners are left out")
    assert [name for name in names() if name.startswith("w")] \
        == [f"w{number:03}.service" for number in range(SERVED_MAX)]
    # One that grows takes the place of the last of those that have as many.
    listens(f"w{SERVED_MAX:03}.service", 2)
    until(lambda: owned().get((f"w{SERVED_MAX:03}.service", "listen")) == 3, "it is served")
    assert f"w{SERVED_MAX - 1:03}.service" not in names()
    assert owned()["(others)", "listen"] == 7


def test_a_thousand_cgroups_at_once(snmpd, agent, listens):
    for number in range(1000):
        listens(f"t{number}.service")
    start(snmpd, agent)
    until(lambda: owned().get(("(others)", "listen")) == 1000 - SERVED_MAX, "all have names")
    assert owned().get(("(unknown)", "listen"), 0) == 0


# ---- names ----

@pytest.mark.parametrize("cgroup, name", [
    ("plain.service/a/b", "plain.service"),
    ("user-7.slice/session-3.scope", "user-7.slice"),
    (f"docker-{CONTAINER}.scope", f"docker-{CONTAINER[:12]}.scope"),
    (72 * "a" + ".scope", LONG),
    (b"caf\xe9.service", r"caf\xe9.service"),
    ("m\u00fcller.service", "m\u00fcller.service")])
def test_names(snmpd, agent, listens, cgroup, name):
    listens(os.fsdecode(cgroup))
    start(snmpd, agent)
    wait_until_named(name)
    assert owned()[name, "listen"] == 1


def test_a_cgroup_without_a_unit_is_named_by_its_path(snmpd, agent, units, listens):
    listens("plain")
    start(snmpd, agent)
    wait_until_named(units.path("plain"))


def test_units_of_the_same_name_are_one_owner(snmpd, agent, listens):
    for user in (1, 2):
        listens(f"user-{user}.slice/same.service")
    start(snmpd, agent)
    until(lambda: owned().get(("same.service", "listen")) == 2, "both are one owner")


def test_a_name_outlasts_its_cgroup(snmpd, agent, units, listens):
    listens("gone.service")
    start(snmpd, agent)
    wait_until_named("gone.service")
    units.remove("gone.service")
    listens("other.service")
    wait_until_named("other.service")
    assert owned()["gone.service", "listen"] == 1
    # An agent that starts now cannot find the name.
    agent.stop()
    agent.start()
    agent.wait_until_registered()
    until(lambda: owned().get(("(unknown)", "listen")) == 1, "the name is lost")
    wait_until_named("other.service")
    assert "gone.service" not in names()


def test_connections_belong_to_their_listener(snmpd, agent, units):
    with contextlib.ExitStack() as held:
        with units.inside("listening.service"):
            opened = held.enter_context(listener())
        near = held.enter_context(socket.create_connection(opened.getsockname()))
        with units.inside("accepting.service"):
            accepted = held.enter_context(opened.accept()[0])
        near.shutdown(socket.SHUT_WR)
        start(snmpd, agent)
        until(lambda: owned().get(("listening.service", "closeWait")) == 1, "the accepted one")
        assert "accepting.service" not in names()
        assert accepted.fileno() >= 0


# ---- without names ----

def test_a_helper_that_hangs_delays_nothing(snmpd, agent, listens):
    listens("early.service")
    start(snmpd, agent)
    wait_until_named("early.service")
    helper = helper_of(agent)
    os.kill(helper, signal.SIGSTOP)
    try:
        listens("late.service")
        until(lambda: owned().get(("(unknown)", "listen")) == 1, "it is counted without a name")
        for _ in range(3):
            wait_for_refresh()
    finally:
        os.kill(helper, signal.SIGCONT)
    wait_until_named("late.service")
    until(lambda: owned()["(unknown)", "listen"] == 0, "it is counted once")


def test_no_cgroups_no_rows(snmpd, agent, listens):
    """In a mount namespace where version 2 is not mounted."""
    opened, = listens("one.service")
    snmpd.start()
    agent.configure(refreshInterval=0.1)
    agent.start(launcher=("unshare", "-m", "sh", "-c", 'umount -l "$0" && exec "$@"',
                          str(cgroups.root())))
    agent.wait_until_registered()
    for _ in range(3):
        wait_for_refresh()
    index = (1, 4, 0, 0, 0, 0, opened.getsockname()[1])
    assert snmp.get_value(mib.LISTEN_SOCKETS + index) == 1
    assert owned() == {}
    assert snmp.get_value(mib.LISTEN_OWNER + index) is None


def test_cgroups_outside_the_namespace_have_no_name(units, listens, snmpd, agent):
    """An agent in a container sees the tree below its own cgroup, and the ids of all."""
    listens("outside.service", 2)
    listens("container/inside.service", 3)
    snmpd.start()
    agent.configure(refreshInterval=0.1)
    mount = 'umount -l "$0" && mount -t cgroup2 none "$0" && exec "$@"'
    enter = 'echo $$ >"$0$1/cgroup.procs" && exec unshare -C -m sh -c "$2" "$0" "${@:3}"'
    agent.start(launcher=("bash", "-c", enter, str(cgroups.root()), units.path("container"),
                          mount))
    agent.wait_until_registered()
    until(lambda: owned().get(("inside.service", "listen")) == 3, "the one inside")
    assert owned()["(unknown)", "listen"] == 2
    assert names() == ["(unknown)", "inside.service"]


# ---- listeners ----

def test_owners_of_an_endpoint(snmpd, agent, units):
    with contextlib.ExitStack() as held:
        sockets = []
        for name, backlog in (("idle.service", 8), ("full.service", 2)):
            with units.inside(name):
                opened = held.enter_context(socket.socket())
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                opened.bind(("127.0.0.1", 4711))
                opened.listen(backlog)
                sockets.append(opened)
        start(snmpd, agent)
        index = (1, 4, 127, 0, 0, 1, 4711)
        until(lambda: table_of(mib.LISTEN_OWNER, index) == "full.service, idle.service",
              "both have names")
        while table_of(mib.LISTEN_QUEUED, index) == 0:
            held.enter_context(socket.create_connection(("127.0.0.1", 4711)))
            wait_for_refresh()
        # The connection waits at either; its owner comes first.
        first = "full.service" if table_of(mib.LISTEN_FILL, index) == 50 else "idle.service"
        until(lambda: table_of(mib.LISTEN_OWNER, index).split(", ")[0] == first,
              "the fullest socket's owner is first")
        agent.reconfigure(refreshInterval=0.1, owners="no")
        until(lambda: table_of(mib.LISTEN_OWNER, index) is None, "no owners")
        assert table_of(mib.LISTEN_SOCKETS, index) == 2


# ---- the metric ----

def test_the_metric_follows_the_largest(snmpd, agent, units, maker):
    with units.inside("small.service"):
        maker.make(4, "closeWait", 3)
    with units.inside("large.service"):
        maker.make(4, "closeWait", 4)
        maker.make(6, "closeWait", 5)
    start(snmpd, agent, threshold=["leak owner any closeWait 8", "flood owner any synReceived 1"])
    maker.make(4, "synReceived", 6)
    leak, flood = (mib.of_threshold(mib.THRESHOLD_VALUE, name) for name in ("leak", "flood"))
    until_equal(lambda: snmp.get_value(leak), 9, "the larger one")
    # Requests have no owner.
    assert snmp.get_value(flood) == 0


@pytest.mark.parametrize("lines, problem", [
    (["threshold t owner any timeWait 1"], "no owner"),
    (["threshold t owner any established 1"], "countMethod full"),
    (["threshold t owner any closed 1"], "countBoundInactive yes"),
    (["threshold t owner any closeWait 1", "owners no"], "owners no"),
    (["threshold t owner nginx.service closeWait 1"], "watch WATCH unit UNIT"),
    (["threshold t owner any nostate 1"], "unknown TCP state"),
    (["threshold t owner any"], "incomplete"),
    (["threshold t state any listen 1", "owners maybe"], "expected yes or no")])
def test_invalid_lines_are_reported(agent, lines, problem):
    agent.configuration.write_text("# a comment\n" + "\n".join(lines) + "\n")
    refused(agent.run("-f"), str(agent.configuration),
            f"line {3 if 'owners maybe' in lines else 2}:", problem)


def test_established_sockets_with_count_method_full(snmpd, agent, units, maker):
    with units.inside("one.service"):
        maker.make(4, "established", 3)
    start(snmpd, agent, countMethod="full", threshold=["t owner any established 100"])
    until_equal(lambda: snmp.get_value(mib.of_threshold(mib.THRESHOLD_VALUE, "t")), 3, "the value")
