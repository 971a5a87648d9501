# SPDX-License-Identifier: BSD-2-Clause
"""Prometheus: counts through snmp_exporter equal the kernel's, and alerts report missing ones."""

import contextlib
import math
import os
import re
import subprocess
import time

import pytest
import yaml
from matplotlib.figure import Figure

import cgroups
import mib
import snmp
import tun_peer
from polling import until
from prometheus_server import (BACKLOG, FILES, PORT, THRESHOLDS, WAITING, Exporter, Prometheus,
                               copy_rules, for_this_exporter, host_with_all)
from monitored_host import INTEGRATIONS, MIB_FILE, SOURCES
from sockets import listener
from traffic import scan

GET_REQUESTS = (1, 3, 6, 1, 2, 1, 11, 15, 0)  # snmpInGetRequests of SNMPv2-MIB


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    with host_with_all(tmp_path_factory.mktemp("monitored")) as monitored:
        yield monitored


@pytest.fixture(scope="module")
def exporter(monitored):
    return Exporter(monitored)


@pytest.fixture(scope="module")
def prometheus(monitored, exporter):
    return Prometheus(monitored)


def module_of(file):
    configuration = yaml.safe_load(file.read_text())
    return configuration.get("modules", configuration)["tcp_state_count"]


def generated(tmp_path):
    """Return the output of the real generator for our generator.yml and the MIB."""
    (tmp_path / "generator.yml").write_text(for_this_exporter("generator").read_text())
    directories = f"{MIB_FILE.parent}:{SOURCES}/mibs/stand-ins:/usr/share/snmp/mibs"
    # Errors in Debian's MIB modules are fatal in later versions.
    subprocess.run(["prometheus-snmp-generator", "--no-fail-on-parse-errors", "generate"],
                   cwd=tmp_path, check=True,
                   env={**os.environ, "MIBDIRS": directories, "MIBS": "TCP-STATE-COUNT-MIB"},
                   capture_output=True)
    return tmp_path / "snmp.yml"


def substance(module):
    """Return it without the order of lists and the unused value of InetVersion."""
    for metric in module["metrics"]:
        for index in metric.get("indexes", []):
            index.get("enum_values", {}).pop(0, None)
    return {"walk": sorted(module["walk"]), "get": sorted(module["get"]),
            "metrics": {metric["name"]: metric for metric in module["metrics"]},
            "max_repetitions": module["max_repetitions"]}


def test_modules_equal_the_generators_output(tmp_path, record_property):
    theirs = substance(module_of(generated(tmp_path)))
    assert substance(module_of(for_this_exporter("snmp"))) == theirs
    # The other format has the credentials in a different place.
    new, old = (yaml.safe_load((INTEGRATIONS / "prometheus" / name).read_text())
                for name in ("snmp.yml", "snmp-0.22.yml"))
    credentials = new["auths"]["public_v2"]
    assert old["tcp_state_count"].pop("auth") | {
        "version": old["tcp_state_count"].pop("version")} == credentials
    assert old["tcp_state_count"] == new["modules"]["tcp_state_count"]
    record_property("observed", f"{len(theirs['metrics'])} metrics, {len(theirs['get'])} by GET, "
                           f"{len(theirs['walk'])} columns walked, both formats")


