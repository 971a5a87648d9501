# SPDX-License-Identifier: BSD-2-Clause
"""tcpHost and tcpFamily compared with /proc, and without /proc."""

import contextlib
import os
import resource
import socket
import struct
import subprocess

import pytest

import mib
import snmp
from daemons import BUILD, served_counts, wait_for_refresh
from namespace import (
    FIRST_NETWORK, HIDE_PROC, conntrack, kernel_count, set_sysctl, show_in_proc_net, sysctl)
from polling import until
from sockets import StateMaker, listener
from test_counts import expected_counts, make_every_kind
from tun_peer import NEAR_ADDRESS, TunPeer

# Orphans, memory and allocated sockets are host-wide.
pytestmark = pytest.mark.alone

KIB_PER_PAGE = resource.getpagesize() // 1024

# Per network namespace, so that only the test changes them.
OWN = {
    "tcpHostTimeWaits": lambda: kernel_count("sockstat", "TCP:", "tw"),
    "tcpHostTimeWaitsMax": lambda: sysctl("tcp_max_tw_buckets")[0],
    "tcpHostSocketsUsed": lambda: kernel_count("sockstat", "sockets:", "used"),
    "tcpHostConntracks": lambda: conntrack("count"),
    "tcpHostConntracksMax": lambda: conntrack("max"),
}
COUNTERS = {
    "tcpHostListenOverflows": "ListenOverflows",
    "tcpHostListenDrops": "ListenDrops",
    "tcpHostSyncookiesSent": "SyncookiesSent",
    "tcpHostTimeWaitOverflows": "TCPTimeWaitOverflow",
    "tcpHostSynQueueDrops": "TCPReqQFullDrop",
    "tcpHostSyncookiesReceived": "SyncookiesRecv",
    "tcpHostSyncookiesFailed": "SyncookiesFailed",
    "tcpHostSynRetransmits": "TCPSynRetrans",
    "tcpHostTimeouts": "TCPTimeouts",
    "tcpHostMemoryAborts": "TCPAbortOnMemory",
    "tcpHostMemoryPressures": "TCPMemoryPressures",
    "tcpHostPrunes": "PruneCalled",
    "tcpHostBacklogDrops": "TCPBacklogDrop",
    "tcpHostReceiveDrops": "TCPRcvQDrop",
    "tcpHostSynQueueCookies": "TCPReqQFullDoCookies",
}


def counter(word):
    return lambda: kernel_count("netstat", "TcpExt:", word)


OWN.update({name: counter(word) for name, word in COUNTERS.items()})
SHARED = {
    "tcpHostOrphans": lambda: kernel_count("sockstat", "TCP:", "orphan"),
    "tcpHostAllocated": lambda: kernel_count("sockstat", "TCP:", "alloc"),
    "tcpHostMemory": lambda: kernel_count("sockstat", "TCP:", "mem") * KIB_PER_PAGE,
}
FAMILY_LINES = {mib.FAMILY_UDP: "UDP", mib.FAMILY_RAW: "RAW", mib.FAMILY_FRAG: "FRAG"}
LIMITS_OF_THE_FIRST_NETWORK = ("tcpHostOrphansMax", "tcpHostMemoryMax")


def host(name):
    return snmp.get_value(mib.of_host(name))


def agrees(oid, read):
    """Return whether the served value equals the kernel's before and after a refresh."""
    before = read()
    wait_for_refresh()
    return snmp.get_value(oid) == before == read()


def check_host(objects):
    """Wait until OBJECTS agree. They change meanwhile, if only because of the requests."""
    for name, read in objects.items():
        until(lambda: agrees(mib.of_host(name), read), name)


def family(column, number):
    return snmp.get_value(column + (number,))


def in_use(name, line):
    return kernel_count("sockstat", line + ":", "inuse") if name == 4 \
        else kernel_count("sockstat6", line + "6:", "inuse")


def check_families():
    for column, line in FAMILY_LINES.items():
        for number, name in ((1, 4), (2, 6)):
            until(lambda: agrees(column + (number,), lambda: in_use(name, line)), line)


# ---- the kernel's counts ----

def test_an_idle_host(served):
    check_host(OWN | SHARED)
    check_families()
    assert host("tcpHostTimeWaits") == 0


def test_sockets_in_every_state(served):
    with StateMaker() as maker:
        make_every_kind(maker)
        maker.make(4, "timeWait", 20)
        maker.make(6, "finWait1", 20, closed=True)
        check_host(OWN | SHARED)
        assert host("tcpHostTimeWaits") >= 20
        assert host("tcpHostOrphans") >= 20
        assert host("tcpHostAllocated") >= sum(number
                                               for (_, state), number in maker.expected.items()
                                               if state == "established")
        for number, name in ((1, 4), (2, 6)):
            counts = expected_counts(maker)
            assert family(mib.FAMILY_SOCKETS, number) \
                == sum(counts[name, state] for state in mib.STATES)


