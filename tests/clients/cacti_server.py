# SPDX-License-Identifier: BSD-2-Clause
"""Cacti as installed by Debian, with a separate database, logs, RRDs and resources.

Scratch directories in a mount namespace hide the package's directories, so that commands and paths
are those of a real installation, which is not changed.
"""

import csv
import re
import shlex
import subprocess
import time
import urllib.request

from polling import PATIENCE, until

SITE = "/usr/share/cacti/site"
LOG = "/var/log/cacti/cacti.log"
STEP = 300  # seconds from one poll to the next, as the default profile has it
_LATE = 10  # seconds
_LAST_FOUR_HOURS = 4  # as Cacti numbers its presets
_PORT = 8080

# Hidden by an empty directory, or by a copy.
_COVERED = {"/var/lib/mysql": False, "/run/mysqld": False, "/etc/cacti": True,
            "/var/lib/cacti": True, "/var/log/cacti": True, "/usr/share/cacti/resource": True}

# The database does not need to survive a crash.
_MARIADB = ["mariadbd", "--no-defaults", "--user=mysql", "--skip-networking", "--sync-binlog=0",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
            "--innodb-doublewrite=0", "--innodb-buffer-pool-size=64M",
            "--socket=/run/mysqld/mysqld.sock"]

# Guests may view graphs, which cover four hours. Failed reads of the poller are logged. The engine
# is InnoDB, because MariaDB 10.11 keeps rows that Cacti deletes from a MEMORY table.
_SET_UP = """
ALTER TABLE poller_output ENGINE=InnoDB;
UPDATE version SET cacti = '{version}';
REPLACE INTO settings (name, value) VALUES
    ('path_rrdtool', '/usr/bin/rrdtool'), ('path_php_binary', '/usr/bin/php'),
    ('path_cactilog', '{log}'), ('rrdtool_version', '1.7.2'), ('poller_type', '1'),
    ('poller_interval', '{step}'), ('cron_interval', '{step}'), ('spine_log_level', '1'),
    ('selected_theme', 'modern');
UPDATE user_auth SET enabled = 'on', must_change_password = '' WHERE username = 'guest';
REPLACE INTO settings (name, value) SELECT 'guest_user', id FROM user_auth WHERE username = 'guest';
INSERT INTO settings_user (user_id, name, value)
    SELECT id, 'default_timespan', {timespan} FROM user_auth WHERE username = 'guest';
"""


