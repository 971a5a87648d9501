# SPDX-License-Identifier: BSD-2-Clause
"""Waiting for what shall become true, with a deadline instead of a fixed sleep."""

import time


def until(condition, what, seconds=5, pause=0.005):
    """Return the first true value of condition(); after SECONDS fail, naming WHAT is missing."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)