def test_memory_in_buffers(served):
    with listener() as server, socket.create_connection(server.getsockname()) as near, \
            server.accept()[0]:
        near.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                near.send(bytes(1 << 20))
        check_host(OWN | SHARED)
        assert host("tcpHostMemory") >= 64


def provoke_listen_overflows():
    with contextlib.ExitStack() as held:
        server = held.enter_context(listener(backlog=1))
        for _ in range(5):
            near = held.enter_context(socket.socket())
            near.setblocking(False)
            near.connect_ex(server.getsockname())
        until(lambda: kernel_count("netstat", "TcpExt:", "ListenOverflows") >= 3, "overflows")


def test_the_kernels_counters_of_drops(served):
    provoke_listen_overflows()
    set_sysctl("tcp_syncookies", 2)
    set_sysctl("tcp_max_tw_buckets", 3)
    with listener() as server:
        for _ in range(7):
            near = socket.create_connection(server.getsockname())
            far = server.accept()[0]
            near.close()
            far.close()
    check_host(OWN | SHARED)
    assert host("tcpHostListenDrops") >= host("tcpHostListenOverflows") >= 3
    assert host("tcpHostSyncookiesSent") == 7
    assert host("tcpHostSynQueueCookies") == 7
    assert host("tcpHostSyncookiesReceived") == 7
    assert host("tcpHostTimeWaitOverflows") >= 3
    assert host("tcpHostTimeWaitsMax") == 3


@pytest.fixture
def peer():
    made = TunPeer()
    yield made
    made.close()


def flood(peer, port, number):
    """Send NUMBER SYNs whose handshakes are never completed."""
    for far_port in range(1024, 1024 + number):
        peer.open(4, "synReceived", far_port, port)


@pytest.fixture
def flooded(peer):
    """The port of a listener with a backlog of 8. Its SYN queue holds 9 requests."""
    with socket.socket() as server:
        server.bind((NEAR_ADDRESS[4], 0))
        server.listen(8)
        yield server.getsockname()[1]


def test_a_flood_that_cookies_answer(served, peer, flooded):
    flood(peer, flooded, 100)
    until(lambda: kernel_count("netstat", "TcpExt:", "SyncookiesSent") == 91, "the cookies")
    peer.acknowledge(4, "synReceived", 999, flooded)
    until(lambda: kernel_count("netstat", "TcpExt:", "TCPSynRetrans") >= 9,
          "SYN-ACKs are retransmitted", 60)
    check_host(OWN)
    assert host("tcpHostSynQueueCookies") == host("tcpHostSyncookiesSent") == 91
    assert host("tcpHostSynQueueDrops") == host("tcpHostSyncookiesReceived") == 0
    assert host("tcpHostSyncookiesFailed") == 1
    assert host("tcpHostSynRetransmits") >= 9


def test_a_flood_without_cookies(served, peer, flooded):
    set_sysctl("tcp_syncookies", 0)
    flood(peer, flooded, 100)
    until(lambda: kernel_count("netstat", "TcpExt:", "TCPReqQFullDrop") == 91, "the drops")
    check_host(OWN)
    assert host("tcpHostSynQueueDrops") == 91
    assert host("tcpHostSynQueueCookies") == host("tcpHostSyncookiesSent") == 0


def test_a_peer_that_does_not_answer(served):
    with StateMaker() as maker:
        maker.make(4, "synSent", 3)
        until(lambda: kernel_count("netstat", "TcpExt:", "TCPTimeouts") >= 3, "timeouts")
        check_host(OWN)
        assert host("tcpHostTimeouts") >= 3
        assert host("tcpHostSynRetransmits") >= 3


def test_a_receive_buffer_that_is_full(served):
    """It shrinks below the window that was advertised, and the peer uses all of that."""
    with listener() as server, \
            socket.create_connection(server.getsockname()) as near, server.accept()[0] as far:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        near.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                near.send(bytes(1000))
        until(lambda: kernel_count("netstat", "TcpExt:", "PruneCalled") >= 1, "a prune")
        check_host(OWN)
        assert host("tcpHostPrunes") >= 1


def local_ports():
    wait_for_refresh()
    return host("tcpHostLocalPorts")


@pytest.mark.parametrize("ports, reserved, number", [
    ("32768 60999", "", 28232),
    ("20000 20999", "8080,20000,20010-20109,20990-30000", 1000 - 1 - 100 - 10),
    ("20000 20999", "1-20899", 100),
    # The longest possible list.
    ("1024 65535", ",".join(f"{port}-{port + 1}" for port in range(1, 65534, 3)),
     sum(port % 3 == 0 for port in range(1024, 65536))),
], ids=("none", "several", "below", "most"))
def test_local_ports_are_those_not_reserved(served, ports, reserved, number):
    set_sysctl("ip_local_port_range", ports)
    set_sysctl("ip_local_reserved_ports", reserved + "\n")
    until(lambda: local_ports() == number, f"{number} ports")


