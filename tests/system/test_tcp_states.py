# SPDX-License-Identifier: BSD-2-Clause
"""tcp-states shows the actual sockets on terminals, in files and to programs."""

import collections
import contextlib
import csv
import errno
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import unicodedata

import pytest

import mib
import snmp
import test_watches
from daemons import BUILD, SANITIZER_OPTIONS, SOURCES, wait_for_refresh
from namespace import HIDE_PROC, forbid_automatic_ports, kernel_count, set_sysctl
from polling import PATIENCE, until
from refusals import Refusals
from snmp import CountingProxy
from sockets import StateMaker, listener
from terminal import Terminal
from test_counts import make_every_kind

SOURCE = pathlib.Path(__file__).parents[2]
TCP_STATES = BUILD / "tcp-states"
# The same program, built to run tcp-states-snmp from the build directory.
ASKING_TCP_STATES = BUILD / "tests/system/tcp-states"
STATES_BY_NAME = {
    # The names of SNMP, netstat and ss.
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

# The machine's net-snmp configuration must not matter.
ENVIRONMENT = {**SANITIZER_OPTIONS, "MIBS": "", "SNMPCONFPATH": "/nonexistent"}


def program(options):
    return ASKING_TCP_STATES if "-H" in options else TCP_STATES


def run(*options, launcher=(), seconds=PATIENCE, **environment):
    return subprocess.run([*launcher, program(options), *options], capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, **ENVIRONMENT, "LC_ALL": "C",
                                           **environment})


def shown(*options, **how):
    """Return the output of a successful run."""
    done = run(*options, **how)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def subject(text):
    """Return the subject of a JSON document without its envelope."""
    answer = json.loads(text)
    for member in ("version", "time", "host", "method"):
        del answer[member]
    answer.pop("conditions", None)
    (_, value), = answer.items()
    return value


def expected(maker):
    """Return the expected counts, with None for bound sockets, which are not counted by default."""
    return {**maker.expected, (4, "closed"): None, (6, "closed"): None}


def counts_of_json(*options, **how):
    """Return {(family, state): sockets} like StateMaker.expected, None if not counted."""
    return {(int(family[-1]), state): sockets
            for family, states in subject(shown("-o", "json", *options, **how)).items()
            for state, sockets in states.items()}


def counts_of_csv(*options):
    rows = csv.DictReader(io.StringIO(shown("-o", "csv", *options)))
    return {(int(row["family"][-1]), row["state"]): int(row["sockets"]) if row["sockets"] else None
            for row in rows}


def counts_of_table(*options):
    """Parse a table of at least two states, which has a row of totals."""
    heading, *rows = (row.split() for row in shown(*options).split("\n\n")[0].splitlines())
    assert heading == ["state", "ipv4", "ipv6", "total"]
    counted = [row for row in rows[:-1] if row[1:] != 3 * ["-"]]
    assert rows[-1] == ["total", *(str(sum(int(row[column]) for row in counted))
                                   for column in (1, 2, 3))]
    assert all(int(row[1]) + int(row[2]) == int(row[3]) for row in counted)
    return {(family, row[0]): None if row[column] == "-" else int(row[column])
            for column, family in ((1, 4), (2, 6)) for row in rows[:-1]}


def counts_of_prometheus(*options):
    samples = re.findall(r'^tcp_sockets{family="ipv(.)",state="(\w+)"} (\d+)$',
                         shown("-o", "prometheus", *options), re.MULTILINE)
    return {**dict.fromkeys(((4, "closed"), (6, "closed"))),
            **{(int(family), state): int(sockets) for family, state, sockets in samples}}


@pytest.fixture
def maker():
    with StateMaker() as made:
        yield made


# ---- counts ----

@pytest.mark.smoke
@pytest.mark.parametrize("counts", [
    counts_of_table, counts_of_json, counts_of_csv, counts_of_prometheus])
def test_every_kind_of_socket_is_counted(maker, counts):
    make_every_kind(maker)
    assert counts() == expected(maker)
    assert counts("--bound-inactive") == maker.expected


def test_an_empty_network_is_all_zero():
    assert {state for (_, state), sockets in counts_of_json().items() if sockets != 0} \
        == {"closed"}
    assert set(counts_of_json("-B").values()) == {0}


def test_closed_means_the_same_in_every_view(maker):
    maker.make(4, "closed", 3)
    maker.make(6, "closed", 2)
    for option, ipv4, ipv6, total in (("-46", None, None, "-"), ("-B", 3, 2, "5")):
        for more in ((), ("-s", "closed"), ("-s", "closed", "-s", "listen")):
            for counts in (counts_of_json, counts_of_csv, counts_of_prometheus):
                counted = counts(option, *more)
                assert (counted[4, "closed"], counted[6, "closed"]) == (ipv4, ipv6)
        assert shown(option, "-s", "closed").splitlines()[1].split()[-1] == total
        port = subject(shown(option, "-p", "443", "-o", "json"))[0]
        assert port["ipv4"]["closed"] == (None if ipv4 is None else 0)
    assert [row.split() for row in shown().splitlines()][1] == ["closed", "-", "-", "-"]
    assert counts_of_table("-B") == maker.expected


