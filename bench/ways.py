# SPDX-License-Identifier: BSD-2-Clause
"""Ways to count sockets by state, measured side by side."""

import dataclasses
import os
import resource
import shutil
import statistics
import subprocess
import time

from surroundings import Failure

RUNS_A_ROUND = 3
_LIMIT = 90

_PSUTIL = """\
import collections, psutil
states = collections.Counter(socket.status for socket in psutil.net_connections(kind="tcp"))
print(states["ESTABLISHED"])"""


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to count. COMMAND prints the ESTABLISHED sockets; without one, bench/measure does."""
    name: str
    label: str
    command: tuple = ()
    program: str = None
    package: str = None
    once: bool = False

    def missing(self):
        """Return why it cannot be measured here, or None."""
        if self.name == "psutil":
            found = subprocess.run([*self.command[:-1], "import psutil"], capture_output=True)
            return None if found.returncode == 0 else f"skipped: no {self.package}"
        if self.program is not None and shutil.which(self.program) is None:
            return f"skipped: no {self.package}"
        return None


WAYS = (
    Way("walk", "bare kernel walk (lower bound)"),
    Way("derived", "**refresh, derived** (the default)"),
    Way("ports", "refresh, derived, with 64 watches of one port each"),
    Way("prefixes", "refresh, derived, with the most expensive watches"),
    Way("full", "refresh, full: one dump for both families"),
    Way("owners", "refresh, full, with the owner of every socket"),
    Way("two-pass", "two full dumps, one per family"),
    Way("ss", "`ss -Htan \\| awk`", program="ss", package="iproute2", command=(
        "sh", "-c", """ss -Htan | awk '{n[$1]++} END {print n["ESTAB"] + 0}'""")),
    Way("proc", "`awk` over /proc/net/tcp and tcp6", command=(
        "awk", """FNR > 1 {n[$4]++} END {print n["01"] + 0}""",
        "/proc/net/tcp", "/proc/net/tcp6")),
    Way("netstat", "`netstat -an \\| awk`", program="netstat", package="net-tools", command=(
        "sh", "-c",
        """netstat -an | awk '/^tcp/ {n[$6]++} END {print n["ESTABLISHED"] + 0}'""")),
    Way("psutil", "`psutil.net_connections()`", package="python3-psutil", once=True,
        command=("/usr/bin/python3", "-c", _PSUTIL)),
)


class Figures:
    """The measurements of one way in milliseconds, or the reason why there are none."""

    def __init__(self, skipped=None):
        self.skipped = skipped
        self.cpu = []
        self.wall = []

    def add(self, cpu, wall):
        self.cpu.append(cpu)
        self.wall.append(wall)

    @property
    def median_cpu(self):
        return statistics.median(self.cpu)

    @property
    def median_wall(self):
        return statistics.median(self.wall)


class Comparison:
    """Measures the WAYS in turn, in rounds, so that a busy period affects all of them."""

    def __init__(self, build, established):
        self._measure = build / "bench/measure"
        self._established = established
        self.figures = {way.name: Figures(way.missing()) for way in WAYS}
        self.rounds = 0

    def run(self, rounds, runs=RUNS_A_ROUND, deadline=float("inf")):
        """Measure ROUNDS, or fewer if the next one might not end before DEADLINE."""
        slowest = 0
        while self.rounds < rounds and time.monotonic() + slowest < deadline:
            begun = time.monotonic()
            self._round([way for way in WAYS if not way.once], runs)
            slowest = max(slowest, time.monotonic() - begun)
            self.rounds += 1
        self._round([way for way in WAYS if way.once], 1)

    def _round(self, ways, runs):
        for way in ways:
            if self.figures[way.name].skipped:
                continue
            if way.command:
                self._run_command(way)
            else:
                self._run_measure(way, runs)

    def _check(self, way, established):
        if int(established) != self._established:
            raise Failure(f"{way.name} counts {established} sockets, "
                          f"where {self._established} are ESTABLISHED")

    def _run_measure(self, way, runs):
        lines = subprocess.run([self._measure, way.name, str(runs)], check=True, text=True,
                               capture_output=True).stdout.splitlines()
        for line in lines:
            cpu, wall, established = line.split()
            if way.name != "walk":
                self._check(way, established)
            self.figures[way.name].add(float(cpu) / 1000, float(wall) / 1000)

    def _run_command(self, way):
        figures = self.figures[way.name]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        try:
            printed = subprocess.run(way.command, check=True, text=True, timeout=_LIMIT,
                                     stdout=subprocess.PIPE,
                                     env={**os.environ, "LC_ALL": "C"}).stdout
        except subprocess.TimeoutExpired:
            figures.skipped = f"more than {_LIMIT} s"
            return
        wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        self._check(way, printed)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        figures.add(cpu * 1000, wall * 1000)
