# SPDX-License-Identifier: BSD-2-Clause
"""What a client under test looks at: snmpd, the agent, and real sockets in exactly known numbers.

    with MonitoredHost(directory) as monitored:
        monitored.make(4, "established", 7)
        ... start the client in this namespace, let it ask udp:127.0.0.1:161, community public ...
        assert what_the_client_shows == monitored.counts()

Two network namespaces: the agent counts in one, where nothing but the made sockets is; snmpd and
the clients are in another, the one that the calling thread is in afterwards. So a client's own
connections are not counted. The agent refreshes every 0.1 s.
"""

import contextlib
import errno
import os
import socket

import daemons
import mib
import objects
import snmp
from daemons import BUILD, SOURCES, TRAPS, Agent, Daemon, Snmpd, served_counts, wait_for_refresh
from namespace import fresh_network, inside
from polling import until, until_equal
from refusals import Refusals
from sockets import StateMaker, listed_counts

SNMP_PORT = 161
# Of the same snmpd, as for a host that has no other address.
ADDRESS_IPV6 = "::1"
COMMUNITY = "public"
MAX_AGE = 10  # seconds; a busy machine may delay refreshes by some of them
INTEGRATIONS = BUILD / "integrations"  # as generated
MIB_FILE = BUILD / "mibs" / f"{objects.MODULE}.txt"
MIB_DIRECTORIES = f"+{MIB_FILE.parent}:{SOURCES}/mibs/stand-ins"


