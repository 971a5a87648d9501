# SPDX-License-Identifier: BSD-2-Clause
"""The command line and the configuration. Errors are reported in one line."""

import grp
import os
import pwd
import shutil
import signal
import subprocess

import pytest

import mib
import snmp
from daemons import AGENT, refused
from polling import PATIENCE, until
from process import status

LONG_PATH = "/" + 120 * "a"


# ---- --help and --version ----

def test_version(agent):
    done = agent.run("-v")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tcp-state-agent ")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("option", ["-v", "-h", "-H"])
@pytest.mark.parametrize("where, problem", [
    (">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")])
def test_an_answer_that_cannot_be_written_is_an_error(option, where, problem):
    done = subprocess.run(["sh", "-c", f'exec "$0" {option} {where}', AGENT],
                          capture_output=True, text=True, timeout=PATIENCE)
    refused(done, f"tcp-state-agent: standard output: {problem}")


def test_closed_streams_are_not_reused_by_other_files(snmpd, agent, tmp_path):
    snmpd.start()
    agent.configure()
    agent.start("-p", tmp_path / "pid", "-Lo",
                launcher=("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-'))
    agent.wait_until_registered()
    for stream in range(3):
        assert os.readlink(f"/proc/{agent.pid}/fd/{stream}") == "/dev/null"
    assert (tmp_path / "pid").read_text() == f"{agent.pid}\n"


# ---- options that are wrong ----

@pytest.mark.parametrize("where", [("-f",), ()], ids=["foreground", "daemon"])
@pytest.mark.parametrize("options, words", [
    (("-q",), ("unknown option '-q'",)),
    (("--nonsense",), ("unknown option '--nonsense'",)),
    (("--version=1",), ("'--version' takes no argument",)),
    (("-x",), ("option '-x' needs an argument",)),
    (("-n", "a", "-n", "b"), ("duplicate option '-n'",)),
    (("extra",), ("unexpected argument 'extra'",)),
    (("-x", "tcp:localhost:705"), ("-x", "tcp:localhost:705")),
    (("-x", "relative/path"), ("-x", "relative/path")),
    (("-x", LONG_PATH), ("-x", "too long")),
    (("-n", 33 * "n"), ("-n", "32")),
    (("-Lz",), ("-L", "z")),
    (("-Lf",), ("-L",)),
    (("-Lf", "/nonexistent/log"), ("/nonexistent/log",)),
    (("-c", "/nonexistent/conf"), ("/nonexistent/conf",)),
    (("-u", "nosuchuser"), ("user", "nosuchuser")),
    (("-g", "nosuchgroup"), ("group", "nosuchgroup")),
    (("-p", "/nonexistent/pid"), ("/nonexistent/pid",)),
], ids=lambda value: "_".join(value).replace("/", "_")[:24])
def test_an_invalid_option_is_reported(agent, where, options, words):
    agent.configure()
    refused(agent.run(*where, *options), *words)


@pytest.mark.parametrize("options", [("-c", "conf"), ("-c", "/etc/hostname,conf"), ("-p", "pid")])
def test_a_relative_name_is_for_the_foreground(agent, options):
    agent.configure()
    refused(agent.run(*options), *options, "relative")


# ---- the configuration ----

@pytest.mark.parametrize("line", [
    "refreshInterval",
    "refreshInterval abc",
    "refreshInterval nan",
    "refreshInterval 5s",
    "refreshInterval 5 6",
    "refreshInterval -1",
    "refreshInterval 0",
    "refreshInterval 0.09",
    "refreshInterval 3601",
    "refreshIntervall 5",
    "maxAge",
    "maxAge 0",
    "maxAge 86401",
    "agentXSocket",
    "agentXSocket relative/path",
    "agentXSocket tcp:localhost:705",
    "agentXSocket unix:" + LONG_PATH,
], ids=lambda line: line[:40].replace(" ", "_").replace("/", "_"))
def test_an_invalid_line_is_reported(agent, line):
    agent.configuration.write_text(f"# comment\n{line}\n")
    refused(agent.run("-f"), str(agent.configuration), "line 2:", line.split()[0])


def test_a_missing_included_file_is_reported(agent):
    agent.configuration.write_text("includeFile nonexistent.conf\n")
    refused(agent.run("-f"), str(agent.configuration), "line 1:", "nonexistent.conf")


def test_an_age_less_than_the_interval_is_refused(agent):
    agent.configure(refreshInterval=5, maxAge=4.9)
    refused(agent.run("-f"), agent.configuration.name, "maxAge", "refreshInterval")


def test_an_invalid_line_is_shown_with_any_log(agent, tmp_path):
    agent.configuration.write_text("refreshInterval abc\n")
    refused(agent.run("-Lf", tmp_path / "log"), str(agent.configuration), "line 1:")


def test_named_files_are_read_too(snmpd, agent, tmp_path):
    snmpd.start()
    agent.configure()
    named = [tmp_path / "first", tmp_path / "second"]
    named[0].write_text("refreshInterval 0.3\nmaxAge 100\n")
    named[1].write_text("refreshInterval 0.4\n")
    agent.start("-c", f"{named[0]},{named[1]}")
    agent.wait_until_registered()
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 400


def test_only_named_files_are_read(snmpd, agent, tmp_path):
    snmpd.start()
    agent.configuration.write_text("this is wrong\n")
    named = tmp_path / "named"
    named.write_text(f"agentXSocket {snmpd.agentx}\nrefreshInterval 0.3\n")
    agent.start("-C", "-c", named)
    agent.wait_until_registered()
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 300


def test_the_option_outdoes_the_configured_socket(snmpd, agent):
    snmpd.start()
    agent.configure(agentXSocket="unix:/nonexistent/agentx")
    agent.start("-x", snmpd.agentx)
    agent.wait_until_registered()


def test_the_default_interval_is_five_seconds(snmpd, agent):
    snmpd.start()
    agent.configuration.write_text(f"agentXSocket {snmpd.agentx}\n")
    agent.start()
    agent.wait_until_registered()
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 5000


@pytest.mark.parametrize("name", ["a\nb", "a\033[2J", "\u202e", b"\xff"], ids=ascii)
def test_a_message_is_one_line_whatever_it_quotes(agent, tmp_path, name):
    """In the log in the foreground, and in messages at startup."""
    shown = name if isinstance(name, bytes) else name.encode()
    shown = "".join(f"\\x{octet:02x}" if not 0x20 <= octet < 0x7f else chr(octet)
                    for octet in shown)
    agent.configure()
    file = os.fsencode(tmp_path / "no") + (name if isinstance(name, bytes) else name.encode())
    for options in (("-f",), ("-f", "-Lf", tmp_path / "log"), ()):
        refused(agent.run(*options, "-c", file), f"/no{shown}")
        refused(agent.run(*options, "-u", name), shown)
        refused(agent.run(*options, name), f"unexpected argument '{shown}'")
        refused(agent.run(*options, "-x", name), f"-x '{shown}': ")
    assert len((tmp_path / "log").read_text().splitlines()) <= 3


def test_a_log_message_is_one_line_whatever_it_quotes(agent, tmp_path):
    agent.configure(agentXSocket=f"unix:{tmp_path}/a\033[2Jb")
    agent.start()
    agent.wait_until_logged("a\\x1b[2Jb")
    assert "\033" not in agent.log


# ---- SIGHUP ----

def test_hangup_reloads_the_configuration(served):
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 100
    # The longer one is seen before it is over.
    for milliseconds in (200, 3600000, 100):
        served.configure(refreshInterval=milliseconds / 1000)
        served.hang_up()
        until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == milliseconds, "the new interval")


@pytest.mark.parametrize("line", ["refreshInterval abc", "maxAge 0.1", "nonsense 1"])
def test_hangup_with_an_invalid_configuration_changes_nothing(served, line):
    served.configuration.write_text(f"refreshInterval 0.2\n{line}\n")
    served.hang_up()
    served.wait_until_logged("configuration not reloaded")
    assert line.split()[0] in served.log
    before = snmp.get_value(mib.REFRESHES)
    until(lambda: snmp.get_value(mib.REFRESHES) >= before + 3, "refreshes")
    assert snmp.get_value(mib.REFRESH_INTERVAL) == 100


def test_hangup_with_an_unreadable_configuration_changes_nothing(snmpd, agent, open_path):
    snmpd.start()
    agent.start("-u", "nobody")
    agent.wait_until_registered()
    agent.configuration.chmod(0o600)
    agent.hang_up()
    agent.wait_until_logged("configuration not reloaded")
    assert f"{agent.configuration}: Permission denied" in agent.log


def test_hangup_moves_to_another_socket(served, snmpd, tmp_path):
    snmpd.kill()
    snmpd.agentx = tmp_path / "elsewhere"
    snmpd.start()
    served.configure(agentXSocket=snmpd.agentx)
    served.hang_up()
    served.wait_until_registered()


def test_hangup_without_a_socket_returns_to_net_snmps_default(snmpd, agent, tmp_path):
    own = tmp_path / "elsewhere"
    agent.configuration.with_name("agentx.conf").write_text(f"agentXSocket {own}\n")
    snmpd.start()
    agent.start()
    agent.wait_until_registered()
    agent.reconfigure(agentXSocket=None)
    snmpd.kill()
    agent.wait_until_logged(f"waiting for snmpd at {own}")


# ---- running as a daemon ----

def ended(pid):
    """Gone, or a zombie that is its parent's matter."""
    try:
        return status(pid)["State"].startswith("Z")
    except FileNotFoundError:
        return True


@pytest.fixture
def daemon_pid_file(tmp_path):
    """Where a daemon writes its process id; it is ended with the test."""
    pid_file = tmp_path / "pid"
    yield pid_file
    if pid_file.exists():
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGTERM)
        until(lambda: ended(pid), "the daemon has ended")


