# SPDX-License-Identifier: BSD-2-Clause
"""The output of check_tcp_states for known numbers of sockets, and over SNMP."""

import collections
import contextlib
import errno
import os
import re
import socket
import stat
import subprocess

import pytest

import mib
import snmp
from daemons import BUILD, SANITIZER_OPTIONS, wait_for_refresh
from namespace import (HIDE_PROC, PROC_NET, forbid_automatic_ports, kernel_count,
                       processes_in_this_network, set_sysctl)
from polling import PATIENCE, until
from refusals import Refusals
from sockets import StateMaker

PLUGIN = BUILD / "check_tcp_states"
# The same program, built to run tcp-states-snmp from the build directory.
ASKING_PLUGIN = BUILD / "tests/system/check_tcp_states"
OK, WARNING, CRITICAL, UNKNOWN = range(4)

HERE = ("-H", "127.0.0.1")
V2C = ("--", "-v", "2c", "-c", "public")
V3 = ("--", "-v", "3", "-u", "watcher", "-l", "authPriv", "-a", "SHA", "-x", "AES")
TCP = ("--conn-type", "tcp", "--conn-type", "tcp6")
ESTABLISHED = ("--conn-type", "tcp", "--conn-status", "established")

# Every status, in the order of rows with the same number of sockets.
STATUSES = {"ESTABLISHED": "established", "SYN_SENT": "synSent", "SYN_RECV": "synReceived",
            "FIN_WAIT1": "finWait1", "FIN_WAIT2": "finWait2", "TIME_WAIT": "timeWait",
            "CLOSE": "closed", "CLOSE_WAIT": "closeWait", "LAST_ACK": "lastAck",
            "LISTEN": "listen", "CLOSING": "closing"}

# The Monitoring Plugins' development guidelines, "Threshold and Ranges" and "Performance data".
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = rf"(?:@?(?:(?:~|{_NUMBER})?:)?(?:{_NUMBER})?)?"
_DATUM = re.compile(rf"'([^'=|]+)'=(U|-?[\d.]+%?);({_RANGE});({_RANGE});(\d*)(?: |$)")

Checked = collections.namedtuple("Checked", "status text data")
Datum = collections.namedtuple("Datum", "name value warning critical minimum")


def run(*options, launcher=(), environment=None, **how):
    """Run the plugin, check that it prints one line, and return the result."""
    done = subprocess.run(
        [*launcher, ASKING_PLUGIN if "-H" in options else PLUGIN, *options], capture_output=True,
        text=True, timeout=PATIENCE,
        env={**os.environ, **SANITIZER_OPTIONS, "MIBS": "", "SNMPCONFPATH": "/nonexistent",
             **(environment or {})}, **how)
    assert done.stderr == ""
    return done.returncode, done.stdout


def check(*options, **how):
    """Run the plugin, and parse its output according to the guidelines."""
    status, line = run(*options, **how)
    assert line.endswith("\n") and line.count("\n") == 1 and line.count("|") <= 1, line
    text, _, performance = line[:-1].partition("|")
    data = []
    while performance:
        found = _DATUM.match(performance)
        assert found, performance
        data.append(Datum(*found.groups()))
        performance = performance[found.end():]
    return Checked(status, text, data)


def unknown(*options, **how):
    """Run the plugin, which must exit with UNKNOWN, and return its message."""
    checked = check(*options, **how)
    assert (checked.status, checked.data) == (UNKNOWN, [])
    assert checked.text.startswith("UNKNOWN: ")
    return checked.text.removeprefix("UNKNOWN: ")


def wait_until_nothing_runs():
    """Wait until the helpers that the plugin started have exited."""
    until(lambda: not dict(processes_in_this_network()), "no process is left")


def words_of(value):
    """Return the id of a parameter."""
    words = value if isinstance(value, tuple) else (str(value),)
    return " ".join(ascii(word)[1:-1] for word in words)[:40]


@pytest.fixture
def maker():
    with StateMaker() as maker:
        yield maker


@pytest.fixture
def three_established(maker):
    maker.make(4, "established", 3)


# ---- the whole line ----

@pytest.mark.smoke
def test_the_line(maker):
    maker.make(4, "established", 1)
    maker.make(4, "timeWait", 10)
    assert run("-w", "5") == (WARNING, (
        "tcp TIME WAIT: 10 [WARNING], tcp ESTABLISHED: 1"
        "|'tcp_TIME_WAIT'=10;5;;0 'tcp_ESTABLISHED'=1;5;;0\n"))


