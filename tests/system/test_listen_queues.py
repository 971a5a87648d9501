# SPDX-License-Identifier: BSD-2-Clause
"""tcpListenQueueTable: every listening endpoint, and how full its accept queue is."""

import contextlib
import itertools
import random
import resource
import socket
import subprocess

import pytest

import mib
import snmp
from daemons import wait_for_refresh
from kernel import kernel_count, set_sysctl
from polling import until

BACKLOG = 5
IPV4, IPV6, IPV6Z = 1, 2, 4


@pytest.fixture
def held():
    """Sockets that stay open until the test is over: held.enter_context(SOCKET)."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def listen(held):
    """listen(ADDRESS, PORT): a new listener of the address's family, IPv6 only unless DUAL."""
    def listen(address, port=0, backlog=BACKLOG, dual=False):
        opened = held.enter_context(
            socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if opened.family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not dual)
        opened.bind(socket.getaddrinfo(address, port, opened.family, socket.SOCK_STREAM)[0][4])
        opened.listen(backlog)
        return opened
    return listen


def index(listener):
    """The row of a listener: type, length, address and its zone, port."""
    address, port, *more = listener.getsockname()
    zone = more[1] if more else 0
    octets = socket.inet_pton(listener.family, address.partition("%")[0])
    octets += zone.to_bytes(4) if zone else b""
    return ({4: IPV4, 16: IPV6, 20: IPV6Z}[len(octets)], len(octets), *octets, port)


def cell(column, listener):
    return snmp.get_value(column + index(listener))


def indexes(column):
    return [found.oid[len(column):] for found in snmp.walk(column)]


def connect(held, listener, number):
    for _ in range(number):
        held.enter_context(socket.create_connection(listener.getsockname()[:2]))


# ---- the queue ----

def test_who_waits_to_be_accepted(served, held, listen):
    for listener in (listen("127.0.0.1"), listen("::1")):
        for number in range(1, BACKLOG + 1):
            connect(held, listener, 1)
            wait_for_refresh()
            assert cell(mib.LISTEN_QUEUED, listener) == number
        for number in reversed(range(BACKLOG)):
            held.enter_context(listener.accept()[0])
            wait_for_refresh()
            assert cell(mib.LISTEN_QUEUED, listener) == number
            assert cell(mib.LISTEN_QUEUED_MAX, listener) == BACKLOG
        assert cell(mib.LISTEN_BACKLOG, listener) == BACKLOG
        assert cell(mib.LISTEN_SOCKETS, listener) == 1
        assert cell(mib.LISTEN_DROPPED, listener) == 0


def test_the_backlog_is_cut(served, listen):
    with open("/proc/sys/net/core/somaxconn", "r+", encoding="ascii") as limit:
        limit.write("77")
    listeners = {listen("127.0.0.1", backlog=backlog): backlog for backlog in (0, 1, 76, 77, 78)}
    wait_for_refresh()
    for listener, backlog in listeners.items():
        assert cell(mib.LISTEN_BACKLOG, listener) == min(backlog, 77)


def test_a_peak_of_the_queue_stays_for_the_window(snmpd, agent, held, listen):
    snmpd.start()
    agent.configure(window=1)
    agent.start()
    agent.wait_until_registered()
    listener = listen("127.0.0.1")
    connect(held, listener, 3)
    wait_for_refresh()
    for _ in range(3):
        held.enter_context(listener.accept()[0])
    until(lambda: cell(mib.LISTEN_QUEUED, listener) == 0, "all are accepted")
    assert cell(mib.LISTEN_QUEUED_MAX, listener) == 3
    until(lambda: cell(mib.LISTEN_QUEUED_MAX, listener) == 0, "the window is over", 3)


def test_drops_where_the_queue_is_full(served, held, listen):
    set_sysctl("tcp_syn_retries", 1)
    full, other = listen("127.0.0.1", backlog=1), listen("127.0.0.2", backlog=1)
    connect(held, full, 2)  # one more than the backlog
    for attempts in range(1, 6):
        lost = held.enter_context(socket.socket())
        lost.setblocking(False)
        lost.connect_ex(full.getsockname())
        until(lambda: cell(mib.LISTEN_DROPPED, full)
              == kernel_count("netstat", "TcpExt:", "ListenDrops") >= attempts, "a drop")
    assert cell(mib.LISTEN_QUEUED, full) == 2
    assert cell(mib.LISTEN_DROPPED, other) == 0
    drops, overflows = (snmp.get_value(mib.of_host(name))
                        for name in ("tcpListenDrops", "tcpListenOverflows"))
    assert drops >= overflows >= 5


# ---- the endpoints ----