class MonitoredHost:
    """A host with snmpd and an agent that is running. Traps need snmpd.more_lines and a restart.

    DIRECTIVES go into the agent's configuration. `mib` is what objects.read() returns.
    """

    def __init__(self, directory, **directives):
        self.directory = directory
        self.mib = objects.read(MIB_FILE)
        self.snmpd = Snmpd(directory)
        self._directives = {"refreshInterval": 0.1, "maxAge": MAX_AGE, **directives}
        self._clients = []

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            daemons.launched.clear()
            fresh_network()
            counted = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            undo.callback(os.close, counted)
            self._counted = f"/proc/self/fd/{counted}"
            self._maker = StateMaker()
            undo.callback(lambda: self._maker.close())
            fresh_network()
            undo.callback(self.snmpd.clean_up)
            self.snmpd.addresses = f"{snmp.ADDRESS},udp6:[{ADDRESS_IPV6}]:{SNMP_PORT}"
            self.snmpd.template += f"rocommunity6 {COMMUNITY} {ADDRESS_IPV6}\n"
            self.snmpd.start()
            self.agent = self._refusals = None
            undo.callback(self.stop_agent)
            self.start_agent()
            undo.callback(self._end_clients)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self._undo.close()

    # ---- sockets ----

    def make(self, family, state, number, **how):
        """NUMBER more sockets of FAMILY (4, 6) in STATE, as StateMaker.make; return when counted.

        The kernel keeps those in timeWait for 60 s, the others stay.
        """
        with inside(self._counted):
            self._maker.make(family, state, number, **how)
        self.wait_until_counted()

    def unmake(self):
        """Close all sockets, and return when none are counted."""
        with inside(self._counted):
            self._maker.close()
            self._maker = StateMaker()
        self.wait_until_counted()

    @contextlib.contextmanager
    def flood(self, number, **how):
        """Context: NUMBER connections at a listener are half-open, as in StateMaker.flood."""
        with contextlib.ExitStack() as flooded:
            with inside(self._counted):
                flooded.enter_context(self._maker.flood(number, **how))
            yield
            with inside(self._counted):
                flooded.close()

    def make_different_numbers(self):
        """Another number of sockets for each row, 1 to 20, but none closed: those are not counted.

        To be called first.
        """
        with inside(self._counted):
            for family in (4, 6):
                self._maker.listener_port(family)
            for number, row in enumerate((row for row in mib.ROWS if row[1] != "closed"), 1):
                self._maker.make(*row, number - self._maker.expected[row])
        self.wait_until_counted()

    def counts(self):
        """Return {(family, state): sockets}, as listed by the kernel."""
        with inside(self._counted):
            return listed_counts()

    def peaks(self):
        """Return the maxima {(family, state): sockets} so far, including transient states."""
        found = snmp.get(*(mib.of(mib.COUNT_MAX, *row) for row in mib.ROWS))
        return {row: varbind.value for row, varbind in zip(mib.ROWS, found)}

    def unchanged(self, ask):
        """Return (counts, answer) of an ASK() during which the counts did not change."""
        while True:
            before = self.counts()
            answer = ask()
            if self.counts() == before:
                return before, answer

    def beside_the_sockets(self):
        """Context: sockets opened within are counted after wait_until_counted()."""
        return inside(self._counted)

    @contextlib.contextmanager
    def waiting_connections(self, port, backlog, number):
        """Within, NUMBER connections wait at the listener 127.0.0.1:PORT; they count as NUMBER
        established at each end."""
        with contextlib.ExitStack() as opened:
            with inside(self._counted):
                listener = opened.enter_context(socket.create_server(("127.0.0.1", port),
                                                                     backlog=backlog))
                for _ in range(number):
                    opened.enter_context(socket.create_connection(listener.getsockname()))
            self.wait_until_counted()
            yield

    def wait_until_counted(self):
        """Return when the agent serves the counts that the kernel lists."""
        wait_for_refresh()

        def differences():
            served, listed = served_counts(), self.counts()
            return {row: (served[row], listed[row]) for row in mib.ROWS
                    if served[row] != listed[row]}

        until_equal(differences, {}, "counts (served, listed) that differ")

    # ---- agent ----

    def start_agent(self):
        """Start it, and return when its rows exist."""
        self._refusals = Refusals()
        directory = self.directory / "agent"
        directory.mkdir(exist_ok=True)
        self.agent = Agent(directory, self.snmpd.agentx)
        self.agent.configure(**self._directives)
        with inside(self._counted):
            self._refusals.start(self.agent)
        self.agent.wait_until_registered()
        self.wait_until_counted()

    def reconfigure(self, **directives):
        """Reload the configuration with DIRECTIVES changed; without any, the original one."""
        self.agent.reconfigure(**self._directives | directives)

    def stop_agent(self):
        """Stop it, and return when snmpd returns noSuchObject for its objects."""
        if self.agent is None:
            return
        self.agent.clean_up()
        self.agent = None
        self._refusals.end()
        if self.snmpd.running:
            until(lambda: snmp.get(mib.REFRESH_INTERVAL)[0].type == "noSuchObject",
                  "the agent is unregistered")

    def refuse(self):
        """Let all refreshes fail, and return when the rows are absent (noSuchInstance)."""
        self._refusals.error = errno.EPERM
        until(lambda: snmp.get(*mib.COUNTS)[0].type == "noSuchInstance", "the rows are gone")

    def allow(self):
        """Let refreshes succeed, and return when the rows exist."""
        self._refusals.error = 0
        self.wait_until_counted()

    # ---- clients ----

    def launch(self, name, command, **how):
        """A client's daemon, here in the clients' namespace; it is killed with the host.

        Its log is NAME.log in the host's directory. Returns a daemons.Daemon.
        """
        daemon = Daemon(self.directory / f"{name}.log")
        daemon.launch(command, **how)
        self._clients.append(daemon)
        return daemon

    def receive_traps(self, configuration, *options, mibs="", more_lines=""):
        """Run snmptrapd with MIBS, and let snmpd send notifications to it.

        MORE_LINES are added to snmpd.conf. snmpd is restarted, because it reads them at startup.
        """
        path = self.directory / "snmptrapd.conf"
        path.write_text(configuration)
        daemon = self.launch(
            "snmptrapd", ["snmptrapd", "-f", "-Lo", "-I", "-smux", "-C", "-c", path, *options,
                          "udp:127.0.0.1:162"],
            env={**os.environ, "MIBS": mibs, "MIBDIRS": MIB_DIRECTORIES,
                 "SNMP_PERSISTENT_DIR": str(self.directory / "persistent")})
        until(lambda: "NET-SNMP version" in daemon.log, "snmptrapd listens")
        self.snmpd.stop()
        self.snmpd.more_lines = TRAPS + more_lines
        self.snmpd.start()
        self.agent.wait_until_registered()
        self.wait_until_counted()
        return daemon

    def _end_clients(self):
        for daemon in reversed(self._clients):
            daemon.clean_up()