def test_daemon(snmpd, agent, tmp_path, daemon_pid_file):
    snmpd.start()
    agent.configure()
    done = agent.run("-p", daemon_pid_file, "-Lf", tmp_path / "log")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    until(lambda: snmp.answers(mib.REFRESHES), "the daemon is registered")
    pid = int(daemon_pid_file.read_text())
    assert os.getsid(pid) != os.getsid(0)
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert {os.readlink(f"/proc/{pid}/fd/{standard}") for standard in (0, 1, 2)} == {"/dev/null"}
    assert " started" in (tmp_path / "log").read_text()
    os.kill(pid, signal.SIGTERM)
    until(lambda: ended(pid), "the daemon has ended")
    assert not daemon_pid_file.exists()


def test_pid_file_in_the_foreground(snmpd, agent, tmp_path):
    snmpd.start()
    pid_file = tmp_path / "pid"
    agent.start("-p", pid_file)
    agent.wait_until_registered()
    assert pid_file.read_text() == f"{agent.pid}\n"
    assert agent.stop() == 0
    assert not pid_file.exists()


# ---- where the log goes ----

@pytest.mark.parametrize("option, where", [
    (("-Le",), "stderr"), (("-Lo",), "stdout"), (("-Lf", "file"), "file"), (("-Ln",), None),
    ((), "stderr")], ids=["Le", "Lo", "Lf", "Ln", "none"])
