# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures, and a report with the observations of each test."""

import os
import pathlib
import sys

import pytest

SOURCES = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(SOURCES / "tests/system"), str(SOURCES / "integrations")]

import reporting  # noqa: E402: it needs the path
from monitored_host import MonitoredHost  # noqa: E402

pytest_report_teststatus = reporting.pytest_report_teststatus
pytest_runtest_makereport = reporting.pytest_runtest_makereport


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    """One MonitoredHost for all tests of a module: snmpd serves the agent's counts."""
    with MonitoredHost(tmp_path_factory.mktemp("monitored")) as monitored:
        yield monitored


@pytest.fixture
def picture(request, tmp_path):
    """picture(NAME): the file to draw the picture of the integration NAME into, a small one.

    With PICTURES set it is the one that the integration's README shows.
    """
    drawn = []

    def picture(name):
        directory = SOURCES / "integrations" / name if "PICTURES" in os.environ else tmp_path
        drawn.append(directory / "picture.png")
        return drawn[-1]

    yield picture
    for file in drawn:
        assert 1 << 10 < file.stat().st_size < 80 << 10
