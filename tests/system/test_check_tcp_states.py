# SPDX-License-Identifier: BSD-2-Clause
"""check_tcp_states, line by line: against sockets whose number is known, and over SNMP."""

import collections
import errno
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import time

import pytest

from daemons import BUILD, SANITIZER_OPTIONS, wait_for_refresh
from kernel import HIDE_PROC, kernel_count
from network import processes_in_this_network
from polling import until
from refusals import Refusals
from tcp_states import StateMaker

PLUGIN = BUILD / "check_tcp_states"
OK, WARNING, CRITICAL, UNKNOWN = range(4)

HERE = ("-H", "127.0.0.1")
V2C = ("--", "-v", "2c", "-c", "public")
V3 = ("--", "-v", "3", "-u", "watcher", "-l", "authPriv", "-a", "SHA", "-x", "AES")
TCP = ("--conn-type", "tcp", "--conn-type", "tcp6")
ESTABLISHED = ("--conn-type", "tcp", "--conn-status", "established")

# Every status, in the order in which rows with as many sockets come.
STATUSES = {"ESTABLISHED": "established", "SYN_SENT": "synSent", "SYN_RECV": "synReceived",
            "FIN_WAIT1": "finWait1", "FIN_WAIT2": "finWait2", "TIME_WAIT": "timeWait",
            "CLOSE": "closed", "CLOSE_WAIT": "closeWait", "LAST_ACK": "lastAck",
            "LISTEN": "listen", "CLOSING": "closing"}

# The Monitoring Plugins' development guidelines, "Threshold and Ranges" and "Performance data".
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = rf"(?:@?(?:(?:~|{_NUMBER})?:)?(?:{_NUMBER})?)?"
_DATUM = re.compile(rf"'([^'=|]+)'=(U|-?[\d.]+);({_RANGE});({_RANGE});(\d*)(?: |$)")

Checked = collections.namedtuple("Checked", "status text data")
Datum = collections.namedtuple("Datum", "name value warning critical minimum")


def run(*options, program=PLUGIN, launcher=(), environment=None, **how):
    """What it says and how it ends; that is one line in any case."""
    done = subprocess.run(
        [*launcher, program, *options], capture_output=True, text=True, timeout=20,
        env={**os.environ, **SANITIZER_OPTIONS, "MIBS": "", "SNMPCONFPATH": "/nonexistent",
             **(environment or {})}, **how)
    assert done.stderr == ""
    return done.returncode, done.stdout


def check(*options, **how):
    """Run it, and take its line apart by the guidelines."""
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
    """The sentence that it ends with, having checked nothing."""
    checked = check(*options, **how)
    assert (checked.status, checked.data) == (UNKNOWN, [])
    assert checked.text.startswith("UNKNOWN: ")
    return checked.text.removeprefix("UNKNOWN: ")


def wait_until_nothing_runs():
    """What the plug-in started ends with it, if not in the same moment."""
    until(lambda: not dict(processes_in_this_network()), "nothing runs any more")


def words_of(value):
    """What pytest calls a parameter."""
    words = value if isinstance(value, tuple) else (str(value),)
    return " ".join(words)[:40]


@pytest.fixture
def maker():
    with StateMaker() as maker:
        yield maker


@pytest.fixture
def three_established(maker):
    maker.make(4, "established", 3)


# ---- the whole line ----

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
    """The most first; rows with as many in the order of types and statuses."""
    rows = [(kind, status, state) for kind in ("tcp", "tcp6")
            for status, state in STATUSES.items() if state != "closed"]
    numbers = {(kind, status): 1 + (7 * place) % 13 for place, (kind, status, _) in enumerate(rows)}
    for kind, status, state in rows:
        family = 4 if kind == "tcp" else 6
        # synReceived comes to a listener.
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
    names = [datum.name for datum in check("-c", "1:").data]
    assert names == [*(f"{kind}_{status}" for kind in ("tcp", "tcp6") for status in STATUSES),
                     "udp_NONE", "udp6_NONE"]


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
def test_a_number_outside_of_its_range_is_told(text, contains_three):
    for option, status, tag in (("-w", WARNING, " [WARNING]"), ("-c", CRITICAL, " [CRITICAL]")):
        checked = check(*ESTABLISHED, option, text)
        assert checked.status == (OK if contains_three else status)
        assert checked.text == "tcp ESTABLISHED: 3" + ("" if contains_three else tag)
        datum, = checked.data
        told = "" if text.lower() == "none" else text.replace("%", "")
        assert (datum.warning, datum.critical) == ((told, "") if option == "-w" else ("", told))


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
def test_a_minimum_fires_where_there_is_nothing(options, status):
    checked = check(*options)
    assert checked.status == status
    tag = {OK: "", WARNING: " [WARNING]", CRITICAL: " [CRITICAL]"}[status]
    for row in checked.text.split(", "):
        assert row.endswith(f": 0{tag}") or row == "no sockets"


