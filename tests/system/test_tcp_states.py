# SPDX-License-Identifier: BSD-2-Clause
"""tcp-states: what it shows is what there is, on terminals, in files and for programs."""

import contextlib
import csv
import io
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

from daemons import BUILD, SANITIZER_OPTIONS
from kernel import HIDE_PROC, kernel_count, set_sysctl
from listeners import listener
from polling import until
from tcp_states import StateMaker
from terminal import Terminal
from test_counts import expected_counts, make_every_kind

SOURCE = pathlib.Path(__file__).parents[2]
TCP_STATES = BUILD / "tcp-states"
STATES_BY_NAME = {
    # As SNMP, netstat and ss have them.
    "closed": ("closed", "CLOSE", "UNCONN"),
    "listen": ("listen", "LISTEN", "LISTEN"),
    "synSent": ("synSent", "SYN_SENT", "SYN-SENT"),
    "synReceived": ("synReceived", "SYN_RECV", "SYN-RECV"),
    "established": ("established", "ESTABLISHED", "ESTAB"),
    "finWait1": ("finWait1", "FIN_WAIT1", "FIN-WAIT-1"),
    "finWait2": ("finWait2", "FIN_WAIT2", "FIN-WAIT-2"),
    "closeWait": ("closeWait", "CLOSE_WAIT", "CLOSE-WAIT"),
    "lastAck": ("lastAck", "LAST_ACK", "LAST-ACK"),
    "closing": ("closing", "CLOSING", "CLOSING"),
    "timeWait": ("timeWait", "TIME_WAIT", "TIME-WAIT"),
}
SGR = re.compile(rb"\x1b\[[0-9]*m")

# What net-snmp's own configuration says shall not matter.
ENVIRONMENT = {**SANITIZER_OPTIONS, "MIBS": "", "SNMPCONFPATH": "/nonexistent"}


def run(*options, launcher=(), **environment):
    return subprocess.run([*launcher, TCP_STATES, *options], capture_output=True, text=True,
                          timeout=10, env={**os.environ, **ENVIRONMENT, "LC_ALL": "C",
                                           **environment})


def shown(*options, **how):
    """What it writes where all is well."""
    done = run(*options, **how)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def counts_of_json(*options, **how):
    """{(family, state): sockets}, as of StateMaker.expected."""
    return {(int(family[-1]), state): sockets
            for family, states in json.loads(shown("-o", "json", *options, **how)).items()
            for state, sockets in states.items()}


def counts_of_csv(*options):
    rows = csv.DictReader(io.StringIO(shown("-o", "csv", *options)))
    return {(int(row["family"][-1]), row["state"]): int(row["sockets"]) for row in rows}


def counts_of_table(*options):
    heading, *rows = (row.split() for row in shown(*options).splitlines())
    assert heading == ["state", "ipv4", "ipv6", "total"]
    assert rows[-1] == ["total", *(str(sum(int(row[column]) for row in rows[:-1]))
                                   for column in (1, 2, 3))]
    assert all(int(row[1]) + int(row[2]) == int(row[3]) for row in rows)
    return {(family, row[0]): int(row[column])
            for column, family in ((1, 4), (2, 6)) for row in rows[:-1]}


def counts_of_prometheus(*options):
    samples = re.findall(r'^tcp_sockets{family="ipv(.)",state="(\w+)"} (\d+)$',
                         shown("-o", "prometheus", *options), re.MULTILINE)
    return {(int(family), state): int(sockets) for family, state, sockets in samples}


@pytest.fixture
def maker():
    with StateMaker() as made:
        yield made


# ---- counts ----

@pytest.mark.parametrize("counts", [
    counts_of_table, counts_of_json, counts_of_csv, counts_of_prometheus])
def test_every_kind_of_socket_is_counted(maker, counts):
    make_every_kind(maker)
    assert counts() == expected_counts(maker)


def test_an_empty_network_is_all_zero():
    assert set(counts_of_json().values()) == {0}


def test_closed_sockets_are_counted_where_they_are_asked_for(maker):
    maker.make(4, "closed", 3)
    maker.make(6, "closed", 2)
    assert counts_of_json("-s", "closed") == {(4, "closed"): 3, (6, "closed"): 2}
    assert counts_of_json()[4, "closed"] == 0


