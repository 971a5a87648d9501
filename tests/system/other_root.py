# SPDX-License-Identifier: BSD-2-Clause
"""A build whose MIB is elsewhere."""

import os
import pathlib
import subprocess

from daemons import SOURCES

OTHER_ROOT = ".1.3.6.1.4.1.99999.7"


def build_at_other_root(directory, *targets):
    """Return a build directory: $OTHER_ROOT_BUILD, or else DIRECTORY with TARGETS made there."""
    if "OTHER_ROOT_BUILD" in os.environ:
        return pathlib.Path(os.environ["OTHER_ROOT_BUILD"])
    for command in ([SOURCES / "configure", f"--with-mib-root={OTHER_ROOT}"],
                    ["make", "-j", str(os.cpu_count()), *targets]):
        subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return directory