@pytest.mark.parametrize("options", [(), ("-s", "closed")], ids=["all", "closed"])
def test_a_kernel_that_does_not_list_bound_sockets_is_an_error(options):
    """Simulated by refusing the socket of the probe."""
    forbid_automatic_ports()
    is_refused(run("-B", *options), "--bound-inactive", "Address already in use")
    assert run(*options).returncode == 0


def test_without_proc_every_socket_is_listed(maker):
    make_every_kind(maker)
    assert counts_of_json(launcher=HIDE_PROC) == expected(maker)


@pytest.mark.parametrize("state, words", STATES_BY_NAME.items(), ids=STATES_BY_NAME)
def test_states_by_all_their_names(state, words):
    for word in words:
        for spelled in (word, word.lower(), word.upper(), word.replace("_", "-"),
                        word.replace("-", "_")):
            assert list(counts_of_json("-s", spelled)) == [(4, state), (6, state)]


def test_the_selection_is_shown(maker):
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
    assert counts_of_json("-4", "-6") == expected(maker)


def test_ports_are_counted_by_themselves(maker):
    ports = [maker.listener_port(family) for family in (4, 6)]
    maker.make(4, "synReceived", 3)
    maker.make(6, "synReceived", 2)
    maker.make(4, "established", 4)
    ports_listed = subject(shown("-o", "json", "-p", str(ports[0]), "--port", str(ports[1]),
                                    "-p", "https"))
    assert [(port["port"], port["service"]) for port in ports_listed] \
        == sorted([(443, "https"), (ports[0], ""), (ports[1], "")])
    by_number = {port["port"]: port for port in ports_listed}
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
    rows = subject(shown("--listen", "-o", "json"))
    assert rows == [
        {"family": "ipv4", "address": "0.0.0.0", "port": ports[0], "sockets": 1, "queued": 2,
         "backlog": 4, "fill": 50, "fillMax": None, "synQueue": 0, "devices": [], "dropped": 0},
        {"family": "ipv6", "address": "::", "port": ports[1], "sockets": 1, "queued": 5,
         "backlog": 4, "fill": 125, "fillMax": None, "synQueue": 0, "devices": [],
         "dropped": rows[1]["dropped"]}]
    assert drops <= rows[1]["dropped"] <= kernel_count("netstat", "TcpExt:", "ListenDrops")
    assert list(csv.DictReader(io.StringIO(shown("-l4", "-o", "csv")))) == [
        {name: str(value or ("" if name in ("fillMax", "devices") else 0))
         for name, value in rows[0].items()}]
    assert shown("-l4").splitlines() == [
        "queue       fill  queued  backlog  syn  drops  sockets  endpoint",
        f"#####.....   50%       2        4    0      0        1  0.0.0.0:{ports[0]}"]
    assert [line.split()[1] for line in shown("-l").splitlines()[1:]] == ["125%", "50%"]


def test_names_of_interfaces_are_escaped(held):
    name = 'a",\\\x1b\xfc'
    subprocess.run(["ip", "tuntap", "add", name.encode("latin-1"), "mode", "tun"], check=True)
    for device in (name.encode("latin-1"), b"lo", b""):
        opened = held.enter_context(socket.socket())
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
        opened.bind(("127.0.0.1", 1000))
        opened.listen(5)
    row_listed, = subject(shown("-l", "-o", "json"))
    assert row_listed["sockets"] == 3
    assert row_listed["devices"] == ["*", "lo", 'a",\\\x1b\\xfc']
    row, = csv.DictReader(io.StringIO(shown("-l", "-o", "csv")))
    assert row["devices"] == r'* lo a",\\x1b\xfc'
    assert shown("-l").splitlines()[1].endswith(r'  * lo a",\\x1b\xfc')
    assert r',devices="* lo a\",\\\\x1b\\xfc"} 3' in shown("-l", "-o", "prometheus")


# ---- the summary ----

def without_layout(text):
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.mark.alone
def test_the_summary_is_that_of_ss(maker, held):
    for state in ("established", "closeWait", "timeWait", "listen", "finWait1", "synReceived"):
        maker.make(4, state, 3)
        maker.make(6, state, 5)
    maker.make(6, "finWait2", 4, closed=True)
    maker.make(4, "finWait2", 4)
    for family, kind in ((socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_RAW)):
        held.enter_context(socket.socket(family, kind, socket.IPPROTO_UDP)).bind(("", 0))

    # Some of the numbers are host-wide, and may change in between. tcp-states counts its own socket.
    theirs, ours = [], []
    def equal():
        theirs[:] = without_layout(subprocess.check_output(["ss", "-s"], text=True))
        theirs[0][1] = str(int(theirs[0][1]) + 1)
        ours[:] = without_layout(shown("-S"))
        return ours == theirs
    until(equal, lambda: f"tcp-states -S has the numbers of ss -s: {ours}, {theirs}")
    assert "(estab 16," in " ".join(theirs[1])


def test_the_summary_for_programs(maker):
    maker.make(4, "established", 3)
    maker.make(6, "timeWait", 2)
    summary = subject(shown("--summary", "--output=json"))
    assert (summary["tcpEstablished"], summary["tcpTimeWait"]) == (3, 2)
    assert summary["tcp"] == {"ipv4": 3, "ipv6": 0}
    rows = list(csv.DictReader(io.StringIO(shown("-So", "csv"))))
    assert {"count": "tcp", "family": "ipv4", "sockets": "3"} in rows
    assert {"count": "tcpTimeWait", "family": "", "sockets": "2"} in rows


