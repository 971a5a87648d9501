# SPDX-License-Identifier: BSD-2-Clause
"""Installation from source with the commands from doc/install.md."""

import os
import re
import subprocess
import textwrap

import pytest

import debian
from debian import SOURCES
from test_deb_installed import UNIT, wait_for_counts, wait_for_status

pytestmark = pytest.mark.skipif("DISPOSABLE_DEBIAN" not in os.environ,
                                reason="this machine would be booted: tests/platforms/run does")


@pytest.fixture
def system(network, tmp_path):
    """A copy of the system in which the tests run."""
    system = debian.Debian(tmp_path, "/")
    system.start()
    # Packages that other tests installed have services with sockets.
    running = system.run("systemctl", "list-units", "--type=service", "--state=running,activating",
                         "--plain", "--no-legend")
    others = [line.split()[0] for line in running.splitlines()
              if not line.startswith(("systemd-", "dbus", "snmpd"))]
    if others:
        system.run("systemctl", "stop", *others)
    yield system
    system.stop()


def commands():
    blocks = re.findall(r"(?:^    .*\n)+", (SOURCES / "doc/install.md").read_text(), re.MULTILINE)
    block, = (block for block in blocks if "sudo make install\n" in block)
    return textwrap.dedent(block)


def test_the_agent_runs_and_is_served(system, sockets, tarball):
    unpacked = system.path("/srv")
    subprocess.run(["tar", "-xf", tarball, "-C", unpacked, "--strip-components=1"], check=True)
    system.run("sh", "-ec", 'cd /srv\nsudo() { "$@"; }\n' + commands())
    assert system.shown(UNIT, "ActiveState") == "active"
    assert system.shown(UNIT, "UnitFileState") == "enabled"
    assert system.shown(UNIT, "FragmentPath") == f"/usr/local/lib/systemd/system/{UNIT}"
    wait_for_status(system, "registered with snmpd")
    wait_for_counts(system, sockets)
