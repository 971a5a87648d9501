# SPDX-License-Identifier: BSD-2-Clause
"""Zabbix, version 6.0 or 7.0, by hand: a scratch database, the server, the frontend and its API.

    with Zabbix(monitored) as zabbix:
        zabbix.api("host.get", output=["host"])

Server and frontend are in the clients' namespace; the database has a unix socket only.
"""

import contextlib
import glob
import http.cookiejar
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request

from polling import PATIENCE, until

_FRONTEND = "127.0.0.1:8080"
_PASSWORD = "zabbix"  # that of a new installation
_SCHEMA = "/usr/share/zabbix-server-pgsql"

_SERVER_CONF = """\
LogType=console
PidFile={directory}/server.pid
SocketDir={directory}
DBHost={directory}
DBName=zabbix
DBUser=postgres
ListenIP=127.0.0.1
StartPollers=2
StartSNMPTrapper=1
SNMPTrapperFile={traps}
CacheUpdateFrequency=1
UnreachableDelay=1
UnavailableDelay=1
"""

# For the server 7.0 only.
_SERVER_CONF_70 = """\
StartSNMPPollers=1
"""

_FRONTEND_CONF = """\
<?php
$DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '{directory}', 'PORT' => '0', 'DATABASE' => 'zabbix',
       'USER' => 'postgres', 'PASSWORD' => '', 'SCHEMA' => '', 'ENCRYPTION' => false,
       'DOUBLE_IEEE754' => true];
$ZBX_SERVER_NAME = '';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
"""


class ApiError(Exception):
    """The API returned an error."""


class Zabbix:
    """`version` is such as "6.0"; `traps` the file that its SNMP trapper reads."""

    def __init__(self, monitored):
        printed = subprocess.run(["zabbix_server", "-V"], capture_output=True, text=True).stdout
        self.version = re.search(r"(\d+\.\d+)\.", printed)[1]
        self._monitored = monitored
        self._token = None
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            # PostgreSQL refuses to run as root, and other users cannot enter pytest's directories.
            directory = undo.enter_context(tempfile.TemporaryDirectory(prefix="zabbix-"))
            self._directory = pathlib.Path(directory)
            self._directory.chmod(0o777)
            self.traps = self._directory / "traps"
            self.traps.touch()
            database = self._start_database()
            undo.callback(database.stop, 20)
            server = self._start_server()
            undo.callback(server.stop, 20)
            frontend = self._start_frontend()
            undo.callback(frontend.clean_up)
            self._log_in()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self._undo.close()

    def api(self, method, parameters=None, **named):
        """Return the result of METHOD, or raise ApiError."""
        asked = {"jsonrpc": "2.0", "method": method, "id": 1,
                 "params": named if parameters is None else parameters}
        if self._token:
            asked["auth"] = self._token
        request = urllib.request.Request(
            f"http://{_FRONTEND}/api_jsonrpc.php", json.dumps(asked).encode(),
            {"Content-Type": "application/json-rpc"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            answer = json.load(response)
        if "error" in answer:
            raise ApiError(f"{method}: {answer['error']['message']} {answer['error']['data']}")
        return answer["result"]

    def page(self, path, **parameters):
        """Return the response to a logged-in browser."""
        with self._browser.open(f"http://{_FRONTEND}/{path}?{urllib.parse.urlencode(parameters)}",
                                timeout=PATIENCE) as response:
            return response.read()

    def poll(self, itemids):
        """Let the server poll items or discovery rules; does not wait for the values."""
        tasks = [{"type": 6, "request": {"itemid": itemid}} for itemid in itemids]
        if tasks:
            self.api("task.create", tasks)

    # ---- parts ----

    def _start_database(self):
        programs = pathlib.Path(max(glob.glob("/usr/lib/postgresql/*/bin")))
        data = self._directory / "data"
        how = {"user": "postgres", "cwd": self._directory}
        subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--no-sync",
                        "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, **how)
        database = self._monitored.launch(
            "postgres", [programs / "postgres", "-D", data, "-k", self._directory,
                         "-c", "listen_addresses=", "-c", "fsync=off"], **how)
        until(lambda: subprocess.run([programs / "pg_isready", "-q", "-h", self._directory]
                                     ).returncode == 0, "the database is up", 30)
        psql = ["psql", "-q", "-h", self._directory, "-U", "postgres", "-v", "ON_ERROR_STOP=1"]
        subprocess.run([*psql, "-c", "CREATE DATABASE zabbix"], check=True)
        for part in ("schema", "images", "data"):
            with subprocess.Popen(["zcat", f"{_SCHEMA}/{part}.sql.gz"],
                                  stdout=subprocess.PIPE) as schema:
                subprocess.run([*psql, "zabbix"], stdin=schema.stdout, check=True,
                               stdout=subprocess.DEVNULL)
        return database

    def _start_server(self):
        configuration = self._directory / "server.conf"
        configuration.write_text(
            (_SERVER_CONF + (_SERVER_CONF_70 if self.version >= "7.0" else "")).format(
                directory=self._directory, traps=self.traps))
        return self._monitored.launch("server", ["zabbix_server", "-f", "-c", configuration],
                                  user="zabbix", group="zabbix", extra_groups=[],
                                  cwd=self._directory)

    def _start_frontend(self):
        """Start the frontend, with its configuration instead of that in /etc/zabbix."""
        configuration = self._directory / "etc"
        configuration.mkdir()
        (configuration / "zabbix.conf.php").write_text(
            _FRONTEND_CONF.format(directory=self._directory))
        # Drawing graphs requires the user's locale.
        locales = self._directory / "locale"
        locales.mkdir()
        subprocess.run(["localedef", "-i", "en_US", "-f", "UTF-8", locales / "en_US.UTF-8"],
                       check=True)
        options = {"memory_limit": "256M", "post_max_size": "16M", "max_execution_time": "300",
                   "max_input_time": "300", "date.timezone": "UTC"}
        settings = " ".join(f"-d {name}={value}" for name, value in options.items())
        frontend = self._monitored.launch("frontend", [
            "unshare", "--mount", "sh", "-c",
            f"mount --bind {configuration} /etc/zabbix && LOCPATH={locales} LANG=en_US.UTF-8 "
            f"exec {shutil.which('php')} {settings} -S {_FRONTEND} -t /usr/share/zabbix"])
        until(self._frontend_answers, "the frontend answers")
        return frontend

    def _frontend_answers(self):
        try:
            return self.api("apiinfo.version")
        except OSError:
            return None

    def _log_in(self):
        self._token = self.api("user.login", username="Admin", password=_PASSWORD)
        form = urllib.parse.urlencode({"name": "Admin", "password": _PASSWORD, "enter": "Sign in"})
        self._browser.open(f"http://{_FRONTEND}/index.php", form.encode(), timeout=PATIENCE).close()
