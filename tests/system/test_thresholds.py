# SPDX-License-Identifier: BSD-2-Clause
"""Thresholds: when they are raised and cleared, with one notification each time."""

import contextlib
import datetime
import functools
import os
import re
import socket
import struct
import subprocess
import threading

import pytest

import cgroups
import mib
import snmp
from daemons import INFORM_SECURITY, INFORMS, TRAP_SECURITY, TRAPS, refused, wait_for_refresh
from namespace import set_sysctl
from polling import PATIENCE, until
from sockets import StateMaker, listener
from tun_peer import NEAR_ADDRESS, TunPeer

CARRIED = (mib.THRESHOLD_LABEL, mib.THRESHOLD_METRIC, mib.THRESHOLD_VALUE, mib.THRESHOLD_RANGE,
           mib.THRESHOLD_SINCE, mib.THRESHOLD_CLEAR_RANGE, mib.THRESHOLD_SINCE_DATE,
           mib.THRESHOLD_TOP)
LISTENING = "state ipv4 listen"
# Raised by an IPv6 listener, to show that no other notification precedes it.
LAST = "zLast state ipv6 listen 0"
KEPT = 256


@pytest.fixture
def start(snmptrapd, snmpd, agent):
    """start(THRESHOLD...): starts snmpd, and the agent with these thresholds."""
    def start(*thresholds, **directives):
        snmpd.more_lines = TRAPS
        snmpd.start()
        agent.configure(threshold=list(thresholds), **directives)
        agent.start()
        agent.wait_until_registered()
    return start


def names(notifications):
    """Check that NOTIFICATIONS are complete, and return [(name, "raised" or "cleared")]."""
    transitions = []
    for trap_oid, *carried in notifications:
        assert trap_oid.oid == mib.SNMP_TRAP_OID
        kind = {snmp.dotted(mib.RAISED): "raised", snmp.dotted(mib.CLEARED): "cleared"}
        name = carried[0].value
        assert [found.oid for found in carried] == [
            mib.of_threshold(column, name) for column in CARRIED]
        transitions.append((name, kind[trap_oid.value]))
    return transitions


