# SPDX-License-Identifier: BSD-2-Clause
"""The real Prometheus and snmp_exporter on a stage, with the files of integrations/prometheus."""

import contextlib
import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

from polling import until
from stage import INTEGRATIONS, SOURCES, Stage

FILES = SOURCES / "integrations/prometheus"  # those that are not generated
JOB = {"job": "tcp_state_count", "instance": "127.0.0.1"}

# A port that the agent watches, and where more connections wait than its backlog holds.
PORT, BACKLOG, WAITING = 4443, 3, 4
THRESHOLDS = {"leak": ("state any closeWait 5", "raised"),
              "busy": ("state ipv4 established 1000", "normal")}
_EXPORTER, _SERVER = "127.0.0.1:9116", "127.0.0.1:9090"


@contextlib.contextmanager
def stage_with_all(directory):
    """A Stage on which every metric has something to tell."""
    thresholds = [f"{name} {rule}" for name, (rule, _) in THRESHOLDS.items()]
    with Stage(directory, watchPort=PORT, threshold=thresholds) as stage:
        stage.make_different_numbers()
        with stage.waiting_connections(PORT, BACKLOG, WAITING):
            yield stage


def exporter_has_auths():
    """Whether snmp_exporter is 0.23 or later."""
    told = subprocess.run(["prometheus-snmp-exporter", "--version"], check=True,
                          capture_output=True, text=True)
    major, minor = re.search(r"version (\d+)\.(\d+)", told.stdout + told.stderr).groups()
    return (int(major), int(minor)) >= (0, 23)


def for_this_exporter(name):
    """The generated file NAME (snmp, generator) in the format of the installed version."""
    return INTEGRATIONS / "prometheus" / (
        f"{name}.yml" if exporter_has_auths() else f"{name}-0.22.yml")


class Exporter:
    def __init__(self, stage):
        stage.launch("exporter", ["prometheus-snmp-exporter", "--log.level=warn",
                                  f"--config.file={for_this_exporter('snmp')}",
                                  f"--web.listen-address={_EXPORTER}"])
        until(lambda: _answers(f"http://{_EXPORTER}/"), "snmp_exporter serves", 20, pause=0.1)

    def scrape(self):
        """What it says of the stage's host, as text."""
        return _get(f"http://{_EXPORTER}/snmp?target=127.0.0.1&module=tcp_state_count"
                    "&auth=public_v2")


class Prometheus:
    """It scrapes and judges every second, and alerts hold for a second, not for minutes."""

    def __init__(self, stage):
        directory = stage.directory / "prometheus"
        directory.mkdir()
        configuration = re.sub(r"scrape_interval: \w+", "scrape_interval: 1s",
                               (FILES / "prometheus.yml").read_text())
        (directory / "prometheus.yml").write_text(
            f"global:\n  evaluation_interval: 1s\n  scrape_timeout: 1s\n{configuration}")
        (directory / "alerts.yml").write_text(
            re.sub(r"for: \w+", "for: 1s", (FILES / "alerts.yml").read_text()))
        stage.launch("prometheus", [
            "prometheus", "--log.level=warn", f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/data", f"--web.listen-address={_SERVER}"])
        until(lambda: _answers(f"http://{_SERVER}/-/ready"), "Prometheus is ready", 20, pause=0.1)
        until(lambda: self.value("up") == 1, "a scrape has succeeded", 20, pause=0.1)

    def query(self, expression, **at):
        """[(labels without job and instance, value)], sorted.

        With AT, a range's start, end and step, each value is a list of (time, value).
        """
        kind = "query_range" if at else "query"
        found = [(_own(one["metric"]), [(time, float(value)) for time, value in one["values"]]
                  if at else float(one["value"][1]))
                 for one in self._api(kind, query=expression, **at)["result"]]
        return sorted(found, key=lambda one: sorted(one[0].items()))

    def value(self, expression):
        """The only one there is, None where there is none."""
        values = [value for _, value in self.query(expression)]
        assert len(values) <= 1, values
        return values[0] if values else None

    def counts(self, metric="tcpStateCount"):
        """{(family, state): sockets}, of those that are there, from one scrape."""
        return {(int(labels["tcpStateCountFamily"].removeprefix("ipv")),
                 labels["tcpStateCountState"]): value for labels, value in self.query(metric)}

    def rules(self):
        return [rule for group in self._api("rules")["groups"] for rule in group["rules"]]

    def firing(self):
        """The names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self._api("alerts")["alerts"]
                if alert["state"] == "firing"}

    def wait_until_counted(self, stage):
        """Return when its counts are the kernel's."""
        until(lambda: self.counts() == stage.counts(), "the counts are scraped", 10, pause=0.1)

    def _api(self, path, **parameters):
        answer = json.loads(_get(f"http://{_SERVER}/api/v1/{path}?"
                                 + urllib.parse.urlencode(parameters)))
        assert answer["status"] == "success", answer
        return answer["data"]


def copy_rules(directory):
    """The rules and their tests, unchanged, into DIRECTORY."""
    for name in ("alerts.yml", "alerts_test.yml"):
        shutil.copy(FILES / name, directory)


def _own(labels):
    return {name: value for name, value in labels.items() if name not in (*JOB, "__name__")}


def _get(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read().decode()


def _answers(address):
    try:
        return bool(_get(address))
    except OSError:
        return False
