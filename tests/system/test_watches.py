# SPDX-License-Identifier: BSD-2-Clause
"""tcpWatchTable and tcpWatchStateTable: sets of sockets that the configuration defines."""

import contextlib
import itertools
import random
import socket

import pytest

import cgroups
import mib
import snmp
from cgroups import Cgroups
from daemons import refused, wait_for_refresh
from namespace import set_sysctl
from polling import until, until_equal
from sockets import StateMaker

MOST = 64
MINISOCKETS = ("synReceived", "timeWait")

needs_cgroups = pytest.mark.skipif(cgroups.root() is None, reason="no cgroup v2")


def start(snmpd, agent, *watches, **directives):
    snmpd.start()
    agent.configure(watch=list(watches), **directives)
    agent.start()
    agent.wait_until_registered()


def counts(name, column=mib.WATCH_COUNT):
    """Return {(family, state): sockets} of one watch from one request; None for missing rows."""
    found = snmp.get(*(mib.of_watch(column, name, *row) for row in mib.ROWS))
    return {row: None if varbind.type == "noSuchInstance" else varbind.value
            for row, varbind in zip(mib.ROWS, found, strict=True)}


def none():
    return dict.fromkeys(mib.ROWS, 0)


def only(**states):
    """Return the counts of a watch with IPv4 sockets in STATES, and no others."""
    return none() | {(4, state): number for state, number in states.items()}


def watched():
    """Return the names of the watches with rows, in order."""
    names = []
    for found in snmp.walk(mib.WATCH_COUNT):
        if found.type == "Gauge32" and found.oid[-2:] == (1, 1):
            names.append(bytes(found.oid[len(mib.WATCH_COUNT) + 1:-2]).decode())
    return names


def filters():
    """Return {name: conditions} of tcpWatchTable."""
    return {bytes(found.oid[len(mib.WATCH_FILTER) + 1:]).decode(): found.value
            for found in snmp.walk(mib.WATCH_FILTER) if found.type == "STRING"}


# Not those from which the kernel chooses the other ends' ports, so that no two are the same.
_PORTS = itertools.count(2001)


class Server:
    """A listener on loopback and connections to it, both ends of them."""

    def __init__(self, address="127.0.0.1"):
        self._address = address

    def __enter__(self):
        self._opened = contextlib.ExitStack()
        self._listener = self._opened.enter_context(socket.create_server(
            (self._address, next(_PORTS)), backlog=64))
        self.port = self._listener.getsockname()[1]
        return self

    def __exit__(self, *_):
        self._opened.close()

    def connect(self, number, near="127.0.0.1", far="127.0.0.1"):
        for _ in range(number):
            self._opened.enter_context(socket.create_connection((far, self.port),
                                                                source_address=(near, 0)))
            self._opened.enter_context(self._listener.accept()[0])


# ---- configuration ----

def test_watches_are_served_in_order_of_their_names(snmpd, agent):
    start(snmpd, agent, "web port https,8080", "db  peerPort 5432 \t peer 10.1.0.0/16,2001:db8::/48",
          "vip address 192.0.2.10", "z port 1", "longer port 2")
    assert watched() == ["z", "db", "vip", "web", "longer"]
    assert filters() == {"z": "port 1", "db": "peerPort 5432 peer 10.1.0.0/16,2001:db8::/48",
                         "vip": "address 192.0.2.10", "web": "port https,8080", "longer": "port 2"}
    assert counts("web") == counts("db") == none()
    for family, state in mib.ROWS:
        label = mib.of_watch(mib.WATCH_COUNT_LABEL, "db", family, state)
        assert snmp.get_value(label) == f"db ipv{family} {state}"
    assert snmp.get_value(mib.of_watch(mib.WATCH_SOCKETS, "db")) == 0
    assert snmp.get_value(mib.of_watch(mib.WATCH_PORT_USE, "db")) == 0


def test_no_watch_has_no_rows(served):
    assert snmp.get(mib.of_watch(mib.WATCH_COUNT, "443", 4, "listen"))[0].type == "noSuchInstance"
    assert snmp.get_next(mib.WATCH_STATE_ENTRY)[0].oid == mib.REFRESH_INTERVAL


def test_as_many_as_can_be_configured(snmpd, agent):
    names = [f"w{number}" for number in range(MOST)]
    start(snmpd, agent, *(f"{name} port {number}" for number, name in enumerate(names)))
    assert sorted(watched()) == sorted(names)


