# SPDX-License-Identifier: BSD-2-Clause
"""Unreadable and binary configuration, checking it with -t, and reloading it."""

import os
import pathlib
import signal
import subprocess

import pytest

import mib
import snmp
from daemons import refused
from polling import PATIENCE, until
from process import children_of

KEPT = "configuration not reloaded"
READ = "configuration reloaded"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


# ---- unreadable files ----

def _pipe(path):
    os.mkfifo(path)


def _dangling(path):
    path.symlink_to("nowhere")


def _directory(path):
    path.mkdir()


def _loop(path):
    path.symlink_to(path.name)


def _socket(path):
    subprocess.run(["python3", "-c", "import socket, sys; "
                    "socket.socket(socket.AF_UNIX).bind(sys.argv[1])", path], check=True)


@pytest.mark.parametrize("make", [_pipe, _dangling, _directory, _loop, _socket])
@pytest.mark.parametrize("place", ["default", "includeDir", "includeFile"])
def test_other_types_of_files_are_reported(agent, tmp_path, make, place):
    included = tmp_path / "included"
    included.mkdir()
    if place == "default":
        make(agent.configuration)
        refused(agent.run("-f"), str(agent.configuration))
        refused(agent.run("-t"), str(agent.configuration))
        return
    make(included / "some.conf")
    value = included if place == "includeDir" else included / "some.conf"
    agent.configuration.write_text(f"# comment\n{place} {value}\n")
    for option in ("-f", "-t"):
        refused(agent.run(option), f"{agent.configuration}: line 2:", f"{included}/some.conf")


@pytest.mark.parametrize("name, mode", [("agent", 0o600), ("agent/tcp-state-agent.conf", 0o600),
                                        ("agent/more", 0o600), ("agent/more/a.conf", 0o200),
                                        ("agent/more", 0o300)])
def test_unreadable_files_are_reported(snmpd, agent, open_path, name, mode):
    """It is an error at startup, and at SIGHUP, which keeps the settings."""
    more = agent.configuration.with_name("more")
    more.mkdir()
    (more / "a.conf").write_text("refreshInterval 0.2\n")
    agent.configure(refreshInterval=0.3, includeDir=more)
    for path in (agent.configuration.parent, agent.configuration, more, more / "a.conf"):
        path.chmod(0o755)
    snmpd.start()
    agent.start(launcher=NOBODY)
    agent.wait_until_registered()
    locked = open_path / name
    locked.chmod(mode & ~0o077)
    agent.hang_up()
    agent.wait_until_logged(KEPT)
    assert "Permission denied" in agent.log
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 200
    for option in ("-f", "-t"):
        done = subprocess.run([*NOBODY, agent.program, option], env=agent.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE)
        refused(done, "Permission denied", "tcp-state-agent.conf" if "more" not in name else "more")
    locked.chmod(0o755)
    agent.reconfigure(refreshInterval=0.4)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 400, "the new interval")


def test_a_file_that_includes_itself_is_named(agent):
    agent.configuration.write_text(f"includeFile {agent.configuration.name}\n")
    refused(agent.run("-f"), str(agent.configuration), "line 1:", "16")


# ---- binary files ----

@pytest.mark.parametrize("octets, line", [
    (b"maxAge 100\nwin\0dow 3\n", 2),
    (b"maxAge 100\n\0", 2),
    (b"maxAge 100\0\n", 1),
    (b"# comment \0\n", 1),
    (bytes(1), 1),
    (bytes(5000), 1),
    (b"\xef\xbb\xbfmaxAge 100\n", 1),
    (b"\xef\xbb\xbf", 1),
    ("maxAge 100\n".encode("utf-16"), 1),
    ("\ufeffmaxAge 100\n".encode("utf-16-be"), 1),
    ("maxAge 100\n".encode("utf-16-le"), 1),
], ids=range(11))
def test_binary_data_is_refused_with_its_line(agent, tmp_path, octets, line):
    agent.configuration.write_bytes(octets)
    for option in ("-f", "-t"):
        refused(agent.run(option), f"{agent.configuration}: line {line}: Error: ")
    included = tmp_path / "included.conf"
    included.write_bytes(octets)
    agent.configuration.write_text(f"includeFile {included}\n")
    refused(agent.run("-t"), f"{included}: line {line}: Error: ")


@pytest.mark.parametrize("text", ["refreshInterval 0.3", "refreshInterval 0.3\r\n", ""])
def test_other_texts_are_right(agent, text):
    agent.configuration.write_bytes(text.encode())
    done = agent.run("-t")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("addresses", ["unix:/a,unix:/b", "/a,/b", "/a,",
                                       "unix:/a,tcp:localhost:705"])
