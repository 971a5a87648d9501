# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures, and a report in which each test tells what it saw.

A test says it by record_property("saw", "22 of 22 counts equal"), which is pytest's own.
"""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parents[1] / "integrations")]

from stage import Stage  # noqa: E402: it needs the path


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """One Stage for all tests of a module: snmpd serves the agent's counts."""
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


def pytest_report_teststatus(report):
    if report.when == "call" and report.passed:
        told = [str(value) for name, value in report.user_properties if name == "saw"]
        return "passed", ".", "passed: " + "; ".join(told) if told else "passed"
    return None
