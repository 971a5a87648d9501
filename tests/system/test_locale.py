# SPDX-License-Identifier: BSD-2-Clause
"""Locales: words, numbers and directives mean the same in each of them."""

import subprocess

import pytest

import mib
import snmp
import test_check_tcp_states
import test_tcp_states
from sockets import listener
from test_tcp_states import STATES_BY_NAME

# In the first two the lower case of I is not i, in the last the decimal point is a comma.
LOCALES = {"tr_TR.UTF-8": ("tr_TR", "UTF-8"), "tr_TR.ISO-8859-9": ("tr_TR", "ISO-8859-9"),
           "az_AZ.UTF-8": ("az_AZ", "UTF-8"), "de_DE.UTF-8": ("de_DE", "UTF-8")}


@pytest.fixture(scope="module", params=LOCALES)
def locale(request, tmp_path_factory):
    """The environment that selects a locale made for the test."""
    directory = tmp_path_factory.mktemp("locales")
    source, charset = LOCALES[request.param]
    subprocess.run(["localedef", "-i", source, "-f", charset, directory / request.param],
                   check=True)
    environment = {"LOCPATH": str(directory), "LC_ALL": request.param}
    charmap = subprocess.run(["locale", "charmap"], env=environment, check=True,
                             capture_output=True, text=True).stdout.strip()
    assert charmap == charset
    return environment


def test_states_have_their_names(locale):
    names = {change(name): state for state, names in STATES_BY_NAME.items() for name in names
             for change in (str, str.lower, str.upper)}
    with listener():
        for name, state in names.items():
            done = test_tcp_states.run("-s", name, "-4", "-o", "csv", **locale)
            assert (done.returncode, done.stderr) == (0, "")
            count = {"listen": "1", "closed": ""}.get(state, "0")
            assert done.stdout.splitlines()[-1] == f"ipv4,{state},{count}", name


def test_numbers_have_a_decimal_point(locale):
    assert test_tcp_states.run("-w", "0,5", **locale).returncode != 0
    for fraction, status in (("0.5", test_check_tcp_states.WARNING),
                             ("1.5", test_check_tcp_states.OK)):
        with listener():
            found, text = test_check_tcp_states.run(
                "-w", fraction, "--conn-type", "tcp", "--conn-status", "listen",
                environment=locale)
        assert found == status
        assert f"'tcp_LISTEN'=1;{fraction};" in text


def test_the_plugins_words(locale):
    with listener():
        status, text = test_check_tcp_states.run(
            "-w", "NONE", "-c", "None", "--conn-type", "tcp", "--conn-status", "listen",
            "--conn-status", "closing", environment=locale)
    assert status == test_check_tcp_states.OK
    assert text.startswith("tcp LISTEN: 1, tcp CLOSING: 0|"), text


def test_directives_and_thresholds(snmpd, agent, locale):
    agent.environment.update(locale)
    snmpd.start()
    agent.configure(**{"refreshInterval": None, "REFRESHINTERVAL": 0.25, "MAXAGE": 3600,
                       "cpulimit": 99.5, "maxAge": None, "cpuLimit": None,
                       "threshold": ["a state any TIME_WAIT 20000", "b state any LISTEN 0.5",
                                     "c state any CLOSING ~:1.5", "d state any FIN-WAIT-1 10"]})
    with listener():
        agent.start()
        agent.wait_until_registered()
        assert snmp.get_value(mib.REFRESH_INTERVAL) == 250
        texts = [found.value for found in snmp.walk(mib.THRESHOLD_METRIC)]
        assert texts == ["state any TIME_WAIT", "state any LISTEN", "state any CLOSING",
                         "state any FIN-WAIT-1"]
        done = test_tcp_states.run("-H", "127.0.0.1", "-s", "listen", "-4", "-o", "csv", "--",
                                   "-v", "2c", "-c", "public", **locale)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "ipv4,listen,1"
