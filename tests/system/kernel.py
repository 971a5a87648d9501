# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's own numbers about this network namespace."""

import pathlib

# Runs a command that finds nothing of its network in /proc.
HIDE_PROC = ("unshare", "--mount", "sh", "-c",
             "mount -t tmpfs none /proc/$$/net && mount -t tmpfs none /proc/sys/net/ipv4"
             ' && exec "$@"', "sh")


def kernel_count(file, line, word):
    """A number of /proc/net/FILE: of LINE's pairs of word and number, or of its pair of lines."""
    lines = [told.split() for told in pathlib.Path("/proc/net", file).read_text().splitlines()]
    words, *numbers = (told for told in lines if told[0] == line)
    place = words.index(word)
    return int(numbers[0][place]) if numbers else int(words[place + 1])


def sysctl(name):
    """The numbers of net.ipv4.NAME."""
    return [int(number) for number in _sysctl(name).read_text().split()]


def set_sysctl(name, number):
    _sysctl(name).write_text(str(number))


def _sysctl(name):
    return pathlib.Path("/proc/sys/net/ipv4", name)
