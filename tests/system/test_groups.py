# SPDX-License-Identifier: BSD-2-Clause
"""tcp-states --by: sockets by owner, user, process, peer and port, and filters."""

import contextlib
import csv
import io
import json
import socket
import subprocess
import sys

import pytest

import cgroups
from cgroups import Cgroups
from daemons import wait_for_refresh
from namespace import set_sysctl
from polling import until, until_equal
from sockets import StateMaker, listener
from test_owners import start
from test_tcp_states import SNMP_OPTIONS, is_refused, run, shown

needs_cgroups = pytest.mark.skipif(cgroups.root() is None, reason="no cgroup v2")

# A process that holds listening sockets until its standard input ends.
HOLDER = """
import os, socket, sys
number, user, port = map(int, sys.argv[1:])
held = []
if user:
    os.setuid(user)
for i in range(number):
    held.append(socket.create_server(("127.0.0.1", port + i if port else 0)))
print(os.getpid(), flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holder(number, user=0, port=0):
    """Context: a process with NUMBER listening sockets. Returns its number."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(number), str(user), str(port)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.stdin.close()


@pytest.fixture
def maker():
    with StateMaker() as made:
        yield made


@pytest.fixture
def units():
    with Cgroups() as made:
        yield made


def groups(*options, **how):
    """Return the rows of JSON and check that the total is their sum."""
    answer = json.loads(shown("-o", "json", *options, **how))["sockets"]
    assert answer["total"] == sum(row["sockets"] for row in answer["groups"])
    numbers = [row["sockets"] for row in answer["groups"]]
    assert numbers == sorted(numbers, reverse=True)
    return answer["groups"]


def by(key, *options):
    """Return {value: sockets}."""
    rows = groups("--by", key, *options)
    found = {row[key]: row["sockets"] for row in rows}
    assert len(found) == len(rows)
    return found


# ---- keys ----

@needs_cgroups
def test_sockets_by_unit(units, maker):
    with units.inside("payments.service"):
        maker.make(4, "closeWait", 7)
        maker.make(6, "closeWait", 2)
        maker.make(4, "established", 3)
    with units.inside("web.service/worker"):
        maker.make(4, "closeWait", 1)
    with units.inside("web.service/other"):
        maker.make(4, "closeWait", 2)
    assert by("unit", "-s", "closeWait") == {"payments.service": 9, "web.service": 3}
    assert by("unit", "-6", "-s", "closeWait") == {"payments.service": 2}
    assert by("unit", "-s", "established,closeWait")["payments.service"] == 12
    # The same in CSV and in the table, which also has the total.
    assert shown("--by", "unit", "-s", "closeWait", "-o", "csv") \
        == "unit,sockets\npayments.service,9\nweb.service,3\n"
    assert [line.split()[:2] for line in shown("--by", "unit", "-s", "closeWait").splitlines()] \
        == [["unit", "sockets"], ["payments.service", "9"], ["web.service", "3"], ["total", "12"]]


@needs_cgroups
def test_sockets_without_an_owner_are_not_dropped(units, maker):
    with units.inside("a.service"):
        maker.make(4, "synReceived", 3)
        maker.make(4, "timeWait", 4)
        maker.make(4, "finWait2", 5, closed=True)
    states = "synReceived,timeWait,finWait2"
    for key in ("unit", "user", "process"):
        assert by(key, "-s", states) == {None: 12}, key
    assert "no owner       12" in shown("--by", "unit", "-s", states)
    assert shown("--by", "unit", "-s", states, "-o", "csv") == "unit,sockets\n,12\n"


@pytest.mark.parametrize("mode, reason", [("755", "No such file or directory"),
                                          ("700", "Permission denied")])