def carried_values(snmptrapd, column):
    """Return the value of COLUMN in each notification, in order."""
    return [carried[CARRIED.index(column)].value for _, *carried in snmptrapd.received()]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def after_tenth(moment):
    """A DateAndTime has tenths of seconds, rounded down."""
    return moment.replace(microsecond=moment.microsecond // 100_000 * 100_000)


def received_names(snmptrapd):
    return names(snmptrapd.received())


def wait_until_notified(snmptrapd, expected):
    """Wait for exactly EXPECTED in order. Later extra ones fail the next call."""
    until(lambda: len(received_names(snmptrapd)) >= len(expected),
          f"{len(expected)} notifications", pause=0.05)
    assert received_names(snmptrapd) == expected


def wait_until_nothing_more_is_notified(snmptrapd, expected):
    """Send another notification. All earlier ones have arrived with it, as order is kept."""
    with listener(socket.AF_INET6):
        wait_until_notified(snmptrapd, [*expected, ("zLast", "raised")])


def row(name):
    """Return {column: value} from one request."""
    columns = [mib.THRESHOLD_ENTRY + (number,) for number in range(2, 12)]
    return dict(zip(columns, (found.value for found in snmp.get(
        *(mib.of_threshold(column, name) for column in columns)))))


def status(name):
    return snmp.get_value(mib.of_threshold(mib.THRESHOLD_STATUS, name))


def wait_until_raised(name):
    until(lambda: status(name) == mib.RAISED_STATUS, f"{name} is raised")


def wait_until_normal(name):
    until(lambda: status(name) == mib.NORMAL, f"{name} is normal")


# ---- the content of notifications ----

@pytest.mark.smoke
def test_traps_and_informs_contain_the_row(snmptrapd, snmpd, agent, listeners):
    snmpd.more_lines = TRAPS + INFORMS
    snmpd.start()
    agent.configure(threshold=f"busy {LISTENING} 2 clear 1")
    agent.start()
    agent.wait_until_registered()
    assert row("busy") == {
        mib.THRESHOLD_METRIC: LISTENING, mib.THRESHOLD_RANGE: "2", mib.THRESHOLD_CLEAR_RANGE: "1",
        mib.THRESHOLD_VALUE: 0, mib.THRESHOLD_STATUS: mib.NORMAL, mib.THRESHOLD_SINCE: 0,
        mib.THRESHOLD_RAISES: 0, mib.THRESHOLD_LABEL: "busy", mib.THRESHOLD_TOP: "",
        mib.THRESHOLD_SINCE_DATE: None}
    expected = []
    # The status changes at the last socket that is opened or closed, and not before.
    for number, kind, raises in ((3, mib.RAISED, 1), (1, mib.CLEARED, 1), (3, mib.RAISED, 2)):
        before = snmp.get_value(mib.SYS_UP_TIME)
        listeners.number(number)
        expected.append((kind, number))
        for security in (TRAP_SECURITY, INFORM_SECURITY):
            until(lambda: len(snmptrapd.received(security)) == len(expected), "a notification")
            trap_oid, *carried = snmptrapd.received(security)[-1]
            assert trap_oid == (mib.SNMP_TRAP_OID, "OID", snmp.dotted(kind))
            assert carried == snmp.get(*(mib.of_threshold(column, "busy") for column in CARRIED))
        found = row("busy")
        assert found[mib.THRESHOLD_VALUE] == number
        assert found[mib.THRESHOLD_RAISES] == raises
        assert before - 1 <= found[mib.THRESHOLD_SINCE] <= snmp.get_value(mib.SYS_UP_TIME)


@pytest.mark.parametrize("threshold, fine, wrong", [
    ("a state ipv4 listen 1:", 1, 0),
    ("a state any listen 0:2", 2, 3),
    ("a state ipv4 LISTEN ~:3", 3, 4),
    ("a state ipv4 listen @2:3", 1, 3),
    ("a state ipv4 listen @2:3", 4, 2),
    ("a state ipv4 listen 2:4", 4, 5),
], ids=lambda value: str(value).replace(" ", "_"))
def test_a_value_outside_of_its_range_raises(start, snmptrapd, listeners, threshold, fine, wrong):
    listeners.number(fine)
    start(threshold)
    assert status("a") == mib.NORMAL
    listeners.number(wrong)
    wait_until_notified(snmptrapd, [("a", "raised")])
    listeners.number(fine)
    wait_until_notified(snmptrapd, [("a", "raised"), ("a", "cleared")])


def test_a_minimum_is_notified_at_the_start(start, snmptrapd):
    start("web state any established 1:")
    wait_until_notified(snmptrapd, [("web", "raised")])
    assert row("web")[mib.THRESHOLD_VALUE] == 0


# ---- hold and hysteresis ----

@pytest.fixture
def step(start, agent):
    """step(THRESHOLD...): calls start() the first time, and then causes one refresh per call.

    The interval is an hour, and a reload causes a refresh.
    """
    def step(*thresholds):
        how = {"refreshInterval": 3600, "maxAge": None, "owners": "no"}
        if not agent.running:
            start(*thresholds, **how)
            return
        before = snmp.get_value(mib.REFRESHES)
        agent.reconfigure(threshold=list(thresholds), **how)
        until(lambda: snmp.get_value(mib.REFRESHES) > before, "a refresh")
        assert snmp.get_value(mib.REFRESHES) == before + 1
    return step


def test_hold_counts_refreshes(step, listeners):
    held = f"held {LISTENING} 0 hold 4"
    step(held)
    for number, before, after in ((1, mib.NORMAL, mib.RAISED_STATUS),
                                  (0, mib.RAISED_STATUS, mib.NORMAL)):
        listeners.number(number)
        seen = []
        for _ in range(5):
            step(held)
            found = row("held")
            assert found[mib.THRESHOLD_VALUE] == number
            seen.append(found[mib.THRESHOLD_STATUS])
        assert seen == [before, before, before, after, after]


def test_an_interrupted_streak_does_not_count(step, snmptrapd, listeners):
    thresholds = (f"held {LISTENING} 0 hold 3", LAST)
    step(*thresholds)
    for number in (1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1):
        listeners.number(number)
        step(*thresholds)
        assert row("held")[mib.THRESHOLD_VALUE] == number
    assert row("held")[mib.THRESHOLD_RAISES] == 0
    with listener(socket.AF_INET6):
        step(*thresholds)
        # The third in a row counts as well.
        wait_until_notified(snmptrapd, [("held", "raised"), ("zLast", "raised")])


def test_flapping_between_the_ranges_is_not_notified(start, snmptrapd, listeners):
    start(f"busy {LISTENING} 5 clear 2", LAST)
    value = mib.of_threshold(mib.THRESHOLD_VALUE, "busy")
    for number in (3, 5, 6, 3, 7, 4, 9, 3, 2, 4, 5, 3, 0):
        listeners.number(number)
        until(lambda: snmp.get_value(value) == number, "the new value")
    wait_until_nothing_more_is_notified(snmptrapd, [("busy", "raised"), ("busy", "cleared")])


# ---- metrics other than state ----

def test_the_fill_of_an_accept_queue(start, snmptrapd):
    with listener(backlog=4) as queue:
        port = queue.getsockname()[1]
        start(f"accept listen 0.0.0.0:{port} 50", LAST)
        value = mib.of_threshold(mib.THRESHOLD_VALUE, "accept")
        assert snmp.get_value(value) == 0
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        wait_until_notified(snmptrapd, [("accept", "raised")])
        assert snmp.get_value(value) == 75
    # Without a listener there is no value, which neither raises nor clears.
    until(lambda: snmp.get(value)[0].type == "noSuchInstance", "the value is gone")
    assert status("accept") == mib.RAISED_STATUS
    for connection in connections:
        connection.close()
    wait_until_nothing_more_is_notified(snmptrapd, [("accept", "raised")])
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("", port))
        again.listen(4)
        wait_until_normal("accept")


