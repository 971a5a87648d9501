# SPDX-License-Identifier: BSD-2-Clause
"""The rpm packages: built from the release tarball by Debian's rpmbuild, and installed."""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

import mib_root
from debian import on_debian_12
from mib_root import OTHER_ROOT

BUILD = pathlib.Path(os.environ.get("BUILD", pathlib.Path(__file__).parents[2] / "build"))
SOURCES = pathlib.Path(__file__).parents[2]
PACKAGING = SOURCES / "packaging/rpm"
MACROS = pathlib.Path(__file__).with_name("fedora.macros")

pytestmark = on_debian_12

AGENT_CONF = "etc/snmp/tcp-state-agent.conf"
SNMPD_CONF = "etc/snmp/snmpd.conf.d/tcp-state-agent.conf"
UNITS = "tcp-state-agent.service tcp-state-agent@*.service"

# The files that scriptlets need.
SHELL = ("/bin/sh", *re.findall(r"/\S+", subprocess.run(
    ["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout))


def run(*command, **how):
    """Run COMMAND, which must succeed, and return its output."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **how)
    assert done.returncode == 0, done.stdout
    return done.stdout


def build_rpms(tarball, top, *options):
    """Return the packages by name, and "src"."""
    run("rpmbuild", "-ta", "--nodeps", f"--load={MACROS}", "--define", f"_topdir {top}", *options,
        tarball)
    found = {path.name.rsplit("-", 2)[0]: path for path in (top / "RPMS").glob("*/*.rpm")}
    return found | {"src": next((top / "SRPMS").iterdir())}


def query(rpm, *what):
    return run("rpm", "-qp", *what, rpm).splitlines()


@pytest.fixture(scope="module")
def rpms(tarball, tmp_path_factory):
    return build_rpms(tarball, tmp_path_factory.mktemp("rpms"))


@pytest.fixture(scope="module")
def later_rpms(tarball, tmp_path_factory):
    """The packages of a later release with a new line in both configuration files."""
    directory = tmp_path_factory.mktemp("later")
    with tarfile.open(tarball) as archive:
        archive.extractall(directory)
    sources = directory / tarball.name.removesuffix(".tar.gz")
    for name in ("packaging/tcp-state-agent.conf", "packaging/rpm/snmpd.conf"):
        with open(sources / name, "a") as file:
            file.write("# later\n")
    (directory / "new").mkdir()
    later = directory / "new" / tarball.name
    with tarfile.open(later, "w:gz") as archive:
        archive.add(sources, sources.name)
    return build_rpms(later, directory, "--nocheck", "--define", "dist .later")


class Root:
    """A system with a shell and packages. `before` has the files before the installation."""

    def __init__(self, directory):
        self._directory = directory
        for path in SHELL:
            place = directory / path[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        self.before = self.tree()

    def __truediv__(self, path):
        return self._directory / path

    def rpm(self, *arguments):
        """Run rpm, and return its output, which is usually empty."""
        return run("rpm", "--force-debian", "--root", self._directory, "--dbpath", "/var/lib/rpm",
                   "--nodeps", *arguments)

    def tree(self):
        """Return all files except rpm's database and the log of the scriptlets."""
        return {path.relative_to(self._directory) for path in self._directory.rglob("*")
                if "var" not in path.relative_to(self._directory).parts[:1]
                and path.name != "notes"}

    def notes(self):
        """Return the calls since the last time."""
        notes = self / "notes"
        lines = notes.read_text().splitlines()
        notes.unlink()
        return lines


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


@pytest.fixture
def installed(root, rpms):
    assert root.rpm("-i", rpms["tcp-state-agent"], rpms["tcp-states"]) == ""
    return root


@pytest.mark.skipif(shutil.which("rpmlint") is None, reason="rpmlint is not here")
def test_rpmlint_is_silent(rpms):
    output = run("rpmlint", "-c", PACKAGING / "rpmlint.toml", *rpms.values(),
                 PACKAGING / "tcp-state-agent.spec")
    assert " 0 errors, 0 warnings" in output, output


def test_each_program_is_in_its_package(rpms):
    programs = {name: [line.split()[-1] for line in query(rpms[name], "-lv")
                       if line.startswith("-rwxr-xr-x") and "/usr/share/" not in line]
                for name in rpms if name != "src"}
    libdir = run("rpm", "--eval", "%{_libdir}").strip()
    libexecdir = run("rpm", "--eval", "%{_libexecdir}").strip()
    assert programs == {
        "tcp-state-agent": ["/usr/sbin/tcp-state-agent"],
        "tcp-states": ["/usr/bin/tcp-states", f"{libdir}/nagios/plugins/check_tcp_states",
                       f"{libexecdir}/tcp-state-agent/tcp-states-snmp"],
    }


def test_all_files_belong_to_root_and_only_root_can_write_them(rpms):
    for name in ("tcp-state-agent", "tcp-states"):
        for line in query(rpms[name], "-lv"):
            mode, _, owner, group = line.split()[:4]
            assert (owner, group) == ("root", "root"), line
            assert mode[0] == "l" or (mode[5], mode[8]) == ("-", "-"), line
            assert not set("sStT") & set(mode), line


def test_the_commands_need_neither_agent_nor_snmpd(rpms):
    needed = " ".join(query(rpms["tcp-states"], "--requires"))
    assert "libmnl.so" in needed and "libnetsnmp.so" in needed
    assert not re.search("net-snmp|agent|systemd|seccomp", needed)


def test_scriptlets_know_whether_it_is_an_upgrade(root, rpms, later_rpms):
    root.rpm("-i", rpms["tcp-state-agent"])
    assert root.notes() == [f"post 1 {UNITS}"]
    # Stands for the new version, which checks the configuration: only a shell can run here.
    checker = root / "usr/bin/setpriv"
    checker.parent.mkdir(parents=True, exist_ok=True)
    checker.write_text("#!/bin/sh\nexit 0\n")
    checker.chmod(0o755)
    root.rpm("-U", later_rpms["tcp-state-agent"])
    assert root.notes() == [f"post 2 {UNITS}", f"preun 1 {UNITS}",
                            f"postun_with_restart 1 {UNITS}"]
    root.rpm("-e", "tcp-state-agent")
    assert root.notes() == [f"preun 0 {UNITS}", f"postun_with_restart 0 {UNITS}"]


def test_systemd_makes_the_user_with_its_group(installed):
    run("systemd-sysusers", "--root", installed / ".")
    users, groups = ({line.split(":")[0]: line.split(":") for line in
                      (installed / name).read_text().splitlines()}
                     for name in ("etc/passwd", "etc/group"))
    assert users["tcp-state-agent"][3] == groups["tcp-state-agent"][2]


def test_snmpd_and_agent_use_a_socket_that_selinux_allows(installed):
    lines = (installed / SNMPD_CONF).read_text().splitlines()
    assert "agentXPerms 0660 0755 root tcp-state-agent" in lines
    sockets = [line for line in lines + (installed / AGENT_CONF).read_text().splitlines()
               if line.startswith("agentXSocket")]
    assert sockets == ["agentXSocket unix:/var/agentx/master"] * 2


def test_the_view_has_the_mib(installed):
    made = (BUILD / "snmpd.conf.d/tcp-state-agent.conf").read_text()
    place = re.search(r"^view systemonly (included \S+)$", made, re.MULTILINE)[1]
    assert f"\nview systemview {place}\n" in (installed / SNMPD_CONF).read_text()


def test_nothing_of_it_is_left(installed):
    assert (installed / "usr/sbin/tcp-state-agent").exists()
    assert installed.rpm("-e", "tcp-state-agent", "tcp-states") == ""
    # Directories of other packages, which are not installed.
    left = {path for path in installed.tree() - installed.before
            if not (installed / path).is_dir()}
    assert left == set()
    assert not [path for path in installed.tree() if "tcp-state" in str(path)]


@pytest.mark.parametrize("name", (AGENT_CONF, SNMPD_CONF))
def test_an_upgrade_keeps_modified_files(root, rpms, later_rpms, name):
    root.rpm("-i", rpms["tcp-state-agent"])
    mode = (root / name).stat().st_mode
    with open(root / name, "a") as file:
        file.write("# mine\n")
    edited = (root / name).read_text()
    output = root.rpm("-U", later_rpms["tcp-state-agent"])
    assert f"/{name} created as /{name}.rpmnew" in output
    assert (root / name).read_text() == edited
    assert (root / name).stat().st_mode == mode
    assert (root / f"{name}.rpmnew").read_text().endswith("# later\n")


def test_an_erasure_saves_modified_files(installed):
    with open(installed / AGENT_CONF, "a") as file:
        file.write("# mine\n")
    installed.rpm("-e", "tcp-state-agent")
    assert (installed / f"{AGENT_CONF}.rpmsave").read_text().endswith("# mine\n")


def test_another_mib_root_is_one_variable(root, tarball, tmp_path_factory, record_property):
    rpms = build_rpms(tarball, tmp_path_factory.mktemp("other"), "--nocheck", "--define",
                      f"mib_root {OTHER_ROOT}")
    root.rpm("-i", rpms["tcp-state-agent"], rpms["tcp-states"])
    assert f"\nview systemview included {OTHER_ROOT}\n" in (root / SNMPD_CONF).read_text()
    files = [root / path for path in root.tree() - root.before if (root / path).is_file()]
    with_root = [path for path in files if mib_root.has(path, OTHER_ROOT)]
    assert not [path for path in files if mib_root.has(path, ".1.3.6.1.4.1.8072.9999.9999.793")]
    assert {"TCP-STATE-COUNT-MIB.txt", "tcp-state-agent.8.gz", "tcp-state-agent.conf"} \
        <= {path.name for path in with_root}
    record_property("observed", f"{OTHER_ROOT} in {len(with_root)} files")
