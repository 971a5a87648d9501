# SPDX-License-Identifier: BSD-2-Clause
"""Writes the templates for Zabbix 6.0 and 7.0, which differ in details of the format.

    generate.py MIB DIRECTORY

Zabbix identifies imported objects by UUIDs, which are derived from names and therefore stable. The
order is that of Zabbix's own export, without defaults, so that a comparison shows no change.
"""

import hashlib
import re
import uuid

from levels import AGE_INTERVALS, FILL, LIMITS, PORTS, RATES, REFRESH_ERRORS, STATES
import objects
import yaml_lines

TEMPLATE = "TCP states by SNMP"
_GROUP = {"uuid": "846977d1dfed4968bc5f8bdb363285bc", "name": "Templates/Operating systems"}
# Sockets in these states show a fault of their owner.
_OWNER_STATES = ("closeWait", "synSent")
_REGISTERED = "tcp.agent.registered"

_COLOURS = {"closed": "90A4AE", "listen": "1565C0", "synSent": "FFB300", "synReceived": "F4511E",
            "established": "43A047", "finWait1": "00ACC1", "finWait2": "80DEEA",
            "closeWait": "C62828", "lastAck": "8E24AA", "closing": "D81B60", "timeWait": "B39DDB"}

# UNITS of the MIB: the unit in Zabbix, with "!" if it takes no k or M prefix, and a factor.
_UNITS = {"KiB": ("B", "1024"), "milliseconds": ("s", "0.001"), "microseconds": ("s", "0.000001"),
          "seconds": ("s", None), "": ("", None)}

# Octets of a DateAndTime in hexadecimal digits become 2026-07-05 14:34:56 +02:00.
_DATE = """\
var octets = value.match(/[0-9A-Fa-f]{2}/g);
if (!/^ *([0-9A-Fa-f]{2}[ \\n]*){11}$/.test(value)) {
    return value;
}
octets = octets.map(function (octet) { return parseInt(octet, 16); });
function two(number) { return ('0' + number).slice(-2); }
return octets[0] * 256 + octets[1] + '-' + two(octets[2]) + '-' + two(octets[3]) + ' '
    + two(octets[4]) + ':' + two(octets[5]) + ':' + two(octets[6]) + ' '
    + String.fromCharCode(octets[8]) + two(octets[9]) + ':' + two(octets[10]);"""

_MACROS = {
    "TCP.INTERVAL": ("1m", "Polling interval."),
    "TCP.DISCOVERY.INTERVAL": (
        "10m", "Discovery interval of listeners, watches, owners and thresholds."),
    "TCP.LISTENER.MATCHES": (".*", "Listening endpoints to discover, such as 0.0.0.0:443."),
    "TCP.LISTENER.NOT_MATCHES": ("CHANGE_IF_NEEDED", "Listening endpoints not to discover."),
    "TCP.MISSING.PERIOD": ("3m", "Time for which snmpd answers without the agent."),
    "TCP.NODATA.PERIOD": ("5m", "Time without an answer from snmpd, or without counts."),
    "TCP.REFRESH.AGE.WARN": (str(AGE_INTERVALS), "Age of the counts, in refresh intervals."),
    "TCP.REFRESH.ERRORS.PERIOD": ("10m", "Averaging period for failed refreshes."),
    "TCP.REFRESH.ERRORS.WARN": (str(REFRESH_ERRORS), "Failed refreshes in ten minutes."),
    "TCP.STATUS.PERIOD": ("5m", "Time for which a value exceeds its limit."),
    'TCP.STATUS.PERIOD:"closewait"': ("15m", "Longer, to distinguish a leak from a peak."),
    "TCP.RATE.PERIOD": ("5m", "Averaging period for rates, so that a burst is not reported."),
    "TCP.PORTS.WARN": (str(PORTS.warning), "Percent of the local ports."),
    "TCP.ACCEPT.WARN": (str(FILL.warning), "Percent of an accept queue's backlog."),
    **{f'TCP.STATUS.WARN:"{state.lower()}"': (str(level.warning), f"Sockets in {state}.")
       for state, level in STATES.items()},
    **{f'TCP.RATE.WARN:"{name}"': (str(level.warning), f"Growth of {name} per second.")
       for name, level in RATES.items()},
    **{f'TCP.LIMIT.WARN:"{name}"': (str(level.warning), f"Percent of {name}Max.")
       for name, level in LIMITS.items()},
}