def test_a_filtered_line_has_zeros(maker):
    maker.make(6, "timeWait", 2)
    assert run("--conn-status", "time_wait", "-w", "1:", "-c", "@5:") == (WARNING, (
        "tcp6 TIME WAIT: 2, tcp TIME WAIT: 0 [WARNING]"
        "|'tcp6_TIME_WAIT'=2;1:;@5:;0 'tcp_TIME_WAIT'=0;1:;@5:;0\n"))


def test_every_row_is_named_and_sorted(maker):
    """Rows are sorted by number, then by type and status."""
    rows = [(kind, status, state) for kind in ("tcp", "tcp6")
            for status, state in STATUSES.items() if state != "closed"]
    numbers = {(kind, status): 1 + (7 * place) % 13 for place, (kind, status, _) in enumerate(rows)}
    for kind, status, state in rows:
        family = 4 if kind == "tcp" else 6
        # synReceived needs a listener.
        there = maker.expected[family, state]
        maker.make(family, state, numbers[kind, status] - there)
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for family in
               (socket.AF_INET, socket.AF_INET, socket.AF_INET6)]
    for udp in sockets:
        udp.bind(("", 0))
    numbers.update({("udp", "NONE"): 2, ("udp6", "NONE"): 1})
    expected = sorted(numbers.items(), key=lambda row: -row[1])  # stable
    assert len({number for _, number in expected}) < len(expected)
    checked = check("-c", "100")
    assert checked.status == OK
    assert checked.text == ", ".join(f"{kind} {status.replace('_', ' ')}: {number}"
                                     for (kind, status), number in expected)
    assert checked.data == [(f"{kind}_{status}", str(number), "", "100", "0")
                            for (kind, status), number in expected]
    for udp in sockets:
        udp.close()


def test_every_row_that_is_asked_for_and_zero():
    """Except close, which is counted only if it is named."""
    names = [datum.name for datum in check("-c", "1:").data]
    assert names == [*(f"{kind}_{status}" for kind in ("tcp", "tcp6") for status in STATUSES
                       if status != "CLOSE"),
                     "udp_NONE", "udp6_NONE"]
    assert "CLOSE:" not in check("--conn-type", "tcp").text


def test_sockets_in_close_are_counted_if_named(maker):
    maker.make(4, "closed", 3)
    maker.make(6, "closeWait", 1)
    assert run("--conn-status", "close", "-w", "2") == (
        WARNING, "tcp CLOSE: 3 [WARNING], tcp6 CLOSE: 0|'tcp_CLOSE'=3;2;;0 'tcp6_CLOSE'=0;2;;0\n")
    assert check("--conn-status", "close", "--conn-status", "all").text \
        == "tcp CLOSE: 3, tcp6 CLOSE WAIT: 1"
    assert check("-w", "2").text == "tcp6 CLOSE WAIT: 1"


def test_sockets_in_close_that_cannot_be_counted_are_not_zero(maker):
    maker.make(4, "closed", 3)
    forbid_automatic_ports()
    checked = check("--conn-status", "close", "-w", "2")
    assert checked.status == UNKNOWN
    assert checked.text == ", ".join(
        f"{kind} CLOSE: not counted (Linux 6.8 or later does) [UNKNOWN]"
        for kind in ("tcp", "tcp6"))
    assert [datum.value for datum in checked.data] == ["U", "U"]


def test_mapped_connections_are_ipv6(maker):
    maker.make(6, "established", 4, sort="mapped")
    assert check().text == "tcp6 ESTABLISHED: 4"


def test_no_sockets_are_fine():
    assert run("-w", "10") == (OK, "no sockets\n")


# ---- ranges ----

@pytest.mark.parametrize("text, contains_three", [
    ("10", True), ("3", True), ("2", False), ("10:", False), ("3:", True), (":10", True),
    (":3", True), (":2", False), ("~:10", True), ("~:2", False), ("10:20", False), ("1:3", True),
    ("3:3", True), ("4:9", False), ("@10:20", True), ("@1:3", False), ("@3:9", False),
    ("@4:", True), ("@~:2", True), ("3%", True), ("2%", False), ("4%:9%", False), ("+3", True),
    ("-1:2", False), ("-1:3", True), ("3e0", True), ("2E+0:30e-1", True), ("2.9", False),
    ("none", True), ("None", True),
])
@pytest.mark.usefixtures("three_established")
def test_a_number_out_of_range_is_reported(text, contains_three):
    for option, status, tag in (("-w", WARNING, " [WARNING]"), ("-c", CRITICAL, " [CRITICAL]")):
        checked = check(*ESTABLISHED, option, text)
        assert checked.status == (OK if contains_three else status)
        assert checked.text == "tcp ESTABLISHED: 3" + ("" if contains_three else tag)
        datum, = checked.data
        shown = "" if text.lower() == "none" else text.replace("%", "")
        assert (datum.warning, datum.critical) == ((shown, "") if option == "-w" else ("", shown))


