# SPDX-License-Identifier: BSD-2-Clause
"""Writes the templates for Zabbix 6.0 and 7.0, which differ in how an item asks SNMP.

    generate.py MIB DIRECTORY

Zabbix knows what it has imported again by UUIDs: they are made of names, so that they stay. Each
thing is where Zabbix itself exports it, without defaults, so that comparing shows no change.
"""

import hashlib
import re
import uuid

import objects
import yaml_lines

TEMPLATE = "TCP states by SNMP"
_GROUP = {"uuid": "846977d1dfed4968bc5f8bdb363285bc", "name": "Templates/Operating systems"}
_REGISTERED = "tcp.agent.registered"

_COLOURS = {"closed": "90A4AE", "listen": "1565C0", "synSent": "FFB300", "synReceived": "F4511E",
            "established": "43A047", "finWait1": "00ACC1", "finWait2": "80DEEA",
            "closeWait": "C62828", "lastAck": "8E24AA", "closing": "D81B60", "timeWait": "B39DDB"}

# UNITS of the MIB: those of Zabbix, which puts k and M before them but for "!", and a factor.
_UNITS = {"KiB": ("B", "1024"), "milliseconds": ("s", "0.001"), "microseconds": ("s", "0.000001"),
          "seconds": ("s", None), "": ("", None)}

_MACROS = {
    "TCP.INTERVAL": ("1m", "From one poll to the next."),
    "TCP.DISCOVERY.INTERVAL": ("10m", "From one look for listeners, watched ports and thresholds"
                                      " to the next."),
    "TCP.LISTENER.MATCHES": (".*", "Listening endpoints that are discovered, such as 0.0.0.0:443."),
    "TCP.LISTENER.NOT_MATCHES": ("CHANGE_IF_NEEDED", "Listening endpoints that are not."),
    "TCP.MISSING.PERIOD": ("3m", "How long snmpd answers without the agent."),
    "TCP.NODATA.PERIOD": ("5m", "How long snmpd, or the counts, may be silent."),
    "TCP.REFRESH.AGE.WARN": ("60", "Age of the counts in seconds."),
    "TCP.REFRESH.ERRORS.PERIOD": ("10m", "How long a failed refresh is told."),
    "TCP.STATUS.PERIOD": ("5m", "How long a state's count is above its limit."),
    'TCP.STATUS.PERIOD:"closewait"': ("15m", "A leak stays; a busy moment goes."),
    'TCP.STATUS.WARN:"synrecv"': ("1000", "Sockets in synReceived."),
    'TCP.STATUS.WARN:"synsent"': ("50", "Sockets in synSent."),
    'TCP.STATUS.WARN:"closewait"': ("200", "Sockets in closeWait."),
    'TCP.STATUS.WARN:"timewait"': ("20000", "Sockets in timeWait."),
    "TCP.SYNCOOKIES.WARN": ("10", "SYN cookies a second."),
    "TCP.LIMIT.WARN": ("80", "Percent of a limit of the host."),
    "TCP.ACCEPT.WARN": ("80", "Percent of an accept queue's backlog."),
    "TCP.DROPS.PERIOD": ("5m", "How long dropped connections are told."),
}


class Zabbix60:
    """Each item asks for its own instance; Zabbix puts them into few requests."""

    version = "6.0"
    groups = "groups"
    any_error = ""

    def __init__(self):
        self.masters = []

    def scalar(self, found):
        return self._get(found.instance())

    def fixed(self, column, index, _table):
        return self._get(column.instance(index))

    def discovered(self, column, index, _table):
        return self._get(f"{column.dotted}.{index}")

    def rule(self, macros, _table):
        asked = ",".join(f"{macro},{column.dotted}" for macro, column in macros.items())
        return {"type": "SNMP_AGENT", "snmp_oid": f"discovery[{asked}]",
                "delay": "{$TCP.DISCOVERY.INTERVAL}"}, []

    def _get(self, oid):
        return {"type": "SNMP_AGENT", "snmp_oid": oid, "delay": "{$TCP.INTERVAL}"}, []