class Zabbix60:
    """Each item requests its own instance; Zabbix combines them into few requests."""

    version = "6.0"
    groups = "groups"
    any_error = ""


class Zabbix70:
    """Items of the same kind, since walk[] and get[] take a request for each column and object."""

    version = "7.0"
    groups = "template_groups"
    any_error = "-1"


def _polled(oid):
    return {"type": "SNMP_AGENT", "snmp_oid": oid, "delay": "{$TCP.INTERVAL}"}


class Generator:
    """The template in one format."""

    def __init__(self, mib, form):
        self._mib = mib
        self._form = form
        self._hints = dict(re.findall(r"^(\w+) {2,}(\S.*(?:\n {2,}.*)*)",
                                      mib["tcpStateCount"].description, re.MULTILINE))

    def export(self):
        items = [*self._states(), *self._families(), *self._scalars(), self._registered(),
                 self._traps()]
        triggers = _with_items(items, "triggers", self._triggers())
        rules = [self._listeners(), self._watch_states(), self._watches(), self._owners(),
                 self._thresholds()]
        template = {
            "uuid": _uuid("template"), "template": TEMPLATE, "name": TEMPLATE,
            "description": f"TCP socket counts from tcp-state-agent ({objects.MODULE}).",
            "groups": [{"name": _GROUP["name"]}],
            "items": items,
            "discovery_rules": rules,
            "tags": _tags(target="tcp-state-agent", **{"class": "os"}),
            "macros": [{"macro": f"{{${name}}}", "value": value, "description": description}
                       for name, (value, description) in sorted(
                           _MACROS.items(), key=lambda macro: macro[0].lower())
                       if f"{{${name}}}" in str((items, rules, triggers))],
            "valuemaps": [
                self._valuemap("tcpRefreshMethod"), self._valuemap("tcpThresholdStatus"),
                _valuemap(_REGISTERED, {"missing": 0, "registered": 1})]}
        return {"zabbix_export": {
            "version": self._form.version, self._form.groups: [_GROUP], "templates": [template],
            "triggers": triggers, "graphs": self._graphs()}}

    # ---- items ----

    def _states(self):
        for name in ("tcpStateTotal", "tcpStateTotalMax"):
            for state, number in self._mib.states.items():
                yield self._fixed(name, (number,), f"TCP {state}",
                                  _status(name, state), self._meaning(state))
        for name in ("tcpStateCount", "tcpStateCountMax"):
            for row in self._mib.rows:
                yield self._fixed(name, row.index,
                                  f"TCP {row.state}, {row.family}",
                                  _status(name, row.state, row.family), self._meaning(row.state))

    def _families(self):
        for column in self._mib.columns("tcpFamilyTable"):
            for family, number in self._mib.families.items():
                yield self._fixed(column.name, (number,),
                                  f"{column.name}, {family}", f"tcp.family[{column.name},{family}]")

    def _scalars(self):
        for found in self._mib.scalars:
            yield self._item(found, _polled(found.instance()), found.name, _scalar(found.name))

    def _registered(self):
        """An object that a registered agent always has."""
        interval = self._mib["tcpRefreshInterval"]
        item = self._item(interval, _polled(interval.instance()), "Agent registered", _REGISTERED)
        item.update(valuemap={"name": _REGISTERED}, preprocessing=[
            {**_step("CHECK_NOT_SUPPORTED", self._form.any_error), "error_handler": "CUSTOM_VALUE",
             "error_handler_params": "0"},
            _step("JAVASCRIPT", "return value > 0 ? 1 : 0")],
            description="1 if the agent is registered with snmpd, 0 if it is not. No value if"
                        " snmpd does not answer.")
        del item["units"], item["value_type"]
        return item

    def _traps(self):
        return {"uuid": _uuid("item snmptrap"), "name": "Notifications", "type": "SNMP_TRAP",
                "key": self._trap_key, "value_type": "LOG", "trends": "0", "delay": "0",
                "logtimefmt": "hh:mm:ss yyyy/MM/dd", "tags": _tags(component="tcp"),
                "description": "tcpThresholdRaised and tcpThresholdCleared from snmptrapd."}

    @property
    def _trap_key(self):
        numbers = "|".join(found.dotted for found in self._mib.notifications)
        return f'snmptrap["tcpThreshold(Raised|Cleared)|({numbers})[^0-9]"]'

    def _meaning(self, state):
        """The meaning of a high count."""
        return _one_line(self._hints.get(state, ""))

    def _fixed(self, name, index, title, key, description=None):
        column = self._mib[name]
        if name.endswith("Max"):
            title += ", maximum in the window"
            description = None
        return self._item(column, _polled(column.instance(index)), title, key, description)

    def _discovered(self, name, index, title, key):
        column = self._mib[name]
        return self._item(column, _polled(f"{column.dotted}.{index}"), title, key)

    def _item(self, found, asked, title, key, description=None):
        steps = []
        units, factor = _UNITS.get(found.units) or (f"!{found.units}", None)
        value_type = "UNSIGNED"
        if found.syntax in ("Counter32", "Counter64"):
            units, value_type = f"{units}/s", "FLOAT"
            steps = [*steps, _step("CHANGE_PER_SECOND", "")]
        elif found.syntax == "TimeTicks":
            units, factor, value_type = "s", "0.01", "FLOAT"
        elif found.syntax == "SnmpAdminString":
            value_type = "TEXT"
        elif found.syntax == "DateAndTime":
            steps, value_type = [*steps, _step("JAVASCRIPT", _DATE)], "TEXT"
        if factor:
            steps = [*steps, _step("MULTIPLIER", factor)]
            value_type = "FLOAT" if factor.startswith("0") else value_type
        item = {"uuid": _uuid(f"item {key}"), "name": title, **asked, "key": key,
                "value_type": value_type, "units": units,
                "description": description or _one_line(found.description.split("\n\n")[0]),
                "preprocessing": steps, "tags": _tags(component="tcp")}
        if value_type == "UNSIGNED":
            del item["value_type"]
        elif value_type == "TEXT":
            item["trends"] = "0"
        if found.enumeration:
            item["valuemap"] = {"name": found.name}
        return {name: value for name, value in item.items() if value not in ("", [])}

    def _valuemap(self, name):
        return _valuemap(name, self._mib[name].enumeration)

    # ---- discovery ----

    def _rule(self, title, table, macros, script=None, **more):
        asked = ",".join(f"{macro},{self._mib[name].dotted}" for macro, name in macros.items())
        steps = [_step("JAVASCRIPT", script)] if script else []
        triggers = _with_items(more["item_prototypes"], "trigger_prototypes",
                               more.pop("trigger_prototypes", []),
                               [{"key": _scalar(found.name)} for found in self._mib.scalars])
        rule = {"uuid": _uuid(f"rule {table}"), "name": title, "type": "SNMP_AGENT",
                "snmp_oid": f"discovery[{asked}]", "delay": "{$TCP.DISCOVERY.INTERVAL}",
                "key": f"tcp.discovery[{table}]", "lifetime": "1d", "preprocessing": steps,
                "trigger_prototypes": triggers, **more}
        return {name: value for name, value in rule.items() if value != []}

    def _listeners(self):
        names = [column.name for column in self._mib.columns("tcpListenQueueTable")
                 if column.name != "tcpListenLabel"]
        return self._rule(
            "Listeners", "tcpListenQueueTable", {"{#ENDPOINT}": "tcpListenLabel"},
            filter={"evaltype": "AND", "conditions": [
                {"macro": "{#ENDPOINT}", "value": "{$TCP.LISTENER.MATCHES}", "formulaid": "A"},
                {"macro": "{#ENDPOINT}", "value": "{$TCP.LISTENER.NOT_MATCHES}",
                 "operator": "NOT_MATCHES_REGEX", "formulaid": "B"}]},
            item_prototypes=[
                self._discovered(name, "{#SNMPINDEX}",
                                 f"Listener {{#ENDPOINT}}: {name}", _listener(name))
                for name in names],
            trigger_prototypes=[
                _trigger("Accept queue of {#ENDPOINT} fills",
                         _call("min", _listener("tcpListenFill"), "{$TCP.STATUS.PERIOD}")
                         + ">{$TCP.ACCEPT.WARN}", "AVERAGE", "performance",
                         "The application accepts too slowly, or hangs."),
                _trigger("{#ENDPOINT} drops connections",
                         self._grows("tcpHostListenDrops", _listener("tcpListenDropped"))
                         + " and " + self._grows("tcpHostListenDrops"), "WARNING", "performance",
                         "Clients see timeouts at this endpoint. Its counter alone also includes"
                         " port scans and half-open health checks.")],
            graph_prototypes=[_graph("Accept queue of {#ENDPOINT}", {
                _listener("tcpListenQueued"): "43A047",
                _listener("tcpListenQueuedMax"): "FFB300",
                _listener("tcpListenBacklog"): "C62828"})])

    def _watch_states(self):
        """A row for each family of a watch. The states are prototypes, which a graph can stack."""
        script = (
            "return JSON.stringify(JSON.parse(value).filter(function (row) {\n"
            f"    return /\\.{self._mib.states['listen']}$/.test(row['{{#SNMPINDEX}}']);\n"
            "}).map(function (row) {\n"
            "    var label = row['{#LABEL}'].split(' ');\n"
            "    return {'{#INDEX}': row['{#SNMPINDEX}'].replace(/\\.[0-9]+$/, ''),\n"
            "            '{#WATCH}': label[0], '{#FAMILY}': label[1]};\n"
            "}));")
        return self._rule(
            "Sockets of watches", "tcpWatchStateTable", {"{#LABEL}": "tcpWatchCountLabel"}, script,
            item_prototypes=[
                self._discovered("tcpWatchCount", f"{{#INDEX}}.{number}",
                                 f"Watch {{#WATCH}}, {{#FAMILY}}: {state}", _watch_state(state))
                for state, number in self._mib.states.items()],
            graph_prototypes=[_graph("TCP states of watch {#WATCH}, {#FAMILY}", {
                _watch_state(state): colour for state, colour in _COLOURS.items()}, "STACKED")])

    def _watches(self):
        script = (
            "return JSON.stringify(JSON.parse(value).map(function (row) {\n"
            "    var index = row['{#SNMPINDEX}'].split('.').slice(1);\n"
            "    row['{#WATCH}'] = String.fromCharCode.apply(null, index.map(Number));\n"
            "    return row;\n"
            "}));")
        use = _watch("tcpWatchPortUse")
        return self._rule(
            "Watches", "tcpWatchTable", {"{#FILTER}": "tcpWatchFilter"}, script,
            item_prototypes=[
                self._discovered(name, "{#SNMPINDEX}",
                                 f"Watch {{#WATCH}}: {name}", _watch(name))
                for name in ("tcpWatchSockets", "tcpWatchPortUse")],
            trigger_prototypes=[_trigger(
                "Local ports of watch {#WATCH} run out: {#FILTER}",
                _call("min", use, "{$TCP.STATUS.PERIOD}") + ">{$TCP.PORTS.WARN}", "AVERAGE",
                "capacity", "At 100 %, no further connection can be opened to this peer.")])

    def _owners(self):
        """A row for each owner, with the states that show a fault of its own."""
        index = self._mib.states[_OWNER_STATES[0]]
        script = (
            "return JSON.stringify(JSON.parse(value).filter(function (row) {\n"
            f"    return /\\.{index}$/.test(row['{{#SNMPINDEX}}']);\n"
            "}).map(function (row) {\n"
            "    return {'{#INDEX}': row['{#SNMPINDEX}'].replace(/\\.[0-9]+$/, ''),\n"
            "            '{#OWNER}': row['{#LABEL}'].replace(/ [^ ]+$/, '')};\n"
            "}));")
        return self._rule(
            "Sockets of owners", "tcpOwnerTable", {"{#LABEL}": "tcpOwnerLabel"}, script,
            item_prototypes=[
                self._discovered(name, f"{{#INDEX}}.{self._mib.states[state]}",
                                 f"Owner {{#OWNER}}: {title}", _owner(name, state))
                for state in _OWNER_STATES
                for name, title in (("tcpOwnerCount", state),
                                    ("tcpOwnerCountMax", f"{state}, maximum"))],
            graph_prototypes=[_graph("TCP sockets of {#OWNER}", {
                _owner("tcpOwnerCount", state): _COLOURS[state] for state in _OWNER_STATES})])

    def _thresholds(self):
        def key(name):
            return f"tcp.threshold[{name},{{#NAME}}]"
        raised = self._mib["tcpThresholdStatus"].enumeration["raised"]
        return self._rule(
            "Thresholds", "tcpThresholdTable",
            {"{#NAME}": "tcpThresholdLabel", "{#METRIC}": "tcpThresholdMetric",
             "{#RANGE}": "tcpThresholdRange"},
            item_prototypes=[
                self._discovered(name, "{#SNMPINDEX}",
                                 f"Threshold {{#NAME}}: {name}", key(name))
                for name in ("tcpThresholdValue", "tcpThresholdStatus", "tcpThresholdRaises",
                             "tcpThresholdTop", "tcpThresholdSinceDate")],
            trigger_prototypes=[_trigger(
                "Threshold {#NAME} is raised: {#METRIC}, range {#RANGE}",
                _call("last", key("tcpThresholdStatus")) + f"={raised} and length("
                + _call("last", key("tcpThresholdTop")) + ")>=0", "WARNING", "notice",
                "A threshold in the agent's configuration.")
                # The second item of the expression, which is always true for it.
                | {"opdata": "{ITEM.LASTVALUE2}"}])

    # ---- triggers ----

    def _triggers(self):
        silent = _call("nodata", _REGISTERED, "{$TCP.NODATA.PERIOD}")
        absent = _trigger(
            "TCP counts are absent",
            _call("last", _REGISTERED) + f"=1 and {silent}=0 and "
            + _call("nodata", _status("tcpStateTotal", "established"), "{$TCP.NODATA.PERIOD}")
            + "=1", "AVERAGE", "availability",
            "The agent is running, but has withdrawn its counts: refreshes fail.")
        stale = _trigger(
            "TCP counts are old",
            _call("min", _scalar("tcpRefreshAge"), "{$TCP.STATUS.PERIOD}")
            + ">{$TCP.REFRESH.AGE.WARN}*" + _call("last", _scalar("tcpRefreshInterval")),
            "WARNING", "availability", self._mib["tcpRefreshAge"].description)
        stale["dependencies"] = [{"name": absent["name"], "expression": absent["expression"]}]
        errors = _trigger(
            "TCP refreshes fail",
            _call("avg", _scalar("tcpRefreshErrors"), "{$TCP.REFRESH.ERRORS.PERIOD}")
            + ">{$TCP.REFRESH.ERRORS.WARN}/600",
            "WARNING", "availability", self._mib["tcpRefreshErrors"].description)
        errors["event_name"] = ("TCP refreshes fail: {?last(/{HOST.HOST}/"
                                + _scalar("tcpRefreshLastError") + ")}")
        return [
            _trigger("TCP state agent is missing",
                     _call("max", _REGISTERED, "{$TCP.MISSING.PERIOD}") + "=0",
                     "AVERAGE", "availability", "snmpd answers, but the agent is not registered."),
            _trigger("TCP states: no answer by SNMP", f"{silent}=1", "WARNING", "availability",
                     "snmpd does not answer; the state of the agent is unknown."),
            absent, stale, errors,
            _trigger("TCP notifications were dropped",
                     _call("max", _scalar("tcpNotifyDropped"), "1h") + ">0", "WARNING",
                     "notice", self._mib["tcpNotifyDropped"].description),
            _trigger("SYN flood",
                     self._grows("tcpHostSyncookiesSent") + " or "
                     + self._grows("tcpHostSynQueueDrops"), "HIGH", "security",
                     self._mib["tcpHostSyncookiesSent"].description
                     + " tcpListenSynQueue shows which service."),
            _trigger("Peers do not answer", self._above("synSent"), "WARNING", "availability",
                     self._meaning("synSent")),
            _trigger("Sockets in closeWait leak", self._above("closeWait"), "AVERAGE", "capacity",
                     self._meaning("closeWait")),
            _trigger("Many sockets in timeWait", self._above("timeWait"), "WARNING", "capacity",
                     self._meaning("timeWait")),
            *(_trigger(f"{use} is near its limit",
                       _call("min", _scalar(use), "{$TCP.STATUS.PERIOD}") + ">"
                       + _call("last", _scalar(limit)) + f'*{{$TCP.LIMIT.WARN:"{use}"}}/100 and '
                       + _call("last", _scalar(limit)) + ">0", "AVERAGE", "capacity",
                       self._mib[use].description)
              for use, limit in self._limits()),
            self._trap_trigger()]

    def _above(self, state):
        macro = _status_word(state)
        return (_call("min", _status("tcpStateTotal", state), f'{{$TCP.STATUS.PERIOD:"{macro}"}}')
                + f'>{{$TCP.STATUS.WARN:"{macro}"}}')

    def _grows(self, name, key=None):
        """A trigger for the tcpHost counter NAME, or for the item KEY, with the level of NAME."""
        return (_call("avg", key or _scalar(name), "{$TCP.RATE.PERIOD}")
                + f'>{{$TCP.RATE.WARN:"{name}"}}')

    def _limits(self):
        """(usage, limit) of each host object that has a limit."""
        return [(name, f"{name}Max") for name in LIMITS]

    def _trap_trigger(self):
        """A problem for each threshold, identified by a tag."""
        raised, cleared = (
            _call("find", self._trap_key, "", '"regexp"',
                  f'"{found.name}|{found.dotted}[^0-9]"') + "=1"
            for found in (self._mib["tcpThresholdRaised"], self._mib["tcpThresholdCleared"]))
        label = self._mib["tcpThresholdLabel"]
        name = (f'{{{{ITEM.VALUE}}.regsub("({label.name}|{label.dotted})[^ ]* .?([A-Za-z0-9_.-]+)"'
                ', "\\2")}')
        trigger = _trigger(
            "Notification of a raised threshold", raised, "WARNING", "notice",
            "Fires immediately, while the trigger of the discovered threshold waits for a"
            " poll but misses nothing. Enable it if snmptrapd forwards notifications.")
        trigger.update(
            event_name=f"Threshold {name} was raised", status="DISABLED", type="MULTIPLE",
            recovery_mode="RECOVERY_EXPRESSION", recovery_expression=cleared,
            correlation_mode="TAG_VALUE", correlation_tag="threshold", manual_close="YES")
        trigger["tags"] += [{"tag": "threshold", "value": name}]
        return trigger

    # ---- graphs ----

    def _graphs(self):
        def of_states(title, name, *family):
            return _graph(title, {_status(name, state, *family): colour
                                  for state, colour in _COLOURS.items()}, "STACKED")
        return [
            of_states("TCP states", "tcpStateTotal"),
            *(of_states(f"TCP states, {family}", "tcpStateCount", family)
              for family in self._mib.families),
            *(_graph(f"{use} and its limit", {_scalar(use): "43A047", _scalar(limit): "C62828"})
              for use, limit in self._limits()),
            _graph("Dropped connections", {
                _scalar("tcpHostListenOverflows"): "C62828",
                _scalar("tcpHostListenDrops"): "FFB300",
                _scalar("tcpHostSyncookiesSent"): "1565C0"})]