@pytest.mark.parametrize("line, problem", [
    ("a", "missing condition"),
    ("a port", "missing list"),
    ("a port 65536", "'65536' is not a port, range or service"),
    ("a port 2-1", "'2-1'"),
    ("a port nosuchservice", "'nosuchservice'"),
    ("a port 1,,2", "''"),
    ("a port 1 port 2", "duplicate condition 'port'"),
    ("a peer 10.0.0.1/8", "beyond the prefix length"),
    ("a peer 10.0.0.0/33", "0 to 32"),
    ("a peer example.org", "'example.org'"),
    ("a unit user.slice", "/user.slice"),
    ("a unit a/b", "'a/b'"),
    ("a colour red", "unknown condition 'colour'"),
    ("each port 80", "each listening"),
    ("a/b port 80", "invalid name 'a/b'"),
    (f"{33 * 'n'} port 80", "invalid name"),
    (f"a port {128 * '1,'}1", "longer than 255")])
def test_an_invalid_watch_is_reported(agent, line, problem):
    agent.configuration.write_text(f"# a comment\nwatch {line}\n")
    refused(agent.run("-f"), str(agent.configuration), "line 2:", "watch", problem)


def test_too_many_watches_are_reported(agent):
    agent.configuration.write_text("".join(f"watch w{number} port 1\n"
                                           for number in range(MOST + 1)))
    refused(agent.run("-f"), str(agent.configuration), f"line {MOST + 1}:", f"'w{MOST}'")


@pytest.mark.parametrize("line, problem", [
    ("watchPort 443", "watch NAME port 443"),
    ("threshold a port 443 listen 1:", "watch WATCH STATE"),
    ("threshold a watch nosuch listen 1:", "unknown watch 'nosuch'"),
    ("threshold a ports nosuch 80", "unknown watch 'nosuch'"),
    ("threshold a watch u timeWait 1", "'u'"),
    ("threshold a watch u synReceived 1", "'u'"),
    ("threshold a ports u 80", "'u'"),
    ("watch u port 1", "duplicate watch name 'u'")])
def test_what_a_watch_cannot_do_is_reported_with_its_line(agent, line, problem):
    agent.configuration.write_text(f"watch u unit a.service\n\n{line}\n")
    refused(agent.run("-f"), str(agent.configuration), "line 3:", problem)


def test_hangup_adds_and_removes_watches(snmpd, agent):
    start(snmpd, agent, "a port 80", "b port 443")
    with StateMaker() as maker:
        port = maker.listener_port(4)
        for watches in ([f"x port {port}"], ["a port 22", f"x port {port}", "b port 443"], [],
                        ["a port 22"]):
            agent.reconfigure(watch=watches)
            wait_for_refresh()
            assert watched() == sorted(line.split()[0] for line in watches)
            if len(watches) % 2 and f"x port {port}" in watches:
                assert counts("x") == only(listen=1)


def test_a_reload_keeps_what_is_unchanged(snmpd, agent):
    """The window and the status of a watch with the same conditions, and no other."""
    with Server() as server:
        port = server.port
        lines = [f"same port {port}", f"other port {port}"]
        thresholds = ["same watch same listen 0", "other watch other listen 0"]
        start(snmpd, agent, *lines, threshold=thresholds, window=3600)
        raises = [mib.of_threshold(mib.THRESHOLD_RAISES, name) for name in ("same", "other")]
        until_equal(lambda: [found.value for found in snmp.get(*raises)], [1, 1], "raises")
        server.connect(5)
        wait_for_refresh()
        agent.reconfigure(watch=[f"same  port  {port}", f"other port {port},1"],
                          threshold=thresholds, window=3600)
        wait_for_refresh()
        low = [mib.of_watch(mib.WATCH_COUNT_MIN, name, 4, "established")
               for name in ("same", "other")]
        assert [found.value for found in snmp.get(*low)] == [0, 5]
        since = [mib.of_threshold(mib.THRESHOLD_RAISES, name) for name in ("same", "other")]
        assert [found.value for found in snmp.get(*since)] == [1, 1]
        assert counts("same") == counts("other") == only(listen=1, established=5)


# ---- ports ----

