# SPDX-License-Identifier: BSD-2-Clause
"""The files for LibreNMS, with the tools that it uses. Debian does not package LibreNMS itself.

What LibreNMS 26.7.0 does with them was observed in its own code, and is repeated here.
"""

import json
import pathlib
import re
import shlex
import sqlite3
import subprocess

import pytest
import yaml

import mib
import snmp
from daemons import BUILD
from levels import STATES, THRESHOLDS
from polling import until
from monitored_host import INTEGRATIONS, MIB_DIRECTORIES, MonitoredHost

SOURCES = pathlib.Path(__file__).parents[2]
FILES = INTEGRATIONS / "librenms"
PHP = SOURCES / "integrations/librenms"
LIVE = "udp:127.0.0.1:161"
SIMULATED = "udp:127.0.0.1:1161"
RARE = ("closed", "finWait1", "lastAck", "closing")  # one sensor for both families

# LibreNMS walks with these options if a definition has no snmp_flags, and gets at most ten objects.
_WALK = ("-OteQUSab", "-Pu", "-Ih")
_GET = ("-OUQntea",)
_OBJECTS_PER_GET = 10

# From resources/definitions/schema/discovery_schema.json, which allows nothing else in an entry.
_SENSOR_CLASSES = {"count", "delay", "percent", "state"}  # of those that are allowed
_REQUIRED = {"oid": str, "num_oid": str, "descr": str}
_ALLOWED = {**_REQUIRED, "value": str, "index": (str, int), "group": str, "snmp_flags": (str, list),
            "divisor": (int, float, str), "multiplier": (int, float, str),
            "warn_limit": (int, float, str), "high_limit": (int, float, str),
            "low_limit": (int, float, str), "low_warn_limit": (int, float, str),
            "skip_values": list, "state_name": str, "states": list}
_STATE = {"descr": str, "value": int, "generic": int}
_NUM_OID = re.compile(r"(\.\d+)+(\.?\{\{ \$(index|str_index_as_numeric) \}\})?(\.\d+)*")


@pytest.fixture(scope="module")
def monitored(tmp_path_factory):
    """The agent has a threshold that only the test of traps crosses."""
    directory = tmp_path_factory.mktemp("monitored")
    with MonitoredHost(directory, threshold="leak state ipv4 closeWait 100") as monitored:
        yield monitored


@pytest.fixture(scope="module")
def definition():
    return yaml.safe_load((FILES / "linux.yaml").read_text())


@pytest.fixture(scope="module")
def simulator(monitored):
    """snmpsim with the walk for the pull request."""
    tried = subprocess.run(["snmpsimd", "--help"], capture_output=True, text=True)
    if "ImportError" in tried.stderr or "ModuleNotFoundError" in tried.stderr:
        pytest.skip(f"snmpsim does not start, as on Debian 13: {tried.stderr.splitlines()[-1]}")
    data = monitored.directory / "simulated"
    data.mkdir()
    (data / "public.snmprec").write_text((FILES / "linux_tcp-state-count.snmprec").read_text())
    data.chmod(0o755)
    monitored.directory.chmod(0o755)
    daemon = monitored.launch("snmpsim", [
        "snmpsimd", f"--data-dir={data}", f"--cache-dir={data}", "--process-user=root",
        "--process-group=root", f"--agent-udpv4-endpoint={SIMULATED.removeprefix('udp:')}",
        "--logging-method=stderr"])

    def answers():
        assert daemon.running, daemon.log
        return "Linux web" in walk(SIMULATED, "1.3.6.1.2.1.1")

    until(answers, "snmpsim answers", 30, 0.2)


def ask(command, where, flags, *oids):
    return subprocess.run(
        [command, "-v2c", "-c", "public", *flags, "-M", MIB_DIRECTORIES,
         "-m", "TCP-STATE-COUNT-MIB", "-r", "0", where, *oids],
        capture_output=True, text=True).stdout


def walk(where, oid):
    """Walk like LibreNMS."""
    return ask("snmpbulkwalk", where, _WALK, oid)