@pytest.mark.usefixtures("three_established")
def test_critical_comes_before_warning():
    assert check(*ESTABLISHED, "-w", "2", "-c", "2").status == CRITICAL
    assert check(*ESTABLISHED, "-w", "1", "-c", "3").status == WARNING
    assert check(*ESTABLISHED, "-w", "3", "-c", "2").status == CRITICAL


def test_each_row_is_tested_by_itself_and_the_worst_counts(maker):
    maker.make(4, "established", 2)
    maker.make(4, "closeWait", 4)
    maker.make(6, "established", 3)
    checked = check("-w", "2", "-c", "3")
    assert checked.status == CRITICAL
    assert checked.text == ("tcp CLOSE WAIT: 4 [CRITICAL], tcp6 ESTABLISHED: 3 [WARNING],"
                            " tcp ESTABLISHED: 2")
    assert check("-w", "4").status == OK


@pytest.mark.parametrize("options, status", [
    (("--conn-status", "listen", "--conn-type", "tcp", "-c", "1:"), CRITICAL),
    (("--conn-type", "udp", "-w", "1:"), WARNING),
    (("--conn-type", "tcp", "-w", "1:"), WARNING),
    (("-c", "1:"), CRITICAL),
    (("-c", "@0"), CRITICAL),
    (("-c", "0:"), OK),
], ids=words_of)
def test_a_minimum_fires_without_sockets(options, status):
    checked = check(*options)
    assert checked.status == status
    tag = {OK: "", WARNING: " [WARNING]", CRITICAL: " [CRITICAL]"}[status]
    for row in checked.text.split(", "):
        assert row.endswith(f": 0{tag}") or row == "no sockets"


# ---- selecting and formatting rows ----

@pytest.mark.parametrize("options, rows", [
    ((), ["tcp ESTABLISHED: 3", "tcp6 LISTEN: 2", "udp NONE: 1"]),
    (("--conn-type", "all"), ["tcp ESTABLISHED: 3", "tcp6 LISTEN: 2", "udp NONE: 1"]),
    (("--conn-type", "udp", "--conn-type", "all", "--conn-status", "all"),
     ["tcp ESTABLISHED: 3", "tcp6 LISTEN: 2", "udp NONE: 1"]),
    (("--conn-status", "none"), ["udp NONE: 1", "udp6 NONE: 0"]),
    (("--conn-status", "none", "--conn-type", "udp6"), ["udp6 NONE: 0"]),
    (("--conn-status", "listen"), ["tcp6 LISTEN: 2", "tcp LISTEN: 0"]),
    (("--conn-status", "listen", "--conn-status", "established"),
     ["tcp ESTABLISHED: 3", "tcp6 LISTEN: 2", "tcp LISTEN: 0", "tcp6 ESTABLISHED: 0"]),
    (("--conn-type", "udp", "--conn-type", "tcp", "--conn-status", "established",
      "--conn-status", "none"), ["tcp ESTABLISHED: 3", "udp NONE: 1"]),
    (("--conn-t", "tcp", "--conn-s=established"), ["tcp ESTABLISHED: 3"]),
], ids=words_of)
def test_types_and_statuses_choose_rows(maker, options, rows):
    maker.make(4, "established", 3)
    maker.make(6, "listen", 2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("", 0))
        assert check(*options).text == ", ".join(rows)


@pytest.mark.usefixtures("three_established")
def test_options_may_be_shortened():
    assert run("--warn", "2", "--crit=2", "--alw", "--no") == (
        OK, "tcp ESTABLISHED: 3 [CRITICAL] (always ok)\n")


@pytest.mark.usefixtures("three_established")
def test_always_ok_keeps_the_tags():
    assert run("--always-ok", "-c", "2") == (
        OK, "tcp ESTABLISHED: 3 [CRITICAL] (always ok)|'tcp_ESTABLISHED'=3;;2;0\n")
    assert run("--always-ok") == (
        OK, "tcp ESTABLISHED: 3 (always ok)|'tcp_ESTABLISHED'=3;;;0\n")


@pytest.mark.usefixtures("three_established")
def test_no_performance_data():
    assert run("--no-perfdata", "-w", "2") == (WARNING, "tcp ESTABLISHED: 3 [WARNING]\n")