# ---- for Prometheus ----

@pytest.mark.parametrize("view", [
    (), ("-l",), ("-S",), ("-p", "443", "-p", "65000"), ("-s", "closed"), ("-B",)])
def test_promtool_has_no_complaint(view):
    with listener(), listener(socket.AF_INET6):
        done = subprocess.run(["promtool", "check", "metrics"], capture_output=True, text=True,
                              input=shown("-o", "prometheus", *view), timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- both methods ----

def test_verify_agrees(maker):
    make_every_kind(maker)
    rows = [line.split() for line in shown("--verify").splitlines()]
    counts = {(int(family[-1]), state): {None if number == "-" else int(number)
                                         for number in numbers}
              for family, state, *numbers, off in rows[1:23]}
    assert counts == {row: {number} for row, number in expected(maker).items()}
    assert {row[-1] for row in rows[1:23] if row[1] != "closed"} == {"0"}
    assert rows[-2:] == ["off by 0, churn allows 0".split(), ["they", "agree"]]


def test_verify_agrees_under_churn(churn):
    for _ in range(20):
        assert shown("--verify").endswith("they agree\n")


def test_verify_disagrees_if_the_kernel_is_wrong(maker, tmp_path):
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


def test_verify_reports_why_counts_cannot_be_derived():
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
    if columns < 40:  # one sentence has 24 characters
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
    with Terminal([program(options), "-w0.1", *options], columns, lines, **ENVIRONMENT,
                  **environment) as terminal:
        terminal.wait_for(lambda rows: "every 0.1 s" in rows[0], "the heading")
        yield terminal


def test_a_watch_shows_how_counts_change(listeners):
    listeners.number(3)
    with watched() as terminal:
        rows = terminal.wait_for(lambda rows: row_of(rows, "listen"), "the table")
        assert row_of(rows, "state") == ["state", "ipv4", "ipv6", "total", "change", "last",
                                         "minute"]
        *counts, sparkline = row_of(rows, "listen")
        assert counts == ["listen", "3", "0", "3"] and set(sparkline) == {"▁"}
        terminal.process.send_signal(signal.SIGSTOP)
        listeners.number(10)
        terminal.process.send_signal(signal.SIGCONT)
        until(lambda: terminal.rows and b"+7" in terminal.written, "the change is shown")
        rows = terminal.wait_for(lambda rows: "+7" not in row_of(rows, "listen"), "no change")
        assert row_of(rows, "listen")[1:4] == ["10", "0", "10"]
        listeners.number(0)
        terminal.wait_for(lambda rows: row_of(rows, "listen")[1:4] == ["0", "0", "0"]
                          and row_of(rows, "listen")[-1].endswith("█▁"), "a sparkline", 8)


def test_a_watch_of_40_columns(listeners):
    listeners.number(3)
    with watched(columns=40, lines=17) as terminal:
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
        until(lambda: terminal.rows and terminal.written.count(b"\x1b[H") > 3, "four screens")
    assert {picture.count(b"\n") for picture in terminal.written.split(b"\x1b[H")[1:-1]} == {9}


def is_as_before(terminal):
    # The cursor and the previous screen are restored.
    assert terminal.written.endswith(b"\x1b[?25h\x1b[?1049l")
    assert terminal.settings() == terminal.settings_before


@pytest.mark.parametrize("keys", [b"q", b"Q", b"\x03"])
def test_a_watch_ends(keys):
    with watched() as terminal:
        assert terminal.settings() != terminal.settings_before
        terminal.type(keys)
        assert terminal.finish() == 0
        is_as_before(terminal)


def test_a_watch_without_a_keyboard_continues():
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
                                os.WSTOPPED | os.WNOHANG | os.WNOWAIT), "it is stopped")
        terminal.rows  # pylint: disable=pointless-statement
        is_as_before(terminal)
        terminal.process.send_signal(signal.SIGCONT)
        until(lambda: terminal.settings() != terminal.settings_before, "it continues")
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
        assert "every" in rows[0] and rows[9].startswith("finWait2")
        assert re.fullmatch(r"\(\d+ more lines\)", rows[10]) and rows[11].startswith("s states")
        terminal.type(b"q")
        assert terminal.finish() == 0


def test_a_watch_takes_the_interval_as_a_word():
    """As those of vmstat and top do."""
    for words in (("-w", "0.1"), ("--watch", "0.1"), ("-lw", "0.1")):
        with Terminal([program(()), *words], 80, 24, **ENVIRONMENT) as terminal:
            terminal.wait_for(lambda rows: "every 0.1 s" in rows[0], "the heading")
    is_refused(run("-w", "0"), "--watch", "0")
    is_refused(run("-w", "x"), "unexpected argument 'x'")


def records(*options, number=3):
    """Return the first lines that are printed without a terminal, which the program then ends."""
    with subprocess.Popen([TCP_STATES, "-w", "0.1", *options], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **ENVIRONMENT}) as process:
        lines = [process.stdout.readline() for _ in range(number)]
        process.kill()
    return lines


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_records_of_json(maker):
    maker.make(4, "closeWait", 3)
    for line in records("-o", "json", "-s", "closeWait"):
        answer = json.loads(line)
        assert (answer["version"], answer["method"]) == (1, "derived")
        assert re.fullmatch(TIME, answer["time"]) and answer["host"] == socket.gethostname()
        assert answer["counts"] == {"ipv4": {"closeWait": 3}, "ipv6": {"closeWait": 0}}