def test_cgroups_that_cannot_be_read(network, mode, reason):
    hidden = ("unshare", "--mount", "sh", "-c",
              f"mount -t tmpfs -o mode={mode} none /sys/fs/cgroup && exec setpriv --reuid=65534"
              ' --clear-groups --inh-caps=-all "$@"', "sh")
    for option in ("--by=unit", "--unit=a.service"):
        is_refused(run(option, launcher=hidden), f"cannot read cgroups: {reason}")


@needs_cgroups
def test_a_removed_cgroup_is_unknown(units, maker):
    with units.inside("gone.service"):
        maker.make(4, "closeWait", 3)
    units.remove("gone.service")
    assert by("unit", "-s", "closeWait") == {"(unknown)": 3}


def test_sockets_by_user(network):
    with holder(3, user=12345), holder(2, user=65534), holder(4):
        assert by("user", "-s", "listen") == {"root": 4, "12345": 3, "nobody": 2}


def test_sockets_by_process():
    with holder(3) as first, holder(5) as second:
        rows = groups("--by", "process", "-s", "listen")
        assert [(row["pid"], row["sockets"]) for row in rows] == [(second, 5), (first, 3)]
        assert {row["process"] for row in rows} == {"python3"} or "python" in rows[0]["process"]
        text = shown("--by", "process,user", "-s", "listen")
        assert f"[{second}]" in text and "total" in text
        rows = list(csv.DictReader(io.StringIO(shown("--by", "process", "-s", "listen", "-o", "csv"))))
        assert [(int(row["pid"]), row["sockets"]) for row in rows] == [(second, "5"), (first, "3")]


def test_a_shared_socket_is_counted_once():
    with listener() as one, subprocess.Popen(["sleep", "1000"], pass_fds=[one.fileno()]) as child:
        try:
            row, = groups("--by", "process", "-s", "listen")
            assert row["sockets"] == 1
        finally:
            child.kill()


@pytest.mark.parametrize("number, sockets", [(1, "1 socket"), (3, "3 sockets")])
def test_processes_that_cannot_be_seen_are_reported(number, sockets):
    with holder(number):
        done = run("--by", "process", "-s", "listen", launcher=("setpriv", "--reuid=65534",
                                                                "--clear-groups"))
        assert done.returncode == 0
        assert done.stderr == f"tcp-states: --by=process: the processes of {sockets} are not " \
            "visible (try as root)\n"
        assert done.stdout.splitlines()[1].split()[:2] == ["(unknown)", str(number)]


def test_sockets_by_port_and_peer():
    with listener() as server, contextlib.ExitStack() as held:
        port = server.getsockname()[1]
        for source in ("127.0.0.2", "127.0.0.2", "127.0.0.3"):
            held.enter_context(socket.create_connection(("127.0.0.1", port),
                                                        source_address=(source, 0)))
            held.enter_context(server.accept()[0])
        options = ("-s", "established", "-p", str(port))
        assert by("peer", *options) == {"127.0.0.2": 2, "127.0.0.3": 1}
        assert by("port", *options) == {port: 3}
        assert by("address", *options) == {"127.0.0.1": 3}
        assert by("peerPort", "-s", "established", "-r", str(port)) == {port: 3}
        rows = groups("--by", "peer,port", *options)
        assert [(row["peer"], row["port"], row["sockets"]) for row in rows] \
            == [("127.0.0.2", port, 2), ("127.0.0.3", port, 1)]
        assert by("peer", "-s", "listen") == {None: 1}
        assert "no peer" in shown("--by", "peer", "-s", "listen")


def test_ipv4_mapped_peers_are_those_of_ipv4():
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server, \
            socket.create_connection(("127.0.0.1", server.getsockname()[1])), server.accept()[0]:
        assert by("peer", "-s", "established") == {"127.0.0.1": 2}