# ---- keys ----

def _status_word(state):
    """The key tcp.status[...], as in the user parameters that ran netstat."""
    return state.lower().replace("received", "recv")


def _status(name, state, *family):
    key = "tcp.status.max" if name.endswith("Max") else "tcp.status"
    return f"{key}[{','.join((_status_word(state), *family))}]"


def _scalar(name):
    group = "agent" if name.startswith(("tcpRefresh", "tcpNotify")) else "host"
    return f"tcp.{group}[{name}]"


def _listener(name):
    return f'tcp.listener[{name},"{{#ENDPOINT}}"]'


def _watch_state(state):
    return f"tcp.watch.status[{_status_word(state)},{{#FAMILY}},{{#WATCH}}]"


def _owner(name, state):
    key = "tcp.owner.max" if name.endswith("Max") else "tcp.owner"
    return f'{key}[{_status_word(state)},"{{#OWNER}}"]'


def _watch(name):
    return f"tcp.watch[{name},{{#WATCH}}]"


# ---- parts of the format ----

def _uuid(name):
    digest = hashlib.sha256(f"tcp-state-agent {name}".encode()).digest()
    return uuid.UUID(bytes=digest[:16], version=4).hex


def _step(kind, *parameters):
    return {"type": kind, "parameters": list(parameters)}


