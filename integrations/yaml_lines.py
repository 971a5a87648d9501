# SPDX-License-Identifier: BSD-2-Clause
"""Writes dicts, lists and scalars as YAML, so that the generators need no library."""


def lines(value, scalar, indent=""):
    """Return the lines of VALUE, a dict or a list.

    SCALAR(item, INDENT) formats other values: the rest of the item's line, and following lines,
    which begin with INDENT.
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