# ---- which rows, and how they are told ----

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
def test_verbose_tells_how_it_was_counted():
    text = check("-v").text
    assert re.fullmatch(r"tcp ESTABLISHED: 3 \(counted 0\.0 s ago in \d+ us, derived\)", text), text


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


# ---- what is wrong at once ----

@pytest.mark.parametrize("options, words", [
    (("-w", "5:1"), ("--warning 5:1", "starts after it ends")),
    (("-w", "x"), ("--warning x", "10:20")),
    (("-w", ""), ("--warning", "10:20")),
    (("-c", "1:2:3"), ("--critical 1:2:3", "10:20")),
    (("--critical=-1",), ("--critical -1", "starts after it ends")),
    (("-c", "@"), ("--critical @",)),
    (("-c", "50%%"), ("--critical 50%%",)),
    (("--conn-type", "TCP"), ("--conn-type TCP",)),
    (("--conn-type", "all,tcp"), ("--conn-type all,tcp",)),
    (("--conn-status", "ESTABLISHED"), ("--conn-status ESTABLISHED",)),
    (("--conn-status", "a"), ("--conn-status a",)),
    (("--conn-type", "udp", "--conn-status", "listen"), ("--conn-type", "--conn-status", "none")),
    (("--conn-type", "tcp", "--conn-status", "none"), ("--conn-type", "--conn-status", "none")),
    (("-t", "0"), ("--timeout 0",)),
    (("-t", "1.5"), ("--timeout 1.5",)),
    (("-t", "x"), ("--timeout x",)),
    (("-t", "4000"), ("--timeout 4000",)),
    (("-w",), ("-w", "missing")),
    (("--conn-type",), ("--conn-type", "missing")),
    (("-q",), ("-q",)),
    (("--nonsense",), ("--nonsense",)),
    (("--conn", "tcp"), ("--conn",)),
    (("--always-ok=yes",), ("--always-ok=yes",)),
    (("extra",), ("extra",)),
    (("-H", ""), ("--hostname",)),
    (("--", "-v", "2c"), ("-v", "--hostname")),
], ids=words_of)
def test_a_wrong_option_is_named(options, words):
    sentence = unknown(*options)
    for word in words:
        assert word in sentence
    assert "a,l,l" not in sentence


# ---- a kernel that does not tell ----

def test_a_kernel_that_refuses_is_no_zero():
    refusals = Refusals()
    refusals.error = errno.EPERM
    process = subprocess.Popen([*refusals.launcher, PLUGIN], stdout=subprocess.PIPE, text=True,
                               pass_fds=refusals.descriptors,
                               env={**os.environ, **SANITIZER_OPTIONS})
    refusals.begin()
    line, _ = process.communicate(timeout=10)
    refusals.end()
    assert process.returncode == UNKNOWN
    assert line.startswith("UNKNOWN: ") and line.endswith(": Operation not permitted\n")


@pytest.mark.usefixtures("three_established")
def test_without_proc_udp_is_unknown():
    checked = check(launcher=HIDE_PROC)
    assert checked.status == UNKNOWN
    assert checked.text == ("tcp ESTABLISHED: 3, udp NONE: not told by the kernel [UNKNOWN],"
                            " udp6 NONE: not told by the kernel [UNKNOWN]")
    assert [datum.value for datum in checked.data] == ["3", "U", "U"]
    assert check("-w", "2", launcher=HIDE_PROC).status == WARNING
    assert check("-c", "2", launcher=HIDE_PROC).status == CRITICAL
    assert check(*TCP, launcher=HIDE_PROC).status == OK


