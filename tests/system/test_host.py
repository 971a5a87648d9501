# SPDX-License-Identifier: BSD-2-Clause
"""tcpHost and tcpFamily against what the kernel says in /proc, and without /proc."""

import contextlib
import os
import resource
import socket
import struct
import subprocess

import pytest

import mib
import snmp
from daemons import served_counts, wait_for_refresh
from kernel import HIDE_PROC, kernel_count, set_sysctl, sysctl
from listeners import listener
from network import FIRST_NETWORK
from polling import until
from tcp_states import StateMaker
from test_counts import expected_counts, make_every_kind

KIB_PER_PAGE = resource.getpagesize() // 1024

# Of this network namespace, so that nobody else changes them.
OWN = {
    "tcpTimeWaits": lambda: kernel_count("sockstat", "TCP:", "tw"),
    "tcpTimeWaitsMax": lambda: sysctl("tcp_max_tw_buckets")[0],
    "socketsUsed": lambda: kernel_count("sockstat", "sockets:", "used"),
    "tcpListenOverflows": lambda: kernel_count("netstat", "TcpExt:", "ListenOverflows"),
    "tcpListenDrops": lambda: kernel_count("netstat", "TcpExt:", "ListenDrops"),
    "tcpSyncookiesSent": lambda: kernel_count("netstat", "TcpExt:", "SyncookiesSent"),
    "tcpTimeWaitOverflows": lambda: kernel_count("netstat", "TcpExt:", "TCPTimeWaitOverflow"),
}
SHARED = {
    "tcpOrphans": lambda: kernel_count("sockstat", "TCP:", "orphan"),
    "tcpAllocated": lambda: kernel_count("sockstat", "TCP:", "alloc"),
    "tcpMemory": lambda: kernel_count("sockstat", "TCP:", "mem") * KIB_PER_PAGE,
}
FAMILY_LINES = {mib.FAMILY_UDP: "UDP", mib.FAMILY_RAW: "RAW", mib.FAMILY_FRAG: "FRAG"}
LIMITS_OF_THE_FIRST_NETWORK = ("tcpOrphansMax", "tcpMemoryMax")


def host(name):
    return snmp.get_value(mib.of_host(name))


def agrees(oid, read):
    """Between two readings of the kernel there was a refresh, which found what both do."""
    before = read()
    wait_for_refresh()
    return snmp.get_value(oid) == before == read()


def check_host(objects):
    """Not at once: they change while we ask, if only by asking."""
    for name, read in objects.items():
        until(lambda: agrees(mib.of_host(name), read), name, 10)


def family(column, number):
    return snmp.get_value(column + (number,))


def in_use(name, line):
    return kernel_count("sockstat", line + ":", "inuse") if name == 4 \
        else kernel_count("sockstat6", line + "6:", "inuse")


def check_families():
    for column, line in FAMILY_LINES.items():
        for number, name in ((1, 4), (2, 6)):
            until(lambda: agrees(column + (number,), lambda: in_use(name, line)), line, 10)


# ---- the kernel's own counts ----

def test_an_idle_host(served):
    check_host(OWN | SHARED)
    check_families()
    assert host("tcpTimeWaits") == 0


def test_sockets_in_every_state(served):
    with StateMaker() as maker:
        make_every_kind(maker)
        maker.make(4, "timeWait", 20)
        maker.make(6, "finWait1", 20, closed=True)
        check_host(OWN | SHARED)
        assert host("tcpTimeWaits") >= 20
        assert host("tcpOrphans") >= 20
        assert host("tcpAllocated") >= sum(number for (_, state), number in maker.expected.items()
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
        assert host("tcpMemory") >= 64


def provoke_listen_overflows():
    with contextlib.ExitStack() as held:
        server = held.enter_context(listener(backlog=1))
        for _ in range(5):
            near = held.enter_context(socket.socket())
            near.setblocking(False)
            near.connect_ex(server.getsockname())
        until(lambda: kernel_count("netstat", "TcpExt:", "ListenOverflows") >= 3, "overflows")


def test_what_the_kernel_counts_of_its_drops(served):
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
    assert host("tcpListenDrops") >= host("tcpListenOverflows") >= 3
    assert host("tcpSyncookiesSent") == 7
    assert host("tcpTimeWaitOverflows") >= 3
    assert host("tcpTimeWaitsMax") == 3


def fragment(name):
    """The first of two fragments, over loopback; the other one never comes."""
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
        wanted = [before[0] + 5, before[1] + 3, before[2] + 1]
        until(lambda: [family(column, number) for column in FAMILY_LINES] == wanted,
              "the new ones")


# ---- limits ----

def test_limits_that_a_network_of_its_own_does_not_have(served):
    for name in LIMITS_OF_THE_FIRST_NETWORK:
        assert snmp.get(mib.of_host(name))[0].type == "noSuchInstance"
    # A walk passes over them.
    assert snmp.get_next(mib.of_host("tcpOrphans"))[0].oid == mib.of_host("tcpTimeWaits")


def test_limits_of_the_first_network(snmpd, agent):
    """The agent counts where the tests were started; snmpd is in the test's own network."""
    command = ("nsenter", f"--net=/proc/{os.getpid()}/fd/{FIRST_NETWORK}")
    done = subprocess.run([*command, "cat", "/proc/sys/net/ipv4/tcp_max_orphans",
                           "/proc/sys/net/ipv4/tcp_mem"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("the tests were not started in the machine's first network namespace")
    orphans, *memory = map(int, done.stdout.split())
    snmpd.start()
    agent.start(launcher=command)
    agent.wait_until_registered()
    assert host("tcpOrphansMax") == orphans
    assert host("tcpMemoryMax") == memory[2] * KIB_PER_PAGE
    check_host(SHARED)


# ---- without /proc ----

HIDE_ALL_BUT_PROCESSES = ("unshare", "--mount", "sh", "-c",
                          'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh")


def test_without_proc(snmpd, agent):
    """Nothing is told of the host, and the counts are right."""
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
    assert agent.log.count("all sockets are listed") == 1


def test_without_proc_nothing_can_be_derived(snmpd, agent):
    snmpd.start()
    agent.configure(countMethod="full")
    agent.start(launcher=HIDE_PROC)
    agent.wait_until_registered()
    refreshes = snmp.get_value(mib.REFRESHES)
    assert "all sockets are listed" not in agent.log
    agent.reconfigure(countMethod="derived")
    until(lambda: snmp.get_value(mib.REFRESH_ERRORS) >= 3, "refreshes fail")
    assert "sockstat" in snmp.get_value(mib.REFRESH_LAST_ERROR)
    assert snmp.get_value(mib.REFRESHES) >= refreshes
    agent.reconfigure(countMethod="auto")
    refreshes = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= refreshes + 3, "refreshes work")
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.FULL


def test_with_processes_alone_in_proc(snmpd, agent):
    """As with systemd's ProcSubset=pid: only the limits are not told."""
    snmpd.start()
    agent.start(launcher=HIDE_ALL_BUT_PROCESSES)
    agent.wait_until_registered()
    hidden = {"tcpOrphansMax", "tcpTimeWaitsMax", "tcpMemoryMax"}
    assert {name for name in mib.HOST_NAMES if host(name) is None} == hidden
    assert snmp.get_value(mib.REFRESH_METHOD) == mib.DERIVED
