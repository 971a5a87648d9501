# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: the tarball, the packages built from it, and a network namespace for each test.

The report shows the observations of each test.
"""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

import debian  # noqa: E402: it needs the path
import reporting  # noqa: E402
from daemons import BUILD  # noqa: E402
from namespace import fresh_network  # noqa: E402
from sockets import StateMaker  # noqa: E402

pytest_report_teststatus = reporting.pytest_report_teststatus
pytest_runtest_makereport = reporting.pytest_runtest_makereport


@pytest.fixture(scope="session")
def tarball():
    """The tarball of "make dist"."""
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


@pytest.fixture
def sockets():
    """Some of every family and several states."""
    with StateMaker() as maker:
        for family, state, number in ((4, "listen", 3), (4, "established", 5), (4, "timeWait", 7),
                                      (6, "listen", 2), (6, "closeWait", 4), (6, "synSent", 1)):
            maker.make(family, state, number)
        yield list(maker.expected.values())
