# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: the tarball and the packages made of it, and a network of the test's own.

A test says what it saw by record_property("saw", "22 rows"), and the report tells it.
"""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

import debian  # noqa: E402: it needs the path
from daemons import BUILD  # noqa: E402
from network import fresh_network  # noqa: E402


@pytest.fixture(scope="session")
def tarball():
    """What "make dist" makes."""
    subprocess.run(["make", "-C", BUILD, "dist"], check=True, capture_output=True)
    return max(BUILD.glob("tcp-state-agent-*.tar.gz"), key=lambda made: made.stat().st_mtime)


@pytest.fixture(scope="session")
def built(tmp_path_factory, tarball):
    """The Debian packages, built by root."""
    if not (debian.SOURCES / "debian").exists():
        pytest.skip("a release has no debian/")
    return debian.build(tmp_path_factory.mktemp("built"), tarball)


@pytest.fixture
def network():
    """A fresh network namespace: every socket in it is the test's."""
    fresh_network()


def pytest_report_teststatus(report):
    if report.when == "call" and report.passed:
        told = [str(value) for name, value in report.user_properties if name == "saw"]
        return "passed", ".", "passed: " + "; ".join(told) if told else "passed"
    return None
