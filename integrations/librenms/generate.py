# SPDX-License-Identifier: BSD-2-Clause
"""Writes the files for LibreNMS: those for a pull request, and those that work without one."""

import json

import objects
from levels import PORTS, STATES, THRESHOLDS

GROUP = "TCP sockets"
# States that are nearly always empty have one sensor for both families, in a separate group.
RARE = ("closed", "finWait1", "lastAck", "closing")
RARE_GROUP = "TCP sockets, usually 0"
# The names of the other sensors of every host; most pages show a name without its group.
SOCKETS_IN_USE = "TCP agent, sockets in use"
COUNTS = "TCP counts"
AGE = "TCP counts, age"

# The names of enumerated values in LibreNMS, where 0 stands for an absent object.
_OK, _WARNING, _CRITICAL, _UNKNOWN = range(4)
_METHODS = {"missing": (0, _CRITICAL), "full": (1, _OK), "derived": (2, _OK)}
_STATUSES = {"unknown": (0, _UNKNOWN), "normal": (1, _OK), "raised": (2, _WARNING)}

_SENSOR = """\
                -
                    oid: {module}::{table}
                    value: {module}::{name}
                    num_oid: '{oid}.{{{{ $index }}}}'
                    index: '{name}.{{{{ $index }}}}'
                    descr: '{descr}'
                    group: '{group}'
"""
_SKIPPED = """\
                    skip_values:
                        -
                            oid: index
                            op: {op}
                            value: [{indexes}]
"""
_SQL = """\
INSERT INTO customoids (device_id, customoid_descr, customoid_oid, customoid_datatype,
    customoid_unit, customoid_limit_warn, customoid_limit, customoid_alert, customoid_passed)
SELECT device_id, '{descr}', '{oid}', 'GAUGE', 'sockets', {warning}, {critical}, {alert}, 1
FROM devices WHERE hostname = 'HOST' AND NOT EXISTS (SELECT 1 FROM customoids
    WHERE customoids.device_id = devices.device_id AND customoid_oid = '{oid}');
"""
# A wrong name would otherwise be silent.
_SQL_CHECK = """\
SELECT COUNT(*) AS 'custom OIDs of HOST ({number} expected)'
FROM devices JOIN customoids USING (device_id)
WHERE hostname = 'HOST' AND customoid_oid LIKE '{root}.%';
"""
# The metrics of LibreNMS' application "ss" for both families.
_SS_METRICS = {"synSent": "tcp_syn-sent", "closeWait": "tcp_close-wait",
               "timeWait": "tcp_time-wait"}
# The SNMP types in snmprec files.
_OBJECT_IDENTIFIER, _STRING, _INTEGER, _GAUGE, _TIMETICKS = 6, 4, 2, 66, 67
_SOCKETS_USED = 300


def definition(mib):
    """Return the sensors of os_discovery/linux.yaml.

    Limits are those of the levels, with which LibreNMS' stock rules alert. LibreNMS takes an absent
    object for 0: some socket is always in use, and 0 is not a value of an enumeration.
    """
    def sensor(name, descr, table=None, group=GROUP, **more):
        text = _SENSOR.format(module=objects.MODULE, table=table or name, name=name,
                              oid=mib[name].dotted, descr=descr, group=group)
        return text + "".join(f"{20 * ' '}{key}: {value}\n" for key, value in more.items())

    def count(op, states, **limits):
        indexes = ", ".join(f"'{family}.{mib.states[state]}'" for state in states
                            for family in mib.families.values())
        return sensor("tcpStateCount", f"TCP {label('tcpStateCountLabel')}", "tcpStateCountTable",
                      **limits) + _SKIPPED.format(op=op, indexes=indexes)

    def label(name):
        return f"{{{{ {objects.MODULE}::{name} }}}}"

    def states(name, values):
        return f"                    state_name: {name}\n                    states:\n" + "".join(
            f"                        - {{ descr: {descr}, value: {value}, generic: {generic} }}\n"
            for descr, (value, generic) in values.items())

    counts = [count("in_array", (*STATES, *RARE))]
    counts += [count("not_in_array", [state], warn_limit=level.warning, high_limit=level.critical)
               for state, level in STATES.items()]
    indexes = ", ".join(f"'{mib.states[state]}'" for state in RARE)
    counts.append(sensor("tcpStateTotal", f"TCP {label('tcpStateTotalLabel')}",
                         "tcpStateTotalTable", RARE_GROUP)
                  + _SKIPPED.format(op="not_in_array", indexes=indexes))
    counts.append(sensor("tcpWatchSockets", f"TCP watch {label('tcpWatchFilter')}",
                         "tcpWatchTable"))
    counts.append(sensor("tcpHostSocketsUsed", SOCKETS_IN_USE, low_limit=1))
    return "".join([
        "modules:\n    sensors:\n        count:\n            data:\n", *counts,
        "        delay:\n            data:\n",
        sensor("tcpRefreshAge", AGE, divisor=100),
        "        percent:\n            data:\n",
        sensor("tcpWatchPortUse", f"Local ports of TCP watch {label('tcpWatchFilter')}",
               "tcpWatchTable", warn_limit=PORTS.warning, high_limit=PORTS.critical),
        "        state:\n            data:\n",
        sensor("tcpRefreshMethod", COUNTS), states("tcpRefreshMethod", _METHODS),
        sensor("tcpThresholdStatus", f"TCP threshold {label('tcpThresholdLabel')}",
               "tcpThresholdTable"), states("tcpThresholdStatus", _STATUSES)])


