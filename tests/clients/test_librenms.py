# SPDX-License-Identifier: BSD-2-Clause
"""What LibreNMS makes of its files, by the same tools; Debian does not have LibreNMS itself."""

import json
import pathlib
import re
import shlex
import sqlite3
import subprocess

from matplotlib.figure import Figure
import pytest
import yaml

import mib
import snmp
from levels import AGE_S, LEVELS
from polling import until
from stage import INTEGRATIONS, MIB_DIRECTORIES, Stage

SOURCES = pathlib.Path(__file__).parents[2]
FILES = INTEGRATIONS / "librenms"
PHP = SOURCES / "integrations/librenms"
LIVE = "udp:127.0.0.1:161"
SIMULATED = "udp:127.0.0.1:1161"

# What resources/definitions/schema/discovery_schema.json has for a sensor, as far as we use it:
# nothing else is allowed in an entry.
_SENSOR_CLASSES = {"count", "delay"}  # of those that are allowed
_REQUIRED = {"oid": str, "num_oid": str, "descr": str}
_ALLOWED = {**_REQUIRED, "value": str, "index": (str, int), "group": str, "snmp_flags": (str, list),
            "divisor": (int, float, str), "multiplier": (int, float, str),
            "warn_limit": (int, float, str), "high_limit": (int, float, str),
            "low_limit": (int, float, str), "low_warn_limit": (int, float, str)}
_NUM_OID = re.compile(r"(\.\d+)+(\.?\{\{ \$(index|str_index_as_numeric) \}\})?(\.\d+)*")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """With a threshold that no test but that of the traps reaches."""
    directory = tmp_path_factory.mktemp("stage")
    with Stage(directory, threshold="leak state ipv4 closeWait 100") as stage:
        yield stage


@pytest.fixture(scope="module")
def definition():
    return yaml.safe_load((FILES / "linux.yaml").read_text())


@pytest.fixture(scope="module")
def simulator(stage):
    """snmpsim, which plays the walk that the pull request has."""
    data = stage.directory / "simulated"
    data.mkdir()
    (data / "public.snmprec").write_text((FILES / "linux_tcp-state-count.snmprec").read_text())
    data.chmod(0o755)
    stage.directory.chmod(0o755)
    daemon = stage.launch("snmpsim", [
        "snmpsimd", f"--data-dir={data}", f"--cache-dir={data}", "--process-user=root",
        "--process-group=root", f"--agent-udpv4-endpoint={SIMULATED.removeprefix('udp:')}",
        "--logging-method=stderr"])

    def answers():
        assert daemon.running, daemon.log
        return "Linux web" in walk(SIMULATED, "-On", "1.3.6.1.2.1.1")

    until(answers, "snmpsim answers", 30, 0.2)


def walk(where, flags, oid):
    """As LibreNMS walks."""
    return subprocess.run(
        ["snmpbulkwalk", "-v2c", "-c", "public", flags, "-M", MIB_DIRECTORIES,
         "-m", "TCP-STATE-COUNT-MIB", "-r", "0", where, oid], capture_output=True, text=True).stdout


def discover(definition, where):
    """{sensor index: sensor}, as LibreNMS' discovery fills the entries in with what it walks."""
    sensors = {}
    for kind, entries in definition["modules"]["sensors"].items():
        for entry in entries["data"]:
            objects = re.findall(r"^(\S+?)\.([\d.]+) = (?!No )(.*)$",
                                 walk(where, entry["snmp_flags"], entry["oid"]), re.MULTILINE)
            values = {}
            for name, index, value in objects:
                values.setdefault(index, {})[name] = value

            def filled(text, index):
                text = text.replace("{{ $index }}", index)
                return re.sub(r"\{\{ (\S+) \}\}", lambda found: values[index][found[1]], text)

            for index in values:
                number = float(values[index][entry["value"]]) / entry.get("divisor", 1)
                sensors[filled(entry["index"], index)] = {
                    "sensor_class": kind, "sensor_current": number, "group": entry["group"],
                    "sensor_oid": filled(entry["num_oid"], index),
                    "sensor_descr": filled(entry["descr"], index),
                    "sensor_divisor": entry.get("divisor", 1),
                    "sensor_limit": entry.get("high_limit"),
                    "sensor_limit_warn": entry.get("warn_limit")}
    return sensors


