# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: a network of the test's own, and in it snmpd and agents, neither yet started."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

import mib
import snmp
from daemons import AGENT, BUILD, Agent, Snmpd, Snmptrapd
from listeners import Listeners
from network import fresh_network, processes_in_this_network
from polling import until
from refusals import Refusals
from tcp_states import StateMaker


# What matters of Debian's, but for its AgentX socket.
_DEBIAN = """\
sysServices 72
agentaddress {address}
view systemonly included .1.3.6.1.2.1.1
view systemonly included .1.3.6.1.2.1.25.1
rocommunity public default -V systemonly
agentXSocket unix:{agentx}
agentXPerms {perms}
"""


@pytest.fixture(autouse=True)
def network():
    """A fresh network namespace; nothing may still run in it when the test is over."""
    fresh_network()
    yield
    left = dict(processes_in_this_network())
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


@pytest.fixture
def undisturbed():
    """What the test runs goes before whatever else the machine does, where that is allowed.

    To be asked for before other fixtures. For tests that measure how soon something happens.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    yield
    os.setpriority(os.PRIO_PROCESS, 0, before)


@pytest.fixture
def snmpd(tmp_path):
    daemon = Snmpd(tmp_path)
    yield daemon
    daemon.clean_up()


@pytest.fixture
def drop_in(snmpd, tmp_path):
    """drop_in(NAME, REPLACEMENTS): puts a file of the build where snmpd includes it from.

    The rest of snmpd's configuration is what Debian gives to it. Its sockets are in the test's
    directory: snmpd.agentx instead of /run/agentx/master, and net-snmp's default below "root".
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
    """Running: snmpd looks for it when it starts."""
    daemon = Snmptrapd(tmp_path)
    daemon.start()
    yield daemon
    daemon.clean_up()


@pytest.fixture
def make_agent(tmp_path, snmpd):
    """make_agent(NAME, PROGRAM): an agent that has the directory NAME to itself."""
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
def served(snmpd, agent):
    """The agent, registered with a running snmpd."""
    snmpd.start()
    agent.start()
    agent.wait_until_registered()
    return agent


@pytest.fixture
def refusals(snmpd, agent):
    """Of the agent, which is registered, refreshes every 0.1 s, and whose maxAge is 1 s."""
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
    """The rows as they shall be for the whole test."""
    with StateMaker() as maker:
        maker.make(4, "listen", 3)
        maker.make(6, "established", 5)
        rows = maker.expected
        until(lambda: [found.value for found in snmp.get(*mib.COUNTS)] == list(rows.values()),
              "the sockets are counted")
        yield tuple(rows.values())


@pytest.fixture
def listeners():
    """Of IPv4, none yet."""
    held = Listeners()
    yield held
    held.number(0)


@pytest.fixture
def churn():
    """Sockets that come and go, a few dozen at a time."""
    process = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("churn.py")])
    yield
    process.kill()
    process.wait()


@pytest.fixture
def open_path(tmp_path):
    """tmp_path, which others than root may then pass through too."""
    for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        directory.chmod(directory.stat().st_mode | 0o011)
    return tmp_path