def poll(sensors):
    """Return {sensor index: value}, as LibreNMS' poller stores them: an absent object is 0."""
    values = {}
    for kind in sorted({sensor["sensor_class"] for sensor in sensors.values()}):
        oids = [sensor["sensor_oid"] for sensor in sensors.values()
                if sensor["sensor_class"] == kind]
        for i in range(0, len(oids), _OBJECTS_PER_GET):
            values |= re.findall(r"^(\S+) = (\d+)$", ask(
                "snmpget", LIVE, _GET, *oids[i:i + _OBJECTS_PER_GET]), re.MULTILINE)
    return {index: float(values.get(sensor["sensor_oid"], 0)) / sensor["sensor_divisor"]
            for index, sensor in sensors.items()}


def alerting(sensors, values, definition):
    """Return the indexes for which LibreNMS' stock rules alert."""
    generic = {entry["value"].partition("::")[2]:
               {state["value"]: state["generic"] for state in entry["states"]}
               for entry in definition["modules"]["sensors"]["state"]["data"]}

    def exceeded(index, sensor):
        if sensor["sensor_class"] == "state":
            return generic[index.partition(".")[0]][values[index]] in (1, 2)
        low, high = sensor["sensor_limit_low"], sensor["sensor_limit"]
        return (low is not None and values[index] < low
                or high is not None and values[index] > high)

    return {index for index, sensor in sensors.items() if exceeded(index, sensor)}


def discover(definition, where):
    """Return {sensor index: sensor}, as LibreNMS' discovery creates them from its walk."""
    sensors = {}
    for kind, entries in definition["modules"]["sensors"].items():
        for entry in entries["data"]:
            objects = re.findall(r"^(\S+?)\.([\d.]+) = (?!No )(.*)$",
                                 walk(where, entry["oid"]), re.MULTILINE)
            values = {}
            for name, index, value in objects:
                values.setdefault(index, {})[name] = value.strip('"')

            def filled(text, index):
                text = text.replace("{{ $index }}", index)
                return re.sub(r"\{\{ (\S+) \}\}", lambda found: values[index][found[1]], text)

            for index in values:
                if any(skips(rule, index) for rule in entry.get("skip_values", [])):
                    continue
                # A row without the value has no sensor.
                if entry["value"] not in values[index]:
                    continue
                number = float(values[index][entry["value"]]) / entry.get("divisor", 1)
                sensors[filled(entry["index"], index)] = {
                    "sensor_class": kind, "sensor_current": number, "group": entry["group"],
                    "sensor_oid": filled(entry["num_oid"], index),
                    "sensor_descr": filled(entry["descr"], index),
                    "sensor_divisor": entry.get("divisor", 1),
                    "sensor_limit": entry.get("high_limit"),
                    "sensor_limit_warn": entry.get("warn_limit"),
                    "sensor_limit_low": entry.get("low_limit")}
    return sensors


def skips(rule, index):
    """Apply our rules like LibreNMS' YamlDiscovery::canSkipItem."""
    assert rule.keys() == {"oid", "op", "value"} and rule["oid"] == "index"
    return (index in rule["value"]) == {"in_array": True, "not_in_array": False}[rule["op"]]


def test_the_definition_conforms_to_the_schema(definition):
    assert definition.keys() == {"modules"} and definition["modules"].keys() == {"sensors"}
    assert definition["modules"]["sensors"].keys() == _SENSOR_CLASSES
    for entries in definition["modules"]["sensors"].values():
        assert entries.keys() == {"data"}
        for entry in entries["data"]:
            assert entry.keys() >= _REQUIRED.keys()
            for key, value in entry.items():
                assert isinstance(value, _ALLOWED[key]), key
            for state in entry.get("states", []):
                assert {key: type(value) for key, value in state.items()} == _STATE
            assert _NUM_OID.fullmatch(entry["num_oid"])


