# SPDX-License-Identifier: BSD-2-Clause
"""tcpListenQueueTable: every listening endpoint, and the fill of its accept queue."""

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
from namespace import kernel_count, set_sysctl
from polling import until
from tun_peer import NEAR_ADDRESS, TunPeer

BACKLOG = 5
IPV4, IPV6, IPV6Z = 1, 2, 4


@pytest.fixture
def held():
    """Keeps sockets open until the end of the test: held.enter_context(SOCKET)."""
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
    """Return the index of a listener: type, length, address with zone, port."""
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
            assert cell(mib.LISTEN_FILL, listener) == number * 100 // BACKLOG
        for number in reversed(range(BACKLOG)):
            held.enter_context(listener.accept()[0])
            wait_for_refresh()
            assert cell(mib.LISTEN_QUEUED, listener) == number
            assert cell(mib.LISTEN_QUEUED_MAX, listener) == BACKLOG
            assert cell(mib.LISTEN_FILL, listener) == number * 100 // BACKLOG
            assert cell(mib.LISTEN_FILL_MAX, listener) == 100
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
    agent.configure(window=3600)
    agent.start()
    agent.wait_until_registered()
    listener = listen("127.0.0.1")
    connect(held, listener, 3)
    wait_for_refresh()
    for _ in range(3):
        held.enter_context(listener.accept()[0])
    until(lambda: cell(mib.LISTEN_QUEUED, listener) == 0, "all are accepted")
    assert cell(mib.LISTEN_QUEUED_MAX, listener) == 3
    assert cell(mib.LISTEN_FILL_MAX, listener) == 60
    agent.reconfigure(window=1)
    until(lambda: cell(mib.LISTEN_QUEUED_MAX, listener) == 0, "the window is over")
    assert cell(mib.LISTEN_FILL_MAX, listener) == 0


def test_drops_of_a_full_queue(served, held, listen):
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
    drops, overflows = (found.value for found in snmp.get(
        mib.of_host("tcpHostListenDrops"), mib.of_host("tcpHostListenOverflows")))
    assert drops >= overflows >= 5


def test_one_full_queue_of_several(served, held, listen):
    """The queue of one hanging worker is full, which the sums do not show."""
    set_sysctl("tcp_syn_retries", 1)
    first = listen("127.0.0.1")
    workers = [first, *(listen("127.0.0.1", first.getsockname()[1]) for _ in range(3))]

    def accept():
        for worker in workers[1:]:
            worker.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    held.enter_context(worker.accept()[0])

    def connect_and_accept():
        client = held.enter_context(socket.socket())
        client.setblocking(False)
        client.connect_ex(first.getsockname())
        accept()
        return cell(mib.LISTEN_FILL, first)

    until(lambda: connect_and_accept() == (BACKLOG + 1) * 100 // BACKLOG == 120, "it is full")
    accept()
    wait_for_refresh()
    assert cell(mib.LISTEN_QUEUED, first) < cell(mib.LISTEN_BACKLOG, first) == 4 * BACKLOG
    assert cell(mib.LISTEN_FILL, first) == cell(mib.LISTEN_FILL_MAX, first) == 120


def test_a_backlog_of_0_counts_as_1(served, held, listen):
    listener = listen("127.0.0.1", backlog=0)
    connect(held, listener, 1)
    wait_for_refresh()
    assert cell(mib.LISTEN_BACKLOG, listener) == 0
    assert cell(mib.LISTEN_FILL, listener) == 100


def drop(held, listener, number):
    """Make a listener with a full queue discard NUMBER segments, and send them no more."""
    connect(held, listener, BACKLOG + 1)
    before = kernel_count("netstat", "TcpExt:", "ListenDrops")
    with contextlib.ExitStack() as connecting:
        for _ in range(number):
            lost = connecting.enter_context(socket.socket())
            lost.setblocking(False)
            lost.connect_ex(listener.getsockname())
        until(lambda: kernel_count("netstat", "TcpExt:", "ListenDrops") >= before + number,
              "drops")


def test_drops_never_decrease(served, held, listen):
    """An endpoint keeps its drops while its sockets change, as long as one remains."""
    set_sysctl("tcp_syn_retries", 1)
    worker = listen("127.0.0.1")
    name = worker.getsockname()
    drop(held, worker, 10)
    wait_for_refresh()
    seen = [cell(mib.LISTEN_DROPPED, worker)]
    assert seen[0] >= 10
    for _ in range(3):
        replacement = listen(*name)
        wait_for_refresh()
        seen.append(snmp.get_value(mib.LISTEN_DROPPED + index(replacement)))
        worker.close()
        wait_for_refresh()
        seen.append(cell(mib.LISTEN_DROPPED, replacement))
        worker = replacement
    assert seen == sorted(seen)
    last = seen[-1]
    drop(held, worker, 5)
    wait_for_refresh()
    assert cell(mib.LISTEN_DROPPED, worker) >= last + 5
    row = index(worker)
    worker.close()
    wait_for_refresh()
    returned = listen(*name)
    wait_for_refresh()
    assert index(returned) == row
    assert cell(mib.LISTEN_DROPPED, returned) == 0


# ---- SYN queues ----

@pytest.fixture
def peer():
    opened = TunPeer()
    yield opened
    opened.close()


def test_requests_count_for_the_endpoint_that_takes_them(peer, served, listen):
    """The most specific endpoint counts a request, and the sum equals the count by state."""
    on_address = listen(NEAR_ADDRESS[4], 1000, 128)
    anywhere = listen("0.0.0.0", 1000, 128)
    both = listen("::", 1001, 128, dual=True)
    elsewhere, idle = (listen("0.0.0.0", port, 128) for port in (1002, 1003))
    for number in range(3):
        peer.open(4, "synReceived", 2000 + number, 1000)
    for number in range(4):
        peer.open(4, "synReceived", 2000 + number, 1001)
        peer.open(6, "synReceived", 2000 + number, 1001)
    for number in range(5):
        peer.open(4, "synReceived", 2000 + number, 1002)
    expected = {on_address: 3, anywhere: 0, both: 8, elsewhere: 5, idle: 0}
    wait_for_refresh()

    def values():
        *rows, ipv4, ipv6 = (found.value for found in snmp.get(
            *(mib.LISTEN_SYN_QUEUE + index(listener) for listener in expected),
            mib.count(4, "synReceived"), mib.count(6, "synReceived")))
        assert sum(rows) == ipv4 + ipv6
        return rows

    until(lambda: values() == list(expected.values()), "all requests are counted")


def test_a_request_counts_for_the_interface_that_it_came_to(peer, served, held):
    def listen_on(device, address="0.0.0.0"):
        opened = held.enter_context(socket.socket())
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if device:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        opened.bind((address, 1000))
        opened.listen(BACKLOG)
        return opened

    on_loopback, anywhere = listen_on("lo", NEAR_ADDRESS[4]), listen_on("")
    wait_for_refresh()
    for number in range(3):
        peer.open(4, "synReceived", 2000 + number, 1000)
    until(lambda: cell(mib.LISTEN_SYN_QUEUE, anywhere) == 3, "all requests are counted")
    assert cell(mib.LISTEN_SYN_QUEUE, on_loopback) == 0


# ---- the endpoints ----

def test_sockets_of_one_endpoint_are_summed(served, held, listen):
    first = listen("127.0.0.1", backlog=3)
    group = [first, *(listen("127.0.0.1", first.getsockname()[1], backlog=3) for _ in range(3))]
    # The kernel distributes them arbitrarily: more than 4 might overflow one of the queues.
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
                   mib.LISTEN_BACKLOG, mib.LISTEN_DROPPED, mib.LISTEN_FILL, mib.LISTEN_FILL_MAX,
                   mib.LISTEN_SYN_QUEUE):
        assert indexes(column) == sorted(rows)
    for row, label in rows.items():
        assert snmp.get_value(mib.LISTEN_LABEL + row) == label


