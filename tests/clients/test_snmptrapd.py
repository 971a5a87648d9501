# SPDX-License-Identifier: BSD-2-Clause
"""The logs of snmptrapd and SNMPTT for real notifications through snmpd."""

import html
import pathlib
import re

import pytest

import browser
import mib
import snmp
from daemons import BUILD
from polling import until
from monitored_host import INTEGRATIONS, MonitoredHost

FILES = INTEGRATIONS / "snmptrapd"
# Only the last of five sockets raises it, and only the end of all of them clears it.
THRESHOLD = "leak state ipv4 closeWait 4 clear 0"
DATE = r"\d{4}-\d+-\d+,\d+:\d+:\d+\.\d,[+-]\d+:\d+"
RAISED = ("WARNING", "leak is raised since DATE: state ipv4 closeWait is 5, range 4; top: (null)")
CLEARED = ("Normal", "leak is cleared since DATE: state ipv4 closeWait is 0, range 4; top: (null)")
MISSING = ("CRITICAL", "Socket counts are absent: tcp-state-agent is missing, or its refreshes fail")
COLOURS = {"WARNING": "#b58900", "Normal": "#3a7d00", "CRITICAL": "#c0392b"}


@pytest.fixture
def monitored(tmp_path):
    with MonitoredHost(tmp_path, threshold=THRESHOLD, owners="no") as monitored:
        yield monitored


def raise_and_clear(monitored):
    monitored.make(4, "closeWait", 5)
    status = mib.of_threshold(mib.THRESHOLD_STATUS, "leak")
    until(lambda: snmp.get_value(status) == mib.RAISED_STATUS, "it is raised")
    monitored.unmake()
    until(lambda: snmp.get_value(status) == mib.NORMAL, "it is cleared")


def test_snmptrapd_logs_a_line_of_each(monitored, record_property):
    daemon = monitored.receive_traps((FILES / "tcp-states-snmptrapd.conf").read_text(),
                                 mibs="+TCP-STATE-COUNT-MIB")
    raise_and_clear(monitored)
    lines = until(lambda: notification_lines(daemon.log, 2), "two notifications")
    for line, kind, value in zip(lines, ("Raised", "Cleared"), (5, 0)):
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d localhost: \S+ = [\d:.]+"
            rf"\t\S+ = tcpThreshold{kind}"
            r'\ttcpThresholdLabel."leak" = leak'
            r'\ttcpThresholdMetric."leak" = state ipv4 closeWait'
            rf'\ttcpThresholdValue."leak" = {value}( sockets)?'
            r'\ttcpThresholdRange."leak" = 4'
            r'\ttcpThresholdSince."leak" = [\d:.]+'
            r'\ttcpThresholdClearRange."leak" = 0'
            rf'\ttcpThresholdSinceDate."leak" = {DATE}'
            r'\ttcpThresholdTop."leak" = ', line), line
    record_property("observed", re.sub(r"\t", ", ", lines[0]))


def notification_lines(log, number):
    lines = [line for line in log.splitlines() if "tcpThreshold" in line]
    return lines if len(lines) == number else None


@pytest.fixture
def snmptt_log(monitored):
    """The log of SNMPTT with Debian's snmptt.ini, except for its files."""
    log = monitored.directory / "snmptt.log"
    log.touch()
    text = pathlib.Path("/etc/snmp/snmptt.ini").read_text()
    for pattern, replacement in (
            ("log_file = .*", f"log_file = {log}"),
            ("syslog(_system)?_enable = .*", r"syslog\1_enable = 0"),
            ("/etc/snmptt/snmptt.conf", f"{FILES}/snmptt.conf.tcp-states")):
        text, found = re.subn(f"^{pattern}$", replacement, text, flags=re.MULTILINE)
        assert found
    (monitored.directory / "snmptt.ini").write_text(text)
    monitors = (BUILD / "snmpd.conf.d/tcp-state-monitors.conf").read_text()
    monitored.receive_traps(
        "authCommunity log,execute,net public\n"
        f"traphandle default /usr/sbin/snmptt --ini={monitored.directory}/snmptt.ini\n", "-On",
        mibs="+TCP-STATE-COUNT-MIB", more_lines=monitors.replace(" -r 10 ", " -r 1 "))
    return log


def test_snmptt_logs_each_and_a_missing_agent(monitored, snmptt_log, picture, record_property):
    raise_and_clear(monitored)
    until(lambda: CLEARED in events(snmptt_log), "both events")
    before = events(snmptt_log)
    assert [event for event in before if event != MISSING] == [RAISED, CLEARED]
    monitored.refuse()  # snmpd may have notified of its start before the agent was back
    until(lambda: len(events(snmptt_log)) > len(before), "the counts are absent")
    assert events(snmptt_log) == [*before, MISSING]
    draw(snmptt_log.read_text(), monitored.directory, picture("snmptrapd"))
    record_property("observed", "; ".join(" ".join(event) for event in (RAISED, CLEARED, MISSING)))


def events(log):
    """Return the log as [(severity, text)], with DATE in place of dates."""
    return re.findall(r'^.* \.1\.3\S+ (\w+) "TCP thresholds" localhost - (.*)$',
                      re.sub(DATE, "DATE", log.read_text()), re.MULTILINE)


def draw(log, directory, file):
    """Draw SNMPTT's log with a colour for each severity."""
    lines = "\n".join(
        f'<span style="color: {COLOURS[re.search("|".join(COLOURS), line)[0]]}">'
        f"{html.escape(line)}</span>" for line in log.splitlines())
    browser.draw(f'<pre style="font: 12px monospace; white-space: pre-wrap">{lines}</pre>',
                 directory, (800, 135), file)
