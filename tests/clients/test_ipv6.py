# SPDX-License-Identifier: BSD-2-Clause
"""Managers that poll a host by its IPv6 address, written as their READMEs say."""

import re

import pytest

import mib
from monitored_host import ADDRESS_IPV6, MonitoredHost
from prometheus_server import Exporter
from test_cacti import BY_STATE, install
from test_collectd import Collectd
from test_mrtg import Mrtg


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    with MonitoredHost(tmp_path_factory.mktemp("monitored")) as monitored:
        monitored.make_different_numbers()
        yield monitored


def test_snmp_exporter(monitored):
    scraped = Exporter(monitored).scrape(f"[{ADDRESS_IPV6}]:161")
    counts = {(int(family), state): int(count) for family, state, count in re.findall(
        r'^tcpStateCount{tcpStateCountFamily="ipv(.)",tcpStateCountState="(.*)"} (.*)$', scraped,
        re.MULTILINE)}
    assert counts == monitored.counts()


def test_collectd(monitored):
    collectd = Collectd(monitored, f"udp6:[{ADDRESS_IPV6}]")
    assert collectd.values() == monitored.counts()


def test_mrtg(monitored):
    mrtg = Mrtg(monitored, f"[{ADDRESS_IPV6}]", "EnableIPv6: yes\n")
    mrtg.run()
    counts = monitored.counts()
    assert {state: mrtg.last(state) for state in mib.STATES} == {
        state: (counts[4, state], counts[6, state]) for state in mib.STATES}


@pytest.fixture(scope="module")
def cacti(monitored):
    return install(monitored, 2, f"[{ADDRESS_IPV6}]")


@pytest.mark.parametrize("poller", ("cmd.php", "spine"))
def test_cacti(monitored, cacti, poller):
    cacti.use_poller(poller)
    cacti.poll()
    counts = monitored.counts()
    for family in (4, 6):
        assert cacti.last(BY_STATE(f"ipv{family}")) == {
            state: counts[family, state] for state in mib.STATES}
