# SPDX-License-Identifier: BSD-2-Clause
"""A dedicated systemd instance, as process 1 of separate namespaces, in the test's network."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from polling import until

# Units without DefaultDependencies=no need these targets. They must not pull in anything.
_TARGETS = ("basic", "shutdown", "sysinit", "test")

# systemd works without controllers, which the machine may have assigned to cgroup v1.
_MOUNTED = (line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines())
_CGROUP = next((pathlib.Path(place) for _, place, kind, *_ in _MOUNTED if kind == "cgroup2"), None)

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
# For units with PrivateTmp=yes.
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp
"""

_BOOT = """
set -e
mount --make-rprivate /
{prepare}
umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup /sys/fs/cgroup
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=other {environment} \
    "$2" --system --unit={target} --log-target=console --show-status=no
"""

_SYSTEMD = "/lib/systemd/systemd"

# False in some containers.
POSSIBLE = os.access(_SYSTEMD, os.X_OK) and _CGROUP is not None and os.access(_CGROUP, os.W_OK)


class System:
    """Boots TARGET after running PREPARE, shell commands that set up the files.

    PREPARE runs in the namespaces as root, with DIRECTORY, which also contains the log, as $1.
    """

    def __init__(self, directory, prepare, target, environment=""):
        self._directory = directory
        self._log = directory / "log"
        self._script = _BOOT.format(prepare=prepare, target=target, environment=environment)
        self._target = target
        self._cgroup = None
        self._outer = None
        self._pid = None

    @property
    def log(self):
        return self._log.read_text(errors="replace")

    def start(self):
        """Return once the target is reached."""
        try:
            self._boot()
        except BaseException:
            self.stop()
            raise

    def _boot(self):
        # A process id would not be unique: the tests may run in a pid namespace.
        self._cgroup = pathlib.Path(tempfile.mkdtemp(prefix="booted-", dir=_CGROUP))
        join = f'echo $$ > "{self._cgroup}/cgroup.procs" && exec "$@"'
        with open(self._log, "wb") as log:
            self._outer = subprocess.Popen(
                ["sh", "-c", join, "sh",
                 "unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc",
                 "--cgroup", "sh", "-c", self._script, "sh", self._directory, _SYSTEMD],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._pid = until(self._child, "the namespaces are created")
        until(self._is_up, "systemd is up")

    def run(self, *command):
        """Run a command inside, which must succeed, and return its output."""
        done = self.try_to_run(*command)
        assert done.returncode == 0, done.stdout + done.stderr + self.log
        return done.stdout

    def try_to_run(self, *command):
        return subprocess.run(["nsenter", "-t", str(self._pid), "-m", "-u", "-i", "-p", "-C",
                               *command], capture_output=True, text=True)

    def path(self, path):
        """Return the path that a file inside has outside."""
        return f"/proc/{self._pid}/root{path}"

    def shown(self, unit, what):
        """Return a property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", what, unit).rstrip("\n")

    def main_pid(self, unit):
        """Return the unit's MainPID as seen from outside."""
        inside = self.shown(unit, "MainPID")
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                lines = status.read_text().splitlines()
                own = os.stat(status.parent / "ns/pid").st_ino \
                    == os.stat(f"/proc/{self._pid}/ns/pid").st_ino
            except OSError:  # it has exited meanwhile
                continue
            if own and any(line.startswith("NSpid:") and line.split()[-1] == inside
                           for line in lines):
                return int(status.parent.name)
        raise AssertionError(f"{unit} has no process")

    def stop(self):
        if self._outer is not None:
            self._outer.kill()
            self._outer.wait()
        if self._cgroup is not None:
            until(self._remove_cgroup, "the processes have exited")

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
    """A system on the machine's files, except those that a test writes before start().

    `etc` is laid over the machine's /etc, `units` has all units, and `programs` is /usr/local/sbin.
    /var is an overlay as well, and /run, /tmp and /var/tmp are separate. The target that it boots
    starts no unit.
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