class Zabbix70:
    """A master item walks a table's columns; items and discovery rules take theirs of it."""

    version = "7.0"
    groups = "template_groups"
    any_error = "-1"

    def __init__(self):
        self._columns = {}

    @property
    def masters(self):
        """To be asked for when every item is made."""
        return [{"uuid": _uuid(f"item {_master(table)}"), "name": f"Walk of {table}",
                 "type": "SNMP_AGENT", "key": _master(table), "delay": "{$TCP.INTERVAL}",
                 "snmp_oid": f"walk[{','.join(columns)}]", "history": "0", "value_type": "TEXT",
                 "trends": "0", "tags": _tags(component="raw")}
                for table, columns in self._columns.items()]

    def scalar(self, found):
        return {"type": "SNMP_AGENT", "snmp_oid": f"get[{found.instance()}]",
                "delay": "{$TCP.INTERVAL}"}, []

    def fixed(self, column, index, table):
        return self._value(column, column.instance(index), table)

    def discovered(self, column, index, table):
        return self._value(column, f"{column.dotted}.{index}", table)

    def rule(self, macros, table):
        steps = [_step("SNMP_WALK_TO_JSON", *(told for macro, column in macros.items()
                                              for told in (macro, column.dotted, "0")))]
        return self._of_master(table, macros.values()), steps

    def _value(self, column, oid, table):
        return self._of_master(table, [column]), [_step("SNMP_WALK_VALUE", oid, "0")]

    def _of_master(self, table, columns):
        asked = self._columns.setdefault(table, [])
        asked += [column.dotted for column in columns if column.dotted not in asked]
        return {"type": "DEPENDENT", "delay": "0", "master_item": {"key": _master(table)}}