def test_without_ipv6_there_are_no_sockets_of_it(tmp_path):
    """A kernel without it has a sockstat but no sockstat6."""
    (tmp_path / "sockstat").write_text(pathlib.Path("/proc/net/sockstat").read_text())
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
    # snmpd's own socket, and for a moment those of who asks.
    until(lambda: check("--conn-type", "udp", *HERE, *V2C).data[0].value
          == str(kernel_count("sockstat", "UDP:", "inuse")), "as many UDP sockets")
    assert check("-v", *HERE, *V2C).text.endswith("us, derived)")


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
     "Unknown user name"),
    (("-v", "3", "-u", "watcher", "-l", "authPriv", "-a", "SHA", "-x", "AES", "-A", "wrongPhrase",
      "-X", "privPhrase"), "Authentication failure"),
    (("-v", "3", "-u", "watcher", "-l", "noAuthNoPriv"), "authorizationError"),
    (("-v", "2c", "-c", "wrong", "-t", "0.2", "-r", "0"), "community"),
    (("-v", "1", "-c", "public"), "SNMPv1"),
    (("-v", "2c"), "No community name specified"),
    (("-v", "2c", "-c", "public", "127.0.0.1"), "there is no option of net-snmp before it"),
    (("-q",), "'q'"),
    (("-v", "3", "-u", "watcher", "-l", "authPriv", "-A", "short"), "pass phrase"),
], ids=words_of)
def test_who_may_not_ask_is_told(v3_snmpd, served, options, words):
    assert words in unknown(*HERE, "--", *options)


def test_a_name_that_is_no_host():
    assert "Unknown host" in unknown("-H", "no.such.host.invalid", *V2C)
    assert "Unknown host" in unknown("-H", "-x", *V2C)


def test_no_snmpd():
    assert "snmpd does not run there" in unknown(*HERE, *V2C, "-t", "0.2", "-r", "0")
    begun = time.monotonic()
    assert "no answer within 1 s" in unknown("-t", "1", *HERE, *V2C)
    assert 0.9 < time.monotonic() - begun < 3
    wait_until_nothing_runs()


def test_snmpd_without_the_agent(snmpd, agent):
    snmpd.start()
    assert "tcp-state-agent does not run" in unknown(*HERE, *V2C)
    agent.start()
    agent.wait_until_registered()
    assert check(*TCP, *HERE, *V2C).status == OK
    agent.stop()
    until(lambda: "tcp-state-agent does not run" in check(*HERE, *V2C).text, "the rows are gone")


def test_a_view_that_leaves_the_counts_out(snmpd, make_agent):
    snmpd.more_lines = "rocommunity narrow 127.0.0.1 .1.3.6.1.2.1\n"
    snmpd.start()
    agent = make_agent("agent")
    agent.start()
    agent.wait_until_registered()
    assert "view leaves it out" in unknown(*HERE, "--", "-v", "2c", "-c", "narrow")


def test_counts_that_are_too_old(refusals, maker):
    maker.make(4, "established", 3)
    wait_for_refresh()
    assert check(*ESTABLISHED, *HERE, *V2C).text == "tcp ESTABLISHED: 3"
    refusals.error = errno.EPERM
    stale = until(lambda: not check(*HERE, *V2C).data and unknown(*HERE, *V2C), "no rows")
    assert re.fullmatch(r"the counts there are \d+ s old, too old to be served: "
                        r".*Operation not permitted", stale)


# ---- a program in between that is not what it should be ----

@pytest.fixture
def asking(tmp_path):
    """asking(SCRIPT): the plug-in, beside a tcp-states-snmp that is that script."""
    program = tmp_path / "check_tcp_states"
    shutil.copy(PLUGIN, program)

    def make(script):
        neighbour = tmp_path / "tcp-states-snmp"
        neighbour.write_text("#!/bin/sh\n" + script)
        neighbour.chmod(stat.S_IRWXU)
        return unknown("-t", "1", *HERE, *V2C, program=program)

    return make


@pytest.mark.parametrize("script, words", [
    ("true", "not complete"),
    ("echo 1.4.1.0 7", "not complete"),
    ("echo 'nonsense|more 5'", "this is not what tcp-state-agent says: nonsense?more"),
    ("printf '1.4.1.0 7'", "this is not what tcp-state-agent says"),
    (r"printf '1.4.1.0 7\n\0\n'", "cannot be read"),
    ("false", "did not say why"),
    ("printf 'first\\n  the reason | \\377\\n\\n' >&2; exit 1", "  the reason ? ?"),
    ("kill -KILL $$", "did not say why"),
    ("exec sleep 60", "no answer within 1 s"),
], ids=words_of)
def test_an_answer_is_not_believed(asking, script, words):
    assert words in asking(script)
    wait_until_nothing_runs()


def test_the_options_are_handed_over(asking):
    assert asking('echo "$*" >&2; exit 1') == "-v 2c -c public -- 127.0.0.1"
