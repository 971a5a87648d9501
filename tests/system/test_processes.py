# SPDX-License-Identifier: BSD-2-Clause
"""Pid files, the exit status at startup, and inherited signals and descriptors."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys

import pytest

import mib
import process
import snmp
from daemons import BUILD, SANITIZER_OPTIONS, refused
from namespace import processes_in_this_network
from polling import PATIENCE, until
from sockets import listener

LIBEXEC = {**os.environ, **SANITIZER_OPTIONS, "MIBS": "", "SNMPCONFPATH": "/nonexistent"}

# Runs its arguments with every signal ignored and blocked, and some descriptors closed.
HOSTILE = """
import os, signal, sys
mode, *command = sys.argv[1:]
for number in range(1, signal.NSIG):
    try:
        if "ignored" in mode:
            signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
if "blocked" in mode:
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
if "closed" in mode:
    os.close(0)
os.execvp(command[0], command)
"""
MODES = ("ignored", "blocked", "ignored blocked closed")


def hostile(mode):
    return (sys.executable, "-c", HOSTILE, mode)


@pytest.fixture
def adopted():
    """Become the parent of daemons that the test starts, to wait for their exit status."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)
    yield
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 0, 0, 0, 0)


def end(pid):
    """A daemon that is a child of the test."""
    os.kill(pid, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# ---- the pid file ----

@pytest.mark.parametrize("where", [("-f",), ()], ids=["foreground", "daemon"])
def test_a_second_start_leaves_the_file_alone(snmpd, agent, tmp_path, where):
    pid = tmp_path / "pid"
    snmpd.start()
    agent.start("-p", pid)
    agent.wait_until_registered()
    assert pid.read_text() == f"{agent.pid}\n"
    before = pid.stat()
    refused(agent.run(*where, "-p", pid), str(pid), str(agent.pid))
    assert pid.read_text() == f"{agent.pid}\n"
    assert pid.stat().st_mtime_ns == before.st_mtime_ns
    agent.hang_up()
    agent.wait_until_logged("configuration reloaded")
    assert agent.stop() == 0
    assert not pid.exists()


def test_a_stale_file_is_taken_over(snmpd, agent, tmp_path):
    pid = tmp_path / "pid"
    pid.write_text(f"{os.getpid()} is much longer than a process id\n")
    snmpd.start()
    agent.start("-p", pid)
    agent.wait_until_registered()
    assert pid.read_text() == f"{agent.pid}\n"
    helper, = set(process.with_children(agent.pid)) - {agent.pid}
    os.kill(helper, signal.SIGSTOP)  # it may outlive the agent, but not its lock
    agent.kill()
    agent.start("-p", pid)
    agent.wait_until_registered()
    assert pid.read_text() == f"{agent.pid}\n"
    os.kill(helper, signal.SIGKILL)


def test_anothers_file_is_not_removed(snmpd, agent, tmp_path):
    pid = tmp_path / "pid"
    snmpd.start()
    agent.start("-p", pid)
    agent.wait_until_registered()
    pid.rename(tmp_path / "mine")
    pid.write_text("1\n")
    assert agent.stop() == 0
    assert pid.read_text() == "1\n"


@pytest.mark.parametrize("path", ["/dev/null", "/proc/self", "/tmp"])
def test_other_types_of_files_are_refused(agent, path):
    refused(agent.run("-f", "-p", path), path)
    assert os.path.exists(path)


def test_a_start_that_fails_leaves_no_file(agent, tmp_path):
    pid = tmp_path / "pid"
    refused(agent.run("-p", pid, "-u", "nosuchuser"), "nosuchuser")
    agent.configuration.write_text("nonsense 1\n")
    refused(agent.run("-p", pid), "nonsense")
    assert not pid.exists()


def test_the_mode_of_the_file(snmpd, agent, tmp_path):
    pid = tmp_path / "pid"
    snmpd.start()
    agent.start("-p", pid, umask=0)
    agent.wait_until_registered()
    assert pid.stat().st_mode & 0o777 == 0o644


# ---- the background ----

def test_the_start_of_a_daemon_returns_when_it_runs(adopted, snmpd, agent, tmp_path):
    pid = tmp_path / "pid"
    snmpd.start()
    agent.configure()
    done = agent.run("-Lf", tmp_path / "log", "-p", pid)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    daemon = int(pid.read_text())
    assert " started" in (tmp_path / "log").read_text()
    assert os.getsid(daemon) not in (daemon, os.getsid(0))
    assert os.readlink(f"/proc/{daemon}/cwd") == "/"
    assert [os.readlink(f"/proc/{daemon}/fd/{number}") for number in range(3)] == 3 * ["/dev/null"]
    until(lambda: snmp.answers(mib.REFRESHES), "it answers")
    assert end(daemon) == 0
    assert not pid.exists()


def test_a_failure_in_the_background_is_reported(adopted, agent, tmp_path):
    """Too few descriptors for a collector, for example."""
    agent.configure()
    log = tmp_path / "log"
    done = subprocess.run(
        ["prlimit", "--nofile=14", agent.program, "-Lf", log, "-p", tmp_path / "pid"],
        env=agent.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE)
    assert "cannot start" in log.read_text()
    assert done.returncode == 1
    assert "see the log" in done.stderr
    assert not (tmp_path / "pid").exists()
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


# ---- inherited state ----

@pytest.mark.parametrize("mode", MODES)
def test_the_agent_inherits_nothing(snmpd, agent, mode):
    snmpd.start()
    agent.start(launcher=hostile(mode))
    agent.wait_until_registered()
    agent.reconfigure(refreshInterval=0.3)
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 300, "the new interval")
    snmpd.kill()
    agent.wait_until_logged("lost the session")
    snmpd.start()
    agent.wait_until_registered()
    assert agent.stop() == 0