def test_sensors_are_the_counts(monitored, definition, record_property):
    monitored.make_different_numbers()
    counts, sensors = monitored.unchanged(lambda: discover(definition, LIVE))
    assert len(sensors) == 22
    # Most pages show a name without its group.
    names = [sensor["sensor_descr"] for sensor in sensors.values()]
    assert len(set(names)) == len(names) and all("TCP" in name for name in names)
    # The words of an enumeration are stored as numbers, without 0.
    assert sensors.pop("tcpRefreshMethod.0")["sensor_current"] in (1, 2)
    leak = ".".join(map(str, monitored.mib.text_index("leak")))
    assert sensors.pop(f"tcpThresholdStatus.{leak}") == {
        "sensor_class": "state", "sensor_current": 1, "group": "TCP sockets",
        "sensor_oid": snmp.dotted(mib.of_threshold(mib.THRESHOLD_STATUS, "leak")),
        "sensor_descr": "TCP threshold leak", "sensor_divisor": 1, "sensor_limit": None,
        "sensor_limit_warn": None, "sensor_limit_low": None}
    used = sensors.pop("tcpHostSocketsUsed.0")
    assert used["sensor_current"] > 22 and used["sensor_limit_low"] == 1
    age = sensors.pop("tcpRefreshAge.0")
    assert age["sensor_limit"] is None and age["sensor_limit_warn"] is None
    assert age["sensor_oid"] == snmp.dotted(mib.REFRESH_AGE) and age["sensor_divisor"] == 100
    found = {sensor["sensor_descr"]: sensor["sensor_current"] for sensor in sensors.values()}
    assert found == {f"TCP ipv{family} {state}": count for (family, state), count in counts.items()
                     if state not in RARE} | {
        f"TCP {state}": counts[4, state] + counts[6, state] for state in RARE}
    assert {sensor["sensor_oid"]: sensor["sensor_current"] for sensor in sensors.values()} == {
        snmp.dotted(mib.count(*row)): count for row, count in counts.items()
        if row[1] not in RARE} | {
        snmp.dotted(mib.of_state(mib.TOTAL, state)): counts[4, state] + counts[6, state]
        for state in RARE}
    assert {sensor["sensor_descr"] for sensor in sensors.values()
            if sensor["group"] != "TCP sockets"} == {f"TCP {state}" for state in RARE}
    limits = {sensor["sensor_descr"].split()[2]: (sensor["sensor_limit_warn"],
                                                  sensor["sensor_limit"])
              for sensor in sensors.values() if sensor["sensor_limit"]}
    assert limits == {state: (level.warning, level.critical) for state, level in STATES.items()}
    record_property("observed", f"{len(found)} sensors equal")


def test_watches_are_sensors(monitored, definition):
    monitored.reconfigure(watch=["web port 8086", "api unit nosuch.service"])
    with monitored.waiting_connections(8086, 4, 3):
        sensors = until(lambda: {
            index: sensor for index, sensor in discover(definition, LIVE).items()
            if index.startswith("tcpWatch")}, "the watches are served")
        web, api = (".".join(map(str, (len(name), *name))) for name in (b"web", b"api"))
        assert {index: (sensor["sensor_descr"], sensor["sensor_current"])
                for index, sensor in sensors.items()} == {
            f"tcpWatchSockets.{web}": ("TCP watch port 8086", 4),
            f"tcpWatchPortUse.{web}": ("Local ports of TCP watch port 8086", 0),
            # The ports of a unit are unknown, and not 0.
            f"tcpWatchSockets.{api}": ("TCP watch unit nosuch.service", 0)}
    monitored.reconfigure()
    monitored.wait_until_counted()


def test_the_simulated_host_is_like_the_real_one(monitored, simulator, definition, record_property):
    live, simulated = discover(definition, LIVE), discover(definition, SIMULATED)
    # Thresholds depend on the host.
    live = {index: sensor for index, sensor in live.items()
            if not index.startswith("tcpThresholdStatus.")}
    for sensor in (*live.values(), *simulated.values()):
        sensor.pop("sensor_current")
    assert live == simulated
    record_property("observed", f"{len(live)} sensors")


