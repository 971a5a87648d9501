# SPDX-License-Identifier: BSD-2-Clause
"""The systemd units, checked by systemd-analyze and run by a real systemd."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest

import mib
import process
import snmp
from booted import POSSIBLE, Booted
from daemons import AGENT, BUILD, SANITIZED, served_counts
from namespace import inside
from polling import until
from sockets import Listeners

UNITS = BUILD / "packaging/systemd"
PACKAGING = pathlib.Path(__file__).parents[2] / "packaging"
SYSUSERS = PACKAGING / "sysusers.d/tcp-state-agent.conf"
CONFIGURATION = PACKAGING / "tcp-state-agent.conf"
SNMPD_UNIT = pathlib.Path("/lib/systemd/system/snmpd.service")
UNIT, TEMPLATE, INSTANCE = (f"tcp-state-agent{of}.service" for of in ("", "@", "@web"))

USER = "tcp-state-agent"
EXPOSURE_MAX = 1.0

# The system's snmpd.conf, in addition to tcp-state-agent.conf.
_SNMPD_CONF = """\
agentaddress {address}
view systemonly included .1.3.6.1.2.1.1
rocommunity public default -V systemonly
includeDir /etc/snmp/snmpd.conf.d
"""

# Instead of the long intervals of the unit.
_QUICKLY = """\
[Service]
WatchdogSec=0.5
RestartSec=0.1
"""

analyzed = pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                              reason="systemd-analyze is missing")
boots = pytest.mark.skipif(not POSSIBLE or not SNMPD_UNIT.exists() or SANITIZED,
                           reason="no systemd can be booted, snmpd's unit is missing, or the agent"
                                  " is sanitized, which needs what the units forbid")


def run(test):
    """Decorate a test that boots systemd."""
    return pytest.mark.alone(boots(test))


# ---- static checks ----

def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                          env={**os.environ, "SYSTEMD_LOG_LEVEL": "info"})


@analyzed
@pytest.mark.parametrize("name, as_name", [(UNIT, UNIT), (TEMPLATE, INSTANCE)])
def test_systemd_knows_every_directive(tmp_path, name, as_name):
    """systemd-analyze looks for the program, so its path becomes that of the build."""
    text = (UNITS / name).read_text()
    installed = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    installed = installed.partition("=")[2].split()[0]
    (tmp_path / as_name).write_text(text.replace(installed, str(AGENT)))
    done = analyze("verify", "--man=no", tmp_path / as_name)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@analyzed
@pytest.mark.parametrize("name", [UNIT, TEMPLATE])
def test_exposure(name):
    done = analyze("security", "--offline=yes", f"--threshold={10 * EXPOSURE_MAX:.0f}",
                   "--no-pager", UNITS / name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_units_differ_in_the_namespace_alone():
    unit, template = ({line for line in (UNITS / name).read_text().splitlines()
                       if not line.startswith("#")} for name in (UNIT, TEMPLATE))
    assert {line.partition("=")[0] for line in unit - template} == {"Description", "ExecStart"}
    assert {line.partition("=")[0] for line in template - unit} \
        == {"Description", "ExecStart", "NetworkNamespacePath"}


def test_the_packaged_configuration_has_every_directive(agent):
    text = CONFIGURATION.read_text()
    for line in agent.run("-H").stdout.splitlines()[1:]:
        assert f"\n{line.split()[0]} " in text.replace("\n#", "\n"), line
    # Commented-out lines must be valid as well.
    agent.configuration.write_text(re.sub(r"^#(\w)", r"\1", text, flags=re.MULTILINE))
    agent.start()
    agent.wait_until_logged(" started")


# ---- run by systemd ----

@pytest.fixture
def system(tmp_path):
    """A system with Debian's snmpd and the agent, installed as documented, not yet started."""
    system = Booted(tmp_path / "system", SYSUSERS)
    for unit in (UNITS / UNIT, UNITS / TEMPLATE, SNMPD_UNIT):
        shutil.copy(unit, system.units)
    shutil.copy(AGENT, system.programs / "tcp-state-agent")
    snmp_places = system.etc / "snmp/snmpd.conf.d"
    snmp_places.mkdir(parents=True)
    (snmp_places.parent / "snmpd.conf").write_text(_SNMPD_CONF.format(address=snmp.ADDRESS))
    for name in ("tcp-state-agent.conf", "tcp-state-contexts.conf"):
        shutil.copy(BUILD / "snmpd.conf.d" / name, snmp_places)
    shutil.copy(CONFIGURATION, snmp_places.parent)
    system.start()
    yield system
    system.stop()


def wait_for_status(system, unit, status):
    until(lambda: system.shown(unit, "StatusText") == status, status)


@run
def test_the_unit_serves(system, listeners):
    listeners.number(3)
    system.run("systemctl", "start", UNIT)
    wait_for_status(system, UNIT, "registered with snmpd")
    counts = served_counts()
    assert counts.pop((4, "listen")) == 3
    assert set(counts.values()) == {0}
    assert system.shown(UNIT, "WatchdogUSec") == "1min"
    # The counters in /proc are visible.
    assert snmp.get_value(mib.of_host("tcpHostTimeWaitsMax")) > 0
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED

    system.run("systemctl", "restart", "snmpd.service")
    wait_for_status(system, UNIT, "registered with snmpd")
    until(lambda: snmp.answers(mib.REFRESHES), "the agent is back")
    system.run("systemctl", "stop", UNIT)
    assert system.shown(UNIT, "Result") == "success"