def make_at_listeners(maker):
    """{port: its sockets}, each with its listener."""
    expected = {maker.listener_port(*kind): {**none(), (kind[0], "listen"): 1}
                for kind in ((4, "plain"), (6, "plain"), (6, "dual"))}
    for family, sort in ((4, "plain"), (6, "plain"), (6, "dual")):
        number = random.randint(1, 9)
        maker.make(family, "synReceived", number, sort=sort)
        expected[maker.listener_port(family, sort)][family, "synReceived"] = number
    for state in set(mib.STATES) - {"closed", "listen", "synSent", "synReceived"}:
        number = random.randint(1, 9)
        maker.make(6, state, number, sort="dual")
        expected[maker.listener_port(6, "dual")][6, state] = number
    return expected


def make_at_one_port(maker, port):
    """Sockets of one local port that are connected to different peers."""
    expected = none()
    set_sysctl("ip_local_port_range", f"{port} {port}")
    for family, sort in ((4, "plain"), (6, "plain"), (6, "mapped")):
        for state in set(mib.STATES) - {"closed", "listen", "synReceived"}:
            number = random.randint(0, 9)
            maker.make(family, state, number, sort=sort)
            expected[family, state] += number
    return {port: expected}


@pytest.mark.parametrize("method", ["full", "derived"])
def test_sockets_of_every_kind(snmpd, agent, method):
    port = 31999
    with StateMaker() as maker:
        expected = {**make_at_listeners(maker), **make_at_one_port(maker, port)}
        start(snmpd, agent, *(f"p{number} port {number}" for number in expected),
              f"below port {port - 1}", f"above port {port + 1}", countMethod=method)
        wait_for_refresh()
        for number, sockets in expected.items():
            assert (number, counts(f"p{number}")) == (number, sockets)
            assert snmp.get_value(mib.of_watch(mib.WATCH_SOCKETS, f"p{number}")) == sum(
                sockets.values())
        assert counts("below") == counts("above") == none()


@pytest.mark.parametrize("bound_inactive", ["no", "yes"])
def test_bound_sockets(snmpd, agent, bound_inactive):
    start(snmpd, agent, "w port 32000", countBoundInactive=bound_inactive)
    with StateMaker() as maker:
        set_sysctl("ip_local_port_range", "32000 32000")
        maker.make(4, "closed", 1)
        wait_for_refresh()
        assert counts("w") == only(closed=int(bound_inactive == "yes"))


def test_minima_and_maxima(snmpd, agent):
    with StateMaker() as maker:
        start(snmpd, agent, f"w port {maker.listener_port(6, 'dual')}", window=2)
        maker.make(6, "established", 5, sort="dual")
        wait_for_refresh()
        low, high = (mib.of_watch(column, "w", 6, "established")
                     for column in (mib.WATCH_COUNT_MIN, mib.WATCH_COUNT_MAX))
        assert [found.value for found in snmp.get(low, high)] == [0, 5]
        until(lambda: [found.value for found in snmp.get(low, high)] == [5, 5],
              "the window is over")


# ---- peers and addresses ----

@pytest.fixture
def pairs():
    """Connections between loopback addresses: a function (from, to, number) that returns the port."""
    with contextlib.ExitStack() as opened:
        def connect(near, far, number, listen=None):
            server = opened.enter_context(Server(listen or far))
            server.connect(number, near, far)
            return server.port
        yield connect


@pytest.mark.parametrize("method", ["full", "derived"])
def test_a_pool_is_counted_by_peer_and_remote_port(snmpd, agent, pairs, method):
    """Both ends of each connection are here: one has the port as its peer's, one as its own."""
    port = pairs("127.0.0.1", "127.1.0.1", 7)
    pairs("127.0.0.1", "127.2.0.1", 5)
    start(snmpd, agent, f"pool peerPort {port}", "net peer 127.1.0.0/16",
          f"both peerPort {port} peer 127.1.0.0/16", f"wrong peerPort {port} peer 127.2.0.0/16",
          "two peer 127.1.0.0/16,127.2.0.0/16", "host address 127.1.0.1",
          "server address 127.1.0.1 peer 127.0.0.1", f"own port {port}", countMethod=method)
    wait_for_refresh()
    assert counts("pool") == counts("net") == counts("both") == only(established=7)
    assert counts("two") == only(established=12)
    assert counts("wrong") == none()
    assert counts("host") == counts("own") == only(established=7, listen=1)
    assert counts("server") == only(established=7)


def test_wildcard_listeners_have_no_address(snmpd, agent, pairs):
    pairs("127.0.0.1", "127.1.0.1", 3, listen="0.0.0.0")
    start(snmpd, agent, "all address 0.0.0.0/0", "some address 127.1.0.0/16", "peer peer 0.0.0.0/0")
    wait_for_refresh()
    assert counts("all") == only(established=6)
    assert counts("some") == only(established=3)
    assert counts("peer") == only(established=6)