def test_the_test_data_match_the_simulated_host(monitored, simulator, definition):
    data = json.loads((FILES / "linux_tcp-state-count.json").read_text())
    expected = {sensor["sensor_index"]: sensor
                for sensor in data["sensors"]["discovery"]["sensors"]}
    found = discover(definition, SIMULATED)
    assert found.keys() == expected.keys()
    for index, sensor in found.items():
        assert sensor == {key: expected[index][key] for key in sensor}
    # The order in which LibreNMS saves and compares them: by class, type, and index as text.
    listed = [(sensor["sensor_class"], sensor["sensor_type"], sensor["sensor_index"])
              for sensor in data["sensors"]["discovery"]["sensors"]]
    assert listed == [
        ("count", "linux", "tcpHostSocketsUsed.0"),
        *(("count", "linux", f"tcpStateCount.{family}.{state}")
          for family in "12" for state in ("11", "2", "3", "4", "5", "7", "8")),
        *(("count", "linux", f"tcpStateTotal.{state}") for state in ("1", "10", "6", "9")),
        ("delay", "linux", "tcpRefreshAge.0"),
        ("state", "tcpRefreshMethod", "tcpRefreshMethod.0")]
    states = {entry["state_name"]: entry["states"]
              for entry in definition["modules"]["sensors"]["state"]["data"]}
    assert [(state["state_descr"], state["state_value"], state["state_generic_value"])
            for state in data["sensors"]["discovery"]["state_indexes"]] == [
        (state["descr"], state["value"], state["generic"]) for state in states["tcpRefreshMethod"]]


def test_absent_counts_are_not_sensors(monitored, definition):
    """Sockets in use, which have a limit, are polled as 0 until the next discovery."""
    sensors = discover(definition, LIVE)
    monitored.refuse()
    values = poll(sensors)
    left = {index.partition(".")[0] for index in discover(definition, LIVE)}
    monitored.allow()
    assert left == {"tcpRefreshAge", "tcpRefreshMethod", "tcpThresholdStatus"}
    assert alerting(sensors, values, definition) == {"tcpHostSocketsUsed.0"}
    assert values["tcpHostSocketsUsed.0"] == 0 and values["tcpRefreshMethod.0"] in (1, 2)


def test_a_missing_agent_is_polled_as_0_and_alerts(monitored, definition):
    sensors = discover(definition, LIVE)
    assert alerting(sensors, poll(sensors), definition) == set()
    monitored.stop_agent()
    values, left = poll(sensors), discover(definition, LIVE)
    monitored.start_agent()
    assert set(values.values()) == {0}
    assert alerting(sensors, values, definition) == {"tcpHostSocketsUsed.0", "tcpRefreshMethod.0"}
    # Discovery deletes the sensors, and their alerts recover.
    assert left == {}


def test_steady_values_are_not_reported_as_stale(monitored, definition):
    """LibreNMS sets a sensor's `lastupdate` only when its value changes, so no rule may test it."""
    sensors = discover(definition, LIVE)
    first, second = poll(sensors), poll(sensors)
    steady = {index for index in sensors if first[index] == second[index]}
    assert steady >= sensors.keys() - {"tcpRefreshAge.0", "tcpHostSocketsUsed.0"}
    for file in FILES.iterdir():
        assert "lastupdate" not in file.read_text()


# ---- the application "ss" ----

# From includes/ss-shared.inc.php: what the application reads, and the names of its metrics.
_SS_STATES = {"CLOSE-WAIT": "close-wait", "CLOSING": "closing", "ESTAB": "established",
              "FIN-WAIT-1": "fin-wait-1", "FIN-WAIT-2": "fin-wait-2", "LAST-ACK": "last-ack",
              "LISTEN": "listening", "SYN-SENT": "syn-sent", "SYN-RECV": "syn-recv",
              "TIME-WAIT": "time-wait", "TOTAL": "total", "UNCONN": "unconnected",
              "UNKNOWN": "unknown"}


def ss_metrics(monitored):
    """Return {metric: value}, as the application stores the output of tcp-states."""
    with monitored.beside_the_sockets():
        output = subprocess.run([BUILD / "tcp-states", "-o", "librenms"], check=True,
                                capture_output=True, text=True).stdout
    data = json.loads(output)["data"]
    data = {"inet_tcp": data["inet"]["tcp"], "inet6_tcp": data["inet6"]["tcp"],
            "tcp": data["tcp"]}
    for counts in data.values():
        assert counts.keys() <= _SS_STATES.keys()
        assert all(isinstance(count, int) for count in counts.values())
    return {f"{kind}_{name}": counts.get(state, 0)
            for kind, counts in data.items() for state, name in _SS_STATES.items()}


def alert_rules():
    return [json.loads(line) for line in (FILES / "alert-rules.jsonl").read_text().splitlines()]