def _one_line(text):
    return " ".join(text.split())


def _tags(**tags):
    return [{"tag": tag, "value": value} for tag, value in sorted(tags.items())]


def _call(function, key, *parameters):
    return f"{function}({','.join((f'/{TEMPLATE}/{key}', *parameters))})"


def _trigger(name, expression, priority, scope, description):
    return {"uuid": _uuid(f"trigger {name}"), "expression": expression, "name": name,
            "priority": priority, "description": _one_line(description),
            "tags": _tags(scope=scope)}


def _with_items(items, name, triggers, more_items=()):
    """Move the triggers of a single item into it, under NAME, and return the others."""
    others = []
    for trigger in triggers:
        expressions = trigger["expression"] + trigger.get("recovery_expression", "")
        owners = [item for item in (*items, *more_items) if re.search(
            re.escape(f"/{TEMPLATE}/{item['key']}") + "[,)]", expressions)]
        if len(owners) == 1:
            owners[0].setdefault(name, []).append(trigger)
        else:
            others.append(trigger)
    return others


def _graph(name, colours, kind=None):
    graph = {"uuid": _uuid(f"graph {name}"), "name": name,
             "show_work_period": "NO", "show_triggers": "NO"}
    if kind:
        graph["type"] = kind
    graph["graph_items"] = [
        {**({"sortorder": str(order)} if order else {}), "color": colour,
         "item": {"host": TEMPLATE, "key": key}}
        for order, (key, colour) in enumerate(colours.items())]
    return graph


def _valuemap(name, values):
    return {"uuid": _uuid(f"valuemap {name}"), "name": name, "mappings": [
        {"value": str(number), "newvalue": word} for word, number in values.items()]}


def _scalar_lines(text, indent):
    if "\n" in text:
        return ["|-", *(f"{indent}{line}".rstrip() for line in text.split("\n"))]
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_/ .-]*", text) and text not in ("YES", "NO")
    return [text if plain else "'" + text.replace("'", "''") + "'"]


def main():
    mib, directory = objects.arguments()
    for form in (Zabbix60, Zabbix70):
        text = "\n".join(yaml_lines.lines(Generator(mib, form()).export(), _scalar_lines))
        path = directory / f"tcp-state-agent-{form.version}.yaml"
        path.write_text(f"# SPDX-License-Identifier: BSD-2-Clause\n{text}\n", encoding="ascii")


if __name__ == "__main__":
    main()
