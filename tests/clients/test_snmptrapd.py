# SPDX-License-Identifier: BSD-2-Clause
"""What snmptrapd and SNMPTT tell of real notifications, which come through snmpd."""

import html
import pathlib
import re

import pytest

import browser
import mib
import snmp
from daemons import BUILD
from polling import until
from stage import INTEGRATIONS, Stage

FILES = INTEGRATIONS / "snmptrapd"
THRESHOLD = "leak state ipv4 closeWait 2"
RAISED = ("WARNING", "leak is raised: state ipv4 closeWait is 5, wanted 2")
CLEARED = ("Normal", "leak is cleared: state ipv4 closeWait is 0, wanted 2")
MISSING = ("CRITICAL", "The counts of sockets are absent: tcp-state-agent is missing, or its"
           " refreshes fail")
COLOURS = {"WARNING": "#b58900", "Normal": "#3a7d00", "CRITICAL": "#c0392b"}


@pytest.fixture
def stage(tmp_path):
    with Stage(tmp_path, threshold=THRESHOLD) as stage:
        yield stage


def raise_and_clear(stage):
    stage.make(4, "closeWait", 5)
    status = mib.of_threshold(mib.THRESHOLD_STATUS, "leak")
    until(lambda: snmp.get_value(status) == mib.RAISED_STATUS, "it is raised")
    stage.unmake()
    until(lambda: snmp.get_value(status) == mib.NORMAL, "it is cleared")


def test_snmptrapd_logs_a_line_of_each(stage, record_property):
    daemon = stage.receive_traps((FILES / "tcp-states-snmptrapd.conf").read_text(),
                                 mibs="+TCP-STATE-COUNT-MIB")
    raise_and_clear(stage)
    lines = until(lambda: told(daemon.log, 2), "two notifications", 10)
    for line, kind, value in zip(lines, ("Raised", "Cleared"), (5, 0)):
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d localhost: \S+ = [\d:.]+"
            rf"\t\S+ = tcpThreshold{kind}"
            r"\ttcpThresholdLabel.'leak' = leak"
            r"\ttcpThresholdMetric.'leak' = state ipv4 closeWait"
            rf"\ttcpThresholdValue.'leak' = {value}( sockets)?"
            r"\ttcpThresholdRange.'leak' = 2"
            r"\ttcpThresholdSince.'leak' = [\d:.]+", line), line
    record_property("saw", re.sub(r"\t", ", ", lines[0]))


def told(log, number):
    lines = [line for line in log.splitlines() if "tcpThreshold" in line]
    return lines if len(lines) == number else None


@pytest.fixture
def snmptt_log(stage):
    """SNMPTT's, with Debian's own snmptt.ini but for its files."""
    log = stage.directory / "snmptt.log"
    log.touch()
    text = pathlib.Path("/etc/snmp/snmptt.ini").read_text()
    for pattern, replacement in (
            ("log_file = .*", f"log_file = {log}"),
            ("syslog(_system)?_enable = .*", r"syslog\1_enable = 0"),
            ("/etc/snmptt/snmptt.conf", f"{FILES}/snmptt.conf.tcp-states")):
        text, found = re.subn(f"^{pattern}$", replacement, text, flags=re.MULTILINE)
        assert found
    (stage.directory / "snmptt.ini").write_text(text)
    monitors = (BUILD / "snmpd.conf.d/tcp-state-monitors.conf").read_text()
    stage.receive_traps(
        "authCommunity log,execute,net public\n"
        f"traphandle default /usr/sbin/snmptt --ini={stage.directory}/snmptt.ini\n", "-On",
        more_lines=monitors.replace(" -r 10 ", " -r 1 "))
    return log


def test_snmptt_tells_each_and_a_missing_agent(stage, snmptt_log, picture, record_property):
    raise_and_clear(stage)
    until(lambda: CLEARED in events(snmptt_log), "both events", 20)
    told = events(snmptt_log)
    assert [event for event in told if event != MISSING] == [RAISED, CLEARED]
    stage.refuse()  # snmpd may have told of its start already, when the agent was not yet back
    until(lambda: len(events(snmptt_log)) > len(told), "the counts are absent", 20)
    assert events(snmptt_log) == [*told, MISSING]
    draw(snmptt_log.read_text(), stage.directory, picture("snmptrapd"))
    record_property("saw", "; ".join(" ".join(event) for event in (RAISED, CLEARED, MISSING)))


def events(log):
    """[(severity, text)]"""
    return re.findall(r'^.* \.1\.3\S+ (\w+) "TCP thresholds" localhost - (.*)$', log.read_text(),
                      re.MULTILINE)


def draw(log, directory, file):
    """SNMPTT's log, a colour for each severity."""
    lines = "\n".join(
        f'<span style="color: {COLOURS[re.search("|".join(COLOURS), line)[0]]}">'
        f"{html.escape(line)}</span>" for line in log.splitlines())
    browser.draw(f'<pre style="font: 12px monospace; white-space: pre-wrap">{lines}</pre>',
                 directory, (800, 135), file)
