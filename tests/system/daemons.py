# SPDX-License-Identifier: BSD-2-Clause
"""The daemons that the tests run: the agent under test, and the real snmpd and snmptrapd."""

import contextlib
import os
import pathlib
import signal
import subprocess

import mib
import process
import snmp
from polling import PATIENCE, until

SOURCES = pathlib.Path(__file__).parents[2]
OTHER_ROOT = ".1.3.6.1.4.1.99999.7"
BUILD = pathlib.Path(os.environ.get("BUILD", SOURCES / "build"))
AGENT = pathlib.Path(os.environ.get("AGENT", BUILD / "tcp-state-agent"))
FAST_AGENT = pathlib.Path(
    os.environ.get("FAST_AGENT", BUILD / "tests/system/tcp-state-agent-fast"))

# "asan", "tsan" or None. Sanitizers need memory and CPU time themselves, so tests skip those.
SANITIZER = next((name for name in ("asan", "tsan") if AGENT.exists()
                  and f"__{name}_init".encode() in AGENT.read_bytes()), None)
SANITIZED = SANITIZER is not None

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

# Lines of snmpd.conf that send notifications, and the security as snmptrapd logs it for each.
TRAPS = "trap2sink 127.0.0.1 public\n"
INFORMS = ("trapsess -Ci -v 3 -u watcher -l authPriv -a SHA -A authPhrase -x AES -X privPhrase"
           " 127.0.0.1\n")
TRAP_SECURITY = "TRAP2, SNMP v2c, community public"
INFORM_SECURITY = "INFORM, SNMP v3, user watcher, context "

# The largest receive buffer allowed, so that a burst of traps is not lost.
_SNMPTRAPD_CONF = """\
[snmp] serverRecvBuf 212992
createUser watcher SHA authPhrase AES privPhrase
authUser log watcher priv
authCommunity log public
format2 %P\\t%v\\n
"""

# Only the slow unwinder finds the names of net-snmp's functions.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "fast_unwind_on_malloc=0",
    "LSAN_OPTIONS": "print_suppressions=0:suppressions="
                    + str(pathlib.Path(__file__).with_name("netsnmp.supp")),
}
# The message that snmpd and snmptrapd log once their sockets are open.
_STARTED = "NET-SNMP version"
_RELOADED = "configuration reloaded"
_SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "runtime error", "LeakSanitizer",
                      "ThreadSanitizer")


# The daemons of the current test. Their logs are reported if it fails.
launched = []


class Daemon:
    """A process whose log is a file."""

    def __init__(self, log):
        self.process = None
        self._log = log

    @property
    def name(self):
        """The name derived from the path of the log, such as "agent/agent"."""
        return f"{self._log.parent.name}/{self._log.stem}"

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
        if self not in launched:
            launched.append(self)
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **how)

    def stop(self, seconds=PATIENCE):
        """Send SIGTERM, wait at most SECONDS, and return the exit status."""
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        """Send SIGSTOP, and return once every thread is stopped."""
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
        """Return the number of open descriptors."""
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
    """The AgentX master, with its files in DIRECTORY. more_lines end its configuration."""

    def __init__(self, directory):
        super().__init__(directory / "snmpd.log")
        self.agentx = directory / "agentx"
        self.agentx_perms = "0777 0777"
        self.template = _SNMPD_CONF
        self.addresses = snmp.ADDRESS
        self.more_lines = ""
        self._directory = directory

    def start(self):
        """Return as soon as it answers."""
        configuration = self._directory / "snmpd.conf"
        configuration.write_text(self.template.format(
            address=self.addresses, agentx=self.agentx, perms=self.agentx_perms) + self.more_lines)
        persistent = self._directory / "snmpd"
        started = self.log.count(_STARTED)
        # SMUX would be a TCP listener, which would be counted.
        self.launch(["snmpd", "-f", "-Le", "-I", "-smux", "-C", "-c", configuration],
                    env={**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(persistent)})
        until(lambda: self._has_started(started), "snmpd has opened its sockets")
        snmp.get(mib.SYS_UP_TIME)

    def _has_started(self, before):
        assert self.running, self.log
        return self.log.count(_STARTED) > before


