# SPDX-License-Identifier: BSD-2-Clause
"""The real Prometheus and snmp_exporter, with the files of integrations/prometheus."""

import contextlib
import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

from polling import PATIENCE, until
from monitored_host import INTEGRATIONS, SOURCES, MonitoredHost

FILES = SOURCES / "integrations/prometheus"  # those that are not generated
JOB = {"job": "tcp_state_count", "instance": "127.0.0.1"}

# The port of a watch, whose listener has more waiting connections than its backlog.
PORT, BACKLOG, WAITING = 4443, 3, 4
THRESHOLDS = {"leak": ("state any closeWait 5", "raised"),
              "busy": ("state ipv4 established 1000", "normal")}
_EXPORTER, _SERVER = "127.0.0.1:9116", "127.0.0.1:9090"


@contextlib.contextmanager
def host_with_all(directory):
    """A MonitoredHost on which every metric has a value."""
    thresholds = [f"{name} {rule}" for name, (rule, _) in THRESHOLDS.items()]
    # Counts are stale after three intervals. A busy machine may exceed these if they are short.
    with MonitoredHost(directory, watch=f"web port {PORT}", threshold=thresholds,
                       refreshInterval=1) as monitored:
        monitored.make_different_numbers()
        with monitored.waiting_connections(PORT, BACKLOG, WAITING):
            yield monitored


def exporter_has_auths():
    """Return whether snmp_exporter is 0.23 or later."""
    printed = subprocess.run(["prometheus-snmp-exporter", "--version"], check=True,
                             capture_output=True, text=True)
    major, minor = re.search(r"version (\d+)\.(\d+)", printed.stdout + printed.stderr).groups()
    return (int(major), int(minor)) >= (0, 23)


def for_this_exporter(name):
    """Return the generated file NAME (snmp, generator) in the installed version's format."""
    return INTEGRATIONS / "prometheus" / (
        f"{name}.yml" if exporter_has_auths() else f"{name}-0.22.yml")


class Exporter:
    def __init__(self, monitored):
        monitored.launch("exporter", ["prometheus-snmp-exporter", "--log.level=warn",
                                  f"--config.file={for_this_exporter('snmp')}",
                                  f"--web.listen-address={_EXPORTER}"])
        until(lambda: _answers(f"http://{_EXPORTER}/"), "snmp_exporter serves", pause=0.1)

    def scrape(self, target="127.0.0.1"):
        """Return the metrics of the host as text."""
        return _get(f"http://{_EXPORTER}/snmp?target={target}&module=tcp_state_count"
                    "&auth=public_v2")


class Prometheus:
    """Prometheus with an interval of a second, and with alerts that hold for a second."""

    def __init__(self, monitored):
        directory = monitored.directory / "prometheus"
        directory.mkdir()
        configuration = re.sub(r"scrape_interval: \w+", "scrape_interval: 1s",
                               (FILES / "prometheus.yml").read_text())
        (directory / "prometheus.yml").write_text(
            f"global:\n  evaluation_interval: 1s\n  scrape_timeout: 1s\n{configuration}")
        shutil.copy(FILES / "rules.yml", directory)
        (directory / "alerts.yml").write_text(
            re.sub(r"for: \w+", "for: 1s", (FILES / "alerts.yml").read_text()))
        monitored.launch("prometheus", [
            "prometheus", "--log.level=warn", f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/data", f"--web.listen-address={_SERVER}"])
        until(lambda: _answers(f"http://{_SERVER}/-/ready"), "Prometheus is ready", pause=0.1)
        until(lambda: self.value("up") == 1, "a scrape has succeeded", pause=0.1)

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
        """Return the value of the only sample, or None without one."""
        values = [value for _, value in self.query(expression)]
        assert len(values) <= 1, values
        return values[0] if values else None

    def counts(self, metric="tcpStateCount"):
        """Return the existing {(family, state): sockets} of one scrape."""
        return {(int(labels["tcpStateCountFamily"].removeprefix("ipv")),
                 labels["tcpStateCountState"]): value for labels, value in self.query(metric)}

    def rules(self):
        return [rule for group in self._api("rules")["groups"] for rule in group["rules"]]

    def firing(self):
        """Return the names of firing alerts."""
        return {alert["labels"]["alertname"] for alert in self._api("alerts")["alerts"]
                if alert["state"] == "firing"}

    def summary(self, name):
        """Return the annotations of the only alert with that name."""
        alert, = (alert for alert in self._api("alerts")["alerts"]
                  if alert["labels"]["alertname"] == name)
        return alert["annotations"]["summary"]

    def wait_until_counted(self, monitored):
        """Return when its counts equal the kernel's."""
        until(lambda: self.counts() == monitored.counts(), "the counts are scraped", pause=0.1)

    def _api(self, path, **parameters):
        answer = json.loads(_get(f"http://{_SERVER}/api/v1/{path}?"
                                 + urllib.parse.urlencode(parameters)))
        assert answer["status"] == "success", answer
        return answer["data"]


def copy_rules(directory):
    """Copy the rules and their tests unchanged to DIRECTORY."""
    for name in ("alerts.yml", "alerts_test.yml", "rules.yml", "rules_test.yml"):
        shutil.copy(FILES / name, directory)


def _own(labels):
    return {name: value for name, value in labels.items() if name not in (*JOB, "__name__")}


def _get(address):
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return answer.read().decode()


def _answers(address):
    try:
        return bool(_get(address))
    except OSError:
        return False