def test_an_endpoint_of_ipv6(start, snmptrapd):
    with socket.socket(socket.AF_INET6) as queue:
        queue.bind(("::1", 8080))
        queue.listen(1)
        start("accept listen [::1]:8080 80")
        assert status("accept") == mib.NORMAL
        with socket.create_connection(("::1", 8080)):
            wait_until_notified(snmptrapd, [("accept", "raised")])
            assert row("accept")[mib.THRESHOLD_VALUE] == 100


def test_the_sockets_of_a_watch(start, snmptrapd, listeners):
    with listener() as server:
        port = server.getsockname()[1]
        start("gone watch w listen 1:", "busy watch w established 1", watch=f"w port {port}")
        listeners.number(7)
        with socket.create_connection(("127.0.0.1", port)), \
                socket.create_connection(("127.0.0.1", port)):
            wait_until_notified(snmptrapd, [("busy", "raised")])
            assert row("busy")[mib.THRESHOLD_VALUE] == 2
        assert snmp.get_value(mib.of_watch(mib.WATCH_COUNT, "w", 4, "listen")) == 1
    wait_until_notified(snmptrapd, [("busy", "raised"), ("busy", "cleared"), ("gone", "raised")])


def test_the_share_of_a_limit_of_the_host(start, snmptrapd):
    """A new namespace has a limit of timewaits, but not of orphans and memory."""
    with StateMaker() as maker:
        set_sysctl("tcp_max_tw_buckets", 16)
        start("buckets host tcpHostTimeWaits 50", "memory host tcpHostMemory 0:0",
              "orphans host tcpHostOrphans 0:0", LAST)
        maker.make(4, "timeWait", 8)
        maker.make(4, "finWait1", 2, closed=True)
        until(lambda: row("buckets")[mib.THRESHOLD_VALUE] == 50, "half of the limit")
        assert status("buckets") == mib.NORMAL
        maker.make(6, "timeWait", 4)
        wait_until_notified(snmptrapd, [("buckets", "raised")])
        until(lambda: row("buckets")[mib.THRESHOLD_VALUE] == 75, "all are counted")
        for name in ("memory", "orphans"):
            assert snmp.get(mib.of_threshold(mib.THRESHOLD_VALUE, name))[0].type \
                == "noSuchInstance"
            assert status(name) == mib.NORMAL


def flood(peer, port, far_ports):
    for far_port in far_ports:
        peer.open(4, "synReceived", far_port, port)


def test_a_syn_flood_is_noticed_though_synreceived_stays_low(start, snmptrapd, agent):
    """The kernel answers SYNs that exceed the SYN queue with cookies."""
    peer = TunPeer()
    with socket.socket() as server:
        server.bind((NEAR_ADDRESS[4], 0))
        server.listen(8)
        port = server.getsockname()[1]
        start("flood rate tcpHostSyncookiesSent over 2 10 clear 1",
              "hour rate tcpHostSynQueueCookies over 3600 0",
              "state state any synReceived 100",
              "other rate tcpHostListenOverflows 0", LAST, owners="no")
        until(lambda: row("flood")[mib.THRESHOLD_VALUE] == 0, "the rate is 0")
        flood(peer, port, range(1024, 3024))
        wait_until_notified(snmptrapd, [("hour", "raised"), ("flood", "raised")])
        for top in carried_values(snmptrapd, mib.THRESHOLD_TOP):
            assert re.fullmatch(rf"{re.escape(NEAR_ADDRESS[4])}:{port} [1-9]", top)
        assert row("flood")[mib.THRESHOLD_METRIC] == "rate tcpHostSyncookiesSent over 2"
        assert snmp.get_value(mib.of_state(mib.TOTAL, "synReceived")) <= 9
        wait_until_notified(snmptrapd, [("hour", "raised"), ("flood", "raised"),
                                        ("flood", "cleared")])
        before = row("hour")
        agent.hang_up()
        agent.wait_until_logged("configuration reloaded")
        wait_for_refresh()
        assert row("hour")[mib.THRESHOLD_STATUS] == mib.RAISED_STATUS
        assert row("hour")[mib.THRESHOLD_VALUE] > 0
        assert row("hour")[mib.THRESHOLD_SINCE] == before[mib.THRESHOLD_SINCE]
        assert status("other") == status("state") == mib.NORMAL
        wait_until_nothing_more_is_notified(snmptrapd, [
            ("hour", "raised"), ("flood", "raised"), ("flood", "cleared")])
    peer.close()