def matching(metrics):
    """Return the severities of matching rules by metric, as LibreNMS' query selects them."""
    found = {}
    for rule in alert_rules():
        assert rule["builder"]["condition"] == "AND"
        (application, *_), (_, _, metric), (_, operator, level) = (
            (test["field"], test["operator"], test["value"]) for test in rule["builder"]["rules"])
        assert (application, operator) == ("applications.app_type", "greater")
        if metrics[metric] > float(level):
            found.setdefault(metric, set()).add(rule["severity"])
    return found


def test_alert_rules_are_accepted_by_the_api():
    """Those are its conditions: a name that is not used yet, and an interval (until 26.3)."""
    rules = alert_rules()
    names = [rule["name"] for rule in rules]
    assert len(set(names)) == len(names) == 2 * len(STATES)
    for rule in rules:
        assert rule["severity"] in ("warning", "critical")
        assert rule["name"].startswith("TCP ") and rule["name"].endswith(rule["severity"])
        assert rule["interval"] == "5m" and rule["devices"] == [-1]
        assert rule["builder"]["valid"] is True
        assert all(test.keys() == {"id", "field", "type", "input", "operator", "value"}
                   and test["id"] == test["field"] for test in rule["builder"]["rules"])


def test_alert_rules_match_the_metrics_of_ss(monitored, record_property):
    metrics = ss_metrics(monitored)
    counts = monitored.counts()
    assert {metric: value for metric, value in metrics.items() if metric.startswith("tcp_")} == {
        "tcp_unknown": 0, "tcp_total": sum(counts.values()), **{
            f"tcp_{name}": counts[4, state] + counts[6, state] for name, state in (
                ("unconnected", "closed"), ("listening", "listen"), ("syn-sent", "synSent"),
                ("syn-recv", "synReceived"), ("established", "established"),
                ("fin-wait-1", "finWait1"), ("fin-wait-2", "finWait2"),
                ("close-wait", "closeWait"), ("last-ack", "lastAck"), ("closing", "closing"),
                ("time-wait", "timeWait"))}}
    assert matching(metrics) == {}
    for state, metric in (("synSent", "tcp_syn-sent"), ("closeWait", "tcp_close-wait"),
                          ("timeWait", "tcp_time-wait")):
        level = STATES[state]
        assert matching({**metrics, metric: level.warning}) == {}
        assert matching({**metrics, metric: level.warning + 1}) == {metric: {"warning"}}
        assert matching({**metrics, metric: level.critical + 1}) == {
            metric: {"warning", "critical"}}
    record_property("observed", f"{len(metrics)} metrics")


# ---- without a change to LibreNMS ----


def test_custom_oids_are_the_counts(monitored, record_property):
    """With the columns of LibreNMS' tables."""
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE devices (device_id INT, hostname TEXT);"
        "INSERT INTO devices VALUES (7, 'web');"
        "CREATE TABLE customoids (customoid_id INTEGER PRIMARY KEY, device_id INT,"
        " customoid_descr TEXT, customoid_oid TEXT, customoid_datatype TEXT, customoid_unit TEXT,"
        " customoid_limit_warn DOUBLE, customoid_limit DOUBLE, customoid_alert INT,"
        " customoid_passed INT);")
    script = (FILES / "custom-oids.sql").read_text()
    *_, check = script.strip().split(";\n")
    # A second time changes nothing. A wrong name is reported by the last statement.
    for _ in range(2):
        database.executescript(script.replace("HOST", "web"))
        assert database.execute(check.replace("HOST", "web")).fetchall() == [(22,)]
    database.executescript(script.replace("HOST", "nosuch"))
    assert database.execute(check.replace("HOST", "nosuch")).fetchall() == [(0,)]
    rows = database.execute("SELECT customoid_descr, customoid_oid, customoid_limit_warn"
                            " FROM customoids WHERE device_id = 7").fetchall()
    counts = monitored.counts()
    assert {descr: snmp.get_value(tuple(map(int, oid[1:].split("."))))
            for descr, oid, _ in rows} == {
        f"TCP ipv{family} {state}": count for (family, state), count in counts.items()}
    assert {descr.split()[-1]: warning for descr, _, warning in rows if warning} == {
        state: level.warning for state, level in STATES.items()}
    record_property("observed", "22 of 22 counts equal")


