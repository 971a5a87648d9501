# SPDX-License-Identifier: BSD-2-Clause
"""The dashboard is complete, and each of its queries has results in a real Prometheus.

Grafana itself is not in Debian and does not run here.
"""

import itertools
import json
import re
import time

from matplotlib.figure import Figure
import pytest

import cgroups
from polling import until
from prometheus_server import Exporter, Prometheus, host_with_all
from monitored_host import INTEGRATIONS

COLUMNS = 24
VARIABLES = {"$job": ".*", "$instance": ".*", "$__rate_interval": "5s"}
# The kernel reports them only in the first network namespace.
LIMITS_OF_THE_FIRST_NETWORK = ("tcpHostOrphansMax", "tcpHostMemoryMax")
AGENT_STATE = "Counts"
SERVED, WITHDRAWN, MISSING = 2, 1, 0


@pytest.fixture(scope="module")
def dashboard():
    return json.loads((INTEGRATIONS / "grafana/tcp-state-agent.json").read_text())


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    with host_with_all(tmp_path_factory.mktemp("monitored")) as monitored:
        yield monitored


@pytest.fixture(scope="module")
def prometheus(monitored):
    Exporter(monitored)
    prometheus = Prometheus(monitored)
    prometheus.wait_until_counted(monitored)
    return prometheus


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def asked(target):
    """Return the query of a panel as Grafana sends it."""
    expression = target["expr"]
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    assert "$" not in expression
    return expression


def without_hidden_limits(expression):
    use, _, limit = expression.partition(" / ")
    return use if limit.startswith(LIMITS_OF_THE_FIRST_NETWORK) else expression


def test_the_dashboard_can_be_imported(dashboard, record_property):
    assert [wanted["name"] for wanted in dashboard["__inputs"]] == ["DS_PROMETHEUS"]
    assert dashboard["id"] is None and dashboard["uid"] and dashboard["title"]
    assert dashboard["schemaVersion"] == 36
    kinds = {panel["type"] for panel in panels(dashboard)}
    assert kinds == {need["id"] for need in dashboard["__requires"] if need["type"] == "panel"}
    identities = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(identities)) == len(identities)
    sources = [*panels(dashboard), *dashboard["templating"]["list"],
               *(target for panel in panels(dashboard) for target in panel["targets"])]
    for source in sources:
        assert source["datasource"] == {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
    for panel in panels(dashboard):
        assert panel["title"] and panel["description"] and panel["targets"]
        assert panel["fieldConfig"].keys() == {"defaults", "overrides"}
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
        for target in panel["targets"]:
            assert set(re.findall(r"\$\w+", target["expr"])) <= VARIABLES.keys()
    record_property("observed", f"{len(panels(dashboard))} panels")


def test_panels_do_not_overlap(dashboard):
    taken = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS
        for cell in itertools.product(range(place["x"], place["x"] + place["w"]),
                                      range(place["y"], place["y"] + place["h"])):
            assert taken.setdefault(cell, panel["title"]) == panel["title"]


def test_every_query_has_results(dashboard, prometheus, record_property):
    expressions = [without_hidden_limits(asked(target)) for panel in panels(dashboard)
                   for target in panel["targets"]
                   if cgroups.root() is not None or "tcpOwner" not in target["expr"]]
    for expression in expressions:
        until(lambda: prometheus.query(expression), expression, pause=0.2)
    for panel in panels(dashboard):
        for target in panel["targets"]:
            found = prometheus.query(asked(target))
            # The lines of a panel have different names, and their labels exist.
            wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - {"instance"}
            for labels, _ in found:
                assert wanted <= labels.keys(), target
            assert len({tuple(labels[name] for name in sorted(wanted))
                        for labels, _ in found}) == len(found), target
    for variable in dashboard["templating"]["list"]:
        series, label = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                     variable["query"]["query"].replace("$job", ".*")).groups()
        assert prometheus.query(f"count by ({label}) ({series})")
    record_property("observed", f"{len(expressions)} queries")


def test_stacked_panels_sum_up_to_the_sockets(dashboard, prometheus, monitored):
    for family in (4, 6):
        title = f"ipv{family} by state"
        panel, = (panel for panel in panels(dashboard) if panel["title"] == title)
        assert panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
        target, = panel["targets"]

        def shown():
            return {labels["tcpStateCountState"]: value
                    for labels, value in prometheus.query(asked(target))}

        until(lambda: shown() == {state: number
                                  for (of, state), number in monitored.counts().items()
                                  if of == family}, title, 10, pause=0.1)


def test_a_missing_agent_differs_from_withdrawn_counts(dashboard, prometheus, monitored,
                                                       record_property, picture):
    panel, = (panel for panel in panels(dashboard) if panel["title"] == AGENT_STATE)
    target, = panel["targets"]
    mapped = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    texts = []

    def wait_until(state):
        until(lambda: prometheus.value(asked(target)) == state, mapped[str(state)]["text"], 15,
              pause=0.1)
        texts.append(mapped[str(state)]["text"])

    began = time.time() - 5
    wait_until(SERVED)
    monitored.refuse()
    wait_until(WITHDRAWN)
    monitored.allow()
    wait_until(SERVED)
    monitored.stop_agent()
    wait_until(MISSING)
    monitored.start_agent()
    wait_until(SERVED)
    record_property("observed", ", ".join(texts))
    monitored.make(4, "synReceived", 40)
    half_open = 'count_over_time((tcpStateCount{tcpStateCountState="synReceived"} > 40)[1m:1s]) > 5'
    until(lambda: prometheus.value(half_open), "it is seen for a while", pause=0.5)
    draw(dashboard, prometheus, began, picture("grafana"))


def draw(dashboard, prometheus, began, file):
    """Draw the results of all queries since BEGAN at the panels' positions, without Grafana."""
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    figure = Figure(figsize=(12, bottom / 5))
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        top = 1 - (place["y"] + 0.8) / bottom
        figure.text((place["x"] + 0.5) / COLUMNS, top, panel["title"], fontsize=8)
        if panel["type"] == "row":
            continue
        low = 1 - (place["y"] + place["h"] - 1) / bottom
        box = figure.add_axes([(place["x"] + 0.9) / COLUMNS, low,
                               (place["w"] - 1.2) / COLUMNS, top - low - 0.2 / bottom])
        box.tick_params(labelsize=6)
        stacked = "stacking" in panel["fieldConfig"]["defaults"].get("custom", {})
        draw_panel(box, [series for target in panel["targets"] for series in prometheus.query(
            asked(target), start=began, end=time.time(), step=1)], began, stacked)
    figure.savefig(file, dpi=70)


def draw_panel(box, found, began, stacked):
    end = max((at for _, values in found for at, _ in values), default=began)
    times = range(int(end - began) + 1)
    below = [0] * len(times)
    for labels, values in found:
        at = {round(second - began): value for second, value in values}
        line = [at.get(second, float("nan")) for second in times]
        label = " ".join(labels.values())[:24]
        if stacked:
            line = [low + value for low, value in zip(below, line)]
            box.fill_between(times, below, line, alpha=0.6, label=label)
            below = line
        else:
            box.plot(times, line, linewidth=1, label=label)
    box.set_ylim(bottom=0)
    if any(labels for labels, _ in found):
        box.legend(fontsize=5, loc="center left", ncols=1 + len(found) // 6, framealpha=0.5)