def test_rows_join_tcp_mib(every_kind, served):
    """Except link-local rows, which snmpd's tcpListenerTable has without a zone, as ipv6."""
    ours = {row for row in indexes(mib.LISTEN_SOCKETS) if row[0] != IPV6Z}
    theirs = {row for row in indexes(mib.LISTENER_PROCESS) if row[2:4] != (0xfe, 0x80)}
    assert ours == theirs
    assert len(ours) == len(every_kind) - 6


# ---- many ----

def test_the_listen_counts_are_the_sum_of_the_rows(snmpd, agent, listen):
    """In every answer, while listeners open and close."""
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
    """Each permanent listener is found once, and all rows are in order."""
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


# ---- too many ----

SERVED_MAX = 10000


@pytest.fixture
def many(held):
    """many(NUMBER): opens that many listeners, at 127.1.0.1, 127.1.0.2 and so on."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def many(number):
        opened = []
        for place in range(number):
            listener = held.enter_context(socket.socket())
            listener.bind((f"127.1.{place // 250}.{place % 250 + 1}", 1000))
            listener.listen(BACKLOG)
            opened.append(listener)
        return opened
    return many


def test_at_most_10000_endpoints_are_served(snmpd, agent, held, many):
    """The fullest within the window, then those with the lowest addresses. All are counted."""
    snmpd.start()
    agent.configure(refreshInterval=1, window=3600, threshold="full listen any 0:99")
    agent.start()
    agent.wait_until_registered()
    listeners = many(SERVED_MAX + 200)
    last = listeners[-1]

    def omitted():
        return snmp.get_value(mib.REFRESH_LISTENERS_OMITTED)

    def rows():
        return [found.oid[len(mib.LISTEN_FILL):] for found in snmp.walk(
            mib.LISTEN_FILL)]

    until(lambda: omitted() == 200, "all are listed")
    assert snmp.get_value(mib.count(4, "listen")) == len(listeners)
    assert rows() == [index(listener) for listener in listeners[:SERVED_MAX]]
    assert "too many listening endpoints: serving 10000, omitting" in agent.log
    connect(held, last, BACKLOG)
    until(lambda: cell(mib.LISTEN_FILL, last) == 100, "the full one is served")
    assert snmp.get_value(mib.of_threshold(mib.THRESHOLD_VALUE, "full")) == 100
    for _ in range(BACKLOG):
        held.enter_context(last.accept()[0])
    until(lambda: cell(mib.LISTEN_FILL, last) == 0, "it is empty")
    assert cell(mib.LISTEN_FILL_MAX, last) == 100
    expected = [*listeners[:SERVED_MAX - 1], last]
    assert rows() == [index(listener) for listener in expected]
    assert omitted() == 200
    for listener in listeners[SERVED_MAX - 100:-1]:
        listener.close()
    until(lambda: omitted() == 0, "few enough are left")
    assert snmp.get_value(mib.count(4, "listen")) == SERVED_MAX - 99
    assert agent.log.count("omitting") == 1
