# SPDX-License-Identifier: BSD-2-Clause
"""The agent and snmpd under the real OpenRC, with this machine's files and a separate /run."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

import mib
import process
import snmp
from daemons import BUILD
from debian import on_debian_12
from namespace import FIRST_NETWORK, inside, processes_in_this_network
from polling import PATIENCE, until
from sockets import StateMaker

SOURCES = pathlib.Path(__file__).parents[2]
AGENT = "tcp-state-agent"
CONFIGURATION = "etc/snmp/tcp-state-agent.conf"

pytestmark = on_debian_12

# The lists of packages may be missing or stale.
_DOWNLOAD = 'apt-get -q download "$@" || { apt-get -q update && apt-get -q download "$@"; }'

# /run looks as after a boot into a runlevel without services.
_BOOT = """
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/overlay"
mkdir "$1/overlay/upper" "$1/overlay/work"
mount -t overlay -o "lowerdir=/,upperdir=$1/overlay/upper,workdir=$1/overlay/work" overlay \\
    "$1/root"
cd "$1/root"
cp -a "$2/." .
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs run
for states in daemons exclusive failed hotplugged inactive options scheduled started starting \\
    stopping tmp wasinactive; do
    mkdir -p "run/openrc/$states"
done
echo default >run/openrc/softlevel
# The shell reaps orphans, as init does.
exec chroot . sh -c "sleep infinity & wait"
"""


class OpenRc:
    """A system with the machine's files and FILES. Changes are stored in DIRECTORY."""

    def __init__(self, directory, files):
        for place in ("overlay", "root"):
            (directory / place).mkdir()
        self._outer = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _BOOT, "sh",
             directory, files])
        children = pathlib.Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        self._pid, = until(lambda: children.read_text().split(), "the namespaces are there")
        until(lambda: (self / "run/openrc/softlevel").exists(), "it is up")

    def __truediv__(self, path):
        """Return the path that a file inside has outside."""
        return pathlib.Path(f"/proc/{self._pid}/root") / path

    def run(self, *command):
        """Return the exit status and the output."""
        done = subprocess.run(
            ["nsenter", "-t", self._pid, "-m", "-p", "-r", "-w", *command], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=PATIENCE)
        return done.returncode, done.stdout

    def service(self, command, name=AGENT):
        status, output = self.run("rc-service", name, command)
        assert status == 0, output

    def stop(self):
        self._outer.kill()
        self._outer.wait()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """OpenRC, unpacked next to the machine's init, with the agent and its service."""
    directory = tmp_path_factory.mktemp("openrc")
    tree = directory / "files"
    with inside(f"/proc/self/fd/{FIRST_NETWORK}"):
        subprocess.run(["sh", "-c", _DOWNLOAD, "sh", "openrc", "libeinfo1", "librc1"],
                       cwd=directory, check=True, stdout=subprocess.DEVNULL)
    for package in directory.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    # /bin, /lib and /sbin are links to /usr.
    for name in ("bin", "lib", "sbin"):
        if (tree / name).exists():
            shutil.copytree(tree / name, tree / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(tree / name)
    for source, place in ((BUILD / AGENT, "usr/sbin"),
                          (SOURCES / "packaging/openrc" / AGENT, "etc/init.d"),
                          (SOURCES / "packaging/tcp-state-agent.conf", "etc/snmp"),
                          (BUILD / "snmpd.conf.d/tcp-state-agent.conf", "etc/snmp/snmpd.conf.d")):
        (tree / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, tree / place)
    return tree


@pytest.fixture
def openrc(network, tmp_path, files):
    """snmpd runs."""
    openrc = OpenRc(tmp_path, files)
    status, output = openrc.run("systemd-sysusers", "--inline", f'u {AGENT} - "" /')
    assert status == 0, output
    openrc.service("start", "snmpd")
    yield openrc
    openrc.stop()


def agent():
    """Return the agent's process id, None if it is not running."""
    return next((pid for pid, _ in processes_in_this_network()
                 if process.status(pid)["Name"] == AGENT), None)


def wait_until_served():
    until(lambda: snmp.answers(mib.COUNTS[0]), "the counts are served")


def test_it_serves_from_start_to_stop(openrc, record_property):
    assert openrc.run("rc-service", AGENT, "status")[0] == 3
    openrc.service("start")
    openrc.service("status")
    with StateMaker() as maker:
        maker.make(4, "listen", 3)
        rows = list(maker.expected.values())
        until(lambda: snmp.answers(mib.COUNTS[0])
              and [found.value for found in snmp.get(*mib.COUNTS)] == rows,
              f"{rows} are served", 15)
    openrc.service("stop")
    assert openrc.run("rc-service", AGENT, "status")[0] == 3
    until(lambda: agent() is None, "it has ended")
    record_property("observed", f"{len(rows)} rows")


def test_it_runs_as_a_dedicated_user(openrc):
    openrc.service("start")
    status = process.status(until(agent, "it runs"))
    user, group = ((openrc / f"etc/{name}").read_text() for name in ("passwd", "group"))
    assert f"{AGENT}:x:{status['Uid'].split()[1]}:{status['Gid'].split()[1]}:" in user
    assert f"{AGENT}:x:{status['Gid'].split()[1]}:" in group
    assert status["Umask"] == "0077"
    openrc.service("stop")


def test_reload_rereads_the_configuration(openrc):
    assert openrc.run("rc-service", AGENT, "reload")[0] != 0
    openrc.service("start")
    wait_until_served()
    before = agent()
    with open(openrc / CONFIGURATION, "a") as file:
        file.write("refreshInterval 1\n")
    openrc.service("reload")
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 1000, "the configuration is reloaded")
    assert agent() == before
    openrc.service("stop")


def test_a_killed_agent_is_restarted(openrc):
    openrc.service("start")
    wait_until_served()
    killed = agent()
    os.kill(killed, signal.SIGKILL)
    until(lambda: agent() not in (None, killed), "another one runs")
    wait_until_served()
    openrc.service("stop")


def test_an_invalid_configuration_stops_nothing(openrc):
    """A restart and a reload are refused, and the agent continues to run."""
    openrc.service("start")
    wait_until_served()
    before, interval = agent(), snmp.get_value(mib.REFRESH_INTERVAL)
    right = (openrc / CONFIGURATION).read_text()
    (openrc / CONFIGURATION).write_text(right + "nonsense 1\n")
    for command in ("checkconfig", "restart", "reload"):
        status, output = openrc.run("rc-service", AGENT, command)
        assert status != 0 and "nonsense" in output, (command, output)
        assert agent() == before
    assert snmp.get_value(mib.REFRESH_INTERVAL) == interval
    (openrc / CONFIGURATION).write_text(right)
    openrc.service("restart")
    until(lambda: agent() not in (None, before), "another one runs")
    wait_until_served()
    openrc.service("stop")
