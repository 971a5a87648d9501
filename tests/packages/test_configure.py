# SPDX-License-Identifier: BSD-2-Clause
"""Invalid options of configure, and its summary."""

import subprocess

import pytest

from debian import SOURCES


def configure(directory, *arguments):
    return subprocess.run([SOURCES / "configure", *arguments], cwd=directory, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.parametrize("root, problem", (
    (".1.3.6.1.4.1", "not an OID below enterprises"),
    (".1.3.6.1.2.1.6", "not an OID below enterprises"),
    (".1.3.6.1.4.1.99999.7x", "not an OID below enterprises"),
    (".1.3.6.1.4.1.099999.7", "not an OID below enterprises"),
    (".1.3.6.1.4.1.4294967296", "a sub-identifier is larger than 4294967295"),
    (".1.3.6.1.4.1.1.2.3.4.5.6.7.8.9.10.11", "17 sub-identifiers, the maximum is 16"),
    (".1.3.6.1.4.1.268435456.268435456.268435456.1", "21 octets in BER, the maximum is 20"),
))
def test_a_mib_root_is_refused(tmp_path, root, problem):
    done = configure(tmp_path, f"--with-mib-root={root}")
    assert done.returncode != 0
    assert f"error: --with-mib-root={root}: {problem}" in done.stdout


def test_the_summary(tmp_path):
    """It includes the longest MIB root, and omitted parts with the reason."""
    root = ".1.3.6.1.4.1.268435456.268435456.268435456"
    done = configure(tmp_path, f"--with-mib-root={root[1:]}", "--without-seccomp",
                     "--with-plugindir=/usr/lib/nagios/plugins", "PYTHON=:")
    assert done.returncode == 0, done.stdout
    summary = dict(line.strip().split("  ", 1) for line in done.stdout.splitlines()
                   if line.startswith("    ") and "  " in line.strip())
    summary = {name: value.strip() for name, value in summary.items()}
    assert summary["MIB root"] == root
    assert summary["confinement"] == "Landlock (--without-seccomp)"
    assert summary["check_tcp_states"] == "/usr/lib/nagios/plugins"
    assert summary["files for integrations"].startswith("NOT BUILT: Python 3.9 or later")
    assert summary["unit tests"] == "with cmocka"