def services():
    lines = (FILES / "service-templates.txt").read_text().splitlines()
    return {name: subprocess.run(["/usr/lib/nagios/plugins/check_snmp", "-H", "127.0.0.1",
                                  *shlex.split(parameters)], capture_output=True, text=True)
            for name, parameters in (line.split("\t") for line in lines)}


def test_services_report_a_large_count_and_a_missing_agent(monitored, record_property):
    """Services for thresholds that the agent does not have are UNKNOWN."""
    names = {f"TCP {state}" for state in STATES}
    statuses = {f"TCP {threshold.name}" for threshold in THRESHOLDS
                if not threshold.metric.startswith("state ")}
    assert {name: done.returncode for name, done in services().items()} == {
        "TCP agent": 0, **dict.fromkeys(names, 0), **dict.fromkeys(statuses, 3)}
    monitored.reconfigure(window=1)
    monitored.make(6, "synSent", STATES["synSent"].warning + 1)
    until(lambda: snmp.get_value(mib.of_state(mib.TOTAL_MIN, "synSent"))
          > STATES["synSent"].warning, "it has been so for the window", 10)
    found = services()
    assert {name for name, done in found.items() if done.returncode == 1} == {"TCP synSent"}
    monitored.stop_agent()
    assert {done.returncode for done in services().values()} == {3}
    monitored.start_agent()
    record_property("observed", found["TCP synSent"].stdout.strip())


def php(*arguments, trap=""):
    done = subprocess.run(["php", SOURCES / "tests/clients/librenms.php", PHP, *arguments],
                          input=trap, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_trap_handler_passes_its_test():
    for name in ("TcpThreshold.php", "TcpThresholdTest.php"):
        subprocess.run(["php", "-l", PHP / name], check=True, stdout=subprocess.DEVNULL)
    assert php() == ["testRaised passed", "testCleared passed"]


def test_trap_handler_logs_a_real_trap(monitored, record_property):
    traps = monitored.directory / "traps"
    handler = monitored.directory / "handler"
    handler.write_text(f"#!/bin/sh\ncat >{traps}.new\nmv {traps}.new {traps}\n")
    handler.chmod(0o755)
    readme = (PHP / "README.md").read_text()
    # LibreNMS loses a trap whose last line has no value, as that of a cleared threshold.
    format_line, = re.findall(r"^ *(format execute2 .*)$", readme, re.MULTILINE)
    assert r"LibreNMS\Snmptrap\Handlers\TcpThreshold::class" in readme
    monitored.receive_traps(f"authCommunity log,execute,net public\n{format_line}\n"
                            f"traphandle TCP-STATE-COUNT-MIB::tcpThresholdRaised {handler}\n"
                            f"traphandle TCP-STATE-COUNT-MIB::tcpThresholdCleared {handler}\n",
                            mibs="+TCP-STATE-COUNT-MIB")
    monitored.make(4, "closeWait", 100)
    until(lambda: traps.exists() and "Raised" in traps.read_text(), "a trap")
    top = snmp.get_value(mib.of_threshold(mib.THRESHOLD_TOP, "leak"))
    number = monitored.counts()[4, "closeWait"]
    raised = logged(traps)
    assert undated(raised) == ("Warning: TCP threshold leak raised since DATE: state ipv4 closeWait"
                               f" is {number}, range 100; top: {top}")
    monitored.unmake()
    until(lambda: "Cleared" in traps.read_text(), "another trap")
    assert undated(logged(traps)) == ("Ok: TCP threshold leak cleared since DATE: state ipv4"
                                      " closeWait is 0, range 100")
    record_property("observed", raised)


def logged(traps):
    """Return the message that the handler logs for the trap in the file TRAPS."""
    # SNMPv2-MIB, which names this object, may not be installed.
    message, = php(trap=re.sub(r"^\S+(?= TCP-STATE-COUNT-MIB::)", "SNMPv2-MIB::snmpTrapOID.0",
                               traps.read_text(), count=1, flags=re.MULTILINE))
    return message


def undated(message):
    return re.sub(r"\d{4}-\d+-\d+,\d+:\d+:\d+\.\d,[+-]\d+:\d+", "DATE", message)
