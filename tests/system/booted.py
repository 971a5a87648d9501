# SPDX-License-Identifier: BSD-2-Clause
"""A systemd of the test's own: the real one, as process 1 of namespaces, in the test's network."""

import os
import pathlib
import shutil
import subprocess

from polling import until

# A unit without DefaultDependencies=no needs these; they shall bring nothing along.
_TARGETS = ("basic", "shutdown", "sysinit", "test")

_UNIFIED = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
_CGROUP = pathlib.Path("/sys/fs/cgroup" if _UNIFIED else "/sys/fs/cgroup/systemd")

_ON_THE_MACHINE = """
mount -t proc proc /proc
mount -t tmpfs tmpfs "$1/overlay"
for place in etc var; do
    overlay=$1/overlay/$place
    mkdir -p "$overlay/upper" "$overlay/work"
    [ ! -d "$1/$place" ] || cp -a "$1/$place/." "$overlay/upper"
    mount -t overlay -o "lowerdir=/$place,upperdir=$overlay/upper,workdir=$overlay/work" \\
        overlay "/$place"
done
mount --bind "$1/programs" /usr/local/sbin
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
cp -r "$1/units" /run
systemd-sysusers "$1/sysusers.conf"
# Where units have temporary places of their own, systemd makes them here.
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp
"""

_BOOT = """
set -e
mount --make-rprivate /
{prepare}
umount -l /sys/fs/cgroup
if [ "$2" = unified ]; then
    mount -t cgroup2 cgroup /sys/fs/cgroup
else
    mount -t tmpfs tmpfs /sys/fs/cgroup
    mkdir /sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=other {environment} \
    "$3" --system --unit={target} --log-target=console --show-status=no
"""

_SYSTEMD = "/lib/systemd/systemd"

# A container may have neither.
POSSIBLE = os.access(_SYSTEMD, os.X_OK) and os.access(_CGROUP, os.W_OK)


class System:
    """Boots TARGET, after PREPARE, a shell's commands, has made the files what they shall be.

    PREPARE runs in the namespaces, as root, and finds DIRECTORY, where the log is too, in $1.
    """

    def __init__(self, directory, prepare, target, environment=""):
        self._directory = directory
        self._log = directory / "log"
        self._script = _BOOT.format(prepare=prepare, target=target, environment=environment)
        self._target = target
        self._cgroup = _CGROUP / f"booted-{os.getpid()}"
        self._outer = None
        self._pid = None

    @property
    def log(self):
        return self._log.read_text(errors="replace")

    def start(self):
        """Return once the target is reached."""
        self._cgroup.mkdir()
        join = f'echo $$ > "{self._cgroup}/cgroup.procs" && exec "$@"'
        with open(self._log, "wb") as log:
            self._outer = subprocess.Popen(
                ["sh", "-c", join, "sh",
                 "unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc",
                 "--cgroup", "sh", "-c", self._script, "sh", self._directory,
                 "unified" if _UNIFIED else "legacy", _SYSTEMD],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._pid = until(self._child, "the namespaces are there")
        until(self._is_up, "systemd is up", 30)

    def run(self, *command):
        """A command inside, which must succeed; returns what it prints."""
        done = self.try_to_run(*command)
        assert done.returncode == 0, done.stdout + done.stderr + self.log
        return done.stdout

    def try_to_run(self, *command):
        return subprocess.run(["nsenter", "-t", str(self._pid), "-m", "-u", "-i", "-p", "-C",
                               *command], capture_output=True, text=True)

    def path(self, path):
        """Of a file inside, for use outside."""
        return f"/proc/{self._pid}/root{path}"

    def shown(self, unit, what):
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", what, unit).rstrip("\n")

    def main_pid(self, unit):
        """As seen from outside."""
        inside = self.shown(unit, "MainPID")
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                lines = status.read_text().splitlines()
                own = os.stat(status.parent / "ns/pid").st_ino \
                    == os.stat(f"/proc/{self._pid}/ns/pid").st_ino
            except OSError:  # it has ended meanwhile
                continue
            if own and any(line.startswith("NSpid:") and line.split()[-1] == inside
                           for line in lines):
                return int(status.parent.name)
        raise AssertionError(f"{unit} has no process")

    def stop(self):
        if self._outer is not None:
            self._outer.kill()
            self._outer.wait()
        if self._cgroup.exists():
            until(self._remove_cgroup, "its processes have ended")

    def _child(self):
        assert self._outer.poll() is None, self.log
        children = pathlib.Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        return next(iter(children.read_text().split()), None)

    def _is_up(self):
        assert self._outer.poll() is None, self.log
        return self.try_to_run("systemctl", "is-active", self._target).returncode == 0

    def _remove_cgroup(self):
        try:
            for directory, _, _ in os.walk(self._cgroup, topdown=False):
                os.rmdir(directory)
        except OSError:
            return False
        return True


class Booted(System):
    """Has of the machine's files all but what a test writes into `etc`, `units` and `programs`.

    Those are its /etc (over the machine's), all the units that it knows, and its /usr/local/sbin,
    as they are at start(). What it writes below /var is its own, and so are /run and the places
    for temporary files. It boots nothing.
    """

    def __init__(self, directory, sysusers):
        super().__init__(directory, _ON_THE_MACHINE, "test.target", "SYSTEMD_UNIT_PATH=/run/units")
        self.etc, self.units, self.programs = (
            directory / name for name in ("etc", "units", "programs"))
        for place in (self.etc, self.units, self.programs, directory / "overlay"):
            place.mkdir(parents=True)
        for name in _TARGETS:
            (self.units / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
        shutil.copy(sysusers, directory / "sysusers.conf")
