# SPDX-License-Identifier: BSD-2-Clause
"""A report in which each test tells what it saw.

A test says it by record_property("saw", "22 of 22 counts equal"), which is pytest's own. A
conftest.py that wants the report has `pytest_report_teststatus = saw.report_teststatus`.
"""


def report_teststatus(report):
    if report.when == "call" and report.passed:
        told = [str(value) for name, value in report.user_properties if name == "saw"]
        return "passed", ".", "passed: " + "; ".join(told) if told else "passed"
    return None