def test_local_ports_are_those_of_the_agents_network(snmpd, agent):
    """Another network namespace has a different range."""
    set_sysctl("ip_local_port_range", "30000 30099")
    snmpd.start()
    agent.start()
    agent.wait_until_registered()
    assert host("tcpHostLocalPorts") == 100


# ---- connection tracking ----

# The directory is empty until the module is loaded.
WITHOUT_CONNTRACK = ("unshare", "--mount", "sh", "-c",
                     'mount -t tmpfs none /proc/sys/net/netfilter && exec "$@"', "sh")
needs_netfilter = pytest.mark.skipif(not os.path.isdir("/proc/sys/net/netfilter"),
                                     reason="the kernel has no netfilter")


def write_conntrack(agent, **numbers):
    for name, number in numbers.items():
        path = f"/proc/{agent.pid}/root/proc/sys/net/netfilter/nf_conntrack_{name}"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{number}\n")


@needs_netfilter
def test_conntracks_of_a_module_that_is_loaded_later(snmpd, agent):
    snmpd.start()
    agent.configure(threshold=["tracked host tcpHostConntracks 80"])
    agent.start(launcher=WITHOUT_CONNTRACK)
    agent.wait_until_registered()
    for name in ("tcpHostConntracks", "tcpHostConntracksMax"):
        assert snmp.get(mib.of_host(name))[0].type == "noSuchInstance"
    write_conntrack(agent, count=80, max=99)
    until(lambda: host("tcpHostConntracks") == 80, "the files are found")
    assert host("tcpHostConntracksMax") == 99
    value, status = (mib.of_threshold(column, "tracked")
                     for column in (mib.THRESHOLD_VALUE, mib.THRESHOLD_STATUS))
    assert snmp.get_value(value) == 80
    assert snmp.get_value(status) == mib.NORMAL
    write_conntrack(agent, count=81)
    until(lambda: snmp.get_value(status) == mib.RAISED_STATUS, "81 of 99 are more than 80 %")
    write_conntrack(agent, max=0)
    until(lambda: snmp.get(value)[0].type == "noSuchInstance", "a limit of 0 is ignored")
    assert host("tcpHostConntracksMax") == 0
    assert agent.running


def fragment(name):
    """Send only the first of two fragments over loopback."""
    data = struct.pack("!HHHH", 9, 9, 1024, 0) + bytes(8)
    if name == 4:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            raw.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 36, 7, 0x2000, 64, 17, 0,
                                   *2 * (socket.inet_aton("127.0.0.1"),)) + data,
                       ("127.0.0.1", 0))
        return
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        extension = struct.pack("!BBHI", 17, 0, 1, 7)
        raw.sendto(struct.pack("!IHBB", 6 << 28, len(extension + data), 44, 64)
                   + 2 * socket.inet_pton(socket.AF_INET6, "::1") + extension + data, ("::1", 0))


@pytest.mark.parametrize("name, address", [(4, "127.0.0.1"), (6, "::1")])
def test_udp_raw_and_fragments(served, name, address):
    number = {4: 1, 6: 2}[name]
    domain = socket.AF_INET if name == 4 else socket.AF_INET6
    before = [in_use(name, line) for line in FAMILY_LINES.values()]
    with contextlib.ExitStack() as held:
        for _ in range(5):
            held.enter_context(socket.socket(domain, socket.SOCK_DGRAM)).bind((address, 0))
        for _ in range(3):
            held.enter_context(socket.socket(domain, socket.SOCK_RAW, socket.IPPROTO_UDP))
        fragment(name)
        check_families()
        expected = [before[0] + 5, before[1] + 3, before[2] + 1]
        until(lambda: [family(column, number) for column in FAMILY_LINES] == expected,
              "the new sockets and fragment are counted")


# ---- limits ----

def test_limits_that_other_network_namespaces_do_not_have(served):
    for name in LIMITS_OF_THE_FIRST_NETWORK:
        assert snmp.get(mib.of_host(name))[0].type == "noSuchInstance"
    # A walk skips them.
    assert snmp.get_next(mib.of_host("tcpHostOrphans"))[0].oid == mib.of_host("tcpHostTimeWaits")


