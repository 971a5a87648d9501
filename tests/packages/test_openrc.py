# SPDX-License-Identifier: BSD-2-Clause
"""The agent under OpenRC: the real one, over this machine's files, with snmpd and its own /run."""

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
from network import FIRST_NETWORK, inside, processes_in_this_network
from polling import until
from tcp_states import StateMaker

SOURCES = pathlib.Path(__file__).parents[2]
AGENT = "tcp-state-agent"
CONFIGURATION = "etc/snmp/tcp-state-agent.conf"

# Only lists that are missing or stale need an update.
_DOWNLOAD = 'apt-get -q download "$@" || { apt-get -q update && apt-get -q download "$@"; }'

# /run is as after a boot into a runlevel without services.
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
# The shell waits for what loses its parent, as an init does.
exec chroot . sh -c "sleep infinity & wait"
"""


class OpenRc:
    """With FILES among the machine's; what changes in them is DIRECTORY's."""

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
        """Of a file inside, for use outside."""
        return pathlib.Path(f"/proc/{self._pid}/root") / path

    def run(self, *command):
        """The exit status, and what is told."""
        done = subprocess.run(
            ["nsenter", "-t", self._pid, "-m", "-p", "-r", "-w", *command], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def service(self, command, name=AGENT):
        status, told = self.run("rc-service", name, command)
        assert status == 0, told

    def stop(self):
        self._outer.kill()
        self._outer.wait()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """OpenRC, unpacked beside the machine's own init, with the agent and its service."""
    directory = tmp_path_factory.mktemp("openrc")
    tree = directory / "files"
    with inside(f"/proc/self/fd/{FIRST_NETWORK}"):
        subprocess.run(["sh", "-c", _DOWNLOAD, "sh", "openrc", "libeinfo1", "librc1"],
                       cwd=directory, check=True, stdout=subprocess.DEVNULL)
    for package in directory.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    # The machine's /bin, /lib and /sbin lead to /usr.
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
    status, told = openrc.run("systemd-sysusers", "--inline", f'u {AGENT} - "" /')
    assert status == 0, told
    openrc.service("start", "snmpd")
    yield openrc
    openrc.stop()


def agent():
    """The process id, None when none runs."""
    return next((pid for pid, _ in processes_in_this_network()
                 if process.status(pid)["Name"] == AGENT), None)


def wait_until_served():
    until(lambda: snmp.answers(mib.COUNTS[0]), "the counts are served", 15)


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
    record_property("saw", f"{len(rows)} rows")


def test_it_runs_as_a_user_of_its_own(openrc):
    openrc.service("start")
    status = process.status(until(agent, "it runs"))
    user, group = ((openrc / f"etc/{name}").read_text() for name in ("passwd", "group"))
    assert f"{AGENT}:x:{status['Uid'].split()[1]}:{status['Gid'].split()[1]}:" in user
    assert f"{AGENT}:x:{status['Gid'].split()[1]}:" in group
    assert status["Umask"] == "0077"
    openrc.service("stop")


def test_reload_reads_the_configuration_again(openrc):
    assert openrc.run("rc-service", AGENT, "reload")[0] != 0
    openrc.service("start")
    wait_until_served()
    before = agent()
    with open(openrc / CONFIGURATION, "a") as file:
        file.write("refreshInterval 1\n")
    openrc.service("reload")
    until(lambda: snmp.get_value(mib.REFRESH_INTERVAL) == 1000, "it is read again")
    assert agent() == before
    openrc.service("stop")


def test_what_was_killed_comes_back(openrc):
    openrc.service("start")
    wait_until_served()
    killed = agent()
    os.kill(killed, signal.SIGKILL)
    until(lambda: agent() not in (None, killed), "another one runs", 15)
    wait_until_served()
    openrc.service("stop")