class Generator:
    """Of one format's template."""

    def __init__(self, mib, form):
        self._mib = mib
        self._form = form
        self._hints = dict(re.findall(r"^(\w+) {2,}(\S.*(?:\n {2,}.*)*)",
                                      mib["tcpStateCount"].description, re.MULTILINE))

    def export(self):
        items = [*self._states(), *self._families(), *self._scalars(), self._registered(),
                 self._traps()]
        triggers = _with_items(items, "triggers", self._triggers())
        rules = [self._listeners(), self._ports(), self._thresholds()]
        template = {
            "uuid": _uuid("template"), "template": TEMPLATE, "name": TEMPLATE,
            "description": f"The counts of tcp-state-agent, from {objects.MODULE}.",
            "groups": [{"name": _GROUP["name"]}],
            "items": self._form.masters + items,
            "discovery_rules": rules,
            "tags": _tags(target="tcp-state-agent", **{"class": "os"}),
            "macros": [{"macro": f"{{${name}}}", "value": value, "description": told}
                       for name, (value, told) in sorted(_MACROS.items())
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
                yield self._fixed(name, "tcpStateTotalTable", (number,), f"TCP {state}",
                                  _status(name, state), self._told(state))
        for name in ("tcpStateCount", "tcpStateCountMax"):
            for row in self._mib.rows:
                yield self._fixed(name, "tcpStateCountTable", row.index,
                                  f"TCP {row.state}, {row.family}",
                                  _status(name, row.state, row.family), self._told(row.state))

    def _families(self):
        for column in self._mib.columns("tcpFamilyTable"):
            for family, number in self._mib.families.items():
                yield self._fixed(column.name, "tcpFamilyTable", (number,),
                                  f"{column.name}, {family}", f"tcp.family[{column.name},{family}]")

    def _scalars(self):
        for found in self._mib.scalars:
            yield self._item(found, self._form.scalar(found), found.name, _scalar(found.name))

    def _registered(self):
        """An object that a registered agent always has."""
        item = self._item(self._mib["tcpRefreshInterval"],
                          self._form.scalar(self._mib["tcpRefreshInterval"]), "Agent registered",
                          _REGISTERED)
        item.update(valuemap={"name": _REGISTERED}, preprocessing=[
            {**_step("CHECK_NOT_SUPPORTED", self._form.any_error), "error_handler": "CUSTOM_VALUE",
             "error_handler_params": "0"},
            _step("JAVASCRIPT", "return value > 0 ? 1 : 0")],
            description="Whether snmpd knows the agent. Without an answer of snmpd's there is no"
                        " value: neither 0 nor 1.")
        del item["units"], item["value_type"]
        return item

    def _traps(self):
        return {"uuid": _uuid("item snmptrap"), "name": "Notifications", "type": "SNMP_TRAP",
                "key": self._trap_key, "value_type": "LOG", "trends": "0", "delay": "0",
                "logtimefmt": "hh:mm:ss yyyy/MM/dd", "tags": _tags(component="tcp"),
                "description": "tcpThresholdRaised and tcpThresholdCleared, as snmptrapd got them."}

    @property
    def _trap_key(self):
        numbers = "|".join(found.dotted for found in self._mib.notifications)
        return f'snmptrap["tcpThreshold(Raised|Cleared)|({numbers})[^0-9]"]'

    def _told(self, state):
        """What a high count hints at."""
        return _one_line(self._hints.get(state, ""))

    def _fixed(self, name, table, index, title, key, told=None):
        column = self._mib[name]
        if name.endswith("Max"):
            title += ", largest in the window"
            told = None
        return self._item(column, self._form.fixed(column, index, table), title, key, told)

    def _discovered(self, name, table, index, title, key):
        column = self._mib[name]
        return self._item(column, self._form.discovered(column, index, table), title, key)

    def _item(self, found, source, title, key, told=None):
        asked, steps = source
        units, factor = _UNITS.get(found.units) or (f"!{found.units}", None)
        value_type = "UNSIGNED"
        if found.syntax in ("Counter32", "Counter64"):
            units, value_type = f"{units}/s", "FLOAT"
            steps = [*steps, _step("CHANGE_PER_SECOND", "")]
        elif found.syntax == "TimeTicks":
            units, factor, value_type = "s", "0.01", "FLOAT"
        elif found.syntax == "SnmpAdminString":
            value_type = "TEXT"
        if factor:
            steps = [*steps, _step("MULTIPLIER", factor)]
            value_type = "FLOAT" if factor.startswith("0") else value_type
        item = {"uuid": _uuid(f"item {key}"), "name": title, **asked, "key": key,
                "value_type": value_type, "units": units,
                "description": told or _one_line(found.description.split("\n\n")[0]),
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
        asked, steps = self._form.rule(
            {macro: self._mib[name] for macro, name in macros.items()}, table)
        if script:
            steps = [*steps, _step("JAVASCRIPT", script)]
        triggers = _with_items(more["item_prototypes"], "trigger_prototypes",
                               more.pop("trigger_prototypes", []))
        rule = {"uuid": _uuid(f"rule {table}"), "name": title, **asked,
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
                self._discovered(name, "tcpListenQueueTable", "{#SNMPINDEX}",
                                 f"Listener {{#ENDPOINT}}: {name}", _listener(name))
                for name in names],
            trigger_prototypes=[
                _trigger("Accept queue of {#ENDPOINT} fills",
                         _call("min", _listener("tcpListenQueued"), "{$TCP.STATUS.PERIOD}") + ">"
                         + _call("last", _listener("tcpListenBacklog"))
                         + "*{$TCP.ACCEPT.WARN}/100",
                         "AVERAGE", "performance",
                         "The application accepts too slowly, or hangs."),
                _trigger("{#ENDPOINT} drops connections",
                         _call("max", _listener("tcpListenDropped"), "{$TCP.DROPS.PERIOD}") + ">0",
                         "WARNING", "performance", "Clients see time-outs here.")],
            graph_prototypes=[_graph("Accept queue of {#ENDPOINT}", {
                _listener("tcpListenQueued"): "43A047",
                _listener("tcpListenQueuedMax"): "FFB300",
                _listener("tcpListenBacklog"): "C62828"})])

    def _ports(self):
        """A row for each family of a port: the states are prototypes, which a graph can stack."""
        script = (
            "return JSON.stringify(JSON.parse(value).filter(function (row) {\n"
            f"    return /\\.{self._mib.states['listen']}$/.test(row['{{#SNMPINDEX}}']);\n"
            "}).map(function (row) {\n"
            "    var index = row['{#SNMPINDEX}'].split('.'), label = row['{#LABEL}'].split(' ');\n"
            "    return {'{#VERSION}': index[0], '{#PORT}': index[1],\n"
            "            '{#FAMILY}': label[0], '{#SERVICE}': label[1]};\n"
            "}));")
        return self._rule(
            "Watched ports", "tcpPortStateTable", {"{#LABEL}": "tcpPortStateLabel"}, script,
            item_prototypes=[
                self._discovered("tcpPortStateCount", "tcpPortStateTable",
                                 f"{{#VERSION}}.{{#PORT}}.{number}",
                                 f"Port {{#SERVICE}}, {{#FAMILY}}: {state}", _port(state))
                for state, number in self._mib.states.items()],
            graph_prototypes=[_graph("TCP states of port {#SERVICE}, {#FAMILY}", {
                _port(state): colour for state, colour in _COLOURS.items()}, "STACKED")])

    def _thresholds(self):
        def key(name):
            return f"tcp.threshold[{name},{{#NAME}}]"
        raised = self._mib["tcpThresholdStatus"].enumeration["raised"]
        return self._rule(
            "Thresholds", "tcpThresholdTable",
            {"{#NAME}": "tcpThresholdLabel", "{#METRIC}": "tcpThresholdMetric",
             "{#RANGE}": "tcpThresholdRange"},
            item_prototypes=[
                self._discovered(name, "tcpThresholdTable", "{#SNMPINDEX}",
                                 f"Threshold {{#NAME}}: {name}", key(name))
                for name in ("tcpThresholdValue", "tcpThresholdStatus", "tcpThresholdRaises")],
            trigger_prototypes=[_trigger(
                "Threshold {#NAME} is raised: {#METRIC}, range {#RANGE}",
                _call("last", key("tcpThresholdStatus")) + f"={raised}", "WARNING", "notice",
                "The agent's own threshold, as its configuration has it.")])

    # ---- triggers ----

    def _triggers(self):
        silent = _call("nodata", _REGISTERED, "{$TCP.NODATA.PERIOD}")
        absent = _trigger(
            "TCP counts are absent",
            _call("last", _REGISTERED) + f"=1 and {silent}=0 and "
            + _call("nodata", _status("tcpStateTotal", "established"), "{$TCP.NODATA.PERIOD}")
            + "=1", "AVERAGE", "availability",
            "The agent is there, but has withdrawn its counts: its refreshes fail.")
        stale = _trigger(
            "TCP counts are old",
            _call("last", _scalar("tcpRefreshAge")) + ">{$TCP.REFRESH.AGE.WARN}",
            "WARNING", "availability", self._mib["tcpRefreshAge"].description)
        stale["dependencies"] = [{"name": absent["name"], "expression": absent["expression"]}]
        errors = _trigger(
            "TCP refreshes fail",
            _call("max", _scalar("tcpRefreshErrors"), "{$TCP.REFRESH.ERRORS.PERIOD}") + ">0",
            "WARNING", "availability", self._mib["tcpRefreshErrors"].description)
        errors["event_name"] = ("TCP refreshes fail: {?last(/{HOST.HOST}/"
                                + _scalar("tcpRefreshLastError") + ")}")
        return [
            _trigger("TCP state agent is missing",
                     _call("max", _REGISTERED, "{$TCP.MISSING.PERIOD}") + "=0",
                     "AVERAGE", "availability", "snmpd answers, but does not know the agent."),
            _trigger("TCP states: no answer by SNMP", f"{silent}=1", "WARNING", "availability",
                     "snmpd does not answer: nothing is known of the agent or the counts."),
            absent, stale, errors,
            _trigger("TCP notifications were dropped",
                     _call("max", _scalar("tcpThresholdDropped"), "1h") + ">0", "WARNING",
                     "notice", self._mib["tcpThresholdDropped"].description),
            _trigger("SYN flood",
                     self._above("synReceived") + " or "
                     + _call("min", _scalar("tcpSyncookiesSent"), "{$TCP.STATUS.PERIOD}")
                     + ">{$TCP.SYNCOOKIES.WARN}", "HIGH", "security", self._told("synReceived")),
            _trigger("Peers do not answer", self._above("synSent"), "WARNING", "availability",
                     self._told("synSent")),
            _trigger("Sockets in closeWait leak", self._above("closeWait"), "AVERAGE", "capacity",
                     self._told("closeWait")),
            _trigger("Many sockets in timeWait", self._above("timeWait"), "WARNING", "capacity",
                     self._told("timeWait")),
            *(_trigger(f"{use} is near its limit",
                       _call("min", _scalar(use), "{$TCP.STATUS.PERIOD}") + ">"
                       + _call("last", _scalar(limit)) + "*{$TCP.LIMIT.WARN}/100", "AVERAGE",
                       "capacity", self._mib[use].description)
              for use, limit in self._limits()),
            *(_trigger(f"{name} grows",
                       _call("max", _scalar(name), "{$TCP.DROPS.PERIOD}") + ">0", "WARNING",
                       "performance", self._mib[name].description)
              for name in ("tcpListenOverflows", "tcpTimeWaitOverflows")),
            self._trap_trigger()]

    def _above(self, state):
        macro = _status_word(state)
        return (_call("min", _status("tcpStateTotal", state), f'{{$TCP.STATUS.PERIOD:"{macro}"}}')
                + f'>{{$TCP.STATUS.WARN:"{macro}"}}')

    def _limits(self):
        """(use, limit) of each host object that has one."""
        names = {found.name for found in self._mib.scalars}
        return [(name, f"{name}Max") for name in sorted(names) if f"{name}Max" in names]

    def _trap_trigger(self):
        """A problem for each threshold, told apart by a tag."""
        raised, cleared = (
            _call("find", self._trap_key, "", '"regexp"',
                  f'"{found.name}|{found.dotted}[^0-9]"') + "=1"
            for found in (self._mib["tcpThresholdRaised"], self._mib["tcpThresholdCleared"]))
        label = self._mib["tcpThresholdLabel"]
        name = (f'{{{{ITEM.VALUE}}.regsub("({label.name}|{label.dotted})[^ ]* .?([A-Za-z0-9_.-]+)"'
                ', "\\2")}')
        trigger = _trigger(
            "Notification of a raised threshold", raised, "WARNING", "notice",
            "Told at once, where the trigger of the discovered threshold waits for a poll and"
            " misses nothing. Enable it where snmptrapd hands notifications to Zabbix.")
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
                _scalar("tcpListenOverflows"): "C62828", _scalar("tcpListenDrops"): "FFB300",
                _scalar("tcpSyncookiesSent"): "1565C0"})]