def test_without_proc_every_socket_is_listed(maker):
    make_every_kind(maker)
    assert counts_of_json(launcher=HIDE_PROC) == expected_counts(maker)


@pytest.mark.parametrize("state, words", STATES_BY_NAME.items(), ids=STATES_BY_NAME)
def test_states_by_all_their_names(state, words):
    for word in words:
        for spelled in (word, word.lower(), word.upper(), word.replace("_", "-"),
                        word.replace("-", "_")):
            assert list(counts_of_json("-s", spelled)) == [(4, state), (6, state)]


def test_what_is_chosen_is_shown(maker):
    maker.make(4, "established", 5)
    maker.make(6, "timeWait", 3)
    maker.make(6, "established", 2)
    assert counts_of_json("-4", "-s", "ESTAB") == {(4, "established"): 5}
    assert counts_of_json("--ipv6", "--state=TIME_WAIT", "--state", "estab") \
        == {(6, "established"): 2, (6, "timeWait"): 3}
    assert shown("-s", "established", "-s", "timewait").splitlines() == [
        "state        ipv4  ipv6  total",
        "established     5     2      7",
        "timeWait        0     3      3",
        "total           5     5     10"]
    assert counts_of_json("-4", "-6") == expected_counts(maker)


def test_ports_are_counted_by_themselves(maker):
    ports = [maker.listener_port(family) for family in (4, 6)]
    maker.make(4, "synReceived", 3)
    maker.make(6, "synReceived", 2)
    maker.make(4, "established", 4)
    told = json.loads(shown("-o", "json", "-p", str(ports[0]), "--port", str(ports[1]),
                            "-p", "https"))
    assert [(port["port"], port["service"]) for port in told] \
        == sorted([(443, "https"), (ports[0], ""), (ports[1], "")])
    by_number = {port["port"]: port for port in told}
    for port, family, sockets in ((ports[0], "ipv4", 3), (ports[1], "ipv6", 2)):
        assert {state: number for state, number in by_number[port][family].items() if number} \
            == {"listen": 1, "synReceived": sockets}
    assert not any(by_number[443]["ipv4"].values())
    assert shown("-p", "443", "-4", "-s", "listen").splitlines() == [
        "port 443, https", "state   ipv4", "listen     0"]


# ---- listeners ----

@pytest.fixture
def held():
    with contextlib.ExitStack() as stack:
        yield stack


def connect(held, to, number):
    for _ in range(number):
        connection = held.enter_context(socket.socket(to.family))
        connection.setblocking(False)
        connection.connect_ex(to.getsockname())


def test_listen_queues(held):
    set_sysctl("tcp_syn_retries", 1)
    ipv4, ipv6 = (held.enter_context(listener(family, backlog=4))
                  for family in (socket.AF_INET, socket.AF_INET6))
    ports = [opened.getsockname()[1] for opened in (ipv4, ipv6)]
    connect(held, ipv4, 2)
    connect(held, ipv6, 6)
    drops = until(lambda: kernel_count("netstat", "TcpExt:", "ListenDrops"), "a drop")
    told = json.loads(shown("--listen", "-o", "json"))
    assert told == [
        {"family": "ipv4", "address": "0.0.0.0", "port": ports[0], "sockets": 1, "queued": 2,
         "backlog": 4, "dropped": 0},
        {"family": "ipv6", "address": "::", "port": ports[1], "sockets": 1, "queued": 5,
         "backlog": 4, "dropped": told[1]["dropped"]}]
    assert drops <= told[1]["dropped"] <= kernel_count("netstat", "TcpExt:", "ListenDrops")
    assert list(csv.DictReader(io.StringIO(shown("-l4", "-o", "csv")))) == [
        {name: str(value) for name, value in told[0].items()}]
    assert shown("-l4").splitlines() == [
        "queue       queued  backlog  drops  sockets  endpoint",
        f"#####.....       2        4      0        1  0.0.0.0:{ports[0]}"]


# ---- the summary ----

def without_layout(text):
    return [line.split() for line in text.splitlines() if line.strip()]