# ---- dates ----

def raised_date(name):
    wait_until_raised(name)
    return snmp.date(row(name)[mib.THRESHOLD_SINCE_DATE])


@pytest.mark.parametrize("zone, hours", [
    ("UTC0", 0), ("NPT-5:45", 5.75), ("AST4", -4), ("LINT-14", 14),
    # Summer time on every day of the year.
    ("XST5XDT,0/0,J365/25", -4), ("XST-1XDT,0/0,J365/25", 2),
], ids=lambda value: str(value).replace("/", "_"))
def test_dates_have_the_zone_of_tz(start, agent, zone, hours):
    agent.environment["TZ"] = zone
    before = now()
    start("any state any listen 1:")
    dates = (snmp.date(snmp.get_value(mib.REFRESH_STARTED)), raised_date("any"))
    assert after_tenth(before) <= dates[0] <= dates[1] <= now()
    assert [date.utcoffset() for date in dates] == 2 * [datetime.timedelta(hours=hours)]


def zone_file(zone, offset):
    """Return a file of tzfile(5) for the zone ZONE in the form of TZ, OFFSET seconds from UTC."""
    block = struct.pack(">5s15x6l", b"TZif2", 0, 0, 0, 0, 1, 4) + struct.pack(">lBB", offset, 0, 0)
    return 2 * (block + b"NPT\0") + f"\n{zone}\n".encode()


def test_dates_have_the_zone_of_the_host(snmpd, agent, tmp_path):
    """The file is read once, before the agent can no longer open files."""
    localtime = tmp_path / "localtime"
    localtime.write_bytes(zone_file("NPT-5:45", 20700))
    agent.environment.pop("TZ", None)
    snmpd.start()
    agent.configure(threshold="any state any listen 1:")
    os_file = os.path.realpath("/etc/localtime")
    agent.start(launcher=("unshare", "--mount", "sh", "-c",
                          f"mount --bind {localtime} {os_file} && exec \"$@\"", "sh"))
    agent.wait_until_registered()
    assert raised_date("any").utcoffset() == datetime.timedelta(hours=5, minutes=45)
    localtime.write_bytes(b"")
    agent.hang_up()
    agent.wait_until_logged("configuration reloaded")
    assert raised_date("any").utcoffset() == datetime.timedelta(hours=5, minutes=45)


def test_the_start_of_the_agent_is_that_of_its_counters(start, agent, snmpd):
    start("any state any listen 1:")
    date, before = raised_date("any"), snmp.get_value(mib.REFRESH_STARTED)
    agent.reconfigure(threshold="any state any listen 1:")
    snmpd.kill()
    snmpd.start()
    agent.wait_until_registered()
    assert snmp.get_value(mib.REFRESH_STARTED) == before
    assert raised_date("any") == date
    assert agent.stop() == 0
    restarted = now()
    agent.start()
    agent.wait_until_registered()
    assert snmp.date(snmp.get_value(mib.REFRESH_STARTED)) >= after_tenth(restarted)
    assert raised_date("any") >= after_tenth(restarted)


# ---- what makes up a value ----

def test_the_top_of_half_open_connections(step):
    """Whole numbers of the refresh that raised the threshold; it stays until the next change."""
    peer = TunPeer()
    with contextlib.ExitStack() as stack:
        ports = []
        for _ in range(2):
            server = stack.enter_context(socket.socket())
            server.bind((NEAR_ADDRESS[4], 0))
            server.listen(64)
            ports.append(server.getsockname()[1])
        thresholds = ("half state any synReceived 7", "ipv6 state ipv6 synReceived 0:0",
                      "other state any listen 1")
        step(*thresholds)
        for port, number in zip(ports, (3, 5)):
            flood(peer, port, range(1024, 1024 + number))
        until(lambda: step(*thresholds) or status("half") == mib.RAISED_STATUS, "it is raised")
        top = f"{NEAR_ADDRESS[4]}:{ports[1]} 5, {NEAR_ADDRESS[4]}:{ports[0]} 3"
        assert row("half")[mib.THRESHOLD_TOP] == top
        flood(peer, ports[0], range(2000, 2001))
        step(*thresholds)
        assert row("half")[mib.THRESHOLD_TOP] == top
        assert row("ipv6")[mib.THRESHOLD_TOP] == row("other")[mib.THRESHOLD_TOP] == ""
        assert status("other") == mib.RAISED_STATUS
    peer.close()