def test_the_use_of_local_ports(network):
    """How many of the ports that the kernel chooses from lead to the busiest port of a peer."""
    set_sysctl("ip_local_port_range", "40000 40009")
    with contextlib.ExitStack() as held:
        servers = [held.enter_context(socket.create_server(("127.0.0.1", port)))
                   for port in (5432, 5433)]
        for server, number in zip(servers, (4, 7)):
            for _ in range(number):
                held.enter_context(socket.create_connection(server.getsockname()))
                held.enter_context(server.accept()[0])
        row, = groups("--by", "peer", "-s", "established", "-r", "5432,5433")
        assert (row["peer"], row["sockets"], row["portUse"], row["portUsePeerPort"]) \
            == ("127.0.0.1", 11, 70, 5433)
        rows = groups("--by", "peer,peerPort", "-s", "established", "-r", "5432,5433")
        assert [(row["peerPort"], row["sockets"], row["portUse"]) for row in rows] \
            == [(5433, 7, 70), (5432, 4, 40)]
        assert "70 % to 5433" in shown("--by", "peer", "-s", "established", "-r", "5432-5433")


def test_the_rest_is_summed():
    with contextlib.ExitStack() as held:
        for number in range(30):
            held.enter_context(listener())
        lines = shown("--by", "port", "-s", "listen").splitlines()
        assert len(lines) == 1 + 16 + 2
        assert lines[-2].split() == ["14", "others", "14"]
        assert lines[-1].split() == ["total", "30"]
        assert len(groups("--by", "port", "-s", "listen")) == 30


# ---- filters ----

def established(*options):
    table = json.loads(shown("-o", "json", *options))
    counts = table["counts"] if "counts" in table else table["ports"][0]
    return counts["ipv4"]["established"]


def test_filters_of_counts():
    with socket.create_server(("", 4001)) as server, socket.create_server(("", 4003)) as other, \
            contextlib.ExitStack() as held:
        ports = [one.getsockname()[1] for one in (server, other)]
        for listening, number in ((server, 3), (other, 2)):
            for _ in range(number):
                address = ("127.0.0.1", listening.getsockname()[1])
                held.enter_context(socket.create_connection(address,
                                                            source_address=("127.0.0.9", 0)))
                held.enter_context(listening.accept()[0])
        assert established() == 10
        assert established("-r", str(ports[0])) == 3
        assert established("-r", f"{ports[0]},{ports[1]}") == 5
        assert established("-r", f"{min(ports)}-{max(ports)}", "--peer", "127.0.0.1") == 5
        assert established("--peer", "127.0.0.8/29") == 5
        assert established("--peer", "127.0.0.8/29", "-p", str(ports[1])) == 2
        assert established("-p", f"{min(ports)}-{max(ports)}") == 5
        assert established("--peer", "192.0.2.0/24") == 0
        answer = json.loads(shown("-o", "json", "--peer", "127.0.0.1"))
        assert answer["conditions"] == "peer 127.0.0.1"
        text = shown("-s", "established,listen", "-p", f"{ports[0]},{ports[1]}",
                     "--peer", "127.0.0.9")
        assert text.count("established") == 2
        assert "peer 127.0.0.9" in shown("--peer", "127.0.0.9").splitlines()[0]


@needs_cgroups
def test_filter_by_unit(units, maker):
    with units.inside("a.service"):
        maker.make(4, "closeWait", 3)
    with units.inside("b.service"):
        maker.make(4, "closeWait", 2)
    counts = json.loads(shown("-o", "json", "--unit", "a.service"))["counts"]["ipv4"]
    assert (counts["closeWait"], counts["timeWait"]) == (3, None)
    assert by("unit", "--unit", "a.service,b.service", "-s", "closeWait") \
        == {"a.service": 3, "b.service": 2}
    assert by("unit", "--unit", "b.service", "-s", "closeWait") == {"b.service": 2}
    for more in ((), ("--by", "unit")):
        is_refused(run("--unit", "nosuch.service", *more), "--unit: unknown unit")