@pytest.mark.usefixtures("three_established")
def test_verbose_shows_the_method():
    text = check("-v").text
    assert re.fullmatch(r"tcp ESTABLISHED: 3 \(counted \d+\.\d s ago in \d+ us, derived\)",
                        text), text


def test_version_and_help():
    status, line = run("-V")
    assert status == UNKNOWN
    assert re.fullmatch(r"check_tcp_states [\d.]+\n", line)
    status, text = run("--help")
    assert status == UNKNOWN
    for option in ("-w", "-c", "--conn-type", "--conn-status", "--always-ok", "--no-perfdata", "-H",
                   "-t", "-v", "-V", "-h"):
        assert f" {option}" in text
    assert max(map(len, text.splitlines())) <= 80


# ---- other subjects ----

@contextlib.contextmanager
def waiting(number, backlog):
    """NUMBER connections wait at a listener with BACKLOG, whose endpoint is the value."""
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=backlog))
        for _ in range(number):
            opened.enter_context(socket.create_connection(server.getsockname()))
        yield "127.0.0.1:%d" % server.getsockname()[1]


def test_the_fullest_accept_queue():
    with waiting(1, 4) as emptier, waiting(3, 4) as fuller:
        assert run("--listen", "-w", "50", "-c", "90") == (
            WARNING, f"{fuller}: 75 % (3 of 4 connections) [WARNING]|'fill'=75%;50;90;0\n")
        assert run(f"--listen={emptier}", "-w", "50") == (
            OK, f"{emptier}: 25 % (1 of 4 connections)|'fill'=25%;50;;0\n")
        assert run(f"--listen={fuller}", "-c", "50", "--always-ok", "--no-perfdata") == (
            OK, f"{fuller}: 75 % (3 of 4 connections) [CRITICAL] (always ok)\n")
        assert "nothing listens" in unknown("--listen=127.0.0.1:1")


def test_no_accept_queue_is_empty():
    assert run("--listen", "-w", "50") == (
        OK, "nothing listens: 0 % (0 of 0 connections)|'fill'=0%;50;;0\n")


def test_the_limits(maker):
    """The kernel reports orphans and memory only in the first network namespace."""
    set_sysctl("tcp_max_tw_buckets", 40)
    maker.make(4, "timeWait", 33)
    checked = check("--limits", "-w", "80")
    assert checked.status == WARNING
    assert "timeWait: 82 % (33 of 40) [WARNING]" in checked.text
    assert Datum("timeWait", "82%", "80", "", "0") in checked.data


def test_limits_that_the_kernel_does_not_report_are_unknown():
    assert unknown("--limits", launcher=HIDE_PROC) == "the kernel reports no limits"


def test_another_host_by_its_community(served, maker):
    maker.make(4, "established", 3)
    wait_for_refresh()
    assert run(*ESTABLISHED, *HERE, "-C", "public") == run(*ESTABLISHED, *HERE, *V2C)
    assert run(*ESTABLISHED, *HERE, "--community=public")[1].startswith("tcp ESTABLISHED: 3|")
    assert "requires --hostname" in unknown("-C", "public")
    assert "unknown option '--comm'" in unknown("--comm", "public")
    assert "wrong community" in unknown(*HERE, "-C", "wrong", "--", "-t", "0.5", "-r", "0")


def test_another_hosts_accept_queues_and_limits(served, maker):
    set_sysctl("tcp_max_tw_buckets", 40)
    maker.make(4, "timeWait", 20)
    with waiting(3, 4) as endpoint:
        wait_for_refresh()
        assert run("--listen", *HERE, *V2C) == (
            OK, f"{endpoint}: 75 % (3 of 4 connections)|'fill'=75%;;;0\n")
        assert "timeWait: 50 % (20 of 40)" in check("--limits", *HERE, *V2C).text


