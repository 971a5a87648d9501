# SPDX-License-Identifier: BSD-2-Clause
"""Builds the Debian packages, and creates systems to install them in."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from booted import System
from namespace import FIRST_NETWORK, inside

SOURCES = pathlib.Path(__file__).parents[2]
_ABOUT_HERE = dict(line.split("=", 1) for line in
                   pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
# Packages built here can be installed in a system with the same libraries.
HERE = _ABOUT_HERE["ID"] == "debian"
# sid has the name of the next release.
RELEASE = os.environ.get("DISPOSABLE_DEBIAN", _ABOUT_HERE.get("VERSION_CODENAME"))

# Tests of packages for other distributions, with the tools that Debian 12 has for them.
on_debian_12 = pytest.mark.skipif(
    RELEASE != "bookworm", reason="Debian 12's rpm and OpenRC stand in for other distributions")

# Like systemd-nspawn, in short: harmless devices, and the machine's settings read-only.
_IN_ROOT = """
mount -t tmpfs tmpfs "$1/overlay"
mkdir "$1/overlay/upper" "$1/overlay/work"
mount -t overlay -o "lowerdir=$1/base,upperdir=$1/overlay/upper,workdir=$1/overlay/work" \\
    overlay "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs dev
for device in full null random tty urandom zero; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/systemd/system
# There are no logins and no searches for updates.
for unit in getty.target console-getty.service apt-daily.timer apt-daily-upgrade.timer; do
    ln -s /dev/null "run/systemd/system/$unit"
done
pivot_root . mnt
umount -l mnt
"""


class Packages:
    """The packages from one build, in DIRECTORY."""

    def __init__(self, directory):
        self.directory = directory
        self.log = directory / "log"

    @property
    def files(self):
        """Return {name: file} of all packages, including debugging symbols."""
        return {deb.name.partition("_")[0]: deb for deb in self.directory.glob("*.deb")}

    def only(self, pattern):
        found, = self.directory.glob(pattern)
        return found


def build(directory, tarball, *options, user="root", **environment):
    """Build in DIRECTORY with dpkg-buildpackage OPTIONS as USER."""
    name, version = re.fullmatch(r"(.*)-([^-]*)\.tar\.gz", tarball.name).groups()
    sources = directory / f"{name}-{version}"
    shutil.copy(tarball, directory / f"{name}_{version}.orig.tar.gz")
    subprocess.run(["tar", "-xf", tarball, "-C", directory], check=True)
    shutil.copytree(SOURCES / "debian", sources / "debian")
    subprocess.run(["chown", "-R", user, directory], check=True)
    packages = Packages(directory)
    with open(packages.log, "wb") as log:
        done = subprocess.run(["dpkg-buildpackage", "-us", "-uc", *options], cwd=sources, user=user,
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                              env={**os.environ, **environment})
    assert done.returncode == 0, packages.log.read_text(errors="replace")[-4000:]
    return packages


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_older(directory, package):
    """Write a copy of PACKAGE with a lower version into DIRECTORY."""
    with tempfile.TemporaryDirectory() as unpacked:
        _run("dpkg-deb", "-R", package, unpacked)
        _run("sed", "-i", r"s/^Version: .*/&~older/", f"{unpacked}/DEBIAN/control")
        _run("dpkg-deb", "--root-owner-group", "-b", unpacked, directory)


def bootstrap(root, packages):
    """Create a minimal Debian in ROOT with systemd. Packages for the tests are in apt's cache.

    PACKAGES and the directory debian are in /srv.
    """
    with inside(f"/proc/self/fd/{FIRST_NETWORK}"):
        _run("cp", "-a", _run(SOURCES / "build-support/debian-root", RELEASE).rstrip("\n"), root)
        shutil.copy("/etc/resolv.conf", root / "etc")
        # As Debian's installer writes it. snmpd of 5.9.5 restricts its community to localhost.
        (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
        for package in packages.files.values():
            shutil.copy(package, root / "srv")
        shutil.copytree(SOURCES / "debian", root / "srv/source/debian")
        for command in (
                "update", "--download-only install snmp /srv/tcp-state-agent_*.deb",
                "--download-only --no-install-recommends install autopkgtest dpkg-dev iproute2"):
            _run("chroot", root, "sh", "-c", f"apt-get -q -y {command}")


class Debian(System):
    """A system with the files below BASE, which it does not change."""

    def __init__(self, directory, base):
        super().__init__(directory, _IN_ROOT, "multi-user.target")
        for place in ("overlay", "root"):
            (directory / place).mkdir()
        (directory / "base").symlink_to(base)

    def install(self, *packages, options=("--no-install-recommends",)):
        """Install PACKAGES, names or file patterns. The built packages are in /srv."""
        return self.apt("install", *options, *packages)

    def apt(self, *arguments):
        return self.run("sh", "-c", "DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -y "
                        + " ".join(arguments))
