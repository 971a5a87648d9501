# SPDX-License-Identifier: BSD-2-Clause
"""YAML, of dicts, lists and scalars: a generator needs no library for that."""


def lines(value, scalar, indent=""):
    """VALUE, a dict or a list, line by line.

    SCALAR(item, INDENT) gives what is no dict or list, nor empty: the rest of the item's line, and
    the lines that follow it, behind INDENT.
    """
    if isinstance(value, dict):
        pairs = [(f"{name}:", item) for name, item in value.items()]
    else:
        pairs = [("-", item) for item in value]
    for mark, item in pairs:
        if item and isinstance(item, (dict, list)):
            within = list(lines(item, scalar, indent + "  "))
            if mark == "-":
                yield f"{indent}- {within.pop(0).lstrip()}"
            else:
                yield indent + mark
            yield from within
        else:
            first, *others = scalar(item, indent + "  ")
            yield f"{indent}{mark} {first}"
            yield from others