@run
def test_the_unit_has_no_privilege(system):
    system.run("systemctl", "start", UNIT)
    user, group = (system.run("id", f"-{what}", USER).strip() for what in "ug")
    shown = process.status(system.main_pid(UNIT))
    assert shown["Uid"].split() == 4 * [user] and user != "0"
    # It is not in the group Debian-snmp, which can read snmpd's communities.
    assert shown["Gid"].split() == 4 * [group] and shown["Groups"].split() == [group]
    assert {int(shown[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert (shown["NoNewPrivs"], shown["Seccomp"]) == ("1", "2")


@run
def test_the_unit_reloads_its_configuration(system):
    system.run("systemctl", "start", UNIT)
    wait_for_status(system, UNIT, "registered with snmpd")
    system.run("sh", "-c", "echo refreshInterval 0.3 >>/etc/snmp/tcp-state-agent.conf")
    system.run("systemctl", "reload", UNIT)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 300, "the new interval")


@run
def test_an_agent_that_hangs_is_restarted(system):
    drop_in = f"/run/units/{UNIT}.d"
    system.run("sh", "-c", f'mkdir {drop_in} && echo "{_QUICKLY}" >{drop_in}/quickly.conf'
                           " && systemctl daemon-reload")
    system.run("systemctl", "start", UNIT)
    hung = system.main_pid(UNIT)
    os.kill(hung, signal.SIGSTOP)
    until(lambda: system.shown(UNIT, "NRestarts") == "1", "it is restarted")
    wait_for_status(system, UNIT, "registered with snmpd")
    assert system.main_pid(UNIT) != hung


@run
def test_an_instance_serves_its_namespace(system, listeners):
    listeners.number(3)
    system.run("ip", "netns", "add", "web")
    others = Listeners()
    with inside(system.path("/run/netns/web")):
        others.number(5)
    system.run("systemctl", "start", UNIT, INSTANCE)
    for unit in (UNIT, INSTANCE):
        wait_for_status(system, unit, "registered with snmpd")
    assert [snmp.get_value(mib.count(4, "listen"), community=community)
            for community in ("public", "public-web")] == [3, 5]
    others.number(0)


@run
def test_the_unit_takes_every_directive(system):
    """At startup and at a reload, with the permissions that each needs."""
    text = re.sub(r"^#(\w)", r"\1", CONFIGURATION.read_text(), flags=re.MULTILINE)
    for word in ("countBoundInactive", "countMethod", "cpuLimit"):
        assert f"\n{word} " in text
    every = text.replace("\ncountBoundInactive no", "\ncountBoundInactive yes")
    assert "\ncountBoundInactive yes" in every
    configuration = pathlib.Path(system.path("/etc/snmp/tcp-state-agent.conf"))
    configuration.write_text(every)
    system.run("systemctl", "start", UNIT)
    wait_for_status(system, UNIT, "registered with snmpd")
    configuration.write_text(every + "refreshInterval 0.3\nmaxAge 60\ncpuLimit 100\n")
    system.run("systemctl", "reload", UNIT)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 300, "the new interval")
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    until(lambda: snmp.get_value(mib.count(4, "closed")) == 1, "the bound socket is counted")
    bound.close()


@run
def test_reloading_an_invalid_configuration_fails(system):
    system.run("systemctl", "start", UNIT)
    wait_for_status(system, UNIT, "registered with snmpd")
    pid, interval = system.shown(UNIT, "MainPID"), snmp.get_value(mib.REFRESH_INTERVAL)
    configuration = pathlib.Path(system.path("/etc/snmp/tcp-state-agent.conf"))
    right = configuration.read_text()
    configuration.write_text(right + "refreshInterval 0.3\nnonsense 1\n")
    assert system.try_to_run("systemctl", "reload", UNIT).returncode != 0
    wait_for_status(system, UNIT,
                    "registered with snmpd; configuration not reloaded, see the log")
    assert system.shown(UNIT, "ActiveState") == "active"
    assert system.shown(UNIT, "MainPID") == pid
    assert snmp.get_value(mib.REFRESH_INTERVAL) == interval
    configuration.write_text(right + "refreshInterval 0.3\ncpuLimit 100\n")
    system.run("systemctl", "reload", UNIT)
    wait_for_status(system, UNIT, "registered with snmpd")
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 300, "the new interval")


@run
def test_the_unit_restarts_an_agent_without_its_reader_of_files(system):
    drop_in = f"/run/units/{UNIT}.d"
    system.run("sh", "-c", f'mkdir {drop_in} && printf "[Service]\\nRestartSec=0\\n"'
                           f" >{drop_in}/soon.conf && systemctl daemon-reload")
    system.run("systemctl", "start", UNIT)
    main = system.main_pid(UNIT)
    children = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    until(lambda: system.shown(UNIT, "NRestarts") == "1", "it is restarted")
    wait_for_status(system, UNIT, "registered with snmpd")