def snmprec(mib):
    """Return a walk of a host with N sockets in row N, in the order of the OIDs."""
    count = dict(enumerate(mib.rows, 1))
    lines = [((1, 3, 6, 1, 2, 1, 1, 1, 0), _STRING, "Linux web 6.1.0-13-amd64 #1 SMP x86_64"),
             ((1, 3, 6, 1, 2, 1, 1, 2, 0), _OBJECT_IDENTIFIER, "1.3.6.1.4.1.8072.3.2.10")]

    def add(name, kind, value, index=(0,)):
        lines.append((mib[name].oid + tuple(index), kind, value))

    for suffix in ("", "Min", "Max"):
        for number, row in count.items():
            add(f"tcpStateCount{suffix}", _GAUGE, number, row.index)
        for state, number in mib.states.items():
            add(f"tcpStateTotal{suffix}", _GAUGE, simulated_total(mib, state), (number,))
    for state, number in mib.states.items():
        add("tcpStateTotalLabel", _STRING, state, (number,))
    for row in mib.rows:
        add("tcpStateCountLabel", _STRING, f"{row.family} {row.state}", row.index)
    add("tcpHostSocketsUsed", _GAUGE, _SOCKETS_USED)
    add("tcpRefreshAge", _TIMETICKS, 123)
    add("tcpRefreshMethod", _INTEGER, 1)
    return "".join(f"{objects.dotted(oid)[1:]}|{kind}|{value}\n"
                   for oid, kind, value in sorted(lines))


def simulated_total(mib, state):
    return sum(number for number, row in enumerate(mib.rows, 1) if row.state == state)


def sensor(oid, index, descr, current, **more):
    return {"sensor_deleted": 0, "sensor_class": "count", "poller_type": "snmp",
            "sensor_oid": oid, "sensor_index": index, "sensor_type": "linux",
            "sensor_descr": descr, "group": GROUP, "sensor_divisor": 1, "sensor_multiplier": 1,
            "sensor_current": current, "sensor_limit": None, "sensor_limit_warn": None,
            "sensor_limit_low": None, "sensor_limit_low_warn": None, "sensor_alert": 1,
            "sensor_custom": "No", "entPhysicalIndex": None, "entPhysicalIndex_measured": None,
            "sensor_prev": None, "user_func": None, "rrd_type": "GAUGE", "state_name": None,
            **more}