def test_records_of_csv(maker):
    maker.make(4, "closeWait", 3)
    heading, *rows = records("-o", "csv", "-s", "closeWait", number=5)
    assert heading == "time,family,state,sockets\n"
    assert [re.fullmatch(f"{TIME},(.*)\n", row)[1] for row in rows] \
        == 2 * ["ipv4,closeWait,3", "ipv6,closeWait,0"]


def test_records_of_tables(maker):
    maker.make(4, "closeWait", 3)
    lines = records("-4", "-s", "closeWait", number=8)
    assert lines[1:4] == lines[5:8] == ["state      ipv4\n", "closeWait     3\n", "\n"]
    assert all(re.match(TIME, lines[number]) for number in (0, 4))


def test_keys_of_a_watch(listeners, maker):
    listeners.number(3)
    maker.make(4, "closeWait", 5)
    with watched(lines=30) as terminal:
        terminal.wait_for(lambda rows: row_of(rows, "closeWait"), "states")
        assert terminal.rows[-1].startswith("s states  l listeners  b by owner")
        terminal.type(b"l")
        terminal.wait_for(lambda rows: row_of(rows, "queue"), "listeners")
        terminal.type(b"?")
        terminal.wait_for(lambda rows: any("this help" in row for row in rows), "help")
        terminal.type(b"s")
        terminal.wait_for(lambda rows: row_of(rows, "closeWait"), "states")
        terminal.type(b" ")
        terminal.wait_for(lambda rows: "paused" in rows[0], "a pause")
        maker.make(4, "closeWait", 2)
        assert row_of(terminal.rows, "closeWait")[3] == "5"
        terminal.type(b" ")
        terminal.wait_for(lambda rows: row_of(rows, "closeWait")[3] == "7", "the new count")
        terminal.type(b"q")
        assert terminal.finish() == 0


def test_a_watch_by_owner(maker):
    maker.make(4, "timeWait", 2)
    with watched("-s", "timeWait") as terminal:
        terminal.type(b"b")
        terminal.wait_for(lambda rows: any(row.startswith("no owner") for row in rows), "owners")


def test_a_frame_is_one_write_and_cleared_only_on_resize(maker, tmp_path):
    trace = tmp_path / "trace"
    command = ["strace", "-qq", "-s", "65536", "-e", "write", "-o", trace, TCP_STATES, "-w", "0.1"]
    # LeakSanitizer does not work in a traced process.
    with Terminal(command, 80, 24, ASAN_OPTIONS="detect_leaks=0") as terminal:
        terminal.wait_for(lambda rows: row_of(rows, "total"), "the table")
        frames = len(trace.read_text().splitlines())
        until(lambda: len(trace.read_text().splitlines()) > frames + 5, "further frames")
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.type(b"q")
        terminal.finish()
    writes = [line for line in trace.read_text().splitlines() if "established" in line]
    assert len(writes) >= 5
    assert all(r"q quit" in line for line in writes)
    assert sum(r"\33[2J" in line for line in writes[:5]) == 0


def test_growth_of_close_wait_is_not_green(maker):
    with watched() as terminal:
        terminal.wait_for(lambda rows: row_of(rows, "closeWait"), "the table")
        maker.make(4, "closeWait", 3)
        terminal.wait_for(lambda rows: "+3" in terminal.written.decode(), "the change")
    change = re.search(rb"(\x1b\[\d+m)\+3", terminal.written)
    assert change[1] == b"\x1b[33m"


def test_limits_are_shown(maker):
    text = shown()
    table, limits = text.split("\n\n")
    rows = {row.split("  ")[0]: row.split() for row in limits.splitlines()}
    assert rows["timeWait"][2] == str(int(pathlib.Path(
        "/proc/sys/net/ipv4/tcp_max_tw_buckets").read_text()))
    assert {"orphans", "memory (KiB)", "listen overflows", "SYN cookies sent"} <= rows.keys()
    for selection in (("-4",), ("-s", "listen"), ("-p", "443"), ("-r", "443"), ("-o", "csv")):
        assert "orphans" not in shown(*selection)


# ---- another host ----

SNMP_OPTIONS = ("--", "-v", "2c", "-c", "public")


def test_another_host_is_read_alike(served, maker):
    served.reconfigure(watch="443 port 443")
    make_every_kind(maker)
    local = counts_of_json()
    host = ("-H", "127.0.0.1", "-o", "json")
    until(lambda: {(int(family[-1]), state): sockets
                   for family, states in subject(shown(*host, *SNMP_OPTIONS)).items()
                   for state, sockets in states.items()} == local, "the same counts")
    assert subject(shown("-p", "443", *host, *SNMP_OPTIONS)) \
        == subject(shown("-p", "443", "-o", "json"))
    theirs, ours = (subject(shown("-l", *more)) for more in (
        (*host, *SNMP_OPTIONS), ("-o", "json")))
    # Only the agent knows the window, and only this machine its interfaces.
    assert all(row.pop("fillMax") is not None and row.pop("devices") is None for row in theirs)
    assert all(row.pop("fillMax") is None and row.pop("devices") == [] for row in ours)
    assert theirs == ours
    assert subject(shown("-S", *host, *SNMP_OPTIONS))["tcpTimeWait"] \
        == kernel_count("sockstat", "TCP:", "tw")