def test_a_list_of_addresses_is_refused_by_name(agent, addresses):
    agent.configuration.write_text(f"agentXSocket {addresses}\n")
    refused(agent.run("-f"), str(agent.configuration), "line 1:", addresses, "list")
    agent.configuration.unlink()
    refused(agent.run("-f", "-x", addresses), "-x", addresses, "list")
    agent.configuration.with_name("agentx.conf").write_text(f"agentXSocket {addresses}\n")
    refused(agent.run("-f"), "agentXSocket", addresses, "list")


# ---- -t ----

def test_a_check_changes_nothing(snmpd, served, tmp_path):
    """With any other options, while an agent runs with the same ones."""
    log, pid = tmp_path / "a log", tmp_path / "pid"
    log.write_text("kept\n")
    pid.write_text("kept\n")
    options = ("-p", pid, "-n", "some", "-x", snmpd.agentx)
    for where in (("-Lf", log), ("-LF", "4", log), ("-Lsd",), ("-Lo",), ("-Ln",),
                  ("-Lf", tmp_path / "absent" / "log")):
        for order in ((*options, *where, "-t"), ("-t", *where, *options)):
            done = served.run(*order)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    served.configuration.write_text("nonsense 1\n")
    for where in (("-Lf", log), ("-Ln",), ("-Lo",)):
        refused(served.run("-t", *options, *where), str(served.configuration), "line 1:",
                "nonsense")
    refused(served.run("-t", "-C", "-u", "nosuchuser"), "nosuchuser")
    refused(served.run("-t", "-C", "-c", "/nonexistent/conf"), "/nonexistent/conf")
    assert served.run("-t", "-C").returncode == 0
    assert log.read_text() == pid.read_text() == "kept\n"
    assert not list(tmp_path.glob("absent"))
    assert "lost" not in served.log


# ---- reloading ----

def test_an_invalid_configuration_changes_nothing(served):
    served.reconfigure(refreshInterval=0.2, threshold="a state any listen 5")
    served.configuration.write_text("refreshInterval 0.4\nthreshold b state any listen 5\nx 1\n")
    served.hang_up()
    served.wait_until_logged(KEPT)
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 200
    assert [found.value for found in snmp.walk(mib.THRESHOLD_LABEL)] == ["a"]
    served.reconfigure(refreshInterval=0.3)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 300, "the new interval")


READERS_MAX = 8


def test_three_thousand_hangups(served):
    """The last configuration applies, and reloads do not overlap."""
    helper, = children_of(served.pid)
    for number in range(3000):
        if number % 500 == 0:
            served.configure(refreshInterval=0.1 + number / 10000)
        served.hang_up()
        # One is reading, and those that have answered may not have exited yet.
        assert len(children_of(helper)) <= READERS_MAX
    served.configure(refreshInterval=0.7)
    served.hang_up()
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 700, "the last interval")
    until(lambda: not children_of(helper), "the last process that reads has been reaped")
    assert served.log.count(READ) < 3000
    assert KEPT not in served.log
    assert children_of(served.pid) == [helper]


@pytest.mark.parametrize("waiting", [True, False], ids=["a reload waits", "no reload waits"])
def test_a_reading_that_hangs(snmpd, served, waiting):
    """It times out without delaying anything else, and the next one works."""
    helper, = children_of(served.pid)
    comments = 200000 * (99 * "#" + "\n")
    served.configure()
    served.configuration.write_text(served.configuration.read_text() + comments)

    def stop_a_reader():
        """None if it has finished before it could be stopped."""
        before = served.log.count(READ)
        served.hang_up()
        readers = until(lambda: children_of(helper) or served.log.count(READ) > before, "a reload")
        if readers is not True:
            os.kill(readers[0], signal.SIGSTOP)
            return readers[0]
    reader = until(stop_a_reader, "a process that reads is stopped")
    served.configure(refreshInterval=0.3)
    if waiting:
        served.hang_up()
    refreshes = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= refreshes + 5, "refreshes continue")
    assert "timed out after 10 s" not in served.log or not pathlib.Path(f"/proc/{reader}").exists()
    served.wait_until_logged("reloading the configuration timed out after 10 s")
    served.wait_until_logged(KEPT)
    until(lambda: not pathlib.Path(f"/proc/{reader}").exists(), "the reader has exited")
    if not waiting:
        served.hang_up()
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 300, "the next reload")
    assert served.stop() == 0


def test_a_reader_that_is_killed(served):
    helper, = children_of(served.pid)
    served.configure()
    served.configuration.write_text(served.configuration.read_text() + 200000 * (99 * "#" + "\n"))

    def kill_a_reader():
        served.hang_up()
        for reader in children_of(helper):
            os.kill(reader, signal.SIGKILL)
        return "the process that reloads the configuration failed" in served.log
    until(kill_a_reader, "a reader is killed")
    served.wait_until_logged(KEPT)
    served.configure(refreshInterval=0.3)
    served.hang_up()
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 300, "the new interval")
