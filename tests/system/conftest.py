# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: a network namespace for each test, and in it snmpd and agents, not yet started."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import pytest

import daemons
import mib
import reporting
import snmp
from daemons import AGENT, BUILD, Agent, Snmpd, Snmptrapd
from faults import Faults
from namespace import fresh_network, processes_in_this_network
from polling import until
from refusals import Refusals
from sockets import Listeners, StateMaker


pytest_runtest_makereport = reporting.pytest_runtest_makereport

# The relevant lines of Debian's snmpd.conf, with the test's AgentX socket.
_DEBIAN = """\
sysServices 72
agentaddress {address}
view systemonly included .1.3.6.1.2.1.1
view systemonly included .1.3.6.1.2.1.25.1
rocommunity public default -V systemonly
agentXSocket unix:{agentx}
agentXPerms {perms}
"""


_MARKERS = (
    "smoke: one of the few that ./check quick runs",
    "alone: boots systemd, reads counters that the kernel shares between network namespaces, or is"
    " too slow next to others: no other test may run meanwhile",
)


def pytest_configure(config):
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture(autouse=True)
def seeded(request):
    """Seed the random numbers from SEED."""
    reporting.seed(request)


@pytest.fixture(autouse=True)
def network():
    """A fresh network namespace. No process may be left in it at the end of the test."""
    daemons.launched.clear()
    fresh_network()
    yield
    left = dict(processes_in_this_network())
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


@pytest.fixture
def snmpd(tmp_path):
    daemon = Snmpd(tmp_path)
    yield daemon
    daemon.clean_up()


@pytest.fixture
def drop_in(snmpd, tmp_path):
    """drop_in(NAME, REPLACEMENTS): installs a snmpd.conf.d file of the build.

    The rest of snmpd's configuration is Debian's. The AgentX sockets are in the test's directory:
    snmpd.agentx instead of /run/agentx/master, and net-snmp's default below "root".
    """
    directory = tmp_path / "snmpd.conf.d"
    directory.mkdir()
    snmpd.template = _DEBIAN
    snmpd.more_lines = f"includeDir {directory}\n"

    def drop_in(name, replacements=()):
        text = (BUILD / "snmpd.conf.d" / name).read_text()
        text = text.replace("unix:/run/agentx/master", f"unix:{snmpd.agentx}")
        text = text.replace("unix:/var/agentx/master", f"unix:{tmp_path}/root/agentx")
        for pattern, replacement in replacements:
            text, found = re.subn(pattern, replacement, text, flags=re.MULTILINE)
            assert found
        (directory / name).write_text(text)
    return drop_in


@pytest.fixture
def snmptrapd(tmp_path):
    """A running snmptrapd. Request it before snmpd starts, which connects to it."""
    daemon = Snmptrapd(tmp_path)
    daemon.start()
    yield daemon
    daemon.clean_up()


@pytest.fixture
def make_agent(tmp_path, snmpd):
    """make_agent(NAME, PROGRAM): an agent with its files in the new directory NAME."""
    agents = []

    def make(name, program=AGENT):
        directory = tmp_path / name
        directory.mkdir()
        agents.append(Agent(directory, snmpd.agentx, program))
        return agents[-1]

    yield make
    for agent in agents:
        agent.clean_up()


@pytest.fixture
def agent(make_agent):
    return make_agent("agent")


@pytest.fixture
def faults(tmp_path, agent):
    """The Faults of the agent, which is not yet started."""
    faults = Faults(tmp_path)
    agent.environment.update(faults.environment)
    return faults


@pytest.fixture
def served(snmpd, agent):
    """The agent, registered with a running snmpd."""
    snmpd.start()
    agent.start()
    agent.wait_until_registered()
    return agent


@pytest.fixture
def refusals(snmpd, agent):
    """The Refusals of the agent, which is registered, with refreshInterval 0.1 and maxAge 1.

    Rows also disappear when a refresh is late, so tests wait for rows instead of reading once.
    """
    refusals = Refusals()
    snmpd.start()
    agent.configure(refreshInterval=0.1, maxAge=1)
    refusals.start(agent)
    agent.wait_until_registered()
    yield refusals
    agent.clean_up()
    refusals.end()


@pytest.fixture
def expected():
    """The values of all rows of tcpStateCountTable, which stay the same for the whole test."""
    with StateMaker() as maker:
        maker.make(4, "listen", 3)
        maker.make(6, "established", 5)
        rows = maker.expected
        until(lambda: [found.value for found in snmp.get(*mib.COUNTS)] == list(rows.values()),
              "the sockets are counted")
        yield tuple(rows.values())


@pytest.fixture
def listeners():
    """IPv4 Listeners, initially none."""
    held = Listeners()
    yield held
    held.number(0)


@pytest.fixture
def churn():
    """Run traffic.py churn: up to a few dozen sockets open and close all the time."""
    process = subprocess.Popen(
        [sys.executable, pathlib.Path(__file__).with_name("traffic.py"), "churn"])
    yield
    process.kill()
    process.wait()


@pytest.fixture
def open_path(tmp_path):
    """tmp_path, with search permission for all users on it and the directories above it.

    pytest creates them for one user, and more of them for workers.
    """
    temporary = pathlib.Path(tempfile.gettempdir())
    for directory in (tmp_path, *tmp_path.parents):
        if directory == temporary:
            break
        directory.chmod(directory.stat().st_mode | 0o011)
    return tmp_path