def run(command, mode, **how):
    return subprocess.run([*hostile(mode), *command], env=LIBEXEC, capture_output=True, text=True,
                          timeout=PATIENCE, **how)


@pytest.mark.parametrize("mode", MODES)
def test_the_commands_inherit_nothing(served, mode):
    asking = ("-H", "127.0.0.1")
    community = ("--", "-v", "2c", "-c", "public")
    with listener():
        until(lambda: snmp.get_value(mib.count(4, "listen")) == 1, "the listener is counted")
        for options in ((), (*asking, *community)):
            options = ("-o", "json", *options)
            done = run([BUILD / "tests/system/tcp-states", *options], mode)
            assert (done.returncode, done.stderr) == (0, "")
            json.loads(done.stdout)
        for options in ((), community):
            options = ("--conn-type", "tcp", "--conn-status", "listen",
                       *(asking if options else ()), *options)
            done = run([BUILD / "tests/system/check_tcp_states", *options], mode)
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("tcp LISTEN: 1|")
        done = run([BUILD / "tcp-states-snmp", *community[1:], "--", "127.0.0.1"], mode)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("mode", MODES)
def test_the_plugin_times_out(snmpd, mode):
    """The port does not answer, and net-snmp would retry for much longer."""
    done = run([BUILD / "tests/system/check_tcp_states", "-t", "1", "-H", "127.0.0.1:1", "--",
                "-v", "2c", "-c", "public", "-t", "20"], mode)
    assert done.returncode == 3
    assert done.stdout.startswith("UNKNOWN: ")
    until(lambda: not any("tcp-states-snmp" in command
                          for _, command in processes_in_this_network()), "its helper has exited")


@pytest.mark.parametrize("mode", MODES)
def test_the_command_exits_with_its_reader(mode):
    """By SIGPIPE, as without inherited signal dispositions."""
    reading, writing = os.pipe()
    os.close(reading)
    command = subprocess.Popen([*hostile(mode), BUILD / "tcp-states"], env=LIBEXEC, stdout=writing)
    os.close(writing)
    assert command.wait(20) == -signal.SIGPIPE
