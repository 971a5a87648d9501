# SPDX-License-Identifier: BSD-2-Clause
"""The daemons that the tests run: the agent under test, and the real snmpd and snmptrapd."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

import mib
import process
import snmp
from polling import until

SOURCES = pathlib.Path(__file__).parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", SOURCES / "build"))
AGENT = pathlib.Path(os.environ.get("AGENT", BUILD / "tcp-state-agent"))
FAST_AGENT = pathlib.Path(
    os.environ.get("FAST_AGENT", BUILD / "tests/system/tcp-state-agent-fast"))

_FACTS = BUILD / "src/build.h"
WITH_SYSTEMD = _FACTS.exists() and "#define WITH_SYSTEMD 1\n" in _FACTS.read_text()

# A sanitizer's own use of memory and time says nothing of the agent's.
SANITIZED = AGENT.exists() and b"__asan_init" in AGENT.read_bytes()

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

# Lines of snmpd.conf that send to snmptrapd, and what that calls the security of what then comes.
TRAPS = "trap2sink 127.0.0.1 public\n"
INFORMS = ("trapsess -Ci -v 3 -u watcher -l authPriv -a SHA -A authPhrase -x AES -X privPhrase"
           " 127.0.0.1\n")
TRAP_SECURITY = "TRAP2, SNMP v2c, community public"
INFORM_SECURITY = "INFORM, SNMP v3, user watcher, context "

# The largest buffer that is allowed: a burst of traps that finds no room in it is lost.
_SNMPTRAPD_CONF = """\
[snmp] serverRecvBuf 212992
createUser watcher SHA authPhrase AES privPhrase
authUser log watcher priv
authCommunity log public
format2 %P\\t%v\\n
"""

# Names of net-snmp's functions are only found by the slow way to unwind.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "fast_unwind_on_malloc=0",
    "LSAN_OPTIONS": "print_suppressions=0:suppressions="
                    + str(pathlib.Path(__file__).with_name("netsnmp.supp")),
}
_READ_AGAIN = "the configuration was read again"
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

    @contextlib.contextmanager
    def paused(self):
        self.pause()
        yield
        self.resume()

    def cpu_seconds(self):
        return process.cpu_seconds(self.pid)

    def descriptors(self):
        """How many it has open."""
        return process.descriptors(self.pid)

    def resident_kib(self):
        return process.resident_kib(self.pid)

    def resident_peak_kib(self):
        return process.resident_peak_kib(self.pid)

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
    """The AgentX master, whose files are all in DIRECTORY; MORE_LINES end its configuration."""

    def __init__(self, directory):
        super().__init__(directory / "snmpd.log")
        self.agentx = directory / "agentx"
        self.agentx_perms = "0777 0777"
        self.template = _SNMPD_CONF
        self.more_lines = ""
        self._directory = directory

    def start(self):
        """Return as soon as it serves."""
        configuration = self._directory / "snmpd.conf"
        configuration.write_text(self.template.format(
            address=snmp.ADDRESS, agentx=self.agentx, perms=self.agentx_perms) + self.more_lines)
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
        self.environment = {**os.environ, **SANITIZER_OPTIONS, "SNMPCONFPATH": str(directory)}
        self._agentx = agentx

    def configure(self, **directives):
        """Write the configuration: refreshInterval 0.1, unlimited, unless told otherwise.

        Counts of any age are served: a busy machine is late by more than three intervals. A
        directive whose value is a list is written once for each of its elements, one whose value
        is None not at all.
        """
        directives = {"agentXSocket": f"unix:{self._agentx}", "refreshInterval": 0.1,
                      "maxAge": 3600, "cpuLimit": 100, **directives}
        self.configuration.write_text(
            "".join(f"{word} {value}\n" for word, values in directives.items()
                    for value in (values if isinstance(values, list) else [values])
                    if value is not None))

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def reconfigure(self, **directives):
        """Return when it has read the new configuration."""
        read_before = self.log.count(_READ_AGAIN)
        self.configure(**directives)
        self.hang_up()
        until(lambda: self.log.count(_READ_AGAIN) > read_before, "the configuration is read")

    def run(self, *options):
        """To its end, which comes at once: it answers, is wrong, or becomes a daemon."""
        return subprocess.run([self.program, *options], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=5)

    def start(self, *options, launcher=(), **how):
        """Start it in the foreground, LAUNCHER being what runs the program instead of us."""
        if not self.program.exists():
            raise AssertionError(f"{self.program} is missing: build it with make")
        if not self.configuration.exists():
            self.configure()
        self.launch([*launcher, self.program, "-f", "-Le", *options], env=self.environment, **how)

    def wait_until_registered(self, seconds=5, community="public"):
        until(lambda: self._serves(community), "the agent is registered", seconds)

    def seconds_until_registered(self, **how):
        """From when snmpd serves, which it does when this is called."""
        begun = time.monotonic()
        self.wait_until_registered(**how)
        return time.monotonic() - begun

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


class Snmptrapd(Daemon):
    """The receiver of notifications, whose files are all in DIRECTORY."""

    def __init__(self, directory):
        super().__init__(directory / "snmptrapd.log")
        self._directory = directory

    def start(self):
        """Return as soon as it listens."""
        configuration = self._directory / "snmptrapd.conf"
        configuration.write_text(_SNMPTRAPD_CONF)
        persistent = self._directory / "snmptrapd"
        self.launch(["snmptrapd", "-f", "-Lo", "-n", "-On", "-Oe", "-Ot", "-I", "-smux", "-X",
                     "-C", "-c", configuration, "udp:127.0.0.1:162"],
                    env={**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(persistent)})
        until(lambda: "NET-SNMP version" in self.log, "snmptrapd listens")

    def received(self, security=TRAP_SECURITY, below=mib.ROOT):
        """The notifications BELOW, an OID, that came so far as SECURITY says, in order.

        Of each the varbinds behind sysUpTime.0; the first tells which notification it is.
        """
        told = (line.split("\t") for line in self.log.splitlines() if "\t" in line)
        notifications = [[snmp.varbind(varbind) for varbind in varbinds[1:]]
                         for security_told, *varbinds in told if security_told == security]
        return [varbinds for varbinds in notifications
                if varbinds[0].value.startswith(snmp.dotted(below) + ".")]


def refused(done, *words):
    """The agent has said what is wrong, in one line that has WORDS, and has not started."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def wait_for_refresh(**how):
    """Return once the counts served were all taken after the call: one refresh may be under way."""
    before = snmp.get_value(mib.REFRESHES, **how)
    until(lambda: snmp.get_value(mib.REFRESHES, **how) >= before + 2, "two more refreshes")


def served_counts(**how):
    """The 22 rows of tcpStateCountTable, from one request: {(family, state): sockets}."""
    return dict(zip(mib.ROWS, (found.value for found in snmp.get(*mib.COUNTS, **how)),
                    strict=True))