@contextlib.contextmanager
def full_queues(addresses, port=10000):
    """Accept queues with one connection and a backlog of one."""
    with contextlib.ExitStack() as stack:
        for address in addresses:
            server = stack.enter_context(socket.socket())
            server.bind((address, port))
            server.listen(1)
            stack.enter_context(socket.create_connection((address, port)))
        yield


@pytest.mark.skipif(cgroups.root() is None, reason="no cgroup v2")
def test_the_top_of_owners(start, snmptrapd):
    """Three units with known numbers, all opened before the agent starts."""
    thresholds = {"leak": "state any closeWait 5", "worst": "owner any closeWait 3",
                  "db": "watch db closeWait 3", "full": "listen any 50"}
    with cgroups.Cgroups() as units, StateMaker() as maker, contextlib.ExitStack() as stack:
        for unit, number in (("a.service", 2), ("b.service", 4), ("c.service", 3)):
            with units.inside(unit):
                maker.make(4, "closeWait", number)
        with units.inside("d.service"):
            stack.enter_context(full_queues(["127.0.0.1"]))
        start(*(f"{name} {rule}" for name, rule in thresholds.items()),
              watch="db unit b.service,c.service")
        for name in thresholds:
            wait_until_raised(name)
        assert {name: row(name)[mib.THRESHOLD_TOP] for name in thresholds} == {
            "leak": "b.service 4, c.service 3, a.service 2",
            "worst": "b.service 4, c.service 3, a.service 2",
            "db": "b.service 4, c.service 3",
            "full": "127.0.0.1:10000 d.service 100 %"}


# With these, a list of all endpoints has 255 octets.
ADDRESSES = [f"127.0.0.{number}" for number in (*range(1, 8), *range(10, 14))]
LONGEST_TOP = ", ".join(f"{address}:10000 100 %" for address in ADDRESSES)
METRIC_MAX = 95
NOTIFICATION_MAX = 1400


def test_the_top_of_all_accept_queues(step, snmptrapd):
    step("fullest listen any 50", "one listen 127.0.0.1:10000 50")
    with full_queues([*ADDRESSES, "127.0.0.200"]), socket.create_server(("127.0.0.100", 10000)):
        step("fullest listen any 50", "one listen 127.0.0.1:10000 50")
        wait_until_notified(snmptrapd, [("one", "raised"), ("fullest", "raised")])
        assert len(LONGEST_TOP) == 255
        assert carried_values(snmptrapd, mib.THRESHOLD_TOP) == ["", LONGEST_TOP]
        assert row("fullest")[mib.THRESHOLD_TOP] == LONGEST_TOP
    step("fullest listen any 50", "one listen 127.0.0.1:10000 50")
    wait_until_notified(snmptrapd, [("one", "raised"), ("fullest", "raised"),
                                    ("fullest", "cleared")])
    assert carried_values(snmptrapd, mib.THRESHOLD_TOP)[-1] == ""


def test_the_longest_notification_fits_into_a_datagram(snmpd, agent, record_property):
    """Encrypted, with the longest names, ranges, user and context."""
    name, user, context = 32 * "n", 32 * "u", 32 * "c"
    wide, clear = "~:" + 91 * "0" + "50", "~:" + 91 * "0" + "20"
    assert len(wide) == len(clear) == METRIC_MAX
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, full_queues(ADDRESSES):
        receiver.bind(("127.0.0.1", 0))
        snmpd.more_lines = (
            f"createUser {user} SHA-512 authPhrase AES privPhrase\n"
            f"trapsess -v 3 -u {user} -l authPriv -a SHA-512 -A authPhrase -x AES -X privPhrase"
            f" -n {context} 127.0.0.1:{receiver.getsockname()[1]}\n")
        snmpd.start()
        agent.configure(threshold=f"{name} listen any {wide} clear {clear}", owners="no")
        agent.start()
        agent.wait_until_registered()
        wait_until_raised(name)
        found = row(name)
        assert len(found[mib.THRESHOLD_TOP]) == 255
        assert found[mib.THRESHOLD_RANGE] == wide
        receiver.settimeout(PATIENCE)
        # snmpd itself notifies of its start.
        size = max(len(receiver.recv(65536)) for _ in range(2))
    # The longest root has 20 octets, this one 13, and lengths above 127 take one more.
    longest = size + METRIC_MAX - len(found[mib.THRESHOLD_METRIC]) + len(CARRIED + (1,)) * (7 + 1)
    record_property("observed", f"{size} octets, {longest} with the longest metric and root")
    assert 1000 < longest <= NOTIFICATION_MAX


