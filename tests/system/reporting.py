# SPDX-License-Identifier: BSD-2-Clause
"""Additions to pytest's report: observations of tests that passed, and for tests that failed the
random seed and the logs of all daemons.

A test records an observation by record_property("observed", "22 of 22 counts equal"). Each
conftest.py imports the two hooks.
"""

import os
import random

import pytest

import daemons

# Set in the environment for the workers of pytest-xdist.
SEED = os.environ.setdefault("SEED", str(random.randrange(10**9)))

_LOG_LINES = 200


def seed(request):
    """Seed a test's random numbers from SEED and the name of the test."""
    random.seed(f"{SEED} {request.node.nodeid}")


def pytest_report_teststatus(report):
    if report.when == "call" and report.passed:
        observed = [str(value) for name, value in report.user_properties if name == "observed"]
        return "passed", ".", "passed: " + "; ".join(observed) if observed else "passed"
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        report.sections.append(("seed", f"SEED={SEED}"))
        for daemon in daemons.launched:
            lines = daemon.log.splitlines()[-_LOG_LINES:]
            report.sections.append((f"log of {daemon.name}", "\n".join(lines)))
