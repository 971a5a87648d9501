# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: the tarball and the packages made of it, and a network of the test's own.

Each test tells in the report what it saw.
"""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

import debian  # noqa: E402: it needs the path
import saw  # noqa: E402
from daemons import BUILD  # noqa: E402
from network import fresh_network  # noqa: E402

pytest_report_teststatus = saw.report_teststatus


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