def test_the_summary_is_that_of_ss(maker, held):
    for state in ("established", "closeWait", "timeWait", "listen", "finWait1", "synReceived"):
        maker.make(4, state, 3)
        maker.make(6, state, 5)
    maker.make(6, "finWait2", 4, closed=True)
    maker.make(4, "finWait2", 4)
    for family, kind in ((socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_RAW)):
        held.enter_context(socket.socket(family, kind, socket.IPPROTO_UDP)).bind(("", 0))

    # Some of the numbers are the whole machine's, and may change in between.
    def both():
        theirs = without_layout(subprocess.check_output(["ss", "-s"], text=True))
        return without_layout(shown("-S")) == theirs and theirs
    theirs = until(both, "what ss -s says", 20)
    assert "(estab 16," in " ".join(theirs[1])


def test_the_summary_for_programs(maker):
    maker.make(4, "established", 3)
    maker.make(6, "timeWait", 2)
    told = json.loads(shown("--summary", "--output=json"))
    assert (told["tcpEstablished"], told["tcpTimeWait"]) == (3, 2)
    assert told["tcp"] == {"ipv4": 3, "ipv6": 0}
    rows = list(csv.DictReader(io.StringIO(shown("-So", "csv"))))
    assert {"count": "tcp", "family": "ipv4", "sockets": "3"} in rows
    assert {"count": "tcpTimeWait", "family": "", "sockets": "2"} in rows


# ---- for Prometheus ----