def test_rules_pass_their_tests(tmp_path, record_property):
    copy_rules(tmp_path)
    for command in (["promtool", "check", "rules", "alerts.yml"],
                    ["promtool", "test", "rules", "alerts_test.yml"],
                    ["promtool", "check", "rules", "rules.yml"],
                    ["promtool", "test", "rules", "rules_test.yml"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    alerts = re.findall(r"alert: (\w+)", (tmp_path / "alerts.yml").read_text())
    tested = re.findall(r"exp_alerts|alertname: (\w+)", (tmp_path / "alerts_test.yml").read_text())
    assert set(alerts) == set(tested) - {""}
    record_property("observed", f"{len(alerts)} alerts")


def test_rules_name_metrics_that_are_scraped(exporter):
    names = {metric["name"] for metric in module_of(for_this_exporter("snmp"))["metrics"]}
    labels = set(re.findall(r"(\w+)=\"", exporter.scrape()))
    for word in re.findall(r"\btcp[A-Z]\w+", (FILES / "alerts.yml").read_text()):
        assert word in names | labels | {"tcpRefreshLastError"}, word


def test_fixed_rows_take_few_requests(exporter, record_property):
    before = snmp.get_value(GET_REQUESTS)
    scraped = exporter.scrape()
    requests = snmp.get_value(GET_REQUESTS) - before - 1
    module = module_of(for_this_exporter("snmp"))
    assert requests == math.ceil(len(module["get"]) / module["max_repetitions"])
    assert len(re.findall(r"^tcpStateCount\{", scraped, re.MULTILINE)) == 22
    seconds = re.search(r"^snmp_scrape_duration_seconds(?:{.*})? (\S+)", scraped, re.MULTILINE)[1]
    record_property("observed", f"{requests} GETs, {float(seconds) * 1000:.0f} ms")


def test_counts_are_the_kernels(monitored, prometheus, record_property):
    prometheus.wait_until_counted(monitored)
    counts = prometheus.counts()
    assert set(counts) == set(mib.ROWS)
    assert len(set(counts.values())) > 15  # so that a row cannot be taken for another
    largest = prometheus.counts("tcpStateCountMax")
    assert all(largest[row] >= counts[row] for row in mib.ROWS)
    for state in mib.STATES:
        assert prometheus.value(f'tcpStateTotalMax{{tcpStateTotalState="{state}"}}') >= (
            counts[4, state] + counts[6, state])
    monitored.make(6, "synSent", 9)
    prometheus.wait_until_counted(monitored)
    assert prometheus.counts()[6, "synSent"] == counts[6, "synSent"] + 9
    record_property("observed", f"22 counts equal, {sum(counts.values()):.0f} sockets, then 9 more")


def test_other_metrics_equal_the_agents(monitored, prometheus):
    assert prometheus.query("tcpListenQueued > 0") == [
        ({"tcpListenLabel": f"127.0.0.1:{PORT}"}, WAITING)]
    assert prometheus.value(f'tcpListenBacklog{{tcpListenLabel="127.0.0.1:{PORT}"}}') == BACKLOG
    assert prometheus.query("tcpWatchCount > 0") == [
        ({"tcpWatchName": "web", "tcpStateCountFamily": "ipv4", "tcpStateCountState": state}, number)
        for state, number in (("established", WAITING), ("listen", 1))]
    assert prometheus.value("tcpWatchSockets") == WAITING + 1
    assert prometheus.value("tcpWatchPortUse") == 0
    assert prometheus.query("tcpThresholdStatus == 1") == [
        ({"tcpThresholdName": name, "tcpThresholdMetric": rule.rpartition(" ")[0],
          "tcpThresholdStatus": status}, 1) for name, (rule, status) in THRESHOLDS.items()]
    # Only this threshold has changed.
    date = snmp.date(snmp.get_value(mib.of_threshold(mib.THRESHOLD_SINCE_DATE, "leak")))
    assert prometheus.query("tcpThresholdSinceDate") == [
        ({"tcpThresholdName": "leak", "tcpThresholdMetric": "state any closeWait"},
         int(date.timestamp()))]
    # Prometheus drops empty labels.
    tops = {name: snmp.get_value(mib.of_threshold(mib.THRESHOLD_TOP, name)) for name in THRESHOLDS}
    assert prometheus.query("tcpThresholdTop") == [
        ({"tcpThresholdName": name, "tcpThresholdMetric": rule.rpartition(" ")[0]}
         | ({"tcpThresholdTop": tops[name]} if tops[name] else {}), 1)
        for name, (rule, _) in THRESHOLDS.items()]
    for name in ("tcpRefreshInterval", "tcpRefreshWindow", "tcpHostTimeWaitsMax"):
        served = snmp.get_value(monitored.mib[name].oid + (0,))
        assert served > 0 and prometheus.value(name) == served, name
    assert prometheus.value("tcpRefreshAge") < 300
    assert prometheus.value('tcpRefreshMethod{tcpRefreshMethod="derived"}') in (0, 1)


@pytest.mark.skipif(cgroups.root() is None, reason="no cgroup v2")
def test_owners_equal_the_agents(monitored, prometheus):
    with cgroups.Cgroups() as units, contextlib.ExitStack() as held:
        with units.inside("leak.service"), monitored.beside_the_sockets():
            for _ in range(3):
                held.enter_context(listener())
        of_leak = 'tcpOwnerCount{tcpOwnerName="leak.service",tcpStateCountState="listen"}'
        until(lambda: prometheus.value(of_leak) == 3, "the owner is scraped", pause=0.2)
        assert prometheus.value(of_leak.replace("Count{", "CountMax{")) == 3
        total = snmp.get_value(mib.of_state(mib.TOTAL, "listen"))
        assert prometheus.value('sum(tcpOwnerCount{tcpStateCountState="listen"})') == total
    monitored.wait_until_counted()


def test_alerts_distinguish_missing_withdrawn_and_zero(monitored, prometheus, record_property,
                                                      picture):
    began = time.time()
    until(lambda: prometheus.firing() >= {"TcpAcceptQueue", "TcpThresholdRaised"},
          "what the monitored has is alerted of", 20, pause=0.2)
    assert {rule["health"] for rule in prometheus.rules()} == {"ok"}
    assert not {name for name in prometheus.firing() if name.startswith("TcpState")}

    stopped = time.time()
    monitored.stop_agent()
    until(lambda: "TcpStateAgentMissing" in prometheus.firing(), "the alert fires", pause=0.2)
    fired = time.time() - stopped
    assert prometheus.counts() == {}
    assert prometheus.value("up") == 1
    # Alerts about the host's former counts end, too.
    until(lambda: prometheus.firing() == {"TcpStateAgentMissing"}, "others end", pause=0.2)

    monitored.start_agent()
    prometheus.wait_until_counted(monitored)
    until(lambda: "TcpStateAgentMissing" not in prometheus.firing(), "it recovers", pause=0.2)

    monitored.refuse()
    until(lambda: prometheus.firing() >= {"TcpStateCountsAbsent", "TcpStateCountsOld",
                                          "TcpStateRefreshErrors"},
          "the counts are withdrawn", 20, pause=0.2)
    assert prometheus.counts() == {}
    assert "TcpStateAgentMissing" not in prometheus.firing()

    monitored.allow()
    prometheus.wait_until_counted(monitored)
    until(lambda: not prometheus.firing() & {"TcpStateCountsAbsent", "TcpStateCountsOld"},
          "they are back", 20, pause=0.2)
    monitored.snmpd.pause()
    until(lambda: "TcpStateSnmpDown" in prometheus.firing(), "snmpd is down", pause=0.2)
    assert "TcpStateAgentMissing" not in prometheus.firing()
    monitored.snmpd.resume()
    until(lambda: "TcpStateSnmpDown" not in prometheus.firing(), "snmpd is up", pause=0.2)
    record_property("observed", f"the alert of a missing agent fires after {fired:.1f} s")
    draw(prometheus, began, picture("prometheus"))


def test_a_flood_is_alerted_and_a_scan_is_not(monitored, prometheus, record_property):
    """The rules average over five minutes, which takes at least 3,000 cookies."""
    with monitored.beside_the_sockets():
        scan(PORT)
    until(lambda: (prometheus.value(
        f'increase(tcpListenDropped{{tcpListenLabel="127.0.0.1:{PORT}"}}[5m])') or 0) > 50,
          "the endpoint's drops are scraped", 20, pause=0.2)
    assert not prometheus.firing() & {"TcpListenDrops", "TcpSynFlood"}
    with monitored.flood(10000):
        until(lambda: "TcpSynFlood" in prometheus.firing(), "the alert fires", pause=0.2)
        assert "TcpListenDrops" not in prometheus.firing()
        half_open = prometheus.value('sum(tcpStateCount{tcpStateCountState="synReceived"})')
        assert half_open < 200
        summary = prometheus.summary("TcpSynFlood")
        assert f"at {tun_peer.NEAR_ADDRESS[4]}:" in summary
    record_property("observed", summary)


def draw(prometheus, began, file):
    """Draw the sockets by state, and the alerts, since BEGAN."""
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
    """Return VALUES, one (time, value) per second, with gaps for missing ones."""
    for (at, value), (following, _) in zip(values, [*values[1:], values[-1]]):
        yield at, value
        if following - at > 1.5:
            yield at + 1, None
