# SPDX-License-Identifier: BSD-2-Clause
"""Every level in the source tree is from integrations/levels.py.

Files that are not generated are read. Generators are run with other levels: each number in a place
for a level has to be one of those.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

import levels
from monitored_host import MIB_FILE, SOURCES

# The arguments of a "threshold" directive, including those in tables.
_DIRECTIVE = re.compile(r"""
    [\w.-]+ \s (?: state \s (?:any|ipv4|ipv6) \s \w+ | rate \s \w+ (?: \s over \s \d+ )?
                | listen \s (?: any | \S+:\d+ ) | host \s \w+ | port \s \S+ \s \w+ )
    \s (?P<range> [@~:\d][@~:.\d]* ) (?: \s clear \s [@~:\d][@~:.\d]* )? (?: \s hold \s \d+ )?
    (?= [`\s] | $ )""", re.VERBOSE)


def files(*patterns):
    return sorted(path for pattern in patterns for path in SOURCES.glob(pattern))


def directives(path):
    """Return the arguments of "threshold" in a file, except minima, which are not levels."""
    for line in path.read_text().splitlines():
        for found in _DIRECTIVE.finditer(" ".join(line.split())):
            if not found["range"].endswith(":"):
                yield found[0]


def test_thresholds_in_texts_are_those_of_levels(record_property):
    shipped = {levels.directive(threshold) for threshold in levels.THRESHOLDS}
    seen = {}
    for path in files("*.md", "man/*", "doc/*.md", "packaging/*.conf", "packaging/*/*",
                      "snmpd.conf.d/*.in", "integrations/*.md", "integrations/*/*.md",
                      "integrations/*/*.yml", "mibs/*.in", "debian/*", "NEWS", "quickstart"):
        if path.is_file():
            seen[path] = list(directives(path))
            assert set(seen[path]) <= shipped, f"{path}: not in integrations/levels.py"
    for name in ("man/tcp-state-agent.conf.5", "packaging/tcp-state-agent.conf"):
        assert set(seen[SOURCES / name]) == shipped, name
    assert len(seen[SOURCES / "README.md"]) == 3
    record_property("observed", f"{sum(map(len, seen.values()))} directives")


def test_levels_of_snmpd_s_monitors():
    expected = {state: [level.clear, level.warning] for state, level in levels.STATES.items()}
    expected |= {"acceptQueue": [levels.FILL.warning], "countsAbsent": []}
    text = (SOURCES / "snmpd.conf.d/tcp-state-monitors.conf.in").read_text()
    found = {}
    for name, test in re.findall(r'^#?monitor .*"(\w+)" (.*)$', text, re.MULTILINE):
        found[name] = [int(word) for word in test.split() if word.isdigit()]
    assert found == expected


def test_levels_of_prometheus_alerts():
    rates, limits = levels.RATES, levels.LIMITS
    drops = rates["tcpHostListenDrops"].warning
    expected = {
        "TcpStateCountsOld": [levels.AGE_INTERVALS],
        "TcpStateRefreshErrors": [levels.REFRESH_ERRORS],
        "TcpSynFlood": [rates["tcpHostSyncookiesSent"].warning,
                        rates["tcpHostSynQueueDrops"].warning],
        "TcpUnanswered": [levels.STATES["synSent"].warning],
        "TcpCloseWaitLeak": [levels.STATES["closeWait"].warning],
        "TcpTimeWait": [levels.STATES["timeWait"].warning],
        "TcpLocalPorts": [levels.PORTS.warning],
        "TcpAcceptQueue": [levels.FILL.warning],
        "TcpListenDrops": [drops, drops],
        "TcpOrphansNearLimit": [limits["tcpHostOrphans"].warning],
        "TcpTimeWaitsNearLimit": [limits["tcpHostTimeWaits"].warning],
        "TcpMemoryNearLimit": [limits["tcpHostMemory"].warning],
        "TcpConntracksNearLimit": [limits["tcpHostConntracks"].warning]}
    found = {}
    for group in yaml.safe_load((SOURCES / "integrations/prometheus/alerts.yml").read_text())[
            "groups"]:
        for rule in group["rules"]:
            numbers = [float(number) for number in re.findall(r"[<>]=? *([\d.]+)", rule["expr"])]
            # A comparison with zero is not a level.
            if any(numbers):
                found[rule["alert"]] = [number for number in numbers if number]
    assert found == expected


# The places of levels in the files of the integrations.
_PLACES = {
    "collectd": r"(?:Warning|Failure)M(?:ax|in) ([\d.]+)",
    "librenms": r"(?:(?:warn|high)_limit: |-[wc] (?!1$|0:)"
                r"|'sockets', (?=\d)|'sockets', \d+, |\"greater\", \"value\": \")(\d+)",
    "mrtg": r"Thresh\w+\[\w+\]: (\d+)",
    # The status 1 means that a threshold is normal, and any age is accepted.
    "nagios": r"(?:-[wc] (?!1$|0:)|_(?:warning|critical|warn|crit) = \"(?!1\"|0:))(\d+)",
    "zabbix": r"macro: '\{\$TCP\.[A-Z.]+\.WARN[^}]*\}'\s+value: '(\d+)'",
}


@pytest.fixture(scope="module")
def other_levels(tmp_path_factory):
    """Return (PYTHONPATH, numbers) for a levels.py with different numbers."""
    directory = tmp_path_factory.mktemp("levels")
    numbers = iter(range(7001, 8000))
    text = (SOURCES / "integrations/levels.py").read_text()
    text = re.sub(r"Level\([\d, ]+\)", lambda found: re.sub(
        r"\d+", lambda _: str(next(numbers)), found[0]), text)
    text = re.sub(r"^([A-Z_]+) = \d+$", lambda found: f"{found[1]} = {next(numbers)}", text,
                  flags=re.MULTILINE)
    (directory / "levels.py").write_text(text)
    return f"{directory}:{SOURCES}/integrations", set(range(7001, next(numbers)))


@pytest.mark.parametrize("name", sorted(
    path.parent.name for path in SOURCES.glob("integrations/*/generate.py")))
def test_generated_files_follow(name, other_levels, tmp_path, record_property):
    path, numbers = other_levels
    subprocess.run([sys.executable, SOURCES / "integrations" / name / "generate.py", MIB_FILE,
                    tmp_path], check=True, env={**os.environ, "PYTHONPATH": path})
    text = "\n".join(file.read_text() for file in sorted(pathlib.Path(tmp_path).iterdir()))
    found = [int(number) for number in re.findall(_PLACES[name], text, re.MULTILINE)] \
        if name in _PLACES else []
    assert set(found) <= numbers, set(found) - numbers
    # No level is in an unknown place.
    assert {int(number) for number in re.findall(r"\b7\d{3}\b", text)} & numbers == set(found)
    assert bool(found) == (name in _PLACES)
    record_property("observed", f"{len(found)} levels")