def test_a_watch_of_another_host(snmpd, agent, maker):
    snmpd.start()
    with waiting(3, 4) as endpoint:
        port = endpoint.rpartition(":")[2]
        agent.configure(watch=[f"web port {port}", "unit unit nosuch.service"])
        agent.start()
        agent.wait_until_registered()
        maker.make(4, "closeWait", 5)
        wait_for_refresh()
        assert run("--watch-name", "web", "-w", "2", *HERE, *V2C) == (
            WARNING, "watch web: tcp ESTABLISHED: 3 [WARNING], tcp LISTEN: 1"
            "|'tcp_ESTABLISHED'=3;2;;0 'tcp_LISTEN'=1;2;;0\n")
        assert run("--watch-name=web", "--conn-status=close_wait", *HERE, *V2C) == (
            OK, "watch web: tcp CLOSE WAIT: 0, tcp6 CLOSE WAIT: 0"
            "|'tcp_CLOSE_WAIT'=0;;;0 'tcp6_CLOSE_WAIT'=0;;;0\n")
        # Sockets in timeWait have no unit: that is not zero.
        assert run("--watch-name=unit", *HERE, *V2C) == (OK, "watch unit: no sockets\n")
        status, line = run("--watch-name=unit", "--conn-status=time_wait", *HERE, *V2C)
        assert status == UNKNOWN and "'tcp_TIME_WAIT'=U" in line
        assert "no watch 'other'" in unknown("--watch-name=other", *HERE, *V2C)


def test_thresholds_of_another_host(snmpd, agent, maker):
    snmpd.start()
    agent.configure(threshold=["leak state any closeWait 4", "listeners state any listen 9"])
    agent.start()
    agent.wait_until_registered()
    wait_for_refresh()
    assert run("--thresholds", *HERE, *V2C) == (
        OK, "0 of 2 thresholds raised|'raised'=0;0;;0\n")
    maker.make(4, "closeWait", 5)
    until(lambda: run("--thresholds", *HERE, *V2C)[0] == WARNING, "the threshold is raised")
    _, line = run("--thresholds", *HERE, *V2C)
    text, data = line.split("|")
    assert text.startswith("1 of 2 thresholds raised [WARNING]: leak: 5, range 4, since 20")
    assert data == "'raised'=1;0;;0\n"
    assert run("--thresholds", "-c", "0", *HERE, *V2C)[0] == CRITICAL
    assert run("--thresholds", "-w", "1", *HERE, *V2C)[0] == OK
    assert run("--thresholds", "--always-ok", "--no-perfdata", *HERE, *V2C)[0] == OK


@pytest.mark.parametrize("options, words", [
    (("--thresholds",), "requires --hostname"),
    (("--thresholds", "--limits", *HERE), "cannot be combined"),
    (("--thresh", *HERE), "unknown option '--thresh'"),
    (("--watch-name=web",), "requires --hostname"),
    (("--watch-name=a/b", *HERE), "not the name of a watch"),
    (("--listen=443",), "invalid endpoint"),
    (("--listen", "--limits"), "cannot be combined"),
    (("--limits", "--conn-type=tcp"), "cannot be combined"),
    (("--listen", "--conn-status=listen"), "cannot be combined"),
    (("--watch-name=web", "--conn-type=udp", *HERE), "do not meet"),
    # Only the whole names: abbreviations are those of the check that this one replaces.
    (("--li",), "unknown option '--li'"),
    (("--watch=5",), "unknown option '--watch'"),
    (("--limit",), "unknown option '--limit'")])
def test_wrong_options_for_other_subjects(options, words):
    assert words in unknown(*options)


@pytest.mark.parametrize("options, ranges", [
    (("--w", "5"), ("5", "")),
    (("--wa=5", "--limits"), ("5", "")),
    (("--c", "7"), None),  # also --conn-type
    (("--cr", "7"), ("", "7")),
    (("-w", "", "-c", ""), ("", "")),
    (("-w", " 5\t", "-c", "  "), ("5", ""))])
def test_ranges_and_abbreviations_as_upstream(options, ranges, maker):
    maker.make(4, "timeWait", 1)
    if ranges is None:
        assert "ambiguous option '--c'" in unknown(*options)
        return
    checked = check(*options)
    assert {(datum.warning, datum.critical) for datum in checked.data} == {ranges}


# ---- invalid options ----

