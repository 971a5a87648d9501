# SPDX-License-Identifier: BSD-2-Clause
"""tcpPortStateTable: the sockets of the local ports that the configuration names."""

import random

import pytest

import mib
import snmp
from daemons import refused, wait_for_refresh
from namespace import set_sysctl
from polling import until
from sockets import StateMaker

MOST = 64


def start(snmpd, agent, *ports, **directives):
    snmpd.start()
    agent.configure(watchPort=list(ports), **directives)
    agent.start()
    agent.wait_until_registered()


def counts(port):
    """Return {(family, state): sockets} of one port from one request."""
    found = snmp.get(*(mib.of_port(mib.PORT_COUNT, family, port, state)
                       for family, state in mib.ROWS))
    return dict(zip(mib.ROWS, (varbind.value for varbind in found), strict=True))


def none():
    return dict.fromkeys(mib.ROWS, 0)


def watched():
    """Return the ports that have rows, in order, which must be the same in both families."""
    ports = [found.oid[len(mib.PORT_COUNT):][1] for found in snmp.walk(mib.PORT_COUNT)
             if found.type == "Gauge32" and found.oid[-1] == 1]
    assert ports[:len(ports) // 2] == ports[len(ports) // 2:]
    return ports[:len(ports) // 2]


# ---- which ports ----

def test_by_number_and_by_service_name(snmpd, agent):
    start(snmpd, agent, "https", 80, 47001, 65535, 1, "https", 443)
    assert watched() == [1, 80, 443, 47001, 65535]
    for port, name in ((443, "443/https"), (80, "80/http"), (47001, "47001")):
        assert counts(port) == none()
        for family, state in mib.ROWS:
            assert snmp.get_value(mib.of_port(mib.PORT_LABEL, family, port, state)) \
                == f"ipv{family} {name} {state}"


def test_a_label_is_utf8_with_any_service_name(snmpd, agent, tmp_path):
    """tcpPortStateLabel is an SnmpAdminString."""
    names = {4701: b'quo"te', 4702: b"back\\slash", 4704: b"m\xfcnze", 4705: "m\u00fcnze".encode(),
             4706: b"\x1b[2J", 4707: b"\xed\xa0\x80", 4708: ("x" + 20 * "\u20ac").encode(),
             4709: 40 * b"\xff"}
    labels = {4701: 'quo"te', 4702: "back\\slash", 4704: "m\\xfcnze", 4705: "m\u00fcnze",
              4706: "\\x1b[2J", 4707: "\\xed\\xa0\\x80", 4708: "x" + 10 * "\u20ac",
              4709: 31 * "\\xff"}
    services = tmp_path / "services"
    services.write_bytes(b"".join(name + b" %d/tcp\n" % port for port, name in names.items()))
    snmpd.start()
    agent.configure(watchPort=list(names))
    agent.start(launcher=("unshare", "--mount", "sh", "-c",
                          f'mount --bind {services} /etc/services && exec "$@"', "sh"))
    agent.wait_until_registered()
    for port, label in labels.items():
        oid = mib.of_port(mib.PORT_LABEL, 6, port, "synReceived")
        assert snmp.get_octets(oid).decode() == f"ipv6 {port}/{label} synReceived"


def test_no_port_has_no_rows(served):
    assert snmp.get(mib.of_port(mib.PORT_COUNT, 4, 443, "listen"))[0].type == "noSuchInstance"
    assert snmp.get_next(mib.PORT_STATE_ENTRY)[0].oid == mib.REFRESH_INTERVAL


def test_as_many_as_can_be_watched(snmpd, agent):
    ports = [65535 - 7 * number for number in range(MOST)]
    start(snmpd, agent, *ports, ports[0])
    assert watched() == sorted(ports)


@pytest.mark.parametrize("ports", [
    [0], [65536], [-1], ["nosuchservice"], ["80x"], [""], range(1, MOST + 2)],
    ids=lambda ports: f"{len(ports)}_{ports[0]}")
def test_an_invalid_port_is_reported(agent, ports):
    agent.configuration.write_text("".join(f"watchPort {port}\n" for port in ports))
    refused(agent.run("-f"), str(agent.configuration), f"line {len(ports)}:", "watchPort")


def test_ports_of_thresholds_count_too(agent):
    agent.configure(watchPort=list(range(1, MOST + 1)), threshold=[
        "a port 64 listen 1:", "b port 65 listen 1:"])
    lines = len(agent.configuration.read_text().splitlines())
    refused(agent.run("-f"), str(agent.configuration), f"line {lines}:", "threshold")


def test_hangup_adds_and_removes_ports(snmpd, agent):
    start(snmpd, agent, 80, 443)
    with StateMaker() as maker:
        port = maker.listener_port(4)
        for ports in ([port], [22, port, 443], [], [22]):
            agent.reconfigure(watchPort=ports)
            wait_for_refresh()
            assert watched() == sorted(ports)
            if port in ports:
                assert counts(port) == {**none(), (4, "listen"): 1}


# ---- counts ----

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
        start(snmpd, agent, *expected, port - 1, port + 1, countMethod=method)
        wait_for_refresh()
        for watched_port, sockets in expected.items():
            assert (watched_port, counts(watched_port)) == (watched_port, sockets)
        assert counts(port - 1) == counts(port + 1) == none()


@pytest.mark.parametrize("bound_inactive", ["no", "yes"])
def test_bound_sockets(snmpd, agent, bound_inactive):
    start(snmpd, agent, 32000, countBoundInactive=bound_inactive)
    with StateMaker() as maker:
        set_sysctl("ip_local_port_range", "32000 32000")
        maker.make(4, "closed", 1)
        wait_for_refresh()
        assert counts(32000) == {**none(), (4, "closed"): int(bound_inactive == "yes")}


def test_minima_and_maxima(snmpd, agent):
    with StateMaker() as maker:
        port = maker.listener_port(6, "dual")
        start(snmpd, agent, port, window=2)
        maker.make(6, "established", 5, sort="dual")
        wait_for_refresh()
        low, high = (mib.of_port(column, 6, port, "established")
                     for column in (mib.PORT_MIN, mib.PORT_MAX))
        assert [found.value for found in snmp.get(low, high)] == [0, 5]
        until(lambda: [found.value for found in snmp.get(low, high)] == [5, 5],
              "the window is over", 4)