def test_mapped_addresses_match_both_forms(snmpd, agent):
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            start(snmpd, agent, f"four port {port} peer 127.0.0.0/8",
                  f"mapped port {port} peer ::ffff:127.0.0.0/104", f"six port {port} peer ::1",
                  f"every port {port} peer ::/0")
            wait_for_refresh()
            for name, number in (("four", 1), ("mapped", 1), ("six", 0), ("every", 1)):
                assert counts(name) == none() | {(6, "established"): number}, name


# ---- each listening ----

def test_each_listening_port_has_a_watch(snmpd, agent):
    with Server() as server:
        port = server.port
        start(snmpd, agent, "each listening", "web port 1", threshold=[f"t watch {port} listen 1:"])
        wait_for_refresh()
        assert filters() == {"web": "port 1", str(port): f"port {port}"}
        server.connect(3)
        wait_for_refresh()
        assert counts(str(port)) == only(listen=1, established=3)
        agent.reconfigure(watch=["each listening", f"{port} peerPort {port}"])
        wait_for_refresh()
        assert filters() == {str(port): f"peerPort {port}"}
        assert counts(str(port)) == only(established=3)
    until_equal(filters, {str(port): f"peerPort {port}"}, "watches")


def test_the_lowest_ports_have_watches_and_the_rest_is_logged_once(snmpd, agent):
    with contextlib.ExitStack() as opened:
        ports = sorted(opened.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
                       for _ in range(MOST + 6))
        start(snmpd, agent, "each listening", "mine port 1")
        agent.wait_until_logged("watches")
        assert set(watched()) == {"mine", *map(str, ports[:MOST - 1])}
        wait_for_refresh()
    assert agent.log.count("too many watches") == 1
    until_equal(watched, ["mine"], "watches")


# ---- the use of local ports ----

