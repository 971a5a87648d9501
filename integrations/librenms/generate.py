# SPDX-License-Identifier: BSD-2-Clause
"""Writes what LibreNMS needs: a pull request's files, and those that do without one."""

import json

import objects
from levels import AGE_S, LEVELS

GROUP = "TCP sockets"
_YAML = """\
modules:
    sensors:
        count:
            data:
                -
                    oid: {module}::tcpStateCountTable
                    value: {module}::tcpStateCount
                    num_oid: '{count}.{{{{ $index }}}}'
                    index: 'tcpStateCount.{{{{ $index }}}}'
                    snmp_flags: '-OteQUSab'
                    descr: '{{{{ {module}::tcpStateCountLabel }}}}'
                    group: '{group}'
        delay:
            data:
                -
                    oid: {module}::tcpRefreshAge
                    value: {module}::tcpRefreshAge
                    num_oid: '{age}.{{{{ $index }}}}'
                    index: 'tcpRefreshAge.{{{{ $index }}}}'
                    snmp_flags: '-OteQUSab'
                    divisor: 100
                    descr: 'Age of the counts'
                    group: '{group}'
                    warn_limit: {warning}
                    high_limit: {critical}
"""
_SQL = """\
INSERT INTO customoids (device_id, customoid_descr, customoid_oid, customoid_datatype,
    customoid_unit, customoid_limit_warn, customoid_limit, customoid_alert, customoid_passed)
SELECT device_id, '{descr}', '{oid}', 'GAUGE', 'sockets', {warning}, {critical}, {alert}, 1
FROM devices WHERE hostname = 'HOST';
"""
# SNMP types, as a snmprec file has them.
_OBJECT_IDENTIFIER, _STRING, _GAUGE, _TIMETICKS = 6, 4, 66, 67


def snmprec(mib):
    """A walk of a host that has N sockets in row N."""
    count = dict(enumerate(mib.rows, 1))
    lines = [("1.3.6.1.2.1.1.1.0", _STRING, "Linux web 6.1.0-13-amd64 #1 SMP x86_64"),
             ("1.3.6.1.2.1.1.2.0", _OBJECT_IDENTIFIER, "1.3.6.1.4.1.8072.3.2.10")]
    for name in ("tcpStateCount", "tcpStateCountMin", "tcpStateCountMax"):
        lines += [(mib[name].instance(row)[1:], _GAUGE, number) for number, row in count.items()]
    lines += [(mib["tcpStateCountLabel"].instance(row)[1:], _STRING, f"{row.family} {row.state}")
              for row in mib.rows]
    lines += [(mib["tcpRefreshAge"].instance()[1:], _TIMETICKS, 123)]
    return "".join("|".join(map(str, line)) + "\n" for line in lines)


def sensor(mib, oid, index, descr, current, **more):
    return {"sensor_deleted": 0, "sensor_class": "count", "poller_type": "snmp",
            "sensor_oid": oid, "sensor_index": index, "sensor_type": "linux",
            "sensor_descr": descr, "group": GROUP, "sensor_divisor": 1, "sensor_multiplier": 1,
            "sensor_current": current, "sensor_limit": None, "sensor_limit_warn": None,
            "sensor_limit_low": None, "sensor_limit_low_warn": None, "sensor_alert": 1,
            "sensor_custom": "No", "entPhysicalIndex": None, "entPhysicalIndex_measured": None,
            "sensor_prev": None, "user_func": None, "rrd_type": "GAUGE", "state_name": None,
            **more}


def test_data(mib):
    """What LibreNMS finds in that walk."""
    sensors = [sensor(mib, mib["tcpStateCount"].instance(row),
                      "tcpStateCount." + ".".join(map(str, row.index)),
                      f"{row.family} {row.state}", number)
               for number, row in enumerate(mib.rows, 1)]
    sensors.append(sensor(mib, mib["tcpRefreshAge"].instance(), "tcpRefreshAge.0",
                          "Age of the counts", 1.23, sensor_class="delay", sensor_divisor=100,
                          sensor_limit=AGE_S[1], sensor_limit_warn=AGE_S[0]))
    return {"sensors": {"discovery": {"sensors": sensors}, "poller": "matches discovery"}}


def rule(name, severity, *conditions):
    """As the API's POST /api/v0/rules takes it; each condition is (field, operator, value)."""
    rules = [{"id": field, "field": field, "type": "string", "input": "text",
              "operator": operator, "value": value}
             for field, operator, value in (("sensors.group", "equal", GROUP), *conditions)]
    return {"name": name, "severity": severity, "devices": [-1], "count": "-1", "delay": "5m",
            "builder": {"condition": "AND", "rules": rules, "valid": True}}


def alert_rules():
    rules = [rule(f"TCP sockets in {state}", severity,
                  ("sensors.sensor_descr", "ends_with", f" {state}"),
                  ("sensors.sensor_current", "greater", str(level)))
             for state, levels in LEVELS.items()
             for severity, level in zip(("warning", "critical"), levels)]
    rules.append(rule("TCP counts are old", "critical", ("sensors.sensor_class", "equal", "delay"),
                      ("sensors.sensor_current", "greater", str(AGE_S[1]))))
    rules.append(rule("tcp-state-agent is missing", "critical",
                      ("sensors.lastupdate", "less_or_equal", "`macros.past_15m`")))
    return rules


def custom_oids(mib):
    text = "-- SPDX-License-Identifier: BSD-2-Clause\n-- HOST is the device's name in LibreNMS.\n"
    for row in mib.rows:
        warning, critical = LEVELS.get(row.state, ("NULL", "NULL"))
        text += _SQL.format(descr=f"TCP {row.family} {row.state}", warning=warning,
                            critical=critical, alert=int(row.state in LEVELS),
                            oid=mib["tcpStateCount"].instance(row))
    return text


def service_parameters(mib):
    """Each: a name, and the parameters of check_snmp."""
    age = [100 * seconds for seconds in AGE_S]
    lines = [f"TCP agent\t-P 2c -C public -o {mib['tcpRefreshAge'].instance()} -l tcpRefreshAge"
             f" -w {age[0]} -c {age[1]}"]
    for state, (warning, critical) in LEVELS.items():
        oids = ",".join(mib["tcpStateCountMax"].dotted + f".{family}.{mib.states[state]}"
                        for family in mib.families.values())
        lines.append(f"TCP {state}\t-P 2c -C public -o {oids} -l {','.join(mib.families)}"
                     f" -w {warning},{warning} -c {critical},{critical}")
    return "\n".join(lines) + "\n"


def main():
    mib, directory = objects.arguments()
    files = {
        "linux.yaml": _YAML.format(
            module=objects.MODULE, group=GROUP, count=mib["tcpStateCount"].dotted,
            age=mib["tcpRefreshAge"].dotted, warning=AGE_S[0], critical=AGE_S[1]),
        "linux_tcp-state-count.snmprec": snmprec(mib),
        "linux_tcp-state-count.json": json.dumps(test_data(mib), indent=4) + "\n",
        "alert_rules.json": json.dumps(alert_rules(), indent=4) + "\n",
        "custom-oids.sql": custom_oids(mib),
        "service-templates.txt": service_parameters(mib),
    }
    for name, text in files.items():
        (directory / name).write_text(text)


main()