def test_closed_sockets_of_another_host(served, maker):
    """An agent reports 0 if it does not count them, so 0 is ambiguous."""
    maker.make(4, "closed", 3)
    host = ("-H", "127.0.0.1")

    def closed():
        done = subject(shown("-s", "closed", "-o", "json", *host, *SNMP_OPTIONS))
        return done["ipv4"]["closed"], done["ipv6"]["closed"]
    assert closed() == (None, None)
    assert shown("-s", "closed", *host, *SNMP_OPTIONS).splitlines()[1].split()[1:] == 3 * ["-"]
    served.reconfigure(countBoundInactive="yes")
    until(lambda: closed() == (3, 0), "closed sockets are counted")
    is_refused(run("-B", *host, *SNMP_OPTIONS), "--bound-inactive", "--host")


# ---- reads of several requests ----

@pytest.fixture
def many_listeners(held):
    """The addresses of listeners that need about a hundred requests."""
    addresses = [f"127.0.{number // 250}.{number % 250 + 1}" for number in range(300)]
    for address in addresses:
        opened = held.enter_context(socket.socket())
        opened.bind((address, 1000))
        opened.listen(5)
    return addresses


def ask_through(proxy, *options):
    with proxy:
        done = run("-o", "json", "-H", proxy.host, *options, *SNMP_OPTIONS, "-t", "60", "-r", "0",
                   seconds=200)
    return done


def gone():
    return snmp.get(mib.REFRESHES)[0].type == "noSuchObject"


@pytest.mark.parametrize("at", [3, 20, 100])
def test_a_list_is_complete_if_the_agent_restarts(served, many_listeners, at):
    def restart():
        served.kill()
        until(gone, "snmpd knows that it ended")
        served.start()
        served.wait_until_registered()

    until(lambda: snmp.get_value(mib.REFRESHES) > 20, "more refreshes than a new agent has made")
    proxy = CountingProxy(at, restart)
    done = ask_through(proxy, "-l")
    assert done.returncode == 0, done.stderr
    assert [row["address"] for row in subject(done.stdout)] == many_listeners
    assert proxy.requests > 100 + at


@pytest.mark.parametrize("view", [("-l",), ("-S",), ("-p", "443"), ()])
def test_there_is_no_list_if_the_agent_exits(served, many_listeners, view):
    served.reconfigure(watch="443 port 443")
    until(lambda: snmp.answers(mib.of_watch(mib.WATCH_FILTER, "443")), "the port is watched")

    def end():
        served.kill()
        until(gone, "snmpd knows that it ended")

    done = ask_through(CountingProxy(50 if view == ("-l",) else 2, end), *view)
    is_refused(done, "tcp-state-agent is not running")


@pytest.mark.parametrize("view", [("-l",), ("-p", "443")])
def test_there_is_no_list_if_the_counts_are_withdrawn(snmpd, agent, many_listeners, view):
    refusals = Refusals()
    snmpd.start()
    agent.configure(refreshInterval=0.1, maxAge=5, watch="443 port 443")
    refusals.start(agent)

    def withdraw():
        refusals.error = errno.EPERM
        until(lambda: snmp.get(mib.COUNTS[0])[0].type == "noSuchInstance", "maxAge is over")

    try:
        agent.wait_until_registered()
        done = ask_through(CountingProxy(50 if view == ("-l",) else 2, withdraw), *view)
    finally:
        agent.clean_up()
        refusals.end()
    is_refused(done, "no longer served")


def test_a_list_has_all_that_stay(served, many_listeners, churn):
    wait_for_refresh()
    for _ in range(3):
        done = run("-o", "json", "-l", "-H", "127.0.0.1", *SNMP_OPTIONS, "-t", "10",
                   seconds=100)
        assert done.returncode == 0, done.stderr
        listed = [(row["address"], row["port"]) for row in subject(done.stdout)]
        assert len(set(listed)) == len(listed)
        assert {(address, 1000) for address in many_listeners} <= set(listed)


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


def test_a_watch_of_a_silent_host_ends_immediately(served, snmpd):
    with watched("-H", "127.0.0.1", *SNMP_OPTIONS, "-t", "20") as terminal, snmpd.paused():
        task = pathlib.Path(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}")
        since = {}

        def waits():
            """Return whether tcp-states-snmp runs for longer than an answer takes."""
            asking, now = (task / "children").read_text(), time.monotonic()
            return asking and now - since.setdefault(asking, now) > 0.5
        until(waits, "it is waiting for an answer")
        terminal.type(b"\x03")
        assert terminal.finish() == 0
        is_as_before(terminal)


# ---- errors ----