# ---- keys ----

def _status_word(state):
    """As the user parameters tcp.status[...] have it that ran netstat."""
    return state.lower().replace("received", "recv")


def _status(name, state, *family):
    key = "tcp.status.max" if name.endswith("Max") else "tcp.status"
    return f"{key}[{','.join((_status_word(state), *family))}]"


def _scalar(name):
    group = "agent" if name.startswith(("tcpRefresh", "tcpThreshold")) else "host"
    return f"tcp.{group}[{name}]"


def _listener(name):
    return f'tcp.listener[{name},"{{#ENDPOINT}}"]'


def _port(state):
    return f"tcp.port.status[{_status_word(state)},{{#FAMILY}},{{#PORT}}]"


def _master(table):
    return f"tcp.walk[{table}]"


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


def _trigger(name, expression, priority, scope, told):
    return {"uuid": _uuid(f"trigger {name}"), "expression": expression, "name": name,
            "priority": priority, "description": _one_line(told), "tags": _tags(scope=scope)}


def _with_items(items, name, triggers):
    """Put those of one item beside it, under NAME; the others are returned."""
    others = []
    for trigger in triggers:
        told = trigger["expression"] + trigger.get("recovery_expression", "")
        owners = [item for item in items if re.search(
            re.escape(f"/{TEMPLATE}/{item['key']}") + "[,)]", told)]
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