def test_listeners_of_a_port():
    with listener() as one, listener():
        port = one.getsockname()[1]
        rows = json.loads(shown("-l", "-p", str(port), "-o", "json"))["listeners"]
        assert [row["port"] for row in rows] == [port]
        assert len(shown("-l", "-p", str(port)).splitlines()) == 2


@pytest.mark.parametrize("options, words", [
    (("--by", "colour"), "not unit, user, process, port, peer, peerPort or address"),
    (("--by", ""), "not unit"),
    (("--peer", "10.0.0.1/8"), "bits are set beyond the prefix length"),
    (("--peer", "10.0.0.0/8 unit x"), "without blanks"),
    (("-r", "99999"), "not a port"),
    (("-p", "80-70"), "neither a port"),
    (("-p", "0-70"), "neither a port"),
    (("-s", "listen,nosuch"), "unknown TCP state in the list"),
    (("-l", "-r", "80"), "cannot be combined"),
    (("-H", "web", "--by", "peer"), "--host has only --by=unit"),
    (("-H", "web", "-4", "--by", "unit"), "both families"),
    (("-H", "web", "--peer", "10.0.0.1"), "cannot be combined"),
    (("-H", "web", "-p", "80-90"), "no ranges"),
    (("--by", "unit", "-o", "prometheus"), "neither --by nor conditions"),
    (("-r", "80", "-o", "librenms"), "only the counts by state"),
    (("-w", "-o", "prometheus"), "only tables, CSV and JSON"),
])
def test_wrong_options_are_refused(options, words):
    is_refused(run(*options), words)


# ---- another host ----

@needs_cgroups
def test_owners_of_another_host(snmpd, agent, units, maker):
    with units.inside("payments.service"):
        maker.make(4, "closeWait", 7)
        maker.make(4, "established", 3)
    with units.inside("web.service"):
        maker.make(6, "closeWait", 2)
    maker.make(4, "timeWait", 4)
    start(snmpd, agent)
    remote = ("-H", "127.0.0.1", *SNMP_OPTIONS)
    until_equal(lambda: by("unit", "-s", "closeWait", *remote),
                {"payments.service": 7, "web.service": 2}, "the owners")
    # The agent does not list established sockets, and TIME_WAIT has no owner.
    assert by("unit", "-s", "established,timeWait", *remote) == {"(unknown)": 3, None: 4}


def test_an_agent_without_owners(snmpd, agent):
    start(snmpd, agent, owners="no")
    wait_for_refresh()
    is_refused(run("--by", "unit", "-H", "127.0.0.1", *SNMP_OPTIONS), "reports no owners")


@needs_cgroups
def test_raised_thresholds_and_extremes_of_another_host(snmpd, agent, units, maker):
    with units.inside("payments.service"):
        maker.make(4, "closeWait", 5)
    start(snmpd, agent, threshold=["leak state any closeWait 4", "listeners state any listen 9"])
    remote = ("-H", "127.0.0.1", *SNMP_OPTIONS)
    until(lambda: "payments.service 5" in shown(*remote), "the raised threshold")
    lines = shown(*remote).splitlines()
    assert lines[0].startswith("127.0.0.1, counted ")
    assert lines[1].split() == ["state", "ipv4", "ipv6", "total", "min", "max"]
    row, = (line for line in lines if line.startswith("closeWait"))
    assert row.split()[1:] == ["5", "0", "5", "5", "5"]
    raised, = (line.split() for line in lines if line.startswith("leak"))
    assert raised[1:3] == ["5", "4"]
    maker.make(4, "closeWait", 2)
    until(lambda: [line.split()[-1] for line in shown(*remote).splitlines()
                   if line.startswith("closeWait")] == ["7"], "the new maximum")


def test_no_raised_threshold_of_another_host(snmpd, agent):
    start(snmpd, agent, threshold=["leak state any closeWait 4", "listeners state any listen 9"])
    wait_for_refresh()
    assert "no threshold of 2 raised\n" in shown("-H", "127.0.0.1", *SNMP_OPTIONS)