# ---- delivery at least once ----

class Relay:
    """A socket at PATH between the agent and MASTER. It can keep the master's answers back."""

    def __init__(self, path, master):
        self.keeps_answers = False
        self.kept = 0
        self._master = master
        self._connections = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept_all)]
        self._threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self.break_sessions()
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def break_sessions(self):
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept_all(self):
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:  # it is shut down
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self._master))
            self._connections += [near, far]
            for args in ((near, far, False), (far, near, True)):
                self._threads.append(threading.Thread(target=self._forward, args=args))
                self._threads[-1].start()

    def _forward(self, source, target, answers):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if answers and self.keeps_answers:
                    self.kept += 1
                else:
                    target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_a_duplicate_has_the_same_objects(snmptrapd, snmpd, agent, tmp_path):
    """snmpd has forwarded it, but its answer is lost with the session."""
    snmpd.more_lines = TRAPS
    snmpd.start()
    with Relay(tmp_path / "relay", snmpd.agentx) as relay:
        agent.configure(threshold=["fullest listen any 50", LAST],
                        agentXSocket=f"unix:{tmp_path}/relay", owners="no")
        agent.start()
        agent.wait_until_registered()
        relay.keeps_answers = True
        with full_queues(ADDRESSES[:2]):
            wait_until_notified(snmptrapd, [("fullest", "raised")])
            until(lambda: relay.kept > 0, "snmpd has confirmed it")
            relay.keeps_answers = False
            relay.break_sessions()
            wait_until_nothing_more_is_notified(snmptrapd, 2 * [("fullest", "raised")])
        # sysUpTime is that of a session, which may be a tick off.
        first, second = ([found for found in notification
                          if found.oid != mib.of_threshold(mib.THRESHOLD_SINCE, "fullest")]
                         for notification in snmptrapd.received()[:2])
        assert first == second
        assert first[-1].value == "127.0.0.1:10000 100 %, 127.0.0.2:10000 100 %"
        agent.clean_up()


# ---- while snmpd is away ----

@pytest.fixture
def several_refreshes(faults):
    """several_refreshes(): waits for them without SNMP, as snmpd is not running."""
    return functools.partial(faults.wait_for_refreshes, 5)


def test_a_transition_back_and_forth_while_snmpd_is_away(several_refreshes, start, snmptrapd, snmpd,
                                                         listeners):
    start(f"b {LISTENING} 0", f"a {LISTENING} 1", LAST)
    snmpd.kill()
    moments = []
    for number in (1, 2, 0):
        before = now()
        listeners.number(number)
        several_refreshes()
        moments.append((before, now()))
    snmpd.start()
    wait_until_nothing_more_is_notified(snmptrapd, [
        ("b", "raised"), ("a", "raised"), ("a", "cleared"), ("b", "cleared")])
    # sysUpTime started later.
    assert carried_values(snmptrapd, mib.THRESHOLD_SINCE)[:4] == [0, 0, 0, 0]
    dates = [snmp.date(value) for value in carried_values(snmptrapd, mib.THRESHOLD_SINCE_DATE)]
    assert all(after_tenth(before) <= date <= after
               for (before, after), date in zip(moments, (dates[0], dates[1], dates[2])))
    assert dates[2] == dates[3]
    assert snmp.date(row("a")[mib.THRESHOLD_SINCE_DATE]) == dates[2]


def test_a_transition_while_snmpd_hangs(several_refreshes, start, snmptrapd, snmpd, listeners):
    start(f"a {LISTENING} 0", LAST)
    snmpd.pause()
    listeners.number(1)
    several_refreshes()
    snmpd.resume()
    wait_until_nothing_more_is_notified(snmptrapd, [("a", "raised")])


def test_a_transition_while_snmpd_hangs_before_it_is_killed(several_refreshes, start, snmptrapd,
                                                            snmpd, listeners):
    start(f"a {LISTENING} 0", LAST)
    snmpd.pause()
    listeners.number(1)
    several_refreshes()
    snmpd.kill()
    snmpd.start()
    wait_until_nothing_more_is_notified(snmptrapd, [("a", "raised")])


def many(number):
    """Return thresholds that are raised and cleared together, and their names in order."""
    order = [f"t{i:04}" for i in range(number)]
    return [f"{name} {LISTENING} 0" for name in order], order