def test_data(mib):
    """Return the sensors that LibreNMS discovers in that walk. It orders indexes as text."""
    sensors = []
    for number, row in enumerate(mib.rows, 1):
        if row.state in RARE:
            continue
        limits = STATES.get(row.state)
        sensors.append(sensor(
            mib["tcpStateCount"].instance(row), "tcpStateCount." + ".".join(map(str, row.index)),
            f"TCP {row.family} {row.state}", number,
            sensor_limit=limits and limits.critical, sensor_limit_warn=limits and limits.warning))
    for state in RARE:
        index = mib.states[state]
        sensors.append(sensor(
            mib["tcpStateTotal"].instance((index,)), f"tcpStateTotal.{index}", f"TCP {state}",
            simulated_total(mib, state), group=RARE_GROUP))
    sensors.append(sensor(mib["tcpHostSocketsUsed"].instance(), "tcpHostSocketsUsed.0",
                          SOCKETS_IN_USE, _SOCKETS_USED, sensor_limit_low=1))
    sensors.append(sensor(mib["tcpRefreshAge"].instance(), "tcpRefreshAge.0", AGE,
                          1.23, sensor_class="delay", sensor_divisor=100))
    sensors.append(sensor(mib["tcpRefreshMethod"].instance(), "tcpRefreshMethod.0", COUNTS,
                          1, sensor_class="state", sensor_type="tcpRefreshMethod",
                          state_name="tcpRefreshMethod"))
    sensors.sort(key=lambda found: (found["sensor_class"], found["sensor_type"],
                                    found["sensor_index"]))
    indexes = [{"state_name": "tcpRefreshMethod", "state_descr": descr, "state_value": value,
                "state_generic_value": generic} for descr, (value, generic) in _METHODS.items()]
    return {"sensors": {"discovery": {"sensors": sensors, "state_indexes": indexes},
                        "poller": "matches discovery"}}


def custom_oids(mib):
    text = "-- SPDX-License-Identifier: BSD-2-Clause\n-- HOST is the device's name in LibreNMS.\n"
    for row in mib.rows:
        warning, critical, _ = STATES.get(row.state, ("NULL", "NULL", None))
        text += _SQL.format(descr=f"TCP {row.family} {row.state}", warning=warning,
                            critical=critical, alert=int(row.state in STATES),
                            oid=mib["tcpStateCount"].instance(row))
    return text + _SQL_CHECK.format(number=len(mib.rows), root=mib["tcpStateCount"].dotted)


def alert_rules():
    """Return the rules for the application "ss", one per line, as the API takes them.

    No rule of LibreNMS' collection reads these metrics. Names are unique, so they contain the
    severity. Some releases refuse a rule without "interval".
    """
    def rule(state, severity, level):
        conditions = [("applications.app_type", "equal", "ss"),
                      ("application_metrics.metric", "equal", _SS_METRICS[state]),
                      ("application_metrics.value", "greater", str(level))]
        return {"name": f"TCP {state} of ss, {severity}", "severity": severity, "devices": [-1],
                "count": 1, "delay": "0", "interval": "5m", "mute": False,
                "builder": {"condition": "AND", "valid": True, "rules": [
                    {"id": field, "field": field, "type": "string", "input": "text",
                     "operator": operator, "value": value}
                    for field, operator, value in conditions]}}

    return "".join(json.dumps(rule(state, severity, level)) + "\n"
                   for state, levels in STATES.items()
                   for severity, level in (("warning", levels.warning),
                                           ("critical", levels.critical)))


def service_parameters(mib):
    """Return the services as names and parameters of check_snmp.

    The smallest count within the window is tested, because a burst is not a leak. Percentages and
    rates are for the agent's thresholds: check_snmp cannot compute them.
    """
    lines = [f"TCP agent\t-P 2c -C public -o {mib['tcpRefreshAge'].instance()} -l tcpRefreshAge"
             " -w 0:"]
    lines += [f"TCP {state}\t-P 2c -C public"
              f" -o {mib['tcpStateTotalMin'].instance((mib.states[state],))} -l {state}"
              f" -w {level.warning} -c {level.critical}" for state, level in STATES.items()]
    for threshold in THRESHOLDS:
        if not threshold.metric.startswith("state "):
            index = mib.text_index(threshold.name)
            lines.append(f"TCP {threshold.name}\t-P 2c -C public"
                         f" -o {mib['tcpThresholdStatus'].instance(index)} -l tcpThresholdStatus"
                         " -w 1")
    return "\n".join(lines) + "\n"


def main():
    mib, directory = objects.arguments()
    files = {
        "alert-rules.jsonl": alert_rules(),
        "linux.yaml": definition(mib),
        "linux_tcp-state-count.snmprec": snmprec(mib),
        "linux_tcp-state-count.json": json.dumps(test_data(mib), indent=4) + "\n",
        "custom-oids.sql": custom_oids(mib),
        "service-templates.txt": service_parameters(mib),
    }
    for name, text in files.items():
        (directory / name).write_text(text)


main()