def test_the_definition_keeps_the_schema_s_rules(definition):
    assert definition.keys() == {"modules"} and definition["modules"].keys() == {"sensors"}
    assert definition["modules"]["sensors"].keys() == _SENSOR_CLASSES
    for entries in definition["modules"]["sensors"].values():
        assert entries.keys() == {"data"}
        for entry in entries["data"]:
            assert entry.keys() >= _REQUIRED.keys()
            for key, value in entry.items():
                assert isinstance(value, _ALLOWED[key]), key
            assert _NUM_OID.fullmatch(entry["num_oid"])


def test_sensors_are_the_counts(stage, definition, picture, record_property):
    stage.make_different_numbers()
    counts, sensors = stage.unchanged(lambda: discover(definition, LIVE))
    assert len(sensors) == 23
    age = sensors.pop("tcpRefreshAge.0")
    assert age["sensor_oid"] == snmp.dotted(mib.REFRESH_AGE) and 0 <= age["sensor_current"] < 5
    assert {sensor["sensor_descr"]: sensor["sensor_current"] for sensor in sensors.values()} == {
        f"ipv{family} {state}": count for (family, state), count in counts.items()}
    assert {sensor["sensor_oid"]: sensor["sensor_current"] for sensor in sensors.values()} == {
        snmp.dotted(mib.count(*row)): count for row, count in counts.items()}
    draw(sensors.values(), picture("librenms"))
    record_property("saw", "22 of 22 counts equal")


def draw(sensors, file):
    figure = Figure(figsize=(7, 4), layout="constrained")
    box = figure.subplots()
    bars = box.barh([sensor["sensor_descr"] for sensor in sensors],
                    [sensor["sensor_current"] for sensor in sensors])
    box.bar_label(bars, fontsize="small")
    box.tick_params(labelsize="small")
    box.invert_yaxis()
    box.set(title="Sensors found by the definition", xlabel="sockets")
    figure.savefig(file, dpi=70)


def test_the_simulated_host_is_like_the_real_one(stage, simulator, definition, record_property):
    live, simulated = discover(definition, LIVE), discover(definition, SIMULATED)
    for sensor in (*live.values(), *simulated.values()):
        sensor.pop("sensor_current")
    assert live == simulated
    record_property("saw", f"{len(live)} sensors")


def test_test_data_are_what_is_found_in_the_simulated_host(stage, simulator, definition):
    data = json.loads((FILES / "linux_tcp-state-count.json").read_text())
    expected = {sensor["sensor_index"]: sensor
                for sensor in data["sensors"]["discovery"]["sensors"]}
    found = discover(definition, SIMULATED)
    assert found.keys() == expected.keys()
    for index, sensor in found.items():
        assert sensor == {key: expected[index][key] for key in sensor}


def test_absent_counts_are_no_sensors(stage, definition):
    stage.refuse()
    assert list(discover(definition, LIVE)) == ["tcpRefreshAge.0"]
    stage.allow()


def test_custom_oids_are_the_counts(stage, record_property):
    """By the columns of LibreNMS' tables."""
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE devices (device_id INT, hostname TEXT);"
        "INSERT INTO devices VALUES (7, 'web');"
        "CREATE TABLE customoids (customoid_id INTEGER PRIMARY KEY, device_id INT,"
        " customoid_descr TEXT, customoid_oid TEXT, customoid_datatype TEXT, customoid_unit TEXT,"
        " customoid_limit_warn DOUBLE, customoid_limit DOUBLE, customoid_alert INT,"
        " customoid_passed INT);"
        + (FILES / "custom-oids.sql").read_text().replace("HOST", "web"))
    rows = database.execute("SELECT customoid_descr, customoid_oid, customoid_limit_warn"
                            " FROM customoids WHERE device_id = 7").fetchall()
    counts = stage.counts()
    assert {descr: snmp.get_value(tuple(map(int, oid[1:].split("."))))
            for descr, oid, _ in rows} == {
        f"TCP ipv{family} {state}": count for (family, state), count in counts.items()}
    assert {descr.split()[-1]: warning for descr, _, warning in rows if warning} == {
        state: warning for state, (warning, _) in LEVELS.items()}
    record_property("saw", "22 of 22 counts equal")