def test_300_transitions_while_snmpd_is_away(several_refreshes, start, snmptrapd, snmpd, agent,
                                             listeners):
    thresholds, order = many(150)
    start(*thresholds, LAST)
    snmpd.kill()
    for number in (1, 0):
        listeners.number(number)
        several_refreshes()
    snmpd.start()
    expected = [*((name, "raised") for name in order), *((name, "cleared") for name in order)]
    wait_until_notified(snmptrapd, expected[-KEPT:])
    wait_until_nothing_more_is_notified(snmptrapd, expected[-KEPT:])
    assert snmp.get_value(mib.NOTIFY_DROPPED) == 300 - KEPT
    assert agent.log.count("dropping the oldest") == 1
    assert "44 notifications dropped" in agent.log


def test_more_transitions_than_are_kept(start, snmptrapd, listeners):
    thresholds, order = many(1000)
    start(*thresholds, LAST)
    expected = []
    for number, kind in ((1, "raised"), (0, "cleared"), (1, "raised")):
        listeners.number(number)
        expected += [(name, kind) for name in order[-KEPT:]]
        wait_until_notified(snmptrapd, expected)
    wait_until_nothing_more_is_notified(snmptrapd, expected)
    assert snmp.get_value(mib.NOTIFY_DROPPED) == 3 * (1000 - KEPT)


def test_a_burst_that_fits_is_notified_completely(start, snmptrapd, listeners):
    thresholds, order = many(KEPT)
    start(*thresholds)
    expected = []
    for number, kind in 4 * ((1, "raised"), (0, "cleared")):
        listeners.number(number)
        expected += [(name, kind) for name in order]
        wait_until_notified(snmptrapd, expected)
    assert snmp.get_value(mib.NOTIFY_DROPPED) == 0


# ---- start and exit of the agent ----

def test_a_new_agent_notifies_raised_thresholds(start, snmptrapd, agent, listeners):
    listeners.number(1)
    start(f"a {LISTENING} 0", LAST)
    wait_until_notified(snmptrapd, [("a", "raised")])
    assert agent.stop() == 0
    agent.start()
    agent.wait_until_registered()
    wait_until_nothing_more_is_notified(snmptrapd, 2 * [("a", "raised")])
    assert row("a")[mib.THRESHOLD_RAISES] == 1


# ---- SIGHUP ----

def test_hangup_keeps_unchanged_thresholds(start, snmptrapd, agent, listeners):
    listeners.number(1)
    lines = [f"a {LISTENING} 0 clear 0:0 hold 2", f"b {LISTENING} 5", LAST]
    start(*lines)
    wait_until_raised("a")
    before = row("a")
    agent.reconfigure(threshold=lines[::-1])
    wait_for_refresh()
    assert row("a") == before
    wait_until_nothing_more_is_notified(snmptrapd, [("a", "raised")])


def test_hangup_clears_removed_thresholds(start, snmptrapd, agent, listeners):
    listeners.number(3)
    start(f"a {LISTENING} 0", f"b {LISTENING} 5", LAST)
    wait_until_raised("a")
    agent.reconfigure(threshold=[LAST])
    wait_until_nothing_more_is_notified(snmptrapd, [("a", "raised"), ("a", "cleared")])
    assert snmptrapd.received()[1][3].value == 3
    assert snmp.get(mib.of_threshold(mib.THRESHOLD_STATUS, "a"))[0].type == "noSuchInstance"


@pytest.mark.parametrize("changed, told_again", [
    (f"{LISTENING} 1", True), (f"{LISTENING} 0 clear 0:0", True), (f"{LISTENING} 0 hold 2", True),
    ("state any listen 0", True), (f"{LISTENING} 3", False),
], ids=["range", "clear", "hold", "metric", "wider"])
def test_hangup_resets_changed_thresholds(start, snmptrapd, agent, listeners, changed,
                                               told_again):
    listeners.number(3)
    start(f"a {LISTENING} 0", LAST)
    wait_until_raised("a")
    agent.reconfigure(threshold=[f"a {changed}", LAST])
    if told_again:
        wait_until_notified(snmptrapd, [("a", "raised"), ("a", "cleared"), ("a", "raised")])
    else:
        wait_until_nothing_more_is_notified(snmptrapd, [("a", "raised"), ("a", "cleared")])
    # The row was recreated.
    assert row("a")[mib.THRESHOLD_RAISES] == int(told_again)


