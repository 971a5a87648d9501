# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages as they are built: by Debian's own judge, and built once more."""

import pathlib
import re
import subprocess
import tempfile

import pytest

import debian


def test_the_unit_tests_run_in_the_build(built, record_property):
    told = dict(re.findall(r"^# ([A-Z]+): +(\d+)$", built.log.read_text(), re.MULTILINE))
    assert int(told["PASS"]) == int(told["TOTAL"]) > 0
    record_property("saw", f"{told['PASS']} unit tests passed")


@pytest.mark.skipif(debian.RELEASE != "bookworm", reason="lintian's rules are another release's")
def test_lintian_finds_nothing(built):
    done = subprocess.run(["lintian", "--allow-root", "--display-info", "--display-experimental",
                           "--pedantic", built.only("*.changes")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_build_elsewhere_is_the_same(built, tarball, record_property):
    """By another user, in another place, zone and locale, at another time."""
    with tempfile.TemporaryDirectory(prefix="quite-another-place-") as elsewhere:
        again = debian.build(pathlib.Path(elsewhere), tarball, "--build=binary", user="nobody",
                             DEB_BUILD_OPTIONS="nocheck", LC_ALL="C", TZ="Asia/Tokyo")
        assert "# PASS:" not in again.log.read_text()
        for name, package in built.files.items():
            assert again.files[name].read_bytes() == package.read_bytes(), name
    record_property("saw", f"{len(built.files)} packages, octet by octet")
