# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages in a Debian: what apt leaves, and what an operator reads by snmpwalk."""

import json
import re
import subprocess

import pytest

import debian
import mib
import snmp
from booted import POSSIBLE
from polling import until
from tcp_states import StateMaker

AGENT = "/srv/tcp-state-agent_*.deb"
UNIT, INSTANCE = "tcp-state-agent.service", "tcp-state-agent@web.service"
SNIPPET = "/etc/snmp/snmpd.conf.d/tcp-state-agent.conf"
CONFIGURATION = "/etc/snmp/tcp-state-agent.conf"
EDITED = "refreshInterval 0.5"

# What apt and dpkg write of themselves, and snmpd at each start; passwd- is passwd before the last
# change.
IGNORED = re.compile(r"/var/(cache/apt|cache/ldconfig|log|lib/apt|lib/dpkg/status-old)(/|$)"
                     r"|/etc/[^/]*-$|/var/lib/snmp/snmpd\.conf$")

pytestmark = pytest.mark.skipif(not POSSIBLE or not debian.HERE,
                                reason="no systemd can be booted, or this is no Debian")


@pytest.fixture(scope="session")
def base(tmp_path_factory, built):
    """A minimal Debian, with the packages in /srv, an older one of the agent too."""
    root = tmp_path_factory.mktemp("base") / "root"
    debian.bootstrap(root, built)
    (root / "srv/older").mkdir()
    debian.make_older(root / "srv/older", built.files["tcp-state-agent"])
    yield root
    subprocess.run(["rm", "-rf", "--one-file-system", root], check=True)


@pytest.fixture
def system(network, tmp_path, base):
    system = debian.Debian(tmp_path, base)
    system.start()
    yield system
    system.stop()


@pytest.fixture
def sockets():
    """Some of every family and several states."""
    with StateMaker() as maker:
        for family, state, number in ((4, "listen", 3), (4, "established", 5), (4, "timeWait", 7),
                                      (6, "listen", 2), (6, "closeWait", 4), (6, "synSent", 1)):
            maker.make(family, state, number)
        yield list(maker.expected.values())


def walk(system):
    """The values of the rows, as an operator reads them; none while nobody serves them."""
    told = system.run("snmpwalk", "-v2c", "-c", "public", "-On", "127.0.0.1",
                      snmp.dotted(mib.COUNT))
    rows = [snmp.varbind(line) for line in told.splitlines()]
    return [row.value for row in rows if row.oid in mib.COUNTS]


def shown_by_tcp_states(system, *options):
    """The rows that the command shows, none where it shows nothing."""
    told = system.try_to_run("tcp-states", "-o", "json", *options).stdout
    return [count for family in json.loads(told or "{}").values() for count in family.values()]


def wait_for_counts(system, sockets):
    """All 22 are served and right; refreshes are 5 s apart."""
    until(lambda: walk(system) == sockets, f"{sockets} are served", 15, pause=0.2)


def wait_for_status(system, status, unit=UNIT):
    until(lambda: system.shown(unit, "StatusText").startswith(status), status, 15)


def edit(system):
    """Both configuration files, as an administrator may."""
    for file, line in ((CONFIGURATION, EDITED), (SNIPPET, "# edited")):
        system.run("sh", "-c", f"echo '{line}' >>{file}")


def edited(system):
    return EDITED in system.run("cat", CONFIGURATION) and "# edited" in system.run("cat", SNIPPET)


def files(system):
    """What there is below /, with mode, owner and, of files, the contents."""
    told = system.run("find", "/", "-xdev", "-printf", r"%p %M %U:%G %l\n")
    sums = system.run("sh", "-c", "find / -xdev -type f -exec md5sum {} +")
    listed = [line for line in told.splitlines() if not IGNORED.match(line.split()[0])]
    return set(listed) | {line for line in sums.splitlines() if not IGNORED.match(line[34:])}


def test_beside_snmpd_a_restart_of_it_is_all_that_is_left(system, sockets, record_property):
    system.install("snmpd", "snmp")
    system.install(AGENT)
    assert system.shown(UNIT, "ActiveState") == "active"
    assert system.shown(UNIT, "UnitFileState") == "enabled"
    wait_for_status(system, "waiting for snmpd")
    assert walk(system) == []

    system.run("systemctl", "restart", "snmpd")
    wait_for_status(system, "registered with snmpd")
    wait_for_counts(system, sockets)
    # What root alone can reach stays so, and the user is in no group that may read communities.
    assert system.run("stat", "-c", "%A %U:%G", "/var/agentx", "/run/agentx/master").splitlines() \
        == ["drwx------ root:root", "srw-rw---- root:tcp-state-agent"]
    assert system.run("id", "-Gn", "tcp-state-agent") == "tcp-state-agent\n"
    record_property("saw", f"{len(sockets)} rows")


