# SPDX-License-Identifier: BSD-2-Clause
"""Prometheus: the counts, through snmp_exporter, are the kernel's; alerts tell what is missing."""

import os
import re
import subprocess
import time

from matplotlib.figure import Figure
import pytest
import yaml

import mib
import snmp
from polling import until
from prometheus_server import (BACKLOG, FILES, PORT, THRESHOLDS, WAITING, Exporter, Prometheus,
                               copy_rules, for_this_exporter, stage_with_all)
from stage import INTEGRATIONS, MIB_FILE, SOURCES

GET_REQUESTS = (1, 3, 6, 1, 2, 1, 11, 15, 0)  # snmpInGetRequests of SNMPv2-MIB


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with stage_with_all(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="module")
def exporter(stage):
    return Exporter(stage)


@pytest.fixture(scope="module")
def prometheus(stage, exporter):
    return Prometheus(stage)


def module_of(file):
    configuration = yaml.safe_load(file.read_text())
    return configuration.get("modules", configuration)["tcp_state_count"]


def generated(tmp_path):
    """What the real generator makes of our generator.yml and the MIB."""
    (tmp_path / "generator.yml").write_text(for_this_exporter("generator").read_text())
    directories = f"{MIB_FILE.parent}:{SOURCES}/mibs/stand-ins:/usr/share/snmp/mibs"
    subprocess.run(["prometheus-snmp-generator", "generate"], cwd=tmp_path, check=True,
                   env={**os.environ, "MIBDIRS": directories, "MIBS": "TCP-STATE-COUNT-MIB"},
                   capture_output=True)
    return tmp_path / "snmp.yml"


def substance(module):
    """Without the order of lists, and without the value of InetVersion that no row has."""
    for metric in module["metrics"]:
        for index in metric.get("indexes", []):
            index.get("enum_values", {}).pop(0, None)
    return {"walk": sorted(module["walk"]), "get": sorted(module["get"]),
            "metrics": {metric["name"]: metric for metric in module["metrics"]},
            "max_repetitions": module["max_repetitions"]}


def test_modules_are_what_the_generator_makes(tmp_path, record_property):
    theirs = substance(module_of(generated(tmp_path)))
    assert substance(module_of(for_this_exporter("snmp"))) == theirs
    # The other format differs in where the credentials are.
    new, old = (yaml.safe_load((INTEGRATIONS / "prometheus" / name).read_text())
                for name in ("snmp.yml", "snmp-0.22.yml"))
    credentials = new["auths"]["public_v2"]
    assert old["tcp_state_count"].pop("auth") | {
        "version": old["tcp_state_count"].pop("version")} == credentials
    assert old["tcp_state_count"] == new["modules"]["tcp_state_count"]
    record_property("saw", f"{len(theirs['metrics'])} metrics, {len(theirs['get'])} by GET, "
                           f"{len(theirs['walk'])} columns walked, both formats")


