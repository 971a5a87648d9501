# SPDX-License-Identifier: BSD-2-Clause
"""What a poll costs snmpd and the network: the figures of integrations/README.md.

The host has 8 listening endpoints, 2 watches and 5 owners.
"""

import contextlib
import socket
import subprocess

import pytest

import cgroups
import mib
import snmp
from daemons import BUILD
from monitored_host import MonitoredHost
from polling import until
from prometheus_server import Exporter
from snmp_traffic import Traffic
import test_cacti
from test_collectd import Collectd
from test_mrtg import Mrtg
from test_telegraf import inputs, oid

LISTENERS, OWNERS = 8, 5
POLL_MAX = 15
# Systems that cannot combine their requests: each Data block of collectd, each column of a table in
# Telegraf, and each instance in Cacti with cmd.php takes requests of its own.
COLLECTD_MAX = 25
TELEGRAF_MAX = 40
CACTI_MAX = {"cmd.php": 300, "spine": POLL_MAX}
CACTI_POLLS = 3

pytestmark = pytest.mark.skipif(cgroups.root() is None, reason="no cgroup v2")


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    with MonitoredHost(tmp_path_factory.mktemp("monitored"), refreshInterval=1,
                       watch=["web port 443", "db peerPort 5432"],
                       threshold="leak state any closeWait 1000") as monitored, \
            cgroups.Cgroups() as units, contextlib.ExitStack() as held:
        with monitored.beside_the_sockets():
            for number in range(LISTENERS):
                with units.inside(f"s{number % OWNERS}.service"):
                    held.enter_context(socket.create_server(("127.0.0.1", 7000 + number)))
        until(lambda: len(snmp.walk(mib.LISTEN_LABEL)) >= LISTENERS
              and "s4.service" in str([row.value for row in snmp.walk(mib.OWNER_LABEL)]),
              "listeners and owners are served")
        # A refresh between two requests makes the commands ask again.
        monitored.reconfigure(refreshInterval=3600, maxAge=7200)
        yield monitored


@pytest.fixture
def reported(record_property):
    """A function that reports and returns the requests of a poll, and checks their number."""
    def report(traffic, polls=1, most=POLL_MAX):
        requests = traffic.requests / polls
        record_property("observed", f"{requests:.1f} requests, {traffic.octets / polls:.0f} octets")
        assert 0 < requests <= most
    return report


def test_snmp_exporter(monitored, reported):
    exporter = Exporter(monitored)
    exporter.scrape()
    with Traffic() as traffic:
        assert 'tcpOwnerCount{' in exporter.scrape()
    reported(traffic)


def test_mrtg(monitored, reported):
    mrtg = Mrtg(monitored)
    mrtg.run()
    with Traffic() as traffic:
        mrtg.run()
    reported(traffic)


def test_collectd(monitored, reported):
    collectd = Collectd(monitored)
    collectd.values()
    age = collectd.directory / "csv/web/tcp_states"

    def polls():
        return sum(len(file.read_text().splitlines()) for file in age.glob("duration-age-*"))
    before = polls()
    with Traffic() as traffic:
        until(lambda: polls() >= before + 10, "ten polls", pause=0.5)
    # It would poll on during the next tests.
    collectd.daemon.stop()
    reported(traffic, polls() - before, COLLECTD_MAX)


def test_telegraf(monitored, reported):
    """Its requests, sent by net-snmp's commands."""
    plugin = inputs()
    repetitions = plugin["max_repetitions"]
    with Traffic() as traffic:
        for field in plugin["field"]:
            snmp.get(oid(field["oid"]))
        for table in plugin["table"]:
            for field in table["field"]:
                assert snmp.walk(oid(field["oid"]), repetitions=repetitions)
    reported(traffic, most=TELEGRAF_MAX)


def test_cacti_pollers(monitored, record_property):
    """Some polls of Cacti also walk the tables, to find new rows."""
    cacti = test_cacti.install(monitored, CACTI_POLLS * len(CACTI_MAX))
    observed = []
    for poller, most in CACTI_MAX.items():
        cacti.use_poller(poller)
        polls = []
        for _ in range(CACTI_POLLS):
            with Traffic() as traffic:
                cacti.poll()
            polls.append((traffic.requests, traffic.octets))
        observed.append(f"{poller}: {polls}")
        assert 0 < min(polls)[0] <= most, observed
    record_property("observed", ", ".join(observed))


@pytest.mark.parametrize("options, most", [
    (("--conn-status=close_wait",), 2), (("--listen",), 7), (("--watch-name=web",), 8),
    (("--limits",), 2), (("--thresholds",), 8)])
def test_check_tcp_states(monitored, reported, options, most):
    with Traffic() as traffic:
        subprocess.run([BUILD / "tests/system/check_tcp_states", *options, "-H", "127.0.0.1",
                        "-C", "public"], check=True)
    reported(traffic, most=most)


@pytest.mark.parametrize("options", [(), ("-l",), ("--by=unit",)])
def test_tcp_states(monitored, reported, options):
    with Traffic() as traffic:
        subprocess.run([BUILD / "tests/system/tcp-states", *options, "-H", "127.0.0.1",
                        "-C", "public"], check=True)
    reported(traffic)
