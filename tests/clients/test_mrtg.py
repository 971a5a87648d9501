# SPDX-License-Identifier: BSD-2-Clause
"""The values that MRTG writes."""

import os
import re
import shutil
import subprocess

import pytest

import mib
import snmp
from monitored_host import INTEGRATIONS
from polling import until

# The number of runs for the picture. The other tests need fewer.
_STEPS = 60 if os.environ.get("PICTURES") else 3


class Mrtg:
    def __init__(self, monitored, address="127.0.0.1", settings=""):
        self.directory = monitored.directory / "mrtg"
        self.directory.mkdir()
        states = (INTEGRATIONS / "mrtg/tcp-states.inc").read_text()
        (self.directory / "tcp-states.inc").write_text(
            re.sub(r"^#(?=\w)", "", states, flags=re.MULTILINE).replace(
                "COMMUNITY@HOST", f"public@{address}"))
        (self.directory / "mrtg.cfg").write_text(
            f"WorkDir: {self.directory}\n{settings}Include: {self.directory}/tcp-states.inc\n")

    def run(self, *launcher):
        """Run it once, as cron does, and return its error messages."""
        return subprocess.run(
            [*launcher, "mrtg", self.directory / "mrtg.cfg", f"--lock-file={self.directory}/lock",
             f"--confcache-file={self.directory}/cache"],
            env={**os.environ, "LANG": "C"}, text=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE).stderr

    def last(self, state):
        """Return the last values (ipv4, ipv6), which are in the first line of the log."""
        first, *_ = (self.directory / f"tcp_{state.lower()}.log").read_text().splitlines()
        return tuple(map(int, first.split()[1:]))


@pytest.fixture(scope="module")
def mrtg(monitored):
    """MRTG has run every ten minutes, with more sockets at times."""
    monitored.make_different_numbers()
    monitored.reconfigure(watch="db peer 0.0.0.0/0,::/0")
    until(lambda: snmp.answers(mib.of_watch(mib.WATCH_COUNT, "db", 4, "closeWait")), "the watch")
    mrtg = Mrtg(monitored)
    for step in range(_STEPS, 0, -1):
        if step % 5 == 0:
            monitored.make(4, "closeWait", step % 7)
            monitored.make(6, "closeWait", step % 4)
        mrtg.run("faketime", "-f", f"-{step * 600}s")
    return mrtg


def test_every_count_is_written(monitored, mrtg, record_property):
    counts, complaints = monitored.unchanged(mrtg.run)
    assert "ERROR" not in complaints, complaints
    assert {(family, state): mrtg.last(state)[family == 6] for family, state in mib.ROWS} == counts
    record_property("observed", f"22 of 22 counts equal, closeWait {mrtg.last('closeWait')}")


def test_a_watch_is_written(mrtg):
    served = tuple(snmp.get_value(mib.of_watch(mib.WATCH_COUNT, "db", family, "closeWait"))
                   for family in (4, 6))
    assert served[0] > 0 and mrtg.last("db") == served


def test_graph(mrtg, picture):
    shutil.copyfile(mrtg.directory / "tcp_closewait-day.png", picture("mrtg"))


@pytest.mark.parametrize("absence", ["refuse", "stop_agent"])
def test_absent_counts_are_errors_and_not_zero(monitored, mrtg, absence, record_property):
    getattr(monitored, absence)()
    complaints = mrtg.run()
    if absence == "refuse":
        monitored.allow()
    assert {mrtg.last(state) for state in mib.STATES} == {(-1, -1)}
    for state in mib.STATES:
        assert f"ERROR: Target[tcp_{state.lower()}][_IN_]" in complaints
    record_property("observed", complaints.splitlines()[-1])
