# SPDX-License-Identifier: BSD-2-Clause
"""The two daemons that the tests run: the real snmpd, and the agent under test."""

import os
import pathlib
import signal
import subprocess

import mib
import snmp
from polling import until

_BUILD = pathlib.Path(os.environ.get("BUILD", pathlib.Path(__file__).parents[2] / "build"))
AGENT = pathlib.Path(os.environ.get("AGENT", _BUILD / "tcp-state-agent"))
FAST_AGENT = pathlib.Path(
    os.environ.get("FAST_AGENT", _BUILD / "tests/system/tcp-state-agent-fast"))

_SNMPD_CONF = """\
agentAddress {address}
maxGetbulkResponses -1
rwcommunity public 127.0.0.1
rocommunity reader 127.0.0.1
com2sec -Cn ns1 ns1sec 127.0.0.1 public-ns1
group ns1group v2c ns1sec
view everything included .1
access ns1group ns1 v2c noauth exact everything none none
master agentx
agentXSocket unix:{agentx}
agentXPerms {perms}
"""

# Names of net-snmp's functions are only found by the slow way to unwind.
_SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "fast_unwind_on_malloc=0",
    "LSAN_OPTIONS": "print_suppressions=0:suppressions="
                    + str(pathlib.Path(__file__).with_name("netsnmp.supp")),
}
_SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "runtime error", "LeakSanitizer")


class Daemon:
    """A process whose log is a file."""

    def __init__(self, log):
        self.process = None
        self._log = log

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def log(self):
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def launch(self, command, **how):
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **how)

    def stop(self, seconds=5):
        """End it by SIGTERM within SECONDS and return its exit status."""
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        """Return once every thread stands still."""
        self.process.send_signal(signal.SIGSTOP)
        until(self._paused, "the process is stopped")

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def clean_up(self):
        if self.running:
            self.kill()

    def _paused(self):
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            if (task / "stat").read_text().rpartition(")")[2].split()[0] != "T":
                return False
        return True


class Snmpd(Daemon):
    """The AgentX master, whose files are all in DIRECTORY."""

    def __init__(self, directory):
        super().__init__(directory / "snmpd.log")
        self.agentx = directory / "agentx"
        self.agentx_perms = "0777 0777"
        self._directory = directory

    def start(self):
        """Return as soon as it serves."""
        configuration = self._directory / "snmpd.conf"
        configuration.write_text(_SNMPD_CONF.format(
            address=snmp.ADDRESS, agentx=self.agentx, perms=self.agentx_perms))
        persistent = self._directory / "snmpd"
        # SMUX would be a TCP listener among the sockets that are counted.
        self.launch(["snmpd", "-f", "-Le", "-I", "-smux", "-C", "-c", configuration],
                    env={**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(persistent)})
        until(self._serves, "snmpd serves")

    def _serves(self):
        assert self.running, self.log
        return snmp.answers(mib.SYS_UP_TIME)


class Agent(Daemon):
    """PROGRAM, whose configuration and log are in DIRECTORY."""

    def __init__(self, directory, agentx, program=AGENT):
        super().__init__(directory / "agent.log")
        self.program = program
        self.configuration = directory / "tcp-state-agent.conf"
        self.environment = {**os.environ, **_SANITIZER_OPTIONS, "SNMPCONFPATH": str(directory)}
        self._agentx = agentx

    def configure(self, **directives):
        """Write the configuration: refreshInterval 0.1, unlimited, unless told otherwise."""
        directives = {"agentXSocket": f"unix:{self._agentx}", "refreshInterval": 0.1,
                      "cpuLimit": 100, **directives}
        self.configuration.write_text(
            "".join(f"{word} {value}\n" for word, value in directives.items()))

    def start(self, *options, launcher=(), **how):
        """Start it in the foreground, LAUNCHER being what runs the program instead of us."""
        if not self.program.exists():
            raise AssertionError(f"{self.program} is missing: build it with make")
        if not self.configuration.exists():
            self.configure()
        self.launch([*launcher, self.program, "-f", "-Le", *options], env=self.environment, **how)

    def wait_until_registered(self, seconds=5, community="public"):
        until(lambda: self._serves(community), "the agent is registered", seconds)

    def wait_until_logged(self, words, seconds=5):
        until(lambda: words in self.log, f"the agent logs {words!r}", seconds)

    def clean_up(self):
        """End it as an administrator would: a leak is only reported then."""
        try:
            if self.running:
                self.resume()
                assert self.stop() == 0, self.log
        finally:
            super().clean_up()
        for report in _SANITIZER_REPORTS:
            assert report not in self.log, self.log

    def _serves(self, community):
        assert self.running, self.log
        return snmp.answers(mib.REFRESH_INTERVAL, community=community)


def wait_for_refresh():
    """Return once the counts served were all taken after the call: one refresh may be under way."""
    before = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= before + 2, "two more refreshes")


def served_counts():
    """The 22 rows of tcpStateCountTable, from one request: {(family, state): sockets}."""
    return dict(zip(mib.ROWS, (found.value for found in snmp.get(*mib.COUNTS)), strict=True))