def test_the_log_is_written_to_its_destination(agent, tmp_path, option, where):
    agent.configure()
    names = ("stdout", "stderr", "file")
    with open(tmp_path / "stdout", "wb") as stdout, open(tmp_path / "stderr", "wb") as stderr, \
            subprocess.Popen([AGENT, "-f", *option], env=agent.environment, cwd=tmp_path,
                             stdout=stdout, stderr=stderr) as process:
        log = tmp_path / (where or "stderr")
        if where:
            until(lambda: log.exists() and "waiting for snmpd" in log.read_text(), "a log line")
        else:
            until(lambda: len(os.listdir(f"/proc/{process.pid}/task")) == 2, "it has started")
        process.terminate()
        assert process.wait(60) == 0
    assert [name for name in names
            if (tmp_path / name).exists() and (tmp_path / name).read_text()] \
        == ([where] if where else [])


# ---- privileges ----

def test_user_and_group_are_dropped_for_good(snmpd, agent, open_path):
    uid, gid = pwd.getpwnam("nobody").pw_uid, grp.getgrnam("daemon").gr_gid
    snmpd.agentx_perms = f"0660 0755 root {gid}"
    snmpd.start()
    agent.program = open_path / "program"
    shutil.copy(AGENT, agent.program)
    agent.start("-u", "nobody", "-g", "daemon", extra_groups=[0, 1, 2, 3])
    agent.wait_until_registered()
    shown = status(agent.pid)
    assert shown["Uid"].split() == 4 * [str(uid)]
    assert shown["Gid"].split() == 4 * [str(gid)]
    assert shown["Groups"].split() == [str(gid)]
    assert int(shown["CapEff"], 16) == int(shown["CapPrm"], 16) == 0
    snmpd.kill()
    snmpd.start()
    agent.wait_until_registered()


def test_a_user_alone_brings_its_own_group(snmpd, agent):
    snmpd.start()
    user = pwd.getpwnam("nobody")
    agent.start("-u", "nobody", extra_groups=[0, 1, 2, 3])
    agent.wait_until_logged(" started")
    shown = status(agent.pid)
    assert shown["Uid"].split() == 4 * [str(user.pw_uid)]
    assert shown["Gid"].split() == 4 * [str(user.pw_gid)]
    assert shown["Groups"].split() == [str(user.pw_gid)]


def test_an_unprivileged_agent_removes_its_pid_file(snmpd, agent, open_path):
    snmpd.start()
    directory = open_path / "run"
    directory.mkdir()
    shutil.chown(directory, "nobody")
    agent.start("-u", "nobody", "-p", directory / "pid")
    agent.wait_until_registered()
    assert (directory / "pid").read_text() == f"{agent.pid}\n"
    assert agent.stop() == 0
    assert not (directory / "pid").exists()