def test_before_snmpd(system, sockets):
    system.install(AGENT)
    wait_for_status(system, "waiting for snmpd")
    system.install("snmpd", "snmp")
    wait_for_status(system, "registered with snmpd")
    wait_for_counts(system, sockets)


def test_snmpd_is_installed_along(system, sockets):
    """By apt, unless it is told otherwise."""
    system.install(AGENT, "snmp", options=())
    wait_for_status(system, "registered with snmpd")
    wait_for_counts(system, sockets)


def test_upgrade(system, sockets):
    """What runs is what is installed then, of other network namespaces too; edits stay."""
    system.install("snmpd", "snmp", "iproute2", "/srv/older/tcp-state-agent_*.deb")
    edit(system)
    system.run("ip", "netns", "add", "web")
    system.run("systemctl", "restart", "snmpd", UNIT, INSTANCE)
    before = {unit: system.shown(unit, "MainPID") for unit in (UNIT, INSTANCE)}
    system.install(AGENT)
    for unit, pid in before.items():
        wait_for_status(system, "registered with snmpd", unit)
        assert system.shown(unit, "MainPID") != pid
    assert edited(system)
    assert system.run("snmpget", "-v2c", "-cpublic", "-OqvU", "127.0.0.1",
                      snmp.dotted(mib.REFRESH_INTERVAL)) == "500\n"
    wait_for_counts(system, sockets)


def test_removal_and_reinstallation(system, sockets):
    system.install("snmpd", "snmp", AGENT)
    edit(system)
    wait_for_status(system, "registered with snmpd")
    system.apt("remove", "tcp-state-agent")
    assert system.shown(UNIT, "LoadState") == "not-found"
    assert walk(system) == [] and edited(system)
    assert system.try_to_run("test", "-e", "/usr/sbin/tcp-state-agent").returncode == 1

    system.install(AGENT)
    assert edited(system)
    wait_for_counts(system, sockets)


def test_purging_leaves_nothing(system, record_property):
    system.install("snmpd", "snmp", "libmnl0", "iproute2")
    before = files(system)
    system.install(AGENT)
    edit(system)
    system.run("ip", "netns", "add", "web")
    system.run("systemctl", "restart", "snmpd")
    system.run("systemctl", "enable", "--now", INSTANCE)
    wait_for_status(system, "registered with snmpd", INSTANCE)
    there = files(system)
    system.apt("purge", "tcp-state-agent")
    system.run("systemctl", "restart", "snmpd")
    assert files(system) ^ before == set()
    assert not system.run("find", "/run", "-xdev", "-name", "*tcp-state*")
    assert {system.shown(unit, "ActiveState") for unit in (UNIT, INSTANCE)} == {"inactive"}
    record_property("saw", f"{len(there - before)} facts came and went")


def test_the_commands_alone(system, sockets):
    """Neither snmpd nor net-snmp's library; with the latter they ask over SNMP."""
    system.install("/srv/tcp-states_*.deb")
    installed = system.run("dpkg-query", "-W", "-f", "${Package}\n").split()
    assert not [name for name in installed if "snmp" in name]
    assert shown_by_tcp_states(system) == sockets
    plugin = "/usr/lib/nagios/plugins/check_tcp_states"
    assert system.run(plugin, "--conn-status", "established").startswith(
        "tcp ESTABLISHED: 5, tcp6 ESTABLISHED: 0|")

    of_agent = ("-H", "127.0.0.1", "--", "-v2c", "-cpublic")
    asked = system.try_to_run("tcp-states", *of_agent)
    assert asked.returncode != 0 and "libnetsnmp" in asked.stderr
    system.install("libsnmp40", "snmpd", AGENT)
    wait_for_status(system, "registered with snmpd")
    until(lambda: shown_by_tcp_states(system, *of_agent) == sockets, "the agent's counts", 15)


def test_autopkgtest(system, record_property):
    """Debian's way to test what is installed, by debian/tests."""
    system.install("autopkgtest", "dpkg-dev")
    told = system.run("sh", "-c", "autopkgtest --no-built-binaries /srv/tcp-state-agent_*.deb"
                      " /srv/tcp-states_*.deb /srv/source -- null")
    assert re.findall(r"^walk +(\w+)", told, re.MULTILINE) == ["PASS"]
    record_property("saw", "walk PASS")
