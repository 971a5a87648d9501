# SPDX-License-Identifier: BSD-2-Clause
"""Ways to count sockets by state, measured side by side."""

import dataclasses
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

import peers
from surroundings import Failure

RUNS_A_ROUND = 3
_DAEMON_RUNS = 3
# Seconds. What takes longer is not measured.
_LIMIT = 5

_PSUTIL = """\
import collections, psutil
states = collections.Counter(socket.status for socket in psutil.net_connections(kind="tcp"))
print(states["ESTABLISHED"])"""

# Without pmcd: pmprobe loads the agent for Linux itself (PCPIntro(1), "local:").
_PCP_LOCAL = "-L -K clear -K add,60,/var/lib/pcp/pmdas/linux/pmda_linux.so,linux_init"
_PCP_NAMES = "/var/lib/pcp/pmns/root"


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to count: a command, a daemon, or bench/measure.

    The last word that COMMAND prints is the number of ESTABLISHED sockets.
    """
    name: str
    label: str
    command: tuple = ()
    daemon: type = None
    program: str = None
    package: str = None
    once: bool = False

    def missing(self):
        """Return why it cannot be measured here, or None."""
        if self.name == "psutil":
            found = subprocess.run([*self.command[:-1], "import psutil"], capture_output=True)
            return None if found.returncode == 0 else f"skipped: no {self.package}"
        if self.program is not None and not (os.path.exists(self.program)
                                             or shutil.which(self.program)):
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
    Way("tcp-states", "`tcp-states`, the command", command=("tcp-states", "-s", "established")),
    Way("ss", "`ss -Htan \\| awk`", program="ss", package="iproute2", command=(
        "sh", "-c", """ss -Htan | awk '{n[$1]++} END {print n["ESTAB"] + 0}'""")),
    Way("proc", "`awk` over /proc/net/tcp and tcp6", command=(
        "awk", """FNR > 1 {n[$4]++} END {print n["01"] + 0}""",
        "/proc/net/tcp", "/proc/net/tcp6")),
    Way("netstat", "`netstat -an \\| awk`", program="netstat", package="net-tools", command=(
        "sh", "-c",
        """netstat -an | awk '/^tcp/ {n[$6]++} END {print n["ESTABLISHED"] + 0}'""")),
    Way("collectd", "collectd, tcpconns plugin", program="collectd", package="collectd-core",
        daemon=peers.Collectd),
    Way("node_exporter", "node_exporter, tcpstat collector", program="prometheus-node-exporter",
        package="prometheus-node-exporter", daemon=peers.NodeExporter),
    Way("zabbix", "`zabbix_agentd -t net.tcp.socket.count`, one state", program="zabbix_agentd",
        package="zabbix-agent", command=(
            "sh", "-c", "zabbix_agentd -t net.tcp.socket.count[,,,,established] "
            "| sed 's/.*|//; s/]$//'")),
    Way("pcp", "`pmprobe -v network.tcpconn network.tcpconn6` of PCP", program=_PCP_NAMES,
        package="pcp", command=("sh", "-c", f"pmprobe {_PCP_LOCAL} -v network.tcpconn "
                                "network.tcpconn6 | awk '/established/ {n += $3} END {print n}'")),
    Way("netdata", "Netdata, sums of the kernel without states", program="netdata",
        package="netdata-core", daemon=peers.Netdata),
    Way("psutil", "`psutil.net_connections()`", package="python3-psutil", once=True,
        command=("/usr/bin/python3", "-c", _PSUTIL)),
)


class Figures:
    """The measurements of one way, or the reason why there are none.

    cpu is in milliseconds. peak is the largest resident set of its processes in KiB, or None.
    """

    def __init__(self, skipped=None):
        self.skipped = skipped
        self.cpu = []
        self.peak = None

    @property
    def median_cpu(self):
        return statistics.median(self.cpu)


class Comparison:
    """Measures the WAYS in turn, in rounds, so that a busy period affects all of them.

    Daemons of others, and ways that take long, are measured after the rounds.
    """

    def __init__(self, build, established):
        self._measure = build / "bench/measure"
        self._environment = {**os.environ, "LC_ALL": "C", "PATH": f"{build}:{os.environ['PATH']}"}
        self._established = established
        self.figures = {way.name: Figures(way.missing()) for way in WAYS}
        self.rounds = 0

    def run(self, rounds, runs=RUNS_A_ROUND, deadline=float("inf")):
        """Measure ROUNDS, or fewer if the next one might not end before DEADLINE."""
        slowest = 0
        while self.rounds < rounds and time.monotonic() + slowest < deadline:
            begun = time.monotonic()
            for way in self._measured():
                if way.command and not way.once:
                    self._run_command(way)
                elif not way.daemon and not way.once:
                    self._run_measure(way, runs)
            slowest = max(slowest, time.monotonic() - begun)
            self.rounds += 1
        for way in self._measured():
            if way.daemon:
                self._run_daemon(way)
            elif way.once:
                self._run_command(way)

    def measure_memory(self):
        """Run each way once more, because getrusage(2) would include the memory of this process."""
        for way in self._measured():
            if not way.daemon and shutil.which("time"):
                command = way.command or (self._measure, way.name, "1")
                text = subprocess.run(["time", "-q", "-f", "%M", *command], check=True, text=True,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      env=self._environment).stderr
                self.figures[way.name].peak = int(text.split()[-1])

    def _measured(self):
        return [way for way in WAYS if not self.figures[way.name].skipped]

    def _check(self, way, established):
        if int(established) != self._established:
            raise Failure(f"{way.name} counts {established} sockets, "
                          f"where {self._established} are ESTABLISHED")

    def _run_measure(self, way, runs):
        lines = subprocess.run([self._measure, way.name, str(runs)], check=True, text=True,
                               capture_output=True).stdout.splitlines()
        for line in lines:
            cpu, _, established = line.split()
            if way.name != "walk":
                self._check(way, established)
            self.figures[way.name].cpu.append(float(cpu) / 1000)

    def _run_command(self, way):
        figures = self.figures[way.name]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            printed = subprocess.run(way.command, check=True, text=True, timeout=_LIMIT,
                                     stdout=subprocess.PIPE, env=self._environment).stdout
        except subprocess.TimeoutExpired:
            figures.skipped = f"more than {_LIMIT} s"
            return
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._check(way, printed.split()[-1])
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        figures.cpu.append(cpu * 1000)

    def _run_daemon(self, way):
        with tempfile.TemporaryDirectory() as directory:
            daemon = way.daemon(directory)
            try:
                for _ in range(_DAEMON_RUNS):
                    cpu, established = daemon.measure()
                    self._check(way, established)
                    self.figures[way.name].cpu.append(cpu * 1000)
                self.figures[way.name].peak = daemon.peak
            finally:
                daemon.stop()
