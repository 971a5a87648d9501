# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: a network of the test's own, and in it snmpd and agents, neither yet started."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from daemons import AGENT, Agent, Snmpd, Snmptrapd
from listeners import Listeners
from network import fresh_network, processes_in_this_network
from refusals import Refusals


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
def snmpd(tmp_path):
    daemon = Snmpd(tmp_path)
    yield daemon
    daemon.clean_up()


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
    """Of the agent, which refreshes every 0.1 s and whose maxAge is 1 s."""
    refusals = Refusals()
    snmpd.start()
    agent.configure(refreshInterval=0.1, maxAge=1)
    agent.start(launcher=refusals.launcher, pass_fds=refusals.descriptors)
    refusals.begin()
    agent.wait_until_registered()
    yield refusals
    agent.clean_up()
    refusals.end()


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
        directory.chmod(0o711)
    return tmp_path
