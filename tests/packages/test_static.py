# SPDX-License-Identifier: BSD-2-Clause
"""The static tcp-states, if the machine has static libraries."""

import json
import pathlib
import subprocess

import pytest

from daemons import BUILD
from sockets import StateMaker

# The compiler prints a path if the library exists.
_LIBRARY = pathlib.Path(subprocess.run(["gcc", "-print-file-name=libmnl.a"], check=True, text=True,
                                       capture_output=True).stdout.strip())

# Runs $2 in the directory $1, which has no other files except those of the kernel.
_ALONE = 'mount -t proc proc "$1/proc" && cd "$1" && exec chroot . "/$2" -o json'


def make_static():
    return subprocess.run(["make", "-C", BUILD, "static"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


@pytest.mark.skipif(not _LIBRARY.is_absolute(), reason="libmnl.a not found")
def test_it_shows_the_same_as_the_other(network, tmp_path, record_property):
    """It runs in a directory without libraries and configuration."""
    done = make_static()
    assert done.returncode == 0, done.stderr
    program = tmp_path / "tcp-states"
    subprocess.run(["strip", "-o", program, BUILD / "static/tcp-states"], check=True)
    (tmp_path / "proc").mkdir()
    with StateMaker() as maker:
        for family, state, number in ((4, "listen", 3), (4, "established", 5), (6, "closeWait", 4)):
            maker.make(family, state, number)
        shown = [subprocess.run(command, check=True, capture_output=True, text=True).stdout
                 for command in (
                     ["unshare", "--mount", "sh", "-c", _ALONE, "sh", tmp_path, program.name],
                     [BUILD / "tcp-states", "-o", "json"])]
        expected = list(maker.expected.values())
    counts = [json.loads(text)["counts"] for text in shown]
    assert counts[0] == counts[1]
    assert [count or 0 for family in counts[0].values()
            for count in family.values()] == expected
    done = subprocess.run([program, "-H", "127.0.0.1"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the static tcp-states cannot query other hosts" in done.stderr
    record_property("observed", f"{program.stat().st_size} octets")


@pytest.mark.skipif(_LIBRARY.is_absolute(), reason="there is a libmnl.a")
def test_it_is_refused_with_the_reason():
    reason = "libmnl.a not found (libmnl-dev of Debian 13 has it, that of Debian 12 does not)"
    done = make_static()
    assert done.returncode != 0 and reason in done.stderr