def is_refused(done, *words):
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("options, words", [
    (("-q",), ("unknown option '-q'",)),
    (("-4q",), ("unknown option '-q'",)),
    (("--nonsense",), ("--nonsense",)),
    (("--s",), ("ambiguous option '--s'",)),
    (("--listen=5",), ("'--listen' takes no argument",)),
    (("-s",), ("option '-s' needs an argument",)),
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
    (("-o", "xml"), ("--output", "xml")),
    (("-o", "csv", "--output=json"), ("duplicate option '--output'",)),
    (("-l", "-S"), ("--listen", "--summary")),
    (("-l", "-s", "listen"), ("--listen", "--state")),
    (("-S", "-4"), ("--summary", "--ipv4")),
    (("--verify", "-o", "json"), ("--verify", "--output")),
    (("--verify", "-H", "router"), ("--verify", "--host")),
    (("--verify", "-w"), ("--verify", "--watch")),
    (("--verify", "-B"), ("--verify", "--bound-inactive")),
    (("-B", "-l"), ("--bound-inactive", "--listen")),
    (("-S", "--bound-inactive"), ("--bound-inactive", "--summary")),
    (("-w", "-o", "librenms"), ("--watch", "tables, CSV and JSON")),
    (("router",), ("router",)),
    (("--", "-v", "2c"), ("-v", "--host")),
    (("-H",), ("option '-H' needs an argument",)),
    (("--state",), ("option '--state' needs an argument",)),
    (("-s", "\033[2J\nlisten"), (r"'\x1b[2J\x0alisten'",)),
    (("-\033",), (r"'-\x1b'",)),
    (("--\u202elisten",), (r"'--\xe2\x80\xaelisten'",)),
    (("-p", b"m\xfcnze"), (r"'m\xfcnze'",)),
    (("-H", "ro\nuter", "-v"), (r"tcp-states -H ro\x0auter -C ",)),
], ids=lambda value: "_".join(map(repr, value))[:24])
def test_an_invalid_option_is_reported(options, words):
    is_refused(run(*options), *words)


@pytest.mark.parametrize("options", [
    ("-H", "router", "-v", "2c", "-c", "public"),
    ("-v", "2c", "-c", "public", "-H", "router"),
    ("-Hrouter", "-c", "public"),
    ("--host=router", "-l", "authPriv"),
    ("--host", "router", "2c"),
    ("-H", "router", "-S", "-u", "watcher"),
], ids=" ".join)
def test_the_missing_separator_before_snmp_options_is_shown(options):
    is_refused(run(*options), "; try: tcp-states -H router -C public (other SNMP options follow --)")


def test_another_host_by_its_community(served, maker):
    maker.make(4, "established", 3)
    wait_for_refresh()
    counts = subject(shown("-o", "json", "-H", "127.0.0.1", "-C", "public"))
    assert counts["ipv4"]["established"] == 3
    # Other options are appended.
    assert subject(shown("-o", "json", "-H", "127.0.0.1", "-C", "public", "--", "-t", "50")) \
        == counts
    is_refused(run("-C", "public"), "--community requires --host")


# ---- for LibreNMS ----

def test_librenms_reads_the_states_by_the_names_of_ss(maker):
    make_every_kind(maker)
    read = json.loads(shown("-o", "librenms"))
    assert (read["version"], read["error"], read["errorString"]) == (1, 0, "")
    assert read["data"].keys() == {"inet", "inet6", "tcp"}
    ss = collections.Counter()
    for family in (4, 6):
        for line in subprocess.check_output(["ss", f"-Htan{family}"], text=True).splitlines():
            ss[family, line.split()[0]] += 1
    # Bound sockets, which newer versions of ss list, are not counted by default.
    words = {word for _, word in ss} - {"UNCONN"} | {"LISTEN", "ESTAB", "SYN-RECV", "CLOSE-WAIT",
                                                     "TIME-WAIT"}
    for word in words:
        by_family = [read["data"][name]["tcp"][word] for name in ("inet", "inet6")]
        assert by_family == [ss[4, word], ss[6, word]], word
        assert read["data"]["tcp"][word] == sum(by_family), word
    assert read["data"]["tcp"]["TOTAL"] == sum(number for (_, word), number in ss.items() if word in words)
    # Closed sockets are not counted, which is not 0.
    assert "UNCONN" not in read["data"]["tcp"]


def test_librenms_reads_a_selection(maker):
    maker.make(4, "established", 2)
    maker.make(6, "established", 3)
    assert json.loads(shown("-6", "-s", "established", "-o", "librenms"))["data"] == {
        "inet6": {"tcp": {"ESTAB": 3, "TOTAL": 3}}, "tcp": {"ESTAB": 3, "TOTAL": 3}}
    for view in ("-l", "-S", "-p22"):
        is_refused(run(view, "-o", "librenms"), "only the counts by state")


def test_librenms_reads_it_from_snmpd(snmpd, maker):
    """By the example's line, with the path of this build."""
    line = (SOURCES / "packaging/librenms-ss.conf").read_text().splitlines()[-1]
    snmpd.more_lines = line.replace("/usr/bin/tcp-states", str(program(()))) + "\n"
    snmpd.start()
    maker.make(4, "closeWait", 7)
    output = (1, 3, 6, 1, 4, 1, 8072, 1, 3, 2, 3, 1, 2, 2, *b"ss")  # nsExtendOutputFull
    text = snmp.get_value(output).replace('\\"', '"')
    assert json.loads(text)["data"]["inet"]["tcp"]["CLOSE-WAIT"] == 7


def test_other_mistakes_do_not_talk_of_snmp():
    for options in (("-H", "router", "-s", "waiting"), ("-q",), ("-H", "router", "-q", "--")):
        assert "SNMP" not in run(*options).stderr