def services():
    lines = (FILES / "service-templates.txt").read_text().splitlines()
    return {name: subprocess.run(["/usr/lib/nagios/plugins/check_snmp", "-H", "127.0.0.1",
                                  *shlex.split(parameters)], capture_output=True, text=True)
            for name, parameters in (line.split("\t") for line in lines)}


def test_services_tell_a_large_count_and_a_missing_agent(stage, record_property):
    assert {name: done.returncode for name, done in services().items()} == {
        name: 0 for name in ("TCP agent", *(f"TCP {state}" for state in LEVELS))}
    stage.make(6, "synSent", LEVELS["synSent"][0] + 1)
    found = services()
    assert {name for name, done in found.items() if done.returncode == 1} == {"TCP synSent"}
    stage.stop_agent()
    assert {done.returncode for done in services().values()} == {3}
    stage.start_agent()
    record_property("saw", found["TCP synSent"].stdout.strip())


def test_alert_rules_are_about_the_sensors(definition):
    rules = json.loads((FILES / "alert_rules.json").read_text())
    assert len({(rule["name"], rule["severity"]) for rule in rules}) == len(rules)
    told = {}
    for rule in rules:
        group, *others = rule["builder"]["rules"]
        assert group["field"] == "sensors.group" and group["operator"] == "equal"
        assert all(entry["group"] == group["value"]
                   for entries in definition["modules"]["sensors"].values()
                   for entry in entries["data"])
        told[rule["name"], rule["severity"]] = [
            (other["field"], other["operator"], other["value"]) for other in others]
    for state, levels in LEVELS.items():
        for severity, level in zip(("warning", "critical"), levels):
            assert told.pop((f"TCP sockets in {state}", severity)) == [
                ("sensors.sensor_descr", "ends_with", f" {state}"),
                ("sensors.sensor_current", "greater", str(level))]
    assert told.pop(("TCP counts are old", "critical"))[1][2] == str(AGE_S[1])
    assert told.pop(("tcp-state-agent is missing", "critical"))[0][0] == "sensors.lastupdate"
    assert not told


def php(*arguments, trap=""):
    done = subprocess.run(["php", SOURCES / "tests/clients/librenms.php", PHP, *arguments],
                          input=trap, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_trap_handler_passes_its_test():
    for name in ("TcpThreshold.php", "TcpThresholdTest.php"):
        subprocess.run(["php", "-l", PHP / name], check=True, stdout=subprocess.DEVNULL)
    assert php() == ["testRaised passed", "testCleared passed"]


def test_trap_handler_logs_a_real_trap(stage, record_property):
    traps = stage.directory / "traps"
    handler = stage.directory / "handler"
    handler.write_text(f"#!/bin/sh\ncat >{traps}.new\nmv {traps}.new {traps}\n")
    handler.chmod(0o755)
    stage.receive_traps("authCommunity log,execute,net public\n"
                        f"traphandle TCP-STATE-COUNT-MIB::tcpThresholdRaised {handler}\n",
                        mibs="+TCP-STATE-COUNT-MIB")
    stage.make(4, "closeWait", 100)
    until(traps.exists, "a trap", 10)
    # SNMPv2-MIB, which names this object, may not be here.
    trap = re.sub(r"^\S+(?= TCP-STATE-COUNT-MIB::)", "SNMPv2-MIB::snmpTrapOID.0",
                  traps.read_text(), count=1, flags=re.MULTILINE)
    logged, = php(trap=trap)
    assert logged == ("Warning: TCP threshold leak raised: state ipv4 closeWait is"
                      f" {stage.counts()[4, 'closeWait']}, wanted 100")
    record_property("saw", logged)
