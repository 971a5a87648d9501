# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures, and a report in which each test tells what it saw."""

import os
import pathlib
import sys

import pytest

SOURCES = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(SOURCES / "tests/system"), str(SOURCES / "integrations")]

import saw  # noqa: E402: it needs the path
from stage import Stage  # noqa: E402

pytest_report_teststatus = saw.report_teststatus


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """One Stage for all tests of a module: snmpd serves the agent's counts."""
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


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
