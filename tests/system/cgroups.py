# SPDX-License-Identifier: BSD-2-Clause
"""Cgroups (v2) of units, in which this process opens sockets.

    with Cgroups() as cgroups:
        with cgroups.inside("a.service"):
            ... sockets opened here belong to a.service ...
        cgroups.remove("a.service")

The units are below a cgroup of this process, so that tests that run at the same time differ.
"""

import contextlib
import os
import pathlib

ROOTS = (pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/sys/fs/cgroup/unified"))


def root():
    """Return the directory of cgroup v2, or None."""
    return next((path for path in ROOTS if (path / "cgroup.procs").exists()
                 and (path / "cgroup.controllers").exists()), None)


class Cgroups:
    def __enter__(self):
        self._directory = root() / f"tcp-states-{os.getpid()}"
        self._directory.mkdir()
        return self

    def __exit__(self, *_):
        for path, _, _ in os.walk(self._directory, topdown=False):
            os.rmdir(path)

    def path(self, name):
        """Return the path of a cgroup from the root."""
        return f"/{self._directory.name}/{name}"

    def make(self, name):
        (self._directory / name).mkdir(parents=True, exist_ok=True)

    def remove(self, name):
        (self._directory / name).rmdir()

    @contextlib.contextmanager
    def inside(self, name):
        """Context: this process is in the cgroup, which is made if it does not exist."""
        before = next(line.split(":", 2)[2] for line in
                      pathlib.Path("/proc/self/cgroup").read_text().splitlines()
                      if line.startswith("0::"))
        self.make(name)
        _enter(self._directory / name)
        try:
            yield
        finally:
            _enter(root() / before.lstrip("/"))


def _enter(directory):
    (directory / "cgroup.procs").write_text(str(os.getpid()))
