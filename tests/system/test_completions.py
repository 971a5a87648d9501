# SPDX-License-Identifier: BSD-2-Clause
"""Completions, tested by typing in real shells."""

import pathlib
import re

import pytest

import terminal
from daemons import BUILD
from polling import until
from terminal import Terminal

COMPLETIONS = pathlib.Path(__file__).parents[2] / "completions"
STATES = ["closed", "listen", "synSent", "synReceived", "established", "finWait1", "finWait2",
          "closeWait", "lastAck", "closing", "timeWait"]
FORMATS = ["table", "json", "csv", "prometheus", "librenms"]


class Shell:
    """An interactive shell at its prompt, with the completions loaded."""

    def __init__(self, terminal, prepare):
        self._terminal = terminal
        self.run(prepare)

    def run(self, line):
        """Return when the shell asks for the next line."""
        self._terminal.type(line.encode() + b"; clear; echo read''y\n")
        self._terminal.wait_for(lambda rows: rows[0] == "ready" and rows[1] == "$", "the prompt",
                                20)

    def line_after(self, typed, wanted):
        """Return when the line at the prompt is WANTED, TAB having been typed after TYPED."""
        self._terminal.type(typed.encode() + b"\t")
        self._terminal.wait_for(lambda rows: rows[1] == "$ " + wanted, f"$ {wanted}")
        self._terminal.type(b"\x03")
        self.run("true")

    def offers(self, typed, words):
        """Return when just WORDS are offered for what is TYPED."""
        self._terminal.type(typed.encode() + b"\t\t")
        until(lambda: self._offered() == set(words), f"{words} for {typed}")
        self._terminal.type(b"\x03")
        self.run("true")

    def _offered(self):
        """The words below the line; descriptions stand behind --, an argument behind =."""
        below = [re.sub(r" +-- .*", "", row) for row in self._terminal.rows[2:]]
        return {word.rstrip("=") for row in below if not row.startswith("$")
                for word in row.split()}


@pytest.fixture(params=["bash", "zsh"])
def shell(request):
    command, prepare = {
        "bash": (["bash", "--norc", "--noprofile"], f". {COMPLETIONS}/tcp-states.bash"),
        "zsh": (["zsh", "-f"],
                f"fpath=({COMPLETIONS} $fpath); autoload -U compinit; compinit -u -D"),
    }[request.param]
    with Terminal(command, 100, 40, PS1="$ ", INPUTRC="/dev/null") as terminal:
        yield Shell(terminal, prepare)


def test_words_are_completed(shell):
    shell.line_after("tcp-states --su", "tcp-states --summary")
    shell.line_after("tcp-states --sta", "tcp-states --state=")
    shell.line_after("tcp-states --state=ti", "tcp-states --state=timeWait")
    shell.line_after("tcp-states --state ti", "tcp-states --state timeWait")
    shell.line_after("tcp-states -s ti", "tcp-states -s timeWait")
    shell.line_after("tcp-states -4 -o j", "tcp-states -4 -o json")
    shell.line_after("tcp-states --output=pro", "tcp-states --output=prometheus")
    shell.line_after("tcp-states -p http", "tcp-states -p http")


def test_every_word_is_offered(shell):
    shell.offers("tcp-states -s ", STATES)
    shell.offers("tcp-states --state=", STATES)
    shell.offers("tcp-states -o ", FORMATS)
    shell.offers("tcp-states -s syn", ["synSent", "synReceived"])


def test_every_long_option_is_offered(shell):
    options = terminal.options(BUILD / "tcp-states")
    shell.offers("tcp-states --", ["-" + option for option in options if option[0] == "-"])


def test_options_of_net_snmp_are_left_alone(shell):
    shell.line_after("tcp-states -H router -- --su", "tcp-states -H router -- --su")