@pytest.mark.parametrize("options, words", [
    (("-w", "5:1"), ("--warning '5:1'", "starts after it ends")),
    (("-w", "x"), ("--warning 'x'", "10:20")),
    (("-c", "1:2:3"), ("--critical '1:2:3'", "10:20")),
    (("--critical=-1",), ("--critical '-1'", "starts after it ends")),
    (("-c", "@"), ("--critical '@'",)),
    (("-c", "50%%"), ("--critical '50%%'",)),
    (("--conn-type", "TCP"), ("--conn-type 'TCP'",)),
    (("--conn-type", "all,tcp"), ("--conn-type 'all,tcp'",)),
    (("--conn-status", "ESTABLISHED"), ("--conn-status 'ESTABLISHED'",)),
    (("--conn-status", "a"), ("--conn-status 'a'",)),
    (("--conn-type", "udp", "--conn-status", "listen"), ("--conn-type", "--conn-status", "none")),
    (("--conn-type", "tcp", "--conn-status", "none"), ("--conn-type", "--conn-status", "none")),
    (("-t", "0"), ("--timeout '0'",)),
    (("-t", "1.5"), ("--timeout '1.5'",)),
    (("-t", "x"), ("--timeout 'x'",)),
    (("-t", "4000"), ("--timeout '4000'",)),
    (("-w",), ("option '-w' needs an argument",)),
    (("--conn-type",), ("option '--conn-type' needs an argument",)),
    (("-q",), ("unknown option '-q'",)),
    (("--nonsense",), ("unknown option '--nonsense'",)),
    (("--conn", "tcp"), ("ambiguous option '--conn'",)),
    (("--always-ok=yes",), ("takes no argument: '--always-ok=yes'",)),
    (("-t", "5", "--timeout=6"), ("duplicate option '--timeout'",)),
    (("extra",), ("unexpected argument 'extra'",)),
    (("-H", ""), ("--hostname",)),
    (("--", "-v", "2c"), ("'-v'", "--hostname")),
    (("-w", "5|x=1"), (r"--warning '5\x7cx=1': ",)),
    (("-c", "5\n|x=1"), (r"--critical '5\x0a\x7cx=1': ",)),
    (("--conn-type", "tcp|'a'=1;2"), (r"--conn-type 'tcp\x7c'a'=1;2': ",)),
    (("--conn-status", "\033[2J\u202e"), (r"--conn-status '\x1b[2J\xe2\x80\xae': ",)),
    (("-t", b"\xff|"), (r"--timeout '\xff\x7c': ",)),
    (("--no|x=1",), (r"unknown option '--no\x7cx'",)),
    (("a|b\nc",), (r"unexpected argument 'a\x7cb\x0ac'",)),
    (("-H", "a|b", "--", "-v2c|x=1"), (r"a\x7cb: ",)),
], ids=words_of)
def test_an_invalid_option_is_reported(options, words):
    sentence = unknown(*options)
    for word in words:
        assert word in sentence
    assert "a,l,l" not in sentence
    assert "SNMP options" not in sentence


@pytest.mark.parametrize("options", [
    ("-H", "router", "-v", "2c", "-c", "public"),
    ("-H", "router", "-c", "public", "-v", "2c"),
    ("-c", "public", "--hostname=router"),
    ("--hostname", "router", "-w", "5", "-u", "watcher"),
], ids=words_of)
def test_the_missing_separator_before_snmp_options_is_shown(options):
    assert unknown(*options).endswith(
        "; try: check_tcp_states -H router -C public (other SNMP options follow --)")


# ---- missing kernel data ----

def test_a_kernel_that_refuses_is_not_zero():
    refusals = Refusals()
    refusals.error = errno.EPERM
    process = subprocess.Popen([*refusals.launcher, PLUGIN], stdout=subprocess.PIPE, text=True,
                               pass_fds=refusals.descriptors,
                               env={**os.environ, **SANITIZER_OPTIONS})
    refusals.begin()
    line, _ = process.communicate(timeout=PATIENCE)
    refusals.end()
    assert process.returncode == UNKNOWN
    assert line.startswith("UNKNOWN: ") and line.endswith(": Operation not permitted\n")


@pytest.mark.usefixtures("three_established")
def test_without_proc_udp_is_unknown():
    checked = check(launcher=HIDE_PROC)
    assert checked.status == UNKNOWN
    assert checked.text == ("tcp ESTABLISHED: 3, udp NONE: not reported by the kernel [UNKNOWN],"
                            " udp6 NONE: not reported by the kernel [UNKNOWN]")
    assert [datum.value for datum in checked.data] == ["3", "U", "U"]
    assert check("-w", "2", launcher=HIDE_PROC).status == WARNING
    assert check("-c", "2", launcher=HIDE_PROC).status == CRITICAL
    assert check(*TCP, launcher=HIDE_PROC).status == OK


def test_without_ipv6_its_counts_are_zero(tmp_path):
    """A kernel without IPv6 has sockstat, but not sockstat6."""
    (tmp_path / "sockstat").write_text((PROC_NET / "sockstat").read_text())
    hide = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /proc/$$/net && exec "$@"',
            tmp_path)
    assert check(launcher=hide) == (OK, "no sockets", [])
    assert check("--conn-type", "udp6", "-c", "1:", launcher=hide).status == CRITICAL


# ---- another host ----

