# SPDX-License-Identifier: BSD-2-Clause
"""The rpms: built of the release tarball with Debian's rpmbuild, installed in a scratch root."""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

BUILD = pathlib.Path(os.environ.get("BUILD", pathlib.Path(__file__).parents[2] / "build"))
SOURCES = pathlib.Path(__file__).parents[2]
PACKAGING = SOURCES / "packaging/rpm"
MACROS = pathlib.Path(__file__).with_name("fedora.macros")

AGENT_CONF = "etc/snmp/tcp-state-agent.conf"
SNMPD_CONF = "etc/snmp/snmpd.conf.d/tcp-state-agent.conf"
UNITS = "tcp-state-agent.service tcp-state-agent@*.service"

# What scriptlets need of a system.
SHELL = ("/bin/sh", *re.findall(r"/\S+", subprocess.run(
    ["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout))


def run(*command, **how):
    """What COMMAND prints; it must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **how)
    assert done.returncode == 0, done.stdout
    return done.stdout


def build_rpms(tarball, top, *options):
    """The packages by name, and "src"."""
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
    """Of the next release, in which both configuration files have another line."""
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
    """A system that has a shell, and packages; `before` is what was in it before they were."""

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
        """Returns what rpm says, which is nothing when all is usual."""
        return run("rpm", "--force-debian", "--root", self._directory, "--dbpath", "/var/lib/rpm",
                   "--nodeps", *arguments)

    def tree(self):
        """All but rpm's own database, and what the scriptlets noted."""
        return {path.relative_to(self._directory) for path in self._directory.rglob("*")
                if "var" not in path.relative_to(self._directory).parts[:1]
                and path.name != "notes"}

    def notes(self):
        """Those since the last time."""
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
def test_rpmlint_has_nothing_to_say(rpms):
    told = run("rpmlint", "-c", PACKAGING / "rpmlint.toml", *rpms.values(),
               PACKAGING / "tcp-state-agent.spec")
    assert " 0 errors, 0 warnings" in told, told


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


def test_everything_is_roots_and_nobody_elses_to_write(rpms):
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


def test_snmpd_and_agent_meet_where_selinux_lets_them(installed):
    lines = (installed / SNMPD_CONF).read_text().splitlines()
    assert "agentXPerms 0660 0755 root tcp-state-agent" in lines
    sockets = [line for line in lines + (installed / AGENT_CONF).read_text().splitlines()
               if line.startswith("agentXSocket")]
    assert sockets == ["agentXSocket unix:/var/agentx/master"] * 2


def test_the_view_has_the_mib(installed):
    made = (BUILD / "snmpd.conf.d/tcp-state-agent.conf").read_text()
    place = re.search(r"^view systemonly (included \S+)$", made, re.MULTILINE)[1]
    assert f"\nview systemview {place}\n" in (installed / SNMPD_CONF).read_text()


def test_nothing_is_left_of_it(installed):
    assert (installed / "usr/sbin/tcp-state-agent").exists()
    assert installed.rpm("-e", "tcp-state-agent", "tcp-states") == ""
    # The directories of other packages, which are not here.
    left = {path for path in installed.tree() - installed.before
            if not (installed / path).is_dir()}
    assert left == set()
    assert not [path for path in installed.tree() if "tcp-state" in str(path)]


@pytest.mark.parametrize("name", (AGENT_CONF, SNMPD_CONF))
def test_an_upgrade_keeps_what_the_operator_wrote(root, rpms, later_rpms, name):
    root.rpm("-i", rpms["tcp-state-agent"])
    mode = (root / name).stat().st_mode
    with open(root / name, "a") as file:
        file.write("# mine\n")
    edited = (root / name).read_text()
    told = root.rpm("-U", later_rpms["tcp-state-agent"])
    assert f"/{name} created as /{name}.rpmnew" in told
    assert (root / name).read_text() == edited
    assert (root / name).stat().st_mode == mode
    assert (root / f"{name}.rpmnew").read_text().endswith("# later\n")


def test_an_erasure_saves_what_the_operator_wrote(installed):
    with open(installed / AGENT_CONF, "a") as file:
        file.write("# mine\n")
    installed.rpm("-e", "tcp-state-agent")
    assert (installed / f"{AGENT_CONF}.rpmsave").read_text().endswith("# mine\n")