def test_a_host_that_does_not_respond_is_reported():
    done = run("-H", "127.0.0.1", "--", "-v2c", "-cpublic", "-r0", "-t0.2")
    is_refused(done, "tcp-states: 127.0.0.1: timed out after 0.", "community")


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
    assert len(named) == 19
    assert set(manual) == named


# ---- untrusted names ----

NAMES = {
    4701: b'quo"te', 4702: b"back\\slash", 4703: b"com,ma", 4704: b"m\xfcnze",
    4705: "m\u00fcnze".encode(), 4706: b"\x1b[2J", 4707: "a\u009bb".encode(),
    4708: "a\u202eb".encode(), 4709: b"a\x7f'b", 4710: b"{a}", 4711: b'",",', 4712: b"\xed\xa0\x80",
    4713: "\u20ac\U0001f427".encode(), 4714: ("x" + 20 * "\u20ac").encode(),
}


@pytest.fixture(params=["fixed", "random"])
def names(request):
    """{port: name} of the maximum number of ports."""
    if request.param == "fixed":
        return NAMES
    chosen = random.Random(793)
    # Characters without a special meaning in services(5).
    octets = sorted(set(range(1, 256)) - set(b"\t\n\v\f\r #"))
    return {port: bytes(chosen.choices(octets, k=chosen.randint(1, 31)))
            for port in range(4801, 4865)}


@pytest.fixture
def with_names(names, tmp_path):
    """A launcher with a services(5) file of NAMES."""
    services = tmp_path / "services"
    services.write_bytes(b"".join(name + b" %d/tcp\n" % port for port, name in names.items()))
    return ("unshare", "--mount", "sh", "-c",
            f'mount --bind {services} /etc/services && exec "$@"', "sh")


def escaped(name):
    """Return NAME as utf8_escape() writes it."""
    return "".join(
        character if printable(character) else "".join(
            f"\\x{octet:02x}" for octet in character.encode(errors="surrogateescape"))
        for character in name.decode(errors="surrogateescape"))


def printable(character):
    return not ("\ud800" <= character <= "\udfff" or unicodedata.category(character) == "Cc"
                or character in "\u061c\u200e\u200f\u2028\u2029"
                or "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069")


def kept(name):
    """Return the first 31 octets of NAME, without the part of a truncated character."""
    text = b""
    for character in name.decode(errors="surrogateescape"):
        octets = character.encode(errors="surrogateescape")
        if len(text) + len(octets) > 31:
            break
        text += octets
    return text


@pytest.fixture
def ports(names):
    return [f"-p{port}" for port in names]


def raw(launcher, *options, **environment):
    done = subprocess.run([*launcher, TCP_STATES, "-4", "-s", "listen", *options],
                          capture_output=True, timeout=PATIENCE,
                          env={**os.environ, **ENVIRONMENT, "LC_ALL": "C.UTF-8", **environment})
    assert (done.returncode, done.stderr) == (0, b"")
    assert not re.search(rb"[\0-\x09\x0b-\x1f\x7f]", done.stdout)
    return done.stdout.decode()  # is UTF-8


def test_names_in_json(names, ports, with_names):
    listed = subject(raw(with_names, *ports, "-o", "json"))
    assert {port["port"]: port["service"] for port in listed} == {
        port: re.sub("[\ud800-\udfff]", lambda octet: f"\\x{ord(octet[0]) - 0xdc00:02x}",
                     kept(name).decode(errors="surrogateescape"))
        for port, name in names.items()}


def test_names_in_csv(names, ports, with_names):
    rows = list(csv.DictReader(io.StringIO(raw(with_names, *ports, "-o", "csv"), newline="")))
    assert {int(row["port"]): row["service"] for row in rows} \
        == {port: escaped(kept(name)) for port, name in names.items()}
    assert {(row["family"], row["state"], row["sockets"]) for row in rows} \
        == {("ipv4", "listen", "0")}