@pytest.fixture
def v3_snmpd(snmpd):
    snmpd.more_lines += "createUser watcher SHA authPhrase AES privPhrase\nrouser watcher priv\n"
    return snmpd


def test_another_host_is_checked_like_this_one(served, maker):
    maker.make(4, "timeWait", 10)
    maker.make(6, "established", 3)
    maker.make(6, "closeWait", 1, sort="mapped")
    wait_for_refresh()
    options = (*TCP, "-w", "2:5", "-c", "9")
    assert check(*options, *HERE, *V2C) == check(*options)
    assert check(*HERE, *V2C, "-t", "1", "-r", "0").text.startswith(
        "tcp TIME WAIT: 10, tcp6 ESTABLISHED: 3, ")
    # snmpd's own socket, and temporarily those of the client.
    until(lambda: check("--conn-type", "udp", *HERE, *V2C).data[0].value
          == str(kernel_count("sockstat", "UDP:", "inuse")), "as many UDP sockets")
    assert check("-v", *HERE, *V2C).text.endswith("us, derived)")


def test_sockets_in_close_of_another_host(served, maker):
    maker.make(4, "closed", 3)
    close = ("--conn-status", "close", *HERE, *V2C)
    checked = check(*close)
    assert (checked.status, [datum.value for datum in checked.data]) == (UNKNOWN, ["U", "U"])
    assert "tcp CLOSE: not counted (countBoundInactive is off there" in checked.text
    served.reconfigure(countBoundInactive="yes")
    until(lambda: check(*close).text == "tcp CLOSE: 3, tcp6 CLOSE: 0", "they are counted")


def test_by_snmpv3(v3_snmpd, served, maker):
    maker.make(4, "listen", 2)
    wait_for_refresh()
    phrases = ("-A", "authPhrase", "-X", "privPhrase")
    assert check("--conn-status", "listen", *HERE, *V3, *phrases).text \
        == "tcp LISTEN: 2, tcp6 LISTEN: 0"


def test_by_the_defaults_of_snmp_conf(served, tmp_path):
    (tmp_path / "snmp.conf").write_text("defVersion 2c\ndefCommunity public\n")
    assert check(*TCP, *HERE, environment={"SNMPCONFPATH": str(tmp_path)}).status == OK


@pytest.mark.parametrize("options, words", [
    (("-v", "3", "-u", "nobody", "-l", "authPriv", "-A", "authPhrase", "-X", "privPhrase"),
     "Unknown user name (check -u"),
    (("-v", "3", "-u", "watcher", "-l", "authPriv", "-a", "SHA", "-x", "AES", "-A", "wrongPhrase",
      "-X", "privPhrase"), "Authentication failure"),
    (("-v", "3", "-u", "watcher", "-l", "noAuthNoPriv"), "authorizationError"),
    (("-v", "2c", "-c", "wrong", "-t", "0.2", "-r", "0"), "community"),
    (("-v", "1", "-c", "public"), "SNMPv1"),
    (("-v", "2c"), "No community name specified"),
    (("-v", "2c", "-c", "public", "127.0.0.1"), "unexpected argument '127.0.0.1'"),
    (("-q",), "'q'"),
    (("-v", "3", "-u", "watcher", "-l", "authPriv", "-A", "short"), "pass phrase"),
], ids=words_of)
def test_missing_access_is_reported(v3_snmpd, served, options, words):
    assert words in unknown(*HERE, "--", *options)


def test_a_name_that_is_not_a_host():
    assert "Unknown host" in unknown("-H", "no.such.host.invalid", *V2C)
    assert "Unknown host" in unknown("-H", "-x", *V2C)


def test_no_snmpd():
    assert "snmpd not running" in unknown(*HERE, *V2C, "-t", "0.2", "-r", "0")
    patient = subprocess.Popen([ASKING_PLUGIN, "-t", "3600", *HERE, *V2C],
                               stdout=subprocess.DEVNULL)
    assert "127.0.0.1: timed out after 1 s" in unknown("-t", "1", *HERE, *V2C)
    assert patient.poll() is None
    patient.terminate()
    patient.wait()
    wait_until_nothing_runs()


def test_snmpd_without_the_agent(snmpd, agent):
    snmpd.start()
    assert "tcp-state-agent is not running" in unknown(*HERE, *V2C)
    agent.start()
    agent.wait_until_registered()
    assert check(*TCP, *HERE, *V2C).status == OK
    agent.stop()
    until(lambda: "tcp-state-agent is not running" in check(*HERE, *V2C).text, "the rows are gone")