class Cacti:
    """Runs its database and web server; polls only on demand. MONITORED is a MonitoredHost.

    Its time is its own: it begins POLLS polls ago, and is a step later after each.
    """

    def __init__(self, monitored, polls):
        self.began = self.now = (int(time.time()) // STEP - polls) * STEP
        self._monitored = monitored
        self._directory = monitored.directory / "cacti"
        self._directory.mkdir()
        self._cover()
        self._start_database()
        self._start_web_server()

    # ---- operation ----

    def use_poller(self, name):
        """Let "cmd.php" (at first) or "spine" poll."""
        number = ("cmd.php", "spine").index(name) + 1
        self.sql(f"REPLACE INTO settings (name, value) VALUES ('poller_type', '{number}'),"
                 " ('path_spine', '/usr/sbin/spine')")

    def poll(self):
        """Poll everything, and return the time of the RRDs' row that then ends with the answers.

        That is when the answers come a little after, as they do when cron polls.
        """
        polled, behind = self.now, int(time.time()) - self.now - _LATE
        self.now += STEP
        # The poller reads the time from the database, too.
        self.sql("SET GLOBAL init_connect ="
                 f" 'SET SESSION timestamp = UNIX_TIMESTAMP(SYSDATE()) - {behind}'")
        output = self.run("faketime", "-f", f"-{behind}s", "php", f"{SITE}/poller.php", "--force")
        self.sql("SET GLOBAL init_connect = ''")
        stored = int(re.search(r"RRDsProcessed:(\d+)", output)[1])
        assert stored == len(self.titles()), output
        return polled

    def titles(self):
        """Return {title of a data source: id}."""
        return {title: number for title, number in self.sql(
            "SELECT name_cache, local_data_id FROM data_template_data WHERE local_data_id > 0")}

    def last(self, title):
        """Return {name: value} of the last update of the data source's RRD; unknown is None."""
        names, _, values = self.run("rrdtool", "lastupdate", self._rrd(title)).splitlines()
        return {name: None if value == "U" else float(value)
                for name, value in zip(names.split(), values.split()[1:], strict=True)}

    def stored(self, title, begin, end):
        """Return {time: {name: value}} of the rows in the data source's RRD; unknown is NaN."""
        names, _, *rows = self.run("rrdtool", "fetch", self._rrd(title), "AVERAGE",
                                   "--start", begin - STEP, "--end", end - STEP).splitlines()
        return {int(time): dict(zip(names.split(), map(float, values.split()), strict=True))
                for time, _, values in (row.partition(":") for row in rows)}

    def exported(self, title, begin, end):
        """Return the values of the graph as Cacti exports them: {time: {legend: value}}.

        Until 1.2.24 at least, Cacti called a row by the time at which the next one ends.
        """
        (version,), = self.sql("SELECT cacti FROM version")
        shift = STEP if tuple(map(int, version.split("."))) < (1, 2, 30) else 0
        output = self.get("graph_xport.php", title, graph_start=begin, graph_end=end)
        _, _, table = output.decode("utf-8-sig").partition('""\n')
        return {int(time.mktime(time.strptime(row.pop("Date"), "%Y-%m-%d %H:%M:%S"))) - shift:
                {legend: float(value) for legend, value in row.items()}
                for row in csv.DictReader(table.splitlines())}

    def get(self, page, title, **parameters):
        """Return PAGE for the graph TITLE."""
        (number,), = self.sql("SELECT local_graph_id FROM graph_templates_graph"
                              f" WHERE title_cache = '{title}'")
        parameters["image_format"] = "png"  # since 1.2.30, not by default
        query = "".join(f"&{name}={value}" for name, value in parameters.items())
        with urllib.request.urlopen(
                self.url(f"{page}?local_graph_id={number}&rra_id=0{query}"),
                timeout=PATIENCE) as answer:
            return answer.read()

    def url(self, page):
        return f"http://127.0.0.1:{_PORT}/cacti/{page}"

    # ---- commands ----

    def run(self, *command, user="www-data", directory="/", **how):
        """Run COMMAND, which must succeed, with Cacti's directories, and return its output."""
        done = subprocess.run(self._inside(*command, user=user, directory=directory),
                              capture_output=True, text=True, timeout=120, **how)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def sql(self, statements):
        """Return the rows as lists of strings."""
        output = self.run("mariadb", "--batch", "--skip-column-names", "cacti", user="root",
                          input=statements)
        return [line.split("\t") for line in output.splitlines()]

    def _rrd(self, title):
        (path,), = self.sql("SELECT data_source_path FROM data_template_data"
                            f" WHERE name_cache = '{title}'")
        return path.replace("<path_rra>", "/var/lib/cacti/rra")

    def _inside(self, *command, user, directory="/"):
        place = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", f"--wdns={directory}"]
        if user != "root":
            place += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        return [*place, *map(str, command)]

    # ---- environment ----

    def _cover(self):
        lines = []
        for number, (place, copied) in enumerate(_COVERED.items()):
            scratch = self._directory / str(number)
            if copied:
                lines.append(f"cp -a {place} {scratch}")
            else:
                lines.append(f"mkdir {scratch} && chown mysql: {scratch}")
            lines.append(f"mount --bind {scratch} {place}")
        lines += ["touch " + shlex.quote(str(self._directory / "covered")), "exec sleep infinity"]
        self._holder = self._monitored.launch("mounts", ["unshare", "--mount", "sh", "-ec",
                                                     "\n".join(lines)])
        until((self._directory / "covered").exists, "the directories are covered")

    def _start_database(self):
        self.run("mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir=/var/lib/mysql",
                 "--skip-test-db", user="root")
        self._monitored.launch("mariadbd", self._inside(*_MARIADB, user="root"))
        until(self._answers, "the database answers")
        config = self.run("cat", "/etc/cacti/debian.php", user="root")
        name, user, password = (re.search(rf"^\$database_{word}\s*= '(.*)';", config,
                                          re.MULTILINE)[1]
                                for word in ("default", "username", "password"))
        self.run("mariadb", user="root", input=f"""
            CREATE DATABASE {name}; CREATE USER {user}@localhost IDENTIFIED BY '{password}';
            GRANT ALL ON {name}.* TO {user}@localhost;
            GRANT SELECT ON mysql.time_zone_name TO {user}@localhost;""")
        self.run("sh", "-c", f"mariadb {name} </usr/share/cacti/conf_templates/cacti.sql",
                 user="root")
        version = self.run("cat", f"{SITE}/include/cacti_version").strip()
        self.sql(_SET_UP.format(version=version, log=LOG, step=STEP,
                                timespan=_LAST_FOUR_HOURS))

    def _start_web_server(self):
        root = "/var/lib/cacti/www"
        self.run("mkdir", root, user="root")
        self.run("ln", "-s", SITE, f"{root}/cacti", user="root")
        self._monitored.launch("php", self._inside("php", "-S", f"127.0.0.1:{_PORT}", "-t", root,
                                               user="www-data"))
        until(self._serves, "the web server answers")

    def _serves(self):
        try:
            with urllib.request.urlopen(self.url("graph_view.php"), timeout=PATIENCE) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _answers(self):
        return subprocess.run(self._inside("mariadb-admin", "ping", user="root"),
                              capture_output=True).returncode == 0
