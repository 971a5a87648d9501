# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: the virtual machine's network, and in it snmptrapd, snmpd and agents."""

import pathlib
import random
import sys

import pytest

SOURCES = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(SOURCES / "tests/system"))

import reporting  # noqa: E402: it needs the path
from daemons import TRAPS, Agent, Snmpd, Snmptrapd  # noqa: E402
from sockets import StateMaker  # noqa: E402

pytest_report_teststatus = reporting.pytest_report_teststatus
pytest_runtest_makereport = reporting.pytest_runtest_makereport


@pytest.fixture(scope="session")
def maker():
    random.seed(reporting.SEED)
    with StateMaker() as maker:
        yield maker


@pytest.fixture(scope="session")
def snmptrapd(tmp_path_factory):
    daemon = Snmptrapd(tmp_path_factory.mktemp("snmptrapd"))
    daemon.start()
    yield daemon
    daemon.clean_up()


@pytest.fixture(scope="session")
def snmpd(tmp_path_factory, snmptrapd):
    daemon = Snmpd(tmp_path_factory.mktemp("snmpd"))
    daemon.more_lines = TRAPS
    daemon.start()
    yield daemon
    daemon.clean_up()


@pytest.fixture
def start_agent(tmp_path, snmpd):
    """start_agent(PROGRAM, DIRECTIVE=VALUE...): an agent, returned when it is registered."""
    agents = []

    def start(program, **directives):
        agents.append(Agent(tmp_path, snmpd.agentx, program))
        agents[-1].configure(**directives)
        agents[-1].start()
        agents[-1].wait_until_registered()
        return agents[-1]

    yield start
    for agent in agents:
        agent.clean_up()
