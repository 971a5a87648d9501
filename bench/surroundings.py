# SPDX-License-Identifier: BSD-2-Clause
"""The environment of the benchmark: a network namespace, sockets and daemons."""

import contextlib
import ctypes
import os
import pathlib
import resource
import signal
import subprocess
import time

CLONE_NEWNET = 0x40000000
PATIENCE = 30

_SOCKETS_A_PROCESS = 18000
_TIME_WAITS_A_PROCESS = 10000
_SPARE_DESCRIPTORS = 100

# SMUX would add a TCP listener to the counted sockets. -LOw is from Debian's unit: otherwise snmpd
# writes a line for each request.
_SNMPD = ("snmpd", "-f", "-LOw", "-I", "-smux", "-C", "-c")
_SNMPD_CONF = """\
agentAddress udp:127.0.0.1:161
maxGetbulkResponses -1
rocommunity public 127.0.0.1
master agentx
agentXSocket unix:{agentx}
"""


class Failure(Exception):
    """The benchmark cannot continue."""


def enter_network():
    """Move this process and its future children to a new network namespace.

    os.unshare requires Python 3.12. The namespace disappears with its last process.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise Failure(f"a network namespace: {os.strerror(ctypes.get_errno())}; run it as root")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    pathlib.Path("/proc/sys/net/ipv4/tcp_max_tw_buckets").write_text("1000000")


def launch(command, **how):
    """Start COMMAND, which is killed if this process is killed."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], **how)


def until(happened, what, pause=0.05):
    """Return when HAPPENED() is true, which is tested every PAUSE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise Failure(f"waited {PATIENCE} s until {what}")
        time.sleep(pause)


def socket_count(word):
    """Return a number from the TCP lines of the kernel's sockstat files, summed over families."""
    total = 0
    for name in ("sockstat", "sockstat6"):
        for line in pathlib.Path("/proc/net", name).read_text().splitlines():
            words = line.split()
            if words[0] in ("TCP:", "TCP6:") and word in words:
                total += int(words[words.index(word) + 1])
    return total


class Sockets:
    """Sockets in the namespace, held by as many processes as their descriptors need."""

    def __init__(self, build):
        self._program = build / "bench/hold_sockets"
        self._processes = []
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._room = min(_SOCKETS_A_PROCESS, limit - _SPARE_DESCRIPTORS)
        self._established = {4: 0, 6: 0}

    def establish(self, family, count):
        """Add ESTABLISHED sockets of FAMILY until there are COUNT."""
        self._make("established", family, self._established[family], count, self._room)
        self._established[family] = count

    def leave_time_waits(self, family, count):
        self._make("time-wait", family, 0, count, _TIME_WAITS_A_PROCESS)

    def release(self):
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            process.wait()
            process.stdout.close()
        self._processes.clear()
        self._established = {4: 0, 6: 0}

    def _make(self, state, family, first, end, size):
        makers = [self._start(state, family, begin, min(size, end - begin))
                  for begin in range(first, end, size)]
        for maker in makers:
            if maker.stdout.readline() != b"ready\n":
                raise Failure("the sockets could not be made")

    def _start(self, state, family, first, count):
        process = launch([self._program, state, str(family), str(first), str(count)],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._processes.append(process)
        return process


class Daemons:
    """snmpd and its subagents, with their files in DIRECTORY."""

    def __init__(self, build, directory):
        self._build = build
        self._directory = directory
        self._agentx = directory / "agentx"
        self._processes = []

    def start(self, command, **environment):
        with open(self._directory / "log", "ab") as log:
            process = launch(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                             env={**os.environ, "MIBS": "", **environment})
        self._processes.append(process)
        return process

    def start_snmpd(self):
        configuration = self._directory / "snmpd.conf"
        configuration.write_text(_SNMPD_CONF.format(agentx=self._agentx))
        self.start([*_SNMPD, configuration], SNMP_PERSISTENT_DIR=str(self._directory / "snmpd"))
        until(self._agentx.exists, "snmpd serves")

    def start_agent(self):
        """Return the daemon's process id."""
        return self.start([self._build / "tcp-state-agent", "-f", "-Le", "-C",
                           "-x", self._agentx]).pid

    def start_constant_agent(self):
        self.start([self._build / "bench/constant_agent", f"unix:{self._agentx}"])

    def stop(self):
        """Kill them, because snmpd may be busy for minutes."""
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self._processes.clear()
        self._agentx.unlink(missing_ok=True)

    @property
    def log(self):
        return (self._directory / "log").read_text(errors="replace")


@contextlib.contextmanager
def surroundings(build, directory):
    """Context: sockets and daemons in a network namespace, which are removed at the end."""
    enter_network()
    sockets, daemons = Sockets(build), Daemons(build, directory)
    try:
        yield sockets, daemons
    finally:
        daemons.stop()
        sockets.release()


def memory(pid):
    """Return the memory of PID in KiB: {Rss, Pss, ..., Peak}. Peak is the largest Rss so far."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {**{line.split(":")[0]: int(line.split()[1]) for line in lines}, "Peak": peak_kib(pid)}


def peak_kib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
