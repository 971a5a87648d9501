# SPDX-License-Identifier: BSD-2-Clause
"""What MRTG writes of the counts."""

import os
import shutil
import subprocess

import pytest

import mib
from stage import INTEGRATIONS

# So many make a picture; the other tests do with less.
_STEPS = 60 if os.environ.get("PICTURES") else 3


class Mrtg:
    def __init__(self, stage):
        self.directory = stage.directory / "mrtg"
        self.directory.mkdir()
        states = (INTEGRATIONS / "mrtg/tcp-states.inc").read_text()
        (self.directory / "tcp-states.inc").write_text(
            states.replace("COMMUNITY@HOST", "public@127.0.0.1"))
        (self.directory / "mrtg.cfg").write_text(
            f"WorkDir: {self.directory}\nInclude: {self.directory}/tcp-states.inc\n")

    def run(self, *launcher):
        """As by cron, once; what it complains of."""
        return subprocess.run(
            [*launcher, "mrtg", self.directory / "mrtg.cfg", f"--lock-file={self.directory}/lock",
             f"--confcache-file={self.directory}/cache"],
            env={**os.environ, "LANG": "C"}, text=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE).stderr

    def last(self, state):
        """(ipv4, ipv6), as in the log's first line: the last values that it was told."""
        first, *_ = (self.directory / f"tcp_{state.lower()}.log").read_text().splitlines()
        return tuple(map(int, first.split()[1:]))


@pytest.fixture(scope="module")
def mrtg(stage):
    """It has run each ten minutes, with more sockets now and then."""
    stage.make_different_numbers()
    mrtg = Mrtg(stage)
    for step in range(_STEPS, 0, -1):
        if step % 5 == 0:
            stage.make(4, "closeWait", step % 7)
            stage.make(6, "closeWait", step % 4)
        mrtg.run("faketime", "-f", f"-{step * 600}s")
    return mrtg


def test_every_count_is_written(stage, mrtg, record_property):
    counts, complaints = stage.unchanged(mrtg.run)
    assert "ERROR" not in complaints, complaints
    assert {(family, state): mrtg.last(state)[family == 6] for family, state in mib.ROWS} == counts
    record_property("saw", f"22 of 22 counts equal, closeWait {mrtg.last('closeWait')}")


def test_graph(mrtg, picture):
    shutil.copyfile(mrtg.directory / "tcp_closewait-day.png", picture("mrtg"))


@pytest.mark.parametrize("absence", ["refuse", "stop_agent"])
def test_absent_counts_are_complained_of_and_not_zero(stage, mrtg, absence, record_property):
    getattr(stage, absence)()
    complaints = mrtg.run()
    if absence == "refuse":
        stage.allow()
    assert {mrtg.last(state) for state in mib.STATES} == {(-1, -1)}
    for state in mib.STATES:
        assert f"ERROR: Target[tcp_{state.lower()}][_IN_]" in complaints
    record_property("saw", complaints.splitlines()[-1])