def test_names_for_prometheus(names, ports, with_names):
    text = raw(with_names, *ports, "-o", "prometheus")
    done = subprocess.run(["promtool", "check", "metrics"], capture_output=True, text=True,
                          input=text, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    samples = re.findall(r'port="(\d+)",service="((?:[^"\\]|\\.)*)",family', text)
    assert {int(port): re.sub(r"\\(.)", r"\1", name) for port, name in samples} \
        == {port: escaped(kept(name)) for port, name in names.items()}


def test_names_in_tables(names, ports, with_names):
    for locale in ("C.UTF-8", "C"):
        headings = re.findall(r"^port (\d+), (.*)$", raw(with_names, *ports, LC_ALL=locale), re.M)
        expected_names = {port: escaped(kept(name)) for port, name in names.items()}
        if locale == "C":
            expected_names = {port: "".join(
                character if character.isascii() else "".join(
                    f"\\x{octet:02x}" for octet in character.encode())
                for character in name) for port, name in expected_names.items()}
        assert {int(port): name for port, name in headings} == expected_names


def test_a_host_name_cannot_control_the_terminal():
    done = run("-H", "\033[2Jh\u00f6st", *SNMP_OPTIONS)
    is_refused(done, "tcp-states: \\x1b[2Jh\u00f6st: ")


# ---- failed writes ----

@pytest.mark.parametrize("options", [(), ("-h",), ("-o", "json")], ids=" ".join)
def test_a_closed_pipe_ends_it_silently(options):
    near, far = os.pipe()
    os.close(near)
    with open(far, "wb") as stdout:
        done = subprocess.run([TCP_STATES, *options], stdout=stdout, stderr=subprocess.PIPE,
                              timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


@pytest.mark.parametrize("options", [
    "", "-V", "-h", "-l", "-S", "-p 443", "--verify", "-o json", "-o csv", "-o prometheus",
    "-l -o json", "-S -o prometheus", "-p 443 -o csv"])
@pytest.mark.parametrize("where, problem", [
    (">&-", "Bad file descriptor"), (">/dev/full", "No space left on device"),
    ("<&- >&- 2>&-", "")])
def test_lost_output_is_an_error(options, where, problem):
    done = run(launcher=("sh", "-c", f'exec "$0" {options} {where}'))
    if problem:
        is_refused(done, "standard output: " + problem)
    assert done.returncode == 2


@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_a_watch_that_cannot_be_written_is_an_error(where):
    is_refused(run(launcher=("sh", "-c", f'exec "$0" -w {where}')), "standard output")


def test_a_disk_that_fills_after_a_part_is_an_error(tmp_path):
    """All earlier pages are written, and nothing is left to write at exit."""
    options = [f"-p{port}" for port in range(1, 65)]
    whole = len(shown("-o", "json", *options))
    for pages in (1, 2, 3):
        assert whole > 4096 * (pages + 1)
        done = run("-o", "json", *options, launcher=(
            "unshare", "--mount", "sh", "-c",
            f'mount -t tmpfs -o size={4096 * pages} tmpfs {tmp_path} &&'
            f' exec "$@" >{tmp_path}/output', "sh"))
        is_refused(done, "standard output: ")


def test_a_closed_pipe_is_an_error_if_sigpipe_is_ignored():
    near, far = os.pipe()
    os.close(near)
    with open(far, "wb") as stdout:
        done = subprocess.run(["env", "--ignore-signal=PIPE", TCP_STATES], stdout=stdout,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    assert done.returncode in (2, -signal.SIGPIPE)


@pytest.mark.parametrize("where, problem", [
    (">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")])
def test_an_answer_that_cannot_be_passed_on_is_an_error(served, where, problem):
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -v2c -cpublic 127.0.0.1 {where}', BUILD / "tcp-states-snmp"],
        stderr=subprocess.PIPE, text=True, timeout=PATIENCE, env={**os.environ, **ENVIRONMENT})
    assert (done.returncode, done.stderr) == (1, f"standard output: {problem}\n")


# ---- helper programs and libraries ----

def test_another_programs_helper_is_not_run(tmp_path):
    """Not next to the command, not in its working directory, and not in $PATH."""
    planted = tmp_path / "tcp-states-snmp"
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    planted.chmod(0o755)
    command = shutil.copy(TCP_STATES, tmp_path)
    for path in (command, "./tcp-states", "tcp-states"):
        done = subprocess.run(
            [path, "-H", "127.0.0.1", *SNMP_OPTIONS, "-r0", "-t0.1"], cwd=tmp_path,
            capture_output=True, text=True, timeout=PATIENCE,
            env={**os.environ, **ENVIRONMENT, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
        is_refused(done)
        assert not (tmp_path / "was-run").exists()


def test_net_snmp_is_not_loaded():
    assert "snmp" not in subprocess.check_output(["ldd", TCP_STATES], text=True)


# ---- watches of a host ----

def shown_watches(*options):
    """Return what tcp-states shows of this host's agent."""
    return shown("-W", "-H", "127.0.0.1", *options, *SNMP_OPTIONS)


@test_watches.needs_cgroups
def test_all_watches_are_shown(snmpd, agent):
    with test_watches.Server() as server:
        server.connect(3)
        lines = {f"w{number}": f"port {number + 1}" for number in range(test_watches.MOST - 3)}
        lines |= {"pool": f"peerPort {server.port}", "own": f"port {server.port}",
                  "unit": "unit nosuch.service"}
        test_watches.start(snmpd, agent, *(f"{name} {conditions}"
                                           for name, conditions in lines.items()))
        wait_for_refresh()
        test_watches.known_counts("unit")
        listed = subject(shown_watches("-o", "json"))
        assert [row["watch"] for row in listed] == test_watches.watched()
        assert {row["watch"]: row["conditions"] for row in listed} == lines
        for row in listed:
            counted = {(family, state): row[f"ipv{family}"][state] for family, state in mib.ROWS
                       if state != "closed"}
            of_agent = {key: number for key, number in test_watches.counts(row["watch"]).items()
                        if key[1] != "closed"}
            assert (row["watch"], counted) == (row["watch"], of_agent)
            assert row["portUse"] == (None if row["watch"] == "unit" else 0)
        table = shown_watches("-4", "-s", "established")
        assert f"pool: {lines['pool']}, 0 % of the local ports\nstate        ipv4\n" \
            "established     3\n" in table
        assert "unit: unit nosuch.service\nstate        ipv4\nestablished     0\n" in table


def test_watches_are_those_of_a_host():
    is_refused(run("-W"), "--watches requires --host")


def test_no_watches_are_shown(served):
    assert subject(shown_watches("-o", "json")) == []
    assert shown_watches() == ""