def test_limits_of_the_first_network(snmpd, agent):
    """The agent counts in the namespace that the tests were started in, unlike snmpd."""
    command = ("nsenter", f"--net=/proc/{os.getpid()}/fd/{FIRST_NETWORK}")
    done = subprocess.run([*command, "cat", "/proc/sys/net/ipv4/tcp_max_orphans",
                           "/proc/sys/net/ipv4/tcp_mem"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("the tests were not started in the machine's first network namespace")
    orphans, *memory = map(int, done.stdout.split())
    snmpd.start()
    agent.start(launcher=command)
    agent.wait_until_registered()
    assert host("tcpHostOrphansMax") == orphans
    assert host("tcpHostMemoryMax") == memory[2] * KIB_PER_PAGE
    check_host(SHARED)


# ---- without /proc ----

HIDE_ALL_BUT_PROCESSES = ("unshare", "--mount", "sh", "-c",
                          'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh")


def test_without_proc(snmpd, agent):
    """No host value is served, and the counts are correct."""
    snmpd.start()
    agent.start(launcher=HIDE_PROC)
    agent.wait_until_registered()
    with StateMaker() as maker:
        make_every_kind(maker)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)
        for number, name in ((1, 4), (2, 6)):
            assert family(mib.FAMILY_SOCKETS, number) \
                == sum(expected_counts(maker)[name, state] for state in mib.STATES)
    for oid in FAMILY_LINES:
        assert {snmp.get(oid + (number,))[0].type for number in (1, 2)} == {"noSuchInstance"}
    assert {snmp.get(mib.of_host(name))[0].type for name in mib.HOST_NAMES} == {"noSuchInstance"}
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.FULL
    assert snmp.get_value(mib.REFRESH_ERRORS) == 0
    assert agent.log.count("falling back to a full socket listing") == 1


def test_without_proc_counts_cannot_be_derived(snmpd, agent):
    snmpd.start()
    agent.configure(countMethod="full")
    agent.start(launcher=HIDE_PROC)
    agent.wait_until_registered()
    refreshes = snmp.get_value(mib.REFRESHES)
    assert "falling back to a full socket listing" not in agent.log
    agent.reconfigure(countMethod="derived")
    until(lambda: snmp.get_value(mib.REFRESH_ERRORS) >= 3, "refreshes fail")
    assert "sockstat" in snmp.get_value(mib.REFRESH_LAST_ERROR)
    assert snmp.get_value(mib.REFRESHES) >= refreshes
    agent.reconfigure(countMethod="auto")
    refreshes = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= refreshes + 3, "refreshes work")
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.FULL


# Like hosts booted with ipv6.disable=1, except that IPv6 sockets exist here.
def test_without_sockstat6(snmpd, agent):
    """/proc/net/protocols has the same counts, except for fragments."""
    snmpd.start()
    agent.start(launcher=show_in_proc_net("sockstat", "netstat", "snmp", "protocols"))
    agent.wait_until_registered()
    with StateMaker() as maker:
        make_every_kind(maker)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)
        assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagrams, \
                socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_UDP):
            datagrams.bind(("::1", 0))
            wait_for_refresh()
            assert family(mib.FAMILY_UDP, 2) == 1
            assert family(mib.FAMILY_RAW, 2) == 1
    assert snmp.get(mib.FAMILY_FRAG + (2,))[0].type == "noSuchInstance"
    assert "falling back" not in agent.log


def test_without_ipv6(snmpd, agent):
    """If no file counts IPv6 sockets and none exist, all counts are derived as 0."""
    snmpd.start()
    agent.start(launcher=show_in_proc_net("sockstat", "netstat", "snmp"))
    agent.wait_until_registered()
    with StateMaker() as maker:
        maker.make(4, "established", 6)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)
        assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED
        for oid in FAMILY_LINES:
            assert family(oid, 2) == 0
        assert "falling back" not in agent.log
        # Contradictory numbers lead to a full listing.
        maker.make(6, "established", 4)
        maker.make(6, "closeWait", 2)
        wait_for_refresh()
        assert served_counts() == expected_counts(maker)
        assert snmp.get_value(mib.REFRESH_METHOD) == mib.FULL


@pytest.mark.parametrize("shown", [["sockstat", "protocols"], ["sockstat"]], ids=len)
def test_tcp_states_without_sockstat6(shown):
    with StateMaker() as maker:
        maker.make(4, "established", 6)
        for options in (["--verify"], ["-S"], []):
            done = subprocess.run(
                [*show_in_proc_net(*shown), BUILD / "tcp-states", *options],
                capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")
            assert options != ["--verify"] or done.stdout.endswith("they agree\n")


def test_with_processes_alone_in_proc(snmpd, agent):
    """As with ProcSubset=pid of systemd. Only the limits are missing."""
    snmpd.start()
    agent.start(launcher=HIDE_ALL_BUT_PROCESSES)
    agent.wait_until_registered()
    hidden = {"tcpHostOrphansMax", "tcpHostTimeWaitsMax", "tcpHostMemoryMax", "tcpHostLocalPorts",
              "tcpHostConntracks", "tcpHostConntracksMax"}
    assert {name for name in mib.HOST_NAMES if host(name) is None} == hidden
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED
