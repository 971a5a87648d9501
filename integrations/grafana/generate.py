# SPDX-License-Identifier: BSD-2-Clause
"""Writes a Grafana dashboard for the metrics that Prometheus scrapes with ../prometheus.

Its units and descriptions are the MIB's.
"""

import json

import objects

# The schema of Grafana 9.0, which later versions convert.
SCHEMA_VERSION = 36
GRAFANA_VERSION = "9.0.0"
WIDTH = 24
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
CHOSEN = 'job=~"$job",instance=~"$instance"'

# Grafana's names of the UNITS in the MIB.
UNITS = {"sockets": "short", "connections": "short", "microseconds": "µs"}
SERVED, WITHDRAWN, MISSING = 2, 1, 0


class Dashboard:
    """Panels, placed from left to right and from the top down."""

    def __init__(self, mib):
        self._mib = mib
        self.panels = []
        self._x = self._y = self._height = 0

    def row(self, title):
        self._place("row", title, WIDTH, 1, collapsed=False, panels=[])

    def panel(self, kind, title, about, queries, width, height=8, unit=None, defaults=None,
              options=None):
        """Add a panel. QUERIES are (expression, legend), ABOUT names the described object."""
        found = self._mib[about]
        self._place(
            kind, title, width, height, description=found.description, datasource=SOURCE,
            targets=[{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expression,
                      "legendFormat": legend, "range": True}
                     for i, (expression, legend) in enumerate(queries)],
            fieldConfig={"defaults": {"unit": unit or UNITS[found.units], "min": 0,
                                      **(defaults or {})},
                         "overrides": []},
            options=options or {})

    def _place(self, kind, title, width, height, **others):
        if self._x + width > WIDTH:
            self._x, self._y, self._height = 0, self._y + self._height, 0
        self.panels.append({"id": len(self.panels) + 1, "type": kind, "title": title,
                            "gridPos": {"x": self._x, "y": self._y, "w": width, "h": height},
                            **others})
        self._x += width
        self._height = max(self._height, height)


def lines(**custom):
    return {"custom": {"drawStyle": "line", "lineWidth": 1, "showPoints": "never", **custom}}


def stacked():
    return lines(fillOpacity=60, stacking={"mode": "normal", "group": "A"})


def levels(*steps):
    """Return colours with the values at which they start. The first has no value."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour}
                                          for value, colour in steps]}


def named(names):
    """Return value mappings for NAMES, {value: (text, colour)}."""
    return [{"type": "value", "options": {str(value): {"text": text, "color": colour}
                                          for value, (text, colour) in names.items()}}]


def last(**others):
    """Return the options of a panel that shows a single number."""
    return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, **others}


def add_health(board):
    board.row("The agent")
    # A count of zero, missing counts and a missing agent look different.
    state = (f"{SERVED} * (count by (job, instance) (tcpStateCount{{{CHOSEN}}}) > bool 0)"
             f" or {WITHDRAWN} * (max by (job, instance) (tcpRefreshInterval{{{CHOSEN}}}) > bool 0)"
             f" or {MISSING} * max by (job, instance) (up{{{CHOSEN}}} == 1)")
    board.panel("stat", "Counts", "tcpStateCountTable", [(state, "{{instance}}")], 6, 5,
                unit="none", defaults={"mappings": named(
                    {SERVED: ("served", "green"),
                     WITHDRAWN: ("withdrawn: refreshes fail", "orange"),
                     MISSING: ("agent missing", "red")})},
                options=last(colorMode="background"))
    board.panel("timeseries", "Age of the counts", "tcpRefreshAge",
                [(f"tcpRefreshAge{{{CHOSEN}}} / 100", "{{instance}}")], 6, 5, unit="s",
                defaults=lines())
    board.panel("timeseries", "Duration of a refresh", "tcpRefreshDuration",
                [(f"tcpRefreshDuration{{{CHOSEN}}}", "{{instance}}")], 6, 5, defaults=lines())
    board.panel("timeseries", "Failed refreshes", "tcpRefreshErrors",
                [(f"rate(tcpRefreshErrors{{{CHOSEN}}}[$__rate_interval])", "{{instance}}")], 6, 5,
                unit="cps", defaults=lines())


def add_states(board, mib):
    board.row("Sockets")
    for family in mib.families:
        board.panel(
            "timeseries", f"{family} by state", "tcpStateCount",
            [(f'sum by (tcpStateCountState) (tcpStateCount{{{CHOSEN},'
              f'tcpStateCountFamily="{family}"}})', "{{tcpStateCountState}}")],
            12, 10, defaults=stacked(), options={"tooltip": {"mode": "multi"}})
    board.panel("timeseries", "Peaks: largest count within the agent's window",
                "tcpStateTotalMax",
                [(f"tcpStateTotalMax{{{CHOSEN}}}", "{{instance}} {{tcpStateTotalState}}")], 12, 8,
                defaults=lines(), options={"tooltip": {"mode": "multi", "sort": "desc"}})
    board.panel("timeseries", "Watches", "tcpWatchCount",
                [(f"sum by (instance, tcpWatchName, tcpStateCountState)"
                  f" (tcpWatchCount{{{CHOSEN}}}) > 0",
                  "{{instance}} {{tcpWatchName}} {{tcpStateCountState}}")], 12, 8,
                defaults=stacked(), options={"tooltip": {"mode": "multi", "sort": "desc"}})


def add_owners(board):
    """For established, the agent needs countMethod full."""
    board.panel("timeseries", "closeWait by owner", "tcpOwnerCount",
                [(f'tcpOwnerCount{{{CHOSEN},tcpStateCountState="closeWait"}} > 0',
                  "{{instance}} {{tcpOwnerName}}")], 12, 8,
                defaults=stacked(), options={"tooltip": {"mode": "multi", "sort": "desc"}})
    board.panel("timeseries", "Peaks by owner", "tcpOwnerCountMax",
                [(f'tcpOwnerCountMax{{{CHOSEN},tcpStateCountState!="listen"}} > 0',
                  "{{instance}} {{tcpOwnerName}} {{tcpStateCountState}}")], 12, 8,
                defaults=lines(), options={"tooltip": {"mode": "multi", "sort": "desc"}})


def add_queues(board):
    board.row("Accept queues")
    board.panel("status-history", "Fill level of the accept queues", "tcpListenFill",
                [(f"tcpListenFill{{{CHOSEN}}}", "{{instance}} {{tcpListenLabel}}")], 16, 8,
                unit="percent", defaults={"max": 100, "color": {"mode": "continuous-GrYlRd"}},
                options={"showValue": "never", "rowHeight": 0.9, "colWidth": 1})
    board.panel("timeseries", "Drops at listening sockets", "tcpListenDropped",
                [(f"rate(tcpListenDropped{{{CHOSEN}}}[$__rate_interval])",
                  "{{instance}} {{tcpListenLabel}}"),
                 (f"rate(tcpHostListenDrops{{{CHOSEN}}}[$__rate_interval])",
                  "{{instance}} lost connections"),
                 (f"rate(tcpHostSyncookiesSent{{{CHOSEN}}}[$__rate_interval])",
                  "{{instance}} SYN cookies")], 8, 8, unit="cps", defaults=lines())


def add_limits(board):
    board.row("Limits and thresholds")
    board.panel("timeseries", "Use of the host's limits", "tcpHostTimeWaits",
                [(f"{name}{{{CHOSEN}}} / {name}Max{{{CHOSEN}}}", f"{{{{instance}}}} {what}")
                 for name, what in (("tcpHostOrphans", "orphans"), ("tcpHostTimeWaits", "timeWait"),
                                    ("tcpHostMemory", "memory"))]
                + [(f"tcpWatchPortUse{{{CHOSEN}}} / 100",
                    "{{instance}} local ports of {{tcpWatchName}}")], 8, 8, unit="percentunit",
                defaults=lines())
    board.panel("state-timeline", "Thresholds", "tcpThresholdStatus",
                [(f'tcpThresholdStatus{{{CHOSEN},tcpThresholdStatus="raised"}}',
                  "{{instance}} {{tcpThresholdName}}")], 8, 8, unit="none",
                defaults={"mappings": named({0: ("normal", "green"), 1: ("raised", "red")}),
                          "thresholds": levels((None, "green"), (1, "red"))},
                options={"showValue": "never", "mergeValues": True})
    board.panel("timeseries", "Values of the thresholds", "tcpThresholdValue",
                [(f"tcpThresholdValue{{{CHOSEN}}}",
                  "{{instance}} {{tcpThresholdName}}: {{tcpThresholdMetric}}")], 8, 8,
                unit="short", defaults=lines())
    # The names are the contents: thresholds that are raised, and who has most of the sockets.
    board.panel("stat", "Raised thresholds and what made them up", "tcpThresholdTop",
                [(f"tcpThresholdTop{{{CHOSEN}}} and on (instance, tcpThresholdName)"
                  f' tcpThresholdStatus{{{CHOSEN},tcpThresholdStatus="raised"}} == 1',
                  "{{instance}} {{tcpThresholdName}}: {{tcpThresholdTop}}")], 24, 5, unit="none",
                defaults={"thresholds": levels((None, "red")), "noValue": "none"},
                options=last(textMode="name", colorMode="background", orientation="horizontal"))


def variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE,
            "query": {"query": query, "refId": name}, "refresh": 2,
            "includeAll": True, "multi": True, "sort": 1, "hide": 0,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def main():
    mib, directory = objects.arguments()
    board = Dashboard(mib)
    add_health(board)
    add_states(board, mib)
    add_owners(board)
    add_queues(board)
    add_limits(board)
    kinds = sorted({panel["type"] for panel in board.panels} - {"row"})
    dashboard = {
        "__inputs": [{"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource",
                      "pluginId": "prometheus", "pluginName": "Prometheus", "description": ""}],
        "__requires": [
            {"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA_VERSION},
            {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
            *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in kinds)],
        "id": None, "uid": "tcp-state-agent", "title": "TCP sockets by state",
        "description": f"{objects.MODULE} at {mib.root}, scraped by snmp_exporter",
        "tags": ["tcp", "snmp"], "schemaVersion": SCHEMA_VERSION, "version": 1, "editable": True,
        "graphTooltip": 1, "refresh": "1m", "time": {"from": "now-6h", "to": "now"},
        "timezone": "", "templating": {"list": [
            variable("job", "Job", "label_values(tcpRefreshInterval, job)"),
            variable("instance", "Host",
                     'label_values(tcpRefreshInterval{job=~"$job"}, instance)')]},
        "annotations": {"list": []}, "links": [], "panels": board.panels}
    (directory / "tcp-state-agent.json").write_text(json.dumps(dashboard, indent=1) + "\n")


main()
