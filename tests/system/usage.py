# SPDX-License-Identifier: BSD-2-Clause
"""What programs print about themselves."""

import re
import subprocess

from daemons import SANITIZER_OPTIONS


def printed(program, option):
    """What PROGRAM answers to OPTION, without a complaint."""
    done = subprocess.run([program, option], env=SANITIZER_OPTIONS, capture_output=True,
                          text=True, timeout=5)
    assert done.stderr == ""
    return done.stdout


def options(program):
    """Those that its -h lists, without their first dash: {"4", "-ipv4", …}."""
    listed = re.findall(r"^ +(?:-(\w))?(?:, )?(?:-(-[\w-]+))?[ =\[]", printed(program, "-h"),
                        re.MULTILINE)
    return {option for line in listed for option in line if option}