class Agent(Daemon):
    """The agent PROGRAM, with its configuration and log in DIRECTORY."""

    def __init__(self, directory, agentx, program=AGENT):
        super().__init__(directory / "agent.log")
        self.program = program
        self.configuration = directory / "tcp-state-agent.conf"
        self.environment = {**os.environ, **SANITIZER_OPTIONS, "SNMPCONFPATH": str(directory)}
        self._agentx = agentx

    def configure(self, **directives):
        """Write the configuration, by default with refreshInterval 0.1 and no CPU limit.

        maxAge defaults to 3600, because refreshes are late by several intervals on a busy machine.
        A directive whose value is a list is written once for each element, and one whose value is
        None is omitted.
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
        """Write and reload the configuration, and return when that is done."""
        read_before = self.log.count(_RELOADED)
        self.configure(**directives)
        self.hang_up()
        until(lambda: self.log.count(_RELOADED) > read_before, "the configuration is reloaded")

    def run(self, *options):
        """Run it with OPTIONS that make it exit or become a daemon, and return the result."""
        return subprocess.run([self.program, *options], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE)

    def start(self, *options, launcher=(), **how):
        """Start it in the foreground. LAUNCHER is a command that runs the program."""
        if not self.program.exists():
            raise AssertionError(f"{self.program} is missing: build it with make")
        if not self.configuration.exists():
            self.configure()
        self.launch([*launcher, self.program, "-f", "-Le", *options], env=self.environment, **how)

    def wait_until_registered(self, seconds=PATIENCE, community="public"):
        until(lambda: self._serves(community), "the agent is registered", seconds)

    def wait_until_logged(self, words, seconds=PATIENCE):
        until(lambda: words in self.log, f"the agent logs {words!r}", seconds)

    def clean_up(self):
        """Send SIGTERM, because leaks are reported only at a normal exit."""
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
    """The receiver of notifications, with its files in DIRECTORY."""

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
        until(lambda: _STARTED in self.log, "snmptrapd listens")

    def received(self, security=TRAP_SECURITY, below=mib.ROOT):
        """Return the notifications below the OID BELOW that arrived with SECURITY, in order.

        Each is a list of varbinds without sysUpTime.0. The first, snmpTrapOID.0, identifies it.
        """
        # snmptrapd may have written the beginning of the last line only.
        complete, _, _ = self.log.rpartition("\n")
        lines = (line.split("\t") for line in complete.splitlines() if "\t" in line)
        notifications = [[snmp.varbind(varbind) for varbind in varbinds[1:]]
                         for logged_security, *varbinds in lines if logged_security == security]
        return [varbinds for varbinds in notifications
                if varbinds[0].value.startswith(snmp.dotted(below) + ".")]


def refused(done, *words):
    """Assert that the agent printed a one-line error message with WORDS, and did not start."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def wait_for_refresh(**how):
    """Return once all counts served were taken after the call. Waits for two refreshes, because
    one may be in progress."""
    before = snmp.get_value(mib.REFRESHES, **how)
    until(lambda: snmp.get_value(mib.REFRESHES, **how) >= before + 2, "two more refreshes")


def served_counts(**how):
    """GET the 22 rows of tcpStateCountTable in one request, return {(family, state): sockets}."""
    return dict(zip(mib.ROWS, (found.value for found in snmp.get(*mib.COUNTS, **how)),
                    strict=True))


def build_at_other_root(directory, *targets):
    """Return a build directory with the MIB at OTHER_ROOT.

    It is $OTHER_ROOT_BUILD if set. Otherwise TARGETS are built in DIRECTORY.
    """
    if "OTHER_ROOT_BUILD" in os.environ:
        return pathlib.Path(os.environ["OTHER_ROOT_BUILD"])
    for command in ([SOURCES / "configure", f"--with-mib-root={OTHER_ROOT}"],
                    ["make", "-j", str(os.cpu_count()), *targets]):
        subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return directory
