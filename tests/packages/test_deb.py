# SPDX-License-Identifier: BSD-2-Clause
"""The built Debian packages: lintian, and reproducibility."""

import pathlib
import re
import subprocess
import tempfile

import pytest

import debian
import mib
import mib_root
import snmp
from mib_root import OTHER_ROOT


def test_the_unit_tests_run_in_the_build(built, record_property):
    results = dict(re.findall(r"^# ([A-Z]+): +(\d+)$", built.log.read_text(), re.MULTILINE))
    assert int(results["PASS"]) == int(results["TOTAL"]) > 0
    record_property("observed", f"{results['PASS']} unit tests passed")


@pytest.mark.skipif(debian.RELEASE not in ("bookworm", "trixie"),
                    reason="lintian's rules are another release's")
def test_lintian_is_silent(built):
    """The overrides and the Standards-Version are for Debian 12."""
    newer = ["--suppress-tags", "alien-tag,out-of-date-standards-version"]
    done = subprocess.run(["lintian", "--allow-root", "--display-info", "--display-experimental",
                           "--pedantic", *(newer if debian.RELEASE == "trixie" else []),
                           built.only("*.changes")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_build_is_reproducible(built, tarball, record_property):
    """Build as a different user, with a different directory, time zone, locale and time."""
    with tempfile.TemporaryDirectory(prefix="quite-another-place-") as elsewhere:
        again = debian.build(pathlib.Path(elsewhere), tarball, "--build=binary", user="nobody",
                             DEB_BUILD_OPTIONS="nocheck", LC_ALL="C", TZ="Asia/Tokyo")
        assert "# PASS:" not in again.log.read_text()
        for name, package in built.files.items():
            assert again.files[name].read_bytes() == package.read_bytes(), name
    record_property("observed", f"{len(built.files)} packages, octet by octet")


def test_another_mib_root_is_one_variable(tarball, record_property):
    """No file in the packages has the default root. test_deb_installed.py runs such an agent."""
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        packages = debian.build(directory, tarball, "--build=binary", DEB_BUILD_OPTIONS="nocheck",
                                MIB_ROOT=OTHER_ROOT)
        for name in ("tcp-state-agent", "tcp-states"):
            subprocess.run(["dpkg-deb", "-x", packages.files[name], directory / "unpacked"],
                           check=True)
        files = [path for path in (directory / "unpacked").rglob("*")
                 if path.is_file() and not path.is_symlink()]
        with_root = [path for path in files if mib_root.has(path, OTHER_ROOT)]
        assert not [path for path in files if mib_root.has(path, snmp.dotted(mib.ROOT))]
    assert {"README.Debian", "TCP-STATE-COUNT-MIB.txt", "tcp-state-agent.8.gz",
            "tcp-state-agent.conf"} <= {path.name for path in with_root}
    record_property("observed", f"{OTHER_ROOT} in {len(with_root)} files")