def test_a_view_that_leaves_the_counts_out(snmpd, make_agent):
    snmpd.more_lines = "rocommunity narrow 127.0.0.1 .1.3.6.1.2.1\n"
    snmpd.start()
    agent = make_agent("agent")
    agent.start()
    agent.wait_until_registered()
    root = snmp.dotted(mib.ROOT)
    assert unknown(*HERE, "--", "-v", "2c", "-c", "narrow") == (
        "127.0.0.1: tcp-state-agent is not running, or the view of this community or user hides"
        f" its counts; snmpd.conf there: view NAME included {root}")


def test_a_view_that_leaves_only_the_counts_out(snmpd, make_agent):
    """The agent's other objects show that it is running."""
    root = snmp.dotted(mib.ROOT)
    snmpd.more_lines = (f"view partly included {root}\nview partly excluded {root}.1.1\n"
                        "rocommunity partly 127.0.0.1 -V partly\n")
    snmpd.start()
    agent = make_agent("agent")
    agent.start()
    agent.wait_until_registered()
    assert unknown(*HERE, "--", "-v", "2c", "-c", "partly") == (
        "127.0.0.1: the view of this community or user hides the counts;"
        f" snmpd.conf there: view NAME included {root}")


def test_counts_that_are_too_old(refusals, maker):
    maker.make(4, "established", 3)
    wait_for_refresh()
    assert check(*ESTABLISHED, *HERE, *V2C).text == "tcp ESTABLISHED: 3"
    refusals.error = errno.EPERM
    stale = until(lambda: not check(*HERE, *V2C).data and unknown(*HERE, *V2C), "no rows")
    assert re.fullmatch(r"127\.0\.0\.1: the last counts are \d+ s old and no longer served "
                        r"\(maxAge\): .*Operation not permitted", stale)


# ---- a broken tcp-states-snmp ----

@pytest.fixture
def asking(tmp_path):
    """asking(SCRIPT): runs the plugin with SCRIPT in place of tcp-states-snmp."""
    def make(script):
        program = tmp_path / "program"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(stat.S_IRWXU)
        return unknown("-t", "1", *HERE, *V2C, launcher=(
            "unshare", "--mount", "sh", "-c",
            f'mount --bind {program} {BUILD / "tcp-states-snmp"} && exec "$@"', "sh"))

    return make


@pytest.mark.parametrize("script, words", [
    ("true", "incomplete answer"),
    ("echo 1.4.1.0 7", "incomplete answer"),
    ("echo 'nonsense|more 5'", r"unexpected answer: nonsense\x7cmore"),
    ("printf '1.4.1.0 7'", "unexpected answer"),
    (r"printf '1.4.1.0 7\n\0\n'", "unreadable answer"),
    ("false", "failed without a message"),
    ("printf 'first\\n  the reason | \\377\\n\\n' >&2; exit 1", r"  the reason \x7c \xff"),
    ("kill -KILL $$", "failed without a message"),
    ("exec sleep 60", "127.0.0.1: timed out after 1 s"),
], ids=words_of)
def test_an_answer_is_not_believed(asking, script, words):
    assert words in asking(script)
    wait_until_nothing_runs()


def test_the_options_are_handed_over(asking):
    assert asking('echo "$*" >&2; exit 1') == "127.0.0.1: -v 2c -c public -- 127.0.0.1"


# ---- failed writes ----

@pytest.mark.parametrize("options", ["", "-h", "-V", "--nonsense", "--always-ok", "-w 1:",
                                     "-H 127.0.0.1 -- -v2c -cpublic -r0 -t0.1"])
@pytest.mark.parametrize("where, problem", [
    (">&-", "Bad file descriptor"), (">/dev/full", "No space left on device"),
    ("<&- >&- 2>&-", None)])
def test_lost_output_is_unknown(options, where, problem):
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" {options} {where}', ASKING_PLUGIN], capture_output=True,
        text=True, timeout=PATIENCE, env={**os.environ, **SANITIZER_OPTIONS, "MIBS": ""})
    assert (done.returncode, done.stdout) == (UNKNOWN, "")
    assert done.stderr == (f"check_tcp_states: standard output: {problem}\n" if problem else "")


def test_a_closed_pipe_is_unknown():
    near, far = os.pipe()
    os.close(near)
    with open(far, "wb") as stdout:
        done = subprocess.run([PLUGIN, "--always-ok"], stdout=stdout, stderr=subprocess.PIPE,
                              timeout=PATIENCE)
    assert (done.returncode, done.stderr) \
        == (UNKNOWN, b"check_tcp_states: standard output: Broken pipe\n")