def test_port_use_follows_the_connections(snmpd, agent, pairs):
    """20 ports, two of which are reserved; a port in use from two addresses counts once."""
    set_sysctl("ip_local_port_range", "40000 40019")
    set_sysctl("ip_local_reserved_ports", "40003,40010,50000")
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(socket.create_server(("127.0.0.1", 30000), backlog=64))
        start(snmpd, agent, "db peer 127.0.0.1 peerPort 30000", "own port 30000",
              threshold=["dbPorts ports db 80 clear 50"])
        use = mib.of_watch(mib.WATCH_PORT_USE, "db")
        status = mib.of_threshold(mib.THRESHOLD_STATUS, "dbPorts")
        assert snmp.get_value(mib.of_host("tcpHostLocalPorts")) == 18
        used = [opened.enter_context(contextlib.ExitStack())]
        for number in range(1, 19):
            held = opened.enter_context(contextlib.ExitStack())
            held.enter_context(socket.create_connection(server.getsockname()))
            held.enter_context(server.accept()[0])
            used.append(held)
            wait_for_refresh()
            assert snmp.get_value(use) == number * 100 // 18
            assert snmp.get_value(status) == (2 if number * 100 // 18 > 80 else 1)
        with pytest.raises(OSError):
            socket.create_connection(server.getsockname())
        # From another address the same ports can be used.
        for _ in range(3):
            near = socket.create_connection(server.getsockname(), source_address=("127.0.0.2", 0))
            opened.enter_context(near)
            opened.enter_context(server.accept()[0])
        wait_for_refresh()
        assert snmp.get_value(use) == 100
        assert snmp.get_value(mib.of_watch(mib.WATCH_SOCKETS, "db")) == 21
        assert snmp.get_value(mib.of_watch(mib.WATCH_PORT_USE, "own")) == 0
        assert snmp.get_value(mib.of_threshold(mib.THRESHOLD_VALUE, "dbPorts")) == 100


# ---- units ----

def known_counts(name):
    """Return counts() when they are known: on a busy machine the cgroups may not be found in time."""
    def known():
        found = counts(name)
        return found[4, "established"] is not None and found
    return until(known, f"the sockets of {name} are known")


@needs_cgroups
def test_a_unit_has_its_sockets_and_those_below_it(snmpd, agent, pairs):
    with Cgroups() as units:
        with units.inside("a.service"):
            pairs("127.0.0.1", "127.0.0.1", 2)
        with units.inside("a.service/child.scope"):
            pairs("127.0.0.1", "127.0.0.1", 3)
        with units.inside("x.slice/b\\x2dc.service"):
            pairs("127.0.0.1", "127.0.0.1", 4)
        with units.inside("elsewhere/a.service"):
            pairs("127.0.0.1", "127.0.0.1", 1)
        start(snmpd, agent, "a unit a.service", f"only unit {units.path('a.service')}",
              "bc unit b\\x2dc.service", "child unit child.scope", "none unit nosuch.service",
              "two unit b\\x2dc.service,a.service", f"slice unit {units.path('x.slice')}",
              "others port 1")
        wait_for_refresh()
        for name, number, listeners in (("a", 12, 3), ("only", 10, 2), ("bc", 8, 1),
                                        ("child", 0, 0), ("none", 0, 0), ("two", 20, 4),
                                        ("slice", 8, 1)):
            expected = only(established=number, listen=listeners)
            expected |= {(family, state): None for family in (4, 6) for state in MINISOCKETS}
            assert (name, known_counts(name)) == (name, expected)
            sockets = mib.of_watch(mib.WATCH_SOCKETS, name)
            until_equal(lambda: snmp.get_value(sockets), number + listeners, "all sockets")
            absent, = snmp.get(mib.of_watch(mib.WATCH_PORT_USE, name))
            assert absent.type == "noSuchInstance"
        assert counts("others") == none()


@needs_cgroups
@pytest.mark.parametrize("method", ["full", "derived"])
def test_a_unit_is_followed(snmpd, agent, pairs, method):
    """It appears, is removed with sockets left in it, and returns with another id."""
    def established():
        wait_for_refresh()
        return known_counts("a")[4, "established"]
    with Cgroups() as units:
        start(snmpd, agent, "a unit a.service", countMethod=method)
        assert established() == 0
        with units.inside("a.service"):
            pairs("127.0.0.1", "127.0.0.1", 5)
        assert established() == 10
        units.remove("a.service")
        assert established() == 0
        with units.inside("a.service"):
            pairs("127.0.0.1", "127.0.0.1", 3)
        assert established() == 6


@needs_cgroups
def test_a_restarted_unit_loses_no_socket_that_stays(snmpd, agent, pairs):
    """One of two cgroups with the same name is replaced 200 times, with sockets."""
    staying = 10
    established = mib.of_watch(mib.WATCH_COUNT, "a", 4, "established")
    seen = []

    def restart():
        for _ in range(200):
            with units.inside("moving/a.service"):
                server = socket.create_server(("127.0.0.1", 0))
                near = socket.create_connection(server.getsockname())
                far = server.accept()[0]
            for opened in (near, far, server):
                opened.close()
            units.remove("moving/a.service")
            seen.append(snmp.get(established)[0])
    with Cgroups() as units:
        with units.inside("staying/a.service"):
            pairs("127.0.0.1", "127.0.0.1", staying // 2)
        start(snmpd, agent, "a unit a.service")
        restart()
        values = {found.value for found in seen if found.type == "Gauge32"}
        assert values <= {staying, staying + 1, staying + 2}, values
        wait_for_refresh()
        assert known_counts("a")[4, "established"] == staying


def test_without_cgroups_other_watches_are_unaffected(snmpd, agent, pairs):
    """In a mount namespace without them, as ip netns exec makes it."""
    port = pairs("127.0.0.1", "127.0.0.1", 3)
    snmpd.start()
    agent.configure(watch=["a unit a.service", f"b port {port}"],
                    threshold=["t watch a closeWait 0", "u watch b established 0"])
    agent.start(launcher=("unshare", "--mount", "sh", "-c",
                          'mount -t tmpfs tmpfs /sys && exec "$@"', "sh"))
    agent.wait_until_registered()
    wait_for_refresh()
    assert counts("a") == dict.fromkeys(mib.ROWS)
    assert snmp.get_value(mib.of_watch(mib.WATCH_FILTER, "a")) == "unit a.service"
    assert snmp.get(mib.of_watch(mib.WATCH_SOCKETS, "a"))[0].type == "noSuchInstance"
    assert counts("b") == only(listen=1, established=3)
    assert snmp.get(mib.of_threshold(mib.THRESHOLD_VALUE, "t"))[0].type == "noSuchInstance"
    assert snmp.get_value(mib.of_threshold(mib.THRESHOLD_STATUS, "u")) == 2
