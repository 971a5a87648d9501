# SPDX-License-Identifier: BSD-2-Clause
"""The installed Debian packages: changes by apt, and values that snmpwalk reads."""

import json
import re
import shutil
import subprocess

import pytest

import debian
import mib
import snmp
from booted import POSSIBLE
from mib_root import OTHER_ROOT
from polling import until

AGENT = "/srv/tcp-state-agent_*.deb"
UNIT, INSTANCE = "tcp-state-agent.service", "tcp-state-agent@web.service"
SNIPPET = "/etc/snmp/snmpd.conf.d/tcp-state-agent.conf"
CONFIGURATION = "/etc/snmp/tcp-state-agent.conf"
EDITED = "refreshInterval 0.5"

# Files that apt and dpkg write for themselves, and snmpd at each start. passwd- is a backup.
IGNORED = re.compile(r"/var/(cache/apt|cache/ldconfig|log|lib/apt|lib/dpkg/status-old)(/|$)"
                     r"|/etc/[^/]*-$|/var/lib/snmp/snmpd\.conf$")

pytestmark = pytest.mark.skipif(not POSSIBLE or not debian.HERE,
                                reason="no systemd can be booted, or this is no Debian")


@pytest.fixture(scope="session")
def base(tmp_path_factory, built):
    """A minimal Debian with the packages in /srv, including an older one of the agent."""
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


def walk(system, root=mib.ROOT):
    """Return the values of the rows as read with snmpwalk, or none while they are not served."""
    below = len(mib.ROOT)
    output = system.run("snmpwalk", "-v2c", "-c", "public", "-On", "127.0.0.1",
                        snmp.dotted(root + mib.COUNT[below:]))
    rows = [snmp.varbind(line) for line in output.splitlines()]
    served = {root + oid[below:] for oid in mib.COUNTS}
    return [row.value for row in rows if row.oid in served]


def shown_by_tcp_states(system, *options):
    """Return the rows that the command shows, if any. Closed sockets are not counted."""
    answer = json.loads(system.try_to_run("tcp-states", "-o", "json", *options).stdout or "{}")
    output = answer.get("counts", {})
    assert all(family["closed"] is None for family in output.values())
    return [0 if state == "closed" else count
            for family in output.values() for state, count in family.items()]


def wait_for_counts(system, sockets):
    """Wait until all 22 rows are served and correct. Refreshes are 5 s apart."""
    until(lambda: walk(system) == sockets, lambda: f"{sockets} are served, not {walk(system)}",
          pause=0.2)


def wait_for_status(system, status, unit=UNIT):
    until(lambda: system.shown(unit, "StatusText").startswith(status), status, 15)


def edit(system):
    """Edit both configuration files like an administrator."""
    for file, line in ((CONFIGURATION, EDITED), (SNIPPET, "# edited")):
        system.run("sh", "-c", f"echo '{line}' >>{file}")


def edited(system):
    return EDITED in system.run("cat", CONFIGURATION) and "# edited" in system.run("cat", SNIPPET)


def files(system):
    """Return all paths below / with mode, owner and the contents of files."""
    output = system.run("find", "/", "-xdev", "-printf", r"%p %M %U:%G %l\n")
    sums = system.run("sh", "-c", "find / -xdev -type f -exec md5sum {} +")
    listed = [line for line in output.splitlines() if not IGNORED.match(line.split()[0])]
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
    # Permissions have not changed, and the user is not in a group that may read communities.
    assert system.run("stat", "-c", "%A %U:%G", "/var/agentx", "/run/agentx/master").splitlines() \
        == ["drwx------ root:root", "srw-rw---- root:tcp-state-agent"]
    assert system.run("id", "-Gn", "tcp-state-agent") == "tcp-state-agent\n"
    record_property("observed", f"{len(sockets)} rows")


def test_before_snmpd(system, sockets):
    system.install(AGENT)
    wait_for_status(system, "waiting for snmpd")
    system.install("snmpd", "snmp")
    wait_for_status(system, "registered with snmpd")
    wait_for_counts(system, sockets)


def test_snmpd_is_installed_along(system, sockets):
    """apt installs recommended packages by default."""
    system.install(AGENT, "snmp", options=())
    wait_for_status(system, "registered with snmpd")
    wait_for_counts(system, sockets)


def test_upgrade(system, sockets):
    """The new version runs, in other network namespaces, too, and edits are kept."""
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
    record_property("observed", f"{len(there - before)} facts came and went")


def test_the_commands_alone(system, sockets):
    """They need neither snmpd nor the net-snmp library, except to read another host."""
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
    library, *_ = system.run("dpkg-query", "-W", "-f", "${Recommends}", "tcp-states").split()
    assert library.startswith("libsnmp40")
    system.install(library, "snmpd", AGENT)
    wait_for_status(system, "registered with snmpd")
    until(lambda: shown_by_tcp_states(system, *of_agent) == sockets, "the agent's counts")


def test_at_another_mib_root(system, sockets, tarball, tmp_path_factory):
    """The packages are built with one variable changed."""
    built = debian.build(tmp_path_factory.mktemp("other"), tarball, "--build=binary",
                         DEB_BUILD_OPTIONS="nocheck", MIB_ROOT=OTHER_ROOT)
    system.run("mkdir", "/srv/other")
    for package in ("tcp-state-agent", "tcp-states"):
        shutil.copy(built.files[package], system.path("/srv/other"))
    system.install("snmpd", "snmp", "/srv/other/*.deb")
    system.run("systemctl", "restart", "snmpd")
    other = tuple(int(arc) for arc in OTHER_ROOT[1:].split("."))
    until(lambda: walk(system, other) == sockets, lambda: f"{sockets}, not {walk(system, other)};"
          f" {system.try_to_run('systemctl', 'status', 'tcp-state-agent').stdout}", 45, pause=0.2)
    assert walk(system) == []
    assert shown_by_tcp_states(system, "-H", "127.0.0.1", "--", "-v2c", "-cpublic") == sockets


def test_autopkgtest(system, record_property):
    """Run debian/tests in the installed system."""
    system.install("autopkgtest", "dpkg-dev")
    done = system.try_to_run("sh", "-c", "autopkgtest --no-built-binaries /srv/tcp-state-agent_*.deb"
                             " /srv/tcp-states_*.deb /srv/source -- null")
    if "requires testbed capability" in done.stdout:
        # Since version 5.30 or so, null does not have it, although this system is disposable.
        system.install("snmp", "snmpd", AGENT)
        system.run("sh", "-c", "cd /srv/source && AUTOPKGTEST_TMP=$(mktemp -d) debian/tests/walk")
    else:
        assert re.findall(r"^walk +(\w+)", done.stdout, re.MULTILINE) == ["PASS"], done.stdout
    record_property("observed", "walk PASS")