@pytest.mark.parametrize("view", [(), ("-l",), ("-S",), ("-p", "443", "-p", "65000")])
def test_promtool_has_no_complaint(view):
    with listener(), listener(socket.AF_INET6):
        done = subprocess.run(["promtool", "check", "metrics"], capture_output=True, text=True,
                              input=shown("-o", "prometheus", *view), timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- both methods ----

def test_verify_agrees(maker):
    make_every_kind(maker)
    rows = [line.split() for line in shown("--verify").splitlines()]
    counts = {(int(family[-1]), state): {int(number) for number in numbers}
              for family, state, *numbers, off in rows[1:23]}
    assert counts == {row: {number} for row, number in expected_counts(maker).items()}
    assert {row[-1] for row in rows[1:23]} == {"0"}
    assert rows[-2:] == ["off by 0, churn allows 0".split(), ["they", "agree"]]


def test_verify_agrees_under_churn(churn):
    for _ in range(20):
        assert shown("--verify").endswith("they agree\n")


def test_verify_disagrees_where_the_kernel_lies(maker, tmp_path):
    maker.make(4, "established", 7)
    (tmp_path / "sockstat").write_text("TCP: inuse 12 orphan 0 tw 0 alloc 12 mem 0\n")
    (tmp_path / "sockstat6").write_text("TCP6: inuse 0\n")
    done = run("--verify", launcher=(
        "unshare", "--mount", "sh", "-c",
        f'mount --bind {tmp_path} /proc/$$/net && exec "$@"', "sh"))
    assert (done.returncode, done.stderr) == (1, "")
    assert ["ipv4", "established", "12", "7", "12", "5"] \
        in [line.split() for line in done.stdout.splitlines()]
    assert done.stdout.endswith("\noff by 5, churn allows 0\nthey disagree\n")


def test_verify_says_why_nothing_can_be_derived():
    is_refused(run("--verify", launcher=HIDE_PROC), "--verify", "sockstat")


# ---- on a terminal ----

VIEWS = ((), ("-l",), ("-S",), ("-p", "443"), ("--verify",))


@pytest.mark.parametrize("view", VIEWS, ids=" ".join)
@pytest.mark.parametrize("columns", [80, 40, 20])
def test_no_line_is_longer_than_the_terminal(view, columns):
    with listener(), listener(socket.AF_INET6), \
            Terminal([TCP_STATES, *view], columns, 60) as terminal:
        assert terminal.finish() == 0
    lines = [SGR.sub(b"", line).decode() for line in terminal.written.split(b"\r\n")]
    if columns < 40:  # a sentence is 24 characters long
        lines = [line for line in lines if not line.startswith("off by ")]
    assert max(map(len, lines)) <= columns
    if columns >= 40:
        assert any(line.split()[-1] in ("0", "endpoint") for line in lines if line)


def test_a_terminal_gets_colours_and_a_file_does_not(tmp_path):
    with Terminal([TCP_STATES]) as terminal:
        assert terminal.finish() == 0
    assert SGR.search(terminal.written)
    assert "\x1b" not in shown()
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        with Terminal([TCP_STATES], **environment) as terminal:
            assert terminal.finish() == 0
        assert b"\x1b" not in terminal.written
    with Terminal([TCP_STATES], NO_COLOR="") as terminal:
        assert terminal.finish() == 0
    assert SGR.search(terminal.written)


@pytest.mark.parametrize("locale, bar", [("C.UTF-8", "░"), ("C", "."), ("POSIX", ".")])
def test_bars_are_of_the_locales_characters(locale, bar):
    with listener():
        assert 10 * bar in shown("-l", LC_ALL=locale, PYTHONUTF8="1")
    assert shown("-l", LC_ALL="C").isascii()


# ---- watching ----

def row_of(rows, state):
    return next((row.split() for row in rows if row.startswith(state + " ")), None)


@contextlib.contextmanager
def watched(*options, columns=80, lines=24, **environment):
    with Terminal([TCP_STATES, "-w0.1", *options], columns, lines, **ENVIRONMENT,
                  **environment) as terminal:
        terminal.wait_for(lambda rows: "every 0.1 s" in rows[0], "the heading")
        yield terminal


def test_a_watch_shows_how_counts_change(listeners):
    listeners.number(3)
    with watched() as terminal:
        rows = terminal.wait_for(lambda rows: row_of(rows, "listen"), "the table")
        assert row_of(rows, "state") == ["state", "ipv4", "ipv6", "total", "change", "last",
                                         "minute"]
        assert row_of(rows, "listen") == ["listen", "3", "0", "3", "▁"]
        terminal.process.send_signal(signal.SIGSTOP)
        listeners.number(10)
        terminal.process.send_signal(signal.SIGCONT)
        until(lambda: terminal.rows and b"+7" in terminal.written, "the change")
        rows = terminal.wait_for(lambda rows: "+7" not in row_of(rows, "listen"), "no change")
        assert row_of(rows, "listen")[1:4] == ["10", "0", "10"]
        listeners.number(0)
        terminal.wait_for(lambda rows: row_of(rows, "listen")[1:4] == ["0", "0", "0"]
                          and row_of(rows, "listen")[-1].endswith("█▁"), "a sparkline", 8)


def test_a_watch_of_40_columns(listeners):
    listeners.number(3)
    with watched(columns=40, lines=16) as terminal:
        rows = terminal.wait_for(lambda rows: row_of(rows, "total"), "the table")
        assert row_of(rows, "state")[:3] == ["state", "total", "change"]
        assert row_of(rows, "listen")[:2] == ["listen", "3"]
        assert max(map(len, rows)) <= 40
    assert b"\x1b[K" in terminal.written


def test_a_watch_in_ascii(listeners):
    with watched(LC_ALL="C") as terminal:
        terminal.wait_for(lambda rows: row_of(rows, "listen"), "the table")
        assert row_of(terminal.rows, "listen")[-1].strip("_") == ""
    assert terminal.written.isascii()


@pytest.mark.parametrize("view, heading", [
    (("-l",), "queue"), (("-S",), "Transport"), (("-p", "443"), "port 443, https")])
def test_every_view_can_be_watched(view, heading):
    with watched(*view) as terminal:
        terminal.wait_for(lambda rows: any(row.startswith(heading) for row in rows), heading)


def test_more_lines_than_the_terminal_has_do_not_scroll(listeners):
    listeners.number(60)
    with watched("-l", lines=10) as terminal:
        terminal.wait_for(lambda rows: rows[2].startswith("queue") and rows[9], "a full screen")
        until(lambda: terminal.rows and terminal.written.count(b"\x1b[H") > 3, "more of them")
    assert {picture.count(b"\n") for picture in terminal.written.split(b"\x1b[H")[1:-1]} == {9}


def is_as_before(terminal):
    # The cursor is shown, and the screen is the one from before.
    assert terminal.written.endswith(b"\x1b[?25h\x1b[?1049l")
    assert terminal.settings() == terminal.settings_before


@pytest.mark.parametrize("keys", [b"q", b"Q", b"\x03"])
def test_a_watch_ends(keys):
    with watched() as terminal:
        assert terminal.settings() != terminal.settings_before
        terminal.type(keys)
        assert terminal.finish() == 0
        is_as_before(terminal)


def test_a_watch_without_a_keyboard_goes_on():
    with Terminal(["sh", "-c", 'exec "$0" -w0.1 </dev/null', TCP_STATES]) as terminal:
        until(lambda: terminal.rows and terminal.written.count(b"\x1b[H") > 3, "pictures")
        terminal.type(b"\x03")
        assert terminal.finish() == 0
        is_as_before(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_watch_that_is_ended_leaves_the_terminal_as_it_was(number):
    with watched() as terminal:
        terminal.process.send_signal(number)
        assert terminal.finish() == -number
        is_as_before(terminal)


def test_a_watch_that_is_suspended_gives_the_terminal_back():
    with watched() as terminal:
        terminal.type(b"\x1a")
        until(lambda: os.waitid(os.P_PID, terminal.process.pid,
                                os.WSTOPPED | os.WNOHANG | os.WNOWAIT), "it stands still")
        terminal.rows  # pylint: disable=pointless-statement
        is_as_before(terminal)
        terminal.process.send_signal(signal.SIGCONT)
        until(lambda: terminal.settings() != terminal.settings_before, "it goes on")
        terminal.type(b"q")
        assert terminal.finish() == 0
        is_as_before(terminal)


def test_a_watch_follows_the_size_of_the_terminal(listeners):
    listeners.number(3)
    with Terminal([TCP_STATES, "-w3600"], 80, 24) as terminal:
        terminal.wait_for(lambda rows: "ipv4" in rows[2] and "total" in rows[14], "wide")
        terminal.resize(40, 12)
        terminal.process.send_signal(signal.SIGWINCH)
        rows = terminal.wait_for(lambda rows: rows[2].startswith("state   ")
                                 and "ipv4" not in rows[2], "narrow")
        assert "every" in rows[0] and rows[11].startswith("lastAck")
        terminal.type(b"q")
        assert terminal.finish() == 0


def test_a_watch_needs_a_terminal():
    is_refused(run("-w"), "--watch", "terminal")


# ---- another host ----

SNMP_OPTIONS = ("--", "-v", "2c", "-c", "public")


def test_another_host_is_read_alike(served, maker):
    served.reconfigure(watchPort=443)
    make_every_kind(maker)
    local = counts_of_json()
    host = ("-H", "127.0.0.1", "-o", "json")
    until(lambda: {(int(family[-1]), state): sockets
                   for family, states in json.loads(shown(*host, *SNMP_OPTIONS)).items()
                   for state, sockets in states.items()} == local, "the same counts")
    for view in (("-l",), ("-p", "443")):
        assert json.loads(shown(*view, *host, *SNMP_OPTIONS)) \
            == json.loads(shown(*view, "-o", "json"))
    assert json.loads(shown("-S", *host, *SNMP_OPTIONS))["tcpTimeWait"] \
        == kernel_count("sockstat", "TCP:", "tw")


def test_another_host_is_watched(served, listeners):
    listeners.number(2)
    with watched("-H", "127.0.0.1", *SNMP_OPTIONS) as terminal:
        assert terminal.rows[0].startswith("127.0.0.1 ")
        listeners.number(9)
        terminal.wait_for(lambda rows: (row_of(rows, "listen") or ())[1:4] == ["9", "0", "9"],
                          "the new count")
        served.kill()
        terminal.wait_for(lambda rows: rows[1], "a problem")
        terminal.type(b"\x03")
        assert terminal.finish() == 0
        is_as_before(terminal)


def test_a_watch_of_a_silent_host_ends_at_once(served, snmpd):
    with watched("-H", "127.0.0.1", *SNMP_OPTIONS, "-t", "20") as terminal, snmpd.paused():
        task = pathlib.Path(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}")
        since = {}

        def waits():
            """The program that asks is the same for longer than an answer takes."""
            asking, now = (task / "children").read_text(), time.monotonic()
            return asking and now - since.setdefault(asking, now) > 0.5
        until(waits, "it waits for an answer")
        terminal.type(b"\x03")
        assert terminal.finish(5) == 0
        is_as_before(terminal)


# ---- what is wrong ----

def is_refused(done, *words):
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("options, words", [
    (("-q",), ("'q'",)),
    (("--nonsense",), ("--nonsense",)),
    (("--s",), ("--s", "ambiguous")),
    (("--listen=5",), ("--listen",)),
    (("-s",), ("'s'",)),
    (("-s", "waiting"), ("--state", "waiting")),
    (("-s", ""), ("--state",)),
    (("-s", "TIME WAIT"), ("--state", "TIME WAIT")),
    (("-p", "0"), ("--port", "0")),
    (("-p", "65536"), ("--port", "65536")),
    (("-p", "nosuchservice"), ("--port", "nosuchservice")),
    (("-p", ""), ("--port",)),
    ([f"-p{port}" for port in range(1, 66)], ("--port", "65", "64")),
    (("-w0",), ("--watch", "0")),
    (("-w-1",), ("--watch", "-1")),
    (("-w1s",), ("--watch", "1s")),
    (("-wnan",), ("--watch", "nan")),
    (("-w0x10",), ("--watch", "0x10")),
    (("--watch=",), ("--watch",)),
    (("--watch=3601",), ("--watch", "3601")),
    (("-w", "5"), ("5",)),
    (("-o", "xml"), ("--output", "xml")),
    (("-l", "-S"), ("--listen", "--summary")),
    (("-l", "-p", "80"), ("--listen", "--port")),
    (("-l", "-s", "listen"), ("--listen", "--state")),
    (("-S", "-4"), ("--summary", "--ipv4")),
    (("--verify", "-o", "json"), ("--verify", "--output")),
    (("--verify", "-H", "router"), ("--verify", "--host")),
    (("--verify", "-w"), ("--verify", "--watch")),
    (("-w", "-o", "json"), ("--watch", "--output")),
    (("router",), ("router",)),
    (("--", "-v", "2c"), ("-v", "--host")),
    (("-H",), ("'H'",)),
], ids=lambda value: "_".join(value)[:24])
def test_a_wrong_option_is_named(options, words):
    is_refused(run(*options), *words)


def test_a_host_that_does_not_answer_is_told():
    done = run("-H", "127.0.0.1", "--", "-v2c", "-cpublic", "-r0", "-t0.2")
    is_refused(done, "127.0.0.1")


def test_version():
    assert shown("-V").startswith("tcp-states ")
    assert shown("-V") == shown("--version")


def test_help_and_manual_name_the_same_options():
    usage = shown("-h")
    assert usage == shown("--help")
    assert max(map(len, usage.splitlines())) <= 80
    named = set(re.findall(r"^ +(?:-(\w), |    )--(\w+)", usage, re.MULTILINE))
    manual = re.findall(r"^\.It (?:Fl (\w) .*, )?Fl -(\w+)",
                        (SOURCE / "man/tcp-states.1").read_text(), re.MULTILINE)
    assert len(named) == 12
    assert set(manual) == named


# ---- where nobody reads ----

@pytest.mark.parametrize("options", [(), ("-h",), ("-o", "json")], ids=" ".join)
def test_a_closed_pipe_ends_it_silently(options):
    near, far = os.pipe()
    os.close(near)
    with open(far, "wb") as stdout:
        done = subprocess.run([TCP_STATES, *options], stdout=stdout, stderr=subprocess.PIPE,
                              timeout=5)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


@pytest.mark.parametrize("options", ["", "-V", "-S", "-o csv"])
@pytest.mark.parametrize("where, problem", [
    (">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")])
def test_what_cannot_be_written_is_an_error(options, where, problem):
    done = run(launcher=("sh", "-c", f'exec "$0" {options} {where}'))
    is_refused(done, problem)


def test_net_snmp_is_not_loaded():
    assert "snmp" not in subprocess.check_output(["ldd", TCP_STATES], text=True)