def test_hangup_with_an_invalid_threshold_changes_nothing(start, snmptrapd, agent, listeners):
    listeners.number(1)
    start(f"a {LISTENING} 0", LAST)
    wait_until_raised("a")
    before = row("a")
    agent.configure(threshold=["b state ipv4 nonsense 0"])
    agent.hang_up()
    agent.wait_until_logged("configuration not reloaded")
    assert row("a") == before
    wait_until_nothing_more_is_notified(snmptrapd, [("a", "raised")])


# ---- interfaces ----

def _make_interface(index):
    subprocess.run(["ip", "-batch", "-"], check=True, text=True, input=f"""\
        link add far0 index {index} type veth peer name near0
        link set far0 up
        link set near0 up
        address add fe80::1/64 dev far0 nodad
        """)
    return socket.if_nametoindex("far0")


def _listener_on(index):
    opened = socket.socket(socket.AF_INET6)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, True)
    opened.bind(("fe80::1", 80, 0, index))
    opened.listen(4)
    return opened


def test_an_interface_that_is_made_later_and_anew(snmpd, agent):
    """The metric is absent without a listener, and follows the interface's index."""
    snmpd.start()
    agent.configure(threshold=["zone listen [fe80::1%far0]:80 50",
                               "other state any listen 1000"])
    agent.start()
    agent.wait_until_registered()
    assert agent.log.count("'far0'") == 1
    value = mib.of_threshold(mib.THRESHOLD_VALUE, "zone")

    def served():
        return snmp.get_value(value)
    assert served() is None
    for index in (107, 109):
        assert _make_interface(index) == index
        with _listener_on(index):
            until(lambda: served() == 0, "the listener is found")
        until(lambda: served() is None, "the listener is gone")
        with _listener_on(index):
            until(lambda: served() == 0, "the listener is found")
            subprocess.run(["ip", "link", "delete", "far0"], check=True)
            wait_for_refresh()
            assert served() is None
    assert agent.log.count("'far0'") == 1
    assert snmp.get_value(mib.REFRESH_ERRORS) == 0


# ---- invalid lines ----

@pytest.mark.parametrize("line", [
    "",
    "a",
    "a state",
    "a state ipv4",
    "a state ipv4 listen",
    "a state ipv5 listen 10",
    "a state ipv4 open 10",
    "a state ipv4 listen ten",
    "a state ipv4 listen 20:10",
    "a state ipv4 listen 10 20",
    "a state ipv4 listen 10 clear",
    "a state ipv4 listen 10 clear ten",
    "a state ipv4 listen 10 hold",
    "a state ipv4 listen 10 hold 0",
    "a state ipv4 listen 10 hold 1000001",
    "a state ipv4 listen 10 hold 2 hold 2",
    "a state ipv4 listen 10 clear 5 clear 5",
    "a port 443 listen 10",
    "a watch nosuch listen 10",
    "a ports nosuch 10",
    "a watch a:b listen 10",
    "a listen 127.0.0.1 10",
    "a listen ::1:80 10",
    "a listen [::1] 10",
    "a listen [fe80::1%nosuchinterface0]:80 10",
    "a listen 127.0.0.1:0 10",
    "a host tcpHostAllocated 10",
    "a host tcpOrphans 10",
    "a host tcpHostConntracksMax 10",
    "a rate tcpHostMemory 10",
    "a rate tcpSyncookiesSent 10",
    "a rate tcpHostTimeouts over 0 10",
    "a rate tcpHostTimeouts over 3601 10",
    "a rate tcpHostTimeouts over 60",
    "a sockets ipv4 listen 10",
    33 * "a" + " state ipv4 listen 10",
    "\u00e4 state ipv4 listen 10",
], ids=lambda line: line[:40].replace(" ", "_").replace("/", "_") or "empty")
def test_an_invalid_line_is_reported(agent, line):
    agent.configuration.write_text(f"# comment\nthreshold {line}\n", encoding="utf-8")
    refused(agent.run("-f"), str(agent.configuration), "line 2:", "threshold")


def test_an_old_name_of_an_object_is_answered_with_the_new_one(agent):
    agent.configuration.write_text("threshold a host tcpOrphans 50\n", encoding="utf-8")
    refused(agent.run("-f"), f"{agent.configuration}: line 1:", "tcpOrphans", "tcpHostOrphans")


def test_each_invalid_line_is_reported_once(agent):
    agent.configuration.write_text(
        "threshold a state ipv4 listen 10\nthreshold a state ipv4 established 10\n"
        "threshold b state ipv4 nonsense 10\nthreshold c state ipv4 listen ten\n")
    done = agent.run("-f")
    assert done.returncode == 1
    complaints = done.stderr.splitlines()
    assert len(complaints) == 3
    for number, complaint in zip((2, 3, 4), complaints):
        assert f"{agent.configuration}: line {number}:" in complaint