def test_rules_do_what_their_tests_say(tmp_path, record_property):
    copy_rules(tmp_path)
    for command in (["promtool", "check", "rules", "alerts.yml"],
                    ["promtool", "test", "rules", "alerts_test.yml"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    alerts = re.findall(r"alert: (\w+)", (tmp_path / "alerts.yml").read_text())
    tested = re.findall(r"exp_alerts|alertname: (\w+)", (tmp_path / "alerts_test.yml").read_text())
    assert set(alerts) == set(tested) - {""}
    record_property("saw", f"{len(alerts)} alerts")


def test_rules_name_metrics_that_are_scraped(exporter):
    names = {metric["name"] for metric in module_of(for_this_exporter("snmp"))["metrics"]}
    labels = set(re.findall(r"(\w+)=\"", exporter.scrape()))
    for word in re.findall(r"\btcp[A-Z]\w+", (FILES / "alerts.yml").read_text()):
        assert word in names | labels | {"tcpRefreshLastError"}, word


def test_fixed_rows_take_two_requests(exporter, record_property):
    before = snmp.get_value(GET_REQUESTS)
    told = exporter.scrape()
    requests = snmp.get_value(GET_REQUESTS) - before - 1
    assert requests == 2
    assert len(re.findall(r"^tcpStateCount\{", told, re.MULTILINE)) == 22
    seconds = re.search(r"^snmp_scrape_duration_seconds (\S+)", told, re.MULTILINE)[1]
    record_property("saw", f"{requests} GETs, {float(seconds) * 1000:.0f} ms")


def test_counts_are_the_kernels(stage, prometheus, record_property):
    prometheus.wait_until_counted(stage)
    counts = prometheus.counts()
    assert set(counts) == set(mib.ROWS)
    assert len(set(counts.values())) > 15  # so that a row cannot be taken for another
    largest = prometheus.counts("tcpStateCountMax")
    assert all(largest[row] >= counts[row] for row in mib.ROWS)
    for state in mib.STATES:
        assert prometheus.value(f'tcpStateTotalMax{{tcpStateTotalState="{state}"}}') >= (
            counts[4, state] + counts[6, state])
    stage.make(6, "synSent", 9)
    prometheus.wait_until_counted(stage)
    assert prometheus.counts()[6, "synSent"] == counts[6, "synSent"] + 9
    record_property("saw", f"22 counts equal, {sum(counts.values()):.0f} sockets, then 9 more")


def test_the_rest_is_what_the_agent_says(stage, prometheus):
    assert prometheus.query("tcpListenQueued > 0") == [
        ({"tcpListenLabel": f"127.0.0.1:{PORT}"}, WAITING)]
    assert prometheus.value(f'tcpListenBacklog{{tcpListenLabel="127.0.0.1:{PORT}"}}') == BACKLOG
    assert prometheus.query("tcpPortStateCount > 0") == [
        ({"tcpPortFamily": "ipv4", "tcpPortNumber": str(PORT), "tcpPortState": state}, number)
        for state, number in (("established", WAITING), ("listen", 1))]
    assert prometheus.query("tcpThresholdStatus == 1") == [
        ({"tcpThresholdName": name, "tcpThresholdMetric": rule.rpartition(" ")[0],
          "tcpThresholdStatus": status}, 1) for name, (rule, status) in THRESHOLDS.items()]
    for name in ("tcpRefreshInterval", "tcpRefreshWindow", "tcpTimeWaitsMax"):
        served = snmp.get_value(stage.mib[name].oid + (0,))
        assert served > 0 and prometheus.value(name) == served, name
    assert prometheus.value("tcpRefreshAge") < 300
    assert prometheus.value('tcpRefreshMethod{tcpRefreshMethod="derived"}') in (0, 1)


def test_alerts_tell_missing_from_withdrawn_from_zero(stage, prometheus, record_property, picture):
    began = time.time()
    until(lambda: prometheus.firing() >= {"TcpAcceptQueue", "TcpThresholdRaised"},
          "what the stage has is alerted of", 20, pause=0.2)
    assert {rule["health"] for rule in prometheus.rules()} == {"ok"}
    assert not {name for name in prometheus.firing() if name.startswith("TcpState")}

    stopped = time.time()
    stage.stop_agent()
    until(lambda: "TcpStateAgentMissing" in prometheus.firing(), "the alert fires", 20, pause=0.2)
    fired = time.time() - stopped
    assert prometheus.counts() == {}
    assert prometheus.value("up") == 1
    # Nor does what the host had go on being alerted of.
    until(lambda: prometheus.firing() == {"TcpStateAgentMissing"}, "others end", 20, pause=0.2)

    stage.start_agent()
    prometheus.wait_until_counted(stage)
    until(lambda: "TcpStateAgentMissing" not in prometheus.firing(), "it recovers", 20, pause=0.2)

    stage.refuse()
    until(lambda: prometheus.firing() >= {"TcpStateCountsAbsent", "TcpStateCountsOld",
                                          "TcpStateRefreshErrors"},
          "the counts are withdrawn", 20, pause=0.2)
    assert prometheus.counts() == {}
    assert "TcpStateAgentMissing" not in prometheus.firing()

    stage.allow()
    prometheus.wait_until_counted(stage)
    until(lambda: not prometheus.firing() & {"TcpStateCountsAbsent", "TcpStateCountsOld"},
          "they are back", 20, pause=0.2)
    stage.snmpd.pause()
    until(lambda: "TcpStateSnmpDown" in prometheus.firing(), "snmpd is down", 20, pause=0.2)
    assert "TcpStateAgentMissing" not in prometheus.firing()
    stage.snmpd.resume()
    until(lambda: "TcpStateSnmpDown" not in prometheus.firing(), "snmpd is up", 20, pause=0.2)
    record_property("saw", f"the alert of a missing agent fires after {fired:.1f} s and recovers")
    draw(prometheus, began, picture("prometheus"))


def draw(prometheus, began, file):
    """Sockets by state, and the alerts, since BEGAN."""
    span = {"start": began, "end": time.time(), "step": 1}
    figure = Figure(figsize=(9, 5), layout="constrained")
    counts, alerts = figure.subplots(2, sharex=True, height_ratios=(2, 1))
    for labels, values in prometheus.query(
            "sum by (tcpStateCountState) (tcpStateCount) > 0", **span):
        times, sockets = zip(*with_gaps(values))
        counts.plot([at - began for at in times], sockets, label=labels["tcpStateCountState"])
    counts.set(ylabel="sockets", title="tcpStateCount by state, and the alerts that fire")
    counts.legend(ncols=2, fontsize="x-small", loc="center left", bbox_to_anchor=(1, 0.5))
    firing = prometheus.query('count by (alertname) (ALERTS{alertstate="firing"})', **span)
    for height, (labels, values) in enumerate(sorted(firing, key=lambda one: one[1][0])):
        alerts.broken_barh([(at - began, 1) for at, _ in values], (height - 0.4, 0.8))
    alerts.set(xlabel="seconds", yticks=range(len(firing)), yticklabels=[
        labels["alertname"] for labels, _ in sorted(firing, key=lambda one: one[1][0])])
    figure.savefig(file, dpi=80)


def with_gaps(values):
    """VALUES, (time, value) a second, with no line to be drawn where one is missing."""
    for (at, value), (following, _) in zip(values, [*values[1:], values[-1]]):
        yield at, value
        if following - at > 1.5:
            yield at + 1, None