def test_sockets_of_one_endpoint_are_summed(served, held, listen):
    first = listen("127.0.0.1", backlog=3)
    group = [first, *(listen("127.0.0.1", first.getsockname()[1], backlog=3) for _ in range(3))]
    # The kernel spreads them as it likes: more than 4 might be too many for one of the queues.
    connect(held, first, 4)
    wait_for_refresh()
    assert indexes(mib.LISTEN_SOCKETS) == [index(first)]
    assert cell(mib.LISTEN_SOCKETS, first) == len(group) == 4
    assert cell(mib.LISTEN_BACKLOG, first) == 12
    assert cell(mib.LISTEN_QUEUED, first) == 4
    assert cell(mib.LISTEN_QUEUED_MAX, first) == 4


@pytest.fixture
def every_kind(listen):
    """{listener: its label}"""
    subprocess.run(["ip", "-batch", "-"], check=True, text=True, input="""\
        tuntap add far0 mode tun
        tuntap add far1 mode tun
        link set far0 up
        link set far1 up
        address add fe80::1/64 dev far0 nodad
        address add fe80::1/64 dev far1 nodad
        address add 2001:db8::1/64 dev far0 nodad
        """)
    addresses = ["127.0.0.1", "0.0.0.0", "127.255.0.1", "::1", "::", "2001:db8::1",
                 "fe80::1%far0", "fe80::1%far1"]
    listeners = {}
    for address, port in itertools.product(addresses, (80, 443, 65535)):
        label = address
        for name in ("far0", "far1"):
            label = label.replace(name, str(socket.if_nametoindex(name)))
        listeners[listen(address, port)] = f"[{label}]:{port}" if ":" in label \
            else f"{label}:{port}"
    listeners[listen("::ffff:127.0.0.3", 81, dual=True)] = "[::ffff:127.0.0.3]:81"
    listeners[listen("::", 82, dual=True)] = "[::]:82"
    return listeners


def test_every_kind_of_address(every_kind, served):
    rows = {index(listener): label for listener, label in every_kind.items()}
    assert {row[0] for row in rows} == {IPV4, IPV6, IPV6Z}
    assert [(found.oid[len(mib.LISTEN_LABEL):], found.value)
            for found in snmp.walk(mib.LISTEN_LABEL)] == sorted(rows.items())
    for column in (mib.LISTEN_SOCKETS, mib.LISTEN_QUEUED, mib.LISTEN_QUEUED_MAX,
                   mib.LISTEN_BACKLOG, mib.LISTEN_DROPPED):
        assert indexes(column) == sorted(rows)
    for row, label in rows.items():
        assert snmp.get_value(mib.LISTEN_LABEL + row) == label


def test_rows_join_tcp_mib(every_kind, served):
    """But for link-local ones, which snmpd's tcpListenerTable has without their zone, as ipv6."""
    ours = {row for row in indexes(mib.LISTEN_SOCKETS) if row[0] != IPV6Z}
    theirs = {row for row in indexes(mib.LISTENER_PROCESS) if row[2:4] != (0xfe, 0x80)}
    assert ours == theirs
    assert len(ours) == len(every_kind) - 6


# ---- many ----

def test_the_listen_counts_are_the_sum_of_the_rows(snmpd, agent, listen):
    """In every answer, while listeners come and go."""
    snmpd.start()
    agent.start()
    agent.wait_until_registered()
    stay = [listen(address) for address in 5 * ["127.0.0.1", "0.0.0.0", "::1", "::"]]
    wait_for_refresh()
    rows = [mib.LISTEN_SOCKETS + index(listener) for listener in stay]
    changing = [listener.getsockname() for listener in stay]
    seen = set()
    while len(seen) < 5:
        address, port, *_ = random.choice(changing)
        listen(address, port)
        *sockets, ipv4, ipv6 = (found.value for found in snmp.get(
            *rows, mib.count(4, "listen"), mib.count(6, "listen")))
        assert sum(sockets) == ipv4 + ipv6
        seen.add(sum(sockets))


def test_5000_listeners_are_walked_while_others_come_and_go(served, listen, churn):
    """Those that stay are each found once, and all are in order."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    stay = sorted(index(listen(address, port))
                  for address in ("127.0.0.1", "127.0.0.3", "0.0.0.0", "::1", "::")
                  for port in range(1000, 31000, 30))
    assert len(stay) == 5000
    wait_for_refresh()
    walks = [indexes(mib.LISTEN_SOCKETS) for _ in range(3)]
    others = set()
    for walked in walks:
        assert walked == sorted(set(walked))
        assert [row for row in walked if row in set(stay)] == stay
        others.add(tuple(set(walked) - set(stay)))
    assert len(others) > 1
